/*
 * Valid events of each shape, damaged at random from a seed: whatever comes out must
 * hold what tests/support/event_invariants.h says.  `make fuzz` goes on from here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/event_invariants.h"
#include "tests/support/fixture.h"

enum { RUNS = 150000, LINE_BYTES_MAX = 4096 };

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

static const char *const samples[][2] = {
#define S(api, rest) { api, rest },
#include "tests/support/event_samples.def"
#undef S
};

static void put_sample(struct buf *line, size_t sample)
{
	buf_clear(line);
	buf_addf(line,
	         "{'id':'gen-1','source':'gw-1','time':'2026-11-22T08:00:00.123Z','account':'acct_"
	         "42',"
	         "'model':'acme/llama-4-70b','api':'%s',%s}",
	         samples[sample][0], samples[sample][1]);
	for (size_t i = 0; i < line->len; i++) {
		if (line->at[i] == '\'')
			line->at[i] = '"';
	}
}

static void test_every_sample_is_an_event(void **state)
{
	struct event_bench bench = { .reason = REASON_NONE };
	struct buf line = { .at = NULL };

	(void)state;
	for (size_t f = 0; event_format_name(f) != NULL; f++) {
		size_t seen = 0;

		for (size_t i = 0; i < ROWS(samples); i++)
			seen += strcmp(samples[i][0], event_format_name(f)) == 0;
		if (seen == 0)
			fail_msg("%s has no sample", event_format_name(f));
	}
	for (size_t i = 0; i < ROWS(samples); i++) {
		put_sample(&line, i);
		assert_null(event_invariants_check(&bench, buf_text(&line)));
		if (bench.reason != REASON_NONE)
			fail_msg("%s: %s", line.at, reason_name(bench.reason));
	}
	buf_release(&line);
	event_invariants_release(&bench);
}

static void test_damaged_lines_are_read_or_refused_and_nothing_else(void **state)
{
	uint64_t random = fixture_seed("mutations", 20261122);
	struct event_bench bench = { .reason = REASON_NONE };
	struct buf line = { .at = NULL };
	unsigned reasons[REASON_COUNT] = { 0 };

	(void)state;
	for (unsigned run = 0; run < RUNS; run++) {
		const char *wrong;

		put_sample(&line, run % ROWS(samples));
		fixture_mutate(&line, LINE_BYTES_MAX, &random);
		wrong = event_invariants_check(&bench, buf_text(&line));
		if (wrong != NULL)
			fail_msg("run %u: %s\n%.*s", run, wrong, TEXT_ARGS(buf_text(&line)));
		reasons[bench.reason]++;
	}
	for (int r = 0; r < REASON_COUNT; r++)
		printf("%s%s %u", r > 0 ? ", " : "mutations: ", reason_name((enum reason)r),
		       reasons[r]);
	printf("\n");
	/* The damage must reach past the parser, or it proves nothing of what lies behind. */
	for (int r = 0; r < REASON_COUNT; r++) {
		/* The first ones are not event_decode()'s; 64 levels are beyond chance. */
		bool elsewhere = r == REASON_TOO_LONG || r == REASON_CUT_OFF ||
		                 r == REASON_AMOUNT || r == REASON_CHECKPOINT ||
		                 r == REASON_READINGS || r == REASON_FOREIGN ||
		                 r == REASON_ARCHIVE || r == REASON_DEPTH;

		if (!elsewhere && reasons[r] == 0)
			fail_msg("no line was refused as %s", reason_name((enum reason)r));
	}
	buf_release(&line);
	event_invariants_release(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_sample_is_an_event),
		cmocka_unit_test(test_damaged_lines_are_read_or_refused_and_nothing_else),
	};

	return cmocka_run_group_tests_name("mutations", tests, NULL, NULL);
}
