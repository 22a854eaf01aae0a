#include "catalogue/amount.h"

#include <stdbool.h>

enum {
	DIGITS_MAX = 64,        /* kept; the rest only moves the point */
	AMOUNT_DIGITS_MAX = 28, /* of the largest amount in attos */
	EXPONENT_FAR = 1000000, /* beyond every amount */
};

/* 0.digits x 10^exponent, without leading and trailing zeros. */
struct decimal {
	bool negative, more; /* `more`: digits that are not kept are not all zero */
	char digits[DIGITS_MAX];
	int count;
	int64_t exponent;
};

static void push(struct decimal *d, char digit, bool behind_point)
{
	if (d->count == 0 && digit == '0') {
		d->exponent -= behind_point;
		return;
	}
	d->exponent += !behind_point;
	if (d->count < DIGITS_MAX)
		d->digits[d->count++] = digit;
	else
		d->more = d->more || digit != '0';
}

/* The exponent, with a bound that no amount comes near; false: it is none. */
static bool read_exponent(struct text t, int64_t *out)
{
	bool minus = t.len > 0 && t.at[0] == '-';
	int64_t exponent = 0;

	if (t.len > 0 && (t.at[0] == '-' || t.at[0] == '+'))
		t = (struct text){ t.at + 1, t.len - 1 };
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] < '0' || t.at[i] > '9')
			return false;
		if (exponent < EXPONENT_FAR)
			exponent = exponent * 10 + (t.at[i] - '0');
	}
	*out = minus ? -exponent : exponent;
	return t.len > 0;
}

static bool split(struct text t, struct decimal *d)
{
	size_t i = t.len > 0 && t.at[0] == '-' ? 1 : 0, whole = 0, decimals = 0;
	int64_t exponent = 0;
	bool point = false;

	*d = (struct decimal){ .negative = i == 1 };
	for (; i < t.len && t.at[i] != 'e' && t.at[i] != 'E'; i++) {
		if (t.at[i] == '.' && !point) {
			point = true;
			continue;
		}
		if (t.at[i] < '0' || t.at[i] > '9')
			return false;
		push(d, t.at[i], point);
		whole += !point;
		decimals += point;
	}
	if (whole == 0 || (point && decimals == 0))
		return false;
	if (i < t.len && !read_exponent((struct text){ t.at + i + 1, t.len - i - 1 }, &exponent))
		return false;
	d->exponent += exponent;
	while (!d->more && d->count > 0 && d->digits[d->count - 1] == '0')
		d->count--;
	return true;
}

enum amount_fit amount_read(struct text number, int shift, struct money *out)
{
	struct decimal d;
	int64_t kept; /* digits of the amount in attos */
	wide attos = 0;
	bool fine;

	if (number.at == NULL || !split(number, &d))
		return AMOUNT_NO_NUMBER;
	if (d.count == 0) {
		*out = (struct money){ 0 };
		return AMOUNT_EXACT;
	}
	if (d.negative)
		return AMOUNT_NEGATIVE;
	kept = d.exponent + MONEY_DECIMALS_MAX + shift;
	if (kept > AMOUNT_DIGITS_MAX)
		return AMOUNT_TOO_LARGE;
	fine = d.more || kept < d.count;
	for (int64_t i = 0; i < kept; i++)
		attos = attos * 10 + (i < d.count ? d.digits[i] - '0' : 0);
	if (fine && kept >= 0 && kept < d.count && d.digits[kept] >= '5')
		attos++;
	/* Adding nothing checks the bounds of an amount. */
	if (money_add((struct money){ attos }, (struct money){ 0 }, out) < 0)
		return AMOUNT_TOO_LARGE;
	return fine ? AMOUNT_TOO_FINE : AMOUNT_EXACT;
}
