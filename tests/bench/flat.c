/*
 * Flat: does an insert cost the same in a large ledger as in a small one?  Events of one ledger,
 * one behind the other in time, through the writer's own path; the rate of each million, by the
 * time that the processor took, since what a disk makes us wait for is not ours to keep flat.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ingest/ingest.h"
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

static int64_t median(const int64_t *values)
{
	int64_t sorted[ENDS];

	memcpy(sorted, values, sizeof(sorted));
	qsort(sorted, ENDS, sizeof(sorted[0]), by_value);
	return sorted[ENDS / 2];
}

int64_t bench_flat(int64_t events, int64_t slice)
{
	char folder[] = "build/bench-flat-XXXXXX", path[BENCH_PATH_BYTES];
	static const char *const suffixes[] = { "", "-wal", "-shm", ".lock", ".secret" };
	struct flat flat = { .from_ms = INT64_C(1767225600000) }; /* 2026-01-01 */
	int64_t slices = events / slice, percent;
	int64_t *rates = calloc((size_t)slices, sizeof(*rates));
	struct fault fault = { .code = FAULT_NONE };

	if (rates == NULL || slices < 2 * ENDS)
		bench_fail("flat: at least %d slices of %lld events", 2 * ENDS, (long long)slice);
	if (mkdtemp(folder) == NULL)
		bench_fail("flat: no folder under build/");
	snprintf(path, sizeof(path), "%s/ledger.db", folder);
	must(ledger_open_writer(&flat.ledger, path, NULL, &fault), &fault);
	make_items(&flat);
	for (int64_t s = 0; s < slices; s++) {
		int64_t wall = bench_now_ns(), cpu = cpu_ns();

		for (int64_t left = slice; left > 0; left -= BATCH)
			store_batch(&flat, left < BATCH ? left : BATCH);
		cpu = cpu_ns() - cpu;
		wall = bench_now_ns() - wall;
		rates[s] = slice * 1000000000 / (cpu > 0 ? cpu : 1);
		printf("%12lld events: %lld events/s of the processor, %lld/s by the clock\n",
		       (long long)flat.stored, (long long)rates[s],
		       (long long)(slice * 1000000000 / (wall > 0 ? wall : 1)));
		fflush(stdout);
	}
	percent = median(rates + slices - ENDS) * 100 / median(rates);
	ledger_close(flat.ledger);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(path, sizeof(path), "%s/ledger.db%s", folder, suffixes[i]);
		unlink(path);
	}
	rmdir(folder);
	for (int i = 0; i < TEMPLATES; i++) {
		json_release(&flat.docs[i]);
		buf_release(&flat.lines[i]);
	}
	arena_release(&flat.arena);
	free(rates);
	return percent;
}
