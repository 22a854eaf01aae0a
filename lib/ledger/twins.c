#include "ledger/twins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "ledger/adjust.h"
#include "ledger/archives.h"
#include "ledger/hours.h"

enum { PROGRESS_EVERY = 2048, VALUES_MIN = 4096 };

/* An event whose fingerprint stands twice. */
struct suspect {
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

/* Of this walk alone: what memory holds goes by a seed. */
static uint64_t fingerprint_of(int64_t source, struct text id)
{
	return hash64(id.at, id.len, (uint64_t)source);
}

struct gather {
	struct ledger *ledger;
	const struct twin_search *search;
	uint64_t pass, passes;
	int64_t done;     /* rows read by the first look of each pass */
	uint64_t *values; /* fingerprints of this pass, later those that stand twice */
	size_t count, cap;
	size_t first, end; /* of those: what is looked at now */
	struct suspect *suspects;
	size_t suspect_count, suspect_cap;
	struct arena arena;
	ledger_twin_fn *each;
	void *context;
	struct fault *fault;
};

/* An event of this pass. */
typedef int identity_fn(struct gather *gather, int64_t ts, int64_t source, struct text id,
                        uint64_t fingerprint);

static int each_identity(struct gather *gather, bool first_look, identity_fn *each)
{
	const struct twin_search *search = gather->search;
	const struct query *row = NULL;
	struct walk walk;
	int r = walk_start(&walk, gather->ledger, STATEMENT_EVENT_IDENTITIES, LEDGER_FROM_MIN,
	                   search->until_ms, text_of(NULL), gather->fault);

	if (r < 0)
		return r;
	while ((r = walk_next(&walk, &row, gather->fault)) > 0) {
		int64_t source = column_int(row, 1);
		struct text id = column_text(row, 2);
		uint64_t fingerprint = fingerprint_of(source, id);

		if (first_look && ++gather->done % PROGRESS_EVERY == 0 && search->progress != NULL)
			search->progress(search->context, gather->done,
			                 search->events * (int64_t)gather->passes);
		if (fingerprint % gather->passes != gather->pass)
			continue;
		r = each(gather, column_int(row, 0), source, id, fingerprint);
		if (r != 0)
			break;
	}
	walk_end(&walk);
	return r;
}

static int gather_value(struct gather *gather, int64_t ts, int64_t source, struct text id,
                        uint64_t fingerprint)
{
	(void)ts;
	(void)source;
	(void)id;
	if (gather->count == gather->cap) {
		size_t cap = gather->cap > 0 ? gather->cap + gather->cap / 4 : VALUES_MIN;
		uint64_t *grown = realloc(gather->values, cap * sizeof(*grown));

		if (grown == NULL)
			return fault_set(gather->fault, FAULT_NOMEM, "twins: out of memory");
		gather->values = grown;
		gather->cap = cap;
	}
	gather->values[gather->count++] = fingerprint;
	return 0;
}

static int gather_suspect(struct gather *gather, int64_t ts, int64_t source, struct text id,
                          uint64_t fingerprint)
{
	struct suspect *suspect;

	if (bsearch(&fingerprint, gather->values + gather->first, gather->end - gather->first,
	            sizeof(*gather->values), by_value) == NULL)
		return 0;
	if (gather->suspect_count == gather->suspect_cap) {
		size_t cap = gather->suspect_cap > 0 ? gather->suspect_cap * 2 : 64;
		struct suspect *grown = realloc(gather->suspects, cap * sizeof(*grown));

		if (grown == NULL)
			return fault_set(gather->fault, FAULT_NOMEM, "twins: out of memory");
		gather->suspects = grown;
		gather->suspect_cap = cap;
	}
	suspect = &gather->suspects[gather->suspect_count++];
	*suspect = (struct suspect){ source, ts, arena_copy(&gather->arena, id) };
	if (suspect->id.at == NULL)
		return fault_set(gather->fault, FAULT_NOMEM, "twins: out of memory");
	return 0;
}

/* Leaves the values that stand twice, sorted. */
static void keep_doubles(struct gather *gather)
{
	size_t kept = 0;

	if (gather->count == 0)
		return;
	qsort(gather->values, gather->count, sizeof(*gather->values), by_value);
	for (size_t i = 1; i < gather->count; i++) {
		if (gather->values[i] == gather->values[i - 1] &&
		    (kept == 0 || gather->values[kept - 1] != gather->values[i]))
			gather->values[kept++] = gather->values[i];
	}
	gather->count = kept;
}

/* A copy of an identity: whether it counts, and how far it is settled. */
struct copy {
	bool counts;
	struct standing standing;
};

static int look_up(struct ledger *ledger, const struct suspect *suspect, struct copy *out,
                   struct fault *fault)
{
	struct event_row row = { .source = suspect->source, .stored.event.id = suspect->id };
	struct query query;
	int64_t voids = 0;
	int r = store_standing(ledger, suspect->ts, &row, &out->counts, &out->standing, fault);

	if (r == 0 && !out->counts)
		r = archives_standing(ledger, suspect->ts, &row, &out->counts, &out->standing,
		                      fault);

	if (r < 0 || !out->counts)
		return r;
	query = query_start(ledger, STATEMENT_CORRECTION_VOID);
	store_bind_identity(&query, suspect->ts, suspect->source, suspect->id);
	r = query_single(&query, &voids, fault);
	out->counts = voids == 0;
	return r;
}

/* `a` stands, of the two. */
static bool stands_before(const struct standing *a, const struct standing *b)
{
	return a->settlement != b->settlement ? a->settlement > b->settlement : a->ts < b->ts;
}

/* The copies of one identity, from the earliest on. */
static int tell_copies(struct gather *gather, const struct suspect *copies, size_t count)
{
	struct ledger *ledger = gather->ledger;
	struct standing keep = { .ts = -1 };
	struct copy copy;
	struct twin twin;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		r = look_up(ledger, &copies[i], &copy, gather->fault);
		if (r == 0 && copy.counts && (keep.ts < 0 || stands_before(&copy.standing, &keep)))
			keep = copy.standing;
	}
	names_trim(&ledger->names);
	for (size_t i = 0; r == 0 && i < count; i++) {
		r = look_up(ledger, &copies[i], &copy, gather->fault);
		if (r < 0 || !copy.counts || copies[i].ts == keep.ts)
			continue;
		twin = (struct twin){ .id = copies[i].id,
			              .keep_ms = keep.ts,
			              .void_ms = copies[i].ts };
		r = names_text(ledger, copies[i].source, &twin.source, gather->fault);
		if (r == 0)
			r = gather->each(gather->context, &twin);
	}
	return r;
}

static int tell_suspects(struct gather *gather)
{
	const struct suspect *suspects = gather->suspects;
	size_t first = 0;
	int r = 0;

	if (gather->suspect_count == 0)
		return 0;
	qsort(gather->suspects, gather->suspect_count, sizeof(*suspects), by_identity);
	for (size_t i = 1; r == 0 && i <= gather->suspect_count; i++) {
		/* Two identities may share a fingerprint: only equal texts are one identity. */
		if (i < gather->suspect_count && suspects[i].source == suspects[first].source &&
		    text_equal(suspects[i].id, suspects[first].id))
			continue;
		if (i - first > 1)
			r = tell_copies(gather, suspects + first, i - first);
		first = i;
	}
	return r;
}

static int look_at_pass(struct gather *gather)
{
	int r;

	gather->count = 0;
	r = each_identity(gather, true, gather_value);
	if (r != 0)
		return r;
	keep_doubles(gather);
	for (gather->first = 0; r == 0 && gather->first < gather->count;
	     gather->first = gather->end) {
		gather->end = gather->count - gather->first > TWINS_SUSPECTS_MAX
		                      ? gather->first + TWINS_SUSPECTS_MAX
		                      : gather->count;
		gather->suspect_count = 0;
		r = each_identity(gather, false, gather_suspect);
		if (r == 0)
			r = tell_suspects(gather);
		arena_reset(&gather->arena);
	}
	return r;
}

int ledger_each_twin(struct ledger *ledger, const struct twin_search *search, ledger_twin_fn *each,
                     void *context, struct fault *fault)
{
	size_t most = search->fingerprints_max > 0 ? search->fingerprints_max
	                                           : (size_t)TWINS_FINGERPRINTS_MAX;
	struct gather gather = {
		.ledger = ledger,
		.search = search,
		.passes = (uint64_t)search->events / most + 1,
		.each = each,
		.context = context,
		.fault = fault,
	};
	int r = 0;

	for (; r == 0 && gather.pass < gather.passes; gather.pass++)
		r = look_at_pass(&gather);
	free(gather.values);
	free(gather.suspects);
	arena_release(&gather.arena);
	return r;
}

int ledger_void_twin(struct ledger *ledger, const struct twin *twin, int64_t at_ms,
                     bool *voided_out, struct fault *fault)
{
	struct suspect keep = { .ts = twin->keep_ms, .id = twin->id };
	struct suspect later = { .ts = twin->void_ms, .id = twin->id };
	char kept[MOMENT_TEXT_BYTES], reason[2 * MOMENT_TEXT_BYTES];
	struct copy stays = { .counts = false }, goes = { .counts = false };
	struct correction_done done;
	struct correction_wish wish = {
		.kind = CORRECTION_TWIN,
		.source = twin->source,
		.id = twin->id,
		.time_ms = twin->void_ms,
		.at_ms = at_ms,
		.who = text_of("toll"),
	};
	int r = names_id(ledger, twin->source, &keep.source, fault);

	*voided_out = false;
	later.source = keep.source;
	if (r == 0)
		r = look_up(ledger, &keep, &stays, fault);
	if (r == 0)
		r = look_up(ledger, &later, &goes, fault);
	if (r < 0 || !stays.counts || !goes.counts || twin->keep_ms == twin->void_ms ||
	    !stands_before(&stays.standing, &goes.standing))
		return r;
	moment_text(twin->keep_ms, kept);
	snprintf(reason, sizeof(reason), "the same event counts at %s", kept);
	wish.reason = text_of(reason);
	r = ledger_correct(ledger, &wish, &done, fault);
	if (r < 0)
		return r;
	/* What comes of it later is of the one that stands. */
	identity_add(&ledger->identity,
	             identity_fingerprint(&ledger->identity, keep.source, twin->id), twin->keep_ms);
	*voided_out = true;
	return 0;
}

/* Of all hours before until_ms: not what ledger_hours_digest() gives whoever did not look. */
static int check_digest(struct ledger *ledger, int64_t until_ms,
                        unsigned char digest_out[SHA256_BYTES], struct fault *fault)
{
	static const char words[] = "twins were looked for before ";
	unsigned char hours[SHA256_BYTES];
	char bytes[sizeof(words) + MOMENT_TEXT_BYTES + SHA256_BYTES];
	int len = snprintf(bytes, sizeof(bytes), "%s%lld ", words, (long long)until_ms);
	int r = ledger_hours_digest(ledger, until_ms, hours, fault);

	if (r < 0)
		return r;
	memcpy(bytes + len, hours, sizeof(hours));
	sha256(bytes, (size_t)len + sizeof(hours), digest_out);
	return 0;
}

int ledger_check_period(struct ledger *ledger, const struct twin_search *search,
                        ledger_twin_fn *each, void *context, struct period_check *check_out,
                        struct fault *fault)
{
	struct period_check check = { .until_ms = search->until_ms };
	int r = check_digest(ledger, check.until_ms, check.digest, fault);

	if (r == 0)
		r = ledger_each_twin(ledger, search, each, context, fault);
	if (r == 0)
		*check_out = check;
	return r;
}

int ledger_check_end(struct ledger *ledger, int64_t until_ms, int64_t at_ms, struct fault *fault)
{
	char closed[MOMENT_TEXT_BYTES], asked[MOMENT_TEXT_BYTES];
	int64_t until = 0;
	int r = ledger_closed_until(ledger, &until, fault);

	if (r < 0)
		return r;
	moment_text(until, closed);
	moment_text(until_ms, asked);
	if (until_ms % MS_PER_HOUR != 0)
		return fault_set(fault, FAULT_INVALID, "a period ends on the hour, not at %s",
		                 asked);
	if (until_ms <= until)
		return fault_set(fault, FAULT_INVALID, "all before %s is closed already: not %s",
		                 closed, asked);
	if (until_ms > at_ms)
		return fault_set(fault, FAULT_INVALID, "%s is not over yet", asked);
	return 0;
}

int ledger_close_period(struct ledger *ledger, const struct period_check *check, int64_t at_ms,
                        struct text who, struct text note, bool *closed_out, struct fault *fault)
{
	unsigned char digest[SHA256_BYTES];
	struct query query;
	int r = ledger_check_end(ledger, check->until_ms, at_ms, fault);

	assert(ledger->in_transaction);
	if (r == 0)
		r = check_digest(ledger, check->until_ms, digest, fault);
	if (r < 0)
		return r;
	*closed_out = memcmp(digest, check->digest, sizeof(digest)) == 0;
	if (!*closed_out)
		return 0;
	query = query_start(ledger, STATEMENT_CLOSING_ADD);
	query_int(&query, check->until_ms);
	query_int(&query, at_ms);
	query_text(&query, who);
	query_text(&query, note);
	return query_done(&query, fault);
}

int ledger_period_waits(struct ledger *ledger, int64_t until_ms, struct period_waits *waits_out,
                        struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_PERIOD_UNSETTLED);
	struct period_waits waits = { .open = 0 };
	int r;

	query_int(&query, until_ms);
	r = query_row(&query, fault);
	if (r <= 0)
		return r;
	waits.open = column_int(&query, 0);
	waits.partial = column_int(&query, 1);
	query_end(&query);
	query = query_start(ledger, STATEMENT_PERIOD_SUSPENSE);
	query_int(&query, until_ms);
	r = query_single(&query, &waits.suspense, fault);
	if (r == 0)
		*waits_out = waits;
	return r;
}
