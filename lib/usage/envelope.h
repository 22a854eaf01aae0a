/*
 * Envelopes: records that gateways and their loggers emit already.  One is recognised by its
 * form, never by a name that somebody typed, and translated into event lines (toll-event(5)),
 * which event_decode() then reads as if a gateway had written them: nothing is counted here.
 *
 * What is decided here, for all of them:
 * - The same record gives the same bytes, so that a record sent twice is a duplicate.
 * - `usage` is the provider's object as it stands in the record where there is one, else it is
 *   made of the record's counters in the shape openai.chat.  A counter that no table names is
 *   passed on by its own name, so that it warns.  Two names of one counter with different
 *   numbers are refused.
 * - Nobody to pay: where a record tells no account the account is "unassigned", which every
 *   report shows; it is no silent merge with a customer.  Only CloudEvents must name one.
 * - A record without a source, on a connection without one, has the envelope's name for source.
 * - The model is the one that was asked for, as customers and price books know it; the one
 *   that answered is the tag `response_model`.
 * - What the gateway thinks it cost is the tag `cost`, digit by digit as written.
 * - An answer out of the gateway's own cache used nothing of a provider: its usage is zero,
 *   and the tag `cache_hit` says why.
 * - A record of something else than a request to a model (a call of a tool, an HTTP span, a
 *   meter of something else) is refused with the reason `foreign`.  Spans of agents and tools
 *   repeat what the spans of their requests say: beside those they are passed over.
 * - An array of records is a batch: a bad one does not hold up the others.
 *
 * Errors: a refusal is no failure.  Memory: all that is returned is in the arena.  One thread.
 */
#ifndef TOLL_USAGE_ENVELOPE_H
#define TOLL_USAGE_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "usage/event.h"

enum {
	ENVELOPE_EVENTS_MAX = 1024,    /* of one line */
	ENVELOPE_ATTRIBUTES_MAX = 512, /* of a span or its resource; OTel's default is 128 */
	ENVELOPE_INNER_BYTES_MAX = 1024 * 1024, /* JSON inside a string: metadata, data_base64 */
};
#define ENVELOPE_ACCOUNT "unassigned"

struct envelope;

/* One event of a record: a line to decode, or why there is none. */
struct envelope_event {
	struct text line;                    /* absent where it is refused */
	const struct event_refusal *refusal; /* NULL where there is a line */
};

/*
 * Which envelope the text is that `doc` was parsed from; NULL where it is none, and where it
 * could be more than one.
 */
const struct envelope *envelope_find(const struct json *doc);

/*
 * Translates.  Of the defaults only whether there is a source matters.  Returns 0 with one
 * event or more, or 0 with none and *refusal filled (it must be REASON_NONE before), or
 * -FAULT_NOMEM.  `doc` is only read, and no longer needed when this returns.
 */
int envelope_open(const struct envelope *envelope, const struct json *doc,
                  const struct event_defaults *defaults, struct arena *arena,
                  struct envelope_event **events_out, size_t *count_out,
                  struct event_refusal *refusal);

/* The envelopes of envelopes.def, for `toll formats`: NULL behind the last. */
const char *envelope_name(size_t index);
const char *envelope_summary(size_t index);

/* What a member of the event is made of, for `toll formats NAME`. */
struct envelope_mapping {
	char member[80]; /* "account", "tags.cost", "usage.prompt_tokens"; "-": it goes nowhere */
	char from[512];  /* paths, the first that is there counts */
	char how[80];
};
/* false behind the last. */
bool envelope_mapping(size_t index, size_t row, struct envelope_mapping *out);

#endif
