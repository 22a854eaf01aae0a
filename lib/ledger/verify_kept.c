#include "ledger/verify_kept.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "ledger/archives.h"

enum { WHERE_BYTES = 64 };

static void put_hex(char out[SHA256_HEX_BYTES], struct text bytes)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < bytes.len && i < SHA256_BYTES; i++)
		len += (size_t)snprintf(out + len, SHA256_HEX_BYTES - len, "%02x",
		                        (unsigned char)bytes.at[i]);
}

/* One row: a line that is read again later must be the one that was sent. */
static int check_line(struct verify *verify, const struct query *query, void *context,
                      struct fault *fault)
{
	struct text raw = column_blob(query, 1), stored = column_blob(query, 2);
	char where[WHERE_BYTES], is[SHA256_HEX_BYTES], due[SHA256_HEX_BYTES];
	unsigned char digest[SHA256_BYTES];

	(void)context;
	(void)fault;
	sha256(raw.at, raw.len, digest);
	if (text_equal(stored, (struct text){ (const char *)digest, sizeof(digest) }))
		return 0;
	snprintf(where, sizeof(where), "line %lld", (long long)column_int(query, 0));
	put_hex(is, stored);
	put_hex(due, (struct text){ (const char *)digest, sizeof(digest) });
	return verify_report_at(verify, VERIFY_QUARANTINE, text_of(where), "digest", text_of(is),
	                        text_of(due));
}

/* A name of a kept row that is none: no list could show the row. */
static int check_name(struct verify *verify, const struct query *query, void *context,
                      struct fault *fault)
{
	static const struct {
		const char *table;
		enum verify_kind kind;
	} kinds[] = {
		{ "quarantine", VERIFY_QUARANTINE }, { "conflict", VERIFY_CONFLICT },
		{ "unknown_usage", VERIFY_UNKNOWN }, { "policy_rule", VERIFY_RULE },
		{ "reading_rule", VERIFY_RULE },     { "phase", VERIFY_PHASE },
		{ "checkpoint", VERIFY_WATERMARK },
	};
	struct text table = column_text(query, 0);
	enum verify_kind kind = VERIFY_UNKNOWN;
	char where[WHERE_BYTES], number[WHERE_BYTES];

	(void)context;
	(void)fault;
	snprintf(where, sizeof(where), "%.*s, %lld row%s", TEXT_ARGS(table),
	         (long long)column_int(query, 2), column_int(query, 2) == 1 ? "" : "s");
	snprintf(number, sizeof(number), "name %lld", (long long)column_int(query, 1));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (text_is(table, kinds[i].table))
			kind = kinds[i].kind;
	}
	return verify_report_at(verify, kind, text_of(where),
	                        kind == VERIFY_RULE ? "name" : "source", text_of(number),
	                        text_of("a name that is there"));
}

/* The event that stands behind a conflict. */
static int check_conflict(struct verify *verify, const struct query *query, void *context,
                          struct fault *fault)
{
	const struct event_row row = { .source = column_int(query, 0),
		                       .stored.event.id = column_text(query, 1) };
	struct standing standing;
	bool found = false;
	int r = archives_standing(verify_ledger(verify), column_int(query, 2), &row, &found,
	                          &standing, fault);

	(void)context;
	if (r < 0 || found)
		return r;
	r = verify_where_event(verify, row.source, row.stored.event.id, column_int(query, 2));
	return r != 0 ? r : verify_report(verify, VERIFY_CONFLICT, "its event is gone");
}

static int compare_unknown(struct verify *verify, int64_t source, int64_t api, int64_t stored,
                           int64_t derived)
{
	int r;

	if (stored == derived)
		return 0;
	r = verify_where_api(verify, source, api);
	return r != 0 ? r
	              : verify_report_numbers(verify, VERIFY_UNKNOWN, "events", stored, derived);
}

/* One row of what is stored; context: what was derived. */
static int check_unknown(struct verify *verify, const struct query *query, void *context,
                         struct fault *fault)
{
	const struct rollup_key key = { .source = column_int(query, 0),
		                        .tier = column_int(query, 1) };
	struct rollup_entry *entry = rollups_find(context, &key);

	(void)fault;
	if (entry != NULL)
		entry->seen = true;
	return compare_unknown(verify, key.source, key.tier, column_int(query, 2),
	                       entry != NULL ? entry->sum.events : 0);
}

/* A position that is read at the next start. */
static int check_position(struct verify *verify, const struct query *query, void *context,
                          struct fault *fault)
{
	static const char *const kinds[] = { "connect:", "file:", "datagram:" };
	struct text feed = column_text(query, 0), place = column_text(query, 1);
	struct json doc = { .nodes = NULL };
	struct buf where = { .at = NULL };
	bool known = false;
	int r;

	(void)context;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t len = strlen(kinds[i]);

		known = known || (feed.len > len && memcmp(feed.at, kinds[i], len) == 0);
	}
	buf_addf(&where, "feed %.*s", TEXT_ARGS(feed));
	r = json_parse(&doc, place, fault);
	if (r == -FAULT_NOMEM || where.error != 0) {
		r = fault_set(fault, FAULT_NOMEM, "verify: out of memory");
	} else if (r < 0 || json_type_of(&doc, 0) != JSON_OBJECT) {
		if (fault != NULL)
			fault->code = FAULT_NONE;
		r = verify_report_at(verify, VERIFY_POSITION, buf_text(&where), "place", place,
		                     text_of("a JSON object"));
	} else if (!known) {
		r = verify_report_at(verify, VERIFY_POSITION, buf_text(&where), "kind", feed,
		                     text_of("connect, file or datagram"));
	}
	json_release(&doc);
	buf_release(&where);
	return r;
}

int verify_orphan(struct verify *verify, const struct query *row, void *context,
                  struct fault *fault)
{
	char stored[WHERE_BYTES];
	int r = verify_where_event(verify, column_int(row, 1), column_text(row, 2),
	                           column_int(row, 0));

	(void)context;
	(void)fault;
	snprintf(stored, sizeof(stored), "%.*s %lld", TEXT_ARGS(column_text(row, 3)),
	         (long long)column_int(row, 4));
	return r < 0 ? r
	             : verify_report_texts(verify, VERIFY_DETAIL, "event", stored, "no such event");
}

int verify_kept(struct verify *verify, struct rollups *unknown, struct fault *fault)
{
	int r = verify_each(verify, STATEMENT_QUARANTINE_DIGESTS, check_line, NULL, fault);

	if (r == 0)
		r = verify_each(verify, STATEMENT_KEPT_LOST_NAMES, check_name, NULL, fault);
	if (r == 0)
		r = verify_each(verify, STATEMENT_CONFLICT_ORPHANS, check_conflict, NULL, fault);
	if (r == 0)
		r = verify_each(verify, STATEMENT_UNKNOWN_SUMS, check_unknown, unknown, fault);
	if (r == 0)
		r = verify_each(verify, STATEMENT_POSITION_ALL, check_position, NULL, fault);
	for (size_t i = 0; r == 0 && i < unknown->count; i++) {
		const struct rollup_entry *entry = &unknown->entries[i];

		if (!entry->seen)
			r = compare_unknown(verify, entry->key.source, entry->key.tier, 0,
			                    entry->sum.events);
	}
	return r;
}
