/*
 * Names and their ids: each name stands once in the ledger, rows hold its id.  The
 * cache is bounded by names_trim(), which whoever walks or writes rows calls between two
 * of them.  Inside lib/ledger.
 */
#ifndef TOLL_LEDGER_NAMES_H
#define TOLL_LEDGER_NAMES_H

#include "base/arena.h"
#include "base/fault.h"
#include "base/text.h"

enum { NAMES_CACHED_MAX = 1 << 16, NAME_NONE = 0 };

struct ledger;

struct name {
	struct text text;
	int64_t id;
	uint64_t hash;
};

struct names {
	struct name *by_text; /* open addressing, slots a power of two */
	struct name *by_id;   /* the same, hashed by id */
	size_t slots, count;
	struct arena arena;
};

/* Starts anew when more than NAMES_CACHED_MAX are held: texts given out before are gone. */
void names_trim(struct names *names);
/* Forgets all: after a rollback the ids of new names are no more. */
void names_clear(struct names *names);
void names_release(struct names *names);
/* The id of a name; absent gives NAME_NONE.  A writer in a transaction adds a new one;
 * a reader gets NAME_UNKNOWN for a name the ledger does not have. */
#define NAME_UNKNOWN INT64_C(-1)
int names_id(struct ledger *ledger, struct text text, int64_t *id_out, struct fault *fault);
/* Its check word into its row: of a ledger of before. */
int names_put_word(struct ledger *ledger, int64_t id, struct text text, struct fault *fault);
/* Valid until names_trim() or names_clear().  NAME_NONE gives the absent text. */
int names_text(struct ledger *ledger, int64_t id, struct text *text_out, struct fault *fault);

#endif
