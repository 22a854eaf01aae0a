-- 0005: a large price book is stored in pieces, so that no commit of events waits for all of it.

-- Pieces of the text of a book, in order; its row in `book` then has json ''.  They come first:
-- pieces without that row are of a book that never was in force, and are taken out again.
CREATE TABLE book_part (
	hash TEXT    NOT NULL CHECK (length(hash) = 64),              -- book.hash
	part INTEGER NOT NULL CHECK (part >= 0),                      -- 0, 1, 2 ...
	json BLOB    NOT NULL CHECK (length(json) BETWEEN 1 AND 1048576),
	UNIQUE (hash, part)
) STRICT;
