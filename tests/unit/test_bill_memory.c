/*
 * A reconciliation without memory: every allocation of it fails once.  Each time that is told, or
 * what is found is the same.  And an order that nobody asked for changes nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "tests/support/failmem.h"
#include "tests/support/fixture.h"
#include "tests/support/matchkit.h"

enum { STEPS_MAX = 4000, EVENTS = 150, ROWS_MAX = 2 * EVENTS, ROW_BYTES = 200, ORDERS = 6 };

static void fill(struct matchkit *kit)
{
	match_event(kit, "e1", "2026-07-01T00:00:00Z", 5, 1, ",'upstream_id':'u\\u00221'");
	match_event(kit, "e2", "2026-07-01T10:00:00Z", 1, 1, "");
	match_event(kit, "e2", "2026-07-01T10:00:00Z", 1, 1, ",'source':'gw-2'");
	match_event(kit, "e3", "2026-07-02T12:00:00Z", 2, 0, ",'model':'n','service_tier':'flex'");
	match_row(kit, "id=u\"1 time=2026-07-01T00:00:00Z model=m input=5 output=1 amount=7");
	match_row(kit, "id=u\"1 time=2026-07-01T00:00:00Z model=m input=5 output=1 amount=7");
	match_row(kit, "id=e2 time=2026-07-01T10:00:00Z model=m of=input input=1 amount=1");
	match_row(kit,
	          "id=x time=2026-07-01T11:00:00Z model=m input=1 output=0 amount=1 account=b");
	match_row(kit, "from=2026-07-01 to=2026-07-02 charge=fee amount=3");
	match_row(kit, "from=2026-07-01 to=2026-07-02 charge=fee amount=3");
	/* Void here. */
	match_event(kit, "e4", "2026-07-01T12:00:00Z", 5, 1, ",'upstream_id':'u4'");
	match_change(kit, "{'change':'void','source':'gw-1','id':'e4',"
	                  "'time':'2026-07-01T12:00:00Z','reason':'w'}");
	match_row(kit, "id=u4 time=2026-07-01T12:00:00Z model=m input=5 output=1 amount=7");
}

static void fill_facts(struct matchkit *kit)
{
	match_no_rows(kit);
	match_row(kit, "time=2026-07-01T00:00:01Z model=m input=5 output=1 amount=7");
	match_row(kit, "time=2026-07-01T10:00:00Z model=vendor/m input=1 output=1 amount=3");
	match_row(kit, "time=2026-07-02T12:00:00Z model=n input=2 output=0 amount=5");
	match_row(kit, "time=2026-07-01T12:00:00Z model=m input=5 output=1 amount=7");
}

static void starve(struct matchkit *kit)
{
	struct fault fault = { .code = FAULT_NONE };
	char *expected;
	int n = 0, r;

	expected = strdup(match_run(kit));
	assert_non_null(expected);
	if (match_try(kit, &fault) < 0)
		fail_msg("%s", fault.text);
	free(expected);
	expected = strdup(kit->found.at);
	failmem_ours(true);
	for (bool failed = true; failed; n++) {
		assert_true(n < STEPS_MAX);
		failmem_after(n);
		r = match_try(kit, &fault);
		failed = failmem_stop();
		if (r < 0)
			assert_int_equal(r, -FAULT_NOMEM);
		else
			assert_string_equal(kit->found.at, expected);
	}
	failmem_ours(false);
	assert_true(n > 20);
	free(expected);
}

static void test_no_memory_is_told(void **state)
{
	static const enum bill_match matches[] = { MATCH_AUTO, MATCH_DAY, MATCH_WHOLE };
	struct matchkit *kit = *state;

	fill(kit);
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
		kit->options.match = matches[i];
		starve(kit);
	}
	fill_facts(kit);
	kit->options.match = MATCH_FACTS;
	starve(kit);
}

/* ---- order ---- */

struct traffic {
	char rows[ROWS_MAX][ROW_BYTES];
	size_t row_count;
	struct {
		char id[16], time[MOMENT_TEXT_BYTES];
		int64_t input;
		const char *more;
	} events[EVENTS];
};

static void make(struct traffic *traffic, bool ids, uint64_t *seed)
{
	for (int i = 0; i < EVENTS; i++) {
		/* Facts that are often the same, and times that are near. */
		int64_t ms = INT64_C(1782864000000) + (int64_t)fixture_below(seed, 600000);
		int64_t input = 1 + (int64_t)fixture_below(seed, 4), their_ms = ms;
		char time[MOMENT_TEXT_BYTES], *row = traffic->rows[traffic->row_count];

		snprintf(traffic->events[i].id, sizeof(traffic->events[i].id), "e%d", i);
		moment_text(ms, traffic->events[i].time);
		traffic->events[i].input = input;
		traffic->events[i].more = fixture_below(seed, 2) == 0 ? ",'account':'b'" : "";
		if (fixture_below(seed, 10) == 0)
			continue;
		their_ms += (int64_t)fixture_below(seed, 2000);
		moment_text(their_ms, time);
		snprintf(row, ROW_BYTES, "%s%s%stime=%s model=m input=%d output=0 amount=%d",
		         ids ? "id=" : "", ids ? traffic->events[i].id : "", ids ? " " : "", time,
		         (int)input, (int)(input + (int64_t)fixture_below(seed, 2)));
		traffic->row_count++;
		if (fixture_below(seed, 10) == 0)
			memcpy(traffic->rows[traffic->row_count++], row, ROW_BYTES);
	}
}

static void shuffle(size_t *order, size_t count, uint64_t *seed)
{
	for (size_t i = 0; i < count; i++)
		order[i] = i;
	for (size_t i = count; i > 1; i--) {
		size_t k = fixture_below(seed, i), other = order[k];

		order[k] = order[i - 1];
		order[i - 1] = other;
	}
}

/* The causes, in one text. */
static void outcome(const struct traffic *traffic, enum bill_match match, uint64_t *seed,
                    struct buf *out)
{
	size_t order[ROWS_MAX];
	struct matchkit *kit;
	void *state = NULL;

	match_setup(&state);
	kit = state;
	shuffle(order, EVENTS, seed);
	for (size_t i = 0; i < EVENTS; i++)
		match_event(kit, traffic->events[order[i]].id, traffic->events[order[i]].time,
		            traffic->events[order[i]].input, 0, traffic->events[order[i]].more);
	shuffle(order, traffic->row_count, seed);
	for (size_t i = 0; i < traffic->row_count; i++)
		match_row(kit, traffic->rows[order[i]]);
	kit->options.match = match;
	assert_null(strstr(match_run(kit), "fault"));
	for (int c = 0; c < CAUSE_COUNT; c++) {
		char amount[MONEY_TEXT_BYTES];

		money_text(kit->result.causes[c].amount, amount);
		buf_addf(out, "%s %lld %s\n", bill_cause_name((enum bill_cause)c),
		         (long long)kit->result.causes[c].differences, amount);
	}
	buf_addf(out, "%lld pairs, %lld equal\n", (long long)kit->result.pairs,
	         (long long)kit->result.equal);
	match_teardown(&state);
}

static void test_the_order_of_rows_and_events_is_nothing(void **state)
{
	static const enum bill_match matches[] = { MATCH_ID, MATCH_FACTS, MATCH_HOUR };
	uint64_t seed = fixture_seed("test_bill_memory", 20261201);

	(void)state;
	for (size_t m = 0; m < sizeof(matches) / sizeof(matches[0]); m++) {
		struct traffic *traffic = calloc(1, sizeof(*traffic));
		struct buf first = { .at = NULL };

		assert_non_null(traffic);
		make(traffic, matches[m] == MATCH_ID, &seed);
		outcome(traffic, matches[m], &seed, &first);
		for (int i = 0; i < ORDERS; i++) {
			struct buf other = { .at = NULL };

			outcome(traffic, matches[m], &seed, &other);
			assert_string_equal(other.at, first.at);
			buf_release(&other);
		}
		buf_release(&first);
		free(traffic);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_no_memory_is_told, match_setup,
		                                match_teardown),
		cmocka_unit_test(test_the_order_of_rows_and_events_is_nothing),
	};

	failmem_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
