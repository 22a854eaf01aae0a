/* Which policies hold for whom: listed, set, taken back. */
#include "rate/policy.h"

#include "base/moment.h"
#include "cli/command.h"
#include "cli/control.h"
#include "ledger/rules.h"

static const char every_one[] = "(every one)";

/* ---- list ---- */

static int add_rules(struct table *table, const struct rules *rules, bool for_people)
{
	const struct policy_rule *rule;

	for (size_t i = 0; (rule = rules_policy_at(rules, i)) != NULL; i++) {
		size_t row = table_row(table);
		struct buf policies = { .at = NULL };
		char time[MOMENT_TEXT_BYTES];
		struct text nobody = text_of(for_people ? every_one : NULL);

		policy_list(rule->policies, &policies);
		moment_text(rule->at_ms, time);
		table_set(table, row, 0, rule->account.at != NULL ? rule->account : nobody);
		table_set(table, row, 1, rule->source.at != NULL ? rule->source : nobody);
		table_set(table, row, 2,
		          policies.len > 0 || !for_people ? buf_text(&policies) : text_of("none"));
		table_set(table, row, 3, text_of(time));
		table_set(table, row, 4, rule->who);
		table_set(table, row, 5, rule->note);
		if (policies.error != 0)
			table->error = policies.error;
		buf_release(&policies);
	}
	return table->error;
}

static enum exit_code check_list(struct context *context)
{
	return command_no_words(context, "policy list");
}

static enum exit_code run_list(struct context *context)
{
	struct table table = { .rows = NULL };
	struct rules *rules = NULL;
	int r = ledger_rules_load(context->ledger, &rules, &context->fault);

	table_column(&table, "account", "Account", TABLE_TEXT, false);
	table_column(&table, "source", "Source", TABLE_TEXT, false);
	table_column(&table, "policies", "Policies", TABLE_TEXT, false);
	table_column(&table, "since", "Since", TABLE_TIME, false);
	table_column(&table, "who", "Who", TABLE_TEXT, false);
	table_column(&table, "note", "Note", TABLE_TEXT, true);
	if (r == 0)
		r = add_rules(&table, rules, context->form == FORM_TABLE);
	if (r == 0 && table.row_count == 0 && context->form == FORM_TABLE)
		buf_add_cstr(&context->out,
		             "No policy holds: events are charged for all they used.\n");
	else if (r == 0)
		command_table(context, &table);
	rules_free(rules);
	table_release(&table);
	return r < 0 ? command_failed(context, r) : EXIT_DONE;
}

static const struct command policy_list_command = {
	.name = "list",
	.summary = "List the policies that hold, for whom, since when and why",
	.synopsis = "policy list",
	.details = "Of several that fit an event, the most specific holds alone: of its account "
		   "and source, else of its account, else of its source, else of every one.",
	.needs = NEEDS_LEDGER,
	.csv = true,
	.json = true,
	.check = check_list,
	.run = run_list,
};

/* ---- set, clear ---- */

static const struct option change_options[] = {
	{ "account", "NAME", "of this account; else of every one" },
	{ "source", "NAME", "of this source; else of every one" },
	{ "note", "TEXT", "why, kept with the change" },
	{ NULL, NULL, NULL },
};

static void add_member(struct buf *request, const struct context *context, const char *name)
{
	struct text value = options_text(&context->options, name);

	if (value.at == NULL)
		return;
	buf_addf(request, ",\"%s\":", name);
	buf_add_json(request, value);
}

/* `policies` as JSON: a list, or null. */
static enum exit_code change_policies(struct context *context, struct text policies,
                                      const char *words)
{
	struct text account = options_text(&context->options, "account");
	struct text source = options_text(&context->options, "source");
	struct control_reply reply = { .doc = { .nodes = NULL } };
	struct buf request = { .at = NULL };
	int r;

	buf_add_cstr(&request, "{\"change\":\"policy.set\",\"policies\":");
	buf_add_text(&request, policies);
	add_member(&request, context, "account");
	add_member(&request, context, "source");
	add_member(&request, context, "note");
	buf_add_cstr(&request, "}");
	r = control_change(context, &request, &reply);
	if (r == 0 && context->form == FORM_JSON) {
		buf_add_text(&context->out, buf_text(&reply.text));
		buf_add(&context->out, "\n", 1);
	} else if (r == 0) {
		printer_wrapf(&context->printer, 0, "From now on, account %.*s, source %.*s: %s",
		              TEXT_ARGS(account.at != NULL ? account : text_of(every_one)),
		              TEXT_ARGS(source.at != NULL ? source : text_of(every_one)), words);
	}
	control_release(&reply);
	buf_release(&request);
	return r < 0 ? command_failed(context, r) : EXIT_DONE;
}

/* The policies of the command line, as bits. */
static int read_policies(struct context *context, unsigned *bits_out)
{
	struct text list = text_of(context->options.words[0]);

	if (text_is(list, "none")) {
		*bits_out = 0;
		return 0;
	}
	return policy_read(list, bits_out, &context->fault);
}

static enum exit_code check_set(struct context *context)
{
	unsigned bits;

	if (context->options.word_count != 1 || context->options.words[0][0] == '\0')
		return command_misused(context,
		                       "policy set takes one list: "
		                       "zero-completion,images-whole,served-only, or none");
	if (read_policies(context, &bits) < 0)
		return command_misused(context, "%s, or none", context->fault.text);
	return EXIT_DONE;
}

static enum exit_code run_set(struct context *context)
{
	struct buf json = { .at = NULL };
	enum exit_code code;
	unsigned bits = 0;

	read_policies(context, &bits);
	policy_json(bits, &json);
	code = json.error != 0
	               ? command_failed(context, json.error)
	               : change_policies(context, buf_text(&json), context->options.words[0]);
	buf_release(&json);
	return code;
}

static const struct command policy_set_command = {
	.name = "set",
	.summary = "Set the policies of an account, a source, both, or every one",
	.synopsis = "policy set [--account NAME] [--source NAME] [--note TEXT] POLICIES",
	.details = "POLICIES is a list apart by commas, in place of the one that held for the "
		   "same account and source, or none.  It holds for what comes from now on; "
		   "what is stored keeps what it was charged by.\n"
		   "zero-completion: nothing is charged where no answer was made and the finish "
		   "reason is blank, or where it is an error.\n"
		   "images-whole: images of a request that was cancelled, failed or was "
		   "abandoned are not charged.\n"
		   "served-only: an abandoned answer is charged up to what was served, where "
		   "that is known.",
	.needs = NEEDS_LEDGER_PATH,
	.json = true,
	.options = change_options,
	.check = check_set,
	.run = run_set,
};

static enum exit_code check_clear(struct context *context)
{
	return command_no_words(context, "policy clear");
}

static enum exit_code run_clear(struct context *context)
{
	return change_policies(context, text_of("null"), "no policy of their own any more");
}

static const struct command policy_clear_command = {
	.name = "clear",
	.summary = "Take back what was set: what is set for more holds again",
	.synopsis = "policy clear [--account NAME] [--source NAME] [--note TEXT]",
	.needs = NEEDS_LEDGER_PATH,
	.json = true,
	.options = change_options,
	.check = check_clear,
	.run = run_clear,
};

static const struct command *const actions[] = { &policy_list_command, &policy_set_command,
	                                         &policy_clear_command, NULL };

const struct command command_policy = {
	.name = "policy",
	.summary = "Say what of the used counts is charged, by account and source",
	.actions = actions,
};
