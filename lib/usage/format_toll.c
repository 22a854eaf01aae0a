/* Our own shape: the components themselves, disjoint already, keys of component.def. */
#include <assert.h>

#include "usage/format.h"

static_assert((int)COMPONENT_COUNT < FORMAT_SLOTS_MAX, "a component needs a slot");

static const struct usage_word words[] = {
#define C(NAME, key, UNIT, ROLE, STORE) WORD(0, key, WORD_COUNT, COMPONENT_##NAME + 1),
#include "usage/component.def"
#undef C
};

static const struct usage_share shares[] = {
#define C(NAME, key, UNIT, ROLE, STORE) { COMPONENT_##NAME, { COMPONENT_##NAME + 1 } },
#include "usage/component.def"
#undef C
};

/* What was used does not become less while a stream goes on. */
static const struct usage_rise rises[] = {
#define C(NAME, key, UNIT, ROLE, STORE) { COMPONENT_##NAME + 1, false },
#include "usage/component.def"
#undef C
};

static const struct usage_path paths[] = { { "usage", NULL, ADDS_NONE, NULL } };

const struct usage_format format_toll = {
	.name = "toll",
	.fold = FOLD_LAST,
	.disjoint = true,
	LIST(words, word_count, words),
	LIST(paths, path_count, paths),
	LIST(shares, share_count, shares),
	LIST(rises, rise_count, rises),
};
