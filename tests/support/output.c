#include "tests/support/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

static int kept = -1, ends[2];

void output_catch(void)
{
	assert_int_equal(pipe(ends), 0);
	kept = dup(STDERR_FILENO);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	close(ends[1]);
}

const char *output_caught(void)
{
	static char text[OUTPUT_BYTES];
	ssize_t len;

	fflush(stderr);
	assert_true(dup2(kept, STDERR_FILENO) >= 0);
	close(kept);
	len = read(ends[0], text, sizeof(text) - 1);
	text[len > 0 ? len : 0] = '\0';
	close(ends[0]);
	return text;
}

void output_fits(struct text text)
{
	struct text line;

	while (text_cut(&text, '\n', &line)) {
		if (line.len > 80)
			fail_msg("longer than 80 columns: %.*s", TEXT_ARGS(line));
	}
}
