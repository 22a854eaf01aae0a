/*
 * A mapping file: what the columns of any CSV, or the members of any NDJSON, mean.  JSON, of
 * toll-statement(5):
 *
 *   {"container":"csv","zone":"Europe/Berlin","currency":"USD","delimiter":";",
 *    "columns":{
 *      "Generation":{"field":"id"},
 *      "Created":{"field":"time"},
 *      "Cost (cents)":{"field":"amount","unit":"cents"},
 *      "Refund":{"field":"discount","unit":"cents","sign":"-"},
 *      "Tokens in (k)":{"field":"input","units":1000},
 *      "Comment":{"ignore":true}}}
 *
 * Every column of the statement must be in it, or "others":"ignore" says that the rest does not
 * matter: a column nobody mapped is how a fee gets lost.
 */
#ifndef TOLL_STATEMENT_MAPPING_H
#define TOLL_STATEMENT_MAPPING_H

#include "base/buf.h"
#include "base/fault.h"
#include "statement/format.h"

enum { STATEMENT_MAPPING_BYTES_MAX = 1024 * 1024, STATEMENT_MAPPING_LINES_MAX = 256 };
enum { STATEMENT_SYMBOL_BYTES = 8 };

struct statement_mapping {
	enum statement_container container; /* CSV or JSON (one object a line, or a list) */
	struct statement_line *lines;       /* ended by column NULL */
	const char **ignored;               /* ended by NULL */
	bool others_ignored;
	/* What rows are whose amount is below zero and that do not say it themselves: a credit or
	 * an adjustment; STATEMENT_USAGE: they are refused. */
	enum statement_charge below_zero;
	char delimiter;                      /* 0: told by the header */
	char decimal_point;                  /* '.', or ',' */
	char thousands;                      /* 0: none is allowed */
	char symbol[STATEMENT_SYMBOL_BYTES]; /* of a currency, that may stand beside a number */
	char currency[STATEMENT_CURRENCY_BYTES];
	struct zone *zone; /* owned; NULL: UTC */
	struct arena arena;
};

/* -FAULT_NOT_FOUND; -FAULT_SYNTAX, -FAULT_INVALID with the path in it: "columns.Cost.unit: ..." */
int statement_mapping_load(struct statement_mapping *mapping_out, const char *path,
                           struct fault *fault);
int statement_mapping_parse(struct statement_mapping *mapping_out, struct text json,
                            struct fault *fault);
void statement_mapping_release(struct statement_mapping *mapping); /* takes a zeroed one */

/*
 * Proposes one from the header and the first rows of the file: JSON for a person to look over,
 * with what could not be told as "ignore" and, as "notes", why each column was taken for what.
 */
int statement_mapping_suggest(const char *path, struct buf *json_out, struct fault *fault);

#endif
