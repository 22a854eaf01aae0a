/*
 * Inside lib/usage only: what an envelope's table is made of, and the writer of event lines
 * that the tables and the few rules that are no table share.
 */
#ifndef TOLL_USAGE_ENVELOPE_INTERNAL_H
#define TOLL_USAGE_ENVELOPE_INTERNAL_H

#include <stdbool.h>

#include "base/buf.h"
#include "usage/envelope.h"

enum {
	ENVELOPE_PATHS_MAX = 10,
	ENVELOPE_ROOTS_MAX = 2,
	ENVELOPE_NEST_MAX = JSON_DEPTH_MAX - 4, /* of a value passed on: it may sink a little */
};

/* How a member is made of what stands at its paths: of the first path that has it. */
enum envelope_take {
	TAKE_NAME,    /* a string that is not empty, or the digits of a number */
	TAKE_MOMENT,  /* RFC 3339, without a zone UTC; a number: seconds since 1970 */
	TAKE_UNIX_MS, /* milliseconds since 1970, a number or its digits as a string */
	TAKE_UNIX_NS, /* nanoseconds likewise */
	TAKE_BETWEEN, /* ms from the first path to the second, moments; not if that is the third */
	TAKE_BETWEEN_NS, /* the same of two in nanoseconds */
	TAKE_MS,         /* whole ms of a number, what is behind the point cut off */
	TAKE_SECONDS_MS, /* the same of seconds */
	TAKE_STATUS,     /* a number of three digits, or those as a string */
	TAKE_BOOL,       /* true or false, also as a string in any case */
	TAKE_IS,         /* true where the text is `word`, false where it is another */
	TAKE_JOIN,       /* the texts of both paths with a '/' between; "0x" is cut off */
	TAKE_VALUE,      /* any value, as it is */
	TAKE_WORD,       /* `word`, which is JSON, itself */
	TAKE_NO_ANSWER,  /* false where the text names an operation without an answer */
	TAKE_IF,         /* `word`, where the text begins with `match` in any case */
	ENVELOPE_TAKES
};

/*
 * A member of the event line, "tags.NAME" for a tag (tags last).  The first row of a member
 * that gives something counts.  A path is member names with '/' between; the first may be the
 * name of a root.  In an array a number is an index, and a name finds the attribute that has
 * it as `key`, whose value is what counts.
 */
struct envelope_field {
	const char *member;
	enum envelope_take take;
	const char *paths[ENVELOPE_PATHS_MAX];
	const char *word, *match;
};

#define FIELD(m, t, ...)                                                                           \
	{                                                                                          \
		.member = (m), .take = (t), .paths = { __VA_ARGS__ }                               \
	}
#define FIELD_WORD(m, w)                                                                           \
	{                                                                                          \
		.member = (m), .take = TAKE_WORD, .word = (w)                                      \
	}
#define FIELD_IS(m, w, ...)                                                                        \
	{                                                                                          \
		.member = (m), .take = TAKE_IS, .paths = { __VA_ARGS__ }, .word = (w)              \
	}
#define FIELD_IF(m, w, begins, ...)                                                                \
	{                                                                                          \
		.member = (m), .take = TAKE_IF, .paths = { __VA_ARGS__ }, .word = (w),             \
		.match = (begins)                                                                  \
	}
#define FIELD_ACCOUNT FIELD_WORD("account", "\"" ENVELOPE_ACCOUNT "\"")

/*
 * A counter of the usage that is made: where it goes, and under which names it stands in the
 * envelope.  key NULL: it is no count, or told elsewhere, and not passed on.
 */
struct envelope_word {
	const char *group, *key; /* group: the object it goes into, or NULL; rows of one adjacent */
	const char *from[ENVELOPE_PATHS_MAX];
};

/* The usage of an answer out of a cache. */
#define ENVELOPE_NOTHING_CHAT "{\"prompt_tokens\":0,\"completion_tokens\":0,\"total_tokens\":0}"

struct envelope_root {
	const char *name; /* NULL ends them; the first is the one without a name in paths */
	const struct json *doc;
	uint32_t node;
};

struct envelope_view {
	struct envelope_root root[ENVELOPE_ROOTS_MAX];
};

struct envelope_at {
	const struct json *doc;
	uint32_t node; /* JSON_NONE: not there, or null */
};

struct envelope_work {
	const struct envelope *envelope;
	const struct event_defaults *defaults;
	struct arena *arena;
	struct envelope_event *events;
	size_t count;
	bool too_many;
	int error; /* 0, or -FAULT_NOMEM */
	/* The event under way: */
	struct buf out;
	const char *put[48]; /* members that were put */
	size_t put_count;
	struct event_refusal *refused; /* why there will be no line; NULL: none yet */
};

struct envelope {
	const char *name;
	bool (*is)(const struct json *doc, uint32_t node);
	/* Adds the events of one record. */
	void (*open)(struct envelope_work *work, const struct json *doc, uint32_t node);
	const struct envelope_field *fields;
	size_t field_count;
	const struct envelope_word *words;
	size_t word_count;
	const char *usage_from; /* for people: where the usage is taken from */
};

#define E(NAME, name, summary) extern const struct envelope envelope_##NAME;
#include "usage/envelopes.def"
#undef E

/* Whether this envelope alone takes the text for its own. */
bool envelope_matches(size_t index, const struct json *doc);

/* envelope_path.c: finding things. */
struct envelope_at envelope_at(const struct envelope_view *view, const char *path);
/* The first path that has something; JSON_NONE. */
struct envelope_at envelope_first(const struct envelope_view *view, const char *const *paths);
/* A string that is not empty, the digits of a number, "true", "false"; else absent. */
struct text envelope_text(struct envelope_at at);
struct text envelope_text_at(const struct envelope_view *view, const char *path);
bool envelope_has(const struct json *doc, uint32_t object, const char *key); /* null as well */
bool envelope_is_string(const struct json *doc, uint32_t object, const char *key);
/* Of a value of an attribute, {"intValue":"12"}: what it holds; else itself. */
uint32_t envelope_unwrap(const struct json *doc, uint32_t node);
/* Members of an object, or attributes of an array: the key and the value of the one at
 * `child`, which begins with json_first() and goes on with json_next(). */
bool envelope_pair(const struct json *doc, uint32_t container, uint32_t child, struct text *key_out,
                   uint32_t *value_out);
/*
 * The name of an operation, LiteLLM's of a call, or the path of a request, and what it names makes
 * no completion: "aembedding", "/v1/embeddings?x", "models/m:embedContent".
 */
bool envelope_names_no_answer(struct text operation);
/* A number above zero, however it is written. */
bool envelope_above_zero(const struct json *doc, uint32_t node);

/* envelope_write.c and envelope_usage.c: an event line, member by member. */
void envelope_begin(struct envelope_work *work);
void envelope_put_key(struct envelope_work *work, const char *member);
bool envelope_was_put(const struct envelope_work *work, const char *member);
void envelope_put_text(struct envelope_work *work, const char *member, struct text value);
/* Ready JSON, such as "500". */
void envelope_put_json(struct envelope_work *work, const char *member, const char *json);
void envelope_put_value(struct envelope_work *work, const char *member, struct envelope_at at);
void envelope_add_value(struct envelope_work *work, struct envelope_at at); /* without a key */
void envelope_put_fields(struct envelope_work *work, const struct envelope_view *view);
/*
 * The usage made of the counters of a container (an object, or an array of attributes).  What
 * no word names is passed on too: where `prefixes` is NULL all of it, else what begins with
 * one of them.  Puts nothing, and returns false, where there is no counter.
 */
bool envelope_put_usage(struct envelope_work *work, struct envelope_at container,
                        const char *const *prefixes);
/* No event of this record: told once, the first reason stands. */
__attribute__((format(printf, 3, 4))) void
envelope_refuse(struct envelope_work *work, enum reason reason, const char *format, ...);
/* Adds the line, or the refusal with what can be told of whose it is. */
void envelope_end(struct envelope_work *work, const struct envelope_view *view);

#define ENVELOPE_LIST(member, count, table)                                                        \
	.member = table, .count = sizeof(table) / sizeof(table[0])

#endif
