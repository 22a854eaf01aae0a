/* An event that came with counts that are wrong. */
#include <string.h>

#include "cli/command.h"
#include "cli/correction.h"
#include "usage/usage.h"

static const struct option options[] = {
	CORRECTION_OPTIONS,
	{ "set", "COMPONENT=COUNT ...", "what it used of a component; may be given again" },
	{ NULL, NULL, NULL },
};

/* "output=90" */
static enum exit_code read_set(struct context *context, const char *given, enum component *c_out,
                               int64_t *count_out)
{
	struct text rest = text_of(given), key, count;

	if (!text_cut(&rest, '=', &key) || rest.at == NULL)
		return command_misused(context, "--set %s: COMPONENT=COUNT is due, like output=90",
		                       given);
	count = rest;
	*c_out = component_find(key);
	if (*c_out == COMPONENT_COUNT)
		return command_misused(context, "--set %s: %.*s is no component", given,
		                       TEXT_ARGS(key));
	if (!text_int(count, count_out) || *count_out < 0 || *count_out > USAGE_COUNT_MAX)
		return command_misused(context, "--set %s: %.*s is no count", given,
		                       TEXT_ARGS(count));
	return EXIT_DONE;
}

/* Each --set, into the request; NULL: only looked at. */
static enum exit_code read_sets(struct context *context, struct buf *members)
{
	bool seen[COMPONENT_COUNT] = { false };
	const char *given;

	for (size_t i = 0; (given = options_nth(&context->options, "set", i)) != NULL; i++) {
		enum component c = COMPONENT_COUNT;
		int64_t count = 0;
		enum exit_code code = read_set(context, given, &c, &count);

		if (code != EXIT_DONE)
			return code;
		if (seen[c])
			return command_misused(context, "--set %s: %s stands twice", given,
			                       component_info[c].key);
		seen[c] = true;
		if (members != NULL)
			buf_addf(members, "%s\"%s\":%lld", i > 0 ? "," : "", component_info[c].key,
			         (long long)count);
	}
	return EXIT_DONE;
}

static enum exit_code check(struct context *context)
{
	enum exit_code code = correction_check(context, "correct");

	if (code == EXIT_DONE && options_value(&context->options, "set") == NULL)
		return command_misused(context, "correct needs --set COMPONENT=COUNT");
	return code == EXIT_DONE ? read_sets(context, NULL) : code;
}

static enum exit_code run(struct context *context)
{
	struct buf members = { .at = NULL };
	enum exit_code code;

	buf_add_cstr(&members, ",\"set\":{");
	read_sets(context, &members);
	buf_add_cstr(&members, "}");
	code = members.error != 0 ? command_failed(context, members.error)
	                          : correction_run(context, "correct", buf_text(&members));
	buf_release(&members);
	return code;
}

const struct command command_correct = {
	.name = "correct",
	.summary = "Give an event other counts, rated by its own price",
	.synopsis = "correct ID [--source NAME] [--time TIME] --set COMPONENT=COUNT ... --reason "
		    "TEXT [--dry-run]",
	.details =
		"The event stays as it came; a correction beside it adds what its new counts come "
		"to, under the price and the policies that it was rated with, to what it was.  "
		"Components that are not named stay as they are now.  It is booked in the hour of "
		"the event, or where that is closed in the hour of now.\n"
		"Refused where that price has no rate for the counts.  Asks the daemon where one "
		"holds the ledger.",
	.needs = NEEDS_LEDGER_PATH,
	.json = true,
	.options = options,
	.check = check,
	.run = run,
};
