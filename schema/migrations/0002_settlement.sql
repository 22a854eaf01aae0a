-- 0002: how far a request is settled, where its counts come from, what may stand in place of
-- what, and how far each feed was read.

-- settlement  0 open, 1 partial, 2 abandoned, 3 final: a higher one replaces a lower one
-- provenance  of the counts: 0 reported, 1 partial, 2 estimated, 3 none
-- policy      bits of the policies in force for it when it was rated (rate/policy.def)
-- served      tokens of the answer that reached the client, where it was cancelled
-- turn        0 a request; 1 a turn of one, with "~2", "~3" ... behind its id; 2 a turn that a
--             later phase of its request has no more: it counts nothing
ALTER TABLE event ADD COLUMN settlement INTEGER NOT NULL DEFAULT 3
	CHECK (settlement BETWEEN 0 AND 3);
ALTER TABLE event ADD COLUMN provenance INTEGER NOT NULL DEFAULT 0
	CHECK (provenance BETWEEN 0 AND 3);
ALTER TABLE event ADD COLUMN policy INTEGER NOT NULL DEFAULT 0 CHECK (policy BETWEEN 0 AND 255);
ALTER TABLE event ADD COLUMN served INTEGER CHECK (served >= 0);
ALTER TABLE event ADD COLUMN turn INTEGER NOT NULL DEFAULT 0 CHECK (turn BETWEEN 0 AND 2);

-- Until now it was kept beside the event, as sent.
UPDATE event SET settlement = CASE json_extract(extra, '$.settlement')
	WHEN 'open' THEN 0 WHEN 'partial' THEN 1 WHEN 'abandoned' THEN 2 ELSE 3 END
	WHERE extra IS NOT NULL AND json_extract(extra, '$.settlement') IS NOT NULL;

-- Of `events`: the turns; and of the others those whose counts are not (wholly) what the provider
-- reported.
ALTER TABLE rollup ADD COLUMN turns     INTEGER NOT NULL DEFAULT 0 CHECK (turns >= 0);
ALTER TABLE rollup ADD COLUMN partial   INTEGER NOT NULL DEFAULT 0 CHECK (partial >= 0);
ALTER TABLE rollup ADD COLUMN estimated INTEGER NOT NULL DEFAULT 0 CHECK (estimated >= 0);
ALTER TABLE rollup ADD COLUMN uncounted INTEGER NOT NULL DEFAULT 0 CHECK (uncounted >= 0);

-- What may yet be replaced: how much of it there is is a question of every day.
CREATE INDEX event_unsettled ON event (ts, settlement) WHERE settlement < 2;

-- The phases of a request that another one replaced, or that came behind a later one.
CREATE TABLE phase (
	source     INTEGER NOT NULL,              -- name.id
	id         TEXT    NOT NULL CHECK (length(id) BETWEEN 1 AND 256),
	settlement INTEGER NOT NULL CHECK (settlement BETWEEN 0 AND 2),
	hash       INTEGER NOT NULL,              -- of its content: duplicate or conflict
	ts         INTEGER NOT NULL CHECK (ts > 0),           -- its own time
	event_ts   INTEGER NOT NULL CHECK (event_ts > 0),     -- of the event that stands
	late       INTEGER NOT NULL CHECK (late IN (0, 1)),   -- 1: it came behind
	kept_ms    INTEGER NOT NULL,              -- when it came behind, or was replaced
	api        INTEGER NOT NULL,              -- name.id, 0: not sent
	unknown    INTEGER NOT NULL CHECK (unknown IN (0, 1)), -- 1: it had unknown non-zero usage
	stored     TEXT    NOT NULL,              -- it, as JSON, with the price and amount it had
	digest     BLOB    NOT NULL CHECK (length(digest) = 32), -- of all before but event_ts
	PRIMARY KEY (source, id, settlement)
) STRICT, WITHOUT ROWID;

-- How far each feed was read, kept in the transaction of what was read.
CREATE TABLE position (
	feed      TEXT    PRIMARY KEY CHECK (length(feed) BETWEEN 1 AND 4200),
	place     TEXT    NOT NULL,               -- where to go on: JSON
	lines     INTEGER NOT NULL CHECK (lines >= 0),
	stored_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Standing decisions; of the rows of one account and source, or source and api, the last holds.
CREATE TABLE policy_rule (
	seq      INTEGER PRIMARY KEY,
	at_ms    INTEGER NOT NULL,
	who      TEXT    NOT NULL,
	account  INTEGER NOT NULL,                -- name.id, 0: every one
	source   INTEGER NOT NULL,                -- name.id, 0: every one
	policies INTEGER NOT NULL CHECK (policies BETWEEN 0 AND 255), -- bits; 128: no rule any more
	note     TEXT    NOT NULL
) STRICT;

CREATE TABLE reading_rule (
	seq     INTEGER PRIMARY KEY,
	at_ms   INTEGER NOT NULL,
	who     TEXT    NOT NULL,
	source  INTEGER NOT NULL,                 -- name.id
	api     INTEGER NOT NULL,                 -- name.id
	reading TEXT    NOT NULL,                 -- '': none any more
	note    TEXT    NOT NULL
) STRICT;
