-- Who is told of what happens, and notices on their way: `due` is when one is tried next, none when that is over.

CREATE TABLE webhook (
    name TEXT PRIMARY KEY,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE dispatch (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    receiver TEXT NOT NULL,
    due INTEGER,
    record TEXT NOT NULL
) STRICT;

CREATE INDEX dispatch_by_receiver ON dispatch (receiver, number);
CREATE INDEX dispatch_by_due ON dispatch (due) WHERE due IS NOT NULL;
