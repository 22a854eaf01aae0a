#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/naming.h"
#include "ledger/ledger.h"

static int failed(const char *path, struct fault *fault)
{
	return fault_set(fault, errno == ENOSPC || errno == EDQUOT ? FAULT_FULL : FAULT_IO,
	                 "%s: %s", path, strerror(errno));
}

/* A slip of the hand must not put a page in the place of a ledger. */
static int refuse_database(const char *path, struct fault *fault)
{
	char begin[LEDGER_MAGIC_BYTES];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is_one;

	if (fd < 0)
		return 0;
	is_one = pread(fd, begin, sizeof(begin), 0) == (ssize_t)sizeof(begin) &&
	         ledger_is_database((struct text){ begin, sizeof(begin) });
	close(fd);
	return is_one ? fault_set(
				fault, FAULT_INVALID,
				"%s: is a ledger, or another database, and is left as it is: give "
				"a name of its own to what is written",
				path)
	              : 0;
}

static int write_all(int fd, struct text bytes)
{
	while (bytes.len > 0) {
		ssize_t put = write(fd, bytes.at, bytes.len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -1;
		bytes.at += put;
		bytes.len -= (size_t)put;
	}
	return 0;
}

int output_sync_folder(const char *path, struct fault *fault)
{
	char folder[PATH_MAX];

	if (!naming_folder(path, folder))
		return fault_set(fault, FAULT_RANGE, "%s: the path is too long", path);
	if (naming_sync(folder) == 0 || errno == EACCES || errno == EINVAL)
		return 0;
	return failed(folder, fault);
}

static int write_into(const char *path, struct text bytes, struct fault *fault)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return failed(path, fault);
	if (write_all(fd, bytes) < 0)
		r = failed(path, fault);
	if (close(fd) < 0 && r == 0)
		r = failed(path, fault);
	return r;
}

/* A new file beside one that is to take its name: the descriptor, or -FAULT_X. */
static int make_beside(const char *path, char beside_out[PATH_MAX], struct fault *fault)
{
	int len = snprintf(beside_out, PATH_MAX, "%s.XXXXXX", path);
	int fd;

	if (len < 0 || len >= PATH_MAX)
		return fault_set(fault, FAULT_RANGE, "%s: the path is too long", path);
	fd = mkostemp(beside_out, O_CLOEXEC);
	return fd < 0 ? failed(path, fault) : fd;
}

/* The bytes in a new file beside it, which then takes its name. */
static int replace(const char *path, mode_t mode, struct text bytes, struct fault *fault)
{
	char beside[PATH_MAX];
	int fd = make_beside(path, beside, fault), r = 0;

	if (fd < 0)
		return fd;
	if (write_all(fd, bytes) < 0 || fchmod(fd, mode) < 0 || fsync(fd) < 0)
		r = failed(path, fault);
	if (close(fd) < 0 && r == 0)
		r = failed(path, fault);
	if (r == 0 && rename(beside, path) < 0)
		r = failed(path, fault);
	if (r < 0)
		unlink(beside);
	return r < 0 ? r : output_sync_folder(path, fault);
}

int output_write(const char *path, struct text bytes, struct fault *fault)
{
	mode_t mask = umask(0);
	char real[PATH_MAX];
	struct stat found;

	umask(mask);
	if (stat(path, &found) < 0) {
		if (errno != ENOENT)
			return failed(path, fault);
		return replace(path, 0666 & ~mask, bytes, fault);
	}
	if (!S_ISREG(found.st_mode))
		return write_into(path, bytes, fault);
	if (realpath(path, real) == NULL)
		return failed(path, fault);
	if (refuse_database(real, fault) < 0)
		return -FAULT_INVALID;
	return replace(real, found.st_mode & 07777, bytes, fault);
}

int output_start(struct output *output, const char *path, struct fault *fault)
{
	mode_t mask = umask(0);
	struct stat found;

	umask(mask);
	*output = (struct output){ .fd = -1, .mode = 0666 & ~mask };
	if (stat(path, &found) == 0) {
		if (!S_ISREG(found.st_mode))
			return fault_set(fault, FAULT_INVALID,
			                 "%s: no file; without --output it goes to standard output",
			                 path);
		if (realpath(path, output->path) == NULL)
			return failed(path, fault);
		if (refuse_database(output->path, fault) < 0)
			return -FAULT_INVALID;
		output->mode = found.st_mode & 07777;
	} else if (errno != ENOENT) {
		return failed(path, fault);
	} else if (!text_copy(output->path, sizeof(output->path), text_of(path))) {
		return fault_set(fault, FAULT_RANGE, "%s: the path is too long", path);
	}
	output->fd = make_beside(output->path, output->beside, fault);
	return output->fd < 0 ? output->fd : 0;
}

int output_add(struct output *output, struct text bytes, struct fault *fault)
{
	return write_all(output->fd, bytes) < 0 ? failed(output->path, fault) : 0;
}

/* It has its name: of one that was free nothing is left, but what came there since. */
static void take_back(const struct output *output, const struct stat *ours)
{
	struct stat found;

	if (lstat(output->path, &found) == 0 && found.st_dev == ours->st_dev &&
	    found.st_ino == ours->st_ino)
		unlink(output->path);
}

static int take_name(const struct output *output, const struct stat *ours, struct fault *fault)
{
	int r = output->keep ? naming_take(output->beside, output->path)
	                     : rename(output->beside, output->path);

	if (r < 0 && errno == EEXIST)
		r = fault_set(fault, FAULT_INVALID,
		              "%s: is there already: it came meanwhile, and is not replaced",
		              output->path);
	else if (r < 0)
		r = failed(output->path, fault);
	if (r < 0) {
		unlink(output->beside);
		return r;
	}
	r = output_sync_folder(output->path, fault);
	if (r < 0 && output->keep)
		take_back(output, ours);
	return r;
}

int output_end(struct output *output, bool good, struct fault *fault)
{
	struct stat ours;
	int r = 0;

	if (output->fd < 0)
		return 0;
	if (good && (fchmod(output->fd, output->mode) < 0 || fsync(output->fd) < 0 ||
	             fstat(output->fd, &ours) < 0))
		r = failed(output->path, fault);
	if (close(output->fd) < 0 && r == 0 && good)
		r = failed(output->path, fault);
	output->fd = -1;
	if (good && r == 0)
		return take_name(output, &ours, fault);
	unlink(output->beside);
	return r;
}
