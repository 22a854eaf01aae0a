#include "ledger/books.h"

#include <stdlib.h>

#include "ledger/internal.h"

const char *book_side_name(enum book_side side)
{
	return side == BOOK_COST ? "cost" : "sell";
}

int ledger_book_text(struct ledger *ledger, struct text json, struct text hash, struct buf *room,
                     struct text *text_out, struct fault *fault)
{
	struct query query;
	int r;

	*text_out = json;
	if (json.len > 0)
		return 0;
	query = query_start(ledger, STATEMENT_BOOK_PARTS);
	query_text(&query, hash);
	buf_clear(room);
	while ((r = query_row(&query, fault)) > 0)
		buf_add_text(room, column_blob(&query, 0));
	if (r == 0 && room->error != 0)
		r = fault_set(fault, FAULT_NOMEM, "%s: a price book: out of memory", ledger->path);
	*text_out = room->at != NULL ? buf_text(room) : json;
	return r;
}

/* A book that was checked when it was applied: what fails now is the ledger's fault. */
static int parse_stored(struct ledger *ledger, struct text json, struct text hash,
                        struct book **book_out, struct fault *fault)
{
	struct fault inner = { .code = FAULT_NONE };
	struct buf room = { .at = NULL };
	struct book *book = NULL;
	struct text text;
	int r = ledger_book_text(ledger, json, hash, &room, &text, fault);

	if (r == 0)
		r = book_load(&book, text, NULL, &inner);
	buf_release(&room);
	if (r < 0 && inner.code == FAULT_NONE)
		return r;
	if (r == -FAULT_NOMEM)
		return fault_set(fault, FAULT_NOMEM, "%s: a price book: out of memory",
		                 ledger->path);
	if (r < 0)
		return fault_set(fault, FAULT_CORRUPT, "%s: a stored price book cannot be read: %s",
		                 ledger->path, inner.text);
	if (!text_is(hash, book_hash(book))) {
		book_free(book);
		return fault_set(fault, FAULT_CORRUPT,
		                 "%s: a stored price book is not the one that was applied",
		                 ledger->path);
	}
	*book_out = book;
	return 0;
}

int64_t book_price_end(int64_t first_price, int64_t versions)
{
	int64_t end;

	return __builtin_add_overflow(first_price, versions, &end) ? INT64_MAX : end;
}

/* Without the book of a line nobody knows what is in force, or in which currency. */
int book_gone(struct ledger *ledger, struct fault *fault)
{
	return fault_set(fault, FAULT_CORRUPT,
	                 "%s: the log of price books has a line whose book is gone, or of no side: "
	                 "toll verify names it, a backup has what was right",
	                 ledger->path);
}

int ledger_book_current(struct ledger *ledger, enum book_side side,
                        struct applied_book *current_out, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_BOOK_CURRENT);
	struct applied_book current = { NULL, 0 };
	int r;

	query_int(&query, side);
	r = query_row(&query, fault);
	if (r < 0)
		return r;
	if (r > 0) {
		current.first_price = column_int(&query, 1);
		r = column_is_null(&query, 0)
		            ? book_gone(ledger, fault)
		            : parse_stored(ledger, column_text(&query, 3), column_text(&query, 4),
		                           &current.book, fault);
		query_end(&query);
		if (r < 0)
			return r;
	}
	*current_out = current;
	return 0;
}

int ledger_each_book(struct ledger *ledger, ledger_book_fn *each, void *context,
                     struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_BOOK_LIST);
	bool newest[BOOK_SIDES] = { true, true };
	int r;

	while ((r = query_row(&query, fault)) > 0) {
		struct book_log_row row = {
			.seq = column_int(&query, 0),
			.applied_ms = column_int(&query, 1),
			.hash = column_text(&query, 2),
			.name = column_text(&query, 3),
			.currency = column_text(&query, 4),
			.who = column_text(&query, 5),
			.note = column_text(&query, 6),
			.first_price = column_int(&query, 7),
			.versions = column_int(&query, 8),
		};
		int64_t side = column_is_null(&query, 2) ? BOOK_SIDES : column_int(&query, 9);

		if (side != BOOK_SELL && side != BOOK_COST) {
			r = book_gone(ledger, fault);
		} else {
			row.side = (enum book_side)side;
			row.in_force = newest[row.side];
			newest[row.side] = false;
			r = each(context, &row);
		}
		if (r != 0) {
			query_end(&query);
			return r;
		}
	}
	return r;
}

int ledger_book_json(struct ledger *ledger, struct text hash, struct buf *json_out,
                     struct fault *fault)
{
	enum { HASH_DIGITS_MIN = 8, HASH_DIGITS = SHA256_HEX_BYTES - 1 };
	char low[SHA256_HEX_BYTES], high[SHA256_HEX_BYTES + 1];
	struct buf json = { .at = NULL }, room = { .at = NULL };
	struct query query;
	struct text found;
	int r;

	if (hash.len < HASH_DIGITS_MIN || hash.len > HASH_DIGITS)
		return fault_set(fault, FAULT_INVALID,
		                 "%.*s: 8 to 64 digits of a book's hash are due", TEXT_ARGS(hash));
	text_copy(low, sizeof(low), hash);
	/* 'g' sorts behind every hexadecimal digit. */
	text_copy(high, sizeof(high) - 1, hash);
	high[hash.len] = 'g';
	high[hash.len + 1] = '\0';
	query = query_start(ledger, STATEMENT_BOOK_LIKE);
	query_text(&query, text_of(low));
	query_text(&query, text_of(high));
	r = query_row(&query, fault);
	if (r < 0)
		return r;
	if (r == 0)
		return fault_set(fault, FAULT_NOT_FOUND, "%.*s: no applied book has this hash",
		                 TEXT_ARGS(hash));
	r = ledger_book_text(ledger, column_text(&query, 0), column_text(&query, 1), &room, &found,
	                     fault);
	if (r == 0)
		buf_add_text(&json, found);
	buf_release(&room);
	if (r < 0)
		query_end(&query);
	else
		r = query_row(&query, fault);
	if (r > 0) {
		query_end(&query);
		r = fault_set(fault, FAULT_INVALID, "%.*s: more than one book begins so",
		              TEXT_ARGS(hash));
	}
	if (r == 0 && json.error != 0)
		r = fault_set(fault, FAULT_NOMEM, "a book: out of memory");
	if (r < 0) {
		buf_release(&json);
		return r;
	}
	buf_release(json_out);
	*json_out = json;
	return 0;
}

int ledger_book_named(struct ledger *ledger, struct text hash, struct applied_book *book_out,
                      struct fault *fault)
{
	struct applied_book named = { NULL, 0 };
	struct buf json = { .at = NULL };
	char hex[SHA256_HEX_BYTES];
	struct query query;
	int r = ledger_book_json(ledger, hash, &json, fault);

	if (r == 0) {
		sha256_hex(json.at, json.len, hex);
		r = parse_stored(ledger, buf_text(&json), text_of(hex), &named.book, fault);
	}
	if (r == 0) {
		query = query_start(ledger, STATEMENT_BOOK_BY_HASH);
		query_text(&query, text_of(hex));
		r = query_row(&query, fault);
	}
	if (r > 0) {
		named.first_price = column_int(&query, 1);
		query_end(&query);
		*book_out = named;
		named.book = NULL;
		r = 0;
	} else if (r == 0) {
		r = fault_set(fault, FAULT_CORRUPT,
		              "%s: a stored price book is not the one that was applied",
		              ledger->path);
	}
	book_free(named.book);
	buf_release(&json);
	return r;
}

void ledger_books_forget(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->book_count; i++)
		book_free(ledger->books[i].book);
	free(ledger->books);
	ledger->books = NULL;
	ledger->book_count = 0;
}

/* The parsed book that holds a price id, from memory or from its row. */
static int book_of_price(struct ledger *ledger, int64_t price_id, const struct parsed_book **out,
                         struct fault *fault)
{
	struct parsed_book parsed = { .book = NULL }, *grown;
	struct query query;
	int r;

	for (size_t i = 0; i < ledger->book_count; i++) {
		const struct parsed_book *book = &ledger->books[i];

		if (price_id >= book->first_price &&
		    price_id < book_price_end(book->first_price, book->versions)) {
			*out = book;
			return 0;
		}
	}
	query = query_start(ledger, STATEMENT_BOOK_BY_PRICE);
	query_int(&query, price_id);
	r = query_row(&query, fault);
	if (r < 0)
		return r;
	parsed.first_price = r > 0 ? column_int(&query, 1) : 0;
	parsed.versions = r > 0 ? column_int(&query, 2) : 0;
	if (r > 0 && price_id < book_price_end(parsed.first_price, parsed.versions))
		r = parse_stored(ledger, column_text(&query, 3), column_text(&query, 4),
		                 &parsed.book, fault);
	else
		r = fault_set(fault, FAULT_CORRUPT, "%s: no book holds price %lld", ledger->path,
		              (long long)price_id);
	query_end(&query);
	if (r == 0 && (int64_t)book_version_count(parsed.book) != parsed.versions)
		r = fault_set(fault, FAULT_CORRUPT, "%s: a stored price book has lost versions",
		              ledger->path);
	if (r < 0) {
		book_free(parsed.book);
		return r;
	}
	if (ledger->book_count == BOOKS_PARSED_MAX)
		ledger_books_forget(ledger);
	grown = realloc(ledger->books, (ledger->book_count + 1) * sizeof(*grown));
	if (grown == NULL) {
		book_free(parsed.book);
		return fault_set(fault, FAULT_NOMEM, "a book: out of memory");
	}
	ledger->books = grown;
	grown[ledger->book_count] = parsed;
	*out = &grown[ledger->book_count++];
	return 0;
}

int ledger_price_version(struct ledger *ledger, int64_t price_id,
                         const struct book_version **version_out, const struct book **book_out,
                         struct fault *fault)
{
	const struct parsed_book *parsed = NULL;
	int r = book_of_price(ledger, price_id, &parsed, fault);

	if (r < 0)
		return r;
	if (version_out != NULL)
		*version_out = book_version(parsed->book, (size_t)(price_id - parsed->first_price));
	if (book_out != NULL)
		*book_out = parsed->book;
	return 0;
}
