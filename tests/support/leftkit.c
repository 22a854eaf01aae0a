#include "tests/support/leftkit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ingest/change.h"
#include "ledger/backup.h"

#define MODEL     "acme/llama-4-70b"
/* 2026-08-01: July and what is before it is over. */
#define BEFORE_MS INT64_C(1785542400000)

static int note_month(void *context, const struct archive_month *month)
{
	struct archive_month *months = context;

	months[months[0].hours > 0] = *month;
	return 0;
}

/* June goes into the archive; July could. */
static void archive_june(struct ledgerkit *kit, struct archive_month *july_out)
{
	struct archive_month months[2] = { { .hours = 0 } };
	struct buf request = { .at = NULL }, reply = { .at = NULL };
	struct change change = { .who = text_of("test"), .now_ms = KIT_NOW_MS };
	struct archive_file file;
	struct ledger *reader = NULL;
	bool moved;

	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
	assert_int_equal(archive_months(reader, BEFORE_MS, note_month, months, NULL), 0);
	assert_int_equal(archive_make(reader, &months[0], NULL, NULL, &file, NULL), 0);
	ledger_close(reader);
	*july_out = months[1];
	buf_addf(&request,
	         "{\"change\":\"archive.month\",\"month\":\"%s\",\"file\":\"%s\",\"sha256\":\"%s\","
	         "\"events\":%lld,\"bytes\":%lld}",
	         file.month, file.file, file.sha256, (long long)file.events, (long long)file.bytes);
	change.request = buf_text(&request);
	assert_int_equal(change_run(kit->ledger, &change, &reply, &moved, NULL), 0);
	assert_non_null(strstr(reply.at, "\"ok\":true"));
	buf_release(&request);
	buf_release(&reply);
}

/* A writer that died leaves what it committed in the WAL. */
static void die_behind_a_commit(struct ledgerkit *kit)
{
	int status;
	pid_t pid;

	kit_shut(kit);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		kit_reopen(kit);
		kit_send_usage(kit, "wal", "2026-08-01T10:30:00Z", MODEL, "{\"output\":5000}");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void put(const struct ledgerkit *kit, const char *name)
{
	char path[KIT_PATH_BYTES];

	kit_write(kit, path, name, "x");
}

void leftkit_open(struct ledgerkit *kit, struct archive_month *july_out)
{
	const struct backup_watch silent = { .copied = NULL };
	struct backup_result result;
	struct ledger *reader = NULL;
	char copy[KIT_PATH_BYTES + 16];

	kit_open(kit);
	kit_price(kit, kit_small_book);
	kit_send_usage(kit, "june", "2026-06-03T10:00:00Z", MODEL, "{\"input\":1000}");
	kit_send_usage(kit, "july", "2026-07-03T11:30:00Z", MODEL, "{\"output\":4000}");
	kit_send_usage(kit, "august", "2026-08-01T09:30:00Z", MODEL, "{\"output\":5000}");
	archive_june(kit, july_out);
	put(kit, "ledger.db.archive/" LEFTKIT_LEFT);
	put(kit, "ledger.db.archive/2026-05.db.by-hand");
	put(kit, "ledger.db.archive/of-me.db.by_me2");
	snprintf(copy, sizeof(copy), "%s/copy.db", kit->folder);
	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
	assert_int_equal(ledger_backup(reader, copy, false, &silent, &result, NULL), 0);
	ledger_close(reader);
	die_behind_a_commit(kit);
}
