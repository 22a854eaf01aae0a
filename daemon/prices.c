#include "daemon/prices.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/now.h"
#include "ingest/change.h"

/* What the log says of the book of a side. */
static const struct {
	const char *applied, *unchanged, *refused, *replaced;
} sides[BOOK_SIDES] = {
	[BOOK_SELL] = { "price book applied", "price book unchanged",
	                "price book refused, the old one stays",
	                "the prices setting replaces the price book in force" },
	[BOOK_COST] = { "cost book applied", "cost book unchanged",
	                "cost book refused, the old one stays",
	                "the cost_prices setting replaces the cost book in force" },
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

static void log_book(enum book_side side, const struct book *book, bool changed, const char *path)
{
	log_info(changed ? sides[side].applied : sides[side].unchanged,
	         "hash=%.12s versions=%zu file=%s", book_hash(book), book_version_count(book),
	         log_quote(text_of(path)).text);
}

/* Takes `book` over.  On success *book_out is the book in force, changed or not. */
static int apply(struct ledger *ledger, enum book_side side, struct book *book, const char *path,
                 struct text who, struct applied_book *book_out, struct fault *fault)
{
	int64_t first_price = 0;
	bool changed = false;
	int r = ledger_book_apply(ledger, book, side, now_ms(), who, text_of(path), &first_price,
	                          &changed, fault);

	if (r < 0) {
		book_free(book);
		return r;
	}
	*book_out = (struct applied_book){ book, first_price };
	log_book(side, book, changed, path);
	return 0;
}

int prices_at_start(struct ledger *ledger, enum book_side side, struct book *loaded,
                    const char *path, struct applied_book *book_out, struct fault *fault)
{
	struct applied_book current = { .book = NULL };
	char who[32];
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
	return apply(ledger, side, loaded, path, text_of(who), book_out, fault);
}

void prices_log_refused(enum book_side side, const struct fault *fault)
{
	log_error(sides[side].refused, "fault=%s error=%s", fault_name((int)fault->code),
	          log_quote(text_of(fault->text)).text);
}

void prices_tell(enum book_side side, const struct change_job *job, const struct book *applied,
                 const char *path)
{
	const struct fault *fault = change_fault(job);

	if (fault->code != FAULT_NONE)
		prices_log_refused(side, fault);
	else
		log_book(side, applied != NULL ? applied : change_book(job), applied != NULL, path);
}
