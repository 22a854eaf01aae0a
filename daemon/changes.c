#include "daemon/changes.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/now.h"
#include "daemon/prices.h"
#include "ingest/change.h"

enum {
	FREE_BYTES_MAX = 64 * 1024, /* what is as small is freed at once */
	NICE = 5,                   /* of the pool's threads */
};

#define STOPPED "the daemon stops: nothing has changed, ask again"

static void begin_next(struct changes *changes);

/* A batch that is freed; libuv has its request until on_freed(). */
struct freeing {
	uv_work_t work;
	struct batch *batch;
};

static void begin_next(struct changes *changes);

/* --- in the pool ---------------------------------------------------------- */

static void prepare_reload(struct batch *batch)
{
	const struct change change = { buf_text(&batch->request), text_of(batch->who), now_ms() };
	struct fault fault = { .code = FAULT_NONE };
	struct book *book = NULL;
	int r = prices_load(&book, batch->request.at, &fault);

	if (r == 0)
		r = change_prepare_book(&batch->job, book, batch->side, &change, &batch->reply,
		                        &fault);
	if (r < 0)
		prices_log_refused(batch->side, &fault);
}

void changes_prepare(struct batch *batch)
{
	const struct change change = { buf_text(&batch->request), text_of(batch->who), now_ms() };

	if (batch->kind == BATCH_RELOAD)
		prepare_reload(batch);
	else
		change_prepare(&batch->job, &change, &batch->reply, NULL);
}

/* These threads do nothing else: events go first where there are few cores. */
static void step_back(void)
{
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
}

static void on_prepare(uv_work_t *work)
{
	step_back();
	changes_prepare(work->data);
}

static void on_free(uv_work_t *work)
{
	struct freeing *freeing = work->data;

	step_back();
	batch_free(freeing->batch);
}

static void on_freed(uv_work_t *work, int status)
{
	(void)status;
	free(work->data);
}

/* --- in the loop ---------------------------------------------------------- */

static void done(struct changes *changes, struct batch *batch)
{
	changes->current = NULL;
	if (batch->kind == BATCH_RELOAD)
		changes->reloading--;
	changes->on_done(changes, batch);
	if (changes->again && changes->reloading == 0)
		changes_reload(changes);
	begin_next(changes);
}

static void on_prepared(uv_work_t *work, int status)
{
	struct changes *changes = (struct changes *)((char *)work -
	                                             offsetof(struct changes, preparing));
	struct batch *batch = work->data;

	(void)status;
	if (changes->stopping && batch->job != NULL)
		change_cancel(batch->job, -FAULT_CLOSED, STOPPED);
	if (changes->closed) {
		changes->current = NULL;
		batch_free(batch);
	} else if (batch->job == NULL || change_is_refused(batch->job)) {
		done(changes, batch);
	} else {
		/* No other change moves it before this one has come back. */
		change_lend(batch->job, changes->terms);
		writer_push(changes->writer, batch);
	}
}

static void begin_next(struct changes *changes)
{
	struct batch *batch = changes->first;

	if (batch == NULL || changes->current != NULL || changes->closed)
		return;
	changes->first = batch->next;
	changes->current = batch;
	batch->next = NULL;
	changes->preparing.data = batch;
	uv_queue_work(changes->loop, &changes->preparing, on_prepare, on_prepared);
}

void changes_start(struct changes *changes, uv_loop_t *loop, struct writer *writer,
                   const struct terms *terms, const char *const prices[BOOK_SIDES])
{
	changes->terms = terms;
	changes->loop = loop;
	changes->writer = writer;
	for (int side = 0; side < BOOK_SIDES; side++)
		changes->prices[side] = prices[side];
}

void changes_push(struct changes *changes, struct batch *batch)
{
	batch->next = NULL;
	if (changes->first == NULL)
		changes->first = batch;
	else
		changes->last->next = batch;
	changes->last = batch;
	begin_next(changes);
}

static void reload_side(struct changes *changes, enum book_side side)
{
	struct batch *batch = batch_new(0);

	if (batch == NULL) {
		log_error("out of memory: not reloaded", "%s", "");
		return;
	}
	batch->kind = BATCH_RELOAD;
	batch->side = side;
	buf_add_cstr(&batch->request, changes->prices[side]);
	snprintf(batch->who, sizeof(batch->who), "SIGHUP");
	changes->reloading++;
	changes_push(changes, batch);
}

void changes_reload(struct changes *changes)
{
	bool any = false;

	changes->again = changes->reloading > 0;
	if (changes->reloading > 0 || changes->stopping)
		return;
	for (int side = 0; side < BOOK_SIDES; side++) {
		if (changes->prices[side][0] == '\0')
			continue;
		any = true;
		reload_side(changes, (enum book_side)side);
	}
	if (!any)
		log_warning("nothing to reload: no prices setting; use toll price apply", "%s", "");
}

void changes_back(struct changes *changes, struct batch *batch)
{
	if (batch->kind == BATCH_RELOAD && batch->job != NULL)
		prices_tell(batch->side, batch->job,
		            terms_book(&batch->new_terms, batch->side)->book, batch->request.at);
	done(changes, batch);
}

void changes_free(struct changes *changes, struct batch *batch)
{
	struct freeing *freeing = NULL;

	if (batch->job != NULL || batch->request.len > FREE_BYTES_MAX)
		freeing = calloc(1, sizeof(*freeing));
	if (freeing == NULL) {
		batch_free(batch);
		return;
	}
	freeing->batch = batch;
	freeing->work.data = freeing;
	uv_queue_work(changes->loop, &freeing->work, on_free, on_freed);
}

bool changes_idle(const struct changes *changes)
{
	return changes->current == NULL && changes->first == NULL;
}

void changes_stop(struct changes *changes)
{
	struct batch *batch = changes->first;

	changes->stopping = true;
	changes->first = NULL;
	while (batch != NULL) {
		struct batch *next = batch->next;

		change_refuse(&batch->reply, -FAULT_CLOSED, STOPPED);
		changes->on_done(changes, batch);
		batch = next;
	}
}

void changes_close(struct changes *changes)
{
	changes->stopping = changes->closed = true;
}

void changes_release(struct changes *changes)
{
	while (changes->first != NULL) {
		struct batch *next = changes->first->next;

		batch_free(changes->first);
		changes->first = next;
	}
}
