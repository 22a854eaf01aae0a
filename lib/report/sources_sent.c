/* The checkpoints, in their order: what each source says that it sent. */
#include <stdio.h>

#include "base/moment.h"
#include "report/sources_internal.h"

/* The one before, of any hour. */
struct previous {
	struct text source; /* in the arena; absent: none */
	int64_t epoch, seq, received_ms;
};

struct sent_walk {
	struct reconciling *reconciling;
	struct previous previous;
};

/* 0 where the epoch goes on without a gap; the first of one is 0 or 1. */
static int look_at_seq(struct sent_walk *walk, const struct checkpoint_row *row)
{
	const struct previous *previous = &walk->previous;
	bool same = previous->source.at != NULL && text_equal(previous->source, row->source);
	bool goes_on = same && previous->epoch == row->epoch;
	const struct sources_finding gap = {
		.kind = SOURCES_FINDING_GAP,
		.source = row->source,
		.epoch = row->epoch,
		.seq = row->seq,
		.at_ms = row->received_ms,
		.before = goes_on ? previous->seq : EVENT_ABSENT,
		.before_ms = goes_on ? previous->received_ms : EVENT_ABSENT,
	};
	bool whole = goes_on ? row->seq - 1 == previous->seq : row->seq <= 1;
	struct text source = same ? previous->source
	                          : arena_copy(&walk->reconciling->sources->arena, row->source);

	if (source.at == NULL)
		return sources_no_memory(walk->reconciling);
	walk->previous = (struct previous){ source, row->epoch, row->seq, row->received_ms };
	if (whole || !sources_within(walk->reconciling, row->received_ms))
		return 0;
	return sources_note(walk->reconciling, &gap);
}

/* The first total that is lower than before; CHECKPOINT_TOTALS: none. */
static int fallen(const struct cell *cell, const struct checkpoint *told)
{
	int t = 0;

	while (t < CHECKPOINT_TOTALS &&
	       (told->total[t] == EVENT_ABSENT || cell->last[t] == EVENT_ABSENT ||
	        told->total[t] >= cell->last[t]))
		t++;
	return t;
}

/* One that its epochs make too large is not compared; the others are. */
static int note_too_large(struct reconciling *reconciling, struct cell *cell, int total)
{
	char detail[128];
	struct sources_finding finding = {
		.kind = SOURCES_FINDING_UNREAD,
		.source = cell->source,
		.epoch = cell->epoch,
		.seq = EVENT_ABSENT,
		.before = EVENT_ABSENT,
		.at_ms = cell->told_ms,
		.before_ms = EVENT_ABSENT,
	};

	cell->told &= ~(1U << total);
	snprintf(detail, sizeof(detail), "%s of its epochs are more than can be added",
	         checkpoint_total_key(total));
	finding.detail = text_of(detail);
	return sources_note(reconciling, &finding);
}

/* The totals of an epoch that is over are added to those of the others. */
static int end_epoch(struct reconciling *reconciling, struct cell *cell)
{
	int r = 0;

	for (int t = 0; r == 0 && t < CHECKPOINT_TOTALS; t++) {
		if (cell->last[t] == EVENT_ABSENT)
			cell->told &= ~(1U << t);
		else if ((cell->told & 1U << t) != 0 &&
		         __builtin_add_overflow(cell->sent[t], cell->last[t], &cell->sent[t]))
			r = note_too_large(reconciling, cell, t);
		cell->last[t] = EVENT_ABSENT;
	}
	/* What it sent behind its last checkpoint, nobody told. */
	if (cell->hour_ms == EVENT_ABSENT || cell->told_ms < cell->hour_ms + MS_PER_HOUR)
		cell->complete = false;
	return r;
}

static int note_fall(struct reconciling *reconciling, const struct cell *cell,
                     const struct checkpoint_row *row, const struct checkpoint *told, int total)
{
	char hour[MOMENT_TEXT_BYTES] = "", detail[256];
	struct sources_finding fell = {
		.kind = SOURCES_FINDING_FELL,
		.source = row->source,
		.epoch = row->epoch,
		.seq = row->seq,
		.before = EVENT_ABSENT,
		.at_ms = row->received_ms,
		.before_ms = cell->told_ms,
	};

	if (cell->hour_ms != EVENT_ABSENT)
		moment_text_unit(cell->hour_ms, MOMENT_HOUR, hour);
	snprintf(detail, sizeof(detail), "%s%s%s %lld, before %lld", hour,
	         hour[0] != '\0' ? " " : "", checkpoint_total_key(total),
	         (long long)told->total[total], (long long)cell->last[total]);
	fell.detail = text_of(detail);
	return sources_within(reconciling, row->received_ms) ? sources_note(reconciling, &fell) : 0;
}

static int tell(struct reconciling *reconciling, const struct checkpoint_row *row,
                const struct checkpoint *told)
{
	struct cell *cell;
	bool again;
	int total, r = cells_get(reconciling, row->source, told->hour_ms, &cell);

	if (r < 0)
		return r;
	again = cell->told_ms != EVENT_ABSENT;
	total = again && cell->epoch == row->epoch ? fallen(cell, told) : CHECKPOINT_TOTALS;
	if (total < CHECKPOINT_TOTALS)
		r = note_fall(reconciling, cell, row, told, total);
	if (r == 0 && again && (cell->epoch != row->epoch || total < CHECKPOINT_TOTALS))
		r = end_epoch(reconciling, cell);
	cell->epoch = row->epoch;
	cell->told_ms = row->received_ms;
	for (int t = 0; t < CHECKPOINT_TOTALS; t++)
		cell->last[t] = told->total[t];
	return r;
}

static int note_unread(struct reconciling *reconciling, const struct checkpoint_row *row,
                       enum sources_finding_kind kind, struct text detail)
{
	const struct sources_finding finding = {
		.kind = kind,
		.source = row->source,
		.epoch = row->epoch,
		.seq = row->seq,
		.before = EVENT_ABSENT,
		.at_ms = row->received_ms,
		.before_ms = EVENT_ABSENT,
		.detail = detail,
	};

	return sources_within(reconciling, row->received_ms) ? sources_note(reconciling, &finding)
	                                                     : 0;
}

static int on_checkpoint(void *context, const struct checkpoint_row *row)
{
	struct sent_walk *walk = context;
	struct reconciling *reconciling = walk->reconciling;
	struct event_refusal refusal = { .reason = REASON_NONE };
	struct checkpoint told;
	struct fault fault;
	int r;

	if (!sources_wanted(reconciling, row->source))
		return 0;
	r = look_at_seq(walk, row);
	if (r == 0)
		r = json_parse(&reconciling->doc, row->json, &fault);
	if (r == -FAULT_NOMEM)
		return sources_no_memory(reconciling);
	if (r < 0)
		return note_unread(reconciling, row, SOURCES_FINDING_UNREAD, text_of(fault.text));
	if (!checkpoint_read(&reconciling->doc, row->received_ms, &told, &refusal))
		return note_unread(reconciling, row, SOURCES_FINDING_UNREAD,
		                   text_of(refusal.detail));
	if (told.unknown.at != NULL)
		r = note_unread(reconciling, row, SOURCES_FINDING_UNKNOWN, told.unknown);
	if (told.hour_ms == EVENT_ABSENT && !reconciling->all)
		reconciling->sources->whole_skipped = true;
	else if (r == 0 &&
	         (told.hour_ms == EVENT_ABSENT || sources_within(reconciling, told.hour_ms)))
		r = tell(reconciling, row, &told);
	return r;
}

int sources_read_sent(struct reconciling *reconciling)
{
	struct sent_walk walk = { reconciling, { .source.at = NULL } };
	int r = ledger_each_checkpoint(reconciling->ledger, on_checkpoint, &walk,
	                               reconciling->fault);

	for (size_t i = 0; r == 0 && i < reconciling->cells.count; i++) {
		struct cell *cell = &reconciling->cells.all[i];
		bool complete = cell->complete;

		r = end_epoch(reconciling, cell);
		/* Of the whole the last epoch is looked at where what is stored is known. */
		if (cell->hour_ms == EVENT_ABSENT)
			cell->complete = complete;
	}
	return r;
}
