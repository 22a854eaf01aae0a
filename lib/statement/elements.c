#include "statement/elements.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "statement/read.h"

/* What comes next. */
enum state {
	AT_TOP,        /* a value, or the end */
	AT_LIST_FIRST, /* an element of a list at the top, or its end */
	AT_LIST,       /* an element of it */
	AT_LIST_NEXT,  /* a comma, or its end */
	AT_KEY_FIRST,  /* a key of an object, or its end */
	AT_KEY,
	AT_COLON,
	AT_MEMBER, /* the value of a key that is none of ours */
	AT_DATA,   /* the value of "data" */
	AT_MEMBER_NEXT,
	AT_DATA_FIRST, /* as of a list, within an object */
	AT_DATA_LIST,
	AT_DATA_NEXT,
};

/* STEP_STOP: a function said so, with e->result. */
enum { STEP_MORE = 0, STEP_DONE = 1, STEP_STOP = 2 };

__attribute__((format(printf, 4, 5))) static int refuse(const struct statement_elements *e,
                                                        enum fault_code code, struct fault *fault,
                                                        const char *format, ...)
{
	char text[FAULT_TEXT_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return fault_set(fault, code, "%s: line %lld: %s", e->name, (long long)e->lines + 1, text);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(struct statement_elements *e)
{
	while (e->at < e->in.len && is_blank(e->in.at[e->at])) {
		e->lines += e->in.at[e->at] == '\n';
		e->at++;
	}
}

/* ---- one value ---- */

/* Within a string: to behind its end; false: it goes on behind what there is. */
static bool scan_text(struct statement_elements *e)
{
	for (; e->seen < e->in.len; e->seen++) {
		char c = e->in.at[e->seen];

		if (e->escape) {
			e->escape = false;
		} else if (c == '\\') {
			e->escape = true;
		} else if (c == '"') {
			e->text = false;
			e->seen++;
			return true;
		}
	}
	return false;
}

/* Where the value that begins at e->at ends: e->seen.  STEP_MORE: not in what there is. */
static int scan_value(struct statement_elements *e, bool last)
{
	if (e->seen < e->at)
		e->seen = e->at;
	for (;;) {
		char c;

		if (e->text && !scan_text(e))
			return STEP_MORE;
		if (e->depth == 0 && e->seen > e->at && strchr("\"}]", e->in.at[e->seen - 1]))
			return STEP_DONE;
		if (e->seen == e->in.len)
			return last && e->depth == 0 ? STEP_DONE : STEP_MORE;
		c = e->in.at[e->seen];
		if (e->depth == 0 && e->seen > e->at && (is_blank(c) || strchr(",:]}[{\"", c)))
			return STEP_DONE;
		e->text = c == '"';
		if (c == '{' || c == '[')
			e->depth++;
		if (c == '}' || c == ']')
			e->depth -= e->depth > 0;
		e->seen++;
	}
}

/* The value, and e->at behind it. */
static int take_value(struct statement_elements *e, bool last, struct text *out,
                      struct fault *fault)
{
	int r = scan_value(e, last);

	if (e->seen - e->at > STATEMENT_RECORD_BYTES_MAX)
		return refuse(e, FAULT_RANGE, fault, "an element of more than %d MiB",
		              STATEMENT_RECORD_BYTES_MAX >> 20);
	if (r != STEP_DONE)
		return r;
	*out = (struct text){ e->in.at + e->at, e->seen - e->at };
	e->at = e->seen;
	return STEP_DONE;
}

static void count_lines(struct statement_elements *e, struct text value)
{
	for (const char *at = value.at, *end = at + value.len;
	     at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
		e->lines++;
}

static int add_outer(struct statement_elements *e, struct text t, struct fault *fault)
{
	if (e->outer.len + t.len > STATEMENT_RECORD_BYTES_MAX)
		return refuse(e, FAULT_RANGE, fault, "an object of more than %d MiB",
		              STATEMENT_RECORD_BYTES_MAX >> 20);
	buf_add_text(&e->outer, t);
	if (e->outer.error != 0)
		return fault_set(fault, FAULT_NOMEM, "%s: no memory to read it", e->name);
	return STEP_DONE;
}

/* ---- the frame ---- */

static int step_element(struct statement_elements *e, bool last, enum state next,
                        struct fault *fault)
{
	struct text value;
	int r = take_value(e, last, &value, fault);

	if (r != STEP_DONE)
		return r;
	e->result = e->element(e->context, value, e->lines + 1, fault);
	if (e->result != 0)
		return STEP_STOP;
	count_lines(e, value);
	e->state = next;
	return STEP_DONE;
}

static int step_top(struct statement_elements *e, bool last, struct fault *fault)
{
	char c = e->in.at[e->at];

	if (c == '[') {
		e->state = AT_LIST_FIRST;
		e->at++;
		return STEP_DONE;
	}
	if (c != '{')
		return step_element(e, last, AT_TOP, fault);
	buf_clear(&e->outer);
	e->listed = false;
	e->nested = 0;
	e->begun = e->lines + 1;
	e->state = AT_KEY_FIRST;
	e->at++;
	return add_outer(e, text_of("{"), fault);
}

/* A comma, or the end of the list. */
static int step_list_next(struct statement_elements *e, enum state element, enum state behind,
                          struct fault *fault)
{
	char c = e->in.at[e->at];

	if (c != ',' && c != ']')
		return refuse(e, FAULT_SYNTAX, fault, "no comma between two elements of a list");
	e->state = (int)(c == ',' ? element : behind);
	e->at++;
	return STEP_DONE;
}

/* The end of the object: of {"data":{...}}, or of all of it. */
static int end_object(struct statement_elements *e, struct fault *fault)
{
	int r = add_outer(e, text_of("}"), fault);

	e->at++;
	if (r != STEP_DONE)
		return r;
	if (e->nested > 0) {
		e->nested--;
		e->state = AT_MEMBER_NEXT;
		return STEP_DONE;
	}
	e->state = AT_TOP;
	e->result = e->listed ? e->around(e->context, buf_text(&e->outer), e->begun, fault)
	                      : e->element(e->context, buf_text(&e->outer), e->begun, fault);
	return e->result != 0 ? STEP_STOP : STEP_DONE;
}

static int step_key(struct statement_elements *e, bool last, struct fault *fault)
{
	struct text key;
	int r;

	if (e->in.at[e->at] == '}' && e->state == AT_KEY_FIRST)
		return end_object(e, fault);
	if (e->in.at[e->at] != '"')
		return refuse(e, FAULT_SYNTAX, fault, "no member where one must be in an object");
	r = take_value(e, last, &key, fault);
	if (r != STEP_DONE)
		return r;
	e->state = AT_COLON;
	e->data = text_is(key, "\"data\"");
	count_lines(e, key);
	return add_outer(e, key, fault);
}

static int step_colon(struct statement_elements *e, struct fault *fault)
{
	if (e->in.at[e->at] != ':')
		return refuse(e, FAULT_SYNTAX, fault, "no colon behind a key");
	e->at++;
	e->state = e->data ? AT_DATA : AT_MEMBER;
	return add_outer(e, text_of(":"), fault);
}

static int step_member(struct statement_elements *e, bool last, struct fault *fault)
{
	struct text value;
	int r = take_value(e, last, &value, fault);

	if (r != STEP_DONE)
		return r;
	count_lines(e, value);
	e->state = AT_MEMBER_NEXT;
	return add_outer(e, value, fault);
}

static int step_data(struct statement_elements *e, bool last, struct fault *fault)
{
	char c = e->in.at[e->at];

	if (e->listed || (c != '[' && (c != '{' || e->nested > 0)))
		return step_member(e, last, fault);
	e->at++;
	if (c == '{') {
		e->nested++;
		e->state = AT_KEY_FIRST;
		return add_outer(e, text_of("{"), fault);
	}
	e->listed = true;
	e->state = AT_DATA_FIRST;
	return add_outer(e, text_of("null"), fault);
}

static int step_member_next(struct statement_elements *e, struct fault *fault)
{
	if (e->in.at[e->at] == '}')
		return end_object(e, fault);
	if (e->in.at[e->at] != ',')
		return refuse(e, FAULT_SYNTAX, fault, "no comma between two members of an object");
	e->at++;
	e->state = AT_KEY;
	return add_outer(e, text_of(","), fault);
}

/* There is a byte at e->at, and it is no blank. */
static int step(struct statement_elements *e, bool last, struct fault *fault)
{
	switch ((enum state)e->state) {
	case AT_TOP:
		return step_top(e, last, fault);
	case AT_LIST_FIRST:
	case AT_DATA_FIRST:
		if (e->in.at[e->at] == ']')
			return step_list_next(e, AT_TOP,
			                      e->state == AT_LIST_FIRST ? AT_TOP : AT_MEMBER_NEXT,
			                      fault);
		e->state = e->state == (int)AT_LIST_FIRST ? AT_LIST : AT_DATA_LIST;
		return STEP_DONE;
	case AT_LIST:
		return step_element(e, last, AT_LIST_NEXT, fault);
	case AT_DATA_LIST:
		return step_element(e, last, AT_DATA_NEXT, fault);
	case AT_LIST_NEXT:
		return step_list_next(e, AT_LIST, AT_TOP, fault);
	case AT_DATA_NEXT:
		return step_list_next(e, AT_DATA_LIST, AT_MEMBER_NEXT, fault);
	case AT_KEY_FIRST:
	case AT_KEY:
		return step_key(e, last, fault);
	case AT_COLON:
		return step_colon(e, fault);
	case AT_MEMBER:
		return step_member(e, last, fault);
	case AT_DATA:
		return step_data(e, last, fault);
	case AT_MEMBER_NEXT:
		return step_member_next(e, fault);
	}
	return STEP_DONE;
}

int statement_elements_feed(struct statement_elements *e, struct text bytes, bool last,
                            struct fault *fault)
{
	int r = STEP_DONE;

	if (e->at > 0) {
		e->in.len -= e->at;
		memmove(e->in.at, e->in.at + e->at, e->in.len);
		e->seen = e->seen > e->at ? e->seen - e->at : 0;
		e->at = 0;
	}
	buf_add_text(&e->in, bytes);
	if (e->in.error != 0)
		return fault_set(fault, FAULT_NOMEM, "%s: no memory to read it", e->name);
	for (skip_blanks(e); r == STEP_DONE && e->at < e->in.len; skip_blanks(e))
		r = step(e, last, fault);
	if (r < 0 || r == STEP_STOP)
		return r < 0 ? r : e->result;
	if (last && (e->state != AT_TOP || e->at < e->in.len))
		return refuse(e, FAULT_SYNTAX, fault,
		              "the statement is cut at its end: what begins here does not end");
	return 0;
}

void statement_elements_release(struct statement_elements *e)
{
	buf_release(&e->in);
	buf_release(&e->outer);
}
