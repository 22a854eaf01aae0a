#include "tests/support/inject.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
/* after the four above, as it asks for */
#include <cmocka.h>

bool inject_works(void)
{
	/* A fault that the program must see, and no other way to it. */
	bool works = system("strace -qq -o /dev/null -e trace=chdir -e inject=chdir:error=EIO "
	                    "sh -c 'cd / && exit 1; exit 0' 2>/dev/null") == 0;

	if (!works)
		print_message("SKIPPED: strace is not there, or may not trace here\n");
	/* Leaks cannot be looked for under a tracer: the daemon would end with 1. */
	setenv("ASAN_OPTIONS", "detect_leaks=0:detect_stack_use_after_return=1", 1);
	return works;
}

static void set_words(struct inject *inject, const struct injected *what, const char *const last[])
{
	size_t count = 0;
	int len;

	snprintf(inject->seen, sizeof(inject->seen), "%s/strace", inject->kit->folder);
	unlink(inject->seen);
	len = snprintf(inject->trace, sizeof(inject->trace), "trace=%s", what->syscall);
	assert_true(len > 0 && len < (int)sizeof(inject->trace));
	len = snprintf(inject->fault, sizeof(inject->fault), "inject=%s:%s:when=%s", what->syscall,
	               what->fault, what->when);
	assert_true(len > 0 && len < (int)sizeof(inject->fault));
	inject->words[count++] = "strace";
	inject->words[count++] = "-qqf";
	inject->words[count++] = "-o";
	inject->words[count++] = inject->seen;
	inject->words[count++] = "-e";
	inject->words[count++] = inject->trace;
	inject->words[count++] = "-e";
	inject->words[count++] = inject->fault;
	if (what->file != NULL) {
		inject->words[count++] = "-P";
		inject->words[count++] = what->file;
	}
	for (const char *const *file = what->files; file != NULL && *file != NULL; file++) {
		inject->words[count++] = "-P";
		inject->words[count++] = *file;
		assert_true(count < INJECT_WORDS_MAX - 6);
	}
	for (; *last != NULL; last++)
		inject->words[count++] = *last;
	inject->words[count] = NULL;
	assert_true(count < INJECT_WORDS_MAX);
}

void inject_at_start(struct inject *inject, struct daemonkit *kit, const struct injected *what)
{
	/*
	 * -D: the daemon, not strace, is our child.  Not --seccomp-bpf, which now and then lets the
	 * first call pass.
	 */
	static const char *const last[] = { "-D", NULL };

	*inject = (struct inject){ .kit = kit };
	set_words(inject, what, last);
	kit->under = inject->words;
}

static bool is_traced(pid_t pid, const char *thread)
{
	char path[64], line[128];
	int tracer = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%.20s/status", (int)pid, thread);
	file = fopen(path, "r");
	if (file == NULL)
		return true; /* ended meanwhile */
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "TracerPid: %d", &tracer) == 1)
			break;
	}
	fclose(file);
	return tracer != 0;
}

static bool are_all_traced(pid_t pid)
{
	char path[64];
	struct dirent *thread;
	bool traced = true;
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	threads = opendir(path);
	assert_non_null(threads);
	while ((thread = readdir(threads)) != NULL) {
		if (thread->d_name[0] != '.')
			traced = traced && is_traced(pid, thread->d_name);
	}
	closedir(threads);
	return traced;
}

void inject_now(struct inject *inject, struct daemonkit *kit, const struct injected *what)
{
	int64_t until = daemonkit_now_ms() + DAEMONKIT_WAIT_MS;
	const char *last[] = { "-p", NULL, NULL };
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)kit->pid);
	last[1] = pid;
	*inject = (struct inject){ .kit = kit };
	set_words(inject, what, last);
	inject->pid = fork();
	assert_true(inject->pid >= 0);
	if (inject->pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(null, STDERR_FILENO);
		execvp(inject->words[0], (char **)(uintptr_t)inject->words);
		_exit(127);
	}
	while (!are_all_traced(kit->pid)) {
		assert_true(daemonkit_now_ms() < until);
		assert_int_equal(waitpid(inject->pid, NULL, WNOHANG), 0);
		poll(NULL, 0, 1);
	}
}

int inject_count(const struct inject *inject)
{
	static const char word[] = "(INJECTED)";
	struct buf text = { .at = NULL };
	int count = 0;

	if (buf_read_file(&text, inject->seen, BUF_BYTES_MAX, NULL) == 0 && text.len > 0) {
		const char *at = text.at, *end = text.at + text.len;

		while ((at = memmem(at, (size_t)(end - at), word, sizeof(word) - 1)) != NULL) {
			at += sizeof(word) - 1;
			count++;
		}
	}
	buf_release(&text);
	return count;
}

void inject_end(struct inject *inject)
{
	inject->kit->under = NULL;
	if (inject->pid > 0) {
		/* It lets go of a process that lives on. */
		kill(inject->pid, SIGTERM);
		waitpid(inject->pid, NULL, 0);
	}
	inject->pid = 0;
}
