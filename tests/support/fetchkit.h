/*
 * Help for the tests of statement/fetch.h: another side that is made up, step by step, without a
 * server, a clock or any waiting.
 */
#ifndef TESTS_SUPPORT_FETCHKIT_H
#define TESTS_SUPPORT_FETCHKIT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/moment.h"
#include "statement/fetch.h"

#define KEY       "sk-secret-of-ours"
#define BASE      "https://api.example"
#define AUG_1     INT64_C(1785542400000)
#define AUG_3     (AUG_1 + 2 * MS_PER_DAY)
#define NOW       (AUG_3 + 5 * MS_PER_HOUR) /* of the day behind the period */
#define BUCKET_1  "{\"start_time\":1785542400,\"end_time\":1785628800,\"results\":[]}"
#define BUCKET_2  "{\"start_time\":1785628800,\"end_time\":1785715200,\"results\":[]}"
#define LAST_PAGE "\"has_more\":false,\"next_page\":null}"
#define COSTS     "{\"data\":[" BUCKET_1 "," BUCKET_2 "]," LAST_PAGE

enum { STEPS_MAX = 16, WAITS_MAX = 16 };

/* What the other side does, one after the other. */
struct fetch_step {
	long status;      /* 0: the fault */
	const char *body; /* of the fault its text */
	const char *retry_after, *type;
	int fault;
};

struct fetch_fake {
	const struct fetch_step *steps;
	size_t step_count, at;
	int64_t waits_ms[WAITS_MAX];
	size_t wait_count;
	int64_t take_fails_at; /* the page at which taking fails; 0: none */
	struct buf asked;      /* a line a question: URL, and JSON behind a blank */
	struct buf rows, told; /* told: why it waited */
	struct fault fault;
	struct fetch_result result;
	int r;
};

/*
 * Fetches with these steps, with KEY, and of the two days where `what` says no other; nothing that
 * is told has the key.  One step too few, or a header that is not the API's, fails the test.
 */
void fetchkit_fetch(struct fetch_fake *fake, struct statement_fetch what);
void fetchkit_release(struct fetch_fake *fake);
const struct fetch_api *fetchkit_api(const char *name);
/* It ended so, with these words in the fault. */
void fetchkit_refused(const struct fetch_fake *fake, const char *label, int code,
                      const char *words);
int64_t fetchkit_now_ms(void *context); /* NOW */

#endif
