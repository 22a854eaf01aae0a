#include "cli/phases.h"

#include "base/json.h"
#include "base/moment.h"
#include "ledger/store.h"

bool phases_is_part(struct text id, struct text request)
{
	const struct text begin = { id.at, request.len };
	size_t digits = request.len + 1;

	if (id.len <= digits || !text_equal(begin, request) || id.at[request.len] != '~')
		return false;
	for (size_t i = digits; i < id.len; i++) {
		if (id.at[i] < '0' || id.at[i] > '9')
			return false;
	}
	return true;
}

static int no_memory(struct fault *fault)
{
	return fault_set(fault, FAULT_NOMEM, "phases: out of memory");
}

/* A new one in this place of a list; NULL: no memory. */
static struct shown_phase *insert(struct phases *phases, struct shown_phase **at)
{
	struct shown_phase *shown = arena_take(&phases->arena, sizeof(*shown));

	if (shown == NULL)
		return NULL;
	*shown = (struct shown_phase){ .next = *at };
	*at = shown;
	return shown;
}

static struct shown_phase **end_of(struct shown_phase **list)
{
	while (*list != NULL)
		list = &(*list)->next;
	return list;
}

/* The place of a part among the others: 10 stands behind 2. */
static struct shown_phase **place_of(struct shown_phase **list, struct text id)
{
	while (*list != NULL && ((*list)->id.len < id.len ||
	                         ((*list)->id.len == id.len && text_compare((*list)->id, id) <= 0)))
		list = &(*list)->next;
	return list;
}

static void add_count(struct buf *words, struct buf *json, struct text key, int64_t count)
{
	buf_addf(words, "%s%.*s %lld", words->len > 0 ? ", " : "", TEXT_ARGS(key),
	         (long long)count);
	buf_addf(json, "%s", json->len > 1 ? "," : "");
	buf_add_json(json, key);
	buf_addf(json, ":%lld", (long long)count);
}

/* Takes both texts over into the arena, and gives the buffers back. */
static int keep_counts(struct phases *phases, struct shown_phase *shown, struct buf *words,
                       struct buf *json, struct fault *fault)
{
	bool failed;

	if (words->len == 0)
		buf_add_cstr(words, "nothing");
	buf_add_cstr(json, "}");
	failed = words->error != 0 || json->error != 0;
	if (!failed) {
		shown->counts = arena_copy(&phases->arena, buf_text(words));
		shown->counts_json = arena_copy(&phases->arena, buf_text(json));
		failed = shown->counts.at == NULL || shown->counts_json.at == NULL;
	}
	buf_release(words);
	buf_release(json);
	return failed ? no_memory(fault) : 0;
}

/* An absent text stays absent. */
static int keep(struct phases *phases, struct text *text, struct fault *fault)
{
	if (text->at == NULL)
		return 0;
	*text = arena_copy(&phases->arena, *text);
	return text->at != NULL ? 0 : no_memory(fault);
}

static int keep_texts(struct phases *phases, struct shown_phase *shown, struct fault *fault)
{
	struct text *const texts[] = { &shown->id, &shown->model, &shown->provenance,
		                       &shown->amount };
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(texts) / sizeof(texts[0]); i++)
		r = keep(phases, texts[i], fault);
	return r;
}

static int show_event(struct phases *phases, struct shown_phase *shown,
                      const struct stored_event *row, struct fault *fault)
{
	const struct event *event = &row->event;
	struct buf words = { .at = NULL }, json = { .at = NULL };
	char amount[MONEY_TEXT_BYTES];
	int r;

	money_text(row->amount, amount);
	shown->settlement = settlement_name(event->settlement);
	shown->state = "stands";
	shown->id = event->id;
	shown->model = event->model;
	shown->provenance = text_of(provenance_name(event->provenance));
	shown->time_ms = event->time_ms;
	shown->amount = text_of(row->price_id != LEDGER_PRICE_SUSPENSE ? amount : NULL);
	r = keep_texts(phases, shown, fault);
	buf_add_cstr(&json, "{");
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (event->usage.count[c] > 0)
			add_count(&words, &json, text_of(component_info[c].key),
			          event->usage.count[c]);
	}
	return keep_counts(phases, shown, &words, &json, fault) < 0 ? -FAULT_NOMEM : r;
}

int phases_add_part(struct phases *phases, const struct stored_event *row, struct fault *fault)
{
	struct shown_phase *shown = insert(phases, place_of(&phases->parts, row->event.id));

	if (shown == NULL)
		return no_memory(fault);
	phases->parts_attos += row->amount.attos; /* no 2^60 of them */
	return show_event(phases, shown, row, fault);
}

/* What one walk over phases needs. */
struct reading {
	struct phases *phases;
	struct json doc;
	struct fault *fault;
};

static int show_phase(void *user, const struct phase *phase)
{
	struct reading *reading = user;
	const struct json *doc = &reading->doc;
	struct phases *phases = reading->phases;
	struct buf words = { .at = NULL }, json = { .at = NULL };
	struct shown_phase *shown;
	uint32_t counts;
	int r = json_parse(&reading->doc, phase->stored, reading->fault);

	if (r < 0)
		return r;
	shown = insert(phases, end_of(&phases->phases));
	if (shown == NULL)
		return no_memory(reading->fault);
	shown->settlement = settlement_name(phase->settlement);
	shown->state = phase->late ? "late" : "replaced";
	shown->time_ms = phase->time_ms;
	shown->kept_ms = phase->kept_ms;
	shown->id = json_string(doc, json_member(doc, 0, "id"));
	shown->model = json_string(doc, json_member(doc, 0, "model"));
	shown->provenance = json_string(doc, json_member(doc, 0, "provenance"));
	shown->amount = json_string(doc, json_member(doc, 0, "amount"));
	r = keep_texts(phases, shown, reading->fault);
	buf_add_cstr(&json, "{");
	counts = json_member(doc, 0, "counts");
	for (uint32_t k = json_first(doc, counts); k != JSON_NONE; k = json_next(doc, counts, k)) {
		int64_t count;

		if (json_integer(doc, k + 1, &count))
			add_count(&words, &json, doc->nodes[k].text, count);
	}
	return keep_counts(phases, shown, &words, &json, reading->fault) < 0 ? -FAULT_NOMEM : r;
}

int phases_read(struct phases *phases, struct ledger *ledger, const struct stored_event *stands,
                struct fault *fault)
{
	struct reading reading = { .phases = phases, .fault = fault };
	struct shown_phase *shown;
	int r = ledger_each_phase(ledger, stands->event.source, stands->event.id, show_phase,
	                          &reading, fault);

	json_release(&reading.doc);
	if (r != 0 || phases->phases == NULL)
		return r;
	shown = insert(phases, end_of(&phases->phases));
	if (shown == NULL)
		return no_memory(fault);
	return show_event(phases, shown, stands, fault);
}

void phases_release(struct phases *phases)
{
	arena_release(&phases->arena);
	*phases = (struct phases){ .phases = NULL };
}

static struct text shown_amount(const struct shown_phase *shown)
{
	return shown->amount.at != NULL ? shown->amount : text_of("unpriced");
}

static void write_phases(const struct phases *phases, struct context *context)
{
	struct table table = { .rows = NULL };

	table_column(&table, "settlement", "Phase", TABLE_TEXT, false);
	table_column(&table, "state", "State", TABLE_TEXT, false);
	table_column(&table, "time", "Time", TABLE_TIME, false);
	table_column(&table, "amount", "Amount", TABLE_AMOUNT, false);
	table_column(&table, "counts", "Counts", TABLE_TEXT, false);
	for (const struct shown_phase *s = phases->phases; s != NULL; s = s->next) {
		size_t row = table_row(&table);
		char time[MOMENT_TEXT_BYTES];

		moment_text(s->time_ms, time);
		table_set(&table, row, 0, text_of(s->settlement));
		table_set(&table, row, 1, text_of(s->state));
		table_set(&table, row, 2, text_of(time));
		table_set(&table, row, 3, shown_amount(s));
		table_set(&table, row, 4, s->counts);
	}
	buf_add(&context->out, "\n", 1);
	printer_heading(&context->printer, "Phases: one stands and counts");
	printer_table(&context->printer, &table);
	table_release(&table);
}

static void write_parts(const struct phases *phases, struct context *context,
                        const struct stored_event *whole)
{
	struct table table = { .rows = NULL };
	char text[MONEY_TEXT_BYTES];
	bool unpriced = whole->price_id == LEDGER_PRICE_SUSPENSE;

	table_column(&table, "id", "Part", TABLE_TEXT, false);
	table_column(&table, "model", "Model", TABLE_TEXT, false);
	table_column(&table, "amount", "Amount", TABLE_AMOUNT, false);
	table_column(&table, "counts", "Counts", TABLE_TEXT, false);
	for (const struct shown_phase *s = phases->parts; s != NULL; s = s->next) {
		size_t row = table_row(&table);

		table_set(&table, row, 0, s->id);
		table_set(&table, row, 1, s->model);
		table_set(&table, row, 2, shown_amount(s));
		table_set(&table, row, 3, s->counts);
		unpriced = unpriced || s->amount.at == NULL;
	}
	buf_add(&context->out, "\n", 1);
	printer_heading(&context->printer, "Parts: events of their own, beside this one");
	printer_table(&context->printer, &table);
	table_release(&table);
	money_text((struct money){ whole->amount.attos + phases->parts_attos }, text);
	buf_add(&context->out, "\n", 1);
	printer_wrapf(&context->printer, 0, "The request with its parts: %s%s", text,
	              unpriced ? ", and what is unpriced" : "");
}

void phases_write_text(const struct phases *phases, struct context *context,
                       const struct stored_event *stands)
{
	if (phases->phases != NULL)
		write_phases(phases, context);
	if (phases->parts != NULL)
		write_parts(phases, context, stands);
}

static void add_list(struct buf *out, const char *key, const struct shown_phase *list)
{
	char time[MOMENT_TEXT_BYTES];

	buf_addf(out, ",\"%s\":[", key);
	for (const struct shown_phase *s = list; s != NULL; s = s->next) {
		buf_addf(out, "%s{\"id\":", s != list ? "," : "");
		buf_add_json(out, s->id);
		buf_add_member(out, "settlement", text_of(s->settlement));
		buf_add_member(out, "state", text_of(s->state));
		moment_text(s->time_ms, time);
		buf_add_member(out, "time", text_of(time));
		moment_text(s->kept_ms, time);
		buf_add_member(out, "kept", text_of(s->kept_ms != 0 ? time : NULL));
		buf_add_member(out, "model", s->model);
		buf_add_member(out, "provenance", s->provenance);
		buf_add_member(out, "amount", s->amount);
		buf_add_cstr(out, ",\"counts\":");
		buf_add_text(out, s->counts_json);
		buf_add_cstr(out, "}");
	}
	buf_add_cstr(out, "]");
}

void phases_write_json(const struct phases *phases, struct buf *out)
{
	add_list(out, "phases", phases->phases);
	add_list(out, "parts", phases->parts);
}
