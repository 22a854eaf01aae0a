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

/* *next_price is the price id that must come next, and moves on. */
static int check_book(struct verify *verify, const struct query *query, int64_t *next_price,
                      struct fault *fault)
{
	struct fault inner = { .code = FAULT_NONE };
	struct book *book = NULL;
	int64_t id = column_int(query, BOOK_ID);
	int64_t first = column_int(query, BOOK_FIRST), versions = column_int(query, BOOK_VERSIONS);
	int r = book_load(&book, column_text(query, BOOK_JSON), NULL, &inner);

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
	*next_price = first + versions;
	book_free(book);
	return r;
}

static int check_log(struct verify *verify, struct ledger *ledger, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_BOOK_LOG_ORPHANS);
	char number[NUMBER_BYTES];
	int r;

	while ((r = query_row(&query, fault)) > 0) {
		snprintf(number, sizeof(number), "%lld", (long long)column_int(&query, 1));
		r = report(verify, "book_log", column_int(&query, 0), "book", text_of(number),
		           text_of("a book that is there"));
		if (r != 0) {
			query_end(&query);
			return r;
		}
	}
	return r;
}

/* Every book was put in force once at least, and no line of the log is ever taken out. */
static int check_log_is_whole(struct verify *verify, struct ledger *ledger, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_BOOK_UNLOGGED);
	int64_t next_seq = 1;
	char number[NUMBER_BYTES];
	int r;

	while ((r = query_row(&query, fault)) > 0) {
		r = report(verify, "book", column_int(&query, 0), "log", text_of("no line"),
		           text_of("when it was put in force"));
		if (r != 0) {
			query_end(&query);
			return r;
		}
	}
	if (r < 0)
		return r;
	query = query_start(ledger, STATEMENT_BOOK_LOG_SEQS);
	while ((r = query_row(&query, fault)) > 0) {
		int64_t seq = column_int(&query, 0);

		snprintf(number, sizeof(number), "%lld", (long long)next_seq);
		r = seq != next_seq ? report(verify, "book_log", seq, "seq", text_of("a gap"),
		                             text_of(number))
		                    : 0;
		next_seq = seq + 1;
		if (r != 0) {
			query_end(&query);
			return r;
		}
	}
	return r;
}

int verify_books(struct verify *verify, struct ledger *ledger, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_BOOK_ALL);
	int64_t next_price = 1;
	int r;

	while ((r = query_row(&query, fault)) > 0) {
		r = check_book(verify, &query, &next_price, fault);
		if (r != 0) {
			query_end(&query);
			return r;
		}
	}
	if (r == 0)
		r = check_log(verify, ledger, fault);
	return r != 0 ? r : check_log_is_whole(verify, ledger, fault);
}
