/*
 * Catalogues with one value put in place of another, again and again: whatever they say, an
 * importer refuses them or makes a book that is one, and every value is counted once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "catalogue/catalogue.h"

enum { ROUNDS = 4000, PLACES_MAX = 512 };

static const struct {
	const char *catalogue, *json;
} bases[] = {
#define BASE(catalogue, json) { catalogue, json },
#include "tests/support/import_bases.def"
#undef BASE
};

/* What may stand in place of a value. */
static const char *const others[] = {
	"null",
	"true",
	"false",
	"0",
	"-1",
	"1.5",
	"1e-30",
	"1e400",
	"0.0000001",
	"1e-18",
	"2000",
	"1000000",
	"\"\"",
	"\"x\"",
	"\"0\"",
	"\"-1\"",
	"\"1e-7\"",
	"\"0.5\"",
	"[]",
	"{}",
	"[1]",
	"[[]]",
	"{\"a\":1}",
	"\"2.4\"",
	"\"NaN\"",
	"300",
	"2400",
	"99999999999999999999",
	"\"a-word-that-is-longer-than-a-kind-may-be\"",
	"\"a\\u0001b\"",
	"\"\\u00e9\"",
	"[{\"prompt\":\"1\"}]",
	"{\"equals\":\"hd\"}",
	"{\"gte\":5}",
	"[null]",
	"\"m\"",
	"\"token\"",
	"\"second\"",
	"\"us\"",
	"1.000000000001",
	"0.000000000000000001",
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static uint64_t state_of_chance = 41;

static size_t chance(size_t below)
{
	state_of_chance = hash64(&state_of_chance, sizeof(state_of_chance), 7);
	return (size_t)(state_of_chance % below);
}

/* Where values of the text begin and end; keys are none. */
static size_t places(const struct json *doc, struct text json, struct text out[PLACES_MAX])
{
	size_t count = 0;

	for (uint32_t i = 1; i < doc->count && count < PLACES_MAX; i++) {
		struct json_node *node = &doc->nodes[i];
		const char *at = json.at + node->position;
		size_t len;

		if (node->type == JSON_NUMBER)
			len = node->text.len;
		else if (node->type == JSON_STRING && at[node->text.len + 2] != ':')
			len = node->text.len + 2;
		else if (node->type == JSON_TRUE || node->type == JSON_NULL)
			len = 4;
		else
			continue;
		out[count++] = (struct text){ at, len };
	}
	return count;
}

static void mutate(const char *name, struct text json, struct buf *out)
{
	struct text place[PLACES_MAX];
	struct json doc = { .nodes = NULL };
	size_t at, end;

	assert_int_equal(json_parse(&doc, json, NULL), 0);
	at = places(&doc, json, place);
	if (at == 0)
		fail_msg("%s: no value", name);
	at = chance(at);
	end = (size_t)(place[at].at - json.at) + place[at].len;
	buf_clear(out);
	buf_add(out, json.at, (size_t)(place[at].at - json.at));
	buf_add_cstr(out, others[chance(COUNT(others))]);
	buf_add(out, json.at + end, json.len - end);
	json_release(&doc);
}

/* true: it was read. */
static bool check(const char *name, struct text json)
{
	const struct catalogue_options options = { .zero_is_free = chance(2) == 1 };
	struct catalogue_import in;
	struct fault fault = { .code = FAULT_NONE };
	int r = catalogue_import(&in, catalogue_find(text_of(name)), json, &options, &fault);

	if (r < 0 && r != -FAULT_INVALID && r != -FAULT_SYNTAX)
		fail_msg("%s: %s\n%.*s", name, fault.text, TEXT_ARGS(json));
	if (r == 0) {
		size_t sum = 0;

		for (size_t i = 0; i < TALLY_KINDS; i++)
			sum += in.counts.of[i];
		assert_int_equal(sum, in.counts.seen);
	}
	catalogue_import_release(&in);
	return r == 0;
}

static void test_whatever_is_said_the_book_is_one(void **state)
{
	struct buf one = { .at = NULL }, two = { .at = NULL };

	(void)state;
	for (size_t b = 0; b < COUNT(bases); b++) {
		int read = 0;

		assert_true(check(bases[b].catalogue, text_of(bases[b].json)));
		for (int round = 0; round < ROUNDS; round++) {
			mutate(bases[b].catalogue, text_of(bases[b].json), &one);
			mutate(bases[b].catalogue, buf_text(&one), &two);
			read += check(bases[b].catalogue, buf_text(&two));
		}
		/* Both happen: a damaged value seldom makes another catalogue of it. */
		assert_in_range(read, ROUNDS / 2, ROUNDS - 1);
	}
	buf_release(&one);
	buf_release(&two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whatever_is_said_the_book_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
