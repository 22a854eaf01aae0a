#include "daemon/config_feeds.h"

#include <stdio.h>
#include <string.h>
#include <sys/un.h>

static const struct {
	const char *key;
} kinds[FEED_KIND_COUNT] = {
#define K(NAME, key, help) { key },
#include "daemon/feed_kinds.def"
#undef K
};

enum {
	SOCKET_PATH_BYTES_MAX = sizeof(((struct sockaddr_un *)0)->sun_path) - 1,
	WHERE_BYTES = CONFIG_FEED_PATH_BYTES + 64,
	SHOWN_BYTES = 64, /* of a value that is wrong */
	MODE_MAX = 0777,
};

const char *feed_kind_name(enum feed_kind kind)
{
	return kinds[kind].key;
}

static int shown(struct text value)
{
	return value.len > SHOWN_BYTES ? SHOWN_BYTES : (int)value.len;
}

/* Octal digits, "0660"; false where it is none. */
static bool read_mode(struct text text, unsigned *mode_out)
{
	unsigned mode = 0;

	if (text.len < 3 || text.len > 4)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] < '0' || text.at[i] > '7')
			return false;
		mode = mode * 8 + (unsigned)(text.at[i] - '0');
	}
	*mode_out = mode;
	return mode <= MODE_MAX && mode > 0;
}

static int set_path(struct config_feed *feed, int kind, struct text value, const char *where,
                    struct fault *fault)
{
	size_t most = kind == FEED_FILE ? CONFIG_FEED_PATH_BYTES - 1 : SOCKET_PATH_BYTES_MAX;

	if (feed->path[0] != '\0')
		return fault_set(fault, FAULT_INVALID,
		                 "%s: one of connect, file and datagram is due, not two", where);
	if (value.len == 0 || value.len > most || !text_plain(value))
		return fault_set(fault, FAULT_INVALID,
		                 "%s: %s: a path of 1 to %zu bytes without control characters is "
		                 "due",
		                 where, kinds[kind].key, most);
	feed->kind = (enum feed_kind)kind;
	text_copy(feed->path, sizeof(feed->path), value);
	return 0;
}

/* One member of a feed. */
static int set_member(struct config_feed *feed, struct text key, struct text value, bool *mode_out,
                      const char *where, struct fault *fault)
{
	for (int kind = 0; kind < FEED_KIND_COUNT; kind++) {
		if (text_is(key, kinds[kind].key))
			return set_path(feed, kind, value, where, fault);
	}
	if (text_is(key, "source")) {
		if (value.len == 0 || value.len >= CONFIG_FEED_SOURCE_BYTES || !text_plain(value))
			return fault_set(fault, FAULT_INVALID,
			                 "%s: source: a string of 1 to %d bytes without control "
			                 "characters is due",
			                 where, CONFIG_FEED_SOURCE_BYTES - 1);
		text_copy(feed->source, sizeof(feed->source), value);
		return 0;
	}
	if (!text_is(key, "mode"))
		return fault_set(fault, FAULT_INVALID,
		                 "%s: no member \"%.*s\"; a feed has connect, file or datagram, "
		                 "source, mode",
		                 where, shown(key), key.at);
	*mode_out = true;
	if (!read_mode(value, &feed->mode))
		return fault_set(fault, FAULT_INVALID,
		                 "%s: mode: \"%.*s\": octal digits are due, as in \"0660\"", where,
		                 shown(value), value.at);
	return 0;
}

static int read_feed(struct config_feed *feed, const struct json *doc, struct text json,
                     uint32_t node, const char *path, struct fault *fault)
{
	char where[WHERE_BYTES];
	bool mode = false;
	int r = 0;

	feed->line = json_line(json, doc->nodes[node].position);
	snprintf(where, sizeof(where), "%s: line %u: feeds", path, feed->line);
	if (json_type_of(doc, node) != JSON_OBJECT)
		return fault_set(fault, FAULT_INVALID, "%s: an object is due", where);
	feed->mode = CONFIG_DATAGRAM_MODE;
	for (uint32_t k = json_first(doc, node); r == 0 && k != JSON_NONE;
	     k = json_next(doc, node, k)) {
		struct text key = doc->nodes[k].text;

		snprintf(where, sizeof(where), "%s: line %u: feeds", path,
		         json_line(json, doc->nodes[k + 1].position));
		if (json_type_of(doc, k + 1) != JSON_STRING)
			return fault_set(fault, FAULT_INVALID, "%s: %.*s: a string is due", where,
			                 shown(key), key.at);
		r = set_member(feed, key, json_string(doc, k + 1), &mode, where, fault);
	}
	if (r < 0)
		return r;
	snprintf(where, sizeof(where), "%s: line %u: feeds", path, feed->line);
	if (feed->path[0] == '\0')
		return fault_set(fault, FAULT_INVALID,
		                 "%s: connect, file or datagram is due, with a path", where);
	if (mode && feed->kind != FEED_DATAGRAM)
		return fault_set(fault, FAULT_INVALID, "%s: mode is for datagram only", where);
	snprintf(feed->name, sizeof(feed->name), "%s:%s", kinds[feed->kind].key, feed->path);
	return 0;
}

int config_feeds_read(struct config_feeds *feeds_out, const struct json *doc, struct text json,
                      uint32_t node, const char *path, struct fault *fault)
{
	unsigned line = json_line(json, doc->nodes[node].position);

	*feeds_out = (struct config_feeds){ .count = 0 };
	if (json_type_of(doc, node) != JSON_ARRAY)
		return fault_set(fault, FAULT_INVALID, "%s: line %u: feeds: a list is due", path,
		                 line);
	for (uint32_t e = json_first(doc, node); e != JSON_NONE; e = json_next(doc, node, e)) {
		struct config_feed *feed = &feeds_out->feed[feeds_out->count];
		int r;

		if (feeds_out->count == CONFIG_FEEDS_MAX)
			return fault_set(fault, FAULT_INVALID,
			                 "%s: line %u: feeds: more than %d of them", path,
			                 json_line(json, doc->nodes[e].position), CONFIG_FEEDS_MAX);
		r = read_feed(feed, doc, json, e, path, fault);
		if (r < 0)
			return r;
		for (size_t i = 0; i < feeds_out->count; i++) {
			if (strcmp(feeds_out->feed[i].path, feed->path) == 0)
				return fault_set(fault, FAULT_INVALID,
				                 "%s: line %u: feeds: \"%s\": the same path as in "
				                 "line %u",
				                 path, feed->line, feed->path,
				                 feeds_out->feed[i].line);
		}
		feeds_out->count++;
	}
	return 0;
}

int config_feeds_apart(const struct config_feeds *feeds, const char *config_path, const char *used,
                       const char *key, struct fault *fault)
{
	for (size_t i = 0; i < feeds->count; i++) {
		const struct config_feed *feed = &feeds->feed[i];

		if (strcmp(feed->path, used) == 0)
			return fault_set(fault, FAULT_INVALID,
			                 "%s: line %u: feeds: \"%s\": the same path as %s",
			                 config_path, feed->line, feed->path, key);
	}
	return 0;
}

void config_feeds_show(const struct config_feeds *feeds, struct buf *out)
{
	for (size_t i = 0; i < feeds->count; i++) {
		const struct config_feed *feed = &feeds->feed[i];

		buf_addf(out, "feed: %s %s", kinds[feed->kind].key, feed->path);
		if (feed->source[0] != '\0')
			buf_addf(out, ", source %s", feed->source);
		if (feed->kind == FEED_DATAGRAM)
			buf_addf(out, ", mode %04o", feed->mode);
		buf_addf(out, "\n");
	}
}
