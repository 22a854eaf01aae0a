#include "daemon/writer.h"

#include <assert.h>
#include <errno.h>
#include <time.h>

#include "daemon/log.h"
#include "daemon/now.h"
#include "ingest/change.h"
#include "ledger/positions.h"
#include "ledger/seal.h"

/* Lines of a feed that are stored for the first time: of a line that comes again none. */
static int64_t new_lines(const struct batch *batch, const struct feed *feed)
{
	int64_t lines = 0;

	for (size_t i = 0; i < batch->count; i++)
		lines += batch->owners[i] == feed && batch_is_new(batch->items[i].verdict);
	return lines;
}

static int store_places(struct ledger *ledger, const struct batch *batch, struct fault *fault)
{
	int r = 0;

	for (const struct batch_place *place = batch->places; r == 0 && place != NULL;
	     place = place->next)
		r = ledger_position_put(
			ledger, text_of(place->name), (struct text){ place->json, place->len },
			place->new_only ? new_lines(batch, place->feed) : place->lines, now_ms(),
			fault);
	return r;
}

/* One transaction; on a failure it is rolled back and can be tried again. */
static int store_events(struct ledger *ledger, struct batch *batch, struct fault *fault)
{
	int r = ledger_begin(ledger, fault);

	for (size_t i = 0; r == 0 && i < batch->count; i++)
		r = ingest_store(ledger, &batch->items[i], fault);
	if (r == 0)
		r = store_places(ledger, batch, fault);
	if (r == 0)
		r = ledger_commit(ledger, fault);
	if (r < 0)
		ledger_rollback(ledger);
	return r;
}

/* No space, no turn: the reply says so, and whoever asked may ask again. */
static int of_change(struct change_job *job, int r, const struct fault *fault)
{
	if (r != -FAULT_FULL && r != -FAULT_BUSY)
		return r;
	change_cancel(job, r, fault->text);
	return 0;
}

/* Prepared before it came here, or refused. */
static int begin_change(struct writer *writer, struct batch *batch, struct fault *fault)
{
	int r;

	if (change_is_refused(batch->job))
		return 0;
	atomic_store(&writer->changing, true);
	r = of_change(batch->job, change_open(batch->job, writer->ledger, fault), fault);
	atomic_store(&writer->changing, false);
	return r;
}

/* What the loop asks for, under lock. */
static bool is_asked(struct writer *writer, const bool *flag)
{
	bool asked;

	pthread_mutex_lock(&writer->lock);
	asked = *flag;
	pthread_mutex_unlock(&writer->lock);
	return asked;
}

/* With the lock held. */
static void push_done(struct writer *writer, struct batch *batch)
{
	batch->next = NULL;
	if (writer->done == NULL)
		writer->done = batch;
	else
		writer->done_last->next = batch;
	writer->done_last = batch;
}

static void give_back(struct writer *writer, struct batch *batch, bool failed)
{
	pthread_mutex_lock(&writer->lock);
	batch->next = NULL;
	if (failed) {
		/* Nothing of it is durable: it must not look done. */
		writer->failed = true;
		batch->next = writer->queued;
		if (writer->queued == NULL)
			writer->queued_last = batch;
		writer->queued = batch;
	} else {
		push_done(writer, batch);
	}
	pthread_mutex_unlock(&writer->lock);
	uv_async_send(&writer->wake);
}

/* Events and reloads wait; whoever asked for a change is told, and may ask again. */
static void refuse_changes(struct writer *writer, int code, const struct fault *fault)
{
	struct batch *under_way = writer->under_way, **at;

	/* Its steps so far are stored; with no space that cannot even be noted. */
	if (under_way != NULL && under_way->kind == BATCH_CHANGE) {
		change_cancel(under_way->job, code, fault->text);
		writer->under_way = NULL;
		give_back(writer, under_way, false);
	}

	pthread_mutex_lock(&writer->lock);
	at = &writer->queued;
	writer->queued_last = NULL;
	while (*at != NULL) {
		struct batch *batch = *at;

		if (batch->kind != BATCH_CHANGE) {
			writer->queued_last = batch;
			at = &batch->next;
			continue;
		}
		*at = batch->next;
		change_cancel(batch->job, code, fault->text);
		push_done(writer, batch);
	}
	pthread_mutex_unlock(&writer->lock);
	uv_async_send(&writer->wake);
}

/* After a try that found no space, or somebody else writing. */
static void pause_a_while(struct writer *writer, int r, const struct fault *fault)
{
	const struct timespec pause = { WRITER_FULL_RETRY_S, 0 };

	if (writer->tries++ % (WRITER_FULL_LOG_S / WRITER_FULL_RETRY_S) == 0)
		log_error(r == -FAULT_FULL ? "no space: nothing is acknowledged until there is"
		                           : "somebody else writes the ledger: nothing is "
		                             "acknowledged until that ends",
		          "error=%s", log_quote(text_of(fault->text)).text);
	refuse_changes(writer, r, fault);
	if (!is_asked(writer, &writer->give_up))
		nanosleep(&pause, NULL);
}

/* After a try that did not. */
static void goes_on(struct writer *writer)
{
	if (writer->tries > 0)
		log_info("it goes on", "tries=%u", writer->tries);
	writer->tries = 0;
}

/* Until it is durable, or the ledger fails for another reason than space or a foreign writer. */
static int run_batch(struct writer *writer, struct batch *batch, struct fault *fault)
{
	int r = 0;

	for (;;) {
		atomic_fetch_add(&writer->beats, 1);
		r = batch->kind == BATCH_EVENTS ? store_events(writer->ledger, batch, fault)
		                                : begin_change(writer, batch, fault);
		if (r != -FAULT_FULL && r != -FAULT_BUSY)
			break;
		pause_a_while(writer, r, fault);
		if (is_asked(writer, &writer->give_up))
			return r;
	}
	if (r == 0)
		goes_on(writer);
	return r;
}

/* One step of the change that is under way; *more_out: it is not done. */
static int step_change(struct writer *writer, struct batch *batch, bool *more_out,
                       struct fault *fault)
{
	int r = 0;

	*more_out = false;
	if (change_is_refused(batch->job))
		return 0; /* before it came here, or since */
	atomic_fetch_add(&writer->beats, 1);
	if (batch->started && is_asked(writer, &writer->hurry)) {
		change_stop(batch->job);
		return 0;
	}
	batch->started = true;
	atomic_store(&writer->changing, true);
	r = change_step(batch->job, more_out, fault);
	/* What is in force in the ledger must be in force here, or we rate by another. */
	for (int i = 0; r == 0 && !*more_out && i < BOOK_SIDES; i++) {
		enum book_side side = (enum book_side)i;

		if (change_moved_book(batch->job, side))
			*terms_book(&batch->new_terms, side) = change_take_book(batch->job);
	}
	/* Made in its first step, of as many as it takes. */
	if (r == 0 && change_moved_rules(batch->job) && batch->new_terms.rules == NULL)
		r = ledger_rules_load(writer->ledger, &batch->new_terms.rules, fault);
	atomic_store(&writer->changing, false);
	if (batch->kind == BATCH_RELOAD && (r == -FAULT_FULL || r == -FAULT_BUSY)) {
		pause_a_while(writer, r, fault);
		*more_out = true;
		return 0;
	}
	if (r == 0)
		goes_on(writer);
	r = of_change(batch->job, r, fault);
	*more_out = *more_out && !change_is_refused(batch->job);
	return r;
}

/* With the lock held: takes the first batch, or the first one of events. */
static struct batch *take_queued(struct writer *writer, bool events_only)
{
	struct batch **at = &writer->queued, *before = NULL, *batch;

	while (*at != NULL && events_only && (*at)->kind != BATCH_EVENTS) {
		before = *at;
		at = &before->next;
	}
	batch = *at;
	if (batch == NULL)
		return NULL;
	*at = batch->next;
	if (writer->queued_last == batch)
		writer->queued_last = before;
	return batch;
}

/*
 * Waits for a batch; NULL: stop, or just idle (*idle_out).  While a change is under way only
 * events pass it by, and nobody is waited for.
 */
static struct batch *next_batch(struct writer *writer, bool *idle_out)
{
	struct timespec until;
	struct batch *batch;

	*idle_out = false;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += WRITER_IDLE_S;
	pthread_mutex_lock(&writer->lock);
	while (writer->under_way == NULL && writer->queued == NULL && !writer->stop && !*idle_out)
		*idle_out = pthread_cond_timedwait(&writer->more, &writer->lock, &until) ==
		            ETIMEDOUT;
	batch = take_queued(writer, writer->under_way != NULL);
	if (batch != NULL)
		*idle_out = false;
	pthread_mutex_unlock(&writer->lock);
	return batch;
}

/* What is in the WAL is durable already: that there is no space to move it can wait. */
static int checkpoint(struct writer *writer, bool idle, bool *again_out, struct fault *fault)
{
	int r = ledger_wal_checkpoint(writer->ledger, idle, again_out, fault);
	struct timespec now;

	if (r != -FAULT_FULL)
		return r;
	*again_out = true;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec >= writer->full_again) {
		writer->full_again = now.tv_sec + WRITER_FULL_LOG_S;
		log_error("no space: the WAL stays as it is until there is", "error=%s",
		          log_quote(text_of(fault->text)).text);
	}
	return 0;
}

/* Hours that are over, when nothing comes, else now and then; *sealed_out: one was. */
static int seal(struct writer *writer, bool idle, bool *sealed_out, struct fault *fault)
{
	struct timespec now;
	int64_t hours;
	int r;

	*sealed_out = false;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (writer->seal_again == 0)
		writer->seal_again = now.tv_sec + WRITER_SEAL_S;
	if (!idle && now.tv_sec < writer->seal_again)
		return 0;
	r = ledger_seal(writer->ledger, now_ms(), &hours, fault);
	/* Where more are due than one link holds they come one after the other. */
	if (r < 0 || hours < SEAL_HOURS_MAX)
		writer->seal_again = now.tv_sec + WRITER_SEAL_S;
	*sealed_out = r == 0 && hours > 0;
	/* Nobody waits for it: it can be done when there is space, or nobody else writes. */
	return r == -FAULT_FULL || r == -FAULT_BUSY ? 0 : r;
}

/* A batch to its end, or of a change its beginning; then a step of the one under way. */
static int work(struct writer *writer, struct batch *batch, struct fault *fault)
{
	bool more = false;
	int r = 0;

	if (batch != NULL) {
		r = run_batch(writer, batch, fault);
		if (r == 0 && batch->kind != BATCH_EVENTS)
			writer->under_way = batch;
		else
			give_back(writer, batch, r < 0);
	}
	batch = writer->under_way;
	if (r < 0 || batch == NULL)
		return r;
	r = step_change(writer, batch, &more, fault);
	if (more)
		return 0;
	writer->under_way = NULL;
	give_back(writer, batch, r < 0);
	return r;
}

static void *run(void *argument)
{
	struct writer *writer = argument;
	struct fault fault = { .code = FAULT_NONE };
	bool idle, again, sealed, emptied = false;
	int r = 0;

	for (;;) {
		struct batch *batch = next_batch(writer, &idle);

		atomic_fetch_add(&writer->beats, 1);
		if (batch == NULL && writer->under_way == NULL && !idle)
			return NULL;
		if (!idle) {
			r = work(writer, batch, &fault);
			assert(r <= 0);
			emptied = false;
		}
		if (r == 0) {
			r = seal(writer, idle, &sealed, &fault);
			emptied = emptied && !sealed;
		}
		/* After the acknowledgement is on its way: a checkpoint is nobody's wait. */
		if (r == 0 && !(idle && emptied)) {
			r = checkpoint(writer, idle, &again, &fault);
			emptied = idle && !again;
		}
		if (r < 0) {
			log_error("the ledger failed: acknowledging nothing more",
			          "fault=%s error=%s", fault_name(r),
			          log_quote(text_of(fault.text)).text);
			if (writer->under_way != NULL)
				give_back(writer, writer->under_way, true);
			writer->under_way = NULL;
			pthread_mutex_lock(&writer->lock);
			writer->failed = true;
			pthread_mutex_unlock(&writer->lock);
			uv_async_send(&writer->wake);
			return NULL;
		}
	}
}

/* Loop thread: what came back since the last time. */
static void on_wake(uv_async_t *handle)
{
	struct writer *writer = handle->data;
	struct batch *batch;
	bool failed;

	pthread_mutex_lock(&writer->lock);
	batch = writer->done;
	writer->done = NULL;
	failed = writer->failed;
	pthread_mutex_unlock(&writer->lock);
	while (batch != NULL) {
		struct batch *next = batch->next;

		writer->in_flight--;
		writer->commits -= batch->kind == BATCH_EVENTS;
		writer->on_done(writer, batch);
		batch = next;
	}
	if (failed)
		writer->on_failed(writer);
}

/* On a clock that nobody sets. */
static bool init_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;
	bool good;

	if (pthread_condattr_init(&attributes) != 0)
		return false;
	good = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
	       pthread_cond_init(condition, &attributes) == 0;
	pthread_condattr_destroy(&attributes);
	return good;
}

int writer_start(struct writer *writer, uv_loop_t *loop, struct ledger *ledger)
{
	writer->ledger = ledger;
	writer->wake.data = writer;
	if (pthread_mutex_init(&writer->lock, NULL) != 0 || !init_condition(&writer->more) ||
	    uv_async_init(loop, &writer->wake, on_wake) != 0)
		return -FAULT_NOMEM;
	writer->open = true;
	if (pthread_create(&writer->thread, NULL, run, writer) != 0)
		return -FAULT_NOMEM;
	writer->started = true;
	return 0;
}

void writer_push(struct writer *writer, struct batch *batch)
{
	assert(batch->kind == BATCH_EVENTS || batch->job != NULL);
	writer->in_flight++;
	writer->commits += batch->kind == BATCH_EVENTS;
	batch->next = NULL;
	pthread_mutex_lock(&writer->lock);
	if (writer->queued == NULL)
		writer->queued = batch;
	else
		writer->queued_last->next = batch;
	writer->queued_last = batch;
	pthread_cond_signal(&writer->more);
	pthread_mutex_unlock(&writer->lock);
}

void writer_hurry(struct writer *writer)
{
	pthread_mutex_lock(&writer->lock);
	writer->hurry = true;
	pthread_mutex_unlock(&writer->lock);
}

void writer_stop(struct writer *writer, bool give_up)
{
	if (!writer->started)
		return;
	pthread_mutex_lock(&writer->lock);
	writer->stop = writer->hurry = true;
	writer->give_up = give_up;
	pthread_cond_signal(&writer->more);
	pthread_mutex_unlock(&writer->lock);
	pthread_join(writer->thread, NULL);
	writer->started = false;
}

void writer_close(struct writer *writer)
{
	if (writer->open)
		uv_close((uv_handle_t *)&writer->wake, NULL);
	writer->open = false;
}
