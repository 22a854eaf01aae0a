#include "ledger/archives.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/moment.h"
#include "ledger/archive.h"
#include "ledger/durable.h"
#include "ledger/files.h"

#define ARCHIVE_ADVICE "put it back from a backup (FILE.archive/ of toll backup)"

int archives_at(struct ledger *ledger, const char *folder, struct fault *fault)
{
	free(ledger->archives.folder);
	ledger->archives.folder = strdup(folder);
	return ledger->archives.folder != NULL
	               ? 0
	               : fault_set(fault, FAULT_NOMEM, "%s: out of memory", folder);
}

int archives_path(const struct ledger *ledger, const char *file, char out[PATH_MAX],
                  struct fault *fault)
{
	char folder[PATH_MAX];
	int r = archives_folder(ledger, folder, fault);

	return r < 0 ? r : files_inside(folder, file, out, fault);
}

int archives_folder(const struct ledger *ledger, char out[PATH_MAX], struct fault *fault)
{
	if (ledger->archives.folder != NULL)
		return files_beside(ledger->archives.folder, "", out, fault);
	return files_beside(ledger->path, ".archive", out, fault);
}

void archives_release(struct ledger *ledger)
{
	struct archives *archives = &ledger->archives;

	for (size_t i = 0; i < archives->count; i++)
		ledger_close(archives->open[i].ledger);
	free(archives->open);
	free(archives->folder);
	*archives = (struct archives){ .open = NULL };
}

int archives_load(struct ledger *ledger, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_HOUR_ARCHIVED_LAST);
	int64_t hour;
	int r = query_single(&query, &hour, fault);

	if (r == 0)
		ledger->archives.until_ms = hour > 0 ? hour + MS_PER_HOUR : 0;
	return r;
}

/* The file that is there against what is registered of it. */
static int check_bytes(const char *path, int64_t bytes, const char *sha256, struct fault *fault)
{
	char hex[SHA256_HEX_BYTES];
	int64_t is;
	int r = durable_digest(path, hex, &is, fault);

	if (r == -FAULT_NOT_FOUND)
		return fault_set(fault, FAULT_CORRUPT,
		                 "%s: this file of the archive is missing, and its events with "
		                 "it: " ARCHIVE_ADVICE,
		                 path);
	if (r < 0)
		return r;
	if (is != bytes)
		return fault_set(
			fault, FAULT_CORRUPT,
			"%s: this file of the archive has %lld bytes, not %lld: " ARCHIVE_ADVICE,
			path, (long long)is, (long long)bytes);
	if (strcmp(hex, sha256) != 0)
		return fault_set(fault, FAULT_CORRUPT,
		                 "%s: this file of the archive was altered (SHA-256 %.16s, not "
		                 "%.16s): " ARCHIVE_ADVICE,
		                 path, hex, sha256);
	return 0;
}

int archives_no_name(const struct ledger *ledger, int64_t seq, struct fault *fault)
{
	return fault_set(
		fault, FAULT_CORRUPT,
		"%s: file %lld of the archive is registered under no name of one: " WORDS_ADVICE,
		ledger->path, (long long)seq);
}

static int find(struct ledger *ledger, int64_t seq, char path[PATH_MAX],
                char sha256[SHA256_HEX_BYTES], int64_t *bytes_out, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_ARCHIVE_GET);
	char file[ARCHIVE_FILE_BYTES];
	bool good;
	int r;

	query_int(&query, seq);
	r = query_row(&query, fault);
	if (r == 0)
		return fault_set(
			fault, FAULT_CORRUPT,
			"%s: hours are in file %lld of the archive, which is not registered",
			ledger->path, (long long)seq);
	if (r < 0)
		return r;
	good = archive_name_good(column_text(&query, 0)) &&
	       text_copy(file, sizeof(file), column_text(&query, 0)) &&
	       text_copy(sha256, SHA256_HEX_BYTES, column_text(&query, 1));
	*bytes_out = column_int(&query, 2);
	query_end(&query);
	return good ? archives_path(ledger, file, path, fault)
	            : archives_no_name(ledger, seq, fault);
}

/* Of those that no walk is in, the one that was not used for the longest time makes room. */
static struct open_archive *room(struct archives *archives)
{
	struct open_archive *oldest = NULL, *grown;

	for (size_t i = 0; i < archives->count; i++) {
		struct open_archive *open = &archives->open[i];

		if (open->walks == 0 && (oldest == NULL || open->used < oldest->used))
			oldest = open;
	}
	if (archives->count >= ARCHIVES_OPEN_MAX && oldest != NULL) {
		ledger_close(oldest->ledger);
		*oldest = (struct open_archive){ .seq = 0 };
		return oldest;
	}
	grown = realloc(archives->open, (archives->count + 1) * sizeof(*grown));
	if (grown == NULL)
		return NULL;
	archives->open = grown;
	grown[archives->count] = (struct open_archive){ .seq = 0 };
	return &grown[archives->count++];
}

static struct open_archive *lookup(struct archives *archives, int64_t seq)
{
	for (size_t i = 0; i < archives->count; i++) {
		if (archives->open[i].seq == seq)
			return &archives->open[i];
	}
	return NULL;
}

/* Its bytes, which may be many, are read once as long as nobody puts another file there. */
static int check_file(struct archives *archives, int64_t seq, const char *path, int64_t bytes,
                      const char *sha256, struct fault *fault)
{
	struct fault why = { .code = FAULT_NONE };
	struct stat there;
	bool is_there = stat(path, &there) == 0;
	int r;

	if (is_there && archives->bad.seq == seq && archives->bad.inode == (int64_t)there.st_ino &&
	    archives->bad.changed.tv_sec == there.st_ctim.tv_sec &&
	    archives->bad.changed.tv_nsec == there.st_ctim.tv_nsec) {
		archives->away = true;
		return fault_set(fault, FAULT_CORRUPT, "%s", archives->bad.why);
	}
	archives->bad.seq = 0;
	r = check_bytes(path, bytes, sha256, &why);
	if (r == -FAULT_CORRUPT && is_there) {
		archives->bad.seq = seq;
		archives->bad.inode = (int64_t)there.st_ino;
		archives->bad.changed = there.st_ctim;
		text_copy(archives->bad.why, sizeof(archives->bad.why), text_of(why.text));
	}
	archives->away = r < 0 && r != -FAULT_NOMEM;
	return r < 0 ? fault_set(fault, why.code, "%s", why.text) : 0;
}

int archives_open(struct ledger *ledger, int64_t seq, struct ledger **archive_out,
                  struct fault *fault)
{
	struct archives *archives = &ledger->archives;
	struct open_archive *open = lookup(archives, seq);
	struct ledger *archive = NULL;
	char path[PATH_MAX], sha256[SHA256_HEX_BYTES];
	int64_t bytes = 0;
	int r;

	if (open == NULL) {
		r = find(ledger, seq, path, sha256, &bytes, fault);
		/* Before SQLite has it open: closing a file drops the locks on it. */
		if (r == 0)
			r = check_file(archives, seq, path, bytes, sha256, fault);
		if (r == 0)
			r = ledger_open_archive(&archive, path, fault);
		if (r < 0)
			return r;
		open = room(archives);
		if (open == NULL) {
			ledger_close(archive);
			return fault_set(fault, FAULT_NOMEM, "%s: out of memory", path);
		}
		*open = (struct open_archive){ .seq = seq, .ledger = archive };
	}
	open->used = ++archives->clock;
	*archive_out = open->ledger;
	return 0;
}

int archives_of(struct ledger *ledger, int64_t ms, struct ledger **archive_out, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_HOUR_ARCHIVE);
	int64_t seq;
	int r;

	*archive_out = NULL;
	query_int(&query, moment_floor(ms, MOMENT_HOUR));
	r = query_single(&query, &seq, fault);
	return r < 0 || seq == 0 ? r : archives_open(ledger, seq, archive_out, fault);
}

int archive_within_reach(struct ledger *ledger, struct text source, struct text id, int64_t time_ms,
                         bool *reached_out, struct fault *fault)
{
	int64_t times[] = { time_ms, time_ms, time_ms }, name;
	bool kept;
	int r = 0;

	*reached_out = true;
	if (ledger->archives.until_ms == 0)
		return 0;
	names_trim(&ledger->names);
	r = names_id(ledger, source, &name, fault);
	if (r == 0)
		identity_find(&ledger->identity, identity_fingerprint(&ledger->identity, name, id),
		              &times[1]);
	if (r == 0 && identity_forgets(&ledger->identity, time_ms))
		r = store_kept(ledger, name, id, &times[2], &kept, fault);
	for (size_t i = 0; r == 0 && i < sizeof(times) / sizeof(times[0]); i++) {
		struct ledger *archive;

		ledger->archives.away = false;
		if (times[i] < ledger->archives.until_ms)
			r = archives_of(ledger, times[i], &archive, fault);
	}
	if (r == 0 || !ledger->archives.away)
		return r;
	*reached_out = false;
	return 0;
}

int archives_standing(struct ledger *ledger, int64_t ts, const struct event_row *row,
                      bool *found_out, struct standing *standing_out, struct fault *fault)
{
	struct ledger *archive;
	int r = archives_of(ledger, ts, &archive, fault);

	*found_out = false;
	if (r < 0 || archive == NULL)
		return r;
	return store_standing(archive, ts, row, found_out, standing_out, fault);
}

int archives_event(struct ledger *ledger, int64_t ts, int64_t source, struct text id,
                   struct query *query_out, struct fault *fault)
{
	struct ledger *archive;
	int r;

	*query_out = query_start(ledger, STATEMENT_EVENT_GET);
	store_bind_identity(query_out, ts, source, id);
	r = query_row(query_out, fault);
	if (r != 0)
		return r;
	r = archives_of(ledger, ts, &archive, fault);
	if (r < 0 || archive == NULL)
		return r;
	*query_out = query_start(archive, STATEMENT_EVENT_GET);
	store_bind_identity(query_out, ts, source, id);
	return query_row(query_out, fault);
}

static int add_run(struct walk *walk, int64_t hour, int64_t archive)
{
	struct walk_run *last = walk->run_count > 0 ? &walk->runs[walk->run_count - 1] : NULL;

	if (last != NULL && last->archive == archive && last->to_ms == hour) {
		last->to_ms = hour + MS_PER_HOUR;
		return 0;
	}
	if (walk->run_count == walk->run_cap) {
		size_t cap = walk->run_cap > 0 ? walk->run_cap * 2 : 16;
		struct walk_run *grown = realloc(walk->runs, cap * sizeof(*grown));

		if (grown == NULL)
			return -FAULT_NOMEM;
		walk->runs = grown;
		walk->run_cap = cap;
	}
	walk->runs[walk->run_count++] = (struct walk_run){ hour, hour + MS_PER_HOUR, archive };
	return 0;
}

static int load_runs(struct walk *walk, struct fault *fault)
{
	struct query query = query_start(walk->ledger, STATEMENT_HOUR_ARCHIVED);
	int r;

	query_int(&query, moment_floor(walk->from_ms, MOMENT_HOUR));
	query_int(&query, walk->to_ms);
	while ((r = query_row(&query, fault)) > 0) {
		r = add_run(walk, column_int(&query, 0), column_int(&query, 1));
		if (r < 0) {
			query_end(&query);
			return fault_set(fault, FAULT_NOMEM, "the archive: out of memory");
		}
	}
	return r;
}

static struct query start(const struct walk *walk, struct ledger *of, int64_t from_ms,
                          int64_t to_ms)
{
	struct query query = query_start(of, walk->statement);

	query_int(&query, from_ms);
	query_int(&query, to_ms);
	if (walk->id.at != NULL)
		query_text(&query, walk->id);
	return query;
}

/* A walk holds the file open that it reads. */
static void hold(struct walk *walk, int by)
{
	struct open_archive *open = lookup(&walk->ledger->archives,
	                                   walk->runs[walk->next_run - 1].archive);

	if (open != NULL)
		open->walks += by;
}

int walk_start(struct walk *walk, struct ledger *ledger, enum statement statement, int64_t from_ms,
               int64_t to_ms, struct text id, struct fault *fault)
{
	int r;

	*walk = (struct walk){ .ledger = ledger,
		               .statement = statement,
		               .from_ms = from_ms,
		               .to_ms = to_ms,
		               .id = id };
	r = load_runs(walk, fault);
	if (r == 0) {
		walk->here = start(walk, ledger, from_ms, to_ms);
		r = query_row(&walk->here, fault);
		walk->has_here = r > 0;
	}
	if (r < 0) {
		free(walk->runs);
		walk->runs = NULL;
	}
	return r < 0 ? r : 0;
}

/* The next row of the archive, of this run or a later one. */
static int next_there(struct walk *walk, bool running, struct fault *fault)
{
	int r = 0;

	walk->has_there = false;
	if (running) {
		r = query_row(&walk->there, fault);
		if (r != 1)
			hold(walk, -1);
	}
	while (r == 0 && walk->next_run < walk->run_count) {
		const struct walk_run *run = &walk->runs[walk->next_run];
		struct ledger *archive;

		r = archives_open(walk->ledger, run->archive, &archive, fault);
		if (r < 0)
			return r;
		walk->next_run++;
		hold(walk, 1);
		walk->there = start(walk, archive,
		                    run->from_ms > walk->from_ms ? run->from_ms : walk->from_ms,
		                    run->to_ms < walk->to_ms ? run->to_ms : walk->to_ms);
		r = query_row(&walk->there, fault);
		if (r != 1)
			hold(walk, -1);
	}
	walk->has_there = r > 0;
	return r < 0 ? r : 0;
}

/* The three columns that every row begins with. */
static int compare_rows(const struct query *a, const struct query *b)
{
	for (int c = 0; c < 2; c++) {
		int64_t x = column_int(a, c), y = column_int(b, c);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return text_compare(column_text(a, 2), column_text(b, 2));
}

int walk_next(struct walk *walk, const struct query **row_out, struct fault *fault)
{
	int r = 0;

	if (walk->given == NULL || walk->given == &walk->there)
		r = next_there(walk, walk->given != NULL, fault);
	if (r == 0 && walk->given == &walk->here) {
		r = query_row(&walk->here, fault);
		walk->has_here = r > 0;
	}
	if (r < 0)
		return r;
	if (!walk->has_here && !walk->has_there)
		return 0;
	walk->given = &walk->there;
	if (!walk->has_there || (walk->has_here && compare_rows(&walk->here, &walk->there) <= 0))
		walk->given = &walk->here;
	*row_out = walk->given;
	return 1;
}

void walk_end(struct walk *walk)
{
	if (walk->has_here)
		query_end(&walk->here);
	if (walk->has_there) {
		query_end(&walk->there);
		hold(walk, -1);
	}
	free(walk->runs);
	*walk = (struct walk){ .runs = NULL };
}
