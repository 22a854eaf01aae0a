/* Columns and members into rows, by the lines of a format or of a mapping. */
#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "statement/mapped.h"
#include "statement/reader.h"
#include "statement/when.h"

enum { SHOWN_MAX = 40 };

/* A row as it is put together. */
struct piece {
	struct statement_row row;
	struct text quantity, component;
	int64_t quantity_units;
	bool quantity_plain; /* see struct statement_reader */
};

struct text statement_value(struct text cell)
{
	static const struct text absent = { NULL, 0 };

	if (cell.len == 0 || (cell.len == 4 && memcmp(cell.at, "NULL", 4) == 0))
		return absent;
	return cell;
}

/* ---- what is in a cell ---- */

__attribute__((format(printf, 6, 7))) static int
refuse(const struct statement_reader *reader, const struct statement_line *line, struct text value,
       enum fault_code code, struct fault *fault, const char *format, ...)
{
	char text[FAULT_TEXT_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return statement_refuse(reader, code, fault, "%s %s: \"%.*s%s\" %s",
	                        reader->header != NULL ? "column" : "member", line->column,
	                        (int)(value.len < SHOWN_MAX ? value.len : SHOWN_MAX), value.at,
	                        value.len > SHOWN_MAX ? "..." : "", text);
}

/* As the mapping says that numbers are written; else as it is.  Absent: it is none. */
static struct text plain_number(const struct statement_reader *reader, struct text value,
                                char room[STATEMENT_NUMBER_BYTES_MAX])
{
	struct text plain = { NULL, 0 };

	if (reader->mapping == NULL || reader->plain)
		return value;
	statement_mapped_number(reader->mapping, value, room, &plain);
	return plain;
}

static int no_number(const struct statement_reader *reader, const struct statement_line *line,
                     struct text value, int r, const char *what, struct fault *fault)
{
	if (r == -FAULT_RANGE)
		return refuse(reader, line, value, FAULT_RANGE, fault, "is too large for %s", what);
	return refuse(reader, line, value, FAULT_SYNTAX, fault,
	              "is no %s: separators of thousands, decimal commas, signs of a currency, "
	              "brackets and blanks are not guessed at: export plain numbers, or say in a "
	              "mapping how they are written (\"thousands\", \"decimal\", \"symbol\")",
	              what);
}

static int put_money(const struct statement_reader *reader, const struct statement_line *line,
                     struct text value, struct statement_row *row, struct fault *fault)
{
	enum statement_money which = (enum statement_money)(line->field - FIELD_MONEY);
	bool told = statement_has(row, which);
	struct money before = row->money[which];
	unsigned decimals = row->decimals;
	char room[STATEMENT_NUMBER_BYTES_MAX];
	int r = statement_set_money(row, which, plain_number(reader, value, room), line->decimals);

	if (r < 0)
		return no_number(reader, line, value, r, "amount", fault);
	if (line->negative)
		row->money[which].attos = -row->money[which].attos;
	if (line->currency != NULL && row->currency[0] == '\0')
		text_copy(row->currency, sizeof(row->currency), text_of(line->currency));
	if (!told)
		return 0;
	if (decimals > row->decimals)
		row->decimals = decimals;
	if (money_add(before, row->money[which], &row->money[which]) < 0)
		return no_number(reader, line, value, -FAULT_RANGE, "amount", fault);
	return 0;
}

int statement_lines_total(struct statement_reader *reader, const struct statement_line *line,
                          struct text cell, struct fault *fault)
{
	char room[STATEMENT_NUMBER_BYTES_MAX], turned[STATEMENT_NUMBER_BYTES_MAX + 1] = "-";
	struct text number = plain_number(reader, cell, room);

	if (number.at == NULL)
		return no_number(reader, line, cell, -FAULT_SYNTAX, "amount", fault);
	/* The rows of such a column have the other sign, and so has their sum. */
	if (line->negative && number.at[0] == '-') {
		number = (struct text){ number.at + 1, number.len - 1 };
	} else if (line->negative) {
		text_copy(turned + 1, sizeof(turned) - 1, number);
		number = text_of(turned);
	}
	return statement_stated(reader, number, line->decimals, fault);
}

static int put_count(const struct statement_reader *reader, const struct statement_line *line,
                     struct text value, struct statement_row *row, struct fault *fault)
{
	char room[STATEMENT_NUMBER_BYTES_MAX];
	struct text number = plain_number(reader, value, room);
	int64_t count = 0, *to;
	int r;

	if (line->field >= FIELD_COMPONENTS) {
		r = statement_set_count(row, (enum component)(line->field - FIELD_COMPONENTS),
		                        number, line->units);
		return r < 0 ? no_number(reader, line, value, r, "count in whole units", fault) : 0;
	}
	r = statement_count_read(number, line->units, &count);
	if (r < 0)
		return no_number(reader, line, value, r, "count in whole units", fault);
	if (count < 0)
		return refuse(reader, line, value, FAULT_INVALID, fault, "is below zero");
	to = line->field == FIELD_REQUESTS       ? &row->requests
	     : line->field == FIELD_PROMPT_TOTAL ? &row->prompt_total
	                                         : &row->answer_total;
	if (*to != STATEMENT_UNTOLD && __builtin_add_overflow(count, *to, &count))
		return no_number(reader, line, value, -FAULT_RANGE, "count", fault);
	*to = count;
	return 0;
}

/* The day, hour or month that is summed up. */
static int put_date(struct statement_reader *reader, const struct statement_line *line,
                    struct text value, const struct statement_when *when, struct statement_row *row,
                    struct fault *fault)
{
	const struct zone *zone = statement_zone(reader);
	enum moment_unit unit = MOMENT_HOUR;

	row->from_ms = when->ms;
	row->to_ms = when->to_ms;
	if (when->exact != EXACT_TIME)
		return 0;
	if (zone_floor(zone, when->ms, MOMENT_HOUR) != when->ms)
		return refuse(reader, line, value, FAULT_INVALID, fault,
		              "is neither an hour nor a day: if rows are of requests it is their "
		              "time, else map it as \"from\", and the end as \"to\"");
	if (zone_floor(zone, when->ms, MOMENT_DAY) == when->ms) {
		reader->midnights = true;
		unit = MOMENT_DAY;
	} else {
		reader->hours = true;
	}
	if (reader->midnights && reader->hours)
		return refuse(reader, line, value, FAULT_INVALID, fault,
		              "is an hour, and others are midnights, which could be days or "
		              "hours: map it as \"from\", and the end as \"to\"");
	row->to_ms = zone_next(zone, when->ms, unit);
	return 0;
}

static int put_time(struct statement_reader *reader, const struct statement_line *line,
                    struct text value, struct statement_row *row, struct fault *fault)
{
	struct statement_when when;

	if (!statement_when(value, line->clock, statement_zone(reader), &when))
		return refuse(reader, line, value, FAULT_SYNTAX, fault,
		              line->clock == CLOCK_TEXT
		                      ? "is no time: 2026-11-22T08:00:00Z, 2026-11-22 08:00:00, "
		                        "2026-11-22 or 2026-11 are; how it is written otherwise "
		                        "a mapping says (\"clock\": day-first, month-first, "
		                        "seconds, ms, excel)"
		                      : "is no time of the form that this column has");
	statement_note_when(reader, &when);
	switch (line->field) {
	case FIELD_DATE:
		return put_date(reader, line, value, &when, row, fault);
	case FIELD_TO:
		row->to_ms = when.ms;
		return 0;
	case FIELD_TIME:
		row->request = true;
		row->to_ms = when.to_ms;
		/* fallthrough */
	default:
		row->from_ms = when.ms;
		return 0;
	}
}

static struct text *text_of_field(struct statement_row *row, enum statement_field field)
{
	switch (field) {
#define T(NAME, member)                                                                            \
	case FIELD_##NAME:                                                                         \
		return &row->member;
#include "statement/text.def"
#undef T
	default:
		assert(!"a field that is a text, and none of text.def");
		return &row->description;
	}
}

static int put_currency(const struct statement_reader *reader, const struct statement_line *line,
                        struct text value, struct statement_row *row, struct fault *fault)
{
	for (size_t i = 0; i < value.len; i++) {
		if (value.len != STATEMENT_CURRENCY_BYTES - 1 ||
		    !isalpha((unsigned char)value.at[i]))
			return refuse(reader, line, value, FAULT_INVALID, fault,
			              "is no currency: three letters of ISO 4217 are");
		row->currency[i] = (char)toupper((unsigned char)value.at[i]);
	}
	return 0;
}

static int put_text(const struct statement_reader *reader, const struct statement_line *line,
                    struct text value, struct statement_row *row, struct fault *fault)
{
	if (line->field == FIELD_CURRENCY)
		return put_currency(reader, line, value, row, fault);
	*text_of_field(row, line->field) = value;
	return 0;
}

static bool same_word(struct text value, const char *word)
{
	return value.len == strlen(word) && strncasecmp(value.at, word, value.len) == 0;
}

static int put_flag(const struct statement_reader *reader, const struct statement_line *line,
                    struct text value, struct statement_row *row, struct fault *fault)
{
	static const char *const yes[] = { "true", "1", "yes", "t", "y" };
	static const char *const no[] = { "false", "0", "no", "f", "n" };
	unsigned flag = line->field == FIELD_CANCELLED ? STATEMENT_CANCELLED : STATEMENT_BYOK;

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (same_word(value, yes[i])) {
			row->flags |= flag;
			return 0;
		}
		if (same_word(value, no[i]))
			return 0;
	}
	return refuse(reader, line, value, FAULT_SYNTAX, fault, "is neither true nor false");
}

static int put_charge(const struct statement_reader *reader, const struct statement_line *line,
                      struct text value, struct statement_row *row, struct fault *fault)
{
	for (int c = 0; c < STATEMENT_CHARGE_COUNT; c++) {
		if (same_word(value, statement_charge_name((enum statement_charge)c))) {
			row->charge = (enum statement_charge)c;
			return 0;
		}
	}
	return refuse(reader, line, value, FAULT_INVALID, fault,
	              "is no kind of charge: usage, fee, purchase, tax, credit and adjustment are");
}

/* What is not there is told as well where the column is: a blank finish reason. */
static int put_value(struct statement_reader *reader, const struct statement_line *line,
                     struct text value, struct piece *piece, struct fault *fault)
{
	if (line->field == FIELD_FINISH && (value.at == NULL || same_word(value, "error")))
		piece->row.flags |= STATEMENT_BLANK;
	if (value.at == NULL || line->field == FIELD_FINISH)
		return 0;
	if (line->field == FIELD_QUANTITY) {
		piece->quantity = value;
		piece->quantity_units = line->units;
		piece->quantity_plain = reader->plain;
		return 0;
	}
	switch (statement_field_kind(line->field)) {
	case VALUE_TIME:
		return put_time(reader, line, value, &piece->row, fault);
	case VALUE_TEXT:
		return put_text(reader, line, value, &piece->row, fault);
	case VALUE_COUNT:
		return put_count(reader, line, value, &piece->row, fault);
	case VALUE_FLAG:
		return put_flag(reader, line, value, &piece->row, fault);
	case VALUE_WORD:
		if (line->field == FIELD_CHARGE)
			return put_charge(reader, line, value, &piece->row, fault);
		piece->component = value;
		return 0;
	case VALUE_MONEY:
		return put_money(reader, line, value, &piece->row, fault);
	}
	return 0;
}

/* ---- a row ---- */

static int put_quantity(struct statement_reader *reader, struct piece *piece, struct fault *fault)
{
	enum component component;
	char room[STATEMENT_NUMBER_BYTES_MAX];
	int r;

	if (piece->component.at == NULL)
		return 0;
	component = statement_component(piece->component);
	if (component == COMPONENT_COUNT)
		return statement_refuse(reader, FAULT_INVALID, fault,
		                        "\"%.*s\" is no component that is known: what is no tokens "
		                        "has none, and is a fee",
		                        TEXT_ARGS(piece->component));
	piece->row.of = component;
	if (piece->quantity.at == NULL)
		return 0;
	reader->plain = piece->quantity_plain;
	r = statement_set_count(&piece->row, component, plain_number(reader, piece->quantity, room),
	                        piece->quantity_units);
	if (r < 0)
		return statement_refuse(reader, (enum fault_code) - r, fault,
		                        "the quantity %.*s is no count in whole units",
		                        TEXT_ARGS(piece->quantity));
	return 0;
}

/* Rows of a mapping without times are requests that are known by their name alone. */
static void settle_time(const struct statement_reader *reader, struct statement_row *row)
{
	bool named = row->id.len > 0 || row->upstream_id.len > 0 || row->request_id.len > 0;

	if (reader->mapping == NULL || row->from_ms != 0 || row->to_ms != 0 || !named)
		return;
	for (const struct statement_line *line = reader->lines; line->column != NULL; line++) {
		if (statement_field_kind(line->field) == VALUE_TIME)
			return;
	}
	row->request = true;
	row->from_ms = row->to_ms = STATEMENT_UNTOLD;
}

static int finish_row(struct statement_reader *reader, struct piece *piece,
                      const struct statement_record *record, struct fault *fault)
{
	const struct statement_format *format = reader->format;
	int r = put_quantity(reader, piece, fault);

	if (r == 0 && format != NULL && format->finish != NULL)
		r = format->finish(reader, record, &piece->row, fault);
	if (r != 0)
		return r < 0 ? r : 0;
	settle_time(reader, &piece->row);
	/* What a mapping says of rows below zero; where they say it themselves, that stands. */
	if (reader->mapping != NULL && piece->row.charge == STATEMENT_USAGE &&
	    statement_amount(&piece->row).attos < 0)
		piece->row.charge = reader->mapping->below_zero;
	r = statement_settle_counts(&piece->row);
	if (r < 0)
		return statement_refuse(reader, (enum fault_code) - r, fault,
		                        "a part of the tokens is more than all of them");
	return statement_emit(reader, &piece->row, fault);
}

static void piece_init(struct piece *piece)
{
	statement_row_init(&piece->row);
	piece->quantity = piece->component = text_of(NULL);
	piece->quantity_units = 0;
}

int statement_lines_record(struct statement_reader *reader, const struct text *cells,
                           struct fault *fault)
{
	struct statement_record record = { cells, reader->column_count, reader->header };
	struct piece piece;
	int r = 0;

	piece_init(&piece);
	for (size_t i = 0; i < reader->bound_count && r == 0; i++) {
		const struct statement_bound *bound = &reader->bound[i];

		r = put_value(reader, bound->line, statement_value(cells[bound->column]), &piece,
		              fault);
	}
	return r < 0 ? r : finish_row(reader, &piece, &record, fault);
}

struct text statement_cell(const struct statement_record *record, const char *column)
{
	struct text name = text_of(column);

	for (size_t c = 0; record != NULL && c < record->count; c++) {
		if (text_equal(record->header[c], name))
			return statement_value(record->cells[c]);
	}
	return text_of(NULL);
}

/* ---- the header ---- */

static int unmapped(const struct statement_reader *reader, struct text column, struct fault *fault)
{
	return fault_set(fault, FAULT_INVALID,
	                 "%s: \"%.*s\" is not in the mapping: say what it means, or that it is "
	                 "to be ignored (or \"others\":\"ignore\"): a column nobody mapped is how "
	                 "a fee gets lost",
	                 reader->name, TEXT_ARGS(column));
}

static int no_column(const struct statement_reader *reader, const char *column, struct fault *fault)
{
	enum { LISTED_MAX = 300 };
	struct buf has = { .at = NULL };
	int r;

	for (size_t c = 0; c < reader->column_count && has.len < LISTED_MAX; c++)
		buf_addf(&has, "%s%.*s", c > 0 ? ", " : "", TEXT_ARGS(reader->header[c]));
	r = fault_set(fault, FAULT_INVALID, "%s: there is no column %s; the header has %s%s",
	              reader->name, column, has.at != NULL ? has.at : "nothing",
	              has.len >= LISTED_MAX ? " ..." : "");
	buf_release(&has);
	return r;
}

bool statement_is_column(const struct statement_format *format, struct text name,
                         const char *column)
{
	if (format != NULL && format->any_case)
		return name.len == strlen(column) && strncasecmp(name.at, column, name.len) == 0;
	return text_is(name, column);
}

static int find_column(struct statement_reader *reader, const struct statement_line *line,
                       struct fault *fault)
{
	const char *column = line->column;
	size_t found = SIZE_MAX;

	for (size_t c = 0; c < reader->column_count; c++) {
		if (!statement_is_column(reader->format, reader->header[c], column))
			continue;
		if (found != SIZE_MAX)
			return fault_set(fault, FAULT_INVALID,
			                 "%s: the column %s is there twice: which one is meant?",
			                 reader->name, column);
		found = c;
	}
	if (found == SIZE_MAX && line->required)
		return no_column(reader, column, fault);
	if (found != SIZE_MAX)
		reader->bound[reader->bound_count++] = (struct statement_bound){ line, found };
	return 0;
}

int statement_lines_bind(struct statement_reader *reader, struct fault *fault)
{
	const struct statement_mapping *mapping = reader->mapping;
	size_t lines = 0;
	int r = 0;

	while (reader->lines[lines].column != NULL)
		lines++;
	reader->bound_count = 0;
	reader->bound = arena_take(&reader->arena, (lines + 1) * sizeof(*reader->bound));
	if (reader->bound == NULL)
		return fault_set(fault, FAULT_NOMEM, "%s: no memory to read it", reader->name);
	for (size_t i = 0; i < lines && r == 0; i++)
		r = find_column(reader, &reader->lines[i], fault);
	for (size_t c = 0; r == 0 && mapping != NULL && c < reader->column_count; c++) {
		if (!statement_mapping_covers(mapping, reader->header[c]))
			r = unmapped(reader, reader->header[c], fault);
	}
	for (size_t c = 0; r == 0 && c < reader->column_count; c++)
		r = statement_check_known(reader, reader->header[c], fault);
	return r;
}

/* ---- members ---- */

static int member_value(const struct statement_reader *reader, const struct statement_line *line,
                        uint32_t member, struct text *out, struct fault *fault)
{
	switch (json_type_of(&reader->doc, member)) {
	case JSON_NULL:
		*out = text_of(NULL);
		return 0;
	case JSON_FALSE:
		*out = text_of("false");
		return 0;
	case JSON_TRUE:
		*out = text_of("true");
		return 0;
	case JSON_NUMBER:
	case JSON_STRING:
		*out = reader->doc.nodes[member].text;
		if (out->len == 0)
			out->at = NULL;
		return 0;
	default:
		return statement_refuse(reader, FAULT_INVALID, fault,
		                        "member %s is a list or an object, and no value",
		                        line->column);
	}
}

/* A bit of its first two bytes; all bits where it has no second one. */
static uint64_t name_bit(struct text name)
{
	return name.len < 2
	               ? UINT64_MAX
	               : UINT64_C(1)
	                         << (((unsigned char)name.at[0] * 7u + (unsigned char)name.at[1]) %
	                             64u);
}

/* Of the names of an object, so that most of those that are not there need not be looked for. */
static uint64_t names_of(const struct json *doc, uint32_t object)
{
	uint64_t names = 0;

	for (uint32_t k = json_first(doc, object); k != JSON_NONE; k = json_next(doc, object, k))
		names |= name_bit(json_string(doc, k));
	return names;
}

/* Members with a value, by their names. */
static int check_members(const struct statement_reader *reader, uint32_t element,
                         struct fault *fault)
{
	const struct json *doc = &reader->doc;
	int r = 0;

	if (reader->format == NULL || reader->format->knows == NULL)
		return 0;
	for (uint32_t k = json_first(doc, element); k != JSON_NONE && r == 0;
	     k = json_next(doc, element, k)) {
		if (json_type_of(doc, k + 1) != JSON_NULL)
			r = statement_check_known(reader, json_string(doc, k), fault);
	}
	return r;
}

int statement_lines_element(struct statement_reader *reader, uint32_t element, struct fault *fault)
{
	uint64_t names = names_of(&reader->doc, element);
	struct buf path = { .at = NULL };
	struct piece piece;
	int r = 0;

	piece_init(&piece);
	r = check_members(reader, element, fault);
	if (reader->mapping != NULL &&
	    statement_mapping_uncovered(reader->mapping, &reader->doc, element, &path))
		r = path.error != 0 ? fault_set(fault, FAULT_NOMEM, "%s: no memory to read it",
		                                reader->name)
		                    : unmapped(reader, buf_text(&path), fault);
	buf_release(&path);
	for (const struct statement_line *line = reader->lines; line->column != NULL && r == 0;
	     line++) {
		struct text column = text_of(line->column), value;
		uint32_t member = JSON_NONE;

		/* A path begins as the member does that it leads into. */
		if ((names & name_bit(column)) != 0)
			member = statement_member(&reader->doc, element, column);

		if (member == JSON_NONE && line->required)
			return statement_refuse(reader, FAULT_INVALID, fault,
			                        "there is no member %s", line->column);
		if (member == JSON_NONE)
			continue;
		reader->plain = json_type_of(&reader->doc, member) == JSON_NUMBER;
		r = member_value(reader, line, member, &value, fault);
		if (r == 0)
			r = put_value(reader, line, value, &piece, fault);
	}
	return r < 0 ? r : finish_row(reader, &piece, NULL, fault);
}
