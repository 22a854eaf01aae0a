#include "money/percent.h"

#include <stdio.h>

typedef unsigned __int128 uwide;

static uwide magnitude(wide n)
{
	return n < 0 ? (uwide)0 - (uwide)n : (uwide)n;
}

bool percent_hundredths(wide from, wide to, int64_t *out)
{
	enum { DIGITS = 4 }; /* of the quotient: two are per cent, two decimals */
	uwide base = magnitude(from), rest, hundredths;
	bool less = to < from;

	/* The difference of two 127-bit numbers fits in 128 bits without a sign. */
	rest = less ? (uwide)from - (uwide)to : (uwide)to - (uwide)from;
	if (rest == 0)
		base = 1;
	if (base == 0 || base >> 123 != 0 || rest / base > (uwide)PERCENT_MAX / 100)
		return false;
	hundredths = rest / base;
	rest %= base;
	for (int i = 0; i < DIGITS; i++) {
		rest *= 10;
		hundredths = hundredths * 10 + rest / base;
		rest %= base;
	}
	if (rest * 2 >= base)
		hundredths++;
	*out = less ? -(int64_t)hundredths : (int64_t)hundredths;
	return true;
}

bool percent_change(wide from, wide to, char out[PERCENT_TEXT_BYTES])
{
	int64_t hundredths, size;

	if (!percent_hundredths(from, to, &hundredths))
		return false;
	size = hundredths < 0 ? -hundredths : hundredths;
	snprintf(out, PERCENT_TEXT_BYTES, "%s%lld.%02d", hundredths < 0 ? "-" : "",
	         (long long)(size / 100), (int)(size % 100));
	return true;
}
