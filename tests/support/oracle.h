/*
 * jansson as the oracle of base/json.h.  It stands in a file of its own because both
 * have a json_string() and a json_integer(): neither header may see the other's, and
 * the oracle calls none of the two.
 */
#ifndef TOLL_TESTS_SUPPORT_ORACLE_H
#define TOLL_TESTS_SUPPORT_ORACLE_H

#include "base/buf.h"
#include "base/text.h"

enum oracle_verdict {
	ORACLE_ACCEPTED,
	ORACLE_REFUSED,
	ORACLE_OVERFLOW, /* a number that fits none of jansson's types */
};

/*
 * Reads the text, duplicate keys refused.  The value is written out in `value_out`:
 * strings as <length:bytes>, integers as i<decimal>, others as r<%.17g>, members and
 * elements in their order; `why_out` is jansson's message.
 */
enum oracle_verdict oracle_read(struct text text, struct buf *value_out, struct buf *why_out);

#endif
