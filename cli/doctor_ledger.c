#include "cli/doctor_ledger.h"

#include <stdio.h>
#include <string.h>

#include "cli/doctor_checks.h"

enum { LABEL_WIDTH = 18 };

static const char *const setting_owners[] = {
	[SETTING_FILE] = "file",
	[SETTING_CONNECTION] = "connection",
	[SETTING_WRITER] = "writer",
};

static void pair_settings(struct context *context, const struct doctor_facts *facts)
{
	struct printer *printer = &context->printer;

	for (size_t i = 0; i < facts->setting_count; i++) {
		const struct doctor_setting *setting = &facts->settings[i];

		if (setting->read)
			printer_pairf(printer, LABEL_WIDTH, setting->name, "%s, of %s",
			              setting->value,
			              setting->of == SETTING_FILE ? "the file" : "a reader");
		else
			printer_pairf(
				printer, LABEL_WIDTH, setting->name,
				"not read here: of the writer alone, which sets %s and reads it "
				"back when it opens",
				setting->expected);
	}
}

static void pair_wal(struct context *context, const struct doctor_facts *facts)
{
	struct printer *printer = &context->printer;
	const struct walindex *index = &facts->index;
	const struct doctor_file *wal = &facts->files[1];
	size_t shown = index->reader_count < WALINDEX_READERS_MAX ? (size_t)index->reader_count
	                                                          : WALINDEX_READERS_MAX;

	printer_pairf(printer, LABEL_WIDTH, "WAL", "%lld bytes",
	              wal->there ? (long long)wal->status.st_size : 0LL);
	if (!index->there) {
		printer_pairf(printer, LABEL_WIDTH, "", "nobody had it open");
		return;
	}
	printer_pairf(printer, LABEL_WIDTH, "", "%lld frames, of them %lld not yet copied",
	              (long long)index->frames, (long long)(index->frames - index->copied));
	for (size_t i = 0; i < shown; i++) {
		const struct walindex_reader *reader = &index->readers[i];

		printer_pairf(printer, LABEL_WIDTH, i == 0 ? "Oldest reader" : "Reader",
		              "process %lld (%s), running for %lld s, %lld frames behind",
		              (long long)reader->pid, reader->command, (long long)reader->running_s,
		              (long long)reader->behind);
	}
	if (shown == 0)
		printer_pairf(printer, LABEL_WIDTH, "Oldest reader", "%s",
		              index->locks_known ? "none" : "not known");
}

/* Its check-in is a date, a time and a hash that is too wide to stand behind a label. */
static void pair_sqlite(struct context *context)
{
	const char *source = ledger_sqlite_source(), *hash = strrchr(source, ' ');

	if (hash == NULL)
		hash = source;
	printer_pairf(&context->printer, LABEL_WIDTH, "SQLite", "%s of %.*s, source",
	              ledger_sqlite_version(), (int)(hash - source), source);
	printer_wrapf(&context->printer, 2, "%s", hash + (*hash == ' '));
}

static void write_text(struct context *context, const struct doctor_facts *facts)
{
	struct printer *printer = &context->printer;

	printer_pairf(printer, LABEL_WIDTH, "Ledger", "%s", facts->path);
	pair_sqlite(context);
	pair_settings(context, facts);
	if (facts->holder_pid > 0)
		printer_pairf(printer, LABEL_WIDTH, "Writer", "process %lld%s%s",
		              (long long)facts->holder_pid,
		              facts->holder_note[0] != '\0' ? ", " : "", facts->holder_note);
	else
		printer_pairf(printer, LABEL_WIDTH, "Writer", "%s",
		              facts->holder_known ? "none" : "not known");
	pair_wal(context, facts);
	for (int i = 0; i < DOCTOR_FILES; i++) {
		const struct doctor_file *file = &facts->files[i];

		if (file->there)
			printer_pairf(printer, LABEL_WIDTH, i == 0 ? "Files" : "",
			              "%s: uid %u, gid %u, mode %04o, %lld bytes", file->path,
			              (unsigned)file->status.st_uid, (unsigned)file->status.st_gid,
			              (unsigned)file->status.st_mode & 07777,
			              (long long)file->status.st_size);
	}
	if (facts->free_bytes >= 0)
		printer_pairf(printer, LABEL_WIDTH, "Disk", "%lld of %lld MiB free",
		              (long long)(facts->free_bytes >> 20),
		              (long long)(facts->total_bytes >> 20));
	buf_add(&context->out, "\n", 1);
	for (size_t i = 0; i < facts->check_count; i++)
		printer_wrapf(printer, 0, "%s %s: %s",
		              facts->checks[i].attention ? "ATTENTION" : "ok",
		              facts->checks[i].name, facts->checks[i].text);
}

static void add_settings(struct buf *out, const struct doctor_facts *facts)
{
	buf_add_cstr(out, ",\"settings\":[");
	for (size_t i = 0; i < facts->setting_count; i++) {
		const struct doctor_setting *setting = &facts->settings[i];

		buf_addf(out, "%s{\"name\":\"%s\",\"of\":\"%s\",\"value\":", i > 0 ? "," : "",
		         setting->name, setting_owners[setting->of]);
		if (setting->read)
			buf_add_json(out, text_of(setting->value));
		else
			buf_add_cstr(out, "null");
		buf_add_cstr(out, ",\"expected\":");
		if (setting->expected != NULL)
			buf_add_json(out, text_of(setting->expected));
		else
			buf_add_cstr(out, "null");
		buf_add(out, "}", 1);
	}
	buf_add(out, "]", 1);
}

static void add_wal(struct buf *out, const struct doctor_facts *facts)
{
	const struct walindex *index = &facts->index;

	buf_addf(out,
	         ",\"wal\":{\"bytes\":%lld,\"open\":%s,\"frames\":%lld,\"copied\":%lld,"
	         "\"locks_known\":%s,\"reader_count\":%lld,\"readers\":[",
	         facts->files[1].there ? (long long)facts->files[1].status.st_size : 0LL,
	         index->there ? "true" : "false", (long long)index->frames,
	         (long long)index->copied, index->locks_known ? "true" : "false",
	         (long long)index->reader_count);
	for (int64_t i = 0; i < index->reader_count && i < WALINDEX_READERS_MAX; i++) {
		const struct walindex_reader *reader = &index->readers[i];

		buf_addf(out, "%s{\"pid\":%lld,\"command\":", i > 0 ? "," : "",
		         (long long)reader->pid);
		buf_add_json(out, text_of(reader->command));
		buf_addf(out, ",\"running_s\":%lld,\"frames_behind\":%lld}",
		         (long long)reader->running_s, (long long)reader->behind);
	}
	buf_add_cstr(out, "]}");
}

static void add_files(struct buf *out, const struct doctor_facts *facts)
{
	const char *comma = "";

	buf_add_cstr(out, ",\"files\":[");
	for (int i = 0; i < DOCTOR_FILES; i++) {
		const struct doctor_file *file = &facts->files[i];

		if (!file->there)
			continue;
		buf_addf(out, "%s{\"path\":", comma);
		buf_add_json(out, text_of(file->path));
		buf_addf(out, ",\"uid\":%u,\"gid\":%u,\"mode\":\"%04o\",\"bytes\":%lld}",
		         (unsigned)file->status.st_uid, (unsigned)file->status.st_gid,
		         (unsigned)file->status.st_mode & 07777, (long long)file->status.st_size);
		comma = ",";
	}
	buf_add(out, "]", 1);
}

static void write_json(struct context *context, const struct doctor_facts *facts)
{
	struct buf *out = &context->out;

	buf_add_cstr(out, "{\"ledger\":");
	buf_add_json(out, text_of(facts->path));
	buf_addf(out,
	         ",\"sqlite\":{\"version\":\"%s\",\"source_id\":\"%s\",\"wal_reset_fixed\":%s}",
	         ledger_sqlite_version(), ledger_sqlite_source(),
	         ledger_wal_reset_fixed(ledger_sqlite_number()) ? "true" : "false");
	add_settings(out, facts);
	buf_addf(out,
	         ",\"writer_known\":%s,\"writer_pid\":", facts->holder_known ? "true" : "false");
	if (facts->holder_pid > 0)
		buf_addf(out, "%lld", (long long)facts->holder_pid);
	else
		buf_add_cstr(out, "null");
	buf_add_cstr(out, ",\"writer_note\":");
	buf_add_json(out, text_of(facts->holder_note));
	add_wal(out, facts);
	add_files(out, facts);
	buf_addf(out, ",\"disk\":{\"free_bytes\":%lld,\"total_bytes\":%lld},\"checks\":[",
	         (long long)facts->free_bytes, (long long)facts->total_bytes);
	for (size_t i = 0; i < facts->check_count; i++) {
		buf_addf(out, "%s{\"name\":\"%s\",\"ok\":%s,\"text\":", i > 0 ? "," : "",
		         facts->checks[i].name, facts->checks[i].attention ? "false" : "true");
		buf_add_json(out, text_of(facts->checks[i].text));
		buf_add(out, "}", 1);
	}
	buf_addf(out, "],\"ok\":%s}\n", facts->attention ? "false" : "true");
}

static enum exit_code check(struct context *context)
{
	return command_no_words(context, "doctor ledger");
}

static enum exit_code run(struct context *context)
{
	struct doctor_facts facts;

	doctor_look(context->ledger_path, &facts);
	if (!facts.files[0].there) {
		context->fault = facts.open_fault;
		return command_failed(context, -FAULT_NOT_FOUND);
	}
	doctor_check(&facts);
	if (context->form == FORM_JSON)
		write_json(context, &facts);
	else
		write_text(context, &facts);
	return facts.attention ? EXIT_DIFFERENCE : EXIT_DONE;
}

const struct command doctor_ledger = {
	.name = "ledger",
	.summary = "Say how the ledger's files stand, and who has them open",
	.synopsis = "doctor ledger",
	.details = "The version of SQLite and whether it has the fix of the WAL-reset bug, every "
		   "setting as it reads back and whose it is, the writer, how much of the WAL is "
		   "not copied yet, who reads and how far behind, owners and modes of the files, "
		   "free space; then a line for each check, with what to do.\n"
		   "Exit code 1 where something needs attention. toll doctor alone does the same.",
	.needs = NEEDS_LEDGER_PATH,
	.json = true,
	.check = check,
	.run = run,
};
