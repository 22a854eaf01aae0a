#include "ledger/backup_archive.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "ledger/archive.h"
#include "ledger/durable.h"
#include "ledger/files.h"

struct copying_archive {
	const char *from, *to;
	int64_t files;
	struct fault *fault;
};

/* 1: it is the file; 0: none is there; else a fault. */
static int compare(const char *path, const struct archive_file *file, struct fault *fault)
{
	char hex[SHA256_HEX_BYTES];
	int64_t bytes;
	int r = durable_digest(path, hex, &bytes, fault);

	if (r == -FAULT_NOT_FOUND)
		return 0;
	if (r < 0)
		return r;
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
	int r = files_inside(copying->from, file->file, from, copying->fault);

	if (r == 0)
		r = files_inside(copying->to, file->file, to, copying->fault);
	copying->files++;
	if (r == 0)
		r = compare(to, file, copying->fault);
	if (r != 0)
		return r < 0 ? r : 0;
	r = durable_copy_file(from, to, ARCHIVE_MODE, copying->fault);
	if (r < 0)
		return r;
	r = compare(to, file, copying->fault);
	if (r == 1)
		return 0;
	unlink(to);
	if (r < 0 && r != -FAULT_INVALID)
		return r;
	return fault_set(copying->fault, FAULT_CORRUPT,
	                 "%s: what was copied is not the file that the ledger has registered",
	                 from);
}

int backup_archive(struct ledger *ledger, const char *from, const char *to, int64_t *files_out,
                   struct fault *fault)
{
	struct copying_archive copying = { from, to, 0, fault };
	struct query query = query_start(ledger, STATEMENT_ARCHIVE_ALL);
	int r = query_row(&query, fault);

	*files_out = 0;
	if (r <= 0)
		return r;
	query_end(&query);
	/* As a new ledger's: the owner of the folder that it is in. */
	r = durable_folder(to, ARCHIVE_FOLDER_MODE, ledger->path, fault);
	if (r == 0)
		r = archive_each(ledger, copy_file, &copying, fault);
	*files_out = copying.files;
	return r;
}
