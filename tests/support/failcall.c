#include "tests/support/failcall.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum call {
#define C(type, failure, name, parameters, arguments, place) CALL_##name,
#define D(name)                                              CALL_##name,
#include "tests/support/failcall.def"
#undef C
#undef D
	CALLS
};

static const char *const names[] = {
#define C(type, failure, name, parameters, arguments, place) #name,
#define D(name)                                              #name,
#include "tests/support/failcall.def"
#undef C
#undef D
};

enum { DESCRIPTORS = 1024 };

static const struct failcall *now;
static bool counting;
static size_t now_count;
static int counts[CALLS];
static bool first_failed;
static char place[PATH_MAX];
static bool dirty[DESCRIPTORS], unsynced;

void failcall_begin(const struct failcall *plans, size_t count)
{
	memset(counts, 0, sizeof(counts));
	first_failed = false;
	unsynced = false;
	place[0] = '\0';
	now = plans;
	counting = true;
	now_count = count;
}

void failcall_end(void)
{
	counting = false;
}

int failcall_count(const char *name)
{
	for (int i = 0; i < CALLS; i++) {
		if (strcmp(names[i], name) == 0)
			return counts[i];
	}
	return 0;
}

bool failcall_happened(void)
{
	return first_failed;
}

const char *failcall_place(void)
{
	return place;
}

bool failcall_unsynced(void)
{
	return unsynced;
}

static bool of(const char *path)
{
	snprintf(place, sizeof(place), "%s", path);
	return true;
}

static bool of_fd(int fd)
{
	char link[64];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, place, sizeof(place) - 1);
	place[len > 0 ? len : 0] = '\0';
	return true;
}

/* What is to become of this one: 0, an errno or FAILCALL_HALF. */
static int turn(enum call call)
{
	int n = counts[call];

	if (!counting)
		return 0;
	counts[call]++;
	for (size_t i = 0; i < now_count; i++) {
		const struct failcall *plan = &now[i];

		if (strcmp(plan->name, names[call]) != 0 ||
		    (plan->all ? n < plan->after : n != plan->after))
			continue;
		first_failed = first_failed || i == 0;
		return plan->error;
	}
	return 0;
}

static bool fails(int error)
{
	errno = error;
	return true;
}

#define C(type, failure, name, parameters, arguments, place)                                       \
	type __real_##name parameters;                                                             \
	type __wrap_##name parameters;                                                             \
	type __wrap_##name parameters                                                              \
	{                                                                                          \
		int error = turn(CALL_##name);                                                     \
                                                                                                   \
		if (error != 0 && place && fails(error))                                           \
			return failure;                                                            \
		return __real_##name arguments;                                                    \
	}
#define D(name)
#include "tests/support/failcall.def"
#undef C
#undef D

int __real_close(int fd);
int __wrap_close(int fd);
int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
ssize_t __real_pread(int fd, void *out, size_t len, off_t at);
ssize_t __wrap_pread(int fd, void *out, size_t len, off_t at);
ssize_t __real_pwrite(int fd, const void *bytes, size_t len, off_t at);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t len, off_t at);

/* It is closed all the same, as Linux does. */
int __wrap_close(int fd)
{
	int error = turn(CALL_close);
	bool was_dirty = fd >= 0 && fd < DESCRIPTORS && dirty[fd];

	if (was_dirty)
		dirty[fd] = false;
	if (error == 0)
		return __real_close(fd);
	unsynced = was_dirty;
	of_fd(fd);
	__real_close(fd);
	errno = error;
	return -1;
}

int __wrap_fsync(int fd)
{
	int error = turn(CALL_fsync);

	if (error != 0 && of_fd(fd) && fails(error))
		return -1;
	if (fd >= 0 && fd < DESCRIPTORS)
		dirty[fd] = false;
	return __real_fsync(fd);
}

int __wrap_fcntl(int fd, int command, ...)
{
	int error = turn(CALL_fcntl);
	va_list rest;
	void *argument;

	if (error != 0 && of_fd(fd) && fails(error))
		return -1;
	va_start(rest, command);
	argument = va_arg(rest, void *);
	va_end(rest);
	return __real_fcntl(fd, command, argument);
}

int __wrap_open(const char *path, int flags, ...)
{
	int error = turn(CALL_open);
	va_list rest;
	mode_t mode;

	if (error != 0 && of(path) && fails(error))
		return -1;
	va_start(rest, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
	va_end(rest);
	return __real_open(path, flags, mode);
}

/* Bytes of `len` that are to be done; 0: it fails. */
static size_t part(enum call call, int fd, size_t len)
{
	int error = turn(call);

	if (error == 0)
		return len;
	of_fd(fd);
	if (error == FAILCALL_HALF)
		return (len + 1) / 2;
	errno = error;
	return 0;
}

ssize_t __wrap_pread(int fd, void *out, size_t len, off_t at)
{
	len = part(CALL_pread, fd, len);
	return len == 0 ? -1 : __real_pread(fd, out, len, at);
}

ssize_t __wrap_pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	if (fd >= 0 && fd < DESCRIPTORS)
		dirty[fd] = true;
	len = part(CALL_pwrite, fd, len);
	return len == 0 ? -1 : __real_pwrite(fd, bytes, len, at);
}
