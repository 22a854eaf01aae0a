#include "ledger/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DURABLE_CHUNK_BYTES = 256 * 1024 };

static int failed(const char *path, struct fault *fault)
{
	enum fault_code code = FAULT_IO;

	if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
		code = FAULT_FULL;
	else if (errno == ENOENT)
		code = FAULT_NOT_FOUND;
	return fault_set(fault, code, "%s: %s", path, strerror(errno));
}

int durable_create(const char *path, char beside[PATH_MAX], int *fd_out, struct fault *fault)
{
	int len = snprintf(beside, PATH_MAX, "%s.XXXXXX", path);

	if (len < 0 || len >= PATH_MAX)
		return fault_set(fault, FAULT_RANGE, "%s: the path is too long", path);
	*fd_out = mkostemp(beside, O_CLOEXEC);
	return *fd_out < 0 ? failed(path, fault) : 0;
}

int durable_sync(const char *path, mode_t mode, struct fault *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int r = 0;

	if (fd < 0)
		return failed(path, fault);
	if (fchmod(fd, mode) < 0 || fsync(fd) < 0)
		r = failed(path, fault);
	close(fd);
	return r;
}

int durable_sync_folder(const char *path, struct fault *fault)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == path ? 1 : slash != NULL ? (size_t)(slash - path) : 0;
	char folder[PATH_MAX] = ".";
	int fd, r = 0;

	if (len >= sizeof(folder))
		return fault_set(fault, FAULT_RANGE, "%s: the path is too long", path);
	if (len > 0) {
		memcpy(folder, path, len);
		folder[len] = '\0';
	}
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return failed(folder, fault);
	if (fsync(fd) < 0)
		r = failed(folder, fault);
	close(fd);
	return r;
}

int durable_rename(const char *from, const char *to, bool over, struct fault *fault)
{
	int r = over ? rename(from, to) : renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);

	if (r < 0 && errno == EEXIST)
		return fault_set(fault, FAULT_INVALID, "%s: it is there already", to);
	/* Not every file system knows how: then a look before has to do. */
	if (r < 0 && !over && (errno == EINVAL || errno == ENOSYS)) {
		if (access(to, F_OK) == 0)
			return fault_set(fault, FAULT_INVALID, "%s: it is there already", to);
		r = rename(from, to);
	}
	return r < 0 ? failed(to, fault) : durable_sync_folder(to, fault);
}

/* The next piece; 0: the end. */
static ssize_t read_some(int fd, unsigned char *bytes)
{
	ssize_t got;

	do
		got = read(fd, bytes, DURABLE_CHUNK_BYTES);
	while (got < 0 && errno == EINTR);
	return got;
}

static int write_all(int fd, const unsigned char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t put = write(fd, bytes, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -1;
		bytes += put;
		len -= (size_t)put;
	}
	return 0;
}

int durable_copy(const char *from, int fd, struct fault *fault)
{
	unsigned char *bytes = malloc(DURABLE_CHUNK_BYTES);
	int source = open(from, O_RDONLY | O_CLOEXEC);
	ssize_t got = 0;
	int r = 0;

	if (bytes == NULL)
		r = fault_set(fault, FAULT_NOMEM, "%s: out of memory", from);
	else if (source < 0)
		r = failed(from, fault);
	while (r == 0 && (got = read_some(source, bytes)) > 0) {
		if (write_all(fd, bytes, (size_t)got) < 0)
			r = failed("the copy", fault);
	}
	if (got < 0)
		r = failed(from, fault);
	if (source >= 0)
		close(source);
	free(bytes);
	return r;
}

int durable_copy_file(const char *from, const char *to, mode_t mode, struct fault *fault)
{
	char beside[PATH_MAX] = "";
	int fd = -1, r = durable_create(to, beside, &fd, fault);

	if (r < 0)
		return r;
	r = durable_copy(from, fd, fault);
	if (close(fd) < 0 && r == 0)
		r = failed(beside, fault);
	if (r == 0)
		r = durable_sync(beside, mode, fault);
	if (r == 0)
		r = durable_rename(beside, to, false, fault);
	if (r < 0)
		unlink(beside);
	return r;
}

int durable_digest(const char *path, unsigned char digest_out[SHA256_BYTES], int64_t *bytes_out,
                   struct fault *fault)
{
	unsigned char *bytes = malloc(DURABLE_CHUNK_BYTES);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct sha256_stream stream;
	ssize_t got = 0;
	int r = 0;

	sha256_init(&stream);
	if (fd < 0)
		r = failed(path, fault);
	else if (bytes == NULL)
		r = fault_set(fault, FAULT_NOMEM, "%s: out of memory", path);
	while (r == 0 && (got = read_some(fd, bytes)) > 0)
		sha256_add(&stream, bytes, (size_t)got);
	if (got < 0)
		r = failed(path, fault);
	*bytes_out = (int64_t)stream.len;
	if (r == 0)
		sha256_end(&stream, digest_out);
	if (fd >= 0)
		close(fd);
	free(bytes);
	return r;
}
