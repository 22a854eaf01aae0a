/*
 * Configuration: the JSON file, the flags, the defaults.  An error names the setting,
 * the value and (in the file) the line.
 */
#ifndef TOLL_DAEMON_CONFIG_H
#define TOLL_DAEMON_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fault.h"
#include "daemon/config_feeds.h"

enum setting_text {
#define T(NAME, key, value, help) SETTING_##NAME,
#define N(NAME, key, value, min, max, help)
#include "daemon/settings.def"
#undef T
#undef N
	SETTING_TEXT_COUNT
};

enum setting_number {
#define T(NAME, key, value, help)
#define N(NAME, key, value, min, max, help) SETTING_##NAME,
#include "daemon/settings.def"
#undef T
#undef N
	SETTING_NUMBER_COUNT
};

enum { CONFIG_BYTES_MAX = 1024 * 1024, CONFIG_TEXT_BYTES = 1024, CONFIG_WHERE_BYTES = 1152 };

struct config {
	char text[SETTING_TEXT_COUNT][CONFIG_TEXT_BYTES]; /* "": not set */
	int64_t number[SETTING_NUMBER_COUNT];
	const char *path;                  /* of the file, as the command line has it; or NULL */
	unsigned line[SETTING_TEXT_COUNT]; /* of the file, where it is from there; else 0 */
	struct config_feeds feeds;         /* of the file only */
	bool check_only;                   /* --check-config */
};

enum config_action { CONFIG_RUN, CONFIG_HELP, CONFIG_VERSION };

/*
 * Reads the command line and the file it names; flags win over the file.  On
 * -FAULT_INVALID, -FAULT_SYNTAX, -FAULT_NOT_FOUND the fault says what is wrong.
 */
int config_read(struct config *config_out, int argc, char **argv, enum config_action *action_out,
                struct fault *fault);

/* Just the file, over what *config holds; for tests and config_read. */
int config_read_file(struct config *config, const char *path, struct fault *fault);
void config_defaults(struct config *config_out);
/* Settings that follow from others, and checks between them. */
int config_complete(struct config *config, struct fault *fault);
/* "FILE: line 3: socket", or "socket" where that is not from the file: for errors. */
void config_where(const struct config *config, enum setting_text setting,
                  char out[CONFIG_WHERE_BYTES]);
/* The settings with their defaults and help, for --help. */
void config_help(struct buf *out);

#endif
