/*
 * The names a regular expression stands for, where it is a finite list of them in short:
 * ^(openai/)?(gpt-4o)$ is gpt-4o and openai/gpt-4o.
 *
 * Understood: groups, (?: groups, |, ?, {n}, [.-] without ranges, escaped punctuation, and
 * (?i) in front, all between ^ and $.  \d, \w, \s, ranges, + and * stand for names without
 * end: what they are a part of gives no name, or the shortest, and `partial` tells.
 * A '.' on its own is read as a dot, which is what those who write such lists mean by it.
 *
 * Pure; the names are in the caller's arena.
 */
#ifndef TOLL_CATALOGUE_FINITE_H
#define TOLL_CATALOGUE_FINITE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/text.h"

enum {
	FINITE_NAMES_MAX = 256,
	FINITE_DEPTH_MAX = 16, /* groups in groups */
	FINITE_TIMES_MAX = 16, /* of {n} */
};

struct finite {
	struct text *names; /* none twice, in the order in which they are written */
	size_t count;
	bool ignores_case; /* (?i) */
	bool dots;         /* a '.' was read as a dot */
	bool partial;      /* it stands for other names too */
};

/*
 * -FAULT_SYNTAX: no regular expression; -FAULT_INVALID: it says what is not understood here;
 * -FAULT_RANGE: more names, or deeper, than above; -FAULT_NOMEM.
 */
int finite_names(struct text regex, struct arena *arena, struct finite *out, struct fault *fault);

#endif
