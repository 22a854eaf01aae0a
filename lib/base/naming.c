#include "base/naming.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool naming_folder(const char *path, char out[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	char *end;

	if (slash == NULL) {
		strcpy(out, ".");
		return true;
	}
	if (strlen(path) >= PATH_MAX)
		return false;
	strcpy(out, path);
	end = out + (slash - path);
	end[end == out] = '\0'; /* of "/ledger.db" it is the root */
	return true;
}

int naming_take(const char *from, const char *to)
{
	int r = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
	struct stat there;

	/* Not every file system knows how: then a look before has to do. */
	if (r < 0 && (errno == EINVAL || errno == ENOSYS)) {
		if (lstat(to, &there) == 0)
			errno = EEXIST;
		else if (errno == ENOENT)
			r = rename(from, to);
	}
	return r;
}

int naming_sync(const char *folder)
{
	int fd, r, error;

	do
		fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return -1;
	r = fsync(fd);
	error = errno;
	close(fd);
	errno = error;
	return r;
}
