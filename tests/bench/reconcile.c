/*
 * Statements against a large ledger: `toll reconcile` as a user runs it, a process of its own, of
 * which the time and the peak of memory are taken.  The ledger has ten months; the statements are
 * one month of it by ids and by days, and all of it by days and by ids.  They agree to the last
 * digit: what is measured is the matching, and a difference ends the bench.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/moment.h"
#include "ingest/ingest.h"
#include "ledger/ledger.h"
#include "ledger/store.h"
#include "tests/bench/bench.h"
#include "tests/support/sample_traffic.h"

enum {
	TEMPLATES = 64, /* lines of other accounts, keys and counts */
	BATCH = 2048,
	DAYS = 304, /* ten months */
	FLUSH_BYTES = 256 * 1024,
	EXIT_FAILED = 3,
};
#define FROM_MS   INT64_C(1767225600000) /* 2026-01-01 */
#define JULY_MS   INT64_C(1782864000000)
#define AUGUST_MS INT64_C(1785542400000)

static const char bench_book[] = "{\"pricebook\":1,\"name\":\"bench\",\"currency\":\"USD\",\"as\":{"
				 "\"reasoning\":\"output\"},"
				 "\"models\":[{\"model\":\"acme/"
				 "llama-4-70b\",\"versions\":[{\"effective_from\":\"2025-01-01\","
				 "\"rates\":[{\"component\":\"input\",\"per_million\":\"0.80\"},"
				 "{\"component\":\"cache_read\",\"per_million\":\"0.20\"},"
				 "{\"component\":\"output\",\"per_million\":\"2.40\"}]}]}]}";

struct bill {
	struct ledger *ledger;
	struct terms terms;
	struct json docs[TEMPLATES];
	struct arena arena;
	struct ingest_item items[TEMPLATES];
	struct buf lines[TEMPLATES];
	int64_t events;
	char folder[BENCH_PATH_BYTES / 2];
	char path[BENCH_PATH_BYTES];
	char statement[BENCH_PATH_BYTES];
};

static void must(int r, const struct fault *fault)
{
	if (r < 0)
		bench_fail("reconcile: %s", fault->text);
}

static int64_t time_of(const struct bill *bill, int64_t index)
{
	return FROM_MS + (int64_t)((__int128)DAYS * MS_PER_DAY * index / bill->events);
}

/* As ids come: in no order. */
static void id_of(int64_t index, char out[32])
{
	snprintf(out, 32, "gen-%016llx",
	         (unsigned long long)index * (unsigned long long)INT64_C(0x9e3779b97f4a7c1));
}

static void make_items(struct bill *bill)
{
	const struct event_defaults defaults = { .source = text_of("gw-1"),
		                                 .now_ms = FROM_MS + MS_PER_DAY };
	const struct sample_traffic traffic = { .seed = 1, .events = TEMPLATES, .day_ms = FROM_MS };

	for (int i = 0; i < TEMPLATES; i++) {
		sample_bench_line(&traffic, (uint64_t)i, &bill->lines[i]);
		bill->lines[i].len--; /* its newline */
		must(ingest_prepare(&bill->items[i], buf_text(&bill->lines[i]), INGEST_LINE_WHOLE,
		                    (int64_t)bill->lines[i].len, &defaults, &bill->terms,
		                    &bill->docs[i], &bill->arena),
		     &(struct fault){ .text = "a line was not taken" });
		if (bill->items[i].refused)
			bench_fail("reconcile: a line is refused: %s",
			           bill->items[i].refusal->detail);
	}
}

static void store_batch(struct bill *bill, int64_t from, int64_t to)
{
	struct fault fault = { .code = FAULT_NONE };

	must(ledger_begin(bill->ledger, &fault), &fault);
	for (int64_t i = from; i < to; i++) {
		struct ingest_item item = bill->items[i % TEMPLATES];
		char id[32];

		id_of(i, id);
		item.event.id = text_of(id);
		item.event.time_ms = time_of(bill, i);
		must(ingest_store(bill->ledger, &item, &fault), &fault);
		if (item.verdict != INGEST_ACCEPTED)
			bench_fail("reconcile: event %lld: %s", (long long)i,
			           ingest_verdict_name(item.verdict));
	}
	must(ledger_commit(bill->ledger, &fault), &fault);
	must(ledger_wal_checkpoint(bill->ledger, false, NULL, &fault), &fault);
}

static void make_ledger(struct bill *bill)
{
	struct fault fault = { .code = FAULT_NONE };
	struct book *book = NULL;
	bool changed = false;

	must(ledger_open_writer(&bill->ledger, bill->path, NULL, &fault), &fault);
	must(book_load(&book, text_of(bench_book), NULL, &fault), &fault);
	must(ledger_book_apply(bill->ledger, book, BOOK_SELL, FROM_MS, text_of("bench"),
	                       text_of(""), &bill->terms.book.first_price, &changed, &fault),
	     &fault);
	bill->terms.book.book = book;
	make_items(bill);
	for (int64_t i = 0; i < bill->events; i += BATCH)
		store_batch(bill, i, i + BATCH < bill->events ? i + BATCH : bill->events);
	ledger_close(bill->ledger);
	bill->ledger = NULL;
}

static void flush(struct buf *out, FILE *file, size_t least)
{
	if (out->len < least)
		return;
	if (out->error != 0 || fwrite(out->at, 1, out->len, file) != out->len)
		bench_fail("reconcile: statement: %s", strerror(errno));
	buf_clear(out);
}

static const enum component told[] = { COMPONENT_INPUT, COMPONENT_CACHE_READ, COMPONENT_OUTPUT,
	                               COMPONENT_REASONING };
enum { TOLD = sizeof(told) / sizeof(told[0]) };

static FILE *open_statement(const struct bill *bill, const char *header)
{
	FILE *file = fopen(bill->statement, "we");

	if (file == NULL || fputs(header, file) < 0)
		bench_fail("reconcile: %s: %s", bill->statement, strerror(errno));
	return file;
}

/* Rows of the events in [from_ms, to_ms); returns how many. */
static int64_t write_requests(const struct bill *bill, int64_t from_ms, int64_t to_ms)
{
	FILE *file = open_statement(bill, "id,time,account,key,model,input,cache_read,output,"
	                                  "reasoning,currency,amount\n");
	struct buf out = { .at = NULL };
	int64_t rows = 0;

	for (int64_t i = 0; i < bill->events; i++) {
		const struct ingest_item *item = &bill->items[i % TEMPLATES];
		char id[32], time[MOMENT_TEXT_BYTES], amount[MONEY_TEXT_BYTES];
		int64_t time_ms = time_of(bill, i);

		if (time_ms < from_ms || time_ms >= to_ms)
			continue;
		id_of(i, id);
		moment_text(time_ms, time);
		money_text(item->rated.amount, amount);
		buf_addf(&out, "%s,%s,%.*s,%.*s,%.*s", id, time, TEXT_ARGS(item->event.account),
		         TEXT_ARGS(item->event.key), TEXT_ARGS(item->event.model));
		for (int c = 0; c < TOLD; c++)
			buf_addf(&out, ",%lld", (long long)item->event.usage.count[told[c]]);
		buf_addf(&out, ",USD,%s\n", amount);
		flush(&out, file, FLUSH_BYTES);
		rows++;
	}
	flush(&out, file, 1);
	if (fclose(file) != 0)
		bench_fail("reconcile: %s: %s", bill->statement, strerror(errno));
	buf_release(&out);
	return rows;
}

static int64_t put_day(const struct bill *bill, int64_t day, const int64_t *times, struct buf *out)
{
	int64_t rows = 0;
	char date[MOMENT_TEXT_BYTES];

	moment_text_unit(FROM_MS + day * MS_PER_DAY, MOMENT_DAY, date);
	for (int t = 0; t < TEMPLATES; t++) {
		const struct ingest_item *item = &bill->items[t];
		char amount[MONEY_TEXT_BYTES];

		if (times[t] == 0)
			continue;
		rows++;
		money_text((struct money){ item->rated.amount.attos * times[t] }, amount);
		buf_addf(out, "%s,%.*s,%.*s,%.*s,%lld", date, TEXT_ARGS(item->event.account),
		         TEXT_ARGS(item->event.key), TEXT_ARGS(item->event.model),
		         (long long)times[t]);
		for (int c = 0; c < TOLD; c++)
			buf_addf(out, ",%lld",
			         (long long)(item->event.usage.count[told[c]] * times[t]));
		buf_addf(out, ",USD,%s\n", amount);
	}
	return rows;
}

/* A row a day and template: some of them are of one account and key, and are summed by whoever
 * reads them. */
static int64_t write_days(const struct bill *bill, int64_t from_ms, int64_t to_ms)
{
	FILE *file = open_statement(bill, "date,account,key,model,requests_made,input,cache_read,"
	                                  "output,reasoning,currency,amount\n");
	struct buf out = { .at = NULL };
	int64_t i = 0, rows = 0;

	for (int64_t day = 0; day < DAYS; day++) {
		int64_t times[TEMPLATES] = { 0 }, until_ms = FROM_MS + (day + 1) * MS_PER_DAY;

		for (; i < bill->events && time_of(bill, i) < until_ms; i++)
			times[i % TEMPLATES]++;
		if (until_ms <= from_ms || until_ms > to_ms)
			continue;
		rows += put_day(bill, day, times, &out);
		flush(&out, file, FLUSH_BYTES);
	}
	flush(&out, file, 1);
	if (fclose(file) != 0)
		bench_fail("reconcile: %s: %s", bill->statement, strerror(errno));
	buf_release(&out);
	return rows;
}

static int64_t write_statement(const struct bill *bill, enum bench_statement what)
{
	switch (what) {
	case BENCH_MONTH:
	case BENCH_MONTH_BY_DAY:
		return write_requests(bill, JULY_MS, AUGUST_MS);
	case BENCH_MONTH_DAYS:
		return write_days(bill, JULY_MS, AUGUST_MS);
	case BENCH_DAYS:
		return write_days(bill, 0, INT64_MAX);
	default:
		return write_requests(bill, 0, INT64_MAX);
	}
}

/* Its time and its memory; it has to find no difference. */
static void run_toll(const struct bill *bill, const char *build, const char *match,
                     struct bench_reconciled *out)
{
	char program[BENCH_PATH_BYTES];
	int64_t begin = bench_now_ns();
	struct rusage usage;
	int status = 0;
	pid_t pid;

	snprintf(program, sizeof(program), "%s/toll", build);
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (null >= 0 && dup2(null, STDOUT_FILENO) >= 0)
			execl(program, "toll", "reconcile", "--ledger", bill->path, "--statement",
			      bill->statement, "--format", "toll", "--match", match, (char *)NULL);
		_exit(EXIT_FAILED);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		bench_fail("reconcile: toll: %s", strerror(errno));
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		bench_fail("reconcile: by %s: toll ended with %d", match, WEXITSTATUS(status));
	out->ms = (bench_now_ns() - begin) / 1000000;
	out->cpu_ms = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
	              (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
	out->peak_kib = usage.ru_maxrss;
}

void bench_reconcile(const char *build, int64_t events, int64_t rounds,
                     void (*each)(void *context, const struct bench_reconciled *reconciled),
                     void *context)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", ".lock", ".secret" };
	struct bill bill = { .events = events, .folder = "build/bench-bill-XXXXXX" };
	struct bench_reconciled done;

	if (mkdtemp(bill.folder) == NULL)
		bench_fail("reconcile: no folder under build/");
	snprintf(bill.path, sizeof(bill.path), "%s/ledger.db", bill.folder);
	snprintf(bill.statement, sizeof(bill.statement), "%s/statement.csv", bill.folder);
	make_ledger(&bill);
	for (enum bench_statement s = 0; s < BENCH_STATEMENTS; s++) {
		int64_t rows = write_statement(&bill, s);
		bool ids = s == BENCH_MONTH || s == BENCH_ALL;

		for (int64_t r = 0; r < rounds; r++) {
			done = (struct bench_reconciled){ .what = s, .rows = rows, .round = r };
			run_toll(&bill, build, ids ? "id" : "day", &done);
			each(context, &done);
		}
		unlink(bill.statement);
	}
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(bill.statement, sizeof(bill.statement), "%s%s", bill.path, suffixes[i]);
		unlink(bill.statement);
	}
	rmdir(bill.folder);
	for (int i = 0; i < TEMPLATES; i++) {
		json_release(&bill.docs[i]);
		buf_release(&bill.lines[i]);
	}
	book_free(bill.terms.book.book);
	arena_release(&bill.arena);
}
