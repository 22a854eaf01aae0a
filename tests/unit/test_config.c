#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/config.h"

static const struct setting_row {
	const char *key;
	bool is_text;
	int index;
	const char *text;
	long long number, min, max;
} rows[] = {
#define T(NAME, key, value, help)           { key, true, SETTING_##NAME, value, 0, 0, 0 },
#define N(NAME, key, value, min, max, help) { key, false, SETTING_##NAME, NULL, value, min, max },
#include "daemon/settings.def"
#undef T
#undef N
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void flag_of(char out[64], const char *key)
{
	snprintf(out, 64, "--%s", key);
	for (char *c = out; *c != '\0'; c++)
		*c = *c == '_' ? '-' : *c;
}

static int read_args(struct config *config, enum config_action *action, struct fault *fault,
                     const char *const args[])
{
	char *argv[8] = { (char *)"tolld" };
	int argc = 1;

	for (; *args != NULL; args++)
		argv[argc++] = (char *)*args;
	return config_read(config, argc, argv, action, fault);
}

static void file_with(char path[32], const char *json)
{
	int fd;

	strcpy(path, "/tmp/toll-config-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, json, strlen(json)), strlen(json));
	close(fd);
}

static void test_every_setting_has_its_default(void **state)
{
	static struct config config;

	(void)state;
	config_defaults(&config);
	for (int i = 0; i < ROWS; i++) {
		if (rows[i].is_text)
			assert_string_equal(config.text[rows[i].index], rows[i].text);
		else
			assert_true(config.number[rows[i].index] == rows[i].number &&
			            rows[i].number >= rows[i].min && rows[i].number <= rows[i].max);
	}
}

static void test_every_number_is_taken_at_its_limits_and_not_beyond(void **state)
{
	static struct config config;
	enum config_action action;
	struct fault fault;

	(void)state;
	for (int i = 0; i < ROWS; i++) {
		const long long values[] = { rows[i].min, rows[i].max, rows[i].min - 1,
			                     rows[i].max + 1 };

		for (int v = 0; v < 4 && !rows[i].is_text; v++) {
			char flag[64], number[32], json[128], path[32];
			int by_flag, by_file;

			flag_of(flag, rows[i].key);
			snprintf(number, sizeof(number), "%lld", values[v]);
			snprintf(json, sizeof(json), "{\"%s\": %s}", rows[i].key, number);
			file_with(path, json);
			by_flag = read_args(&config, &action, &fault,
			                    (const char *const[]){ flag, number, NULL });
			if (v < 2)
				assert_int_equal(config.number[rows[i].index], values[v]);
			config_defaults(&config);
			by_file = config_read_file(&config, path, &fault);
			if (v < 2)
				assert_int_equal(config.number[rows[i].index], values[v]);
			unlink(path);
			if (by_flag != (v < 2 ? 0 : -FAULT_INVALID) || by_file != by_flag)
				fail_msg("%s %s: %d by flag, %d by file", rows[i].key, number,
				         by_flag, by_file);
		}
	}
}

static void test_every_text_is_taken_by_file_and_by_flag(void **state)
{
	static struct config config;
	enum config_action action;
	struct fault fault;

	(void)state;
	for (int i = 0; i < ROWS; i++) {
		const char *value = strcmp(rows[i].key, "log_level") == 0 ? "debug"
		                    : strcmp(rows[i].key, "keys") == 0    ? "all"
		                                                          : "/tmp/x-y";
		char flag[64], both[96], json[128], path[32];

		if (!rows[i].is_text)
			continue;
		flag_of(flag, rows[i].key);
		snprintf(both, sizeof(both), "%s=%s", flag, value);
		assert_int_equal(
			read_args(&config, &action, &fault, (const char *const[]){ both, NULL }),
			0);
		assert_string_equal(config.text[rows[i].index], value);
		snprintf(json, sizeof(json), "{\"%s\": \"%s\"}", rows[i].key, value);
		file_with(path, json);
		config_defaults(&config);
		assert_int_equal(config_read_file(&config, path, &fault), 0);
		assert_string_equal(config.text[rows[i].index], value);
		unlink(path);
	}
}

static void test_the_control_socket_stands_beside_the_other(void **state)
{
	static struct config config;
	enum config_action action;
	struct fault fault;

	(void)state;
	assert_int_equal(read_args(&config, &action, &fault,
	                           (const char *const[]){ "--socket", "/run/a/events.sock", NULL }),
	                 0);
	assert_string_equal(config.text[SETTING_CONTROL], "/run/a/control.sock");
	assert_int_equal(
		read_args(&config, &action, &fault, (const char *const[]){ "--socket", "e", NULL }),
		0);
	assert_string_equal(config.text[SETTING_CONTROL], "control.sock");
}

static void test_a_wrong_command_line_is_named(void **state)
{
	static const struct {
		const char *args[3], *words;
	} wrong[] = {
		{ { "--ledgr", "x" }, "--ledgr: no such option; did you mean --ledger?" },
		{ { "--ledger" }, "--ledger: a value is due" },
		{ { "--config" }, "--config: a file is due" },
		{ { "--config", "/nonexistent/tolld.json" }, "/nonexistent/tolld.json" },
		{ { "ledger.db" }, "ledger.db: an option is due" },
		{ { "--linger-ms", "5ms" }, "--linger-ms: \"5ms\" is not a whole number from 0" },
		{ { "--ledger", "" }, "ledger: \"\": a path is due" },
		{ { "--linger_ms", "5" },
		  "--linger_ms: no such option; did you mean --linger-ms?" },
		{ { "--bogus", "5" }, "--bogus: no such option; see tolld --help" },
		{ { "--socket", "a\nb" }, "--socket: \"a?b\": a text of at most" },
		{ { "--log-level", "loud" }, "--log-level: \"loud\" is not error, warning" },
		{ { "--control",
		    "/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/"
		    "0123456789/0123456789/0123456789/s" },
		  "--control: \"/0123456789/" },
	};
	static struct config config;
	enum config_action action;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct fault fault = { .code = FAULT_NONE };
		const char *const args[] = { wrong[i].args[0], wrong[i].args[1], NULL };

		assert_true(read_args(&config, &action, &fault, args) < 0);
		if (strstr(fault.text, wrong[i].words) == NULL)
			fail_msg("%s: %s", wrong[i].words, fault.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_setting_has_its_default),
		cmocka_unit_test(test_every_number_is_taken_at_its_limits_and_not_beyond),
		cmocka_unit_test(test_every_text_is_taken_by_file_and_by_flag),
		cmocka_unit_test(test_the_control_socket_stands_beside_the_other),
		cmocka_unit_test(test_a_wrong_command_line_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
