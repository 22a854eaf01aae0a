#include "cli/pricebook.h"

#include <string.h>
#include <unistd.h>

#include "ledger/books.h"
#include "ledger/ledger.h"

enum { HASH_DIGITS_MIN = 8, HASH_DIGITS = SHA256_HEX_BYTES - 1, HASH_SHOWN = 12 };

bool pricebook_is_digits(const char *word)
{
	size_t len = strlen(word);

	return len >= HASH_DIGITS_MIN && len <= HASH_DIGITS &&
	       strspn(word, "0123456789abcdef") == len;
}

bool pricebook_is_hash(const char *word)
{
	return pricebook_is_digits(word) && access(word, F_OK) < 0;
}

static int open_ledger(struct context *context)
{
	if (context->ledger != NULL)
		return 0;
	return ledger_open_reader(&context->ledger, context->ledger_path, &context->fault);
}

static int in_force(struct context *context, struct book **book_out)
{
	struct applied_book current = { .book = NULL };
	int r = open_ledger(context);

	if (r == 0)
		r = ledger_book_current(context->ledger, BOOK_SELL, &current, &context->fault);
	if (r == 0 && current.book == NULL)
		r = fault_set(&context->fault, FAULT_NOT_FOUND,
		              "the ledger has no price book: name a file, or toll price apply one");
	*book_out = current.book;
	return r;
}

static int by_hash(struct context *context, const char *word, struct book **book_out)
{
	struct buf json = { .at = NULL };
	int r = open_ledger(context);

	if (r == 0)
		r = ledger_book_json(context->ledger, text_of(word), &json, &context->fault);
	if (r == 0)
		r = book_load(book_out, buf_text(&json), NULL, &context->fault);
	buf_release(&json);
	return r;
}

int pricebook_load(struct context *context, const char *path, struct text json,
                   struct book **book_out)
{
	struct buf errors = { .at = NULL };
	int r = book_load(book_out, json, &errors, &context->fault);
	struct text rest = buf_text(&errors), line;

	while (r < 0 && text_cut(&rest, '\n', &line)) {
		if (line.len > 0)
			command_say("%s: %.*s", path, TEXT_ARGS(line));
	}
	if (r < 0 && errors.len > 0)
		r = fault_set(&context->fault, (enum fault_code) - r,
		              "%s: no price book that could be in force", path);
	buf_release(&errors);
	return r;
}

int pricebook_open(struct context *context, const char *word, struct book **book_out)
{
	struct buf json = { .at = NULL };
	int r;

	if (word == NULL)
		return in_force(context, book_out);
	if (pricebook_is_hash(word))
		return by_hash(context, word, book_out);
	r = buf_read_file(&json, word, BOOK_BYTES_MAX, &context->fault);
	if (r == 0)
		r = pricebook_load(context, word, buf_text(&json), book_out);
	buf_release(&json);
	return r;
}

void pricebook_name(const struct book *book, struct buf *out)
{
	if (book_name(book).len > 0)
		buf_addf(out, "%.*s (%.*s)", TEXT_ARGS(book_name(book)), HASH_SHOWN,
		         book_hash(book));
	else
		buf_addf(out, "%.*s", HASH_SHOWN, book_hash(book));
}
