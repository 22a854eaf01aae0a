/*
 * A progress bar on stderr: only where stderr is a terminal, a few times a second, and
 * wiped away at the end.
 */
#ifndef TOLL_CLI_PROGRESS_H
#define TOLL_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool shown;       /* stderr is a terminal */
	bool drawn;       /* there is something to wipe away */
	const char *what; /* "verified", "sent"; static */
	int64_t started_ms, last_ms;
};

void progress_start(struct progress *progress, const char *what);
/*
 * `items` of `what` so far; `done` of `total` (of bytes, say) is how full the bar is, total 0: not
 * known.  Cheap when called for every item.
 */
void progress_at(struct progress *progress, int64_t items, int64_t done, int64_t total);
void progress_end(struct progress *progress);

#endif
