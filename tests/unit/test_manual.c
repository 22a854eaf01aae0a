/* toll(1) and the command tables say the same, both ways round. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/version.h"
#include "cli/command.h"

/* From the project's root, where make runs the tests. */
#define MANUAL "packaging/man/toll.1"

enum { MANUAL_BYTES_MAX = 1024 * 1024, NAME_BYTES = 64, HEADING_BYTES = 160 };

static struct buf manual;

/* The page without its font changes and escaped dashes. */
static int load_manual(void **state)
{
	struct fault fault;
	size_t to = 0;

	(void)state;
	if (buf_read_file(&manual, MANUAL, MANUAL_BYTES_MAX, &fault) < 0)
		fail_msg("%s", fault.text);
	for (size_t from = 0; from < manual.len; from++) {
		if (manual.at[from] == '\\' && manual.at[from + 1] == 'f') {
			from += 2;
			continue;
		}
		if (manual.at[from] == '\\')
			from++;
		manual.at[to++] = manual.at[from];
	}
	manual.at[to] = '\0';
	manual.len = to;
	return 0;
}

static int free_manual(void **state)
{
	(void)state;
	buf_release(&manual);
	return 0;
}

/* The text from a heading line to the next heading of the same or a higher kind. */
static struct text section(const char *heading)
{
	const char *at = strstr(manual.at, heading), *ss, *sh;
	struct text found = { NULL, 0 };

	if (at == NULL)
		return found;
	ss = strstr(at + 1, "\n.SS ");
	sh = strstr(at + 1, "\n.SH ");
	if (ss == NULL || (sh != NULL && sh < ss))
		ss = sh;
	found.at = at;
	found.len = ss != NULL ? (size_t)(ss - at) : strlen(at);
	return found;
}

static bool has_words(struct text where, const char *words)
{
	size_t len = strlen(words);

	for (size_t i = 0; i + len <= where.len; i++) {
		if (memcmp(where.at + i, words, len) == 0)
			return true;
	}
	return false;
}

static bool is_option(const struct command *command, struct text name)
{
	const struct option *lists[OPTION_LISTS_MAX];

	command_options(command, lists);
	for (size_t l = 0; lists[l] != NULL; l++) {
		for (const struct option *o = lists[l]; o->name != NULL; o++) {
			if (text_is(name, o->name))
				return true;
		}
	}
	return false;
}

static bool is_option_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* Every --word of the section is an option of the command. */
static void check_backwards(const struct command *command, struct text where)
{
	for (size_t i = 0; i + 2 < where.len; i++) {
		struct text name = { where.at + i + 2, 0 };

		if (memcmp(where.at + i, "--", 2) != 0)
			continue;
		while (i + 2 + name.len < where.len && is_option_letter(name.at[name.len]))
			name.len++;
		if (name.len > 0 && !is_option(command, name))
			fail_msg("%s: %s has no option --%.*s", MANUAL, command->name,
			         TEXT_ARGS(name));
		i += 2 + name.len;
	}
}

static void check_command(const struct command *command)
{
	char heading[HEADING_BYTES], option[NAME_BYTES];
	struct text where;

	/* The whole line: what the help gives as its use, the page does too. */
	snprintf(heading, sizeof(heading), "\n.SS toll %s\n", command->synopsis);
	where = section(heading);
	if (where.at == NULL)
		fail_msg("%s: there is no heading \"%s\"", MANUAL, heading + 1);
	for (const struct option *o = command->options; o != NULL && o->name != NULL; o++) {
		if (o->value != NULL)
			snprintf(option, sizeof(option), ".BI --%s \" %s\"", o->name, o->value);
		else
			snprintf(option, sizeof(option), ".B --%s\n", o->name);
		if (!has_words(where, option))
			fail_msg("%s: %s: \"%s\" is not in it", MANUAL, heading + 1, option);
	}
	check_backwards(command, where);
}

static void test_every_command_and_option_is_in_the_manual(void **state)
{
	const struct command *command;

	(void)state;
	for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
		if (command->actions == NULL)
			check_command(command);
		for (size_t a = 0; command->actions != NULL && command->actions[a] != NULL; a++)
			check_command(command->actions[a]);
	}
}

static void test_the_manual_has_no_command_that_does_not_exist(void **state)
{
	static const char heading[] = "\n.SS toll ";
	size_t found = 0;

	(void)state;
	for (const char *at = manual.at; (at = strstr(at, heading)) != NULL; found++) {
		struct text line = { at + strlen(heading), strcspn(at + strlen(heading), "\n") };
		struct text word;
		char name[NAME_BYTES];
		const char *meant;
		const struct command *command;

		text_cut(&line, ' ', &word);
		assert_true(text_copy(name, sizeof(name), word));
		command = command_find(name, &meant);
		if (command != NULL && command->actions != NULL) {
			text_cut(&line, ' ', &word);
			assert_true(text_copy(name, sizeof(name), word));
			command = command_action(command, name, &meant);
		}
		if (command == NULL)
			fail_msg("%s: there is no command %s", MANUAL, name);
		at += strlen(heading);
	}
	assert_true(found > 0);
}

static void test_the_pages_name_the_version(void **state)
{
	static const char *const pages[] = { MANUAL, "packaging/man/toll-pricebook.5" };

	(void)state;
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		struct buf page = { .at = NULL };
		struct fault fault;

		if (buf_read_file(&page, pages[i], MANUAL_BYTES_MAX, &fault) < 0)
			fail_msg("%s", fault.text);
		page.len = strcspn(page.at, "\n"); /* of .TH: the footer is made of it */
		if (!has_words(buf_text(&page), "\"toll " TOLL_VERSION "\""))
			fail_msg("%s: the footer is not \"toll " TOLL_VERSION "\"", pages[i]);
		buf_release(&page);
	}
}

static void test_what_all_commands_share_is_in_the_manual(void **state)
{
	static const char *const words[] = {
		".BI --ledger \" FILE\"",
		".B --json\n",
		".B --csv\n",
		".B --help\n",
		"TOLL_LEDGER",
		"TOLL_SOCKET",
		"NO_COLOR",
		"COLUMNS",
		LEDGER_DEFAULT,
		".B 0\nDone",
		".B 3\nFailed",
	};
	const struct text all = buf_text(&manual);

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!has_words(all, words[i]))
			fail_msg("%s: \"%s\" is not in it", MANUAL, words[i]);
	}
	if (!has_words(all, "\"toll " TOLL_VERSION "\""))
		fail_msg("%s: is not of version %s", MANUAL, TOLL_VERSION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_command_and_option_is_in_the_manual),
		cmocka_unit_test(test_the_manual_has_no_command_that_does_not_exist),
		cmocka_unit_test(test_the_pages_name_the_version),
		cmocka_unit_test(test_what_all_commands_share_is_in_the_manual),
	};

	return cmocka_run_group_tests_name("manual", tests, load_manual, free_manual);
}
