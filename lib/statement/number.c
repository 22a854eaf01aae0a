#include "statement/number.h"

enum {
	EXPONENT_FAR = 100000, /* beyond every amount */
	ATTOS_DIGITS_MAX = 37, /* of a wide, with room */
	REAL_DIGITS = 15,      /* DBL_DIG: no decimal number of fewer is changed by a double */
};

/* What is between the sign and the exponent: digits, and at most one point with some behind. */
static bool cut_mantissa(struct text *t, struct text *out, size_t *whole_out)
{
	size_t i = 0, point = t->len;

	for (; i < t->len && t->at[i] != 'e' && t->at[i] != 'E'; i++) {
		if (t->at[i] == '.' && point == t->len)
			point = i;
		else if (t->at[i] < '0' || t->at[i] > '9')
			return false;
	}
	*out = (struct text){ t->at, i };
	*whole_out = point < i ? point : i;
	t->at += i;
	t->len -= i;
	return i > 0 && point + 1 != i;
}

/* What is left: nothing, or "e-07". */
static bool read_exponent(struct text t, int64_t *out)
{
	bool minus;
	size_t i = 1;

	*out = 0;
	if (t.len == 0)
		return true;
	minus = t.len > 1 && t.at[1] == '-';
	if (t.len > 1 && (t.at[1] == '-' || t.at[1] == '+'))
		i = 2;
	if (i == t.len)
		return false;
	for (; i < t.len; i++) {
		if (t.at[i] < '0' || t.at[i] > '9')
			return false;
		if (*out < EXPONENT_FAR)
			*out = *out * 10 + (t.at[i] - '0');
	}
	if (minus)
		*out = -*out;
	return true;
}

/*
 * What nearly all numbers are: few enough digits for 64 bits, and none beyond an atto.  False: it
 * is another one, and nothing is set.
 */
static bool add_few_digits(struct text mantissa, int64_t power, struct statement_number *number)
{
	enum { FEW = 18 };
	static const int64_t tens[FEW + 1] = {
		1,
		10,
		100,
		1000,
		10000,
		100000,
		1000000,
		10000000,
		100000000,
		1000000000,
		10000000000,
		100000000000,
		1000000000000,
		10000000000000,
		100000000000000,
		1000000000000000,
		10000000000000000,
		100000000000000000,
		1000000000000000000,
	};
	int64_t value = 0, digits = 0, zeros = 0, leading = 0, below;

	if (mantissa.len > FEW)
		return false;
	for (size_t i = 0; i < mantissa.len; i++) {
		int digit = mantissa.at[i] - '0';

		if (mantissa.at[i] == '.')
			continue;
		value = value * 10 + digit;
		digits++;
		leading += value == 0;
		zeros = digit == 0 ? zeros + 1 : 0;
	}
	below = power + 1 - digits; /* of the last digit */
	if (below < 0 || below > FEW)
		return false;
	number->attos = (wide)value * tens[below];
	if (value == 0)
		return true;
	number->real = number->real || digits - leading - zeros >= REAL_DIGITS;
	below += zeros;
	number->decimals = (unsigned)(below < FEW ? FEW - below : 0);
	return true;
}

/* `power` is that of the first digit, in attos. */
static int add_digits(struct text mantissa, int64_t power, struct statement_number *number)
{
	int64_t last = MONEY_DECIMALS_MAX; /* of the last digit that is not zero */
	unsigned digits = 0, zeros = 0;    /* significant ones; zeros at their end */
	wide attos = 0;

	for (size_t i = 0; i < mantissa.len; i++) {
		int digit = mantissa.at[i] - '0';

		if (mantissa.at[i] == '.')
			continue;
		digits += digits > 0 || digit != 0;
		zeros = digit == 0 ? zeros + 1 : 0;
		if (digit != 0 && (power >= ATTOS_DIGITS_MAX || power < 0)) {
			if (power >= 0)
				return -FAULT_RANGE;
			number->cut = true;
		}
		if (power >= 0 && power < ATTOS_DIGITS_MAX)
			attos = attos * 10 + digit;
		if (digit != 0 && power < last)
			last = power;
		power--;
	}
	for (power++; power > 0 && attos != 0; power--)
		attos *= 10;
	number->attos = attos;
	number->real = number->real || (digits > zeros && digits - zeros >= REAL_DIGITS);
	number->decimals = (unsigned)(MONEY_DECIMALS_MAX - (last > 0 ? last : 0));
	return 0;
}

int statement_number_read(struct text t, int shift, struct statement_number *out)
{
	struct statement_number number = { .attos = 0 };
	bool negative = t.len > 0 && t.at[0] == '-';
	struct text mantissa;
	int64_t exponent, power;
	size_t whole;
	int r;

	t.at += negative;
	t.len -= negative;
	if (t.at == NULL || !cut_mantissa(&t, &mantissa, &whole) || !read_exponent(t, &exponent))
		return -FAULT_SYNTAX;
	number.real = t.len > 0;
	power = (int64_t)whole - 1 + exponent - shift + MONEY_DECIMALS_MAX;
	r = add_few_digits(mantissa, power, &number) ? 0 : add_digits(mantissa, power, &number);
	if (r < 0)
		return r;
	if (negative)
		number.attos = -number.attos;
	*out = number;
	return 0;
}
