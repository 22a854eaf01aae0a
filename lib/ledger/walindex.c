#include "ledger/walindex.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "ledger/files.h"

enum {
	INDEX_BYTES = 136, /* two headers, and what checkpoints and locks are kept in */
	AT_FRAMES = 16,    /* of the header */
	AT_COPIED = 96,
	AT_MARKS = 100,
	MARKS = 5,
	/* Bytes of the file that are locked. */
	BYTE_WRITE = 120,
	BYTE_CHECKPOINT = 121,
	BYTE_READ = 123,
};

static uint32_t number_at(const unsigned char *bytes, size_t at)
{
	uint32_t number;

	memcpy(&number, bytes + at, sizeof(number)); /* in the byte order of the machine */
	return number;
}

static void describe(struct walindex_reader *reader)
{
	char path[64];
	struct stat status;
	FILE *file;

	reader->running_s = -1;
	snprintf(path, sizeof(path), "/proc/%lld/comm", (long long)reader->pid);
	file = reader->pid > 0 ? fopen(path, "re") : NULL;
	if (file == NULL)
		return;
	if (fgets(reader->command, sizeof(reader->command), file) != NULL)
		reader->command[strcspn(reader->command, "\n")] = '\0';
	/* The folder is as old as its process. */
	*strrchr(path, '/') = '\0';
	if (stat(path, &status) == 0)
		reader->running_s = (int64_t)(time(NULL) - status.st_mtime);
	fclose(file);
}

static void add_reader(struct walindex *index, int64_t pid, int64_t behind)
{
	struct walindex_reader *reader;

	if (index->reader_count++ >= WALINDEX_READERS_MAX)
		return;
	reader = &index->readers[index->reader_count - 1];
	*reader = (struct walindex_reader){ .pid = pid, .behind = behind };
	describe(reader);
}

/* One line of /proc/locks: "5: POSIX  ADVISORY  READ 17567 fe:00:11068102 124 124". */
static void take_lock(struct walindex *index, const unsigned char *bytes, const char *line,
                      const struct stat *file)
{
	unsigned major_number, minor_number;
	unsigned long long inode;
	long long pid, first, last;
	char kind[16];

	if (sscanf(line, "%*d: POSIX %*s %15s %lld %x:%x:%llu %lld %lld", kind, &pid, &major_number,
	           &minor_number, &inode, &first, &last) != 7 ||
	    inode != file->st_ino || major_number != major(file->st_dev) ||
	    minor_number != minor(file->st_dev))
		return;
	for (long long byte = first; byte <= last && byte < BYTE_READ + MARKS; byte++) {
		long long mark = byte - BYTE_READ;

		if (byte == BYTE_WRITE)
			index->writing_pid = pid;
		else if (byte == BYTE_CHECKPOINT)
			index->checkpointing_pid = pid;
		else if (mark == 0 && strcmp(kind, "READ") == 0)
			add_reader(index, pid, index->frames - index->copied);
		else if (mark > 0 && strcmp(kind, "READ") == 0)
			add_reader(index, pid,
			           index->frames - number_at(bytes, AT_MARKS + 4 * (size_t)mark));
	}
}

static int compare_readers(const void *a, const void *b)
{
	const struct walindex_reader *x = a, *y = b;

	return (x->behind < y->behind) - (x->behind > y->behind);
}

static void read_locks(struct walindex *index, const unsigned char *bytes, const struct stat *file)
{
	FILE *locks = fopen("/proc/locks", "re");
	char line[256];

	if (locks == NULL)
		return;
	index->locks_known = true;
	while (fgets(line, sizeof(line), locks) != NULL)
		take_lock(index, bytes, line, file);
	fclose(locks);
	qsort(index->readers,
	      (size_t)(index->reader_count < WALINDEX_READERS_MAX ? index->reader_count
	                                                          : WALINDEX_READERS_MAX),
	      sizeof(index->readers[0]), compare_readers);
}

int walindex_read(const char *ledger_path, struct walindex *index_out, struct fault *fault)
{
	struct walindex index = { .there = false };
	unsigned char bytes[INDEX_BYTES];
	char path[PATH_MAX];
	struct stat file;
	ssize_t got;
	int fd, r = files_beside(ledger_path, "-shm", path, fault);

	if (r < 0)
		return r;
	fd = files_open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
	if (fd < 0 && errno != ENOENT)
		return files_fault(path, fault);
	if (fd >= 0) {
		got = fstat(fd, &file) < 0 ? -1 : files_read(fd, bytes, sizeof(bytes), 0);
		if (got < 0)
			r = files_fault(path, fault);
		/* Shorter: whoever opens it first has not filled it yet. */
		if (got == sizeof(bytes)) {
			index.there = true;
			index.frames = number_at(bytes, AT_FRAMES);
			index.copied = number_at(bytes, AT_COPIED);
			read_locks(&index, bytes, &file);
		}
		close(fd);
	}
	if (r == 0)
		*index_out = index;
	return r;
}
