/* Between the files of billkit. */
#ifndef TOLL_SUPPORT_BILLKIT_INTERNAL_H
#define TOLL_SUPPORT_BILLKIT_INTERNAL_H

#include "tests/support/billkit.h"

/* A difference, and the event that it is of; -1: of none alone. */
struct billkit_found {
	int64_t event, order;
	enum bill_cause cause;
	wide amount;
	int64_t group; /* of its day, key and model; -1: of none */
	char why[BILL_WHY_BYTES];
};

struct billkit_list {
	struct billkit *kit;
	enum billkit_statement what;
	bool pairs; /* there was no matcher: what one has to find is not there */
	struct billkit_found *found;
	int64_t count, room;
};
/* A further one, of which nothing is known. */
struct billkit_found *billkit_found_add(struct billkit_list *list);
/* It is of what belongs together, and no cause of a pair. */
bool billkit_is_matchers(enum billgen_fault fault);

/* Sums of a day (UTC), a key of an account and a model. */
enum {
	BILLKIT_DAY_COUNT = 31,
	BILLKIT_GROUPS = BILLKIT_DAY_COUNT * BILLGEN_ACCOUNTS * BILLGEN_KEYS * GEN_MODELS,
};
/* What a sum has to be: of each kind of charge, and at last of what is in euros. */
enum { BILLKIT_EUROS = STATEMENT_CHARGE_COUNT, BILLKIT_SUMS };
struct billkit_sum {
	int64_t rows, count[COMPONENT_COUNT];
	wide amount, fee, discount; /* the last two as rows state them */
};
struct billkit_day {
	struct billkit_sum sums[BILLKIT_SUMS];
};
/* [BILLKIT_GROUPS], rounded; for free(). */
struct billkit_day *billkit_days(const struct billkit *kit);
/* -1: not in the month. */
int64_t billkit_group(int64_t time_ms, unsigned account, unsigned key, unsigned model);
int64_t billkit_group_of(int64_t time_ms, struct text account, struct text key, struct text model);

/* All of these, in a line each; valid until the next call. */
const char *billkit_told(const struct billkit_found *found, int64_t count);
/* What was rounded can be two things at once: then both are told, and the first is taken. */
bool billkit_tells_also(const struct billkit *kit, const struct billkit_found *found,
                        enum bill_cause cause);
/* The widest that a sum of theirs is away from what it was before it was written. */
wide billkit_slack(const struct billkit *kit);

/* What was found beside what was injected: of each request, or of each sum. */
void billkit_check_list(struct billkit_list *list);
void billkit_check_requests(struct billkit_list *list);
void billkit_check_days(struct billkit_list *list);
const char *billkit_amount(wide attos); /* valid for some calls */
__attribute__((format(printf, 2, 3), noreturn)) void billkit_fail(const struct billkit *kit,
                                                                  const char *format, ...);

#endif
