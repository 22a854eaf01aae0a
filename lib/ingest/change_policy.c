#include <stdio.h>

#include "ingest/change_internal.h"
#include "rate/policy.h"

/* What is asked for: texts of the request. */
struct asked {
	struct text account, source, note; /* absent: every one */
	unsigned policies;                 /* or POLICY_RULE_NONE */
};

/* Names as the ledger takes them.  false: refused, and the reply says why. */
static bool read_name(struct change_job *job, const char *key, struct text *out)
{
	const struct json *doc = &job->request;
	uint32_t node = json_member(doc, 0, key);
	char why[96];

	*out = text_of(NULL);
	if (node == JSON_NONE || json_type_of(doc, node) == JSON_NULL)
		return true;
	*out = json_string(doc, node);
	if (out->at != NULL && out->len > 0 && out->len <= EVENT_NAME_BYTES_MAX && text_plain(*out))
		return true;
	snprintf(why, sizeof(why), "%s: \"%s\" is 1 to %d bytes without control characters",
	         job->kind->name, key, EVENT_NAME_BYTES_MAX);
	change_refuse(job->reply, -FAULT_INVALID, why);
	return false;
}

/* An array of names; null: no rule any more. */
static bool read_policies(struct change_job *job, unsigned *out)
{
	const struct json *doc = &job->request;
	uint32_t list = json_member(doc, 0, "policies");
	struct buf why = { .at = NULL };
	bool good = true;

	*out = 0;
	if (list != JSON_NONE && json_type_of(doc, list) == JSON_NULL) {
		*out = POLICY_RULE_NONE;
		return true;
	}
	good = json_type_of(doc, list) == JSON_ARRAY;
	for (uint32_t e = good ? json_first(doc, list) : JSON_NONE; good && e != JSON_NONE;
	     e = json_next(doc, list, e)) {
		enum policy policy = policy_find(json_string(doc, e));

		good = policy < POLICY_COUNT;
		if (good)
			*out |= POLICY_BIT(policy);
	}
	if (good)
		return true;
	buf_add_cstr(&why, "policy.set: \"policies\" is null or a list of ");
	policy_list(POLICIES_ALL, &why);
	change_refuse(job->reply, -FAULT_INVALID, why.error == 0 ? why.at : "out of memory");
	buf_release(&why);
	return false;
}

static void put_names(const struct asked *asked, struct buf *out)
{
	const struct {
		const char *key;
		struct text text;
	} names[] = { { "account", asked->account },
		      { "source", asked->source },
		      { "note", asked->note } };

	buf_add_cstr(out, "\"policies\":");
	if (asked->policies == POLICY_RULE_NONE)
		buf_add_cstr(out, "null");
	else
		policy_json(asked->policies, out);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].text.at == NULL)
			continue;
		buf_addf(out, ",\"%s\":", names[i].key);
		buf_add_json(out, names[i].text);
	}
	buf_add_cstr(out, "}");
}

static int set(struct change_job *job, const struct asked *asked)
{
	const struct rule_note note = {
		.at_ms = job->change.now_ms,
		.who = job->change.who,
		.note = asked->note.at != NULL ? asked->note : text_of(""),
	};
	struct buf detail = { .at = NULL };
	int r;

	buf_add_cstr(&detail, "{");
	put_names(asked, &detail);
	r = detail.error != 0 ? fault_set(&job->fault, FAULT_NOMEM, "policy.set: out of memory")
	                      : ledger_begin(job->ledger, &job->fault);
	if (r == 0)
		r = ledger_policy_set(job->ledger, asked->account, asked->source, asked->policies,
		                      &note, &job->fault);
	if (r == 0)
		r = ledger_change_note(job->ledger, note.at_ms, note.who, job->kind->name,
		                       buf_text(&detail), &job->fault);
	if (r == 0)
		r = ledger_commit(job->ledger, &job->fault);
	if (r < 0)
		ledger_rollback(job->ledger);
	buf_release(&detail);
	return r;
}

static int step(struct change_job *job, bool *more_out)
{
	struct asked asked = { .policies = 0 };
	uint32_t note = json_member(&job->request, 0, "note");
	int r;

	(void)more_out;
	if (!read_name(job, "account", &asked.account) ||
	    !read_name(job, "source", &asked.source) || !read_policies(job, &asked.policies))
		return 0;
	asked.note = json_string(&job->request, note);
	r = set(job, &asked);
	if (r < 0)
		return r;
	job->rules_changed = true;
	buf_add_cstr(job->reply, "{\"ok\":true,");
	put_names(&asked, job->reply);
	return 0;
}

const struct change_kind change_policy_set = { .name = "policy.set", .step = step };
