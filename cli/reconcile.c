#include "cli/reconcile.h"

#include "cli/range.h"
#include "cli/statement.h"
#include "ledger/ledger.h"

static const char *const modes[] = { "statement", "internal", "sources", "suggest-mapping" };

/* What goes with the others; the rest is of statements. */
static bool goes_with(const struct option *option, const char *mode)
{
	static const char *const all[] = { "json", "ledger", "from", "to", "csv" };
	size_t count = text_is(text_of(mode), "suggest-mapping") ? 2 : sizeof(all) / sizeof(all[0]);
	struct text name = text_of(option->name);

	for (size_t i = 0; i < count; i++) {
		if (text_is(name, all[i]))
			return true;
	}
	return text_is(name, mode) ||
	       (text_is(name, "source") && text_is(text_of(mode), "sources"));
}

/* NULL: none or several, and that is told. */
static const char *find_mode(struct context *context)
{
	const char *found = NULL;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (options_value(&context->options, modes[i]) == NULL)
			continue;
		if (found != NULL) {
			command_misused(context, "--%s and --%s: one of them", found, modes[i]);
			return NULL;
		}
		found = modes[i];
	}
	if (found == NULL)
		command_misused(context, "reconcile: with what? --statement FILE, --sources or "
		                         "--internal is due");
	return found;
}

static enum exit_code check(struct context *context)
{
	const struct options *given = &context->options;
	enum exit_code code = command_no_words(context, "reconcile");
	const char *mode = code == EXIT_DONE ? find_mode(context) : NULL;
	int64_t from_ms, to_ms;

	if (mode == NULL)
		return EXIT_USAGE;
	for (size_t i = 0; i < given->given_count; i++) {
		const struct option *option = given->given[i].option;

		if (mode != modes[0] && !goes_with(option, mode))
			return command_misused(context, "--%s goes with --statement, not with --%s",
			                       option->name, mode);
	}
	if (reconcile_check(given, &context->fault) < 0)
		return EXIT_USAGE;
	return range_read(context, &from_ms, &to_ms) < 0 ? EXIT_USAGE : EXIT_DONE;
}

static enum exit_code run(struct context *context)
{
	const struct options *given = &context->options;

	if (options_value(given, "suggest-mapping") != NULL)
		return statement_suggest_run(context, options_value(given, "suggest-mapping"));
	/* A statement is read before its ledger is opened: what is wrong with it is told first. */
	if (options_value(given, "statement") != NULL)
		return reconcile_statement(context);
	if (ledger_open_reader(&context->ledger, context->ledger_path, &context->fault) < 0)
		return EXIT_FAILED;
	return options_flag(given, "internal") ? reconcile_internal(context)
	                                       : reconcile_sources(context);
}

static const struct command compare = {
	.name = "compare",
	.summary = "Compare with a statement, with the sources, or the ledger with itself",
	.synopsis = "reconcile compare --statement FILE ...|--sources|--internal [OPTION ...]",
	.details =
		"With --statement: what a provider or a marketplace says was used and is due. "
		"Both sides' totals come first; every difference has one cause, and the causes "
		"add up to the difference of the totals, to the last digit. Rows: --csv; a page: "
		"--html FILE. The run is noted in the ledger: toll reconcile list.\n"
		"Without --from and --to the period is that of the statement, in whole days.\n"
		"With --internal: events, hourly sums, reports, exports, closed periods and the "
		"totals of the sources, each added up by itself.\n"
		"With --sources: what each source told in its checkpoints, per hour and in all, "
		"against what is stored; and gaps in the sequence of its checkpoints. "
		"toll-event(5) says what a source tells. "
		"Sent, stored and what is held in quarantine stand side by side. What is in no "
		"checkpoint is said, and is no difference.\n"
		"Exit code 1 where there is a difference that no tolerance takes.",
	.needs = NEEDS_LEDGER_PATH,
	.csv = true,
	.json = true,
	.options = reconcile_options,
	.check = check,
	.run = run,
};

static const struct command *const actions[] = { &compare, &reconcile_list, &reconcile_show, NULL };

const struct command command_reconcile = {
	.name = "reconcile",
	.summary = "Compare the ledger with what others say was used",
	.actions = actions,
	.otherwise = &compare,
};
