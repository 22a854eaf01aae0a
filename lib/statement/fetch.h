/*
 * Fetching a statement from the API of whoever wrote it: page after page, until there is no more.
 *
 * Every page is checked before it is taken: that it is JSON, that it says the period (or the
 * request) that it was asked for and nothing else, and how it goes on.  What fails ends it with a
 * fault, since a statement is whole or it is none.  Where the other side asks for patience (429,
 * 408, 5xx) or goes away, it is asked again, with backoff and never before its Retry-After.
 *
 * No clock, no randomness, no waiting, no file: all that is the caller's (struct fetch_hooks).
 * The key is in no fault and in nothing that is handed over: where the other side tells it back
 * it is made "***", and a page that has it is refused.  One thread.
 */
#ifndef TOLL_STATEMENT_FETCH_H
#define TOLL_STATEMENT_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/text.h"
#include "net/net.h"

enum {
	FETCH_PAGES_MAX = 10000,
	FETCH_PAGE_BYTES_MAX = 64 * 1024 * 1024, /* what base/json.h reads */
	FETCH_DAYS_MAX = 366,                    /* of one statement */
	FETCH_TRIES_MAX = 8,                     /* of one question */
	FETCH_WAIT_MAX_S = 300,                  /* of one question, in all */
	FETCH_FIRST_WAIT_MS = 500,
	FETCH_LONGEST_WAIT_MS = 60 * 1000, /* of backoff: a Retry-After may be longer */
	FETCH_KEY_BYTES_MAX = 4096,
	FETCH_ID_BYTES_MAX = 256,
	FETCH_IDS_BYTES_MAX = 4 * 1024 * 1024,
};

struct fetch_shape;

/* A line of fetch.def. */
struct fetch_api {
	const char *name, *format;
	const char *base; /* "": the caller must say */
	const char *variable, *key;
	const char *secret; /* what the header of the key begins with */
	const struct fetch_shape *shape;
};
/* In the order of fetch.def; NULL behind the last. */
const struct fetch_api *fetch_api_at(size_t index);
const struct fetch_api *fetch_api_find(struct text name); /* NULL: there is none */
/* It is asked for requests by their ids, not for a period. */
bool fetch_api_of_requests(const struct fetch_api *api);

/* What is wanted.  All of it is the caller's. */
struct statement_fetch {
	const struct fetch_api *api;
	const char *base_url;   /* NULL: the API's own */
	const char *key;        /* as statement_fetch_key() made it */
	int64_t from_ms, to_ms; /* of a period: whole days, UTC; [from, to) */
	struct text ids;        /* of requests: one a line; empty lines are none */
	unsigned tries_max;     /* 0: FETCH_TRIES_MAX */
	uint64_t seed;          /* of the jitter */
};

/* A page, for the time of the call that hands it over. */
struct fetch_page {
	int64_t number;         /* from 1 on */
	const char *url, *json; /* what was asked; json NULL: a GET */
	long status;
	int64_t when_ms;  /* it was there */
	struct text body; /* as it came */
	struct text rows; /* what the statement gets of it: the same, or its rows, one a line */
};

struct fetch_hooks {
	/* net_ask(), or as it does. */
	int (*send)(void *context, const struct net_request *request, struct net_answer *answer_out,
	            struct fault *fault);
	int64_t (*now_ms)(void *context);
	/* So long, because of `why`; -FAULT_X ends it. */
	int (*wait)(void *context, int64_t ms, const struct fault *why, struct fault *fault);
	/* -FAULT_X ends it. */
	int (*take)(void *context, const struct fetch_page *page, struct fault *fault);
	void *context;
};

struct fetch_result {
	int64_t pages, bytes; /* of them, as they came */
	int64_t left_out;     /* records at the very end of a period: they are of the next one */
	/*
	 * The end of the last span that was told, of the kind that was told least far; of those
	 * that do not tell spans, the end of the period.  Before that end there was no usage, or
	 * it was not told.
	 */
	int64_t until_ms;
};

/*
 * Fetches it.  What was handed over before a failure is no statement.
 *   -FAULT_INVALID    what is wanted cannot be: the period, an id, the base URL; an answer that is
 *                     a refusal, told with the API's own words and what to do; a page that is of
 *                     something else, cut, comes twice or leads back
 *   -FAULT_NOT_FOUND  status 404: an id that it does not know
 *   -FAULT_SYNTAX     a page that is no JSON
 *   -FAULT_RANGE      more than FETCH_PAGES_MAX, a page of more than FETCH_PAGE_BYTES_MAX
 *   -FAULT_BUSY       asked to come back too late, or too often
 *   -FAULT_IO, -FAULT_CLOSED, -FAULT_NOMEM, and what a hook returned
 */
int statement_fetch(const struct statement_fetch *what, const struct fetch_hooks *hooks,
                    struct fetch_result *result_out, struct fault *fault);

/*
 * Checks what of it can be checked before anything is sent.  `now_ms`: a day that is not over has
 * no statement yet, and an API may forget.  statement_fetch() does it itself, first.
 */
int statement_fetch_check(const struct statement_fetch *what, int64_t now_ms, struct fault *fault);

/*
 * A key as it stands in a file or in the environment, without the blanks and newlines around it.
 * -FAULT_INVALID, -FAULT_RANGE: it can be none; the text does not tell it.  The caller wipes both.
 */
int statement_fetch_key(struct text text, char key_out[FETCH_KEY_BYTES_MAX + 1],
                        struct fault *fault);

/*
 * How long a Retry-After asks to wait (RFC 9110, 10.2.3: seconds, or a date in any of the three
 * forms of 5.6.7; one that is past is 0).  -1: it says nothing that is understood.
 */
int64_t fetch_retry_after_ms(struct text value, int64_t now_ms);

#endif
