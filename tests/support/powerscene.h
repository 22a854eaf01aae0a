/*
 * A ledger's life in steps, run by the real code, for the tests of power cuts, of a disk that
 * fails and of memory that is not there; and what must be in the ledger behind each of them,
 * whatever became of it (scene_check()).
 *
 * Every event's amount is known beforehand: the books differ in what is of no event there yet.
 */
#ifndef TOLL_TESTS_POWERSCENE_H
#define TOLL_TESTS_POWERSCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "ingest/terms.h"
#include "ledger/ledger.h"
#include "money/money.h"

enum {
	SCENE_PATH_BYTES = 256,
	SCENE_STEPS_MAX = 40,
	SCENE_BATCHES_MAX = 12,
	SCENE_BATCH_EVENTS_MAX = 6,
	SCENE_EVENTS_MAX = SCENE_BATCHES_MAX * SCENE_BATCH_EVENTS_MAX,
	SCENE_OLD_EVENTS = 6, /* of a ledger of the first schema */
};

enum scene_kind {
	SCENE_END,
	SCENE_OPEN,
	SCENE_BOOK,    /* price.apply, of book `argument` */
	SCENE_BATCH,   /* of events: also phases, a resend, a conflict and a line that is none */
	SCENE_PASSIVE, /* a checkpoint, PASSIVE */
	SCENE_IDLE,    /* a checkpoint, TRUNCATE */
	SCENE_RETRY,   /* suspense.retry */
	SCENE_RERATE,
	SCENE_PERIOD, /* is closed */
	SCENE_SHUT,
	SCENE_KILL,     /* the process dies, and another one opens the ledger */
	SCENE_DIE_OPEN, /* one dies at a random moment of its opening, and another one opens */
};

struct scene_step {
	enum scene_kind kind;
	int argument;
};

/* What is wrong with a writer, for a test that must find it. */
enum scene_control {
	SCENE_SOUND,
	SCENE_NORMAL,     /* synchronous=NORMAL */
	SCENE_EARLY,      /* acknowledges before it commits */
	SCENE_SPLIT_SUMS, /* the sums of a batch in a transaction of their own */
	SCENE_HALVES,     /* a batch in two transactions */
	SCENE_CONTROL_COUNT
};

/* Which scenes there are. */
enum scene_name {
	SCENE_LIFE,
	SCENE_OLD,
	SCENE_LARGE_BOOK,
	SCENE_DYING,
	SCENE_FAULTS, /* shorter; a ledger is made in its first SCENE_MADE steps */
	SCENE_NAMES
};
enum { SCENE_POWER_NAMES = SCENE_FAULTS, SCENE_MADE = 4 };
const char *scene_name_text(enum scene_name name);

struct scene {
	enum scene_name name;
	const struct scene_step *steps;
	size_t step_count;
	int batch_count, batch_first[SCENE_BATCHES_MAX + 1]; /* event numbers */
	uint64_t random;
	enum scene_control control;
	char path[SCENE_PATH_BYTES];
	struct ledger *ledger;
	struct money amount; /* of the events that scene_check() found */
	struct terms terms;  /* in force, as scene_step() goes on */
	struct json doc;
	struct arena arena;
};

/* What was begun and what was acknowledged, by step. */
struct scene_promise {
	bool begun[SCENE_STEPS_MAX], done[SCENE_STEPS_MAX];
};

/* The lock file of a ledger whose writer is gone, with nothing noted in it. */
void scene_lay_lock(const char *path);

/* Of a seed; the path must be canonical.  Files of that path are removed. */
void scene_init(struct scene *scene, enum scene_name name, uint64_t seed, const char *path);
void scene_release(struct scene *scene);
/* The same scene over files that are there already, which are left as they are. */
void scene_move(struct scene *scene_out, const struct scene *scene, const char *path);
int scene_open(struct scene *scene, struct fault *fault);
void scene_shut(struct scene *scene);

/*
 * Called around what allocates memory for the test alone, where that of the ledger is made to
 * fail; NULL: nothing.
 */
typedef void scene_pause_fn(bool begins);
void scene_set_pause(scene_pause_fn *pause);

/* 0 or a fault, behind which a batch is rolled back. */
int scene_step(struct scene *scene, size_t step, struct fault *fault);
/* The record of powervfs.h: that a step begins, and that it is acknowledged. */
int64_t scene_begun(size_t step);
int64_t scene_done(size_t step);
void scene_promise_mark(struct scene_promise *promise, int64_t mark);

/* What is wrong, highest precedence first. */
enum scene_wrong {
	SCENE_DAMAGED, /* it does not open, or SQLite or verify finds damage */
	SCENE_LOST,    /* an acknowledged event */
	SCENE_DOUBLE,
	SCENE_HALF, /* of a batch */
	SCENE_AMOUNT,
	SCENE_STRANGE, /* what nobody sent yet */
	SCENE_SUMS,    /* are not those of the events */
	SCENE_CHANGE,  /* an acknowledged one is not there, or one twice */
	SCENE_FINE,
};
const char *scene_wrong_text(enum scene_wrong wrong);

/*
 * The ledger that is open in scene->ledger against what was promised.  `verified`: also by
 * ledger_verify().  Says more in `why`.
 */
enum scene_wrong scene_check(struct scene *scene, const struct scene_promise *promise,
                             bool verified, struct buf *why);

/*
 * As every source does after a crash: all of it is sent again, whatever became of it, and what was
 * changed is changed again; each step marked as scene_step() does.  Then everything is promised.
 */
int scene_resume(struct scene *scene, struct scene_promise *promise, struct fault *fault);

/* Of all events, once everything is there and priced. */
struct money scene_total(const struct scene *scene);

/* A new folder for scenes, on a file system in memory where there is one; canonical. */
void scene_folder(char folder[SCENE_PATH_BYTES]);
/* With all that is in it. */
void scene_folder_remove(const char *folder);

#endif
