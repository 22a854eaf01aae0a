/* The numbered steps from an empty file to the newest schema (migrations.def). */
#ifndef TOLL_LEDGER_MIGRATIONS_H
#define TOLL_LEDGER_MIGRATIONS_H

#include <stddef.h>
#include <stdint.h>

struct migration {
	int64_t version;
	const char *sql; /* any number of statements */
};

extern const struct migration migrations[];
extern const size_t migration_count;

#endif
