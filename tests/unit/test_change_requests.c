/* Requests of changes that say too little or nonsense: each is refused, and nothing is done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/change.h"
#include "tests/support/ledgerkit.h"

#define LONG_16  "xxxxxxxxxxxxxxxx"
#define LONG_64  LONG_16 LONG_16 LONG_16 LONG_16
#define LONG_257 LONG_64 LONG_64 LONG_64 LONG_64 "x"
#define LONG_256 LONG_64 LONG_64 LONG_64 LONG_64
#define HEX_64   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define TIME     "2026-08-01T09:00:00Z"

#define ARCHIVE(month, file, sha, numbers)                                                         \
	"{'change':'archive.month','month':'" month "','file':'" file "','sha256':'" sha "'"       \
	"," numbers "}"
#define NUMBERS "'events':1,'bytes':4096"
#define CLOSE(until, check, twins)                                                                 \
	"{'change':'period.close','until':" until ",'reason':'r','check':" check ",'twins':" twins \
	"}"
#define TWIN(source, id, keep, later)                                                              \
	"[{'source':'" source "','id':'" id "','keep':" keep ",'void':" later "}]"
#define CORRECT(which, more) "{'change':'correct'," which ",'reason':'r'" more "}"
#define WHICH(source, id)    "'source':'" source "','id':'" id "','time':'" TIME "'"
#define RERATE(from, more)   "{'change':'rerate','from':" from ",'reason':'r'" more "}"
#define RUN(report, seal)    "{'change':'reconcile.run','report':" report ",'seal':" seal "}"
#define TO                   ",'to':'2026-08-02'"
#define SETTLE(reading, more)                                                                      \
	"{'change':'reading.settle','source':'s','reading':" reading ",'reason':'r'" more "}"

static const struct {
	const char *label, *request;
} rows[] = {
	{ "an archive of no month", ARCHIVE("", "2026-06.db", HEX_64, NUMBERS) },
	{ "of a long one", ARCHIVE(LONG_16, "2026-06.db", HEX_64, NUMBERS) },
	{ "of a short one", ARCHIVE("2026-6", "2026-06.db", HEX_64, NUMBERS) },
	{ "with a hash of no digits", ARCHIVE("2026-06", "2026-06.db", LONG_64, NUMBERS) },
	{ "in no file", ARCHIVE("2026-06", "", HEX_64, NUMBERS) },
	{ "in a file of another name", ARCHIVE("2026-06", "../../etc/x.db", HEX_64, NUMBERS) },
	{ "in a file of a long name", ARCHIVE("2026-06", LONG_257, HEX_64, NUMBERS) },
	{ "without a hash", ARCHIVE("2026-06", "2026-06.db", "", NUMBERS) },
	{ "with half a hash", ARCHIVE("2026-06", "2026-06.db", LONG_16, NUMBERS) },
	{ "without events", ARCHIVE("2026-06", "2026-06.db", HEX_64, "'bytes':4096") },
	{ "of no events", ARCHIVE("2026-06", "2026-06.db", HEX_64, "'events':0,'bytes':4096") },
	{ "without bytes", ARCHIVE("2026-06", "2026-06.db", HEX_64, "'events':1") },
	{ "of no bytes", ARCHIVE("2026-06", "2026-06.db", HEX_64, "'events':1,'bytes':0") },

	{ "a period without an end", CLOSE("7", "null", "[]") },
	{ "until no day", CLOSE("'soon'", "null", "[]") },
	{ "with half a check", CLOSE("'2026-08'", "'0123'", "[]") },
	{ "with a check of no digits", CLOSE("'2026-08'", "'" LONG_64 "'", "[]") },
	{ "with a check that is a number", CLOSE("'2026-08'", "7", "[]") },
	{ "with twins that are no list", CLOSE("'2026-08'", "null", "7") },
	{ "a twin that is none", CLOSE("'2026-08'", "null", "[7]") },
	{ "a twin of no source",
	  CLOSE("'2026-08'", "null", TWIN("", "i", "'" TIME "'", "'" TIME "'")) },
	{ "a twin of no id",
	  CLOSE("'2026-08'", "null", TWIN("s", "", "'" TIME "'", "'" TIME "'")) },
	{ "a twin of a long source",
	  CLOSE("'2026-08'", "null", TWIN(LONG_257, "i", "'" TIME "'", "'" TIME "'")) },
	{ "a twin of a long id",
	  CLOSE("'2026-08'", "null", TWIN("s", LONG_257, "'" TIME "'", "'" TIME "'")) },
	{ "a twin of nothing that stands",
	  CLOSE("'2026-08'", "null", TWIN("s", "i", "7", "'" TIME "'")) },
	{ "a twin of a time that is none",
	  CLOSE("'2026-08'", "null", TWIN("s", "i", "'then'", "'" TIME "'")) },
	{ "a twin without a later one",
	  CLOSE("'2026-08'", "null", TWIN("s", "i", "'" TIME "'", "7")) },
	{ "a twin of a later time that is none",
	  CLOSE("'2026-08'", "null", TWIN("s", "i", "'" TIME "'", "'then'")) },

	{ "a correction of no source", CORRECT(WHICH("", "i"), ",'set':{'input':1}") },
	{ "of a long source", CORRECT(WHICH(LONG_257, "i"), ",'set':{'input':1}") },
	{ "of no id", CORRECT(WHICH("s", ""), ",'set':{'input':1}") },
	{ "of a long id", CORRECT(WHICH("s", LONG_257), ",'set':{'input':1}") },
	{ "at no time", CORRECT("'source':'s','id':'i'", ",'set':{'input':1}") },
	{ "at a time that is none",
	  CORRECT("'source':'s','id':'i','time':'then'", ",'set':{'input':1}") },
	{ "perhaps", CORRECT(WHICH("s", "i"), ",'set':{'input':1},'dry_run':7") },
	{ "to nothing", CORRECT(WHICH("s", "i"), "") },

	{ "rated again from nowhere", RERATE("7", TO) },
	{ "from a time that is none", RERATE("'then'", TO) },
	{ "from the middle of an hour", RERATE("'2026-08-01T09:30:00Z'", TO) },
	{ "to nowhere", RERATE("'2026-08-01'", "") },
	{ "by a book that is a number", RERATE("'2026-08-01'", TO ",'book':7") },
	{ "by a book that was never applied", RERATE("'2026-08-01'", TO ",'book':'" HEX_64 "'") },
	{ "to an amount that is none", RERATE("'2026-08-01'", TO ",'expect':'much'") },
	{ "to an amount that is a number", RERATE("'2026-08-01'", TO ",'expect':7") },
	{ "perhaps again", RERATE("'2026-08-01'", TO ",'dry_run':7") },

	{ "a reading of a number", SETTLE("7", "") },
	{ "a long reading", SETTLE("'" LONG_257 "'", "") },
	{ "a reading with a line in it", SETTLE("'a\\u000ab'", "") },
	{ "of an api that is a number", SETTLE("'declared'", ",'api':7") },
	{ "of a long api", SETTLE("'declared'", ",'api':'" LONG_257 "'") },
	{ "of no api", SETTLE("'declared'", ",'api':''") },
	{ "of a line that is a word", SETTLE("'declared'", ",'id':'x'") },
	{ "of line 0", SETTLE("'declared'", ",'id':0") },

	{ "a run without a report", "{'change':'reconcile.run'}" },
	{ "of a report that is a word", "{'change':'reconcile.run','report':'r'}" },
	{ "of one without a hash", RUN("{}", "null") },
	{ "of one with half a hash", RUN("{'result_sha256':'" LONG_16 "'}", "null") },
	{ "of one with a hash of no digits", RUN("{'result_sha256':'" LONG_64 "'}", "null") },
	{ "with half a seal", RUN("{'result_sha256':'" HEX_64 "'}", "'0123'") },
	{ "with a seal that is a number", RUN("{'result_sha256':'" HEX_64 "'}", "7") },
	{ "of too many levels",
	  RUN("{'result_sha256':'" HEX_64 "','a':[[[[[[[[[[]]]]]]]]]]}", "null") },

	{ "a rule for a long account",
	  "{'change':'policy.set','account':'" LONG_257 "','policies':null,'note':'n'}" },
	{ "a rule for no account",
	  "{'change':'policy.set','account':'','policies':null,'note':'n'}" },
	{ "a rule for a number", "{'change':'policy.set','account':7,'policies':null,'note':'n'}" },
	{ "a rule for a line break",
	  "{'change':'policy.set','account':'a\\u000ab','policies':null,'note':'n'}" },
};

static void test_a_request_that_makes_no_sense_is_refused_whole(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_small_book);
	kit_send_usage(kit, "i", TIME, "acme/llama-4-70b", "{\"input\":1}");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct change change = { text_of(kit_quotes(rows[i].request)), text_of("uid 7"),
			                 KIT_NOW_MS };
		static const char refused[] = "{\"ok\":false,\"fault\":\"";
		struct fault fault = { .code = FAULT_NONE };
		struct buf reply = { .at = NULL };
		bool moved = false;

		if (change_run(kit->ledger, &change, &reply, &moved, &fault) < 0)
			fail_msg("%s: %s", rows[i].label, fault.text);
		if (moved || strncmp(reply.at, refused, strlen(refused)) != 0)
			fail_msg("%s: %s", rows[i].label, reply.at);
		buf_release(&reply);
	}
	assert_string_equal(kit_ask(kit, "SELECT (SELECT count(*) FROM change WHERE what <> "
	                                 "'price.apply') + (SELECT count(*) FROM correction) + "
	                                 "(SELECT count(*) FROM policy_rule) + (SELECT count(*) "
	                                 "FROM reading_rule)"),
	                    "0");
	kit_verify_clean(kit);
}

/* The shortest and the longest that an event may have. */
static void test_names_may_be_as_long_as_those_of_events(void **state)
{
	static const struct {
		const char *request, *reply;
	} named[] = {
		{ CLOSE("'2026-08'", "null", TWIN("s", "i", "'" TIME "'", "'" TIME "'")),
		  "'twins':1,'voided':0}" },
		{ CLOSE("'2026-08'", "null", TWIN(LONG_256, LONG_256, "'" TIME "'", "'" TIME "'")),
		  "'twins':1,'voided':0}" },
		{ CORRECT(WHICH("s", "x"), ",'set':{'input':1}"), "no event x of this source" },
		{ CORRECT(WHICH(LONG_256, "x"), ",'set':{'input':1}"),
		  "no event x of this source" },
		{ CORRECT(WHICH("s", LONG_256), ",'set':{'input':1}"), "no event xxxx" },
	};
	struct ledgerkit *kit = *state;

	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		struct change change = { text_of(kit_quotes(named[i].request)), text_of("uid 7"),
			                 KIT_NOW_MS };
		struct buf reply = { .at = NULL };
		bool moved;

		assert_int_equal(change_run(kit->ledger, &change, &reply, &moved, NULL), 0);
		if (strstr(reply.at, kit_quotes(named[i].reply)) == NULL)
			fail_msg("%s: %s", named[i].request, reply.at);
		buf_release(&reply);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_request_that_makes_no_sense_is_refused_whole,
		                                kit_setup, kit_teardown),
		cmocka_unit_test_setup_teardown(test_names_may_be_as_long_as_those_of_events,
		                                kit_setup, kit_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
