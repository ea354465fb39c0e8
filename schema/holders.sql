-- Index of a directory that is written to: every recipient and every address in
-- it, natives included. A cache: deleting it costs one full read.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE holder (
    row         INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE, -- entryUUID or objectGUID
    dn          TEXT NOT NULL,
    dn_key      TEXT NOT NULL,        -- canonical form, to look names up
    fingerprint BLOB NOT NULL,        -- of the entry as received
    owner       TEXT,                 -- UUID of the connector that made it; NULL: native
    anchor      TEXT,
    graced      INTEGER NOT NULL,
    serial      INTEGER NOT NULL      -- of the transaction that saved it: what changed since?
) STRICT;
CREATE INDEX holder_serial ON holder (serial);
CREATE INDEX holder_dn ON holder (dn_key);
CREATE INDEX holder_anchor ON holder (owner, anchor);

-- kind "address": "type:value", folded; else the attribute of a join rule.
CREATE TABLE key (
    kind   TEXT NOT NULL,
    value  TEXT NOT NULL,
    holder INTEGER NOT NULL REFERENCES holder (row) ON DELETE CASCADE,
    text   TEXT,                      -- an address as it stands there, "TYPE:value"
    origin INTEGER NOT NULL,          -- of an address: KeyOrigin, in which attributes it stands
    PRIMARY KEY (kind, value, holder)
) STRICT, WITHOUT ROWID;
CREATE INDEX key_holder ON key (holder);

-- What is told of a holder who is looked up. Beside holder and not in it: every pass goes over that as a whole.
CREATE TABLE card (
    holder INTEGER PRIMARY KEY REFERENCES holder (row) ON DELETE CASCADE,
    kind   TEXT NOT NULL,             -- "user", "contact", "group", "room", "folder"
    name   TEXT,                      -- displayName, else cn
    legacy TEXT COLLATE NOCASE,       -- legacyExchangeDN
    target TEXT,                      -- targetAddress
    flags  INTEGER NOT NULL           -- CardFlags
) STRICT;
CREATE INDEX card_legacy ON card (legacy) WHERE legacy IS NOT NULL;

-- Of addresses that several recipients would have: how far the numbers that tell
-- them apart have come. So the next one is not tried against all that were before.
CREATE TABLE retry (
    base    TEXT PRIMARY KEY,         -- the first alternative, folded
    highest INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Addresses that the server refused and that nobody whom we can see has.
CREATE TABLE refused (
    address TEXT PRIMARY KEY          -- folded
) STRICT, WITHOUT ROWID;
