#include "usage/usage.h"

const struct component_info component_info[COMPONENT_COUNT] = {
#define C(NAME, key, UNIT, ROLE, STORE)                                                            \
	[COMPONENT_##NAME] = { key, UNIT_##UNIT, ROLE_##ROLE, STORE_##STORE },
#include "usage/component.def"
#undef C
};

static const char *const unit_names[UNIT_COUNT] = {
	[UNIT_TOKEN] = "token",   [UNIT_IMAGE] = "image",     [UNIT_MEGAPIXEL] = "megapixel",
	[UNIT_SECOND] = "second", [UNIT_PAGE] = "page",       [UNIT_CHARACTER] = "character",
	[UNIT_SEARCH] = "search", [UNIT_REQUEST] = "request",
};

enum component component_find(struct text key)
{
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (text_is(key, component_info[c].key))
			return (enum component)c;
	}
	return COMPONENT_COUNT;
}

const char *unit_name(enum unit unit)
{
	return unit_names[unit];
}

int64_t usage_prompt_total(const struct usage *usage)
{
	int64_t total = 0;

	/* At most USAGE_COUNT_MAX each: no overflow.  The table is read when this is compiled. */
#define C(NAME, key, UNIT, ROLE, STORE)                                                            \
	if (ROLE_##ROLE == ROLE_PROMPT)                                                            \
		total += usage->count[COMPONENT_##NAME];
#include "usage/component.def"
#undef C
	return total;
}

int64_t usage_answer_total(const struct usage *usage)
{
	int64_t total = 0;

	for (int c = 0; c < COMPONENT_COUNT; c++)
		total += component_info[c].role == ROLE_ANSWER ? usage->count[c] : 0;
	return total;
}

bool usage_is_empty(const struct usage *usage)
{
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (component_info[c].role != ROLE_FEE && usage->count[c] != 0)
			return false;
	}
	return true;
}
