/* Putting a price book in force: a piece of it a transaction, so that events need not wait. */
#include <string.h>

#include "ledger/internal.h"

enum { WAL_PAGES_MAX = 256 };

/* What one transaction did, which counts when it is committed. */
struct piece {
	size_t bytes;
	int64_t first_price;
	bool cleaned, last, changed;
};

/* Amounts of two currencies can neither be summed nor compared, on whichever side they are. */
static int check_currency(struct ledger *ledger, const struct book *book, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_BOOK_CURRENCY);
	int r = query_row(&query, fault);

	if (r <= 0)
		return r;
	r = 0;
	if (column_is_null(&query, 0))
		r = book_gone(ledger, fault);
	else if (!text_equal(column_text(&query, 0), book_currency(book)))
		r = fault_set(fault, FAULT_INVALID,
		              "the book is in %.*s, the ledger in %.*s: a ledger has one currency",
		              TEXT_ARGS(book_currency(book)), TEXT_ARGS(column_text(&query, 0)));
	query_end(&query);
	return r;
}

/* The id of the book in force on that side (0: none). */
static int current_id(struct ledger *ledger, enum book_side side, int64_t *current_out,
                      struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_BOOK_CURRENT);

	query_int(&query, side);
	return query_single(&query, current_out, fault);
}

/* 1: a part of the book of that hash was taken out. */
static int drop_part(struct ledger *ledger, struct text hash, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_BOOK_PART_DROP);
	int r;

	query_text(&query, hash);
	r = query_done(&query, fault);
	return r < 0 ? r : sqlite3_changes(ledger->db);
}

static int add_row(struct ledger *ledger, const struct book *book, struct text json,
                   int64_t first_price, int64_t *id_out, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_BOOK_ADD);
	int r;

	query_text(&query, text_of(book_hash(book)));
	query_text(&query, book_name(book));
	query_text(&query, book_currency(book));
	query_int(&query, first_price);
	query_int(&query, (int64_t)book_version_count(book));
	query_text(&query, json);
	r = query_done(&query, fault);
	if (r == 0)
		*id_out = sqlite3_last_insert_rowid(ledger->db);
	return r;
}

/* The next part; with the last one, or in place of all where it is small, its row in `book`. */
static int store(struct ledger *ledger, const struct book_apply *apply, struct piece *piece,
                 int64_t *id_out, struct fault *fault)
{
	struct text json = book_json(apply->book), rest = json;
	struct query query;
	int r;

	if (json.len > BOOK_PART_BYTES) {
		rest = (struct text){ json.at + apply->stored_bytes,
			              json.len - apply->stored_bytes };
		rest.len = rest.len < BOOK_PART_BYTES ? rest.len : BOOK_PART_BYTES;
		query = query_start(ledger, STATEMENT_BOOK_PART_ADD);
		query_text(&query, text_of(book_hash(apply->book)));
		query_int(&query, (int64_t)(apply->stored_bytes / BOOK_PART_BYTES));
		query_blob(&query, rest);
		r = query_done(&query, fault);
		if (r < 0)
			return r;
		json = text_of("");
	}
	piece->bytes = rest.len;
	piece->last = apply->stored_bytes + rest.len == book_json(apply->book).len;
	if (!piece->last)
		return 0;
	query = query_start(ledger, STATEMENT_BOOK_NEXT);
	r = query_single(&query, &piece->first_price, fault);
	return r < 0 ? r : add_row(ledger, apply->book, json, piece->first_price, id_out, fault);
}

/* The book by its hash; *id_out 0: it is not there yet. */
static int find(struct ledger *ledger, const struct book *book, int64_t *id_out,
                int64_t *first_price_out, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_BOOK_BY_HASH);
	int r;

	*id_out = 0;
	query_text(&query, text_of(book_hash(book)));
	r = query_row(&query, fault);
	if (r <= 0)
		return r;
	*id_out = column_int(&query, 0);
	*first_price_out = column_int(&query, 1);
	query_end(&query);
	return 0;
}

/* What is left of another book, or of this one from another time. */
static int clean(struct ledger *ledger, const struct book_apply *apply, struct piece *piece,
                 struct fault *fault)
{
	int r = 0;

	if (apply->stored_bytes > 0)
		return 0;
	if (ledger->unfinished[0] != '\0')
		r = drop_part(ledger, text_of(ledger->unfinished), fault);
	if (r == 0)
		r = drop_part(ledger, text_of(book_hash(apply->book)), fault);
	piece->cleaned = r > 0;
	return r < 0 ? r : 0;
}

static int log_book(struct ledger *ledger, const struct book_apply *apply, int64_t id,
                    struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_BOOK_LOG_ADD);

	query_int(&query, id);
	query_int(&query, apply->side);
	query_int(&query, apply->now_ms);
	query_text(&query, apply->who);
	query_text(&query, apply->note);
	return query_done(&query, fault);
}

static int step(struct ledger *ledger, const struct book_apply *apply, struct piece *piece,
                struct fault *fault)
{
	int64_t current = 0, id = 0;
	int r = check_currency(ledger, apply->book, fault);

	if (r == 0)
		r = current_id(ledger, apply->side, &current, fault);
	if (r == 0)
		r = find(ledger, apply->book, &id, &piece->first_price, fault);
	piece->last = id != 0;
	if (r == 0 && id == 0)
		r = clean(ledger, apply, piece, fault);
	if (r == 0 && id == 0 && !piece->cleaned)
		r = store(ledger, apply, piece, &id, fault);
	piece->changed = piece->last && id != current;
	if (r == 0 && piece->changed)
		r = log_book(ledger, apply, id, fault);
	return r;
}

int ledger_book_apply_step(struct ledger *ledger, struct book_apply *apply, bool *more_out,
                           struct fault *fault)
{
	struct piece piece = { .bytes = 0 };
	int r;

	r = ledger_begin(ledger, fault);
	if (r < 0)
		return r;
	r = step(ledger, apply, &piece, fault);
	if (r == 0)
		r = ledger_commit(ledger, fault);
	if (r < 0) {
		ledger_rollback(ledger);
		return r;
	}
	/* Many small checkpoints on the way, or there is a large one that all wait for. */
	ledger->wal_is_large = ledger->wal_is_large || ledger->wal_pages > WAL_PAGES_MAX;
	apply->stored_bytes += piece.bytes;
	/* Nothing is stored before all that lay there is out. */
	if (piece.bytes > 0)
		text_copy(ledger->unfinished, sizeof(ledger->unfinished),
		          text_of(piece.last ? "" : book_hash(apply->book)));
	apply->first_price = piece.first_price;
	apply->changed = piece.changed;
	*more_out = !piece.last;
	return 0;
}

int ledger_book_apply(struct ledger *ledger, const struct book *book, enum book_side side,
                      int64_t now_ms, struct text who, struct text note, int64_t *first_price_out,
                      bool *changed_out, struct fault *fault)
{
	struct book_apply apply = {
		.book = book, .side = side, .now_ms = now_ms, .who = who, .note = note
	};
	bool more = true;

	while (more) {
		int r = ledger_book_apply_step(ledger, &apply, &more, fault);

		if (r < 0)
			return r;
	}
	*first_price_out = apply.first_price;
	*changed_out = apply.changed;
	return 0;
}

/* The hash of a book that has parts and no row, into ledger->unfinished. */
static int find_orphan(struct ledger *ledger, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_BOOK_PART_ORPHAN);
	int r = query_row(&query, fault);

	ledger->unfinished[0] = '\0';
	if (r <= 0)
		return r;
	text_copy(ledger->unfinished, sizeof(ledger->unfinished), column_text(&query, 0));
	query_end(&query);
	return 0;
}

int ledger_books_tidy(struct ledger *ledger, struct fault *fault)
{
	for (;;) {
		int r = find_orphan(ledger, fault);

		if (r < 0 || ledger->unfinished[0] == '\0')
			return r;
		r = ledger_begin(ledger, fault);
		while (r == 0) {
			r = drop_part(ledger, text_of(ledger->unfinished), fault);
			if (r <= 0)
				break;
			r = 0;
		}
		if (r == 0)
			r = ledger_commit(ledger, fault);
		if (r < 0) {
			ledger_rollback(ledger);
			/* Nobody reads them: they may lie until there is space. */
			return r == -FAULT_FULL || r == -FAULT_BUSY ? 0 : r;
		}
	}
}
