/*
 * The rule of one writer under load: the real daemon commits and checkpoints, while processes of
 * their own report, explain, verify, change and copy its ledger, over and over.  Nobody is ever
 * refused, every copy is whole, and at the end every acknowledged event stands once.
 *
 * SEED and SECONDS come from the environment; the seed is printed.  Under a sanitizer SECONDS is
 * at most 15.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ledger/read.h"
#include "ledger/walindex.h"
#include "tests/support/daemonkit.h"
#include "tests/support/fixture.h"
#include "tests/support/tollrun.h"

enum {
	SECONDS_SANITIZED = 15,
	BURST_EVENTS_MAX = 400,
	IDLE_MS = 1500, /* longer than the writer waits before it empties the WAL */
	WORDS_MAX = 8,
	PATH_BYTES = 160,
};

static struct daemonkit kit;
static uint64_t seed;
static bool has_backup; /* `toll backup` is there */

/* One that loops: a process that runs its task until it is told to end. */
struct looper {
	const char *name;
	bool (*task)(int64_t round); /* false: it failed, and said how */
	pid_t pid;
	int rounds_fd;
	int64_t rounds;
};

/* Runs the built toll; what it says goes into a file of the looper, its exit code must be 0. */
static bool toll(const char *const words[])
{
	char program[DAEMONKIT_PATH_BYTES], said[PATH_BYTES];
	const char *argv[WORDS_MAX + 2] = { "toll" };
	int status = 0;
	pid_t pid;

	for (int i = 0; words[i] != NULL; i++)
		argv[i + 1] = words[i];
	snprintf(said, sizeof(said), "%s/said.%d", kit.folder, (int)getpid());
	daemonkit_program(program, "toll");
	pid = fork();
	if (pid == 0) {
		int fd = open(said, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		execv(program, (char *const *)argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
		char command[2 * PATH_BYTES];

		fprintf(stderr, "toll %s: status %d\n", words[0], status);
		snprintf(command, sizeof(command), "tail -n 20 %s >&2", said);
		if (system(command) != 0)
			perror(said);
		return false;
	}
	return true;
}

static bool report(int64_t round)
{
	static const char *const by[] = { "hour", "account", "model" };

	return toll((const char *const[]){ "report", "--by", by[round % 3], NULL });
}

/* The first event is there from the beginning. */
static bool explain(int64_t round)
{
	return toll(round % 2 == 0 ? (const char *const[]){ "explain", "n-0", NULL }
	                           : (const char *const[]){ "status", NULL });
}

static bool verify(int64_t round)
{
	return toll(round % 2 == 0 ? (const char *const[]){ "verify", NULL }
	                           : (const char *const[]){ "doctor", "formats", NULL });
}

/* Through the control socket: the daemon is the writer of this too. */
static bool change(int64_t round)
{
	usleep(50 * 1000);
	if (round % 2 == 0)
		return toll((const char *const[]){ "policy", "set", "--account", "nobody",
		                                   "zero-completion", NULL });
	return toll((const char *const[]){ "policy", "clear", "--account", "nobody", NULL });
}

static int on_check(void *context, int count, char **values, char **names)
{
	bool *sound = context;

	(void)names;
	*sound = count == 1 && strcmp(values[0], "ok") == 0;
	return 0;
}

static bool is_sound(const char *path)
{
	sqlite3 *db = NULL;
	bool sound = false;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK)
		sqlite3_exec(db, "PRAGMA integrity_check", on_check, &sound, NULL);
	if (!sound)
		fprintf(stderr, "%s: %s\n", path, db != NULL ? sqlite3_errmsg(db) : "no memory");
	sqlite3_close(db);
	return sound;
}

/* As a reader has it: nothing of it may write or checkpoint. */
static bool copy_into(const char *path)
{
	char sql[PATH_BYTES + 32];
	sqlite3 *db = NULL;
	int code = sqlite3_open_v2(kit.ledger, &db, SQLITE_OPEN_READONLY, NULL);

	snprintf(sql, sizeof(sql), "VACUUM INTO '%s'", path);
	if (code == SQLITE_OK)
		code = sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_busy_timeout(db, LEDGER_BUSY_MS);
	if (code == SQLITE_OK)
		code = sqlite3_exec(db, "PRAGMA wal_autocheckpoint=0", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(db, sql, NULL, NULL, NULL);
	if (code != SQLITE_OK)
		fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
	return code == SQLITE_OK;
}

static bool back_up(int64_t round)
{
	char path[PATH_BYTES];
	bool good;

	(void)round;
	snprintf(path, sizeof(path), "%s/copy.db", kit.folder);
	unlink(path);
	good = has_backup ? toll((const char *const[]){ "backup", path, NULL }) : copy_into(path);
	return good && is_sound(path) &&
	       toll((const char *const[]){ "verify", "--ledger", path, NULL });
}

static struct looper loopers[] = {
	{ .name = "report", .task = report },   { .name = "explain", .task = explain },
	{ .name = "verify", .task = verify },   { .name = "change", .task = change },
	{ .name = "back up", .task = back_up },
};
enum { LOOPERS = sizeof(loopers) / sizeof(loopers[0]) };

static volatile sig_atomic_t told_to_end;

static void on_term(int number)
{
	(void)number;
	told_to_end = 1;
}

static void start(struct looper *looper)
{
	/* Not to be interrupted in what it waits for: the round is brought to its end. */
	const struct sigaction action = { .sa_handler = on_term, .sa_flags = SA_RESTART };
	int told[2];

	assert_int_equal(pipe(told), 0);
	fflush(NULL);
	looper->pid = fork();
	assert_true(looper->pid >= 0);
	if (looper->pid == 0) {
		int64_t round = 0;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sigaction(SIGTERM, &action, NULL);
		while (!told_to_end && looper->task(round))
			round++;
		_exit(told_to_end && write(told[1], &round, sizeof(round)) == sizeof(round) ? 0
		                                                                            : 1);
	}
	close(told[1]);
	looper->rounds_fd = told[0];
}

static void stop(struct looper *looper)
{
	int status = 0;

	kill(looper->pid, SIGTERM);
	assert_int_equal(waitpid(looper->pid, &status, 0), looper->pid);
	if (status != 0)
		fail_msg("%s failed, see above", looper->name);
	assert_int_equal(read(looper->rounds_fd, &looper->rounds, sizeof(looper->rounds)),
	                 sizeof(looper->rounds));
	close(looper->rounds_fd);
}

static void put_event(struct buf *out, int64_t n)
{
	buf_addf(out,
	         "{\"id\":\"n-%lld\",\"time\":\"2026-01-%02lldT%02lld:04:05Z\",\"account\":\"a%"
	         "lld\","
	         "\"model\":\"m/a\",\"api\":\"openai.chat\",\"usage\":{\"prompt_tokens\":%lld,"
	         "\"completion_tokens\":10}}\n",
	         (long long)n, (long long)(1 + n / 3000 % 28), (long long)(n / 100 % 24),
	         (long long)(n % 97), (long long)(1 + n % 977));
}

/* Sends one burst and waits for it to be acknowledged. */
static int64_t send_burst(int fd, int64_t sent, int64_t lines_before)
{
	int64_t count = 1 + (int64_t)fixture_below(&seed, BURST_EVENTS_MAX);
	struct buf out = { .at = NULL };
	struct wire_ack ack;

	for (int64_t n = sent; n < sent + count; n++)
		put_event(&out, n);
	daemonkit_send(fd, out.at, out.len);
	daemonkit_wait_ack(fd, lines_before + count, &ack);
	assert_int_equal(ack.accepted, ack.lines);
	buf_release(&out);
	return count;
}

/* How often the WAL was begun anew: this process has not opened the ledger, and so may look. */
static void watch_wal(int64_t *frames, int64_t *begun)
{
	struct walindex index;
	struct fault fault;

	if (walindex_read(kit.ledger, &index, &fault) < 0)
		fail_msg("%s", fault.text);
	*begun += index.frames < *frames;
	*frames = index.frames;
}

struct seen {
	unsigned char *times;
	int64_t sent, strangers;
};

static int mark(void *context, const struct stored_event *row)
{
	struct seen *seen = context;
	int64_t n = -1;

	if (!text_int((struct text){ row->event.id.at + 2, row->event.id.len - 2 }, &n) || n < 0 ||
	    n >= seen->sent)
		seen->strangers++;
	else
		seen->times[n]++;
	return 0;
}

static void check_ledger(int64_t sent)
{
	struct seen seen = { calloc(1, (size_t)sent), sent, 0 };
	struct ledger *ledger = NULL;
	struct fault fault;

	assert_non_null(seen.times);
	if (ledger_open_reader(&ledger, kit.ledger, &fault) < 0 ||
	    ledger_each_event(ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, mark, &seen, &fault) < 0)
		fail_msg("%s", fault.text);
	ledger_close(ledger);
	assert_int_equal(seen.strangers, 0);
	for (int64_t n = 0; n < sent; n++) {
		if (seen.times[n] != 1)
			fail_msg("n-%lld stands %d times", (long long)n, seen.times[n]);
	}
	free(seen.times);
	assert_true(is_sound(kit.ledger));
	/* Fails where verify finds anything. */
	daemonkit_verified_amount(&kit);
}

static void find_backup(void)
{
	struct tollrun run = { .pid = 0, .out_fd = -1, .err_fd = -1 };

	TOLLRUN(&run, "help");
	has_backup = strstr(run.out.at, "\n  backup ") != NULL;
	print_message("copies by %s\n", has_backup ? "toll backup" : "VACUUM INTO");
	tollrun_release(&run);
}

static int seconds_of(void)
{
	const char *seconds = getenv("SECONDS"), *mode = getenv("TOLL_MODE");
	int wanted = seconds != NULL ? atoi(seconds) : 60;

	assert_true(wanted > 0);
	if (mode != NULL && strcmp(mode, "release") != 0 && wanted > SECONDS_SANITIZED)
		wanted = SECONDS_SANITIZED;
	return wanted;
}

static void test_one_writer_holds_whatever_others_do(void **state)
{
	static const char *const arguments[] = { "--linger-ms", "0", "--batch-events-max", "16",
		                                 NULL };
	const char *wanted = getenv("SEED");
	int seconds = seconds_of();
	int64_t until, sent = 0, frames = 0, begun = 0, bursts = 0;
	int fd;

	(void)state;
	seed = wanted != NULL ? strtoull(wanted, NULL, 10) : 1;
	print_message("SEED=%llu SECONDS=%d\n", (unsigned long long)seed, seconds);
	daemonkit_begin(&kit);
	setenv("TOLL_LEDGER", kit.ledger, 1);
	setenv("TOLL_SOCKET", kit.socket, 1);
	find_backup();
	daemonkit_start(&kit, arguments);
	fd = daemonkit_hello(&kit, "gw-0", true);
	sent += send_burst(fd, sent, 0);
	for (int i = 0; i < LOOPERS; i++)
		start(&loopers[i]);
	until = daemonkit_now_ms() + 1000 * (int64_t)seconds;
	while (daemonkit_now_ms() < until) {
		sent += send_burst(fd, sent, sent);
		watch_wal(&frames, &begun);
		/* Now and then it is idle, and the WAL is emptied where nobody reads. */
		if (++bursts % 400 == 0)
			usleep(IDLE_MS * 1000);
	}
	for (int i = 0; i < LOOPERS; i++)
		stop(&loopers[i]);
	assert_int_equal(daemonkit_stop(&kit), 0);
	close(fd);
	check_ledger(sent);
	print_message("%lld events, each stored once; the WAL begun anew %lld times\n",
	              (long long)sent, (long long)begun);
	for (int i = 0; i < LOOPERS; i++) {
		print_message("%s: %lld rounds\n", loopers[i].name, (long long)loopers[i].rounds);
		assert_true(loopers[i].rounds > 0);
	}
	assert_true(begun > 0);
	daemonkit_end(&kit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_writer_holds_whatever_others_do),
	};

	return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
