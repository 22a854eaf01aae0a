#include "tests/support/daemonkit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
/* after the four above, as it asks for */
#include <cmocka.h>

#include "ledger/verify.h"

const char *const daemonkit_narrow[] = { "--queue-batches",
	                                 "2",
	                                 "--batch-events-max",
	                                 "1",
	                                 "--linger-ms",
	                                 "0",
	                                 "--drain-ms",
	                                 "0",
	                                 NULL };

const char daemonkit_book[] =
	"{\"pricebook\":1,\"name\":\"kit\",\"currency\":\"USD\",\"models\":[{\"model\":\"m/a\","
	"\"versions\":[{\"effective_from\":\"2020-01-01\",\"rates\":["
	"{\"component\":\"input\",\"per_million\":\"1\"},"
	"{\"component\":\"output\",\"per_million\":\"2\"}]}]}]}\n";

int64_t daemonkit_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void pause_ms(long ms)
{
	const struct timespec pause = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&pause, NULL);
}

void daemonkit_program(char out[DAEMONKIT_PATH_BYTES], const char *name)
{
	const char *build = getenv("TOLL_BUILD");

	snprintf(out, DAEMONKIT_PATH_BYTES, "%s/%s", build != NULL ? build : "build/release", name);
}

void daemonkit_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

void daemonkit_begin(struct daemonkit *kit)
{
	*kit = (struct daemonkit){ .folder = "/tmp/toll-test-XXXXXX" };
	assert_non_null(mkdtemp(kit->folder));
	snprintf(kit->ledger, DAEMONKIT_PATH_BYTES, "%s/ledger.db", kit->folder);
	snprintf(kit->socket, DAEMONKIT_PATH_BYTES, "%s/run/events.sock", kit->folder);
	snprintf(kit->control, DAEMONKIT_PATH_BYTES, "%s/run/control.sock", kit->folder);
	snprintf(kit->log, DAEMONKIT_PATH_BYTES, "%s/log", kit->folder);
	snprintf(kit->prices, DAEMONKIT_PATH_BYTES, "%s/prices.json", kit->folder);
	daemonkit_write(kit->prices, daemonkit_book);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

void daemonkit_end(struct daemonkit *kit)
{
	daemonkit_kill(kit);
	nftw(kit->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void daemonkit_spawn(struct daemonkit *kit, const char *const arguments[])
{
	daemonkit_spawn_within(kit, arguments, NULL);
}

void daemonkit_spawn_within(struct daemonkit *kit, const char *const arguments[],
                            const struct rlimit *files)
{
	char program[DAEMONKIT_PATH_BYTES];
	char *argv[2 * DAEMONKIT_ARGUMENTS_MAX + 2];
	size_t count = 0, first = 0;
	int log = open(kit->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	assert_true(log >= 0);
	daemonkit_program(program, "tolld");
	for (; kit->under != NULL && kit->under[first] != NULL; first++) {
		assert_true(count < DAEMONKIT_ARGUMENTS_MAX);
		argv[count++] = (char *)kit->under[first];
	}
	argv[count++] = program;
	while (arguments != NULL && *arguments != NULL) {
		assert_true(count <= first + DAEMONKIT_ARGUMENTS_MAX);
		argv[count++] = (char *)*arguments++;
	}
	argv[count] = NULL;
	kit->pid = fork();
	assert_true(kit->pid >= 0);
	if (kit->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (files != NULL && setrlimit(RLIMIT_NOFILE, files) < 0)
			_exit(126);
		dup2(log, STDOUT_FILENO);
		dup2(log, STDERR_FILENO);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(log);
}

/*
 * Fails the test with what the daemon logged and, if it still runs, where each of its threads
 * stands: what fails once in a hundred runs must tell why the first time.
 */
static void fail_with(struct daemonkit *kit, const char *what, const char *words)
{
	char command[1024];

	fflush(stdout);
	snprintf(command, sizeof(command),
	         "{ cat %s; for t in /proc/%d/task/*; do"
	         " echo; echo \"$t $(cat $t/comm) syscall=$(cat $t/syscall)\"; cat $t/stack; done;"
	         " command -v gdb >/dev/null && timeout 60 gdb -batch -p %d"
	         " -ex 'thread apply all backtrace'; } 2>/dev/null",
	         kit->log, (int)kit->pid, (int)kit->pid);
	if (kit->pid == 0)
		snprintf(command, sizeof(command), "cat %s", kit->log);
	if (system(command) != 0)
		print_message("no more is known\n");
	daemonkit_kill(kit);
	fail_msg("%s%s", what, words);
}

void daemonkit_start(struct daemonkit *kit, const char *const arguments[])
{
	const char *all[DAEMONKIT_ARGUMENTS_MAX] = { "--ledger",  kit->ledger, "--socket",
		                                     kit->socket, "--prices",  kit->prices };
	size_t count = 6;
	int64_t until = daemonkit_now_ms() + DAEMONKIT_WAIT_MS;
	int fd = -1;

	while (arguments != NULL && *arguments != NULL) {
		assert_true(count + 1 < DAEMONKIT_ARGUMENTS_MAX);
		all[count++] = *arguments++;
	}
	daemonkit_spawn(kit, all);
	while (fd < 0) {
		pid_t gone = waitpid(kit->pid, NULL, WNOHANG);

		if (gone != 0)
			kit->pid = 0;
		if (gone != 0 || daemonkit_now_ms() > until)
			fail_with(kit, "tolld did not start", "");
		fd = daemonkit_connect(kit->socket);
		if (fd < 0)
			pause_ms(2);
	}
	close(fd);
}

bool daemonkit_gone(struct daemonkit *kit, int *exit_out)
{
	int status = 0;
	pid_t pid = waitpid(kit->pid, &status, WNOHANG);

	if (pid == 0)
		return false;
	assert_int_equal(pid, kit->pid);
	kit->pid = 0;
	*exit_out = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
	return true;
}

int daemonkit_wait_exit(struct daemonkit *kit)
{
	int64_t until = daemonkit_now_ms() + DAEMONKIT_WAIT_MS;
	int code = 0;

	while (!daemonkit_gone(kit, &code)) {
		if (daemonkit_now_ms() > until)
			fail_with(kit, "tolld does not end", "");
		pause_ms(2);
	}
	return code;
}

int daemonkit_stop(struct daemonkit *kit)
{
	assert_true(kit->pid > 0);
	kill(kit->pid, SIGTERM);
	return daemonkit_wait_exit(kit);
}

void daemonkit_kill(struct daemonkit *kit)
{
	if (kit->pid <= 0)
		return;
	kill(kit->pid, SIGKILL);
	waitpid(kit->pid, NULL, 0);
	kit->pid = 0;
}

bool daemonkit_logged(struct daemonkit *kit, const char *words)
{
	struct buf log = { .at = NULL };
	bool found;

	if (buf_read_file(&log, kit->log, BUF_BYTES_MAX, NULL) < 0)
		return false;
	found = log.len > 0 && memmem(log.at, log.len, words, strlen(words)) != NULL;
	buf_release(&log);
	return found;
}

void daemonkit_wait_log(struct daemonkit *kit, const char *words)
{
	int64_t until = daemonkit_now_ms() + DAEMONKIT_WAIT_MS;

	while (!daemonkit_logged(kit, words)) {
		if (daemonkit_now_ms() > until)
			fail_with(kit, "not in the log: ", words);
		pause_ms(2);
	}
}

int64_t daemonkit_resident_kib(const struct daemonkit *kit)
{
	char path[64], line[256];
	long long kib = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)kit->pid);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "VmRSS: %lld", &kib) == 1)
			break;
	}
	fclose(file);
	return kib;
}

int daemonkit_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_true(text_copy(address.sun_path, sizeof(address.sun_path), text_of(path)));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		int error = errno;

		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

int daemonkit_hello(struct daemonkit *kit, const char *source, bool ack)
{
	struct buf line = { .at = NULL };
	int fd = daemonkit_connect(kit->socket);

	assert_true(fd >= 0);
	wire_hello_format(&line, text_of(source), ack);
	daemonkit_send(fd, line.at, line.len);
	buf_release(&line);
	return fd;
}

void daemonkit_send(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len > 0) {
		ssize_t sent = send(fd, at, len, MSG_NOSIGNAL);

		if (sent < 0)
			fail_msg("send: %s", strerror(errno));
		at += sent;
		len -= (size_t)sent;
	}
}

size_t daemonkit_fill_socket(int fd, struct text lines)
{
	enum { PIECE_BYTES = 8192 }; /* small against the socket, large against its overhead */
	size_t done = 0;

	/* The kernel gives what it may; the rest of this function lives with less. */
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int){ 4 << 20 }, sizeof(int));
	while (done < lines.len) {
		size_t len = lines.len - done < PIECE_BYTES ? lines.len - done : PIECE_BYTES;
		const char *newline = memrchr(lines.at + done, '\n', len);
		ssize_t sent;

		assert_non_null(newline);
		len = (size_t)(newline - (lines.at + done)) + 1;
		sent = send(fd, lines.at + done, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno == EAGAIN)
			break;
		/* A piece is one buffer of the kernel's: it goes whole or not at all. */
		assert_int_equal(sent, len);
		done += len;
	}
	return done;
}

int64_t daemonkit_fill_events(int fd, const char *prefix, int count)
{
	struct buf lines = { .at = NULL };
	int64_t sent = 0;
	size_t len;

	daemonkit_events(&lines, prefix, count);
	len = daemonkit_fill_socket(fd, buf_text(&lines));
	for (size_t i = 0; i < len; i++)
		sent += lines.at[i] == '\n';
	buf_release(&lines);
	return sent;
}

void daemonkit_send_text(int fd, const char *text)
{
	daemonkit_send(fd, text, strlen(text));
}

void daemonkit_send_one(struct daemonkit *kit, const char *id, struct wire_ack *ack_out)
{
	struct buf line = { .at = NULL };
	int fd = daemonkit_hello(kit, "gw", true);

	daemonkit_event(&line, id);
	daemonkit_send(fd, line.at, line.len);
	daemonkit_wait_ack(fd, 1, ack_out);
	close(fd);
	buf_release(&line);
}

static bool readable(int fd, int ms)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };

	return poll(&poller, 1, ms) > 0;
}

bool daemonkit_silent(int fd, int ms)
{
	return !readable(fd, ms);
}

bool daemonkit_line(int fd, struct buf *line)
{
	char byte;

	buf_clear(line);
	for (;;) {
		ssize_t got;

		if (!readable(fd, DAEMONKIT_WAIT_MS))
			fail_msg("nothing comes");
		got = recv(fd, &byte, 1, 0);
		if (got <= 0)
			return false;
		if (byte == '\n')
			return true;
		buf_add(line, &byte, 1);
	}
}

void daemonkit_wait_ack(int fd, int64_t lines, struct wire_ack *ack_out)
{
	struct buf line = { .at = NULL };
	struct json doc = { .nodes = NULL };
	struct fault fault;

	do {
		if (!daemonkit_line(fd, &line))
			fail_msg("closed before %lld lines were acknowledged", (long long)lines);
		if (wire_ack_parse(buf_text(&line), &doc, ack_out, &fault) < 0)
			fail_msg("%s", fault.text);
	} while (ack_out->lines < lines);
	assert_int_equal(ack_out->lines, lines);
	assert_int_equal(ack_out->accepted + ack_out->duplicate + ack_out->conflict +
	                         ack_out->unpriced + ack_out->quarantined,
	                 lines);
	json_release(&doc);
	buf_release(&line);
}

void daemonkit_event(struct buf *out, const char *id)
{
	buf_addf(out,
	         "{\"id\":\"%s\",\"source\":\"gw\",\"time\":\"2026-01-02T03:04:05.678Z\","
	         "\"account\":\"acct\",\"model\":\"m/a\",\"api\":\"openai.chat\",\"usage\":"
	         "{\"prompt_tokens\":%d,\"completion_tokens\":%d,\"total_tokens\":%d}}\n",
	         id, KIT_EVENT_INPUT, KIT_EVENT_OUTPUT, KIT_EVENT_INPUT + KIT_EVENT_OUTPUT);
}

void daemonkit_events(struct buf *out, const char *prefix, int count)
{
	for (int i = 0; i < count; i++) {
		char id[64];

		snprintf(id, sizeof(id), "%s-%d", prefix, i);
		daemonkit_event(out, id);
	}
}

struct ledger_status daemonkit_status(const struct daemonkit *kit)
{
	struct ledger_status status;
	struct ledger *ledger = NULL;
	struct fault fault;

	if (ledger_open_reader(&ledger, kit->ledger, &fault) < 0 ||
	    ledger_status(ledger, &status, &fault) < 0)
		fail_msg("%s", fault.text);
	ledger_close(ledger);
	return status;
}

static int on_finding(void *context, const struct verify_finding *finding)
{
	(void)context;
	print_error("verify: %s: %.*s: %.*s: stored %.*s, derived %.*s\n",
	            verify_kind_name(finding->kind), TEXT_ARGS(finding->where),
	            TEXT_ARGS(finding->what), TEXT_ARGS(finding->stored),
	            TEXT_ARGS(finding->derived));
	return 0;
}

struct money daemonkit_verified_amount(const struct daemonkit *kit)
{
	struct verify_summary summary;
	struct ledger *ledger = NULL;
	struct fault fault;

	if (ledger_open_reader(&ledger, kit->ledger, &fault) < 0 ||
	    ledger_verify(ledger, on_finding, NULL, NULL, &summary, &fault) < 0)
		fail_msg("%s", fault.text);
	ledger_close(ledger);
	assert_int_equal(summary.findings, 0);
	assert_true(money_compare(summary.events_amount, summary.rollups_amount) == 0);
	return summary.events_amount;
}
