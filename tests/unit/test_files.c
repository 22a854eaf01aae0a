#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/durable.h"
#include "ledger/files.h"
#include "ledger/ledger.h"
#include "ledger/lock.h"
#include "ledger/store.h"
#include "ledger/walindex.h"
#include "tests/support/fixture.h"
#include "tests/support/ledgerkit.h"

#define EVENT_TIME "2026-08-01T10:00:00Z"

enum damage { REMOVED, REPLACED, CUT };

static const struct {
	const char *label, *suffix;
	enum damage damage;
	const char *words;
} rows[] = {
	{ "the ledger removed", "", REMOVED, "gone while it was written" },
	{ "the ledger replaced by a copy", "", REPLACED, "replaced while it was written" },
	{ "the ledger cut", "", CUT, "while it was written; it had" },
	{ "the WAL removed", "-wal", REMOVED, "gone while it was written" },
	{ "the WAL replaced by a copy", "-wal", REPLACED, "replaced while it was written" },
	{ "the WAL cut", "-wal", CUT, "while it was written; it had" },
	{ "the lock removed: another may write", ".lock", REMOVED, "gone while it was written" },
	{ "the lock replaced: another may hold it", ".lock", REPLACED,
	  "replaced while it was written" },
};

static void copy(const char *from, const char *to)
{
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	int c;

	assert_non_null(in);
	assert_non_null(out);
	while ((c = fgetc(in)) != EOF)
		fputc(c, out);
	assert_int_equal(fclose(in), 0);
	assert_int_equal(fclose(out), 0);
}

static void harm(const struct ledgerkit *kit, const char *suffix, enum damage damage)
{
	char path[KIT_PATH_BYTES + 8], other[KIT_PATH_BYTES + 16];

	snprintf(path, sizeof(path), "%s%s", kit->path, suffix);
	snprintf(other, sizeof(other), "%s.copy", path);
	switch (damage) {
	case REMOVED:
		assert_int_equal(unlink(path), 0);
		break;
	case REPLACED:
		copy(path, other);
		assert_int_equal(rename(other, path), 0);
		break;
	case CUT:
		assert_int_equal(truncate(path, 4096), 0);
		break;
	}
}

/* The file and the WAL both hold something. */
static void fill(struct ledgerkit *kit)
{
	kit_open(kit);
	kit_send_usage(kit, "a", EVENT_TIME, "m", "{\"input\":1}");
	assert_int_equal(ledger_wal_checkpoint(kit->ledger, true, NULL, NULL), 0);
	kit_send_usage(kit, "b", EVENT_TIME, "m", "{\"input\":1}");
}

/* Nothing is begun on files that keep nothing ... */
static void test_no_transaction_begins_on_damaged_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fault fault = { .code = FAULT_NONE };
		struct ledgerkit kit;
		int r;

		fill(&kit);
		harm(&kit, rows[i].suffix, rows[i].damage);
		r = ledger_begin(kit.ledger, &fault);
		if (r != -FAULT_CORRUPT || strstr(fault.text, rows[i].words) == NULL)
			fail_msg("%s: %d %s", rows[i].label, r, fault.text);
		kit_close(&kit);
	}
}

/* ... nor is a commit called durable when they went while it was on its way. */
static void test_no_commit_is_durable_in_files_that_are_gone(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fault fault = { .code = FAULT_NONE };
		struct ledgerkit kit;
		int r;

		if (rows[i].damage == CUT)
			continue; /* the commit may write behind the cut */
		fill(&kit);
		assert_int_equal(ledger_begin(kit.ledger, NULL), 0);
		assert_int_equal(ledger_change_note(kit.ledger, KIT_NOW_MS, text_of("who"), "what",
		                                    text_of("why"), NULL),
		                 0);
		harm(&kit, rows[i].suffix, rows[i].damage);
		r = ledger_commit(kit.ledger, &fault);
		if (r != -FAULT_CORRUPT || strstr(fault.text, rows[i].words) == NULL)
			fail_msg("%s: %d %s", rows[i].label, r, fault.text);
		ledger_rollback(kit.ledger);
		kit_close(&kit);
	}
}

/* A commit without a change writes no WAL: what is not there is not missed. */
static void test_an_emptied_wal_is_not_damage(void **state)
{
	struct ledgerkit kit;

	(void)state;
	fill(&kit);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ledger_wal_checkpoint(kit.ledger, true, NULL, NULL), 0);
		assert_int_equal(kit_send_usage(&kit, "b", EVENT_TIME, "m", "{\"input\":1}"),
		                 INGEST_DUPLICATE);
		assert_int_equal(ledger_wal_checkpoint(kit.ledger, i == 1, NULL, NULL), 0);
	}
	kit_close(&kit);
}

static uid_t owner(const struct ledgerkit *kit, const char *suffix)
{
	char path[KIT_PATH_BYTES + 8];
	struct stat status;

	snprintf(path, sizeof(path), "%s%s", kit->path, suffix);
	assert_int_equal(stat(path, &status), 0);
	return status.st_uid;
}

/* Root may change a ledger while no daemon runs: the daemon must be able to go on. */
static void test_what_root_makes_belongs_to_the_ledgers_owner(void **state)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", ".lock" };
	enum { NOBODY = 65534 };
	struct ledgerkit kit;
	char lock[KIT_PATH_BYTES + 8];

	(void)state;
	if (geteuid() != 0)
		fixture_skip("a file of another user needs root");
	kit_open(&kit);
	assert_int_equal(owner(&kit, ""), 0);
	kit_shut(&kit);
	/* A new one in a folder of somebody: as it is after the installation. */
	assert_int_equal(chown(kit.folder, NOBODY, NOBODY), 0);
	assert_int_equal(unlink(kit.path), 0);
	snprintf(lock, sizeof(lock), "%s.lock", kit.path);
	assert_int_equal(unlink(lock), 0);
	for (int made = 0; made < 2; made++) {
		kit_reopen(&kit);
		kit_send_usage(&kit, "a", EVENT_TIME, "m", "{\"input\":1}");
		for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
			if (owner(&kit, suffixes[i]) != NOBODY)
				fail_msg("%d: %s", made, suffixes[i]);
		}
		kit_shut(&kit);
		/* One that was copied here without its lock. */
		assert_int_equal(unlink(lock), 0);
		assert_int_equal(chown(kit.folder, 0, 0), 0);
	}
	kit_reopen(&kit);
	kit_close(&kit);
}

static void test_names_beside_a_file_and_its_folder(void **state)
{
	static const struct {
		const char *path, *folder;
	} folders[] = {
		{ "/ledger.db", "/" },
		{ "ledger.db", "." },
		{ "a/ledger.db", "a" },
		{ "/a/b/ledger.db", "/a/b" },
	};
	char name[PATH_MAX], path[PATH_MAX + 8];
	struct fault fault = { .code = FAULT_NONE };

	(void)state;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		assert_int_equal(files_folder(folders[i].path, name, &fault), 0);
		assert_string_equal(name, folders[i].folder);
	}
	assert_int_equal(files_beside("/a/l.db", "-wal", name, &fault), 0);
	assert_string_equal(name, "/a/l.db-wal");
	assert_int_equal(files_inside("/a", "l.db", name, &fault), 0);
	assert_string_equal(name, "/a/l.db");
	/* The longest one, and one more. */
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[PATH_MAX - 4] = '\0';
	assert_int_equal(files_beside(path, "-wal", name, &fault), -FAULT_RANGE);
	assert_non_null(strstr(fault.text, "the path is too long"));
	path[PATH_MAX - 5] = '\0';
	assert_int_equal(files_beside(path, "-wal", name, &fault), 0);
	assert_int_equal(strlen(name), PATH_MAX - 1);
	path[PATH_MAX - 5] = path[PATH_MAX - 4] = 'x';
	path[PATH_MAX] = '\0';
	assert_int_equal(files_folder(path, name, &fault), -FAULT_RANGE);
	assert_int_equal(files_folder(path + 1, name, &fault), 0); /* it names none */
}

/* A path without room for a name beside it is refused by whoever needs one. */
static void test_a_path_that_is_too_long_is_told(void **state)
{
	struct fault fault = { .code = FAULT_NONE };
	char path[PATH_MAX], beside[PATH_MAX];
	struct hmac_sha256_key secret;
	struct walindex index;
	struct wal_scan scan;
	struct wal_mark mark;
	struct ledger *ledger = NULL;
	int64_t ns, pid;
	char note[LEDGER_NOTE_BYTES];
	int fd = -1;

	(void)state;
	memset(path, 'x', sizeof(path));
	path[PATH_MAX - 2] = '\0';
	assert_int_equal(ledger_secret(path, &secret, &fault), -FAULT_RANGE);
	assert_int_equal(ledger_holder(path, &pid, note, &fault), -FAULT_RANGE);
	assert_int_equal(ledger_open_writer(&ledger, path, NULL, &fault), -FAULT_RANGE);
	assert_int_equal(lock_take(path, NULL, &fd, &fault), -FAULT_RANGE);
	assert_int_equal(lock_mark_read(path, &mark, &ns, &fault), -FAULT_RANGE);
	assert_int_equal(walindex_read(path, &index, &fault), -FAULT_RANGE);
	assert_int_equal(wal_check(path, NULL, 0, &scan, &fault), -FAULT_RANGE);
	assert_int_equal(durable_create(path, beside, &fd, &fault), -FAULT_RANGE);
	assert_non_null(strstr(fault.text, "the path is too long"));
	assert_int_equal(fd, -1);
}

static void test_a_name_is_taken_only_where_it_is_free(void **state)
{
	struct ledgerkit kit;
	struct fault fault = { .code = FAULT_NONE };
	char from[KIT_PATH_BYTES], to[KIT_PATH_BYTES];
	char hex[SHA256_HEX_BYTES], mine[SHA256_HEX_BYTES];
	int64_t bytes;

	(void)state;
	kit_open(&kit);
	kit_write(&kit, from, "from", "from");
	kit_write(&kit, to, "to", "mine");
	assert_int_equal(durable_digest(to, mine, &bytes, NULL), 0);
	assert_int_equal(durable_rename(from, to, false, &fault), -FAULT_INVALID);
	assert_non_null(strstr(fault.text, "/to: it is there already"));
	assert_int_equal(durable_copy_file(from, to, 0600, &fault), -FAULT_INVALID);
	assert_int_equal(durable_digest(to, hex, &bytes, NULL), 0);
	assert_string_equal(hex, mine);
	assert_int_equal(durable_rename(from, to, true, &fault), 0);
	assert_int_equal(durable_digest(from, hex, &bytes, &fault), -FAULT_NOT_FOUND);
	assert_int_equal(durable_copy_file(from, to, 0600, &fault), -FAULT_NOT_FOUND);
	assert_non_null(strstr(fault.text, "/from: No such file"));
	assert_int_equal(durable_sync(from, 0600, &fault), -FAULT_IO);
	assert_int_equal(durable_folder(to, 0700, to, &fault), 0); /* there is something */
	kit_close(&kit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_beside_a_file_and_its_folder),
		cmocka_unit_test(test_a_path_that_is_too_long_is_told),
		cmocka_unit_test(test_a_name_is_taken_only_where_it_is_free),
		cmocka_unit_test(test_no_transaction_begins_on_damaged_files),
		cmocka_unit_test(test_no_commit_is_durable_in_files_that_are_gone),
		cmocka_unit_test(test_an_emptied_wal_is_not_damage),
		cmocka_unit_test(test_what_root_makes_belongs_to_the_ledgers_owner),
	};

	return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
