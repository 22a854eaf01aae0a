#include "ledger/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/moment.h"
#include "ledger/archives.h"
#include "ledger/internal.h"
#include "ledger/lock.h"
#include "ledger/migrations.h"
#include "ledger/secret.h"
#include "ledger/words.h"

enum {
	APPLICATION_ID = 0x746f6c6c,               /* "toll" */
	SQLITE_VALUE_BYTES_MAX = 64 * 1024 * 1024, /* the longest value is a price book */
	CACHE_KIB = 8 * 1024,
};

bool ledger_is_database(struct text first)
{
	static const char magic[LEDGER_MAGIC_BYTES] = "SQLite format 3";

	return first.len >= sizeof(magic) && memcmp(first.at, magic, sizeof(magic)) == 0;
}

static int run_pragma(struct ledger *ledger, const char *sql, struct fault *fault)
{
	int code = sqlite3_exec(ledger->db, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : ledger_fault(ledger, code, sql, fault);
}

/* Reads a setting back as text; SQLite leaves a setting silently as it was. */
static int expect_setting(struct ledger *ledger, const char *sql, const char *expected,
                          struct fault *fault)
{
	sqlite3_stmt *stmt = NULL;
	const char *got = NULL;
	int code = sqlite3_prepare_v2(ledger->db, sql, -1, &stmt, NULL);
	int r = 0;

	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		got = (const char *)sqlite3_column_text(stmt, 0);
	if (code == SQLITE_ROW && got == NULL && sqlite3_errcode(ledger->db) == SQLITE_NOMEM)
		code = SQLITE_NOMEM;
	if (code != SQLITE_ROW)
		r = ledger_fault(ledger, code, sql, fault);
	else if (got == NULL || strcmp(got, expected) != 0)
		r = fault_set(fault, FAULT_INVALID, "%s: %s is %s, not %s", ledger->path, sql,
		              got != NULL ? got : "unset", expected);
	sqlite3_finalize(stmt);
	return r;
}

static int pragma_int(struct ledger *ledger, const char *sql, int64_t *out, struct fault *fault)
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(ledger->db, sql, -1, &stmt, NULL);
	int r = 0;

	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		*out = sqlite3_column_int64(stmt, 0);
	else
		r = ledger_fault(ledger, code, sql, fault);
	sqlite3_finalize(stmt);
	return r;
}

/* A setting, what it must read back as, and for whom.  Reasons: see each line. */
struct setting {
	const char *set, *get, *value;
	bool writer_only, reader_only;
};

static const struct setting settings[] = {
	/* Acknowledged means fsynced: NORMAL loses the last commits at a power cut. */
	{ "PRAGMA synchronous=FULL", "PRAGMA synchronous", "2", true, false },
	/* The WAL file shrinks to this after a burst. */
	{ "PRAGMA journal_size_limit=67108864", "PRAGMA journal_size_limit", "67108864", true,
	  false },
	/* The writer checkpoints by itself, between commits. */
	{ "PRAGMA wal_autocheckpoint=0", "PRAGMA wal_autocheckpoint", "0", false, false },
	{ "PRAGMA query_only=1", "PRAGMA query_only", "1", false, true },
	/* An I/O error under a mapped file would be a signal instead of an error. */
	{ "PRAGMA mmap_size=0", "PRAGMA mmap_size", "0", false, false },
	/* Debian builds it ON; nothing secret is ever deleted here. */
	{ "PRAGMA secure_delete=OFF", "PRAGMA secure_delete", "0", true, false },
	{ "PRAGMA trusted_schema=OFF", "PRAGMA trusted_schema", "0", false, false },
	{ "PRAGMA cell_size_check=ON", "PRAGMA cell_size_check", "1", false, false },
	{ "PRAGMA foreign_keys=ON", "PRAGMA foreign_keys", "1", true, false },
	/* Nothing spills into /tmp. */
	{ "PRAGMA temp_store=MEMORY", "PRAGMA temp_store", "2", false, false },
};

static int apply_settings(struct ledger *ledger, struct fault *fault)
{
	static const struct {
		int option, value;
	} options[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_DQS_DML, 0 },
		{ SQLITE_DBCONFIG_DQS_DDL, 0 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
		{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
		{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
		{ SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1 },
	};
	char sql[64];
	int r;

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		int code = sqlite3_db_config(ledger->db, options[i].option, options[i].value, NULL);

		if (code != SQLITE_OK)
			return ledger_fault(ledger, code, "database options", fault);
	}
	sqlite3_limit(ledger->db, SQLITE_LIMIT_LENGTH, SQLITE_VALUE_BYTES_MAX);
	snprintf(sql, sizeof(sql), "PRAGMA cache_size=-%d", CACHE_KIB);
	r = run_pragma(ledger, sql, fault);
	for (size_t i = 0; r == 0 && i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (ledger->writer ? settings[i].reader_only : settings[i].writer_only)
			continue;
		r = run_pragma(ledger, settings[i].set, fault);
		if (r == 0)
			r = expect_setting(ledger, settings[i].get, settings[i].value, fault);
	}
	return r;
}

/* Is this ours, and of which version?  A new file is version 0. */
static int check_version(struct ledger *ledger, int64_t *version_out, struct fault *fault)
{
	int64_t application = 0, version = 0, objects = 0;
	int64_t newest = migrations[migration_count - 1].version;
	int r;

	r = pragma_int(ledger, "PRAGMA application_id", &application, fault);
	if (r == 0)
		r = pragma_int(ledger, "PRAGMA user_version", &version, fault);
	if (r == 0)
		r = pragma_int(ledger, "SELECT count(*) FROM sqlite_schema", &objects, fault);
	if (r < 0)
		return r;
	if (application != APPLICATION_ID && (application != 0 || version != 0 || objects != 0))
		return fault_set(fault, FAULT_VERSION,
		                 "%s: a SQLite file, but not a ledger of toll", ledger->path);
	if (version > newest)
		return fault_set(
			fault, FAULT_VERSION,
			"%s: written by a newer toll (schema %lld, this program knows %lld)",
			ledger->path, (long long)version, (long long)newest);
	*version_out = version;
	return 0;
}

static int migrate(struct ledger *ledger, int64_t version, struct fault *fault)
{
	char sql[96];
	int r = 0;

	for (size_t i = 0; r == 0 && i < migration_count; i++) {
		if (migrations[i].version <= version)
			continue;
		r = run_pragma(ledger, "BEGIN IMMEDIATE", fault);
		if (r == 0)
			r = run_pragma(ledger, migrations[i].sql, fault);
		snprintf(sql, sizeof(sql), "PRAGMA application_id=%d; PRAGMA user_version=%lld",
		         APPLICATION_ID, (long long)migrations[i].version);
		if (r == 0)
			r = run_pragma(ledger, sql, fault);
		if (r == 0)
			r = run_pragma(ledger, "COMMIT", fault);
		if (r < 0)
			sqlite3_exec(ledger->db, "ROLLBACK", NULL, NULL, NULL);
	}
	return r;
}

/* Of a row that begins with ts, source, id. */
static void remember(struct identity *identity, const struct query *row)
{
	uint64_t fingerprint = identity_fingerprint(identity, column_int(row, 1),
	                                            column_text(row, 2));

	identity_add_older(identity, fingerprint, column_int(row, 0));
}

/* Those of the window in the archive, oldest first; behind the first `skip`, which are counted. */
static int walk_archived(struct ledger *ledger, int64_t from_ms, int64_t skip, int64_t *count_out,
                         struct fault *fault)
{
	struct identity *identity = &ledger->identity;
	const struct query *row = NULL;
	struct walk walk;
	int r = walk_start(&walk, ledger, STATEMENT_EVENT_IDENTITIES, from_ms,
	                   ledger->archives.until_ms, text_of(NULL), fault);

	*count_out = 0;
	if (r < 0)
		return r;
	while ((r = walk_next(&walk, &row, fault)) > 0) {
		if (row->ledger == ledger)
			continue;
		if (++*count_out > skip)
			remember(identity, row);
		else if (column_int(row, 0) > identity->forgotten_ms)
			identity->forgotten_ms = column_int(row, 0);
	}
	walk_end(&walk);
	return r;
}

/* The newest of them that there is room for. */
static int load_archived(struct ledger *ledger, int64_t from_ms, int64_t room, struct fault *fault)
{
	int64_t forgotten_ms = ledger->identity.forgotten_ms, count;
	int r = walk_archived(ledger, from_ms, INT64_MAX, &count, fault);

	ledger->identity.forgotten_ms = forgotten_ms;
	return r < 0 ? r
	             : walk_archived(ledger, from_ms, count > room ? count - room : 0, &count,
	                             fault);
}

/* The identities of the window, newest first: as many of them as memory may hold. */
static int load_identities(struct ledger *ledger, const struct ledger_options *options,
                           struct fault *fault)
{
	int64_t hours = options != NULL ? options->identity_hours : 0;
	int64_t newest_ms = 0, from_ms, last_ms = 0, rows = 0;
	size_t bytes = options != NULL ? options->identity_bytes : 0;
	struct identity *identity = &ledger->identity;
	struct query query;
	uint64_t seed;
	int r;

	if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		return files_fault(ledger->path, fault);
	hours = hours > 0 ? hours : LEDGER_IDENTITY_HOURS;
	if (identity_init(identity, bytes > 0 ? bytes : LEDGER_IDENTITY_BYTES, hours * MS_PER_HOUR,
	                  seed) < 0)
		return fault_set(fault, FAULT_NOMEM, "identities: out of memory");
	query = query_start(ledger, STATEMENT_EVENT_LAST);
	r = query_single(&query, &newest_ms, fault);
	if (r < 0)
		return r;
	if (ledger->archives.until_ms > newest_ms)
		newest_ms = ledger->archives.until_ms;
	from_ms = newest_ms - hours * MS_PER_HOUR;
	query = query_start(ledger, STATEMENT_EVENT_NEWEST);
	query_int(&query, from_ms);
	query_int(&query, (int64_t)identity_entries_max(identity));
	while ((r = query_row(&query, fault)) > 0) {
		remember(identity, &query);
		last_ms = column_int(&query, 0);
		rows++;
	}
	if (r == 0 && ledger->archives.until_ms > from_ms)
		r = load_archived(ledger, from_ms, (int64_t)identity_entries_max(identity) - rows,
		                  fault);
	if ((size_t)rows < identity_entries_max(identity))
		last_ms = from_ms;
	if (last_ms > identity->forgotten_ms)
		identity->forgotten_ms = last_ms;
	return r;
}

static struct ledger *ledger_new(const char *path, bool writer)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));

	if (ledger == NULL)
		return NULL;
	ledger->lock_fd = -1;
	ledger->wal_fd = -1;
	ledger->writer = writer;
	ledger->path = strdup(path);
	if (ledger->path == NULL) {
		free(ledger);
		return NULL;
	}
	return ledger;
}

static int open_file(struct ledger *ledger, int flags, struct fault *fault)
{
	struct stat file;
	int code, r;

	/* Lock and WAL are found by the name: by another one there would be a second of each. */
	r = files_there(ledger->path, &file, fault);
	if (r < 0)
		return r;
	if (r > 0 && S_ISREG(file.st_mode) && file.st_nlink > 1)
		return fault_set(fault, FAULT_INVALID,
		                 "%s: the file has %llu names (hard links), and what one of them "
		                 "stores the others lose: leave one, and copy the ledger instead",
		                 ledger->path, (unsigned long long)file.st_nlink);
	code = sqlite3_open_v2(
		ledger->path, &ledger->db,
		flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE, NULL);
	if (ledger->db == NULL)
		return fault_set(fault, FAULT_NOMEM, "%s: out of memory", ledger->path);
	/* A reader that comes first after a crash mends the WAL's index: that is waited for. */
	sqlite3_busy_timeout(ledger->db, LEDGER_BUSY_MS);
	return code == SQLITE_OK ? 0 : ledger_fault(ledger, code, "open", fault);
}

/*
 * The file before SQLite makes it: bills are nobody's business but the owner's and the
 * group's, whatever the umask.  SQLite gives the WAL the same mode, and tells what is wrong with
 * one that is there.
 */
static int create_file(const char *path, struct fault *fault)
{
	struct stat owner;
	bool owned = files_owner(path, &owner);
	int fd = files_open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, LEDGER_MODE);

	if (fd < 0)
		return errno == EEXIST ? 0 : files_fault(path, fault);
	if (owned)
		files_give(fd, &owner);
	close(fd);
	return 0;
}

/* Called after each commit with the size of the WAL; checkpoints nothing itself. */
static int on_commit(void *context, sqlite3 *db, const char *name, int pages)
{
	struct ledger *ledger = context;

	(void)db;
	(void)name;
	ledger->wal_is_large = pages > LEDGER_WAL_PAGES_MAX;
	ledger->wal_pages = pages;
	return SQLITE_OK;
}

/* From here on each commit is noted; what stands in the WAL already is, too. */
static int start_marks(struct ledger *ledger, const struct wal_scan *scan, struct fault *fault)
{
	const struct files *files = &ledger->files;

	/* Not the ledger itself: closing that would drop SQLite's locks. */
	ledger->wal_fd = files_open(files->path[FILE_WAL], O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
	if (ledger->wal_fd < 0)
		return files_fault(files->path[FILE_WAL], fault);
	wal_mark_init(&ledger->mark, files->device[FILE_LEDGER], files->inode[FILE_LEDGER]);
	if (scan->header) {
		ledger->mark.salt[0] = scan->salt[0];
		ledger->mark.salt[1] = scan->salt[1];
		ledger->mark.frames = scan->frames;
	}
	lock_mark_write(ledger->lock_fd, &ledger->mark);
	return 0;
}

int ledger_open_writer(struct ledger **ledger_out, const char *path,
                       const struct ledger_options *options, struct fault *fault)
{
	struct ledger *ledger = ledger_new(path, true);
	struct wal_scan scan = { .bytes = 0 };
	struct wal_mark mark;
	int64_t version = 0, marked_ns = 0;
	int r;

	if (ledger == NULL)
		return fault_set(fault, FAULT_NOMEM, "%s: out of memory", path);
	ledger->credentials.keys = options != NULL ? options->keys : CREDENTIAL_DETECT;
	/* Before the lock is taken, which writes into the same file. */
	r = lock_refuse_empty(path, fault);
	if (r == 0)
		r = lock_mark_read(path, &mark, &marked_ns, fault);
	if (r == 0)
		r = lock_take(path, options != NULL ? options->lock_note : NULL, &ledger->lock_fd,
		              fault);
	if (r == 0)
		r = wal_check(path, &mark, marked_ns, &scan, fault);
	if (r == 0)
		r = create_file(path, fault);
	if (r == 0) {
		r = secret_take(path, &ledger->credentials.secret, fault);
		ledger->credentials.known = r == 0;
	}
	if (r == 0)
		r = open_file(ledger, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, fault);
	if (r == 0)
		r = check_version(ledger, &version, fault);
	if (r == 0)
		r = run_pragma(ledger, "PRAGMA journal_mode=WAL", fault);
	if (r == 0)
		r = expect_setting(ledger, "PRAGMA journal_mode", "wal", fault);
	if (r == 0)
		r = apply_settings(ledger, fault);
	if (r == 0)
		r = migrate(ledger, version, fault);
	if (r == 0)
		r = statements_prepare(ledger, fault);
	if (r == 0)
		r = words_make(ledger, fault);
	if (r == 0)
		r = archives_load(ledger, fault);
	if (r == 0)
		r = load_identities(ledger, options, fault);
	if (r == 0)
		r = pragma_int(ledger, "PRAGMA page_size", &ledger->page_bytes, fault);
	if (r == 0)
		r = files_init(&ledger->files, path, fault);
	if (r == 0)
		sqlite3_wal_hook(ledger->db, on_commit, ledger);
	if (r == 0)
		r = ledger_books_tidy(ledger, fault);
	if (r == 0)
		r = hours_fill(ledger, fault);
	if (r == 0)
		r = start_marks(ledger, &scan, fault);
	if (r < 0) {
		ledger_close(ledger);
		return r;
	}
	/* From here on a checkpoint waits for no reader; ledger_begin() says what it waits for. */
	sqlite3_busy_timeout(ledger->db, 0);
	*ledger_out = ledger;
	return 0;
}

const struct credentials *ledger_credentials(const struct ledger *ledger)
{
	return &ledger->credentials;
}

/* Where no writer is, who reads looks at what the last one left. */
static int check_left(const char *path, struct fault *fault)
{
	char note[LEDGER_NOTE_BYTES];
	struct wal_scan scan;
	struct wal_mark mark;
	char lock[PATH_MAX];
	int64_t pid, marked_ns = 0;
	int r = files_beside(path, ".lock", lock, fault);

	if (r < 0)
		return r;
	/* Who may read the ledger need not be allowed to see who writes it. */
	if (faccessat(AT_FDCWD, lock, R_OK, AT_EACCESS) < 0 && errno == EACCES)
		return 0;
	r = ledger_holder(path, &pid, note, fault);
	if (r != -FAULT_NOT_FOUND)
		return r;
	r = lock_mark_read(path, &mark, &marked_ns, fault);
	if (r == 0)
		r = wal_check(path, &mark, marked_ns, &scan, fault);
	/* One that came meanwhile has looked itself, and is at it. */
	return r < 0 && ledger_holder(path, &pid, note, NULL) == 0 ? 0 : r;
}

/* Asked before SQLite is, which has one word for all that it cannot open. */
static int may_read(const char *path, struct fault *fault)
{
	/* Not open(): closing it would drop the locks that this process has on it. */
	if (faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0)
		return 0;
	if (errno == ENOENT || errno == ENOTDIR)
		return fault_set(fault, FAULT_NOT_FOUND,
		                 "%s: there is no ledger (tolld or toll import makes one)", path);
	if (errno == EACCES)
		return fault_set(fault, FAULT_IO, "%s: %s: " LEDGER_READERS, path, strerror(errno));
	return files_fault(path, fault);
}

int ledger_open_reader(struct ledger **ledger_out, const char *path, struct fault *fault)
{
	struct ledger *ledger = NULL;
	int64_t version = 0;
	int r = may_read(path, fault);

	if (r == 0)
		r = check_left(path, fault);
	if (r < 0)
		return r;
	ledger = ledger_new(path, false);
	if (ledger == NULL)
		return fault_set(fault, FAULT_NOMEM, "%s: out of memory", path);
	r = open_file(ledger, SQLITE_OPEN_READONLY, fault);
	if (r == 0)
		r = apply_settings(ledger, fault);
	if (r == 0)
		r = check_version(ledger, &version, fault);
	if (r == 0 && version < migrations[migration_count - 1].version)
		r = fault_set(
			fault, FAULT_VERSION,
			"%s: of an older toll (schema %lld); its writer migrates it when it starts",
			path, (long long)version);
	if (r == 0)
		r = statements_prepare(ledger, fault);
	if (r == 0) {
		struct query query = query_start(ledger, STATEMENT_BEGIN_READ);

		r = query_done(&query, fault);
	}
	if (r == 0)
		r = words_make(ledger, fault);
	if (r < 0) {
		ledger_close(ledger);
		return r;
	}
	*ledger_out = ledger;
	return 0;
}

int ledger_open_archive(struct ledger **ledger_out, const char *path, struct fault *fault)
{
	struct ledger *ledger = ledger_new(path, false);
	int64_t version = 0;
	int r;

	if (ledger == NULL)
		return fault_set(fault, FAULT_NOMEM, "%s: out of memory", path);
	r = open_file(ledger, SQLITE_OPEN_READONLY, fault);
	if (r == 0)
		r = apply_settings(ledger, fault);
	if (r == 0)
		r = check_version(ledger, &version, fault);
	if (r == 0)
		r = statements_prepare_archive(ledger, fault);
	if (r < 0) {
		ledger_close(ledger);
		return r;
	}
	*ledger_out = ledger;
	return 0;
}

int ledger_open_new(struct ledger **ledger_out, const char *path, struct fault *fault)
{
	struct ledger *ledger = ledger_new(path, true);
	int r;

	if (ledger == NULL)
		return fault_set(fault, FAULT_NOMEM, "%s: out of memory", path);
	r = open_file(ledger, SQLITE_OPEN_READWRITE, fault);
	/* Whoever is interrupted makes it anew. */
	if (r == 0)
		r = run_pragma(ledger, "PRAGMA journal_mode=MEMORY", fault);
	if (r == 0)
		r = apply_settings(ledger, fault);
	if (r == 0)
		r = migrate(ledger, 0, fault);
	if (r == 0)
		r = statements_prepare(ledger, fault);
	if (r == 0)
		r = run_pragma(ledger, "BEGIN IMMEDIATE", fault);
	if (r < 0) {
		ledger_close(ledger);
		return r;
	}
	*ledger_out = ledger;
	return 0;
}

int ledger_finish_new(struct ledger *ledger, struct fault *fault)
{
	return run_pragma(ledger, "COMMIT", fault);
}

void ledger_close(struct ledger *ledger)
{
	if (ledger == NULL)
		return;
	if (ledger->in_transaction)
		ledger_rollback(ledger);
	statements_release(ledger);
	if (ledger->db != NULL && ledger->writer && !ledger->lost && !ledger->failed) {
		store_forget_wal(ledger);
		sqlite3_wal_checkpoint_v2(ledger->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	}
	sqlite3_close(ledger->db);
	if (ledger->wal_fd >= 0)
		close(ledger->wal_fd);
	archives_release(ledger);
	ledger_books_forget(ledger);
	names_release(&ledger->names);
	identity_release(&ledger->identity);
	files_release(&ledger->files);
	rollups_release(&ledger->rollups);
	hours_release(&ledger->hours);
	free(ledger->watermarks);
	free(ledger->moved);
	words_release(ledger);
	buf_release(&ledger->scratch);
	buf_release(&ledger->digest_room);
	explicit_bzero(&ledger->credentials, sizeof(ledger->credentials));
	/* Last: until here nobody else may write. */
	lock_drop(ledger->lock_fd);
	free(ledger->path);
	free(ledger);
}

static int read_setting(struct ledger *ledger, const char *sql, struct ledger_setting *setting,
                        ledger_setting_fn *each, void *context, struct fault *fault)
{
	sqlite3_stmt *stmt = NULL;
	int code, r;

	setting->name = sql + strlen("PRAGMA ");
	if (setting->of == SETTING_WRITER && !ledger->writer)
		return each(context, setting);
	code = sqlite3_prepare_v2(ledger->db, sql, -1, &stmt, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code == SQLITE_ROW) {
		setting->value = text_of((const char *)sqlite3_column_text(stmt, 0));
		/* No setting is NULL: there was no memory for its text. */
		if (setting->value.at == NULL)
			code = SQLITE_NOMEM;
	}
	if (code == SQLITE_ROW)
		r = each(context, setting);
	else
		r = ledger_fault(ledger, code, sql, fault);
	sqlite3_finalize(stmt);
	return r;
}

int ledger_each_setting(struct ledger *ledger, ledger_setting_fn *each, void *context,
                        struct fault *fault)
{
	static const struct {
		const char *get, *expected;
	} of_file[] = {
		{ "PRAGMA journal_mode", "wal" },  { "PRAGMA page_size", NULL },
		{ "PRAGMA auto_vacuum", "0" },     { "PRAGMA encoding", "UTF-8" },
		{ "PRAGMA application_id", NULL }, { "PRAGMA user_version", NULL },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(of_file) / sizeof(of_file[0]); i++) {
		struct ledger_setting setting = { .expected = of_file[i].expected,
			                          .of = SETTING_FILE };

		r = read_setting(ledger, of_file[i].get, &setting, each, context, fault);
	}
	for (size_t i = 0; r == 0 && i < sizeof(settings) / sizeof(settings[0]); i++) {
		struct ledger_setting setting = {
			.expected = settings[i].value,
			.of = settings[i].writer_only ? SETTING_WRITER : SETTING_CONNECTION,
		};

		if (settings[i].reader_only && ledger->writer)
			continue;
		r = read_setting(ledger, settings[i].get, &setting, each, context, fault);
	}
	return r;
}

const char *ledger_sqlite_version(void)
{
	return sqlite3_libversion();
}

const char *ledger_sqlite_source(void)
{
	return sqlite3_sourceid();
}

int ledger_sqlite_number(void)
{
	return sqlite3_libversion_number();
}

bool ledger_wal_reset_fixed(int number)
{
	return number >= 3051003 || (number >= 3050007 && number < 3051000) ||
	       (number >= 3044006 && number < 3045000);
}

static int file_bytes(const char *path, const char *suffix, int64_t *out, struct fault *fault)
{
	char name[PATH_MAX];
	struct stat file;
	int r = files_beside(path, suffix, name, fault);

	if (r == 0)
		r = files_there(name, &file, fault);
	*out = r > 0 ? (int64_t)file.st_size : 0;
	return r < 0 ? r : 0;
}

static int single(struct ledger *ledger, enum statement statement, bool range, int64_t *out,
                  struct fault *fault)
{
	struct query query = query_start(ledger, statement);

	if (range) {
		query_int(&query, LEDGER_FROM_MIN);
		query_int(&query, LEDGER_TO_MAX);
	}
	return query_single(&query, out, fault);
}

/* The row of a statement that gives one, column by column. */
static int several(struct ledger *ledger, enum statement statement, int64_t *const out[],
                   int columns, struct fault *fault)
{
	struct query query = query_start(ledger, statement);
	int r = query_row(&query, fault);

	if (r <= 0)
		return r;
	for (int i = 0; i < columns; i++)
		*out[i] = column_int(&query, i);
	query_end(&query);
	return 0;
}

int ledger_status(struct ledger *ledger, struct ledger_status *status_out, struct fault *fault)
{
	struct ledger_status status = { .schema_version = 0 };
	int64_t *const unsettled[] = { &status.under_way, &status.open };
	int64_t *const provenance[] = { &status.partial, &status.estimated, &status.uncounted };
	struct ledger_status adds = { .schema_version = 0 };
	int64_t *const corrected[] = { &status.corrections, &adds.events,    &adds.errors,
		                       &adds.partial,       &adds.estimated, &adds.uncounted };
	struct query query;
	int64_t archived = 0;
	int r = 0;
	const struct {
		enum statement statement;
		bool range;
		int64_t *out;
	} numbers[] = {
		{ STATEMENT_SUSPENSE_COUNT, false, &status.suspense },
		{ STATEMENT_ROLLUP_ERRORS, false, &status.errors },
		{ STATEMENT_EVENT_FIRST, false, &status.first_ms },
		{ STATEMENT_EVENT_LAST, false, &status.last_ms },
		{ STATEMENT_QUARANTINE_COUNT, true, &status.quarantined },
		{ STATEMENT_CONFLICT_COUNT, true, &status.conflicts },
		{ STATEMENT_UNKNOWN_COUNT, false, &status.unknown_events },
		{ STATEMENT_NAME_COUNT_ACCOUNTS, false, &status.accounts },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		r = single(ledger, numbers[i].statement, numbers[i].range, numbers[i].out, fault);
		if (r < 0)
			return r;
	}
	r = several(ledger, STATEMENT_UNSETTLED, unsettled, 2, fault);
	if (r == 0)
		r = several(ledger, STATEMENT_ROLLUP_PROVENANCE, provenance, 3, fault);
	if (r == 0)
		r = several(ledger, STATEMENT_CORRECTION_TOTALS, corrected, 6, fault);
	if (r < 0)
		return r;
	status.events = adds.events;
	status.errors += adds.errors;
	status.partial += adds.partial;
	status.estimated += adds.estimated;
	status.uncounted += adds.uncounted;
	r = single(ledger, STATEMENT_HOUR_ARCHIVED_LAST, false, &archived, fault);
	if (r < 0)
		return r;
	/* The watermarks hold how many events there are; counting them would read them all. */
	query = query_start(ledger, STATEMENT_WATERMARK_ALL);
	while ((r = query_row(&query, fault)) > 0) {
		status.sources++;
		status.events += column_int(&query, 1);
		/* And from when to when, where the first or the last may be in the archive. */
		if (archived > 0 &&
		    (status.first_ms == 0 || column_int(&query, 2) < status.first_ms))
			status.first_ms = column_int(&query, 2);
		if (archived > 0 && column_int(&query, 3) > status.last_ms)
			status.last_ms = column_int(&query, 3);
	}
	if (r == 0)
		r = pragma_int(ledger, "PRAGMA user_version", &status.schema_version, fault);
	if (r == 0)
		r = file_bytes(ledger->path, "", &status.file_bytes, fault);
	if (r == 0)
		r = file_bytes(ledger->path, "-wal", &status.wal_bytes, fault);
	if (r < 0)
		return r;
	snprintf(status.sqlite_version, sizeof(status.sqlite_version), "%s", sqlite3_libversion());
	*status_out = status;
	return 0;
}
