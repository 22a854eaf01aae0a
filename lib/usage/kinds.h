/*
 * Kinds: of what kind some of the counted units are.  What can be said of the units of which
 * component stands in kind.def, for the event line, the price book and the printers alike.
 *
 * Pure functions; a struct usage and its kinds are plain values.
 */
#ifndef TOLL_USAGE_KINDS_H
#define TOLL_USAGE_KINDS_H

#include "base/buf.h"
#include "usage/usage.h"

/* Each is one of the fields of struct usage_kind. */
enum kind_key {
	KIND_KEY_SIZE,       /* .size */
	KIND_KEY_QUALITY,    /* .quality */
	KIND_KEY_STEPS,      /* .number */
	KIND_KEY_KIND,       /* .kind */
	KIND_KEY_RESOLUTION, /* .size */
	KIND_KEY_TTL,        /* .number */
	KIND_KEY_IMPLICIT,   /* .kind: KIND_IMPLICIT, KIND_EXPLICIT */
	KIND_KEY_COUNT
};

/* "size", "ttl_seconds": as it stands in a line. */
const char *kind_key_name(enum kind_key key);
bool kind_has_key(enum component component, enum kind_key key);
/* Some key at all: others have no kinds. */
bool kind_has_any(enum component component);

/* Of the same component, and all that is said of them is the same. */
bool kind_same(const struct usage_kind *a, const struct usage_kind *b);
/* Nothing is said of them but how many they are. */
bool kind_is_plain(const struct usage_kind *kind);

/* How many of the component are of a kind that is told. */
int64_t usage_of_kinds(const struct usage *usage, enum component component);
/*
 * To the line of the same kind, or one more; the count is not touched.  false: there is no room
 * for one more, and nothing was added.
 */
bool usage_add_kind(struct usage *usage, const struct usage_kind *kind);
/*
 * Takes the counts of *part, which are no more than those of *whole, out of it.  Of the kinds of
 * *whole those for which no room is left become kinds of the part.
 */
void usage_take_part(struct usage *whole, struct usage *part);

enum { KIND_TEXT_BYTES = 3 * KIND_WORD_BYTES + 64 };
/* "1024x1024 hd 50 steps", "video 720p", "ttl 600 s implicit"; "" where nothing is said. */
void kind_text(const struct usage_kind *kind, char out[KIND_TEXT_BYTES]);
/* ,"images":[...],"kinds":[...] as in an event line, each where there are some. */
void usage_kinds_json(const struct usage *usage, struct buf *out);

#endif
