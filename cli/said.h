/*
 * What a person says that a request used: counts, and of what kind some of it was.  Of
 * `toll price quote` and the vectors of `toll price test`.
 *
 * A fault names the word that is wrong and what is due; who calls puts the place before it.
 */
#ifndef TOLL_CLI_SAID_H
#define TOLL_CLI_SAID_H

#include <stdint.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/text.h"
#include "usage/usage.h"

/* A zeroed struct: nothing was said. */
struct said {
	struct usage usage;
	uint32_t counted; /* bits of the components whose count was said */
};

/* -FAULT_INVALID: no such component (and the one that was likely meant). */
int said_component(struct text key, enum component *component_out, struct fault *fault);
/* All units of a component, of whatever kind. */
int said_count(struct said *said, enum component component, int64_t n, struct fault *fault);
/*
 * A word of a kind whose component is set: "size", "quality", "steps" of images; "kind",
 * "resolution" of seconds; "kind" of searches; "ttl_seconds" of cache_write; "implicit" (true or
 * false) of a cache.  -FAULT_INVALID: the component has it not, it stands twice, or what it may be.
 */
int said_word(struct usage_kind *kind, struct text key, struct text value, struct fault *fault);
int said_kind(struct said *said, const struct usage_kind *kind, struct fault *fault);
/*
 * When all is said: a component whose count was not is as many as its kinds, one whose count was
 * has no fewer; a request was served once where nothing else was said.
 */
int said_end(struct said *said, struct fault *fault);

/* The name of `names` (ended by NULL) that was likely meant by a misspelt one; NULL: none. */
const char *said_meant(struct text name, const char *const *names);

#endif
