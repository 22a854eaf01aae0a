/*
 * What the parts of verify share: how a finding is told.  verify.c has these; the parts
 * are the other files of this name.  Inside lib/ledger.
 */
#ifndef TOLL_LEDGER_VERIFY_INTERNAL_H
#define TOLL_LEDGER_VERIFY_INTERNAL_H

#include "ledger/hours.h"
#include "ledger/internal.h"
#include "ledger/verify.h"

struct verify;

/* Each row of a statement, until one ends it with another value than 0, which is returned. */
typedef int verify_row_fn(struct verify *verify, const struct query *row, void *context,
                          struct fault *fault);
int verify_each(struct verify *verify, enum statement statement, verify_row_fn *check,
                void *context, struct fault *fault);

/* The place of an event, then a finding about it. */
int verify_where_event(struct verify *verify, int64_t source, struct text id, int64_t ts);
int verify_report(struct verify *verify, enum verify_kind kind, const char *what);
/* A price of a book that is not as it was applied: told once, of the book. */
bool verify_is_distrusted(const struct verify *verify, int64_t price_id);
struct ledger *verify_ledger(const struct verify *verify);
/* verify_adjust.c: into a total of the summary, of these rows. */
int verify_total(struct money *total, struct money amount, const char *of, struct fault *fault);
/* Something of the hour of this moment is not as it was left. */
void verify_note_hour(struct verify *verify, int64_t ms);
/* A finding about `where` ("book 3", "source gw-1 api toll"). */
int verify_report_at(struct verify *verify, enum verify_kind kind, struct text where,
                     const char *what, struct text stored, struct text derived);
/* "source gw-1 api toll" into the place; api 0: not sent. */
int verify_where_api(struct verify *verify, int64_t source, int64_t api);
/* A finding about two numbers at that place. */
int verify_report_numbers(struct verify *verify, enum verify_kind kind, const char *what,
                          int64_t stored, int64_t derived);
/* The same about two texts. */
int verify_report_texts(struct verify *verify, enum verify_kind kind, const char *what,
                        const char *stored, const char *derived);
/* "source gw-1" into the place. */
int verify_where_source(struct verify *verify, int64_t source);
/* Counts one more event of a source and api (the entries' `tier`). */
int verify_count(struct rollups *counts, int64_t source, int64_t api, struct fault *fault);
/* The same of two moments. */
int verify_report_moments(struct verify *verify, enum verify_kind kind, const char *what,
                          int64_t stored_ms, int64_t derived_ms);

#endif
