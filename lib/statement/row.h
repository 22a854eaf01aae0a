/*
 * A row of a statement: what somebody else says was used and is due, in our words.  One request,
 * or a sum of them over a span of time.
 *
 * Counts are disjoint, as in component.def, where the statement tells the parts; where it tells
 * only the whole of the prompt or of the answer, that stands in prompt_total or answer_total and
 * no component of it is told; where it tells the whole and some parts, and the rest may be of
 * several components (output and reasoning), the whole and these parts stand, and `input`
 * (`output`) is not told.  Amounts are exact, in the currency of the row: who reads a
 * statement knows its unit (dollars, cents, ticks) and nobody behind it asks again.
 *
 * A plain value.  Its texts live for the call that hands it over.
 */
#ifndef TOLL_STATEMENT_ROW_H
#define TOLL_STATEMENT_ROW_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "money/money.h"
#include "usage/usage.h"

enum statement_charge {
#define C(NAME, name) STATEMENT_##NAME,
#include "statement/charge.def"
#undef C
	STATEMENT_CHARGE_COUNT
};
const char *statement_charge_name(enum statement_charge charge);

enum statement_text {
#define T(NAME, member) STATEMENT_TEXT_##NAME,
#include "statement/text.def"
#undef T
	STATEMENT_TEXT_COUNT
};

enum statement_money {
#define M(NAME, name, text) STATEMENT_MONEY_##NAME,
#include "statement/money.def"
#undef M
	STATEMENT_MONEY_COUNT
};

enum {
	STATEMENT_CURRENCY_BYTES = 4,    /* ISO 4217, upper case, and a NUL */
	STATEMENT_NAME_BYTES_MAX = 1024, /* of one text of a row: longer is refused */
};

/*
 * Of one count of a row, also of a sum: far above what anybody was ever billed, and far below what
 * no sum of rows and no price of it could hold.
 */
#define STATEMENT_COUNT_MAX INT64_C(1000000000000000)

/* A count or a number of requests that the statement does not tell. */
#define STATEMENT_UNTOLD INT64_C(-1)

enum statement_flag {
	STATEMENT_CANCELLED = 1 << 0, /* the client went away */
	STATEMENT_BYOK = 1 << 1,      /* paid with the customer's own key at the one behind */
	STATEMENT_BLANK = 1 << 2, /* it tells finish reasons, and this one is blank or an error */
	STATEMENT_CUT = 1 << 3,   /* an amount had more than 18 decimals: cut there, and said */
	STATEMENT_REAL = 1 << 4,  /* the amount was written from a binary float (see `decimals`) */
	STATEMENT_BYOK_PART = 1 << 5, /* some of a sum was: UPSTREAM, where it is told, is that */
};

struct statement_row {
	int64_t record; /* of its statement, from 1 on: where a person finds it */
	/* A request: when it ran, and [from, to) is as exact as that is told (1 ms, 1 s, a day);
	 * both STATEMENT_UNTOLD where it is not told, which only a request with an id may leave
	 * out: it can be matched by that alone, and is of the period.  A sum: what it is of. */
	int64_t from_ms, to_ms;
	bool request;
	union { /* one by one, and all of them */
		struct {
#define T(NAME, member) struct text member;
#include "statement/text.def"
#undef T
		};
		struct text texts[STATEMENT_TEXT_COUNT];
	};
	enum statement_charge charge;
	unsigned flags;   /* enum statement_flag */
	int64_t requests; /* STATEMENT_UNTOLD; of a request 1 */
	/* Each component that is told: also a 0 is.  Never negative but in an ADJUSTMENT. */
	uint32_t told; /* bits: 1 << component */
	int64_t count[COMPONENT_COUNT];
	int64_t prompt_total, answer_total; /* STATEMENT_UNTOLD */
	/* The amounts are of this component alone (a cost line); COMPONENT_COUNT: of all. */
	enum component of;
	uint32_t has_money; /* bits: 1 << enum statement_money */
	struct money money[STATEMENT_MONEY_COUNT];
	/*
	 * Of the amount as written, without zeros at its end, in units of the currency: "12.50" of
	 * cents has 3.  A number that a program wrote from a binary float (STATEMENT_REAL: 15 and
	 * more digits, or an exponent) is known no better than to 2^-52 of itself (IEEE 754).
	 */
	unsigned decimals;
	char currency[STATEMENT_CURRENCY_BYTES]; /* "": the statement does not say */
};
static_assert(COMPONENT_COUNT <= 32, "components no longer fit the bits of a row");

/* Nothing is told: zero but for what says so. */
void statement_row_init(struct statement_row *row);
static inline bool statement_tells(const struct statement_row *row, enum component component)
{
	return (row->told >> component & 1) != 0;
}
static inline bool statement_has(const struct statement_row *row, enum statement_money which)
{
	return (row->has_money >> which & 1) != 0;
}
/* It has a time: a request may have none. */
static inline bool statement_timed(const struct statement_row *row)
{
	return row->from_ms != STATEMENT_UNTOLD;
}
/* The amount, or 0 where it has none. */
struct money statement_amount(const struct statement_row *row);

#endif
