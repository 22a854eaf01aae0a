/*
 * A response as the gateway saw it: a body, a list of the objects of a stream, or the raw text of
 * one.  Finds in it where a format's usage stands, what else is billed, and how it ended.
 * Inside lib/usage.
 */
#ifndef TOLL_USAGE_BODY_H
#define TOLL_USAGE_BODY_H

#include "usage/format.h"

struct body {
	const struct json *doc;
	struct json own;    /* of a text, or of bytes; else empty */
	uint32_t *elements; /* the body, or the objects of a stream in order; in the arena */
	size_t count;
	bool text;   /* the raw text of a stream */
	bool stream; /* one of more objects than a body, or a text */
	bool page;   /* a text that is no stream at all, but a page of a proxy */
	bool done;   /* its end was seen: nothing is to follow */
	bool cut;    /* the text ends within an object, which was left out */
};

/*
 * `response` is a node of *doc (or JSON_NONE), of any type; `text` is used where it is present.
 * A refusal sets refusal->reason.  -FAULT_NOMEM is the only failure.  body_close() in any case.
 */
int body_open(struct body *body, const struct json *doc, uint32_t response, struct text text,
              struct arena *arena, struct event_refusal *refusal);
void body_close(struct body *body);

/*
 * Chunks whose object stands in base64 bytes: the body is made of the objects in them, which is a
 * stream.  The last of several may be cut, and is left out.  body_open() does it.
 */
int body_decode_bytes(struct body *body, struct arena *arena, struct event_refusal *refusal);

/* The usage objects under the format's paths; none: out->count is 0. */
int body_usage(const struct body *body, const struct usage_format *format, struct arena *arena,
               struct usage_objects *out);
/* Items that are all there is to count. */
struct body_items {
	size_t objects; /* of the body that have them: of more than one only the last is added */
	size_t others;  /* elements that are none, and nobody knows what else */
};
/* Adds the format's items; `adds`: what the usage objects are, whose counts are in *usage. */
struct body_items body_add_items(const struct body *body, const struct usage_format *format,
                                 enum usage_adds adds, struct usage *usage);
/* The name of the first of format->besides that the body has; NULL: none. */
const char *body_beside(const struct body *body, const struct usage_format *format);
/*
 * The declared shape finds no usage in the body: refuses it (REASON_MISSING) where that of another
 * one stands there, naming those that it would fit; *named_out: there are some.  -FAULT_NOMEM is
 * the only failure.
 */
int usage_elsewhere(const struct usage_format *declared, const struct body *body, struct text model,
                    struct arena *arena, struct event_refusal *refusal, bool *named_out);

/* The list under format->split, or JSON_NONE. */
uint32_t body_split(const struct body *body, const struct usage_format *format);
/* Why the model stopped, as the provider says it, "failed" by its status; else absent. */
struct text body_finish_reason(const struct body *body);

/* Nodes, counted first and then kept. */
struct body_nodes {
	uint32_t *at; /* NULL: they are counted */
	size_t count;
};

typedef void body_node_fn(void *context, uint32_t node);
/* A body_node_fn: one more of a struct body_nodes. */
void body_node_add(void *context, uint32_t node);
/*
 * Every value under a path of format.h that is not null: "message.usage", "outputs[].response"; ""
 * is the node itself.
 */
void body_each(const struct json *doc, uint32_t node, const char *path, body_node_fn *each,
               void *context);
/* The first of them, or JSON_NONE. */
uint32_t body_find(const struct json *doc, uint32_t node, const char *path);
/* The same in the last object of the body that has it: what a stream says at its end holds. */
uint32_t body_find_any(const struct body *body, const char *path);

#endif
