/* What toll backup and toll restore share: how a copy goes on, and what it was. */
#ifndef TOLL_CLI_COPYING_H
#define TOLL_CLI_COPYING_H

#include "cli/command.h"
#include "cli/progress.h"
#include "ledger/backup.h"

struct copying {
	struct context *context;
	struct progress copied, verified;
	struct backup_watch watch;
	struct backup_result result;
	int64_t shown; /* differences */
};

void copying_start(struct copying *copying, struct context *context);
/* Wipes the bars away. */
void copying_end(struct copying *copying);
/* The result, of a copy with or without differences; `file` is what was made. */
enum exit_code copying_write(struct copying *copying, const char *file);

#endif
