#include "statement/row.h"

#include <string.h>

#include "statement/format.h"
#include "statement/number.h"

static const char *const charges[] = {
#define C(NAME, name) name,
#include "statement/charge.def"
#undef C
};

static const struct {
	const char *word;
	enum component component;
} words[] = {
#define W(word, NAME) { word, COMPONENT_##NAME },
#include "statement/word.def"
#undef W
};

enum { WORD_COUNT = sizeof(words) / sizeof(words[0]), WORD_BYTES_MAX = 64 };

const char *statement_charge_name(enum statement_charge charge)
{
	return charges[charge];
}

void statement_row_init(struct statement_row *row)
{
	*row = (struct statement_row){
		.requests = STATEMENT_UNTOLD,
		.prompt_total = STATEMENT_UNTOLD,
		.answer_total = STATEMENT_UNTOLD,
		.of = COMPONENT_COUNT,
	};
}

struct money statement_amount(const struct statement_row *row)
{
	return statement_has(row, STATEMENT_MONEY_AMOUNT) ? row->money[STATEMENT_MONEY_AMOUNT]
	                                                  : (struct money){ 0 };
}

int statement_set_money(struct statement_row *row, enum statement_money which, struct text number,
                        int decimals)
{
	struct statement_number read;
	struct money amount;
	int r = statement_number_read(number, decimals, &read);

	/* Adding nothing checks the bounds of an amount. */
	if (r == 0)
		r = money_add((struct money){ read.attos }, (struct money){ 0 }, &amount);
	if (r < 0)
		return r;
	row->money[which] = amount;
	row->has_money |= UINT32_C(1) << which;
	if (read.cut)
		row->flags |= STATEMENT_CUT;
	if (which == STATEMENT_MONEY_AMOUNT) {
		row->decimals = read.decimals;
		if (read.real)
			row->flags |= STATEMENT_REAL;
	}
	return 0;
}

int statement_count_read(struct text number, int64_t units, int64_t *out)
{
	struct statement_number read;
	int64_t plain;
	wide product;
	int r;

	/* Nearly all of them are nothing but digits. */
	if (units <= 1 && text_int(number, &plain) && plain != INT64_MIN) {
		*out = plain;
		return 0;
	}
	r = statement_number_read(number, 0, &read);
	if (r < 0)
		return r;
	if (read.cut)
		return -FAULT_SYNTAX;
	if (__builtin_mul_overflow(read.attos, (wide)(units != 0 ? units : 1), &product))
		return -FAULT_RANGE;
	if (product % ATTOS_PER_UNIT != 0)
		return -FAULT_SYNTAX;
	product /= ATTOS_PER_UNIT;
	if (product > INT64_MAX || product < -INT64_MAX)
		return -FAULT_RANGE;
	*out = (int64_t)product;
	return 0;
}

int statement_set_count(struct statement_row *row, enum component component, struct text number,
                        int64_t units)
{
	int64_t count, sum;
	int r = statement_count_read(number, units, &count);

	if (r < 0)
		return r;
	if (__builtin_add_overflow(row->count[component], count, &sum))
		return -FAULT_RANGE;
	row->count[component] = sum;
	row->told |= UINT32_C(1) << component;
	return 0;
}

/* The word in small letters, its letters and digits only; 0: too long to be one. */
static size_t fold(struct text word, char out[WORD_BYTES_MAX])
{
	size_t len = 0;

	for (size_t i = 0; i < word.len; i++) {
		char c = word.at[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if ((c < 'a' || c > 'z') && (c < '0' || c > '9'))
			continue;
		if (len == WORD_BYTES_MAX)
			return 0;
		out[len++] = c;
	}
	return len;
}

enum component statement_component(struct text word)
{
	enum component component = component_find(word);
	char folded[WORD_BYTES_MAX];
	struct text small = { folded, 0 };

	if (component != COMPONENT_COUNT)
		return component;
	small.len = fold(word, folded);
	for (size_t i = 0; i < WORD_COUNT; i++) {
		if (text_is(small, words[i].word))
			return words[i].component;
	}
	return COMPONENT_COUNT;
}

/* *whole is told no more where its parts are. */
static int settle(struct statement_row *row, int64_t *whole, enum component_role role,
                  enum component rest)
{
	int64_t left = *whole;
	bool any = false;

	if (*whole == STATEMENT_UNTOLD)
		return 0;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (component_info[c].role != role || !statement_tells(row, (enum component)c))
			continue;
		any = true;
		if (__builtin_sub_overflow(left, row->count[c], &left))
			return -FAULT_RANGE;
	}
	if (!any)
		return 0;
	/* Of a correction all may be negative: then what is left is as well. */
	if (*whole < 0 ? left > 0 : left < 0)
		return -FAULT_INVALID;
	if (!statement_tells(row, rest)) {
		row->count[rest] = left;
		row->told |= UINT32_C(1) << rest;
		left = 0;
	}
	if (left == 0)
		*whole = STATEMENT_UNTOLD;
	return 0;
}

int statement_settle_counts(struct statement_row *row)
{
	int r = settle(row, &row->prompt_total, ROLE_PROMPT, COMPONENT_INPUT);

	return r < 0 ? r : settle(row, &row->answer_total, ROLE_ANSWER, COMPONENT_OUTPUT);
}
