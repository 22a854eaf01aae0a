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

-- A chain that only grows.  A link seals hours that are over, as they are then, and what was
-- noted in the logs since the link before.  An hour that changes later, by an event that came
-- late or a price that was found, is sealed again.
CREATE TABLE seal (
	seq   INTEGER PRIMARY KEY CHECK (seq > 0),  -- without gaps
	at_ms INTEGER NOT NULL,
	chain BLOB    NOT NULL CHECK (length(chain) = 32)  -- SHA-256 of the one before, and of
	                                                   -- all that this one seals
) STRICT;

CREATE TABLE seal_hour (
	seal   INTEGER NOT NULL REFERENCES seal (seq) DEFERRABLE INITIALLY DEFERRED,
	hour   INTEGER NOT NULL CHECK (hour % 3600000 = 0),
	events INTEGER NOT NULL CHECK (events >= 0),
	digest BLOB    NOT NULL CHECK (length(digest) = 32),
	PRIMARY KEY (seal, hour)
) STRICT, WITHOUT ROWID;
CREATE INDEX seal_hour_hour ON seal_hour (hour, seal);

CREATE TABLE seal_log (
	seal   INTEGER NOT NULL REFERENCES seal (seq) DEFERRABLE INITIALLY DEFERRED,
	log    TEXT    NOT NULL CHECK (length(log) <= 32),  -- the name of its table
	last   INTEGER NOT NULL CHECK (last > 0),           -- the last seq of it that is sealed
	digest BLOB    NOT NULL CHECK (length(digest) = 32), -- SHA-256 of its rows since the last
	PRIMARY KEY (seal, log)
) STRICT, WITHOUT ROWID;
CREATE INDEX seal_log_log ON seal_log (log, last);
