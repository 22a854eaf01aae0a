#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/lines.h"

enum { FILES_MAX = 3, PATH_BYTES = 96, LINE_MAX = 40, ROUNDS = 20, ALARM_S = 60, NOBODY = 65534 };

/* A folder of files, and what was given of them. */
struct trial {
	char folder[32], paths[FILES_MAX][PATH_BYTES];
	const char *words[FILES_MAX];
	struct options options;
	struct lines lines;
	struct fault fault;
	struct buf given;  /* "SOURCE:NUMBER:TEXT;" a line; see take() */
	int64_t stop_line; /* here `each` fails, or sends stop_signal to itself */
	int stop_signal;
	/* Standard input, which gets one of these whenever it is idle; closed after the last. */
	const char *const *pieces;
	int pipe_end, stdin_kept;
	int told; /* gets a byte for each line; -1: nobody wants to know */
};

/* Too long: "+LENGTH" behind the text; the file ended without a newline: "$". */
static int take(void *context, const struct wire_line *line, bool whole)
{
	struct trial *trial = context;

	buf_addf(&trial->given, "%.*s:%lld:", TEXT_ARGS(trial->lines.source_now),
	         (long long)trial->lines.number);
	buf_add_text(&trial->given, line->text);
	if (line->too_long)
		buf_addf(&trial->given, "+%zu", line->length);
	buf_add_cstr(&trial->given, whole ? ";" : "$;");
	if (trial->told >= 0 && write(trial->told, "", 1) != 1)
		return -FAULT_IO;
	if (trial->lines.count != trial->stop_line)
		return 0;
	if (trial->stop_signal != 0)
		return raise(trial->stop_signal);
	return fault_set(&trial->fault, FAULT_FULL, "the disk is full");
}

static int begin(void **state)
{
	struct trial *trial = calloc(1, sizeof(*trial));
	char folder[] = "/tmp/toll-lines-XXXXXX";

	assert_non_null(trial);
	assert_non_null(mkdtemp(folder));
	strcpy(trial->folder, folder);
	for (int i = 0; i < FILES_MAX; i++)
		snprintf(trial->paths[i], PATH_BYTES, "%s/%c", folder, 'a' + i);
	trial->options.words = trial->words;
	trial->lines = (struct lines){ .files = &trial->options, .line_bytes_max = LINE_MAX };
	trial->pipe_end = trial->told = -1;
	trial->stdin_kept = dup(STDIN_FILENO);
	buf_add_cstr(&trial->given, "");
	*state = trial;
	return 0;
}

static int end(void **state)
{
	struct trial *trial = *state;

	dup2(trial->stdin_kept, STDIN_FILENO);
	close(trial->stdin_kept);
	close(trial->pipe_end);
	for (int i = 0; i < FILES_MAX; i++)
		remove(trial->paths[i]);
	rmdir(trial->folder);
	lines_release(&trial->lines);
	buf_release(&trial->given);
	free(trial);
	return 0;
}

static void add_word(struct trial *trial, const char *word)
{
	trial->words[trial->options.word_count++] = word;
}

static void add_file(struct trial *trial, const char *bytes)
{
	const char *path = trial->paths[trial->options.word_count];
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(bytes, file) >= 0);
	assert_int_equal(fclose(file), 0);
	add_word(trial, path);
}

static void restart(struct trial *trial)
{
	buf_clear(&trial->given);
	buf_add_cstr(&trial->given, "");
	trial->options.word_count = 0;
	trial->fault = (struct fault){ .code = FAULT_NONE };
	trial->lines.count = 0;
}

static int run(struct trial *trial)
{
	return lines_each(&trial->lines, take, trial, &trial->fault);
}

#define HELLO  "{\"toll\":1,\"source\":\"gw-7\"}"
#define DIGITS "0123456789012345678901234567890123456789"

static void test_a_file_gives_its_lines(void **state)
{
	static const struct {
		const char *label, *bytes, *given; /* or the fault's name */
	} rows[] = {
		{ "nothing", "", "" },
		{ "no newline at the end", "x\ny", "me:1:x;me:2:y$;" },
		{ "CR LF", "x\r\ny\r\n", "me:1:x\r;me:2:y\r;" },
		{ "blank lines count in the numbers", "\n \t\n\r\nx\n\ny\n", "me:4:x;me:6:y;" },
		{ "a blank end", "x\n\t ", "me:1:x;" },
		{ "as long as may be", DIGITS "\n", "me:1:" DIGITS ";" },
		{ "too long: its beginning", DIGITS "++\nx\n", "me:1:" DIGITS "+42;me:2:x;" },
		{ "too long at the end", DIGITS "+", "me:1:" DIGITS "+41$;" },
		{ "a hello", HELLO "\nx\n", "gw-7:2:x;" },
		{ "a hello that ends in CR LF", HELLO "\r\nx\r\n", "gw-7:2:x\r;" },
		{ "a hello behind blank lines", "\n \n" HELLO "\nx\n", "gw-7:4:x;" },
		{ "a hello alone", HELLO, "" },
		{ "a hello without a source", "{\"toll\":1,\"ack\":true}\nx\n", "me:2:x;" },
		{ "a hello that is not first", "x\n" HELLO "\n", "me:1:x;me:2:" HELLO ";" },
		{ "two hellos", HELLO "\n" HELLO "\n", "gw-7:2:" HELLO ";" },
		{ "a hello of another version", "{\"toll\":2}\nx\n", "version" },
		{ "a hello with more in it", "{\"toll\":1,\"x\":1}\nx\n", "invalid" },
		{ "half a hello", "{\"toll\":1\nx\n", "syntax" },
	};
	struct trial *trial = *state;

	int r;

	trial->lines.source = text_of("me");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		restart(trial);
		add_file(trial, rows[i].bytes);
		r = run(trial);
		buf_add_cstr(&trial->given, r != 0 ? fault_name(r) : "");
		if (r != -(int)trial->fault.code || strcmp(trial->given.at, rows[i].given) != 0)
			fail_msg("%s: %s", rows[i].label, trial->given.at);
	}
}

static void test_each_file_begins_anew(void **state)
{
	struct trial *trial = *state;

	add_file(trial, HELLO "\nx\ny");
	add_file(trial, "z\n");
	add_file(trial, "\n{\"toll\":1,\"source\":\"gw-8\"}\nz\n");
	assert_int_equal(run(trial), 0);
	assert_string_equal(trial->given.at, "gw-7:2:x;gw-7:3:y$;:1:z;gw-8:3:z;");
	assert_int_equal(trial->lines.count, 4);
	assert_int_equal(trial->lines.bytes_done, trial->lines.bytes_total);
}

/* More than is read at once: lines lie across the seams, and the hello is long gone. */
static void test_a_large_file_gives_every_line(void **state)
{
	enum { LINES = 60000 };
	struct trial *trial = *state;
	struct buf bytes = { .at = NULL }, expected = { .at = NULL };

	buf_add_cstr(&bytes, HELLO "\n");
	for (int i = 2; i < LINES; i++) {
		buf_addf(&bytes, "line %d\n", i * 7);
		buf_addf(&expected, "gw-7:%d:line %d;", i, i * 7);
	}
	add_file(trial, bytes.at);
	assert_int_equal(run(trial), 0);
	assert_int_equal(trial->lines.count, LINES - 2);
	assert_int_equal(trial->lines.bytes_done, bytes.len);
	assert_true(text_equal(buf_text(&trial->given), buf_text(&expected)));
	buf_release(&bytes);
	buf_release(&expected);
}

/* The next piece into the pipe, or its end. */
static int feed(void *context)
{
	struct trial *trial = context;
	const char *piece = *trial->pieces++;

	if (piece == NULL) {
		close(trial->pipe_end);
		trial->pipe_end = -1;
		return 0;
	}
	if (strcmp(piece, "signal") == 0)
		return raise(SIGTERM);
	if (strcmp(piece, "fault") == 0)
		return fault_set(&trial->fault, FAULT_CLOSED, "nobody listens");
	assert_int_equal(write(trial->pipe_end, piece, strlen(piece)), strlen(piece));
	return 0;
}

static void pipe_in(struct trial *trial, const char *const *pieces)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
	close(ends[0]);
	trial->pipe_end = ends[1];
	trial->pieces = pieces;
}

static void test_standard_input_is_waited_for(void **state)
{
	static const char *const pieces[] = { "", HELLO, "\nx\ny", "y", "y\r", "\n\nz", NULL };
	struct trial *trial = *state;

	pipe_in(trial, pieces);
	trial->lines.idle = feed;
	add_file(trial, "1\n2");
	add_word(trial, "-");
	add_file(trial, "3\n");
	assert_int_equal(run(trial), 0);
	assert_string_equal(trial->given.at, ":1:1;:2:2$;gw-7:2:x;gw-7:3:yyy\r;gw-7:5:z$;:1:3;");
}

static void test_a_fault_of_each_or_idle_ends_it(void **state)
{
	static const char *const pieces[] = { "x\n", "y", "fault", "z\n", NULL };
	struct trial *trial = *state;

	add_file(trial, "x\ny\nz\n");
	add_file(trial, "z\n");
	trial->stop_line = 2;
	assert_int_equal(run(trial), -FAULT_FULL);
	assert_string_equal(trial->fault.text, "the disk is full");
	assert_string_equal(trial->given.at, ":1:x;:2:y;");
	restart(trial);
	pipe_in(trial, pieces);
	trial->lines.idle = feed;
	add_word(trial, "-");
	assert_int_equal(run(trial), -FAULT_CLOSED);
	assert_string_equal(trial->fault.text, "nobody listens");
	assert_string_equal(trial->given.at, ":1:x;"); /* no end of the file: no half line either */
}

static void test_a_failed_read_is_a_fault(void **state)
{
	struct trial *trial = *state;
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0 && dup2(fd, STDIN_FILENO) >= 0);
	close(fd);
	add_word(trial, "-");
	assert_int_equal(run(trial), -FAULT_IO);
	assert_non_null(strstr(trial->fault.text, "-: "));
}

/* Before the first line of the first file: nothing is made of half of the input. */
static void test_an_unfit_file_is_found_first(void **state)
{
	struct trial *trial = *state;
	char under[PATH_BYTES + 8];
	const struct {
		const char *path;
		enum fault_code code;
	} rows[] = {
		{ trial->paths[2], FAULT_NOT_FOUND }, /* never written */
		{ trial->folder, FAULT_IO },
		{ under, FAULT_IO },
		{ trial->paths[1], FAULT_IO }, /* not for us to read */
	};

	add_file(trial, "x\n");
	add_file(trial, "y\n");
	snprintf(under, sizeof(under), "%s/under", trial->paths[0]);
	assert_int_equal(chmod(trial->paths[1], 0), 0);
	assert_int_equal(chmod(trial->folder, 0755), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int looked, ran;

		trial->words[1] = rows[i].path;
		/* Everything is root's to read. */
		assert_int_equal(seteuid(geteuid() == 0 ? NOBODY : geteuid()), 0);
		looked = lines_look(&trial->lines, NULL);
		ran = run(trial);
		assert_int_equal(seteuid(getuid()), 0);
		if (looked != -(int)rows[i].code || ran != looked ||
		    trial->fault.code != rows[i].code ||
		    strstr(trial->fault.text, rows[i].path) == NULL)
			fail_msg("%s: %s", rows[i].path, trial->fault.text);
		assert_string_equal(trial->given.at, "");
	}
}

static void test_bytes_are_known_of_files_only(void **state)
{
	struct trial *trial = *state;

	add_file(trial, "four");
	add_file(trial, "eleven more");
	assert_int_equal(lines_look(&trial->lines, NULL), 0);
	assert_int_equal(trial->lines.bytes_total, 15);
	assert_int_equal(mkfifo(trial->paths[2], 0600), 0);
	add_word(trial, "-");
	for (int i = 0; i < 2; i++, trial->words[2] = trial->paths[2]) {
		assert_int_equal(lines_look(&trial->lines, NULL), 0);
		assert_int_equal(trial->lines.bytes_total, 0);
	}
}

/* In a process of its own: once interrupted is for ever. */
static pid_t start(struct trial *trial, const char *expected)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child != 0)
		return child;
	alarm(ALARM_S);
	lines_catch_signals();
	if (lines_interrupted() || run(trial) != 0 || !lines_interrupted())
		_exit(1);
	_exit(strcmp(trial->given.at, expected) != 0);
}

static void test_a_signal_ends_it_between_lines(void **state)
{
	/* What is behind the line of the signal: a line, or the beginning of one. */
	static const char *const inputs[] = { "x\ny\nz\n", "x\ny\nz" };
	struct trial *trial = *state;
	int status;

	trial->stop_line = 2;
	for (size_t i = 0; i < 4; i++) {
		restart(trial);
		add_file(trial, inputs[i / 2]);
		add_file(trial, "z\n");
		trial->stop_signal = i % 2 == 0 ? SIGINT : SIGTERM;
		waitpid(start(trial, ":1:x;:2:y;"), &status, 0);
		assert_int_equal(status, 0);
	}
}

static void test_a_signal_ends_a_read_that_waits(void **state)
{
	struct trial *trial = *state;
	int status, taken[2];
	pid_t child;
	char byte;

	/* It waits for more when the signal comes, or is about to: once is enough. */
	for (int round = 0; round < ROUNDS; round++) {
		restart(trial);
		pipe_in(trial, NULL);
		add_word(trial, "-");
		assert_int_equal(pipe2(taken, O_CLOEXEC), 0);
		trial->told = taken[1];
		assert_int_equal(write(trial->pipe_end, "x\ny", 3), 3);
		child = start(trial, ":1:x;");
		assert_int_equal(read(taken[0], &byte, 1), 1);
		kill(child, SIGTERM);
		waitpid(child, &status, 0);
		assert_int_equal(status, 0);
		close(taken[0]);
		close(taken[1]);
		close(trial->pipe_end);
		trial->pipe_end = -1;
	}
}

static void test_a_signal_ends_the_wait_for_input(void **state)
{
	static const char *const pieces[] = { "x\n", "y", "signal", "z\n", NULL };
	struct trial *trial = *state;
	int status;

	pipe_in(trial, pieces);
	trial->lines.idle = feed;
	add_word(trial, "-");
	waitpid(start(trial, ":1:x;"), &status, 0);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_file_gives_its_lines, begin, end),
		cmocka_unit_test_setup_teardown(test_each_file_begins_anew, begin, end),
		cmocka_unit_test_setup_teardown(test_a_large_file_gives_every_line, begin, end),
		cmocka_unit_test_setup_teardown(test_standard_input_is_waited_for, begin, end),
		cmocka_unit_test_setup_teardown(test_a_fault_of_each_or_idle_ends_it, begin, end),
		cmocka_unit_test_setup_teardown(test_a_failed_read_is_a_fault, begin, end),
		cmocka_unit_test_setup_teardown(test_an_unfit_file_is_found_first, begin, end),
		cmocka_unit_test_setup_teardown(test_bytes_are_known_of_files_only, begin, end),
		cmocka_unit_test_setup_teardown(test_a_signal_ends_it_between_lines, begin, end),
		cmocka_unit_test_setup_teardown(test_a_signal_ends_a_read_that_waits, begin, end),
		cmocka_unit_test_setup_teardown(test_a_signal_ends_the_wait_for_input, begin, end),
	};

	return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
