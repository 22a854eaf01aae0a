#include "money/money.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The largest amount two 64-bit columns hold, and the smallest: see money.h. */
#define ATTOS_MAX ((wide)INT64_MAX * ATTOS_PER_NANO + (ATTOS_PER_NANO - 1))
#define ATTOS_MIN ((wide)INT64_MIN * ATTOS_PER_NANO)

static int bounded(wide attos, struct money *out)
{
	if (attos > ATTOS_MAX || attos < ATTOS_MIN)
		return -FAULT_RANGE;
	out->attos = attos;
	return 0;
}

int money_add(struct money a, struct money b, struct money *sum_out)
{
	wide sum;

	if (__builtin_add_overflow(a.attos, b.attos, &sum))
		return -FAULT_RANGE;
	return bounded(sum, sum_out);
}

int money_sub(struct money a, struct money b, struct money *difference_out)
{
	wide difference;

	if (__builtin_sub_overflow(a.attos, b.attos, &difference))
		return -FAULT_RANGE;
	return bounded(difference, difference_out);
}

int money_total_add(struct money total, struct money amount, struct money *sum_out)
{
	wide sum;

	if (__builtin_add_overflow(total.attos, amount.attos, &sum))
		return -FAULT_RANGE;
	sum_out->attos = sum;
	return 0;
}

int money_compare(struct money a, struct money b)
{
	return (a.attos > b.attos) - (a.attos < b.attos);
}

int money_split(struct money m, int64_t *nanos_out, int64_t *attos_out)
{
	struct money checked;
	wide nanos, attos;

	if (bounded(m.attos, &checked) < 0)
		return -FAULT_RANGE;
	nanos = m.attos / ATTOS_PER_NANO;
	attos = m.attos % ATTOS_PER_NANO;
	/* C truncates towards zero; the columns want attos that are never negative. */
	if (attos < 0) {
		attos += ATTOS_PER_NANO;
		nanos--;
	}
	*nanos_out = (int64_t)nanos;
	*attos_out = (int64_t)attos;
	return 0;
}

int money_join(int64_t nanos, int64_t attos, struct money *out)
{
	if (attos < 0 || attos >= ATTOS_PER_NANO)
		return -FAULT_RANGE;
	return bounded((wide)nanos * ATTOS_PER_NANO + attos, out);
}

void money_text(struct money m, char out[MONEY_TEXT_BYTES])
{
	char digits[MONEY_TEXT_BYTES];
	bool negative = m.attos < 0;
	/* Unsigned, so that the smallest amount has a magnitude too. */
	unsigned __int128 rest = negative ? -(unsigned __int128)m.attos
	                                  : (unsigned __int128)m.attos;
	size_t at = sizeof(digits), len, keep = 2;

	digits[--at] = '\0';
	for (int i = 0; i < MONEY_DECIMALS_MAX || rest > 0 || i == MONEY_DECIMALS_MAX; i++) {
		if (i == MONEY_DECIMALS_MAX)
			digits[--at] = '.';
		digits[--at] = (char)('0' + (int)(rest % 10));
		rest /= 10;
	}
	if (negative)
		digits[--at] = '-';
	len = sizeof(digits) - 1 - at;
	/* Zeros behind the second decimal say nothing. */
	while (len > 0 && digits[at + len - 1] == '0' &&
	       digits + at + len - 1 > strchr(digits + at, '.') + keep)
		len--;
	memcpy(out, digits + at, len);
	out[len] = '\0';
}

/* Digits before and behind the point; false when it is not written as money_parse wants it. */
static bool cut_decimal(struct text t, bool *negative, struct text *whole, struct text *decimals)
{
	*negative = t.len > 0 && t.at[0] == '-';
	if (*negative)
		t = (struct text){ t.at + 1, t.len - 1 };
	if (!text_cut(&t, '.', whole) || whole->len == 0)
		return false;
	if (t.at != NULL && t.len == 0)
		return false;
	*decimals = t;
	for (size_t i = 0; i < whole->len; i++) {
		if (whole->at[i] < '0' || whole->at[i] > '9')
			return false;
	}
	for (size_t i = 0; i < decimals->len; i++) {
		if (decimals->at[i] < '0' || decimals->at[i] > '9')
			return false;
	}
	return true;
}

static bool push_digit(wide *attos, int digit)
{
	return !__builtin_mul_overflow(*attos, 10, attos) &&
	       !__builtin_add_overflow(*attos, digit, attos);
}

int money_parse(struct text t, struct money *out, struct fault *fault)
{
	struct text whole, decimals;
	wide attos = 0;
	bool negative;

	if (t.at == NULL || !cut_decimal(t, &negative, &whole, &decimals))
		return fault_set(fault, FAULT_SYNTAX,
		                 "\"%.*s\" is no decimal number (digits and at most one point)",
		                 TEXT_ARGS(t));
	while (decimals.len > MONEY_DECIMALS_MAX && decimals.at[decimals.len - 1] == '0')
		decimals.len--;
	if (decimals.len > MONEY_DECIMALS_MAX)
		return fault_set(fault, FAULT_RANGE, "\"%.*s\" has more than %d decimals",
		                 TEXT_ARGS(t), MONEY_DECIMALS_MAX);
	for (size_t i = 0; i < whole.len + MONEY_DECIMALS_MAX; i++) {
		size_t d = i - whole.len;
		int digit = i < whole.len ? whole.at[i] - '0'
		                          : (d < decimals.len ? decimals.at[d] - '0' : 0);

		if (!push_digit(&attos, digit))
			return fault_set(fault, FAULT_RANGE, "\"%.*s\" is too large", TEXT_ARGS(t));
	}
	if (bounded(negative ? -attos : attos, out) < 0)
		return fault_set(fault, FAULT_RANGE, "\"%.*s\" is too large", TEXT_ARGS(t));
	return 0;
}

/* The exponent behind 'e' or 'E', and the number before it. */
static bool cut_exponent(struct text *number, int64_t *exponent)
{
	size_t len = 0;
	struct text digits;

	while (len < number->len && number->at[len] != 'e' && number->at[len] != 'E')
		len++;
	*exponent = 0;
	if (len == number->len)
		return true;
	digits = (struct text){ number->at + len + 1, number->len - len - 1 };
	if (digits.len > 0 && digits.at[0] == '+')
		digits = (struct text){ digits.at + 1, digits.len - 1 };
	number->len = len;
	return text_int(digits, exponent);
}

int money_parse_number(struct text number, unsigned decimals, struct money *out)
{
	enum { EXPONENT_MAX = 64 };
	struct text whole, rest;
	int64_t exponent;
	wide attos = 0;
	bool negative;

	if (number.at == NULL || !cut_exponent(&number, &exponent) ||
	    !cut_decimal(number, &negative, &whole, &rest))
		return -FAULT_SYNTAX;
	for (size_t i = 0; i < whole.len + rest.len; i++) {
		char digit = i < whole.len ? whole.at[i] : rest.at[i - whole.len];

		if (!push_digit(&attos, digit - '0'))
			return -FAULT_RANGE;
	}
	if (attos == 0) {
		*out = (struct money){ 0 };
		return 0;
	}
	if (exponent < -EXPONENT_MAX || exponent > EXPONENT_MAX || rest.len > EXPONENT_MAX ||
	    decimals > EXPONENT_MAX)
		return -FAULT_RANGE;
	/* The value is attos * 10^exponent of a unit. */
	exponent += MONEY_DECIMALS_MAX - (int64_t)rest.len - (int64_t)decimals;
	for (; exponent > 0; exponent--) {
		if (!push_digit(&attos, 0))
			return -FAULT_RANGE;
	}
	for (; exponent < 0; exponent++) {
		if (attos % 10 != 0)
			return -FAULT_RANGE;
		attos /= 10;
	}
	return bounded(negative ? -attos : attos, out);
}

int money_round(struct money m, unsigned decimals, enum money_rounding rule, struct money *out)
{
	wide step = 1, rest, down;
	bool away;

	if (decimals > MONEY_DECIMALS_MAX)
		return -FAULT_RANGE;
	for (unsigned i = decimals; i < MONEY_DECIMALS_MAX; i++)
		step *= 10;
	rest = m.attos % step; /* has the sign of m */
	down = m.attos - rest; /* towards zero */
	if (rest < 0)
		rest = -rest;
	if (2 * rest == step)
		away = rule == MONEY_HALF_AWAY || (down / step) % 2 != 0;
	else
		away = 2 * rest > step;
	if (away)
		down += m.attos < 0 ? -step : step;
	return bounded(down, out);
}
