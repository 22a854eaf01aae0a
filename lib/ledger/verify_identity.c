#include "ledger/verify_identity.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/archives.h"

enum {
	FINGERPRINTS_MAX = 4 * 1024 *
	                   1024, /* in memory at a time: 32 MiB; more events, more passes */
	SUSPECTS_MAX = 10000,    /* fingerprints that stand twice, in one pass */
};

/* Of this walk alone: what memory holds goes by a seed. */
static uint64_t fingerprint_of(int64_t source, struct text id)
{
	return hash64(id.at, id.len, (uint64_t)source);
}

/* An event whose fingerprint stands twice. */
struct suspect {
	uint64_t fingerprint;
	int64_t source, ts;
	struct text id;
};

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int by_identity(const void *a, const void *b)
{
	const struct suspect *x = a, *y = b;
	int order = (x->source > y->source) - (x->source < y->source);

	if (order == 0)
		order = text_compare(x->id, y->id);
	return order != 0 ? order : (x->ts > y->ts) - (x->ts < y->ts);
}

/* Calls each(context, ...) for the events of one pass. */
typedef int identity_fn(void *context, int64_t ts, int64_t source, struct text id,
                        uint64_t fingerprint);

static int each_identity(struct ledger *ledger, uint64_t pass, uint64_t passes, identity_fn *each,
                         void *context, struct fault *fault)
{
	const struct query *query = NULL;
	struct walk walk;
	int r = walk_start(&walk, ledger, STATEMENT_EVENT_IDENTITIES, LEDGER_FROM_MIN,
	                   LEDGER_TO_MAX, text_of(NULL), fault);

	if (r < 0)
		return r;
	while ((r = walk_next(&walk, &query, fault)) > 0) {
		int64_t source = column_int(query, 1);
		struct text id = column_text(query, 2);
		uint64_t fingerprint = fingerprint_of(source, id);

		if (fingerprint % passes != pass)
			continue;
		r = each(context, column_int(query, 0), source, id, fingerprint);
		if (r != 0)
			break;
	}
	walk_end(&walk);
	return r;
}

struct gather {
	uint64_t *values; /* FINGERPRINTS of this pass, later those that stand twice */
	size_t count, cap;
	struct suspect *suspects;
	size_t suspect_count, suspect_cap;
	struct arena arena;
	struct fault *fault;
};

static int gather_value(void *context, int64_t ts, int64_t source, struct text id,
                        uint64_t fingerprint)
{
	struct gather *gather = context;

	(void)ts;
	(void)source;
	(void)id;
	if (gather->count == gather->cap) {
		size_t cap = gather->cap > 0 ? gather->cap * 2 : 4096;
		uint64_t *grown = realloc(gather->values, cap * sizeof(*grown));

		if (grown == NULL)
			return fault_set(gather->fault, FAULT_NOMEM, "verify: out of memory");
		gather->values = grown;
		gather->cap = cap;
	}
	gather->values[gather->count++] = fingerprint;
	return 0;
}

static int gather_suspect(void *context, int64_t ts, int64_t source, struct text id,
                          uint64_t fingerprint)
{
	struct gather *gather = context;
	struct suspect *suspect;

	if (bsearch(&fingerprint, gather->values, gather->count, sizeof(*gather->values),
	            by_value) == NULL)
		return 0;
	if (gather->suspect_count == gather->suspect_cap) {
		size_t cap = gather->suspect_cap > 0 ? gather->suspect_cap * 2 : 64;
		struct suspect *grown = realloc(gather->suspects, cap * sizeof(*grown));

		if (grown == NULL)
			return fault_set(gather->fault, FAULT_NOMEM, "verify: out of memory");
		gather->suspects = grown;
		gather->suspect_cap = cap;
	}
	suspect = &gather->suspects[gather->suspect_count++];
	*suspect = (struct suspect){ fingerprint, source, ts, arena_copy(&gather->arena, id) };
	if (suspect->id.at == NULL)
		return fault_set(gather->fault, FAULT_NOMEM, "verify: out of memory");
	return 0;
}

/* Leaves the values that stand twice, sorted, at most SUSPECTS_MAX of them. */
static void keep_twins(struct gather *gather)
{
	size_t kept = 0;

	if (gather->count == 0)
		return;
	qsort(gather->values, gather->count, sizeof(*gather->values), by_value);
	for (size_t i = 1; i < gather->count && kept < SUSPECTS_MAX; i++) {
		if (gather->values[i] == gather->values[i - 1] &&
		    (kept == 0 || gather->values[kept - 1] != gather->values[i]))
			gather->values[kept++] = gather->values[i];
	}
	gather->count = kept;
}

static int report_twins(struct verify *verify, struct gather *gather)
{
	int r = 0;

	if (gather->suspect_count == 0)
		return 0;
	qsort(gather->suspects, gather->suspect_count, sizeof(*gather->suspects), by_identity);
	for (size_t i = 1; r == 0 && i < gather->suspect_count; i++) {
		const struct suspect *a = &gather->suspects[i - 1], *b = &gather->suspects[i];

		/* Two identities may share a fingerprint: only equal texts are one identity. */
		if (a->source != b->source || !text_equal(a->id, b->id))
			continue;
		r = verify_where_event(verify, b->source, b->id, b->ts);
		if (r == 0)
			r = verify_report_moments(verify, VERIFY_IDENTITY,
			                          "time, where it stands already", b->ts, a->ts);
	}
	return r;
}

int verify_identities(struct verify *verify, struct ledger *ledger, int64_t events,
                      struct fault *fault)
{
	uint64_t passes = (uint64_t)events / FINGERPRINTS_MAX + 1;
	struct gather gather = { .values = NULL, .fault = fault };
	int r = 0;

	for (uint64_t pass = 0; r == 0 && pass < passes; pass++) {
		gather.count = gather.suspect_count = 0;
		r = each_identity(ledger, pass, passes, gather_value, &gather, fault);
		if (r != 0)
			break;
		keep_twins(&gather);
		if (gather.count == 0)
			continue;
		r = each_identity(ledger, pass, passes, gather_suspect, &gather, fault);
		if (r == 0)
			r = report_twins(verify, &gather);
		arena_reset(&gather.arena);
	}
	free(gather.values);
	free(gather.suspects);
	arena_release(&gather.arena);
	return r;
}
