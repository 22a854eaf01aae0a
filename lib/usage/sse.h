/*
 * Text of server-sent events, split into their payloads.  Pure: bytes only, no JSON is read.
 *
 * The rules are those of the WHATWG HTML standard, section 9.2.6 "Interpreting an event
 * stream" (https://html.spec.whatwg.org/multipage/server-sent-events.html): a byte order mark
 * at the start is passed over; a line ends with LF, CRLF or CR; a line that begins with ':' is
 * a comment; a field is "name:value" with one blank behind the colon left out, or a name
 * alone; the values of several `data` fields are joined by LF; a blank line ends an event; one
 * without data is none; `id`, `retry` and unknown fields are passed over.
 *
 * Where this departs from them, as gateways log streams in ways a browser never sees:
 *
 * - Text may stop anywhere.  The event that its end cuts is given too, with `ended` false; all
 *   events before it are as they are in the whole text.
 * - A log without its blank lines: data that begins with '{' or '[' behind data that ends with
 *   '}' or ']' begins an event of its own.  No JSON text has these two with nothing but a line
 *   end between them, so no JSON that was written on several lines is torn.  The first
 *   `event` field between the two is the first one's where it had none, else the second's.
 * - A line that begins with '{' and ends with '}' is an event by itself, as is the line
 *   "[DONE]": JSON lines, and errors that are written into a stream as they are.  Blanks and
 *   tabs before it say nothing: to the standard it is a field of an unknown name in both
 *   cases.  (Before the name of a field they still are a part of it.)  Not where
 *   the first line that says something begins with '[', or with '{' and ends otherwise: such
 *   text is one JSON document on several lines, the caller's to parse.  Nor behind data that
 *   does not end with '}' or ']': there the standard's rule holds and the line says nothing.
 *   Nor where it stands deeper than a line before it that begins with '{' and ends otherwise:
 *   it is a part of what began there, up to the next line that stands no deeper.
 */
#ifndef TOLL_USAGE_SSE_H
#define TOLL_USAGE_SSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

struct sse {
	struct text rest;    /* what is not split yet */
	struct arena *arena; /* the caller's */
	struct text name;    /* read already, of the event that comes next */
	bool begun;          /* a line that says something was seen */
	bool document;       /* one JSON document: no line is an event by itself */
	bool half;           /* behind a line that begins an object and does not end it */
	size_t half_indent;  /* of that line */
	int error;           /* 0 or -FAULT_NOMEM; stays */
};

struct sse_event {
	struct text name; /* the `event` field; absent where there is none or it is empty */
	struct text data; /* into the text; in the arena where it stood on several lines */
	size_t lines;     /* of data: 1 and more */
	bool is_done;     /* data is [DONE] */
	/* Its blank line, its line end where it is a line by itself, or the next event came.
	 * Otherwise it is the last one and may be cut, but need not be. */
	bool ended;
};

/* The text must outlive the events; it may be absent. */
void sse_begin(struct sse *sse, struct text text, struct arena *arena);

/* False: there is no further event, or memory is short (sse->error). */
bool sse_next(struct sse *sse, struct sse_event *event_out);

#endif
