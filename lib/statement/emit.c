/* Rows on their way out: checked, counted and summed up; and what is noted beside them. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "statement/number.h"
#include "statement/reader.h"
#include "statement/when.h"

/* ---- faults and notes ---- */

int statement_refuse(const struct statement_reader *reader, enum fault_code code,
                     struct fault *fault, const char *format, ...)
{
	char text[FAULT_TEXT_BYTES], line[40] = "";
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (reader->line > 0)
		snprintf(line, sizeof(line), " (line %lld)", (long long)reader->line);
	return fault_set(fault, code, "%s: record %lld%s: %s", reader->name,
	                 (long long)reader->record, line, text);
}

void statement_note(struct statement_reader *reader, const char *format, ...)
{
	char text[STATEMENT_NOTE_BYTES];
	va_list args;

	/* Of every row, it may be: what has nothing to fill in is known by where it stands. */
	for (size_t i = 0; i < reader->note_count; i++) {
		if (reader->notes[i].format == format) {
			reader->notes[i].times++;
			return;
		}
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	text_make_plain(text, strlen(text));
	for (size_t i = 0; i < reader->note_count; i++) {
		if (strcmp(reader->notes[i].text, text) == 0) {
			reader->notes[i].times++;
			return;
		}
	}
	if (reader->notes == NULL)
		reader->notes = calloc(STATEMENT_NOTES_MAX, sizeof(*reader->notes));
	if (reader->notes == NULL || reader->note_count == STATEMENT_NOTES_MAX) {
		reader->notes_left_out++;
		return;
	}
	memcpy(reader->notes[reader->note_count].text, text, sizeof(text));
	reader->notes[reader->note_count].format = strchr(format, '%') == NULL ? format : NULL;
	reader->notes[reader->note_count++].times = 1;
}

void statement_note_when(struct statement_reader *reader, const struct statement_when *when)
{
	const struct zone *zone = statement_zone(reader);
	bool said = reader->format != NULL && reader->format->utc;

	if (when->local && zone == NULL && !said)
		statement_note(reader,
		               "times say no zone: taken as UTC (--time-zone says another)");
	/* Of a format they are days of whoever writes it. */
	if (when->exact != EXACT_TIME && zone == NULL && reader->mapping != NULL)
		statement_note(reader, "days say no zone: taken as UTC (--time-zone says another)");
	if (when->skipped)
		statement_note(reader,
		               "local times that never were in %s, as the clock was set forward: "
		               "is it the right zone?",
		               zone_name(zone));
	if (when->twice)
		statement_note(reader,
		               "local times that were twice in %s, as the clock was set back: the "
		               "earlier is taken",
		               zone_name(zone));
}

int statement_notes_end(struct statement_reader *reader, struct fault *fault)
{
	struct buf *notes = &reader->summary.notes;
	char amount[MONEY_TEXT_BYTES];

	money_text(reader->passed_amount, amount);
	if (reader->passed_rows > 0)
		buf_addf(notes, "%lld row%s of other services, %s together: passed over\n",
		         (long long)reader->passed_rows, reader->passed_rows == 1 ? "" : "s",
		         amount);
	for (size_t i = 0; i < reader->note_count; i++) {
		const struct statement_noted *note = &reader->notes[i];

		buf_add_cstr(notes, note->text);
		if (note->times > 1)
			buf_addf(notes, " (%lld times)", (long long)note->times);
		buf_add_cstr(notes, "\n");
	}
	if (reader->notes_left_out > 0)
		buf_addf(notes, "and %lld notes more\n", (long long)reader->notes_left_out);
	return notes->error == 0 ? 0 : fault_set(fault, FAULT_NOMEM, "no memory for notes");
}

int statement_pass_over(struct statement_reader *reader, const struct statement_row *row,
                        struct fault *fault)
{
	reader->passed_rows++;
	if (money_add(reader->passed_amount, statement_amount(row), &reader->passed_amount) < 0)
		return statement_refuse(reader, FAULT_RANGE, fault,
		                        "what is passed over comes to no amount any more");
	return 0;
}

int64_t statement_record(const struct statement_reader *reader)
{
	return reader->record;
}

const struct zone *statement_zone(const struct statement_reader *reader)
{
	if (reader->options->zone != NULL)
		return reader->options->zone;
	return reader->mapping != NULL ? reader->mapping->zone : NULL;
}

/* ---- checks ---- */

static int check_text(const struct statement_reader *reader, const char *what, struct text t,
                      struct fault *fault)
{
	if (t.len > STATEMENT_NAME_BYTES_MAX)
		return statement_refuse(reader, FAULT_RANGE, fault,
		                        "%s has %zu bytes; %d are the most", what, t.len,
		                        STATEMENT_NAME_BYTES_MAX);
	if (!text_utf8(t))
		return statement_refuse(reader, FAULT_SYNTAX, fault,
		                        "%s is not UTF-8: iconv -f WINDOWS-1252 -t UTF-8 FILE | "
		                        "toll ... -, where that is what it is in",
		                        what);
	return 0;
}

static int check_texts(const struct statement_reader *reader, const struct statement_row *row,
                       struct fault *fault)
{
	static const char *const names[STATEMENT_TEXT_COUNT] = {
#define T(NAME, member) #member,
#include "statement/text.def"
#undef T
	};
	int r = 0;

	for (int i = 0; i < STATEMENT_TEXT_COUNT && r == 0; i++) {
		if (row->texts[i].len > 0)
			r = check_text(reader, names[i], row->texts[i], fault);
	}
	return r;
}

static int check_count(const struct statement_reader *reader, const char *what, int64_t count,
                       struct fault *fault)
{
	if (count <= STATEMENT_COUNT_MAX && count >= -STATEMENT_COUNT_MAX)
		return 0;
	return statement_refuse(reader, FAULT_RANGE, fault,
	                        "%s is %lld, and %lld is the most that a row can have: is it the "
	                        "right column, and its unit?",
	                        what, (long long)count, (long long)STATEMENT_COUNT_MAX);
}

/* Here it is known where it stands: what is too large for a sum later on names no record. */
static int check_counts(const struct statement_reader *reader, const struct statement_row *row,
                        struct fault *fault)
{
	int r = check_count(reader, "requests_made", row->requests, fault);

	if (r == 0)
		r = check_count(reader, "prompt_total", row->prompt_total, fault);
	if (r == 0)
		r = check_count(reader, "answer_total", row->answer_total, fault);
	for (int c = 0; c < COMPONENT_COUNT && r == 0; c++)
		r = check_count(reader, component_info[c].key, row->count[c], fault);
	return r;
}

/* Below zero is what takes back: a credit, a correction, the tax of either. */
static int check_signs(const struct statement_reader *reader, const struct statement_row *row,
                       struct fault *fault)
{
	bool counts = row->charge == STATEMENT_ADJUSTMENT;
	bool amounts = counts || row->charge == STATEMENT_CREDIT || row->charge == STATEMENT_TAX;

	for (uint32_t left = counts ? 0 : row->told; left != 0; left &= left - 1) {
		int c = __builtin_ctz(left);

		if (row->count[c] < 0)
			return statement_refuse(reader, FAULT_INVALID, fault,
			                        "%s is %lld: below zero is only what an adjustment "
			                        "takes back",
			                        component_info[c].key, (long long)row->count[c]);
	}
	if (row->requests < STATEMENT_UNTOLD || row->prompt_total < STATEMENT_UNTOLD ||
	    row->answer_total < STATEMENT_UNTOLD)
		return statement_refuse(reader, FAULT_INVALID, fault,
		                        "a number of requests or a whole of tokens is below zero");
	for (uint32_t left = amounts ? 0 : row->has_money; left != 0; left &= left - 1) {
		int m = __builtin_ctz(left);
		char text[MONEY_TEXT_BYTES];

		if (row->money[m].attos >= 0)
			continue;
		money_text(row->money[m], text);
		return statement_refuse(
			reader, FAULT_INVALID, fault,
			"%s of %s is %s: below zero is only a credit or an "
			"adjustment; where it is one, say so in a mapping (\"below_zero\")",
			statement_field_name((enum statement_field)(FIELD_MONEY + m)),
			statement_charge_name(row->charge), text);
	}
	return 0;
}

static int check_row(const struct statement_reader *reader, const struct statement_row *row,
                     struct fault *fault)
{
	int r;

	if (!statement_timed(row) && row->to_ms == STATEMENT_UNTOLD && row->request) {
		if (row->id.len == 0 && row->upstream_id.len == 0 && row->request_id.len == 0)
			return statement_refuse(reader, FAULT_INVALID, fault,
			                        "a request without a time, and without an id by "
			                        "which it could be found");
	} else if (row->from_ms < 0 || row->to_ms <= row->from_ms)
		return statement_refuse(reader, FAULT_INVALID, fault,
		                        row->from_ms == 0 && row->to_ms == 0
		                                ? "it does not tell a time"
		                                : "its span does not end behind its beginning");
	for (int i = 0; row->currency[0] != '\0' && i < STATEMENT_CURRENCY_BYTES - 1; i++) {
		if (row->currency[i] < 'A' || row->currency[i] > 'Z')
			return statement_refuse(reader, FAULT_INVALID, fault,
			                        "currency %.3s is no code of ISO 4217",
			                        row->currency);
	}
	r = check_texts(reader, row, fault);
	if (r == 0)
		r = check_counts(reader, row, fault);
	return r < 0 ? r : check_signs(reader, row, fault);
}

/* ---- the summary ---- */

const char *statement_grain_name(enum statement_grain grain)
{
	static const char *const names[] = {
		[STATEMENT_GRAIN_REQUEST] = "request", [STATEMENT_GRAIN_HOUR] = "hour",
		[STATEMENT_GRAIN_DAY] = "day",         [STATEMENT_GRAIN_MONTH] = "month",
		[STATEMENT_GRAIN_WHOLE] = "whole",
	};

	return names[grain];
}

enum statement_grain statement_grain_of(const struct statement_row *row)
{
	int64_t span = row->to_ms - row->from_ms;

	if (row->request)
		return STATEMENT_GRAIN_REQUEST;
	if (span <= MS_PER_HOUR)
		return STATEMENT_GRAIN_HOUR;
	if (span <= MS_PER_DAY + MS_PER_HOUR)
		return STATEMENT_GRAIN_DAY;
	return span <= 31 * MS_PER_DAY + MS_PER_HOUR ? STATEMENT_GRAIN_MONTH
	                                             : STATEMENT_GRAIN_WHOLE;
}

static int add_total(struct statement_reader *reader, const struct statement_row *row,
                     struct fault *fault)
{
	struct statement_summary *sum = &reader->summary;
	struct money amount = statement_amount(row);
	int order = -1;
	size_t i = 0;

	for (; i < sum->total_count; i++) {
		order = strcmp(sum->totals[i].currency, row->currency);
		if (order >= 0)
			break;
	}
	if (order != 0) {
		if (sum->total_count == STATEMENT_CURRENCIES_MAX)
			return statement_refuse(reader, FAULT_RANGE, fault,
			                        "more than %d currencies in one statement",
			                        STATEMENT_CURRENCIES_MAX);
		memmove(&sum->totals[i + 1], &sum->totals[i],
		        (sum->total_count - i) * sizeof(sum->totals[0]));
		memset(&sum->totals[i], 0, sizeof(sum->totals[0]));
		memcpy(sum->totals[i].currency, row->currency, STATEMENT_CURRENCY_BYTES);
		sum->total_count++;
	}
	sum->totals[i].rows++;
	if (money_add(sum->totals[i].amount, amount, &sum->totals[i].amount) < 0 ||
	    money_add(reader->page_amount, amount, &reader->page_amount) < 0)
		return statement_refuse(reader, FAULT_RANGE, fault,
		                        "the sum of the rows so far is no amount any more");
	return 0;
}

static void count_told(struct statement_summary *sum, const struct statement_row *row)
{
	bool names_it = row->id.at != NULL || row->upstream_id.at != NULL ||
	                row->request_id.at != NULL;

	sum->with_id += names_it;
	sum->with_account += row->account.at != NULL;
	sum->with_key += row->key.at != NULL;
	sum->with_model += row->model.at != NULL;
	sum->with_provider += row->provider.at != NULL;
	sum->with_requests += row->requests != STATEMENT_UNTOLD;
	sum->with_counts += row->told != 0 || row->prompt_total != STATEMENT_UNTOLD ||
	                    row->answer_total != STATEMENT_UNTOLD;
	sum->with_amount += statement_has(row, STATEMENT_MONEY_AMOUNT);
}

static int sum_up(struct statement_reader *reader, const struct statement_row *row,
                  struct fault *fault)
{
	struct statement_summary *sum = &reader->summary;
	bool usage = row->charge == STATEMENT_USAGE;
	enum statement_grain grain = statement_grain_of(row);

	if (statement_timed(row)) {
		if (sum->last_ms == 0 || row->from_ms < sum->first_ms)
			sum->first_ms = row->from_ms;
		if (row->to_ms > sum->last_ms)
			sum->last_ms = row->to_ms;
	}
	if (sum->rows == 0 || (usage && !reader->usage_seen) ||
	    (usage == reader->usage_seen && grain > sum->grain))
		sum->grain = grain;
	reader->usage_seen = reader->usage_seen || usage;
	if (usage)
		count_told(sum, row);
	if (row->decimals > sum->decimals)
		sum->decimals = row->decimals;
	sum->reals = sum->reals || (row->flags & STATEMENT_REAL) != 0;
	sum->cut += (row->flags & STATEMENT_CUT) != 0;
	sum->rows++;
	return add_total(reader, row, fault);
}

int statement_emit(struct statement_reader *reader, struct statement_row *row, struct fault *fault)
{
	int r;

	row->record = reader->record;
	if (row->request && row->requests == STATEMENT_UNTOLD)
		row->requests = 1;
	if (row->currency[0] == '\0' && reader->format != NULL && reader->format->currency != NULL)
		memcpy(row->currency, reader->format->currency, STATEMENT_CURRENCY_BYTES);
	if (row->currency[0] == '\0' && reader->mapping != NULL)
		memcpy(row->currency, reader->mapping->currency, STATEMENT_CURRENCY_BYTES);
	r = check_row(reader, row, fault);
	if (r == 0)
		r = sum_up(reader, row, fault);
	return r < 0 ? r : reader->each(reader->context, row, fault);
}

/* ---- totals that it states ---- */

/* One of the last place that the number is written to, "1.25E1" to tenths; 0: no decimals. */
static struct money last_place(struct text number, int decimals)
{
	size_t digits = 0, below = 0;
	int64_t exponent = 0, places;
	struct money place = { 1 };

	while (digits < number.len && (number.at[digits] | 0x20) != 'e')
		digits++;
	if (digits < number.len) {
		size_t from = digits + 1 < number.len && number.at[digits + 1] == '+' ? 2 : 1;

		text_int((struct text){ number.at + digits + from, number.len - digits - from },
		         &exponent);
	}
	while (below < digits && number.at[digits - below - 1] != '.')
		below++;
	places = (below < digits ? (int64_t)below : 0) + decimals;
	/* A number whose exponent is beyond all places is refused, or is zero. */
	places = exponent > places || exponent < -MONEY_DECIMALS_MAX ? 0 : places - exponent;
	for (; places > 0 && places < MONEY_DECIMALS_MAX; places++)
		place.attos *= 10;
	return places > 0 ? place : (struct money){ 0 };
}

static bool agrees(struct money stated, struct money sum, struct money place)
{
	wide apart = stated.attos - sum.attos;

	return apart == 0 || (apart < 0 ? -apart : apart) < place.attos;
}

int statement_stated(struct statement_reader *reader, struct text number, int decimals,
                     struct fault *fault)
{
	struct statement_summary *sum = &reader->summary;
	struct money all = { 0 }, stated, place = last_place(number, decimals);
	char said[MONEY_TEXT_BYTES], found[MONEY_TEXT_BYTES];
	struct statement_row row;

	statement_row_init(&row);
	if (statement_set_money(&row, STATEMENT_MONEY_AMOUNT, number, decimals) < 0)
		return statement_refuse(reader, FAULT_SYNTAX, fault,
		                        "the total that it states is no amount: %.*s",
		                        TEXT_ARGS(number));
	stated = statement_amount(&row);
	if (sum->total_count > 1) {
		statement_note(reader, "a total is stated of several currencies: not compared");
		return 0;
	}
	if (sum->total_count == 1)
		all = sum->totals[0].amount;
	money_text(stated, said);
	money_text(all, found);
	if (!agrees(stated, all, place) && !agrees(stated, reader->page_amount, place))
		return statement_refuse(reader, FAULT_INVALID, fault,
		                        "it states a total of %s, and its rows come to %s: some "
		                        "are missing, twice there, or in another unit",
		                        said, found);
	sum->states_total = true;
	if (stated.attos != all.attos && stated.attos != reader->page_amount.attos)
		statement_note(reader,
		               "states a total of %s: the sum of its rows, %s, to its "
		               "own precision",
		               said, found);
	reader->page_amount = (struct money){ 0 };
	return 0;
}

int statement_take_charge(const struct statement_reader *reader,
                          const struct statement_charge_type *types, struct text type,
                          struct statement_row *row, struct fault *fault)
{
	if (type.at == NULL)
		return 0;
	for (; types->type != NULL; types++) {
		if (text_is(type, types->type)) {
			row->charge = types->charge;
			return 0;
		}
	}
	return statement_refuse(reader, FAULT_INVALID, fault,
	                        "a charge of the type %.*s, which is none that is known",
	                        TEXT_ARGS(type));
}
