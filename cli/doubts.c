#include "cli/doubts.h"

#include "ingest/terms.h"

static int add(void *user, const struct unknown_row *row)
{
	const struct terms_doubt doubt = terms_doubt(row->path);
	struct doubts *doubts = user;

	doubts->unknown += doubt.path.at != NULL ? row->events : 0;
	doubts->warned += doubt.warned ? row->events : 0;
	doubts->settled += doubt.settled ? row->events : 0;
	return 0;
}

int doubts_count(struct ledger *ledger, struct doubts *doubts_out, struct fault *fault)
{
	struct doubts doubts = { 0 };
	int r = ledger_each_unknown(ledger, add, &doubts, fault);

	if (r == 0)
		*doubts_out = doubts;
	return r;
}
