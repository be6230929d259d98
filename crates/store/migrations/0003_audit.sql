-- The audit log: events get the digests that chain them (`audit.rs`), and outlive their text. What was there is chained by
-- `disk/audit.rs` in the same transaction, and `event_before` goes then.

ALTER TABLE event RENAME TO event_before;
DROP INDEX event_by_time;
DROP INDEX event_by_device;
DROP INDEX event_by_product;

CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    device INTEGER,
    product TEXT,
    salt TEXT,
    record TEXT,
    leaf BLOB NOT NULL,
    chain BLOB NOT NULL
) STRICT;

CREATE INDEX event_by_time ON event (at);
CREATE INDEX event_by_device ON event (device, at) WHERE device IS NOT NULL;
CREATE INDEX event_by_product ON event (product, at) WHERE product IS NOT NULL;

-- `head`: the last entry that was written. `checkpoint`: the last one that was pruned.
CREATE TABLE audit (
    mark TEXT PRIMARY KEY,
    number INTEGER NOT NULL,
    chain BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Groups: sets of devices that the operator named.
CREATE TABLE device_group (
    name TEXT PRIMARY KEY,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO audit (mark, number, chain) VALUES ('head', 0, zeroblob(32)), ('checkpoint', 0, zeroblob(32));
