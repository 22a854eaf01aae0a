/*
 * Time zones: "UTC", an offset ("+02:00", "-0330"), or a name of the IANA database
 * ("Europe/Berlin"), read from the system's zoneinfo files (RFC 8536, TZif, versions 2 and later).
 * TZ and the C library's local time are never looked at.
 *
 * Immutable once open: threads may share one.
 */
#ifndef TOLL_BASE_ZONE_H
#define TOLL_BASE_ZONE_H

#include <stdint.h>

#include "base/fault.h"
#include "base/moment.h"
#include "base/text.h"

enum { ZONE_NAME_BYTES_MAX = 64, ZONE_FILE_BYTES_MAX = 256 * 1024 };

#define ZONE_FOLDER "/usr/share/zoneinfo"

struct zone;

/*
 * -FAULT_NOT_FOUND: no such zone (or no zoneinfo on this machine: install tzdata);
 * -FAULT_SYNTAX: neither an offset nor a name, or a file that is no TZif; -FAULT_NOMEM.
 */
int zone_open(struct zone **zone_out, struct text name, struct fault *fault);
/* Names are looked up in this folder, not in ZONE_FOLDER. */
int zone_open_in(struct zone **zone_out, const char *folder, struct text name, struct fault *fault);
void zone_close(struct zone *zone);             /* takes NULL */
const char *zone_name(const struct zone *zone); /* NULL is UTC, here and below: "UTC" */

/*
 * Moments are of the years 1900 to 9999; one outside is taken as the nearest inside.
 *
 * Local time minus UTC at a moment.
 */
int64_t zone_offset_ms(const struct zone *zone, int64_t utc_ms);
/*
 * The moment of a local time, itself given as if it were UTC.  One that comes twice is the
 * earlier; one that is skipped is taken as long behind the jump as it is behind its beginning.
 */
int64_t zone_to_utc(const struct zone *zone, int64_t local_ms);

/*
 * First moment of the local hour, day or month that holds utc_ms, and of the one behind it: every
 * moment is in one of them, floor <= utc_ms < next.  A day or a month begins when the clock first
 * shows it, and has 23, 24 or 25 hours; one that is skipped is none.  An hour is never longer than
 * one: where it comes twice these are two, and where the clock jumps inside it another begins.
 */
int64_t zone_floor(const struct zone *zone, int64_t utc_ms, enum moment_unit unit);
int64_t zone_next(const struct zone *zone, int64_t utc_ms, enum moment_unit unit);

#endif
