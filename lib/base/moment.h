/*
 * Moments: milliseconds since 1970-01-01T00:00:00Z, proleptic Gregorian, no leap
 * seconds.  Pure arithmetic: nothing here reads the clock or a time zone.
 */
#ifndef TOLL_BASE_MOMENT_H
#define TOLL_BASE_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

#define MS_PER_HOUR INT64_C(3600000)
#define MS_PER_DAY  INT64_C(86400000)

enum { MOMENT_TEXT_BYTES = 64 }; /* more than any moment needs, so that the compiler can see it */

/*
 * RFC 3339 with 'Z' or an offset, up to milliseconds ("2026-11-22T08:00:00.123Z");
 * more than three digits of a second are cut.  Years 1970 to 9999.
 */
bool moment_parse(struct text t, int64_t *ms_out);
/* As above, and also "2026-11-22", "2026-11" and "2026" (their first millisecond, UTC). */
bool moment_parse_date(struct text t, int64_t *ms_out);
/* "2026-11-22T08:00:00.123Z" */
void moment_text(int64_t ms, char out[MOMENT_TEXT_BYTES]);
/* The text cut to its "hour" ("2026-11-22T08:00Z"), "day" or "month". */
enum moment_unit { MOMENT_HOUR, MOMENT_DAY, MOMENT_MONTH };
void moment_text_unit(int64_t ms, enum moment_unit unit, char out[MOMENT_TEXT_BYTES]);
/* First millisecond of the hour, day or month that holds ms. */
int64_t moment_floor(int64_t ms, enum moment_unit unit);

/* Days since 1970-01-01 of a date of the calendar, whose month is 1 to 12, and back. */
int64_t moment_days(int64_t year, int month, int day);
void moment_date(int64_t days, int64_t *year, int *month, int *day);

#endif
