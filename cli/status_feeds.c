#include "cli/status_feeds.h"

#include <stdio.h>

#include "ledger/positions.h"

/* One feed, of the daemon or of the ledger alone. */
struct shown {
	struct text kind, path, source, state, error;
	int64_t lines, lag_bytes, lost; /* lag_bytes -1: not known */
};

typedef void show_fn(void *user, const struct shown *feed);

struct walk {
	const struct status_feeds *feeds;
	show_fn *show;
	void *user;
};

static const struct json *doc_of(const struct status_feeds *feeds)
{
	return &feeds->reply.doc;
}

static uint32_t list_of(const struct status_feeds *feeds)
{
	return feeds->asked ? json_member(doc_of(feeds), 0, "feeds") : JSON_NONE;
}

static void read_one(const struct json *doc, uint32_t node, struct shown *out)
{
	*out = (struct shown){ .lag_bytes = -1 };
	out->kind = json_string(doc, json_member(doc, node, "kind"));
	out->path = json_string(doc, json_member(doc, node, "path"));
	out->source = json_string(doc, json_member(doc, node, "source"));
	out->state = json_string(doc, json_member(doc, node, "state"));
	out->error = json_string(doc, json_member(doc, node, "error"));
	json_integer(doc, json_member(doc, node, "lines"), &out->lines);
	json_integer(doc, json_member(doc, node, "lag_bytes"), &out->lag_bytes);
	json_integer(doc, json_member(doc, node, "lost_files"), &out->lost);
}

/* A position that the daemon told of already is not shown twice. */
static int look(void *user, const struct position *position)
{
	struct walk *walk = user;
	const struct json *doc = doc_of(walk->feeds);
	uint32_t list = list_of(walk->feeds);
	struct shown stored = { .path = position->feed, .lag_bytes = -1 }, told;
	struct json place = { .nodes = NULL };

	text_cut(&stored.path, ':', &stored.kind);
	for (uint32_t e = json_first(doc, list); e != JSON_NONE; e = json_next(doc, list, e)) {
		read_one(doc, e, &told);
		if (text_equal(told.kind, stored.kind) && text_equal(told.path, stored.path))
			return 0;
	}
	stored.lines = position->lines;
	if (json_parse(&place, position->place, NULL) == 0)
		json_integer(&place, json_member(&place, 0, "lost"), &stored.lost);
	json_release(&place);
	stored.state = text_of(walk->feeds->running && !walk->feeds->asked ? "unknown" : "stopped");
	walk->show(walk->user, &stored);
	return 0;
}

static int each(struct context *context, const struct status_feeds *feeds, show_fn *show,
                void *user)
{
	struct walk walk = { feeds, show, user };
	const struct json *doc = doc_of(feeds);
	uint32_t list = list_of(feeds);
	struct shown told;

	for (uint32_t e = json_first(doc, list); e != JSON_NONE; e = json_next(doc, list, e)) {
		read_one(doc, e, &told);
		show(user, &told);
	}
	return ledger_each_position(context->ledger, look, &walk, &context->fault);
}

void status_feeds_ask(struct context *context, bool running, struct status_feeds *feeds_out)
{
	struct buf request = { .at = NULL };

	*feeds_out = (struct status_feeds){ .running = running };
	if (!running)
		return;
	buf_add_cstr(&request, "{\"ask\":\"feeds\"}");
	feeds_out->asked = control_ask(context, &request, &feeds_out->reply) == 0;
	buf_release(&request);
	context->fault.code = FAULT_NONE;
}

struct pairs {
	struct context *context;
	const char *label;
	size_t width;
};

static void show_pair(void *user, const struct shown *feed)
{
	struct pairs *pairs = user;
	char lag[48] = "";

	if (feed->lag_bytes >= 0)
		snprintf(lag, sizeof(lag), ", %lld byte%s behind", (long long)feed->lag_bytes,
		         feed->lag_bytes == 1 ? "" : "s");
	printer_pairf(&pairs->context->printer, pairs->width, pairs->label,
	              "%.*s %.*s%s%.*s: %.*s, %lld line%s%s%s%.*s", TEXT_ARGS(feed->kind),
	              TEXT_ARGS(feed->path), feed->source.len > 0 ? " of " : "",
	              TEXT_ARGS(feed->source), TEXT_ARGS(feed->state), (long long)feed->lines,
	              feed->lines == 1 ? "" : "s", lag, feed->error.len > 0 ? "; " : "",
	              TEXT_ARGS(feed->error));
	pairs->label = "";
	if (feed->lost > 0)
		printer_pairf(&pairs->context->printer, pairs->width, "",
		              "%lld file%s of it went away before the end was read",
		              (long long)feed->lost, feed->lost == 1 ? "" : "s");
}

int status_feeds_text(struct context *context, const struct status_feeds *feeds, size_t label_width)
{
	struct pairs pairs = { context, "Feeds", label_width };

	return each(context, feeds, show_pair, &pairs);
}

struct list {
	struct buf *out;
	const char *comma;
};

static void add_text(struct buf *out, const char *key, struct text text)
{
	buf_addf(out, ",\"%s\":", key);
	buf_add_json(out, text.at != NULL ? text : text_of(""));
}

static void add_json(void *user, const struct shown *feed)
{
	struct list *list = user;
	struct buf *out = list->out;

	buf_addf(out, "%s{\"kind\":", list->comma);
	buf_add_json(out, feed->kind);
	add_text(out, "path", feed->path);
	add_text(out, "source", feed->source);
	add_text(out, "state", feed->state);
	buf_addf(out, ",\"lines\":%lld,\"lag_bytes\":", (long long)feed->lines);
	if (feed->lag_bytes >= 0)
		buf_addf(out, "%lld", (long long)feed->lag_bytes);
	else
		buf_add_cstr(out, "null");
	buf_addf(out, ",\"lost_files\":%lld", (long long)feed->lost);
	add_text(out, "error", feed->error);
	buf_add_cstr(out, "}");
	list->comma = ",";
}

int status_feeds_json(struct context *context, const struct status_feeds *feeds, struct buf *out)
{
	struct list list = { out, "" };
	int r;

	buf_add_cstr(out, "\"feeds\":[");
	r = each(context, feeds, add_json, &list);
	buf_add_cstr(out, "]");
	return r;
}

void status_feeds_release(struct status_feeds *feeds)
{
	control_release(&feeds->reply);
}
