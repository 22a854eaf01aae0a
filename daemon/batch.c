#include "daemon/batch.h"

#include <stdlib.h>

#include "ingest/change.h"

bool batch_is_new(enum ingest_verdict verdict)
{
	return verdict == INGEST_ACCEPTED || verdict == INGEST_UNPRICED ||
	       verdict == INGEST_CHECKPOINT;
}

struct batch *batch_new(size_t events_max)
{
	struct batch *batch = calloc(1, sizeof(*batch));

	if (batch == NULL || events_max == 0)
		return batch;
	batch->items = calloc(events_max, sizeof(*batch->items));
	batch->owners = calloc(events_max, sizeof(struct feed *));
	batch->cap = events_max;
	if (batch->items == NULL || batch->owners == NULL) {
		batch_free(batch);
		return NULL;
	}
	return batch;
}

void batch_reset(struct batch *batch)
{
	arena_reset(&batch->arena);
	batch->count = 0;
	batch->places = NULL;
}

void batch_free(struct batch *batch)
{
	if (batch == NULL)
		return;
	arena_release(&batch->arena);
	free(batch->items);
	free(batch->owners);
	buf_release(&batch->request);
	buf_release(&batch->reply);
	terms_release(&batch->new_terms);
	change_end(batch->job);
	free(batch);
}
