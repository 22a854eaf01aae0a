#include "ledger/backup.h"

#include "cli/copying.h"

static const struct option options[] = {
	{ "force", NULL, "replace FILE where it is there" },
	{ NULL, NULL, NULL },
};

static enum exit_code check(struct context *context)
{
	if (context->options.word_count == 1)
		return EXIT_DONE;
	return command_misused(context, "backup: name the one file it goes to");
}

static enum exit_code run(struct context *context)
{
	const char *file = context->options.words[0];
	struct copying copying;
	enum exit_code code;
	int r;

	copying_start(&copying, context);
	r = ledger_backup(context->ledger, file, options_flag(&context->options, "force"),
	                  &copying.watch, &copying.result, &context->fault);
	copying_end(&copying);
	if (r < 0)
		return command_failed(context, r);
	code = copying_write(&copying, copying.result.kept[0] != '\0' ? copying.result.kept : file);
	if (code == EXIT_DIFFERENCE)
		command_say(
			"differences: %lld; %s was not made, the copy is kept as %s.  See whether "
			"toll verify finds them in the ledger too",
			(long long)copying.result.verify.findings, file, copying.result.kept);
	else if (context->form == FORM_TABLE)
		printer_wrapf(&context->printer, 0,
		              "%s.secret, which names the keys of credentials, is not in it: keep "
		              "a copy of that elsewhere.",
		              context->ledger_path);
	return code;
}

const struct command command_backup = {
	.name = "backup",
	.summary = "Copy the ledger as it is now into one file, and verify the copy",
	.synopsis = "backup [--force] FILE",
	.details =
		"Reads only, whether its writer is up or not, and copies one moment of the ledger. "
		" "
		"The copy is written beside FILE, synced, read back with all that toll verify "
		"does, and only then gets its name.\n"
		"Where the copy has differences the exit code is 1, FILE is not made, and the copy "
		"is kept under the name that is told.",
	.needs = NEEDS_LEDGER,
	.json = true,
	.options = options,
	.check = check,
	.run = run,
};
