/*
 * Memory that cannot be had: one allocation of those to come fails, of SQLite's or of our own.
 * The test program is linked with --wrap for malloc, calloc, realloc and strdup (Makefile), and
 * has one thread.
 */
#ifndef TOLL_TESTS_FAILMEM_H
#define TOLL_TESTS_FAILMEM_H

#include <stdbool.h>

void failmem_install(void); /* before SQLite is used at all */
/* `count` allocations from here on are had, and the next one fails. */
void failmem_after(int count);
/* None fails any more; whether one did. */
bool failmem_stop(void);
/* Between the two: what the test itself allocates neither fails nor counts. */
void failmem_pause(bool begins);
/* From here on SQLite's neither fail nor count: those that are left are few enough for each. */
void failmem_ours(bool only);

#endif
