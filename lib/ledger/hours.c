#include "ledger/hours.h"

#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "ledger/internal.h"

enum { HOURS_MIN = 16 };

void hours_clear(struct hours *hours)
{
	hours->count = 0;
}

void hours_release(struct hours *hours)
{
	free(hours->entries);
	*hours = (struct hours){ .entries = NULL };
}

/* Where the hour is, or would stand: they ascend. */
static size_t place_of(const struct hours *hours, int64_t hour)
{
	size_t low = 0, high = hours->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (hours->entries[middle].hour < hour)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Room for one more, at its place. */
static int make_room(struct hours *hours, size_t at, struct fault *fault)
{
	if (hours->count == hours->cap) {
		size_t cap = hours->cap > 0 ? hours->cap * 2 : HOURS_MIN;
		struct hour_entry *grown = realloc(hours->entries, cap * sizeof(*grown));

		if (grown == NULL)
			return fault_set(fault, FAULT_NOMEM, "hours: out of memory");
		hours->entries = grown;
		hours->cap = cap;
	}
	memmove(&hours->entries[at + 1], &hours->entries[at],
	        (hours->count - at) * sizeof(*hours->entries));
	hours->count++;
	return 0;
}

/* A digest that is not there, or is none, is not to be added to. */
static int read_digest(struct ledger *ledger, const struct query *query, int column, int64_t hour,
                       struct digest_sum *sum_out, struct fault *fault)
{
	struct text bytes = column_blob(query, column);
	char moment[MOMENT_TEXT_BYTES];

	if (bytes.len != SHA256_BYTES) {
		moment_text(hour, moment);
		return fault_set(fault, FAULT_CORRUPT, "%s: hour %s has no digest: " WORDS_ADVICE,
		                 ledger->path, moment);
	}
	*sum_out = digest_sum_of((const unsigned char *)bytes.at);
	return 0;
}

/* The entry of an hour, from memory or from its row; lives until the next one. */
static int entry_of(struct ledger *ledger, int64_t hour, struct hour_entry **entry_out,
                    struct fault *fault)
{
	struct hours *hours = &ledger->hours;
	size_t at = place_of(hours, hour);
	struct hour_entry entry = { .hour = hour };
	struct query query;
	int r;

	if (at < hours->count && hours->entries[at].hour == hour) {
		*entry_out = &hours->entries[at];
		return 0;
	}
	query = query_start(ledger, STATEMENT_HOUR_GET);
	query_int(&query, hour);
	r = query_row(&query, fault);
	if (r > 0) {
		entry.events = column_int(&query, 0);
		r = read_digest(ledger, &query, 1, hour, &entry.sum, fault);
		query_end(&query);
	}
	if (r == 0)
		r = make_room(hours, at, fault);
	if (r < 0)
		return r;
	hours->entries[at] = entry;
	*entry_out = &hours->entries[at];
	return 0;
}

int hours_add(struct ledger *ledger, const struct event_row *row, struct fault *fault)
{
	unsigned char digest[SHA256_BYTES];
	struct hour_entry *entry;
	int r = entry_of(ledger, moment_floor(row->stored.event.time_ms, MOMENT_HOUR), &entry,
	                 fault);

	if (r == 0)
		r = event_row_digest(row, &ledger->digest_room, digest, fault);
	if (r < 0)
		return r;
	entry->events++;
	digest_sum_add(&entry->sum, digest);
	return 0;
}

int hours_take(struct ledger *ledger, int64_t time_ms, const unsigned char digest[SHA256_BYTES],
               struct fault *fault)
{
	struct hour_entry *entry;
	int r = entry_of(ledger, moment_floor(time_ms, MOMENT_HOUR), &entry, fault);

	if (r < 0)
		return r;
	if (entry->events == 0)
		return fault_set(fault, FAULT_CORRUPT, "%s: an hour lacks an event that it has",
		                 ledger->path);
	entry->events--;
	digest_sum_take(&entry->sum, digest);
	return 0;
}

static int write_entry(struct ledger *ledger, const struct hour_entry *entry, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_HOUR_PUT);
	unsigned char bytes[SHA256_BYTES];

	digest_sum_get(&entry->sum, bytes);
	query_int(&query, entry->hour);
	query_int(&query, entry->events);
	query_blob(&query, (struct text){ (const char *)bytes, sizeof(bytes) });
	return query_done(&query, fault);
}

int hours_write(struct ledger *ledger, struct fault *fault)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ledger->hours.count; i++)
		r = write_entry(ledger, &ledger->hours.entries[i], fault);
	return r;
}

/* An hour that an older version stored: its digest is made of its events. */
static int fill_hour(struct ledger *ledger, int64_t hour, struct fault *fault)
{
	struct hour_entry entry = { .hour = hour };
	struct query query = query_start(ledger, STATEMENT_EVENT_RANGE);
	int r;

	query_int(&query, hour);
	query_int(&query, hour + MS_PER_HOUR);
	while ((r = query_row(&query, fault)) > 0) {
		unsigned char digest[SHA256_BYTES];
		struct event_row row;

		r = event_row_read(ledger, &query, &row, fault);
		if (r == 0)
			r = event_row_names(ledger, &row, fault);
		if (r == 0)
			r = event_row_digest(&row, &ledger->digest_room, digest, fault);
		if (r < 0) {
			query_end(&query);
			return r;
		}
		entry.events++;
		digest_sum_add(&entry.sum, digest);
	}
	if (r < 0)
		return r;
	r = ledger_begin(ledger, fault);
	if (r == 0)
		r = write_entry(ledger, &entry, fault);
	if (r == 0)
		r = ledger_commit(ledger, fault);
	if (r < 0)
		ledger_rollback(ledger);
	return r;
}

int hours_fill(struct ledger *ledger, struct fault *fault)
{
	int r = 0;

	for (;;) {
		struct query query = query_start(ledger, STATEMENT_HOUR_UNFILLED);
		int64_t hour;

		r = query_row(&query, fault);
		if (r <= 0)
			return r;
		hour = column_int(&query, 0);
		query_end(&query);
		r = fill_hour(ledger, hour, fault);
		if (r < 0)
			return r;
	}
}

int ledger_each_hour(struct ledger *ledger, int64_t from_ms, int64_t to_ms, ledger_hour_fn *each,
                     void *context, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_HOUR_RANGE);
	int r;

	query_int(&query, from_ms);
	query_int(&query, to_ms);
	while ((r = query_row(&query, fault)) > 0) {
		struct hour_digest hour = { .hour_ms = column_int(&query, 0),
			                    .events = column_int(&query, 1) };
		struct digest_sum sum;

		r = read_digest(ledger, &query, 2, hour.hour_ms, &sum, fault);
		digest_sum_get(&sum, hour.digest);
		if (r == 0)
			r = each(context, &hour);
		if (r != 0) {
			query_end(&query);
			return r;
		}
	}
	return r;
}

static int add_hour(void *context, const struct hour_digest *hour)
{
	struct buf *bytes = context;

	buf_add(bytes, &hour->hour_ms, sizeof(hour->hour_ms));
	buf_add(bytes, &hour->events, sizeof(hour->events));
	buf_add(bytes, hour->digest, sizeof(hour->digest));
	return 0;
}

int ledger_hours_digest(struct ledger *ledger, int64_t until_ms,
                        unsigned char digest_out[SHA256_BYTES], struct fault *fault)
{
	struct buf bytes = { .at = NULL };
	int r = ledger_each_hour(ledger, LEDGER_FROM_MIN, until_ms, add_hour, &bytes, fault);

	if (r == 0 && bytes.error != 0)
		r = fault_set(fault, FAULT_NOMEM, "hours: out of memory");
	if (r == 0)
		sha256(bytes.at, bytes.len, digest_out);
	buf_release(&bytes);
	return r;
}
