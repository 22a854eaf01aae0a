/*
 * One line of `toll tail`: read from what the daemon tells (daemon/tail.h), laid out for a
 * terminal, or as a row.  Pure: who calls reads and writes.
 *
 *   Time UTC Source   Account   Model                 In    Out  Amount
 *   10:42:07 gw-1     acct_42   acme/llama-4-70b   1 204     88  $0.00123
 *   10:42:07 gw-1     quarantined type: usage.prompt_tokens: a number is due
 *
 * Where a later phase took the place of another, the amount is the difference: "$0.0002 of
 * $0.001", and the second is what the request costs now.
 *
 * No line is wider than the printer; an amount is never rounded.  Columns have their place in all
 * lines; only for what is longer than its own, a count or an amount with what is said of it, the
 * names make room.
 */
#ifndef TOLL_CLI_TAIL_LINE_H
#define TOLL_CLI_TAIL_LINE_H

#include "base/fault.h"
#include "base/json.h"
#include "base/table.h"
#include "base/text.h"
#include "cli/printer.h"
#include "ingest/ingest.h"

enum tail_kind {
	TAIL_EVENT,
	TAIL_SKIPPED, /* `skipped` lines were left out here */
	TAIL_END,     /* the daemon stops */
	TAIL_OTHER,   /* of a later daemon: nothing to show */
};

struct tail_line {
	enum tail_kind kind;
	int64_t skipped;
	enum ingest_verdict verdict;
	/* Absent: not known.  They point into the document. */
	struct text received, time, reason, detail, source, id, account, key, model, api,
		settlement, provenance, amount, currency, total, phase;
	int64_t status; /* or EVENT_ABSENT */
	int64_t count[COMPONENT_COUNT];
};

/* `text` is a line without its newline.  -FAULT_SYNTAX: it is no line of a tail. */
int tail_line_read(struct json *doc, struct text text, struct tail_line *line_out,
                   struct fault *fault);

void tail_line_heading(const struct printer *printer);
/* For people.  Nothing for TAIL_END and TAIL_OTHER. */
void tail_line_write(const struct printer *printer, const struct tail_line *line);
/* The columns of a row for programs, and the row. */
void tail_line_columns(struct table *table);
void tail_line_row(struct table *table, const struct tail_line *line);

#endif
