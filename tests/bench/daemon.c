#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fault.h"
#include "tests/bench/bench.h"

enum { LOG_BYTES_MAX = 1024 * 1024, BOOK_BYTES = 32 * 1024 * 1024, EXIT_FAILED = 3 };

static const char sample[] = "packaging/pricebook.sample.json";

void bench_fail(const char *format, ...)
{
	va_list args;

	fputs("bench: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("\n", stderr);
	exit(EXIT_FAILED);
}

int64_t bench_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void run_daemon(const struct bench_daemon *daemon, const char *program)
{
	int log = open(daemon->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	/* A bench that failed leaves nothing running. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (log < 0 || dup2(log, STDERR_FILENO) < 0)
		_exit(EXIT_FAILED);
	execl(program, "tolld", "--ledger", daemon->ledger, "--socket", daemon->socket, "--prices",
	      daemon->prices, (char *)NULL);
	_exit(EXIT_FAILED);
}

/* The file is replaced by a rename: whoever reads it has one or the other. */
static void write_prices(const struct bench_daemon *daemon, const struct buf *book)
{
	char path[BENCH_PATH_BYTES + 8];
	FILE *file;

	snprintf(path, sizeof(path), "%s.new", daemon->prices);
	file = fopen(path, "we");
	if (file == NULL || book->error != 0 || fwrite(book->at, 1, book->len, file) != book->len ||
	    fclose(file) != 0 || rename(path, daemon->prices) < 0)
		bench_fail("%s: %s", path, strerror(errno));
}

static void read_sample(struct buf *book)
{
	struct fault fault;

	if (buf_read_file(book, sample, BOOK_BYTES, &fault) < 0)
		bench_fail("%s", fault.text);
}

void bench_daemon_enlarge_prices(const struct bench_daemon *daemon, size_t versions)
{
	struct buf old = { .at = NULL }, book = { .at = NULL };
	const char *models;

	read_sample(&old);
	models = strstr(old.at, "\n\t\"models\": [");
	if (models == NULL)
		bench_fail("%s: no models", sample);
	models = strchr(models, '[') + 1;
	buf_add(&book, old.at, (size_t)(models - old.at));
	for (size_t i = 0; i < versions; i++)
		buf_addf(&book,
		         "{\"model\":\"filler/model-%zu\",\"versions\":[{\"effective_from\":"
		         "\"2026-01-01\",\"rates\":[{\"component\":\"input\",\"per_million\":"
		         "\"0.15\"},{\"component\":\"output\",\"per_million\":\"0.60\"}]}]},\n",
		         i);
	buf_add_cstr(&book, models);
	write_prices(daemon, &book);
	buf_release(&book);
	buf_release(&old);
}

int bench_daemon_applied(const struct bench_daemon *daemon)
{
	struct buf log = { .at = NULL };
	int count = 0;

	if (buf_read_file(&log, daemon->log, LOG_BYTES_MAX, NULL) < 0)
		bench_fail("%s: %s", daemon->log, strerror(errno));
	for (const char *at = log.at; (at = strstr(at, "msg=\"price book applied\"")) != NULL; at++)
		count++;
	buf_release(&log);
	return count;
}

static bool is_ready(const struct bench_daemon *daemon)
{
	struct buf log = { .at = NULL };
	bool ready = buf_read_file(&log, daemon->log, LOG_BYTES_MAX, NULL) == 0 && log.at != NULL &&
	             strstr(log.at, "msg=\"ready\"") != NULL;

	buf_release(&log);
	return ready;
}

void bench_daemon_start(struct bench_daemon *daemon, const char *build)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	int64_t until = bench_now_ns() + BENCH_WAIT_S * INT64_C(1000000000);
	char program[BENCH_PATH_BYTES];
	struct buf book = { .at = NULL };

	snprintf(daemon->folder, sizeof(daemon->folder), "build/bench-XXXXXX");
	if (mkdtemp(daemon->folder) == NULL)
		bench_fail("%s: %s", daemon->folder, strerror(errno));
	snprintf(daemon->ledger, sizeof(daemon->ledger), "%s/ledger.db", daemon->folder);
	snprintf(daemon->socket, sizeof(daemon->socket), "%s/events.sock", daemon->folder);
	snprintf(daemon->log, sizeof(daemon->log), "%s/log", daemon->folder);
	snprintf(daemon->prices, sizeof(daemon->prices), "%s/prices.json", daemon->folder);
	snprintf(program, sizeof(program), "%s/tolld", build);
	read_sample(&book);
	write_prices(daemon, &book);
	buf_release(&book);
	daemon->pid = fork();
	if (daemon->pid < 0)
		bench_fail("fork: %s", strerror(errno));
	if (daemon->pid == 0)
		run_daemon(daemon, program);
	while (!is_ready(daemon)) {
		if (waitpid(daemon->pid, NULL, WNOHANG) != 0 || bench_now_ns() > until)
			bench_fail("%s did not start; see %s", program, daemon->log);
		nanosleep(&pause, NULL);
	}
}

int64_t bench_daemon_peak_kib(const struct bench_daemon *daemon)
{
	char path[64], line[256];
	long long kib = 0;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)daemon->pid);
	status = fopen(path, "re");
	if (status == NULL)
		bench_fail("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), status) != NULL)
		sscanf(line, "VmHWM: %lld kB", &kib);
	fclose(status);
	if (kib == 0)
		bench_fail("%s: no VmHWM", path);
	return kib;
}

void bench_daemon_stop(struct bench_daemon *daemon)
{
	int status = 0;

	kill(daemon->pid, SIGTERM);
	if (waitpid(daemon->pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		bench_fail("tolld did not end well; see %s", daemon->log);
	daemon->pid = 0;
}

void bench_daemon_remove(struct bench_daemon *daemon)
{
	static const char *const names[] = { "ledger.db",        "ledger.db-wal",
		                             "ledger.db-shm",    "ledger.db.lock",
		                             "ledger.db.secret", "log",
		                             "prices.json",      "ceiling.db",
		                             "ceiling.db-wal",   "ceiling.db-shm",
		                             "ceiling.db.lock",  "ceiling.db.secret" };
	char path[BENCH_PATH_BYTES];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", daemon->folder, names[i]);
		unlink(path);
	}
	if (rmdir(daemon->folder) < 0)
		bench_fail("%s: %s", daemon->folder, strerror(errno));
}
