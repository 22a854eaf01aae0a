#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"
#include "tests/support/fixture.h"
#include "tests/support/oracle.h"

enum { DIFFERENTIAL_RUNS = 30000, DOCUMENT_BYTES_MAX = 1024 };

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))
/* A literal with its length, so that it can hold a NUL. */
#define BYTES(literal)                                                                             \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}

static const struct {
	const char *label;
	struct text text;
	enum json_error error;
	size_t position;
} refused[] = {
	{ "nothing", BYTES(""), JSON_BAD_SYNTAX, 0 },
	{ "blanks alone", BYTES(" \t\r\n"), JSON_BAD_SYNTAX, 4 },
	{ "byte order mark", BYTES("\xef\xbb\xbf{}"), JSON_BAD_SYNTAX, 0 },
	{ "two values", BYTES("1 2"), JSON_BAD_SYNTAX, 2 },
	{ "garbage behind", BYTES("{}x"), JSON_BAD_SYNTAX, 2 },
	{ "NUL behind", BYTES("{}\0"), JSON_BAD_SYNTAX, 2 },
	{ "NUL in a string", BYTES("[\"a\0b\"]"), JSON_BAD_SYNTAX, 3 },
	{ "newline in a string", BYTES("[\"a\nb\"]"), JSON_BAD_SYNTAX, 3 },
	{ "open object", BYTES("{"), JSON_BAD_SYNTAX, 1 },
	{ "open array", BYTES("[1"), JSON_BAD_SYNTAX, 2 },
	{ "open string", BYTES("\"abc"), JSON_BAD_SYNTAX, 4 },
	{ "string ends in a backslash", BYTES("\"abc\\"), JSON_BAD_SYNTAX, 4 },
	{ "comma at the end of an array", BYTES("[1,]"), JSON_BAD_SYNTAX, 3 },
	{ "comma at the end of an object", BYTES("{\"a\":1,}"), JSON_BAD_SYNTAX, 7 },
	{ "comma first", BYTES("[,1]"), JSON_BAD_SYNTAX, 1 },
	{ "no comma", BYTES("[1 2]"), JSON_BAD_SYNTAX, 3 },
	{ "no colon", BYTES("{\"a\" 1}"), JSON_BAD_SYNTAX, 5 },
	{ "no value", BYTES("{\"a\":}"), JSON_BAD_SYNTAX, 5 },
	{ "a key that is no string", BYTES("{1:1}"), JSON_BAD_SYNTAX, 1 },
	{ "wrong bracket", BYTES("[1}"), JSON_BAD_SYNTAX, 2 },
	{ "single quotes", BYTES("{'a':1}"), JSON_BAD_SYNTAX, 1 },
	{ "comment", BYTES("[1 /* one */]"), JSON_BAD_SYNTAX, 3 },
	{ "True", BYTES("True"), JSON_BAD_SYNTAX, 0 },
	{ "truth", BYTES("truth"), JSON_BAD_SYNTAX, 0 },
	{ "nul", BYTES("nul"), JSON_BAD_SYNTAX, 0 },
	{ "NaN", BYTES("NaN"), JSON_BAD_SYNTAX, 0 },
	{ "Infinity", BYTES("-Infinity"), JSON_BAD_SYNTAX, 0 },
	{ "+1", BYTES("+1"), JSON_BAD_SYNTAX, 0 },
	{ "-", BYTES("-"), JSON_BAD_SYNTAX, 0 },
	{ "01", BYTES("01"), JSON_BAD_SYNTAX, 0 },
	{ "-01", BYTES("-01"), JSON_BAD_SYNTAX, 0 },
	{ "1.", BYTES("1."), JSON_BAD_SYNTAX, 0 },
	{ ".5", BYTES(".5"), JSON_BAD_SYNTAX, 0 },
	{ "1e", BYTES("1e"), JSON_BAD_SYNTAX, 0 },
	{ "1e+", BYTES("1e+"), JSON_BAD_SYNTAX, 0 },
	{ "0x10", BYTES("0x10"), JSON_BAD_SYNTAX, 1 },
	{ "1_000", BYTES("1_000"), JSON_BAD_SYNTAX, 1 },
	{ "unknown escape", BYTES("\"\\x\""), JSON_BAD_SYNTAX, 1 },
	{ "three hexadecimal digits", BYTES("\"\\u12\""), JSON_BAD_SYNTAX, 1 },
	{ "\\u0000", BYTES("\"a\\u0000\""), JSON_BAD_SYNTAX, 2 },
	{ "lone high surrogate", BYTES("\"\\ud800\""), JSON_BAD_SYNTAX, 1 },
	{ "lone low surrogate", BYTES("\"\\udc00\""), JSON_BAD_SYNTAX, 1 },
	{ "the last low surrogate alone", BYTES("\"\\udfff\""), JSON_BAD_SYNTAX, 1 },
	{ "high surrogate twice", BYTES("\"\\ud800\\ud800\""), JSON_BAD_SYNTAX, 1 },
	{ "high surrogate, then text", BYTES("\"\\ud800abcdef\""), JSON_BAD_SYNTAX, 1 },
	{ "byte ff", BYTES("[\"\xff\"]"), JSON_BAD_UTF8, 1 },
	{ "lone continuation", BYTES("[\"a\x80\"]"), JSON_BAD_UTF8, 1 },
	{ "cut sequence", BYTES("[\"\xe2\x82\"]"), JSON_BAD_UTF8, 1 },
	{ "overlong slash", BYTES("[\"\xc0\xaf\"]"), JSON_BAD_UTF8, 1 },
	{ "overlong in three", BYTES("[\"\xe0\x9f\xbf\"]"), JSON_BAD_UTF8, 1 },
	{ "overlong in four", BYTES("[\"\xf0\x8f\xbf\xbf\"]"), JSON_BAD_UTF8, 1 },
	{ "surrogate in bytes", BYTES("[\"\xed\xa0\x80\"]"), JSON_BAD_UTF8, 1 },
	{ "above U+10FFFF", BYTES("[\"\xf4\x90\x80\x80\"]"), JSON_BAD_UTF8, 1 },
	{ "not UTF-8 in a key", BYTES("{\"\xff\":1}"), JSON_BAD_UTF8, 1 },
	{ "not UTF-8 behind a backslash", BYTES("\"12345678\\\xff\""), JSON_BAD_UTF8, 0 },
	{ "a continuation behind a backslash", BYTES("\"\\\x80\""), JSON_BAD_UTF8, 0 },
	{ "eight continuations", BYTES("\"\x80\x81\x82\x83\x84\x85\x86\x87\""), JSON_BAD_UTF8, 0 },
	{ "a bad byte behind eight plain ones", BYTES("\"12345678\x9f\""), JSON_BAD_UTF8, 0 },
	{ "the same key twice", BYTES("{\"a\":1,\"b\":2,\"a\":3}"), JSON_BAD_DUPLICATE, 13 },
	{ "the same key, escaped", BYTES("{\"a\":1,\"\\u0061\":2}"), JSON_BAD_DUPLICATE, 7 },
	{ "the same key deeper", BYTES("[{\"x\":{\"a\":1,\"a\":1}}]"), JSON_BAD_DUPLICATE, 13 },
	{ "the empty key twice", BYTES("{\"\":1,\"\":1}"), JSON_BAD_DUPLICATE, 6 },
};

static void test_what_is_no_json_is_refused_with_its_reason(void **state)
{
	struct json doc = { .nodes = NULL };

	(void)state;
	for (size_t i = 0; i < ROWS(refused); i++) {
		struct fault fault = { .code = FAULT_NONE };
		int r = json_parse(&doc, refused[i].text, &fault);

		if (r != -FAULT_SYNTAX || fault.code != FAULT_SYNTAX ||
		    doc.error != refused[i].error || doc.error_position != refused[i].position ||
		    fault.text[0] == '\0')
			fail_msg("%s: gave %d, error %d at %zu (%s)", refused[i].label, r,
			         (int)doc.error, doc.error_position, fault.text);
		/* A refused text leaves nothing that could be read. */
		assert_int_equal(json_type_of(&doc, 0), JSON_NULL);
	}
	json_release(&doc);
}

/* Cut anywhere: the members that stand before the cut, each as it is in the whole text. */
static void test_what_was_read_before_a_fault_can_be_had(void **state)
{
	static const char whole[] = "{\"a\":7,\"b\":[1,{\"x\":2}],\"c\":\"d\\u0065\",\"f\":{}}";
	static const char *const keys[] = { "a", "b", "c", "f" };
	static const size_t ends[] = { 6, 22, 36, 43 }; /* where the value of each is whole */
	struct json all = { .nodes = NULL }, doc = { .nodes = NULL };

	(void)state;
	assert_int_equal(sizeof(whole) - 1, 44);
	assert_int_equal(json_parse(&all, text_of(whole), NULL), 0);
	for (size_t cut = 0; cut < sizeof(whole) - 1; cut++) {
		bool any = cut >= ends[0];

		assert_int_equal(json_parse(&doc, (struct text){ whole, cut }, NULL),
		                 -FAULT_SYNTAX);
		if (json_salvage(&doc) != any)
			fail_msg("cut at %zu", cut);
		for (size_t k = 0; k < ROWS(keys); k++) {
			uint32_t there = json_member(&doc, 0, keys[k]);

			if ((there != JSON_NONE) != (cut >= ends[k]))
				fail_msg("cut at %zu: %s", cut, keys[k]);
			if (there != JSON_NONE)
				assert_true(json_hash(&doc, there) ==
				            json_hash(&all, json_member(&all, 0, keys[k])));
		}
	}
	assert_int_equal(json_parse(&doc, text_of("{\"a\":1,\"b\":2,\"a\":3}"), NULL),
	                 -FAULT_SYNTAX);
	assert_true(json_salvage(&doc));
	assert_int_equal(doc.nodes[0].count, 3);
	/* Nothing of an earlier text is left. */
	assert_int_equal(json_parse(&doc, text_of(""), NULL), -FAULT_SYNTAX);
	assert_false(json_salvage(&doc));
	json_release(&doc);
	json_release(&all);
}

static void test_every_kind_of_value_is_read(void **state)
{
	static const char text[] =
		" { \"s\" : \"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\" ,\r\n"
		"\t\"n\":-12.5e+3,\"t\":true,\"f\":false,\"z\":null,"
		"\"a\":[],\"o\":{},\"deep\":[1,[2,{\"k\":[3]}],4] } ";
	struct json doc = { .nodes = NULL };
	uint32_t deep, element;
	int64_t value;

	(void)state;
	assert_int_equal(json_parse(&doc, text_of(text), NULL), 0);
	assert_int_equal(json_type_of(&doc, 0), JSON_OBJECT);
	assert_int_equal(doc.nodes[0].count, 8);
	assert_true(text_is(json_string(&doc, json_member(&doc, 0, "s")),
	                    "a\"\\/\b\f\n\r\t\xc3\xa9\xf0\x9f\x98\x80"));
	assert_int_equal(json_type_of(&doc, json_member(&doc, 0, "n")), JSON_NUMBER);
	assert_true(text_is(doc.nodes[json_member(&doc, 0, "n")].text, "-12.5e+3"));
	assert_int_equal(json_type_of(&doc, json_member(&doc, 0, "t")), JSON_TRUE);
	assert_int_equal(json_type_of(&doc, json_member(&doc, 0, "f")), JSON_FALSE);
	assert_int_equal(json_type_of(&doc, json_member(&doc, 0, "z")), JSON_NULL);
	assert_int_equal(json_first(&doc, json_member(&doc, 0, "a")), JSON_NONE);
	assert_int_equal(json_first(&doc, json_member(&doc, 0, "o")), JSON_NONE);

	deep = json_member(&doc, 0, "deep");
	assert_int_equal(doc.nodes[deep].count, 3);
	element = json_next(&doc, deep, json_next(&doc, deep, json_first(&doc, deep)));
	assert_true(json_integer(&doc, element, &value));
	assert_int_equal(value, 4);
	assert_int_equal(json_next(&doc, deep, element), JSON_NONE);
	json_release(&doc);
}

static void test_escapes_become_the_characters_they_name(void **state)
{
	static const struct {
		const char *json, *text;
	} rows[] = {
		{ "\"\\u0001\"", "\x01" },
		{ "\"\\u007f\"", "\x7f" },
		{ "\"\\u0080\"", "\xc2\x80" },
		{ "\"\\u07FF\"", "\xdf\xbf" },
		{ "\"\\u0800\"", "\xe0\xa0\x80" },
		{ "\"\\ud7ff\"", "\xed\x9f\xbf" },
		{ "\"\\ue000\"", "\xee\x80\x80" },
		{ "\"\\uFfFf\"", "\xef\xbf\xbf" },
		{ "\"\\ud800\\udc00\"", "\xf0\x90\x80\x80" },
		{ "\"\\uDBFF\\uDFFF\"", "\xf4\x8f\xbf\xbf" },
	};
	struct json doc = { .nodes = NULL };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		assert_int_equal(json_parse(&doc, text_of(rows[i].json), NULL), 0);
		if (!text_is(json_string(&doc, 0), rows[i].text))
			fail_msg("%s", rows[i].json);
	}
	json_release(&doc);
}

static void test_a_lookup_in_nothing_gives_nothing(void **state)
{
	struct json doc = { .nodes = NULL };
	int64_t value;

	(void)state;
	assert_int_equal(json_parse(&doc, text_of("{\"a\":[1]}"), NULL), 0);
	assert_int_equal(json_member(&doc, 0, "b"), JSON_NONE);
	assert_int_equal(json_member(&doc, JSON_NONE, "b"), JSON_NONE);
	assert_int_equal(json_member(&doc, json_member(&doc, 0, "a"), "b"), JSON_NONE);
	assert_int_equal(json_first(&doc, JSON_NONE), JSON_NONE);
	assert_int_equal(json_first(&doc, doc.count), JSON_NONE);
	assert_int_equal(json_type_of(&doc, doc.count), JSON_NULL);
	assert_int_equal(json_type_of(&doc, JSON_NONE), JSON_NULL);
	assert_null(json_string(&doc, JSON_NONE).at);
	assert_false(json_integer(&doc, JSON_NONE, &value));
	assert_false(json_nonzero_number(&doc, JSON_NONE));
	json_release(&doc);
	json_release(NULL);
}

/* `levels` containers inside each other: every second one an object. */
static void put_nested(struct buf *out, unsigned levels)
{
	for (unsigned i = 0; i < levels; i++)
		buf_add_cstr(out, i % 2 == 0 ? "[" : "{\"k\":");
	buf_add_cstr(out, "1");
	for (unsigned i = levels; i > 0; i--)
		buf_add_cstr(out, i % 2 == 1 ? "]" : "}");
}

static void test_64_levels_are_read_and_65_are_not(void **state)
{
	static const struct {
		unsigned levels;
		bool good;
	} rows[] = { { 1, true },   { 63, true },   { 64, true },
		     { 65, false }, { 100, false }, { 100000, false } };
	struct json doc = { .nodes = NULL };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct buf text = { .at = NULL };
		int r;

		put_nested(&text, rows[i].levels);
		r = json_parse(&doc, buf_text(&text), NULL);
		if (rows[i].good ? r != 0 : (r != -FAULT_SYNTAX || doc.error != JSON_BAD_DEPTH))
			fail_msg("%u levels gave %d", rows[i].levels, r);
		buf_release(&text);
	}
	json_release(&doc);
}

static void test_duplicates_are_found_among_many_keys(void **state)
{
	/* Both ways of looking, on either side of where one gives way to the other. */
	static const int counts[] = { 2, 15, 16, 17, 18, 500 };
	struct json doc = { .nodes = NULL };

	(void)state;
	for (size_t i = 0; i < ROWS(counts); i++) {
		for (int again = -1; again < counts[i] - 1; again += counts[i] / 2) {
			struct buf text = { .at = NULL };
			int r;

			buf_add_cstr(&text, "{");
			for (int k = 0; k < counts[i]; k++)
				buf_addf(&text, "%s\"k%d\":{\"k0\":[%d]}", k > 0 ? "," : "",
				         k == counts[i] - 1 && again >= 0 ? again : k, k);
			buf_add_cstr(&text, "}");
			r = json_parse(&doc, buf_text(&text), NULL);
			if (again < 0 ? r != 0 : doc.error != JSON_BAD_DUPLICATE)
				fail_msg("%d keys, the last one as number %d: %d", counts[i], again,
				         r);
			buf_release(&text);
		}
	}
	json_release(&doc);
}

static void test_a_fault_names_line_and_column(void **state)
{
	struct json doc = { .nodes = NULL };
	struct fault fault;

	(void)state;
	assert_int_equal(json_parse(&doc, text_of("{\n\"a\": 1,\n  \"b\": x\n}"), &fault),
	                 -FAULT_SYNTAX);
	assert_string_equal(fault.text, "line 3, column 8: this is not JSON");
	assert_int_equal(json_line(text_of("a\nb\nc"), 0), 1);
	assert_int_equal(json_line(text_of("a\nb\nc"), 2), 2);
	assert_int_equal(json_line(text_of("a\nb\nc"), 99), 3);
	json_release(&doc);
}

static void test_only_plain_integers_are_integers(void **state)
{
	static const struct {
		const char *text;
		bool integer, nonzero;
		int64_t value;
	} rows[] = {
		{ "0", true, false, 0 },
		{ "-0", true, false, 0 },
		{ "7", true, true, 7 },
		{ "-7", true, true, -7 },
		{ "9007199254740993", true, true, INT64_C(9007199254740993) },
		{ "9223372036854775807", true, true, INT64_MAX },
		{ "9223372036854775808", false, true, 0 },
		{ "-9223372036854775808", true, true, INT64_MIN },
		{ "-9223372036854775809", false, true, 0 },
		{ "1.0", false, true, 0 },
		{ "0.0", false, false, 0 },
		{ "0e9", false, false, 0 },
		{ "0.001", false, true, 0 },
		{ "1e3", false, true, 0 },
		{ "1E-400", false, true, 0 },
		{ "\"7\"", false, false, 0 },
		{ "true", false, false, 0 },
		{ "[7]", false, false, 0 },
	};
	struct json doc = { .nodes = NULL };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		int64_t value = 0;

		assert_int_equal(json_parse(&doc, text_of(rows[i].text), NULL), 0);
		if (json_integer(&doc, 0, &value) != rows[i].integer || value != rows[i].value ||
		    json_nonzero_number(&doc, 0) != rows[i].nonzero)
			fail_msg("%s: integer %lld", rows[i].text, (long long)value);
	}
	json_release(&doc);
}

static uint64_t hash_of(const char *text)
{
	struct json doc = { .nodes = NULL };
	uint64_t hash;

	assert_int_equal(json_parse(&doc, text_of(text), NULL), 0);
	hash = json_hash(&doc, 0);
	json_release(&doc);
	return hash;
}

static void test_a_value_is_written_as_it_was(void **state)
{
	static const char whole[] =
		"{\"a\":[1.50,-0,1e400,null,true,false,{},[]],\"b\\n\":{\"c\":\"\\\"\xc3\xa9\"}}";
	struct json doc = { .nodes = NULL };
	struct buf out = { .at = NULL };

	(void)state;
	assert_int_equal(json_parse(&doc, text_of(whole), NULL), 0);
	assert_true(json_write(&doc, 0, 3, &out));
	assert_string_equal(out.at, whole);
	buf_clear(&out);
	assert_true(json_write(&doc, json_member(&doc, 0, "b\n"), 2, &out));
	assert_string_equal(out.at, "{\"c\":\"\\\"\xc3\xa9\"}");
	assert_false(json_write(&doc, 0, 2, &out));
	buf_release(&out);
	json_release(&doc);
}

static void test_hash_does_not_see_member_order_blanks_and_escapes(void **state)
{
	static const char *const same[][2] = {
		{ "{\"a\":1,\"b\":[1,2],\"c\":null}",
		  " { \"c\" : null,\n\"b\":[ 1 , 2 ],\"a\":1 } " },
		{ "{\"x\":{\"p\":1,\"q\":2},\"y\":0}", "{\"y\":0,\"x\":{\"q\":2,\"p\":1}}" },
		{ "\"a\\u0062c\\/\"", "\"abc/\"" },
		/* A null says as much as leaving a member out; in an array it has its place. */
		{ "{\"a\":1,\"n\":null}", "{\"a\":1}" },
		{ "{\"x\":{\"n\":null}}", "{\"x\":{}}" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(same); i++) {
		if (hash_of(same[i][0]) != hash_of(same[i][1]))
			fail_msg("%s and %s differ", same[i][0], same[i][1]);
	}
}

static void test_hash_sees_everything_else(void **state)
{
	static const char *const different[] = {
		"null",
		"true",
		"false",
		"0",
		"1",
		"-1",
		"1.0",
		"\"1\"",
		"\"\"",
		"\"null\"",
		"[]",
		"{}",
		"[0]",
		"[1]",
		"[1,1]",
		"[1,2]",
		"[2,1]",
		"[[1],2]",
		"[1,[2]]",
		"[[]]",
		"[[],[]]",
		"[{}]",
		"{\"a\":1}",
		"{\"a\":2}",
		"{\"b\":1}",
		"{\"a\":\"1\"}",
		"{\"a\":[1]}",
		"[null,null]",
		"{\"a\":1,\"b\":2}",
		"{\"a\":2,\"b\":1}",
		"{\"a\":{\"b\":2}}",
		"{\"a\":{},\"b\":2}",
		"{\"ab\":2}",
		"[\"a\",\"b\"]",
		"[\"ab\"]",
		"[\"a\\nb\"]",
		"[null]",
		"[false]",
	};

	(void)state;
	for (size_t i = 0; i < ROWS(different); i++) {
		for (size_t j = 0; j < i; j++) {
			if (hash_of(different[i]) == hash_of(different[j]))
				fail_msg("%s and %s are the same", different[i], different[j]);
		}
	}
}

/* As of hash64: the values are in ledgers. */
static void test_hash_gives_what_ledgers_hold(void **state)
{
	static const struct {
		const char *text;
		uint64_t hash;
	} rows[] = {
		{ "null", UINT64_C(0x225ef4eee960f485) },
		{ "true", UINT64_C(0x7fc98871e8dbfcac) },
		{ "-17", UINT64_C(0x7e6f0afa3b078d5d) },
		{ "\"a\"", UINT64_C(0x9ec638f449fc333e) },
		{ "[]", UINT64_C(0xc2c4b05ad4705919) },
		{ "[1,[2]]", UINT64_C(0xe2de3d3b4e78378e) },
		{ "{}", UINT64_C(0x538454127b096497) },
		{ "{\"a\":{\"b\":[1.5,null]},\"c\":\"d\"}", UINT64_C(0xc393564c966f7bc4) },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		if (hash_of(rows[i].text) != rows[i].hash)
			fail_msg("%s", rows[i].text);
	}
}

/* A document of every construct, as deep as chance has it. */
static void put_random(struct buf *out, unsigned level, uint64_t *random)
{
	static const char *const scalars[] = {
		"null",
		"true",
		"false",
		"0",
		"-0",
		"1",
		"-17",
		"123456789012345678",
		"1.5",
		"-2.25e-3",
		"1e2",
		"9223372036854775807",
		"-9223372036854775808",
		"\"\"",
		"\"plain\"",
		"\"a longer text, to pass the eight bytes\"",
		"\"\\u00e9\\n\\\"\\\\\"",
		"\"\\ud83d\\ude00\"",
		"\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"",
		"\"\x7f\"",
	};
	size_t kind = fixture_below(random, level < 5 ? 4 : 2), count;

	if (kind < 2) {
		buf_add_cstr(out, scalars[fixture_below(random, ROWS(scalars))]);
		return;
	}
	count = fixture_below(random, level == 0 ? 24 : 4);
	buf_add_cstr(out, kind == 2 ? "[" : "{");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_cstr(out, fixture_below(random, 4) > 0 ? "," : " ,\n");
		if (kind == 3)
			buf_addf(out, "\"k%zu\":", i);
		put_random(out, level + 1, random);
	}
	buf_add_cstr(out, kind == 2 ? "]" : "}");
}

/* A value as oracle_read() writes it. */
static void put_ours(struct buf *out, const struct json *doc, uint32_t node)
{
	static const char *const words[] = {
		[JSON_NULL] = "n", [JSON_TRUE] = "t", [JSON_FALSE] = "f"
	};
	enum json_type type = json_type_of(doc, node);
	struct text text = doc->nodes[node].text;
	char digits[DOCUMENT_BYTES_MAX + 1]; /* ended, as strtod() needs it */
	int64_t integer;

	switch (type) {
	case JSON_STRING:
		buf_addf(out, "<%zu:", text.len);
		buf_add_text(out, text);
		buf_add_cstr(out, ">");
		break;
	case JSON_NUMBER:
		text_copy(digits, sizeof(digits), text);
		if (json_integer(doc, node, &integer))
			buf_addf(out, "i%lld", (long long)integer);
		else
			buf_addf(out, "r%.17g", strtod(digits, NULL));
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		buf_add_cstr(out, type == JSON_ARRAY ? "[" : "{");
		for (uint32_t c = json_first(doc, node); c != JSON_NONE;
		     c = json_next(doc, node, c)) {
			put_ours(out, doc, c);
			if (type == JSON_OBJECT)
				put_ours(out, doc, c + 1);
		}
		buf_add_cstr(out, type == JSON_ARRAY ? "]" : "}");
		break;
	default:
		buf_add_cstr(out, words[type]);
	}
}

/*
 * Where the two may differ: we hold less depth, keep numbers as they are written, and do
 * not pass over a NUL (jansson 2.14 loses one that stands directly behind a number).
 */
static bool stated_difference(const struct json *doc, struct text text, int ours,
                              enum oracle_verdict theirs)
{
	if (ours == 0)
		return theirs == ORACLE_OVERFLOW;
	if (doc->error == JSON_BAD_DEPTH)
		return true;
	return doc->error_position < text.len && text.at[doc->error_position] == '\0';
}

struct tally {
	unsigned accepted, refused, apart;
};

static void compare(struct json *doc, struct text document, struct tally *tally)
{
	struct buf theirs = { .at = NULL }, why = { .at = NULL }, ours = { .at = NULL };
	/* Exactly as long, so that the address sanitizer sees a byte too far. */
	char *copy = malloc(document.len + (document.len == 0));
	struct text text = { copy, document.len };
	enum oracle_verdict verdict;
	int r;

	assert_non_null(copy);
	memcpy(copy, document.at, document.len);
	verdict = oracle_read(text, &theirs, &why);
	r = json_parse(doc, text, NULL);

	if ((r == 0) != (verdict == ORACLE_ACCEPTED)) {
		if (!stated_difference(doc, text, r, verdict))

			fail_msg("ours %d (error %d at %zu), jansson \"%s\":\n%.*s", r,
			         (int)doc->error, doc->error_position, why.at, TEXT_ARGS(text));
		tally->apart++;
	} else if (r == 0) {
		put_ours(&ours, doc, 0);
		if (!text_equal(buf_text(&ours), buf_text(&theirs)))
			fail_msg("ours %s\njansson %s\n%.*s", ours.at, theirs.at, TEXT_ARGS(text));
		tally->accepted++;
	} else {
		tally->refused++;
	}
	buf_release(&theirs);
	buf_release(&why);
	buf_release(&ours);
	free(copy);
}

static void test_jansson_reads_the_same(void **state)
{
	uint64_t random = fixture_seed("json", 20261122);
	struct json doc = { .nodes = NULL };
	struct buf text = { .at = NULL };
	struct tally tally = { 0, 0, 0 };

	(void)state;
	for (unsigned run = 0; run < DIFFERENTIAL_RUNS; run++) {
		buf_clear(&text);
		put_random(&text, 0, &random);
		if (text.len > DOCUMENT_BYTES_MAX)
			text.len = DOCUMENT_BYTES_MAX;
		if (run % 2 != 0)
			fixture_mutate(&text, DOCUMENT_BYTES_MAX, &random);
		compare(&doc, buf_text(&text), &tally);
	}
	printf("json: %u accepted by both, %u refused by both, %u apart as stated\n",
	       tally.accepted, tally.refused, tally.apart);
	/* Else the comparison proves nothing. */
	assert_true(tally.accepted > DIFFERENTIAL_RUNS / 5 &&
	            tally.refused > DIFFERENTIAL_RUNS / 5);
	buf_release(&text);
	json_release(&doc);
}

static void test_memory_of_a_large_text_is_given_back(void **state)
{
	struct json doc = { .nodes = NULL };
	struct buf text = { .at = NULL };

	(void)state;
	buf_add_cstr(&text, "[0");
	for (int i = 0; i < 200000; i++)
		buf_add_cstr(&text, ",0");
	buf_add_cstr(&text, "]");
	assert_int_equal(json_parse(&doc, buf_text(&text), NULL), 0);
	assert_int_equal(doc.nodes[0].count, 200001);
	assert_int_equal(json_parse(&doc, text_of("[]"), NULL), 0);
	assert_true(doc.cap < 1024);
	buf_release(&text);
	json_release(&doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_no_json_is_refused_with_its_reason),
		cmocka_unit_test(test_what_was_read_before_a_fault_can_be_had),
		cmocka_unit_test(test_every_kind_of_value_is_read),
		cmocka_unit_test(test_escapes_become_the_characters_they_name),
		cmocka_unit_test(test_a_lookup_in_nothing_gives_nothing),
		cmocka_unit_test(test_64_levels_are_read_and_65_are_not),
		cmocka_unit_test(test_duplicates_are_found_among_many_keys),
		cmocka_unit_test(test_a_fault_names_line_and_column),
		cmocka_unit_test(test_only_plain_integers_are_integers),
		cmocka_unit_test(test_a_value_is_written_as_it_was),
		cmocka_unit_test(test_hash_does_not_see_member_order_blanks_and_escapes),
		cmocka_unit_test(test_hash_sees_everything_else),
		cmocka_unit_test(test_hash_gives_what_ledgers_hold),
		cmocka_unit_test(test_jansson_reads_the_same),
		cmocka_unit_test(test_memory_of_a_large_text_is_given_back),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
