/* `toll tail` beside a running tolld: what it shows, who it waits for (nobody), how it ends. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"
#include "daemon/tail.h"
#include "money/money.h"
#include "tests/support/daemonkit.h"
#include "tests/support/output.h"
#include "tests/support/tollrun.h"

struct both {
	struct daemonkit kit;
	struct tollrun run, other;
	struct json doc;
};

static int begin(void **state)
{
	struct both *both = calloc(1, sizeof(*both));

	assert_non_null(both);
	daemonkit_begin(&both->kit);
	setenv("TOLL_LEDGER", both->kit.ledger, 1);
	setenv("TOLL_SOCKET", both->kit.socket, 1);
	*state = both;
	return 0;
}

static void end_run(struct tollrun *run)
{
	if (run->pid > 0) {
		kill(run->pid, SIGKILL);
		waitpid(run->pid, NULL, 0);
	}
	tollrun_release(run);
}

static int end(void **state)
{
	struct both *both = *state;

	end_run(&both->run);
	end_run(&both->other);
	json_release(&both->doc);
	daemonkit_end(&both->kit);
	free(both);
	return 0;
}

/* --- a connection of our own ---------------------------------------------- */

static int subscribe(struct both *both, const char *request)
{
	struct buf line = { .at = NULL };
	int fd = daemonkit_connect(both->kit.control);

	assert_true(fd >= 0);
	daemonkit_send_text(fd, request);
	assert_true(daemonkit_line(fd, &line));
	if (strcmp(line.at, "{\"ok\":true,\"tail\":true}") != 0)
		fail_msg("%s", line.at);
	buf_release(&line);
	return fd;
}

static struct text member(const struct both *both, const char *key)
{
	return json_string(&both->doc, json_member(&both->doc, 0, key));
}

/* The next line, parsed into both->doc; it points into *line. */
static void next_line(struct both *both, int fd, struct buf *line)
{
	struct fault fault;

	if (!daemonkit_line(fd, line))
		fail_msg("the tail was closed");
	if (json_parse(&both->doc, buf_text(line), &fault) < 0)
		fail_msg("%s: %s", fault.text, line->at);
}

#define EVENT(id, source, account, model, usage)                                                   \
	"{\"id\":\"" id "\",\"source\":\"" source                                                  \
	"\",\"time\":\"2026-11-22T08:00:00Z\",\"account\":\"" account "\",\"model\":\"" model      \
	"\",\"api\":\"toll\",\"usage\":" usage "}\n"

static const char mixed[] = EVENT("1", "gw", "ann", "m/a", "{\"input\":1204,\"output\":88}")
	EVENT("2", "gw", "bob", "m/a", "{\"input\":1000000}")
		EVENT("3", "gw", "ann", "m/b", "{\"input\":17}")
			EVENT("1", "gw", "ann", "m/a", "{\"input\":1204,\"output\":88}")
				EVENT("1", "gw", "ann", "m/a", "{\"input\":1205,\"output\":88}")
					EVENT("4", "gw", "ann", "m/a", "{\"input\":-1}")
						EVENT("5", "other", "ann", "m/a",
                                                      "{\"output\":7}") "no \\u001b[31m JSON\n";
enum { MIXED = 8 };

static void send_lines(struct both *both, const char *lines, int64_t count)
{
	struct wire_ack ack;
	int fd = daemonkit_hello(&both->kit, "gw", true);

	daemonkit_send_text(fd, lines);
	daemonkit_wait_ack(fd, count, &ack);
	close(fd);
}

static void test_lines_come_in_order_with_the_amounts_of_the_report(void **state)
{
	static const struct {
		const char *id, *verdict, *amount, *account;
	} expected[MIXED] = {
		{ "1", "accepted", "0.00138", "ann" },  { "2", "accepted", "1.00", "bob" },
		{ "3", "unpriced", NULL, "ann" },       { "1", "duplicate", NULL, "ann" },
		{ "1", "conflict", NULL, "ann" },       { "4", "quarantined", NULL, "ann" },
		{ "5", "accepted", "0.000014", "ann" }, { NULL, "quarantined", NULL, NULL },
	};
	struct both *both = *state;
	struct money sum = { 0 }, amount;
	struct buf line = { .at = NULL };
	char total[MONEY_TEXT_BYTES];
	int fd;

	daemonkit_start(&both->kit, NULL);
	fd = subscribe(both, "{\"tail\":true}\n");
	send_lines(both, mixed, MIXED);
	for (int i = 0; i < MIXED; i++) {
		next_line(both, fd, &line);
		if (!text_equal(member(both, "verdict"), text_of(expected[i].verdict)) ||
		    !text_equal(member(both, "id"), text_of(expected[i].id)) ||
		    !text_equal(member(both, "account"), text_of(expected[i].account)) ||
		    !text_equal(member(both, "amount"), text_of(expected[i].amount)))
			fail_msg("line %d: %s", i, line.at);
		if (expected[i].amount == NULL)
			continue;
		assert_int_equal(money_parse(member(both, "amount"), &amount, NULL), 0);
		assert_int_equal(money_add(sum, amount, &sum), 0);
	}
	assert_true(daemonkit_silent(fd, 0));
	close(fd);
	money_text(sum, total);
	TOLLRUN(&both->run, "report", "--json");
	TOLLRUN_EXPECT(&both->run, 0);
	assert_int_equal(json_parse(&both->doc, buf_text(&both->run.out), NULL), 0);
	assert_true(text_is(
		json_string(&both->doc,
	                    json_member(&both->doc, json_member(&both->doc, 0, "total"), "amount")),
		total));
	buf_release(&line);
	assert_int_equal(daemonkit_stop(&both->kit), 0);
}

static void test_a_bad_request_is_refused_with_the_reason(void **state)
{
	struct both *both = *state;
	struct buf line = { .at = NULL };
	int fd;

	daemonkit_start(&both->kit, NULL);
	fd = daemonkit_connect(both->kit.control);
	daemonkit_send_text(fd, "{\"tail\":true,\"verdict\":\"fine\"}\n");
	next_line(both, fd, &line);
	assert_true(text_is(member(both, "fault"), "invalid"));
	assert_true(text_is(member(both, "error"), "verdict: there is none of that name"));
	assert_false(daemonkit_line(fd, &line));
	close(fd);
	buf_release(&line);
	assert_int_equal(daemonkit_stop(&both->kit), 0);
}

/* Gateways and another who tails do not notice; the daemon keeps only so much. */
static void test_who_never_reads_holds_nobody_back(void **state)
{
	enum { EVENTS = 100000, PIECE = 2000, MORE_KIB_MAX = 24 * 1024 };
	static const char *const arguments[] = { "--identity-bytes-max", "1048576", NULL };
	struct both *both = *state;
	struct buf lines = { .at = NULL }, line = { .at = NULL };
	struct wire_ack ack;
	const char *mode = getenv("TOLL_MODE");
	int64_t before, grown, seen = 0, skipped = 0, more = 0;
	int fd, slow, quick;

	daemonkit_start(&both->kit, arguments);
	fd = daemonkit_hello(&both->kit, "gw", true);
	/* Batches and caches have their size after this. */
	daemonkit_events(&lines, "warm", 4 * PIECE);
	daemonkit_send(fd, lines.at, lines.len);
	daemonkit_wait_ack(fd, 4 * PIECE, &ack);
	before = daemonkit_resident_kib(&both->kit);
	slow = subscribe(both, "{\"tail\":true}\n");
	quick = subscribe(both, "{\"tail\":true,\"account\":\"nobody\"}\n");
	for (int i = 0; i < EVENTS; i += PIECE) {
		char prefix[32];

		snprintf(prefix, sizeof(prefix), "p%d", i);
		buf_clear(&lines);
		daemonkit_events(&lines, prefix, PIECE);
		daemonkit_send(fd, lines.at, lines.len);
		daemonkit_wait_ack(fd, 4 * PIECE + i + PIECE, &ack);
	}
	assert_int_equal(ack.accepted, 4 * PIECE + EVENTS);
	grown = daemonkit_resident_kib(&both->kit) - before;
	/* The sanitizers keep what was freed, to catch whoever uses it. */
	if ((mode == NULL || strcmp(mode, "release") == 0) && grown > MORE_KIB_MAX)
		fail_msg("%lld KiB more", (long long)grown);
	buf_clear(&lines);
	buf_addf(&lines, EVENT("last", "gw", "nobody", "m/a", "{\"input\":1}"));
	daemonkit_send(fd, lines.at, lines.len);
	next_line(both, quick, &line);
	assert_true(text_is(member(both, "id"), "last"));
	close(fd);
	close(quick);
	/* When it reads again: all lines are there or counted. */
	while (seen + skipped < EVENTS + 1) {
		next_line(both, slow, &line);
		if (json_integer(&both->doc, json_member(&both->doc, 0, "skipped"), &more))
			skipped += more;
		else
			seen++;
	}
	assert_int_equal(seen + skipped, EVENTS + 1);
	assert_true(skipped > 0);
	assert_true(seen > 1000);
	/* And from here on it has every line again. */
	daemonkit_send_one(&both->kit, "afterwards", &ack);
	next_line(both, slow, &line);
	assert_true(text_is(member(both, "id"), "afterwards"));
	close(slow);
	buf_release(&lines);
	buf_release(&line);
	assert_int_equal(daemonkit_stop(&both->kit), 0);
}

static void test_a_stop_is_the_last_line_behind_all_events(void **state)
{
	enum { EVENTS = 200 }; /* the socket takes them all: who reads may take its time */
	struct both *both = *state;
	struct buf lines = { .at = NULL }, line = { .at = NULL };
	int fd, tail, events = 0, status;

	daemonkit_start(&both->kit, NULL);
	tail = subscribe(both, "{\"tail\":true}\n");
	fd = daemonkit_hello(&both->kit, "gw", false);
	daemonkit_events(&lines, "e", EVENTS);
	daemonkit_send(fd, lines.at, lines.len);
	close(fd);
	kill(both->kit.pid, SIGTERM);
	for (;;) {
		next_line(both, tail, &line);
		if (text_is(member(both, "end"), "stopping"))
			break;
		events++;
	}
	assert_int_equal(events, EVENTS);
	assert_false(daemonkit_line(tail, &line));
	close(tail);
	status = daemonkit_wait_exit(&both->kit);
	assert_int_equal(status, 0);
	buf_release(&lines);
	buf_release(&line);
}

/* More than the socket holds: who reads has the rest of it too. */
static void test_the_end_waits_for_who_reads(void **state)
{
	enum { EVENTS = 1500, READ_BYTES = 65536 };
	static const char last[] = "{\"end\":\"stopping\"}\n";
	struct both *both = *state;
	struct buf lines = { .at = NULL }, told = { .at = NULL };
	struct text rest, line;
	struct wire_ack ack;
	int fd, tail, events = 0;

	daemonkit_start(&both->kit, NULL);
	tail = subscribe(both, "{\"tail\":true}\n");
	fd = daemonkit_hello(&both->kit, "gw", true);
	daemonkit_events(&lines, "e", EVENTS);
	daemonkit_send(fd, lines.at, lines.len);
	daemonkit_wait_ack(fd, EVENTS, &ack);
	close(fd);
	kill(both->kit.pid, SIGTERM);
	for (;;) {
		char *room = buf_room(&told, READ_BYTES);
		ssize_t got;

		assert_non_null(room);
		got = recv(tail, room, READ_BYTES, 0);
		if (got <= 0)
			break;
		told.len += (size_t)got;
	}
	close(tail);
	assert_true(told.len > sizeof(last));
	assert_memory_equal(told.at + told.len - strlen(last), last, strlen(last));
	rest = buf_text(&told);
	while (text_cut(&rest, '\n', &line))
		events += line.len > 0;
	assert_int_equal(events, EVENTS + 1);
	assert_int_equal(daemonkit_wait_exit(&both->kit), 0);
	buf_release(&lines);
	buf_release(&told);
}

/* Not even at the end: whoever does not read is left behind. */
static void test_the_end_does_not_wait_for_who_never_reads(void **state)
{
	enum { EVENTS = 20000 };
	struct both *both = *state;
	struct buf lines = { .at = NULL };
	struct wire_ack ack;
	int fd, tail;

	daemonkit_start(&both->kit, NULL);
	tail = subscribe(both, "{\"tail\":true}\n");
	fd = daemonkit_hello(&both->kit, "gw", true);
	daemonkit_events(&lines, "e", EVENTS);
	daemonkit_send(fd, lines.at, lines.len);
	daemonkit_wait_ack(fd, EVENTS, &ack);
	close(fd);
	assert_int_equal(daemonkit_stop(&both->kit), 0);
	assert_true(daemonkit_logged(&both->kit, "gateways=0 tails=1"));
	close(tail);
	buf_release(&lines);
}

/* --- the command ---------------------------------------------------------- */

static void start(struct both *both, struct tollrun *run, const char *const words[],
                  const char *tails)
{
	tollrun_release(run);
	tollrun_start(run, words, NULL, NULL);
	daemonkit_wait_log(&both->kit, tails);
}

static void interrupt(struct tollrun *run, int number)
{
	assert_int_equal(kill(run->pid, number), 0);
	tollrun_wait(run);
}

static void test_two_who_tail_have_their_own_filters(void **state)
{
	static const char *const bob[] = { "tail",    "--json", "--account", "bob",
		                           "--count", "1",      NULL };
	static const char *const unpriced[] = { "tail", "--source",  "gw",       "--model",
		                                "m/b",  "--verdict", "unpriced", "--count",
		                                "1",    NULL };
	struct both *both = *state;

	daemonkit_start(&both->kit, NULL);
	start(both, &both->run, bob, "tails=1");
	start(both, &both->other, unpriced, "tails=2");
	send_lines(both, mixed, MIXED);
	tollrun_wait(&both->run);
	tollrun_wait(&both->other);
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_EXPECT(&both->other, 0);
	TOLLRUN_SAYS(&both->run, "\"id\":\"2\",\"account\":\"bob\"");
	TOLLRUN_SAYS(&both->run,
	             "\"amount\":\"1.00\",\"currency\":\"USD\",\"total\":\"1.00\",\"phase\":null,"
	             "\"status\":null}\n");
	TOLLRUN_SAYS_NOT(&both->run, "ann");
	assert_string_equal(both->run.err.at, "toll: 1 line\n");
	TOLLRUN_SAYS(&both->other, "Time UTC Source   Account   Model ");
	TOLLRUN_SAYS(&both->other, " gw       ann       m/b                           17      0  "
	                           "unpriced             3\n");
	assert_int_equal(daemonkit_stop(&both->kit), 0);
}

static void test_csv_has_a_header_and_a_row_a_line(void **state)
{
	static const char *const words[] = { "tail", "--csv", "--count", "8", NULL };
	struct both *both = *state;
	struct text rest, line;
	int rows = 0;

	daemonkit_start(&both->kit, NULL);
	start(both, &both->run, words, "tails=1");
	send_lines(both, mixed, MIXED);
	tollrun_wait(&both->run);
	TOLLRUN_EXPECT(&both->run, 0);
	rest = buf_text(&both->run.out);
	while (text_cut(&rest, '\n', &line))
		rows += line.len > 0;
	assert_int_equal(rows, 1 + MIXED);
	assert_memory_equal(both->run.out.at, "verdict,received,time,", 22);
	TOLLRUN_SAYS(&both->run, ",gw,2,bob,,m/a,toll,final,reported,1.00,USD,1000000,");
	assert_int_equal(daemonkit_stop(&both->kit), 0);
}

static void test_signals_end_it_with_a_summary(void **state)
{
	static const char *const words[] = { "tail", NULL };
	static const int signals[] = { SIGINT, SIGTERM };
	struct both *both = *state;

	daemonkit_start(&both->kit, NULL);
	for (size_t i = 0; i < 2; i++) {
		char byte = ' ';

		start(both, &both->run, words, "tails=1");
		/* Its heading says that it has come so far that a signal is its own. */
		while (byte != '\n')
			assert_int_equal(read(both->run.out_fd, &byte, 1), 1);
		interrupt(&both->run, signals[i]);
		TOLLRUN_EXPECT(&both->run, 0);
		assert_string_equal(both->run.err.at, "toll: 0 lines\n");
		daemonkit_wait_log(&both->kit, "lines=0 skipped=0");
	}
	assert_int_equal(daemonkit_stop(&both->kit), 0);
}

#define PHASE(settlement, rest)                                                                    \
	"{\"id\":\"p\",\"source\":\"gw\",\"time\":\"2026-11-22T08:00:00Z\",\"account\":\"ann\","   \
	"\"model\":\"m/a\",\"api\":\"toll\",\"settlement\":\"" settlement "\"" rest "}\n"

/* Together they are what the report has. */
static void test_phases_are_told_with_what_they_added(void **state)
{
	static const char lines[] = PHASE("open", "") PHASE("partial", ",\"usage\":{\"input\":400}")
		PHASE("final", ",\"usage\":{\"input\":1000}")
			PHASE("abandoned", ",\"usage\":{\"input\":700}")
				EVENT("f", "gw", "ann", "m/a", "null,\"status\":429");
	static const char *const words[] = { "tail", "--count", "5", NULL };
	static const char *const shown[] = {
		"  $0.00 open ",           "  $0.0004 partial ", "  $0.0006 of $0.001 ",
		"  $0.00 late abandoned ", "  failed 429 ",
	};
	struct both *both = *state;

	daemonkit_start(&both->kit, NULL);
	start(both, &both->run, words, "tails=1");
	send_lines(both, lines, 5);
	tollrun_wait(&both->run);
	TOLLRUN_EXPECT(&both->run, 0);
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		TOLLRUN_SAYS(&both->run, shown[i]);
	TOLLRUN(&both->run, "report", "--csv");
	TOLLRUN_SAYS(&both->run, ",0.001\n");
	assert_int_equal(daemonkit_stop(&both->kit), 0);
}

static void test_the_daemons_end_is_told(void **state)
{
	static const char *const words[] = { "tail", "--json", NULL };
	struct both *both = *state;

	daemonkit_start(&both->kit, NULL);
	start(both, &both->run, words, "tails=1");
	assert_int_equal(daemonkit_stop(&both->kit), 0);
	tollrun_wait(&both->run);
	TOLLRUN_EXPECT(&both->run, 3);
	assert_string_equal(both->run.out.at, "{\"end\":\"stopping\"}\n");
	TOLLRUN_SAYS(&both->run, "toll: the daemon stops; start toll tail again");
}

static void test_a_daemon_that_dies_is_told(void **state)
{
	static const char *const words[] = { "tail", NULL };
	struct both *both = *state;

	daemonkit_start(&both->kit, NULL);
	start(both, &both->run, words, "tails=1");
	daemonkit_kill(&both->kit);
	tollrun_wait(&both->run);
	TOLLRUN_EXPECT(&both->run, 3);
	TOLLRUN_SAYS(&both->run, "the connection to the daemon was lost");
}

static void test_without_a_daemon_it_says_what_to_do(void **state)
{
	struct both *both = *state;

	TOLLRUN(&both->run, "tail");
	TOLLRUN_EXPECT(&both->run, 3);
	TOLLRUN_SAYS(&both->run, "no daemon writes ");
	TOLLRUN_SAYS(&both->run, "start tolld");
	assert_int_equal(both->run.out.len, 0);
}

static void test_too_many_are_told_so(void **state)
{
	struct both *both = *state;
	int fds[TAIL_SUBSCRIBERS_MAX];

	daemonkit_start(&both->kit, NULL);
	for (int i = 0; i < TAIL_SUBSCRIBERS_MAX; i++)
		fds[i] = subscribe(both, "{\"tail\":true}\n");
	TOLLRUN(&both->run, "tail");
	TOLLRUN_EXPECT(&both->run, 3);
	TOLLRUN_SAYS(&both->run, "16 are tailing already");
	/* Changes are not kept out by them. */
	TOLLRUN(&both->run, "suspense", "retry");
	TOLLRUN_EXPECT(&both->run, 0);
	for (int i = 0; i < TAIL_SUBSCRIBERS_MAX; i++)
		close(fds[i]);
	assert_int_equal(daemonkit_stop(&both->kit), 0);
}

static void test_wrong_use_is_told(void **state)
{
	static const struct {
		const char *words[4], *says;
	} rows[] = {
		{ { "tail", "--verdict", "fine" }, "--verdict: accepted, unpriced" },
		{ { "tail", "--account", "" }, "--account: 1 to 256 bytes" },
		{ { "tail", "--count", "0" }, "--count" },
		{ { "tail", "here" }, "tail takes no words: here" },
	};
	struct both *both = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tollrun_release(&both->run);
		tollrun_start(&both->run, rows[i].words, NULL, NULL);
		tollrun_wait(&both->run);
		TOLLRUN_EXPECT(&both->run, 2);
		TOLLRUN_SAYS(&both->run, rows[i].says);
	}
}

static void test_who_reads_no_more_ends_it_quietly(void **state)
{
	static const char *const words[] = { "tail", NULL };
	struct both *both = *state;
	int silent = open("/dev/null", O_RDONLY | O_CLOEXEC);

	daemonkit_start(&both->kit, NULL);
	start(both, &both->run, words, "tails=1");
	/* As `| head` does; nothing has to come for it to be noticed. */
	close(both->run.out_fd);
	both->run.out_fd = silent;
	tollrun_wait(&both->run);
	TOLLRUN_EXPECT(&both->run, 0);
	assert_int_equal(both->run.err.len, 0);
	daemonkit_wait_log(&both->kit, "tail ends");
	assert_int_equal(daemonkit_stop(&both->kit), 0);
}

static void test_a_full_disk_is_told(void **state)
{
	static const char *const words[] = { "tail", NULL };
	struct both *both = *state;

	daemonkit_start(&both->kit, NULL);
	tollrun_start(&both->run, words, NULL, "/dev/full");
	tollrun_wait(&both->run);
	TOLLRUN_EXPECT(&both->run, 3);
	TOLLRUN_SAYS(&both->run, "standard output: No space left on device");
	assert_int_equal(daemonkit_stop(&both->kit), 0);
}

/* --- a terminal ----------------------------------------------------------- */

/* toll on a terminal of so many columns; returns the other side of it. */
static int start_on_terminal(struct tollrun *run, unsigned short columns, bool colour)
{
	const struct winsize size = { .ws_row = 24, .ws_col = columns };
	char program[DAEMONKIT_PATH_BYTES];
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	daemonkit_program(program, "toll");
	run->pid = fork();
	assert_true(run->pid >= 0);
	if (run->pid == 0) {
		int slave = open(ptsname(master), O_RDWR | O_NOCTTY);

		if (slave < 0 || ioctl(slave, TIOCSWINSZ, &size) < 0)
			_exit(126);
		dup2(slave, 0);
		dup2(slave, 1);
		dup2(slave, 2);
		setenv("TERM", "xterm", 1);
		unsetenv("COLUMNS");
		if (colour)
			unsetenv("NO_COLOR");
		else
			setenv("NO_COLOR", "1", 1);
		execl(program, "toll", "tail", "--count", "8", (char *)NULL);
		_exit(127);
	}
	return master;
}

/* All of it, without the carriage returns of a terminal; the other side ends with EIO. */
static void read_terminal(struct tollrun *run, int master)
{
	struct pollfd readable = { .fd = master, .events = POLLIN };
	size_t len = 0;
	int status;

	buf_clear(&run->out);
	for (;;) {
		char *room = buf_room(&run->out, 4096);
		ssize_t got;

		assert_non_null(room);
		if (poll(&readable, 1, DAEMONKIT_WAIT_MS) <= 0)
			fail_msg("nothing comes");
		got = read(master, room, 4096);
		if (got <= 0)
			break;
		run->out.len += (size_t)got;
		run->out.at[run->out.len] = '\0';
	}
	close(master);
	for (size_t i = 0; i < run->out.len; i++) {
		if (run->out.at[i] != '\r')
			run->out.at[len++] = run->out.at[i];
	}
	run->out.len = len;
	run->out.at[len] = '\0';
	assert_int_equal(waitpid(run->pid, &status, 0), run->pid);
	run->pid = 0;
	run->code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void test_a_terminal_has_a_line_each_within_its_width(void **state)
{
	struct both *both = *state;
	struct text rest, line;
	int master, lines = 0;

	daemonkit_start(&both->kit, NULL);
	master = start_on_terminal(&both->run, 80, false);
	daemonkit_wait_log(&both->kit, "tails=1");
	send_lines(both, mixed, MIXED);
	read_terminal(&both->run, master);
	TOLLRUN_EXPECT(&both->run, 0);
	output_fits(buf_text(&both->run.out));
	TOLLRUN_SAYS(&both->run, "Time UTC Source   Account   Model                 In    Out  "
	                         "Amount\n");
	TOLLRUN_SAYS(&both->run, " gw       ann       m/a                1 204     88  "
	                         "$0.00138\n");
	TOLLRUN_SAYS(&both->run, " gw       ann       m/b                   17      0  "
	                         "unpriced\n");
	TOLLRUN_SAYS(&both->run, "  duplicate\n");
	TOLLRUN_SAYS(&both->run, "  conflict\n");
	TOLLRUN_SAYS(&both->run, " gw       quarantined count: usage: input: -1 is no count (4)\n");
	TOLLRUN_SAYS(&both->run, "toll: 8 lines\n");
	assert_null(strchr(both->run.out.at, '\033'));
	rest = buf_text(&both->run.out);
	while (text_cut(&rest, '\n', &line))
		lines += line.len > 0;
	assert_int_equal(lines, 1 + MIXED + 1);
	assert_int_equal(daemonkit_stop(&both->kit), 0);
}

static void test_a_terminal_has_colours_and_a_wide_one_the_id(void **state)
{
	struct both *both = *state;
	int master;

	daemonkit_start(&both->kit, NULL);
	master = start_on_terminal(&both->run, 132, true);
	daemonkit_wait_log(&both->kit, "tails=1");
	send_lines(both, mixed, MIXED);
	read_terminal(&both->run, master);
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, "\033[33munpriced\033[0m                   3\n");
	TOLLRUN_SAYS(&both->run, "\033[31mquarantined\033[0m count");
	assert_int_equal(daemonkit_stop(&both->kit), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define EACH(test) cmocka_unit_test_setup_teardown(test, begin, end)
		EACH(test_lines_come_in_order_with_the_amounts_of_the_report),
		EACH(test_a_bad_request_is_refused_with_the_reason),
		EACH(test_phases_are_told_with_what_they_added),
		EACH(test_who_never_reads_holds_nobody_back),
		EACH(test_a_stop_is_the_last_line_behind_all_events),
		EACH(test_the_end_waits_for_who_reads),
		EACH(test_the_end_does_not_wait_for_who_never_reads),
		EACH(test_two_who_tail_have_their_own_filters),
		EACH(test_csv_has_a_header_and_a_row_a_line),
		EACH(test_signals_end_it_with_a_summary),
		EACH(test_the_daemons_end_is_told),
		EACH(test_a_daemon_that_dies_is_told),
		EACH(test_without_a_daemon_it_says_what_to_do),
		EACH(test_too_many_are_told_so),
		EACH(test_wrong_use_is_told),
		EACH(test_who_reads_no_more_ends_it_quietly),
		EACH(test_a_full_disk_is_told),
		EACH(test_a_terminal_has_a_line_each_within_its_width),
		EACH(test_a_terminal_has_colours_and_a_wide_one_the_id),
	};

	return cmocka_run_group_tests_name("tail", tests, NULL, NULL);
}
