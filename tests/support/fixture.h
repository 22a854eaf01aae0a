/*
 * What the unit tests of the decoding side share: the folder with recorded data, files
 * from it, and a seeded source of hostile bytes.
 *
 * The folder is $TOLL_DATA, else ../shared/data seen from the project's root, where make
 * runs the tests.  It is not part of the project: a test that needs it is skipped where
 * it is absent, and the output of the run names the file.
 */
#ifndef TOLL_TESTS_SUPPORT_FIXTURE_H
#define TOLL_TESTS_SUPPORT_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/text.h"

enum { FIXTURE_FILE_BYTES_MAX = 64 * 1024 * 1024 };

const char *fixture_data_dir(void);
/*
 * Reads NAME of that folder; false, with nothing read, where it is not there.  One that is there
 * and cannot be read fails the test.
 */
bool fixture_load(const char *name, struct buf *out);
/* The same for a test that is nothing without it: the test is skipped where it is not there. */
void fixture_need(const char *name, struct buf *out);
/* The next line of such a file that is not empty; false: there is none. */
bool fixture_line(struct text *rest, struct text *line_out);

/* Skip the running test: "SKIPPED: " and the reason stand in the output of the run. */
void fixture_skip(const char *reason);
void fixture_skip_without(const char *name); /* a file of the folder */

/* $TOLL_SEED, else `fallback`; prints it, so that a failure can be had again. */
uint64_t fixture_seed(const char *test, uint64_t fallback);

/* splitmix64: the next number, and one below `limit` (which is above zero). */
uint64_t fixture_random(uint64_t *state);
size_t fixture_below(uint64_t *state, size_t limit);

/*
 * Changes a few bytes of the text at random: flips, cuts, doubles, swaps, and inserts
 * from a list of what parsers stumble over.  Never longer than `max_bytes`.
 */
void fixture_mutate(struct buf *text, size_t max_bytes, uint64_t *state);

#endif
