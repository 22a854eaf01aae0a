#include "ledger/verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "ledger/archives.h"
#include "ledger/verify_adjust.h"
#include "ledger/verify_books.h"
#include "ledger/verify_correct.h"
#include "ledger/verify_file.h"
#include "ledger/verify_hours.h"
#include "ledger/verify_identity.h"
#include "ledger/verify_kept.h"
#include "ledger/verify_phases.h"
#include "ledger/verify_seals.h"
#include "ledger/verify_sides.h"
#include "ledger/verify_sources.h"
#include "ledger/verify_words.h"
#include "ledger/words.h"
#include "rate/policy.h"
#include "rate/rating.h"

enum { PROGRESS_EVERY = 8192, HASH_SHOWN = 12 };

static const char *const kind_names[VERIFY_KIND_COUNT] = {
	[VERIFY_FILE] = "file",
	[VERIFY_EVENT] = "event",
	[VERIFY_IDENTITY] = "identity",
	[VERIFY_DETAIL] = "detail",
	[VERIFY_ROLLUP] = "rollup",
	[VERIFY_WATERMARK] = "watermark",
	[VERIFY_BOOK] = "book",
	[VERIFY_QUARANTINE] = "quarantine",
	[VERIFY_PHASE] = "phase",
	[VERIFY_CONFLICT] = "conflict",
	[VERIFY_UNKNOWN] = "unknown",
	[VERIFY_RULE] = "rule",
	[VERIFY_POSITION] = "position",
	[VERIFY_ADJUSTMENT] = "adjustment",
	[VERIFY_CORRECTION] = "correction",
	[VERIFY_HOUR] = "hour",
	[VERIFY_SEAL] = "seal",
};

const char *verify_kind_name(enum verify_kind kind)
{
	return kind_names[kind];
}

/* Prices of a book that is not as it was applied: [first, end). */
struct price_range {
	int64_t first, end;
};

struct verify {
	struct ledger *ledger;
	verify_finding_fn *finding;
	verify_progress_fn *progress;
	void *context;
	struct fault *fault;
	struct verify_summary summary;
	int64_t total;          /* events, as the watermarks say */
	struct rollups derived; /* of the hour that is walked */
	int64_t hour;           /* that hour; -1 before the first */
	int64_t next_hour;      /* stored rollups before it are compared */
	struct verify_hours hours;
	struct rollups unknown; /* events with a number nobody counts, by source and api */
	struct verify_sources sources;
	struct verify_sides sides;
	struct price_range *distrusted;
	size_t distrusted_count;
	struct buf where, stored, expected;
	int64_t where_ms; /* of the event that `where` is; EVENT_ABSENT: it is none */
};

int verify_report(struct verify *verify, enum verify_kind kind, const char *what)
{
	const struct verify_finding finding = {
		.kind = kind,
		.where = buf_text(&verify->where),
		.what = text_of(what),
		.stored = buf_text(&verify->stored),
		.derived = buf_text(&verify->expected),
	};

	if (verify->where.error != 0 || verify->stored.error != 0 || verify->expected.error != 0)
		return fault_set(verify->fault, FAULT_NOMEM, "verify: out of memory");
	if (verify->where_ms != EVENT_ABSENT)
		verify_note_hour(verify, verify->where_ms);
	verify->summary.findings++;
	return verify->finding(verify->context, &finding);
}

struct ledger *verify_ledger(const struct verify *verify)
{
	return verify->ledger;
}

void verify_note_hour(struct verify *verify, int64_t ms)
{
	int64_t hour = moment_floor(ms, MOMENT_HOUR);

	if (verify->summary.first_hour_ms == EVENT_ABSENT || hour < verify->summary.first_hour_ms)
		verify->summary.first_hour_ms = hour;
}

static void clear_texts(struct verify *verify)
{
	verify->where_ms = EVENT_ABSENT;
	buf_clear(&verify->where);
	buf_clear(&verify->stored);
	buf_clear(&verify->expected);
}

static void put_money(struct buf *out, struct money amount)
{
	char text[MONEY_TEXT_BYTES];

	money_text(amount, text);
	buf_clear(out);
	buf_add_cstr(out, text);
}

static void put_int(struct buf *out, int64_t value)
{
	buf_clear(out);
	buf_addf(out, "%lld", (long long)value);
}

static void put_cstr(struct buf *out, const char *text)
{
	buf_clear(out);
	buf_add_cstr(out, text);
}

/* "title name" behind verify->where; a name that is lost is told by its number. */
static int add_name(struct verify *verify, const char *title, int64_t id)
{
	struct fault fault = { .code = FAULT_NONE };
	struct text name;
	int r = names_text(verify->ledger, id, &name, &fault);

	if (r < 0 && r != -FAULT_CORRUPT)
		return fault_set(verify->fault, fault.code, "%s", fault.text);
	if (r == 0 && name.at == NULL)
		return 0; /* not sent */
	buf_addf(&verify->where, "%s%s ", verify->where.len > 0 ? " " : "", title);
	if (r < 0)
		buf_addf(&verify->where, "(name %lld)", (long long)id);
	else
		buf_add_text(&verify->where, name);
	return 0;
}

static int put_where(struct verify *verify, int64_t source, struct text id, int64_t ts)
{
	char moment[MOMENT_TEXT_BYTES];
	int r;

	buf_clear(&verify->where);
	r = add_name(verify, "source", source);
	moment_text(ts, moment);
	buf_addf(&verify->where, " id %.*s time %s", TEXT_ARGS(id), moment);
	return r;
}

int verify_where_event(struct verify *verify, int64_t source, struct text id, int64_t ts)
{
	clear_texts(verify);
	verify->where_ms = ts;
	return put_where(verify, source, id, ts);
}

int verify_each(struct verify *verify, enum statement statement, verify_row_fn *check,
                void *context, struct fault *fault)
{
	struct query query = query_start(verify->ledger, statement);
	int r;

	while ((r = query_row(&query, fault)) > 0) {
		r = check(verify, &query, context, fault);
		if (r != 0) {
			query_end(&query);
			return r;
		}
	}
	return r;
}

int verify_report_at(struct verify *verify, enum verify_kind kind, struct text where,
                     const char *what, struct text stored, struct text derived)
{
	clear_texts(verify);
	buf_add_text(&verify->where, where);
	buf_add_text(&verify->stored, stored);
	buf_add_text(&verify->expected, derived);
	return verify_report(verify, kind, what);
}

int verify_where_api(struct verify *verify, int64_t source, int64_t api)
{
	int r;

	clear_texts(verify);
	r = add_name(verify, "source", source);
	return r < 0 ? r : add_name(verify, "api", api);
}

int verify_where_source(struct verify *verify, int64_t source)
{
	clear_texts(verify);
	return add_name(verify, "source", source);
}

int verify_report_numbers(struct verify *verify, enum verify_kind kind, const char *what,
                          int64_t stored, int64_t derived)
{
	put_int(&verify->stored, stored);
	put_int(&verify->expected, derived);
	return verify_report(verify, kind, what);
}

int verify_report_texts(struct verify *verify, enum verify_kind kind, const char *what,
                        const char *stored, const char *derived)
{
	put_cstr(&verify->stored, stored);
	put_cstr(&verify->expected, derived);
	return verify_report(verify, kind, what);
}

int verify_report_moments(struct verify *verify, enum verify_kind kind, const char *what,
                          int64_t stored_ms, int64_t derived_ms)
{
	char moment[MOMENT_TEXT_BYTES];

	moment_text(stored_ms, moment);
	put_cstr(&verify->stored, moment);
	moment_text(derived_ms, moment);
	put_cstr(&verify->expected, moment);
	return verify_report(verify, kind, what);
}

/* The two values are in verify->stored and verify->expected. */
static int event_differs(struct verify *verify, const struct event_row *row, const char *what)
{
	int r = put_where(verify, row->source, row->stored.event.id, row->stored.event.time_ms);

	verify_note_hour(verify, row->stored.event.time_ms);
	return r < 0 ? r : verify_report(verify, VERIFY_EVENT, what);
}

int verify_distrust(struct verify *verify, int64_t first_price, int64_t prices)
{
	size_t count = verify->distrusted_count;
	struct price_range *grown = realloc(verify->distrusted, (count + 1) * sizeof(*grown));

	if (grown == NULL)
		return fault_set(verify->fault, FAULT_NOMEM, "verify: out of memory");
	verify->distrusted = grown;
	grown[count] = (struct price_range){ first_price, book_price_end(first_price, prices) };
	verify->distrusted_count++;
	return 0;
}

bool verify_is_distrusted(const struct verify *verify, int64_t price_id)
{
	for (size_t i = 0; i < verify->distrusted_count; i++) {
		if (price_id >= verify->distrusted[i].first && price_id < verify->distrusted[i].end)
			return true;
	}
	return false;
}

/* "4f2a09c1d7e3 acme/llama-4-70b from 2026-01-01T00:00:00.000Z": book and version. */
static void add_version(struct buf *out, const struct book *book,
                        const struct book_version *version)
{
	char from[MOMENT_TEXT_BYTES];

	moment_text(version->effective_from_ms, from);
	buf_addf(out, "%.*s %.*s from %s", HASH_SHOWN, book_hash(book), TEXT_ARGS(version->model),
	         from);
}

/* The price behind an id, where no book tells it by its number. */
static int add_price(struct verify *verify, struct buf *out, int64_t price_id)
{
	const struct book_version *version = NULL;
	const struct book *book = NULL;
	struct fault fault = { .code = FAULT_NONE };
	int r = 0;

	if (price_id == LEDGER_PRICE_NONE || price_id == LEDGER_PRICE_SUSPENSE) {
		buf_add_cstr(out, price_id == LEDGER_PRICE_NONE ? "none" : "unpriced");
		return 0;
	}
	if (!verify_is_distrusted(verify, price_id))
		r = ledger_price_version(verify->ledger, price_id, &version, &book, &fault);
	if (r < 0 && r != -FAULT_CORRUPT)
		return fault_set(verify->fault, fault.code, "%s", fault.text);
	if (version != NULL)
		add_version(out, book, version);
	else
		buf_addf(out, "(number %lld)", (long long)price_id);
	return 0;
}

/* One side of an event, as it is stored. */
struct side {
	enum book_side of;
	int64_t price_id;
	struct money amount;
	const struct usage *usage;        /* what is due on it */
	const char *price, *value, *bare; /* how a finding names it */
};

/* The price an event names must be the one its model and time lead to, and give its amount. */
static int check_priced(struct verify *verify, const struct event_row *row, const struct side *side)
{
	const struct event *event = &row->stored.event;
	const struct book_version *version = NULL;
	const struct book *book = NULL;
	struct charges charges;
	struct rating_request request = rating_of(event, side->usage);
	struct book_found found;
	enum rating_verdict verdict;
	struct fault fault = { .code = FAULT_NONE };
	int r;

	if (verify_is_distrusted(verify, side->price_id))
		return 0; /* told once, of the book */
	r = ledger_price_version(verify->ledger, side->price_id, &version, &book, &fault);
	clear_texts(verify);
	if (r == -FAULT_CORRUPT) {
		buf_addf(&verify->stored, "(number %lld)", (long long)side->price_id);
		put_cstr(&verify->expected, fault.text);
		return event_differs(verify, row, side->price);
	}
	if (r < 0)
		return fault_set(verify->fault, fault.code, "%s", fault.text);
	found = book_find(book, event->model, event->time_ms);
	if (found.version != version) {
		add_version(&verify->stored, book, version);
		if (found.version != NULL)
			add_version(&verify->expected, book, found.version);
		else
			put_cstr(&verify->expected,
			         "the book has no price for this model at this time");
		return event_differs(verify, row, side->price);
	}
	if (verify_sides_wrong(&verify->sides, side->of, side->price_id)) {
		add_version(&verify->stored, book, version);
		buf_addf(&verify->expected, "a book that was applied as %s",
		         book_side_name(side->of));
		return event_differs(verify, row, side->price);
	}
	verdict = rating_under(version, &request, &charges);
	if (verdict != RATING_PRICED && verdict != RATING_NOTHING) {
		put_money(&verify->stored, side->amount);
		put_cstr(&verify->expected, "this price does not cover these counts");
		return event_differs(verify, row, side->value);
	}
	if (money_compare(charges.total, side->amount) != 0) {
		put_money(&verify->stored, side->amount);
		put_money(&verify->expected, charges.total);
		return event_differs(verify, row, side->value);
	}
	return 0;
}

static int check_side(struct verify *verify, const struct event_row *row, const struct side *side)
{
	if (side->price_id > 0)
		return check_priced(verify, row, side);
	clear_texts(verify);
	if (side->amount.attos != 0) {
		put_money(&verify->stored, side->amount);
		put_cstr(&verify->expected, "0.00");
		return event_differs(verify, row, side->bare);
	}
	if (side->price_id == LEDGER_PRICE_NONE && !usage_is_empty(side->usage)) {
		put_cstr(&verify->stored, "none");
		put_cstr(&verify->expected, "it used something: a price, or suspense");
		return event_differs(verify, row, side->price);
	}
	return 0;
}

/* Policies are of the side that is sold: what was used has its cost all the same. */
static int check_charge(struct verify *verify, const struct event_row *row)
{
	const struct stored_event *stored = &row->stored;
	struct usage room;
	const struct side sell = { BOOK_SELL,
		                   stored->price_id,
		                   stored->amount,
		                   policy_charged(stored->policy, &stored->event, &room),
		                   "price",
		                   "amount",
		                   "amount without a price" };
	const struct side cost = {
		BOOK_COST,           stored->cost_id, stored->cost,          &stored->event.usage,
		"price of its cost", "cost",          "cost without a price"
	};
	int r = check_side(verify, row, &sell);

	verify->summary.suspense += stored->price_id == LEDGER_PRICE_SUSPENSE;
	return r != 0 ? r : check_side(verify, row, &cost);
}

static int check_details(struct verify *verify, const struct event_row *row)
{
	int r;

	if (!row->detail || event_row_has_details(&row->stored.event.usage))
		return 0;
	r = verify_where_event(verify, row->source, row->stored.event.id,
	                       row->stored.event.time_ms);
	if (r < 0)
		return r;
	put_cstr(&verify->stored, "no rows");
	put_cstr(&verify->expected, "rows of event_detail");
	return verify_report(verify, VERIFY_DETAIL, "rows");
}

static int add_to(struct rollups *rollups, const struct rollup_key *key,
                  const struct rollup_delta *delta, struct fault *fault)
{
	struct rollup_entry *entry = rollups_find(rollups, key);

	if (entry == NULL)
		entry = rollups_add(rollups, key);
	if (entry == NULL)
		return fault_set(fault, FAULT_NOMEM, "verify: out of memory");
	if (rollup_sum_add(&entry->sum, delta) < 0)
		return fault_set(fault, FAULT_RANGE, "verify: a sum of events does not fit");
	return 0;
}

static int rollup_where(struct verify *verify, const struct rollup_key *key)
{
	const struct {
		const char *title;
		int64_t id;
	} names[] = {
		{ "account", key->account }, { "key", key->key },           { "model", key->model },
		{ "source", key->source },   { "provider", key->provider }, { "tier", key->tier },
	};
	char moment[MOMENT_TEXT_BYTES];

	clear_texts(verify);
	moment_text_unit(key->hour, MOMENT_HOUR, moment);
	buf_addf(&verify->where, "hour %s", moment);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int r = add_name(verify, names[i].title, names[i].id);

		if (r < 0)
			return r;
	}
	buf_add_cstr(&verify->where, " price ");
	return add_price(verify, &verify->where, key->price);
}

/* One finding for each sum that differs; a side that has no row is all zero. */
static int compare_sums(struct verify *verify, const struct rollup_key *key,
                        const struct rollup_sum *stored, const struct rollup_sum *derived)
{
	const struct {
		const char *what;
		int64_t stored, derived;
	} counters[] = {
		{ "events", stored->events, derived->events },
		{ "turns", stored->turns, derived->turns },
		{ "errors", stored->errors, derived->errors },
		{ "partial", stored->partial, derived->partial },
		{ "estimated", stored->estimated, derived->estimated },
		{ "uncounted", stored->uncounted, derived->uncounted },
		{ "costed", stored->costed, derived->costed },
		{ "uncosted", stored->uncosted, derived->uncosted },
	};
	int r;

	if (rollup_sum_equal(stored, derived))
		return 0;
	verify_note_hour(verify, key->hour);
	r = rollup_where(verify, key);
	for (size_t i = 0; r == 0 && i < sizeof(counters) / sizeof(counters[0]); i++) {
		if (counters[i].stored != counters[i].derived)
			r = verify_report_numbers(verify, VERIFY_ROLLUP, counters[i].what,
			                          counters[i].stored, counters[i].derived);
	}
	for (int c = 0; r == 0 && c < COMPONENT_COUNT; c++) {
		if (stored->count[c] != derived->count[c])
			r = verify_report_numbers(verify, VERIFY_ROLLUP, component_info[c].key,
			                          stored->count[c], derived->count[c]);
	}
	if (r == 0 && money_compare(stored->amount, derived->amount) != 0) {
		put_money(&verify->stored, stored->amount);
		put_money(&verify->expected, derived->amount);
		r = verify_report(verify, VERIFY_ROLLUP, "amount");
	}
	if (r == 0 && money_compare(stored->cost, derived->cost) != 0) {
		put_money(&verify->stored, stored->cost);
		put_money(&verify->expected, derived->cost);
		r = verify_report(verify, VERIFY_ROLLUP, "cost");
	}
	return r;
}

static int compare_stored_rollup(struct verify *verify, const struct query *query)
{
	static const struct rollup_sum nothing;
	const struct rollup_key key = rollup_read_key(query);
	struct rollup_entry *entry = rollups_find(&verify->derived, &key);
	struct rollup_sum stored;
	struct fault why;
	int r = rollup_read(query, 8, &stored, &why);

	verify->summary.rollups++;
	if (entry != NULL)
		entry->seen = true;
	if (r < 0) {
		r = rollup_where(verify, &key);
		return r < 0 ? r
		             : verify_report_texts(verify, VERIFY_ROLLUP, "row",
		                                   ledger_bare(verify->ledger, &why),
		                                   "a row that can be read");
	}
	r = verify_total(&verify->summary.rollups_amount, stored.amount, "rollups", verify->fault);
	if (r < 0)
		return r;
	/* An hour's row goes with its last event. */
	if (stored.events == 0 && entry == NULL) {
		verify_note_hour(verify, key.hour);
		r = rollup_where(verify, &key);
		put_cstr(&verify->stored, "a row of no events");
		put_cstr(&verify->expected, "no row");
		if (r == 0)
			r = verify_report(verify, VERIFY_ROLLUP, "row");
	}
	return r != 0 ? r
	              : compare_sums(verify, &key, &stored, entry != NULL ? &entry->sum : &nothing);
}

/* Compares all stored rollups before to_ms with what was derived, and starts a new hour. */
static int close_hour(struct verify *verify, int64_t to_ms)
{
	static const struct rollup_sum nothing;
	struct query query = query_start(verify->ledger, STATEMENT_ROLLUP_RANGE);
	int r;

	query_int(&query, verify->next_hour);
	query_int(&query, to_ms);
	while ((r = query_row(&query, verify->fault)) > 0) {
		r = compare_stored_rollup(verify, &query);
		if (r != 0) {
			query_end(&query);
			return r;
		}
	}
	for (size_t i = 0; r == 0 && i < verify->derived.count; i++) {
		const struct rollup_entry *entry = &verify->derived.entries[i];

		if (!entry->seen)
			r = compare_sums(verify, &entry->key, &nothing, &entry->sum);
	}
	if (r == 0)
		r = verify_hours(verify, &verify->hours, verify->next_hour, to_ms,
		                 verify->summary.findings, verify->fault);
	rollups_clear(&verify->derived);
	verify->next_hour = to_ms;
	return r;
}

/* A row that no event can be made of: named, and left out of all sums. */
static int report_unreadable(struct verify *verify, const struct query *query,
                             const struct fault *why)
{
	/* EVENT_COLUMNS begins with ts, source, id. */
	int r = verify_where_event(verify, column_int(query, 1), column_text(query, 2),
	                           column_int(query, 0));

	if (r < 0)
		return r;
	verify->summary.events++;
	verify_note_hour(verify, column_int(query, 0));
	put_cstr(&verify->stored, ledger_bare(verify->ledger, why));
	put_cstr(&verify->expected, "a row that can be read");
	return verify_report(verify, VERIFY_EVENT, "row");
}

/* One finding for each name of an event that is lost. */
static int report_lost_names(struct verify *verify, const struct event_row *row)
{
	const struct {
		const char *what;
		int64_t id;
	} names[] = {
		{ "source", row->source }, { "account", row->account },   { "key", row->key },
		{ "model", row->model },   { "provider", row->provider }, { "api", row->api },
		{ "tier", row->tier },     { "finish", row->finish },     { "region", row->region },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(names) / sizeof(names[0]); i++) {
		struct fault fault = { .code = FAULT_NONE };
		struct text name;

		r = names_text(verify->ledger, names[i].id, &name, &fault);
		if (r == 0)
			continue;
		if (r != -FAULT_CORRUPT)
			return fault_set(verify->fault, fault.code, "%s", fault.text);
		clear_texts(verify);
		buf_addf(&verify->stored, "name %lld", (long long)names[i].id);
		put_cstr(&verify->expected, "a name that is there");
		r = event_differs(verify, row, names[i].what);
	}
	return r;
}

int verify_count(struct rollups *counts, int64_t source, int64_t api, struct fault *fault)
{
	/* Only the number of events is looked at. */
	static const struct usage no_usage;
	const struct rollup_delta one = { .usage = &no_usage };
	const struct rollup_key key = { .source = source, .tier = api };

	return add_to(counts, &key, &one, fault);
}

/* Adds an event to the sums of its hour and of its source. */
static int add_event(struct verify *verify, const struct event_row *row)
{
	const struct rollup_delta delta = event_row_delta(row);
	const struct rollup_key key = event_row_key(row);
	struct fault fault = { .code = FAULT_NONE };
	int r = add_to(&verify->derived, &key, &delta, &fault);

	if (r == -FAULT_RANGE) {
		clear_texts(verify);
		put_money(&verify->stored, row->stored.amount);
		put_cstr(&verify->expected, "the sums of its hour have no room for it");
		r = event_differs(verify, row, "sum");
	} else if (r < 0) {
		return fault_set(verify->fault, fault.code, "%s", fault.text);
	}
	if (r == 0 && row->stored.unknown)
		r = verify_count(&verify->unknown, row->source, row->api, verify->fault);
	return r != 0 ? r
	              : verify_sources_add(&verify->sources, row->source, row->stored.event.time_ms,
	                                   row->stored.event.turn == TURN_NONE, verify->fault);
}

/* What no price and no sum depends on; the rest of it is told by its own name. */
static int check_word(struct verify *verify, const struct event_row *row)
{
	if (row->word == EVENT_ABSENT || row->word == word_of_event(row))
		return 0;
	clear_texts(verify);
	put_cstr(&verify->stored, "another event");
	put_cstr(&verify->expected, "as it was stored");
	return event_differs(verify, row, "check word");
}

static int check_event(struct verify *verify, const struct query *query)
{
	struct event_row row;
	struct rollup_key key;
	struct fault fault = { .code = FAULT_NONE };
	bool lost = false;
	int64_t before;
	int r = event_row_read(verify->ledger, query, &row, &fault);

	if (r == -FAULT_CORRUPT)
		return report_unreadable(verify, query, &fault);
	if (r == 0)
		r = event_row_names(verify->ledger, &row, &fault);
	if (r == -FAULT_CORRUPT) {
		lost = true;
		r = report_lost_names(verify, &row);
		if (r != 0)
			return r;
	}
	if (r < 0)
		return fault_set(verify->fault, fault.code, "%s", fault.text);
	key = event_row_key(&row);
	if (key.hour != verify->hour && verify->hour >= 0) {
		r = close_hour(verify, verify->hour + MS_PER_HOUR);
		if (r != 0)
			return r;
	}
	verify->hour = key.hour;
	r = verify_hours_add(&verify->hours, verify->ledger, &row, verify->summary.findings,
	                     verify->fault);
	if (r == 0)
		r = add_event(verify, &row);
	if (r != 0)
		return r;
	r = verify_total(&verify->summary.events_amount, row.stored.amount, "events",
	                 verify->fault);
	if (r < 0)
		return r;
	if (verify->progress != NULL && verify->summary.events % PROGRESS_EVERY == 0)
		verify->progress(verify->context, verify->summary.events, verify->total);
	verify->summary.events++;
	/* Without its model nobody knows which price is due. */
	before = verify->summary.findings;
	r = lost ? 0 : check_charge(verify, &row);
	if (r == 0)
		r = check_details(verify, &row);
	return r != 0 || verify->summary.findings > before ? r : check_word(verify, &row);
}

static int check_events(struct verify *verify)
{
	const struct query *query = NULL;
	struct walk walk;
	int r = walk_start(&walk, verify->ledger, STATEMENT_EVENT_RANGE, LEDGER_FROM_MIN,
	                   LEDGER_TO_MAX, text_of(NULL), verify->fault);

	if (r < 0)
		return r;
	while ((r = walk_next(&walk, &query, verify->fault)) > 0) {
		r = check_event(verify, query);
		if (r != 0)
			break;
	}
	walk_end(&walk);
	return r != 0 ? r : close_hour(verify, LEDGER_TO_MAX);
}

int ledger_verify(struct ledger *ledger, verify_finding_fn *finding, verify_progress_fn *progress,
                  void *context, struct verify_summary *summary_out, struct fault *fault)
{
	struct verify verify = {
		.ledger = ledger,
		.finding = finding,
		.progress = progress,
		.context = context,
		.fault = fault,
		.hour = -1,
		.where_ms = EVENT_ABSENT,
		.summary.first_hour_ms = EVENT_ABSENT,
	};
	struct ledger_status status;
	int r = ledger_status(ledger, &status, fault);

	/* Only for its progress: a count that is none is told where it is looked at. */
	verify.total = r == 0 ? status.events : 0;
	if (r == -FAULT_CORRUPT)
		r = 0;
	if (r == 0)
		r = verify_file(&verify, ledger, fault);
	if (r == 0)
		r = verify_books(&verify, fault);
	if (r == 0)
		r = verify_sides_load(&verify.sides, &verify, fault);
	if (r == 0)
		r = verify_hours_astray(&verify, fault);
	if (r == 0)
		r = check_events(&verify);
	if (r == 0)
		r = verify_each(&verify, STATEMENT_DETAIL_ORPHANS, verify_orphan, NULL, fault);
	if (r == 0)
		r = verify_phases(&verify, &verify.sources, &verify.unknown, fault);
	if (r == 0)
		r = verify_watermarks(&verify, &verify.sources, fault);
	if (r == 0)
		r = verify_kept(&verify, &verify.unknown, fault);
	if (r == 0)
		r = verify_adjustments(&verify, ledger, &verify.summary, fault);
	if (r == 0)
		r = verify_corrections(&verify, ledger, &verify.summary, fault);
	if (r == 0)
		r = verify_seals(&verify, ledger, &verify.summary, fault);
	if (r == 0)
		r = verify_identities(&verify, ledger, verify.summary.events, fault);
	if (r == 0)
		r = verify_words(&verify, ledger, &verify.summary, fault);
	if (r == 0 && progress != NULL)
		progress(context, verify.summary.events, verify.summary.events);
	if (r == 0)
		*summary_out = verify.summary;
	rollups_release(&verify.derived);
	rollups_release(&verify.unknown);
	verify_sources_release(&verify.sources);
	verify_sides_release(&verify.sides);
	free(verify.distrusted);
	buf_release(&verify.where);
	buf_release(&verify.stored);
	buf_release(&verify.expected);
	return r;
}
