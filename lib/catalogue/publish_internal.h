/* Inside lib/catalogue: what the forms of publishing share. */
#ifndef TOLL_CATALOGUE_PUBLISH_INTERNAL_H
#define TOLL_CATALOGUE_PUBLISH_INTERNAL_H

#include "catalogue/publish.h"
#include "catalogue/sheet.h"
#include "price/listing.h"

#define P(NAME, name, summary)                                                                     \
	int publish_##NAME(const struct publish_ask *ask, struct buf *out,                         \
	                   struct publish_report *report, struct fault *fault);
#include "catalogue/publish.def"
#undef P

/* A model that is being written. */
struct publish_model {
	const struct publish_ask *ask;
	const struct book_model *model;
	const struct book_version *version; /* in force at ask->at_ms */
	struct listing listing;
	struct sheet sheet;
	struct publish_report *report;
	size_t losses;
	void *user; /* the form's own */
};

/*
 * For the forms that programs read.  Calls write() for each model with a price in force, with
 * its sheet made (discounted as told); what it adds to `out` counts only where nothing of the
 * model was lost, or losses are allowed.  Between two models stands a comma.
 * -FAULT_INVALID where the currency of the book is not USD.
 */
int publish_models(const struct publish_ask *ask, bool discounted,
                   int (*write)(struct publish_model *model, struct buf *out, struct fault *fault),
                   void *user, struct buf *out, struct publish_report *report, struct fault *fault);

/* Something of the model that has a price cannot be written. */
__attribute__((format(printf, 3, 4))) void
publish_lose(struct publish_model *model, const struct sheet_price *price, const char *format, ...);
/* Something that is no price, or is written in another way. */
__attribute__((format(printf, 2, 3))) void publish_note(struct publish_model *model,
                                                        const char *format, ...);
/* A minimum charge, for forms that have none. */
void publish_lose_minimums(struct publish_model *model);
/* A note that names the facts that are there, and that the form (1 << fact) has no place for. */
void publish_note_facts(struct publish_model *model, uint32_t held);
/* The same of the features, but those that the form has, ended by NULL. */
void publish_note_features(struct publish_model *model, const char *const *held);
/* A note of the exact aliases, for forms in which a model has one name (and a slug). */
void publish_note_names(struct publish_model *model);

/* The version in force at a moment; NULL: none. */
const struct book_version *publish_version(const struct book *book, const struct book_model *model,
                                           int64_t at_ms);

/* What was gathered beside it, or its failure. */
void publish_join(struct buf *out, const struct buf *part);
/* Exact, without an exponent, a sign or zeros at the end: "0.0000008", "12", "0". */
void publish_amount(struct buf *out, wide attos);
/* 1 - factor, the same, with a sign where it is a markup. */
void publish_discount(struct buf *out, const struct book_factor *factor);
/* "context from 200001, tier batch, 16:30 to 00:30 UTC on mon, tue"; adds nothing for none. */
void publish_when(struct buf *out, const struct book_when *when, enum component component);
/* "mon, tue, wed"; `days` as in struct book_when. */
void publish_days(struct buf *out, unsigned days);

#endif
