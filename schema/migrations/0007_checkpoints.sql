-- 0007: a source that began its totals anew numbers its checkpoints anew.

CREATE TABLE checkpoint_7 (
	source      INTEGER NOT NULL,             -- name.id
	epoch       INTEGER NOT NULL CHECK (epoch >= 0),  -- 0: told none
	seq         INTEGER NOT NULL,
	received_ms INTEGER NOT NULL,
	json        TEXT    NOT NULL,             -- the line, as sent
	PRIMARY KEY (source, epoch, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO checkpoint_7 (source, epoch, seq, received_ms, json)
	SELECT source, 0, seq, received_ms, json FROM checkpoint;
DROP TABLE checkpoint;
ALTER TABLE checkpoint_7 RENAME TO checkpoint;
