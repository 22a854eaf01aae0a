/*
 * The daemon's log: one line each to standard error, key=value, written by one
 * write(2), so lines of two threads never mix.  What came from outside goes through
 * log_quote(), and control characters become '?': nothing can forge a line.
 */
#ifndef TOLL_DAEMON_LOG_H
#define TOLL_DAEMON_LOG_H

#include <stdbool.h>

#include "base/text.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum { LOG_LINE_BYTES = 2048, LOG_QUOTE_BYTES = 600 };

bool log_level_find(struct text name, enum log_level *level_out);
void log_set_level(enum log_level level); /* before the threads start */

/* `what` is a few words that do not change; `format` gives "key=value key=value", or "". */
void log_error(const char *what, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_warning(const char *what, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_info(const char *what, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_debug(const char *what, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A value in quotes, '"' and '\\' escaped, cut to fit: for texts from outside. */
struct log_quoted {
	char text[LOG_QUOTE_BYTES];
};
struct log_quoted log_quote(struct text value);

#endif
