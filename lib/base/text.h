/*
 * A slice of somebody else's bytes: a pointer and a length, not ended by NUL.
 * It owns nothing and is valid as long as the bytes behind it.  {NULL, 0} is
 * "absent"; an empty text that is present has a pointer.
 */
#ifndef TOLL_BASE_TEXT_H
#define TOLL_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	const char *at;
	size_t len;
};

/* For printf: "%.*s", TEXT_ARGS(t). */
#define TEXT_ARGS(t) (int)(t).len, ((t).at != NULL ? (t).at : "")

struct text text_of(const char *ended); /* NULL gives the absent text */
bool text_is(struct text t, const char *ended);
bool text_equal(struct text a, struct text b);
int text_compare(struct text a, struct text b); /* by bytes, as memcmp */

struct text text_trimmed(struct text t); /* without the blanks and tabs around it */

/* Copies at most cap - 1 bytes and ends them; returns false if it was cut. */
bool text_copy(char *out, size_t cap, struct text t);

/* Whole text is well-formed UTF-8 (no overlong forms, no surrogates, <= U+10FFFF). */
bool text_utf8(struct text t);
/* No control character: none below 0x20, no 0x7f, no U+0080 to U+009F written as UTF-8. */
bool text_plain(struct text t);
/* A '?' for each byte of a control character, so that text_plain() holds. */
void text_make_plain(char *at, size_t len);

/* Decimal integer with an optional '-', nothing around it; false if it does not fit. */
bool text_int(struct text t, int64_t *out);

/*
 * Shell-like pattern in which only '*' is special (any run of bytes, also none).
 */
bool text_match(struct text pattern, struct text t);

/* Takes text up to `separator` off the front of *rest; false when *rest is absent. */
bool text_cut(struct text *rest, char separator, struct text *part_out);

enum {
	TEXT_DISTANCE_MAX = 32, /* bytes of a text that text_distance() looks at */
	TEXT_TYPO_MAX = 2,      /* so far away a word may be to be meant */
};
/*
 * So many bytes must be put in, taken out, changed or swapped with their neighbour to make one of
 * the other (optimal string alignment); TEXT_DISTANCE_MAX where one of them is longer than that.
 */
unsigned text_distance(struct text a, struct text b);

/* "1234567 events", "1 event": the s of it, or "". */
const char *text_plural(int64_t n);

#endif
