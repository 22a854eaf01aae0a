/* Records that other programs emit, on their way into the ledger. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/ledgerkit.h"

#define ACCESS_LOG                                                                                 \
	"{'x-request-id':'q1','start_time':'2026-08-01T10:00:00Z','response_code':200,"            \
	"'x-tenant-id':'acme','gen_ai.request.model':'acme/llama-4-70b',"
#define CHAT     ACCESS_LOG "'gen_ai.usage.input_tokens':1000,'gen_ai.usage.output_tokens':10}"
#define CHAT_TOO ACCESS_LOG "'gen_ai.usage.output_tokens':10, 'gen_ai.usage.input_tokens':1000}"
#define OTHER    ACCESS_LOG "'gen_ai.usage.input_tokens':1001,'gen_ai.usage.output_tokens':10}"

static enum ingest_verdict send(struct ledgerkit *kit, const char *record)
{
	return kit_send(kit, kit_quotes(record));
}

static void test_a_record_is_stored_once_and_priced_as_an_event(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_small_book);
	assert_int_equal(send(kit, CHAT), INGEST_ACCEPTED);
	assert_int_equal(kit_send_usage(kit, "plain", "2026-08-01T10:00:00Z", "acme/llama-4-70b",
	                                kit_quotes("{'input':1000,'output':10}")),
	                 INGEST_ACCEPTED);
	assert_int_equal(send(kit, CHAT), INGEST_DUPLICATE);
	assert_int_equal(send(kit, CHAT_TOO), INGEST_DUPLICATE);
	assert_int_equal(send(kit, OTHER), INGEST_CONFLICT);
	kit_shut(kit);
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM event"), 2);
	/* The same counts cost the same, whoever told them. */
	assert_int_equal(kit_sql_int(kit, "SELECT count(DISTINCT nanos) FROM event"), 1);
	assert_int_equal(kit_sql_int(kit, "SELECT min(nanos) > 0 FROM event"), 1);
}

/* A record that is no request stays as it came, with its name and its reason. */
static void test_a_record_of_something_else_is_kept_verbatim(void **state)
{
	static const char call[] =
		"{'x-request-id':'q2','start_time':'2026-08-01T10:00:00Z','response_code':200,"
		"'gen_ai.request.model':null,'mcp.method.name':'tools/call'}";
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_small_book);
	assert_int_equal(send(kit, call), INGEST_QUARANTINED);
	kit_shut(kit);
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM event"), 0);
	assert_int_equal(
		kit_sql_int(kit, "SELECT count(*) FROM quarantine WHERE reason = 'foreign' AND "
	                         "CAST(raw AS TEXT) LIKE '{\"x-request-id\":\"q2\"%tools/call\"}'"),
		1);
}

/* However many events a line holds, and whatever can be read of them. */
static void test_the_events_of_a_line_are_given(void **state)
{
	static const struct {
		const char *line;
		size_t count;
		const char *id; /* of the last */
		enum reason reason;
	} rows[] = {
		{ CHAT, 1, "q1", REASON_NONE },
		{ "{'id':'p','source':'s','time':'2026-08-01T10:00:00Z','account':'a',"
		  "'model':'m','api':'toll','usage':{'input':1}}",
		  1, "p", REASON_NONE },
		{ "[" CHAT "," CHAT_TOO "]", 2, "q1", REASON_NONE },
		{ "{'id':'p'}", 1, NULL, REASON_MISSING },
		{ "{", 1, NULL, REASON_SYNTAX },
		{ ACCESS_LOG "'gen_ai.usage.input_tokens':4.5}", 1, NULL, REASON_QUANTITY },
	};
	const struct event_defaults defaults = { text_of(NULL), KIT_NOW_MS };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct json doc = { .nodes = NULL };
		struct arena arena = { 0 };
		struct ingest_event *events;
		const struct ingest_event *last;
		size_t count;

		assert_int_equal(ingest_events(text_of(kit_quotes(rows[i].line)), &defaults, &doc,
		                               &arena, &events, &count),
		                 0);
		assert_int_equal(count, rows[i].count);
		last = &events[count - 1];
		assert_int_equal(last->refusal.reason, rows[i].reason);
		if (rows[i].id != NULL)
			assert_true(text_is(last->event.id, rows[i].id));
		assert_ptr_equal(ingest_event_named(events, count, text_of("other")), events);
		arena_release(&arena);
		json_release(&doc);
	}
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_record_is_stored_once_and_priced_as_an_event),
		T(test_a_record_of_something_else_is_kept_verbatim),
		cmocka_unit_test(test_the_events_of_a_line_are_given),
	};

	return cmocka_run_group_tests_name("ingest of envelopes", tests, NULL, NULL);
}
