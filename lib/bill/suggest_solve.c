#include "bill/suggest_internal.h"

/* ---- fractions ---- */

/* floor(of / by), and what is over. */
static wide whole_of(wide of, wide by, wide *rest_out)
{
	wide whole = of / by, rest = of % by;

	if (rest < 0) {
		rest += by;
		whole--;
	}
	*rest_out = rest;
	return whole;
}

/* a / b against c / d by their continued fractions: nothing is multiplied.  b and d above 0. */
static int compare(wide a, wide b, wide c, wide d)
{
	int sign = 1;

	for (;;) {
		wide x, y, left = whole_of(a, b, &x), right = whole_of(c, d, &y);

		if (left != right)
			return left < right ? -sign : sign;
		if (x == 0 || y == 0)
			return x == y ? 0 : (x == 0 ? -sign : sign);
		/* x / b < y / d where b / x > d / y */
		a = b;
		b = x;
		c = d;
		d = y;
		sign = -sign;
	}
}

static wide common(wide a, wide b)
{
	while (b != 0) {
		wide rest = a % b;

		a = b;
		b = rest;
	}
	return a < 0 ? -a : a;
}

void bill_range_meet(struct bill_range *range, const struct bill_range *other)
{
	if (!other->set || range->broken)
		return;
	if (!range->set || compare(other->lo_of, other->lo_by, range->lo_of, range->lo_by) > 0) {
		range->lo_of = other->lo_of;
		range->lo_by = other->lo_by;
	}
	if (!range->set || compare(other->hi_of, other->hi_by, range->hi_of, range->hi_by) < 0) {
		range->hi_of = other->hi_of;
		range->hi_by = other->hi_by;
	}
	range->set = true;
	range->broken = other->broken ||
	                compare(range->lo_of, range->lo_by, range->hi_of, range->hi_by) > 0;
}

void bill_range_note(struct bill_range *range, wide low, wide high, wide by)
{
	const struct bill_range noted = {
		.set = true, .lo_of = low, .lo_by = by, .hi_of = high, .hi_by = by
	};

	bill_range_meet(range, &noted);
}

/* The least multiple of `grid` so that multiple / is >= of / by; false: no room. */
static bool least_multiple(wide of, wide by, wide is, wide grid, wide *multiple_out)
{
	wide scaled, divisor, rest, whole, both = common(is, grid), all = common(of, by);

	/* Largest amounts have room only without what divides both. */
	is /= both;
	of /= all;
	by /= all;
	if (__builtin_mul_overflow(of, is, &scaled) ||
	    __builtin_mul_overflow(by, grid / both, &divisor))
		return false;
	whole = whole_of(scaled, divisor, &rest);
	return !__builtin_mul_overflow(whole + (rest > 0), grid, multiple_out);
}

/* It holds half a BILL_PICK_SURE of the last decimal on either side, too. */
static bool is_wide(const struct bill_range *range, wide number, wide is, wide grid)
{
	enum { TIMES = 2 * BILL_PICK_SURE };
	wide at = number * TIMES, by = is * TIMES;

	return compare(at - grid, by, range->lo_of, range->lo_by) >= 0 ||
	       compare(at + grid, by, range->hi_of, range->hi_by) <= 0;
}

/* The next number of as many decimals is in it, too. */
static bool is_one_of_two(const struct bill_range *range, wide number, wide is, wide grid)
{
	return compare(number + grid, is, range->hi_of, range->hi_by) <= 0;
}

bool bill_range_pick(const struct bill_range *range, bool sure, wide is, wide unit, unsigned most,
                     wide *number_out)
{
	wide grid = unit;

	if (!range->set || range->broken)
		return false;
	for (unsigned d = 0; d <= most && grid > 0; d++, grid /= 10) {
		wide number;

		if (!least_multiple(range->lo_of, range->lo_by, is, grid, &number) || number < 0 ||
		    compare(number, is, range->hi_of, range->hi_by) > 0)
			continue;
		*number_out = number;
		return sure ? !is_one_of_two(range, number, is, grid)
		            : !is_wide(range, number, is, grid);
	}
	return false;
}

/* ---- two unknowns ---- */

static void reduce(wide *a, wide *b, wide *c)
{
	wide by = common(common(*a, *b), *c);

	if (by > 1) {
		*a /= by;
		*b /= by;
		*c /= by;
	}
}

/* a d - b c; false: no room. */
static bool cross(wide a, wide d, wide b, wide c, wide *out)
{
	wide first, second;

	return !__builtin_mul_overflow(a, d, &first) && !__builtin_mul_overflow(b, c, &second) &&
	       !__builtin_sub_overflow(first, second, out);
}

/* The second equation, that is not the first one again. */
static void solve(struct bill_two *two, wide a, wide b, wide c)
{
	wide x, y, by, none = 0;

	if (!cross(two->a, b, two->b, a, &by) || !cross(two->c, b, two->b, c, &x) ||
	    !cross(two->a, c, two->c, a, &y)) {
		two->dead = true;
		return;
	}
	if (by == 0) {
		/* The same line: then it has to be the same equation. */
		two->dead = x != 0 || y != 0;
		return;
	}
	reduce(&x, &y, &by);
	if (by < 0) {
		x = -x;
		y = -y;
		by = -by;
	}
	two->x = x;
	two->y = y;
	two->by = by;
	two->rank = 2;
	/* Nothing is to be changed, so nothing is explained; or it is one of them alone. */
	two->dead = x == none || y == none;
}

void bill_two_note(struct bill_two *two, wide a, wide b, wide c)
{
	wide left, right, sum;

	if (two->dead || (a == 0 && b == 0 && c == 0))
		return;
	/* Nothing can give it; or one of them is as it is, and the other one alone. */
	if ((a == 0 && b == 0) || (c == 0 && (a == 0 || b == 0))) {
		two->dead = true;
		return;
	}
	reduce(&a, &b, &c);
	if (two->rank == 0) {
		two->a = a;
		two->b = b;
		two->c = c;
		two->rank = 1;
		return;
	}
	if (two->rank == 1) {
		solve(two, a, b, c);
		return;
	}
	two->dead = __builtin_mul_overflow(a, two->x, &left) ||
	            __builtin_mul_overflow(b, two->y, &right) ||
	            __builtin_add_overflow(left, right, &sum) ||
	            __builtin_mul_overflow(c, two->by, &right) || sum != right;
}
