/*
 * Which of many patterns matches a name.  A '*' stands for any run of bytes, also for
 * none, as in text_match(); of those that match, the one that stands first wins.
 *
 * The work of a look-up does not depend on how many patterns there are: the name is
 * read once from its front and once from its back for all patterns of one star (P*,
 * *S, P*S, with a binary search at each P that some pattern begins with), and once for
 * all *M*.  No structure of linear size does that for every pattern: what has text
 * between two stars behind a beginning (P*M*), or several texts (*M*S, *M*N*), may have
 * the name read once more.
 *   P*M*         costs one pass for each P that begins the name, however many M;
 *   *M*S, *M*N*  costs one pass for each such pattern whose P begins the name.
 * A set in which a name can need more than PATTERNS_PASSES_MAX passes is refused.  Of
 * the passes those are left out that could find no better match.
 *
 * Memory: at most 13 bytes for each byte of the patterns, and 64 for each pattern.
 * Ownership: patterns_build() copies what it keeps, patterns_free() takes it.  It is
 * immutable and a look-up allocates nothing: any number of threads may look up.
 */
#ifndef TOLL_PRICE_PATTERNS_H
#define TOLL_PRICE_PATTERNS_H

#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/text.h"

enum {
	PATTERN_BYTES_MAX = 256,
	PATTERNS_MAX = 8 * 1024 * 1024,
	PATTERNS_PASSES_MAX = 256,
};

#define PATTERNS_NONE UINT32_MAX

struct patterns;

/*
 * An index of these texts, of which each has a star and at most PATTERN_BYTES_MAX
 * bytes, in their order of precedence.  -FAULT_RANGE: too many of them, or too many
 * passes; then *bad_out, if not NULL, is one of those that are too many.
 */
int patterns_build(struct patterns **patterns_out, const struct text *texts, size_t count,
                   uint32_t *bad_out, struct fault *fault);
void patterns_free(struct patterns *patterns); /* takes NULL */

/* The first of the texts that matches, or PATTERNS_NONE. */
uint32_t patterns_find(const struct patterns *patterns, struct text name);

#endif
