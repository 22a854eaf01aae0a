/* What became of the lines that were brought: the summary of import and send. */
#ifndef TOLL_CLI_VERDICTS_H
#define TOLL_CLI_VERDICTS_H

#include "cli/command.h"
#include "ingest/ingest.h"

/*
 * The counts of lines by verdict, and beside them where to look.  `more` are further JSON members
 * (",\"a\":1"), may be NULL.
 */
void verdicts_write(struct context *context, const int64_t counts[INGEST_VERDICT_COUNT],
                    const char *more);

#endif
