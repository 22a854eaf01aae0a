#include "ledger/verify_books.h"

#include <stdio.h>

#include "ledger/internal.h"

enum { NUMBER_BYTES = 24 };

/* Columns of BOOK_ALL */
enum { BOOK_ID, BOOK_HASH, BOOK_NAME, BOOK_CURRENCY, BOOK_FIRST, BOOK_VERSIONS, BOOK_JSON };

static int report(struct verify *verify, const char *table, int64_t id, const char *what,
                  struct text stored, struct text derived)
{
	char where[NUMBER_BYTES + 16];

	snprintf(where, sizeof(where), "%s %lld", table, (long long)id);
	return verify_report_at(verify, VERIFY_BOOK, text_of(where), what, stored, derived);
}

static int compare_text(struct verify *verify, int64_t id, const char *what, struct text stored,
                        struct text derived)
{
	if (text_equal(stored, derived))
		return 0;
	return report(verify, "book", id, what, stored, derived);
}

static int compare_int(struct verify *verify, int64_t id, const char *what, int64_t stored,
                       int64_t derived)
{
	char a[NUMBER_BYTES], b[NUMBER_BYTES];

	if (stored == derived)
		return 0;
	snprintf(a, sizeof(a), "%lld", (long long)stored);
	snprintf(b, sizeof(b), "%lld", (long long)derived);
	return report(verify, "book", id, what, text_of(a), text_of(b));
}

/* What the columns say beside what the book itself says. */
static int compare_book(struct verify *verify, const struct query *query, const struct book *book)
{
	int64_t id = column_int(query, BOOK_ID);
	int r = compare_text(verify, id, "hash", column_text(query, BOOK_HASH),
	                     text_of(book_hash(book)));

	if (r == 0)
		r = compare_text(verify, id, "name", column_text(query, BOOK_NAME),
		                 book_name(book));
	if (r == 0)
		r = compare_text(verify, id, "currency", column_text(query, BOOK_CURRENCY),
		                 book_currency(book));
	if (r == 0)
		r = compare_int(verify, id, "versions", column_int(query, BOOK_VERSIONS),
		                (int64_t)book_version_count(book));
	return r;
}

/* What its events were rated with can be read; `book` NULL: not even that. */
static bool is_as_applied(const struct query *query, const struct book *book)
{
	return book != NULL && text_is(column_text(query, BOOK_HASH), book_hash(book)) &&
	       column_int(query, BOOK_VERSIONS) == (int64_t)book_version_count(book);
}

/* Context: the price id that must come next; it moves on. */
static int check_book(struct verify *verify, const struct query *query, void *context,
                      struct fault *fault)
{
	struct fault inner = { .code = FAULT_NONE };
	struct buf room = { .at = NULL };
	struct book *book = NULL;
	struct text json;
	int64_t *next_price = context, id = column_int(query, BOOK_ID);
	int64_t first = column_int(query, BOOK_FIRST), versions = column_int(query, BOOK_VERSIONS);
	int r = ledger_book_text(query->ledger, column_text(query, BOOK_JSON),
	                         column_text(query, BOOK_HASH), &room, &json, fault);

	if (r < 0) {
		buf_release(&room);
		return r;
	}
	r = book_load(&book, json, NULL, &inner);
	buf_release(&room);
	if (r == -FAULT_NOMEM)
		return fault_set(fault, FAULT_NOMEM, "verify: out of memory");
	if (r < 0)
		r = report(verify, "book", id, "json", text_of(inner.text),
		           text_of("a book that can be read"));
	else
		r = compare_book(verify, query, book);
	if (r == 0)
		r = compare_int(verify, id, "first_price", first, *next_price);
	if (r == 0 && !is_as_applied(query, book)) {
		int64_t loaded = book != NULL ? (int64_t)book_version_count(book) : 0;

		r = verify_distrust(verify, first, loaded > versions ? loaded : versions);
	}
	/* Its prices are looked for in the wrong place, and others in theirs. */
	if (r == 0 && first != *next_price)
		r = verify_distrust(verify, first, versions);
	if (r == 0 && first != *next_price)
		r = verify_distrust(verify, *next_price, versions);
	*next_price = book_price_end(first, versions);
	book_free(book);
	return r;
}

/* A line of the log whose book is gone, or that is of no side. */
static int check_logged(struct verify *verify, const struct query *query, void *context,
                        struct fault *fault)
{
	bool side = column_int(query, 2) != 0;
	char number[NUMBER_BYTES];

	(void)context;
	(void)fault;
	snprintf(number, sizeof(number), "%lld", (long long)column_int(query, 1));
	return report(verify, "book_log", column_int(query, 0), side ? "side" : "book",
	              text_of(number), text_of(side ? "0 or 1" : "a book that is there"));
}

/* Every book was put in force once at least. */
static int check_unlogged(struct verify *verify, const struct query *query, void *context,
                          struct fault *fault)
{
	(void)context;
	(void)fault;
	return report(verify, "book", column_int(query, 0), "log", text_of("no line"),
	              text_of("when it was put in force"));
}

/* And no line of the log is ever taken out; context: the number that is due. */
static int check_sequence(struct verify *verify, const struct query *query, void *context,
                          struct fault *fault)
{
	int64_t *next_seq = context, due = *next_seq, seq = column_int(query, 0);
	char number[NUMBER_BYTES];

	(void)fault;
	*next_seq = seq + 1;
	if (seq == due)
		return 0;
	snprintf(number, sizeof(number), "%lld", (long long)due);
	return report(verify, "book_log", seq, "the line before it", text_of("missing"),
	              text_of(number));
}

int verify_books(struct verify *verify, struct fault *fault)
{
	int64_t next_price = 1, next_seq = 1;
	int r = verify_each(verify, STATEMENT_BOOK_ALL, check_book, &next_price, fault);

	if (r == 0)
		r = verify_each(verify, STATEMENT_BOOK_LOG_ORPHANS, check_logged, NULL, fault);
	if (r == 0)
		r = verify_each(verify, STATEMENT_BOOK_UNLOGGED, check_unlogged, NULL, fault);
	if (r == 0)
		r = verify_each(verify, STATEMENT_BOOK_LOG_SEQS, check_sequence, &next_seq, fault);
	return r;
}
