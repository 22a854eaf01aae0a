/*
 * The "listing" of a model in a price book: the facts that a marketplace wants beside prices
 * (listing.def).  Nothing is rated by them.  Parameters are described as in OpenRouter's
 * List Models schema 2.4 (ParameterDescriptor), so that they can be published as they are.
 *
 * Pure; reading a struct listing is thread-safe.
 */
#ifndef TOLL_PRICE_LISTING_H
#define TOLL_PRICE_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/text.h"

enum {
	LISTING_TEXT_BYTES_MAX = 256,
	LISTING_PROSE_BYTES_MAX = 8192,
	LISTING_ELEMENTS_MAX = 1000, /* of a list: each is compared with those before it */
	LISTING_PATH_BYTES = 192,
	LISTING_DEPTH_MAX = 8, /* parameters within parameters */
};

/* What JSON programs hold exactly: 2^53 - 1, as the schema of OpenRouter has it. */
#define LISTING_COUNT_MAX INT64_C(9007199254740991)

enum listing_fact {
#define L(NAME, key, SHAPE, V24, LEGACY, what) LISTING_##NAME,
#include "price/listing.def"
#undef L
	LISTING_FACT_COUNT
};

/* How much a form of a listing wants a fact. */
enum listing_want { LISTING_NONE, LISTING_FREE, LISTING_ADVISED, LISTING_IF, LISTING_REQUIRED };

struct listing_fact_info {
	const char *key;
	enum listing_want v24, legacy;
	const char *what;
};

extern const struct listing_fact_info listing_fact_info[LISTING_FACT_COUNT];

/* The words of a fact that is one of a list, or a list of them; NULL behind the last. */
const char *listing_word(enum listing_fact fact, size_t index);

/*
 * Checks a listing, node `node` of a document, and tells every error: the node to name the line
 * of, the path below the listing (".capacity[0].per"), and what is wrong.  For the loader of
 * books, which knows the path to the listing.
 */
typedef void listing_error_fn(void *user, uint32_t node, const char *path, const char *what);
void listing_check(const struct json *doc, uint32_t node, listing_error_fn *error, void *user);

/*
 * Whether a fact may have this value (JSON), for who makes a listing: 1, 0 (also where there is no
 * such fact), or -FAULT_NOMEM.
 */
int listing_fits(const char *key, struct text json);

/* A listing that listing_check() found good, to read facts from. */
struct listing {
	struct json doc;
	uint32_t root; /* JSON_NONE: there is none, and every fact is absent */
};

/*
 * `json` as the book has it, which outlives the listing; absent: an empty one.  After a failure
 * there is nothing to release.
 */
int listing_open(struct listing *listing, struct text json, struct fault *fault);
void listing_release(struct listing *listing);

uint32_t listing_node(const struct listing *listing, enum listing_fact fact);
struct text listing_text(const struct listing *listing, enum listing_fact fact);
bool listing_count(const struct listing *listing, enum listing_fact fact, int64_t *out);
/* The word is in the list. */
bool listing_has(const struct listing *listing, enum listing_fact fact, const char *word);

struct book;

/* What listing_lint() found. */
struct listing_lint {
	size_t missing; /* that a form requires */
	size_t advised;
};

/*
 * What is missing before the models of a book can be listed, a line each, in the order of the
 * book: "line 12: models[0].listing.created: missing for openrouter-legacy: ...", or ": advised"
 * for what may be left out.  Prices are looked at in the latest version of each model.
 */
int listing_lint(const struct book *book, struct buf *out, struct listing_lint *found_out,
                 struct fault *fault);

#endif
