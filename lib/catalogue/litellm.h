/* Inside lib/catalogue: the importer of LiteLLM's model map, in three files. */
#ifndef TOLL_CATALOGUE_LITELLM_H
#define TOLL_CATALOGUE_LITELLM_H

#include "catalogue/import.h"

enum litellm_rule {
	LITELLM_TOKEN,
	LITELLM_REASONING,
	LITELLM_IMAGE_IN,
	LITELLM_IMAGE_OUT,
	LITELLM_PIXEL,
	LITELLM_SECOND,
	LITELLM_AUDIO,
	LITELLM_VIDEO,
	LITELLM_CHARACTER,
};

struct litellm_row {
	const char *key;
	enum component component;
	enum litellm_rule rule;
};

/*
 * The name of an entry: PROVIDER/QUALITY/WIDTH-x-HEIGHT/N-steps/MODEL, all but the model
 * optional.  The entries of one model that differ in these are one model of the book.
 */
struct litellm_name {
	char model[256 + 1];
	struct text size, quality, tier; /* absent: not said; size with a plain x */
	char size_text[24];
	int64_t steps;   /* 0: not said */
	bool open_ended; /* max-x-max, max-steps: what is larger than all others */
};

enum { LITELLM_PRICES_MAX = 128 }; /* of one entry */

struct litellm_price {
	const struct litellm_row *row;
	uint32_t node;
	struct money price;
	struct draft_when when;
};

struct litellm_entry {
	struct catalogue_import *in;
	uint32_t node;
	struct text key, mode;
	struct litellm_name name;
	struct draft_model *model;
	struct draft_version *version;
	struct litellm_price prices[LITELLM_PRICES_MAX];
	size_t price_count;
	int64_t rpm, tpm;
};

/* litellm_keys.c: the row of a price key with its conditions; NULL: it is none. */
const struct litellm_row *litellm_price_key(struct text key, struct draft_when *when_out);
/* The row of the price key that this one begins with ("KEY_..."), the longest; NULL: none. */
const struct litellm_row *litellm_price_of(struct text key);
/* The price key that was meant by this one, a typing error away; NULL: none. */
const char *litellm_price_near(struct text key);
bool litellm_split_name(struct text key, struct litellm_name *out);
/* Everything of an entry that is no price. */
void litellm_fact(struct litellm_entry *e, struct text key, uint32_t node);
void litellm_finish_facts(struct litellm_entry *e);

/* litellm_off_peak.c: the parts of a week in which a block of off_peak_pricing holds. */
enum { LITELLM_WINDOWS_MAX = 16 };

struct litellm_windows {
	struct draft_when parts[LITELLM_WINDOWS_MAX];
	size_t count;
};

/* A key of the block that says when, not what. */
bool litellm_is_window_key(struct text key);
/* false: a book cannot say when it holds. */
bool litellm_windows(const struct json *doc, uint32_t block, struct litellm_windows *out);

/* litellm_prices.c: */
void litellm_prices(struct litellm_entry *e);

#endif
