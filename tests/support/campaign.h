/* What campaigns of tests are told by the environment. */
#ifndef TOLL_TESTS_CAMPAIGN_H
#define TOLL_TESTS_CAMPAIGN_H

#include <stdbool.h>
#include <stdint.h>

/* SEED, RUNS and the like; `otherwise` where it is not there or empty. */
int64_t campaign_number(const char *name, int64_t otherwise);
/* TOLL_MODE is that of a sanitizer, under which everything is slow. */
bool campaign_sanitized(void);

#endif
