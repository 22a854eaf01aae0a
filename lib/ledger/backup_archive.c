#include "ledger/backup_archive.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ledger/archive.h"
#include "ledger/durable.h"

struct copying_archive {
	const char *from, *to;
	int64_t files;
	struct fault *fault;
};

static int join(const char *folder, const char *file, char out[PATH_MAX], struct fault *fault)
{
	int len = snprintf(out, PATH_MAX, "%s/%s", folder, file);

	if (len < 0 || len >= PATH_MAX)
		return fault_set(fault, FAULT_RANGE, "%s: the path is too long", folder);
	return 0;
}

/* 1: it is the file; 0: none is there; else a fault. */
static int compare(const char *path, const struct archive_file *file, struct fault *fault)
{
	unsigned char digest[SHA256_BYTES];
	char hex[SHA256_HEX_BYTES];
	int64_t bytes;
	int r = durable_digest(path, digest, &bytes, fault);

	if (r == -FAULT_NOT_FOUND)
		return 0;
	if (r < 0)
		return r;
	for (int i = 0; i < SHA256_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	if (bytes != file->bytes || strcmp(hex, file->sha256) != 0)
		return fault_set(fault, FAULT_INVALID,
		                 "%s: this is another file than the one that the ledger has "
		                 "registered under its name: move it away",
		                 path);
	return 1;
}

static int copy_file(void *context, const struct archive_file *file)
{
	struct copying_archive *copying = context;
	char from[PATH_MAX], to[PATH_MAX];
	struct fault ignored;
	struct stat owner;
	int r = join(copying->from, file->file, from, copying->fault);

	if (r == 0)
		r = join(copying->to, file->file, to, copying->fault);
	copying->files++;
	if (r == 0)
		r = compare(to, file, copying->fault);
	if (r != 0)
		return r < 0 ? r : 0;
	r = durable_copy_file(from, to, ARCHIVE_MODE, copying->fault);
	if (r < 0)
		return r;
	if (geteuid() == 0 && files_owner(copying->to, &owner) && owner.st_uid != 0 &&
	    lchown(to, owner.st_uid, owner.st_gid) < 0)
		return fault_set(copying->fault, FAULT_IO, "%s: %s", to, strerror(errno));
	if (compare(to, file, &ignored) == 1)
		return 0;
	unlink(to);
	return fault_set(copying->fault, FAULT_CORRUPT,
	                 "%s: what was copied is not the file that the ledger has registered",
	                 from);
}

int backup_archive(struct ledger *ledger, const char *from, const char *to, int64_t *files_out,
                   struct fault *fault)
{
	struct copying_archive copying = { from, to, 0, fault };
	struct query query = query_start(ledger, STATEMENT_ARCHIVE_ALL);
	struct stat owner;
	int r = query_row(&query, fault);

	*files_out = 0;
	if (r <= 0)
		return r;
	query_end(&query);
	if (mkdir(to, ARCHIVE_FOLDER_MODE) < 0 && errno != EEXIST)
		return fault_set(fault, FAULT_IO, "%s: %s", to, strerror(errno));
	/* As a new ledger's: the owner of the folder that it is in. */
	if (geteuid() == 0 && files_owner(ledger->path, &owner) && owner.st_uid != 0 &&
	    lchown(to, owner.st_uid, owner.st_gid) < 0)
		return fault_set(fault, FAULT_IO, "%s: %s", to, strerror(errno));
	r = archive_each(ledger, copy_file, &copying, fault);
	if (r == 0)
		r = durable_sync_folder(to, fault);
	*files_out = copying.files;
	return r;
}
