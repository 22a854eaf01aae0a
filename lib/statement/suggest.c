/* Which column is proposed for which field, and why. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "statement/suggest_internal.h"

#define FIELD_OF_MONEY(NAME) ((enum statement_field)(FIELD_MONEY + STATEMENT_MONEY_##NAME))
#define FIELD_OF(NAME)       ((enum statement_field)(FIELD_COMPONENTS + COMPONENT_##NAME))

__attribute__((format(printf, 2, 3))) static void note(struct suggest_column *column,
                                                       const char *format, ...)
{
	size_t len = strlen(column->note);
	va_list args;

	if (len > 0 && len + 2 < SUGGEST_NOTE_BYTES) {
		memcpy(column->note + len, "; ", 3);
		len += 2;
	}
	va_start(args, format);
	vsnprintf(column->note + len, SUGGEST_NOTE_BYTES - len, format, args);
	va_end(args);
}

static void ignore(struct suggest_column *column)
{
	column->field = FIELD_COUNT;
}

static struct suggest_column *column_of(const struct suggest_sample *sample,
                                        enum statement_field field)
{
	struct suggest_column *found = NULL;

	for (size_t c = 0; c < sample->count; c++) {
		struct suggest_column *column = &sample->columns[c];

		if (column->field == field && (found == NULL || column->rank < found->rank))
			found = column;
	}
	return found;
}

/* --- By the words, and by whether the values can be that --- */

static bool all_words(const struct suggest_sample *sample, const struct suggest_column *column,
                      bool (*is)(struct text cell))
{
	for (size_t i = 0; i < sample->rows; i++) {
		if (column->cells[i].at != NULL && !is(column->cells[i]))
			return false;
	}
	return true;
}

static bool is_currency(struct text cell)
{
	for (size_t i = 0; i < cell.len; i++) {
		if ((cell.at[i] | 0x20) < 'a' || (cell.at[i] | 0x20) > 'z')
			return false;
	}
	return cell.len == STATEMENT_CURRENCY_BYTES - 1;
}

static bool is_flag(struct text cell)
{
	static const char *const words[] = { "true", "false", "1", "0", "yes", "no" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (cell.len == strlen(words[i]) && strncasecmp(cell.at, words[i], cell.len) == 0)
			return true;
	}
	return false;
}

static bool is_charge(struct text cell)
{
	for (int c = 0; c < STATEMENT_CHARGE_COUNT; c++) {
		const char *word = statement_charge_name((enum statement_charge)c);

		if (cell.len == strlen(word) && strncasecmp(cell.at, word, cell.len) == 0)
			return true;
	}
	return false;
}

static bool is_component(struct text cell)
{
	return statement_component(cell) != COMPONENT_COUNT;
}

/* NULL: the values of the column can be the field; else why not. */
static const char *unfit(const struct suggest_sample *sample, const struct suggest_column *column,
                         enum statement_field field)
{
	struct suggest_range range;
	struct suggest_times times;

	if (column->list)
		return "a list";
	switch (statement_field_kind(field)) {
	case VALUE_TIME:
		return suggest_times(sample, column, &times) ? NULL : "not all are times";
	case VALUE_COUNT:
		if (!suggest_range(sample, column, &range))
			return "not all are numbers";
		return range.least < 0      ? "some are negative"
		       : !range.whole_units ? "some are no whole numbers"
		                            : NULL;
	case VALUE_MONEY:
		return suggest_range(sample, column, &range) ? NULL : "not all are numbers";
	case VALUE_FLAG:
		return all_words(sample, column, is_flag) ? NULL : "not all are yes or no";
	case VALUE_WORD:
		if (field == FIELD_COMPONENT)
			return all_words(sample, column, is_component)
			               ? NULL
			               : "not all are components that are known";
		return field != FIELD_CHARGE || all_words(sample, column, is_charge)
		               ? NULL
		               : "not all are usage, fee, purchase, tax, credit or adjustment";
	case VALUE_TEXT:
		if (field == FIELD_CURRENCY && !all_words(sample, column, is_currency))
			return "not all are currencies";
		if ((field == FIELD_ID || field == FIELD_REQUEST_ID) &&
		    !suggest_unique(sample, column))
			return "it is not there, or the same, for several rows: of no single "
			       "request";
		return NULL;
	}
	return NULL;
}

static const char unknown_name[] = "its name is not known";

static void look_at(struct suggest_sample *sample, struct suggest_column *column)
{
	const char *why = NULL, *wrong;
	enum statement_field field;
	size_t rank = 0;

	column->field = FIELD_COUNT;
	field = suggest_field(column->stem, &rank, &why);
	if (field == FIELD_COUNT && why == NULL)
		field = suggest_field(column->last_stem, &rank, &why);
	if (field == FIELD_COUNT) {
		note(column, "%s", why != NULL ? why : unknown_name);
		return;
	}
	wrong = unfit(sample, column, field);
	if (wrong != NULL) {
		note(column, "\"%s\" by its name, but %s", statement_field_name(field), wrong);
		return;
	}
	/* What is empty has no unit that could be told; what is no number can be left out. */
	if (column->filled == 0 && statement_field_kind(field) != VALUE_MONEY &&
	    statement_field_kind(field) != VALUE_COUNT) {
		note(column, "empty in the first rows");
		return;
	}
	column->field = field;
	column->rank = rank;
}

/* All are written as times, and not as numbers, which could be anything. */
static bool shows_times(const struct suggest_sample *sample, const struct suggest_column *column)
{
	struct suggest_times times;

	return !column->list && column->field == FIELD_COUNT &&
	       strcmp(column->note, unknown_name) == 0 && suggest_times(sample, column, &times) &&
	       (times.clock == CLOCK_TEXT || times.clock == CLOCK_DAY_FIRST ||
	        times.clock == CLOCK_MONTH_FIRST);
}

/* Where no name says what the time is the values do: of one column, or a person does. */
static void look_for_time(struct suggest_sample *sample)
{
	struct suggest_column *found = NULL;
	size_t count = 0;

	for (size_t c = 0; c < sample->count; c++) {
		enum statement_field field = sample->columns[c].field;

		if (field < FIELD_COUNT && statement_field_kind(field) == VALUE_TIME)
			return;
	}
	for (size_t c = 0; c < sample->count; c++) {
		if (shows_times(sample, &sample->columns[c])) {
			found = &sample->columns[c];
			count++;
		}
	}
	for (size_t c = 0; count > 1 && c < sample->count; c++) {
		if (shows_times(sample, &sample->columns[c]))
			note(&sample->columns[c], "all its values are times, and those of another "
			                          "column, too: a person must decide");
	}
	if (count != 1)
		return;
	found->field = FIELD_TIME;
	found->rank = 0;
	note(found, "but all its values are times: taken for the time");
}

/* Of several columns the one of the lowest rank is the field, others are no more. */
static void settle_rivals(struct suggest_sample *sample)
{
	for (size_t c = 0; c < sample->count; c++) {
		struct suggest_column *column = &sample->columns[c], *best;

		if (column->field == FIELD_COUNT)
			continue;
		best = column_of(sample, column->field);
		if (best == column)
			continue;
		/* A second name of a request may be the one that the ledger knows. */
		if (column->field == FIELD_ID && column_of(sample, FIELD_REQUEST_ID) == NULL) {
			column->field = FIELD_REQUEST_ID;
			note(column, "a second name of the request");
			continue;
		}
		note(column, "\"%s\" is %.*s already%s", statement_field_name(column->field),
		     (int)(best->name.len < 60 ? best->name.len : 60), best->name.at,
		     statement_field_kind(column->field) == VALUE_MONEY
		             ? ": look which of them is what is due"
		             : "");
		ignore(column);
	}
}

/* --- Times --- */

static bool has_id(const struct suggest_sample *sample)
{
	return column_of(sample, FIELD_ID) != NULL || column_of(sample, FIELD_REQUEST_ID) != NULL ||
	       column_of(sample, FIELD_UPSTREAM_ID) != NULL;
}

static void drop(struct suggest_column *column, const char *why)
{
	if (column == NULL)
		return;
	note(column, "%s", why);
	ignore(column);
}

/* What one time column is: of a request, or the day, hour or month of a sum. */
static enum statement_field one_time(const struct suggest_sample *sample,
                                     const struct suggest_column *column)
{
	struct suggest_times times = { .clock = CLOCK_TEXT };

	suggest_times(sample, column, &times);
	if (has_id(sample))
		return FIELD_TIME;
	if (times.dates || column_of(sample, FIELD_REQUESTS) != NULL)
		return FIELD_DATE;
	return times.hours ? FIELD_DATE : FIELD_TIME;
}

/* What spans an hour is no request, and its id is that of the row. */
static void drop_ids(const struct suggest_sample *sample)
{
	static const enum statement_field ids[] = { FIELD_ID, FIELD_REQUEST_ID, FIELD_UPSTREAM_ID };

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		drop(column_of(sample, ids[i]), "of the row: what spans an hour is no request");
}

static void choose_times(struct suggest_sample *sample)
{
	struct suggest_column *time = column_of(sample, FIELD_TIME);
	struct suggest_column *date = column_of(sample, FIELD_DATE);
	struct suggest_column *from = column_of(sample, FIELD_FROM);
	struct suggest_column *to = column_of(sample, FIELD_TO), *one;

	if (from != NULL && to != NULL && (!has_id(sample) || suggest_sums(sample, from, to))) {
		drop(time, "the row has a span");
		drop(date, "the row has a span");
		drop_ids(sample);
		return;
	}
	one = has_id(sample) ? (time != NULL   ? time
	                        : from != NULL ? from
	                                       : date)
	                     : (date != NULL   ? date
	                        : time != NULL ? time
	                                       : from);
	drop(one == time ? NULL : time, "another column is the time");
	drop(one == date ? NULL : date, "another column is the time");
	drop(one == from ? NULL : from, "another column is the time");
	drop(to, "the end of what another column is the time of");
	if (one != NULL)
		one->field = one_time(sample, one);
}

static void tell_clock(struct suggest_sample *sample, struct suggest_column *column)
{
	struct suggest_times times;

	if (!suggest_times(sample, column, &times))
		return;
	column->clock = times.clock;
	if (times.ambiguous) {
		/* Refused when it is read, and not taken for the wrong one. */
		column->clock = CLOCK_TEXT;
		note(column, "a person must decide: \"clock\":\"day-first\" or \"month-first\"");
	} else if (!times.zoned) {
		note(column, "no zone is told: UTC is taken, say \"zone\" if it is another");
	}
}

/* --- Counts --- */

static int64_t count_at(const struct suggest_sample *sample, const struct suggest_column *column,
                        size_t row)
{
	struct suggest_column one = *column;
	struct suggest_range range;

	for (size_t i = 0; i < sample->rows; i++) {
		if (i != row)
			one.cells[i] = (struct text){ NULL, 0 };
	}
	if (!suggest_range(sample, &one, &range))
		return 0;
	return (int64_t)(range.most / ATTOS_PER_UNIT) * column->units;
}

/*
 * Whether the parts are in the whole, or beside it: where the parts of a row are more than the
 * whole they are beside it.
 */
static void whole_or_rest(struct suggest_sample *sample, enum statement_field whole,
                          enum statement_field rest, enum component_role role)
{
	struct suggest_column *column = column_of(sample, whole), *plain = column_of(sample, rest);
	bool beside = false, parts = false;

	if (column == NULL)
		return;
	for (size_t row = 0; row < sample->rows && !beside; row++) {
		int64_t sum = 0;

		for (size_t c = 0; c < sample->count; c++) {
			enum statement_field field = sample->columns[c].field;

			if (field < FIELD_COMPONENTS || field >= FIELD_MONEY || field == rest ||
			    component_info[field - FIELD_COMPONENTS].role != role)
				continue;
			parts = true;
			sum += count_at(sample, &sample->columns[c], row);
		}
		beside = sum > count_at(sample, column, row);
	}
	if (!parts)
		return;
	if (beside && plain == NULL) {
		column->field = rest;
		note(column, "without what other columns count: some of these are larger");
	} else {
		note(column,
		     "with what other columns count of it (cached, reasoning): never larger "
		     "here; where it is without them, it is \"%s\"",
		     statement_field_name(rest));
	}
}

/* --- Amounts --- */

static void tell_sign(struct suggest_sample *sample, struct suggest_column *column,
                      const struct suggest_range *range)
{
	if (range->least >= 0)
		return;
	if (range->most > 0) {
		note(column, column->field == FIELD_OF_MONEY(DISCOUNT)
		                     ? "of both signs: a person must decide which is less"
		                     : "those below zero are taken for credits");
		if (column->field == FIELD_OF_MONEY(AMOUNT))
			sample->numbers.below_zero = STATEMENT_CREDIT;
		if (column->field == FIELD_OF_MONEY(DISCOUNT))
			ignore(column);
		return;
	}
	column->negative = true;
	note(column, "all are negative: turned round");
}

/* Whether an amount is proposed at all: a unit that nobody tells is no guess of ours. */
static void tell_unit(struct suggest_sample *sample, struct suggest_column *column, bool only)
{
	struct suggest_range range;

	if (!suggest_range(sample, column, &range))
		return;
	tell_sign(sample, column, &range);
	if (column->field == FIELD_COUNT || column->unit_told)
		return;
	if (range.fraction) {
		note(column, "no unit is told: dollars stand here, as there are decimals; a person "
		             "must decide: compare one row that you know");
	} else if (range.least == 0 && range.most == 0) {
		note(column, "no unit is told, and all are 0: dollars stand here; a person "
		             "must decide");
	} else if (only) {
		note(column, "no unit is told, whole numbers: dollars, cents, micros or ticks? "
		             "Dollars stand here: a person must decide");
	} else {
		note(column,
		     "no unit is told, whole numbers: dollars, cents, micros or ticks? A "
		     "person must decide: looks like \"%s\"",
		     statement_field_name(column->field));
		ignore(column);
	}
}

/* What its values are written in, where all rows have the same currency in small letters, say. */
static void tell_currency(struct suggest_sample *sample)
{
	for (size_t c = 0; c < sample->count; c++) {
		struct suggest_column *column = &sample->columns[c];

		if (statement_field_kind(column->field < FIELD_COUNT ? column->field : FIELD_ID) ==
		            VALUE_MONEY &&
		    column->currency[0] != '\0' && sample->currency[0] == '\0')
			memcpy(sample->currency, column->currency, STATEMENT_CURRENCY_BYTES);
	}
}

static void choose_amounts(struct suggest_sample *sample)
{
	bool counts = false;

	for (size_t c = 0; c < sample->count; c++) {
		enum statement_field field = sample->columns[c].field;

		counts = counts ||
		         (field < FIELD_COUNT && statement_field_kind(field) == VALUE_COUNT);
	}
	for (size_t c = 0; c < sample->count; c++) {
		struct suggest_column *column = &sample->columns[c];

		if (column->field < FIELD_COUNT &&
		    statement_field_kind(column->field) == VALUE_MONEY)
			tell_unit(sample, column,
			          column->field == FIELD_OF_MONEY(AMOUNT) && !counts);
	}
	if (column_of(sample, FIELD_OF_MONEY(DISCOUNT)) != NULL &&
	    column_of(sample, FIELD_OF_MONEY(AMOUNT)) != NULL)
		note(column_of(sample, FIELD_OF_MONEY(DISCOUNT)),
		     "the amount has to be what is left after it: look at a row that has one");
	tell_currency(sample);
}

/* --- The mapping --- */

static const char *unit_word(const char *currency, int decimals)
{
	static const struct {
		const char *word;
		int decimals;
	} units[] = {
#define U(word, DECIMALS, text) { word, DECIMALS },
#include "statement/unit.def"
#undef U
	};

	if (decimals == 0)
		return currency[0] == '\0' || strcmp(currency, "USD") == 0 ? "dollars" : "whole";
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (units[i].decimals == decimals)
			return units[i].word;
	}
	return "dollars";
}

static const char *const clock_words[] = {
#define C(NAME, word, text) word,
#include "statement/clock.def"
#undef C
};

static void write_column(const struct suggest_sample *sample, const struct suggest_column *column,
                         struct buf *out)
{
	enum statement_kind kind;

	buf_add_json(out, column->name);
	if (column->field == FIELD_COUNT) {
		buf_add_cstr(out, ": {\"ignore\":true");
		buf_add_member(out, "note", text_of(column->note));
		buf_add_cstr(out, "}");
		return;
	}
	kind = statement_field_kind(column->field);
	buf_addf(out, ": {\"field\":\"%s\"", statement_field_name(column->field));
	if (kind == VALUE_MONEY) {
		buf_addf(
			out, ",\"unit\":\"%s\"",
			unit_word(column->currency[0] != '\0' ? column->currency : sample->currency,
		                  column->decimals));
		if (column->negative)
			buf_add_cstr(out, ",\"sign\":\"-\"");
		if (column->currency[0] != '\0' && strcmp(column->currency, sample->currency) != 0)
			buf_addf(out, ",\"currency\":\"%s\"", column->currency);
	}
	if (kind == VALUE_COUNT && column->units != 1)
		buf_addf(out, ",\"units\":%lld", (long long)column->units);
	if (kind == VALUE_TIME && column->clock != CLOCK_TEXT)
		buf_addf(out, ",\"clock\":\"%s\"", clock_words[column->clock]);
	if (column->missing)
		buf_add_cstr(out, ",\"required\":false");
	if (column->note[0] != '\0')
		buf_add_member(out, "note", text_of(column->note));
	buf_add_cstr(out, "}");
}

static void write_byte(struct buf *out, const char *key, char byte)
{
	if (byte == '\0')
		return;
	buf_addf(out, ",\n  \"%s\": ", key);
	buf_add_json(out, (struct text){ &byte, 1 });
}

static void write_mapping(struct suggest_sample *sample, struct buf *out)
{
	struct text rest = buf_text(&sample->notes), line;
	const char *comma = "";

	buf_add_cstr(out, "{\n  \"notes\": [");
	while (text_cut(&rest, '\n', &line)) {
		if (line.len == 0)
			continue;
		buf_addf(out, "%s\n    ", comma);
		buf_add_json(out, line);
		comma = ",";
	}
	buf_addf(out, "],\n  \"container\": \"%s\",\n  \"zone\": \"UTC\"",
	         sample->json ? "json" : "csv");
	if (sample->currency[0] != '\0' && column_of(sample, FIELD_CURRENCY) == NULL)
		buf_addf(out, ",\n  \"currency\": \"%s\"", sample->currency);
	if (!sample->json)
		write_byte(out, "delimiter", sample->delimiter);
	write_byte(out, "decimal", sample->numbers.decimal_point);
	if (!sample->undecided)
		write_byte(out, "thousands", sample->numbers.thousands);
	if (sample->numbers.symbol[0] != '\0')
		buf_addf(out, ",\n  \"symbol\": \"%s\"", sample->numbers.symbol);
	if (sample->numbers.below_zero != STATEMENT_USAGE)
		buf_addf(out, ",\n  \"below_zero\": \"%s\"",
		         statement_charge_name(sample->numbers.below_zero));
	if (sample->others)
		buf_add_cstr(out, ",\n  \"others\": \"ignore\"");
	buf_add_cstr(out, ",\n  \"columns\": {");
	for (size_t c = 0; c < sample->count; c++) {
		buf_add_cstr(out, c > 0 ? ",\n    " : "\n    ");
		write_column(sample, &sample->columns[c], out);
	}
	buf_add_cstr(out, "\n  }\n}\n");
}

static void choose(struct suggest_sample *sample)
{
	buf_addf(&sample->notes, "proposed from the header and the first %zu rows: look it over\n",
	         sample->rows);
	for (size_t c = 0; c < sample->count; c++)
		suggest_words(&sample->columns[c]);
	suggest_numbers(sample);
	for (size_t c = 0; c < sample->count; c++)
		look_at(sample, &sample->columns[c]);
	look_for_time(sample);
	settle_rivals(sample);
	if (column_of(sample, FIELD_COMPONENT) == NULL)
		drop(column_of(sample, FIELD_QUANTITY), "of which component is not told");
	choose_times(sample);
	for (size_t c = 0; c < sample->count; c++) {
		struct suggest_column *column = &sample->columns[c];

		if (column->field < FIELD_COUNT &&
		    statement_field_kind(column->field) == VALUE_TIME)
			tell_clock(sample, column);
	}
	whole_or_rest(sample, FIELD_PROMPT_TOTAL, FIELD_OF(INPUT), ROLE_PROMPT);
	whole_or_rest(sample, FIELD_ANSWER_TOTAL, FIELD_OF(OUTPUT), ROLE_ANSWER);
	choose_amounts(sample);
	if (sample->others)
		buf_add_cstr(&sample->notes, "some columns have no name, or are too many: they are "
		                             "ignored, as \"others\" says\n");
}

/* What is proposed can be used: a person fills in the rest. */
static int check(const struct buf *json, const char *path, struct fault *fault)
{
	struct statement_mapping mapping = { .lines = NULL };
	struct fault why;
	int r = statement_mapping_parse(&mapping, buf_text(json), &why);

	statement_mapping_release(&mapping);
	if (r == -FAULT_INVALID)
		return fault_set(fault, FAULT_INVALID,
		                 "%s: its columns do not tell enough to propose a mapping (%s): "
		                 "write one, toll-statement(5) says how",
		                 path, why.text);
	return r < 0 ? fault_set(fault, why.code, "%s: %s", path, why.text) : 0;
}

int statement_mapping_suggest(const char *path, struct buf *json_out, struct fault *fault)
{
	struct suggest_sample sample = { .columns = NULL };
	struct buf json = { .at = NULL };
	int r = suggest_read(&sample, path, fault);

	if (r < 0)
		goto out;
	choose(&sample);
	write_mapping(&sample, &json);
	if (json.error != 0 || sample.notes.error != 0) {
		r = fault_set(fault, FAULT_NOMEM, "%s: out of memory", path);
		goto out;
	}
	r = check(&json, path, fault);
	if (r == 0)
		buf_add_text(json_out, buf_text(&json));
	if (r == 0 && json_out->error != 0)
		r = fault_set(fault, FAULT_NOMEM, "%s: out of memory", path);
out:
	buf_release(&json);
	suggest_release(&sample);
	return r;
}
