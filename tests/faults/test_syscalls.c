/*
 * System calls of the real daemon that fail: syscalls.def.  It goes on, or it stops and says
 * why; in either case what was acknowledged is there once, and the rest after a resend.
 *
 * All rows are run in release; under a sanitizer each fifth, from a first one that SEED
 * chooses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/gateways.h"
#include "tests/support/inject.h"

enum when { START, RUN, END };
enum file { ANY, LEDGER, WAL, SHM, LOCK, JOURNAL, PRICES, SOCKET, GATEWAY };
enum outcome { GOES_ON, STOPS };

enum {
	GATEWAYS = 3,
	EVENTS = 300, /* of one gateway, each time that it sends */
	SOCKETS_MAX = 10,
	LINK_BYTES = 32,
	FILES_MAX = 64,
	SANITIZED_STRIDE = 5, /* under a sanitizer every so many rows */
};

struct row {
	enum when when;
	const char *syscall;
	enum file file;
	const char *error, *count;
	enum outcome outcome;
	const char *words;
};

static const struct row rows[] = {
#define F(WHEN, syscall, FILE, error, when, OUTCOME, words)                                        \
	{ WHEN, #syscall, FILE, #error, when, OUTCOME, words },
#include "tests/faults/syscalls.def"
#undef F
};

static const char *const when_names[] = { "start", "run", "end" };
static const char *const file_names[] = { "any",     "ledger", "WAL",    "shm",     "lock",
	                                  "journal", "prices", "socket", "gateways" };

static struct daemonkit kit;
static struct gateways gateways;
static struct inject inject;

static const char *file_path(enum file file)
{
	static const char *const suffixes[] = { [LEDGER] = "",
		                                [WAL] = "-wal",
		                                [SHM] = "-shm",
		                                [LOCK] = ".lock",
		                                [JOURNAL] = "-journal" };
	static char path[DAEMONKIT_PATH_BYTES + 16];

	if (file == ANY || file == GATEWAY)
		return NULL;
	if (file == PRICES || file == SOCKET)
		return file == PRICES ? kit.prices : kit.socket;
	snprintf(path, sizeof(path), "%s%s", kit.ledger, suffixes[file]);
	return path;
}

/* Until all is acknowledged, it is gone, or (quiet) a call has failed. */
static bool send_on(bool quiet, int *code_out)
{
	int64_t until = daemonkit_now_ms() + DAEMONKIT_WAIT_MS / 4, quiet_ms = 3000;
	int64_t quiet_until = daemonkit_now_ms() + quiet_ms;

	for (;;) {
		if (daemonkit_gone(&kit, code_out))
			return true;
		if (quiet && (inject_count(&inject) > 0 || daemonkit_now_ms() > quiet_until))
			return false;
		if (gateways_run(&gateways, daemonkit_now_ms() + 20) && !quiet)
			return false;
		if (quiet)
			usleep(20000);
		if (daemonkit_now_ms() > until)
			fail_msg("it neither acknowledges nor ends");
	}
}

static bool has_error_line(const char *words)
{
	struct buf log = { .at = NULL };
	struct text rest, line;
	bool found = false;

	assert_int_equal(buf_read_file(&log, kit.log, BUF_BYTES_MAX, NULL), 0);
	rest = buf_text(&log);
	while (!found && text_cut(&rest, '\n', &line))
		found = memmem(line.at, line.len, "level=error", 11) != NULL &&
		        memmem(line.at, line.len, words, strlen(words)) != NULL;
	buf_release(&log);
	return found;
}

/* strace's word for each socket that the daemon has open now. */
static const char *const *open_sockets(void)
{
	static char links[SOCKETS_MAX][LINK_BYTES];
	static const char *names[SOCKETS_MAX + 1];
	char path[64];
	size_t count = 0;

	for (int fd = 3; fd < FILES_MAX; fd++) {
		ssize_t len;

		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)kit.pid, fd);
		assert_true(count < SOCKETS_MAX);
		len = readlink(path, links[count], LINK_BYTES - 1);
		if (len <= 0 || strncmp(links[count], "socket:", 7) != 0)
			continue;
		links[count][len] = '\0';
		names[count] = links[count];
		count++;
	}
	names[count] = NULL;
	assert_true(count >= GATEWAYS);
	return names;
}

/* The life of a daemon with the fault; true: it ended by itself. */
static bool live(const struct row *row, struct injected *what, int *code_out)
{
	const char *const arguments[] = { "--ledger",    kit.ledger, "--socket",
		                          kit.socket,    "--prices", kit.prices,
		                          "--linger-ms", "1",        NULL };

	if (row->when == START) {
		inject_at_start(&inject, &kit, what);
		daemonkit_spawn(&kit, arguments);
	} else {
		daemonkit_start(&kit, arguments + 6);
		if (row->file == GATEWAY) {
			gateways_allow(&gateways, 1);
			assert_false(send_on(false, code_out));
			what->files = open_sockets();
		}
		if (row->when == RUN)
			inject_now(&inject, &kit, what);
	}
	gateways_allow(&gateways, EVENTS);
	if (send_on(false, code_out))
		return true;
	if (row->when == RUN) {
		if (send_on(true, code_out))
			return true;
		gateways_allow(&gateways, EVENTS);
		if (send_on(false, code_out))
			return true;
	}
	if (row->when == END)
		inject_now(&inject, &kit, what);
	*code_out = daemonkit_stop(&kit);
	return false;
}

static void run_row(const struct row *row)
{
	char fault[32], label[160];
	struct injected what = { row->syscall, NULL, fault, row->count, NULL };
	int64_t acknowledged;
	bool ended;
	int code = 0, count;

	snprintf(fault, sizeof(fault), "error=%s", row->error);
	snprintf(label, sizeof(label), "%s: %s of %s: %s (%s)", when_names[row->when], row->syscall,
	         file_names[row->file], row->error, row->count);
	print_message("%s: ", label);
	daemonkit_begin(&kit);
	what.file = file_path(row->file);
	gateways_init(&gateways, &kit, GATEWAYS);
	ended = live(row, &what, &code);
	gateways_hang_up(&gateways);
	inject_end(&inject);
	count = inject_count(&inject);
	acknowledged = gateways_acknowledged(&gateways);
	print_message("%d failed, %s with %d, %lld acknowledged\n", count,
	              ended ? "it stopped" : "it went on, ended", code, (long long)acknowledged);
	if (count == 0)
		fail_msg("%s: no call failed", label);
	if (code < 0)
		fail_msg("%s: it died of signal %d", label, -code);
	if (ended != (row->outcome == STOPS && row->when != END))
		fail_msg("%s: it %s", label, ended ? "stopped" : "went on");
	if ((code == 0) != (row->outcome == GOES_ON))
		fail_msg("%s: it ended with %d", label, code);
	if (row->words[0] != '\0' ? !has_error_line(row->words) : ended && !has_error_line(""))
		fail_msg("%s: no error line says \"%s\"", label, row->words);
	/* What has failed is left alone: no second try, not even at its end. */
	if (row->outcome == STOPS && row->count[1] == '\0' && count != 1)
		fail_msg("%s: %d calls failed", label, count);
	gateways_settle(&gateways);
	gateways_release(&gateways);
	daemonkit_end(&kit);
}

static void run_rows(enum when when)
{
	const char *mode = getenv("TOLL_MODE"), *seed = getenv("SEED");
	size_t stride = mode == NULL || strcmp(mode, "release") == 0 ? 1 : SANITIZED_STRIDE;
	uint64_t number = seed != NULL ? strtoull(seed, NULL, 10) : 1;
	size_t due = 0, run = 0;

	if (!inject_works())
		skip();
	if (stride > 1)
		print_message("SEED=%llu\n", (unsigned long long)number);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].when != when)
			continue;
		if (due++ % stride != number % stride)
			continue;
		run_row(&rows[i]);
		run++;
	}
	assert_true(run > 0);
	print_message("%zu of %zu rows\n", run, due);
}

static void test_a_call_that_fails_at_the_start(void **state)
{
	(void)state;
	run_rows(START);
}

static void test_a_call_that_fails_under_load(void **state)
{
	(void)state;
	run_rows(RUN);
}

static void test_a_call_that_fails_at_the_end(void **state)
{
	(void)state;
	run_rows(END);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_call_that_fails_at_the_start),
		cmocka_unit_test(test_a_call_that_fails_under_load),
		cmocka_unit_test(test_a_call_that_fails_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
