/*
 * Failures: every function that can fail returns 0 or -FAULT_X and tells the
 * detail in a struct fault, its last parameter, which may be NULL.  What a
 * sender can cause is not a fault but a verdict (ingest/ingest.h).
 *
 * Threads: a struct fault belongs to the thread that passed it.
 */
#ifndef TOLL_BASE_FAULT_H
#define TOLL_BASE_FAULT_H

enum fault_code {
	FAULT_NONE,
#define F(NAME, name, meaning) FAULT_##NAME,
#include "base/fault.def"
#undef F
	FAULT_CODE_COUNT
};

enum { FAULT_TEXT_BYTES = 512 };

struct fault {
	enum fault_code code;
	char text[FAULT_TEXT_BYTES]; /* one line, no newline, always ended */
};

/*
 * Fill *fault (if not NULL) and return -code, so that a caller can write
 * `return fault_set(fault, FAULT_RANGE, "...")`.  Text that does not fit is cut;
 * control characters and bytes that are not UTF-8 become '?', so that a fault can be
 * logged, or sent as JSON, as it is.
 */
int fault_set(struct fault *fault, enum fault_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* "range" for FAULT_RANGE and for -FAULT_RANGE; "none" for 0. */
const char *fault_name(int code);

#endif
