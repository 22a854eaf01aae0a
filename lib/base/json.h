/*
 * JSON (RFC 8259) read into a flat list of nodes over the caller's bytes.
 *
 * Why our own: a count must be read exactly (no number becomes binary floating
 * point: a node keeps the digits as written), a fault must name its line, depth
 * and size are bounded before anything is built, and every event passes here.
 * jansson is the oracle of its tests: both accept the same texts.
 *
 * Refused: anything but one value, duplicate keys in one object, more than
 * JSON_DEPTH_MAX levels, bytes that are not UTF-8, \u0000, lone surrogates,
 * numbers as RFC 8259 does not allow them.
 *
 * Ownership: struct json owns its nodes and reuses them from parse to parse;
 * the texts point into the caller's bytes (or into `scratch` when a string had
 * escapes), valid until the next parse or json_release().  One thread.
 */
#ifndef TOLL_BASE_JSON_H
#define TOLL_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/text.h"

enum {
	JSON_DEPTH_MAX = 64,
	JSON_BYTES_MAX = 64 * 1024 * 1024, /* a text; positions are 32 bits */
};

enum json_type {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

/* Why a text was refused: each has another quarantine reason. */
enum json_error {
	JSON_OK,
	JSON_BAD_SYNTAX,
	JSON_BAD_UTF8,
	JSON_BAD_DUPLICATE,
	JSON_BAD_DEPTH,
	JSON_NO_MEMORY,
};

/*
 * In an object the children alternate: key (a JSON_STRING), value, key, ...
 * `end` is the index of the first node after this one and all it holds, so the
 * next sibling of node i is node i's `end`.
 */
struct json_node {
	struct text text;  /* string: unescaped; number: its digits; else: absent */
	uint32_t position; /* byte where the value begins */
	uint32_t end;
	uint32_t count; /* array: elements; object: members */
	enum json_type type;
};

struct json {
	struct json_node *nodes; /* nodes[0] is the root */
	uint32_t count, cap;
	struct arena scratch;
	/* After a failure: */
	enum json_error error;
	size_t error_position;
	uint32_t read; /* nodes; see json_salvage() */
};

/* Returns 0, or -FAULT_SYNTAX / -FAULT_NOMEM with doc->error and a text with line and column. */
int json_parse(struct json *doc, struct text text, struct fault *fault);
void json_release(struct json *doc); /* takes NULL and a zeroed struct */

/*
 * After a failure: makes *doc the object of those members of the root that were read to their
 * end before it, a key that came twice included; false: there are none.  For telling whose
 * a broken text was, never for what it says.
 */
bool json_salvage(struct json *doc);

/* Line of a position, counted from 1; `text` is what was parsed. */
unsigned json_line(struct text text, size_t position);

/*
 * Lookups.  `node` is an index; JSON_NONE stands for "not there" and may be
 * passed on: every lookup in it gives JSON_NONE.
 */
#define JSON_NONE UINT32_MAX
uint32_t json_member(const struct json *doc, uint32_t object, const char *key);
enum json_type json_type_of(const struct json *doc, uint32_t node); /* JSON_NULL for JSON_NONE */
/* Text of a string; absent for everything else. */
struct text json_string(const struct json *doc, uint32_t node);

/* First child of an array (element) or an object (key), and the next one; JSON_NONE at the end. */
uint32_t json_first(const struct json *doc, uint32_t container);
/* `child` is an element, or the key of a member (then the next key is returned). */
uint32_t json_next(const struct json *doc, uint32_t container, uint32_t child);

struct buf;
/*
 * Adds a value to `out`, its numbers digit by digit as they were, without white space; false,
 * and out is half written: it is deeper than that many levels.
 */
bool json_write(const struct json *doc, uint32_t node, unsigned depth_max, struct buf *out);

/*
 * A number written as a plain integer (no fraction, no exponent; "-0" is 0) that
 * fits 64 bits.  Else false: 1.0 and 1e3 are not counts.
 */
bool json_integer(const struct json *doc, uint32_t node, int64_t *out);
/* Any number that is not zero: used to find what nobody counts. */
bool json_nonzero_number(const struct json *doc, uint32_t node);

/*
 * Hash of a value that does not depend on the order of members or on white
 * space: objects add up their members, arrays chain their elements.  A member that is
 * null is as one that is not there.
 */
uint64_t json_hash(const struct json *doc, uint32_t node);

#endif
