#include "tests/support/killpoints.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int left; /* calls; 0: nobody is killed */

static void count(void)
{
	if (left > 0 && --left == 0)
		kill(getpid(), SIGKILL);
}

/* In place of those of the C library, for everything that is linked with this. */
int rename(const char *from, const char *to)
{
	count();
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	count();
	return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

int unlink(const char *path)
{
	count();
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int fsync(int fd)
{
	count();
	return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	count();
	return (int)syscall(SYS_fdatasync, fd);
}

int fchmod(int fd, mode_t mode)
{
	count();
	return (int)syscall(SYS_fchmod, fd, mode);
}

int mkdir(const char *path, mode_t mode)
{
	count();
	return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

bool killpoints_run(killpoints_fn *run, void *context, int n)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		left = n;
		_exit(run(context) == 0 ? 0 : 9);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return true;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("point %d: it ended with %x", n, (unsigned)status);
	return false;
}
