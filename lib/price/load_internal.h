/*
 * Inside lib/price: what the parts of the loader share.  A book is refused whole: every error is
 * collected with its line and path, because a typo in a price list costs money.
 */
#ifndef TOLL_PRICE_LOAD_INTERNAL_H
#define TOLL_PRICE_LOAD_INTERNAL_H

#include "base/json.h"
#include "price/book_internal.h"

enum { LOAD_NAME_BYTES_MAX = 256 };

struct loader {
	struct book *book;
	struct json doc;
	struct text json;
	struct buf *errors;
	size_t error_count;
	char first[FAULT_TEXT_BYTES / 2];
	bool no_memory;
	uint8_t same_as[COMPONENT_COUNT]; /* book-wide "as" */
	unsigned override_decimals;       /* the most that a discount of an account has */
};

/* Where we are, "models[3].versions[0]": links on the stack, written out for an error only. */
struct path {
	const struct path *up; /* NULL: the book */
	struct text key;       /* absent: an element */
	size_t index;
};

struct path path_key(const struct path *up, const char *key);
struct path path_text(const struct path *up, struct text key);
struct path path_index(const struct path *up, size_t index);

__attribute__((format(printf, 4, 5))) void
load_error(struct loader *l, uint32_t node, const struct path *path, const char *format, ...);
/* Allowed, and told by book_warnings(). */
__attribute__((format(printf, 4, 5))) void
load_warning(struct loader *l, uint32_t node, const struct path *path, const char *format, ...);

uint32_t load_member(struct loader *l, uint32_t object, const char *key);

/* What a key that nobody knows is: in `loose` objects it cannot change a price. */
enum load_keys { LOAD_STRICT, LOAD_LOOSE };

/*
 * An object with these keys (ended by NULL; "note" always is one); false: an error was noted.
 * Another key is an error; in a loose object a warning, unless it looks like one that is known.
 */
bool load_object(struct loader *l, uint32_t node, uint32_t parent, const struct path *path,
                 const char *const *allowed, enum load_keys keys);
/* An array with at least one element. */
bool load_list(struct loader *l, uint32_t node, uint32_t parent, const struct path *path);
/* A name into the arena. */
bool load_name(struct loader *l, uint32_t node, uint32_t parent, const struct path *path,
               struct text *out);
bool load_date(struct loader *l, uint32_t node, uint32_t parent, const struct path *path,
               int64_t *ms_out);
/* For count + 1 elements of a size; sets l->no_memory. */
void *load_grow(struct loader *l, void *array, size_t count, size_t *cap, size_t size);
/* Of the arena, cleared; NULL and l->no_memory. */
void *load_take(struct loader *l, size_t count, size_t size);

/* load_rates.c: an array of entries into a card. */
void load_card(struct loader *l, uint32_t list, const struct path *path, struct book_card *card);
void load_multipliers(struct loader *l, uint32_t list, const struct path *path,
                      struct book_version *version);
void load_minimums(struct loader *l, uint32_t list, const struct path *path,
                   struct book_version *version);
/* "discount_percent" or "discount_to_user" of an object; *to_user_out may be NULL: not allowed. */
void load_discount(struct loader *l, uint32_t object, const struct path *path,
                   struct book_factor *factor_out, bool *to_user_out);
/* So many decimals the multipliers of a version can put behind a price, if all of them fit. */
void load_decimals(const struct book_version *version, unsigned decimals_out[COMPONENT_COUNT]);
/*
 * Every price of a card has room for so many more decimals: what comes out of multiplying it has
 * no more than 18 of one unit.
 */
void load_check_exact(struct loader *l, uint32_t node, const struct path *path,
                      const struct book_card *card, const unsigned most[COMPONENT_COUNT]);

/* load_accounts.c: what was agreed with accounts; the check needs all versions to be read. */
void load_accounts(struct loader *l, uint32_t list, const struct path *path);
void load_check_accounts(struct loader *l, uint32_t list, const struct path *path);

#endif
