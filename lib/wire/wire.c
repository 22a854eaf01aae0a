#include "wire/wire.h"

#include <string.h>

void wire_framer_init(struct wire_framer *framer, size_t max_line_bytes)
{
	*framer = (struct wire_framer){ .max_line_bytes = max_line_bytes };
}

void wire_framer_release(struct wire_framer *framer)
{
	buf_release(&framer->partial);
	framer->partial_length = 0;
}

/* What was kept of the line, as a line; the framer begins anew with the next call. */
static void finish(struct wire_framer *framer, struct wire_line *line_out)
{
	line_out->text = buf_text(&framer->partial);
	line_out->length = framer->partial_length;
	line_out->too_long = framer->partial_length > framer->max_line_bytes;
}

/* Keeps as much of an unfinished line as the limit allows. */
static int keep(struct wire_framer *framer, struct text bytes)
{
	size_t room = framer->max_line_bytes - framer->partial.len;

	buf_add(&framer->partial, bytes.at, bytes.len < room ? bytes.len : room);
	if (framer->partial.error != 0)
		return -FAULT_NOMEM;
	framer->partial_length += bytes.len;
	return 0;
}

bool wire_next(struct wire_framer *framer, struct text *bytes, struct wire_line *line_out,
               int *error_out)
{
	const char *newline;
	struct text piece;

	*error_out = 0;
	/* The line before was given out of `partial`: now it may go. */
	if (framer->finished) {
		framer->finished = false;
		framer->partial_length = 0;
		if (framer->partial.cap > WIRE_PARTIAL_KEPT)
			buf_release(&framer->partial);
		buf_clear(&framer->partial);
	}
	if (bytes->len == 0)
		return false;
	newline = memchr(bytes->at, '\n', bytes->len);
	piece = (struct text){ bytes->at,
		               newline != NULL ? (size_t)(newline - bytes->at) : bytes->len };
	if (newline == NULL || framer->partial_length > 0) {
		*error_out = keep(framer, piece);
		if (*error_out < 0)
			return false;
	}
	bytes->at += piece.len + (newline != NULL);
	bytes->len -= piece.len + (newline != NULL);
	if (newline == NULL)
		return false;
	if (framer->partial_length > 0) {
		finish(framer, line_out);
		framer->finished = true;
		return true;
	}
	/* The common case: the whole line lies in the bytes that came. */
	line_out->length = piece.len;
	line_out->too_long = piece.len > framer->max_line_bytes;
	line_out->text = piece;
	if (line_out->too_long)
		line_out->text.len = framer->max_line_bytes;
	return true;
}

bool wire_is_blank(const struct wire_line *line)
{
	if (line->too_long)
		return false;
	for (size_t i = 0; i < line->text.len; i++) {
		if (line->text.at[i] != ' ' && line->text.at[i] != '\t' && line->text.at[i] != '\r')
			return false;
	}
	return true;
}

bool wire_rest(struct wire_framer *framer, struct wire_line *line_out)
{
	if (framer->finished || framer->partial_length == 0)
		return false;
	finish(framer, line_out);
	framer->finished = true;
	return true;
}

size_t wire_unfinished(const struct wire_framer *framer)
{
	return framer->finished ? 0 : framer->partial_length;
}

/* An event has an id and no member "toll".  What is not even JSON is known by its beginning. */
static bool looks_like_hello(struct text line)
{
	static const char key[] = "\"toll\"";

	return line.len <= WIRE_HELLO_BYTES_MAX &&
	       memmem(line.at, line.len, key, sizeof(key) - 1) != NULL;
}

static bool begins_like_hello(struct text line)
{
	struct text start = { line.at, line.len < 7 ? line.len : 7 };

	return text_is(start, "{\"toll\"");
}

static int check_hello_member(const struct json *doc, uint32_t key, struct wire_hello *hello,
                              struct fault *fault)
{
	struct text name = doc->nodes[key].text;
	enum json_type type = json_type_of(doc, key + 1);
	int64_t version;

	if (text_is(name, "toll")) {
		if (!json_integer(doc, key + 1, &version) || version != WIRE_VERSION)
			return fault_set(fault, FAULT_VERSION,
			                 "hello: toll: this daemon speaks version %d",
			                 WIRE_VERSION);
	} else if (text_is(name, "source")) {
		hello->source = json_string(doc, key + 1);
		if (hello->source.len == 0 || hello->source.len > WIRE_SOURCE_BYTES_MAX ||
		    !text_plain(hello->source))
			return fault_set(fault, FAULT_INVALID,
			                 "hello: source: a string of 1 to %d bytes is due",
			                 WIRE_SOURCE_BYTES_MAX);
	} else if (text_is(name, "ack")) {
		if (type != JSON_TRUE && type != JSON_FALSE)
			return fault_set(fault, FAULT_INVALID, "hello: ack: true or false is due");
		hello->ack = type == JSON_TRUE;
	} else {
		return fault_set(fault, FAULT_INVALID, "hello: %.*s: no such member",
		                 name.len > 64 ? 64 : (int)name.len, name.at);
	}
	return 0;
}

bool wire_hello_parse(struct text line, struct json *doc, struct wire_hello *hello_out,
                      struct fault *fault_out)
{
	*hello_out = (struct wire_hello){ .ack = false };
	*fault_out = (struct fault){ .code = FAULT_NONE };
	if (!looks_like_hello(line))
		return false;
	if (json_parse(doc, line, fault_out) < 0)
		return begins_like_hello(line);
	if (json_member(doc, 0, "toll") == JSON_NONE || json_member(doc, 0, "id") != JSON_NONE)
		return false;
	for (uint32_t k = json_first(doc, 0); k != JSON_NONE; k = json_next(doc, 0, k)) {
		if (check_hello_member(doc, k, hello_out, fault_out) < 0)
			break;
	}
	return true;
}

void wire_hello_format(struct buf *out, struct text source, bool ack)
{
	buf_addf(out, "{\"toll\":%d", WIRE_VERSION);
	if (source.at != NULL) {
		buf_add_cstr(out, ",\"source\":");
		buf_add_json(out, source);
	}
	buf_addf(out, ",\"ack\":%s}\n", ack ? "true" : "false");
}

void wire_position_format(struct buf *out, int64_t lines, struct text id)
{
	buf_addf(out, "{\"toll\":%d,\"position\":{\"lines\":%lld", WIRE_VERSION, (long long)lines);
	if (id.at != NULL) {
		buf_add_cstr(out, ",\"id\":");
		buf_add_json(out, id);
	}
	buf_add_cstr(out, "}}\n");
}

/* The members of an acknowledgement, for both directions. */
static const struct {
	const char *key;
	size_t offset;
} ack_members[] = {
	{ "ack", offsetof(struct wire_ack, lines) },
	{ "accepted", offsetof(struct wire_ack, accepted) },
	{ "duplicate", offsetof(struct wire_ack, duplicate) },
	{ "conflict", offsetof(struct wire_ack, conflict) },
	{ "unpriced", offsetof(struct wire_ack, unpriced) },
	{ "quarantined", offsetof(struct wire_ack, quarantined) },
};

enum { ACK_MEMBERS = sizeof(ack_members) / sizeof(ack_members[0]) };

void wire_ack_format(struct buf *out, const struct wire_ack *ack)
{
	for (int i = 0; i < ACK_MEMBERS; i++) {
		int64_t value;

		memcpy(&value, (const char *)ack + ack_members[i].offset, sizeof(value));
		buf_addf(out, "%s\"%s\":%lld", i == 0 ? "{" : ",", ack_members[i].key,
		         (long long)value);
	}
	buf_add_cstr(out, "}\n");
}

int wire_ack_parse(struct text line, struct json *doc, struct wire_ack *ack_out,
                   struct fault *fault)
{
	struct wire_ack ack;
	struct text error;
	int r = json_parse(doc, line, fault);

	if (r < 0)
		return r;
	error = json_string(doc, json_member(doc, 0, "error"));
	if (error.at != NULL)
		return fault_set(fault, FAULT_INVALID, "the daemon says: %.*s", TEXT_ARGS(error));
	for (int i = 0; i < ACK_MEMBERS; i++) {
		int64_t value;

		if (!json_integer(doc, json_member(doc, 0, ack_members[i].key), &value) ||
		    value < 0)
			return fault_set(fault, FAULT_SYNTAX,
			                 "an acknowledgement without its \"%s\"",
			                 ack_members[i].key);
		memcpy((char *)&ack + ack_members[i].offset, &value, sizeof(value));
	}
	*ack_out = ack;
	return 0;
}
