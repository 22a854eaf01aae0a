#include "cli/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"

enum { LINES_READ_BYTES = 256 * 1024, IDLE_MS = 20 };

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

/* Without SA_RESTART: a read or a poll that waits comes back. */
void lines_catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

bool lines_interrupted(void)
{
	return interrupted != 0;
}

int lines_look(struct lines *lines, struct fault *fault)
{
	bool known = true;

	lines->bytes_total = 0;
	for (size_t i = 0; i < lines->files->word_count; i++) {
		const char *path = lines->files->words[i];
		struct stat file;

		if (strcmp(path, "-") == 0) {
			known = false;
			continue;
		}
		if (stat(path, &file) < 0)
			return fault_set(fault, errno == ENOENT ? FAULT_NOT_FOUND : FAULT_IO,
			                 "%s: %s", path, strerror(errno));
		if (S_ISDIR(file.st_mode))
			return fault_set(fault, FAULT_IO, "%s: %s", path, strerror(EISDIR));
		if (faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) < 0)
			return fault_set(fault, FAULT_IO, "%s: %s", path, strerror(errno));
		known = known && S_ISREG(file.st_mode);
		lines->bytes_total += file.st_size;
	}
	if (!known)
		lines->bytes_total = 0;
	return 0;
}

struct walk {
	struct lines *lines;
	lines_fn *each;
	void *context;
	struct fault *fault;
};

static int take_line(const struct walk *walk, const struct wire_line *line, bool whole)
{
	struct lines *lines = walk->lines;
	struct wire_hello hello;
	struct fault fault;
	bool first;

	lines->number++;
	if (wire_is_blank(line))
		return 0;
	first = !lines->begun;
	lines->begun = true;
	if (first && !line->too_long && wire_hello_parse(line->text, &lines->doc, &hello, &fault)) {
		if (fault.code != FAULT_NONE)
			return fault_set(walk->fault, fault.code, "%s", fault.text);
		if (hello.source.at != NULL) {
			text_copy(lines->hello_source, sizeof(lines->hello_source), hello.source);
			lines->source_now = text_of(lines->hello_source);
		}
		return 0;
	}
	lines->count++;
	return walk->each(walk->context, line, whole);
}

static int take_bytes(const struct walk *walk, struct wire_framer *framer, struct text bytes)
{
	struct wire_line line;
	int error = 0, r;

	while (!interrupted && wire_next(framer, &bytes, &line, &error)) {
		r = take_line(walk, &line, true);
		if (r != 0)
			return r;
	}
	return error < 0 ? fault_set(walk->fault, FAULT_NOMEM, "a line: out of memory") : 0;
}

/*
 * Until there is something to read, or a signal came: none may fall between the look at it and a
 * read that waits.  What the caller holds must not wait for more input.
 */
static int wait_for_input(const struct walk *walk, int fd)
{
	static const struct timespec idle = { 0, IDLE_MS * 1000000L };
	struct pollfd input = { .fd = fd, .events = POLLIN };
	sigset_t ending, before;
	int ready = 0, error, r = 0;

	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	while (r == 0 && ready == 0 && !interrupted) {
		pthread_sigmask(SIG_BLOCK, &ending, &before);
		if (!interrupted)
			ready = ppoll(&input, 1, walk->lines->idle != NULL ? &idle : NULL, &before);
		error = errno;
		pthread_sigmask(SIG_SETMASK, &before, NULL);
		if (ready < 0 && error == EINTR)
			ready = 0;
		else if (ready == 0 && !interrupted)
			r = walk->lines->idle(walk->context);
	}
	return r;
}

static int each_of_file(const struct walk *walk, const char *path)
{
	static char bytes[LINES_READ_BYTES];
	bool standard_input = strcmp(path, "-") == 0;
	int fd = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct wire_framer framer;
	struct wire_line line;
	ssize_t got = 1;
	int r = 0;

	if (fd < 0)
		return fault_set(walk->fault, FAULT_IO, "%s: %s", path, strerror(errno));
	wire_framer_init(&framer, walk->lines->line_bytes_max);
	walk->lines->number = 0;
	walk->lines->begun = false;
	walk->lines->source_now = walk->lines->source;
	while (r == 0 && got > 0 && !interrupted) {
		r = wait_for_input(walk, fd);
		if (r != 0 || interrupted)
			break;
		got = read(fd, bytes, sizeof(bytes));
		if (got < 0 && errno == EINTR) {
			got = 1;
			continue;
		}
		if (got < 0) {
			r = fault_set(walk->fault, FAULT_IO, "%s: %s", path, strerror(errno));
			break;
		}
		walk->lines->bytes_done += got;
		r = take_bytes(walk, &framer, (struct text){ bytes, (size_t)got });
	}
	if (r == 0 && !interrupted && wire_rest(&framer, &line))
		r = take_line(walk, &line, false);
	if (r != 0 && walk->lines->number > 0)
		command_say("%s: stopped at line %lld", path, (long long)walk->lines->number);
	wire_framer_release(&framer);
	if (!standard_input)
		close(fd);
	return r;
}

int lines_each(struct lines *lines, lines_fn *each, void *context, struct fault *fault)
{
	const struct walk walk = { lines, each, context, fault };
	int r = lines_look(lines, fault);

	for (size_t i = 0; r == 0 && !interrupted && i < lines->files->word_count; i++)
		r = each_of_file(&walk, lines->files->words[i]);
	return r;
}

void lines_release(struct lines *lines)
{
	json_release(&lines->doc);
}
