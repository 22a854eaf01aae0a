-- 0010: months that are over move into files of their own, which nobody writes any more.

-- A file of the folder beside the ledger (PATH.archive).  It has the schema of a ledger and holds
-- the events of hours of one month; their sums stay here.
CREATE TABLE archive (
	seq    INTEGER PRIMARY KEY CHECK (seq > 0),
	month  TEXT    NOT NULL CHECK (length(month) = 7),            -- "2026-10"
	file   TEXT    NOT NULL UNIQUE CHECK (length(file) BETWEEN 1 AND 64),
	sha256 TEXT    NOT NULL CHECK (length(sha256) = 64),          -- of the file
	events INTEGER NOT NULL CHECK (events > 0),                   -- rows in it
	bytes  INTEGER NOT NULL CHECK (bytes > 0),
	at_ms  INTEGER NOT NULL,
	who    TEXT    NOT NULL
) STRICT;

-- Where the events of an hour are: archive.seq; 0: here.  What came after they moved is here all
-- the same; `events` and `digest` are of all of them.
ALTER TABLE hour ADD COLUMN archive INTEGER NOT NULL DEFAULT 0 CHECK (archive >= 0);
CREATE INDEX hour_archived ON hour (hour) WHERE archive > 0;
