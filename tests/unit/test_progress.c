#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/progress.h"

enum { DRAWN_BYTES = 4096, QUIET_MS = 100, WIPED_MS = 30000, PAUSE_MS = 3600000 };

/* A terminal of our own: what is written to its other side is read here. */
static int open_terminal(int *other_side_out)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);

	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	*other_side_out = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(*other_side_out >= 0);
	assert_int_equal(fcntl(master, F_SETFL, O_NONBLOCK), 0);
	return master;
}

static bool is_wiped(const char *drawn, size_t len)
{
	return len > 4 && memcmp(drawn + len - 4, "\r\033[K", 4) == 0;
}

/* Draws with stderr on `fd`; what was drawn is read from `from`. */
static void draw(int fd, int from, int64_t total, bool shown, char drawn[DRAWN_BYTES])
{
	struct progress progress;
	struct pollfd more = { from, POLLIN, 0 };
	int kept = dup(STDERR_FILENO);
	size_t len = 0;
	ssize_t got;

	fflush(stderr);
	assert_true(dup2(fd, STDERR_FILENO) >= 0);
	progress_start(&progress, "lines sent");
	/* The first drawing is due at once, the one right behind it is not, however slow we are. */
	progress_at(&progress, 7, 500, total);
	assert_int_equal(progress.last_ms != 0, shown);
	progress.last_ms += PAUSE_MS;
	progress_at(&progress, 8, 510, total);
	progress_end(&progress);
	fflush(stderr);
	assert_true(dup2(kept, STDERR_FILENO) >= 0);
	close(kept);
	/* A terminal hands over what was written a moment later, and in pieces. */
	while (len < DRAWN_BYTES - 1 && !is_wiped(drawn, len) &&
	       poll(&more, 1, shown ? WIPED_MS : QUIET_MS) > 0 &&
	       (got = read(from, drawn + len, DRAWN_BYTES - 1 - len)) > 0)
		len += (size_t)got;
	drawn[len] = '\0';
}

static size_t count_of(const char *text, char what)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += *text == what;
	return count;
}

static void test_a_terminal_gets_a_bar_that_is_wiped_away(void **state)
{
	char drawn[DRAWN_BYTES];
	int other_side, master = open_terminal(&other_side);

	(void)state;
	setenv("TERM", "xterm", 1);
	draw(other_side, master, 1000, true, drawn);
	assert_non_null(strstr(drawn, "[###############...............]  50%  7 lines sent"));
	assert_null(strstr(drawn, "8 lines sent"));
	assert_string_equal(drawn + strlen(drawn) - 4, "\r\033[K");
	draw(other_side, master, 0, true, drawn);
	assert_non_null(strstr(drawn, "7 lines sent"));
	assert_int_equal(count_of(drawn, '%'), 0);
	/* More done than there was to do: files grow. */
	draw(other_side, master, 400, true, drawn);
	assert_non_null(strstr(drawn, "[##############################] 100%"));
	close(other_side);
	close(master);
}

static void test_a_pipe_and_a_dumb_terminal_get_nothing(void **state)
{
	char drawn[DRAWN_BYTES];
	int fds[2], other_side, master = open_terminal(&other_side);

	(void)state;
	setenv("TERM", "xterm", 1);
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	draw(fds[1], fds[0], 1000, false, drawn);
	assert_string_equal(drawn, "");
	setenv("TERM", "dumb", 1);
	draw(other_side, master, 1000, false, drawn);
	assert_string_equal(drawn, "");
	close(fds[0]);
	close(fds[1]);
	close(other_side);
	close(master);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_terminal_gets_a_bar_that_is_wiped_away),
		cmocka_unit_test(test_a_pipe_and_a_dumb_terminal_get_nothing),
	};

	return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
