-- 0008: what SQLite does not see: a page that the disk gives back with another bit.

-- Of what an hour's sums are made of, in one word each: the exclusive or of a hash of each row.
-- A row that is another, and one that is not there any more, both make it another word.
-- kind  0 rows of rollup; 1 of adjustment, by booked_hour; 2 of adjustment, by hour; 3 the
--       check_word of event
-- 4     nothing but this: the words of a ledger of before are to be made
CREATE TABLE hour_word (
	kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 4),
	hour INTEGER NOT NULL CHECK (hour % 3600000 = 0),
	word INTEGER NOT NULL,
	PRIMARY KEY (kind, hour)
) STRICT, WITHOUT ROWID;
INSERT INTO hour_word (kind, hour, word) VALUES (4, 0, 0);

-- A hash of the row; NULL: of before, and not checked.
ALTER TABLE name ADD COLUMN check_word INTEGER;
ALTER TABLE event ADD COLUMN check_word INTEGER;
