/*
 * What a program writes: standard error of this process caught while a test runs, and text that
 * is to fit a terminal.  Failures fail the running test.
 */
#ifndef TOLL_TESTS_SUPPORT_OUTPUT_H
#define TOLL_TESTS_SUPPORT_OUTPUT_H

#include "base/text.h"

/* At most as much as a pipe holds, which nobody reads meanwhile. */
enum { OUTPUT_BYTES = 16384 };

/* From here on standard error is caught ... */
void output_catch(void);
/* ... until here; valid until the next call. */
const char *output_caught(void);

/* No line is longer than a terminal of 80 columns is wide. */
void output_fits(struct text text);

#endif
