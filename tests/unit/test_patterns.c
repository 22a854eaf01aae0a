#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "price/book.h"
#include "price/patterns_internal.h"
#include "tests/support/fixture.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

enum {
	PAIRS = 200000,
	NAMES_OF_A_SET = 25,
	SET_MAX = 40,
	WORD_BYTES_MAX = 16,
	NAME_BYTES = 4096,
	MANY = 100000,
};

static uint32_t brute_find(const struct text *texts, size_t count, struct text name)
{
	for (size_t i = 0; i < count; i++) {
		if (text_match(texts[i], name))
			return (uint32_t)i;
	}
	return PATTERNS_NONE;
}

static struct patterns *build(const struct text *texts, size_t count)
{
	struct patterns *patterns = NULL;
	struct fault fault = { .code = FAULT_NONE };

	if (patterns_build(&patterns, texts, count, NULL, &fault) < 0)
		fail_msg("%s", fault.text);
	return patterns;
}

/* A word over a and b, sometimes with a character of two bytes, and with stars if asked for. */
static struct text random_word(uint64_t *random, char out[WORD_BYTES_MAX], bool stars)
{
	size_t letters = fixture_below(random, stars ? 8 : 12), len = 0;
	size_t star_in = 2 + fixture_below(random, 6);

	while (letters-- > 0 && len + 2 < WORD_BYTES_MAX) {
		if (stars && fixture_below(random, star_in) == 0) {
			out[len++] = '*';
		} else if (fixture_below(random, 12) == 0) {
			memcpy(out + len, fixture_below(random, 2) == 0 ? "é" : "è", 2);
			len += 2;
		} else {
			out[len++] = fixture_below(random, 3) == 0 ? 'b' : 'a';
		}
	}
	if (stars && (len == 0 || memchr(out, '*', len) == NULL))
		out[len++] = '*';
	return (struct text){ out, len };
}

static void test_any_set_finds_what_text_match_finds_first(void **state)
{
	uint64_t random = fixture_seed("patterns", 20261130);
	size_t matched = 0;

	(void)state;
	for (size_t set = 0; set < PAIRS / NAMES_OF_A_SET; set++) {
		static char words[SET_MAX][WORD_BYTES_MAX];
		struct text texts[SET_MAX];
		size_t count = fixture_below(&random, SET_MAX + 1);
		struct patterns *patterns;

		for (size_t i = 0; i < count; i++)
			texts[i] = random_word(&random, words[i], true);
		patterns = build(texts, count);
		for (size_t n = 0; n < NAMES_OF_A_SET; n++) {
			char word[WORD_BYTES_MAX];
			struct text name = random_word(&random, word, false);
			uint32_t found = patterns_find(patterns, name);
			uint32_t due = brute_find(texts, count, name);

			if (found != due)
				fail_msg("set %zu, name '%.*s': %d is found, not %d ('%.*s')", set,
				         TEXT_ARGS(name), (int)found, (int)due,
				         TEXT_ARGS(due < count ? texts[due] : text_of(NULL)));
			matched += found != PATTERNS_NONE;
		}
		patterns_free(patterns);
	}
	/* Else it would say nothing. */
	assert_in_range(matched, PAIRS / 4, PAIRS - PAIRS / 50);
}

static void test_stars_ends_and_overlaps(void **state)
{
	static const struct {
		const char *label, *patterns[4], *name;
		uint32_t found;
	} rows[] = {
		{ "no pattern", { NULL }, "a", PATTERNS_NONE },
		{ "a star and the empty name", { "*" }, "", 0 },
		{ "two stars and the empty name", { "**" }, "", 0 },
		{ "two stars", { "**" }, "abc", 0 },
		{ "an end and the empty name", { "*a", "a*", "*a*", "a*a*a" }, "", PATTERNS_NONE },
		{ "ends do not overlap", { "a*a" }, "a", PATTERNS_NONE },
		{ "ends touch", { "a*a" }, "aa", 0 },
		{ "the longer end would overlap", { "ab*bc", "ab*c" }, "abc", 1 },
		{ "a run of stars is one", { "a***b" }, "ab", 0 },
		{ "the first of two that are alike", { "a**", "a*" }, "ab", 0 },
		{ "precedence is the caller's: short first", { "a*", "ab*" }, "abc", 0 },
		{ "long first", { "ab*", "a*" }, "abc", 0 },
		{ "the second where the first fails", { "ab*", "a*" }, "ac", 1 },
		{ "the end stands before the beginning", { "*c", "a*" }, "abc", 0 },
		{ "inside stands before both", { "*b*", "*c", "a*" }, "abc", 0 },
		{ "inside, at its edges", { "*ab*" }, "ab", 0 },
		{ "inside, found by what another word fell back to",
		  { "*abc*", "*bd*" },
		  "abd",
		  1 },
		{ "inside, as the end of a longer word", { "*abcd*", "*bc*" }, "abcx", 1 },
		{ "inside behind a beginning may not lie in it",
		  { "ab*b*" },
		  "abc",
		  PATTERNS_NONE },
		{ "inside behind a beginning", { "ab*b*" }, "abcb", 0 },
		{ "two insides in the other order", { "*a*b*" }, "ba", PATTERNS_NONE },
		{ "two insides do not overlap", { "*aba*aba*" }, "ababa", PATTERNS_NONE },
		{ "two insides touch", { "*aba*aba*" }, "abaaba", 0 },
		{ "the end may not lie in the inside", { "*ab*b" }, "ab", PATTERNS_NONE },
		{ "the end behind the inside", { "*ab*b" }, "abb", 0 },
		{ "an inside that begins in itself", { "*aab*c" }, "aaabc", 0 },
		{ "an inside whose front does not come again",
		  { "*aaabb*c" },
		  "aaabaabbc",
		  PATTERNS_NONE },
		{ "a question mark is no star", { "a?*" }, "ab", PATTERNS_NONE },
		{ "UTF-8", { "*é", "mod\xc3\xa8le-*" }, "modèle-é", 0 },
		{ "UTF-8, another character with the same first byte",
		  { "*é", "modè*" },
		  "modèle-è",
		  1 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct text texts[4], name = text_of(rows[i].name);
		struct patterns *patterns;
		size_t count = 0;

		for (; count < ROWS(texts) && rows[i].patterns[count] != NULL; count++)
			texts[count] = text_of(rows[i].patterns[count]);
		patterns = build(texts, count);
		if (patterns_find(patterns, name) != rows[i].found ||
		    brute_find(texts, count, name) != rows[i].found)
			fail_msg("%s: %d is found", rows[i].label,
			         (int)patterns_find(patterns, name));
		patterns_free(patterns);
	}
	patterns_free(NULL);
}

/* What stands around a name in memory is not the name. */
static void test_only_the_name_is_read(void **state)
{
	static const char *const patterns[] = { "*a*xab", "*b*xab*", "xab*b*x", "xa*b", "*abx" };
	const struct text name = { &"xabxab"[1], 2 };

	(void)state;
	for (size_t i = 0; i < ROWS(patterns); i++) {
		struct text text = text_of(patterns[i]);
		struct patterns *made = build(&text, 1);

		assert_int_equal(patterns_find(made, name), PATTERNS_NONE);
		patterns_free(made);
	}
}

static void test_what_was_given_need_not_stay(void **state)
{
	char texts[4][8] = { "ab*", "*ba", "*bb*", "a*c*d" };
	static const char *const names[] = { "abx", "xba", "xbbx", "acxd" };
	struct text given[4];
	struct patterns *patterns;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		given[i] = text_of(texts[i]);
	patterns = build(given, 4);
	memset(texts, 'x', sizeof(texts));
	memset(given, 0, sizeof(given));
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(patterns_find(patterns, text_of(names[i])), i);
	patterns_free(patterns);
}

/* Sets that make work: pattern number i of a set. */
static char *put(char *out, char letter, size_t n)
{
	memset(out, letter, n);
	out[n] = '\0';
	return out + n;
}

static void set_beginnings(char *out, size_t i)
{
	sprintf(out, "a%06zu*", i);
}

static void set_nested_beginnings(char *out, size_t i)
{
	strcpy(put(out, 'a', i % 256), "*");
}

static void set_ends(char *out, size_t i)
{
	sprintf(out, "*%06zua", i);
}

static void set_both_ends(char *out, size_t i)
{
	sprintf(out, "a%03zu*%04zua", i % 100, i / 100);
}

/* Each beginning of a name is one of the set, and so is each end, in all pairs. */
static void set_nested_both_ends(char *out, size_t i)
{
	char *at = put(out, 'a', i % 128);

	*at++ = '*';
	put(at, 'a', i / 128 % 128);
}

static void set_insides(char *out, size_t i)
{
	sprintf(out, "*%06zu*", i);
}

/* All *a*, *aa*, *aaa* ..., the worst last: nothing ends early. */
static void set_nested_insides(char *out, size_t i)
{
	*out++ = '*';
	strcpy(put(out, 'a', 1 + i % 254), "*");
}

/* All words of a and b. */
static void set_words_inside(char *out, size_t i)
{
	*out++ = '*';
	for (; i > 1; i /= 2)
		*out++ = i % 2 == 0 ? 'a' : 'b';
	strcpy(out, "b*");
}

static void set_insides_of_many(char *out, size_t i)
{
	sprintf(out, "p%03zu*%04zu*", i % 100, i / 100);
}

static void set_loose_of_many(char *out, size_t i)
{
	sprintf(out, "p%06zu*a*b*a", i);
}

static void set_nested_with_insides(char *out, size_t i)
{
	strcpy(put(out, 'a', i % 250), "*aab*");
}

static void set_stars_between(char *out, size_t i)
{
	for (size_t k = 0; k < 1 + i % 120; k++, out += 2)
		strcpy(out, "a*");
	strcpy(out, i % 2 == 0 ? "b" : "aab");
}

static void set_long_between(char *out, size_t i)
{
	*out++ = '*';
	out = put(out, 'a', 1 + i % 240);
	strcpy(out, "b*b");
}

struct hostile {
	const char *label;
	void (*pattern)(char *out, size_t i);
	size_t most;     /* of them fit into a set */
	uint32_t passes; /* at most */
};

static const struct hostile hostile[] = {
	{ "beginnings", set_beginnings, MANY, 0 },
	{ "nested beginnings", set_nested_beginnings, MANY, 0 },
	{ "ends", set_ends, MANY, 0 },
	{ "both ends", set_both_ends, MANY, 0 },
	{ "nested both ends", set_nested_both_ends, MANY, 0 },
	{ "insides", set_insides, MANY, 1 },
	{ "nested insides", set_nested_insides, MANY, 1 },
	{ "words inside", set_words_inside, MANY, 1 },
	{ "insides of many beginnings", set_insides_of_many, MANY, 1 },
	{ "loose ones of many beginnings", set_loose_of_many, MANY, 1 },
	{ "insides of nested beginnings", set_nested_with_insides, MANY, 250 },
	{ "stars between", set_stars_between, PATTERNS_PASSES_MAX, PATTERNS_PASSES_MAX },
	{ "long words between", set_long_between, PATTERNS_PASSES_MAX, PATTERNS_PASSES_MAX },
};

static void fill_names(char names[][NAME_BYTES], size_t count, uint64_t *random)
{
	memset(names[0], 'a', NAME_BYTES);
	memset(names[1], 'b', NAME_BYTES);
	for (size_t i = 0; i < NAME_BYTES; i++) {
		names[2][i] = i % 2 == 0 ? 'a' : 'b';
		names[3][i] = fixture_below(random, 2) == 0 ? 'a' : 'b';
		names[4][i] = (char)('0' + fixture_below(random, 10));
		names[5][i] = "a000123"[i % 7];
		names[6][i] = i % 250 == 249 ? 'b' : 'a';
	}
	assert_int_equal(count, 7);
}

/* The most steps a byte of a name, of all names and lengths. */
static size_t expect_bounded(const struct patterns *patterns, const char *label, size_t count)
{
	static const size_t lengths[] = { 0, 1, 7, 8, 31, 255, 256, 257, NAME_BYTES };
	static char names[7][NAME_BYTES];
	uint64_t random = 1;
	size_t worst = 0;

	fill_names(names, 7, &random);
	for (size_t n = 0; n < 7; n++) {
		for (size_t l = 0; l < ROWS(lengths); l++) {
			size_t len = lengths[l], steps = 0;
			size_t bound = (len + 1) * (PATTERNS_BYTE_STEPS +
			                            patterns->passes * PATTERNS_PASS_STEPS);

			patterns_find_steps(patterns, (struct text){ names[n], len }, &steps);
			if (steps > bound)
				fail_msg("%s, %zu patterns: %zu steps for %zu bytes, not %zu",
				         label, count, steps, len, bound);
			if (steps / (len + 1) > worst)
				worst = steps / (len + 1);
		}
	}
	return worst;
}

/* Of the first `count` patterns of a set, in their order or in the opposite one. */
static size_t measure(const struct hostile *set, size_t count, bool backwards)
{
	struct text *texts = malloc(count * sizeof(*texts));
	struct arena arena = { .first = NULL };
	struct patterns *patterns;
	size_t worst;

	assert_non_null(texts);
	for (size_t i = 0; i < count; i++) {
		char text[PATTERN_BYTES_MAX + 2];

		set->pattern(text, backwards ? count - 1 - i : i);
		texts[i] = arena_copy(&arena, text_of(text));
	}
	patterns = build(texts, count);
	assert_true(patterns->passes <= set->passes);
	worst = expect_bounded(patterns, set->label, count);
	patterns_free(patterns);
	arena_release(&arena);
	free(texts);
	return worst;
}

static void test_the_steps_depend_on_the_name_not_on_the_set(void **state)
{
	static const size_t counts[] = { 10, 1000, MANY };

	(void)state;
	for (size_t h = 0; h < ROWS(hostile); h++) {
		const struct hostile *set = &hostile[h];

		printf("%-30s steps a byte:", set->label);
		for (size_t c = 0; c < ROWS(counts); c++) {
			size_t count = counts[c] < set->most ? counts[c] : set->most;

			printf(" %zu", measure(set, count, false));
			printf("/%zu", measure(set, count, true));
		}
		puts("");
	}
}

/* Long and many, where they are told apart late: as text_match() finds them. */
static void test_hostile_sets_find_what_text_match_finds(void **state)
{
	static char names[7][NAME_BYTES];
	uint64_t random = fixture_seed("hostile patterns", 20261130);

	(void)state;
	fill_names(names, 7, &random);
	for (size_t h = 0; h < ROWS(hostile); h++) {
		enum { COUNT = 256 };
		static char out[COUNT][PATTERN_BYTES_MAX + 2];
		struct text texts[COUNT];
		struct patterns *patterns;

		for (size_t i = 0; i < COUNT; i++) {
			hostile[h].pattern(out[i], COUNT - 1 - i);
			texts[i] = text_of(out[i]);
		}
		patterns = build(texts, COUNT);
		for (size_t n = 0; n < 200; n++) {
			size_t from = fixture_below(&random, NAME_BYTES - 300);
			struct text name = { names[n % 7] + from, fixture_below(&random, 300) };

			if (patterns_find(patterns, name) != brute_find(texts, COUNT, name))
				fail_msg("%s: %d, not %d: %.*s", hostile[h].label,
				         (int)patterns_find(patterns, name),
				         (int)brute_find(texts, COUNT, name), TEXT_ARGS(name));
		}
		patterns_free(patterns);
	}
}

/* Sets that need more passes than are allowed by one; the first is taken with one less. */
static void test_too_many_passes_are_refused(void **state)
{
	static const struct {
		const char *label, *others[2], *loose;
		size_t most; /* of `loose`, with a number at its %, besides the others */
	} rows[] = {
		{ "two words", { NULL }, "*a%zu*b*", PATTERNS_PASSES_MAX },
		{ "a word and an end", { NULL }, "*a%zu*b", PATTERNS_PASSES_MAX },
		{ "and words inside, which are one pass",
		  { "*a*", "*b*" },
		  "*a%zu*b",
		  PATTERNS_PASSES_MAX - 1 },
		{ "in a beginning of a beginning",
		  { "p*x*y", "*z*" },
		  "pq*a%zu*b",
		  PATTERNS_PASSES_MAX - 2 },
		{ "beginnings that are not of one name",
		  { "x*x*y", "y*z*" },
		  "p*a%zu*b",
		  PATTERNS_PASSES_MAX },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		static char out[PATTERNS_PASSES_MAX + 1][PATTERN_BYTES_MAX];
		struct text texts[PATTERNS_PASSES_MAX + 3];
		struct fault fault = { .code = FAULT_NONE };
		struct patterns *patterns = NULL;
		uint32_t bad = 4711;
		size_t count = 0;

		for (; count < 2 && rows[i].others[count] != NULL; count++)
			texts[count] = text_of(rows[i].others[count]);
		for (size_t k = 0; k <= rows[i].most; k++) {
			char *place;

			strcpy(out[k], rows[i].loose);
			place = strchr(out[k], '%');
			sprintf(place, "%zu%s", k, rows[i].loose + (place - out[k]) + 3);
			texts[count++] = text_of(out[k]);
		}
		patterns_free(build(texts, count - 1));
		if (patterns_build(&patterns, texts, count, &bad, &fault) != -FAULT_RANGE)
			fail_msg("%s: taken", rows[i].label);
		assert_null(patterns);
		assert_int_equal(bad, count - 1);
		assert_string_equal(fault.text,
		                    "more than 256 patterns with text between two stars may fit "
		                    "one name: begin them differently, or list the names");
	}
}

static void test_nested_words_inside_are_passes_too(void **state)
{
	static char out[PATTERNS_PASSES_MAX + 1][PATTERN_BYTES_MAX + 1];
	struct text texts[PATTERNS_PASSES_MAX + 1];
	struct fault fault = { .code = FAULT_NONE };
	struct patterns *patterns = NULL;
	uint32_t bad = 4711;
	size_t count = 0;

	(void)state;
	for (; count < 250; count++) {
		set_nested_with_insides(out[count], count);
		texts[count] = text_of(out[count]);
	}
	for (; count <= PATTERNS_PASSES_MAX; count++) {
		sprintf(out[count], "*%zu*x", count);
		texts[count] = text_of(out[count]);
	}
	patterns_free(build(texts, count - 1));
	assert_int_equal(patterns_build(&patterns, texts, count, &bad, &fault), -FAULT_RANGE);
	/* That with the longest beginning is what is too much. */
	assert_int_equal(bad, 249);
}

/* PATTERNS_PASSES_MAX of those that have to be tried one by one are taken. */
static void test_a_book_with_too_many_is_refused_by_path_and_line(void **state)
{
	static const char versions[] = "\"versions\":[{\"effective_from\":\"2026\",\"rates\":["
				       "{\"component\":\"input\",\"each\":\"1\"}]}]";
	struct buf json = { .at = NULL }, errors = { .at = NULL };
	struct book *book = NULL;

	(void)state;
	for (int count = PATTERNS_PASSES_MAX; count <= PATTERNS_PASSES_MAX + 1; count++) {
		buf_clear(&json);
		buf_addf(&json,
		         "{\"pricebook\":1,\"currency\":\"USD\",\"models\":["
		         "{\"model\":\"m\",%s},{\"model\":\"n\",\"aliases\":[\"*\"",
		         versions);
		for (int i = 0; i < count; i++)
			buf_addf(&json, ",%s\"*a%03d*b\"", i == PATTERNS_PASSES_MAX ? "\n" : "", i);
		buf_addf(&json, "],%s}]}", versions);
		assert_int_equal(book_load(&book, buf_text(&json), &errors, NULL),
		                 count > PATTERNS_PASSES_MAX ? -FAULT_INVALID : 0);
		if (count > PATTERNS_PASSES_MAX)
			continue;
		assert_int_equal(errors.len, 0);
		assert_int_equal(book_find(book, text_of("xa255b"), INT64_MAX).match,
		                 BOOK_MATCH_PATTERN);
		book_free(book);
	}
	assert_string_equal(errors.at,
	                    "line 2: models[1].aliases: more than 256 patterns with text between "
	                    "two stars may fit one name: begin them differently, or list the "
	                    "names\n");
	buf_release(&errors);
	buf_release(&json);
}

static void test_limits_of_length_and_number(void **state)
{
	char text[PATTERN_BYTES_MAX + 2] = "";
	struct text texts[] = { text_of("a*"), { text, PATTERN_BYTES_MAX } };
	struct fault fault = { .code = FAULT_NONE };
	struct patterns *patterns = NULL;
	uint32_t bad = 4711;

	(void)state;
	put(text, 'a', PATTERN_BYTES_MAX + 1);
	text[3] = '*';
	patterns = build(texts, 2);
	assert_int_equal(patterns_find(patterns, texts[1]), 0);
	patterns_free(patterns);
	patterns = NULL;
	texts[1].len++;
	assert_int_equal(patterns_build(&patterns, texts, 2, &bad, &fault), -FAULT_RANGE);
	assert_string_equal(fault.text, "a pattern has at most 256 bytes");
	assert_int_equal(bad, 1);
	/* Refused before it is read. */
	assert_int_equal(patterns_build(&patterns, texts, PATTERNS_MAX + 1, &bad, &fault),
	                 -FAULT_RANGE);
	assert_string_equal(fault.text, "at most 8388608 patterns");
	assert_null(patterns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_set_finds_what_text_match_finds_first),
		cmocka_unit_test(test_stars_ends_and_overlaps),
		cmocka_unit_test(test_only_the_name_is_read),
		cmocka_unit_test(test_what_was_given_need_not_stay),
		cmocka_unit_test(test_the_steps_depend_on_the_name_not_on_the_set),
		cmocka_unit_test(test_hostile_sets_find_what_text_match_finds),
		cmocka_unit_test(test_too_many_passes_are_refused),
		cmocka_unit_test(test_nested_words_inside_are_passes_too),
		cmocka_unit_test(test_a_book_with_too_many_is_refused_by_path_and_line),
		cmocka_unit_test(test_limits_of_length_and_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
