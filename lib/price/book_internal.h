/* Inside lib/price: the book as it is built by book_load.c and read by book.c. */
#ifndef TOLL_PRICE_BOOK_INTERNAL_H
#define TOLL_PRICE_BOOK_INTERNAL_H

#include "base/arena.h"
#include "price/book.h"

struct book_model {
	struct text name;
	size_t first_version, version_count;
};

/* A model's id, an alias or a pattern. */
struct book_name {
	struct text text;
	uint32_t node; /* of the JSON it was read from: ascends through the book */
	uint32_t model;
	bool alias;
};

struct book {
	struct arena arena; /* holds the JSON, and the rates */
	char hash[SHA256_HEX_BYTES];
	struct text json, name, currency;
	struct book_version *versions; /* of all models, in the order of the book */
	size_t version_count, version_cap;
	struct book_model *models;
	size_t model_count, model_cap;
	struct book_name *names; /* exact ones */
	size_t name_count, name_cap;
	struct book_name *patterns;
	size_t pattern_count, pattern_cap;
	uint32_t *slots; /* index + 1 into names; slot_count a power of two */
	size_t slot_count;
};

size_t book_slot(const struct book *book, struct text name);

#endif
