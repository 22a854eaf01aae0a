/*
 * Inside lib/catalogue: what importers share.  An importer (read_NAME.c) goes through in->doc,
 * calls import_entry() for each model, marks in in->tally what it understood and gives models
 * and rates to in->draft.  What it does not mark is reported as not understood.
 */
#ifndef TOLL_CATALOGUE_IMPORT_H
#define TOLL_CATALOGUE_IMPORT_H

#include "catalogue/amount.h"
#include "catalogue/catalogue.h"

#define C(NAME, name, unit, looks, summary)                                                        \
	bool catalogue_##NAME##_is(const struct json *doc);                                        \
	int catalogue_##NAME##_read(struct catalogue_import *in, struct fault *fault);
#include "catalogue/catalogue.def"
#undef C

/* One entry of the catalogue, which is to be a model, begins: `node` is its object. */
void import_entry(struct catalogue_import *in, uint32_t node, struct text name);
/* One line of what the importer takes for granted, for the report. */
__attribute__((format(printf, 2, 3))) void import_note(struct catalogue_import *in,
                                                       const char *format, ...);

/*
 * The price at `node` (a number, or a text of one) times 10^shift.  false: it is none that a book
 * can say, and the node is marked so with the reason.
 */
bool import_price(struct catalogue_import *in, uint32_t node, int shift, struct money *out);
/* Marks the node as such a one for the fit that amount_read() gave; `unit` "token", "image". */
void import_misfit(struct catalogue_import *in, uint32_t node, enum amount_fit fit, int shift,
                   struct money nearest);

/*
 * Adds the rate and marks its node converted.  One with the same component and conditions that
 * stands already: of the same price, converted all the same; of another, which of them holds is
 * not known: the component is dropped (import_drop()) and false is returned.
 */
bool import_rate(struct catalogue_import *in, struct draft_version *version, uint32_t node,
                 const struct draft_rate *rate);

/*
 * A factor at `node` (1.1), multiplied with the rates of the token components under `when`; marks
 * it converted, or not representable and then drops these.
 */
void import_multiplier(struct catalogue_import *in, struct draft_version *version, uint32_t node,
                       const struct draft_when *when);
/*
 * A discount at `node`, OpenRouter's discount_to_user: a fraction below 1, negative for a markup.
 * One and more is no discount where `lenient`, else not representable.
 */
void import_discount(struct catalogue_import *in, struct draft_version *version, uint32_t node,
                     bool lenient);
/* Drops the components whose rates could not be exact after multipliers and discount. */
void import_settle(struct catalogue_import *in);

/*
 * A price of this component cannot be said, and the others of the version would be charged in its
 * place: they are taken out and marked with `why` (static), and none is taken in any more.
 */
void import_drop(struct catalogue_import *in, struct draft_version *version,
                 enum component component, const char *why);
/* All components of tokens: what would multiply them is not in the book. */
void import_drop_tokens(struct catalogue_import *in, struct draft_version *version,
                        const char *why);
bool import_dropped(const struct draft_version *version, enum component component);

/* Why a fact is left out: what price/listing.h does not take. */
#define IMPORT_NO_FACT "a listing may not have this value"
/* Marks a fact: kept in the listing, or not. */
void import_fact_mark(struct catalogue_import *in, uint32_t node, bool kept);
/* Facts: false, and nothing is marked, where the value is not of that type (null: nothing). */
bool import_fact_text(struct catalogue_import *in, struct draft_model *model, const char *key,
                      uint32_t node);
bool import_fact_integer(struct catalogue_import *in, struct draft_model *model, const char *key,
                         uint32_t node);

#endif
