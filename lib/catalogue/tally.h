/*
 * What became of every key of a catalogue: nothing is dropped silently.
 *
 * An importer marks what it understood, a value or a whole object or array; tally_walk() then
 * goes through the document and tells every value once: the topmost that is marked, or, where
 * nothing in it is, the topmost that is not, as not understood.  So what an importer forgets is
 * in the report, and the numbers of the kinds always add up to the number of keys seen.
 *
 * Ownership: the tally owns its marks and reasons; the document stays the caller's and must
 * live as long.  One thread.
 */
#ifndef TOLL_CATALOGUE_TALLY_H
#define TOLL_CATALOGUE_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/text.h"

enum tally_kind {
#define K(NAME, key, meaning) TALLY_##NAME,
#include "catalogue/tally.def"
#undef K
	TALLY_KINDS
};

extern const struct tally_kind_info {
	const char *key, *meaning;
} tally_kind_info[TALLY_KINDS];

/* More of a value than that is not shown. */
enum { TALLY_VALUE_BYTES = 64 };

struct tally_mark {
	const char *why; /* static, or in the arena; NULL: needs none */
	uint8_t kind;    /* enum tally_kind + 1; 0: not marked */
};

struct tally_entry {
	uint32_t node;
	struct text name;
};

struct tally {
	const struct json *doc;
	struct tally_mark *marks; /* doc->count of them */
	struct tally_entry *entries;
	size_t entry_count, entry_cap;
	struct arena arena;
	int error; /* sticks: 0 or -FAULT_NOMEM */
};

int tally_init(struct tally *tally, const struct json *doc, struct fault *fault);
void tally_release(struct tally *tally); /* takes NULL and a zeroed struct */

/* The value `node` and all in it belong to this model; given in the order of the document. */
void tally_entry(struct tally *tally, uint32_t node, struct text name);

/*
 * The value `node` (never a key; JSON_NONE does nothing) with all in it.  A later mark of the same
 * node takes the place of the earlier; a mark on what it stands in hides it.  `why` is static.
 */
void tally_mark(struct tally *tally, uint32_t node, enum tally_kind kind, const char *why);
__attribute__((format(printf, 4, 5))) void
tally_markf(struct tally *tally, uint32_t node, enum tally_kind kind, const char *format, ...);
/* Takes a mark away again. */
void tally_unmark(struct tally *tally, uint32_t node);

struct tally_row {
	struct text model; /* absent: of the catalogue itself */
	struct text key;   /* "pricing.overrides[0].prompt" */
	uint32_t node;     /* the value */
	enum tally_kind kind;
	const char *why; /* "" where nothing is to be said */
};

/* Every value, in the order of the document.  The row lives during the call.  -FAULT_NOMEM. */
int tally_walk(const struct tally *tally, void (*row)(void *user, const struct tally_row *row),
               void *user, struct fault *fault);
/* A value as JSON in at most TALLY_VALUE_BYTES, cut with "...". */
void tally_value(const struct tally *tally, uint32_t node, struct buf *out);

struct tally_counts {
	size_t seen, of[TALLY_KINDS];
};
int tally_count(const struct tally *tally, struct tally_counts *counts_out, struct fault *fault);

#endif
