/* Inside lib/price: the book as it is built by book_load.c and read by book.c. */
#ifndef TOLL_PRICE_BOOK_INTERNAL_H
#define TOLL_PRICE_BOOK_INTERNAL_H

#include "base/arena.h"
#include "price/book.h"
#include "price/patterns.h"

/* A model's id, an alias or a pattern. */
struct book_name {
	struct text text;
	uint32_t node; /* of the JSON it was read from: ascends through the book */
	uint32_t model;
	bool alias;
};

/*
 * Another name in it is told by its hash, without a look at the name.  What a look-up needs stands
 * here too: each place in memory that has to be read to know the next one is a wait.
 */
struct book_slot {
	struct text text;
	uint32_t name; /* index + 1 into names; 0: empty */
	uint32_t hash; /* the upper half */
	uint32_t first_version;
	uint32_t version_count : 31, alias : 1;
};

struct book {
	struct arena arena; /* holds the JSON, the rates and all names */
	char hash[SHA256_HEX_BYTES];
	struct text json, name, currency;
	struct book_version *versions; /* of all models, in the order of the book */
	size_t version_count, version_cap;
	int64_t *from_ms; /* of each version: looked through without the versions themselves */
	struct book_model *models;
	size_t model_count, model_cap;
	struct text *aliases; /* of all models */
	size_t alias_count, alias_cap;
	struct book_name *names; /* exact ones */
	size_t name_count, name_cap;
	struct book_name *patterns;
	size_t pattern_count, pattern_cap;
	struct patterns *index; /* of the patterns, in their order; NULL: there are none */
	struct book_slot *slots;
	size_t slot_count; /* a power of two */
	struct book_override *overrides;
	size_t override_count, override_cap;
	uint32_t *by_account;      /* ordinals of overrides: by account, then as in the book */
	uint32_t *account_slots;   /* behind the last of an account in by_account; 0: empty */
	size_t account_slot_count; /* a power of two */
	struct buf warnings;       /* of the loader, a line each */
	size_t warning_count;
};

bool book_when_equal(const struct book_when *a, const struct book_when *b);
/* The slot of an exact name, or the empty one where it would go, with its hash. */
struct book_slot *book_slot(const struct book *book, struct text name, uint32_t *hash_out);

#endif
