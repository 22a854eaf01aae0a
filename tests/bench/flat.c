/*
 * Flat: does an insert cost the same in a large ledger as in a small one?  Events of one ledger,
 * one behind the other in time, through the writer's own path.  Of each million the rate, by the
 * time that the processor took, since what a disk makes us wait for is not ours to keep flat; and
 * the work, as SQLite counts it, which no other process on the machine changes: the steps of its
 * programs (a scan in place of a seek is seen here), the pages that they ask for (how deep the
 * trees are) and the pages that are written.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ingest/ingest.h"
#include "ledger/internal.h"
#include "ledger/ledger.h"
#include "ledger/store.h"
#include "tests/bench/bench.h"
#include "tests/support/sample_traffic.h"

enum {
	TEMPLATES = 64, /* lines of other accounts and models */
	BATCH = 2048,
	EVENTS_PER_MS = 5,
	ENDS = 3, /* of so many slices at either end the median */
};

struct flat {
	struct ledger *ledger;
	struct terms terms;
	struct json docs[TEMPLATES];
	struct arena arena;
	struct ingest_item items[TEMPLATES];
	struct buf lines[TEMPLATES];
	int64_t from_ms, stored;
};

static void must(int r, const struct fault *fault)
{
	if (r < 0)
		bench_fail("flat: %s", fault->text);
}

static void make_items(struct flat *flat)
{
	const struct event_defaults defaults = { .source = text_of("gw-1"),
		                                 .now_ms = flat->from_ms + INT64_C(86400000) };
	const struct sample_traffic traffic = { .seed = 1,
		                                .events = TEMPLATES,
		                                .day_ms = flat->from_ms };

	for (int i = 0; i < TEMPLATES; i++) {
		sample_bench_line(&traffic, (uint64_t)i, &flat->lines[i]);
		flat->lines[i].len--; /* its newline */
		must(ingest_prepare(&flat->items[i], buf_text(&flat->lines[i]), INGEST_LINE_WHOLE,
		                    (int64_t)flat->lines[i].len, &defaults, &flat->terms,
		                    &flat->docs[i], &flat->arena),
		     &(struct fault){ .text = "a line was not taken" });
		if (flat->items[i].refused)
			bench_fail("flat: a line is refused: %s", flat->items[i].refusal->detail);
	}
}

/* One transaction: the next events, each of its own id and time. */
static void store_batch(struct flat *flat, int64_t count)
{
	struct fault fault = { .code = FAULT_NONE };

	must(ledger_begin(flat->ledger, &fault), &fault);
	for (int64_t i = 0; i < count; i++) {
		struct ingest_item item = flat->items[flat->stored % TEMPLATES];
		char id[32];

		/* As ids come: in no order. */
		snprintf(id, sizeof(id), "gen-%016llx",
		         (unsigned long long)(flat->stored * INT64_C(0x9e3779b97f4a7c1)));
		item.event.id = text_of(id);
		item.event.time_ms = flat->from_ms + flat->stored / EVENTS_PER_MS;
		must(ingest_store(flat->ledger, &item, &fault), &fault);
		if (item.verdict != INGEST_ACCEPTED && item.verdict != INGEST_UNPRICED)
			bench_fail("flat: event %lld: %s", (long long)flat->stored,
			           ingest_verdict_name(item.verdict));
		flat->stored++;
	}
	must(ledger_commit(flat->ledger, &fault), &fault);
	must(ledger_wal_checkpoint(flat->ledger, false, NULL, &fault), &fault);
}

/* Adds what was done since it was asked last. */
static void add_work(sqlite3 *db, int64_t work[FLAT_WORKS])
{
	static const struct {
		int status;
		enum flat_work work;
	} pages[] = {
		{ SQLITE_DBSTATUS_CACHE_HIT, FLAT_PAGES_ASKED },
		{ SQLITE_DBSTATUS_CACHE_MISS, FLAT_PAGES_ASKED },
		{ SQLITE_DBSTATUS_CACHE_WRITE, FLAT_PAGES_WRITTEN },
	};

	for (sqlite3_stmt *s = sqlite3_next_stmt(db, NULL); s != NULL; s = sqlite3_next_stmt(db, s))
		work[FLAT_STEPS] += sqlite3_stmt_status(s, SQLITE_STMTSTATUS_VM_STEP, 1);
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		int now = 0, peak = 0;

		if (sqlite3_db_status(db, pages[i].status, &now, &peak, 1) != SQLITE_OK)
			bench_fail("flat: SQLite does not tell its work");
		work[pages[i].work] += now;
	}
}

static int64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Of what the first and the last ENDS slices have each the median, the last in per cent. */
static int64_t last_percent(const int64_t *values, int64_t slices)
{
	int64_t first[ENDS], last[ENDS];

	memcpy(first, values, sizeof(first));
	memcpy(last, values + slices - ENDS, sizeof(last));
	qsort(first, ENDS, sizeof(first[0]), by_value);
	qsort(last, ENDS, sizeof(last[0]), by_value);
	if (first[ENDS / 2] <= 0)
		bench_fail("flat: nothing was counted");
	return last[ENDS / 2] * 100 / first[ENDS / 2];
}

/* One slice: its rate and its work. */
static void store_slice(struct flat *flat, int64_t slice, int64_t s, int64_t *measured[FLAT_ALL])
{
	int64_t wall = bench_now_ns(), cpu = cpu_ns(), work[FLAT_WORKS] = { 0 };

	for (int64_t left = slice; left > 0; left -= BATCH) {
		store_batch(flat, left < BATCH ? left : BATCH);
		add_work(flat->ledger->db, work);
	}
	cpu = cpu_ns() - cpu;
	wall = bench_now_ns() - wall;
	for (int w = 0; w < FLAT_WORKS; w++)
		measured[w][s] = work[w];
	measured[FLAT_RATE][s] = slice * 1000000000 / (cpu > 0 ? cpu : 1);
	printf("%12lld events: %lld events/s of the processor, %lld/s by the clock; of 1000 events "
	       "%lld steps, %lld pages asked for, %lld written\n",
	       (long long)flat->stored, (long long)measured[FLAT_RATE][s],
	       (long long)(slice * 1000000000 / (wall > 0 ? wall : 1)),
	       (long long)(work[FLAT_STEPS] * 1000 / slice),
	       (long long)(work[FLAT_PAGES_ASKED] * 1000 / slice),
	       (long long)(work[FLAT_PAGES_WRITTEN] * 1000 / slice));
	fflush(stdout);
}

static void remove_folder(const char *folder)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", ".lock", ".secret" };
	char path[BENCH_PATH_BYTES];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(path, sizeof(path), "%s/ledger.db%s", folder, suffixes[i]);
		unlink(path);
	}
	rmdir(folder);
}

void bench_flat(int64_t events, int64_t slice, int64_t percent_out[FLAT_ALL])
{
	char folder[] = "build/bench-flat-XXXXXX", path[BENCH_PATH_BYTES];
	struct flat flat = { .from_ms = INT64_C(1767225600000) }; /* 2026-01-01 */
	int64_t slices = events / slice, *measured[FLAT_ALL];
	struct fault fault = { .code = FAULT_NONE };

	if (slices < 2 * ENDS)
		bench_fail("flat: at least %d slices of %lld events", 2 * ENDS, (long long)slice);
	for (int m = 0; m < FLAT_ALL; m++) {
		measured[m] = calloc((size_t)slices, sizeof(*measured[m]));
		if (measured[m] == NULL)
			bench_fail("flat: no memory");
	}
	if (mkdtemp(folder) == NULL)
		bench_fail("flat: no folder under build/");
	snprintf(path, sizeof(path), "%s/ledger.db", folder);
	must(ledger_open_writer(&flat.ledger, path, NULL, &fault), &fault);
	make_items(&flat);
	for (int64_t s = 0; s < slices; s++)
		store_slice(&flat, slice, s, measured);
	for (int m = 0; m < FLAT_ALL; m++) {
		percent_out[m] = last_percent(measured[m], slices);
		free(measured[m]);
	}
	ledger_close(flat.ledger);
	remove_folder(folder);
	for (int i = 0; i < TEMPLATES; i++) {
		json_release(&flat.docs[i]);
		buf_release(&flat.lines[i]);
	}
	arena_release(&flat.arena);
}
