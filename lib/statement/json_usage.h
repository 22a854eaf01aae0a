/*
 * Usage objects of responses in a record: counts through the decoder of events (usage/object.h),
 * which knows what is inside what, and the charge that some providers put into them.
 */
#ifndef TOLL_STATEMENT_JSON_USAGE_H
#define TOLL_STATEMENT_JSON_USAGE_H

#include "statement/json_fields.h"

/*
 * The counts of the object at `path` of *doc's object into the row, decoded as `api`.  Where they
 * contradict each other what all readings have in common is told, and the rest is not, with a
 * note.  -FAULT_INVALID: it cannot be read at all (a part that is larger than its whole).
 */
int json_usage_counts(const struct json_fields *fields, const char *path, const char *api,
                      struct statement_row *row);

/*
 * A record {"id":..,"model":..,"usage":{..}} of one response: all of it.  The charge is one of
 *
 *   usage.cost                 USD, a number: OpenRouter and who copies it
 *   usage.cost.total_cost      USD: Perplexity
 *   usage.cost_in_usd_ticks    1e-10 USD: xAI
 *
 * and -FAULT_INVALID where it has none of them.
 */
int json_usage_record(const struct json_fields *fields);

/* The record has a usage object with this member. */
bool json_usage_has(const struct json *doc, uint32_t element, const char *key);

#endif
