/* The built `toll`: it lists the envelopes, and imports a file of records that others wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/ledgerkit.h"
#include "tests/support/tollrun.h"

static void test_formats_lists_each_envelope_and_what_it_maps(void **state)
{
	struct tollrun run = { .out_fd = -1, .err_fd = -1 };

	(void)state;
	TOLLRUN(&run, "formats", "--json");
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN_SAYS(&run, "{\"kind\":\"envelope\",\"name\":\"otel.genai\"");
	TOLLRUN(&run, "formats", "kong.ai", "--csv");
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN_SAYS(&run, "usage.prompt_tokens,\"prompt_tokens, prompt_token\",count");
	TOLLRUN_SAYS(&run, "account,,\"\"\"unassigned\"\"\"");
	TOLLRUN(&run, "formats", "kong");
	TOLLRUN_EXPECT(&run, 2);
	TOLLRUN_SAYS(
		&run,
		"there is no shape, envelope, catalogue or statement kong; near it: kong.ai\n");
	TOLLRUN(&run, "formats", "kong.ai", "envoy.ai");
	TOLLRUN_EXPECT(&run, 2);
	tollrun_release(&run);
}

/* A record a line of each envelope, one of no request, one plain event. */
static void test_a_file_of_records_is_imported(void **state)
{
	static const char records[] =
		"{'specversion':'1.0','id':'1','source':'svc','type':'prompt','subject':'acme',"
		"'time':'2026-08-01T10:00:00Z','data':{'model':'m','tokens':'5','type':'input'}}\n"
		"{'id':'2','call_type':'acompletion','startTime':1785578400,'model':'m',"
		"'metadata':{'usage_object':{'prompt_tokens':5,'completion_tokens':1}}}\n"
		"{'request_id':'3','call_type':'acompletion','startTime':'2026-08-01 10:00:00',"
		"'model':'m','spend':0.1,'metadata':'{}','prompt_tokens':5,'total_tokens':5}\n"
		"{'x-request-id':'4','start_time':'2026-08-01T10:00:00Z','gen_ai.request.model':'m'"
		","
		"'gen_ai.usage.input_tokens':5}\n"
		"{'x-request-id':'5','start_time':'2026-08-01T10:00:00Z','gen_ai.request.model':"
		"null,"
		"'mcp.method.name':'tools/call'}\n"
		"{'request':{'id':'6'},'started_at':1785578400000,'ai':{'proxy':{'usage':"
		"{'prompt_token':5},'meta':{'request_model':'m'}}}}\n"
		"{'trace_id':'7','span_id':'7','start_time':'2026-08-01T10:00:00Z','attributes':"
		"{'gen_ai.request.model':'m','gen_ai.usage.input_tokens':5}}\n"
		"{'id':'8','source':'gw','time':'2026-08-01T10:00:00Z','account':'acme','model':'m'"
		","
		"'api':'toll','usage':{'input':5}}\n";
	struct ledgerkit *kit = *state;
	struct tollrun run = { .out_fd = -1, .err_fd = -1 };
	const char *const words[] = { "import", "--json", "--ledger", kit->path, "-", NULL };

	kit_shut(kit);
	for (int again = 0; again < 2; again++) {
		tollrun_release(&run);
		tollrun_start(&run, words, kit_quotes(records), NULL);
		tollrun_wait(&run);
		TOLLRUN_EXPECT(&run, 0);
		TOLLRUN_SAYS(&run, again ? "\"duplicate\":7" : "\"unpriced\":7");
		TOLLRUN_SAYS(&run, "\"quarantined\":1");
	}
	assert_int_equal(kit_sql_int(kit, "SELECT sum(input) FROM event"), 35);
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM quarantine "
	                                  "WHERE reason = 'foreign' AND times = 2"),
	                 1);
	tollrun_release(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats_lists_each_envelope_and_what_it_maps),
		cmocka_unit_test_setup_teardown(test_a_file_of_records_is_imported, kit_setup,
		                                kit_teardown),
	};

	return cmocka_run_group_tests_name("envelopes", tests, NULL, NULL);
}
