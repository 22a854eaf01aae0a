/*
 * Recorded exchanges of real providers (../shared/data/exchanges_dev_sample.jsonl) as event lines:
 * the body or the text of the stream as it came, not the usage that somebody took out of it.
 */
#ifndef TOLL_TESTS_SUPPORT_EXCHANGES_H
#define TOLL_TESTS_SUPPORT_EXCHANGES_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"

/* The shape of a recorded exchange; NULL: none of ours (a gRPC list of models, a file ...). */
const char *exchange_api(struct text wire, struct text provider);

/*
 * The event line of one row of the file: with its response, or with the usage objects that stand
 * in the row (`from_usage`).  false: the row is of no shape of ours.
 */
bool exchange_line(const struct json *row, bool from_usage, struct buf *out);

/* Adds a value as JSON: numbers as they were written. */
void exchange_put_json(struct buf *out, const struct json *doc, uint32_t node);

#endif
