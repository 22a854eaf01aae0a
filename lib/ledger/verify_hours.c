#include "ledger/verify_hours.h"

#include <stdio.h>

#include "base/moment.h"

enum { DIGEST_SHOWN = 8 }; /* bytes */

int verify_hours_add(struct verify_hours *hours, struct ledger *ledger, const struct event_row *row,
                     int64_t findings, struct fault *fault)
{
	unsigned char digest[SHA256_BYTES];
	int r = event_row_digest(row, &ledger->digest_room, digest, fault);

	if (r < 0)
		return r;
	if (hours->events == 0)
		hours->findings = findings;
	hours->hour = moment_floor(row->stored.event.time_ms, MOMENT_HOUR);
	hours->events++;
	digest_sum_add(&hours->sum, digest);
	return 0;
}

static void sum_hex(const struct digest_sum *sum, char out[2 * DIGEST_SHOWN + 1])
{
	unsigned char bytes[SHA256_BYTES];

	digest_sum_get(sum, bytes);
	for (size_t i = 0; i < DIGEST_SHOWN; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

/* A side that is not there has no events. */
static int differs(struct verify *verify, int64_t hour, int64_t kept_events,
                   const struct digest_sum *kept, const struct verify_hours *derived, bool silent)
{
	char where[MOMENT_TEXT_BYTES + 8], moment[MOMENT_TEXT_BYTES], a[64], b[64],
		hex[2 * DIGEST_SHOWN + 1];

	verify_note_hour(verify, hour);
	if (silent)
		return 0;
	moment_text_unit(hour, MOMENT_HOUR, moment);
	snprintf(where, sizeof(where), "hour %s", moment);
	sum_hex(kept, hex);
	snprintf(a, sizeof(a), "%lld events, %s", (long long)kept_events, hex);
	sum_hex(&derived->sum, hex);
	snprintf(b, sizeof(b), "%lld events, %s", (long long)derived->events, hex);
	return verify_report_at(verify, VERIFY_HOUR, text_of(where), "digest of its events",
	                        text_of(a), text_of(b));
}

static int check_kept(struct verify *verify, const struct hour_digest *kept,
                      struct verify_hours *hours, int64_t findings)
{
	static const struct verify_hours nothing;
	const struct digest_sum sum = digest_sum_of(kept->digest);
	bool walked = hours->events > 0 && kept->hour_ms == hours->hour;
	const struct verify_hours *derived = walked ? hours : &nothing;

	if (kept->events == derived->events && digest_sum_equal(&sum, &derived->sum))
		return 0;
	return differs(verify, kept->hour_ms, kept->events, &sum, derived,
	               walked && findings > hours->findings);
}

struct kept {
	struct verify *verify;
	struct verify_hours *hours;
	int64_t findings;
	bool seen; /* the hour that was walked */
};

static int on_hour(void *context, const struct hour_digest *hour)
{
	struct kept *kept = context;

	kept->seen = kept->seen || hour->hour_ms == kept->hours->hour;
	return check_kept(kept->verify, hour, kept->hours, kept->findings);
}

int verify_hours(struct verify *verify, struct verify_hours *hours, int64_t from_ms, int64_t to_ms,
                 int64_t findings, struct fault *fault)
{
	struct kept kept = { verify, hours, findings, false };
	const struct digest_sum nothing = { { 0 } };
	int r = ledger_each_hour(verify_ledger(verify), from_ms, to_ms, on_hour, &kept, fault);

	if (r == 0 && hours->events > 0 && !kept.seen)
		r = differs(verify, hours->hour, 0, &nothing, hours, findings > hours->findings);
	*hours = (struct verify_hours){ .events = 0 };
	return r;
}

static int check_astray(struct verify *verify, const struct query *query, void *context,
                        struct fault *fault)
{
	char where[MOMENT_TEXT_BYTES + 8], moment[MOMENT_TEXT_BYTES], number[32];

	(void)context;
	(void)fault;
	verify_note_hour(verify, column_int(query, 0));
	moment_text_unit(column_int(query, 0), MOMENT_HOUR, moment);
	snprintf(where, sizeof(where), "hour %s", moment);
	snprintf(number, sizeof(number), "%lld", (long long)column_int(query, 1));
	return verify_report_at(verify, VERIFY_HOUR, text_of(where), "archive", text_of(number),
	                        text_of("0, or a file of the archive"));
}

int verify_hours_astray(struct verify *verify, struct fault *fault)
{
	return verify_each(verify, STATEMENT_HOUR_ASTRAY, check_astray, NULL, fault);
}
