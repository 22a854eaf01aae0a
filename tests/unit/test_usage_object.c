/* A usage object that is of no event: its counts, what it tells, and what contradicts itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/ledgerkit.h"
#include "usage/object.h"

struct read_object {
	struct json doc;
	struct arena arena;
	struct usage_object object;
	struct event_refusal refusal;
};

static void read_object(struct read_object *r, const char *api, const char *json)
{
	*r = (struct read_object){ .arena = { .first = NULL } };
	assert_int_equal(json_parse(&r->doc, text_of(kit_quotes(json)), NULL), 0);
	assert_int_equal(
		usage_object_read(text_of(api), &r->doc, 0, &r->arena, &r->object, &r->refusal), 0);
}

static void release(struct read_object *r)
{
	arena_release(&r->arena);
	json_release(&r->doc);
}

static uint32_t bits(enum component a, enum component b, enum component c)
{
	return UINT32_C(1) << a | UINT32_C(1) << b | UINT32_C(1) << c;
}

static void test_counts_and_what_is_told(void **state)
{
	struct read_object r;

	(void)state;
	read_object(&r, "openai.chat",
	            "{'prompt_tokens':10,'completion_tokens':3,'total_tokens':13,"
	            "'prompt_tokens_details':{'cached_tokens':4}}");
	assert_int_equal(r.refusal.reason, REASON_NONE);
	assert_int_equal(r.object.usage.count[COMPONENT_INPUT], 6);
	assert_int_equal(r.object.usage.count[COMPONENT_CACHE_READ], 4);
	assert_int_equal(r.object.usage.count[COMPONENT_OUTPUT], 3);
	assert_int_equal(r.object.told,
	                 bits(COMPONENT_INPUT, COMPONENT_CACHE_READ, COMPONENT_OUTPUT));
	assert_int_equal(r.object.reading_count, 0);
	release(&r);
	/* A 0 is told; of what is not there nothing is. */
	read_object(&r, "openai.chat",
	            "{'prompt_tokens':0,'completion_tokens_details':{'reasoning_tokens':0}}");
	assert_int_equal(r.object.told,
	                 bits(COMPONENT_INPUT, COMPONENT_INPUT, COMPONENT_REASONING));
	release(&r);
	/* All that is there is the total: it is the input. */
	read_object(&r, "openai.embeddings", "{'total_tokens':17}");
	assert_int_equal(r.object.usage.count[COMPONENT_INPUT], 17);
	assert_int_equal(r.object.told, bits(COMPONENT_INPUT, COMPONENT_INPUT, COMPONENT_INPUT));
	release(&r);
}

static void test_what_contradicts_itself(void **state)
{
	struct read_object r;

	(void)state;
	read_object(&r, "openrouter.chat",
	            "{'prompt_tokens':43,'completion_tokens':10,'total_tokens':53,"
	            "'completion_tokens_details':{'reasoning_tokens':11}}");
	assert_int_equal(r.refusal.reason, REASON_NONE);
	assert_true(r.object.reading_count > 1);
	assert_non_null(r.object.contradiction.at);
	release(&r);
	read_object(&r, "openai.chat", "{'prompt_tokens':-1}");
	assert_int_not_equal(r.refusal.reason, REASON_NONE);
	assert_non_null(strstr(r.refusal.detail, "prompt_tokens"));
	release(&r);
	read_object(&r, "openai.chat", "{'prompt_tokens':1,'new_tokens':2}");
	assert_true(text_is(r.object.unknown_path, "new_tokens"));
	release(&r);
	read_object(&r, "openai.chat", "{}");
	assert_int_equal(r.refusal.reason, REASON_MISSING);
	release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts_and_what_is_told),
		cmocka_unit_test(test_what_contradicts_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
