#include "tests/support/failmem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sqlite3.h>

void *__real_malloc(size_t len);
void *__real_calloc(size_t count, size_t len);
void *__real_realloc(void *at, size_t len);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t len);
void *__wrap_calloc(size_t count, size_t len);
void *__wrap_realloc(void *at, size_t len);
char *__wrap_strdup(const char *text);

/* Allocations until one fails; below zero: none does. */
static int countdown = -1;
static bool failed_one, paused, ours_only;

static bool fails_now(void)
{
	if (paused || countdown < 0 || countdown-- > 0)
		return false;
	failed_one = true;
	return true;
}

void *__wrap_malloc(size_t len)
{
	return fails_now() ? NULL : __real_malloc(len);
}

void *__wrap_calloc(size_t count, size_t len)
{
	return fails_now() ? NULL : __real_calloc(count, len);
}

void *__wrap_realloc(void *at, size_t len)
{
	return fails_now() ? NULL : __real_realloc(at, len);
}

char *__wrap_strdup(const char *text)
{
	return fails_now() ? NULL : __real_strdup(text);
}

static sqlite3_mem_methods real_methods;

static void *sqlite_malloc(int len)
{
	return !ours_only && fails_now() ? NULL : real_methods.xMalloc(len);
}

static void *sqlite_realloc(void *at, int len)
{
	return !ours_only && fails_now() ? NULL : real_methods.xRealloc(at, len);
}

void failmem_install(void)
{
	sqlite3_mem_methods methods;

	assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_methods), SQLITE_OK);
	methods = real_methods;
	methods.xMalloc = sqlite_malloc;
	methods.xRealloc = sqlite_realloc;
	assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods), SQLITE_OK);
	/* What a connection has set aside would never fail. */
	assert_int_equal(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0), SQLITE_OK);
	assert_int_equal(sqlite3_initialize(), SQLITE_OK);
}

void failmem_after(int count)
{
	failed_one = false;
	countdown = count;
}

bool failmem_stop(void)
{
	countdown = -1;
	paused = false;
	return failed_one;
}

void failmem_pause(bool begins)
{
	paused = begins;
}

void failmem_ours(bool only)
{
	ours_only = only;
}
