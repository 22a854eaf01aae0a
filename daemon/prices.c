#include "daemon/prices.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/now.h"

/* What the log calls the book of a side. */
static const struct {
	const char *book, *replaced;
} sides[BOOK_SIDES] = {
	[BOOK_SELL] = { "price book", "the prices setting replaces the price book in force" },
	[BOOK_COST] = { "cost book", "the cost_prices setting replaces the cost book in force" },
};

enum setting_text prices_setting(enum book_side side)
{
	return side == BOOK_COST ? SETTING_COST_PRICES : SETTING_PRICES;
}

int prices_load(struct book **book_out, const char *path, struct fault *fault)
{
	struct buf errors = { .at = NULL };
	struct fault inner = { .code = FAULT_NONE };
	struct text rest, line;
	struct stat file;
	int r;

	/* What can be waited for, a pipe or a terminal, would be waited for by all gateways. */
	if (stat(path, &file) == 0 && !S_ISREG(file.st_mode))
		return fault_set(fault, FAULT_INVALID,
		                 "%s: not a regular file, which a price book must be", path);
	r = book_load_file(book_out, path, &errors, &inner);
	rest = buf_text(&errors);
	while (r < 0 && text_cut(&rest, '\n', &line)) {
		if (line.len > 0)
			log_error("price book", "file=%s error=%s", log_quote(text_of(path)).text,
			          log_quote(line).text);
	}
	buf_release(&errors);
	return r < 0 ? fault_set(fault, inner.code, "%s", inner.text) : 0;
}

/* Takes `book` over.  On success *book_out is the book in force, changed or not. */
static int apply(struct ledger *ledger, enum book_side side, struct book *book, const char *path,
                 struct text who, struct applied_book *book_out, bool *changed_out,
                 struct fault *fault)
{
	int64_t first_price = 0;
	char what[32];
	int r = ledger_book_apply(ledger, book, side, now_ms(), who, text_of(path), &first_price,
	                          changed_out, fault);

	if (r < 0) {
		book_free(book);
		return r;
	}
	*book_out = (struct applied_book){ book, first_price };
	snprintf(what, sizeof(what), "%s %s", sides[side].book,
	         *changed_out ? "applied" : "unchanged");
	log_info(what, "hash=%.12s versions=%zu file=%s", book_hash(book), book_version_count(book),
	         log_quote(text_of(path)).text);
	return 0;
}

int prices_at_start(struct ledger *ledger, enum book_side side, struct book *loaded,
                    const char *path, struct applied_book *book_out, struct fault *fault)
{
	struct applied_book current = { .book = NULL };
	char who[32];
	bool changed;
	int r = ledger_book_current(ledger, side, &current, fault);

	if (r < 0 || loaded == NULL) {
		book_free(loaded);
		if (r == 0 && current.book == NULL && side == BOOK_SELL)
			log_warning("no price book: every event waits in suspense",
			            "advice=\"set prices, or run toll price apply FILE\"");
		if (r == 0)
			*book_out = current;
		return r;
	}
	/* Somebody may have applied a newer one by hand, and not told the setting. */
	if (current.book != NULL && strcmp(book_hash(current.book), book_hash(loaded)) != 0)
		log_warning(sides[side].replaced,
		            "old=%.12s new=%.12s file=%s advice=\"toll price list\"",
		            book_hash(current.book), book_hash(loaded),
		            log_quote(text_of(path)).text);
	book_free(current.book);
	snprintf(who, sizeof(who), "uid %u", geteuid());
	return apply(ledger, side, loaded, path, text_of(who), book_out, &changed, fault);
}

int prices_reload(struct ledger *ledger, enum book_side side, const char *path, struct text who,
                  struct applied_book *book_out, struct fault *fault)
{
	struct applied_book book = { .book = NULL };
	struct fault inner = { .code = FAULT_NONE };
	struct book *loaded = NULL;
	bool changed = false;
	int r = prices_load(&loaded, path, &inner);
	/* The file's own trouble ends here; the ledger's does not. */
	bool own = r < 0;

	if (r == 0) {
		r = apply(ledger, side, loaded, path, who, &book, &changed, &inner);
		own = r == -FAULT_INVALID;
	}
	if (r == 0 && changed)
		*book_out = book;
	else if (r == 0)
		book_free(book.book);
	if (r == 0)
		return 0;
	if (!own)
		return fault_set(fault, inner.code, "%s", inner.text);
	log_error(side == BOOK_COST ? "cost book refused, the old one stays"
	                            : "price book refused, the old one stays",
	          "fault=%s error=%s", fault_name(r), log_quote(text_of(inner.text)).text);
	return 0;
}
