/* Inside lib/report: what a comparison of sources is made of, hour by hour. */
#ifndef TOLL_REPORT_SOURCES_INTERNAL_H
#define TOLL_REPORT_SOURCES_INTERNAL_H

#include <assert.h>

#include "ledger/checkpoints.h"
#include "report/sources.h"

/* A source and an hour, or a source and all hours (hour_ms EVENT_ABSENT). */
struct cell {
	struct text source;
	int64_t hour_ms;
	/* Told: the sum of the epochs that ended, and the totals of the last. */
	int64_t sent[CHECKPOINT_TOTALS], last[CHECKPOINT_TOTALS];
	unsigned told;          /* bits: every epoch told it */
	int64_t epoch, told_ms; /* told_ms EVENT_ABSENT: never */
	bool complete;          /* nothing may have been sent behind what was told */
	bool tells_hours;       /* of a whole: its source tells hours too */
	int64_t stored[CHECKPOINT_TOTALS];
	int64_t held, conflicts;
};
static_assert(CHECKPOINT_TOTALS <= 32, "a bit each");

struct cells {
	struct cell *all;
	size_t count, cap;
	uint32_t *slots; /* index + 1 into all; slot_count a power of two */
	size_t slot_count;
};

struct reconciling {
	struct ledger *ledger;
	const struct sources_query *query;
	struct sources *sources;
	bool all; /* the range is everything */
	struct cells cells;
	struct json doc;
	struct fault *fault;
};

/* sources_cells.c: NULL where there is none; and a new one, its source copied, *cell_out. */
struct cell *cells_look(const struct cells *cells, struct text source, int64_t hour_ms);
int cells_get(struct reconciling *reconciling, struct text source, int64_t hour_ms,
              struct cell **cell_out);
void cells_release(struct cells *cells);

bool sources_wanted(const struct reconciling *reconciling, struct text source);
bool sources_within(const struct reconciling *reconciling, int64_t ms);
int sources_no_memory(struct reconciling *reconciling);
/* Copies the texts of the finding. */
int sources_note(struct reconciling *reconciling, const struct sources_finding *finding);

/* sources_sent.c */
int sources_read_sent(struct reconciling *reconciling);
/* sources_stored.c: behind the above */
int sources_read_stored(struct reconciling *reconciling);
int sources_read_held(struct reconciling *reconciling);

#endif
