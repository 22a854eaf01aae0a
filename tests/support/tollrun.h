/*
 * Runs the built `toll` (from $TOLL_BUILD) for a test: its exit code and all it wrote.
 * Failures of the running itself fail the test.
 */
#ifndef TESTS_SUPPORT_TOLLRUN_H
#define TESTS_SUPPORT_TOLLRUN_H

#include <sys/types.h>

#include "base/buf.h"

enum { TOLLRUN_WORDS_MAX = 24, TOLLRUN_WAIT_MS = 120000 };

struct tollrun {
	pid_t pid;           /* 0: ended */
	int out_fd, err_fd;  /* -1: read to the end */
	int code;            /* exit code, or -signal */
	struct buf out, err; /* what it wrote, ended by NUL */
};

/*
 * Starts toll with these words (ended by NULL).  `input` (NULL: nothing) is its standard input,
 * `output` a path to write standard output to (NULL: caught in run->out).
 */
void tollrun_start(struct tollrun *run, const char *const words[], const char *input,
                   const char *output);
/* Catches what it writes until it ends, or fails after TOLLRUN_WAIT_MS. */
void tollrun_wait(struct tollrun *run);
void tollrun_release(struct tollrun *run);

/* Starts and waits; the words are the arguments. */
#define TOLLRUN(run, ...)                                                                          \
	do {                                                                                       \
		tollrun_release(run);                                                              \
		tollrun_start(run, (const char *const[]){ __VA_ARGS__, NULL }, NULL, NULL);        \
		tollrun_wait(run);                                                                 \
	} while (0)

/* The run ended with this code and its output holds (or does not hold) the words. */
#define TOLLRUN_EXPECT(run, expected) tollrun_expect(run, expected, __FILE__, __LINE__)
#define TOLLRUN_SAYS(run, words)      tollrun_says(run, words, true, __FILE__, __LINE__)
#define TOLLRUN_SAYS_NOT(run, words)  tollrun_says(run, words, false, __FILE__, __LINE__)
void tollrun_expect(const struct tollrun *run, int code, const char *file, int line);
void tollrun_says(const struct tollrun *run, const char *words, bool wanted, const char *file,
                  int line);

#endif
