/*
 * A month of made-up traffic from a seed, and the statement that somebody else would write of it:
 * two lists made from the same facts, of which one goes through ingest into a ledger and the other
 * into a file.
 *
 * The statement's amounts are the generator's own arithmetic of its own book: nothing of lib/rate
 * or lib/price is asked, so each of them is a second opinion.  Into the statement (or the ledger)
 * go injected faults, of which the cause and the amount are known to the last digit.
 *
 * Event i and its row depend on the options and i alone.
 */
#ifndef TOLL_SUPPORT_BILLGEN_H
#define TOLL_SUPPORT_BILLGEN_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "bill/pair.h"
#include "money/money.h"
#include "statement/row.h"
#include "usage/usage.h"

/* The month that is reconciled, and around it what the boundary can move. */
#define BILLGEN_FROM_MS INT64_C(1782864000000) /* 2026-07-01T00:00:00Z */
#define BILLGEN_TO_MS   INT64_C(1785542400000) /* 2026-08-01 */
#define BILLGEN_NOW_MS  INT64_C(1785585600000) /* when it all came in: noon of that day */

enum {
	BILLGEN_ACCOUNTS = 5,
	BILLGEN_KEYS = 3, /* of an account */
	BILLGEN_SOURCES = 3,
	BILLGEN_KINDS = 4,    /* of images */
	BILLGEN_VERSIONS = 2, /* of each model */
	BILLGEN_NAME_BYTES = 32,
};

enum billgen_model {
	GEN_PLAIN,  /* reasoning as output */
	GEN_THINK,  /* reasoning has a rate of its own */
	GEN_LONG,   /* dearer above so many tokens of a prompt */
	GEN_LONGER, /* the same from so many on */
	GEN_TIERS,  /* priority and flex */
	GEN_CACHES, /* writes of both lengths */
	GEN_PAINT,  /* images, by quality and size */
	GEN_SEARCH, /* searches, and a fee for each request */
	GEN_MODELS
};

enum billgen_tier { GEN_STANDARD, GEN_PRIORITY, GEN_FLEX, GEN_TIER_COUNT };
enum billgen_end { GEN_STOP, GEN_ERROR, GEN_CANCELLED, GEN_BLANK };

enum billgen_fault {
	GEN_NO_FAULT,
#define F(NAME, name, CAUSE, ALONE, AMONG, text) GEN_##NAME,
#include "tests/support/billgen.def"
#undef F
	GEN_FAULT_COUNT
};
static_assert(GEN_FAULT_COUNT <= 64, "faults no longer fit the bits of what is left out");
const char *billgen_fault_name(enum billgen_fault fault);
enum bill_cause billgen_fault_cause(enum billgen_fault fault);
/* That of the sum that it is in: by itself, or as the only fault among several requests. */
enum bill_cause billgen_fault_sum(enum billgen_fault fault, bool alone);

/* What the book says of a model from a moment on: attos of a unit. */
struct billgen_card {
	wide rate[COMPONENT_COUNT];      /* 0: has none */
	wide long_rate[COMPONENT_COUNT]; /* beyond the threshold */
	wide image[BILLGEN_KINDS];
};

struct billgen_book {
	struct billgen_card card[GEN_MODELS][BILLGEN_VERSIONS];
	int64_t second_ms; /* from when the second version holds */
	int64_t threshold; /* of the prompt; GEN_LONG: above it, GEN_LONGER: from it on */
	unsigned tier_percent[GEN_TIER_COUNT];
	unsigned account_percent[BILLGEN_ACCOUNTS]; /* taken off */
};

struct billgen_event {
	int64_t time_ms;
	int64_t there_ms; /* when it ran as the statement has it */
	int32_t count[COMPONENT_COUNT];
	int32_t served; /* of a cancelled one */
	uint8_t source, account, key, model, tier, kind, end;
	uint8_t fault; /* enum billgen_fault: injected into it */
	uint8_t chat;  /* its line is openai.chat's */
	bool no_line, no_row;
};

struct billgen_options {
	uint64_t seed;
	int64_t events;
	int64_t faults; /* of each kind; 0: none */
	/* Bits, 1 << enum billgen_fault: of the statement only, which has no word for them. */
	uint64_t without;
	unsigned decimals; /* of the statement: 18, exact, or those that it rounds to */
	int64_t dear;      /* rates of tokens are so many times as high; 0: once */
	int64_t dear_fees; /* and all else that is charged */
	bool in_order;     /* lines are sent in the order of their times, not of their numbers */
};

struct billgen {
	struct billgen_options options;
	struct billgen_book book;
	struct billgen_event *events; /* [options.events]; owned */
	int64_t injected[GEN_FAULT_COUNT];
};

/* What is known of a difference before anybody looked. */
struct billgen_expected {
	enum billgen_fault fault;
	enum bill_cause cause;
	int64_t event;
	struct money amount;         /* theirs - ours, all of it */
	struct money exact;          /* the same before the statement was rounded */
	enum bill_cause other_cause; /* of a part of it; CAUSE_COUNT: it is all one */
	struct money other;
};

/* How a price is formed: all zero is as the book has it. */
enum billgen_context { GEN_AS_WRITTEN, GEN_OTHER_TEST, GEN_NO_RULE, GEN_MARGINAL };
enum billgen_reasoning { GEN_ONCE, GEN_TWICE, GEN_NOT_AT_ALL };
struct billgen_how {
	enum billgen_context context;
	enum billgen_reasoning reasoning;
	bool cache_as_input, old_version, other_tier, other_image, no_policy, no_fee;
	enum billgen_tier tier;              /* with other_tier */
	unsigned per_mille[COMPONENT_COUNT]; /* of a rate; 0: 1000 */
	unsigned all_per_mille;              /* the same of all */
};

/* Aborts the process where memory is short.  Everything is released by billgen_release(). */
void billgen_start(struct billgen *gen, const struct billgen_options *options);
void billgen_release(struct billgen *gen); /* takes a zeroed one */
/* What was injected, a line each: for whoever repeats a seed. */
void billgen_put_faults(const struct billgen *gen, struct buf *out);

/* The book, as JSON. */
void billgen_book_json(const struct billgen *gen, struct buf *out);
/* The first account has the policies zero-completion and served-only, and no other has any. */
const char *billgen_account(unsigned account);
const char *billgen_model_name(unsigned model);
void billgen_id(const struct billgen *gen, int64_t index, char out[BILLGEN_NAME_BYTES]);
/* Of "ev-000017" or "up-000017" 17; -1: of neither. */
int64_t billgen_index(struct text id);

/* To so many decimals, half away from zero. */
struct money billgen_rounded(struct money amount, unsigned decimals);
/* Its prompt is priced by the entries beyond the threshold. */
bool billgen_is_beyond(const struct billgen *gen, const struct billgen_event *event);
/* Of GEN_EVENT_CORRECTED: the output that its line has. */
int32_t billgen_wrong_output(const struct billgen_event *event);
/* Lines of an event with their newlines: none, one, or two from two sources. */
void billgen_lines(const struct billgen *gen, int64_t index, struct buf *out);
/* What it costs, by our own arithmetic. */
struct money billgen_price(const struct billgen *gen, const struct billgen_event *event,
                           const struct billgen_how *how);

/*
 * Rows of an event on the statement, and what comes of it: 0 or 1 expected difference.  The texts
 * of the rows are in `room` or static.
 */
enum { BILLGEN_ROWS_MAX = 2, BILLGEN_ROOM_BYTES = 256 };
struct billgen_rows {
	struct statement_row row[BILLGEN_ROWS_MAX];
	struct money exact[BILLGEN_ROWS_MAX]; /* their amounts before they were rounded */
	size_t count;
	/* What counts of either side: in the month, and in dollars. */
	struct money ours, theirs;
	bool has_expected; /* something was injected: it is all of theirs - ours */
	struct billgen_expected expected;
	char room[BILLGEN_ROOM_BYTES];
};
void billgen_rows(const struct billgen *gen, int64_t index, struct billgen_rows *rows);

/* Of an event with GEN_ADJUSTMENT: what a run of ours adds to its hour. */
struct money billgen_adjustment(const struct billgen *gen, int64_t index);
/* The event that an adjustment is of, by its amount. */
int64_t billgen_adjusted(struct money amount);
void billgen_key(const struct billgen_event *event, char out[BILLGEN_NAME_BYTES]);

/* Seeded: the same numbers for the same seed. */
struct billgen_dice {
	uint64_t state;
};
struct billgen_dice billgen_dice(uint64_t seed, uint64_t index, uint64_t what);
int64_t billgen_roll(struct billgen_dice *dice, int64_t sides); /* 0 .. sides - 1 */

/* One statement of all rows: what the whole of a file is.  The header first, then each row. */
enum billgen_format { GEN_TOLL_CSV, GEN_OPENROUTER_CSV, GEN_MAPPED_NDJSON, GEN_FORMAT_COUNT };
/* Faults that it has no word for: options.without. */
uint64_t billgen_untold(enum billgen_format format);
void billgen_put_header(enum billgen_format format, bool with_ids, struct buf *out);
void billgen_put_row(enum billgen_format format, bool with_ids, const struct statement_row *row,
                     struct buf *out);
/* The mapping file of GEN_MAPPED_NDJSON. */
extern const char billgen_mapping[];

#endif
