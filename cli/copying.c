#include "cli/copying.h"

#include "base/moment.h"

enum { LABEL_WIDTH = 12, FINDINGS_SHOWN = 20 };

static void on_copied(void *user, int64_t pages, int64_t total)
{
	struct copying *copying = user;

	progress_at(&copying->copied, pages, pages, total);
}

static void on_verified(void *user, int64_t done, int64_t total)
{
	struct copying *copying = user;

	progress_end(&copying->copied);
	progress_at(&copying->verified, done, done, total);
}

/* To whoever waits: the result has their number. */
static int on_finding(void *user, const struct verify_finding *finding)
{
	struct copying *copying = user;

	copying_end(copying);
	if (copying->shown++ < FINDINGS_SHOWN)
		command_say("%s %.*s: %.*s: stored %.*s, derived %.*s",
		            verify_kind_name(finding->kind), TEXT_ARGS(finding->where),
		            TEXT_ARGS(finding->what), TEXT_ARGS(finding->stored),
		            TEXT_ARGS(finding->derived));
	return 0;
}

void copying_start(struct copying *copying, struct context *context)
{
	*copying = (struct copying){ .context = context };
	copying->watch = (struct backup_watch){ on_copied, on_verified, on_finding, copying };
	progress_start(&copying->copied, "pages copied");
	progress_start(&copying->verified, "events verified");
}

void copying_end(struct copying *copying)
{
	progress_end(&copying->copied);
	progress_end(&copying->verified);
}

static void write_json(const struct copying *copying, const char *file, const char *amount,
                       const char *moment)
{
	const struct backup_result *result = &copying->result;
	struct buf *out = &copying->context->out;

	buf_addf(out, "{\"ok\":%s", result->verify.findings == 0 ? "true" : "false");
	buf_add_member(out, "file", text_of(file));
	buf_addf(out, ",\"events\":%lld,\"amount\":\"%s\"", (long long)result->verify.events,
	         amount);
	buf_add_member(out, "last", text_of(result->last_ms > 0 ? moment : NULL));
	buf_add_member(out, "chain",
	               text_of(result->verify.seal.seq > 0 ? result->verify.seal.chain : NULL));
	buf_addf(out, ",\"archived\":%lld", (long long)result->archived);
	buf_addf(out, ",\"bytes\":%lld,\"sha256\":\"%s\",\"findings\":%lld",
	         (long long)result->bytes, result->sha256, (long long)result->verify.findings);
	buf_add_member(out, "kept", text_of(result->kept[0] != '\0' ? result->kept : NULL));
	buf_add_cstr(out, "}\n");
}

static void write_people(const struct copying *copying, const char *file, const char *amount,
                         const char *moment)
{
	const struct backup_result *result = &copying->result;
	const struct printer *printer = &copying->context->printer;

	printer_pair(printer, LABEL_WIDTH, "File", text_of(file));
	printer_pairf(printer, LABEL_WIDTH, "Events", "%lld", (long long)result->verify.events);
	printer_pair(printer, LABEL_WIDTH, "Amount", text_of(amount));
	if (result->last_ms > 0)
		printer_pair(printer, LABEL_WIDTH, "Last event", text_of(moment));
	if (result->verify.seal.seq > 0)
		printer_pair(printer, LABEL_WIDTH, "Chain head",
		             text_of(result->verify.seal.chain));
	if (result->archived > 0)
		printer_pairf(printer, LABEL_WIDTH, "Archive", "%lld files in %s.archive",
		              (long long)result->archived, file);
	printer_pairf(printer, LABEL_WIDTH, "Bytes", "%lld", (long long)result->bytes);
	printer_pair(printer, LABEL_WIDTH, "SHA-256", text_of(result->sha256));
}

enum exit_code copying_write(struct copying *copying, const char *file)
{
	const struct backup_result *result = &copying->result;
	char amount[MONEY_TEXT_BYTES], moment[MOMENT_TEXT_BYTES];

	money_text(result->verify.events_amount, amount);
	moment_text(result->last_ms, moment);
	if (copying->context->form == FORM_JSON)
		write_json(copying, file, amount, moment);
	else
		write_people(copying, file, amount, moment);
	if (copying->shown > FINDINGS_SHOWN)
		command_say("... and %lld more", (long long)(copying->shown - FINDINGS_SHOWN));
	return result->verify.findings > 0 ? EXIT_DIFFERENCE : EXIT_DONE;
}
