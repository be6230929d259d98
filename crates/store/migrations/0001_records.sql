-- Records. Columns are what is searched or sorted by; `record` is the whole as JSON.
-- Times are milliseconds since 1970. Digests are bytes. A device's address is its 48 bits as a number, so that the
-- rows lie in the order of the addresses.

CREATE TABLE product (
    name TEXT PRIMARY KEY,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE release (
    number INTEGER PRIMARY KEY,
    product TEXT NOT NULL REFERENCES product (name),
    version TEXT NOT NULL,
    published INTEGER NOT NULL,
    record TEXT NOT NULL,
    UNIQUE (product, version)
) STRICT;

CREATE TABLE artifact (
    id BLOB PRIMARY KEY,
    whole INTEGER NOT NULL DEFAULT 0,
    cut_off INTEGER NOT NULL DEFAULT 0,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- No release without its artifacts: the database itself refuses.
CREATE TABLE release_artifact (
    release INTEGER NOT NULL REFERENCES release (number) ON DELETE CASCADE,
    artifact BLOB NOT NULL REFERENCES artifact (id),
    PRIMARY KEY (release, artifact)
) STRICT, WITHOUT ROWID;

CREATE INDEX release_artifact_by_artifact ON release_artifact (artifact);

CREATE TABLE device (
    mac INTEGER PRIMARY KEY,
    known INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    record TEXT NOT NULL
) STRICT;

CREATE INDEX device_by_last_seen ON device (known, last_seen);

CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    device INTEGER,
    product TEXT,
    record TEXT NOT NULL
) STRICT;

CREATE INDEX event_by_time ON event (at);
CREATE INDEX event_by_device ON event (device, at);
CREATE INDEX event_by_product ON event (product, at);

CREATE TABLE token (
    name TEXT PRIMARY KEY,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE setting (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
