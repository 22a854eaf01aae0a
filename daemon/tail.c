#include "daemon/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/moment.h"
#include "daemon/log.h"

enum {
	FLUSH_BYTES = 64 * 1024, /* worth a write in the middle of a batch */
	SHORTEST_BYTES = 256,    /* no line is shorter: less room than this is none */
	NOTE_BYTES = 64,         /* {"skipped":N}, {"end":"stopping"} */
	SCRAP_BYTES = 256,
};

/* The filters; "" in a filter: any. */
enum tail_filter { FILTER_ACCOUNT, FILTER_SOURCE, FILTER_MODEL, FILTER_COUNT };
static const char *const filter_keys[FILTER_COUNT] = {
	[FILTER_ACCOUNT] = "account",
	[FILTER_SOURCE] = "source",
	[FILTER_MODEL] = "model",
};

struct tail_subscriber {
	uv_pipe_t pipe;
	uv_write_t write;
	struct tail *tail;
	struct tail_subscriber *previous, *next;
	char filters[FILTER_COUNT][EVENT_NAME_BYTES_MAX + 1];
	enum ingest_verdict verdict; /* INGEST_VERDICT_COUNT: any */
	struct buf writing, waiting;
	bool is_writing, closing, ended;
	int64_t skipped; /* and not told yet */
	int64_t lines, skipped_ever;
	char who[32];
	char scrap[SCRAP_BYTES]; /* what it says after its request is not listened to */
};

/* --- a line --------------------------------------------------------------- */

/* What of an item names it: of a line that was refused, as far as it could be read. */
struct named {
	struct text source, id, account, key, model, api;
	int64_t time_ms;
	bool is_event;
};

/* A name of a refused line can be anything; what is no name is not told. */
static struct text name_or_none(struct text t)
{
	return t.len <= EVENT_NAME_BYTES_MAX && text_utf8(t) ? t : text_of(NULL);
}

static struct named name_item(const struct ingest_item *item)
{
	const struct event *event = &item->event;
	struct named named = { .source = event->source, .time_ms = EVENT_ABSENT };

	named.is_event = !item->checkpoint && event->id.at != NULL;
	if (named.is_event) {
		named.id = name_or_none(event->id);
		named.account = name_or_none(event->account);
		named.key = name_or_none(event->key);
		named.model = name_or_none(event->model);
		named.api = name_or_none(event->api);
		named.time_ms = event->time_ms;
	}
	if (item->refused) {
		named.source = item->refusal->source;
		named.id = item->refusal->id;
		named.time_ms = item->refusal->time_ms;
	}
	named.source = name_or_none(named.source);
	return named;
}

static void add_time(struct buf *out, int64_t ms)
{
	char text[MOMENT_TEXT_BYTES];

	if (ms != EVENT_ABSENT)
		moment_text(ms, text);
	buf_add_member(out, "time", text_of(ms != EVENT_ABSENT ? text : NULL));
}

static void add_counts(struct buf *out, const struct usage *usage)
{
	const char *comma = "";

	buf_add_cstr(out, ",\"counts\":{");
	for (int c = 0; usage != NULL && c < COMPONENT_COUNT; c++) {
		if (usage->count[c] == 0)
			continue;
		buf_addf(out, "%s\"%s\":%lld", comma, component_info[c].key,
		         (long long)usage->count[c]);
		comma = ",";
	}
	buf_add_cstr(out, "}");
}

/* Beside which others; NULL: it is the only one. */
static const char *const phases[] = {
	[INGEST_PHASE_FIRST] = NULL,
	[INGEST_PHASE_LATER] = "later",
	[INGEST_PHASE_LATE] = "late",
};

void tail_format(struct buf *out, const struct ingest_item *item, struct text currency)
{
	const struct named named = name_item(item);
	const struct event *event = !item->refused && named.is_event ? &item->event : NULL;
	bool held = item->own_verdict == INGEST_QUARANTINED;
	bool priced = item->own_verdict == INGEST_ACCEPTED;
	/* What has no price adds nothing; but it may have taken the place of what had one. */
	bool moved = priced || (item->own_verdict == INGEST_UNPRICED && item->added.attos != 0);
	char amount[MONEY_TEXT_BYTES], received[MOMENT_TEXT_BYTES];

	moment_text(item->received_ms, received);
	buf_addf(out, "{\"received\":\"%s\"", received);
	add_time(out, named.time_ms);
	buf_addf(out, ",\"verdict\":\"%s\"", ingest_verdict_name(item->own_verdict));
	buf_add_member(out, "reason", text_of(held ? reason_name(item->refusal->reason) : NULL));
	buf_add_member(out, "detail", text_of(held ? item->refusal->detail : NULL));
	buf_add_member(out, "source", named.source);
	buf_add_member(out, "id", named.id);
	buf_add_member(out, "account", named.account);
	buf_add_member(out, "key", named.key);
	buf_add_member(out, "model", named.model);
	buf_add_member(out, "api", named.api);
	buf_add_member(out, "settlement",
	               text_of(event != NULL ? settlement_name(event->settlement) : NULL));
	buf_add_member(out, "provenance",
	               text_of(event != NULL ? provenance_name(event->provenance) : NULL));
	add_counts(out, event != NULL ? &event->usage : NULL);
	if (moved)
		money_text(item->added, amount);
	buf_add_member(out, "amount", text_of(moved ? amount : NULL));
	buf_add_member(out, "currency", moved ? currency : text_of(NULL));
	priced = priced && item->phase != INGEST_PHASE_LATE;
	if (priced)
		money_text(item->rated.amount, amount);
	buf_add_member(out, "total", text_of(priced ? amount : NULL));
	buf_add_member(out, "phase", text_of(phases[item->phase]));
	if (event != NULL && event->status != EVENT_ABSENT)
		buf_addf(out, ",\"status\":%lld}\n", (long long)event->status);
	else
		buf_add_cstr(out, ",\"status\":null}\n");
}

/* --- subscribers ---------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
	struct tail_subscriber *subscriber = handle->data;
	struct tail *tail = subscriber->tail;

	if (subscriber->previous != NULL)
		subscriber->previous->next = subscriber->next;
	else
		tail->first = subscriber->next;
	if (subscriber->next != NULL)
		subscriber->next->previous = subscriber->previous;
	tail->count--;
	buf_release(&subscriber->writing);
	buf_release(&subscriber->waiting);
	free(subscriber);
}

static void close_subscriber(struct tail_subscriber *subscriber)
{
	if (subscriber->closing)
		return;
	subscriber->closing = true;
	log_info("tail ends", "who=%s lines=%lld skipped=%lld",
	         log_quote(text_of(subscriber->who)).text, (long long)subscriber->lines,
	         (long long)subscriber->skipped_ever);
	uv_close((uv_handle_t *)&subscriber->pipe, on_closed);
}

static void tell_skipped(struct tail_subscriber *subscriber)
{
	if (subscriber->skipped > 0)
		buf_addf(&subscriber->waiting, "{\"skipped\":%lld}\n",
		         (long long)subscriber->skipped);
	subscriber->skipped = 0;
}

static void on_written(uv_write_t *write, int status);

static void flush(struct tail_subscriber *subscriber)
{
	struct buf swap = subscriber->writing;
	uv_buf_t out;

	/* Out of memory: a line that is cut must not go. */
	if (subscriber->waiting.error != 0)
		close_subscriber(subscriber);
	if (subscriber->closing || subscriber->is_writing || subscriber->waiting.len == 0)
		return;
	subscriber->writing = subscriber->waiting;
	subscriber->waiting = swap;
	buf_clear(&subscriber->waiting);
	out = uv_buf_init(subscriber->writing.at, (unsigned)subscriber->writing.len);
	subscriber->write.data = subscriber;
	subscriber->is_writing = true;
	if (uv_write(&subscriber->write, (uv_stream_t *)&subscriber->pipe, &out, 1, on_written) ==
	    0)
		return;
	subscriber->is_writing = false;
	close_subscriber(subscriber);
}

static void on_written(uv_write_t *write, int status)
{
	struct tail_subscriber *subscriber = write->data;

	subscriber->is_writing = false;
	if (status < 0) {
		close_subscriber(subscriber);
		return;
	}
	flush(subscriber);
	/* What waited is on its way: behind it there is room. */
	tell_skipped(subscriber);
	flush(subscriber);
}

static size_t room(const struct tail_subscriber *subscriber)
{
	size_t used = subscriber->waiting.len + NOTE_BYTES + NOTE_BYTES;

	return used < TAIL_BYTES_MAX ? TAIL_BYTES_MAX - used : 0;
}

static bool wants(const struct tail_subscriber *subscriber, const struct ingest_item *item,
                  const struct named *named)
{
	const struct text names[FILTER_COUNT] = {
		[FILTER_ACCOUNT] = named->account,
		[FILTER_SOURCE] = named->source,
		[FILTER_MODEL] = named->model,
	};

	if (subscriber->verdict != INGEST_VERDICT_COUNT && subscriber->verdict != item->own_verdict)
		return false;
	for (int f = 0; f < FILTER_COUNT; f++) {
		if (subscriber->filters[f][0] != '\0' && !text_is(names[f], subscriber->filters[f]))
			return false;
	}
	return true;
}

/* Whole or not at all. */
static void offer(struct tail_subscriber *subscriber, struct text line)
{
	if (line.len > room(subscriber)) {
		subscriber->skipped++;
		subscriber->skipped_ever++;
		return;
	}
	tell_skipped(subscriber);
	buf_add_text(&subscriber->waiting, line);
	subscriber->lines++;
	if (subscriber->waiting.len >= FLUSH_BYTES)
		flush(subscriber);
}

static void tell_item(struct tail *tail, const struct ingest_item *item, struct text currency)
{
	const struct named named = name_item(item);

	buf_clear(&tail->line);
	for (struct tail_subscriber *subscriber = tail->first; subscriber != NULL;
	     subscriber = subscriber->next) {
		if (subscriber->closing || subscriber->ended || !wants(subscriber, item, &named))
			continue;
		/* Once for all of them, and not for those who have no room. */
		if (tail->line.len == 0 && room(subscriber) >= SHORTEST_BYTES)
			tail_format(&tail->line, item, currency);
		if (tail->line.len == 0 || tail->line.error != 0)
			offer(subscriber, (struct text){ NULL, SIZE_MAX });
		else
			offer(subscriber, buf_text(&tail->line));
	}
}

void tail_batch(struct tail *tail, const struct batch *batch, struct text currency)
{
	if (tail->first == NULL)
		return;
	for (size_t i = 0; i < batch->count; i++) {
		for (const struct ingest_item *item = &batch->items[i]; item != NULL;
		     item = item->more) {
			if (item->own_verdict != INGEST_VERDICT_COUNT)
				tell_item(tail, item, currency);
		}
	}
	for (struct tail_subscriber *subscriber = tail->first; subscriber != NULL;
	     subscriber = subscriber->next)
		flush(subscriber);
}

/* --- the request ---------------------------------------------------------- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *space)
{
	struct tail_subscriber *subscriber = handle->data;

	(void)suggested;
	*space = uv_buf_init(subscriber->scrap, SCRAP_BYTES);
}

/* Read only to learn that it is gone. */
static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *bytes)
{
	(void)bytes;
	if (count < 0)
		close_subscriber(stream->data);
}

bool tail_is_asked(struct text request)
{
	struct json doc = { .nodes = NULL };
	struct fault fault;
	bool asked;

	/* A change can have megabytes; none of so few bytes costs anything. */
	if (request.len > TAIL_REQUEST_BYTES_MAX)
		return false;
	asked = json_parse(&doc, request, &fault) == 0 && json_type_of(&doc, 0) == JSON_OBJECT &&
	        json_type_of(&doc, json_member(&doc, 0, "tail")) == JSON_TRUE;
	json_release(&doc);
	return asked;
}

static int read_verdict(struct tail_subscriber *subscriber, struct text name, struct fault *fault)
{
	subscriber->verdict = INGEST_VERDICT_COUNT;
	for (int v = 0; v < INGEST_VERDICT_COUNT; v++) {
		if (text_is(name, ingest_verdict_name((enum ingest_verdict)v)))
			subscriber->verdict = (enum ingest_verdict)v;
	}
	return subscriber->verdict != INGEST_VERDICT_COUNT
	               ? 0
	               : fault_set(fault, FAULT_INVALID, "verdict: there is none of that name");
}

static int read_member(struct tail_subscriber *subscriber, struct text key, struct text value,
                       struct fault *fault)
{
	if (value.at == NULL || value.len == 0)
		return fault_set(fault, FAULT_INVALID, "%.*s: a text is due", TEXT_ARGS(key));
	if (text_is(key, "verdict"))
		return read_verdict(subscriber, value, fault);
	for (int f = 0; f < FILTER_COUNT; f++) {
		if (!text_is(key, filter_keys[f]))
			continue;
		return text_copy(subscriber->filters[f], sizeof(subscriber->filters[f]), value)
		               ? 0
		               : fault_set(fault, FAULT_INVALID, "%s: a name has at most %d bytes",
		                           filter_keys[f], EVENT_NAME_BYTES_MAX);
	}
	/* A filter that is not known must not pass as none. */
	return fault_set(fault, FAULT_INVALID,
	                 "%.*s: a tail is told by account, source, model, verdict", TEXT_ARGS(key));
}

static int read_request(struct tail_subscriber *subscriber, struct text request,
                        struct fault *fault)
{
	struct json doc = { .nodes = NULL };
	int r = json_parse(&doc, request, fault);

	subscriber->verdict = INGEST_VERDICT_COUNT;
	for (uint32_t k = r == 0 ? json_first(&doc, 0) : JSON_NONE; r == 0 && k != JSON_NONE;
	     k = json_next(&doc, 0, k)) {
		if (!text_is(doc.nodes[k].text, "tail") && json_type_of(&doc, k + 1) != JSON_NULL)
			r = read_member(subscriber, doc.nodes[k].text, json_string(&doc, k + 1),
			                fault);
	}
	json_release(&doc);
	return r;
}

/* From here on it is freed by its close callback. */
static int open_pipe(struct tail *tail, struct tail_subscriber *subscriber, uv_os_fd_t fd,
                     struct fault *fault)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0), r;

	if (own < 0) {
		free(subscriber);
		return fault_set(fault, FAULT_IO, "tail: %s", strerror(errno));
	}
	subscriber->tail = tail;
	subscriber->next = tail->first;
	if (subscriber->next != NULL)
		subscriber->next->previous = subscriber;
	tail->first = subscriber;
	tail->count++;
	uv_pipe_init(tail->loop, &subscriber->pipe, 0);
	subscriber->pipe.data = subscriber;
	r = uv_pipe_open(&subscriber->pipe, own);
	if (r < 0)
		close(own);
	else
		r = uv_read_start((uv_stream_t *)&subscriber->pipe, on_alloc, on_read);
	if (r == 0)
		return 0;
	subscriber->closing = true;
	uv_close((uv_handle_t *)&subscriber->pipe, on_closed);
	return fault_set(fault, FAULT_IO, "tail: %s", uv_strerror(r));
}

int tail_subscribe(struct tail *tail, uv_os_fd_t fd, struct text who, struct text request,
                   struct fault *fault)
{
	struct tail_subscriber *subscriber;
	int r;

	if (tail->ended)
		return fault_set(fault, FAULT_BUSY, "the daemon is stopping");
	if (tail->count >= TAIL_SUBSCRIBERS_MAX)
		return fault_set(fault, FAULT_BUSY,
		                 "%d are tailing already, and no more are told at a time",
		                 TAIL_SUBSCRIBERS_MAX);
	subscriber = calloc(1, sizeof(*subscriber));
	if (subscriber == NULL)
		return fault_set(fault, FAULT_NOMEM, "the daemon is out of memory");
	r = read_request(subscriber, request, fault);
	if (r < 0) {
		free(subscriber);
		return r;
	}
	text_copy(subscriber->who, sizeof(subscriber->who), who);
	r = open_pipe(tail, subscriber, fd, fault);
	if (r < 0)
		return r;
	log_info("tail begins", "who=%s tails=%zu", log_quote(who).text, tail->count);
	buf_add_cstr(&subscriber->waiting, "{\"ok\":true,\"tail\":true}\n");
	flush(subscriber);
	return 0;
}

/* --- the end -------------------------------------------------------------- */

void tail_start(struct tail *tail, uv_loop_t *loop)
{
	tail->loop = loop;
}

void tail_end(struct tail *tail)
{
	tail->ended = true;
	for (struct tail_subscriber *subscriber = tail->first; subscriber != NULL;
	     subscriber = subscriber->next) {
		if (subscriber->ended || subscriber->closing)
			continue;
		subscriber->ended = true;
		tell_skipped(subscriber);
		buf_add_cstr(&subscriber->waiting, "{\"end\":\"stopping\"}\n");
		flush(subscriber);
	}
}

bool tail_settled(const struct tail *tail)
{
	for (const struct tail_subscriber *subscriber = tail->first; subscriber != NULL;
	     subscriber = subscriber->next) {
		if (subscriber->is_writing && !subscriber->closing)
			return false;
	}
	return true;
}

void tail_close(struct tail *tail)
{
	/* What the socket takes goes at once, also where the daemon ends in a hurry. */
	tail_end(tail);
	for (struct tail_subscriber *subscriber = tail->first; subscriber != NULL;
	     subscriber = subscriber->next)
		close_subscriber(subscriber);
}

void tail_release(struct tail *tail)
{
	buf_release(&tail->line);
}
