/* The stored form of an event: its columns, its detail rows, its JSON. */
#include <string.h>

#include "base/moment.h"
#include "ledger/internal.h"
#include "ledger/words.h"
#include "usage/kinds.h"

/* Components with a column of their own in `event`, in the order of EVENT_COLUMNS. */
static const enum component columns[] = {
#define STORE_IF_COLUMN(NAME) COMPONENT_##NAME,
#define STORE_IF_DETAIL(NAME)
#define C(NAME, key, UNIT, ROLE, STORE) STORE_IF_##STORE(NAME)
#include "usage/component.def"
#undef C
};

enum { COLUMN_COUNT = sizeof(columns) / sizeof(columns[0]) };

/* EVENT_COLUMNS, counted from 0 */
enum {
	COLUMN_TS,
	COLUMN_SOURCE,
	COLUMN_ID,
	COLUMN_ACCOUNT,
	COLUMN_KEY,
	COLUMN_MODEL,
	COLUMN_PROVIDER,
	COLUMN_API,
	COLUMN_TIER,
	COLUMN_FINISH,
	COLUMN_PRICE,
	COLUMN_STATUS,
	COLUMN_FLAGS,
	COLUMN_LATENCY_MS,
	COLUMN_TTFT_MS,
	COLUMN_FIRST_COMPONENT,
	COLUMN_NANOS = COLUMN_FIRST_COMPONENT + COLUMN_COUNT,
	COLUMN_ATTOS,
	COLUMN_HASH,
	COLUMN_EXTRA,
	COLUMN_SETTLEMENT,
	COLUMN_PROVENANCE,
	COLUMN_POLICY,
	COLUMN_SERVED,
	COLUMN_TURN,
	COLUMN_REGION,
	COLUMN_COST_PRICE,
	COLUMN_COST_NANOS,
	COLUMN_COST_ATTOS,
	COLUMN_CHECK_WORD
};

static bool is_image(enum component c)
{
	return c == COMPONENT_IMAGES_IN || c == COMPONENT_IMAGES_OUT;
}

/* Images are all of a kind, be it that nothing is said of them. */
static bool is_of_kind(const struct usage_kind *kind)
{
	return is_image(kind->component) || !kind_is_plain(kind);
}

/*
 * One row of event_detail into the usage: so many more of a component that has no column; of one
 * that has, so many of them are of this kind.
 */
static int detail_read(const struct query *query, struct usage *usage, struct fault *fault)
{
	struct usage_kind kind = { .component = component_find(column_text(query, 0)),
		                   .n = column_int(query, 5),
		                   .number = column_int(query, 4) };
	enum component c = kind.component;
	bool words = text_copy(kind.size, sizeof(kind.size), column_text(query, 1)) &&
	             text_copy(kind.quality, sizeof(kind.quality), column_text(query, 2)) &&
	             text_copy(kind.kind, sizeof(kind.kind), column_text(query, 3));
	bool counts = c != COMPONENT_COUNT && component_info[c].store == STORE_DETAIL;

	if (c == COMPONENT_COUNT || (!counts && !is_of_kind(&kind)) ||
	    (counts && __builtin_add_overflow(usage->count[c], kind.n, &usage->count[c])))
		return fault_set(fault, FAULT_CORRUPT, "event_detail: component %.*s is not one",
		                 TEXT_ARGS(column_text(query, 0)));
	if (!words)
		return fault_set(fault, FAULT_CORRUPT,
		                 "event_detail: a kind of %s has too long a word",
		                 component_info[c].key);
	if (is_of_kind(&kind) && !usage_add_kind(usage, &kind))
		return fault_set(fault, FAULT_CORRUPT, "event_detail: too many kinds");
	if (usage_of_kinds(usage, c) > usage->count[c])
		return fault_set(fault, FAULT_CORRUPT,
		                 "event_detail: kinds of %s are more than there are",
		                 component_info[c].key);
	return 0;
}

static int details_read(struct ledger *ledger, struct event_row *row, struct fault *fault)
{
	struct event *event = &row->stored.event;
	struct fault inner;
	struct query query = query_start(ledger, STATEMENT_DETAIL_GET);
	int r;

	query_int(&query, event->time_ms);
	query_int(&query, row->source);
	query_text(&query, event->id);
	while ((r = query_row(&query, fault)) > 0) {
		r = detail_read(&query, &event->usage, &inner);
		if (r < 0) {
			query_end(&query);
			return fault_set(fault, inner.code, "%s: event %.*s: %s", ledger->path,
			                 TEXT_ARGS(event->id), inner.text);
		}
	}
	return r;
}

/* Kept in less than the column can hold: no other value is to be taken for one of them. */
static bool is_one_of_them(const struct query *query)
{
	static const struct {
		int column, most;
	} ranges[] = {
		{ COLUMN_FLAGS, EVENT_STREAM | EVENT_UNKNOWN | EVENT_DETAIL },
		{ COLUMN_SETTLEMENT, SETTLEMENT_COUNT - 1 },
		{ COLUMN_PROVENANCE, PROVENANCE_COUNT - 1 },
		{ COLUMN_POLICY, UINT8_MAX },
		{ COLUMN_TURN, TURN_COUNT - 1 },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		int64_t value = column_int(query, ranges[i].column);

		if (value < 0 || value > ranges[i].most)
			return false;
	}
	return true;
}

int event_row_read(struct ledger *ledger, const struct query *query, struct event_row *row_out,
                   struct fault *fault)
{
	struct event_row row = { .source = column_int(query, COLUMN_SOURCE) };
	struct event *event = &row.stored.event;
	int64_t flags = column_int(query, COLUMN_FLAGS);

	row.account = column_int(query, COLUMN_ACCOUNT);
	row.key = column_int(query, COLUMN_KEY);
	row.model = column_int(query, COLUMN_MODEL);
	row.provider = column_int(query, COLUMN_PROVIDER);
	row.api = column_int(query, COLUMN_API);
	row.tier = column_int(query, COLUMN_TIER);
	row.finish = column_int(query, COLUMN_FINISH);
	row.detail = (flags & EVENT_DETAIL) != 0;
	row.stored.price_id = column_int(query, COLUMN_PRICE);
	row.stored.unknown = (flags & EVENT_UNKNOWN) != 0;
	event->time_ms = column_int(query, COLUMN_TS);
	event->id = column_text(query, COLUMN_ID);
	event->status = column_int_or_absent(query, COLUMN_STATUS);
	event->stream = (flags & EVENT_STREAM) != 0;
	event->latency_ms = column_int_or_absent(query, COLUMN_LATENCY_MS);
	event->ttft_ms = column_int_or_absent(query, COLUMN_TTFT_MS);
	for (int i = 0; i < COLUMN_COUNT; i++)
		event->usage.count[columns[i]] = column_int(query, COLUMN_FIRST_COMPONENT + i);
	event->content_hash = (uint64_t)column_int(query, COLUMN_HASH);
	event->extra = column_text(query, COLUMN_EXTRA);
	event->settlement = (enum settlement)column_int(query, COLUMN_SETTLEMENT);
	event->provenance = (enum provenance)column_int(query, COLUMN_PROVENANCE);
	row.stored.policy = (unsigned)column_int(query, COLUMN_POLICY);
	event->served = column_int_or_absent(query, COLUMN_SERVED);
	event->turn = (enum turn)column_int(query, COLUMN_TURN);
	row.region = column_int(query, COLUMN_REGION);
	row.word = column_int_or_absent(query, COLUMN_CHECK_WORD);
	row.stored.cost_id = column_is_null(query, COLUMN_COST_PRICE)
	                             ? LEDGER_COST_NO_BOOK
	                             : column_int(query, COLUMN_COST_PRICE);
	if (money_join(column_int(query, COLUMN_NANOS), column_int(query, COLUMN_ATTOS),
	               &row.stored.amount) < 0 ||
	    money_join(column_int(query, COLUMN_COST_NANOS), column_int(query, COLUMN_COST_ATTOS),
	               &row.stored.cost) < 0)
		return fault_set(fault, FAULT_CORRUPT, "%s: event %.*s: its amount is none",
		                 ledger->path, TEXT_ARGS(event->id));
	if (!is_one_of_them(query))
		return fault_set(fault, FAULT_CORRUPT,
		                 "%s: event %.*s: its flags, settlement, provenance, policies or "
		                 "turn are none",
		                 ledger->path, TEXT_ARGS(event->id));
	*row_out = row;
	/* Details are where the row is: the archive's are its own. */
	return row.detail ? details_read(query->ledger, row_out, fault) : 0;
}

int event_row_names(struct ledger *ledger, struct event_row *row, struct fault *fault)
{
	struct event *event = &row->stored.event;
	const struct {
		int64_t id;
		struct text *text;
	} names[] = {
		{ row->source, &event->source },     { row->account, &event->account },
		{ row->key, &event->key },           { row->model, &event->model },
		{ row->provider, &event->provider }, { row->api, &event->api },
		{ row->tier, &event->service_tier }, { row->finish, &event->finish_reason },
		{ row->region, &event->region },
	};

	names_trim(&ledger->names);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int r = names_text(ledger, names[i].id, names[i].text, fault);

		if (r < 0)
			return r;
	}
	return 0;
}

int event_row_intern(struct ledger *ledger, const struct event *event, struct event_row *row_out,
                     struct fault *fault)
{
	struct event_row row = { .stored.event = *event };
	const struct {
		struct text text;
		int64_t *id;
	} names[] = {
		{ event->source, &row.source },     { event->account, &row.account },
		{ event->key, &row.key },           { event->model, &row.model },
		{ event->provider, &row.provider }, { event->api, &row.api },
		{ event->service_tier, &row.tier }, { event->finish_reason, &row.finish },
		{ event->region, &row.region },
	};

	names_trim(&ledger->names);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int r = names_id(ledger, names[i].text, names[i].id, fault);

		if (r < 0)
			return r;
	}
	row.detail = event_row_has_details(&event->usage);
	row.stored.unknown = event->unknown_path.at != NULL;
	*row_out = row;
	return 0;
}

struct rollup_key event_row_key(const struct event_row *row)
{
	return (struct rollup_key){
		.hour = moment_floor(row->stored.event.time_ms, MOMENT_HOUR),
		.account = row->account,
		.key = row->key,
		.model = row->model,
		.source = row->source,
		.provider = row->provider,
		.tier = row->tier,
		.price = row->stored.price_id,
	};
}

enum provenance ledger_provenance(const struct event *event)
{
	bool failed = event->status >= 400 && event->settlement == SETTLEMENT_FINAL;

	return failed && event->provenance == PROVENANCE_NONE ? PROVENANCE_REPORTED
	                                                      : event->provenance;
}

struct rollup_delta event_row_delta(const struct event_row *row)
{
	const struct event *event = &row->stored.event;

	return (struct rollup_delta){
		.turn = event->turn,
		.usage = &event->usage,
		.error = event->status >= 400,
		.amount = row->stored.amount,
		.provenance = ledger_provenance(event),
		.cost_id = row->stored.cost_id,
		.cost = row->stored.cost,
	};
}

bool event_row_has_details(const struct usage *usage)
{
	bool any = usage->kind_count > 0;

	for (int c = 0; c < COMPONENT_COUNT; c++)
		any = any || (component_info[c].store == STORE_DETAIL && usage->count[c] > 0);
	return any;
}

static int detail_write(struct ledger *ledger, const struct event_row *row,
                        const struct usage_kind *kind, struct fault *fault)
{
	const struct event *event = &row->stored.event;
	struct query query = query_start(ledger, STATEMENT_DETAIL_ADD);

	query_int(&query, event->time_ms);
	query_int(&query, row->source);
	query_text(&query, event->id);
	query_text(&query, text_of(component_info[kind->component].key));
	query_text(&query, text_of(kind->size));
	query_text(&query, text_of(kind->quality));
	query_text(&query, text_of(kind->kind));
	query_int(&query, kind->number);
	query_int(&query, kind->n);
	return query_done(&query, fault);
}

/* A row a kind, and one for what is of none, where no column has it. */
static int details_write(struct ledger *ledger, const struct event_row *row, struct fault *fault)
{
	const struct usage *usage = &row->stored.event.usage;
	int r = 0;

	for (int c = 0; r == 0 && c < COMPONENT_COUNT; c++) {
		const struct usage_kind rest = { .component = (enum component)c,
			                         .n = usage->count[c] -
			                              usage_of_kinds(usage, (enum component)c) };

		if (component_info[c].store == STORE_DETAIL && rest.n > 0)
			r = detail_write(ledger, row, &rest, fault);
	}
	for (unsigned i = 0; r == 0 && i < usage->kind_count; i++)
		r = detail_write(ledger, row, &usage->kinds[i], fault);
	return r;
}

int event_row_write(struct ledger *ledger, const struct event_row *row, struct fault *fault)
{
	const struct event *event = &row->stored.event;
	struct query query = query_start(ledger, STATEMENT_EVENT_ADD);
	int64_t flags = (event->stream ? EVENT_STREAM : 0) |
	                (row->stored.unknown ? EVENT_UNKNOWN : 0) |
	                (row->detail ? EVENT_DETAIL : 0);
	int64_t nanos = 0, attos = 0, cost_nanos = 0, cost_attos = 0, word = word_of_event(row);
	int r = money_split(row->stored.amount, &nanos, &attos);

	if (r == 0)
		r = money_split(row->stored.cost, &cost_nanos, &cost_attos);
	if (r < 0)
		return fault_set(fault, FAULT_RANGE, "event %.*s: its amount does not fit",
		                 TEXT_ARGS(event->id));
	query_int(&query, event->time_ms);
	query_int(&query, row->source);
	query_text(&query, event->id);
	query_int(&query, row->account);
	query_int(&query, row->key);
	query_int(&query, row->model);
	query_int(&query, row->provider);
	query_int(&query, row->api);
	query_int(&query, row->tier);
	query_int(&query, row->finish);
	query_int(&query, row->stored.price_id);
	query_int_or_null(&query, event->status);
	query_int(&query, flags);
	query_int_or_null(&query, event->latency_ms);
	query_int_or_null(&query, event->ttft_ms);
	for (int i = 0; i < COLUMN_COUNT; i++)
		query_int(&query, event->usage.count[columns[i]]);
	query_int(&query, nanos);
	query_int(&query, attos);
	query_int(&query, (int64_t)event->content_hash);
	query_text_or_null(&query, event->extra);
	query_int(&query, event->settlement);
	query_int(&query, event->provenance);
	query_int(&query, row->stored.policy);
	query_int_or_null(&query, event->served);
	query_int(&query, event->turn);
	query_int(&query, row->region);
	if (row->stored.cost_id == LEDGER_COST_NO_BOOK)
		query_null(&query);
	else
		query_int(&query, row->stored.cost_id);
	query_int(&query, cost_nanos);
	query_int(&query, cost_attos);
	query_int(&query, word);
	r = query_done(&query, fault);
	if (r < 0)
		return r;
	if (sqlite3_changes(ledger->db) == 0)
		return 0; /* the key is there already */
	r = words_turn(ledger, WORD_EVENT, moment_floor(event->time_ms, MOMENT_HOUR),
	               word_in_hour(word), fault);
	if (r == 0 && row->detail)
		r = details_write(ledger, row, fault);
	return r < 0 ? r : 1;
}

static void json_text(struct buf *out, const char *key, struct text value)
{
	if (value.at == NULL)
		return;
	buf_addf(out, ",\"%s\":", key);
	buf_add_json(out, value);
}

static void json_int(struct buf *out, const char *key, int64_t value)
{
	if (value != EVENT_ABSENT)
		buf_addf(out, ",\"%s\":%lld", key, (long long)value);
}

void event_row_json(const struct event_row *row, struct buf *out)
{
	const struct event *event = &row->stored.event;
	char moment[MOMENT_TEXT_BYTES];
	bool first = true;

	moment_text(event->time_ms, moment);
	buf_add_cstr(out, "{\"id\":");
	buf_add_json(out, event->id);
	json_text(out, "source", event->source);
	json_text(out, "time", text_of(moment));
	json_text(out, "account", event->account);
	json_text(out, "key", event->key);
	json_text(out, "model", event->model);
	json_text(out, "provider", event->provider);
	json_text(out, "api", event->api);
	json_text(out, "service_tier", event->service_tier);
	json_text(out, "region", event->region);
	json_text(out, "finish_reason", event->finish_reason);
	json_int(out, "status", event->status);
	json_int(out, "latency_ms", event->latency_ms);
	json_int(out, "ttft_ms", event->ttft_ms);
	json_text(out, "settlement", text_of(settlement_name(event->settlement)));
	json_text(out, "provenance", text_of(provenance_name(event->provenance)));
	json_int(out, "served", event->served);
	buf_addf(out, ",\"stream\":%s,\"counts\":{", event->stream ? "true" : "false");
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (event->usage.count[c] == 0)
			continue;
		buf_addf(out, "%s\"%s\":%lld", first ? "" : ",", component_info[c].key,
		         (long long)event->usage.count[c]);
		first = false;
	}
	buf_add_cstr(out, "}");
	usage_kinds_json(&event->usage, out);
	if (event->extra.at != NULL) {
		buf_add_cstr(out, ",\"extra\":");
		buf_add_text(out, event->extra);
	}
	buf_add_cstr(out, "}");
}

void event_row_json_priced(const struct event_row *row, struct buf *out)
{
	char amount[MONEY_TEXT_BYTES];

	event_row_json(row, out);
	if (out->error != 0)
		return;
	out->len--; /* the brace, which comes behind these */
	json_int(out, "policy", row->stored.policy);
	buf_addf(out, ",\"price_id\":%lld", (long long)row->stored.price_id);
	money_text(row->stored.amount, amount);
	if (row->stored.price_id != LEDGER_PRICE_SUSPENSE)
		json_text(out, "amount", text_of(amount));
	if (row->stored.cost_id != LEDGER_COST_NO_BOOK)
		buf_addf(out, ",\"cost_id\":%lld", (long long)row->stored.cost_id);
	money_text(row->stored.cost, amount);
	if (row->stored.cost_id >= LEDGER_PRICE_NONE)
		json_text(out, "cost", text_of(amount));
	buf_add_cstr(out, "}");
}

struct rollup_key rollup_read_key(const struct query *query)
{
	return (struct rollup_key){
		.hour = column_int(query, 0),
		.account = column_int(query, 1),
		.key = column_int(query, 2),
		.model = column_int(query, 3),
		.source = column_int(query, 4),
		.provider = column_int(query, 5),
		.tier = column_int(query, 6),
		.price = column_int(query, 7),
	};
}

int rollup_read(const struct query *query, int column, struct rollup_sum *sum_out,
                struct fault *fault)
{
	struct rollup_sum sum = { .events = column_int(query, column) };

	sum.errors = column_int(query, ++column);
	sum.turns = column_int(query, ++column);
	sum.partial = column_int(query, ++column);
	sum.estimated = column_int(query, ++column);
	sum.uncounted = column_int(query, ++column);
	for (int c = 0; c < COMPONENT_COUNT; c++)
		sum.count[c] = column_int(query, ++column);
	if (money_join(column_int(query, column + 1), column_int(query, column + 2), &sum.amount) <
	    0)
		return fault_set(fault, FAULT_CORRUPT, "%s: a rollup's amount is none",
		                 query->ledger->path);
	sum.costed = column_int(query, column + 3);
	sum.uncosted = column_int(query, column + 4);
	if (money_join(column_int(query, column + 5), column_int(query, column + 6), &sum.cost) < 0)
		return fault_set(fault, FAULT_CORRUPT, "%s: a rollup's cost is none",
		                 query->ledger->path);
	*sum_out = sum;
	return 0;
}
