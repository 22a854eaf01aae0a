/* The facts of a ledger's files, for doctor_checks.c. */
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>

#include "cli/doctor_checks.h"

static const char *const suffixes[DOCTOR_FILES] = { "", "-wal", "-shm", ".lock" };

/* magic(5) numbers of statfs(2): a lock there may not be one for other machines. */
static const struct {
	uint32_t type;
	const char *name;
} remotes[] = {
	{ 0x6969, "NFS" },      { 0xff534d42, "CIFS" }, { 0xfe534d42, "SMB" },
	{ 0x65735546, "FUSE" }, { 0x01021997, "9P" },   { 0x00c36400, "Ceph" },
};

static void look_at_files(struct doctor_facts *facts)
{
	for (int i = 0; i < DOCTOR_FILES; i++) {
		struct doctor_file *file = &facts->files[i];

		file->suffix = suffixes[i];
		snprintf(file->path, sizeof(file->path), "%s%s", facts->path, suffixes[i]);
		file->there = stat(file->path, &file->status) == 0;
	}
}

static void look_at_disk(struct doctor_facts *facts)
{
	struct statfs disk;

	facts->free_bytes = facts->total_bytes = -1;
	if (statfs(facts->path, &disk) < 0)
		return;
	facts->free_bytes = (int64_t)disk.f_bavail * (int64_t)disk.f_bsize;
	facts->total_bytes = (int64_t)disk.f_blocks * (int64_t)disk.f_bsize;
	for (size_t i = 0; i < sizeof(remotes) / sizeof(remotes[0]); i++) {
		if ((uint32_t)disk.f_type == remotes[i].type)
			facts->remote = remotes[i].name;
	}
}

static int keep_setting(void *context, const struct ledger_setting *setting)
{
	struct doctor_facts *facts = context;
	struct doctor_setting *kept = &facts->settings[facts->setting_count];

	if (facts->setting_count == DOCTOR_SETTINGS_MAX)
		return 0;
	facts->setting_count++;
	*kept = (struct doctor_setting){
		.name = setting->name,
		.expected = setting->expected,
		.of = setting->of,
		.read = setting->value.at != NULL,
	};
	text_copy(kept->value, sizeof(kept->value), setting->value);
	return 0;
}

void doctor_look(const char *ledger_path, struct doctor_facts *facts)
{
	struct ledger *ledger = NULL;
	int r;

	*facts = (struct doctor_facts){ .path = ledger_path };
	look_at_files(facts);
	look_at_disk(facts);
	if (walindex_read(ledger_path, &facts->index, &facts->index_fault) == 0)
		facts->index_fault.code = FAULT_NONE;
	r = ledger_holder(ledger_path, &facts->holder_pid, facts->holder_note, NULL);
	facts->holder_known = r == 0 || r == -FAULT_NOT_FOUND;
	/* Behind all that opens files of its own. */
	r = ledger_open_reader(&ledger, ledger_path, &facts->open_fault);
	if (r == 0)
		r = ledger_each_setting(ledger, keep_setting, facts, &facts->open_fault);
	ledger_close(ledger);
	if (r == 0)
		facts->open_fault.code = FAULT_NONE;
}
