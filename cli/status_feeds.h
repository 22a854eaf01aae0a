/*
 * The feeds that `toll status` shows: those the daemon has now, as it tells them, and those
 * that only the ledger has a position of.
 */
#ifndef TOLL_CLI_STATUS_FEEDS_H
#define TOLL_CLI_STATUS_FEEDS_H

#include "cli/control.h"

struct status_feeds {
	bool running; /* the ledger has a writer, or that is not known */
	bool asked;   /* and it answered */
	struct control_reply reply;
};

/* Asks the daemon, where there may be one; never fails, for the ledger's part is there. */
void status_feeds_ask(struct context *context, bool running, struct status_feeds *feeds_out);
/* Pairs under the label "Feeds"; nothing where there are none. */
int status_feeds_text(struct context *context, const struct status_feeds *feeds,
                      size_t label_width);
/* "feeds":[...] */
int status_feeds_json(struct context *context, const struct status_feeds *feeds, struct buf *out);
void status_feeds_release(struct status_feeds *feeds);

#endif
