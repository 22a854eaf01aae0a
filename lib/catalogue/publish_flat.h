/*
 * Inside lib/catalogue: prices as flat forms have them, a key a component with the prices of a
 * tier, of prompts from a threshold on, or of some hours beside it.
 */
#ifndef TOLL_CATALOGUE_PUBLISH_FLAT_H
#define TOLL_CATALOGUE_PUBLISH_FLAT_H

#include "catalogue/publish_internal.h"

enum { FLAT_THRESHOLDS_MAX = 16 };

/* The price of a component in a tier, for a prompt of so many tokens, in a window (NULL: none). */
const struct sheet_price *flat_price(const struct sheet *sheet, enum component component,
                                     const char *tier, int64_t tokens,
                                     const struct book_when *window);
/* Some price of the component is one of this tier alone. */
bool flat_has_tier(const struct sheet *sheet, enum component component, const char *tier);
/*
 * Adds the thresholds of a component ("so many tokens or more"), in ascending order and once;
 * false: more than FLAT_THRESHOLDS_MAX.
 */
bool flat_thresholds(const struct sheet *sheet, enum component component,
                     int64_t thresholds[FLAT_THRESHOLDS_MAX], size_t *count);
/* Both have the same prices under the same conditions. */
bool flat_same(const struct sheet *sheet, enum component a, enum component b);
bool flat_has(const struct sheet *sheet, enum component component);
/* Some price of the component has one of these conditions. */
bool flat_asks(const struct sheet *sheet, enum component component, unsigned has);
/*
 * Tells the first price of the component with a condition that is none of `allowed`, with a tier
 * that is not in `tiers` (ended by NULL), or that is not exact by the unit, and one of the standard
 * tier beside one of all tiers; false: told.
 */
bool flat_check(struct publish_model *model, enum component component, unsigned allowed,
                const char *const *tiers);

#endif
