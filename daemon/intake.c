#include "daemon/intake.h"

#include <assert.h>
#include <string.h>

#include "daemon/feed.h"
#include "daemon/log.h"
#include "daemon/now.h"

static int64_t setting(const struct intake *intake, enum setting_number number)
{
	return intake->config->number[number];
}

int intake_start(struct intake *intake, uv_loop_t *loop, struct writer *writer,
                 const struct config *config, struct terms terms)
{
	intake->writer = writer;
	intake->config = config;
	intake->terms = terms;
	intake->linger.data = intake;
	for (int64_t i = 0; i < config->number[SETTING_QUEUE_BATCHES]; i++) {
		struct batch *batch = batch_new((size_t)config->number[SETTING_BATCH_EVENTS_MAX]);

		if (batch == NULL)
			return -FAULT_NOMEM;
		batch->next = intake->free;
		intake->free = batch;
	}
	uv_timer_init(loop, &intake->linger);
	intake->open = true;
	return 0;
}

static bool is_full(const struct intake *intake)
{
	const struct batch *batch = intake->filling;

	return batch->count == batch->cap ||
	       batch->arena.used_bytes >= (size_t)setting(intake, SETTING_BATCH_BYTES_MAX);
}

static void hand_over(struct intake *intake)
{
	struct batch *batch = intake->filling;

	/* All lines a feed has taken are in this batch or before it: it stands behind them. */
	for (struct batch_place *place = batch->places; place != NULL; place = place->next) {
		place->feed->class->place(place->feed, place);
		place->feed->in_batch = NULL;
	}
	intake->filling = NULL;
	intake->lingered = false;
	uv_timer_stop(&intake->linger);
	writer_push(intake->writer, batch);
}

void intake_flush(struct intake *intake)
{
	if (intake->filling != NULL)
		hand_over(intake);
}

static void on_linger(uv_timer_t *timer)
{
	struct intake *intake = timer->data;

	intake->lingered = true;
	/* While a commit runs the batch goes on filling; intake_done() looks again. */
	if (intake->filling != NULL && intake->writer->commits == 0)
		hand_over(intake);
}

/* The batch that takes the next line; NULL: all are with the writer. */
static struct batch *batch_to_fill(struct intake *intake)
{
	if (intake->filling == NULL && intake->free != NULL) {
		intake->filling = intake->free;
		intake->free = intake->filling->next;
		intake->filling->next = NULL;
	}
	return intake->filling;
}

bool intake_has_room(const struct intake *intake)
{
	return intake->filling != NULL || intake->free != NULL;
}

/* A gateway gone wrong must not fill the disk with our log: the summary counts them all. */
static void log_line(struct intake *intake, const struct ingest_item *item)
{
	const struct terms_doubt doubt = terms_doubt(item->event.unknown_path);
	/* What somebody decided needs nobody any more. */
	bool unknown = !item->refused && (doubt.warned || doubt.path.at != NULL);

	intake->unknown += unknown;
	if ((!item->refused && !unknown) || intake->lines_logged >= INTAKE_LOG_LINES_MAX)
		return;
	if (item->refused)
		log_warning("line quarantined", "reason=%s source=%s detail=%s",
		            reason_name(item->refusal->reason),
		            log_quote(item->refusal->source).text,
		            log_quote(text_of(item->refusal->detail)).text);
	else
		log_warning(doubt.warned ? "numbers that contradict each other, and were counted"
		                         : "a number under usage that nobody counts",
		            "path=%s api=%s source=%s id=%s",
		            log_quote(item->event.unknown_path).text,
		            log_quote(item->event.api).text, log_quote(item->event.source).text,
		            log_quote(item->event.id).text);
	if (++intake->lines_logged == INTAKE_LOG_LINES_MAX)
		log_warning("further such lines are only counted until the next summary", "%s", "");
}

/* Memory for the place of a feed in the batch, if it needs one.  False: none. */
static bool room_for_place(struct batch *batch, const struct feed *feed,
                           struct batch_place **place_out)
{
	*place_out = NULL;
	if (feed->class->place == NULL || feed->in_batch == batch)
		return true;
	*place_out = arena_take(&batch->arena, sizeof(**place_out));
	return *place_out != NULL;
}

static void add_place(struct batch *batch, struct feed *feed, struct batch_place *place)
{
	if (place == NULL)
		return;
	*place = (struct batch_place){ .next = batch->places, .feed = feed, .name = feed->name };
	batch->places = place;
	feed->in_batch = batch;
}

/* Something was put into the batch: it goes when it is full or has lingered. */
static void grown(struct intake *intake, bool first)
{
	if (is_full(intake))
		hand_over(intake);
	else if (first)
		uv_timer_start(&intake->linger, on_linger,
		               (uint64_t)setting(intake, SETTING_LINGER_MS), 0);
}

bool intake_place(struct intake *intake, struct feed *feed)
{
	struct batch *batch = batch_to_fill(intake);
	bool first = batch->count == 0 && batch->places == NULL;
	struct batch_place *place;

	if (!room_for_place(batch, feed, &place))
		return false;
	add_place(batch, feed, place);
	grown(intake, first);
	return true;
}

bool intake_line(struct intake *intake, const struct wire_line *line, enum ingest_line how,
                 struct feed *feed)
{
	struct text source = text_of(feed->source[0] != '\0' ? feed->source : NULL);
	struct event_defaults defaults = { source, now_ms() };
	struct batch *batch = batch_to_fill(intake);
	bool first = batch->count == 0 && batch->places == NULL;
	struct batch_place *place;
	struct ingest_item *item;
	struct text kept;

	assert(batch->count < batch->cap);
	item = &batch->items[batch->count];
	kept = arena_copy(&batch->arena, line->text);
	/* The feed may be gone before the commit. */
	if (source.at != NULL)
		defaults.source = arena_copy(&batch->arena, source);
	if (kept.at == NULL || (source.at != NULL && defaults.source.at == NULL) ||
	    !room_for_place(batch, feed, &place) ||
	    ingest_prepare(item, kept, line->too_long ? INGEST_LINE_TOO_LONG : how,
	                   (int64_t)line->length, &defaults, &intake->terms, &intake->doc,
	                   &batch->arena) < 0)
		return false;
	/* Where the JSON did not end, so did the line not; a whole object is one, good or bad. */
	item->fragment = how == INGEST_LINE_CUT_OFF && item->refused &&
	                 (line->too_long || intake->doc.error != JSON_OK);
	log_line(intake, item);
	batch->owners[batch->count++] = feed;
	intake->taken++;
	feed->on_their_way++;
	feed->bytes_on_their_way += item->line.len;
	if (feed->class->took != NULL)
		feed->class->took(feed, item);
	add_place(batch, feed, place);
	grown(intake, first);
	return true;
}

void intake_writer_free(struct intake *intake)
{
	if (intake->filling != NULL && intake->lingered && intake->writer->commits == 0)
		hand_over(intake);
}

void intake_done(struct intake *intake, struct batch *batch)
{
	struct feed *dirty = NULL;

	for (size_t i = 0; i < batch->count; i++) {
		struct feed *feed = batch->owners[i];

		intake->counts[batch->items[i].verdict]++;
		feed_verdict(feed, &batch->items[i]);
		if (!feed->dirty) {
			feed->dirty = true;
			feed->next_dirty = dirty;
			dirty = feed;
		}
	}
	/* One acknowledgement a connection, however many lines it had; that may free it. */
	while (dirty != NULL) {
		struct feed *feed = dirty;

		dirty = feed->next_dirty;
		feed->dirty = false;
		feed->class->told(feed);
	}
	batch_reset(batch);
	batch->next = intake->free;
	intake->free = batch;
}

void intake_swap_terms(struct intake *intake, struct terms *changed)
{
	struct terms old = { .rules = NULL };

	if (changed->book.book != NULL) {
		old.book = intake->terms.book;
		intake->terms.book = changed->book;
	}
	if (changed->cost.book != NULL) {
		old.cost = intake->terms.cost;
		intake->terms.cost = changed->cost;
	}
	if (changed->rules != NULL) {
		old.rules = intake->terms.rules;
		intake->terms.rules = changed->rules;
	}
	*changed = old;
}

void intake_close(struct intake *intake)
{
	if (intake->open)
		uv_close((uv_handle_t *)&intake->linger, NULL);
	intake->open = false;
}

static void free_list(struct batch *batch)
{
	while (batch != NULL) {
		struct batch *next = batch->next;

		batch_free(batch);
		batch = next;
	}
}

void intake_release(struct intake *intake)
{
	free_list(intake->free);
	batch_free(intake->filling);
	free_list(intake->writer->queued);
	free_list(intake->writer->done);
	json_release(&intake->doc);
	terms_release(&intake->terms);
	memset(intake, 0, sizeof(*intake));
}
