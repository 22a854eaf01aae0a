#include "daemon/writer.h"

#include <errno.h>
#include <time.h>

#include "daemon/log.h"
#include "daemon/now.h"
#include "daemon/prices.h"
#include "ingest/change.h"

/* One transaction; on a failure it is rolled back and can be tried again. */
static int store_events(struct ledger *ledger, struct batch *batch, struct fault *fault)
{
	int r = ledger_begin(ledger, fault);

	for (size_t i = 0; r == 0 && i < batch->count; i++)
		r = ingest_store(ledger, &batch->items[i], fault);
	if (r == 0)
		r = ledger_commit(ledger, fault);
	if (r < 0)
		ledger_rollback(ledger);
	return r;
}

static int change(struct ledger *ledger, struct batch *batch, struct fault *fault)
{
	const struct change request = { buf_text(&batch->request), text_of(batch->who), now_ms() };
	bool book_changed = false;
	int r = change_run(ledger, &request, &batch->reply, &book_changed, fault);

	if (r == 0 && book_changed)
		r = ledger_book_current(ledger, &batch->new_book, fault);
	/* No space, no turn: the reply says so, and whoever asked may ask again. */
	return r == -FAULT_FULL || r == -FAULT_BUSY ? 0 : r;
}

static bool gives_up(struct writer *writer)
{
	bool give_up;

	pthread_mutex_lock(&writer->lock);
	give_up = writer->give_up;
	pthread_mutex_unlock(&writer->lock);
	return give_up;
}

/* Until it is durable, or the ledger fails for another reason than space or a foreign writer. */
static int run_batch(struct writer *writer, struct batch *batch, struct fault *fault)
{
	const struct timespec pause = { WRITER_FULL_RETRY_S, 0 };
	unsigned tries = 0;
	int r = 0;

	for (;;) {
		atomic_fetch_add(&writer->beats, 1);
		switch (batch->kind) {
		case BATCH_EVENTS:
			r = store_events(writer->ledger, batch, fault);
			break;
		case BATCH_CHANGE:
			atomic_store(&writer->changing, true);
			r = change(writer->ledger, batch, fault);
			atomic_store(&writer->changing, false);
			break;
		case BATCH_RELOAD:
			r = prices_reload(writer->ledger, batch->request.at, text_of(batch->who),
			                  &batch->new_book, fault);
			break;
		}
		if (r != -FAULT_FULL && r != -FAULT_BUSY)
			break;
		if (tries++ % (WRITER_FULL_LOG_S / WRITER_FULL_RETRY_S) == 0)
			log_error(r == -FAULT_FULL
			                  ? "no space: nothing is acknowledged until there is"
			                  : "somebody else writes the ledger: nothing is "
			                    "acknowledged "
			                    "until that ends",
			          "error=%s", log_quote(text_of(fault->text)).text);
		if (gives_up(writer))
			return r;
		nanosleep(&pause, NULL);
	}
	if (r == 0 && tries > 0)
		log_info("it goes on", "tries=%u", tries);
	return r;
}

/* Waits for a batch; NULL: stop, or just idle (*idle_out). */
static struct batch *next_batch(struct writer *writer, bool *idle_out)
{
	struct timespec until;
	struct batch *batch = NULL;

	*idle_out = false;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += WRITER_IDLE_S;
	pthread_mutex_lock(&writer->lock);
	while (writer->queued == NULL && !writer->stop && !*idle_out)
		*idle_out = pthread_cond_timedwait(&writer->more, &writer->lock, &until) ==
		            ETIMEDOUT;
	if (writer->queued != NULL) {
		batch = writer->queued;
		writer->queued = batch->next;
		*idle_out = false;
	}
	pthread_mutex_unlock(&writer->lock);
	return batch;
}

static void give_back(struct writer *writer, struct batch *batch, bool failed)
{
	pthread_mutex_lock(&writer->lock);
	batch->next = NULL;
	if (failed) {
		/* Nothing of it is durable: it must not look done. */
		writer->failed = true;
		batch->next = writer->queued;
		writer->queued = batch;
	} else {
		if (writer->done == NULL)
			writer->done = batch;
		else
			writer->done_last->next = batch;
		writer->done_last = batch;
	}
	pthread_mutex_unlock(&writer->lock);
	uv_async_send(&writer->wake);
}

/* What is in the WAL is durable already: that there is no space to move it can wait. */
static int checkpoint(struct writer *writer, bool idle, bool *again_out, struct fault *fault)
{
	int r = ledger_wal_checkpoint(writer->ledger, idle, again_out, fault);
	time_t now = time(NULL);

	if (r != -FAULT_FULL)
		return r;
	if (now - writer->full_logged >= WRITER_FULL_LOG_S || now < writer->full_logged) {
		writer->full_logged = now;
		log_error("no space: the WAL stays as it is until there is", "error=%s",
		          log_quote(text_of(fault->text)).text);
	}
	return 0;
}

static void *run(void *argument)
{
	struct writer *writer = argument;
	struct fault fault = { .code = FAULT_NONE };
	bool idle, again, emptied = false;
	int r = 0;

	for (;;) {
		struct batch *batch = next_batch(writer, &idle);

		atomic_fetch_add(&writer->beats, 1);
		if (batch == NULL && !idle)
			return NULL;
		if (batch != NULL) {
			r = run_batch(writer, batch, &fault);
			give_back(writer, batch, r < 0);
			emptied = false;
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
	writer->in_flight++;
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

void writer_stop(struct writer *writer, bool give_up)
{
	if (!writer->started)
		return;
	pthread_mutex_lock(&writer->lock);
	writer->stop = true;
	writer->give_up = writer->give_up || give_up;
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
