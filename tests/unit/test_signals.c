#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "daemon/signals.h"

enum { NUMBERS = 3, EXIT_CODE = 7, GUARD_MS = 10000 };
static const int numbers[NUMBERS] = { SIGTERM, SIGINT, SIGHUP };

static struct {
	uv_loop_t loop;
	uv_timer_t guard;
	struct signals signals;
	sigset_t before; /* the mask of the process that runs the tests */
	int got[8], count;
	int awaited; /* after so many signals the callback ends the loop */
} bench;

static void end_loop(void)
{
	signals_close(&bench.signals);
	if (!uv_is_closing((uv_handle_t *)&bench.guard))
		uv_close((uv_handle_t *)&bench.guard, NULL);
}

static void on_signal(struct signals *signals, int number)
{
	assert_ptr_equal(signals, &bench.signals);
	assert_ptr_equal(signals->context, &bench);
	assert_true(bench.count < 8);
	bench.got[bench.count++] = number;
	if (bench.count == bench.awaited)
		end_loop();
}

static void on_late(uv_timer_t *timer)
{
	(void)timer;
	end_loop();
}

static int set_up(void **state)
{
	(void)state;
	bench.count = bench.awaited = 0;
	pthread_sigmask(SIG_SETMASK, NULL, &bench.before);
	bench.signals = (struct signals){ .on_signal = on_signal, .context = &bench };
	return uv_loop_init(&bench.loop) == 0 && uv_timer_init(&bench.loop, &bench.guard) == 0 &&
	                       uv_timer_start(&bench.guard, on_late, GUARD_MS, 0) == 0
	               ? 0
	               : -1;
}

static void run_loop(void)
{
	assert_int_equal(uv_run(&bench.loop, UV_RUN_DEFAULT), 0);
}

static int tear_down(void **state)
{
	const struct timespec now = { 0, 0 };
	sigset_t set;

	(void)state;
	end_loop();
	run_loop();
	/* What is still pending would end us as soon as it may. */
	sigemptyset(&set);
	for (int i = 0; i < NUMBERS; i++)
		sigaddset(&set, numbers[i]);
	while (sigtimedwait(&set, NULL, &now) > 0)
		continue;
	pthread_sigmask(SIG_SETMASK, &bench.before, NULL);
	return uv_loop_close(&bench.loop);
}

static bool all_blocked(void)
{
	sigset_t mask;

	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	for (int i = 0; i < NUMBERS; i++) {
		if (sigismember(&mask, numbers[i]) != 1)
			return false;
	}
	return true;
}

static bool got(int number)
{
	for (int i = 0; i < bench.count; i++) {
		if (bench.got[i] == number)
			return true;
	}
	return false;
}

static uv_timer_t sender;

static void send_now(uv_timer_t *timer)
{
	kill(getpid(), *(const int *)timer->data);
	uv_close((uv_handle_t *)timer, NULL);
}

static void test_each_signal_reaches_the_callback_in_the_loop(void **state)
{
	(void)state;
	for (int i = 0; i < NUMBERS; i++) {
		int number = numbers[i];

		if (i > 0) {
			tear_down(state);
			assert_int_equal(set_up(state), 0);
		}
		assert_int_equal(signals_start(&bench.signals, &bench.loop), 0);
		assert_true(all_blocked());
		bench.awaited = 1;
		/* The loop is waiting already when it comes. */
		uv_timer_init(&bench.loop, &sender);
		sender.data = &number;
		uv_timer_start(&sender, send_now, 1, 0);
		run_loop();
		assert_int_equal(bench.count, 1);
		assert_int_equal(bench.got[0], number);
	}
}

static void test_the_same_signal_can_come_again(void **state)
{
	(void)state;
	assert_int_equal(signals_start(&bench.signals, &bench.loop), 0);
	bench.awaited = 4;
	for (int i = 0; i < 3; i++) {
		kill(getpid(), SIGHUP);
		while (bench.count == i && bench.signals.open)
			uv_run(&bench.loop, UV_RUN_ONCE);
		assert_int_equal(bench.count, i + 1);
		assert_int_equal(bench.got[i], SIGHUP);
	}
}

static void test_none_is_lost_that_came_before_the_loop_ran(void **state)
{
	static const struct {
		const char *label;
		bool before_start;
	} rows[] = { { "after the start", false }, { "before it", true } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (i > 0) {
			tear_down(state);
			assert_int_equal(set_up(state), 0);
		}
		if (rows[i].before_start) {
			sigset_t all;

			/* As whoever started the daemon may have left them. */
			sigfillset(&all);
			pthread_sigmask(SIG_BLOCK, &all, NULL);
		} else {
			assert_int_equal(signals_start(&bench.signals, &bench.loop), 0);
		}
		for (int n = 0; n < NUMBERS; n++)
			kill(getpid(), numbers[n]);
		if (rows[i].before_start)
			assert_int_equal(signals_start(&bench.signals, &bench.loop), 0);
		assert_int_equal(bench.count, 0);
		bench.awaited = NUMBERS;
		run_loop();
		for (int n = 0; n < NUMBERS; n++) {
			if (bench.count != NUMBERS || !got(numbers[n]))
				fail_msg("%s: %d came, signal %d did not", rows[i].label,
				         bench.count, numbers[n]);
		}
	}
}

static void test_they_stay_blocked_after_the_close(void **state)
{
	sigset_t pending;

	(void)state;
	assert_int_equal(signals_start(&bench.signals, &bench.loop), 0);
	signals_close(&bench.signals);
	assert_false(bench.signals.open);
	assert_true(all_blocked());
	kill(getpid(), SIGTERM);
	assert_int_equal(sigpending(&pending), 0);
	assert_int_equal(sigismember(&pending, SIGTERM), 1);
	/* Closed again, as of a part that never came up, it does nothing. */
	signals_close(&bench.signals);
	end_loop();
	run_loop();
	assert_int_equal(bench.count, 0);
}

/* A daemon in small: it ends at the first SIGTERM, and one more comes on its way out. */
static int end_twice(void)
{
	if (signals_start(&bench.signals, &bench.loop) < 0)
		return EXIT_CODE + 1;
	bench.awaited = 1;
	kill(getpid(), SIGTERM);
	uv_run(&bench.loop, UV_RUN_DEFAULT);
	if (bench.count != 1)
		return EXIT_CODE + 2;
	for (int i = 0; i < NUMBERS; i++)
		kill(getpid(), numbers[i]);
	return EXIT_CODE;
}

static void test_a_second_signal_on_the_way_out_changes_no_exit_code(void **state)
{
	int status;
	pid_t child;

	(void)state;
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		/* The loop of before the fork shares its descriptors. */
		if (uv_loop_fork(&bench.loop) < 0)
			_exit(EXIT_CODE + 3);
		_exit(end_twice());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EXIT_CODE);
}

/* It would be ended by a signal of its own, were it not blocked. */
static void *look_at_mask(void *argument)
{
	bool *blocked = argument;

	*blocked = all_blocked();
	if (*blocked)
		kill(getpid(), SIGTERM);
	return NULL;
}

static void test_threads_inherit_what_is_blocked(void **state)
{
	pthread_t thread;
	bool blocked = false;

	(void)state;
	assert_int_equal(signals_start(&bench.signals, &bench.loop), 0);
	bench.awaited = 1;
	assert_int_equal(pthread_create(&thread, NULL, look_at_mask, &blocked), 0);
	pthread_join(thread, NULL);
	assert_true(blocked);
	run_loop();
	assert_int_equal(bench.count, 1);
	assert_int_equal(bench.got[0], SIGTERM);
}

static void test_other_signals_are_left_as_they_were(void **state)
{
	static const int others[] = { SIGCHLD, SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM, SIGQUIT };
	sigset_t blocked, mask;

	(void)state;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &blocked, NULL);
	assert_int_equal(signals_start(&bench.signals, &bench.loop), 0);
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(sigismember(&mask, others[i]),
		                 others[i] == SIGUSR2 || sigismember(&bench.before, others[i]));
}

static void test_without_a_descriptor_it_does_not_start(void **state)
{
	struct rlimit limit, none;
	int r;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &limit);
	none = limit;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	r = signals_start(&bench.signals, &bench.loop);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(r, -FAULT_NOMEM);
	/* What did not start is closed without harm. */
	signals_close(&bench.signals);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_each_signal_reaches_the_callback_in_the_loop),
		T(test_the_same_signal_can_come_again),
		T(test_none_is_lost_that_came_before_the_loop_ran),
		T(test_they_stay_blocked_after_the_close),
		T(test_a_second_signal_on_the_way_out_changes_no_exit_code),
		T(test_threads_inherit_what_is_blocked),
		T(test_other_signals_are_left_as_they_were),
		T(test_without_a_descriptor_it_does_not_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
