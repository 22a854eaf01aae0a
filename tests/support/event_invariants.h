/*
 * What must hold of event_decode() whatever the bytes: the oracle of the mutation test
 * and of the fuzz target.
 */
#ifndef TOLL_TESTS_SUPPORT_EVENT_INVARIANTS_H
#define TOLL_TESTS_SUPPORT_EVENT_INVARIANTS_H

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "usage/event.h"

/* Memory that is used again from line to line, as the daemon does. */
struct event_bench {
	struct json doc;
	struct arena arena;
	enum reason reason; /* of the last line */
};

/*
 * Decodes the line twice and looks at what came out.  NULL, or what is wrong (static).
 * The arena is reset first.
 */
const char *event_invariants_check(struct event_bench *bench, struct text line);
void event_invariants_release(struct event_bench *bench);

#endif
