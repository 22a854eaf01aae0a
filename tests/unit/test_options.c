#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/command.h"
#include "cli/options.h"

static const struct option own[] = {
	{ "from", "TIME", "" }, { "account", "NAME", "" }, { "limit", "N", "" },
	{ "all", NULL, "" },    { "output", "FILE", "" },  { "set", "WHAT ...", "" },
	{ NULL, NULL, NULL },
};
static const struct option common[] = {
	{ "json", NULL, "" },
	{ NULL, NULL, NULL },
};
static const struct option *const lists[] = { own, common, NULL };

enum { WORDS_MAX = 8 };

/* "name=value ... | word ..." of what was parsed, or "FAULT text". */
static const char *parsed(const char *const *words)
{
	static char out[2 * FAULT_TEXT_BYTES];
	const char *argv[WORDS_MAX];
	struct options options;
	struct fault fault = { .code = FAULT_NONE };
	size_t len = 0;
	int argc = 0;

	while (words[argc] != NULL) {
		argv[argc] = words[argc];
		argc++;
	}
	if (options_parse(&options, lists, argc, argv, &fault) < 0) {
		snprintf(out, sizeof(out), "FAULT %s", fault.text);
		return out;
	}
	for (size_t i = 0; i < options.given_count; i++)
		len += (size_t)snprintf(out + len, sizeof(out) - len, "%s=%s ",
		                        options.given[i].option->name, options.given[i].value);
	len += (size_t)snprintf(out + len, sizeof(out) - len, "|");
	for (size_t i = 0; i < options.word_count; i++)
		len += (size_t)snprintf(out + len, sizeof(out) - len, " %s", options.words[i]);
	return out;
}

static void test_each_of_several_values_is_told(void **state)
{
	const char *argv[] = { "--set", "a", "--all", "--set", "b" };
	struct options options;

	(void)state;
	assert_int_equal(options_parse(&options, lists, 5, argv, NULL), 0);
	assert_string_equal(options_nth(&options, "set", 0), "a");
	assert_string_equal(options_nth(&options, "set", 1), "b");
	assert_null(options_nth(&options, "set", 2));
	assert_null(options_nth(&options, "from", 0));
}

static void test_a_command_line_is_read_or_refused_with_advice(void **state)
{
	static const struct {
		const char *label;
		const char *words[WORDS_MAX];
		const char *expected;
	} rows[] = {
		{ "nothing", { NULL }, "|" },
		{ "value behind", { "--from", "2026", NULL }, "from=2026 |" },
		{ "value with equals", { "--from=2026", NULL }, "from=2026 |" },
		{ "the short name of an output", { "-o", "f", NULL }, "output=f |" },
		{ "an output twice",
		  { "-o", "f", "--output", "g", NULL },
		  "FAULT --output stands twice" },
		{ "what may stand more than once",
		  { "--set", "a=1", "--set=b=2", NULL },
		  "set=a=1 set=b=2 |" },
		{ "an empty value is one", { "--from=", NULL }, "from= |" },
		{ "a value that looks like an option",
		  { "--account", "--json", NULL },
		  "FAULT --account needs a value, and --json is an option; a value that begins "
		  "with two dashes is written --account=--json" },
		{ "and one that is meant", { "--account=--json", NULL }, "account=--json |" },
		{ "a number below nought", { "--limit", "-3", NULL }, "limit=-3 |" },
		{ "an equals inside the value", { "--account=a=b", NULL }, "account=a=b |" },
		{ "flags and words mixed",
		  { "x", "--all", "y", "--json", "z", NULL },
		  "all= json= | x y z" },
		{ "two dashes end the options", { "--", "--all", "-x", NULL }, "| --all -x" },
		{ "one dash is a word", { "-", NULL }, "| -" },
		{ "no value", { "--from", NULL }, "FAULT --from needs a value: --from TIME" },
		{ "a value too many", { "--all=1", NULL }, "FAULT --all takes no value" },
		{ "twice", { "--all", "--all", NULL }, "FAULT --all stands twice" },
		{ "a letter wrong",
		  { "--fron=1", NULL },
		  "FAULT there is no option --fron; did you mean --from?" },
		{ "letters swapped",
		  { "--limti", "3", NULL },
		  "FAULT there is no option --limti; did you mean --limit?" },
		{ "the beginning",
		  { "--acc", "x", NULL },
		  "FAULT there is no option --acc; did you mean --account?" },
		{ "nothing near", { "--zebra", NULL }, "FAULT there is no option --zebra here" },
		{ "one dash",
		  { "-x", NULL },
		  "FAULT there is no option -x; options are written --name" },
		{ "a name beyond all",
		  { "--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL },
		  "FAULT there is no option --aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa..." },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *got = parsed(rows[i].words);

		if (strcmp(got, rows[i].expected) != 0)
			fail_msg("%s: %s", rows[i].label, got);
	}
}

static void test_a_number_is_whole_and_within_its_limits(void **state)
{
	static const struct {
		const char *value;
		int64_t expected; /* -1: refused */
	} rows[] = {
		{ "1", 1 },
		{ "500", 500 },
		{ "501", -1 },
		{ "0", -1 },
		{ "1.5", -1 },
		{ "1e2", -1 },
		{ "", -1 },
		{ " 7", -1 },
		{ "0x10", -1 },
		{ "-3", -1 },
		{ "99999999999999999999", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *argv[] = { "--limit", rows[i].value };
		struct options options;
		struct fault fault;
		int64_t got = -1;

		assert_int_equal(options_parse(&options, lists, 2, argv, &fault), 0);
		if (options_number(&options, "limit", 1, 500, 9, &got, &fault) < 0)
			got = -1;
		if (got != rows[i].expected)
			fail_msg("\"%s\": %lld", rows[i].value, (long long)got);
	}
}

static void test_a_number_that_is_not_given_has_its_default(void **state)
{
	struct options options;
	int64_t got = 0;

	(void)state;
	assert_int_equal(options_parse(&options, lists, 0, NULL, NULL), 0);
	assert_int_equal(options_number(&options, "limit", 1, 500, 9, &got, NULL), 0);
	assert_int_equal(got, 9);
}

static void test_distance_counts_letters(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned expected;
	} rows[] = {
		{ "", "", 0 },
		{ "", "abc", 3 },
		{ "report", "report", 0 },
		{ "reprot", "report", 1 },
		{ "repot", "report", 1 },
		{ "rreport", "report", 1 },
		{ "rexort", "report", 1 },
		{ "send", "status", 5 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned got = text_distance(text_of(rows[i].a), text_of(rows[i].b));

		if (got != rows[i].expected)
			fail_msg("%s, %s: %u", rows[i].a, rows[i].b, got);
	}
}

static void check_lists(const struct command *command)
{
	const struct option *all[OPTION_LISTS_MAX];
	size_t count = 0;

	command_options(command, all);
	for (size_t l = 0; all[l] != NULL; l++) {
		for (const struct option *o = all[l]; o->name != NULL; o++, count++) {
			if (text_distance(text_of(o->name), text_of(o->name)) != 0)
				fail_msg("%s: --%s is longer than a name may be", command->name,
				         o->name);
			for (size_t k = 0; k <= l; k++) {
				for (const struct option *p = all[k]; p->name != NULL && p != o;
				     p++)
					assert_string_not_equal(p->name, o->name);
			}
		}
	}
	assert_true(count <= OPTIONS_MAX);
	assert_true(command->actions != NULL || command->run != NULL);
	/* The synopsis names the command first. */
	if (command->actions == NULL && strstr(command->synopsis, command->name) == NULL)
		fail_msg("%s: its synopsis is %s", command->name, command->synopsis);
}

static void test_every_command_has_options_that_can_be_given(void **state)
{
	const struct command *command;

	(void)state;
	for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
		check_lists(command);
		for (size_t a = 0; command->actions != NULL && command->actions[a] != NULL; a++)
			check_lists(command->actions[a]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_of_several_values_is_told),
		cmocka_unit_test(test_a_command_line_is_read_or_refused_with_advice),
		cmocka_unit_test(test_a_number_is_whole_and_within_its_limits),
		cmocka_unit_test(test_a_number_that_is_not_given_has_its_default),
		cmocka_unit_test(test_distance_counts_letters),
		cmocka_unit_test(test_every_command_has_options_that_can_be_given),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
