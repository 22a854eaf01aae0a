#include "ledger/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/naming.h"

static const char *const suffixes[LEDGER_FILES] = {
	[FILE_LEDGER] = "",
	[FILE_WAL] = "-wal",
	[FILE_LOCK] = ".lock",
};

static int join(const char *first, const char *between, const char *last, char out[PATH_MAX],
                struct fault *fault)
{
	if (strlen(first) + strlen(between) + strlen(last) >= PATH_MAX)
		return fault_set(fault, FAULT_RANGE, "the path is too long: %s", first);
	stpcpy(stpcpy(stpcpy(out, first), between), last);
	return 0;
}

int files_beside(const char *path, const char *suffix, char out[PATH_MAX], struct fault *fault)
{
	return join(path, suffix, "", out, fault);
}

int files_inside(const char *folder, const char *file, char out[PATH_MAX], struct fault *fault)
{
	return join(folder, "/", file, out, fault);
}

int files_folder(const char *path, char out[PATH_MAX], struct fault *fault)
{
	if (naming_folder(path, out))
		return 0;
	return fault_set(fault, FAULT_RANGE, "the path is too long: %s", path);
}

int files_fault(const char *path, struct fault *fault)
{
	bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;

	return fault_set(fault, full ? FAULT_FULL : FAULT_IO, "%s: %s", path, strerror(errno));
}

int files_unread(const char *path, struct fault *fault)
{
	if (errno == ENOENT)
		return fault_set(fault, FAULT_NOT_FOUND, "%s: %s", path, strerror(errno));
	return files_fault(path, fault);
}

int files_there(const char *path, struct stat *status_out, struct fault *fault)
{
	if (lstat(path, status_out) == 0)
		return 1;
	return errno == ENOENT ? 0 : files_fault(path, fault);
}

int files_open(const char *path, int flags, mode_t mode)
{
	int fd;

	do
		fd = open(path, flags, mode);
	while (fd < 0 && errno == EINTR);
	return fd;
}

ssize_t files_read(int fd, void *out, size_t len, int64_t at)
{
	size_t got = 0;

	while (got < len) {
		char *to = (char *)out + got;
		ssize_t n = at < 0 ? read(fd, to, len - got)
		                   : pread(fd, to, len - got, at + (int64_t)got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

int files_write(int fd, const void *bytes, size_t len, int64_t at)
{
	size_t put = 0;

	while (put < len) {
		ssize_t n = pwrite(fd, (const char *)bytes + put, len - put, at + (int64_t)put);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		put += (size_t)n;
	}
	return 0;
}

bool files_owner(const char *path, struct stat *owner_out)
{
	char folder[PATH_MAX];

	if (stat(path, owner_out) == 0)
		return true;
	return files_folder(path, folder, NULL) == 0 && stat(folder, owner_out) == 0;
}

void files_give(int fd, const struct stat *owner)
{
	struct stat file;

	/* Only what root made here: never a file that has a name elsewhere too. */
	if (geteuid() != 0 || fstat(fd, &file) < 0 || file.st_uid != 0 || owner->st_uid == 0 ||
	    !S_ISREG(file.st_mode) || file.st_nlink != 1)
		return;
	/* Where that cannot be done, the owner is told when it is missed. */
	if (fchown(fd, owner->st_uid, owner->st_gid) < 0)
		return;
}

int files_init(struct files *files, const char *ledger_path, struct fault *fault)
{
	for (int i = 0; i < LEDGER_FILES; i++) {
		size_t len = strlen(ledger_path), more = strlen(suffixes[i]) + 1;
		struct stat status;

		files->path[i] = malloc(len + more);
		if (files->path[i] == NULL)
			return fault_set(fault, FAULT_NOMEM, "%s: out of memory", ledger_path);
		memcpy(files->path[i], ledger_path, len);
		memcpy(files->path[i] + len, suffixes[i], more);
		if (stat(files->path[i], &status) < 0)
			return files_fault(files->path[i], fault);
		files->device[i] = status.st_dev;
		files->inode[i] = status.st_ino;
	}
	return 0;
}

void files_release(struct files *files)
{
	for (int i = 0; i < LEDGER_FILES; i++)
		free(files->path[i]);
	*files = (struct files){ .path = { NULL } };
}

int files_check(struct files *files, int64_t wal_bytes_min, struct fault *fault)
{
	files->bytes[FILE_WAL] = wal_bytes_min;
	for (int i = 0; i < LEDGER_FILES; i++) {
		const char *path = files->path[i];
		struct stat status;

		if (stat(path, &status) < 0)
			return fault_set(fault, FAULT_CORRUPT, "%s: gone while it was written: %s",
			                 path, strerror(errno));
		if (status.st_dev != files->device[i] || status.st_ino != files->inode[i])
			return fault_set(fault, FAULT_CORRUPT, "%s: replaced while it was written",
			                 path);
		if ((int64_t)status.st_size < files->bytes[i])
			return fault_set(fault, FAULT_CORRUPT,
			                 "%s: cut to %lld bytes while it was written; it had %lld",
			                 path, (long long)status.st_size,
			                 (long long)files->bytes[i]);
		/* Nothing ever shrinks a ledger: its pages are used again. */
		if (i == FILE_LEDGER)
			files->bytes[i] = (int64_t)status.st_size;
	}
	return 0;
}
