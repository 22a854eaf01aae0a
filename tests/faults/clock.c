/*
 * Preloaded into tolld by test_clock: the wall clock, moved by as many milliseconds as the file
 * of $TOLL_TEST_CLOCK holds now (8 bytes); the monotonic clock is left alone.  Not part of
 * libsupport.a, where it would move the clock of the tests.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *shift_ms;

__attribute__((constructor)) static void map_shift(void)
{
	const char *path = getenv("TOLL_TEST_CLOCK");
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *at;

	if (fd < 0)
		return;
	at = mmap(NULL, sizeof(*shift_ms), PROT_READ, MAP_SHARED, fd, 0);
	if (at != MAP_FAILED)
		shift_ms = at;
	close(fd);
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
	long r = syscall(SYS_clock_gettime, clock, out);
	int64_t shift;

	if (r == 0 && shift_ms != NULL &&
	    (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
		shift = *shift_ms;
		out->tv_sec += shift / 1000;
		out->tv_nsec += shift % 1000 * 1000000;
		if (out->tv_nsec < 0) {
			out->tv_sec--;
			out->tv_nsec += 1000000000;
		} else if (out->tv_nsec >= 1000000000) {
			out->tv_sec++;
			out->tv_nsec -= 1000000000;
		}
	}
	return (int)r;
}

/* libc's own go past the one above. */
time_t time(time_t *out)
{
	struct timespec now = { 0, 0 };

	clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now = { 0, 0 };

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	*out = (struct timeval){ now.tv_sec, now.tv_nsec / 1000 };
	return 0;
}
