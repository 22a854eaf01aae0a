#include "ledger/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/naming.h"
#include "ledger/files.h"

enum { DURABLE_CHUNK_BYTES = 256 * 1024 };

int durable_create(const char *path, char beside[PATH_MAX], int *fd_out, struct fault *fault)
{
	int r = files_beside(path, ".XXXXXX", beside, fault);

	if (r < 0)
		return r;
	*fd_out = mkostemp(beside, O_CLOEXEC);
	return *fd_out < 0 ? files_fault(path, fault) : 0;
}

int durable_sync(const char *path, mode_t mode, struct fault *fault)
{
	int fd = files_open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
	int r = 0;

	if (fd < 0)
		return files_fault(path, fault);
	if (fchmod(fd, mode) < 0 || fsync(fd) < 0)
		r = files_fault(path, fault);
	close(fd);
	return r;
}

int durable_sync_folder(const char *path, struct fault *fault)
{
	char folder[PATH_MAX];
	int r = files_folder(path, folder, fault);

	if (r < 0)
		return r;
	return naming_sync(folder) < 0 ? files_fault(folder, fault) : 0;
}

int durable_folder(const char *path, mode_t mode, const char *like, struct fault *fault)
{
	bool made = mkdir(path, mode) == 0;
	struct stat owner;
	int r = 0;

	if (!made && errno != EEXIST)
		return files_fault(path, fault);
	if (made && geteuid() == 0 && files_owner(like, &owner) && owner.st_uid != 0 &&
	    lchown(path, owner.st_uid, owner.st_gid) < 0)
		r = files_fault(path, fault);
	if (r == 0)
		r = durable_sync_folder(path, fault);
	if (r < 0 && made)
		rmdir(path);
	return r;
}

int durable_rename(const char *from, const char *to, bool over, struct fault *fault)
{
	int r = over ? rename(from, to) : naming_take(from, to);

	if (r < 0 && errno == EEXIST)
		return fault_set(fault, FAULT_INVALID, "%s: it is there already", to);
	if (r < 0)
		return files_fault(to, fault);
	r = durable_sync_folder(to, fault);
	if (r < 0 && !over)
		rename(to, from);
	return r;
}

int durable_copy(const char *from, int fd, const char *to, struct fault *fault)
{
	unsigned char *bytes = malloc(DURABLE_CHUNK_BYTES);
	int source = files_open(from, O_RDONLY | O_CLOEXEC, 0);
	int64_t at = 0;
	ssize_t got = 0;
	int r = 0;

	if (source < 0)
		r = files_unread(from, fault);
	else if (bytes == NULL)
		r = fault_set(fault, FAULT_NOMEM, "%s: out of memory", from);
	while (r == 0 && (got = files_read(source, bytes, DURABLE_CHUNK_BYTES, -1)) > 0) {
		if (files_write(fd, bytes, (size_t)got, at) < 0)
			r = files_fault(to, fault);
		at += got;
	}
	if (got < 0)
		r = files_fault(from, fault);
	if (source >= 0)
		close(source);
	free(bytes);
	return r;
}

int durable_copy_file(const char *from, const char *to, mode_t mode, struct fault *fault)
{
	char beside[PATH_MAX] = "";
	struct stat owner;
	int fd = -1, r = durable_create(to, beside, &fd, fault);

	if (r < 0)
		return r;
	r = durable_copy(from, fd, to, fault);
	if (files_owner(to, &owner))
		files_give(fd, &owner);
	if (close(fd) < 0 && r == 0)
		r = files_fault(to, fault);
	if (r == 0)
		r = durable_sync(beside, mode, fault);
	if (r == 0)
		r = durable_rename(beside, to, false, fault);
	if (r < 0)
		unlink(beside);
	return r;
}

int durable_digest(const char *path, char hex_out[SHA256_HEX_BYTES], int64_t *bytes_out,
                   struct fault *fault)
{
	unsigned char *bytes = malloc(DURABLE_CHUNK_BYTES);
	int fd = files_open(path, O_RDONLY | O_CLOEXEC, 0);
	struct sha256_stream stream;
	ssize_t got = 0;
	int r = 0;

	sha256_init(&stream);
	if (fd < 0)
		r = files_unread(path, fault);
	else if (bytes == NULL)
		r = fault_set(fault, FAULT_NOMEM, "%s: out of memory", path);
	while (r == 0 &&
	       (got = files_read(fd, bytes, DURABLE_CHUNK_BYTES, (int64_t)stream.len)) > 0)
		sha256_add(&stream, bytes, (size_t)got);
	if (got < 0)
		r = files_fault(path, fault);
	*bytes_out = (int64_t)stream.len;
	if (r == 0)
		sha256_end_hex(&stream, hex_out);
	if (fd >= 0)
		close(fd);
	free(bytes);
	return r;
}
