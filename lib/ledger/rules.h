/*
 * Standing rules of a ledger: which policies (rate/policy.h) hold for an account or a source,
 * and which of several readings is taken where the numbers of a source contradict each other.
 * A rule holds for what is rated after it was made; it moves nothing that is stored.
 *
 * A struct rules is immutable: any number of threads may look things up in it.  No memory is
 * taken by a look-up.
 */
#ifndef TOLL_LEDGER_RULES_H
#define TOLL_LEDGER_RULES_H

#include "ledger/ledger.h"

struct rules;

/*
 * The rules in force; *rules_out is the caller's, for rules_free().  Inside a transaction of the
 * writer also those that are not yet committed.  -FAULT_CORRUPT where a name is lost.
 */
int ledger_rules_load(struct ledger *ledger, struct rules **rules_out, struct fault *fault);
void rules_free(struct rules *rules); /* takes NULL */

/*
 * The policies of the most specific rule: of this account and source, else of the account, else
 * of the source, else of all; 0 where there is none.  `rules` may be NULL: there are none.
 */
unsigned rules_policies(const struct rules *rules, struct text account, struct text source);
/*
 * The reading that stands for this source and api, else for all apis of the source; absent where
 * there is none.  Valid as long as the rules.
 */
struct text rules_reading(const struct rules *rules, struct text source, struct text api);

/* One rule in force.  Texts live as long as the rules. */
struct policy_rule {
	struct text account, source; /* absent: every one */
	unsigned policies;
	int64_t at_ms;
	struct text who, note;
};
struct reading_rule {
	struct text source, api; /* api absent: every one */
	struct text reading;
	int64_t at_ms;
	struct text who, note;
};
/* In the order of their names, "every one" first; NULL behind the last. */
const struct policy_rule *rules_policy_at(const struct rules *rules, size_t index);
const struct reading_rule *rules_reading_at(const struct rules *rules, size_t index);

/*
 * All there ever were, from the oldest on: `reading` is empty where one was taken back.  Texts live
 * for the call; what it returns but 0 ends the walk.
 */
typedef int ledger_reading_rule_fn(void *context, const struct reading_rule *rule);
int ledger_each_reading_rule(struct ledger *ledger, ledger_reading_rule_fn *each, void *context,
                             struct fault *fault);

/* Who makes a rule, when and why. */
struct rule_note {
	int64_t at_ms;
	struct text who, note;
};

/* Instead of policies: there is no rule for these any more. */
#define POLICY_RULE_NONE 128u

/*
 * Make a rule, in place of one for the same: inside ledger_begin() .. ledger_commit().  An
 * absent account or source is every one; `policies` 0 is a rule too: none hold for these.
 */
int ledger_policy_set(struct ledger *ledger, struct text account, struct text source,
                      unsigned policies, const struct rule_note *note, struct fault *fault);
/* An absent api is every one; `reading` empty: there is no rule any more. */
int ledger_reading_set(struct ledger *ledger, struct text source, struct text api,
                       struct text reading, const struct rule_note *note, struct fault *fault);

#endif
