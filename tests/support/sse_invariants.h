/*
 * What must hold of the splitter whatever the bytes: the oracle of its unit test and of the
 * fuzz target.
 */
#ifndef TOLL_TESTS_SUPPORT_SSE_INVARIANTS_H
#define TOLL_TESTS_SUPPORT_SSE_INVARIANTS_H

#include "base/arena.h"
#include "base/text.h"
#include "usage/sse.h"

/* Memory that is used again from text to text; zeroed is empty. */
struct sse_bench {
	struct sse_list {
		struct sse_event *events;
		size_t count, cap;
		struct arena arena;
	} whole, part;
	char *copy; /* of the part, as long as it is: a byte too far is seen */
};

/*
 * Splits the text, and looks at each event and at those of the text with other line ends.
 * NULL, or what is wrong (static).  bench->whole holds the events.
 */
const char *sse_invariants_check(struct sse_bench *bench, struct text text);
/*
 * Behind the above: the first `len` bytes of the text.  An event that was ended there is the
 * one of the whole text, and only the last is not ended.
 */
const char *sse_invariants_cut(struct sse_bench *bench, struct text text, size_t len);
void sse_invariants_release(struct sse_bench *bench);

#endif
