-- State of one connector: a cache and a journal. Deleting it costs one full
-- read, because the stamps on the objects are the truth.
-- user_version says which form of this file made the database.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row for each source entry that has an object: who they are and how both
-- sides looked when they were last found or made equal.
CREATE TABLE link (
    row        INTEGER PRIMARY KEY,
    step       INTEGER NOT NULL,  -- 0 import, 2 export
    anchor     TEXT NOT NULL,
    dn         TEXT,              -- of the target object, as last seen
    id         TEXT,              -- its entryUUID or objectGUID
    source_dn  TEXT,              -- of the source entry, as last seen
    source_key BLOB NOT NULL,     -- fingerprint of its canonical form, by which members are found
    source     BLOB NOT NULL,     -- fingerprints, 16 bytes each; zero: unknown
    target     BLOB NOT NULL,
    desired    BLOB NOT NULL,     -- managed content, by matching rules
    exact      BLOB NOT NULL,     -- managed content, as written
    flags      INTEGER NOT NULL,
    source_id  TEXT,              -- entryUUID or objectGUID of the source entry, where the anchor is another
    UNIQUE (step, anchor)
) STRICT;
CREATE INDEX link_source_key ON link (source_key);
CREATE INDEX link_id ON link (id);
CREATE INDEX link_source_id ON link (source_id) WHERE source_id IS NOT NULL;
-- Those that every run looks at (LINK_OPEN).
CREATE INDEX link_open ON link (step) WHERE flags & 39 <> 0;

-- How many there are: every run asks, and counting takes as long as there are many.
CREATE TABLE links (
    step INTEGER PRIMARY KEY,
    n    INTEGER NOT NULL
) STRICT;
INSERT INTO links (step, n) VALUES (0, 0), (1, 0), (2, 0);
CREATE TRIGGER link_came AFTER INSERT ON link BEGIN
    UPDATE links SET n = n + 1 WHERE step = new.step;
END;
CREATE TRIGGER link_went AFTER DELETE ON link BEGIN
    UPDATE links SET n = n - 1 WHERE step = old.step;
END;

-- Entries of the home directory to which the address step has nothing to give.
CREATE TABLE addressed (
    identity    BLOB PRIMARY KEY,  -- fingerprint of the entryUUID or objectGUID
    fingerprint BLOB NOT NULL,     -- of the entry as received
    native      INTEGER NOT NULL   -- it is one that gets addresses
) STRICT, WITHOUT ROWID;

-- Entries that could not be mapped, and since when.
CREATE TABLE quarantine (
    step    INTEGER NOT NULL,
    subject TEXT NOT NULL,     -- anchor, or where the record stands
    reason  TEXT NOT NULL,
    first   TEXT NOT NULL,     -- run
    last    TEXT NOT NULL,
    PRIMARY KEY (step, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
    number   INTEGER PRIMARY KEY, -- order of the runs
    id       TEXT NOT NULL UNIQUE,
    kind     TEXT NOT NULL,    -- sync, migrate, apply, revert
    started  TEXT NOT NULL,    -- ISO 8601, UTC
    finished TEXT,             -- NULL: still going on, or cut short
    status   INTEGER,          -- exit status
    who      TEXT NOT NULL,    -- user@host
    folder   TEXT,             -- plan of the run, with its undo
    summary  TEXT,             -- the summary line
    counts   TEXT              -- the same figures as JSON
) STRICT;

-- Intent before each wave, outcome after it; seq is the place in the plan.
CREATE TABLE journal (
    run     TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    seq     INTEGER NOT NULL,
    outcome INTEGER NOT NULL,  -- 0 intended, 1 done, 2 failed, 3 uncertain
    PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;
