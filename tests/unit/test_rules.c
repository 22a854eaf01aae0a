#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/rules.h"
#include "ledger/store.h"
#include "rate/policy.h"
#include "tests/support/ledgerkit.h"

static void set_policy(struct ledgerkit *kit, const char *account, const char *source,
                       unsigned bits)
{
	const struct rule_note note = { KIT_NOW_MS, text_of("uid 7"), text_of("why") };
	struct fault fault = { .code = FAULT_NONE };

	if (ledger_begin(kit->ledger, &fault) < 0 ||
	    ledger_policy_set(kit->ledger, text_of(account), text_of(source), bits, &note, &fault) <
	            0 ||
	    ledger_commit(kit->ledger, &fault) < 0)
		fail_msg("%s", fault.text);
}

static void set_reading(struct ledgerkit *kit, const char *source, const char *api,
                        const char *reading)
{
	const struct rule_note note = { KIT_NOW_MS, text_of("uid 7"), text_of("why") };
	struct fault fault = { .code = FAULT_NONE };

	if (ledger_begin(kit->ledger, &fault) < 0 ||
	    ledger_reading_set(kit->ledger, text_of(source), text_of(api), text_of(reading), &note,
	                       &fault) < 0 ||
	    ledger_commit(kit->ledger, &fault) < 0)
		fail_msg("%s", fault.text);
}

static struct rules *load(struct ledgerkit *kit)
{
	struct fault fault = { .code = FAULT_NONE };
	struct rules *rules = NULL;

	if (ledger_rules_load(kit->ledger, &rules, &fault) < 0)
		fail_msg("%s", fault.text);
	return rules;
}

static void expect_policies(const struct rules *rules, const char *account, const char *source,
                            unsigned bits)
{
	unsigned found = rules_policies(rules, text_of(account), text_of(source));

	if (found != bits)
		fail_msg("%s at %s: %u, not %u", account, source, found, bits);
}

static void expect_reading(const struct rules *rules, const char *source, const char *api,
                           const char *reading)
{
	struct text found = rules_reading(rules, text_of(source), text_of(api));

	if (reading == NULL ? found.at != NULL : !text_is(found, reading))
		fail_msg("%s %s: %.*s", source, api, TEXT_ARGS(found));
}

static void test_without_a_rule_nothing_holds(void **state)
{
	struct rules *rules = load(*state);

	expect_policies(NULL, "a", "s", 0);
	expect_reading(NULL, "s", "x", NULL);
	expect_policies(rules, "a", "s", 0);
	expect_reading(rules, "s", "x", NULL);
	assert_null(rules_policy_at(rules, 0));
	assert_null(rules_reading_at(rules, 0));
	rules_free(rules);
	rules_free(NULL);
}

static void test_the_most_specific_policy_rule_holds(void **state)
{
	struct ledgerkit *kit = *state;
	struct rules *rules;

	set_policy(kit, "a", "s", 1);
	set_policy(kit, "a", NULL, 2);
	set_policy(kit, NULL, "s", 4);
	set_policy(kit, NULL, NULL, 7);
	rules = load(kit);
	expect_policies(rules, "a", "s", 1);
	expect_policies(rules, "a", "t", 2);
	expect_policies(rules, "b", "s", 4);
	expect_policies(rules, "b", "t", 7);
	/* Nobody is called so: "every one" is no name. */
	expect_policies(rules, "", "", 7);
	rules_free(rules);
}

static void test_of_one_account_and_source_the_last_rule_holds(void **state)
{
	struct ledgerkit *kit = *state;
	struct rules *rules;

	set_policy(kit, "a", NULL, 1);
	set_policy(kit, NULL, NULL, 4);
	set_policy(kit, "a", NULL, 2);
	rules = load(kit);
	expect_policies(rules, "a", "s", 2);
	rules_free(rules);
	/* None is a rule too; no rule any more is none. */
	set_policy(kit, "a", NULL, 0);
	rules = load(kit);
	expect_policies(rules, "a", "s", 0);
	assert_int_equal(rules_policy_at(rules, 1)->policies, 0);
	rules_free(rules);
	set_policy(kit, "a", NULL, POLICY_RULE_NONE);
	rules = load(kit);
	expect_policies(rules, "a", "s", 4);
	assert_null(rules_policy_at(rules, 1));
	rules_free(rules);
}

static void test_a_reading_holds_for_its_api_then_for_its_source(void **state)
{
	struct ledgerkit *kit = *state;
	struct rules *rules;

	set_reading(kit, "s", "openai.chat", "xai.chat");
	set_reading(kit, "s", NULL, "declared");
	set_reading(kit, "t", "openai.chat", "mistral.chat");
	rules = load(kit);
	expect_reading(rules, "s", "openai.chat", "xai.chat");
	expect_reading(rules, "s", "openai.responses", "declared");
	expect_reading(rules, "s", NULL, "declared");
	expect_reading(rules, "t", "openai.chat", "mistral.chat");
	expect_reading(rules, "t", "openai.responses", NULL);
	expect_reading(rules, "u", "openai.chat", NULL);
	rules_free(rules);
	set_reading(kit, "s", "openai.chat", "");
	rules = load(kit);
	expect_reading(rules, "s", "openai.chat", "declared");
	rules_free(rules);
}

static void test_rules_tell_who_made_them_when_and_why(void **state)
{
	struct ledgerkit *kit = *state;
	const struct policy_rule *policy;
	const struct reading_rule *reading;
	struct rules *rules;

	set_policy(kit, "b", "s", 3);
	set_policy(kit, NULL, "s", 1);
	set_reading(kit, "s", NULL, "declared");
	rules = load(kit);
	policy = rules_policy_at(rules, 0);
	assert_null(policy->account.at);
	assert_true(text_is(policy->source, "s"));
	policy = rules_policy_at(rules, 1);
	assert_true(text_is(policy->account, "b") && text_is(policy->who, "uid 7") &&
	            text_is(policy->note, "why"));
	assert_int_equal(policy->at_ms, KIT_NOW_MS);
	reading = rules_reading_at(rules, 0);
	assert_null(reading->api.at);
	assert_true(text_is(reading->who, "uid 7") && text_is(reading->note, "why"));
	assert_int_equal(reading->at_ms, KIT_NOW_MS);
	rules_free(rules);
}

/* More than one growth of the lists, and names in no order. */
static void test_many_rules_are_each_found(void **state)
{
	enum { MANY = 100 };
	struct ledgerkit *kit = *state;
	struct rules *rules;
	char name[16];

	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "%d", i * 37 % MANY);
		set_policy(kit, name, NULL, 1 + (unsigned)(i * 37 % MANY) % 7);
		set_reading(kit, name, "x", name);
	}
	rules = load(kit);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "%d", i);
		expect_policies(rules, name, "s", 1 + (unsigned)i % 7);
		expect_reading(rules, name, "x", name);
	}
	rules_free(rules);
}

static void test_a_rule_whose_name_is_lost_is_corrupt(void **state)
{
	static const char *const rows[] = {
		"INSERT INTO policy_rule (at_ms, who, account, source, policies, note) "
		"VALUES (1, '', 77, 0, 1, '')",
		"INSERT INTO reading_rule (at_ms, who, source, api, reading, note) "
		"VALUES (1, '', 77, 0, 'x', '')",
	};
	struct ledgerkit *kit = *state;
	static const char *const told[] = {
		"rule name [policy_rule, 1 row] name 77|",
		"rule name [reading_rule, 1 row] name 77|",
	};
	struct buf findings = { .at = NULL };
	struct rules *rules = NULL;
	struct fault fault;

	for (size_t i = 0; i < 2; i++) {
		kit_shut(kit);
		kit_sql(kit, "DELETE FROM policy_rule; DELETE FROM reading_rule");
		kit_sql(kit, rows[i]);
		kit_reopen(kit);
		assert_int_equal(ledger_rules_load(kit->ledger, &rules, &fault), -FAULT_CORRUPT);
		assert_null(rules);
		assert_int_equal(kit_verify(kit, &findings), 1);
		assert_non_null(strstr(findings.at, told[i]));
	}
	buf_release(&findings);
}

int main(void)
{
#define KIT_TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		KIT_TEST(test_without_a_rule_nothing_holds),
		KIT_TEST(test_the_most_specific_policy_rule_holds),
		KIT_TEST(test_of_one_account_and_source_the_last_rule_holds),
		KIT_TEST(test_a_reading_holds_for_its_api_then_for_its_source),
		KIT_TEST(test_rules_tell_who_made_them_when_and_why),
		KIT_TEST(test_many_rules_are_each_found),
		KIT_TEST(test_a_rule_whose_name_is_lost_is_corrupt),
	};

	return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
