#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bill/classify_internal.h"

#define ATTOS_PER_MILLION 1000000

void bill_why_make_whole(char *why)
{
	size_t len = strlen(why);

	if (len == BILL_WHY_BYTES - 1) {
		for (size_t cut = 0; cut < 4 && len > 0 && !text_utf8((struct text){ why, len });
		     cut++)
			len--;
		why[len] = '\0';
	}
	if (!text_utf8((struct text){ why, len })) {
		for (size_t i = 0; i < len; i++)
			why[i] = (unsigned char)why[i] < 0x80 ? why[i] : '?';
	}
	text_make_plain(why, len);
}

int bill_part_add(struct bill_case *of, enum bill_cause cause, enum bill_effect effect,
                  enum component component, struct money amount, const char *format, ...)
{
	struct bill_part *part = &of->parts->parts[of->parts->count];
	struct money left;
	va_list args;

	assert(of->parts->count < BILL_PARTS_MAX);
	if (money_sub(of->left, amount, &left) < 0)
		return fault_set(of->fault, FAULT_RANGE, "a part of a difference is no amount");
	of->left = left;
	*part = (struct bill_part){
		.cause = cause,
		.effect = effect,
		.component = component,
		.ours_count = BILL_COUNT_UNTOLD,
		.theirs_count = BILL_COUNT_UNTOLD,
		.amount = amount,
	};
	va_start(args, format);
	vsnprintf(part->why, sizeof(part->why), format, args);
	va_end(args);
	bill_why_make_whole(part->why);
	of->parts->count++;
	return 0;
}

void bill_part_counts(struct bill_case *of, int64_t ours, int64_t theirs)
{
	struct bill_part *part = &of->parts->parts[of->parts->count - 1];

	part->ours_count = ours;
	part->theirs_count = theirs;
}

bool bill_is_nearest(const struct bill_case *of, struct money amount)
{
	return amount.attos <= of->rounding.attos && -amount.attos <= of->rounding.attos;
}

bool bill_is_rounding(const struct bill_case *of, struct money amount)
{
	wide theirs, more = amount.attos;

	if (bill_is_nearest(of, amount))
		return true;
	theirs = of->theirs->money[STATEMENT_MONEY_AMOUNT].attos;
	if (of->up)
		return (theirs > 0 && more > 0 && more <= of->cut.attos) ||
		       (theirs < 0 && more < 0 && -more <= of->cut.attos);
	/* Of nothing nobody knows from which side. */
	return (theirs >= 0 && more < 0 && -more <= of->cut.attos) ||
	       (theirs <= 0 && more > 0 && more <= of->cut.attos);
}

wide bill_rounding_most(const struct bill_case *of)
{
	return of->cut.attos > of->rounding.attos ? of->cut.attos : of->rounding.attos;
}

const char *bill_count_text(int64_t count, char room[BILL_NUMBER_BYTES])
{
	char digits[BILL_NUMBER_BYTES];
	size_t len, out = 0;

	snprintf(digits, sizeof(digits), "%" PRId64, count);
	len = strlen(digits);
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0 && digits[i - 1] != '-')
			room[out++] = ' ';
		room[out++] = digits[i];
	}
	room[out] = '\0';
	return room;
}

const char *bill_money_text(struct money amount, char room[BILL_NUMBER_BYTES])
{
	money_text(amount, room);
	return room;
}

const char *bill_rate_text(enum component component, wide attos_per_unit,
                           char room[BILL_NUMBER_BYTES])
{
	bool token = component_info[component].unit == UNIT_TOKEN;
	wide attos = attos_per_unit;
	char text[MONEY_TEXT_BYTES];

	if (token && __builtin_mul_overflow(attos, (wide)ATTOS_PER_MILLION, &attos)) {
		token = false;
		attos = attos_per_unit;
	}
	money_text((struct money){ attos }, text);
	snprintf(room, BILL_NUMBER_BYTES, "%s%s", text, token ? "/1M" : " each");
	return room;
}
