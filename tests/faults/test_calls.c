/*
 * Calls that the operating system refuses: each one that the ledger's own code makes, from the
 * opening of a ledger to the restore of a backup over one, fails in turn, with one errno after the
 * other (tests/support/failcall.h).  Then either all is there, for the few calls of which that is
 * told below why; or the fault is the one of that errno and names a path, what was there is as it
 * was, nothing else lies about, no descriptor stays open, and a second try goes through.
 *
 * What SQLite itself asks of the system is test_io.c's.  SEED says which errno comes to which call.
 */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/archive.h"
#include "ledger/backup.h"
#include "ledger/files.h"
#include "ledger/lock.h"
#include "ledger/walindex.h"
#include "tests/support/failcall.h"
#include "tests/support/filetree.h"
#include "tests/support/ledgerkit.h"
#include "tests/support/leftkit.h"

enum {
	NOBODY = 65534, /* whose the ledger is, where the test is root */
	ERRORS_MAX = 6,
	VERIFY_EVERY = 8,    /* of the trials, which takes longer */
	SANITIZED_EVERY = 7, /* of the calls, under a sanitizer */
};

static struct ledgerkit kit;
static struct filetree fixture;
static struct archive_month july;
static const struct backup_watch silent;

/* What is to fail in the run that comes. */
static const struct failcall *plans;
static size_t plan_count;
static bool of_others; /* the call was one of those three below */
static int complaints, trials, every = 1;
static int seed;
static const char *label;

static void begin(void)
{
	failcall_begin(plans, plan_count);
}

static int end(int r)
{
	failcall_end();
	return r;
}

/*
 * Wrapped as the calls are: what these make may fail.  A daemon that misses what is its own says
 * so; and a mark that is not written is none (ledger/lock.h).
 */
void __real_lock_mark_write(int fd, const struct wal_mark *mark);
void __wrap_lock_mark_write(int fd, const struct wal_mark *mark);
bool __real_files_owner(const char *path, struct stat *owner_out);
bool __wrap_files_owner(const char *path, struct stat *owner_out);
void __real_files_give(int fd, const struct stat *owner);
void __wrap_files_give(int fd, const struct stat *owner);

bool __wrap_files_owner(const char *path, struct stat *owner_out)
{
	bool before = failcall_happened(), known = __real_files_owner(path, owner_out);

	of_others = of_others || failcall_happened() != before;
	return known;
}

void __wrap_files_give(int fd, const struct stat *owner)
{
	bool before = failcall_happened();

	__real_files_give(fd, owner);
	of_others = of_others || failcall_happened() != before;
}

void __wrap_lock_mark_write(int fd, const struct wal_mark *mark)
{
	bool before = failcall_happened();

	__real_lock_mark_write(fd, mark);
	of_others = of_others || failcall_happened() != before;
}

/* All of them are told, not the first alone. */
static void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void complain(const char *format, ...)
{
	char text[1024];
	va_list rest;

	va_start(rest, format);
	vsnprintf(text, sizeof(text), format, rest);
	va_end(rest);
	complaints++;
	print_message("%s: %s %s, the %d. of %s: %s\n", label, plan_count > 0 ? plans[0].name : "-",
	              plan_count == 0      ? "-"
	              : plans[0].error > 0 ? strerrorname_np(plans[0].error)
	                                   : "half",
	              plan_count > 0 ? plans[0].after + 1 : 0, failcall_place(), text);
}

static const char *in_folder(const char *name)
{
	static char paths[8][2 * KIT_PATH_BYTES];
	static unsigned turn;
	char *out = paths[turn++ % 8];

	snprintf(out, sizeof(paths[0]), "%s/%s", kit.folder, name);
	return out;
}

/* --- the fixture --------------------------------------------------------- */

static int setup(void **state)
{
	const char *mode = getenv("TOLL_MODE"), *text = getenv("SEED");

	(void)state;
	seed = text != NULL ? atoi(text) : 1;
	if (mode != NULL && (strcmp(mode, "asan") == 0 || strcmp(mode, "tsan") == 0))
		every = SANITIZED_EVERY;
	leftkit_open(&kit, &july);
	filetree_read(&fixture, kit.folder, true);
	for (size_t i = 0; geteuid() == 0 && i < fixture.count; i++)
		fixture.files[i].owner = NOBODY;
	if (geteuid() == 0)
		assert_int_equal(chown(kit.folder, NOBODY, NOBODY), 0);
	else
		print_message("not root: what root gives to the owner of a ledger is not tried\n");
	return 0;
}

static int teardown(void **state)
{
	const struct filetree none = { .count = 0 };

	(void)state;
	filetree_lay_out(&none, kit.folder);
	filetree_release(&fixture);
	kit_close(&kit);
	return 0;
}

static int count_finding(void *context, const struct verify_finding *finding)
{
	(void)finding;
	++*(int *)context;
	return 0;
}

/* A ledger, and its archive, that is whole and has so many events; now and then all is derived. */
static void expect_events(const char *name, int64_t events)
{
	struct fault fault = { .code = FAULT_NONE };
	struct verify_summary summary = { .events = 0 };
	struct ledger_status status = { .events = 0 };
	struct ledger *reader = NULL;
	int findings = 0;
	int r = ledger_open_reader(&reader, in_folder(name), &fault);

	if (r == 0)
		r = archive_check(reader, &fault);
	if (r == 0)
		r = ledger_status(reader, &status, &fault);
	if (r == 0 && trials % VERIFY_EVERY == 0)
		r = ledger_verify(reader, count_finding, NULL, &findings, &summary, &fault);
	ledger_close(reader);
	if (r < 0 || findings > 0 || status.events != events)
		complain("%s has %lld events and %d findings: %s", name, (long long)status.events,
		         findings, fault.text);
}

static void expect_mode(const char *name, mode_t mode, bool owned)
{
	struct stat status;

	if (lstat(in_folder(name), &status) < 0)
		complain("%s is not there", name);
	else if ((status.st_mode & 07777) != mode)
		complain("%s has the mode %04o", name, (unsigned)status.st_mode & 07777);
	else if (owned && geteuid() == 0 && status.st_uid != NOBODY && !of_others)
		complain("%s belongs to %u", name, (unsigned)status.st_uid);
}

/* --- the uses ------------------------------------------------------------ */

static int open_writer(struct fault *fault)
{
	struct ledger *ledger = NULL;
	int r;

	begin();
	r = ledger_open_writer(&ledger, kit.path, NULL, fault);
	if (r == 0 && !ledger_credentials(ledger)->known)
		complain("the writer does not know its secret");
	ledger_close(ledger);
	return end(r);
}

static void check_fresh(void)
{
	expect_mode("ledger.db", LEDGER_MODE, true);
	expect_mode("ledger.db.lock", 0640, true);
	expect_mode("ledger.db.secret", 0600, true);
	expect_events("ledger.db", 0);
}

static void check_all(void)
{
	expect_events("ledger.db", LEFTKIT_EVENTS);
}

/* As toll status and toll doctor do it. */
static int open_reader(struct fault *fault)
{
	struct ledger *ledger = NULL;
	struct hmac_sha256_key secret;
	struct walindex index;
	char note[LEDGER_NOTE_BYTES];
	int64_t pid;
	int r;

	begin();
	r = walindex_read(kit.path, &index, fault);
	if (r == 0 && !index.there)
		complain("the index of the WAL is not seen");
	if (r == 0)
		r = ledger_holder(kit.path, &pid, note, fault) == -FAULT_NOT_FOUND
		            ? 0
		            : -(int)fault->code;
	if (r == 0)
		r = ledger_secret(kit.path, &secret, fault);
	if (r == 0)
		r = ledger_open_reader(&ledger, kit.path, fault);
	ledger_close(ledger);
	return end(r);
}

static int back_up(const char *name, bool over, struct fault *fault)
{
	struct backup_result result;
	struct ledger *reader = NULL;
	int r;

	assert_int_equal(ledger_open_reader(&reader, kit.path, NULL), 0);
	begin();
	r = end(ledger_backup(reader, in_folder(name), over, &silent, &result, fault));
	ledger_close(reader);
	if (r == 0 && (result.archived != 1 || result.verify.events != LEFTKIT_EVENTS))
		complain("%lld files, %lld events", (long long)result.archived,
		         (long long)result.verify.events);
	return r;
}

static int back_up_new(struct fault *fault)
{
	return back_up("new.db", false, fault);
}

static int back_up_over(struct fault *fault)
{
	return back_up("copy.db", true, fault);
}

static void check_backup_new(void)
{
	expect_mode("new.db", LEDGER_MODE, false);
	expect_mode("new.db.archive", ARCHIVE_FOLDER_MODE, false);
	expect_mode("new.db.archive/2026-06.db", ARCHIVE_MODE, false);
	expect_events("new.db", LEFTKIT_EVENTS);
	expect_events("ledger.db", LEFTKIT_EVENTS);
}

static void check_backup_over(void)
{
	expect_events("copy.db", LEFTKIT_EVENTS);
	expect_events("ledger.db", LEFTKIT_EVENTS);
}

static int restore(struct fault *fault)
{
	struct backup_result result;

	begin();
	return end(ledger_restore(in_folder("copy.db"), kit.path, in_folder("old.db"), &silent,
	                          &result, fault));
}

static void check_restored(void)
{
	expect_mode("ledger.db", LEDGER_MODE, true);
	expect_events("ledger.db", LEFTKIT_COPIED);
	expect_events("copy.db", LEFTKIT_COPIED);
}

static void check_restored_over(void)
{
	check_restored();
	/* Its archive goes by the ledger's name. */
	assert_int_equal(rename(in_folder("ledger.db.archive"), in_folder("old.db.archive")), 0);
	expect_events("old.db", LEFTKIT_EVENTS);
}

static void check_restored_over_damage(void)
{
	check_restored();
	expect_mode("old.db", LEDGER_MODE, true);
	expect_mode("old.db-wal", 0700, false);
}

static int make_july(struct fault *fault)
{
	struct ledger *reader = NULL;
	struct archive_file file;
	int r;

	assert_int_equal(ledger_open_reader(&reader, kit.path, NULL), 0);
	begin();
	r = end(archive_make(reader, &july, NULL, NULL, &file, fault));
	ledger_close(reader);
	if (r == 0 && (file.events != 1 || strcmp(file.file, "2026-07.db") != 0))
		complain("%s has %lld events", file.file, (long long)file.events);
	return r;
}

static void check_july(void)
{
	expect_mode("ledger.db.archive/2026-07.db", ARCHIVE_MODE, true);
	expect_mode("ledger.db.archive/archive.lock", 0640, true);
	if (plan_count == 0 && access(in_folder("ledger.db.archive/" LEFTKIT_LEFT), F_OK) == 0)
		complain("what a run left that was killed is still there");
	/* Neither is of a name that such a run gives. */
	expect_mode("ledger.db.archive/2026-05.db.by-hand", 0644, false);
	expect_mode("ledger.db.archive/of-me.db.by_me2", 0644, false);
	expect_events("ledger.db", LEFTKIT_EVENTS);
}

struct use {
	const char *name;
	const char *without; /* of the fixture: what begins with one of these */
	bool damaged;        /* its WAL cannot be read */
	int (*run)(struct fault *fault);
	void (*check_done)(void);
	const char *makes;   /* when it is done */
	const char *leaves;  /* when it failed; of SQLite, and what is of use as it is */
	const char *changes; /* of what was there, also when it failed */
	const char *calls;   /* the others are those of the use before it; NULL: all */
};

static const struct use uses[] = {
	{ .name = "a new ledger",
	  .without = "ledger.db copy.db",
	  .run = open_writer,
	  .check_done = check_fresh,
	  .makes = "ledger.db ledger.db.lock ledger.db.secret ledger.db-wal ledger.db-shm",
	  .leaves = "ledger.db ledger.db.lock ledger.db.secret ledger.db-wal ledger.db-shm" },
	{ .name = "a writer behind one that died",
	  .run = open_writer,
	  .check_done = check_all,
	  .changes = "ledger.db ledger.db-wal ledger.db-shm ledger.db.lock" },
	{ .name = "a reader behind a writer that died",
	  .run = open_reader,
	  .check_done = check_all,
	  .changes = "ledger.db-shm" },
	{ .name = "a backup",
	  .run = back_up_new,
	  .check_done = check_backup_new,
	  .makes = "new.db new.db.archive new.db.archive/2026-06.db",
	  /* What is there of its archive is whole, and is not copied again. */
	  .leaves = "new.db.archive new.db.archive/2026-06.db",
	  .changes = "ledger.db-shm" },
	{ .name = "a backup over another",
	  .without = "copy.db.archive/",
	  .run = back_up_over,
	  .check_done = check_backup_over,
	  .makes = "copy.db.archive/2026-06.db",
	  .leaves = "copy.db.archive/2026-06.db",
	  .changes = "copy.db ledger.db-shm",
	  .calls = "fsync lstat mkdir open rename unlink" },
	{ .name = "a restore over a ledger",
	  .without = "ledger.db.archive/",
	  .run = restore,
	  .check_done = check_restored_over,
	  .makes = "old.db ledger.db.archive/2026-06.db",
	  .leaves = "ledger.db.archive/2026-06.db",
	  .changes = "ledger.db ledger.db-wal ledger.db-shm ledger.db.lock" },
	{ .name = "a restore over a ledger that cannot be read",
	  .without = "ledger.db-",
	  .damaged = true,
	  .run = restore,
	  .check_done = check_restored_over_damage,
	  .makes = "old.db old.db-wal",
	  .changes = "ledger.db.lock",
	  .calls = "fsync lstat rename renameat2" },
	{ .name = "a restore where none is",
	  .without = "ledger.db",
	  .run = restore,
	  .check_done = check_restored,
	  .makes = "ledger.db ledger.db.lock ledger.db.archive ledger.db.archive/2026-06.db",
	  .leaves = "ledger.db.lock ledger.db.archive ledger.db.archive/2026-06.db",
	  .calls = "fchown fsync lchown lstat mkdir renameat2 stat" },
	{ .name = "the file of a month",
	  .run = make_july,
	  .check_done = check_july,
	  .makes = "ledger.db.archive/2026-07.db ledger.db.archive/archive.lock",
	  .leaves = "ledger.db.archive/archive.lock",
	  .changes = "ledger.db-shm ledger.db.archive/" LEFTKIT_LEFT },
};

/* --- what may fail ------------------------------------------------------- */

/* Each errno that may come of a call; those of `goes_on` are nobody's business. */
static const struct refusal {
	const char *call;
	int errors[ERRORS_MAX], goes_on[ERRORS_MAX];
} refusals[] = {
	{ "close", { EIO, ENOSPC, EDQUOT, EINTR }, { 0 } },
	{ "faccessat", { EIO, EACCES }, { 0 } },
	{ "fchmod", { EIO, EPERM }, { 0 } },
	{ "fchown", { EIO, EPERM }, { 0 } },
	{ "fcntl", { EIO, ENOLCK }, { 0 } },
	{ "fopen", { EACCES, EMFILE }, { 0 } },
	{ "fstat", { EIO }, { 0 } },
	{ "fsync", { EIO, ENOSPC, EDQUOT }, { 0 } },
	{ "ftruncate", { EIO, ENOSPC }, { 0 } },
	{ "getrandom", { ENOSYS }, { 0 } },
	{ "lchown", { EIO, EPERM }, { 0 } },
	{ "lstat", { EIO, EACCES }, { 0 } },
	{ "mkdir", { EIO, ENOSPC, EACCES }, { 0 } },
	{ "mkostemp", { EIO, ENOSPC, EDQUOT, EACCES, EMFILE }, { 0 } },
	{ "open", { EIO, ENOSPC, EACCES, EMFILE }, { EINTR } },
	{ "opendir", { EIO, EMFILE }, { 0 } },
	{ "pread", { EIO }, { EINTR, FAILCALL_HALF } },
	{ "read", { EIO }, { EINTR } },
	{ "pwrite", { EIO, ENOSPC, EDQUOT }, { EINTR, FAILCALL_HALF } },
	{ "readdir", { EIO }, { 0 } },
	{ "rename", { EIO, ENOSPC, EACCES }, { 0 } },
	{ "renameat2", { EIO, ENOSPC, EACCES }, { EINVAL, ENOSYS } },
	{ "stat", { EIO, EACCES }, { 0 } },
	{ "unlink", { EIO, EACCES }, { 0 } },
	{ "unlinkat", { EIO }, { 0 } },
};

/* Calls without which all is there nevertheless, and why; `place` is the end of their path. */
static const struct {
	const char *call, *place, *why;
} forgiven[] = {
	{ "fopen", "/proc/locks",
	  "who reads is not known then, which is told (ledger/walindex.h)" },
	{ "open", "/boot_id", "there is no mark then of what is in the WAL (ledger/wal.h)" },
	{ "pread", "/boot_id", "there is no mark then of what is in the WAL (ledger/wal.h)" },
	{ "faccessat", ".lock", "it is opened then, and that tells" },
	{ "opendir", ".archive", "what a run left that was killed stays until the next one" },
	{ "readdir", ".archive", "what a run left that was killed stays until the next one" },
	{ "unlinkat", LEFTKIT_LEFT, "what a run left that was killed stays until the next one" },
	{ "unlink", "-wal", "a copy is whole without it, and has another name afterwards" },
	{ "unlink", "-shm", "the same" },
	{ "unlink", "-journal", "the same" },
	{ "stat", "/2026-06.db", "its bytes are read then, as always" },
	{ "close", ".lock", "the lock goes all the same; the mark takes no sync (ledger/lock.h)" },
};

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), of = strlen(end);

	return len >= of && strcmp(text + len - of, end) == 0;
}

static bool is_forgiven(void)
{
	if (of_others)
		return true;
	/* What was written by it is on disk; or nothing was. */
	if (strcmp(plans[0].name, "close") == 0 && !failcall_unsynced())
		return true;
	for (size_t i = 0; i < sizeof(forgiven) / sizeof(forgiven[0]); i++) {
		if (strcmp(forgiven[i].call, plans[0].name) == 0 &&
		    ends_with(failcall_place(), forgiven[i].place))
			return true;
	}
	return false;
}

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = words; at != NULL && (at = strstr(at, word)) != NULL; at += len) {
		if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
	}
	return false;
}

/* --- a trial ------------------------------------------------------------- */

static void lay_out(const struct use *use)
{
	struct filetree tree = { .count = 0 };
	char words[128], *word, *rest;

	for (size_t i = 0; i < fixture.count; i++) {
		bool out = false;

		snprintf(words, sizeof(words), "%s", use->without != NULL ? use->without : "");
		for (word = strtok_r(words, " ", &rest); word != NULL;
		     word = strtok_r(NULL, " ", &rest))
			out = out || strncmp(fixture.files[i].name, word, strlen(word)) == 0;
		if (!out)
			tree.files[tree.count++] = fixture.files[i];
	}
	filetree_lay_out(&tree, kit.folder);
	if (use->damaged)
		assert_int_equal(mkdir(in_folder("ledger.db-wal"), 0700), 0);
}

static int open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

/* Nothing but what was there before and these. */
static void expect_names(const struct filetree *before, const char *more)
{
	struct filetree now;

	filetree_read(&now, kit.folder, false);
	for (size_t i = 0; i < now.count; i++) {
		const char *name = now.files[i].name;

		if (filetree_find(before, name) == NULL && !has_word(more, name) &&
		    strcmp(failcall_place(), in_folder(name)) != 0)
			complain("%s lies about", name);
	}
}

static void expect_kept(const struct use *use, const struct filetree *before)
{
	for (size_t i = 0; i < before->count; i++) {
		const struct filetree_file *file = &before->files[i];

		if (file->bytes == NULL)
			expect_mode(file->name, file->mode & 07777, false);
		else if (!has_word(use->changes, file->name) &&
		         !filetree_same(before, kit.folder, file->name))
			complain("%s is not what it was", file->name);
	}
}

static void expect_fault(int r, const struct fault *fault)
{
	int error = plans[0].error;
	int expected = error == ENOSPC || error == EDQUOT ? -FAULT_FULL : -FAULT_IO;

	if (r != expected)
		complain("%s, not %s: %s", fault_name(r), fault_name(expected), fault->text);
	if (strstr(fault->text, kit.folder) == NULL)
		complain("no path is named: %s", fault->text);
}

/* Once more without a failure: what the first try left is in nobody's way. */
static void run_again(const struct use *use)
{
	struct fault fault = { .code = FAULT_NONE };
	size_t kept = plan_count;

	plan_count = 0;
	of_others = false;
	if (use->run(&fault) < 0)
		complain("the second try: %s", fault.text);
	else
		use->check_done();
	plan_count = kept;
}

static void try(const struct use *use, const struct failcall *planned, size_t count, bool goes_on)
{
	struct fault fault = { .code = FAULT_NONE };
	struct filetree before;
	int descriptors, r;

	lay_out(use);
	filetree_read(&before, kit.folder, true);
	label = use->name;
	plans = planned;
	plan_count = count;
	of_others = false;
	trials++;
	descriptors = open_descriptors();
	r = use->run(&fault);
	if (count > 0 && !failcall_happened())
		complain("it did not come to that");
	if (open_descriptors() != descriptors)
		complain("%d descriptors stay open", open_descriptors() - descriptors);
	if (r == 0) {
		if (count > 0 && !goes_on && !is_forgiven())
			complain("nobody noticed");
		expect_names(&before, use->makes);
		use->check_done();
	} else if (count == 0 || goes_on) {
		complain("%s", fault.text);
	} else {
		expect_fault(r, &fault);
		expect_names(&before, use->leaves);
		expect_kept(use, &before);
		run_again(use);
	}
	filetree_release(&before);
}

/*
 * One errno after the other, each call with one of them; SEED says with which it begins.  `besides`
 * fails as well, unless it is NULL.
 */
static void fail_each(const struct use *use, const char *call, int calls,
                      const int errors[ERRORS_MAX], bool goes_on, const struct failcall *besides)
{
	int known = 0;

	while (known < ERRORS_MAX && errors[known] != 0)
		known++;
	for (int k = 0; known > 0 && k < calls; k += every) {
		struct failcall both[2] = { { .name = call, .after = k } };

		both[0].error = errors[(k + seed) % known];
		if (besides != NULL)
			both[1] = *besides;
		try(use, both, besides != NULL ? 2 : 1, goes_on);
	}
}

static void test_a_call_that_fails_is_told_and_nothing_is_half_done(void **state)
{
	enum { CALLS = sizeof(refusals) / sizeof(refusals[0]) };
	int calls[CALLS], all[CALLS] = { 0 };

	(void)state;
	print_message("SEED=%d\n", seed);
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		try(&uses[i], NULL, 0, false);
		for (int j = 0; j < CALLS; j++)
			all[j] += calls[j] = failcall_count(refusals[j].call);
		for (int j = 0; j < CALLS; j++) {
			const struct refusal *refusal = &refusals[j];

			if (uses[i].calls != NULL && !has_word(uses[i].calls, refusal->call))
				continue;
			fail_each(&uses[i], refusal->call, calls[j], refusal->errors, false, NULL);
			fail_each(&uses[i], refusal->call, calls[j], refusal->goes_on, true, NULL);
		}
	}
	print_message("%d trials\n", trials);
	/* Every one of them is wrapped, and called. */
	for (int j = 0; j < CALLS; j++) {
		if (all[j] == 0)
			fail_msg("%s was never called", refusals[j].call);
	}
	assert_int_equal(complaints, 0);
}

/* Of a file system that can neither exchange two names nor spare one that is there. */
static void test_where_renameat2_is_not_known_nothing_is_half_done_either(void **state)
{
	static const struct failcall unknown = { .name = "renameat2",
		                                 .error = EINVAL,
		                                 .all = true };
	static const char *const calls[] = { "fsync", "lstat", "rename" };
	static const int errors[ERRORS_MAX] = { EIO };

	(void)state;
	complaints = 0;
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		int count[3];

		if (uses[i].check_done == check_all)
			continue; /* it renames nothing */
		try(&uses[i], &unknown, 1, true);
		for (int j = 0; j < 3; j++)
			count[j] = failcall_count(calls[j]);
		for (int j = 0; j < 3; j++)
			fail_each(&uses[i], calls[j], count[j], errors, false, &unknown);
	}
	assert_int_equal(complaints, 0);
}

static const struct use *use_named(const char *name)
{
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		if (strcmp(uses[i].name, name) == 0)
			return &uses[i];
	}
	fail_msg("%s: no use", name);
	return uses;
}

/* What stands in the fault's text behind `words`: a path in the folder, by its name there. */
static const char *named(const struct fault *fault, const char *words)
{
	const char *at = strstr(fault->text, words);

	if (at == NULL)
		fail_msg("%s: %s", words, fault->text);
	return at + strlen(words) + strlen(kit.folder) + 1;
}

static void test_where_the_old_ledger_cannot_go_back_it_is_told_where_it_is(void **state)
{
	/* It does not get its name, and the two are not exchanged again. */
	static const struct failcall stuck[] = {
		{ .name = "renameat2", .after = 2, .error = EIO, .all = true },
	};
	/* The new one does not get its name, and the old one does not get it back. */
	static const struct failcall gone[] = {
		{ .name = "rename", .after = 2, .error = EIO, .all = true },
		{ .name = "renameat2", .error = EINVAL, .all = true },
	};
	struct fault fault = { .code = FAULT_NONE };
	const struct use *use = use_named("a restore over a ledger");
	const char *old;

	(void)state;
	complaints = 0;
	label = use->name;
	lay_out(use);
	plans = stuck;
	plan_count = 1;
	assert_int_equal(restore(&fault), -FAULT_IO);
	old = named(&fault, "the backup is in its place, the old ledger in ");
	expect_events("ledger.db", LEFTKIT_COPIED);
	assert_int_equal(rename(in_folder("ledger.db.archive"), in_folder("old.db.archive")), 0);
	assert_int_equal(rename(in_folder(old), in_folder("old.db")), 0);
	expect_events("old.db", LEFTKIT_EVENTS);

	lay_out(use);
	plans = gone;
	plan_count = 2;
	assert_int_equal(restore(&fault), -FAULT_IO);
	assert_string_equal(named(&fault, "the old ledger is in "), "old.db");
	assert_int_equal(access(kit.path, F_OK), -1);
	assert_int_equal(rename(in_folder("ledger.db.archive"), in_folder("old.db.archive")), 0);
	expect_events("old.db", LEFTKIT_EVENTS);
	assert_int_equal(complaints, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_call_that_fails_is_told_and_nothing_is_half_done),
		cmocka_unit_test(test_where_renameat2_is_not_known_nothing_is_half_done_either),
		cmocka_unit_test(test_where_the_old_ledger_cannot_go_back_it_is_told_where_it_is),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
