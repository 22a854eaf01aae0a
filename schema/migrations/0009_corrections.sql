-- 0009: corrections: what an event counts less, or more, than it came with.

-- An event is never changed: each row adds to the sums, beside it, and is itself never changed
-- nor taken out.
CREATE TABLE correction (
	seq         INTEGER PRIMARY KEY CHECK (seq > 0),            -- without gaps
	at_ms       INTEGER NOT NULL,
	who         TEXT    NOT NULL CHECK (length(who) > 0),
	reason      TEXT    NOT NULL CHECK (length(reason) > 0),
	-- void: it counts nothing any more; twin: the same, since its identity stands twice;
	-- correct: it has other counts; rated: one with other counts got its price or its cost.
	kind        TEXT    NOT NULL CHECK (kind IN ('void', 'correct', 'twin', 'rated')),
	-- The event, by its key.
	ts          INTEGER NOT NULL,
	source      INTEGER NOT NULL,                               -- name.id
	id          TEXT    NOT NULL CHECK (length(id) BETWEEN 1 AND 256),
	hour        INTEGER NOT NULL CHECK (hour % 3600000 = 0),    -- of its traffic
	booked_hour INTEGER NOT NULL CHECK (booked_hour % 3600000 = 0),  -- that it counts in
	-- The rest of the key of its sum; price and cost_price as of `event`, at that time.
	account     INTEGER NOT NULL,
	key         INTEGER NOT NULL,
	model       INTEGER NOT NULL,
	provider    INTEGER NOT NULL,
	tier        INTEGER NOT NULL,
	price       INTEGER NOT NULL CHECK (price >= -1),
	cost_price  INTEGER CHECK (cost_price >= -1),
	-- What it adds to the sums, each as of `rollup`.
	events      INTEGER NOT NULL CHECK (events BETWEEN -1 AND 0),
	turns       INTEGER NOT NULL CHECK (turns BETWEEN -1 AND 0),
	errors      INTEGER NOT NULL CHECK (errors BETWEEN -1 AND 0),
	partial     INTEGER NOT NULL CHECK (partial BETWEEN -1 AND 0),
	estimated   INTEGER NOT NULL CHECK (estimated BETWEEN -1 AND 0),
	uncounted   INTEGER NOT NULL CHECK (uncounted BETWEEN -1 AND 0),
	costed      INTEGER NOT NULL CHECK (costed BETWEEN -1 AND 0),
	uncosted    INTEGER NOT NULL CHECK (uncosted BETWEEN -1 AND 0),
	counts      TEXT    NOT NULL CHECK (counts GLOB '{*}'), -- {"output":-10}
	nanos       INTEGER NOT NULL,
	attos       INTEGER NOT NULL CHECK (attos BETWEEN 0 AND 999999999),
	cost_nanos  INTEGER NOT NULL,
	cost_attos  INTEGER NOT NULL CHECK (cost_attos BETWEEN 0 AND 999999999),
	digest      BLOB    NOT NULL CHECK (length(digest) = 32),   -- SHA-256 of all before
	CHECK (booked_hour >= hour),
	CHECK (hour <= ts AND ts < hour + 3600000),
	CHECK (kind IN ('void', 'twin') OR events = 0)
) STRICT;

CREATE INDEX correction_event ON correction (ts, source, id);
CREATE INDEX correction_identity ON correction (source, id);
CREATE INDEX correction_hour ON correction (hour);
CREATE INDEX correction_booked ON correction (booked_hour);
-- What is void is void once.
CREATE UNIQUE INDEX correction_void ON correction (ts, source, id)
	WHERE kind IN ('void', 'twin');
