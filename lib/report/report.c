#include "report/report.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/moment.h"
#include "ledger/books.h"
#include "ledger/store.h"
#include "money/money.h"
#include "report/walk.h"

static const struct {
	const char *key, *title;
} groupings[REPORT_BY_COUNT] = {
#define G(NAME, key, title) { key, title },
#include "report/group.def"
#undef G
};

/* What a person reads above a component's column; the key is for programs. */
static const char *const component_titles[COMPONENT_COUNT] = {
	[COMPONENT_INPUT] = "Input",
	[COMPONENT_INPUT_AUDIO] = "Input audio",
	[COMPONENT_INPUT_IMAGE] = "Input image",
	[COMPONENT_INPUT_VIDEO] = "Input video",
	[COMPONENT_INPUT_TOOL] = "Input tool",
	[COMPONENT_CACHE_READ] = "Cache read",
	[COMPONENT_CACHE_READ_AUDIO] = "Cache read audio",
	[COMPONENT_CACHE_READ_IMAGE] = "Cache read image",
	[COMPONENT_CACHE_READ_VIDEO] = "Cache read video",
	[COMPONENT_CACHE_WRITE_5M] = "Cache write 5m",
	[COMPONENT_CACHE_WRITE_1H] = "Cache write 1h",
	[COMPONENT_CACHE_WRITE] = "Cache write",
	[COMPONENT_OUTPUT] = "Output",
	[COMPONENT_REASONING] = "Reasoning",
	[COMPONENT_OUTPUT_AUDIO] = "Output audio",
	[COMPONENT_OUTPUT_IMAGE] = "Output image",
	[COMPONENT_OUTPUT_VIDEO] = "Output video",
	[COMPONENT_IMAGES_IN] = "Images in",
	[COMPONENT_IMAGES_OUT] = "Images out",
	[COMPONENT_MEGAPIXELS_OUT] = "Megapixels out",
	[COMPONENT_SECONDS] = "Seconds",
	[COMPONENT_CHARACTERS] = "Characters",
	[COMPONENT_PAGES] = "Pages",
	[COMPONENT_SEARCHES] = "Searches",
	[COMPONENT_REQUESTS] = "Request fees", /* not "Requests": that is the events */
};

enum {
	COLUMN_GROUP,
	COLUMN_EVENTS,
	COLUMN_ERRORS,
	COLUMN_SUSPENSE,
	COLUMN_PARTIAL,
	COLUMN_ESTIMATED,
	COLUMN_UNCOUNTED,
	COLUMN_COMPONENTS,
	COLUMN_AMOUNT = COLUMN_COMPONENTS + COMPONENT_COUNT,
	COLUMN_COUNT, /* of those that are always there */
};
enum { COLUMNS_MORE = 6 }; /* adjusted; corrected; cost, margin, margin_percent, uncosted */
static_assert((int)COLUMN_COUNT + COLUMNS_MORE <= (int)TABLE_COLUMNS_MAX,
              "a report has too many columns");

enum { SLOTS_MIN = 64 };

struct sums {
	int64_t events, errors, suspense;
	int64_t partial, estimated, uncounted;
	int64_t count[COMPONENT_COUNT];
	wide attos; /* of the events */
	int64_t adjustments;
	wide adjusted; /* attos */
	int64_t corrections;
	wide corrected; /* of attos, which have it */
	int64_t costed, cost_unrated, cost_without_book;
	wide cost; /* attos */
};

struct group {
	struct text name; /* absent: not sent */
	struct sums sums;
};

struct report {
	const struct report_query *query;
	struct group *groups;
	size_t count, cap;
	uint32_t *slots; /* index + 1 into groups; slot_count a power of two */
	size_t slot_count;
	struct arena arena;
	struct fault *fault;
	char currency[REPORT_CURRENCY_BYTES];
	bool costs; /* there are columns for them */
	/* Of the row before, once there is a group: its hour, and its place in groups. */
	int64_t last_hour_ms;
	size_t last_group;
};

enum report_by report_by_find(struct text key)
{
	enum report_by by = 0;

	while (by < REPORT_BY_COUNT && !text_is(key, groupings[by].key))
		by++;
	return by;
}

const char *report_by_key(enum report_by by)
{
	return groupings[by].key;
}

/* The slot of a group, or the empty one where it would go. */
static size_t find_slot(const struct report *report, struct text name)
{
	size_t slot = hash64(name.at, name.len, name.at != NULL) & (report->slot_count - 1);

	while (report->slots[slot] != 0) {
		struct text other = report->groups[report->slots[slot] - 1].name;

		if ((other.at == NULL) == (name.at == NULL) && text_equal(other, name))
			break;
		slot = (slot + 1) & (report->slot_count - 1);
	}
	return slot;
}

static int grow(struct report *report)
{
	size_t cap = report->cap > 0 ? report->cap * 2 : SLOTS_MIN / 2;
	struct group *groups = realloc(report->groups, cap * sizeof(*groups));
	uint32_t *slots;

	if (groups == NULL)
		return -FAULT_NOMEM;
	report->groups = groups;
	slots = calloc(2 * cap, sizeof(*slots));
	if (slots == NULL)
		return -FAULT_NOMEM;
	free(report->slots);
	report->slots = slots;
	report->slot_count = 2 * cap;
	report->cap = cap;
	for (size_t i = 0; i < report->count; i++)
		slots[find_slot(report, groups[i].name)] = (uint32_t)i + 1;
	return 0;
}

static int find_group(struct report *report, struct text name, struct group **group_out)
{
	struct text kept = name;
	size_t slot;

	if (report->count == report->cap && grow(report) < 0)
		return fault_set(report->fault, FAULT_NOMEM, "report: out of memory");
	slot = find_slot(report, name);
	if (report->slots[slot] == 0) {
		if (name.at != NULL)
			kept = arena_copy(&report->arena, name);
		if (name.at != NULL && kept.at == NULL)
			return fault_set(report->fault, FAULT_NOMEM, "report: out of memory");
		report->groups[report->count] = (struct group){ .name = kept };
		report->slots[slot] = (uint32_t)++report->count;
	}
	*group_out = &report->groups[report->slots[slot] - 1];
	return 0;
}

static int sums_add(struct sums *to, const struct sums *add)
{
	bool lost = __builtin_add_overflow(to->events, add->events, &to->events);

	lost |= __builtin_add_overflow(to->errors, add->errors, &to->errors);
	lost |= __builtin_add_overflow(to->suspense, add->suspense, &to->suspense);
	lost |= __builtin_add_overflow(to->partial, add->partial, &to->partial);
	lost |= __builtin_add_overflow(to->estimated, add->estimated, &to->estimated);
	lost |= __builtin_add_overflow(to->uncounted, add->uncounted, &to->uncounted);
	for (int c = 0; c < COMPONENT_COUNT; c++)
		lost |= __builtin_add_overflow(to->count[c], add->count[c], &to->count[c]);
	lost |= __builtin_add_overflow(to->attos, add->attos, &to->attos);
	lost |= __builtin_add_overflow(to->adjustments, add->adjustments, &to->adjustments);
	lost |= __builtin_add_overflow(to->adjusted, add->adjusted, &to->adjusted);
	lost |= __builtin_add_overflow(to->corrections, add->corrections, &to->corrections);
	lost |= __builtin_add_overflow(to->corrected, add->corrected, &to->corrected);
	lost |= __builtin_add_overflow(to->costed, add->costed, &to->costed);
	lost |= __builtin_add_overflow(to->cost_unrated, add->cost_unrated, &to->cost_unrated);
	lost |= __builtin_add_overflow(to->cost_without_book, add->cost_without_book,
	                               &to->cost_without_book);
	lost |= __builtin_add_overflow(to->cost, add->cost, &to->cost);
	return lost ? -FAULT_RANGE : 0;
}

/* Where a row belongs: its names, its hour and what it adds. */
struct addend {
	struct text account, key, model, source, provider;
	int64_t time_ms;
	struct sums sums;
};

static bool wanted(struct text filter, struct text value)
{
	return filter.at == NULL || (value.at != NULL && text_equal(filter, value));
}

static struct text group_name(enum report_by by, const struct addend *addend,
                              char moment[MOMENT_TEXT_BYTES])
{
	switch (by) {
	case REPORT_BY_ACCOUNT:
		return addend->account;
	case REPORT_BY_KEY:
		return addend->key;
	case REPORT_BY_MODEL:
		return addend->model;
	case REPORT_BY_SOURCE:
		return addend->source;
	case REPORT_BY_PROVIDER:
		return addend->provider;
	case REPORT_BY_HOUR:
		moment_text_unit(addend->time_ms, MOMENT_HOUR, moment);
		break;
	case REPORT_BY_DAY:
		moment_text_unit(addend->time_ms, MOMENT_DAY, moment);
		break;
	case REPORT_BY_MONTH:
		moment_text_unit(addend->time_ms, MOMENT_MONTH, moment);
		break;
	case REPORT_BY_COUNT:
		assert(!"no grouping");
	}
	return text_of(moment);
}

static bool is_of_time(enum report_by by)
{
	return by == REPORT_BY_HOUR || by == REPORT_BY_DAY || by == REPORT_BY_MONTH;
}

/* Rows come by their hours: the name of one is not written anew for each of them. */
static int find_group_of(struct report *report, const struct addend *addend,
                         struct group **group_out)
{
	enum report_by by = report->query->by;
	int64_t hour_ms = moment_floor(addend->time_ms, MOMENT_HOUR);
	char moment[MOMENT_TEXT_BYTES];
	int r;

	if (is_of_time(by) && report->count > 0 && report->last_hour_ms == hour_ms) {
		*group_out = &report->groups[report->last_group];
		return 0;
	}
	r = find_group(report, group_name(by, addend, moment), group_out);
	if (r == 0) {
		report->last_hour_ms = hour_ms;
		report->last_group = (size_t)(*group_out - report->groups);
	}
	return r;
}

static int add(struct report *report, const struct addend *addend)
{
	const struct report_query *query = report->query;
	struct group *group = NULL;
	int r;

	if (!wanted(query->account, addend->account) || !wanted(query->key, addend->key) ||
	    !wanted(query->model, addend->model) || !wanted(query->source, addend->source) ||
	    !wanted(query->provider, addend->provider))
		return 0;
	r = find_group_of(report, addend, &group);
	if (r < 0)
		return r;
	if (sums_add(&group->sums, &addend->sums) < 0)
		return fault_set(report->fault, FAULT_RANGE, "a sum of the report does not fit");
	return 0;
}

/* What a row adds that counts in the hour at_ms; `correction`: it is one. */
static int add_row(struct report *report, const struct rollup_row *row, int64_t at_ms,
                   bool correction)
{
	struct addend addend = {
		.account = row->account,
		.key = row->key,
		.model = row->model,
		.source = row->source,
		.provider = row->provider,
		.time_ms = at_ms,
		.sums = { .events = row->events - row->turns,
		          .errors = row->errors,
		          .suspense = row->suspense,
		          .partial = row->partial,
		          .estimated = row->estimated,
		          .uncounted = row->uncounted,
		          .attos = row->amount.attos,
		          .corrections = correction,
		          .corrected = correction ? row->amount.attos : 0,
		          .costed = row->costed,
		          .cost_unrated = row->uncosted,
		          .cost_without_book = row->events - row->costed - row->uncosted,
		          .cost = row->cost.attos },
	};

	memcpy(addend.sums.count, row->count, sizeof(addend.sums.count));
	return add(report, &addend);
}

static int add_rollup(void *context, const struct rollup_row *row)
{
	return add_row(context, row, row->hour_ms, false);
}

static int add_correction(void *context, const struct correction *correction)
{
	return add_row(context, &correction->adds, correction->booked_ms, true);
}

static int add_event(void *context, const struct stored_event *row)
{
	struct rollup_row sums;

	return report_event_sums(row, &sums) ? add_row(context, &sums, row->event.time_ms, false)
	                                     : 0;
}

static int add_adjustment(void *context, const struct adjustment *row)
{
	const struct addend addend = {
		.account = row->account,
		.key = row->key,
		.model = row->model,
		.source = row->source,
		.provider = row->provider,
		.time_ms = row->booked_ms,
		.sums = { .adjustments = 1, .adjusted = row->amount.attos },
	};

	return add(context, &addend);
}

static int gather(struct report *report, struct ledger *ledger)
{
	const struct report_walk walk = {
		.rollup = add_rollup,
		.event = add_event,
		.adjustment = add_adjustment,
		.correction = add_correction,
		.context = report,
	};

	return report_walk(ledger, report->query->from_ms, report->query->to_ms, &walk,
	                   report->fault);
}

int report_basis_points(wide part, wide whole, int64_t *out)
{
	wide quotient, rest, points, half;

	if (whole == 0)
		return -FAULT_RANGE;
	if (whole < 0) {
		whole = -whole;
		part = -part;
	}
	quotient = part / whole;
	rest = part % whole;
	/* In two steps, since a part can be a large share of what 128 bits hold. */
	if (__builtin_mul_overflow(rest, (wide)10000, &rest) ||
	    __builtin_mul_overflow(quotient, (wide)10000, &quotient))
		return -FAULT_RANGE;
	points = quotient + rest / whole;
	half = rest % whole;
	half = half < 0 ? -half : half;
	if (half >= whole - half)
		points += part < 0 ? -1 : 1;
	if (points > INT64_MAX || points < INT64_MIN)
		return -FAULT_RANGE;
	*out = (int64_t)points;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if ((x->name.at == NULL) != (y->name.at == NULL))
		return x->name.at == NULL ? -1 : 1;
	return text_compare(x->name, y->name);
}

static void set_money(struct table *table, size_t row, size_t column, wide attos)
{
	char text[MONEY_TEXT_BYTES];

	money_text((struct money){ attos }, text);
	table_set(table, row, column, text_of(text));
}

void report_percent(int64_t points, char out[REPORT_PERCENT_BYTES])
{
	uint64_t size = points < 0 ? 0 - (uint64_t)points : (uint64_t)points;

	snprintf(out, REPORT_PERCENT_BYTES, "%s%" PRIu64 ".%02" PRIu64, points < 0 ? "-" : "",
	         size / 100, size % 100);
}

/* Columns from `column` on: cost, margin, margin_percent, uncosted. */
static int set_costs(struct table *table, size_t row, size_t column, const struct sums *sums,
                     wide amount, struct fault *fault)
{
	int64_t uncosted = sums->cost_unrated + sums->cost_without_book, points = 0;
	char percent[REPORT_PERCENT_BYTES];
	bool known = sums->costed > 0 || uncosted == 0;
	bool priced = sums->suspense == 0 || amount != 0;
	wide margin;

	table_set_count(table, row, column + 3, uncosted);
	if (!known)
		return 0;
	set_money(table, row, column, sums->cost);
	if (!priced)
		return 0;
	if (__builtin_sub_overflow(amount, sums->cost, &margin) ||
	    (amount > 0 && report_basis_points(margin, amount, &points) < 0))
		return fault_set(fault, FAULT_RANGE, "a margin of the report does not fit");
	set_money(table, row, column + 1, margin);
	report_percent(points, percent);
	if (amount > 0)
		table_set(table, row, column + 2, text_of(percent));
	return 0;
}

/* Which of the columns there are that not every ledger has. */
struct more {
	bool adjusted, corrected;
};

static int set_sums(const struct report *report, struct table *table, size_t row,
                    const struct sums *sums, struct more more)
{
	size_t column = COLUMN_COUNT;
	wide amount;

	if (__builtin_add_overflow(sums->attos, sums->adjusted, &amount))
		return fault_set(report->fault, FAULT_RANGE, "a sum of the report does not fit");
	table_set_count(table, row, COLUMN_EVENTS, sums->events);
	table_set_count(table, row, COLUMN_ERRORS, sums->errors);
	table_set_count(table, row, COLUMN_SUSPENSE, sums->suspense);
	table_set_count(table, row, COLUMN_PARTIAL, sums->partial);
	table_set_count(table, row, COLUMN_ESTIMATED, sums->estimated);
	table_set_count(table, row, COLUMN_UNCOUNTED, sums->uncounted);
	for (size_t c = 0; c < COMPONENT_COUNT; c++)
		table_set_count(table, row, COLUMN_COMPONENTS + c, sums->count[c]);
	set_money(table, row, COLUMN_AMOUNT, amount);
	if (more.adjusted)
		set_money(table, row, column++, sums->adjusted);
	if (more.corrected)
		set_money(table, row, column++, sums->corrected);
	return report->costs ? set_costs(table, row, column, sums, amount, report->fault) : 0;
}

/* "Amount USD", kept by the table. */
static const char *amount_title(struct table *table, const char *word, const char *currency)
{
	char title[REPORT_CURRENCY_BYTES + 16];
	struct text kept;

	snprintf(title, sizeof(title), "%s%s%s", word, currency[0] != '\0' ? " " : "", currency);
	kept = arena_copy(&table->arena, text_of(title));
	return kept.at != NULL ? kept.at : word;
}

/* Who never asked for them finds the columns as they were. */
static void make_more_columns(struct table *table, const struct report *report, struct more more)
{
	const char *currency = report->currency;

	if (more.adjusted)
		table_column(table, "adjusted", amount_title(table, "Adjusted", currency),
		             TABLE_AMOUNT, false);
	if (more.corrected)
		table_column(table, "corrected", amount_title(table, "Corrected", currency),
		             TABLE_AMOUNT, false);
	if (!report->costs)
		return;
	table_column(table, "cost", amount_title(table, "Cost", currency), TABLE_AMOUNT, false);
	table_column(table, "margin", amount_title(table, "Margin", currency), TABLE_AMOUNT, false);
	table_column(table, "margin_percent", "Margin %", TABLE_AMOUNT, false);
	table_column(table, "uncosted", "Uncosted", TABLE_COUNT, true);
	table->columns[table->column_count - 1].hidden = true;
}

static void make_columns(struct table *table, const struct report *report, struct more more)
{
	enum report_by by = report->query->by;
	bool timed = by == REPORT_BY_HOUR || by == REPORT_BY_DAY || by == REPORT_BY_MONTH;
	bool plain = true;

	table_column(table, groupings[by].key, groupings[by].title, timed ? TABLE_TIME : TABLE_TEXT,
	             false);
	table_column(table, "events", "Requests", TABLE_COUNT, false);
	table_column(table, "errors", "Errors", TABLE_COUNT, false);
	table_column(table, "suspense", "Unpriced", TABLE_COUNT, true);
	table_column(table, "partial", "Partial", TABLE_COUNT, true);
	table_column(table, "estimated", "Estimated", TABLE_COUNT, true);
	table_column(table, "uncounted", "Uncounted", TABLE_COUNT, true);
	/* A person reads them below the table: 80 columns are soon full. */
	for (size_t c = COLUMN_PARTIAL; c <= COLUMN_UNCOUNTED; c++)
		table->columns[c].hidden = true;
	for (size_t c = 0; c < COMPONENT_COUNT; c++)
		table_column(table, component_info[c].key, component_titles[c], TABLE_COUNT, true);
	table_column(table, "amount", amount_title(table, "Amount", report->currency), TABLE_AMOUNT,
	             false);
	make_more_columns(table, report, more);
	for (size_t i = 0; i < report->count; i++) {
		const struct sums *sums = &report->groups[i].sums;

		plain = plain && sums->count[COMPONENT_REQUESTS] == sums->events - sums->errors;
	}
	table->columns[COLUMN_COMPONENTS + COMPONENT_REQUESTS].hidden = plain;
}

static int fill_table(const struct report *report, struct table *table, struct report_notes *notes)
{
	struct sums total = { .events = 0 };
	struct more more = { false, false };
	int r = 0;

	for (size_t i = 0; i < report->count; i++) {
		more.adjusted = more.adjusted || report->groups[i].sums.adjustments > 0;
		more.corrected = more.corrected || report->groups[i].sums.corrections > 0;
	}
	make_columns(table, report, more);
	for (size_t i = 0; i < report->count; i++) {
		const struct group *group = &report->groups[i];
		size_t row = table_row(table);

		table_set(table, row, COLUMN_GROUP, group->name);
		r = set_sums(report, table, row, &group->sums, more);
		if (r < 0)
			return r;
		if (sums_add(&total, &group->sums) < 0)
			return fault_set(report->fault, FAULT_RANGE,
			                 "a total of the report does not fit");
	}
	r = set_sums(report, table, TABLE_TOTAL, &total, more);
	if (r < 0)
		return r;
	if (table->error != 0)
		return fault_set(report->fault, FAULT_NOMEM, "report: out of memory");
	notes->events = total.events;
	notes->errors = total.errors;
	notes->suspense = total.suspense;
	notes->partial = total.partial;
	notes->estimated = total.estimated;
	notes->uncounted = total.uncounted;
	notes->adjustments = total.adjustments;
	notes->corrections = total.corrections;
	notes->costs = report->costs;
	notes->cost_unrated = total.cost_unrated;
	notes->cost_without_book = total.cost_without_book;
	text_copy(notes->currency, sizeof(notes->currency), text_of(report->currency));
	return 0;
}

/* A ledger has one currency: any of its books tells it. */
static int note_book(void *context, const struct book_log_row *row)
{
	struct report *report = context;

	text_copy(report->currency, sizeof(report->currency), row->currency);
	report->costs = report->costs || row->side == BOOK_COST;
	return 0;
}

/* A cost that is there and would have no column: never left out without a word. */
static int check_costs(const struct report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct sums *sums = &report->groups[i].sums;

		if (!report->costs && sums->costed + sums->cost_unrated > 0)
			return fault_set(report->fault, FAULT_CORRUPT,
			                 "report: events have a cost, and the log of price books "
			                 "tells of no cost book: toll verify names what is wrong");
	}
	return 0;
}

int report_run(struct ledger *ledger, const struct report_query *query, struct table *table_out,
               struct report_notes *notes_out, struct fault *fault)
{
	struct report report = { .query = query, .fault = fault };
	struct report_notes notes = { .events = 0 };
	struct table table = { .rows = NULL };
	int r = 0;

	if (query->from_ms >= query->to_ms)
		return fault_set(fault, FAULT_INVALID,
		                 "the range is empty: its end is not after its start");
	r = gather(&report, ledger);
	if (r == 0)
		r = ledger_gaps(ledger, query->from_ms, query->to_ms, &notes.gaps, fault);
	if (r == 0)
		r = ledger_each_book(ledger, note_book, &report, fault);
	if (r == 0)
		r = check_costs(&report);
	if (r < 0)
		goto out;
	if (report.count > 0)
		qsort(report.groups, report.count, sizeof(*report.groups), by_name);
	r = fill_table(&report, &table, &notes);
	if (r < 0)
		goto out;
	*table_out = table;
	table = (struct table){ .rows = NULL };
	*notes_out = notes;
out:
	table_release(&table);
	free(report.groups);
	free(report.slots);
	arena_release(&report.arena);
	return r;
}
