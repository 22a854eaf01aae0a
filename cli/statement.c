/* Statements of others: what is in one, and fetching them.  An action a file. */
#include "cli/statement.h"

static const struct command *const actions[] = { &command_statement_show,
	                                         &command_statement_suggest_mapping,
	                                         &command_statement_check_mapping,
	                                         &command_statement_fetch, NULL };

const struct command command_statement = {
	.name = "statement",
	.summary =
		"Look into what a provider or a marketplace says was used and is due, or fetch it",
	.actions = actions,
};
