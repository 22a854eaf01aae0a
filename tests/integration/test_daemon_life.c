/* Starting, stopping, reloading: tolld and the system around it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/intake.h"
#include "tests/support/daemonkit.h"
#include "tests/support/output.h"

static struct daemonkit kit;

static int begin(void **state)
{
	(void)state;
	daemonkit_begin(&kit);
	return 0;
}

static int end(void **state)
{
	(void)state;
	daemonkit_end(&kit);
	return 0;
}

static mode_t mode_of(const char *path)
{
	struct stat status;

	assert_int_equal(lstat(path, &status), 0);
	return status.st_mode & 07777;
}

static int bind_path(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(text_copy(address.sun_path, sizeof(address.sun_path), text_of(path)));
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void make_run_folder(void)
{
	char folder[DAEMONKIT_PATH_BYTES];

	text_copy(folder, sizeof(folder), text_of(kit.socket));
	*strrchr(folder, '/') = '\0';
	assert_int_equal(mkdir(folder, 0750), 0);
}

static void test_the_socket_is_for_the_group_and_gone_at_the_end(void **state)
{
	char folder[DAEMONKIT_PATH_BYTES];

	(void)state;
	daemonkit_start(&kit, NULL);
	text_copy(folder, sizeof(folder), text_of(kit.socket));
	*strrchr(folder, '/') = '\0';
	assert_int_equal(mode_of(kit.socket), 0660);
	assert_int_equal(mode_of(kit.control), 0660);
	assert_int_equal(mode_of(folder), 0750);
	assert_int_equal(mode_of(kit.ledger), 0640);
	assert_true(daemonkit_logged(&kit, "there is no ledger: a new one is made"));
	assert_int_equal(daemonkit_stop(&kit), 0);
	assert_int_equal(access(kit.socket, F_OK), -1);
	assert_int_equal(access(kit.control, F_OK), -1);
}

static void test_a_stale_socket_is_replaced(void **state)
{
	struct wire_ack ack;

	(void)state;
	make_run_folder();
	close(bind_path(kit.socket)); /* the file stays, nobody answers */
	daemonkit_start(&kit, NULL);
	daemonkit_send_one(&kit, "stale", &ack);
	assert_int_equal(ack.accepted, 1);
	/* And after a kill, its own. */
	daemonkit_kill(&kit);
	assert_int_equal(access(kit.socket, F_OK), 0);
	daemonkit_start(&kit, NULL);
	daemonkit_send_one(&kit, "stale", &ack);
	assert_int_equal(ack.duplicate, 1);
}

static void test_a_socket_that_answers_is_left_alone(void **state)
{
	const char *const arguments[] = { "--ledger", kit.ledger, "--socket", kit.socket, NULL };
	int other;

	(void)state;
	make_run_folder();
	other = bind_path(kit.socket);
	assert_int_equal(listen(other, 4), 0);
	daemonkit_spawn(&kit, arguments);
	assert_int_equal(daemonkit_wait_exit(&kit), 3);
	assert_true(daemonkit_logged(&kit, "another program answers there"));
	assert_int_equal(access(kit.socket, F_OK), 0);
	close(other);
}

static void test_a_file_in_the_way_is_left_alone(void **state)
{
	const char *const arguments[] = { "--ledger", kit.ledger, "--socket", kit.prices, NULL };

	(void)state;
	daemonkit_spawn(&kit, arguments);
	assert_int_equal(daemonkit_wait_exit(&kit), 2);
	assert_true(daemonkit_logged(&kit, "is no socket"));
	assert_int_equal(access(kit.prices, F_OK), 0);
}

static void test_a_second_daemon_names_the_first_and_touches_nothing(void **state)
{
	struct daemonkit second = kit;
	struct wire_ack ack;
	char words[64];

	(void)state;
	daemonkit_start(&kit, NULL);
	{
		const char *const arguments[] = { "--ledger", kit.ledger, "--socket", kit.socket,
			                          NULL };

		daemonkit_spawn(&second, arguments);
	}
	assert_int_equal(daemonkit_wait_exit(&second), 3);
	snprintf(words, sizeof(words), "%d", (int)kit.pid);
	assert_true(daemonkit_logged(&kit, "fault=busy"));
	assert_true(daemonkit_logged(&kit, words));
	daemonkit_send_one(&kit, "still", &ack);
	assert_int_equal(ack.accepted, 1);
}

static void test_the_end_reads_what_was_sent_already(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT };
	/* More than one read of the daemon's, less than a socket holds by default. */
	enum { EVENTS = 700 };

	(void)state;
	for (size_t s = 0; s < 2; s++) {
		struct buf lines = { .at = NULL }, half = { .at = NULL };
		struct wire_ack ack;
		int plain, fd;

		daemonkit_start(&kit, NULL);
		for (int i = 0; i < EVENTS; i++) {
			char id[32];

			snprintf(id, sizeof(id), "d%zu-%d", s, i);
			daemonkit_event(&lines, id);
		}
		daemonkit_event(&half, "half");
		half.len /= 2;
		plain = daemonkit_connect(kit.socket);
		fd = daemonkit_hello(&kit, "gw", true);
		/* Stopped, it finds all of it waiting when it goes on. */
		kill(kit.pid, SIGSTOP);
		assert_int_equal(daemonkit_fill_socket(fd, buf_text(&lines)), lines.len);
		daemonkit_send(fd, half.at, half.len);
		daemonkit_send(plain, half.at, half.len);
		close(plain);
		kill(kit.pid, signals[s]);
		kill(kit.pid, SIGCONT);
		daemonkit_wait_ack(fd, EVENTS, &ack);
		assert_int_equal(daemonkit_wait_exit(&kit), 0);
		assert_true(daemonkit_logged(&kit, "msg=\"stopped\" exit=0"));
		/* The half line of a sender that will send it again is not kept. */
		assert_int_equal(daemonkit_status(&kit).events, (s + 1) * EVENTS);
		assert_int_equal(daemonkit_status(&kit).quarantined, 1);
		close(fd);
		buf_release(&lines);
		buf_release(&half);
	}
	daemonkit_verified_amount(&kit);
}

/* Of the settings' errors each names the key, the value and in the file the line. */
static void test_a_wrong_setting_is_named(void **state)
{
	static const struct {
		const char *label, *json, *words;
	} rows[] = {
		{ "unknown key", "{\n\"ledgr\": \"x\"}",
		  "tolld.json: line 2: no setting \"ledgr\"; did you mean ledger?" },
		{ "unknown key like none", "{\n\"xyz\": 1}", "line 2: no setting \"xyz\"\n" },
		{ "a key twice", "{\n\"linger_ms\":5,\n\"linger_ms\":6\n}",
		  "line 3, column 1: the object has this key already: linger_ms" },
		{ "an empty path", "{\"ledger\":\"x\",\n\"socket\":\"\"}",
		  "tolld.json: line 2: socket: \"\": a path is due" },
		{ "a number for a text", "{\"ledger\": 5}",
		  "line 1: ledger: a string is due, not a number 5" },
		{ "a control character", "{\"ledger\": \"a\\nb\"}",
		  "line 1: ledger: \"a?b\": a text of at most" },
		{ "text for a number", "{\n\n\"linger_ms\": \"5\"}",
		  "line 3: linger_ms: \"5\" is not" },
		{ "out of range", "{\"queue_batches\": 1}",
		  "line 1: queue_batches: \"1\" is not a whole number from 2" },
		{ "a word for a number", "{\"linger_ms\": true}",
		  "line 1: linger_ms: a whole number from 0 to 10000 is due, not true" },
		{ "a list for a text", "{\n\"socket\": []}",
		  "line 2: socket: a string is due, not an array" },
		{ "no such book", "{\n\n\"prices\": \"/nonexistent.json\"}",
		  "tolld.json: line 3: prices: /nonexistent.json: No such file" },
		{ "fraction", "{\"drain_ms\": 1.5}", "drain_ms: \"1.5\"" },
		{ "no JSON", "{\n\"ledger\" 1}", "line 2" },
		{ "level", "{\"log_level\": \"loud\"}", "line 1: log_level: \"loud\" is not" },
		{ "same socket", "{\"socket\":\"/tmp/x\",\"control\":\"/tmp/x\"}",
		  "tolld.json: line 1: control: \"/tmp/x\": the same path as socket" },
	};
	char path[DAEMONKIT_PATH_BYTES];

	(void)state;
	snprintf(path, sizeof(path), "%s/tolld.json", kit.folder);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const arguments[] = { "--check-config", "--config", path, NULL };

		daemonkit_write(path, rows[i].json);
		unlink(kit.log);
		daemonkit_spawn(&kit, arguments);
		if (daemonkit_wait_exit(&kit) != 2 || !daemonkit_logged(&kit, rows[i].words))
			fail_msg("%s: exit code or message; want: %s", rows[i].label,
			         rows[i].words);
	}
}

static void test_flags_win_over_the_file(void **state)
{
	char path[DAEMONKIT_PATH_BYTES];
	struct buf json = { .at = NULL };
	const char *const arguments[] = { "--config", path, "--ledger", kit.ledger, NULL };

	(void)state;
	snprintf(path, sizeof(path), "%s/tolld.json", kit.folder);
	buf_addf(&json, "{\"ledger\":\"/nonexistent/x.db\",\"socket\":\"%s\",\"prices\":\"%s\"}",
	         kit.socket, kit.prices);
	daemonkit_write(path, json.at);
	daemonkit_spawn(&kit, arguments);
	daemonkit_wait_log(&kit, "msg=\"ready\"");
	assert_int_equal(daemonkit_stop(&kit), 0);
	buf_release(&json);
}

static void test_a_bad_price_book_stops_the_start_with_every_error(void **state)
{
	const char *const arguments[] = { "--ledger", kit.ledger, "--socket", kit.socket,
		                          "--prices", kit.prices, NULL };

	(void)state;
	daemonkit_write(kit.prices,
	                "{\"pricebook\":1,\"currency\":\"USD\",\"models\":[\n"
	                "{\"model\":\"a\",\"versions\":7},\n{\"model\":\"b\",\"versions\":8}]}");
	daemonkit_spawn(&kit, arguments);
	assert_int_equal(daemonkit_wait_exit(&kit), 2);
	assert_true(daemonkit_logged(&kit, "line 2: models[0].versions"));
	assert_true(daemonkit_logged(&kit, "line 3: models[1].versions"));
	/* And no ledger was made for it. */
	assert_int_equal(access(kit.ledger, F_OK), -1);
}

/* As systemd does it: a listening socket as descriptor 3, and a datagram socket to be told. */
/* `for_us`: the sockets are handed to this very process, as systemd says with its pid. */
static void start_under_systemd(int listening, const char *notify, bool for_us)
{
	char program[DAEMONKIT_PATH_BYTES], pid[24];

	daemonkit_program(program, "tolld");
	kit.pid = fork();
	assert_true(kit.pid >= 0);
	if (kit.pid == 0) {
		int log = open(kit.log, O_WRONLY | O_CREAT | O_APPEND, 0600);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(log, STDERR_FILENO);
		dup2(listening, 9);
		dup2(9, 3);
		snprintf(pid, sizeof(pid), "%d", (int)(for_us ? getpid() : getppid()));
		setenv("LISTEN_PID", pid, 1);
		setenv("LISTEN_FDS", "1", 1);
		setenv("NOTIFY_SOCKET", notify, 1);
		setenv("WATCHDOG_USEC", "1000000", 1);
		execl(program, program, "--ledger", kit.ledger, "--socket", kit.socket, "--prices",
		      kit.prices, NULL);
		_exit(127);
	}
}

static void wait_told(int fd, const char *words)
{
	char told[256];
	ssize_t got;

	do {
		if (daemonkit_silent(fd, DAEMONKIT_WAIT_MS))
			fail_msg("not told: %s", words);
		got = recv(fd, told, sizeof(told) - 1, 0);
		assert_true(got > 0);
		told[got] = '\0';
	} while (strstr(told, words) == NULL);
}

static void test_a_socket_from_systemd_and_its_notifications(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct wire_ack ack;
	int listening, told = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	make_run_folder();
	listening = bind_path(kit.socket);
	assert_int_equal(listen(listening, 16), 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", kit.folder);
	assert_int_equal(bind(told, (const struct sockaddr *)&address, sizeof(address)), 0);
	start_under_systemd(listening, address.sun_path, true);
	wait_told(told, "READY=1");
	daemonkit_send_one(&kit, "activated", &ack);
	assert_int_equal(ack.accepted, 1);
	wait_told(told, "WATCHDOG=1");
	kill(kit.pid, SIGTERM);
	wait_told(told, "STOPPING=1");
	assert_int_equal(daemonkit_wait_exit(&kit), 0);
	/* Not its socket: it stays for the next one, which gets what waits there. */
	assert_int_equal(access(kit.socket, F_OK), 0);
	start_under_systemd(listening, address.sun_path, true);
	wait_told(told, "READY=1");
	daemonkit_send_one(&kit, "again", &ack);
	assert_int_equal(ack.accepted, 1);
	close(listening);
	close(told);
}

/* Sockets that were handed to a parent, and came along, are none of ours. */
static void test_a_socket_that_was_handed_to_another_is_left_alone(void **state)
{
	char other[DAEMONKIT_PATH_BYTES];
	struct wire_ack ack;
	int listening;

	(void)state;
	make_run_folder();
	snprintf(other, sizeof(other), "%s/other.sock", kit.folder);
	listening = bind_path(other);
	assert_int_equal(listen(listening, 16), 0);
	start_under_systemd(listening, "", false);
	daemonkit_wait_log(&kit, "msg=\"ready\"");
	daemonkit_send_one(&kit, "own", &ack);
	assert_int_equal(ack.accepted, 1);
	assert_int_equal(daemonkit_stop(&kit), 0);
	close(listening);
}

/* Somebody put another socket in its place: at the end that one is not taken away. */
static void test_the_end_leaves_a_socket_of_somebody_else(void **state)
{
	int other;

	(void)state;
	daemonkit_start(&kit, NULL);
	assert_int_equal(unlink(kit.socket), 0);
	other = bind_path(kit.socket);
	assert_int_equal(daemonkit_stop(&kit), 0);
	assert_int_equal(access(kit.socket, F_OK), 0);
	close(other);
}

static size_t count_logged(const char *words)
{
	struct buf log = { .at = NULL };
	size_t count = 0;

	assert_int_equal(buf_read_file(&log, kit.log, BUF_BYTES_MAX, NULL), 0);
	for (const char *at = log.at; (at = strstr(at, words)) != NULL; at++)
		count++;
	buf_release(&log);
	return count;
}

/* A gateway gone wrong must not fill the disk with our log. */
static void test_the_log_tells_of_so_many_bad_lines_and_then_counts(void **state)
{
	enum { LINES = INTAKE_LOG_LINES_MAX + 50 };
	struct wire_ack ack;
	int fd;

	(void)state;
	daemonkit_start(&kit, NULL);
	fd = daemonkit_hello(&kit, "gw", true);
	for (int i = 0; i < LINES; i++)
		daemonkit_send_text(fd, "no event\n");
	daemonkit_wait_ack(fd, LINES, &ack);
	assert_int_equal(ack.quarantined, LINES);
	close(fd);
	assert_int_equal(daemonkit_stop(&kit), 0);
	assert_int_equal(count_logged("msg=\"line quarantined\""), INTAKE_LOG_LINES_MAX);
	assert_int_equal(count_logged("are only counted until the next summary"), 1);
	assert_int_equal(count_logged("quarantined=150 "), 1);
}

/* A gateway that has no file left would be turned away instead of waiting. */
static void test_the_limit_of_open_files_is_raised_or_told(void **state)
{
	enum { FILES_OF_ITS_OWN = 696 }; /* as tolld(8) has it */
	static const char *const arguments[] = { "--connections-max", "1000", NULL };
	const char *const spawned[] = { "--ledger",          kit.ledger, "--socket", kit.socket,
		                        "--connections-max", "1000",     NULL };
	struct rlimit before, limit;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = (struct rlimit){ 1000 + FILES_OF_ITS_OWN - 1, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	daemonkit_start(&kit, arguments);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(prlimit(kit.pid, RLIMIT_NOFILE, NULL, &limit), 0);
	assert_true(limit.rlim_cur == before.rlim_max);
	/* What is allowed is all there is, and one file too few. */
	limit = (struct rlimit){ 1000 + FILES_OF_ITS_OWN - 1, 1000 + FILES_OF_ITS_OWN - 1 };
	assert_int_equal(daemonkit_stop(&kit), 0);
	daemonkit_spawn_within(&kit, spawned, &limit);
	assert_int_equal(daemonkit_wait_exit(&kit), 2);
	assert_true(daemonkit_logged(&kit, "1000 gateways take up to 1696 open files, and the "
	                                   "limit is 1695"));
}

/* Impatience is no failure: whoever asks again and again still gets the exit code of the end. */
static void test_being_told_again_takes_no_exit_code_away(void **state)
{
	enum { ROUNDS = 30 };
	static const int signals[] = { SIGTERM, SIGHUP, SIGINT };

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		int64_t until = daemonkit_now_ms() + DAEMONKIT_WAIT_MS;
		siginfo_t info = { .si_pid = 0 };

		daemonkit_start(&kit, NULL);
		kill(kit.pid, signals[round % 2 * 2]);
		/* Until it is gone, which is left for daemonkit_wait_exit() to see. */
		for (size_t i = 0; info.si_pid == 0 && daemonkit_now_ms() < until; i++) {
			kill(kit.pid, signals[i % 3]);
			assert_int_equal(
				waitid(P_PID, (id_t)kit.pid, &info, WEXITED | WNOHANG | WNOWAIT),
				0);
		}
		assert_int_equal(daemonkit_wait_exit(&kit), 0);
	}
}

static void test_help_names_every_setting_and_version_is_short(void **state)
{
	static const char *const settings[] = {
#define T(NAME, key, value, help)           key,
#define N(NAME, key, value, min, max, help) key,
#include "daemon/settings.def"
#undef T
#undef N
	};
	static const char *const help[] = { "--help", NULL }, *const version[] = { "--version",
		                                                                   NULL };
	struct buf out = { .at = NULL };

	(void)state;
	daemonkit_spawn(&kit, help);
	assert_int_equal(daemonkit_wait_exit(&kit), 0);
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		char flag[64];

		snprintf(flag, sizeof(flag), "  --%s ", settings[i]);
		for (char *c = flag; *c != '\0'; c++)
			*c = *c == '_' ? '-' : *c;
		if (!daemonkit_logged(&kit, flag))
			fail_msg("not in the help: %s", flag);
	}
	assert_int_equal(buf_read_file(&out, kit.log, BUF_BYTES_MAX, NULL), 0);
	output_fits(buf_text(&out));
	buf_release(&out);
	daemonkit_spawn(&kit, version);
	assert_int_equal(daemonkit_wait_exit(&kit), 0);
	assert_true(daemonkit_logged(&kit, "tolld 0."));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define EACH(test) cmocka_unit_test_setup_teardown(test, begin, end)
		EACH(test_the_socket_is_for_the_group_and_gone_at_the_end),
		EACH(test_a_stale_socket_is_replaced),
		EACH(test_a_socket_that_answers_is_left_alone),
		EACH(test_a_file_in_the_way_is_left_alone),
		EACH(test_a_second_daemon_names_the_first_and_touches_nothing),
		EACH(test_the_end_reads_what_was_sent_already),
		EACH(test_a_wrong_setting_is_named),
		EACH(test_flags_win_over_the_file),
		EACH(test_a_bad_price_book_stops_the_start_with_every_error),
		EACH(test_a_socket_from_systemd_and_its_notifications),
		EACH(test_a_socket_that_was_handed_to_another_is_left_alone),
		EACH(test_the_end_leaves_a_socket_of_somebody_else),
		EACH(test_the_limit_of_open_files_is_raised_or_told),
		EACH(test_being_told_again_takes_no_exit_code_away),
		EACH(test_the_log_tells_of_so_many_bad_lines_and_then_counts),
		EACH(test_help_names_every_setting_and_version_is_short),
#undef EACH
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
