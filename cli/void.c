/* An event that was counted and should not have been. */
#include "cli/command.h"
#include "cli/correction.h"

static const struct option options[] = {
	CORRECTION_OPTIONS,
	{ NULL, NULL, NULL },
};

static enum exit_code check(struct context *context)
{
	return correction_check(context, "void");
}

static enum exit_code run(struct context *context)
{
	return correction_run(context, "void", text_of(""));
}

const struct command command_void = {
	.name = "void",
	.summary = "Take an event out of all sums, for good",
	.synopsis = "void ID [--source NAME] [--time TIME] --reason TEXT [--dry-run]",
	.details = "The event stays as it came; a correction beside it takes out its request, its "
		   "counts, its amount and its cost, and those of its turns.  It is booked in the "
		   "hour of the event, or where that is closed in the hour of now.\n"
		   "It cannot be taken back: send the event again, under another id.  Asks the "
		   "daemon where one holds the ledger.",
	.needs = NEEDS_LEDGER_PATH,
	.json = true,
	.options = options,
	.check = check,
	.run = run,
};
