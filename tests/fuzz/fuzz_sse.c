/*
 * libFuzzer target: text of server-sent events through the splitter.  Besides what the
 * sanitizers see, tests/support/sse_invariants.h must hold, also where the text is cut.
 *
 * With -DFUZZ_PLANT it reads a byte too far where an event's name begins with "e".  `make
 * fuzz` runs that first and fails where it is not found: no seed has it, so the bytes must
 * have been changed, the sanitizer be on, and the end be told.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/sse_invariants.h"

enum { CUTS_MAX = 64 }; /* of one text; where, its bytes say */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct sse_bench bench;

static void check(const char *wrong, struct text text)
{
	if (wrong == NULL)
		return;
	fprintf(stderr, "fuzz_sse: %s\n%.*s\n", wrong, TEXT_ARGS(text));
	abort();
}

#ifdef FUZZ_PLANT
/* All it does: the cuts would only take time. */
static void look(struct text text)
{
	volatile char too_far = 0;

	for (size_t i = 0; i < bench.whole.count; i++) {
		struct text name = bench.whole.events[i].name;

		if (name.len > 0 && name.at[0] == 'e')
			too_far = text.at[text.len];
	}
	(void)too_far;
}
#else
static void look(struct text text)
{
	size_t step = 1 + text.len / CUTS_MAX;
	size_t cut = text.len > 0 ? (unsigned char)text.at[text.len / 2] % step : 0;

	for (; cut < text.len; cut += step)
		check(sse_invariants_cut(&bench, text, cut), text);
}
#endif

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct text text = { (const char *)bytes, len };

	check(sse_invariants_check(&bench, text), text);
	look(text);
	return 0;
}
