-- 0001: the ledger.  Migrations are append-only: this file is never edited once released.
--
-- Times are milliseconds since 1970-01-01T00:00:00Z.  An amount is two columns:
-- nanos (1e-9 of the currency) and the attos below a nano (0 .. 999 999 999).

-- Every name once; the other tables hold its id.  id 0 is "not sent".
CREATE TABLE name (
	id   INTEGER PRIMARY KEY,
	text TEXT NOT NULL UNIQUE CHECK (length(text) <= 256)
) STRICT;
INSERT INTO name (id, text) VALUES (0, '');

-- Applied price books, whole and immutable.
CREATE TABLE book (
	id          INTEGER PRIMARY KEY,
	hash        TEXT NOT NULL UNIQUE CHECK (length(hash) = 64),   -- SHA-256 of json
	name        TEXT NOT NULL,
	currency    TEXT NOT NULL CHECK (length(currency) = 3),
	first_price INTEGER NOT NULL UNIQUE CHECK (first_price > 0),  -- id of its first version
	versions    INTEGER NOT NULL CHECK (versions > 0),            -- so many ids follow
	json        TEXT NOT NULL
) STRICT;

-- Which book was put in force when, by whom; the last row is the one in force.
CREATE TABLE book_log (
	seq        INTEGER PRIMARY KEY,
	book       INTEGER NOT NULL REFERENCES book (id),
	applied_ms INTEGER NOT NULL,
	who        TEXT NOT NULL,
	note       TEXT NOT NULL
) STRICT;

-- One request as the gateway saw it.  Clustered by time, so that appending stays
-- flat as the ledger grows.  Components without a column are rows of event_detail.
CREATE TABLE event (
	ts             INTEGER NOT NULL CHECK (ts > 0),     -- when the request ran
	source         INTEGER NOT NULL,                    -- name.id
	id             TEXT    NOT NULL CHECK (length(id) BETWEEN 1 AND 256),
	account        INTEGER NOT NULL,                    -- name.id
	key            INTEGER NOT NULL,                    -- name.id, 0: not sent
	model          INTEGER NOT NULL,                    -- name.id, as sent
	provider       INTEGER NOT NULL,                    -- name.id, 0: not sent
	api            INTEGER NOT NULL,                    -- name.id, 0: not sent
	tier           INTEGER NOT NULL,                    -- name.id, 0: not sent
	finish         INTEGER NOT NULL,                    -- name.id, 0: not sent
	-- The version it was rated with; 0: nothing to price; -1: in suspense.
	price          INTEGER NOT NULL CHECK (price >= -1),
	status         INTEGER CHECK (status BETWEEN 0 AND 999),
	-- 1: a stream; 2: carried unknown non-zero usage; 4: has event_detail.
	flags          INTEGER NOT NULL CHECK (flags BETWEEN 0 AND 7),
	latency_ms     INTEGER CHECK (latency_ms >= 0),
	ttft_ms        INTEGER CHECK (ttft_ms >= 0),
	input          INTEGER NOT NULL CHECK (input >= 0),
	cache_read     INTEGER NOT NULL CHECK (cache_read >= 0),
	cache_write_5m INTEGER NOT NULL CHECK (cache_write_5m >= 0),
	cache_write_1h INTEGER NOT NULL CHECK (cache_write_1h >= 0),
	output         INTEGER NOT NULL CHECK (output >= 0),
	reasoning      INTEGER NOT NULL CHECK (reasoning >= 0),
	requests       INTEGER NOT NULL CHECK (requests >= 0),
	nanos          INTEGER NOT NULL,                    -- the charge
	attos          INTEGER NOT NULL CHECK (attos BETWEEN 0 AND 999999999),
	hash           INTEGER NOT NULL,                    -- of the content: duplicate or conflict
	-- JSON: region, upstream_id, upstream_cost, settlement, tags.
	extra          TEXT,
	PRIMARY KEY (ts, source, id),
	CHECK (price > 0 OR (nanos = 0 AND attos = 0))
) STRICT, WITHOUT ROWID;

CREATE INDEX event_suspense ON event (ts) WHERE price = -1;

-- Rare components of an event, and its images by size and quality.
CREATE TABLE event_detail (
	ts        INTEGER NOT NULL,
	source    INTEGER NOT NULL,
	id        TEXT    NOT NULL,
	component TEXT    NOT NULL CHECK (length(component) <= 32),   -- key of component.def
	size      TEXT    NOT NULL DEFAULT '',                        -- of images
	quality   TEXT    NOT NULL DEFAULT '',
	count     INTEGER NOT NULL CHECK (count > 0),
	PRIMARY KEY (ts, source, id, component, size, quality)
) STRICT, WITHOUT ROWID;

-- Hourly sums, kept in the transaction of the events.
CREATE TABLE rollup (
	hour     INTEGER NOT NULL CHECK (hour % 3600000 = 0),  -- its first millisecond
	account  INTEGER NOT NULL,
	key      INTEGER NOT NULL,
	model    INTEGER NOT NULL,
	source   INTEGER NOT NULL,
	provider INTEGER NOT NULL,
	tier     INTEGER NOT NULL,
	price    INTEGER NOT NULL,
	events   INTEGER NOT NULL CHECK (events >= 0),
	errors   INTEGER NOT NULL CHECK (errors BETWEEN 0 AND events),
	input             INTEGER NOT NULL DEFAULT 0 CHECK (input >= 0),
	input_audio       INTEGER NOT NULL DEFAULT 0 CHECK (input_audio >= 0),
	input_image       INTEGER NOT NULL DEFAULT 0 CHECK (input_image >= 0),
	input_video       INTEGER NOT NULL DEFAULT 0 CHECK (input_video >= 0),
	input_tool        INTEGER NOT NULL DEFAULT 0 CHECK (input_tool >= 0),
	cache_read        INTEGER NOT NULL DEFAULT 0 CHECK (cache_read >= 0),
	cache_read_audio  INTEGER NOT NULL DEFAULT 0 CHECK (cache_read_audio >= 0),
	cache_read_image  INTEGER NOT NULL DEFAULT 0 CHECK (cache_read_image >= 0),
	cache_read_video  INTEGER NOT NULL DEFAULT 0 CHECK (cache_read_video >= 0),
	cache_write_5m    INTEGER NOT NULL DEFAULT 0 CHECK (cache_write_5m >= 0),
	cache_write_1h    INTEGER NOT NULL DEFAULT 0 CHECK (cache_write_1h >= 0),
	cache_write       INTEGER NOT NULL DEFAULT 0 CHECK (cache_write >= 0),
	output            INTEGER NOT NULL DEFAULT 0 CHECK (output >= 0),
	reasoning         INTEGER NOT NULL DEFAULT 0 CHECK (reasoning >= 0),
	output_audio      INTEGER NOT NULL DEFAULT 0 CHECK (output_audio >= 0),
	output_image      INTEGER NOT NULL DEFAULT 0 CHECK (output_image >= 0),
	output_video      INTEGER NOT NULL DEFAULT 0 CHECK (output_video >= 0),
	images_in         INTEGER NOT NULL DEFAULT 0 CHECK (images_in >= 0),
	images_out        INTEGER NOT NULL DEFAULT 0 CHECK (images_out >= 0),
	megapixels_out    INTEGER NOT NULL DEFAULT 0 CHECK (megapixels_out >= 0),
	seconds           INTEGER NOT NULL DEFAULT 0 CHECK (seconds >= 0),
	characters        INTEGER NOT NULL DEFAULT 0 CHECK (characters >= 0),
	pages             INTEGER NOT NULL DEFAULT 0 CHECK (pages >= 0),
	searches          INTEGER NOT NULL DEFAULT 0 CHECK (searches >= 0),
	requests          INTEGER NOT NULL DEFAULT 0 CHECK (requests >= 0),
	nanos    INTEGER NOT NULL,
	attos    INTEGER NOT NULL CHECK (attos BETWEEN 0 AND 999999999),
	PRIMARY KEY (hour, account, key, model, source, provider, tier, price)
) STRICT, WITHOUT ROWID;

-- What came from each source, kept in the transaction of the events.
CREATE TABLE watermark (
	source    INTEGER PRIMARY KEY,            -- name.id
	events    INTEGER NOT NULL DEFAULT 0 CHECK (events >= 0),
	first_ts  INTEGER NOT NULL DEFAULT 0,     -- event times
	last_ts   INTEGER NOT NULL DEFAULT 0,
	stored_ms INTEGER NOT NULL DEFAULT 0      -- when the last one was received
) STRICT;

-- Lines that could not be understood, verbatim.
CREATE TABLE quarantine (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	source      INTEGER NOT NULL,             -- name.id, 0: not known
	event_id    TEXT,                         -- as far as it could be read
	event_ms    INTEGER,
	reason      TEXT NOT NULL,                -- name of reason.def
	detail      TEXT NOT NULL,
	first_ms    INTEGER NOT NULL,             -- received
	last_ms     INTEGER NOT NULL,
	times       INTEGER NOT NULL CHECK (times > 0),
	length      INTEGER NOT NULL CHECK (length >= length(raw)),  -- as sent
	raw         BLOB NOT NULL,                -- as kept: cut at the limit
	digest      BLOB NOT NULL CHECK (length(digest) = 32),       -- SHA-256 of raw
	released_ms INTEGER NOT NULL DEFAULT 0,   -- ingested after all; 0: still held
	UNIQUE (source, digest, length)
) STRICT;

-- The same identity with other content: the stored event stands, this is the other one.
CREATE TABLE conflict (
	source   INTEGER NOT NULL,
	id       TEXT    NOT NULL,
	hash     INTEGER NOT NULL,                -- content of the other one
	ts       INTEGER NOT NULL,                -- of the one that stands
	stored   TEXT    NOT NULL,                -- that one, as JSON
	raw      BLOB    NOT NULL,                -- the other one, as sent
	first_ms INTEGER NOT NULL,
	last_ms  INTEGER NOT NULL,
	times    INTEGER NOT NULL CHECK (times > 0),
	PRIMARY KEY (source, id, hash)
) STRICT, WITHOUT ROWID;

-- Numbers under usage that are not zero and that nobody counts.
CREATE TABLE unknown_usage (
	source   INTEGER NOT NULL,
	api      INTEGER NOT NULL,
	path     TEXT    NOT NULL,
	events   INTEGER NOT NULL CHECK (events > 0),
	first_ms INTEGER NOT NULL,                -- event time
	first_id TEXT    NOT NULL,
	PRIMARY KEY (source, api, path)
) STRICT, WITHOUT ROWID;

-- A source's own control totals.
CREATE TABLE checkpoint (
	source      INTEGER NOT NULL,
	seq         INTEGER NOT NULL,
	received_ms INTEGER NOT NULL,
	json        TEXT    NOT NULL,
	PRIMARY KEY (source, seq)
) STRICT, WITHOUT ROWID;

-- Who changed what, when.
CREATE TABLE change (
	seq    INTEGER PRIMARY KEY,
	at_ms  INTEGER NOT NULL,
	who    TEXT    NOT NULL,
	what   TEXT    NOT NULL,
	detail TEXT    NOT NULL
) STRICT;
