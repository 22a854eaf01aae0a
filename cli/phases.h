/*
 * What belongs to one request beside the event that stands: the phases that do not, and the
 * parts ("ID~2" ...) that are events of their own.  For `toll explain`.
 *
 * Ownership: copies all it is given into its arena; phases_release() frees it.
 */
#ifndef TOLL_CLI_PHASES_H
#define TOLL_CLI_PHASES_H

#include "base/arena.h"
#include "cli/command.h"
#include "ledger/read.h"

/* One phase or part, as it is shown. */
struct shown_phase {
	struct shown_phase *next;
	const char *settlement, *state; /* static; the state: "stands", "replaced", "late" */
	struct text id, model, provenance;
	int64_t time_ms, kept_ms; /* kept_ms 0: it stands */
	struct text amount;       /* absent: it had no price */
	struct text counts;       /* "input 100, output 5" */
	struct text counts_json;  /* {"input":100,"output":5} */
};

struct phases {
	struct shown_phase *phases, *parts; /* in their order */
	wide parts_attos;                   /* what the parts cost together */
	struct arena arena;
};

/* Is this the id of a part of the request: "ID~2"? */
bool phases_is_part(struct text id, struct text request);
int phases_add_part(struct phases *phases, const struct stored_event *row, struct fault *fault);
/* The phases of the event that stands, and itself as the last, where there are any. */
int phases_read(struct phases *phases, struct ledger *ledger, const struct stored_event *stands,
                struct fault *fault);
void phases_release(struct phases *phases);

/* Both write nothing where there is nothing but the event. */
void phases_write_text(const struct phases *phases, struct context *context,
                       const struct stored_event *stands);
/* ,"phases":[...],"parts":[...] */
void phases_write_json(const struct phases *phases, struct buf *out);

#endif
