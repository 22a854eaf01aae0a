-- 0003: what a price may ask of a request: where it was served, and of what kind its units are.

-- Until now it was kept beside the event, as sent.
ALTER TABLE event ADD COLUMN region INTEGER NOT NULL DEFAULT 0;   -- name.id, 0: not sent
INSERT OR IGNORE INTO name (text)
	SELECT DISTINCT json_extract(extra, '$.region') FROM event
	WHERE extra IS NOT NULL AND json_type(extra, '$.region') = 'text';
UPDATE event SET
	region = (SELECT name.id FROM name WHERE name.text = json_extract(event.extra, '$.region')),
	extra = nullif(json_remove(extra, '$.region'), '{}')
	WHERE extra IS NOT NULL AND json_type(extra, '$.region') = 'text';

-- Rare components of an event, and what of its counts is of which kind.  Of a component without a
-- column in `event` the sum of its rows is the count.  Of one that has a column the rows are of
-- the count in it, which may be more.
CREATE TABLE event_detail_3 (
	ts        INTEGER NOT NULL,
	source    INTEGER NOT NULL,
	id        TEXT    NOT NULL,
	component TEXT    NOT NULL CHECK (length(component) <= 32),   -- key of component.def
	size      TEXT    NOT NULL DEFAULT '',   -- of images; of seconds: their resolution
	quality   TEXT    NOT NULL DEFAULT '',   -- of images
	kind      TEXT    NOT NULL DEFAULT '',   -- of searches, seconds; implicit, explicit
	-- Of images their steps; the seconds that a cache lives.
	number    INTEGER NOT NULL DEFAULT 0 CHECK (number >= 0),
	count     INTEGER NOT NULL CHECK (count > 0),
	PRIMARY KEY (ts, source, id, component, size, quality, kind, number)
) STRICT, WITHOUT ROWID;
INSERT INTO event_detail_3 (ts, source, id, component, size, quality, count)
	SELECT ts, source, id, component, size, quality, count FROM event_detail;
DROP TABLE event_detail;
ALTER TABLE event_detail_3 RENAME TO event_detail;
