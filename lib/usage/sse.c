#include "usage/sse.h"

#include <string.h>

#include "base/fault.h"

enum line_kind {
	LINE_BLANK,
	LINE_EVENT,
	LINE_DATA,
	LINE_BARE, /* JSON without a field's name, blanks before it or none */
	LINE_OTHER,
};

struct line {
	enum line_kind kind;
	struct text value; /* of the field; the line itself for LINE_BARE */
	bool ended;
};

/* An event whose end was not seen yet. */
struct pending {
	struct text name, name_behind; /* before and behind its first data */
	struct text span;              /* of the text, from its first data line on */
	struct text first;             /* the value of that line */
	size_t lines, bytes;           /* of data, without what joins it */
	char last;                     /* of its data, but for blanks */
};

static const char mark[] = "\xef\xbb\xbf";
static const char done[] = "[DONE]";

static bool begins_with(struct text t, char c)
{
	return t.len > 0 && t.at[0] == c;
}

static bool ends_with(struct text t, char c)
{
	t = text_trimmed(t);
	return t.len > 0 && t.at[t.len - 1] == c;
}

static bool is_done(struct text t)
{
	return text_is(text_trimmed(t), done);
}

static size_t indent_of(struct text t)
{
	size_t blanks = 0;

	while (blanks < t.len && (t.at[blanks] == ' ' || t.at[blanks] == '\t'))
		blanks++;
	return blanks;
}

/* Told by its first bytes alone, so that it ends the event before it wherever it is cut. */
static bool begins_bare(struct text t)
{
	t = text_trimmed(t);
	return begins_with(t, '{') ||
	       (t.len >= sizeof(done) - 1 && memcmp(t.at, done, sizeof(done) - 1) == 0);
}

static struct text take_line(struct text *rest, bool *ended_out)
{
	struct text line = { rest->at, 0 };
	size_t taken;

	while (line.len < rest->len && rest->at[line.len] != '\n' && rest->at[line.len] != '\r')
		line.len++;
	*ended_out = line.len < rest->len;
	taken = line.len + *ended_out;
	if (taken < rest->len && rest->at[line.len] == '\r' && rest->at[taken] == '\n')
		taken++;
	rest->at += taken;
	rest->len -= taken;
	return line;
}

static struct line read_line(struct text *rest)
{
	struct line line = { .kind = LINE_OTHER };
	struct text t = take_line(rest, &line.ended);
	const char *colon = t.len > 0 ? memchr(t.at, ':', t.len) : NULL;
	struct text name = { t.at, colon != NULL ? (size_t)(colon - t.at) : t.len };

	line.value = (struct text){ t.at + t.len, 0 };
	if (colon != NULL)
		line.value = (struct text){ colon + 1, t.len - name.len - 1 };
	if (begins_with(line.value, ' ')) {
		line.value.at++;
		line.value.len--;
	}
	if (t.len == 0)
		line.kind = LINE_BLANK;
	else if (text_is(name, "data"))
		line.kind = LINE_DATA;
	else if (text_is(name, "event"))
		line.kind = LINE_EVENT;
	else if (begins_bare(t))
		line = (struct line){ LINE_BARE, t, line.ended };
	return line;
}

/* The first line that says something tells whether all of the text is one document. */
static void look_at_first(struct sse *sse, struct text t, bool ended)
{
	t = text_trimmed(t);
	if (sse->begun || t.len == 0)
		return;
	sse->begun = true;
	sse->document = (begins_with(t, '[') && !is_done(t)) ||
	                (begins_with(t, '{') && ended && !ends_with(t, '}'));
}

/* A document is one whatever stands on its lines, so they are looked at as they come. */
static struct line next_line(struct sse *sse)
{
	struct text at = sse->rest;
	struct line line = read_line(&sse->rest);
	size_t indent = indent_of(at);
	bool ended;

	if (!sse->begun)
		look_at_first(sse, take_line(&at, &ended), line.ended);
	sse->half = sse->half && indent > sse->half_indent;
	if (line.kind == LINE_BARE && (sse->document || sse->half))
		line.kind = LINE_OTHER;
	return line;
}

/* Can what stands in this line not be the rest of the same JSON text? */
static bool begins_another(const struct pending *pending, struct text value)
{
	value = text_trimmed(value);
	return pending->lines > 0 && (pending->last == '}' || pending->last == ']') &&
	       (begins_with(value, '{') || begins_with(value, '['));
}

static void add_data(struct pending *pending, struct text from, struct text value)
{
	struct text words = text_trimmed(value);

	if (pending->lines == 0) {
		pending->span = from;
		pending->first = value;
	}
	pending->lines++;
	pending->bytes += value.len;
	if (words.len > 0)
		pending->last = words.at[words.len - 1];
}

/* The values of the first `lines` data fields from pending->span on, joined. */
static bool join(struct arena *arena, const struct pending *pending, struct text *data_out)
{
	char *joined = arena_take(arena, pending->bytes + pending->lines - 1);
	struct text rest = pending->span;
	size_t len = 0;

	if (joined == NULL)
		return false;
	for (size_t lines = 0; lines < pending->lines;) {
		struct line line = read_line(&rest);

		if (line.kind != LINE_DATA)
			continue;
		if (lines++ > 0)
			joined[len++] = '\n';
		memcpy(joined + len, line.value.at, line.value.len);
		len += line.value.len;
	}
	*data_out = (struct text){ joined, len };
	return true;
}

static bool give(struct sse *sse, const struct pending *pending, bool ended,
                 struct sse_event *event_out)
{
	struct sse_event event = { .data = pending->first, .lines = pending->lines };

	if (pending->lines > 1 && !join(sse->arena, pending, &event.data)) {
		sse->error = -FAULT_NOMEM;
		return false;
	}
	event.name = pending->name_behind.at != NULL ? pending->name_behind : pending->name;
	if (event.name.len == 0)
		event.name = text_of(NULL);
	event.is_done = is_done(event.data);
	event.ended = ended;
	*event_out = event;
	return true;
}

/* The next event began without a blank line; what was read of it is its name at most. */
static bool give_before_next(struct sse *sse, struct pending *pending, struct text next,
                             struct sse_event *event_out)
{
	sse->rest = next;
	if (pending->name.at != NULL) {
		sse->name = pending->name_behind;
		pending->name_behind = text_of(NULL);
	}
	return give(sse, pending, true, event_out);
}

void sse_begin(struct sse *sse, struct text text, struct arena *arena)
{
	size_t mark_bytes = sizeof(mark) - 1;

	if (text.len >= mark_bytes && memcmp(text.at, mark, mark_bytes) == 0) {
		text.at += mark_bytes;
		text.len -= mark_bytes;
	}
	*sse = (struct sse){ .rest = text, .arena = arena };
}

bool sse_next(struct sse *sse, struct sse_event *event_out)
{
	struct pending pending = { .name = sse->name };

	sse->name = text_of(NULL);
	while (sse->error == 0 && sse->rest.len > 0) {
		struct text from = sse->rest;
		struct line line = next_line(sse);

		if (line.kind == LINE_DATA || line.kind == LINE_BARE) {
			if (begins_another(&pending, line.value))
				return give_before_next(sse, &pending, from, event_out);
		}
		if (line.kind == LINE_DATA) {
			add_data(&pending, from, line.value);
		} else if (line.kind == LINE_EVENT) {
			*(pending.lines > 0 ? &pending.name_behind : &pending.name) = line.value;
		} else if (line.kind == LINE_BARE && pending.lines == 0) {
			if (line.ended && !ends_with(line.value, '}') && !is_done(line.value)) {
				sse->half = true;
				sse->half_indent = indent_of(line.value);
				continue;
			}
			add_data(&pending, from, line.value);
			return give(sse, &pending, line.ended, event_out);
		} else if (line.kind == LINE_BLANK) {
			if (pending.lines > 0)
				return give(sse, &pending, true, event_out);
			pending = (struct pending){ .lines = 0 };
		}
	}
	return sse->error == 0 && pending.lines > 0 && give(sse, &pending, false, event_out);
}
