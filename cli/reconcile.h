/*
 * toll reconcile: what others say was used, against the ledger; and the ledger against itself.
 * reconcile.c chooses, and there is a file each for what it chooses from.
 */
#ifndef TOLL_CLI_RECONCILE_H
#define TOLL_CLI_RECONCILE_H

#include "bill/result.h"
#include "cli/command.h"
#include "cli/renames.h"
#include "statement/mapping.h"

enum { RECONCILE_STATEMENTS_MAX = 32 };

/* Each is the run() of one way to be used. */
enum exit_code reconcile_sources(struct context *context);
enum exit_code reconcile_internal(struct context *context);
enum exit_code reconcile_statement(struct context *context);

/* What the options say. */
struct reconcile_ask {
	struct bill_options bill;
	const struct statement_format *format; /* NULL: told by its form, or by the mapping */
	struct statement_mapping mapping;
	bool mapped;
	struct renames names;
	struct zone *zone;                                                     /* NULL: UTC */
	char mapping_sha256[SHA256_HEX_BYTES], names_sha256[SHA256_HEX_BYTES]; /* "": none */
};
extern const struct option reconcile_options[];
/* Amounts, names and numbers alone: reads no file.  -FAULT_INVALID: it is used wrongly. */
int reconcile_check(const struct options *options, struct fault *fault);
/* All of it, with the files. */
int reconcile_read(struct reconcile_ask *ask_out, const struct options *options,
                   struct fault *fault);
void reconcile_release(struct reconcile_ask *ask); /* takes a zeroed one */

/* What was compared, and what came of it. */
struct reconciled {
	const struct reconcile_ask *ask;
	struct bill_statement_name statements[RECONCILE_STATEMENTS_MAX];
	struct statement_summary summaries[RECONCILE_STATEMENTS_MAX];
	size_t count;
	struct bill_result result;
	struct buf json;             /* of bill_result_json() */
	char seal[SHA256_HEX_BYTES]; /* the head of the ledger's chain; "": it has none */
	int64_t run;                 /* as it was stored; 0: it was not */
};
/*
 * For people, in one screen; what does not fit there is in --csv and --html.  `stores`: a line
 * about that comes behind it.
 */
void reconcile_summary(struct context *context, const struct reconciled *reconciled, bool stores);

/*
 * Stores the run: a report of it, the same bytes for the same inputs, goes into the log of changes
 * of the ledger.  Closes context->ledger.
 */
int reconcile_store(struct context *context, struct reconciled *reconciled);
extern const struct command reconcile_list, reconcile_show;

#endif
