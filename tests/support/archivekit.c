#include "tests/support/archivekit.h"

#include <fcntl.h>
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

#include "ingest/change.h"
#include "ledger/read.h"

void archivekit_send(struct ledgerkit *kit, const char *id, const char *time, const char *usage)
{
	kit_send_usage(kit, id, time, ARCHIVEKIT_MODEL, usage);
}

/* Two hours of June, one of July, one of August; a detail in each. */
void archivekit_fill(struct ledgerkit *kit)
{
	kit_price(kit, kit_small_book);
	archivekit_send(kit, "june-1", "2026-06-03T10:00:00Z", "{\"input\":1000}");
	archivekit_send(kit, "june-2", "2026-06-03T10:30:00Z", "{\"input\":2000}");
	archivekit_send(kit, "june-3", "2026-06-03T11:30:00Z", "{\"output\":3000}");
	archivekit_send(kit, "july-1", "2026-07-03T11:30:00Z", "{\"output\":4000}");
	archivekit_send(kit, "august", "2026-08-01T09:30:00Z", "{\"output\":5000}");
}

static int note_month(void *context, const struct archive_month *month)
{
	struct archive_month *months = context;

	for (int i = 0; i < 4; i++) {
		if (months[i].hours + months[i].waiting == 0) {
			months[i] = *month;
			return 0;
		}
	}
	return -1;
}

int archivekit_make(struct ledgerkit *kit, const struct archive_month *month,
                    struct archive_file *file, struct fault *fault)
{
	struct ledger *reader = NULL;
	int r = ledger_open_reader(&reader, kit->path, fault);

	if (r == 0)
		r = archive_make(reader, month, NULL, NULL, file, fault);
	ledger_close(reader);
	return r;
}

void archivekit_find(struct ledgerkit *kit, struct archive_month months[4])
{
	struct ledger *reader = NULL;

	memset(months, 0, 4 * sizeof(*months));
	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
	assert_int_equal(archive_months(reader, ARCHIVEKIT_BEFORE_MS, note_month, months, NULL), 0);
	ledger_close(reader);
}

/* The change, as the daemon or toll runs it: its reply. */
const char *archivekit_ask(struct ledgerkit *kit, const struct archive_file *file)
{
	static char text[1024];
	struct buf request = { .at = NULL }, reply = { .at = NULL };
	struct change change = { .who = text_of("test"), .now_ms = KIT_NOW_MS };
	bool moved;

	buf_addf(&request,
	         "{\"change\":\"archive.month\",\"month\":\"%s\",\"file\":\"%s\",\"sha256\":\"%s\","
	         "\"events\":%lld,\"bytes\":%lld}",
	         file->month, file->file, file->sha256, (long long)file->events,
	         (long long)file->bytes);
	change.request = buf_text(&request);
	/* A file that cannot be taken is no fault of the ledger: the reply tells of it. */
	assert_int_equal(change_run(kit->ledger, &change, &reply, &moved, NULL), 0);
	snprintf(text, sizeof(text), "%s", reply.at);
	buf_release(&request);
	buf_release(&reply);
	return text;
}

void archivekit_says(const char *text, const char *words)
{
	if (strstr(text, words) == NULL)
		fail_msg("%s: %s", words, text);
}

/* All that can move. */
void archivekit_move(struct ledgerkit *kit)
{
	struct archive_month months[4];

	archivekit_find(kit, months);
	for (int i = 0; i < 4 && months[i].hours > 0; i++) {
		struct fault fault = { .code = FAULT_NONE };
		struct archive_file file;

		if (archivekit_make(kit, &months[i], &file, &fault) < 0)
			fail_msg("make: %s", fault.text);
		if (file.events > 0)
			archivekit_says(archivekit_ask(kit, &file), "\"ok\":true");
	}
}

void archivekit_end(struct ledgerkit *kit)
{
	char command[KIT_PATH_BYTES + 32];

	snprintf(command, sizeof(command), "rm -rf %s/*.archive", kit->folder);
	assert_int_equal(system(command), 0);
}

int archivekit_teardown(void **state)
{
	archivekit_end(*state);
	return kit_teardown(state);
}

void archivekit_path(const struct ledgerkit *kit, const char *file, char out[ARCHIVEKIT_PATH_BYTES])
{
	snprintf(out, ARCHIVEKIT_PATH_BYTES, "%s.archive/%s", kit->path, file);
}

void archivekit_flip(const char *path, off_t at)
{
	int fd = open(path, O_RDWR);
	char byte;

	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}
