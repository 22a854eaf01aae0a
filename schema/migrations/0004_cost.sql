-- 0004: what a request cost us beside what it is sold for, and amounts that are put right later.

-- The two sides of a ledger: 0 what the customer is charged, 1 what we pay.  The last row of a
-- side is the book in force on it.
ALTER TABLE book_log ADD COLUMN side INTEGER NOT NULL DEFAULT 0 CHECK (side IN (0, 1));
CREATE INDEX book_log_side ON book_log (side);

-- cost_price  the version it was rated with on the side of cost; 0: nothing to price; -1: the
--             cost book had no rate for it; NULL: no cost book was in force
-- cost_nanos, cost_attos  what it cost
ALTER TABLE event ADD COLUMN cost_price INTEGER CHECK (cost_price >= -1);
ALTER TABLE event ADD COLUMN cost_nanos INTEGER NOT NULL DEFAULT 0;
ALTER TABLE event ADD COLUMN cost_attos INTEGER NOT NULL DEFAULT 0
	CHECK (cost_attos BETWEEN 0 AND 999999999)
	CHECK (coalesce(cost_price, 0) > 0 OR (cost_nanos = 0 AND cost_attos = 0));

CREATE INDEX event_uncosted ON event (ts) WHERE cost_price = -1;

-- Of `events`: those with a cost, and those that the cost book had no rate for.  Of the others no
-- cost is known, since there was no cost book.
ALTER TABLE rollup ADD COLUMN costed   INTEGER NOT NULL DEFAULT 0 CHECK (costed >= 0);
ALTER TABLE rollup ADD COLUMN uncosted INTEGER NOT NULL DEFAULT 0 CHECK (uncosted >= 0);
ALTER TABLE rollup ADD COLUMN cost_nanos INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rollup ADD COLUMN cost_attos INTEGER NOT NULL DEFAULT 0
	CHECK (cost_attos BETWEEN 0 AND 999999999);

-- Amounts put right: each run once, under which book, for which traffic, by whom and why.
CREATE TABLE adjustment_run (
	seq     INTEGER PRIMARY KEY CHECK (seq > 0),
	at_ms   INTEGER NOT NULL,
	who     TEXT    NOT NULL,
	reason  TEXT    NOT NULL CHECK (length(reason) > 0),
	book    INTEGER NOT NULL REFERENCES book (id),   -- the difference is to its amounts
	from_ms INTEGER NOT NULL CHECK (from_ms % 3600000 = 0),
	to_ms   INTEGER NOT NULL CHECK (to_ms % 3600000 = 0 AND to_ms > from_ms),
	rows    INTEGER NOT NULL CHECK (rows > 0),       -- of `adjustment`
	nanos   INTEGER NOT NULL,                        -- their sum
	attos   INTEGER NOT NULL CHECK (attos BETWEEN 0 AND 999999999),
	digest  BLOB    NOT NULL CHECK (length(digest) = 32)  -- SHA-256 of it and of its rows
) STRICT;

-- What a run adds to the sums of an hour, beside the events; never changed, never taken out.
CREATE TABLE adjustment (
	run         INTEGER NOT NULL REFERENCES adjustment_run (seq),
	hour        INTEGER NOT NULL CHECK (hour % 3600000 = 0),         -- of the traffic
	booked_hour INTEGER NOT NULL CHECK (booked_hour % 3600000 = 0),  -- that it counts in
	account  INTEGER NOT NULL,
	key      INTEGER NOT NULL,
	model    INTEGER NOT NULL,
	source   INTEGER NOT NULL,
	provider INTEGER NOT NULL,
	tier     INTEGER NOT NULL,
	events   INTEGER NOT NULL CHECK (events >= 0),    -- whose amount is another for it
	nanos    INTEGER NOT NULL,
	attos    INTEGER NOT NULL CHECK (attos BETWEEN 0 AND 999999999),
	PRIMARY KEY (run, hour, account, key, model, source, provider, tier),
	CHECK (booked_hour >= hour),
	CHECK (nanos <> 0 OR attos <> 0)
) STRICT, WITHOUT ROWID;

CREATE INDEX adjustment_hour ON adjustment (hour);
CREATE INDEX adjustment_booked ON adjustment (booked_hour);

-- Everything before the last until_ms is closed: what is put right there counts later.
CREATE TABLE closing (
	seq      INTEGER PRIMARY KEY CHECK (seq > 0),
	until_ms INTEGER NOT NULL UNIQUE CHECK (until_ms > 0 AND until_ms % 3600000 = 0),
	at_ms    INTEGER NOT NULL,
	who      TEXT    NOT NULL,
	note     TEXT    NOT NULL
) STRICT;
