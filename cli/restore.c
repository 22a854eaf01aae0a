#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/moment.h"
#include "cli/copying.h"

static const struct option options[] = {
	{ "force", NULL, "where there is a ledger, keep it aside" },
	{ NULL, NULL, NULL },
};

static enum exit_code check(struct context *context)
{
	if (context->options.word_count == 1)
		return EXIT_DONE;
	return command_misused(context, "restore: name the one backup it is made of");
}

enum { ASIDE_TRIES = 1000 };

/* "ledger.db.20261201T003800123Z", or with ".2" behind it where that is there. */
static int aside_name(struct context *context, char out[PATH_MAX])
{
	char moment[MOMENT_TEXT_BYTES], plain[MOMENT_TEXT_BYTES];
	size_t put = 0;
	int len;

	moment_text(command_now_ms(), moment);
	for (const char *at = moment; *at != '\0'; at++) {
		if (*at != '-' && *at != ':' && *at != '.')
			plain[put++] = *at;
	}
	plain[put] = '\0';
	len = snprintf(out, PATH_MAX, "%s.%s", context->ledger_path, plain);
	for (int n = 2; n < ASIDE_TRIES && len > 0 && len < PATH_MAX && access(out, F_OK) == 0; n++)
		len = snprintf(out, PATH_MAX, "%s.%s.%d", context->ledger_path, plain, n);
	if (len < 0 || len >= PATH_MAX)
		return fault_set(&context->fault, FAULT_RANGE, "%s: the path is too long",
		                 context->ledger_path);
	return 0;
}

/* It is never in a backup. */
static void say_secret(const struct context *context)
{
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s.secret", context->ledger_path);

	if (len > 0 && len < PATH_MAX && access(path, F_OK) < 0)
		command_say("there is no %s, and none is in a backup: put back the one of the "
		            "ledger that it was made of, or a new one is made and keys of "
		            "credentials get other names",
		            path);
}

static enum exit_code run(struct context *context)
{
	const char *file = context->options.words[0];
	bool force = options_flag(&context->options, "force");
	char aside[PATH_MAX];
	struct copying copying;
	enum exit_code code;
	int r = aside_name(context, aside);

	if (r < 0)
		return command_failed(context, r);
	copying_start(&copying, context);
	r = ledger_restore(file, context->ledger_path, force ? aside : NULL, &copying.watch,
	                   &copying.result, &context->fault);
	copying_end(&copying);
	if (r < 0)
		return command_failed(context, r);
	code = copying_write(&copying,
	                     copying.result.verify.findings > 0 ? file : context->ledger_path);
	if (code == EXIT_DIFFERENCE)
		command_say("differences: %lld; nothing was changed",
		            (long long)copying.result.verify.findings);
	else if (copying.result.kept[0] != '\0')
		command_say("the ledger that was there is kept as %s", copying.result.kept);
	if (code == EXIT_DONE)
		say_secret(context);
	return code;
}

const struct command command_restore = {
	.name = "restore",
	.summary = "Put a backup in the place of the ledger",
	.synopsis = "restore [--force] FILE",
	.details =
		"No daemon may hold the ledger.  The backup is copied beside it and verified "
		"first; "
		"one with differences changes nothing, and the exit code is 1.  Interrupted at any "
		"point it leaves the old ledger or the new one.\n"
		"With --force a ledger that is there is kept under its name with the time behind "
		"it.",
	.needs = NEEDS_LEDGER_PATH,
	.json = true,
	.options = options,
	.check = check,
	.run = run,
};
