/*
 * Statements of SQL that fail: one call to come of sqlite3_step(), sqlite3_exec() or
 * sqlite3_prepare_*() says that the disk did, or had no room, and did nothing; whatever SQLite
 * had in memory then.  The test program is linked with --wrap for them (Makefile).
 */
#ifndef TOLL_TESTS_FAILSQL_H
#define TOLL_TESTS_FAILSQL_H

#include <stdbool.h>

/* `count` calls from here on are carried out, and the next one gives that code of SQLite's. */
void failsql_after(int count, int code);
/*
 * None fails any more; the statement that did, behind FAILSQL_PREPARE where it was not run at all;
 * NULL: none.  Valid until the next failsql_after().
 */
#define FAILSQL_PREPARE "prepare: "
const char *failsql_stop(void);

#endif
