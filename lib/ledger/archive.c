/* The file of a month: made, read back, given its name.  What moves is archive_move.c's. */
#include "ledger/archive.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/moment.h"
#include "ledger/archives.h"
#include "ledger/durable.h"
#include "ledger/files.h"
#include "ledger/hours.h"
#include "ledger/lock.h"

enum {
	NAMES_PUT = 4096, /* a power of two: ids put last, so that most are not put again */
	BOOK_COLUMNS = 7, /* of STATEMENT_BOOK_ALL */
};

struct making {
	struct ledger *from, *to;
	struct fault *fault;
	archive_progress_fn *progress;
	void *context;
	int64_t total;
	struct archive_file file;
	int64_t put[NAMES_PUT];
};

bool archive_name_good(struct text file)
{
	size_t at = 7;

	if (file.len >= ARCHIVE_FILE_BYTES || file.len < 10 || file.at[4] != '-')
		return false;
	for (size_t i = 0; i < 7; i++) {
		if (i != 4 && !isdigit((unsigned char)file.at[i]))
			return false;
	}
	if (file.at[at] == '.' && isdigit((unsigned char)file.at[at + 1])) {
		at++;
		while (at < file.len && isdigit((unsigned char)file.at[at]))
			at++;
	}
	return file.len - at == 3 && memcmp(file.at + at, ".db", 3) == 0;
}

static int waits(struct ledger *ledger, int64_t hour, bool *waits_out, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_HOUR_WAITS);
	int64_t any;
	int r;

	query_int(&query, hour);
	query_int(&query, hour + MS_PER_HOUR);
	r = query_single(&query, &any, fault);
	*waits_out = any != 0;
	return r;
}

static int events_of_hour(struct ledger *ledger, int64_t hour, int64_t *events_out,
                          struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_HOUR_RANGE);
	int r;

	query_int(&query, hour);
	query_int(&query, hour + 1);
	r = query_row(&query, fault);
	*events_out = r > 0 ? column_int(&query, 1) : 0;
	if (r > 0)
		query_end(&query);
	return r < 0 ? r : 0;
}

int archive_months(struct ledger *reader, int64_t before_ms, archive_month_fn *each, void *context,
                   struct fault *fault)
{
	struct query query = query_start(reader, STATEMENT_HOUR_HERE);
	struct archive_month month = { .from_ms = -1 };
	int r;

	query_int(&query, LEDGER_FROM_MIN);
	query_int(&query, moment_floor(before_ms, MOMENT_MONTH));
	while ((r = query_row(&query, fault)) > 0) {
		int64_t hour = column_int(&query, 0), from = moment_floor(hour, MOMENT_MONTH);
		int64_t events = 0;
		bool waiting = false;

		r = 0;
		if (from != month.from_ms) {
			if (month.from_ms >= 0)
				r = each(context, &month);
			month = (struct archive_month){ .from_ms = from };
			month.to_ms = moment_floor(from + 32 * MS_PER_DAY, MOMENT_MONTH);
		}
		if (r == 0)
			r = waits(reader, hour, &waiting, fault);
		if (r == 0)
			r = events_of_hour(reader, hour, &events, fault);
		if (r != 0) {
			query_end(&query);
			return r;
		}
		month.waiting += waiting;
		month.hours += !waiting;
		month.events += waiting ? 0 : events;
	}
	if (r == 0 && month.from_ms >= 0)
		r = each(context, &month);
	return r;
}

static int put_name(struct making *making, int64_t id, struct text text)
{
	int64_t *last = &making->put[(uint64_t)id % NAMES_PUT];
	struct query query;

	if (id == NAME_NONE || *last == id)
		return 0;
	*last = id;
	query = query_start(making->to, STATEMENT_NAME_PUT);
	query_int(&query, id);
	query_text(&query, text);
	return query_done(&query, making->fault);
}

static int put_event(struct making *making, const struct event_row *row)
{
	const struct event *event = &row->stored.event;
	const struct {
		int64_t id;
		struct text text;
	} names[] = {
		{ row->source, event->source },     { row->account, event->account },
		{ row->key, event->key },           { row->model, event->model },
		{ row->provider, event->provider }, { row->api, event->api },
		{ row->tier, event->service_tier }, { row->finish, event->finish_reason },
		{ row->region, event->region },
	};
	/* One that stands twice is written once, and check_hour() finds an event less. */
	int r = event_row_write(making->to, row, making->fault);

	r = r < 0 ? r : 0;
	for (size_t i = 0; r == 0 && i < sizeof(names) / sizeof(names[0]); i++)
		r = put_name(making, names[i].id, names[i].text);
	return r;
}

/* The events of an hour, each given to `each` of the making, and their digest. */
static int walk_hour(struct making *making, struct ledger *of, int64_t hour, bool copies,
                     struct hour_digest *sum_out)
{
	struct query query = query_start(of, STATEMENT_EVENT_RANGE);
	struct digest_sum sum = { { 0 } };
	int r;

	*sum_out = (struct hour_digest){ .hour_ms = hour };
	query_int(&query, hour);
	query_int(&query, hour + MS_PER_HOUR);
	while ((r = query_row(&query, making->fault)) > 0) {
		unsigned char digest[SHA256_BYTES];
		struct event_row row;

		r = event_row_read(of, &query, &row, making->fault);
		if (r == 0)
			r = event_row_names(of, &row, making->fault);
		if (r == 0)
			r = event_row_digest(&row, &of->digest_room, digest, making->fault);
		if (r == 0 && copies)
			r = put_event(making, &row);
		if (r != 0) {
			query_end(&query);
			return r;
		}
		digest_sum_add(&sum, digest);
		sum_out->events++;
	}
	digest_sum_get(&sum, sum_out->digest);
	return r;
}

static int put_hour(struct making *making, const struct hour_digest *hour)
{
	struct query query = query_start(making->to, STATEMENT_HOUR_PUT);

	query_int(&query, hour->hour_ms);
	query_int(&query, hour->events);
	query_blob(&query, (struct text){ (const char *)hour->digest, SHA256_BYTES });
	return query_done(&query, making->fault);
}

static bool is_same(const struct hour_digest *a, const struct hour_digest *b)
{
	return a->events == b->events && memcmp(a->digest, b->digest, SHA256_BYTES) == 0;
}

static int differs(struct making *making, int64_t hour, const char *path)
{
	char moment[MOMENT_TEXT_BYTES];

	moment_text_unit(hour, MOMENT_HOUR, moment);
	return fault_set(making->fault, FAULT_CORRUPT,
	                 "%s: the events of the hour %s are not what its digest says; toll verify "
	                 "tells more",
	                 path, moment);
}

/* One hour of the ledger, if nothing in it waits and all of it is here. */
static int copy_hour(void *context, const struct hour_digest *hour)
{
	struct making *making = context;
	struct hour_digest is;
	struct query query;
	int64_t archive = 0;
	bool waiting = false;
	int r;

	query = query_start(making->from, STATEMENT_HOUR_ARCHIVE);
	query_int(&query, hour->hour_ms);
	r = query_single(&query, &archive, making->fault);
	if (r == 0)
		r = waits(making->from, hour->hour_ms, &waiting, making->fault);
	if (r < 0 || archive != 0 || waiting || hour->events == 0)
		return r;
	r = walk_hour(making, making->from, hour->hour_ms, true, &is);
	if (r == 0 && !is_same(&is, hour))
		r = differs(making, hour->hour_ms, making->from->path);
	if (r == 0)
		r = put_hour(making, hour);
	making->file.events += is.events;
	making->file.hours++;
	if (making->progress != NULL)
		making->progress(making->context, making->file.events, making->total);
	return r;
}

/* The same hour as the file gives it back. */
static int check_hour(void *context, const struct hour_digest *hour)
{
	struct making *making = context;
	struct hour_digest is;
	int r = walk_hour(making, making->to, hour->hour_ms, false, &is);

	return r == 0 && !is_same(&is, hour) ? differs(making, hour->hour_ms, making->to->path) : r;
}

static int copy_parts(struct making *making, struct text hash)
{
	struct query parts = query_start(making->from, STATEMENT_BOOK_PARTS_OF);
	int r;

	query_text(&parts, hash);
	while ((r = query_row(&parts, making->fault)) > 0) {
		struct query query = query_start(making->to, STATEMENT_BOOK_PART_ADD);

		query_text(&query, hash);
		query_int(&query, column_int(&parts, 0));
		query_blob(&query, column_blob(&parts, 1));
		r = query_done(&query, making->fault);
		if (r < 0) {
			query_end(&parts);
			return r;
		}
	}
	return r;
}

/* The books with their numbers: what a price in the file is. */
static int copy_books(struct making *making)
{
	struct query books = query_start(making->from, STATEMENT_BOOK_ALL);
	int r;

	while ((r = query_row(&books, making->fault)) > 0) {
		struct query query = query_start(making->to, STATEMENT_BOOK_PUT);

		query_int(&query, column_int(&books, 0));
		query_text(&query, column_text(&books, 1));
		query_text(&query, column_text(&books, 2));
		query_text(&query, column_text(&books, 3));
		query_int(&query, column_int(&books, 4));
		query_int(&query, column_int(&books, 5));
		query_text(&query, column_text(&books, 6));
		r = query_done(&query, making->fault);
		if (r == 0 && column_text(&books, 6).len == 0)
			r = copy_parts(making, column_text(&books, 1));
		if (r < 0) {
			query_end(&books);
			return r;
		}
	}
	return r;
}

static void add_column(struct sha256_stream *stream, struct text column)
{
	uint64_t len = column.len;

	sha256_add(stream, &len, sizeof(len));
	sha256_add(stream, column.at != NULL ? column.at : "", column.len);
}

/* Of all that copy_books() copies. */
static int digest_books(struct ledger *ledger, unsigned char digest_out[SHA256_BYTES],
                        struct fault *fault)
{
	struct query books = query_start(ledger, STATEMENT_BOOK_ALL);
	struct sha256_stream stream;
	int r;

	sha256_init(&stream);
	while ((r = query_row(&books, fault)) > 0) {
		struct query parts = query_start(ledger, STATEMENT_BOOK_PARTS_OF);

		for (int i = 0; i < BOOK_COLUMNS; i++)
			add_column(&stream, column_text(&books, i));
		query_text(&parts, column_text(&books, 1));
		while ((r = query_row(&parts, fault)) > 0)
			add_column(&stream, column_blob(&parts, 1));
		if (r < 0) {
			query_end(&books);
			return r;
		}
	}
	sha256_end(&stream, digest_out);
	return r;
}

/* No digest of an hour knows of a price. */
static int check_books(struct making *making)
{
	unsigned char from[SHA256_BYTES], to[SHA256_BYTES];
	int r = digest_books(making->from, from, making->fault);

	if (r == 0)
		r = digest_books(making->to, to, making->fault);
	return r == 0 && memcmp(from, to, sizeof(to)) != 0
	               ? fault_set(making->fault, FAULT_CORRUPT,
	                           "%s: the price books in it are not those of the ledger",
	                           making->to->path)
	               : r;
}

static int check_pages(struct ledger *ledger, struct fault *fault)
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(ledger->db, "PRAGMA integrity_check(1)", -1, &stmt, NULL);
	const char *text = NULL;
	int r = 0;

	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		text = (const char *)sqlite3_column_text(stmt, 0);
	/* No row is NULL: there was no memory for its text. */
	if (text == NULL)
		r = ledger_fault(ledger, code == SQLITE_ROW ? SQLITE_NOMEM : code,
		                 "integrity_check", fault);
	else if (strcmp(text, "ok") != 0)
		r = fault_set(fault, FAULT_CORRUPT, "%s: %s", ledger->path, text);
	sqlite3_finalize(stmt);
	return r;
}

/* Fills the file; then what stands in it is read back. */
static int fill(struct making *making, const char *path, const struct archive_month *month)
{
	int r = ledger_open_new(&making->to, path, making->fault);

	if (r == 0)
		r = ledger_each_hour(making->from, month->from_ms, month->to_ms, copy_hour, making,
		                     making->fault);
	if (r == 0)
		r = copy_books(making);
	if (r == 0)
		r = ledger_finish_new(making->to, making->fault);
	ledger_close(making->to);
	making->to = NULL;
	if (r == 0)
		r = durable_sync(path, ARCHIVE_MODE, making->fault);
	if (r == 0)
		r = ledger_open_archive(&making->to, path, making->fault);
	if (r == 0)
		r = check_pages(making->to, making->fault);
	if (r == 0)
		r = ledger_each_hour(making->to, month->from_ms, month->to_ms, check_hour, making,
		                     making->fault);
	if (r == 0)
		r = check_books(making);
	ledger_close(making->to);
	making->to = NULL;
	return r;
}

struct searching {
	const char *file;
	bool found;
};

static int is_registered(void *context, const struct archive_file *file)
{
	struct searching *searching = context;

	searching->found = searching->found || strcmp(file->file, searching->file) == 0;
	return 0;
}

/*
 * The first name of the month that no registered file has and no other: what lies there may be of
 * a run that was killed, or of a ledger that was restored over.
 */
static int choose_name(struct making *making, char path[PATH_MAX])
{
	struct archive_file *file = &making->file;

	for (int n = 1;; n++) {
		struct searching searching = { file->file, false };
		struct stat there;
		int r;

		if (n == 1)
			snprintf(file->file, sizeof(file->file), "%s.db", file->month);
		else
			snprintf(file->file, sizeof(file->file), "%s.%d.db", file->month, n);
		r = archive_each(making->from, is_registered, &searching, making->fault);
		if (r < 0)
			return r;
		if (searching.found)
			continue;
		r = archives_path(making->from, file->file, path, making->fault);
		if (r == 0)
			r = files_there(path, &there, making->fault);
		if (r <= 0)
			return r;
	}
}

/* What a run that was interrupted left: the lock tells that nobody makes it now. */
static void sweep(const char *folder)
{
	struct dirent *entry;
	DIR *dir = opendir(folder);

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		struct text name = text_of(entry->d_name);

		if (name.len > 7 && name.at[name.len - 7] == '.' &&
		    archive_name_good((struct text){ name.at, name.len - 7 }))
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir != NULL)
		closedir(dir);
}

static int make(struct making *making, const struct archive_month *month, char beside[PATH_MAX])
{
	struct archive_file *file = &making->file;
	char path[PATH_MAX];
	struct stat owner;
	int fd = -1, r = choose_name(making, path);

	if (r < 0)
		return r;
	r = durable_create(path, beside, &fd, making->fault);
	if (r < 0)
		return r;
	if (files_owner(making->from->path, &owner))
		files_give(fd, &owner);
	close(fd);
	r = fill(making, beside, month);
	if (r < 0 || file->events == 0)
		return r; /* an event that waits came to each hour meanwhile */
	if (r == 0)
		r = durable_digest(beside, file->sha256, &file->bytes, making->fault);
	if (r == 0)
		r = durable_rename(beside, path, false, making->fault);
	if (r == 0)
		beside[0] = '\0';
	return r;
}

int archive_make(struct ledger *reader, const struct archive_month *month,
                 archive_progress_fn *progress, void *context, struct archive_file *file_out,
                 struct fault *fault)
{
	struct making *making = calloc(1, sizeof(*making));
	char beside[PATH_MAX] = "", folder[PATH_MAX], lock[PATH_MAX], moment[MOMENT_TEXT_BYTES];
	int lock_fd = -1, r = 0;

	if (making == NULL)
		return fault_set(fault, FAULT_NOMEM, "the archive: out of memory");
	making->from = reader;
	making->fault = fault;
	making->progress = progress;
	making->context = context;
	making->total = month->events;
	moment_text_unit(month->from_ms, MOMENT_MONTH, moment);
	snprintf(making->file.month, sizeof(making->file.month), "%.7s", moment);
	r = archives_folder(reader, folder, fault);
	if (r == 0)
		r = durable_folder(folder, ARCHIVE_FOLDER_MODE, reader->path, fault);
	if (r == 0)
		r = files_inside(folder, "archive", lock, fault);
	if (r == 0)
		r = lock_take(lock, "archive", &lock_fd, fault);
	if (r == 0) {
		sweep(folder);
		r = make(making, month, beside);
	}
	if (beside[0] != '\0')
		unlink(beside);
	if (r == 0)
		*file_out = making->file;
	lock_drop(lock_fd);
	free(making);
	return r;
}
