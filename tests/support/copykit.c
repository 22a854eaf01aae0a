#include "tests/support/copykit.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/table.h"
#include "export/events.h"
#include "export/export.h"
#include "ledger/archive.h"
#include "ledger/archives.h"
#include "ledger/backup.h"
#include "ledger/books.h"
#include "ledger/read.h"
#include "ledger/twins.h"
#include "tests/support/lifekit.h"
#include "tests/support/old_ledger.h"
#include "tests/support/powerscene.h"

enum { PATH_BYTES = KIT_PATH_BYTES + 80, FOUND_BYTES = 32768, OLD_SCHEMA = 1 };

/* 2026-08-01: June is in the archive, July is over. */
#define BEFORE_MS INT64_C(1785542400000)

#define ALL LEDGER_FROM_MIN, LEDGER_TO_MAX

static const struct backup_watch silent;

static const char *path_of(const struct copykit *kit, const char *name)
{
	static char paths[4][PATH_BYTES];
	static unsigned turn;
	char *out = paths[turn++ % 4];

	snprintf(out, PATH_BYTES, "%s/%s", kit->kit.folder, name);
	return out;
}

/* --- what a use does ------------------------------------------------------ */

static void pause_test(struct copykit *kit, bool begins)
{
	if (kit->pause != NULL)
		kit->pause(begins);
}

/* What a backup or a restore came to, but for what differs from one copy to the other. */
static int tell(struct copykit *kit, int r, const struct backup_result *result, struct buf *told)
{
	char amount[MONEY_TEXT_BYTES];

	if (r < 0)
		return r;
	pause_test(kit, true);
	money_text(result->verify.events_amount, amount);
	buf_addf(told, "%lld findings, %lld events of %s, %lld rollups, %lld files, last %lld%s",
	         (long long)result->verify.findings, (long long)result->verify.events, amount,
	         (long long)result->verify.rollups, (long long)result->archived,
	         (long long)result->last_ms, result->kept[0] != '\0' ? ", one is kept" : "");
	pause_test(kit, false);
	return r;
}

static int back_up(struct copykit *kit, const char *name, bool over, struct buf *told,
                   struct fault *fault)
{
	struct backup_result result;
	int r = ledger_backup(kit->reader, path_of(kit, name), over, &silent, &result, fault);

	return tell(kit, r, &result, told);
}

static int run_backup(struct copykit *kit, struct buf *told, struct fault *fault)
{
	return back_up(kit, "new.db", false, told, fault);
}

static int run_backup_over(struct copykit *kit, struct buf *told, struct fault *fault)
{
	return back_up(kit, "copy.db", true, told, fault);
}

static int restore(struct copykit *kit, const char *name, const char *aside, struct buf *told,
                   struct fault *fault)
{
	struct backup_result result;
	int r = ledger_restore(path_of(kit, name), kit->kit.path,
	                       aside != NULL ? path_of(kit, aside) : NULL, &silent, &result, fault);

	return tell(kit, r, &result, told);
}

static int run_restore(struct copykit *kit, struct buf *told, struct fault *fault)
{
	return restore(kit, "copy.db", NULL, told, fault);
}

static int run_restore_over(struct copykit *kit, struct buf *told, struct fault *fault)
{
	return restore(kit, "copy.db", "aside.db", told, fault);
}

static int run_restore_old(struct copykit *kit, struct buf *told, struct fault *fault)
{
	return restore(kit, "old.db", NULL, told, fault);
}

static int take_month(void *context, const struct archive_month *month)
{
	struct archive_month *last = context;

	*last = *month;
	return 0;
}

static int make_july(struct copykit *kit, struct archive_file *file, struct fault *fault)
{
	struct archive_month month = { .hours = 0 };
	int r = archive_months(kit->reader, BEFORE_MS, take_month, &month, fault);

	return r < 0 ? r : archive_make(kit->reader, &month, NULL, NULL, file, fault);
}

static int run_make(struct copykit *kit, struct buf *told, struct fault *fault)
{
	struct archive_file file;
	int r = make_july(kit, &file, fault);

	if (r < 0)
		return r;
	pause_test(kit, true);
	buf_addf(told, "%s: %lld events of %lld hours", file.file, (long long)file.events,
	         (long long)file.hours);
	pause_test(kit, false);
	return 0;
}

static int run_change(struct copykit *kit, const char *request, struct fault *fault)
{
	const struct life_change change = { "", request, LIFE_REQUEST, false, NULL, 0 };
	struct buf reply = { .at = NULL };
	bool done = false;
	int r = life_run(&kit->kit, &change, &done, &reply, fault);

	/* The file is at fault, not the ledger. */
	if (r == 0 && !done)
		r = fault_set(fault,
		              strstr(reply.at, "\"fault\":\"corrupt\"") != NULL ? FAULT_CORRUPT
		                                                                : FAULT_INTERNAL,
		              "%.*s", TEXT_ARGS(buf_text(&reply)));
	buf_release(&reply);
	return r;
}

static int run_move(struct copykit *kit, struct buf *told, struct fault *fault)
{
	(void)told;
	return run_change(kit, kit->request, fault);
}

static int run_close(struct copykit *kit, struct buf *told, struct fault *fault)
{
	(void)told;
	return run_change(kit, kit->closing, fault);
}

struct telling {
	struct copykit *kit;
	struct buf *told;
	struct json doc;
};

static int tell_event(void *context, const struct stored_event *row)
{
	struct telling *telling = context;
	char amount[MONEY_TEXT_BYTES];

	pause_test(telling->kit, true);
	money_text(row->amount, amount);
	buf_addf(telling->told, "%.*s=%lld:%s ", TEXT_ARGS(row->event.id), (long long)row->price_id,
	         amount);
	pause_test(telling->kit, false);
	return 0;
}

/* Every way into the archive. */
static int run_read(struct copykit *kit, struct buf *told, struct fault *fault)
{
	struct telling telling = { kit, told, { .nodes = NULL } };
	const struct text june = text_of("june"), any = text_of(NULL);
	int r = ledger_each_event(kit->reader, ALL, tell_event, &telling, fault);

	if (r == 0)
		r = ledger_find_events(kit->reader, june, any, ALL, tell_event, &telling, fault);
	if (r == 0)
		r = ledger_find_request(kit->reader, june, any, tell_event, &telling, fault);
	return r < 0 ? r : archive_check(kit->reader, fault);
}

static int ignore_finding(void *context, const struct verify_finding *finding)
{
	(void)context;
	(void)finding;
	return 0;
}

/* Of a backup, with its archive beside it. */
static int run_verify(struct copykit *kit, struct buf *told, struct fault *fault)
{
	struct verify_summary summary;
	int r = ledger_verify(kit->reader, ignore_finding, NULL, NULL, &summary, fault);

	if (r < 0)
		return r;
	pause_test(kit, true);
	buf_addf(told, "%lld findings in %lld events, %lld rollups; chain %s",
	         (long long)summary.findings, (long long)summary.events, (long long)summary.rollups,
	         summary.seal.chain);
	pause_test(kit, false);
	return 0;
}

static int export_one(void *context, const struct stored_event *stored)
{
	struct telling *telling = context;
	struct fault fault = { .code = FAULT_NONE };
	struct table table = { .rows = NULL };
	int r = export_event_line(telling->told, stored, &telling->doc, &fault);

	export_event_columns(&table);
	export_event_row(&table, stored);
	if (r == 0 && table.error != 0)
		r = -FAULT_NOMEM;
	if (r == 0)
		export_csv(telling->told, &table);
	table_release(&table);
	return r;
}

static int run_export(struct copykit *kit, struct buf *told, struct fault *fault)
{
	struct telling telling = { kit, told, { .nodes = NULL } };
	int r = ledger_each_event(kit->reader, ALL, export_one, &telling, fault);

	if (r == -FAULT_NOMEM || (r == 0 && told->error != 0))
		r = fault_set(fault, FAULT_NOMEM, "%s: export: out of memory", kit->kit.path);
	json_release(&telling.doc);
	return r;
}

#define LEDGER  "ledger.db "
#define ARCHIVE "ledger.db.archive/2026-06.db "
#define JULY    "ledger.db.archive/2026-07.db "

const struct copy_use copy_uses[] = {
	{ "a backup", run_backup, JULY, "ledger.db", true, false },
	{ "a backup over one", run_backup_over, JULY, "ledger.db", true, false },
	{ "a restore", run_restore, LEDGER ARCHIVE JULY, NULL, false, false },
	{ "a restore over a ledger", run_restore_over, JULY, NULL, false, false },
	{ "a restore of an older toll's", run_restore_old, LEDGER ARCHIVE JULY, NULL, false,
	  false },
	{ "a month that is made", run_make, JULY, "ledger.db", true, false },
	{ "a month that moves", run_move, "", NULL, true, true },
	{ "a period that closes", run_close, JULY, NULL, true, true },
	{ "a walk through the archive", run_read, JULY, "ledger.db", false, false },
	{ "a backup that is verified", run_verify, JULY, "copy.db", false, false },
	{ "an export", run_export, JULY, "ledger.db", false, false },
};
const size_t copy_use_count = sizeof(copy_uses) / sizeof(copy_uses[0]);

/* --- the files ------------------------------------------------------------ */

static bool is_folder(const char *name)
{
	size_t len = strlen(name);

	return len > 8 && strcmp(name + len - 8, ".archive") == 0;
}

typedef void each_name_fn(struct copykit *kit, const char *name, void *context);

/* All files of a folder of the kit and of those in it, in no order. */
static void each_name(struct copykit *kit, const char *under, each_name_fn *each, void *context)
{
	DIR *folder = opendir(path_of(kit, under));
	struct dirent *entry;

	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		char name[sizeof(entry->d_name) + 64];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s%s", under, entry->d_name);
		if (is_folder(name)) {
			strcat(name, "/");
			each_name(kit, name, each, context);
		} else {
			each(kit, name, context);
		}
	}
	closedir(folder);
}

static void keep_file(struct copykit *kit, const char *name, void *context)
{
	struct copy_file *file = &kit->files[kit->file_count++];
	const char *path = path_of(kit, name);
	struct stat status;

	(void)context;
	assert_true(kit->file_count <= COPY_FILES_MAX && strlen(name) < sizeof(file->name));
	snprintf(file->name, sizeof(file->name), "%s", name);
	assert_int_equal(stat(path, &status), 0);
	file->mode = status.st_mode & 07777;
	assert_int_equal(buf_read_file(&file->bytes, path, BUF_BYTES_MAX, NULL), 0);
}

static void remove_file(struct copykit *kit, const char *name, void *context)
{
	(void)context;
	assert_int_equal(unlink(path_of(kit, name)), 0);
}

static bool is_named(const char *names, const char *name)
{
	const char *at = strstr(names, name);
	size_t len = strlen(name);

	return at != NULL && (at == names || at[-1] == ' ') && at[len] == ' ';
}

static void copy_shut(struct copykit *kit)
{
	ledger_close(kit->reader);
	kit->reader = NULL;
	kit_shut(&kit->kit);
}

void copy_open(struct copykit *kit, const struct copy_use *use)
{
	struct fault fault = { .code = FAULT_NONE };

	if (use->writes)
		kit_reopen_small(&kit->kit);
	if (use->reads != NULL &&
	    ledger_open_reader(&kit->reader, path_of(kit, use->reads), &fault) < 0)
		fail_msg("%s", fault.text);
}

void copy_lay_out(struct copykit *kit, const struct copy_use *use)
{
	copy_shut(kit);
	each_name(kit, "", remove_file, NULL);
	rmdir(path_of(kit, "new.db.archive"));
	for (size_t i = 0; i < kit->file_count; i++) {
		const struct copy_file *from = &kit->files[i];
		const char *path = path_of(kit, from->name);
		FILE *file;

		if (is_named(use->without, from->name))
			continue;
		file = fopen(path, "wb");
		assert_non_null(file);
		assert_int_equal(fwrite(from->bytes.at, 1, from->bytes.len, file), from->bytes.len);
		assert_int_equal(fclose(file), 0);
		assert_int_equal(chmod(path, from->mode), 0);
	}
	copy_open(kit, use);
}

/* --- what is found -------------------------------------------------------- */

/* What SQLite has beside a ledger, and the locks, come and go. */
static bool comes_and_goes(const char *name)
{
	const char *dot = strrchr(name, '.');

	return strcmp(dot, ".lock") == 0 || strcmp(dot, ".db-wal") == 0 ||
	       strcmp(dot, ".db-shm") == 0;
}

struct finding {
	enum copy_depth depth;
	struct buf lines[COPY_FILES_MAX];
	size_t count;
};

static void add_answers(struct copykit *kit, const char *name, enum copy_depth depth,
                        struct buf *out)
{
	struct telling telling = { kit, out, { .nodes = NULL } };
	struct verify_summary summary = { .findings = 0 };
	struct fault fault = { .code = FAULT_NONE };
	struct ledger *reader = NULL;
	struct ledger_status status;

	/* What was put aside has its archive where it was. */
	if (ledger_open_reader(&reader, path_of(kit, name), &fault) < 0 ||
	    (strcmp(name, "aside.db") == 0 &&
	     archives_at(reader, path_of(kit, "ledger.db.archive"), &fault) < 0) ||
	    ledger_status(reader, &status, &fault) < 0 ||
	    ledger_each_event(reader, ALL, tell_event, &telling, &fault) < 0 ||
	    (depth == COPY_VERIFIED &&
	     ledger_verify(reader, ignore_finding, NULL, NULL, &summary, &fault) < 0))
		fail_msg("%s: %s", name, fault.text);
	ledger_close(reader);
	if (summary.findings != 0)
		fail_msg("%s: verify finds %lld", name, (long long)summary.findings);
	buf_addf(out, "%lld %lld %lld %lld", (long long)status.events,
	         (long long)status.corrections, (long long)status.quarantined,
	         (long long)status.conflicts);
}

static int tell_price(void *context, const struct stored_event *row)
{
	struct telling *telling = context;
	const struct book *book = NULL;
	struct fault fault = { .code = FAULT_NONE };

	if (ledger_price_version(telling->kit->reader, row->price_id, NULL, &book, &fault) < 0)
		fail_msg("%s", fault.text);
	buf_addf(telling->told, "%.*s=%lld of %s ", TEXT_ARGS(row->event.id),
	         (long long)row->price_id, book_hash(book));
	return 0;
}

/* A month's file is a ledger, from which alone its events are explained. */
static void add_month(struct copykit *kit, const char *name, struct buf *out)
{
	struct telling telling = { kit, out, { .nodes = NULL } };
	struct fault fault = { .code = FAULT_NONE };

	if (ledger_open_reader(&kit->reader, path_of(kit, name), &fault) < 0 ||
	    ledger_each_event(kit->reader, ALL, tell_price, &telling, &fault) < 0)
		fail_msg("%s: %s", name, fault.text);
	ledger_close(kit->reader);
	kit->reader = NULL;
}

static const struct copy_file *made_as(const struct copykit *kit, const char *name)
{
	for (size_t i = 0; i < kit->file_count; i++) {
		if (strcmp(kit->files[i].name, name) == 0)
			return &kit->files[i];
	}
	return NULL;
}

/* Whether the file is still the one that was laid out, and else what is in it. */
static void find_file(struct copykit *kit, const char *name, void *context)
{
	struct finding *finding = context;
	const struct copy_file *made = made_as(kit, name);
	struct buf *line = &finding->lines[finding->count], bytes = { .at = NULL };
	size_t len = strlen(name);
	struct stat status;

	if (comes_and_goes(name))
		return;
	assert_true(finding->count++ < COPY_FILES_MAX);
	assert_int_equal(stat(path_of(kit, name), &status), 0);
	buf_addf(line, "%s %o: ", name, status.st_mode & 07777);
	assert_int_equal(buf_read_file(&bytes, path_of(kit, name), BUF_BYTES_MAX, NULL), 0);
	if (finding->depth == COPY_VERIFIED && strchr(name, '/') != NULL)
		add_month(kit, name, line);
	else if (made != NULL && text_equal(buf_text(&bytes), buf_text(&made->bytes)))
		buf_add_cstr(line, "as it was");
	/* The old one is a ledger as its toll left it. */
	else if (finding->depth > COPY_NAMES && strchr(name, '/') == NULL && len > 3 &&
	         strcmp(name + len - 3, ".db") == 0)
		add_answers(kit, name, finding->depth, line);
	else
		buf_add_cstr(line, "another");
	buf_release(&bytes);
}

static int compare_lines(const void *a, const void *b)
{
	const struct buf *x = a, *y = b;

	return strcmp(x->at, y->at);
}

const char *copy_found(struct copykit *kit, enum copy_depth depth)
{
	static char texts[4][FOUND_BYTES];
	static unsigned turn;
	char *out = texts[turn++ % 4];
	struct finding finding = { .depth = depth };
	size_t len = 0;

	/* A writer's ledger is in its WAL, too. */
	copy_shut(kit);
	each_name(kit, "", find_file, &finding);
	qsort(finding.lines, finding.count, sizeof(finding.lines[0]), compare_lines);
	out[0] = '\0';
	for (size_t i = 0; i < finding.count; i++) {
		len += (size_t)snprintf(out + len, FOUND_BYTES - len, "%s\n", finding.lines[i].at);
		assert_true(len < FOUND_BYTES);
		buf_release(&finding.lines[i]);
	}
	return out;
}

/* --- how they are made ---------------------------------------------------- */

/* A book of more than a part, and an event of July with a price of it. */
static void price_in_parts(struct ledgerkit *kit)
{
	struct buf json = { .at = NULL };

	buf_add_cstr(&json, kit_quotes("{'pricebook':1,'name':'large','currency':'USD','models':["
	                               "{'model':'m','versions':[{'effective_from':'2026',"
	                               "'rates':[{'component':'input','each':'5'}]}]}"));
	for (int i = 0; json.len <= BOOK_PART_BYTES; i++)
		buf_addf(&json,
		         ",{\"model\":\"l-%d\",\"versions\":[{\"effective_from\":\"2026\","
		         "\"rates\":[{\"component\":\"input\",\"per_million\":\"1\"}]}]}",
		         i);
	buf_add_cstr(&json, "]}");
	assert_int_equal(json.error, 0);
	kit_price(kit, json.at);
	buf_release(&json);
	kit_send(kit, kit_quotes("{'id':'july-l','time':'2026-07-03T10:30:00Z','account':'acct',"
	                         "'model':'m','api':'toll','usage':{'input':4}}"));
}

/* A ledger of another place, with an event, as the first toll left it. */
static void make_old(struct copykit *kit)
{
	char path[KIT_PATH_BYTES];

	memcpy(path, kit->kit.path, sizeof(path));
	snprintf(kit->kit.path, sizeof(kit->kit.path), "%s/old.db", kit->kit.folder);
	kit_reopen(&kit->kit);
	kit_price(&kit->kit, kit_small_book);
	kit_send_usage(&kit->kit, "old", "2026-05-01T10:00:00Z", "acme/llama-4-70b",
	               "{\"input\":1000}");
	kit_shut(&kit->kit);
	old_ledger_make(kit->kit.path, OLD_SCHEMA);
	assert_int_equal(unlink(path_of(kit, "old.db.lock")), 0);
	assert_int_equal(unlink(path_of(kit, "old.db.secret")), 0);
	memcpy(kit->kit.path, path, sizeof(path));
}

static int ignore_twin(void *context, const struct twin *twin)
{
	(void)context;
	(void)twin;
	return 0;
}

/* The request that closes July, with a twin that is none. */
static void look_for_twins(struct copykit *kit)
{
	const struct twin_search search = { .until_ms = BEFORE_MS, .events = 1 };
	struct period_check check;
	char hex[2 * SHA256_BYTES + 1];

	assert_int_equal(ledger_check_period(kit->reader, &search, ignore_twin, NULL, &check, NULL),
	                 0);
	for (size_t i = 0; i < SHA256_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", check.digest[i]);
	snprintf(kit->closing, sizeof(kit->closing),
	         "{'change':'period.close','until':'2026-08','reason':'r','check':'%s','twins':["
	         "{'source':'gw-1','id':'none','keep':'2026-07-03T10:00:00Z','void':"
	         "'2026-07-03T11:00:00Z'}]}",
	         hex);
}

void copy_setup(struct copykit *kit)
{
	static const struct copy_use reads = { .reads = "ledger.db" };
	struct fault fault = { .code = FAULT_NONE };
	char folder[SCENE_PATH_BYTES];
	struct buf told = { .at = NULL };
	struct archive_file file;

	memset(kit, 0, sizeof(*kit));
	scene_folder(folder);
	assert_true(text_copy(kit->kit.folder, sizeof(kit->kit.folder), text_of(folder)));
	snprintf(kit->kit.path, sizeof(kit->kit.path), "%s/ledger.db", kit->kit.folder);
	kit_reopen(&kit->kit);
	life_fill(&kit->kit);
	price_in_parts(&kit->kit);
	copy_open(kit, &reads);
	if (back_up(kit, "copy.db", false, &told, &fault) < 0)
		fail_msg("%s", fault.text);
	ledger_close(kit->reader);
	buf_release(&told);
	/* What the backup does not have. */
	kit_send(&kit->kit, kit_quotes("{'id':'later','time':'2026-08-01T09:00:00Z','account':"
	                               "'acct','model':'m','api':'toll','usage':{'input':1}}"));
	copy_open(kit, &reads);
	look_for_twins(kit);
	if (make_july(kit, &file, &fault) < 0)
		fail_msg("%s", fault.text);
	assert_int_equal(file.events, 2);
	snprintf(kit->request, sizeof(kit->request),
	         "{'change':'archive.month','month':'%s','file':'%s','sha256':'%s','events':%lld,"
	         "'bytes':%lld}",
	         file.month, file.file, file.sha256, (long long)file.events, (long long)file.bytes);
	kit_verify_clean(&kit->kit);
	copy_shut(kit);
	make_old(kit);
	each_name(kit, "", keep_file, NULL);
}

void copy_teardown(struct copykit *kit)
{
	for (size_t i = 0; i < kit->file_count; i++)
		buf_release(&kit->files[i].bytes);
	ledger_close(kit->reader);
	life_close(&kit->kit);
}
