/*
 * Bad input, line by line, to the real daemon on its real socket: it answers with a
 * verdict, keeps the line, and goes on; a bystander on another connection notices nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ledger/read.h"
#include "tests/support/daemonkit.h"
#include "usage/event.h"

enum { LINE_LIMIT = 4096 };

static struct daemonkit kit;
static int bystander = -1;
static int64_t bystander_lines;

static int start(void **state)
{
	static const char *const arguments[] = { "--line-bytes-max", "4096", "--line-timeout-s",
		                                 "1", NULL };

	(void)state;
	daemonkit_begin(&kit);
	daemonkit_start(&kit, arguments);
	bystander = daemonkit_hello(&kit, "bystander", true);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	close(bystander);
	daemonkit_end(&kit);
	return 0;
}

/* The other connection is served as ever. */
static void check_bystander(void)
{
	struct buf line = { .at = NULL };
	struct wire_ack ack;
	char id[32];

	snprintf(id, sizeof(id), "by-%lld", (long long)bystander_lines++);
	daemonkit_event(&line, id);
	daemonkit_send(bystander, line.at, line.len);
	daemonkit_wait_ack(bystander, bystander_lines, &ack);
	assert_int_equal(ack.accepted, bystander_lines);
	buf_release(&line);
}

struct newest {
	int64_t rows, id, length;
	enum reason reason;
	char detail[EVENT_DETAIL_BYTES];
	struct buf raw;
};

static int keep_newest(void *context, const struct quarantine_row *row)
{
	struct newest *newest = context;

	newest->rows++;
	if (row->id < newest->id)
		return 0;
	newest->id = row->id;
	newest->length = row->length;
	newest->reason = row->reason;
	text_copy(newest->detail, sizeof(newest->detail), row->detail);
	buf_clear(&newest->raw);
	buf_add_text(&newest->raw, row->raw);
	return 0;
}

static void read_newest(struct newest *newest_out)
{
	struct ledger *ledger = NULL;
	struct fault fault;

	*newest_out = (struct newest){ .rows = 0 };
	if (ledger_open_reader(&ledger, kit.ledger, &fault) < 0 ||
	    ledger_each_quarantine(ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, false, keep_newest,
	                           newest_out, &fault) < 0)
		fail_msg("%s", fault.text);
	ledger_close(ledger);
}

/* The newest row of the quarantine is this line, for this reason. */
static void check_kept(const char *label, const void *line, size_t len, int64_t length,
                       enum reason reason)
{
	struct newest newest;

	read_newest(&newest);
	if (newest.rows == 0 || newest.reason != reason || newest.length != length ||
	    newest.raw.len != len || memcmp(newest.raw.at, line, len) != 0)
		fail_msg("%s: reason %s (%s), length %lld, kept %zu bytes of %zu", label,
		         reason_name(newest.reason), newest.detail, (long long)newest.length,
		         newest.raw.len, len);
	buf_release(&newest.raw);
}

/* Sends `line` and a good event on a connection of its own; the first must be refused. */
static void check_refused(const char *label, struct text line, enum reason reason)
{
	static int serial;
	int fd = daemonkit_hello(&kit, "gw", true);
	struct buf good = { .at = NULL };
	struct wire_ack ack;
	size_t kept = line.len < LINE_LIMIT ? line.len : LINE_LIMIT;
	char id[32];

	snprintf(id, sizeof(id), "after-%d", serial++);
	daemonkit_event(&good, id);
	daemonkit_send(fd, line.at, line.len);
	daemonkit_send_text(fd, "\n");
	daemonkit_wait_ack(fd, 1, &ack);
	if (ack.quarantined != 1)
		fail_msg("%s: was not refused", label);
	check_kept(label, line.at, kept, (int64_t)line.len, reason);
	daemonkit_send(fd, good.at, good.len);
	daemonkit_wait_ack(fd, 2, &ack);
	assert_int_equal(ack.accepted, 1);
	check_bystander();
	buf_release(&good);
	close(fd);
}

/* The members of an event, in order; a test replaces one, or leaves it out. */
static const char *const members[][2] = {
	{ "id", "\"x-1\"" },          { "time", "\"2026-01-02T03:04:05Z\"" },
	{ "account", "\"acct\"" },    { "model", "\"m/a\"" },
	{ "api", "\"openai.chat\"" }, { "usage", "{\"prompt_tokens\":10,\"completion_tokens\":5}" },
};

enum { MEMBERS = sizeof(members) / sizeof(members[0]) };

/* Without a newline.  value NULL: without that member. */
static void event_with(struct buf *out, const char *name, const char *value)
{
	const char *comma = "";

	buf_add_cstr(out, "{");
	for (int i = 0; i < MEMBERS; i++) {
		bool replaced = strcmp(members[i][0], name) == 0;

		if (replaced && value == NULL)
			continue;
		buf_addf(out, "%s\"%s\":%s", comma, members[i][0],
		         replaced ? value : members[i][1]);
		comma = ",";
	}
	buf_add_cstr(out, "}");
}

static char digits_400[64 + 400];
static char id_300[302 + 1];
static char depth_100[64 + 200];

static const struct row {
	const char *label, *member, *value; /* value NULL: left out */
	enum reason reason;
} rows[] = {
	{ "no id", "id", NULL, REASON_MISSING },
	{ "no time", "time", NULL, REASON_MISSING },
	{ "no model", "model", NULL, REASON_MISSING },
	{ "no account", "account", NULL, REASON_MISSING },
	{ "no usage", "usage", NULL, REASON_MISSING },
	{ "unknown api", "api", "\"acme.telepathy\"", REASON_UNKNOWN_API },
	{ "year 1970", "time", "\"1970-01-01T00:00:00Z\"", REASON_TIME },
	{ "year 2100", "time", "\"2100-01-01T00:00:00Z\"", REASON_TIME },
	{ "id of 300 bytes", "id", id_300, REASON_NAME },
	{ "empty id", "id", "\"\"", REASON_NAME },
	{ "-1", "usage", "{\"prompt_tokens\":-1,\"completion_tokens\":5}", REASON_QUANTITY },
	{ "1.5", "usage", "{\"prompt_tokens\":1.5,\"completion_tokens\":5}", REASON_QUANTITY },
	{ "1e3", "usage", "{\"prompt_tokens\":1e3,\"completion_tokens\":5}", REASON_QUANTITY },
	{ "2^63", "usage", "{\"prompt_tokens\":9223372036854775808,\"completion_tokens\":5}",
	  REASON_QUANTITY },
	{ "400 digits", "usage", digits_400, REASON_QUANTITY },
	{ "a count as a string", "usage", "{\"prompt_tokens\":\"10\",\"completion_tokens\":5}",
	  REASON_TYPE },
	{ "total does not add up", "usage",
	  "{\"prompt_tokens\":10,\"completion_tokens\":5,\"total_tokens\":16}", REASON_READINGS },
	{ "cached larger than prompt", "usage",
	  "{\"prompt_tokens\":10,\"completion_tokens\":5,\"prompt_tokens_details\":"
	  "{\"cached_tokens\":11}}",
	  REASON_READINGS },
	{ "depth 100", "usage", depth_100, REASON_DEPTH },
	{ "duplicate key in usage", "usage", "{\"prompt_tokens\":10,\"prompt_tokens\":10}",
	  REASON_DUPLICATE },
	{ "duplicate member", "model", "\"m/a\",\"model\":\"m/b\"", REASON_DUPLICATE },
	{ "not UTF-8", "account", "\"ac\xff\xfe\"", REASON_UTF8 },
	{ "overlong UTF-8", "account", "\"ac\xc0\xaf\"", REASON_UTF8 },
	{ "control character in a name", "account", "\"a\\u0007\"", REASON_NAME },
	{ "usage is a number", "usage", "17", REASON_TYPE },
};

static void fill_long_values(void)
{
	size_t at = (size_t)sprintf(digits_400, "{\"completion_tokens\":5,\"prompt_tokens\":");

	memset(digits_400 + at, '9', 400);
	strcpy(digits_400 + at + 400, "}");
	id_300[0] = '"';
	memset(id_300 + 1, 'i', 300);
	strcpy(id_300 + 301, "\"");
	at = (size_t)sprintf(depth_100, "{\"prompt_tokens\":");
	memset(depth_100 + at, '[', 100);
	memset(depth_100 + at + 100, ']', 100);
	strcpy(depth_100 + at + 200, "}");
}

static void test_each_bad_line_is_answered_and_kept(void **state)
{
	struct buf line = { .at = NULL };

	(void)state;
	fill_long_values();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_clear(&line);
		event_with(&line, rows[i].member, rows[i].value);
		check_refused(rows[i].label, buf_text(&line), rows[i].reason);
	}
	buf_release(&line);
}

static void test_bytes_that_are_no_json_are_kept(void **state)
{
	static const char nul[] = "{\"id\":\"a\0b\"}";

	(void)state;
	check_refused("a NUL", (struct text){ nul, sizeof(nul) - 1 }, REASON_SYNTAX);
	check_refused("words", text_of("GET / HTTP/1.1"), REASON_SYNTAX);
	check_refused("an array", text_of("[1,2]"), REASON_SYNTAX);
	check_refused("two objects", text_of("{} {}"), REASON_SYNTAX);
}

/* Accepted: the good forms next to the bad ones. */
static void check_accepted(const char *label, struct text line)
{
	int fd = daemonkit_hello(&kit, label, true);
	struct wire_ack ack;

	daemonkit_send(fd, line.at, line.len);
	daemonkit_wait_ack(fd, 1, &ack);
	if (ack.accepted != 1)
		fail_msg("%s: was not accepted", label);
	close(fd);
	check_bystander();
}

static void test_cr_lf_and_an_id_of_one_byte_are_fine(void **state)
{
	struct buf line = { .at = NULL };

	(void)state;
	event_with(&line, "id", "\"crlf\"");
	buf_add_cstr(&line, "\r\n");
	check_accepted("CR LF", buf_text(&line));
	buf_clear(&line);
	event_with(&line, "id", "\"i\"");
	buf_add_cstr(&line, "\n");
	check_accepted("id of 1 byte", buf_text(&line));
	buf_release(&line);
}

static void test_a_line_at_the_limit_is_read_and_one_byte_over_is_not(void **state)
{
	struct buf line = { .at = NULL };

	(void)state;
	event_with(&line, "id", "\"limit\"");
	while (line.len < LINE_LIMIT)
		buf_add_cstr(&line, " ");
	buf_add_cstr(&line, "\n");
	check_accepted("at the limit", buf_text(&line));
	line.len--;
	buf_add_cstr(&line, " ");
	check_refused("one byte over", buf_text(&line), REASON_TOO_LONG);
	for (size_t i = 0; i < 300; i++)
		buf_addf(&line, "%01023zu ", i);
	check_refused("300 KiB over", buf_text(&line), REASON_TOO_LONG);
	buf_release(&line);
}

static void test_a_line_may_be_split_at_every_byte(void **state)
{
	struct buf line = { .at = NULL };
	struct wire_ack ack;
	int fd = daemonkit_hello(&kit, "split", true);
	int64_t sent = 0;

	(void)state;
	event_with(&line, "id", "\"split-0000\"");
	buf_add_cstr(&line, "\n");
	for (size_t cut = 1; cut < line.len; cut++) {
		char id[24];

		snprintf(id, sizeof(id), "%04zu", cut);
		memcpy(strstr(line.at, "split-") + 6, id, 4);
		daemonkit_send(fd, line.at, cut);
		/* The answer to the piece before shows that it was read on its own. */
		if (sent > 0)
			daemonkit_wait_ack(fd, sent, &ack);
		daemonkit_send(fd, line.at + cut, line.len - cut);
		sent++;
	}
	daemonkit_wait_ack(fd, sent, &ack);
	assert_int_equal(ack.accepted, sent);
	close(fd);
	fd = daemonkit_hello(&kit, "bytes", true);
	for (size_t i = 0; i < line.len; i++)
		daemonkit_send(fd, line.at + i, 1);
	daemonkit_wait_ack(fd, 1, &ack);
	assert_int_equal(ack.accepted, 1);
	close(fd);
	buf_release(&line);
}

/* The verdict on the beginning of a line that never ends: told, and not acknowledged. */
static void expect_fragment(int fd, int64_t lines_before)
{
	struct buf line = { .at = NULL };
	struct json doc = { .nodes = NULL };
	struct wire_ack ack = { .lines = -1 };

	do {
		assert_true(daemonkit_line(fd, &line));
		assert_int_equal(wire_ack_parse(buf_text(&line), &doc, &ack, NULL), 0);
	} while (ack.quarantined == 0);
	assert_int_equal(ack.quarantined, 1);
	assert_int_equal(ack.lines, lines_before);
	assert_int_equal(ack.accepted, lines_before);
	assert_false(daemonkit_line(fd, &line));
	json_release(&doc);
	buf_release(&line);
}

static void test_no_newline_and_then_silence_ends_the_connection(void **state)
{
	static const char half[] = "{\"id\":\"silent\",\"time\":";
	int fd = daemonkit_hello(&kit, "gw", true);

	(void)state;
	daemonkit_send_text(fd, half);
	expect_fragment(fd, 0);
	check_kept("silence", half, strlen(half), (int64_t)strlen(half), REASON_CUT_OFF);
	check_bystander();
	close(fd);
}

/* A sender that stood still in the middle of a line, as one that is stopped and goes on. */
static void test_what_was_cut_off_is_not_acknowledged_and_comes_again(void **state)
{
	struct buf lines = { .at = NULL };
	struct ledger_status before, after;
	struct wire_ack ack;
	size_t first;
	int fd;

	(void)state;
	check_bystander();
	before = daemonkit_status(&kit);
	daemonkit_event(&lines, "stands-1");
	first = lines.len;
	daemonkit_event(&lines, "stands-2");
	fd = daemonkit_hello(&kit, "gw", true);
	daemonkit_send(fd, lines.at, first + 40);
	expect_fragment(fd, 1);
	close(fd);
	/* One line was acknowledged: the sender keeps the other, and sends it anew. */
	fd = daemonkit_hello(&kit, "gw", true);
	daemonkit_send(fd, lines.at + first, lines.len - first);
	daemonkit_wait_ack(fd, 1, &ack);
	assert_int_equal(ack.accepted, 1);
	close(fd);
	after = daemonkit_status(&kit);
	assert_int_equal(after.events, before.events + 2);
	assert_int_equal(after.quarantined, before.quarantined + 1);
	buf_release(&lines);
}

/* Only its newline is missing, and it is no event: the sender is told so, once and for all. */
static void test_a_whole_bad_line_without_newline_is_acknowledged(void **state)
{
	int fd = daemonkit_hello(&kit, "gw", true);
	struct wire_ack ack;

	(void)state;
	daemonkit_send_text(fd, "{\"id\":\"whole-bad\"}");
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	daemonkit_wait_ack(fd, 1, &ack);
	assert_int_equal(ack.quarantined, 1);
	close(fd);
}

/* Cut inside a letter of two bytes. */
static void test_what_was_cut_off_inside_a_letter_is_not_acknowledged(void **state)
{
	static const char half[] = "{\"id\":\"\xc3";
	int fd = daemonkit_hello(&kit, "gw", true);

	(void)state;
	daemonkit_send_text(fd, half);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	expect_fragment(fd, 0);
	close(fd);
}

/* Too long already, and its end never comes: no line either. */
static void test_the_beginning_of_a_line_that_is_too_long_is_not_acknowledged(void **state)
{
	char half[LINE_LIMIT + 100];
	int fd = daemonkit_hello(&kit, "gw", true);

	(void)state;
	memset(half, 'y', sizeof(half));
	daemonkit_send(fd, half, sizeof(half));
	expect_fragment(fd, 0);
	check_kept("too long and silent", half, LINE_LIMIT, (int64_t)sizeof(half), REASON_TOO_LONG);
	close(fd);
}

static void test_silence_between_lines_is_nobodys_fault(void **state)
{
	int fd = daemonkit_hello(&kit, "patient", true);

	(void)state;
	assert_true(daemonkit_silent(fd, 2500)); /* more than line_timeout_s */
	check_bystander();
	close(fd);
}

static void test_half_a_line_and_vanish_keeps_the_half(void **state)
{
	static const char half[] = "{\"id\":\"half\",\"time\":\"2026";
	int64_t until = daemonkit_now_ms() + DAEMONKIT_WAIT_MS;
	struct newest newest = { .rows = 0 };
	int fd = daemonkit_connect(kit.socket);

	(void)state;
	daemonkit_send_text(fd, half);
	close(fd);
	do {
		buf_release(&newest.raw);
		read_newest(&newest);
	} while (newest.length != (int64_t)strlen(half) && daemonkit_now_ms() < until);
	buf_release(&newest.raw);
	check_kept("half a line", half, strlen(half), (int64_t)strlen(half), REASON_CUT_OFF);
	check_bystander();
}

static void test_connect_and_vanish_is_nothing(void **state)
{
	struct ledger_status before, after;
	struct linger abort_it = { .l_onoff = 1, .l_linger = 0 };

	(void)state;
	check_bystander();
	before = daemonkit_status(&kit);
	for (int i = 0; i < 50; i++) {
		int fd = daemonkit_connect(kit.socket);

		assert_true(fd >= 0);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_it, sizeof(abort_it));
		close(fd);
	}
	check_bystander();
	after = daemonkit_status(&kit);
	assert_int_equal(after.quarantined, before.quarantined);
	assert_int_equal(after.events, before.events + 1);
}

static void test_a_whole_last_line_without_newline_counts(void **state)
{
	struct buf line = { .at = NULL };
	struct ledger_status before;
	int64_t until = daemonkit_now_ms() + DAEMONKIT_WAIT_MS;
	int fd;

	(void)state;
	check_bystander();
	before = daemonkit_status(&kit);
	daemonkit_event(&line, "no-newline");
	fd = daemonkit_connect(kit.socket);
	daemonkit_send(fd, line.at, line.len - 1);
	close(fd);
	while (daemonkit_status(&kit).events == before.events && daemonkit_now_ms() < until)
		;
	assert_int_equal(daemonkit_status(&kit).events, before.events + 1);
	assert_int_equal(daemonkit_status(&kit).quarantined, before.quarantined);
	buf_release(&line);
}

static void test_blank_lines_do_not_count(void **state)
{
	int fd = daemonkit_hello(&kit, "blank", true);
	struct buf line = { .at = NULL };
	struct wire_ack ack;

	(void)state;
	daemonkit_event(&line, "blank-1");
	daemonkit_send_text(fd, "\n\r\n  \t\n");
	daemonkit_send(fd, line.at, line.len);
	daemonkit_wait_ack(fd, 1, &ack);
	assert_int_equal(ack.accepted, 1);
	close(fd);
	buf_release(&line);
}

static void test_a_wrong_hello_is_told_and_closed(void **state)
{
	static const char *const hellos[] = {
		"{\"toll\":2,\"source\":\"gw\"}\n",
		"{\"toll\":1,\"source\":7}\n",
		"{\"toll\":1,\"ack\":\"yes\"}\n",
		"{\"toll\":1,\"speed\":9}\n",
		"{\"toll\":1,\n",
	};
	struct buf line = { .at = NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(hellos) / sizeof(hellos[0]); i++) {
		int fd = daemonkit_connect(kit.socket);

		daemonkit_send_text(fd, hellos[i]);
		assert_true(daemonkit_line(fd, &line));
		if (strncmp(line.at, "{\"error\":\"", 10) != 0)
			fail_msg("%s answered by %s", hellos[i], line.at);
		assert_false(daemonkit_line(fd, &line));
		close(fd);
		check_bystander();
	}
	buf_release(&line);
}

/* Runs last: the daemon that saw all this ends well, with a ledger that ties out. */
static void test_after_all_that_it_stops_clean_and_verifies(void **state)
{
	(void)state;
	assert_int_equal(daemonkit_stop(&kit), 0);
	daemonkit_verified_amount(&kit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_bad_line_is_answered_and_kept),
		cmocka_unit_test(test_bytes_that_are_no_json_are_kept),
		cmocka_unit_test(test_cr_lf_and_an_id_of_one_byte_are_fine),
		cmocka_unit_test(test_a_line_at_the_limit_is_read_and_one_byte_over_is_not),
		cmocka_unit_test(test_a_line_may_be_split_at_every_byte),
		cmocka_unit_test(test_no_newline_and_then_silence_ends_the_connection),
		cmocka_unit_test(test_what_was_cut_off_is_not_acknowledged_and_comes_again),
		cmocka_unit_test(test_the_beginning_of_a_line_that_is_too_long_is_not_acknowledged),
		cmocka_unit_test(test_a_whole_bad_line_without_newline_is_acknowledged),
		cmocka_unit_test(test_what_was_cut_off_inside_a_letter_is_not_acknowledged),
		cmocka_unit_test(test_silence_between_lines_is_nobodys_fault),
		cmocka_unit_test(test_half_a_line_and_vanish_keeps_the_half),
		cmocka_unit_test(test_connect_and_vanish_is_nothing),
		cmocka_unit_test(test_a_whole_last_line_without_newline_counts),
		cmocka_unit_test(test_blank_lines_do_not_count),
		cmocka_unit_test(test_a_wrong_hello_is_told_and_closed),
		cmocka_unit_test(test_after_all_that_it_stops_clean_and_verifies),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
