#include "ledger/rules.h"

#include <stdlib.h>

#include "ledger/internal.h"

/* Each sorted by its first name, then by its second; one entry for a pair. */
struct rules {
	struct policy_rule *policies;
	struct reading_rule *readings;
	size_t policy_count, reading_count;
	size_t policy_cap, reading_cap;
	struct arena arena;
};

/* The absent text is before all others. */
static int compare_names(struct text a, struct text b)
{
	if (a.at == NULL || b.at == NULL)
		return (a.at != NULL) - (b.at != NULL);
	return text_compare(a, b);
}

static int compare_policies(const void *a, const void *b)
{
	const struct policy_rule *x = a, *y = b;
	int order = compare_names(x->account, y->account);

	return order != 0 ? order : compare_names(x->source, y->source);
}

static int compare_readings(const void *a, const void *b)
{
	const struct reading_rule *x = a, *y = b;
	int order = compare_names(x->source, y->source);

	return order != 0 ? order : compare_names(x->api, y->api);
}

/* Room for one more of `size` bytes. */
static int grow(void **list, size_t *cap, size_t count, size_t size, struct fault *fault)
{
	void *grown;

	if (count < *cap)
		return 0;
	*cap = *cap > 0 ? *cap * 2 : 16;
	grown = realloc(*list, *cap * size);
	if (grown == NULL)
		return fault_set(fault, FAULT_NOMEM, "rules: out of memory");
	*list = grown;
	return 0;
}

static int keep_text(struct rules *rules, struct text text, struct text *out, struct fault *fault)
{
	*out = text;
	if (text.at == NULL)
		return 0;
	*out = arena_copy(&rules->arena, text);
	return out->at != NULL ? 0 : fault_set(fault, FAULT_NOMEM, "rules: out of memory");
}

static int keep_name(struct rules *rules, struct ledger *ledger, int64_t id, struct text *out,
                     struct fault *fault)
{
	struct text name;
	int r = names_text(ledger, id, &name, fault);

	return r < 0 ? r : keep_text(rules, name, out, fault);
}

/* Columns of both: first name, second name, at_ms, who, note, then what holds. */
enum { COLUMN_FIRST, COLUMN_SECOND, COLUMN_AT, COLUMN_WHO, COLUMN_NOTE, COLUMN_VALUE };

static int add_policy(struct rules *rules, struct ledger *ledger, const struct query *query,
                      struct fault *fault)
{
	struct policy_rule rule = {
		.at_ms = column_int(query, COLUMN_AT),
		.policies = (unsigned)column_int(query, COLUMN_VALUE),
	};
	int r;

	if ((rule.policies & POLICY_RULE_NONE) != 0)
		return 0;
	r = grow((void **)&rules->policies, &rules->policy_cap, rules->policy_count, sizeof(rule),
	         fault);
	if (r == 0)
		r = keep_name(rules, ledger, column_int(query, COLUMN_FIRST), &rule.account, fault);
	if (r == 0)
		r = keep_name(rules, ledger, column_int(query, COLUMN_SECOND), &rule.source, fault);
	if (r == 0)
		r = keep_text(rules, column_text(query, COLUMN_WHO), &rule.who, fault);
	if (r == 0)
		r = keep_text(rules, column_text(query, COLUMN_NOTE), &rule.note, fault);
	if (r == 0)
		rules->policies[rules->policy_count++] = rule;
	return r;
}

static int add_reading(struct rules *rules, struct ledger *ledger, const struct query *query,
                       struct fault *fault)
{
	struct reading_rule rule = { .at_ms = column_int(query, COLUMN_AT) };
	int r;

	if (column_text(query, COLUMN_VALUE).len == 0)
		return 0;
	r = grow((void **)&rules->readings, &rules->reading_cap, rules->reading_count, sizeof(rule),
	         fault);
	if (r == 0)
		r = keep_name(rules, ledger, column_int(query, COLUMN_FIRST), &rule.source, fault);
	if (r == 0)
		r = keep_name(rules, ledger, column_int(query, COLUMN_SECOND), &rule.api, fault);
	if (r == 0)
		r = keep_text(rules, column_text(query, COLUMN_WHO), &rule.who, fault);
	if (r == 0)
		r = keep_text(rules, column_text(query, COLUMN_NOTE), &rule.note, fault);
	if (r == 0)
		r = keep_text(rules, column_text(query, COLUMN_VALUE), &rule.reading, fault);
	if (r == 0)
		rules->readings[rules->reading_count++] = rule;
	return r;
}

typedef int add_rule_fn(struct rules *rules, struct ledger *ledger, const struct query *query,
                        struct fault *fault);

static int each_rule(struct rules *rules, struct ledger *ledger, enum statement statement,
                     add_rule_fn *add, struct fault *fault)
{
	struct query query = query_start(ledger, statement);
	int r;

	while ((r = query_row(&query, fault)) > 0) {
		names_trim(&ledger->names);
		r = add(rules, ledger, &query, fault);
		if (r < 0) {
			query_end(&query);
			return r;
		}
	}
	return r;
}

int ledger_rules_load(struct ledger *ledger, struct rules **rules_out, struct fault *fault)
{
	struct rules *rules = calloc(1, sizeof(*rules));
	int r;

	if (rules == NULL)
		return fault_set(fault, FAULT_NOMEM, "rules: out of memory");
	r = each_rule(rules, ledger, STATEMENT_POLICY_RULES, add_policy, fault);
	if (r == 0)
		r = each_rule(rules, ledger, STATEMENT_READING_RULES, add_reading, fault);
	if (r < 0) {
		rules_free(rules);
		return r;
	}
	if (rules->policy_count > 1)
		qsort(rules->policies, rules->policy_count, sizeof(*rules->policies),
		      compare_policies);
	if (rules->reading_count > 1)
		qsort(rules->readings, rules->reading_count, sizeof(*rules->readings),
		      compare_readings);
	*rules_out = rules;
	return 0;
}

void rules_free(struct rules *rules)
{
	if (rules == NULL)
		return;
	free(rules->policies);
	free(rules->readings);
	arena_release(&rules->arena);
	free(rules);
}

unsigned rules_policies(const struct rules *rules, struct text account, struct text source)
{
	const struct policy_rule wanted[] = {
		{ .account = account, .source = source },
		{ .account = account },
		{ .source = source },
		{ .policies = 0 },
	};

	for (size_t i = 0; rules != NULL && rules->policy_count > 0 && i < 4; i++) {
		const struct policy_rule *found = bsearch(&wanted[i], rules->policies,
		                                          rules->policy_count, sizeof(wanted[i]),
		                                          compare_policies);

		if (found != NULL)
			return found->policies;
	}
	return 0;
}

struct text rules_reading(const struct rules *rules, struct text source, struct text api)
{
	const struct reading_rule wanted[] = { { .source = source, .api = api },
		                               { .source = source } };

	for (size_t i = 0; rules != NULL && rules->reading_count > 0 && i < 2; i++) {
		const struct reading_rule *found = bsearch(&wanted[i], rules->readings,
		                                           rules->reading_count, sizeof(wanted[i]),
		                                           compare_readings);

		if (found != NULL)
			return found->reading;
	}
	return text_of(NULL);
}

const struct policy_rule *rules_policy_at(const struct rules *rules, size_t index)
{
	return index < rules->policy_count ? &rules->policies[index] : NULL;
}

const struct reading_rule *rules_reading_at(const struct rules *rules, size_t index)
{
	return index < rules->reading_count ? &rules->readings[index] : NULL;
}

int ledger_each_reading_rule(struct ledger *ledger, ledger_reading_rule_fn *each, void *context,
                             struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_READING_RULE_LOG);
	int r;

	while ((r = query_row(&query, fault)) > 0) {
		struct reading_rule rule = {
			.at_ms = column_int(&query, COLUMN_AT),
			.who = column_text(&query, COLUMN_WHO),
			.note = column_text(&query, COLUMN_NOTE),
			.reading = column_text(&query, COLUMN_VALUE),
		};

		names_trim(&ledger->names);
		r = names_text(ledger, column_int(&query, COLUMN_FIRST), &rule.source, fault);
		if (r == 0)
			r = names_text(ledger, column_int(&query, COLUMN_SECOND), &rule.api, fault);
		if (r == 0)
			r = each(context, &rule);
		if (r != 0) {
			query_end(&query);
			return r;
		}
	}
	return r;
}

int ledger_policy_set(struct ledger *ledger, struct text account, struct text source,
                      unsigned policies, const struct rule_note *note, struct fault *fault)
{
	struct query query;
	int64_t account_id, source_id;
	int r;

	assert(ledger->in_transaction && policies <= UINT8_MAX);
	names_trim(&ledger->names);
	r = names_id(ledger, account, &account_id, fault);
	if (r == 0)
		r = names_id(ledger, source, &source_id, fault);
	if (r < 0)
		return r;
	query = query_start(ledger, STATEMENT_POLICY_RULE_ADD);
	query_int(&query, note->at_ms);
	query_text(&query, note->who);
	query_int(&query, account_id);
	query_int(&query, source_id);
	query_int(&query, policies);
	query_text(&query, note->note);
	return query_done(&query, fault);
}

int ledger_reading_set(struct ledger *ledger, struct text source, struct text api,
                       struct text reading, const struct rule_note *note, struct fault *fault)
{
	struct query query;
	int64_t source_id, api_id;
	int r;

	assert(ledger->in_transaction && source.at != NULL);
	names_trim(&ledger->names);
	r = names_id(ledger, source, &source_id, fault);
	if (r == 0)
		r = names_id(ledger, api, &api_id, fault);
	if (r < 0)
		return r;
	query = query_start(ledger, STATEMENT_READING_RULE_ADD);
	query_int(&query, note->at_ms);
	query_text(&query, note->who);
	query_int(&query, source_id);
	query_int(&query, api_id);
	query_text(&query, reading);
	query_text(&query, note->note);
	return query_done(&query, fault);
}
