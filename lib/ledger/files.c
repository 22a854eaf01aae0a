#include "ledger/files.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const suffixes[LEDGER_FILES] = {
	[FILE_LEDGER] = "",
	[FILE_WAL] = "-wal",
	[FILE_LOCK] = ".lock",
};

bool files_owner(const char *path, struct stat *owner_out)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == path ? 1 : slash != NULL ? (size_t)(slash - path) : 0;
	char folder[PATH_MAX] = ".";

	if (stat(path, owner_out) == 0)
		return true;
	if (len >= sizeof(folder))
		return false;
	if (len > 0) {
		memcpy(folder, path, len);
		folder[len] = '\0';
	}
	return stat(folder, owner_out) == 0;
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
			return fault_set(fault, FAULT_IO, "%s: %s", files->path[i],
			                 strerror(errno));
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
