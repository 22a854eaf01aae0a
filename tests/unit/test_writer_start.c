/*
 * A writer that cannot have what it starts with: it says so, and whoever started it ends as ever.
 * Linked with --wrap for what it asks the system and the loop for (Makefile).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "daemon/writer.h"

static const char *failing; /* the call that fails */
static bool failed;

static bool fails(const char *call)
{
	bool now = failing != NULL && strcmp(failing, call) == 0;

	failed = failed || now;
	return now;
}

#define WRAP(call, type, error, parameters, ...)                                                   \
	type __real_##call parameters;                                                             \
	type __wrap_##call parameters;                                                             \
	type __wrap_##call parameters                                                              \
	{                                                                                          \
		return fails(#call) ? (error) : __real_##call(__VA_ARGS__);                        \
	}
WRAP(pthread_mutex_init, int, ENOMEM, (pthread_mutex_t * a, const pthread_mutexattr_t *b), a, b)
WRAP(pthread_condattr_init, int, ENOMEM, (pthread_condattr_t * a), a)
WRAP(pthread_condattr_setclock, int, EINVAL, (pthread_condattr_t * a, clockid_t b), a, b)
WRAP(pthread_cond_init, int, ENOMEM, (pthread_cond_t * a, const pthread_condattr_t *b), a, b)
WRAP(uv_async_init, int, UV_EMFILE, (uv_loop_t * a, uv_async_t *b, uv_async_cb c), a, b, c)
WRAP(pthread_create, int, EAGAIN,
     (pthread_t * a, const pthread_attr_t *b, void *(*c)(void *), void *d), a, b, c, d)

static void test_a_writer_that_cannot_start_says_so_and_leaves_nothing(void **state)
{
	static const char *const calls[] = {
		"pthread_mutex_init", "pthread_condattr_init", "pthread_condattr_setclock",
		"pthread_cond_init",  "uv_async_init",         "pthread_create"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct writer writer = { .context = NULL };
		uv_loop_t loop;

		assert_int_equal(uv_loop_init(&loop), 0);
		failing = calls[i];
		failed = false;
		assert_int_equal(writer_start(&writer, &loop, NULL), -FAULT_NOMEM);
		failing = NULL;
		if (!failed || writer.started)
			fail_msg("%s", calls[i]);
		/* As the daemon ends. */
		writer_stop(&writer, true);
		writer_close(&writer);
		uv_run(&loop, UV_RUN_DEFAULT);
		assert_int_equal(uv_loop_close(&loop), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_writer_that_cannot_start_says_so_and_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
