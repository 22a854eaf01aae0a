#include "bill/pair.h"

static const struct {
	const char *name, *text, *advice;
} causes[] = {
#define C(NAME, name, text, advice) [CAUSE_##NAME] = { name, text, advice },
#include "bill/cause.def"
#undef C
};
static_assert(sizeof(causes) / sizeof(causes[0]) == CAUSE_COUNT, "a cause without a line");

const char *bill_cause_name(enum bill_cause cause)
{
	return causes[cause].name;
}

const char *bill_cause_text(enum bill_cause cause)
{
	return causes[cause].text;
}

const char *bill_cause_advice(enum bill_cause cause)
{
	return causes[cause].advice;
}

enum bill_cause bill_cause_find(struct text name)
{
	int c = 0;

	while (c < CAUSE_COUNT && !text_is(name, causes[c].name))
		c++;
	return (enum bill_cause)c;
}

const char *bill_effect_name(enum bill_effect effect)
{
	static const char *const names[] = {
		[EFFECT_NONE] = "none",
		[EFFECT_TOKENS] = "tokens",
		[EFFECT_PRICE] = "price",
	};

	return names[effect];
}
