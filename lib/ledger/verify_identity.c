#include "ledger/verify_identity.h"

#include "ledger/twins.h"

struct told {
	struct verify *verify;
	struct ledger *ledger;
	struct fault *fault;
};

static int tell(void *context, const struct twin *twin)
{
	struct told *told = context;
	int64_t source;
	int r = names_id(told->ledger, twin->source, &source, told->fault);

	if (r == 0)
		r = verify_where_event(told->verify, source, twin->id, twin->void_ms);
	return r < 0 ? r
	             : verify_report_moments(told->verify, VERIFY_IDENTITY,
	                                     "time, where it stands already", twin->void_ms,
	                                     twin->keep_ms);
}

int verify_identities(struct verify *verify, struct ledger *ledger, int64_t events,
                      struct fault *fault)
{
	const struct twin_search search = { .until_ms = LEDGER_TO_MAX, .events = events };
	struct told told = { verify, ledger, fault };

	return ledger_each_twin(ledger, &search, tell, &told, fault);
}
