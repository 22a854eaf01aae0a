/*
 * The line protocol of the event socket, both sides: framing, hello,
 * acknowledgement.  Bytes only: no socket, no clock.
 *
 *   gateway -> daemon   {"toll":1,"source":"gw-1","ack":true}     first line, optional
 *                       one event or checkpoint a line
 *   daemon -> gateway   {"ack":N,"accepted":a,"duplicate":d,"conflict":c,
 *                        "unpriced":u,"quarantined":q}      on one line
 *
 * N counts the lines of this connection behind the hello (blank ones do not count)
 * that are durable or durably refused; all numbers are totals of the connection,
 * and a + d + c + u + q = N (a checkpoint line counts as accepted, the same again as
 * duplicate).  A line whose end never came is no line: its beginning counts in q and not in
 * N, so that its sender sends it again.
 */
#ifndef TOLL_WIRE_WIRE_H
#define TOLL_WIRE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/text.h"

enum {
	WIRE_VERSION = 1,
	WIRE_SOURCE_BYTES_MAX = 256,
	WIRE_HELLO_BYTES_MAX = 2048,
	WIRE_PARTIAL_KEPT = 64 * 1024, /* of a long line's memory, for the next one */
	WIRE_ACK_BYTES_MAX = 512,      /* an acknowledgement line with its newline */
};

/*
 * Framer: bytes in as they come, lines out.  Holds at most max_line_bytes of an
 * unfinished line; the rest of a longer one is counted and thrown away.
 */
struct wire_framer {
	struct buf partial;
	size_t max_line_bytes;
	size_t partial_length; /* of the unfinished line, also what was thrown away */
	bool finished;         /* `partial` holds a line that was given out */
};

struct wire_line {
	struct text text; /* without '\n'; into the bytes that were fed or into `partial` */
	size_t length;    /* as sent: larger than text.len when the line was too long */
	bool too_long;    /* a trailing CR counts */
};

void wire_framer_init(struct wire_framer *framer, size_t max_line_bytes);
void wire_framer_release(struct wire_framer *framer);

/*
 * Takes bytes off the front of *bytes up to the end of one line.  True: *line_out is a
 * line, valid until the next call.  False: all bytes were taken, no line is complete yet;
 * or memory is short (*error_out = -FAULT_NOMEM, the framer is unchanged otherwise 0).
 */
bool wire_next(struct wire_framer *framer, struct text *bytes, struct wire_line *line_out,
               int *error_out);
/* Blanks, tabs and a CR alone, or nothing: such a line is passed over and not counted. */
bool wire_is_blank(const struct wire_line *line);
/* At the end of a connection: the unfinished line, if there is one. */
bool wire_rest(struct wire_framer *framer, struct wire_line *line_out);

/* Bytes of the line that is not finished yet; 0 between two lines. */
size_t wire_unfinished(const struct wire_framer *framer);

struct wire_hello {
	struct text source; /* absent when not given; points into the line */
	bool ack;
};

/*
 * Is this line a hello: an object with a member "toll" and no "id"?  False for an event.  True and
 * *fault_out->code != FAULT_NONE: it means to be one but is wrong (version, types,
 * unknown member).
 */
bool wire_hello_parse(struct text line, struct json *doc, struct wire_hello *hello_out,
                      struct fault *fault_out);
void wire_hello_format(struct buf *out, struct text source, bool ack);

/*
 * The first line to a gateway that the daemon connects to: N lines are durable, `id` is that
 * of the last of them (absent: none yet).
 *
 *   daemon -> gateway   {"toll":1,"position":{"lines":N,"id":"LAST"}}
 */
void wire_position_format(struct buf *out, int64_t lines, struct text id);

struct wire_ack {
	int64_t lines, accepted, duplicate, conflict, unpriced, quarantined;
};

void wire_ack_format(struct buf *out, const struct wire_ack *ack);
int wire_ack_parse(struct text line, struct json *doc, struct wire_ack *ack_out,
                   struct fault *fault);

#endif
