-- People who sign in, and their sessions. A session is found by the digest of its secret.

CREATE TABLE account (
    name TEXT PRIMARY KEY,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    hash BLOB PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX session_by_account ON session (account);
