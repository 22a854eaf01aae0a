/*
 * Our side: whatever was done to a ledger, and however it is asked, it adds up to what the report
 * tells, which match_run() checks each time.
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
#include "tests/support/fixture.h"
#include "tests/support/matchkit.h"

#define FIRST_MS INT64_C(1782864000000) /* 2026-07-01 */

enum { HOURS = 60, EVENTS = 120, CHANGES = 120, RUNS = 30 };

struct world {
	struct matchkit *kit;
	uint64_t seed;
	int64_t time_ms[EVENTS];
	bool turns[EVENTS];
	int compared[MATCH_COUNT];
};

static int64_t below(struct world *world, int64_t limit)
{
	return (int64_t)fixture_below(&world->seed, (size_t)limit);
}

/* "advisor_message": a turn of another model, stored as "ID~2". */
static void send_turns(struct world *world, int i, const char *time)
{
	char line[1024];

	snprintf(line, sizeof(line),
	         "{'id':'e%d','source':'gw-1','time':'%s','account':'a%d','key':'k','model':'m',"
	         "'api':'anthropic.messages','usage':{'input_tokens':5,'output_tokens':1,"
	         "'iterations':[{'type':'message','input_tokens':5,'output_tokens':1},"
	         "{'type':'advisor_message','model':'n','input_tokens':%d,'output_tokens':2}]}}",
	         i, time, i % 3, i);
	assert_int_equal(kit_send(&world->kit->ledger, kit_quotes(line)), INGEST_ACCEPTED);
}

static void send_all(struct world *world)
{
	for (int i = 0; i < EVENTS; i++) {
		char id[16], more[256], time[MOMENT_TEXT_BYTES];

		world->time_ms[i] = FIRST_MS + below(world, HOURS * MS_PER_HOUR);
		/* Some at one time, and at the edge of an hour. */
		if (below(world, 3) == 0)
			world->time_ms[i] = moment_floor(world->time_ms[i], MOMENT_HOUR);
		world->turns[i] = below(world, 5) == 0;
		moment_text(world->time_ms[i], time);
		snprintf(id, sizeof(id), "e%d", i);
		snprintf(more, sizeof(more), ",'account':'a%d','model':'%s','source':'gw-1'%s",
		         i % 3,
		         below(world, 8) == 0   ? "unknown"
		         : below(world, 3) == 0 ? "n"
		                                : "m",
		         below(world, 7) == 0 ? ",'status':500" : "");
		if (world->turns[i])
			send_turns(world, i, time);
		else
			match_event(world->kit, id, time, below(world, 100), below(world, 100),
			            more);
	}
}

static void change_one(struct world *world)
{
	int i = (int)below(world, EVENTS);
	const char *turn = world->turns[i] && below(world, 2) == 0 ? "~2" : "";
	char request[512], time[MOMENT_TEXT_BYTES], to[MOMENT_TEXT_BYTES];

	moment_text(world->time_ms[i], time);
	switch (below(world, 8)) {
	case 0:
	case 1:
		snprintf(request, sizeof(request),
		         "{'change':'void','source':'gw-1','id':'e%d','time':'%s','reason':'w'}", i,
		         time);
		break;
	case 2:
	case 3:
	case 4:
		snprintf(
			request, sizeof(request),
			"{'change':'correct','source':'gw-1','id':'e%d%s','time':'%s','reason':'w',"
			"'set':{'input':%d}}",
			i, turn, time, (int)below(world, 100));
		break;
	case 5:
	case 6:
		moment_text(moment_floor(world->time_ms[i], MOMENT_HOUR), time);
		moment_text(moment_floor(world->time_ms[i], MOMENT_HOUR) + MS_PER_HOUR, to);
		snprintf(request, sizeof(request),
		         "{'change':'rerate','from':'%s','to':'%s','reason':'w'}", time, to);
		break;
	default:
		if (below(world, 4) == 0)
			kit_close_until(&world->kit->ledger,
			                FIRST_MS + below(world, HOURS / 2) * MS_PER_HOUR, NULL);
		return;
	}
	match_change(world->kit, request);
}

/* Another price for what is rated again. */
static const char dearer[] =
	"{'pricebook':1,'name':'b2','currency':'USD','models':[{'model':'m','versions':[{"
	"'effective_from':'2026','rates':[{'component':'input','each':'1.5'},{'component':"
	"'output','each':'2'}]}]},{'model':'n','versions':[{'effective_from':'2026','rates':[{"
	"'component':'input','each':'3'},{'component':'output','each':'4.25'}]}]}]}";

/* What we pay, for one of the models. */
static const char cost[] =
	"{'pricebook':1,'name':'c','currency':'USD','models':[{'model':'m','versions':[{"
	"'effective_from':'2026','rates':[{'component':'input','each':'0.5'},{'component':"
	"'output','each':'0.75'}]}]}]}";

/* Any period, filter, side and grain. */
static void ask(struct world *world)
{
	static const enum bill_match matches[] = { MATCH_ID,  MATCH_FACTS, MATCH_HOUR,
		                                   MATCH_DAY, MATCH_MONTH, MATCH_WHOLE };
	static const char *const accounts[] = { "a0", "a1", "a2" };
	static const char *const models[] = { "m", "n" };
	struct bill_options *options = &world->kit->options;
	struct fault fault = { .code = FAULT_NONE };

	options->match = matches[below(world, 6)];
	options->from_ms = FIRST_MS + below(world, HOURS * MS_PER_HOUR);
	options->to_ms = options->from_ms + 1 + below(world, HOURS * MS_PER_HOUR);
	options->margin_ms = below(world, 3) * MS_PER_HOUR;
	options->side = below(world, 3) == 0 ? BOOK_COST : BOOK_SELL;
	if (below(world, 2) == 0) {
		options->from_ms = moment_floor(options->from_ms, MOMENT_HOUR);
		options->to_ms = moment_floor(options->to_ms, MOMENT_HOUR) + MS_PER_HOUR;
	}
	options->account = text_of(below(world, 2) == 0 ? accounts[below(world, 3)] : NULL);
	options->model = text_of(below(world, 3) == 0 ? models[below(world, 2)] : NULL);
	options->key = text_of(below(world, 4) == 0 ? "k" : NULL);
	options->source = text_of(below(world, 4) == 0 ? "gw-1" : NULL);
	/* A period without a row, or without an event, is no period to compare. */
	if (match_try(world->kit, &fault) < 0)
		assert_int_equal(fault.code, FAULT_INVALID);
	else
		assert_null(strstr(match_run(world->kit), "fault:"));
	world->compared[options->match] += fault.code == FAULT_NONE;
}

static void put_rows(struct world *world, int every)
{
	for (int i = 0; i < EVENTS; i += every) {
		char row[256], time[MOMENT_TEXT_BYTES];

		moment_text(world->time_ms[i] + below(world, 3), time);
		snprintf(row, sizeof(row),
		         "id=e%d time=%s account=a%d model=%s input=%d output=%d amount=%d", i,
		         time, i % 3, below(world, 2) == 0 ? "m" : "n", (int)below(world, 100),
		         (int)below(world, 100), (int)below(world, 300));
		match_row(world->kit, row);
	}
}

static void test_ours_is_what_the_report_tells(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	world->kit = *state;
	world->seed = fixture_seed("test_bill_ours", 20261201);
	kit_cost(&world->kit->ledger, kit_quotes(cost));
	send_all(world);
	put_rows(world, 1);
	for (int i = 0; i < CHANGES; i++) {
		if (i == CHANGES / 3)
			kit_price(&world->kit->ledger, kit_quotes(dearer));
		if (i > CHANGES / 3 && i % 20 == 0)
			match_change(world->kit, "{'change':'suspense.retry'}");
		change_one(world);
	}
	for (int i = 0; i < RUNS * 10; i++)
		ask(world);
	/* Of few of them, which reads the others in brief. */
	match_no_rows(world->kit);
	put_rows(world, 5);
	for (int i = 0; i < RUNS * 10; i++)
		ask(world);
	for (int m = MATCH_ID; m < MATCH_COUNT; m++)
		assert_true(world->compared[m] > RUNS / 2);
	free(world);
}

static void test_corrections_are_in_what_they_correct(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e1", "2026-07-01T01:00:00Z", 5, 1, "");
	match_event(kit, "e2", "2026-07-01T02:00:00Z", 2, 1, "");
	match_row(kit, "id=e1 time=2026-07-01T01:00:00Z model=m input=4 output=1 amount=6");
	match_change(kit,
	             "{'change':'correct','source':'gw-1','id':'e1','time':'2026-07-01T01:00:00Z',"
	             "'reason':'w','set':{'input':4}}");
	match_change(kit,
	             "{'change':'void','source':'gw-1','id':'e2','time':'2026-07-01T02:00:00Z',"
	             "'reason':'w'}");
	match_finds(kit, "ours 6.00 theirs 6.00\n");
	assert_true(kit->result.ours_corrections.attos < 0);
	kit->options.match = MATCH_DAY;
	match_finds(kit, "ours 6.00 theirs 6.00\n");
}

static void voided(struct matchkit *kit, const char *id, const char *time, const char *reason)
{
	char line[512];

	snprintf(line, sizeof(line),
	         "{'change':'void','source':'gw-1','id':'%s','time':'%s','reason':'%s'}", id, time,
	         reason);
	match_change(kit, line);
}

/* The only difference is of such a row, and says so. */
static void expect_why(struct matchkit *kit, const char *found, const char *said)
{
	match_finds(kit, found);
	assert_int_equal(kit->result.worst_count, 1);
	if (memmem(kit->result.worst[0].why.at, kit->result.worst[0].why.len, said, strlen(said)) ==
	    NULL)
		fail_msg("%.*s", TEXT_ARGS(kit->result.worst[0].why));
}

static void test_a_row_of_what_is_void_here_says_so(void **state)
{
	static const char *const rows[] = {
		"id=e2 time=2026-07-01T02:00:00Z model=m input=2 output=1 amount=4",
		"id=g upstream_id=up-2 time=2026-07-01T02:00:00Z model=m input=2 output=1 amount=4",
		"id=g request_id=e2 time=2026-07-01T02:00:00Z model=m input=2 output=1 amount=4",
		"time=2026-07-01T02:00:01Z model=m input=2 output=1 amount=4",
	};
	struct matchkit *kit = *state;

	match_event(kit, "e1", "2026-07-01T01:00:00Z", 5, 1, "");
	match_event(kit, "e2", "2026-07-01T02:00:00Z", 2, 1, ",'upstream_id':'up-2'");
	match_event(kit, "e3", "2026-07-01T02:00:00Z", 2, 2, "");
	voided(kit, "e2", "2026-07-01T02:00:00Z", "sent twice \\u00e4");
	voided(kit, "e3", "2026-07-01T02:00:00Z", "another");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		kit->options.match = i == 3 ? MATCH_FACTS : MATCH_ID;
		match_no_rows(kit);
		match_row(kit, "id=e1 time=2026-07-01T01:00:00Z model=m input=5 output=1 amount=7");
		match_row(kit, rows[i]);
		expect_why(kit, "missing-here 4.00 - 2\nours 7.00 theirs 11.00\n",
		           ", 4.00 until then: sent twice \xc3\xa4");
	}
	/* Of other facts, or too far away, it is just missing. */
	match_no_rows(kit);
	match_row(kit, "id=e1 time=2026-07-01T01:00:00Z model=m input=5 output=1 amount=7");
	match_row(kit, "time=2026-07-01T02:00:00Z model=m input=3 output=1 amount=4");
	expect_why(kit, "missing-here 4.00 - 2\nours 7.00 theirs 11.00\n", "on the statement, and");
	match_no_rows(kit);
	match_row(kit, "id=e1 time=2026-07-01T01:00:00Z model=m input=5 output=1 amount=7");
	match_row(kit, "time=2026-07-01T02:00:03Z model=m input=2 output=1 amount=4");
	expect_why(kit, "missing-here 4.00 - 2\nours 7.00 theirs 11.00\n", "on the statement, and");
	/* Another source has its own. */
	match_no_rows(kit);
	kit->options.match = MATCH_ID;
	match_row(kit, "id=e1 time=2026-07-01T01:00:00Z model=m input=5 output=1 amount=7");
	match_row(kit, "id=e2 source=gw-9 time=2026-07-01T02:00:00Z model=m input=2 amount=4");
	expect_why(kit, "missing-here 4.00 - 2\nours 7.00 theirs 11.00\n", "on the statement, and");
}

static void test_a_void_request_is_told_with_its_turns(void **state)
{
	struct world world = { .kit = *state };
	struct matchkit *kit = *state;

	/* m: 5 + 2, and a turn of n: 6 x 3 + 2 x 4 */
	send_turns(&world, 6, "2026-07-01T01:00:00Z");
	match_event(kit, "e1", "2026-07-01T01:00:00Z", 5, 1, "");
	voided(kit, "e6", "2026-07-01T01:00:00Z", "w");
	match_row(kit, "id=e1 time=2026-07-01T01:00:00Z model=m input=5 output=1 amount=7");
	match_row(kit, "id=e6 time=2026-07-01T01:00:00Z model=m input=5 output=1 amount=5");
	expect_why(kit, "missing-here 5.00 - 2\nours 7.00 theirs 12.00\n", ", 33.00 until then: w");
}

/* What is corrected in a closed period counts in the one in which it was done. */
static void test_corrections_of_a_closed_period_are_of_another(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e1", "2026-07-01T01:00:00Z", 5, 1, "");
	match_event(kit, "e2", "2026-08-01T02:00:00Z", 2, 1, "");
	assert_int_equal(kit_close_until(&kit->ledger, FIRST_MS + 31 * MS_PER_DAY, NULL), 0);
	match_change(kit,
	             "{'change':'correct','source':'gw-1','id':'e1','time':'2026-07-01T01:00:00Z',"
	             "'reason':'w','set':{'input':4}}");
	match_row(kit, "id=e1 time=2026-07-01T01:00:00Z model=m input=5 output=1 amount=7");
	match_finds(kit, "ours 7.00 theirs 7.00\n");
	match_no_rows(kit);
	match_row(kit, "id=e2 time=2026-08-01T02:00:00Z model=m input=2 output=1 amount=4");
	match_finds(kit, "other-period 1.00 e1 -\nours 3.00 theirs 4.00\n");
	kit->options.match = MATCH_DAY;
	match_finds(kit, "other-period 1.00 e1 -\nours 3.00 theirs 4.00\n");
}

static void test_adjustments_stand_beside_requests_and_in_sums(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e1", "2026-07-01T01:00:00Z", 4, 1, "");
	kit_price(&kit->ledger, kit_quotes(dearer));
	match_change(kit,
	             "{'change':'rerate','from':'2026-07-01T00:00:00Z','to':'2026-07-02T00:00:00Z',"
	             "'reason':'w'}");
	match_row(kit, "id=e1 time=2026-07-01T01:00:00Z model=m input=4 output=1 amount=6");
	match_finds(kit, "adjusted -2.00 - -\nours 8.00 theirs 6.00\n");
	match_no_rows(kit);
	match_row(kit, "from=2026-07-01 to=2026-07-02 model=m input=4 output=1 amount=8");
	match_finds(kit, "ours 8.00 theirs 8.00\n");
	/* Theirs does not know of it; nor that the answer was 2. */
	match_no_rows(kit);
	match_row(kit, "from=2026-07-01 to=2026-07-02 model=m input=4 output=1 amount=6");
	match_finds(kit, "adjusted -2.00 - 1\nours 8.00 theirs 6.00\n");
	match_no_rows(kit);
	match_row(kit, "from=2026-07-01 to=2026-07-02 model=m input=4 output=2 amount=8.50");
	match_finds(kit, "adjusted -2.00 - 1\ncounts 2.00 - 1\nunexplained 0.50 - 1\n"
	                 "ours 8.00 theirs 8.50\n");
}

static void test_costs_are_compared_where_they_are_asked_for(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e0", "2026-07-01T00:00:00Z", 9, 9, "");
	kit_cost(&kit->ledger, kit_quotes(cost));
	match_event(kit, "e1", "2026-07-01T01:00:00Z", 4, 4, "");
	match_row(kit, "id=e1 time=2026-07-01T01:00:00Z model=m input=4 output=4 amount=5");
	kit->options.side = BOOK_COST;
	/* The first came before there was a cost book: it has none, and that is told. */
	match_finds(kit, "missing-there 0.00 e0 -\nours 5.00 theirs 5.00\n");
	assert_int_equal(kit->result.ours_suspense, 1);
	kit->options.match = MATCH_DAY;
	match_run(kit);
	assert_non_null(strstr(kit->found.at, "ours 5.00 theirs 5.00\n"));
	assert_int_equal(kit->result.ours_suspense, 1);
}

static void test_turns_are_added_to_their_request(void **state)
{
	struct world world = { .kit = *state };
	struct matchkit *kit = *state;

	/* m: 5 + 2, and a turn of n: 6 x 3 + 2 x 4 */
	send_turns(&world, 6, "2026-07-01T01:00:00Z");
	match_row(kit, "id=e6 time=2026-07-01T01:00:00Z model=m input=11 output=3 amount=33");
	match_finds(kit, "ours 33.00 theirs 33.00\n");
	assert_int_equal(kit->result.pairs, 1);
	assert_int_equal(kit->result.ours.requests, 1);
	assert_int_equal(kit->result.ours.rows, 2);
	/* Of one model only: the turns come as one, the request stays out. */
	kit->options.model = text_of("n");
	match_run(kit);
	assert_non_null(strstr(kit->found.at, "ours 26.00 theirs 33.00\n"));
	assert_int_equal(kit->result.pairs, 1);
	/* The same where the others are many, and so read in brief. */
	kit->options.model = text_of(NULL);
	for (int i = 0; i < 8; i++) {
		char id[32];

		snprintf(id, sizeof(id), "other%d", i);
		match_event(kit, id, "2026-07-01T02:00:00Z", 1, 0, "");
	}
	match_run(kit);
	assert_non_null(strstr(kit->found.at, "ours 41.00 theirs 33.00\n"));
	assert_int_equal(kit->result.causes[CAUSE_MISSING_THERE].differences, 8);
	assert_int_equal(kit->result.differences, 8);
}

static void test_what_is_not_written_as_a_turn_is_none(void **state)
{
	struct world world = { .kit = *state };
	struct matchkit *kit = *state;

	send_turns(&world, 6, "2026-07-01T01:00:00Z");
	kit_shut(&kit->ledger);
	kit_sql(&kit->ledger, "UPDATE event SET id = 'e6~02', check_word = NULL WHERE id = 'e6~2'");
	kit_reopen(&kit->ledger);
	/* The others are many, and so read in brief: what is asked for once more is found. */
	for (int i = 0; i < 8; i++) {
		char id[32];

		snprintf(id, sizeof(id), "other%d", i);
		match_event(kit, id, "2026-07-01T02:00:00Z", 0, 0, ",'status':500");
	}
	match_row(kit, "id=e6 time=2026-07-01T01:00:00Z model=m input=5 output=1 amount=7");
	match_finds(kit, "missing-there -26.00 e6~02 -\nours 33.00 theirs 7.00\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, match_setup, match_teardown)
		TEST(test_ours_is_what_the_report_tells),
		TEST(test_corrections_are_in_what_they_correct),
		TEST(test_a_row_of_what_is_void_here_says_so),
		TEST(test_a_void_request_is_told_with_its_turns),
		TEST(test_corrections_of_a_closed_period_are_of_another),
		TEST(test_adjustments_stand_beside_requests_and_in_sums),
		TEST(test_costs_are_compared_where_they_are_asked_for),
		TEST(test_turns_are_added_to_their_request),
		TEST(test_what_is_not_written_as_a_turn_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
