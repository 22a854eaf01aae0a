/* Credentials on the way of a line into the ledger: what is decoded, kept and compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/ledgerkit.h"

#define SECRET "3f0c9a7be1d24856b90fa3c7de681524f7ab3c09d8e5612470bf9e8dca135726"
#define ROUTER "sk-or-v1-" SECRET
#define LINE(id, time, key)                                                                        \
	"{'id':'" id "','time':'" time "','account':'a','model':'m','api':'toll','key':'" key "'," \
	"'usage':{'input':1}}"

enum { MS_PER_DAY = 86400000 };

static const struct terms *terms_of(struct ledgerkit *kit, enum credential_keys keys)
{
	struct terms *terms = &kit->terms;

	kit_terms(kit);
	terms->credentials = *ledger_credentials(kit->ledger);
	terms->credentials.keys = keys;
	return terms;
}

static void prepare(struct ledgerkit *kit, struct ingest_item *item, struct text line,
                    enum ingest_line how, int64_t length, enum credential_keys keys, int64_t now_ms)
{
	const struct event_defaults defaults = { text_of("gw " ROUTER), now_ms };

	assert_int_equal(ingest_prepare(item, line, how, length, &defaults, terms_of(kit, keys),
	                                &kit->doc, &kit->arena),
	                 0);
}

static bool holds(struct text t, const char *words)
{
	return t.at != NULL && memmem(t.at, t.len, words, strlen(words)) != NULL;
}

/* What was kept is tried again with its form: the key and the content are those of the others. */
static void test_a_line_tried_again_is_the_same_event(void **state)
{
	struct ledgerkit *kit = *state;
	struct text line = text_of(kit_quotes(LINE("e", "2026-08-04T00:00:00Z", ROUTER)));
	struct ingest_item early, again, direct;

	prepare(kit, &early, line, INGEST_LINE_WHOLE, (int64_t)line.len, CREDENTIAL_DETECT,
	        KIT_NOW_MS);
	assert_true(early.refused);
	assert_int_equal(early.refusal->reason, REASON_TIME);
	assert_false(holds(early.line, SECRET));
	assert_int_equal(early.length, early.line.len);
	prepare(kit, &again, early.line, INGEST_LINE_WHOLE, early.length, CREDENTIAL_DETECT,
	        KIT_NOW_MS + 30 * (int64_t)MS_PER_DAY);
	prepare(kit, &direct, line, INGEST_LINE_WHOLE, (int64_t)line.len, CREDENTIAL_DETECT,
	        KIT_NOW_MS + 30 * (int64_t)MS_PER_DAY);
	assert_false(again.refused);
	assert_true(holds(again.event.key, "sk-or-v1~hmac:"));
	assert_true(text_equal(again.event.key, direct.event.key));
	assert_int_equal(again.event.content_hash, direct.event.content_hash);
	assert_true(text_equal(again.line, direct.line));
}

/* The source of the hello is a name of the ledger as well. */
static void test_the_source_of_the_hello_has_its_form(void **state)
{
	struct ledgerkit *kit = *state;
	struct text line = text_of(kit_quotes(LINE("e", "2026-08-01T00:00:00Z", "k")));
	struct ingest_item item;

	prepare(kit, &item, line, INGEST_LINE_WHOLE, (int64_t)line.len, CREDENTIAL_DETECT,
	        KIT_NOW_MS);
	assert_false(item.refused);
	assert_true(holds(item.event.source, "gw sk-or-v1~hmac:"));
	/* Nothing in it: the line is the sender's own bytes. */
	assert_ptr_equal(item.line.at, line.at);
}

/* A form is shorter or longer than what it stands for; what was cut still counts as cut. */
static void test_a_line_that_was_cut_still_is(void **state)
{
	struct ledgerkit *kit = *state;
	struct text line = text_of("{\"key\":\"sk-12345\",\"x\":\"");
	struct ingest_item item;

	prepare(kit, &item, line, INGEST_LINE_TOO_LONG, 5000, CREDENTIAL_DETECT, KIT_NOW_MS);
	assert_int_equal(item.refusal->reason, REASON_TOO_LONG);
	assert_string_equal(item.refusal->detail, "5000 bytes; the limit is 23");
	assert_true(item.line.len > line.len);
	assert_int_equal(item.length - (int64_t)item.line.len, 5000 - (int64_t)line.len);
	/* Of what is cut off the beginning is hidden. */
	line = text_of("{\"x\":\"sk-aZ3k");
	prepare(kit, &item, line, INGEST_LINE_CUT_OFF, (int64_t)line.len, CREDENTIAL_DETECT,
	        KIT_NOW_MS);
	assert_false(holds(item.line, "aZ3k"));
}

/* Kong's is no member that is named like a key. */
static void test_all_reaches_the_keys_of_envelopes(void **state)
{
	static const char kong[] =
		"{'request':{'id':'k1'},'started_at':1767225600000,'response':{'status':200},"
		"'authenticated_entity':{'id':'entity-1'},'ai':{'proxy':{'usage':"
		"{'prompt_tokens':1},'meta':{'request_model':'m'}}}}";
	struct ledgerkit *kit = *state;
	struct text line = text_of(kit_quotes(kong));
	struct ingest_item item;

	prepare(kit, &item, line, INGEST_LINE_WHOLE, (int64_t)line.len, CREDENTIAL_DETECT,
	        KIT_NOW_MS);
	assert_true(text_is(item.event.key, "entity-1"));
	prepare(kit, &item, line, INGEST_LINE_WHOLE, (int64_t)line.len, CREDENTIAL_ALL, KIT_NOW_MS);
	assert_true(holds(item.event.key, "en~hmac:"));
}

static void test_the_setting_says_what_is_a_credential(void **state)
{
	struct ledgerkit *kit = *state;
	struct text line = text_of(kit_quotes(LINE("e", "2026-08-01T00:00:00Z", "key_7")));
	struct ingest_item item;

	prepare(kit, &item, line, INGEST_LINE_WHOLE, (int64_t)line.len, CREDENTIAL_ALL, KIT_NOW_MS);
	assert_true(holds(item.event.key, "k~hmac:"));
	assert_false(holds(item.line, "key_7"));
	prepare(kit, &item, line, INGEST_LINE_WHOLE, (int64_t)line.len, CREDENTIAL_DETECT,
	        KIT_NOW_MS);
	assert_true(text_is(item.event.key, "key_7"));
	prepare(kit, &item, text_of(kit_quotes(LINE("e", "2026-08-01T00:00:00Z", ROUTER))),
	        INGEST_LINE_WHOLE, 1, CREDENTIAL_PLAIN, KIT_NOW_MS);
	assert_true(text_is(item.event.key, ROUTER));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_line_tried_again_is_the_same_event,
		                                kit_setup, kit_teardown),
		cmocka_unit_test_setup_teardown(test_the_source_of_the_hello_has_its_form,
		                                kit_setup, kit_teardown),
		cmocka_unit_test_setup_teardown(test_a_line_that_was_cut_still_is, kit_setup,
		                                kit_teardown),
		cmocka_unit_test_setup_teardown(test_the_setting_says_what_is_a_credential,
		                                kit_setup, kit_teardown),
		cmocka_unit_test_setup_teardown(test_all_reaches_the_keys_of_envelopes, kit_setup,
		                                kit_teardown),
	};

	return cmocka_run_group_tests_name("ingest_credentials", tests, NULL, NULL);
}
