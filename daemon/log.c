#include "daemon/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/moment.h"
#include "daemon/now.h"
#include "usage/credential.h"

static const char *const level_names[] = { "error", "warning", "info", "debug" };
static enum log_level highest = LOG_LEVEL_INFO;

bool log_level_find(struct text name, enum log_level *level_out)
{
	for (int i = 0; i <= LOG_LEVEL_DEBUG; i++) {
		if (text_is(name, level_names[i])) {
			*level_out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

void log_set_level(enum log_level level)
{
	highest = level;
}

struct log_quoted log_quote(struct text value)
{
	struct log_quoted quoted;
	size_t len = 0;

	quoted.text[len++] = '"';
	for (size_t i = 0; i < value.len && len < LOG_QUOTE_BYTES - 4; i++) {
		if (value.at[i] == '"' || value.at[i] == '\\')
			quoted.text[len++] = '\\';
		quoted.text[len++] = value.at[i] != '\0' ? value.at[i] : '?';
	}
	quoted.text[len++] = '"';
	quoted.text[len] = '\0';
	return quoted;
}

static void write_line(enum log_level level, const char *what, const char *format, va_list args)
{
	char line[LOG_LINE_BYTES], moment[MOMENT_TEXT_BYTES];
	int len;

	moment_text(now_ms(), moment);
	len = snprintf(line, sizeof(line), "time=%s level=%s msg=\"%s\" ", moment,
	               level_names[level], what);
	vsnprintf(line + len, sizeof(line) - (size_t)len - 1, format, args);
	credential_mask(line, strlen(line));
	for (char *c = line; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
		/* U+0080 to U+009F: a terminal takes them for ESC sequences. */
		if (c > line && c[-1] == '\xc2' && (unsigned char)*c < 0xa0)
			c[-1] = *c = '?';
	}
	len = (int)strlen(line);
	while (len > 0 && line[len - 1] == ' ')
		len--; /* no values behind the words */
	line[len++] = '\n';
	/* A log that cannot be written is nothing to die of. */
	if (write(STDERR_FILENO, line, (size_t)len) < 0)
		return;
}

#define LOG_FUNCTION(name, level)                                                                  \
	void name(const char *what, const char *format, ...)                                       \
	{                                                                                          \
		va_list args;                                                                      \
                                                                                                   \
		if (level > highest)                                                               \
			return;                                                                    \
		va_start(args, format);                                                            \
		write_line(level, what, format, args);                                             \
		va_end(args);                                                                      \
	}

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warning, LOG_LEVEL_WARNING)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)
