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

static struct config config;

/* Reads `json` with every ' made a " as the file; the fault's text without the file's name. */
static int read_config(const char *json, char text_out[FAULT_TEXT_BYTES])
{
	char path[] = "/tmp/toll-feeds-XXXXXX";
	struct fault fault = { .code = FAULT_NONE };
	int fd = mkstemp(path), r;
	char *copy = strdup(json);

	assert_true(fd >= 0 && copy != NULL);
	for (char *c = copy; *c != '\0'; c++)
		*c = *c == '\'' ? '"' : *c;
	assert_int_equal(write(fd, copy, strlen(copy)), strlen(copy));
	close(fd);
	free(copy);
	config_defaults(&config);
	r = config_read_file(&config, path, &fault);
	if (r == 0)
		r = config_complete(&config, &fault);
	unlink(path);
	text_out[0] = '\0';
	if (r < 0) {
		assert_memory_equal(fault.text, path, strlen(path));
		strcpy(text_out, fault.text + strlen(path) + 2);
	}
	return r;
}

static void test_feeds_are_read_and_shown(void **state)
{
	struct buf shown = { .at = NULL };
	char text[FAULT_TEXT_BYTES];

	(void)state;
	assert_int_equal(read_config("{'feeds': [\n{'connect':'/run/gw/e.sock','source':'gw-1'},\n"
	                             "{'source':'gw-2','file':'usage.ndjson'},\n"
	                             "{'datagram':'d.sock'},\n"
	                             "{'datagram':'e.sock','mode':'622'}]}",
	                             text),
	                 0);
	assert_int_equal(config.feeds.count, 4);
	assert_int_equal(config.feeds.feed[0].kind, FEED_CONNECT);
	assert_int_equal(config.feeds.feed[1].kind, FEED_FILE);
	assert_string_equal(config.feeds.feed[1].name, "file:usage.ndjson");
	assert_string_equal(config.feeds.feed[1].source, "gw-2");
	assert_int_equal(config.feeds.feed[2].mode, 0660);
	assert_int_equal(config.feeds.feed[3].mode, 0622);
	assert_int_equal(config.feeds.feed[3].line, 5);
	config_feeds_show(&config.feeds, &shown);
	assert_string_equal(shown.at, "feed: connect /run/gw/e.sock, source gw-1\n"
	                              "feed: file usage.ndjson, source gw-2\n"
	                              "feed: datagram d.sock, mode 0660\n"
	                              "feed: datagram e.sock, mode 0622\n");
	buf_release(&shown);
	assert_int_equal(read_config("{'feeds':[]}", text), 0);
	assert_int_equal(config.feeds.count, 0);
}

static const struct {
	const char *json, *error;
} refused[] = {
	{ "{'feeds': {}}", "line 1: feeds: a list is due" },
	{ "{'feeds': [\n'x']}", "line 2: feeds: an object is due" },
	{ "{'feeds': [\n{}]}", "line 2: feeds: connect, file or datagram is due, with a path" },
	{ "{'feeds': [{'source':'x'}]}",
	  "line 1: feeds: connect, file or datagram is due, with a path" },
	{ "{'feeds': [{'file':'a',\n'connect':'b'}]}",
	  "line 2: feeds: one of connect, file and datagram is due, not two" },
	{ "{'feeds': [{'file':1}]}", "line 1: feeds: file: a string is due" },
	{ "{'feeds': [{'file':''}]}",
	  "line 1: feeds: file: a path of 1 to 1023 bytes without control characters is due" },
	{ "{'feeds': [{'connect':'a\\u0007'}]}",
	  "line 1: feeds: connect: a path of 1 to 107 bytes without control characters is due" },
	{ "{'feeds': [{'datagram':'0123456789012345678901234567890123456789012345678901234567890"
	  "12345678901234567890123456789012345678901234567'}]}",
	  "line 1: feeds: datagram: a path of 1 to 107 bytes without control characters is due" },
	{ "{'feeds': [{'file':'a','source':''}]}",
	  "line 1: feeds: source: a string of 1 to 256 bytes without control characters is due" },
	{ "{'feeds': [{'file':'a','sauce':'x'}]}", "line 1: feeds: no member \"sauce\"; a feed has "
	                                           "connect, file or datagram, source, mode" },
	{ "{'feeds': [{'file':'a','mode':'0660'}]}", "line 1: feeds: mode is for datagram only" },
	{ "{'feeds': [{'datagram':'a','mode':'rw'}]}",
	  "line 1: feeds: mode: \"rw\": octal digits are due, as in \"0660\"" },
	{ "{'feeds': [{'datagram':'a','mode':'0680'}]}",
	  "line 1: feeds: mode: \"0680\": octal digits are due, as in \"0660\"" },
	{ "{'feeds': [{'datagram':'a','mode':'7777'}]}",
	  "line 1: feeds: mode: \"7777\": octal digits are due, as in \"0660\"" },
	{ "{'feeds': [{'datagram':'a','mode':'000'}]}",
	  "line 1: feeds: mode: \"000\": octal digits are due, as in \"0660\"" },
	{ "{'feeds': [{'file':'a'},\n{'file':'b'},\n{'connect':'a'}]}",
	  "line 3: feeds: \"a\": the same path as in line 1" },
	{ "{'socket':'s/e','feeds': [{'datagram':'s/e'}]}",
	  "line 1: feeds: \"s/e\": the same path as socket" },
	{ "{'socket':'s/e','feeds': [{'datagram':'s/control.sock'}]}",
	  "line 1: feeds: \"s/control.sock\": the same path as control" },
};

static void test_what_is_no_feed_is_refused_with_its_line(void **state)
{
	char text[FAULT_TEXT_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (read_config(refused[i].json, text) != -FAULT_INVALID ||
		    strcmp(text, refused[i].error) != 0)
			fail_msg("%s\n gives %s\n due   %s", refused[i].json, text,
			         refused[i].error);
	}
}

static void test_no_more_feeds_than_the_limit(void **state)
{
	char text[FAULT_TEXT_BYTES];

	(void)state;
	for (int count = CONFIG_FEEDS_MAX; count <= CONFIG_FEEDS_MAX + 1; count++) {
		struct buf json = { .at = NULL };

		for (int i = 0; i < count; i++)
			buf_addf(&json, "%s{'file':'f%d'}\n", i == 0 ? "{'feeds':[" : ",", i);
		buf_add_cstr(&json, "]}");
		assert_int_equal(read_config(json.at, text),
		                 count > CONFIG_FEEDS_MAX ? -FAULT_INVALID : 0);
		buf_release(&json);
	}
	assert_string_equal(text, "line 33: feeds: more than 32 of them");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_feeds_are_read_and_shown),
		cmocka_unit_test(test_what_is_no_feed_is_refused_with_its_line),
		cmocka_unit_test(test_no_more_feeds_than_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
