#include "ledger/verify_sources.h"

#include <stdlib.h>

int verify_sources_add(struct verify_sources *sources, int64_t source, int64_t ts, int64_t events,
                       struct fault *fault)
{
	const struct rollup_key key = { .source = source };
	struct rollup_entry *entry = rollups_find(&sources->counts, &key);
	bool is_new = entry == NULL;
	struct span *span;

	if (is_new)
		entry = rollups_add(&sources->counts, &key);
	if (entry == NULL)
		return fault_set(fault, FAULT_NOMEM, "verify: out of memory");
	if (sources->span_cap < sources->counts.cap) {
		struct span *grown = realloc(sources->spans, sources->counts.cap * sizeof(*grown));

		if (grown == NULL)
			return fault_set(fault, FAULT_NOMEM, "verify: out of memory");
		sources->spans = grown;
		sources->span_cap = sources->counts.cap;
	}
	span = &sources->spans[entry - sources->counts.entries];
	entry->sum.events += events;
	if (is_new || ts < span->first_ms)
		span->first_ms = ts;
	if (is_new || ts > span->last_ms)
		span->last_ms = ts;
	return 0;
}

void verify_sources_release(struct verify_sources *sources)
{
	rollups_release(&sources->counts);
	free(sources->spans);
	*sources = (struct verify_sources){ .spans = NULL };
}

static int compare_moment(struct verify *verify, int64_t source, const char *what, int64_t stored,
                          int64_t derived)
{
	int r;

	if (stored == derived)
		return 0;
	r = verify_where_source(verify, source);
	return r < 0 ? r : verify_report_moments(verify, VERIFY_WATERMARK, what, stored, derived);
}

static int compare_events(struct verify *verify, int64_t source, int64_t stored, int64_t derived)
{
	int r;

	if (stored == derived)
		return 0;
	r = verify_where_source(verify, source);
	if (r < 0)
		return r;
	return verify_report_numbers(verify, VERIFY_WATERMARK, "events", stored, derived);
}

/* One row of WATERMARK_ALL; context: struct verify_sources. */
static int check_watermark(struct verify *verify, const struct query *query, void *context,
                           struct fault *fault)
{
	const struct rollup_key key = { .source = column_int(query, 0) };
	struct verify_sources *sources = context;
	struct rollup_entry *entry = rollups_find(&sources->counts, &key);
	const struct span *span;
	int r;

	(void)fault;
	if (entry == NULL)
		return compare_events(verify, key.source, column_int(query, 1), 0);
	entry->seen = true;
	span = &sources->spans[entry - sources->counts.entries];
	r = compare_events(verify, key.source, column_int(query, 1), entry->sum.events);
	if (r == 0)
		r = compare_moment(verify, key.source, "first", column_int(query, 2),
		                   span->first_ms);
	if (r == 0)
		r = compare_moment(verify, key.source, "last", column_int(query, 3), span->last_ms);
	return r;
}

int verify_watermarks(struct verify *verify, struct verify_sources *sources, struct fault *fault)
{
	int r = verify_each(verify, STATEMENT_WATERMARK_ALL, check_watermark, sources, fault);

	for (size_t i = 0; r == 0 && i < sources->counts.count; i++) {
		const struct rollup_entry *entry = &sources->counts.entries[i];

		if (!entry->seen)
			r = compare_events(verify, entry->key.source, 0, entry->sum.events);
	}
	return r;
}
