/* An event line out of an envelope's table: member by member, each written once. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/moment.h"
#include "usage/envelope_internal.h"

enum { PUT_MAX = sizeof(((struct envelope_work *)NULL)->put) / sizeof(const char *) };

void envelope_begin(struct envelope_work *work)
{
	buf_clear(&work->out);
	work->out.max_bytes = EVENT_BYTES_MAX;
	work->put_count = 0;
	work->refused = NULL;
	buf_add_cstr(&work->out, "{");
}

bool envelope_was_put(const struct envelope_work *work, const char *member)
{
	for (size_t i = 0; i < work->put_count; i++) {
		if (strcmp(work->put[i], member) == 0)
			return true;
	}
	return false;
}

static bool is_tag(const char *member)
{
	return strncmp(member, "tags.", 5) == 0;
}

static bool tags_are_open(const struct envelope_work *work)
{
	return work->put_count > 0 && is_tag(work->put[work->put_count - 1]);
}

void envelope_put_key(struct envelope_work *work, const char *member)
{
	assert(work->put_count < PUT_MAX && !envelope_was_put(work, member));
	assert(is_tag(member) || !tags_are_open(work));
	if (work->put_count > 0)
		buf_add_cstr(&work->out, ",");
	if (is_tag(member) && !tags_are_open(work))
		buf_add_cstr(&work->out, "\"tags\":{");
	buf_add_json(&work->out, text_of(is_tag(member) ? member + 5 : member));
	buf_add_cstr(&work->out, ":");
	work->put[work->put_count++] = member;
}

/*
 * A name that is too long for an event stays too long, but no longer than that: the same
 * resource may stand in each of a thousand events.
 */
static struct text shorten(struct text t)
{
	size_t len = EVENT_NAME_BYTES_MAX + 1;

	if (t.len <= len)
		return t;
	while (len < t.len && ((unsigned char)t.at[len] & 0xc0) == 0x80)
		len++;
	t.len = len;
	return t;
}

void envelope_put_text(struct envelope_work *work, const char *member, struct text value)
{
	envelope_put_key(work, member);
	buf_add_json(&work->out, shorten(value));
}

void envelope_put_json(struct envelope_work *work, const char *member, const char *json)
{
	envelope_put_key(work, member);
	buf_add_cstr(&work->out, json);
}

/* As it was, digit by digit, without its white space. */
void envelope_add_value(struct envelope_work *work, struct envelope_at at)
{
	if (!json_write(at.doc, at.node, ENVELOPE_NEST_MAX, &work->out))
		envelope_refuse(work, REASON_DEPTH, "nested deeper than %d levels",
		                ENVELOPE_NEST_MAX);
}

void envelope_put_value(struct envelope_work *work, const char *member, struct envelope_at at)
{
	envelope_put_key(work, member);
	envelope_add_value(work, at);
}

/* number * 10^shift without its fraction: digits are moved, nothing is computed in binary. */
static bool scaled(struct text t, int shift, int64_t *out)
{
	size_t whole = 0, fraction = 0;
	int64_t value = 0, digits;

	while (whole < t.len && t.at[whole] >= '0' && t.at[whole] <= '9')
		whole++;
	if (whole < t.len && t.at[whole] == '.')
		while (whole + 1 + fraction < t.len && t.at[whole + 1 + fraction] >= '0' &&
		       t.at[whole + 1 + fraction] <= '9')
			fraction++;
	if (whole == 0 || whole + (fraction > 0 ? fraction + 1 : 0) != t.len)
		return false;
	digits = (int64_t)whole + shift;
	for (int64_t i = 0; i < digits; i++) {
		size_t at = (size_t)i < whole ? (size_t)i : (size_t)i + 1;
		int digit = (size_t)i < whole + fraction ? t.at[at] - '0' : 0;

		if (value > (INT64_MAX - 9) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}

static bool read_moment(struct envelope_at at, enum envelope_take take, int64_t *ms_out)
{
	struct text t = envelope_text(at);
	char with_zone[MOMENT_TEXT_BYTES];

	if (t.at == NULL)
		return false;
	if (take == TAKE_UNIX_NS || take == TAKE_BETWEEN_NS)
		return scaled(t, -6, ms_out);
	if (take == TAKE_UNIX_MS)
		return scaled(t, 0, ms_out);
	if (moment_parse(t, ms_out))
		return true;
	/* Python's str(datetime): "2025-01-24 09:20:46.847371". */
	if (t.len < sizeof(with_zone) - 1) {
		memcpy(with_zone, t.at, t.len);
		with_zone[t.len] = 'Z';
		if (moment_parse((struct text){ with_zone, t.len + 1 }, ms_out))
			return true;
	}
	return scaled(t, 3, ms_out);
}

/* A moment that cannot be read is passed on as it is: the refusal then shows it. */
static void put_moment(struct envelope_work *work, const struct envelope_field *field,
                       struct envelope_at at)
{
	char text[MOMENT_TEXT_BYTES];
	int64_t ms;

	/* Of the years before 10000. */
	if (read_moment(at, field->take, &ms) && ms < INT64_C(253402300800000)) {
		moment_text(ms, text);
		envelope_put_text(work, field->member, text_of(text));
	} else if (envelope_text(at).at != NULL) {
		envelope_put_text(work, field->member, envelope_text(at));
	}
}

static void put_integer(struct envelope_work *work, const char *member, int64_t value)
{
	envelope_put_key(work, member);
	buf_addf(&work->out, "%lld", (long long)value);
}

static void put_between(struct envelope_work *work, const struct envelope_field *field,
                        const struct envelope_view *view)
{
	int64_t from, to, other;

	if (!read_moment(envelope_at(view, field->paths[0]), field->take, &from) ||
	    !read_moment(envelope_at(view, field->paths[1]), field->take, &to) || to < from)
		return;
	if (field->paths[2] != NULL &&
	    read_moment(envelope_at(view, field->paths[2]), field->take, &other) && other == to)
		return;
	put_integer(work, field->member, to - from);
}

static void put_join(struct envelope_work *work, const struct envelope_field *field,
                     const struct envelope_view *view)
{
	struct text parts[2], joined;
	char *at;

	for (int i = 0; i < 2; i++) {
		parts[i] = shorten(envelope_text_at(view, field->paths[i]));
		if (parts[i].at == NULL)
			return;
		if (parts[i].len > 2 && memcmp(parts[i].at, "0x", 2) == 0) {
			parts[i].at += 2;
			parts[i].len -= 2;
		}
	}
	joined.len = parts[0].len + 1 + parts[1].len;
	at = arena_take(work->arena, joined.len);
	if (at == NULL) {
		work->error = -FAULT_NOMEM;
		return;
	}
	memcpy(at, parts[0].at, parts[0].len);
	at[parts[0].len] = '/';
	memcpy(at + parts[0].len + 1, parts[1].at, parts[1].len);
	joined.at = at;
	envelope_put_text(work, field->member, joined);
}

static bool text_is_word(struct text t, const char *word)
{
	return t.len == strlen(word) && strncasecmp(t.at, word, t.len) == 0;
}

static void put_scalar(struct envelope_work *work, const struct envelope_field *field,
                       struct text t)
{
	const char *member = field->member;
	int64_t value;

	switch (field->take) {
	case TAKE_MS:
	case TAKE_SECONDS_MS:
		if (scaled(t, field->take == TAKE_MS ? 0 : 3, &value))
			put_integer(work, member, value);
		break;
	case TAKE_STATUS:
		if (t.len <= 3 && text_int(t, &value) && value >= 0)
			put_integer(work, member, value);
		break;
	case TAKE_BOOL:
		if (text_is_word(t, "true") || text_is_word(t, "false"))
			envelope_put_json(work, member, text_is_word(t, "true") ? "true" : "false");
		break;
	case TAKE_IS:
		envelope_put_json(work, member, text_is(t, field->word) ? "true" : "false");
		break;
	case TAKE_NO_ANSWER:
		if (envelope_names_no_answer(t))
			envelope_put_json(work, member, "false");
		break;
	case TAKE_IF:
		if (t.len >= strlen(field->match) &&
		    strncasecmp(t.at, field->match, strlen(field->match)) == 0)
			envelope_put_json(work, member, field->word);
		break;
	default:
		envelope_put_text(work, member, t);
	}
}

static void put_field(struct envelope_work *work, const struct envelope_view *view,
                      const struct envelope_field *field)
{
	struct envelope_at at;

	if (field->take == TAKE_WORD) {
		envelope_put_json(work, field->member, field->word);
		return;
	}
	if (field->take == TAKE_BETWEEN || field->take == TAKE_BETWEEN_NS) {
		put_between(work, field, view);
		return;
	}
	if (field->take == TAKE_JOIN) {
		put_join(work, field, view);
		return;
	}
	at = envelope_first(view, field->paths);
	if (at.node == JSON_NONE)
		return;
	if (field->take == TAKE_VALUE)
		envelope_put_value(work, field->member, at);
	else if (field->take == TAKE_MOMENT || field->take == TAKE_UNIX_MS ||
	         field->take == TAKE_UNIX_NS)
		put_moment(work, field, at);
	else if (envelope_text(at).at != NULL)
		put_scalar(work, field, envelope_text(at));
}

void envelope_put_fields(struct envelope_work *work, const struct envelope_view *view)
{
	const struct envelope *envelope = work->envelope;

	for (size_t i = 0; i < envelope->field_count; i++) {
		if (!envelope_was_put(work, envelope->fields[i].member))
			put_field(work, view, &envelope->fields[i]);
	}
	if (tags_are_open(work)) {
		buf_add_cstr(&work->out, "}");
		work->put[work->put_count - 1] = "tags";
	}
	if (!envelope_was_put(work, "source") && work->defaults->source.at == NULL)
		envelope_put_text(work, "source", text_of(envelope->name));
}

void envelope_refuse(struct envelope_work *work, enum reason reason, const char *format, ...)
{
	char detail[EVENT_DETAIL_BYTES];
	va_list args;

	if (work->refused != NULL || work->error < 0)
		return;
	work->refused = arena_take(work->arena, sizeof(*work->refused));
	if (work->refused == NULL) {
		work->error = -FAULT_NOMEM;
		return;
	}
	*work->refused = (struct event_refusal){ .time_ms = EVENT_ABSENT };
	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	refusal_set(work->refused, reason, "%s: %s", work->envelope->name, detail);
}

/* Whose it is, as far as one name tells it. */
static void tell_identity(struct envelope_work *work, const struct envelope_view *view)
{
	for (size_t i = 0; i < work->envelope->field_count; i++) {
		const struct envelope_field *field = &work->envelope->fields[i];
		struct envelope_at at = envelope_first(view, field->paths);
		struct text *name = NULL, t = envelope_text(at);
		bool is_moment = field->take == TAKE_MOMENT || field->take == TAKE_UNIX_MS ||
		                 field->take == TAKE_UNIX_NS;

		if (field->take == TAKE_NAME && strcmp(field->member, "id") == 0)
			name = &work->refused->id;
		else if (field->take == TAKE_NAME && strcmp(field->member, "source") == 0)
			name = &work->refused->source;
		else if (is_moment && work->refused->time_ms == EVENT_ABSENT)
			read_moment(at, field->take, &work->refused->time_ms);
		if (name == NULL || name->at != NULL || t.at == NULL ||
		    t.len > EVENT_NAME_BYTES_MAX || !text_plain(t))
			continue;
		*name = arena_copy(work->arena, t);
		if (name->at == NULL)
			work->error = -FAULT_NOMEM;
	}
}

/* Room for one more, in a list that grows by its double. */
static struct envelope_event *add_event(struct envelope_work *work)
{
	size_t n = work->count;

	if (n == ENVELOPE_EVENTS_MAX) {
		work->too_many = true;
		return NULL;
	}
	if ((n & (n - 1)) == 0) {
		struct envelope_event *more = arena_take(work->arena,
		                                         (n > 0 ? 2 * n : 1) * sizeof(*more));

		if (more == NULL) {
			work->error = -FAULT_NOMEM;
			return NULL;
		}
		if (n > 0)
			memcpy(more, work->events, n * sizeof(*more));
		work->events = more;
	}
	work->events[n] = (struct envelope_event){ .refusal = NULL };
	return &work->events[work->count++];
}

void envelope_end(struct envelope_work *work, const struct envelope_view *view)
{
	struct envelope_event *event;

	buf_add_cstr(&work->out, "}");
	if (work->out.error == -FAULT_RANGE)
		envelope_refuse(work, REASON_TOO_LONG, "the event would be longer than %d bytes",
		                EVENT_BYTES_MAX);
	else if (work->out.error < 0)
		work->error = work->out.error;
	if (work->error < 0)
		return;
	event = add_event(work);
	if (event == NULL)
		return;
	if (work->refused != NULL) {
		tell_identity(work, view);
		event->refusal = work->refused;
		return;
	}
	event->line = arena_copy(work->arena, buf_text(&work->out));
	if (event->line.at == NULL)
		work->error = -FAULT_NOMEM;
}
