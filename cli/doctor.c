/* What the decoder stumbled over, by source and api: failed identities and unknown numbers. */
#include <stdlib.h>

#include "cli/command.h"
#include "cli/doctor_ledger.h"
#include "ingest/ingest.h"
#include "ingest/terms.h"
#include "ledger/read.h"

/* One trouble, or after merging all of one source and api.  Texts are in the arena. */
struct trouble {
	struct text source, api;
	int64_t held, settled, warned, unknown; /* events */
	struct text held_detail, held_id;
	struct text path, first_id; /* of an unknown number, else of a contradiction */
	int64_t path_ms;
	bool path_is_number;
};

struct doctor {
	struct context *context;
	struct trouble *troubles;
	size_t count, cap;
	struct arena arena, scratch; /* scratch: of the line at hand */
	struct json doc;
};

static int add_trouble(struct doctor *doctor, const struct trouble *trouble)
{
	struct trouble *added;

	if (doctor->count == doctor->cap) {
		size_t cap = doctor->cap > 0 ? doctor->cap * 2 : 64;

		added = realloc(doctor->troubles, cap * sizeof(*added));
		if (added == NULL)
			return -FAULT_NOMEM;
		doctor->troubles = added;
		doctor->cap = cap;
	}
	added = &doctor->troubles[doctor->count++];
	*added = *trouble;
	struct text *const texts[] = { &added->source,  &added->api,  &added->held_detail,
		                       &added->held_id, &added->path, &added->first_id };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i]->at == NULL)
			continue;
		*texts[i] = arena_copy(&doctor->arena, *texts[i]);
		if (texts[i]->at == NULL)
			return -FAULT_NOMEM;
	}
	return 0;
}

static int add_unknown(void *user, const struct unknown_row *row)
{
	const struct terms_doubt doubt = terms_doubt(row->path);
	bool number = doubt.path.at != NULL;
	const struct trouble trouble = {
		.source = row->source,
		.api = row->api,
		.settled = doubt.settled ? row->events : 0,
		.warned = doubt.warned ? row->events : 0,
		.unknown = number ? row->events : 0,
		.path = number ? doubt.path : row->path,
		.first_id = row->first_id,
		.path_ms = row->first_ms,
		.path_is_number = number,
	};

	return add_trouble(user, &trouble);
}

/* "declared 3.00, xai.chat 5.00; usage: ...": without the readings and what they cost. */
static struct text contradiction_of(const struct quarantine_row *row)
{
	struct text rest = row->detail, readings;

	if (row->reason == REASON_READINGS && text_cut(&rest, ';', &readings) && rest.len > 1)
		return (struct text){ rest.at + 1, rest.len - 1 };
	return row->detail;
}

/* Which api it is, the row does not say: the line does, or the one that its envelope holds. */
static int api_of(struct doctor *doctor, const struct quarantine_row *row, struct text *api_out)
{
	const struct event_defaults defaults = { row->source, command_now_ms() };
	struct ingest_event *events;
	size_t count;
	int r;

	arena_reset(&doctor->scratch);
	r = ingest_events(row->raw, &defaults, &doctor->doc, &doctor->scratch, &events, &count);
	if (r < 0)
		return r;
	r = json_parse(&doctor->doc, ingest_event_named(events, count, row->event_id)->line, NULL);
	if (r == 0)
		*api_out = json_string(&doctor->doc, json_member(&doctor->doc, 0, "api"));
	return r == -FAULT_NOMEM ? r : 0;
}

static int add_held(void *user, const struct quarantine_row *row)
{
	struct doctor *doctor = user;
	struct trouble trouble = {
		.source = row->source,
		.held = 1,
		.held_detail = row->detail,
		.held_id = row->event_id,
		.path = contradiction_of(row),
		.path_ms = row->event_ms != EVENT_ABSENT ? row->event_ms : row->first_ms,
	};
	int r;

	/* What could not be read need not be UTF-8. */
	if (!text_utf8(trouble.held_id))
		trouble.held_id = text_of(NULL);
	trouble.first_id = trouble.held_id;

	if (row->reason != REASON_IDENTITY && row->reason != REASON_PART &&
	    row->reason != REASON_READINGS)
		return 0;
	r = api_of(doctor, row, &trouble.api);
	return r < 0 ? r : add_trouble(doctor, &trouble);
}

static int compare_texts(struct text a, struct text b)
{
	if (a.at == NULL || b.at == NULL)
		return (a.at != NULL) - (b.at != NULL);
	return text_compare(a, b);
}

static int compare_troubles(const void *a, const void *b)
{
	const struct trouble *x = a, *y = b;
	int order = compare_texts(x->source, y->source);

	if (order == 0)
		order = compare_texts(x->api, y->api);
	/* A number that nobody counts before a contradiction, the first seen before the others. */
	if (order == 0)
		order = y->path_is_number - x->path_is_number;
	if (order == 0)
		order = (x->path_ms > y->path_ms) - (x->path_ms < y->path_ms);
	return order;
}

/* One entry for each source and api; it keeps the texts of the first. */
static void merge(struct doctor *doctor)
{
	size_t kept = 0;

	if (doctor->count == 0)
		return;
	qsort(doctor->troubles, doctor->count, sizeof(*doctor->troubles), compare_troubles);
	for (size_t i = 1; i < doctor->count; i++) {
		const struct trouble *next = &doctor->troubles[i];
		struct trouble *last = &doctor->troubles[kept];

		if (compare_texts(last->source, next->source) != 0 ||
		    compare_texts(last->api, next->api) != 0) {
			doctor->troubles[++kept] = *next;
			continue;
		}
		last->held += next->held;
		last->settled += next->settled;
		last->warned += next->warned;
		last->unknown += next->unknown;
		if (last->held_detail.at == NULL) {
			last->held_detail = next->held_detail;
			last->held_id = next->held_id;
		}
	}
	doctor->count = kept + 1;
}

static int make_table(const struct doctor *doctor, struct table *table)
{
	table_column(table, "source", "Source", TABLE_TEXT, false);
	table_column(table, "api", "API", TABLE_TEXT, false);
	table_column(table, "held", "Held", TABLE_COUNT, false);
	table_column(table, "warned", "Warned", TABLE_COUNT, false);
	table_column(table, "unknown", "Unknown", TABLE_COUNT, false);
	table_column(table, "settled", "Settled", TABLE_COUNT, false);
	table_column(table, "first_path", "First path", TABLE_TEXT, true);
	table_column(table, "first_id", "First id", TABLE_TEXT, true);
	table_column(table, "held_detail", "Held for", TABLE_TEXT, true);
	table_column(table, "held_id", "Held id", TABLE_TEXT, true);
	table->columns[8].hidden = table->columns[9].hidden = true;
	for (size_t i = 0; i < doctor->count; i++) {
		const struct trouble *trouble = &doctor->troubles[i];
		size_t row = table_row(table);

		table_set(table, row, 0, trouble->source);
		table_set(table, row, 1, trouble->api);
		table_set_count(table, row, 2, trouble->held);
		table_set_count(table, row, 3, trouble->warned);
		table_set_count(table, row, 4, trouble->unknown);
		table_set_count(table, row, 5, trouble->settled);
		table_set(table, row, 6, trouble->path);
		table_set(table, row, 7, trouble->first_id);
		table_set(table, row, 8, trouble->held_detail);
		table_set(table, row, 9, trouble->held_id);
	}
	return table->error;
}

static void say_what_to_do(const struct doctor *doctor)
{
	struct printer *printer = &doctor->context->printer;
	bool held = false, warned = false, unknown = false, settled = false;

	for (size_t i = 0; i < doctor->count; i++) {
		held = held || doctor->troubles[i].held > 0;
		warned = warned || doctor->troubles[i].warned > 0;
		unknown = unknown || doctor->troubles[i].unknown > 0;
		settled = settled || doctor->troubles[i].settled > 0;
	}
	buf_add(printer->out, "\n", 1);
	if (held)
		printer_wrapf(printer, 0,
		              "Held: the numbers contradict each other and are not counted: toll "
		              "suspense show, toll quarantine list.");
	if (warned)
		printer_wrapf(
			printer, 0,
			"Warned: the numbers contradict each other, but can be read in one way "
			"only, or cost the same in each: counted.");
	if (unknown)
		printer_wrapf(printer, 0,
		              "Unknown: counted without a number under usage that no format "
		              "knows.");
	if (settled)
		printer_wrapf(printer, 0,
		              "Settled: the numbers contradict each other, and were counted as "
		              "toll suspense settle decided, for the source or for the event.");
}

static enum exit_code check_formats(struct context *context)
{
	return command_no_words(context, "doctor formats");
}

static enum exit_code run_formats(struct context *context)
{
	struct doctor doctor = { .context = context };
	struct table table = { .rows = NULL };
	int r = ledger_each_unknown(context->ledger, add_unknown, &doctor, &context->fault);
	bool any;

	if (r == 0)
		r = ledger_each_quarantine(context->ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, false,
		                           add_held, &doctor, &context->fault);
	if (r == 0) {
		merge(&doctor);
		r = make_table(&doctor, &table);
	}
	any = doctor.count > 0;
	if (r == 0 && !any && context->form == FORM_TABLE) {
		buf_add_cstr(&context->out, "Every usage was read without a doubt.\n");
	} else if (r == 0) {
		command_table(context, &table);
		if (context->form == FORM_TABLE)
			say_what_to_do(&doctor);
	}
	table_release(&table);
	free(doctor.troubles);
	arena_release(&doctor.arena);
	arena_release(&doctor.scratch);
	json_release(&doctor.doc);
	if (r < 0)
		return command_failed(context, r);
	return any ? EXIT_DIFFERENCE : EXIT_DONE;
}

static const struct command doctor_formats = {
	.name = "formats",
	.summary = "Say which usage was not read without a doubt, by source and api",
	.synopsis = "doctor formats",
	.details = "Counts events whose numbers contradict each other, those that are held, "
		   "those that were accepted with a warning and those that somebody settled, "
		   "and events with a number under usage that no format knows; with the first "
		   "path, or contradiction, and event seen.\n"
		   "Exit code 1 where there is anything to look at.",
	.needs = NEEDS_LEDGER,
	.csv = true,
	.json = true,
	.check = check_formats,
	.run = run_formats,
};

static const struct command *const actions[] = { &doctor_ledger, &doctor_formats, NULL };

const struct command command_doctor = {
	.name = "doctor",
	.summary = "Look for what needs a person",
	.actions = actions,
	.otherwise = &doctor_ledger,
};
