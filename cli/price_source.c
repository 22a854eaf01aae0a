#include "cli/price_source.h"

#include <stdio.h>
#include <string.h>

#include "ledger/books.h"
#include "money/percent.h"

bool price_is_hash(const char *word)
{
	enum { DIGITS_MIN = 8, DIGITS_MAX = SHA256_HEX_BYTES - 1 };
	size_t len = strlen(word);

	return len >= DIGITS_MIN && len <= DIGITS_MAX && strspn(word, "0123456789abcdef") == len;
}

static int load_file(struct context *context, const char *path, struct book **book_out)
{
	struct buf errors = { .at = NULL };
	int r = book_load_file(book_out, path, &errors, &context->fault);
	struct text rest = buf_text(&errors), line;

	while (r < 0 && text_cut(&rest, '\n', &line)) {
		if (line.len > 0)
			command_say("%s: %.*s", path, TEXT_ARGS(line));
	}
	if (r < 0 && errors.len > 0)
		r = fault_set(&context->fault, (enum fault_code) - r,
		              "%s: it has errors: see toll price lint", path);
	buf_release(&errors);
	return r;
}

int price_load(struct context *context, struct ledger *ledger, const char *word,
               struct book **book_out)
{
	struct applied_book applied = { NULL, 0 };
	int r;

	if (word != NULL && !price_is_hash(word))
		return load_file(context, word, book_out);
	if (word != NULL)
		r = ledger_book_named(ledger, text_of(word), &applied, &context->fault);
	else
		r = ledger_book_current(ledger, BOOK_SELL, &applied, &context->fault);
	if (r == 0 && applied.book == NULL)
		r = fault_set(&context->fault, FAULT_NOT_FOUND,
		              "no price book was applied yet: toll price apply FILE");
	if (r == 0)
		*book_out = applied.book;
	return r;
}

int price_same_currency(struct context *context, const struct book *a, const struct book *b)
{
	if (text_equal(book_currency(a), book_currency(b)))
		return 0;
	return fault_set(&context->fault, FAULT_INVALID,
	                 "one book is in %.*s, the other in %.*s: their prices cannot be compared",
	                 TEXT_ARGS(book_currency(a)), TEXT_ARGS(book_currency(b)));
}

void price_title(const struct book *book, const char *word, char out[PRICE_TITLE_BYTES])
{
	struct text name = book_name(book);
	bool hash = word != NULL && price_is_hash(word);

	snprintf(out, PRICE_TITLE_BYTES, "%.200s%s%.*s%s%.*s",
	         hash           ? ""
	         : word != NULL ? word
	                        : "in force",
	         hash ? "" : ": ", name.len > 100 ? 100 : (int)name.len,
	         name.at != NULL ? name.at : "", name.len > 0 ? ", " : "", PRICE_HASH_SHOWN,
	         book_hash(book));
}

void price_book_member(struct buf *out, const char *key, const struct book *book)
{
	buf_addf(out, ",\"%s\":{\"hash\":\"%s\"", key, book_hash(book));
	buf_add_member(out, "name", book_name(book).len > 0 ? book_name(book) : text_of(NULL));
	buf_add_member(out, "currency", book_currency(book));
	buf_add_cstr(out, "}");
}

const char *price_plural(int64_t n)
{
	return n == 1 ? "" : "s";
}

static void tick(void *context, int64_t events, int64_t at_ms)
{
	struct price_walk *walk = context;

	progress_at(&walk->progress, events, at_ms - walk->range.from_ms,
	            walk->range.to_ms - walk->range.from_ms);
}

void price_walk_start(struct price_walk *walk, int64_t from_ms, int64_t to_ms, bool by_account)
{
	walk->range = (struct impact_range){ from_ms, to_ms, by_account, tick, walk };
	progress_start(&walk->progress, "events rated again");
}

void price_set_amount(struct table *table, size_t row, size_t column, struct money amount)
{
	char text[MONEY_TEXT_BYTES];

	money_text(amount, text);
	table_set(table, row, column, text_of(text));
}

void price_set_percent(struct table *table, size_t row, size_t column, wide from, wide to)
{
	char text[PERCENT_TEXT_BYTES];

	if (percent_change(from, to, text))
		table_set(table, row, column, text_of(text));
}
