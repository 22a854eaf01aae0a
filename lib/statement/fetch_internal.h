/* The inside of statement/fetch.h: what one API asks, and what it looks at. */
#ifndef TOLL_STATEMENT_FETCH_INTERNAL_H
#define TOLL_STATEMENT_FETCH_INTERNAL_H

#include "base/buf.h"
#include "base/json.h"
#include "statement/fetch.h"

/* A run of pages that lead to each other; a statement is one or more of them. */
struct fetch_series {
	const struct statement_fetch *what;
	size_t index;
	struct text id; /* of requests */
	/* The end of the last bucket; before the first the beginning of the period. */
	int64_t seen_ms;
	/* Of a list of rows in the order of their times: how many, and those of the last moment. */
	int64_t rows;
	struct buf last_ids; /* hashes */
};

/* What is asked; cleared before. */
struct fetch_question {
	struct buf path; /* behind the base: with its query */
	struct buf json; /* the body of a POST; empty: a GET */
};

/* What is found in a page. */
struct fetch_look {
	struct text next; /* what leads to the next page; absent: this is the last */
	struct buf rows;  /* empty: the page as it is */
	int64_t left_out;
	char number[24]; /* of the next page, where that is what leads to it */
};

struct fetch_shape {
	bool of_requests; /* a series is a request, not a period */
	size_t days;      /* a series is of so many of the period; 0: of all */
	size_t series;    /* of the period; 0 is 1 */
	bool of_spans;    /* its pages tell where they end: series->seen_ms */
	size_t back_days; /* so many days before today are told; 0: no limit is known */
	/* `page`: what led here; absent: the first. */
	void (*ask)(const struct fetch_series *series, struct text page,
	            struct fetch_question *question);
	/* -FAULT_INVALID: it is not what was asked for. */
	int (*look)(struct fetch_series *series, const struct json *doc, struct fetch_look *look,
	            struct fault *fault);
	const char *not_found; /* what to do about a 404 */
};

enum fetch_api_name {
#define F(NAME, name, format, base, variable, key, SECRET) FETCH_API_##NAME,
#include "statement/fetch.def"
#undef F
	FETCH_API_COUNT
};
extern const struct fetch_shape fetch_shapes[FETCH_API_COUNT];

/* The part of the period that a series is of. */
int64_t fetch_series_from(const struct fetch_series *series);
int64_t fetch_series_to(const struct fetch_series *series);
void fetch_add_encoded(struct buf *out, struct text value); /* RFC 3986, 2.1 */
/*
 * 1: the key is in it, as it is, behind escapes of JSON, URLs or HTML (also in each other), in
 * base64 or in hex; 0; -FAULT_NOMEM.
 */
int fetch_reveals(struct text words, const char *key);
bool fetch_is_new(struct buf *seen, struct text t); /* adds what it was not in; false: it was */

#endif
