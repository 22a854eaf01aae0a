/*
 * The setting "feeds": further ways in, one object each.
 *
 *   {"connect":"/run/gw/events.sock","source":"gw-1"}    the gateway's own socket
 *   {"file":"/var/log/gw/usage.ndjson","source":"gw-2"}  a log that is followed
 *   {"datagram":"/run/toll/dgram.sock","source":"gw-3","mode":"0660"}   a socket of ours
 */
#ifndef TOLL_DAEMON_CONFIG_FEEDS_H
#define TOLL_DAEMON_CONFIG_FEEDS_H

#include <stddef.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/json.h"

enum {
	CONFIG_FEEDS_MAX = 32,
	CONFIG_FEED_PATH_BYTES = 1024,
	CONFIG_FEED_SOURCE_BYTES = 257, /* an event's source, and its end */
	CONFIG_FEED_NAME_BYTES = CONFIG_FEED_PATH_BYTES + 16,
	CONFIG_DATAGRAM_MODE = 0660,
};

enum feed_kind {
#define K(NAME, key, help) FEED_##NAME,
#include "daemon/feed_kinds.def"
#undef K
	FEED_KIND_COUNT
};
const char *feed_kind_name(enum feed_kind kind);

struct config_feed {
	enum feed_kind kind;
	char path[CONFIG_FEED_PATH_BYTES];
	char source[CONFIG_FEED_SOURCE_BYTES]; /* "": each line names its own */
	char name[CONFIG_FEED_NAME_BYTES];     /* of its position: "file:PATH" */
	unsigned mode;                         /* FEED_DATAGRAM */
	unsigned line;                         /* of the file */
};

struct config_feeds {
	struct config_feed feed[CONFIG_FEEDS_MAX];
	size_t count;
};

/* `node` is the value of "feeds" in `json`; `path` is the file's, for faults. */
int config_feeds_read(struct config_feeds *feeds_out, const struct json *doc, struct text json,
                      uint32_t node, const char *path, struct fault *fault);
/* No feed stands in the way of another socket of ours at `used`, the setting `key`. */
int config_feeds_apart(const struct config_feeds *feeds, const char *config_path, const char *used,
                       const char *key, struct fault *fault);
/* One line each, for --check-config. */
void config_feeds_show(const struct config_feeds *feeds, struct buf *out);

#endif
