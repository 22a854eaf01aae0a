-- 0006: what an hour holds, so that nobody else's hand in it stays unseen.

-- Kept in the transaction of the events.  The digest is the sum, modulo 2^256, of the SHA-256 of
-- each event with its details: it does not depend on the order in which they came.
CREATE TABLE hour (
	hour     INTEGER PRIMARY KEY CHECK (hour % 3600000 = 0),  -- its first millisecond
	events   INTEGER NOT NULL CHECK (events >= 0),  -- rows of `event`, turns too
	digest   BLOB CHECK (digest IS NULL OR length(digest) = 32), -- NULL: of before, to be made
	unsealed INTEGER NOT NULL CHECK (unsealed IN (0, 1))  -- 1: another than its last seal says
) STRICT;
INSERT INTO hour (hour, events, digest, unsealed)
	SELECT ts / 3600000 * 3600000, count(*), NULL, 1 FROM event GROUP BY 1;
CREATE INDEX hour_unsealed ON hour (hour) WHERE unsealed = 1;

-- What an hour was when it was sealed: a chain that only grows.  An hour that changes later, by
-- an event that came late or a price that was found, is sealed again.
CREATE TABLE seal (
	seq         INTEGER PRIMARY KEY CHECK (seq > 0),  -- without gaps
	hour        INTEGER NOT NULL CHECK (hour % 3600000 = 0),
	at_ms       INTEGER NOT NULL,
	events      INTEGER NOT NULL CHECK (events >= 0),
	digest      BLOB    NOT NULL CHECK (length(digest) = 32),  -- of the hour, then
	notes       INTEGER NOT NULL CHECK (notes >= 0),  -- rows of the logs so far: see below
	notes_digest BLOB   NOT NULL CHECK (length(notes_digest) = 32),  -- SHA-256 of those
	chain       BLOB    NOT NULL CHECK (length(chain) = 32)  -- SHA-256 of all before, and of
	                                                         -- the chain of the seal before
) STRICT;
CREATE INDEX seal_hour ON seal (hour, seq);
