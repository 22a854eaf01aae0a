#include "cli/price_source.h"

#include <stdio.h>
#include <string.h>

#include "cli/pricebook.h"
#include "money/percent.h"

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
	bool hash = word != NULL && pricebook_is_hash(word);

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
