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
	BOOK_VERSIONS_MAX = 100000,        /* of all models together */
	BOOK_RATES_MAX = 1000,             /* of one version: each event looks through them */
	BOOK_MULTIPLIERS_MAX = 32,         /* of one version: a bit each */
	BOOK_MINIMUMS_MAX = 32,            /* of one version */
	BOOK_OVERRIDES_MAX = 100000,       /* entries of `accounts` */
	BOOK_ACCOUNT_OVERRIDES_MAX = 1000, /* of one account: each event looks through them */
	BOOK_ERRORS_MAX = 100,             /* that one lint names; it counts the rest */
	BOOK_FACTOR_DECIMALS_MAX = 12,     /* of one multiplier, or of a discount */
	BOOK_TIER_BYTES = 257,             /* a name of an event, and its NUL */
};

enum context_test { CONTEXT_ANY, CONTEXT_GT, CONTEXT_GTE };

/* What an entry asks of a request: which members of struct book_when count. */
enum {
	WHEN_CONTEXT = 1 << 0,
	WHEN_TIER = 1 << 1,
	WHEN_REGION = 1 << 2,
	WHEN_UTC = 1 << 3, /* its hours, its days or both */
	/* Of a kind (struct usage_kind): */
	WHEN_SIZE = 1 << 4,
	WHEN_QUALITY = 1 << 5,
	WHEN_KIND = 1 << 6,
	WHEN_NUMBER = 1 << 7,
	WHEN_OF_REQUEST = WHEN_CONTEXT | WHEN_TIER | WHEN_REGION | WHEN_UTC,
};

enum { MINUTES_PER_DAY = 24 * 60, WEEKDAYS_ALL = 0x7f };

/* The conditions of an entry: all must hold. */
struct book_when {
	unsigned has;                   /* bits of WHEN_*: 0, it always holds */
	enum context_test context_test; /* against usage_prompt_total(): the whole request moves */
	int64_t context_tokens;
	struct text tier;   /* as book_tier() says it */
	struct text region; /* as the event says it */
	/* Minutes of the day, UTC: [from, to), round midnight where from > to; 0, 0: all of it. */
	uint16_t utc_from, utc_to;
	uint8_t days;                    /* on which the window begins; bit 0: Monday */
	struct text size, quality, kind; /* of struct usage_kind */
	int64_t number;                  /* the same */
};

/* How the pixels of an image become what is charged. */
enum megapixels {
	MEGAPIXELS_NONE,
	MEGAPIXELS_EXACT,   /* by the pixel */
	MEGAPIXELS_UP,      /* each image to whole megapixels of 1 000 000 pixels, up */
	MEGAPIXELS_NEAREST, /* ... half and more is a whole one */
};

/* One line of a rate card.  A later matching entry wins. */
struct book_rate {
	enum component component;
	enum megapixels megapixels;
	struct rate
		rate; /* of a unit; MEGAPIXELS_EXACT: of a pixel, UP and NEAREST: of 1 000 000 */
	int64_t per_units; /* as written: 1 or 1 000 000 (tokens or pixels) */
	struct book_when when;
};

/* An exact number: numerator / 10^decimals. */
struct book_factor {
	struct text text; /* as written; absent: there is none */
	wide numerator;
	unsigned decimals;
};

/* All that fit multiply the rates of their components. */
struct book_multiplier {
	struct book_factor factor;
	uint32_t components; /* a bit each */
	struct book_when when;
};

/* The least that a request that was served is charged; a later matching one wins. */
struct book_minimum {
	struct money charge;
	struct book_when when;
};

/*
 * Of an entry what most requests need, in half a line of memory: rating waits for memory more than
 * it computes.
 */
struct book_quick {
	wide attos_per_unit;    /* rate */
	int64_t context_tokens; /* when, as the rest is: all of it where it asks for no more */
	uint8_t has, context_test, megapixels;
};

/* Entries by component, in the order of the book within one. */
struct book_card {
	const struct book_quick *quick; /* of each of them */
	const struct book_rate *rates;
	size_t rate_count;
	unsigned asks;                       /* bits of WHEN_* that some entry has */
	uint16_t first[COMPONENT_COUNT + 1]; /* those of c: first[c] .. first[c + 1] - 1 */
};

/* The prices of a model from a moment on, until its next version begins. */
struct book_version {
	const struct book *book;
	struct text model; /* as the book names it */
	int64_t effective_from_ms;
	size_t ordinal; /* 0 .. book_version_count() - 1, in the order of the book */
	struct book_card card;
	/* A component without an entry is priced as another one where the book says so
	 * ("as"); else same_as[c] == c. */
	uint8_t same_as[COMPONENT_COUNT];
	const struct book_multiplier *multipliers;
	size_t multiplier_count;
	const struct book_minimum *minimums;
	size_t minimum_count;
	unsigned asks;               /* of its card, its multipliers and its minimums */
	struct book_factor discount; /* 1 - discount, of every rate of the card */
	bool discount_to_user;       /* it was written so, and not in per cent */
};

/* What was agreed with an account: entry of `accounts`. */
struct book_override {
	struct text account;
	const struct text *models; /* patterns; model_count 0: every one */
	size_t model_count;
	int64_t from_ms, until_ms;   /* [from, until); INT64_MAX: for good */
	struct book_card card;       /* stand behind those of the version */
	struct book_factor discount; /* 1 - discount, of the rates of the version */
	size_t ordinal;              /* 0 .. book_override_count() - 1, in the order of the book */
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

/* The models in the order of the book; their versions stand together. */
struct book_model {
	struct text name;
	size_t first_version, version_count;
	size_t first_alias, alias_count; /* book_alias() */
	struct text listing;             /* the JSON of its facts (price/listing.h); absent: none */
};
size_t book_model_count(const struct book *book);
const struct book_model *book_model(const struct book *book, size_t index);
struct text book_alias(const struct book *book, size_t index);

/* It has an entry for this component, whatever its conditions. */
static inline bool book_card_has(const struct book_card *card, enum component component)
{
	return card->first[component] < card->first[component + 1];
}

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
 * What was agreed with an account for the model of a version at a moment: the last entry that
 * fits; NULL: nothing.
 */
size_t book_override_count(const struct book *book);
const struct book_override *book_override(const struct book *book, size_t ordinal);
const struct book_override *book_override_find(const struct book_version *version,
                                               struct text account, int64_t at_ms);

/*
 * The tier of service that was served, in one word: "standard" where an event says nothing, or
 * what providers call so ("default", "auto", "on_demand", "standard_only"); "priority" and "flex"
 * also for Google's "ON_DEMAND_PRIORITY" and "ON_DEMAND_FLEX"; any other word in lower case.
 * `room` holds it where it had to be written.
 */
struct text book_tier(struct text said, char room[BOOK_TIER_BYTES]);

/*
 * Things that are allowed but seldom meant, a line each: output without reasoning,
 * versions that change nothing ...  Returns their number.
 */
size_t book_warnings(const struct book *book, struct buf *out);

#endif
