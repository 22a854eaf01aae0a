/*
 * The bench: what the daemon does on this machine, from one run.  Each part measures one
 * thing and gives plain numbers; bench.c runs them in rounds and prints the medians.
 *
 * Nothing here is a test: a part that cannot measure says why and ends the program.
 */
#ifndef TOLL_BENCH_BENCH_H
#define TOLL_BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/text.h"

enum {
	BENCH_CONNECTIONS = 4,
	BENCH_PATH_BYTES = 108, /* a socket's path has no more */
	BENCH_WAIT_S = 120,     /* nothing here takes so long */
};

/* A tolld of its own in a folder of its own. */
struct bench_daemon {
	char folder[BENCH_PATH_BYTES / 2];
	char ledger[BENCH_PATH_BYTES], socket[BENCH_PATH_BYTES], log[BENCH_PATH_BYTES];
	char prices[BENCH_PATH_BYTES];
	pid_t pid;
};

/* With the book of the sample traffic, in a file of its own. */
void bench_daemon_start(struct bench_daemon *daemon, const char *build);
/* The same with so many prices, put in place of that file: a SIGHUP puts it in force. */
void bench_daemon_enlarge_prices(const struct bench_daemon *daemon, size_t versions);
/* It said so many times that it put a book in force. */
int bench_daemon_applied(const struct bench_daemon *daemon);
int64_t bench_daemon_peak_kib(const struct bench_daemon *daemon); /* resident memory */
void bench_daemon_stop(struct bench_daemon *daemon); /* the ledger is complete after it */
void bench_daemon_remove(struct bench_daemon *daemon);

/* The lines of one connection, one behind the other. */
struct bench_lines {
	char *at;
	size_t len;
	size_t *ends; /* of each line: byte behind its newline */
	size_t count;
};

/*
 * Sends all lines over BENCH_CONNECTIONS at once and reads the acknowledgements.
 * Returns nanoseconds from the first byte to the last acknowledgement.
 */
int64_t bench_flood(const char *socket, const struct bench_lines lines[BENCH_CONNECTIONS]);

/*
 * Sends `per_second` lines a second over the same number of connections, each at its
 * time whether or not the ones before were acknowledged.  latency_ns_out, one of each
 * line, counts from when the line was due: waiting in the sender is waiting, too.
 * `at_line` (NULL: nothing) is called when that line is due.
 */
struct bench_call {
	size_t at_line;
	void (*call)(void *context);
	void *context;
};
void bench_pace(const char *socket, const struct bench_lines lines[BENCH_CONNECTIONS],
                int64_t per_second, const struct bench_call *at_line, int64_t *latency_ns_out);

/*
 * Inserts the events of the ledger at `from` into a fresh ledger at `to` by one prepared
 * statement, `batch` rows a transaction, with the daemon's settings.  Returns nanoseconds.
 */
int64_t bench_ceiling(const char *from, const char *to, size_t batch, size_t *rows_out);

/*
 * Rates that many requests, one after the other on one core, by a book of 5 000 models: names,
 * aliases, patterns and accounts.  Returns nanoseconds of the core.
 */
int64_t bench_rating(int64_t count);
/*
 * Reads a book of 100 000 models from its file.  Returns nanoseconds; what the process had in
 * memory at most is told besides, which is that of this one where this one has more.
 */
int64_t bench_loading(int64_t *peak_kib_out);

/* What an insert costs: work as SQLite counts it, the same on every machine, and the rate. */
enum flat_work { FLAT_STEPS, FLAT_PAGES_ASKED, FLAT_PAGES_WRITTEN, FLAT_WORKS };
enum { FLAT_RATE = FLAT_WORKS, FLAT_ALL };

/*
 * Stores that many events, in slices of so many, and prints what each costs.  Of each measure: at
 * the end, in per cent of the one at the beginning.
 */
void bench_flat(int64_t events, int64_t slice, int64_t percent_out[FLAT_ALL]);

/*
 * `toll reconcile` of statements that agree with a ledger of so many events in ten months, each
 * so many times, and tells of each.
 */
enum bench_statement {
	BENCH_MONTH,        /* a month of requests, by their ids */
	BENCH_MONTH_BY_DAY, /* the same, summed up by day */
	BENCH_MONTH_DAYS,   /* sums of its days */
	BENCH_DAYS,         /* sums of all days */
	BENCH_ALL,          /* all requests, by their ids */
	BENCH_STATEMENTS
};
struct bench_reconciled {
	enum bench_statement what;
	int64_t rows, round, ms, cpu_ms, peak_kib; /* cpu_ms: of the processor, all of it */
};
void bench_reconcile(const char *build, int64_t events, int64_t rounds,
                     void (*each)(void *context, const struct bench_reconciled *reconciled),
                     void *context);

int64_t bench_now_ns(void);
/* Says what went wrong, and ends the program. */
void bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
