/*
 * The price book (rate card): versioned sets of rates by model.  A book is read
 * whole or refused whole, is immutable, and is named by the SHA-256 of its bytes.
 * The format is schema/pricebook.schema.json and toll-pricebook(5).
 *
 * Ownership: book_load() gives a book, book_free() takes it; what the other
 * functions return points into it.  Reading one is thread-safe.
 */
#ifndef TOLL_PRICE_BOOK_H
#define TOLL_PRICE_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/hash.h"
#include "base/text.h"
#include "money/rate.h"
#include "usage/usage.h"

enum {
	BOOK_BYTES_MAX = 32 * 1024 * 1024,
	BOOK_VERSIONS_MAX = 100000, /* of all models together */
	BOOK_RATES_MAX = 1000,      /* of one version: each event looks through them */
	BOOK_ERRORS_MAX = 100,      /* that one lint names; it counts the rest */
};

enum context_test { CONTEXT_ANY, CONTEXT_GT, CONTEXT_GTE };

/* One line of a rate card.  All conditions must hold; a later matching entry wins. */
struct book_rate {
	enum component component;
	struct rate rate;
	int64_t per_units;              /* as written: 1 or 1 000 000 */
	enum context_test context_test; /* against usage_prompt_total(): the whole request moves */
	int64_t context_tokens;
	struct text size, quality; /* of images; absent: any */
};

/* The prices of a model from a moment on, until its next version begins. */
struct book_version {
	struct text model; /* as the book names it */
	int64_t effective_from_ms;
	size_t ordinal; /* 0 .. book_version_count() - 1, in the order of the book */
	const struct book_rate *rates;
	size_t rate_count;
	/* A component without an entry is priced as another one where the book says so
	 * ("as"); else same_as[c] == c. */
	enum component same_as[COMPONENT_COUNT];
};

struct book;

/*
 * Reads a book.  On -FAULT_SYNTAX or -FAULT_INVALID, errors_out (if not NULL) has
 * one line an error, each with its line and path:
 * "line 12: models[3].versions[0].rates[1].per_million: ...".
 */
int book_load(struct book **book_out, struct text json, struct buf *errors_out,
              struct fault *fault);
int book_load_file(struct book **book_out, const char *path, struct buf *errors_out,
                   struct fault *fault);
void book_free(struct book *book); /* takes NULL */

const char *book_hash(const struct book *book);     /* 64 hexadecimal digits */
struct text book_json(const struct book *book);     /* the bytes it was read from */
struct text book_name(const struct book *book);     /* "" when it has none */
struct text book_currency(const struct book *book); /* "USD" */
size_t book_version_count(const struct book *book);
const struct book_version *book_version(const struct book *book, size_t ordinal);

/* It has an entry for this component, whatever its conditions. */
bool book_version_has(const struct book_version *version, enum component component);

/* How a model's name led to its entry. */
enum book_match { BOOK_MATCH_NONE, BOOK_MATCH_EXACT, BOOK_MATCH_ALIAS, BOOK_MATCH_PATTERN };

struct book_found {
	enum book_match match;
	struct text pattern; /* the alias or pattern that matched, else absent */
	const struct book_version
		*version; /* NULL: no such model, or no version yet at that time */
};

/*
 * The prices of `model` at `at_ms`: an exact model id or alias first, then the
 * longest pattern (a '*' stands for any run of bytes; of two that are equally
 * long, the one that stands first).  The version is the latest that begins at or before at_ms.
 */
struct book_found book_find(const struct book *book, struct text model, int64_t at_ms);

/*
 * Things that are allowed but seldom meant, a line each: output without reasoning,
 * versions that change nothing ...  Returns their number.
 */
size_t book_warnings(const struct book *book, struct buf *out);

#endif
