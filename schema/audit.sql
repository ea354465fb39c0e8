-- What earlier audits of an organisation found, so that the next one can say what is new.
-- Deleting it loses the comparison and nothing else.
-- user_version says which form of this file made the database.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What audits were about; only those of the same scope are compared.
CREATE TABLE scope (
    row  INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE  -- names of connectors, joined by blanks; empty: the whole home directory
) STRICT;

CREATE TABLE audit (
    number   INTEGER PRIMARY KEY AUTOINCREMENT, -- order of the audits
    id       TEXT NOT NULL UNIQUE,
    scope    INTEGER NOT NULL REFERENCES scope (row),
    started  TEXT NOT NULL,    -- ISO 8601, UTC
    finished TEXT NOT NULL,
    total    INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_scope ON audit (scope, number);

-- How many findings of each kind; kinds without any have no row.
CREATE TABLE tally (
    audit INTEGER NOT NULL REFERENCES audit (number) ON DELETE CASCADE,
    kind  TEXT NOT NULL,
    n     INTEGER NOT NULL,
    PRIMARY KEY (audit, kind)
) STRICT, WITHOUT ROWID;

-- A finding that stands is one row, however many audits in a row found it.
CREATE TABLE finding (
    row   INTEGER PRIMARY KEY,
    scope INTEGER NOT NULL REFERENCES scope (row),
    key   BLOB NOT NULL,     -- 16 bytes: the same in every audit
    kind  TEXT NOT NULL,
    part  TEXT NOT NULL,     -- which part of the audit found it: home, or a connector
    first INTEGER NOT NULL,  -- number of the first audit that found it
    last  INTEGER NOT NULL,  -- ... and of the last
    body  TEXT NOT NULL      -- objects, attribute, evidence, remedy as JSON
) STRICT;
CREATE UNIQUE INDEX finding_key ON finding (scope, key, last);
CREATE INDEX finding_last ON finding (scope, last, kind);
