#include "cli/correction.h"

#include "base/moment.h"
#include "cli/control.h"
#include "ledger/correct.h"
#include "ledger/store.h"

enum { MATCHES_SHOWN = 20 };

/* Events with the id that is meant. */
struct matches {
	int64_t count;
	struct text source; /* of the first; in `room` */
	int64_t time_ms;
	struct buf room, list; /* list: those that are shown, a line each */
};

enum exit_code correction_check(struct context *context, const char *name)
{
	struct text time = options_text(&context->options, "time");
	int64_t ms;

	if (context->options.word_count != 1 || context->options.words[0][0] == '\0')
		return command_misused(context, "%s takes one id", name);
	if (options_text(&context->options, "reason").len == 0)
		return command_misused(context, "%s needs --reason TEXT: it is kept for good",
		                       name);
	if (time.at != NULL && !moment_parse(time, &ms))
		return command_misused(context,
		                       "--time %.*s: a time is due, like "
		                       "2026-11-22T08:00:00.123Z",
		                       TEXT_ARGS(time));
	return EXIT_DONE;
}

static int take_match(void *user, const struct stored_event *row)
{
	struct matches *matches = user;
	const struct event *event = &row->event;
	char time[MOMENT_TEXT_BYTES];

	if (matches->count++ == 0) {
		buf_add_text(&matches->room, event->source);
		matches->source = buf_text(&matches->room);
		matches->time_ms = event->time_ms;
	}
	moment_text(event->time_ms, time);
	if (matches->count <= MATCHES_SHOWN)
		buf_addf(&matches->list, "  --source %.*s --time %s\n", TEXT_ARGS(event->source),
		         time);
	return 0;
}

/* In a snapshot of our own: the writer does not look through the whole ledger for an id. */
static int find(struct context *context, struct matches *matches)
{
	struct text time = options_text(&context->options, "time");
	int64_t from_ms = LEDGER_FROM_MIN, to_ms = LEDGER_TO_MAX;
	struct ledger *ledger = NULL;
	int r = ledger_open_reader(&ledger, context->ledger_path, &context->fault);

	if (time.at != NULL && moment_parse(time, &from_ms))
		to_ms = from_ms + 1;
	if (r == 0)
		r = ledger_find_events(ledger, text_of(context->options.words[0]),
		                       options_text(&context->options, "source"), from_ms, to_ms,
		                       take_match, matches, &context->fault);
	ledger_close(ledger);
	if (r == 0 && (matches->room.error != 0 || matches->list.error != 0))
		r = fault_set(&context->fault, FAULT_NOMEM, "the events of an id: out of memory");
	if (r == 0 && matches->count == 0)
		r = fault_set(&context->fault, FAULT_NOT_FOUND, "no event has the id %s%s",
		              context->options.words[0],
		              time.at != NULL || options_value(&context->options, "source") != NULL
		                      ? " with this source and time"
		                      : "");
	return r;
}

static enum exit_code ask_which(struct context *context, const struct matches *matches)
{
	struct text rest = buf_text(&matches->list), line;

	command_say("%lld events have the id %s:", (long long)matches->count,
	            context->options.words[0]);
	while (text_cut(&rest, '\n', &line)) {
		if (line.len > 0)
			command_say("%.*s", TEXT_ARGS(line));
	}
	if (matches->count > MATCHES_SHOWN)
		command_say("  and %lld more", (long long)(matches->count - MATCHES_SHOWN));
	return command_misused(context, "say which one is meant, by its source, its time or both");
}

static void write_request(struct context *context, const char *kind, const struct matches *matches,
                          struct text members, struct buf *request)
{
	char moment[MOMENT_TEXT_BYTES];

	moment_text(matches->time_ms, moment);
	buf_addf(request, "{\"change\":\"%s\"", kind);
	buf_add_member(request, "source", matches->source);
	buf_add_member(request, "id", text_of(context->options.words[0]));
	buf_add_member(request, "time", text_of(moment));
	buf_add_member(request, "reason", options_text(&context->options, "reason"));
	buf_add_text(request, members);
	buf_addf(request, ",\"dry_run\":%s}",
	         options_flag(&context->options, "dry-run") ? "true" : "false");
}

static struct text member(const struct control_reply *reply, const char *key)
{
	return json_string(&reply->doc, json_member(&reply->doc, 0, key));
}

static void write_people(struct context *context, const struct control_reply *reply)
{
	const struct printer *printer = &context->printer;
	bool dry_run = options_flag(&context->options, "dry-run");
	long long turns = control_count(reply, "rows") - 1;
	bool waits = json_type_of(&reply->doc, json_member(&reply->doc, 0, "waits")) == JSON_TRUE;
	struct text added = member(reply, "amount"), cost = member(reply, "cost");

	if (dry_run)
		printer_wrapf(printer, 0, "Nothing was stored.  It would be:");
	else
		printer_wrapf(printer, 0,
		              "Correction %lld:", (long long)control_count(reply, "correction"));
	printer_wrapf(printer, 0, "event %.*s of %.*s at %.*s", TEXT_ARGS(member(reply, "id")),
	              TEXT_ARGS(member(reply, "source")), TEXT_ARGS(member(reply, "time")));
	if (turns > 0)
		printer_wrapf(printer, 0, "with its %lld turn%s", turns, turns == 1 ? "" : "s");
	if (waits)
		printer_wrapf(printer, 0, "It is in suspense: it has no amount.");
	else
		printer_wrapf(printer, 0, "The amount is %.*s, by %.*s.",
		              TEXT_ARGS(member(reply, "amount_now")), TEXT_ARGS(added));
	if (!text_is(cost, "0.00"))
		printer_wrapf(printer, 0, "The cost is %.*s, by %.*s.",
		              TEXT_ARGS(member(reply, "cost_now")), TEXT_ARGS(cost));
}

enum exit_code correction_run(struct context *context, const char *kind, struct text members)
{
	struct control_reply reply = { .doc = { .nodes = NULL } };
	struct matches matches = { .count = 0 };
	struct buf request = { .at = NULL };
	enum exit_code code = EXIT_DONE;
	int r = find(context, &matches);

	if (r == 0 && matches.count > 1) {
		code = ask_which(context, &matches);
		goto out;
	}
	if (r == 0) {
		write_request(context, kind, &matches, members, &request);
		r = control_change(context, &request, &reply);
	}
	if (r == 0 && context->form == FORM_JSON) {
		buf_add_text(&context->out, buf_text(&reply.text));
		buf_add(&context->out, "\n", 1);
	} else if (r == 0) {
		write_people(context, &reply);
	}
	if (r < 0)
		code = command_failed(context, r);
out:
	control_release(&reply);
	buf_release(&request);
	buf_release(&matches.room);
	buf_release(&matches.list);
	return code;
}
