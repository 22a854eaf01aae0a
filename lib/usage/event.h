/*
 * A usage event: one request as the gateway saw it.  event_decode() is the one
 * way from a line to an event; what reads the bytes can change behind it.
 *
 * The texts of a struct event point into the line that was decoded or into the
 * arena that was passed: valid as long as both.
 */
#ifndef TOLL_USAGE_EVENT_H
#define TOLL_USAGE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "usage/usage.h"

enum {
	EVENT_NAME_BYTES_MAX = 256,    /* id, source, account, key, model ... */
	EVENT_BYTES_MAX = 1024 * 1024, /* a line, by default */
	EVENT_DETAIL_BYTES = 256,
	EVENT_EXTRA_BYTES_MAX = 64 * 1024, /* upstream ids and tags together, as JSON */
};

/* 2015-01-01T00:00:00Z: before any provider sold tokens. */
#define EVENT_TIME_MIN_MS   INT64_C(1420070400000)
/* How far a gateway's clock may be ahead of ours. */
#define EVENT_FUTURE_MAX_MS INT64_C(86400000)

enum reason {
#define R(NAME, name, advice) REASON_##NAME,
#include "usage/reason.def"
#undef R
	REASON_COUNT
};

const char *reason_name(enum reason reason);
const char *reason_advice(enum reason reason);
enum reason reason_find(struct text name); /* REASON_COUNT when there is none */

/* How far a request is settled, by rank: a later phase replaces an earlier one.  Stored. */
enum settlement {
	SETTLEMENT_OPEN,      /* it began; nothing is known of what it used */
	SETTLEMENT_PARTIAL,   /* under way, or ended without a word on all it used */
	SETTLEMENT_ABANDONED, /* broken off: client or provider went away */
	SETTLEMENT_FINAL,
	SETTLEMENT_COUNT
};
const char *settlement_name(enum settlement settlement);
enum settlement settlement_find(struct text name); /* SETTLEMENT_COUNT when there is none */

/* Where the counts of an event come from.  Stored. */
enum provenance {
	PROVENANCE_REPORTED,  /* the provider's own, of the whole request */
	PROVENANCE_PARTIAL,   /* the provider's own, of a part: more may have been used */
	PROVENANCE_ESTIMATED, /* somebody's guess */
	PROVENANCE_NONE,      /* nobody told a count */
	PROVENANCE_COUNT
};
const char *provenance_name(enum provenance provenance);
enum provenance provenance_find(struct text name); /* PROVENANCE_COUNT when there is none */

/* What an event is.  Stored. */
enum turn {
	TURN_NONE,  /* a request */
	TURN_OF,    /* a turn of one: struct event_part */
	TURN_ENDED, /* a turn that a later phase of its request has no more: it counts nothing */
	TURN_COUNT
};

/*
 * A turn of the request that its totals leave out, or that ran on another model: stored as an
 * event of its own, with "~2", "~3" ... behind the id, and without the fee of a request.
 */
struct event_part {
	struct text model;
	struct usage usage;
};

/* One of several ways to read numbers that contradict each other. */
struct event_reading {
	const char *name; /* "declared", "xai.chat" ...: static; what a rule is made of */
	char why[EVENT_DETAIL_BYTES];
	struct usage usage;
};
enum { EVENT_READINGS_MAX = 32, EVENT_PARTS_MAX = 64 };

/*
 * What the usage of an event is the sum of, where it is not of one request or turn: a threshold of
 * a price is for each by itself.
 */
struct event_sum {
	size_t of;               /* how many of them; 0: it is one */
	int64_t smallest_prompt; /* of one of them */
	/*
	 * The turns it can be taken apart into, of the event's own model and in the arena; count 0:
	 * it cannot.  What the usage has beyond them belongs to the first.
	 */
	const struct event_part *turns;
	size_t count;
};

/* status, latency_ms, ttft_ms and served where the line does not say */
#define EVENT_ABSENT INT64_C(-1)

struct event {
	struct text id, source, account, model; /* always present, never empty */
	/* Absent when not sent, and the response does not say. */
	struct text key, provider, api, service_tier, region, finish_reason;
	int64_t time_ms;
	int64_t status, latency_ms, ttft_ms;
	int64_t served; /* tokens of the answer that reached the client of a cancelled request */
	bool stream;
	enum turn turn;
	enum settlement settlement;
	enum provenance provenance;
	struct usage usage; /* COMPONENT_REQUESTS: 0 or 1 by the status, where usage has none */
	struct event_sum sum;
	/*
	 * It has no answer that could be missing: it is an embedding or the like, another event has
	 * the answer, or another turn of its request.  Not stored: whoever rates it acts on it.
	 */
	bool no_answer_due;
	const struct event_part *parts; /* in the arena */
	size_t part_count;
	/*
	 * In the arena, where the numbers contradict each other and can be read all the same:
	 * `usage` is the first of them.  Whoever rates it decides.
	 */
	const struct event_reading *readings;
	size_t reading_count;      /* 0: no contradiction; 1: it can be read in one way only */
	struct text contradiction; /* what does not hold; absent where all does */
	struct text reading;       /* the one that was taken by a rule; else absent */
	/* JSON object with the optional members that have no column (upstream_id, upstream_cost,
	 * reading, tags), as sent; absent when none was. */
	struct text extra;
	/* Hash of the line's content without id and source: equal for the same event sent
	 * again, whatever the order of its members, nulls, and how its time is written. */
	uint64_t content_hash;
	/* "prompt_tokens_details.new_tokens": the first number under usage that is not zero
	 * and that the format does not know; absent when all are known. */
	struct text unknown_path;
};

struct event_defaults {
	struct text source; /* of the hello line, used where the line has none; may be absent */
	int64_t now_ms;     /* for the time window; lib/ reads no clock */
};

/* What can be told of a line that is no event: all absent where it is no JSON object. */
struct event_refusal {
	enum reason reason;
	char detail[EVENT_DETAIL_BYTES]; /* "usage.prompt_tokens: -1 is no count" */
	struct text source, id;          /* as far as they could be read, else absent */
	int64_t time_ms;                 /* EVENT_ABSENT where it could not be read */
};

/* The detail is one line of UTF-8, whatever is put into it. */
__attribute__((format(printf, 3, 4))) void refusal_set(struct event_refusal *refusal,
                                                       enum reason reason, const char *format, ...);

/*
 * Decode one line (without its newline).  `doc` is reused from call to call.
 * Returns 0 with refusal_out->reason: REASON_NONE and *event_out filled, or why the
 * line is refused, and *refusal_out filled.  -FAULT_NOMEM is the only failure.
 */
int event_decode(struct text line, const struct event_defaults *defaults, struct json *doc,
                 struct arena *arena, struct event *event_out, struct event_refusal *refusal_out);

/*
 * Fills *refusal for a line that json_parse() refused (but not for want of memory): the reason,
 * and as much of the identity and the time as was read before the fault and stands there once.
 * Returns 0 or -FAULT_NOMEM.
 */
int event_refuse_json(struct text line, const struct event_defaults *defaults, struct json *doc,
                      const struct fault *fault, struct arena *arena,
                      struct event_refusal *refusal);

/* The shapes of formats.def, for `toll formats`: NULL behind the last. */
const char *event_format_name(size_t index);
const char *event_format_summary(size_t index);

/* Whether the numbers of that shape can have a reading of that name; api absent: of any shape. */
bool event_reading_known(struct text api, struct text reading);

#endif
