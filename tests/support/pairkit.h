/* Pairs and their parts as words: a row of a test is a line. */
#ifndef TOLL_TESTS_SUPPORT_PAIRKIT_H
#define TOLL_TESTS_SUPPORT_PAIRKIT_H

#include "bill/classify.h"

struct pairkit {
	struct book *book;
	struct bill_terms terms;
	char texts[2][1024]; /* behind the texts of both sides */
	struct bill_ours ours;
	struct statement_row theirs;
	struct bill_pair pair;
	struct bill_parts parts;
};

/* A book in JSON, with kit_quotes(). */
void pairkit_open(struct pairkit *kit, const char *json);
void pairkit_close(struct pairkit *kit);

/*
 * Ours, rated by the book: "model=chat input=1000 output=20".  Beside components: at, tier, region,
 * account, amount (instead of what rating gives), several (no one version), made (requests), sum,
 * suspense, settlement, policy.  Images: "images_out:1024x1024/hd=2".
 */
void pairkit_ours(struct pairkit *kit, const char *words);
/*
 * Theirs: "amount=0.012 input=1000".  Beside components: list, fee, discount, upstream, currency,
 * tier, model, prompt, answer, made, rows, sum, charge, byok, byok_part, cancelled,
 * blank, real, cut.
 */
void pairkit_theirs(struct pairkit *kit, const char *words);
/* "counts/output=0.012 rounding=-0.00001": cause/component=amount of each part, in their order. */
const char *pairkit_parts(const struct bill_parts *parts);
/* Both sides of one pair ("": there is none), known to the matcher as nothing; their parts. */
const char *pairkit_classify(struct pairkit *kit, const char *ours, const char *theirs);

struct pairkit_row {
	const char *label, *ours, *theirs, *parts;
	unsigned decimals; /* of the statement; 0: 18 */
};
/* Each of them has just those parts. */
void pairkit_check(struct pairkit *kit, const struct pairkit_row *rows, size_t count);

#endif
