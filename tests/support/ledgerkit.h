/*
 * Help for the tests of lib/price, lib/rate, lib/ledger and lib/ingest: a ledger of
 * its own for each test, events from their lines, and a second way into the file.
 *
 * Every function fails the running test itself when something goes wrong.
 */
#ifndef TOLL_TESTS_LEDGERKIT_H
#define TOLL_TESTS_LEDGERKIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ingest/ingest.h"
#include "ledger/ledger.h"
#include "ledger/verify.h"
#include "price/book.h"

/* 2026-08-01T12:00:00Z: the clock of these tests, inside every sample price. */
#define KIT_NOW_MS INT64_C(1785585600000)

enum {
	KIT_PATH_BYTES = 256,
	KIT_FORGET_EVENTS = 4096, /* five times what fits: each shard turns twice */
};

struct ledgerkit {
	char folder[KIT_PATH_BYTES / 2]; /* removed by kit_close() */
	char path[KIT_PATH_BYTES];
	struct ledger *ledger; /* a writer, or NULL between kit_shut() and kit_reopen() */
	bool batch;            /* between kit_begin() and kit_commit() */
	struct applied_book book, cost;
	struct rules *rules; /* NULL until kit_rules() */
	struct terms terms;  /* what kit_terms() points to: of the two above */
	struct json doc;
	struct arena arena; /* what the last kit_prepare() points into */
};

/* cmocka's setup and teardown: *state is a struct ledgerkit with a fresh ledger. */
int kit_setup(void **state);
int kit_teardown(void **state);

void kit_open(struct ledgerkit *kit); /* a new folder and a new ledger in it */
void kit_shut(struct ledgerkit *kit); /* closes the ledger, keeps the file */
void kit_reopen(struct ledgerkit *kit);
/* The same with as little memory of identities as there can be; kit_forget() fills it. */
void kit_reopen_small(struct ledgerkit *kit);
void kit_forget(struct ledgerkit *kit);
/* A file of that name in the kit's folder, with kit_quotes() of the text; its path into `path`. */
void kit_write(const struct ledgerkit *kit, char path[KIT_PATH_BYTES], const char *name,
               const char *text);
void kit_close(struct ledgerkit *kit); /* closes and removes everything */

/*
 * The text with every ' made a ", so that JSON can be read in a C string.  One of a few
 * buffers, used in turn: valid until some calls later.
 */
enum { KIT_QUOTES_KEPT = 8, KIT_QUOTES_BYTES = 16384 };
const char *kit_quotes(const char *text);

/* Applies a book given as JSON and makes it the one that kit_send() rates with. */
void kit_price(struct ledgerkit *kit, const char *json);
/* The same as the cost book. */
void kit_cost(struct ledgerkit *kit, const char *json);
/* The standing rules of the ledger are those that kit_send() rates with. */
void kit_rules(struct ledgerkit *kit);
/* A standing rule for an account, NULL: for every one; it holds from now on. */
void kit_policies(struct ledgerkit *kit, const char *account, unsigned bits);
/* Both, as ingest_prepare() takes them: the kit's own, until the next call. */
const struct terms *kit_terms(struct ledgerkit *kit);
/* A small book: acme/llama-4-70b with input, output, cache_read; reasoning as output. */
extern const char kit_small_book[];

/* Decodes and rates; the item is valid until the next call. */
void kit_prepare(struct ledgerkit *kit, const char *line, struct ingest_item *item_out);
/* The same, stored in a transaction of its own. */
enum ingest_verdict kit_send(struct ledgerkit *kit, const char *line);
/* What is sent between these is one transaction: of thousands not each waits for the disk. */
void kit_begin(struct ledgerkit *kit);
void kit_commit(struct ledgerkit *kit);
/* An event of api "toll": id, time, model and its usage object. */
enum ingest_verdict kit_send_usage(struct ledgerkit *kit, const char *id, const char *time,
                                   const char *model, const char *usage);

/* Closes all before until_ms, at KIT_NOW_MS: looks for twins, of which there are none. */
int kit_close_until(struct ledgerkit *kit, int64_t until_ms, struct fault *fault);

/*
 * Plain SQL on a connection of its own, while no writer is open: to corrupt, and to
 * count what no function of the ledger tells.
 */
void kit_sql(const struct ledgerkit *kit, const char *sql);
int64_t kit_sql_int(const struct ledgerkit *kit, const char *sql);
/* The first column of the first row, "(none)" without a row; valid until the next call. */
const char *kit_sql_text(const struct ledgerkit *kit, const char *sql);

/* The same of a kit whose ledger is open: it is closed meanwhile. */
const char *kit_ask(struct ledgerkit *kit, const char *sql);

/* Events, in order, as "id=price:amount" separated by blanks; valid until the next call. */
const char *kit_events(struct ledgerkit *kit);

/* Verify, with one line a finding: "event amount [source ...] stored|derived". */
int64_t kit_verify(struct ledgerkit *kit, struct buf *findings_out);
/* No findings, else the test fails and shows them; gives the sum of all amounts. */
struct money kit_verify_clean(struct ledgerkit *kit);

#endif
