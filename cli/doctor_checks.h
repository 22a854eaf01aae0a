/* What `toll doctor` finds out, and what it makes of it. */
#ifndef TOLL_CLI_DOCTOR_CHECKS_H
#define TOLL_CLI_DOCTOR_CHECKS_H

#include <sys/stat.h>

#include "cli/command.h"
#include "ledger/ledger.h"
#include "ledger/walindex.h"

enum {
	DOCTOR_FILES = 4,
	DOCTOR_CHECKS_MAX = 32,
	DOCTOR_TEXT_BYTES = 512,
	DOCTOR_SETTINGS_MAX = 24
};

#define DOCTOR_FREE_BYTES_MIN INT64_C(268435456) /* of the disk; less needs attention */
#define DOCTOR_WAL_BYTES_MAX  INT64_C(67108864)  /* what the WAL shrinks to after a burst */

struct doctor_file {
	const char *suffix;
	char path[4096];
	bool there;
	struct stat status;
};

struct doctor_setting {
	const char *name, *expected; /* NULL: anything */
	enum setting_of of;
	bool read; /* else only the writer can see it */
	char value[64];
};

struct doctor_check {
	const char *name;
	bool attention;
	char text[DOCTOR_TEXT_BYTES];
};

struct doctor_facts {
	const char *path;
	struct doctor_file files[DOCTOR_FILES];
	struct walindex index;
	struct fault index_fault; /* code FAULT_NONE: it was read */
	bool holder_known;
	int64_t holder_pid; /* 0: nobody */
	char holder_note[LEDGER_NOTE_BYTES];
	struct fault open_fault; /* code FAULT_NONE: it was opened */
	struct doctor_setting settings[DOCTOR_SETTINGS_MAX];
	size_t setting_count;
	int64_t free_bytes, total_bytes; /* of the disk, for whoever is not root; -1: not known */
	const char *remote;              /* a file system of another machine; NULL: none */
	struct doctor_check checks[DOCTOR_CHECKS_MAX];
	size_t check_count;
	bool attention;
};

/* Fills all but the checks; before the ledger is opened in this process. */
void doctor_look(const char *ledger_path, struct doctor_facts *facts);
/* From the facts alone. */
void doctor_check(struct doctor_facts *facts);

#endif
