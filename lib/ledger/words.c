#include "ledger/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "usage/kinds.h"

/* Odd constants: digits of pi, as those of hash64. */
#define SEED_ROW   UINT64_C(0x452821e638d01377)
#define SEED_FIELD UINT64_C(0xbe5466cf34e90c6d)

/*
 * The places of the fields in a word, for ever: a new one comes last.  Counts stand under the
 * hash of their component's key.
 */
enum field {
	FIELD_HOUR = 1,
	FIELD_ACCOUNT,
	FIELD_KEY,
	FIELD_MODEL,
	FIELD_SOURCE,
	FIELD_PROVIDER,
	FIELD_TIER,
	FIELD_PRICE,
	FIELD_EVENTS,
	FIELD_ERRORS,
	FIELD_TURNS,
	FIELD_PARTIAL,
	FIELD_ESTIMATED,
	FIELD_UNCOUNTED,
	FIELD_COSTED,
	FIELD_UNCOSTED,
	FIELD_NANOS,
	FIELD_ATTOS,
	FIELD_COST_NANOS,
	FIELD_COST_ATTOS,
	FIELD_TS,
	FIELD_ID,
	FIELD_API,
	FIELD_FINISH,
	FIELD_REGION,
	FIELD_STATUS,
	FIELD_STREAM,
	FIELD_LATENCY,
	FIELD_TTFT,
	FIELD_HASH,
	FIELD_EXTRA,
	FIELD_SETTLEMENT,
	FIELD_PROVENANCE,
	FIELD_POLICY,
	FIELD_SERVED,
	FIELD_TURN,
	FIELD_COST_PRICE,
	FIELD_FIRST_COLUMN = 1000, /* of an adjustment, by its place in ADJUSTMENT_COLUMNS */
};

static void add(uint64_t *word, uint64_t field, uint64_t value)
{
	if (value != 0)
		*word ^= hash64_mix(value ^ SEED_FIELD, hash64_mix(field ^ SEED_ROW, SEED_FIELD));
}

static void add_text(uint64_t *word, uint64_t field, struct text text)
{
	if (text.len > 0)
		add(word, field, hash64(text.at, text.len, SEED_FIELD));
}

/* 0 is a value where absent is another one. */
static void add_optional(uint64_t *word, uint64_t field, int64_t value)
{
	if (value != EVENT_ABSENT)
		add(word, field, (uint64_t)value + 1);
}

static void add_money(uint64_t *word, uint64_t field, struct money amount)
{
	add(word, field, (uint64_t)amount.attos);
	add(word, field + 1, (uint64_t)((unsigned __int128)amount.attos >> 64));
}

static void add_counts(uint64_t *word, const int64_t count[COMPONENT_COUNT])
{
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		const char *key = component_info[c].key;

		if (count[c] != 0)
			add(word, hash64(key, strlen(key), SEED_ROW), (uint64_t)count[c]);
	}
}

/* All fields mixed once more, so that no two rows undo each other. */
static uint64_t closed(uint64_t word)
{
	return hash64_mix(word ^ SEED_ROW, SEED_FIELD);
}

uint64_t word_of_rollup(const struct rollup_key *key, const struct rollup_sum *sum)
{
	const int64_t values[] = {
		key->hour,      key->account,   key->key,    key->model,
		key->source,    key->provider,  key->tier,   key->price,
		sum->events,    sum->errors,    sum->turns,  sum->partial,
		sum->estimated, sum->uncounted, sum->costed, sum->uncosted,
	};
	uint64_t word = SEED_ROW;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		add(&word, FIELD_HOUR + i, (uint64_t)values[i]);
	add_counts(&word, sum->count);
	add_money(&word, FIELD_NANOS, sum->amount);
	add_money(&word, FIELD_COST_NANOS, sum->cost);
	return closed(word);
}

uint64_t word_of_adjustment(const struct query *row)
{
	uint64_t word = SEED_ROW;

	for (int i = 0; i < WORD_ADJUSTMENT_COLUMNS; i++)
		add(&word, (uint64_t)(FIELD_FIRST_COLUMN + i), (uint64_t)column_int(row, i));
	return closed(word);
}

uint64_t word_of_name(int64_t id, struct text text)
{
	return hash64(text.at, text.len, (uint64_t)id ^ SEED_ROW);
}

/* Each by itself: they come back in another order. */
static void add_kinds(uint64_t *word, const struct usage *usage)
{
	for (unsigned i = 0; i < usage->kind_count; i++) {
		const struct usage_kind *kind = &usage->kinds[i];
		const char *texts[] = { component_info[kind->component].key, kind->size,
			                kind->quality, kind->kind };
		uint64_t of = (uint64_t)kind->number;

		/* A plain one says no more than the count, and is not always there. */
		if (kind_is_plain(kind))
			continue;
		for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++)
			of = hash64(texts[t], strlen(texts[t]), of ^ SEED_FIELD);
		add(word, of, (uint64_t)kind->n);
	}
}

int64_t word_of_event(const struct event_row *row)
{
	const struct event *event = &row->stored.event;
	const struct {
		enum field field;
		int64_t value;
	} numbers[] = {
		{ FIELD_TS, event->time_ms },
		{ FIELD_SOURCE, row->source },
		{ FIELD_ACCOUNT, row->account },
		{ FIELD_KEY, row->key },
		{ FIELD_MODEL, row->model },
		{ FIELD_PROVIDER, row->provider },
		{ FIELD_API, row->api },
		{ FIELD_TIER, row->tier },
		{ FIELD_FINISH, row->finish },
		{ FIELD_REGION, row->region },
		{ FIELD_PRICE, row->stored.price_id },
		{ FIELD_STREAM, event->stream },
		{ FIELD_HASH, (int64_t)event->content_hash },
		{ FIELD_SETTLEMENT, event->settlement },
		{ FIELD_PROVENANCE, event->provenance },
		{ FIELD_POLICY, row->stored.policy },
		{ FIELD_TURN, event->turn },
		{ FIELD_COST_PRICE, row->stored.cost_id },
	};
	uint64_t word = SEED_ROW;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		add(&word, numbers[i].field, (uint64_t)numbers[i].value);
	add_optional(&word, FIELD_STATUS, event->status);
	add_optional(&word, FIELD_LATENCY, event->latency_ms);
	add_optional(&word, FIELD_TTFT, event->ttft_ms);
	add_optional(&word, FIELD_SERVED, event->served);
	add_text(&word, FIELD_ID, event->id);
	add_text(&word, FIELD_EXTRA, event->extra);
	add_counts(&word, event->usage.count);
	add_kinds(&word, &event->usage);
	add_money(&word, FIELD_NANOS, row->stored.amount);
	add_money(&word, FIELD_COST_NANOS, row->stored.cost);
	return (int32_t)(uint32_t)(closed(word) >> 32);
}

uint64_t word_in_hour(int64_t event_word)
{
	return event_word == EVENT_ABSENT ? 0 : closed((uint64_t)event_word);
}

int words_turn(struct ledger *ledger, enum word_kind kind, int64_t hour, uint64_t by,
               struct fault *fault)
{
	struct word_turn *turns = ledger->turns;

	/* The last one first: rows come by the hour. */
	for (size_t i = ledger->turn_count; i > 0; i--) {
		if (turns[i - 1].hour == hour && turns[i - 1].kind == (int)kind) {
			turns[i - 1].by ^= by;
			return 0;
		}
	}
	if (ledger->turn_count == ledger->turn_cap) {
		size_t cap = ledger->turn_cap > 0 ? ledger->turn_cap * 2 : 16;

		turns = realloc(turns, cap * sizeof(*turns));
		if (turns == NULL)
			return fault_set(fault, FAULT_NOMEM, "check words: out of memory");
		ledger->turns = turns;
		ledger->turn_cap = cap;
	}
	turns[ledger->turn_count++] = (struct word_turn){ kind, hour, by };
	return 0;
}

int words_flush(struct ledger *ledger, struct fault *fault)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ledger->turn_count; i++) {
		struct query query;

		if (ledger->turns[i].by == 0)
			continue;
		query = query_start(ledger, STATEMENT_WORD_TURN);
		query_int(&query, ledger->turns[i].kind);
		query_int(&query, ledger->turns[i].hour);
		query_int(&query, (int64_t)ledger->turns[i].by);
		r = query_done(&query, fault);
	}
	ledger->turn_count = 0;
	return r;
}

void words_forget(struct ledger *ledger)
{
	ledger->turn_count = 0;
}

void words_release(struct ledger *ledger)
{
	free(ledger->turns);
	ledger->turns = NULL;
	ledger->turn_count = ledger->turn_cap = 0;
}

int words_event(struct ledger *ledger, const struct event_row *row, struct fault *fault)
{
	char moment[MOMENT_TEXT_BYTES];

	if (row->word == EVENT_ABSENT || row->word == word_of_event(row))
		return 0;
	moment_text(row->stored.event.time_ms, moment);
	return fault_set(fault, FAULT_CORRUPT,
	                 "%s: event %.*s of %s is not as it was stored (check word): " WORDS_ADVICE,
	                 ledger->path, TEXT_ARGS(row->stored.event.id), moment);
}

static int due_next(struct word_walk *walk, struct fault *fault)
{
	int r = walk->due_hour == INT64_MAX ? 0 : query_row(&walk->due, fault);

	if (r > 0) {
		walk->due_hour = column_int(&walk->due, 0);
		walk->due_word = (uint64_t)column_int(&walk->due, 1);
		return 0;
	}
	walk->due_hour = INT64_MAX; /* its statement is given back */
	return r;
}

int word_walk_start(struct word_walk *walk, struct ledger *ledger, enum word_kind kind,
                    int64_t from_ms, int64_t to_ms, struct fault *fault)
{
	static const enum statement statements[WORD_KINDS] = {
		[WORD_ROLLUP] = STATEMENT_WORD_ROLLUPS,
		[WORD_BOOKED] = STATEMENT_WORD_BOOKED,
		[WORD_TRAFFIC] = STATEMENT_WORD_TRAFFIC,
		[WORD_EVENT] = STATEMENT_WORD_EVENTS,
	};

	*walk = (struct word_walk){
		.ledger = ledger,
		.kind = kind,
		.hour = -1,
		.off = ledger->wordless,
	};
	walk->due = query_start(ledger, statements[kind]);
	query_int(&walk->due, from_ms);
	query_int(&walk->due, to_ms);
	return due_next(walk, fault);
}

static int walk_fault(const struct word_walk *walk, int64_t hour, struct fault *fault)
{
	static const char *const whats[WORD_KINDS] = {
		[WORD_ROLLUP] = "sums",
		[WORD_BOOKED] = "adjustments booked in it",
		[WORD_TRAFFIC] = "adjustments of its traffic",
		[WORD_EVENT] = "events",
	};
	char moment[MOMENT_TEXT_BYTES];

	if (walk->off)
		return 0;
	moment_text(hour, moment);
	return fault_set(
		fault, FAULT_CORRUPT,
		"%s: hour %s: its %s are not those that were stored (check word): " WORDS_ADVICE,
		walk->ledger->path, moment, whats[walk->kind]);
}

/* The hour that was walked, and those before the next one, of which no row came. */
static int walk_close(struct word_walk *walk, int64_t next_hour, struct fault *fault)
{
	bool met = walk->word == 0;

	while (walk->due_hour < next_hour) {
		int64_t hour = walk->due_hour;
		bool same = hour == walk->hour && walk->due_word == walk->word;
		int r = same ? 0 : walk_fault(walk, hour, fault);

		if (r == 0)
			r = due_next(walk, fault);
		if (r < 0)
			return r;
		met = met || hour == walk->hour;
	}
	return met || walk->hour < 0 ? 0 : walk_fault(walk, walk->hour, fault);
}

int word_walk_row(struct word_walk *walk, int64_t hour, uint64_t word, struct fault *fault)
{
	if (hour != walk->hour) {
		int r = walk_close(walk, hour, fault);

		if (r < 0)
			return r;
		walk->hour = hour;
		walk->word = 0;
	}
	walk->word ^= word;
	return 0;
}

int word_walk_end(struct word_walk *walk, struct fault *fault)
{
	int r = walk_close(walk, INT64_MAX, fault);

	word_walk_stop(walk);
	return r;
}

void word_walk_stop(struct word_walk *walk)
{
	if (walk->due_hour != INT64_MAX)
		query_end(&walk->due);
	walk->due_hour = INT64_MAX;
}

static int make_rollups(struct ledger *ledger, struct fault *fault)
{
	enum { COLUMN_SUMS = 8 }; /* behind ROLLUP_KEY */
	struct query query = query_start(ledger, STATEMENT_ROLLUP_RANGE);
	int r;

	query_int(&query, LEDGER_FROM_MIN);
	query_int(&query, LEDGER_TO_MAX);
	while ((r = query_row(&query, fault)) > 0) {
		const struct rollup_key key = rollup_read_key(&query);
		struct rollup_sum sum;

		r = rollup_read(&query, COLUMN_SUMS, &sum, fault);
		if (r == 0)
			r = words_turn(ledger, WORD_ROLLUP, key.hour, word_of_rollup(&key, &sum),
			               fault);
		/* Hours come in order: what is noted stays little. */
		if (r == 0 && ledger->turn_count > 1) {
			struct word_turn last = ledger->turns[--ledger->turn_count];

			r = words_flush(ledger, fault);
			ledger->turns[ledger->turn_count++] = last;
		}
		if (r < 0) {
			query_end(&query);
			return r;
		}
	}
	return r < 0 ? r : words_flush(ledger, fault);
}

int words_adjustments(struct ledger *ledger, struct query *rows, struct fault *fault)
{
	enum { COLUMN_HOUR = 1, COLUMN_BOOKED };
	int r;

	while ((r = query_row(rows, fault)) > 0) {
		uint64_t word = word_of_adjustment(rows);

		r = words_turn(ledger, WORD_BOOKED, column_int(rows, COLUMN_BOOKED), word, fault);
		if (r == 0)
			r = words_turn(ledger, WORD_TRAFFIC, column_int(rows, COLUMN_HOUR), word,
			               fault);
		if (r < 0) {
			query_end(rows);
			return r;
		}
	}
	return r < 0 ? r : words_flush(ledger, fault);
}

static int make_adjustments(struct ledger *ledger, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_ADJUSTMENT_BOOKED);

	query_int(&query, LEDGER_FROM_MIN);
	query_int(&query, LEDGER_TO_MAX);
	return words_adjustments(ledger, &query, fault);
}

static int make_names(struct ledger *ledger, struct fault *fault)
{
	struct query names = query_start(ledger, STATEMENT_NAME_WORDS);
	int r;

	while ((r = query_row(&names, fault)) > 0) {
		int64_t id = column_int(&names, 0);

		r = id != NAME_NONE ? names_put_word(ledger, id, column_text(&names, 1), fault) : 0;
		if (r < 0) {
			query_end(&names);
			return r;
		}
	}
	return r;
}

int words_make(struct ledger *ledger, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_WORDS_DUE);
	int64_t due = 0;
	int r = query_single(&query, &due, fault);

	ledger->wordless = due != 0;
	if (r < 0 || due == 0 || !ledger->writer)
		return r;
	query = query_start(ledger, STATEMENT_BEGIN);
	r = query_done(&query, fault);
	if (r < 0)
		return r;
	r = make_rollups(ledger, fault);
	if (r == 0)
		r = make_adjustments(ledger, fault);
	if (r == 0)
		r = make_names(ledger, fault);
	if (r == 0) {
		query = query_start(ledger, STATEMENT_WORDS_MADE);
		r = query_done(&query, fault);
	}
	query = query_start(ledger, r == 0 ? STATEMENT_COMMIT : STATEMENT_ROLLBACK);
	if (r == 0)
		r = query_done(&query, fault);
	else
		query_done(&query, NULL);
	ledger->wordless = r != 0;
	return r;
}
