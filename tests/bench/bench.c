/* bench: the figures of README.md, from one run on this machine. */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/moment.h"
#include "tests/bench/bench.h"
#include "tests/support/sample_traffic.h"

enum {
	ROUNDS_MAX = 9,
	BATCH = 2048, /* batch_events_max of the daemon */
	PACE_PER_SECOND = 5000,
	PACE_SECONDS = 5,
	RELOAD_VERSIONS = 99000,             /* beside those of the sample */
	RELOAD_AT_S = 2,                     /* of the pace */
	RELOAD_MARGIN = PACE_PER_SECOND / 2, /* lines before it that may wait for it too */
	PAUSE_MS = 20,
	/* Of what the first events cost, and of their rate, that of the last, in per cent. */
	FLAT_WORK_MAX = 125,
	FLAT_PAGES_MAX = 200, /* a tree of a hundred times the rows is a level deeper or two */
	FLAT_RATE_MIN = 80,
	RECONCILED_SHARE = 4, /* of the events: so many are in the ledger of the statements */
	RECONCILED_MIN = 10 * 1000 * 1000, /* events of a ledger that their targets are for */
	EXIT_DIFFERENCE = 1,
	EXIT_USAGE = 2,
};
#define SPAN_MS INT64_C(3600000)

struct options {
	const char *build, *output;
	int64_t events, rounds;
	int64_t flat, slice; /* 0: all the rest is measured, and not this */
	int64_t work;        /* of it: not held to the rate */
	int64_t reconcile;   /* events; the same */
};

/* What is measured; each has a row in `figures`. */
enum figure {
	FLOOD,
	P50,
	P99,
	BYTES,
	PEAK,
	RELOAD,
	RELOAD_MORE,
	CEILING,
	RATIO,
	RATING,
	LOADING,
	LOADING_PEAK,
	BILL_MONTH,
	BILL_MONTH_PEAK,
	BILL_MONTH_BY_DAY,
	BILL_MONTH_DAYS,
	BILL_DAYS,
	BILL_ALL,
	BILL_ALL_PEAK,
	FIGURE_COUNT
};

static const struct {
	const char *key, *label, *unit, *target;
	int64_t limit;
	bool at_least;
} figures[FIGURE_COUNT] = {
	[FLOOD] = { "events_per_s", "through the socket, acknowledged", "events/s",
	            "at least 80000", 80000, true },
	[P50] = { "ack_p50_us", "acknowledged at 5000/s, median", "us", "", 0, false },
	[P99] = { "ack_p99_us", "acknowledged at 5000/s, 99 of 100", "us", "", 0, false },
	[BYTES] = { "bytes_per_event", "a stored event", "bytes", "at most 130", 130, false },
	[PEAK] = { "peak_rss_kib", "memory of the daemon, peak", "KiB", "at most 65536", 65536,
	           false },
	[RELOAD] = { "reload_longest_us", "a book of 100 000 prices: longest wait", "us", "", 0,
	             false },
	[RELOAD_MORE] = { "reload_more_us", "  more than the longest before it", "us",
	                  "at most 5000", 5000, false },
	[CEILING] = { "ceiling_rows_per_s", "bare inserts of the same rows", "rows/s", "", 0,
	              true },
	[RATIO] = { "ratio_percent", "the daemon, of the bare inserts", "%", "", 0, true },
	[RATING] = { "ratings_per_s", "rating by 5 000 models, one core", "requests/s",
	             "at least 3000000", 3000000, true },
	[LOADING] = { "loading_ms", "loading a book of 100 000 models", "ms", "", 0, false },
	[LOADING_PEAK] = { "loading_peak_kib", "memory for it, peak", "KiB", "", 0, false },
	[BILL_MONTH] = { "reconcile_month_ms", "a statement of a month, by id", "ms",
	                 "at most 15000", 15000, false },
	[BILL_MONTH_PEAK] = { "reconcile_month_peak_kib", "memory for it, peak", "KiB",
	                      "at most 262144", 262144, false },
	[BILL_MONTH_BY_DAY] = { "reconcile_month_by_day_ms", "the same statement, by day", "ms",
	                        "at most 2000", 2000, false },
	[BILL_MONTH_DAYS] = { "reconcile_month_days_ms", "a statement of its days", "ms",
	                      "at most 2000", 2000, false },
	[BILL_DAYS] = { "reconcile_days_ms", "sums of all days of ten months", "ms", "", 0, false },
	[BILL_ALL] = { "reconcile_all_ms", "a statement of all events, by id", "ms", "", 0, false },
	[BILL_ALL_PEAK] = { "reconcile_all_peak_kib", "memory for it, peak", "KiB",
	                    "at most 262144", 262144, false },
};

struct run {
	struct options options;
	struct sample_traffic traffic;
	struct bench_lines flood[BENCH_CONNECTIONS], pace[BENCH_CONNECTIONS];
	int64_t value[FIGURE_COUNT][ROUNDS_MAX];
};

/* Events first, first + CONNECTIONS ...: the connections go through the hour side by side. */
static void make_lines(const struct sample_traffic *traffic, uint64_t first, size_t count,
                       struct bench_lines *lines)
{
	struct buf out = { .max_bytes = (size_t)1 << 40 };

	lines->ends = malloc((count + 1) * sizeof(*lines->ends));
	if (lines->ends == NULL)
		bench_fail("out of memory");
	for (size_t i = 0; i < count; i++) {
		sample_bench_line(traffic, first + i * BENCH_CONNECTIONS, &out);
		lines->ends[i] = out.len;
	}
	if (out.error != 0)
		bench_fail("out of memory");
	lines->at = out.at;
	lines->len = out.len;
	lines->count = count;
}

static void make_traffic(struct run *run)
{
	size_t flood = (size_t)run->options.events / BENCH_CONNECTIONS;
	size_t pace = PACE_PER_SECOND * PACE_SECONDS / BENCH_CONNECTIONS;
	uint64_t all = (flood + pace) * BENCH_CONNECTIONS;

	/* The last hour of yesterday: no clock of a fresh machine is behind that. */
	run->traffic = (struct sample_traffic){
		.seed = 1,
		.events = all,
		.day_ms = moment_floor((int64_t)time(NULL) * 1000, MOMENT_DAY) - SPAN_MS,
		.span_ms = SPAN_MS,
	};
	for (unsigned g = 0; g < BENCH_CONNECTIONS; g++) {
		make_lines(&run->traffic, g, flood, &run->flood[g]);
		make_lines(&run->traffic, flood * BENCH_CONNECTIONS + g, pace, &run->pace[g]);
	}
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void measure_latency(struct run *run, const char *socket, int64_t round)
{
	size_t count = PACE_PER_SECOND * PACE_SECONDS;
	int64_t *latency_ns = calloc(count, sizeof(*latency_ns));

	if (latency_ns == NULL)
		bench_fail("out of memory");
	bench_pace(socket, run->pace, PACE_PER_SECOND, NULL, latency_ns);
	qsort(latency_ns, count, sizeof(*latency_ns), compare);
	run->value[P50][round] = latency_ns[count / 2] / 1000;
	run->value[P99][round] = latency_ns[count * 99 / 100] / 1000;
	free(latency_ns);
}

static void send_hangup(void *context)
{
	const struct bench_daemon *daemon = context;

	kill(daemon->pid, SIGHUP);
}

static int64_t longest(const int64_t *latency_ns, size_t from, size_t to)
{
	int64_t most = 0;

	for (size_t i = from; i < to; i++)
		most = latency_ns[i] > most ? latency_ns[i] : most;
	return most;
}

/* The same pace, and in the midst of it a book of 100 000 prices is put in force. */
static void measure_reload(struct run *run, int64_t round)
{
	size_t count = PACE_PER_SECOND * PACE_SECONDS, at = PACE_PER_SECOND * RELOAD_AT_S;
	int64_t *latency_ns = calloc(count, sizeof(*latency_ns)), before, after;
	struct bench_daemon daemon;
	const struct bench_call hangup = { at, send_hangup, &daemon };

	if (latency_ns == NULL)
		bench_fail("out of memory");
	bench_daemon_start(&daemon, run->options.build);
	bench_daemon_enlarge_prices(&daemon, RELOAD_VERSIONS);
	bench_pace(daemon.socket, run->pace, PACE_PER_SECOND, &hangup, latency_ns);
	if (bench_daemon_applied(&daemon) != 2)
		fputs("bench: a busy machine: the events ended before the book was in force\n",
		      stderr);
	for (unsigned ms = 0; bench_daemon_applied(&daemon) != 2; ms += PAUSE_MS) {
		if (ms > BENCH_WAIT_S * 1000)
			bench_fail("the book was not put in force; see %s", daemon.log);
		usleep(PAUSE_MS * 1000);
	}
	before = longest(latency_ns, 0, at - RELOAD_MARGIN);
	after = longest(latency_ns, at - RELOAD_MARGIN, count);
	run->value[RELOAD][round] = after / 1000;
	run->value[RELOAD_MORE][round] = after > before ? (after - before) / 1000 : 0;
	bench_daemon_stop(&daemon);
	bench_daemon_remove(&daemon);
	free(latency_ns);
}

static int64_t per_second(int64_t count, int64_t ns)
{
	return count * INT64_C(1000000000) / (ns > 0 ? ns : 1);
}

/* Before there are lines to send: memory is measured, too. */
static void run_prices(struct run *run)
{
	for (int64_t r = 0; r < run->options.rounds; r++) {
		run->value[LOADING][r] = bench_loading(&run->value[LOADING_PEAK][r]) / 1000000;
		run->value[RATING][r] = per_second(run->options.events,
		                                   bench_rating(run->options.events));
		printf("prices %lld: %lld requests/s, loaded in %lld ms\n", (long long)r + 1,
		       (long long)run->value[RATING][r], (long long)run->value[LOADING][r]);
		fflush(stdout);
	}
}

static const enum figure bill_figures[BENCH_STATEMENTS][2] = {
	[BENCH_MONTH] = { BILL_MONTH, BILL_MONTH_PEAK },
	[BENCH_MONTH_BY_DAY] = { BILL_MONTH_BY_DAY, FIGURE_COUNT },
	[BENCH_MONTH_DAYS] = { BILL_MONTH_DAYS, FIGURE_COUNT },
	[BENCH_DAYS] = { BILL_DAYS, FIGURE_COUNT },
	[BENCH_ALL] = { BILL_ALL, BILL_ALL_PEAK },
};

static void note_reconciled(void *context, const struct bench_reconciled *done)
{
	struct run *run = context;
	const enum figure *figure = bill_figures[done->what];

	run->value[figure[0]][done->round] = done->ms;
	if (figure[1] != FIGURE_COUNT)
		run->value[figure[1]][done->round] = done->peak_kib;
	printf("%s, %lld rows: %lld ms, %lld ms of the processor, %lld KiB\n",
	       figures[figure[0]].label, (long long)done->rows, (long long)done->ms,
	       (long long)done->cpu_ms, (long long)done->peak_kib);
	fflush(stdout);
}

static void run_round(struct run *run, int64_t round)
{
	struct bench_daemon daemon;
	char ceiling[BENCH_PATH_BYTES];
	struct stat status;
	size_t rows = 0;
	int64_t ns;

	bench_daemon_start(&daemon, run->options.build);
	ns = bench_flood(daemon.socket, run->flood);
	run->value[FLOOD][round] = per_second(run->options.events, ns);
	measure_latency(run, daemon.socket, round);
	run->value[PEAK][round] = bench_daemon_peak_kib(&daemon);
	bench_daemon_stop(&daemon);
	snprintf(ceiling, sizeof(ceiling), "%s/ceiling.db", daemon.folder);
	ns = bench_ceiling(daemon.ledger, ceiling, BATCH, &rows);
	if (rows != run->traffic.events)
		bench_fail("%zu events are stored, not %llu", rows,
		           (unsigned long long)run->traffic.events);
	if (stat(daemon.ledger, &status) < 0)
		bench_fail("%s: %s", daemon.ledger, strerror(errno));
	run->value[BYTES][round] = (status.st_size + (int64_t)rows - 1) / (int64_t)rows;
	run->value[CEILING][round] = per_second((int64_t)rows, ns);
	run->value[RATIO][round] = run->value[FLOOD][round] * 100 / run->value[CEILING][round];
	bench_daemon_remove(&daemon);
	measure_reload(run, round);
}

/* What a statement takes is held to its target with as large a ledger as that is for. */
static bool is_held(const struct run *run, int figure)
{
	return figures[figure].target[0] != '\0' &&
	       (figure < BILL_MONTH || run->options.reconcile >= RECONCILED_MIN);
}

/* Some target was missed. */
static bool print_figures(const struct run *run, enum figure from)
{
	bool missed = false;

	printf("%-36s %12s %-10s %s\n", "median of the rounds", "", "", "target");
	for (int f = (int)from; f < FIGURE_COUNT; f++) {
		int64_t value = run->value[f][run->options.rounds / 2];
		bool met = figures[f].at_least ? value >= figures[f].limit
		                               : value <= figures[f].limit;

		printf("%-36s %12lld %-10s", figures[f].label, (long long)value, figures[f].unit);
		missed = missed || (is_held(run, f) && !met);
		if (is_held(run, f))
			printf(" %s: %s", figures[f].target, met ? "met" : "MISSED");
		puts("");
	}
	return missed;
}

static void write_figures(const struct run *run, enum figure from, FILE *out)
{
	for (int f = (int)from; f < FIGURE_COUNT; f++) {
		fprintf(out, ",\n\t\"%s\": { \"median\": %lld, \"rounds\": [", figures[f].key,
		        (long long)run->value[f][run->options.rounds / 2]);
		for (int64_t r = 0; r < run->options.rounds; r++)
			fprintf(out, "%s%lld", r > 0 ? ", " : "", (long long)run->value[f][r]);
		fputs("] }", out);
	}
}

/* The median first, then every round, sorted; `from` BILL_MONTH: of statements alone. */
static void write_json(const struct run *run, enum figure from)
{
	FILE *out = fopen(run->options.output, "we");
	bool bills = from == BILL_MONTH;

	if (out == NULL)
		bench_fail("%s: %s", run->options.output, strerror(errno));
	fprintf(out, "{\n\t\"events\": %lld,\n\t\"rounds\": %lld,\n\t\"cores\": %ld",
	        (long long)(bills ? run->options.reconcile : run->options.events),
	        (long long)run->options.rounds, sysconf(_SC_NPROCESSORS_ONLN));
	if (!bills)
		fprintf(out, ",\n\t\"connections\": %d,\n\t\"event_bytes\": %zu", BENCH_CONNECTIONS,
		        run->flood[0].len / run->flood[0].count);
	write_figures(run, from, out);
	fputs("\n}\n", out);
	if (fclose(out) != 0)
		bench_fail("%s: %s", run->options.output, strerror(errno));
}

struct number {
	const char *name;
	int64_t *value;
};

static bool read_number(const char *name, const char *text, const struct number *numbers,
                        size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(name, numbers[i].name) == 0)
			return text_int(text_of(text), numbers[i].value);
	}
	return false;
}

static bool read_options(int argc, char **argv, struct options *options)
{
	const struct number numbers[] = {
		{ "--events", &options->events }, { "--rounds", &options->rounds },
		{ "--flat", &options->flat },     { "--slice", &options->slice },
		{ "--work", &options->work },     { "--reconcile", &options->reconcile }
	};

	*options = (struct options){ .build = "build/release",
		                     .output = "build/bench.json",
		                     .events = 1000000,
		                     .rounds = 3,
		                     .slice = 1000000 };
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--build") == 0)
			options->build = argv[i + 1];
		else if (strcmp(argv[i], "--output") == 0)
			options->output = argv[i + 1];
		else if (!read_number(argv[i], argv[i + 1], numbers,
		                      sizeof(numbers) / sizeof(numbers[0])))
			return false;
	}
	options->events -= options->events % BENCH_CONNECTIONS;
	return argc % 2 == 1 && options->events > 0 && options->rounds > 0 &&
	       options->rounds <= ROUNDS_MAX && options->flat >= 0 && options->slice > 0 &&
	       options->reconcile >= 0;
}

/* The rate is of the machine too: who asks for the work alone is answered by that. */
static int run_flat(const struct options *options)
{
	static const struct {
		const char *name;
		int64_t most;
	} works[FLAT_WORKS] = {
		[FLAT_STEPS] = { "steps of SQLite", FLAT_WORK_MAX },
		[FLAT_PAGES_ASKED] = { "pages asked for", FLAT_PAGES_MAX },
		[FLAT_PAGES_WRITTEN] = { "pages written", FLAT_WORK_MAX },
	};
	int64_t percent[FLAT_ALL];
	bool met = true, fast;

	bench_flat(options->flat, options->slice, percent);
	for (int w = 0; w < FLAT_WORKS; w++) {
		bool few = percent[w] <= works[w].most;

		printf("flat: at %lld events %s: %lld %% of those of the first: %s (at most "
		       "%lld)\n",
		       (long long)options->flat, works[w].name, (long long)percent[w],
		       few ? "met" : "MISSED", (long long)works[w].most);
		met = met && few;
	}
	fast = percent[FLAT_RATE] >= FLAT_RATE_MIN;
	printf("flat: at %lld events the rate is %lld %% of that of the first: %s (at least %d)\n",
	       (long long)options->flat, (long long)percent[FLAT_RATE], fast ? "met" : "MISSED",
	       FLAT_RATE_MIN);
	return met && (fast || options->work != 0) ? 0 : EXIT_DIFFERENCE;
}

static void sort_rounds(struct run *run)
{
	for (int f = 0; f < FIGURE_COUNT; f++)
		qsort(run->value[f], (size_t)run->options.rounds, sizeof(run->value[f][0]),
		      compare);
}

static void run_statements(struct run *run, int64_t events)
{
	bench_reconcile(run->options.build, events, run->options.rounds, note_reconciled, run);
}

static int run_reconcile(struct run *run)
{
	printf("%lld events in ten months, %lld rounds\n", (long long)run->options.reconcile,
	       (long long)run->options.rounds);
	run_statements(run, run->options.reconcile);
	sort_rounds(run);
	write_json(run, BILL_MONTH);
	return print_figures(run, BILL_MONTH) ? EXIT_DIFFERENCE : 0;
}

int main(int argc, char **argv)
{
	static struct run run;

	if (!read_options(argc, argv, &run.options)) {
		fputs("usage: bench [--build FOLDER] [--output FILE] [--events N] [--rounds N]\n"
		      "       bench --flat EVENTS [--slice EVENTS] [--work 1]\n"
		      "       bench --reconcile EVENTS [--build FOLDER] [--output FILE] [--rounds "
		      "N]\n",
		      stderr);
		return EXIT_USAGE;
	}
	if (run.options.flat > 0)
		return run_flat(&run.options);
	if (run.options.reconcile > 0)
		return run_reconcile(&run);
	run_prices(&run);
	run_statements(&run, run.options.events / RECONCILED_SHARE);
	make_traffic(&run);
	printf("%lld events of %zu bytes over %d connections, %lld rounds\n",
	       (long long)run.options.events, run.flood[0].len / run.flood[0].count,
	       BENCH_CONNECTIONS, (long long)run.options.rounds);
	for (int64_t r = 0; r < run.options.rounds; r++) {
		run_round(&run, r);
		printf("round %lld: %lld events/s, %lld us median, ceiling %lld rows/s, reload "
		       "%lld "
		       "us\n",
		       (long long)r + 1, (long long)run.value[FLOOD][r],
		       (long long)run.value[P50][r], (long long)run.value[CEILING][r],
		       (long long)run.value[RELOAD][r]);
		fflush(stdout);
	}
	sort_rounds(&run);
	print_figures(&run, (enum figure)0);
	write_json(&run, (enum figure)0);
	return 0;
}
