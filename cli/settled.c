#include "cli/settled.h"

#include "base/json.h"
#include "base/moment.h"
#include "ingest/ingest.h"
#include "ledger/rules.h"

struct search {
	const struct event *event;
	int64_t now_ms;
	struct arena *arena;
	struct json doc;
	int64_t line, released_ms; /* its line, where it was held; 0: it was not */
	struct settled settled;
	/* The rules in force when the line was released; at_ms -1: there was none. */
	struct decision own_api, every_api;
	bool own_reads, every_reads; /* as the event was read */
};

static int no_memory(struct fault *fault)
{
	return fault_set(fault, FAULT_NOMEM, "who settled it: out of memory");
}

static int copy(struct search *search, struct text *text)
{
	if (text->at == NULL)
		return 0;
	*text = arena_copy(search->arena, *text);
	return text->at != NULL ? 0 : -FAULT_NOMEM;
}

static int keep(struct search *search, struct decision decision, struct decision *kept_out)
{
	int r = copy(search, &decision.who);

	if (r == 0)
		r = copy(search, &decision.reason);
	if (r == 0)
		r = copy(search, &decision.api);
	if (r == 0)
		*kept_out = decision;
	return r;
}

static int add(struct search *search, struct decision decision)
{
	struct settled *settled = &search->settled;

	if (settled->count == SETTLED_MAX) {
		settled->more++;
		return 0;
	}
	return keep(search, decision, &settled->by[settled->count++]);
}

/*
 * Another phase may have been held under the same id: the content tells them apart.  What cannot
 * be read any more has its name only.
 */
static bool is_line_of(const struct ingest_event *events, size_t count, const struct event *event)
{
	bool readable = false;

	for (size_t i = 0; i < count; i++) {
		if (events[i].refusal.reason != REASON_NONE)
			continue;
		readable = true;
		if (events[i].event.content_hash == event->content_hash)
			return true;
	}
	return !readable;
}

static int find_line(void *user, const struct quarantine_row *row)
{
	struct search *search = user;
	const struct event *event = search->event;
	const struct event_defaults defaults = { row->source, search->now_ms };
	struct arena arena = { 0 };
	struct ingest_event *events;
	size_t count;
	int r;

	if (row->reason != REASON_READINGS || row->released_ms == 0 || row->event_id.at == NULL ||
	    !text_equal(row->event_id, event->id) || !text_equal(row->source, event->source))
		return 0;
	r = ingest_events(row->raw, &defaults, &search->doc, &arena, &events, &count);
	if (r == 0 && is_line_of(events, count, event)) {
		search->line = row->id;
		search->released_ms = row->released_ms;
	}
	arena_release(&arena);
	return r;
}

/* The settlement of that very line. */
static int find_settlement(void *user, const struct change_row *row)
{
	struct search *search = user;
	const struct json *doc = &search->doc;
	int64_t line = 0;
	int r = json_parse(&search->doc, row->detail, NULL);

	if (r < 0)
		return r == -FAULT_NOMEM ? r : 0;
	if (!json_integer(doc, json_member(doc, 0, "id"), &line) || line != search->line ||
	    !text_equal(json_string(doc, json_member(doc, 0, "reading")), search->event->reading))
		return 0;
	return add(search, (struct decision){
				   .line = line,
				   .at_ms = row->at_ms,
				   .who = row->who,
				   .reason = json_string(doc, json_member(doc, 0, "reason")),
			   });
}

/* Those that can have been in force; of a line that was held, when it was released. */
static int find_rule(void *user, const struct reading_rule *rule)
{
	struct search *search = user;
	const struct event *event = search->event;
	bool reads = text_equal(rule->reading, event->reading), own = rule->api.at != NULL;
	const struct decision decision = { .at_ms = rule->reading.len > 0 ? rule->at_ms : -1,
		                           .who = rule->who,
		                           .reason = rule->note,
		                           .api = rule->api };

	if (!text_equal(rule->source, event->source) ||
	    (own && (event->api.at == NULL || !text_equal(rule->api, event->api))))
		return 0;
	if (search->line == 0)
		return reads ? add(search, decision) : 0;
	if (rule->at_ms > search->released_ms)
		return 0;
	*(own ? &search->own_reads : &search->every_reads) = reads;
	return keep(search, decision, own ? &search->own_api : &search->every_api);
}

/* Of the rules at that moment the one for its api goes before. */
static int add_rule_of_line(struct search *search)
{
	bool own = search->own_api.at_ms >= 0;

	if (own ? !search->own_reads : !search->every_reads)
		return 0;
	return add(search, own ? search->own_api : search->every_api);
}

int settled_read(struct ledger *ledger, const struct event *event, int64_t now_ms,
                 struct arena *arena, struct settled *settled_out, struct fault *fault)
{
	struct search search = { .event = event,
		                 .now_ms = now_ms,
		                 .arena = arena,
		                 .own_api = { .at_ms = -1 },
		                 .every_api = { .at_ms = -1 } };
	int r = ledger_each_quarantine(ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, true, find_line,
	                               &search, fault);

	if (r == 0 && search.line > 0)
		r = ledger_each_change(ledger, "reading.settle", find_settlement, &search, fault);
	if (r == 0 && search.settled.count == 0)
		r = ledger_each_reading_rule(ledger, find_rule, &search, fault);
	if (r == 0 && search.line > 0 && search.settled.count == 0)
		r = add_rule_of_line(&search);
	json_release(&search.doc);
	if (r == -FAULT_NOMEM)
		return no_memory(fault);
	if (r == 0)
		*settled_out = search.settled;
	return r;
}

void settled_words(const struct decision *decision, struct buf *out)
{
	char time[MOMENT_TEXT_BYTES];

	moment_text(decision->at_ms, time);
	if (decision->line > 0)
		buf_addf(out, "settled for this one (quarantined line %lld) at %s",
		         (long long)decision->line, time);
	else
		buf_addf(out, "by a standing rule of its source%s%.*s since %s",
		         decision->api.at != NULL ? " and api " : "", TEXT_ARGS(decision->api),
		         time);
	buf_addf(out, ", by %.*s: %.*s", TEXT_ARGS(decision->who), TEXT_ARGS(decision->reason));
}

void settled_json(const struct settled *settled, struct buf *out)
{
	char time[MOMENT_TEXT_BYTES];

	buf_add_cstr(out, ",\"settled_by\":[");
	for (size_t i = 0; i < settled->count; i++) {
		const struct decision *decision = &settled->by[i];

		buf_addf(out, "%s{\"by\":\"%s\",\"line\":", i > 0 ? "," : "",
		         decision->line > 0 ? "line" : "rule");
		if (decision->line > 0)
			buf_addf(out, "%lld", (long long)decision->line);
		else
			buf_add_cstr(out, "null");
		buf_add_member(out, "api", decision->api);
		moment_text(decision->at_ms, time);
		buf_add_member(out, "at", text_of(time));
		buf_add_member(out, "who", decision->who);
		buf_add_member(out, "reason", decision->reason);
		buf_add_cstr(out, "}");
	}
	buf_add_cstr(out, "]");
}
