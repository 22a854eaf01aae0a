/* What the values of a column say: how numbers and times are written. */
#include <string.h>

#include "statement/mapped.h"
#include "statement/number.h"
#include "statement/suggest_internal.h"
#include "statement/when.h"

static const struct {
	const char *symbol, *currency;
} symbols[] = {
	{ "US$", "USD" },   { "$", "USD" },   { "\xe2\x82\xac", "EUR" }, { "\xc2\xa3", "GBP" },
	{ "\xc2\xa5", "" }, { "USD", "USD" }, { "EUR", "EUR" },
};
enum { SYMBOL_COUNT = sizeof(symbols) / sizeof(symbols[0]) };

/* --- Numbers --- */

/* What the cells of a file say of what stands between digits. */
struct votes {
	bool point_dot, point_comma;
	bool either_dot, either_comma; /* "1.500": a point, or a separator of thousands */
	char thousands;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Without the symbol, a sign, and blanks around them. */
static struct text bare(const char *symbol, struct text t)
{
	size_t len = strlen(symbol);

	for (int pass = 0; pass < 2; pass++) {
		while (t.len > 0 && (t.at[0] == ' ' || t.at[0] == '-'))
			t = (struct text){ t.at + 1, t.len - 1 };
		if (len > 0 && t.len > len && memcmp(t.at, symbol, len) == 0)
			t = (struct text){ t.at + len, t.len - len };
	}
	if (len > 0 && t.len > len && memcmp(t.at + t.len - len, symbol, len) == 0)
		t.len -= len;
	while (t.len > 0 && t.at[t.len - 1] == ' ')
		t.len--;
	return t;
}

/* The bytes of a blank that does not break, or of another separator, are one ' ' or '\''. */
static size_t separator_at(struct text t, size_t i, char *out)
{
	static const struct {
		const char *bytes;
		char as;
	} wide_ones[] = {
		{ "\xc2\xa0", ' ' },
		{ "\xe2\x80\xaf", ' ' },
		{ "\xe2\x80\x89", ' ' },
		{ "\xe2\x80\x99", '\'' },
	};

	*out = t.at[i];
	for (size_t k = 0; k < sizeof(wide_ones) / sizeof(wide_ones[0]); k++) {
		size_t len = strlen(wide_ones[k].bytes);

		if (t.len - i >= len && memcmp(t.at + i, wide_ones[k].bytes, len) == 0) {
			*out = wide_ones[k].as;
			return len;
		}
	}
	return 1;
}

/* Whether a cell is a number in some way of writing it; what it says then. */
static bool vote(struct text t, struct votes *votes)
{
	char first = '\0', last = '\0', c;
	size_t group = 0, first_group = 0, lasts = 0, seps = 0, step;
	bool triples = true, zero = t.len > 0 && t.at[0] == '0';

	if (t.len == 0)
		return false;
	for (size_t i = 0; i < t.len; i += step) {
		step = separator_at(t, i, &c);
		if (is_digit(c)) {
			group++;
			continue;
		}
		if ((c == 'e' || c == 'E') && i > 0 && i + 1 < t.len) {
			struct statement_number number;

			/* One with an exponent is grouped by nobody. */
			votes->point_comma = votes->point_comma || last == ',';
			votes->point_dot = votes->point_dot || last == '.';
			return seps <= 1 &&
			       statement_number_read((struct text){ t.at + i - 1, t.len - i + 1 },
			                             0, &number) == 0;
		}
		if (strchr(".,'_ ", c) == NULL || (seps > 0 && c != last && last != first))
			return false;
		if (seps == 0)
			first_group = group;
		triples = triples && (seps == 0 ? group >= 1 && group <= 3 : group == 3);
		lasts = seps > 0 && c == last ? lasts + 1 : 1;
		first = seps == 0 ? c : first;
		last = c;
		seps++;
		group = 0;
	}
	if (seps == 0)
		return true;
	if (first != last || lasts > 1 || strchr(" '_", last) != NULL) {
		/* Groups of three; of two kinds, the last is the point. */
		if (!triples || (first != last && lasts > 1) || (first == last && group != 3) ||
		    (first != last && strchr(" '_", last) != NULL))
			return false;
		votes->thousands = first;
		if (first != last) {
			votes->point_dot = votes->point_dot || last == '.';
			votes->point_comma = votes->point_comma || last == ',';
		}
		return true;
	}
	if (group != 3 || zero || first_group == 0 || first_group > 3) {
		votes->point_dot = votes->point_dot || last == '.';
		votes->point_comma = votes->point_comma || last == ',';
	} else {
		votes->either_dot = votes->either_dot || last == '.';
		votes->either_comma = votes->either_comma || last == ',';
	}
	return true;
}

/* All cells of a column are numbers, by one symbol: its votes are added. */
static bool count_votes(const struct suggest_column *column, size_t rows, const char *symbol,
                        struct votes *votes)
{
	struct votes mine = *votes;
	bool shown = symbol[0] == '\0';

	if (column->plain || column->filled == 0)
		return false;
	for (size_t i = 0; i < rows; i++) {
		struct text t = column->cells[i];

		if (t.at == NULL)
			continue;
		shown = shown || memmem(t.at, t.len, symbol, strlen(symbol)) != NULL;
		if (!vote(bare(symbol, t), &mine))
			return false;
	}
	if (shown)
		*votes = mine;
	return shown;
}

static void decide(struct suggest_sample *sample, const struct votes *votes)
{
	struct statement_mapping *numbers = &sample->numbers;
	bool comma = votes->point_comma || (votes->thousands == '.' && !votes->point_dot);

	numbers->decimal_point = comma && !votes->point_dot ? ',' : '.';
	numbers->thousands = votes->thousands;
	if (votes->point_comma && votes->point_dot)
		buf_add_cstr(&sample->notes, "some numbers have a decimal comma and some a point: "
		                             "those with a comma are refused\n");
	if (numbers->decimal_point == ',' && votes->either_dot)
		numbers->thousands = '.';
	else if (numbers->decimal_point == '.' && votes->point_dot && votes->either_comma)
		numbers->thousands = ',';
	if (numbers->thousands == '\0' && votes->either_comma && !comma) {
		numbers->thousands = ',';
		sample->undecided = true;
		buf_add_cstr(
			&sample->notes,
			"1,500 may be one and a half, or fifteen hundred: say \"decimal\":\",\" "
			"or \"thousands\":\",\"; a person must decide\n");
	}
	if (votes->either_dot && !votes->point_dot && numbers->decimal_point == '.')
		buf_add_cstr(&sample->notes,
		             "1.500 is taken for one and a half: look whether it is not fifteen "
		             "hundred\n");
	if (numbers->thousands == numbers->decimal_point)
		numbers->thousands = '\0';
}

void suggest_numbers(struct suggest_sample *sample)
{
	struct votes votes = { .thousands = '\0' };

	for (size_t c = 0; c < sample->count; c++) {
		struct suggest_column *column = &sample->columns[c];

		if (count_votes(column, sample->rows, "", &votes))
			continue;
		for (size_t s = 0; s < SYMBOL_COUNT; s++) {
			if (!count_votes(column, sample->rows, symbols[s].symbol, &votes))
				continue;
			/* One is all that a mapping can say. */
			if (sample->numbers.symbol[0] == '\0')
				text_copy(sample->numbers.symbol, STATEMENT_SYMBOL_BYTES,
				          text_of(symbols[s].symbol));
			column->unit_told = true;
			if (column->currency[0] == '\0')
				text_copy(column->currency, sizeof(column->currency),
				          text_of(symbols[s].currency));
			break;
		}
	}
	decide(sample, &votes);
}

bool suggest_range(const struct suggest_sample *sample, const struct suggest_column *column,
                   struct suggest_range *out)
{
	bool any = false;

	*out = (struct suggest_range){ .whole_units = true };
	for (size_t i = 0; i < sample->rows; i++) {
		char scratch[STATEMENT_NUMBER_BYTES_MAX];
		struct text number = column->cells[i];
		struct statement_number read;
		int64_t count;

		if (number.at == NULL)
			continue;
		if (!column->plain &&
		    !statement_mapped_number(&sample->numbers, number, scratch, &number))
			return false;
		if (statement_number_read(number, 0, &read) < 0)
			return false;
		out->least = !any || read.attos < out->least ? read.attos : out->least;
		out->most = !any || read.attos > out->most ? read.attos : out->most;
		out->fraction = out->fraction || read.decimals > 0;
		out->whole_units = out->whole_units &&
		                   statement_count_read(number, column->units, &count) == 0;
		any = true;
	}
	return true;
}

/* --- Times --- */

static bool has_year(struct text t, enum statement_clock clock)
{
	static const struct {
		int64_t from, to;
	} plausible[CLOCK_COUNT] = {
		/* 2000 to 2099, in the unit of each. */
		[CLOCK_SECONDS] = { 946684800, 4102444800 },
		[CLOCK_MS] = { 946684800000, 4102444800000 },
		[CLOCK_EXCEL] = { 36526, 73050 },
	};
	struct statement_number number;

	if (plausible[clock].to == 0)
		return true;
	return statement_number_read(t, 0, &number) == 0 &&
	       number.attos / ATTOS_PER_UNIT >= plausible[clock].from &&
	       number.attos / ATTOS_PER_UNIT < plausible[clock].to;
}

/* Behind a time of day stands "Z", "UTC", "GMT" or an offset. */
static bool says_zone(struct text t)
{
	char end = t.len > 0 ? t.at[t.len - 1] : '\0';

	if (end == 'Z' || end == 'z' || end == 'C' || end == 'T')
		return true;
	for (size_t i = 11; i < t.len; i++) {
		if (t.at[i] == '+' || t.at[i] == '-')
			return true;
	}
	return false;
}

static bool times_by(const struct suggest_sample *sample, const struct suggest_column *column,
                     enum statement_clock clock, struct suggest_times *out)
{
	*out = (struct suggest_times){
		.clock = clock, .dates = true, .hours = true, .zoned = true
	};
	for (size_t i = 0; i < sample->rows; i++) {
		struct text t = column->cells[i];
		struct statement_when when;

		if (t.at == NULL)
			continue;
		if (!has_year(t, clock) || !statement_when(t, clock, NULL, &when))
			return false;
		out->dates = out->dates && when.exact != EXACT_TIME;
		out->hours = out->hours && (when.exact != EXACT_TIME || when.ms % MS_PER_HOUR == 0);
		out->zoned = out->zoned && (clock == CLOCK_SECONDS || clock == CLOCK_MS ||
		                            (clock == CLOCK_TEXT && says_zone(t)));
	}
	return true;
}

bool suggest_times(const struct suggest_sample *sample, const struct suggest_column *column,
                   struct suggest_times *out)
{
	struct suggest_times other;

	if (column->filled == 0)
		return false;
	for (int clock = 0; clock < CLOCK_COUNT; clock++) {
		if (!times_by(sample, column, (enum statement_clock)clock, out))
			continue;
		if (clock == CLOCK_DAY_FIRST &&
		    times_by(sample, column, CLOCK_MONTH_FIRST, &other)) {
			/* With points between them the day stands first (DIN 5008, and others). */
			for (size_t i = 0; i < sample->rows; i++)
				out->ambiguous = out->ambiguous ||
				                 (column->cells[i].at != NULL &&
				                  memchr(column->cells[i].at, '.',
				                         column->cells[i].len) == NULL);
		}
		return true;
	}
	return false;
}

bool suggest_sums(const struct suggest_sample *sample, const struct suggest_column *from,
                  const struct suggest_column *to)
{
	struct suggest_times begins, ends;

	if (!suggest_times(sample, from, &begins) || !suggest_times(sample, to, &ends))
		return false;
	for (size_t i = 0; i < sample->rows; i++) {
		struct statement_when first, last;

		if (from->cells[i].at == NULL || to->cells[i].at == NULL)
			continue;
		if (!statement_when(from->cells[i], begins.clock, NULL, &first) ||
		    !statement_when(to->cells[i], ends.clock, NULL, &last) ||
		    last.ms - first.ms < MS_PER_HOUR)
			return false;
	}
	return true;
}

bool suggest_unique(const struct suggest_sample *sample, const struct suggest_column *column)
{
	for (size_t i = 0; i < sample->rows; i++) {
		if (column->cells[i].at == NULL)
			return false;
		for (size_t k = 0; k < i; k++) {
			if (text_equal(column->cells[i], column->cells[k]))
				return false;
		}
	}
	return true;
}
