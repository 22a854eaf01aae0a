#include "ledger/verify_phases.h"

#include <stdio.h>
#include <string.h>

#include "ledger/archives.h"

enum { WORDS_BYTES = 64 };

struct sums {
	struct verify_sources *sources;
	struct rollups *unknown;
};

/* PHASE_ALL, counted from 0 */
enum {
	COLUMN_SOURCE,
	COLUMN_ID,
	COLUMN_SETTLEMENT,
	COLUMN_HASH,
	COLUMN_TS,
	COLUMN_EVENT_TS,
	COLUMN_LATE,
	COLUMN_KEPT_MS,
	COLUMN_API,
	COLUMN_UNKNOWN,
	COLUMN_STORED,
	COLUMN_DIGEST,
	COLUMN_STANDS, /* settlement of the event that stands */
};

static const char *name_of(int64_t settlement)
{
	return settlement >= 0 && settlement < SETTLEMENT_COUNT
	               ? settlement_name((enum settlement)settlement)
	               : "of no settlement";
}

/* A finding about the phase whose row this is. */
static int report(struct verify *verify, const struct query *query, const char *what,
                  const char *stored, const char *derived)
{
	char words[WORDS_BYTES];

	snprintf(words, sizeof(words), "%s: %s", name_of(column_int(query, COLUMN_SETTLEMENT)),
	         what);
	return verify_report_texts(verify, VERIFY_PHASE, words, stored, derived);
}

static int check_digest(struct verify *verify, const struct query *query, struct fault *fault)
{
	const struct phase_row phase = {
		.source = column_int(query, COLUMN_SOURCE),
		.settlement = column_int(query, COLUMN_SETTLEMENT),
		.hash = column_int(query, COLUMN_HASH),
		.ts = column_int(query, COLUMN_TS),
		.late = column_int(query, COLUMN_LATE),
		.kept_ms = column_int(query, COLUMN_KEPT_MS),
		.api = column_int(query, COLUMN_API),
		.unknown = column_int(query, COLUMN_UNKNOWN),
		.id = column_text(query, COLUMN_ID),
		.stored = column_text(query, COLUMN_STORED),
	};
	unsigned char digest[SHA256_BYTES];
	int r = phase_digest(&phase, digest, fault);

	if (r == 0 && !text_equal(column_blob(query, COLUMN_DIGEST),
	                          (struct text){ (const char *)digest, sizeof(digest) }))
		r = report(verify, query, "content", "another digest", "as it was kept");
	return r;
}

/* The event that stands: there, or in the archive, and of a later phase. */
static int check_event(struct verify *verify, const struct query *query, struct fault *fault)
{
	const struct event_row row = { .source = column_int(query, COLUMN_SOURCE),
		                       .stored.event.id = column_text(query, COLUMN_ID) };
	int64_t stands = column_int_or_absent(query, COLUMN_STANDS);
	struct standing standing;
	bool found = false;
	int r = 0;

	if (stands == EVENT_ABSENT)
		r = archives_standing(verify_ledger(verify), column_int(query, COLUMN_EVENT_TS),
		                      &row, &found, &standing, fault);
	if (r < 0)
		return r;
	if (found)
		stands = standing.settlement;
	if (stands == EVENT_ABSENT)
		return report(verify, query, "event", "gone", "one that stands");
	if (stands <= column_int(query, COLUMN_SETTLEMENT))
		return report(verify, query, "settlement of what stands", name_of(stands),
		              "a later one");
	return 0;
}

static int check_phase(struct verify *verify, const struct query *query, void *context,
                       struct fault *fault)
{
	struct sums *sums = context;
	int64_t source = column_int(query, COLUMN_SOURCE);
	int r = verify_sources_add(sums->sources, source, column_int(query, COLUMN_TS), 0, fault);

	if (r == 0 && column_int(query, COLUMN_UNKNOWN) != 0)
		r = verify_count(sums->unknown, source, column_int(query, COLUMN_API), fault);
	if (r == 0)
		r = verify_where_event(verify, source, column_text(query, COLUMN_ID),
		                       column_int(query, COLUMN_TS));
	if (r == 0)
		r = check_digest(verify, query, fault);
	return r != 0 ? r : check_event(verify, query, fault);
}

int verify_phases(struct verify *verify, struct verify_sources *sources, struct rollups *unknown,
                  struct fault *fault)
{
	struct sums sums = { sources, unknown };

	return verify_each(verify, STATEMENT_PHASE_ALL, check_phase, &sums, fault);
}
