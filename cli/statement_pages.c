#include "cli/statement_pages.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/moment.h"
#include "base/naming.h"

enum { NAME_BYTES = 32, PATH_BYTES = PATH_MAX + NAME_BYTES };

#define INDEX "index.json"

static int failed(const char *path, struct fault *fault)
{
	return fault_set(fault, errno == ENOSPC || errno == EDQUOT ? FAULT_FULL : FAULT_IO,
	                 "%s: %s", path, strerror(errno));
}

static int taken(const char *path, const char *what, struct fault *fault)
{
	return fault_set(fault, FAULT_INVALID,
	                 "%s: is there already, and %s that was fetched is evidence: move it away, "
	                 "or name another",
	                 path, what);
}

static int check_free(const char *path, const char *what, struct fault *fault)
{
	struct stat found;

	if (lstat(path, &found) == 0)
		return taken(path, what, fault);
	return errno == ENOENT ? 0 : failed(path, fault);
}

static void page_name(int64_t number, char name[NAME_BYTES])
{
	snprintf(name, NAME_BYTES, "%04lld.json", (long long)number);
}

static const char *path_of(const char *folder, const char *name, char path[PATH_BYTES])
{
	snprintf(path, PATH_BYTES, "%s/%s", folder, name);
	return path;
}

/* The folder and all that is in it, which is ours. */
static void remove_folder(const struct statement_pages *pages, const char *folder)
{
	char name[NAME_BYTES], path[PATH_BYTES];

	for (int64_t i = 1; i <= pages->count; i++) {
		page_name(i, name);
		unlink(path_of(folder, name, path));
	}
	unlink(path_of(folder, INDEX, path));
	rmdir(folder);
}

static int make_folder(struct statement_pages *pages, struct fault *fault)
{
	mode_t mask = umask(0);

	umask(mask);
	pages->mode = 0666 & ~mask;
	if (mkdtemp(pages->beside) == NULL)
		return failed(pages->folder, fault);
	pages->made = true;
	/* To enter it, and to make files in it, is the owner's in any case. */
	return chmod(pages->beside, (0777 & ~mask) | 0700) < 0 ? failed(pages->folder, fault) : 0;
}

int statement_pages_start(struct statement_pages *pages, const char *file, const char *folder,
                          struct fault *fault)
{
	int len, r;

	*pages = (struct statement_pages){ .statement = { .fd = -1 } };
	sha256_init(&pages->hash);
	len = snprintf(pages->folder, sizeof(pages->folder), "%s%s", folder != NULL ? folder : file,
	               folder != NULL ? "" : ".pages");
	while (len > 1 && len < PATH_MAX && pages->folder[len - 1] == '/')
		pages->folder[--len] = '\0';
	if (len < PATH_MAX)
		len = snprintf(pages->beside, sizeof(pages->beside), "%s.XXXXXX", pages->folder);
	if (len >= PATH_MAX)
		return fault_set(fault, FAULT_RANGE, "%s: the path is too long", file);
	r = check_free(file, "a statement", fault);
	if (r == 0)
		r = check_free(pages->folder, "what is in it", fault);
	if (r == 0)
		r = output_start(&pages->statement, file, fault);
	/* The pages may take minutes to come: it was free then. */
	pages->statement.keep = true;
	return r < 0 ? r : make_folder(pages, fault);
}

static void add_to_index(struct statement_pages *pages, const struct fetch_page *page,
                         const char *name)
{
	char sha256[SHA256_HEX_BYTES], when[MOMENT_TEXT_BYTES];
	struct buf *out = &pages->index;

	sha256_hex(page->body.at, page->body.len, sha256);
	moment_text(page->when_ms, when);
	buf_addf(out,
	         "%s\n{\"file\":\"%s\",\"method\":\"%s\",\"url\":", pages->count > 1 ? "," : "",
	         name, page->json != NULL ? "POST" : "GET");
	buf_add_json(out, text_of(page->url));
	if (page->json != NULL)
		buf_addf(out, ",\"body\":%s", page->json);
	buf_addf(out, ",\"status\":%ld,\"sha256\":\"%s\",\"bytes\":%zu,\"when\":\"%s\"}",
	         page->status, sha256, page->body.len, when);
}

static int add_to_statement(struct statement_pages *pages, struct text bytes, struct fault *fault)
{
	sha256_add(&pages->hash, bytes.at, bytes.len);
	pages->bytes += (int64_t)bytes.len;
	return output_add(&pages->statement, bytes, fault);
}

int statement_pages_add(struct statement_pages *pages, const struct fetch_page *page,
                        struct fault *fault)
{
	bool ended = page->rows.len > 0 && page->rows.at[page->rows.len - 1] == '\n';
	char name[NAME_BYTES], path[PATH_BYTES];
	int r;

	pages->count++;
	page_name(pages->count, name);
	r = output_write(path_of(pages->beside, name, path), page->body, fault);
	if (r == 0)
		r = add_to_statement(pages, page->rows, fault);
	if (r == 0 && !ended)
		r = add_to_statement(pages, text_of("\n"), fault);
	add_to_index(pages, page, name);
	return r;
}

static int write_index(struct statement_pages *pages, struct fault *fault)
{
	const char *slash = strrchr(pages->statement.path, '/');
	char path[PATH_BYTES];
	struct buf out = { .at = NULL };
	int r;

	buf_add_cstr(&out, "{\"statement\":");
	buf_add_json(&out, text_of(slash != NULL ? slash + 1 : pages->statement.path));
	buf_addf(&out, ",\"sha256\":\"%s\",\"pages\":[", pages->sha256);
	buf_add_text(&out, buf_text(&pages->index));
	buf_add_cstr(&out, "\n]}\n");
	if (out.error != 0 || pages->index.error != 0)
		r = fault_set(fault, FAULT_NOMEM, "the index of the pages: out of memory");
	else
		r = output_write(path_of(pages->beside, INDEX, path), buf_text(&out), fault);
	buf_release(&out);
	return r;
}

/* The folder to its name, then FILE. */
static int put(struct statement_pages *pages, struct fault *fault)
{
	int r;

	sha256_end_hex(&pages->hash, pages->sha256);
	r = write_index(pages, fault);
	if (r < 0)
		return r;
	if (naming_take(pages->beside, pages->folder) < 0)
		return errno == EEXIST ? taken(pages->folder, "what is in it", fault)
		                       : failed(pages->folder, fault);
	pages->moved = true;
	r = output_sync_folder(pages->folder, fault);
	return r < 0 ? r : output_end(&pages->statement, true, fault);
}

int statement_pages_end(struct statement_pages *pages, bool good, struct fault *fault)
{
	int r = good ? put(pages, fault) : 0;

	if (!good || r < 0)
		output_end(&pages->statement, false, NULL);
	if ((!good || r < 0) && pages->made)
		remove_folder(pages, pages->moved ? pages->folder : pages->beside);
	buf_release(&pages->index);
	return r;
}
