#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/checkpoints.h"
#include "ledger/internal.h"
#include "tests/support/ledgerkit.h"

static int64_t id_of(struct ledger *ledger, const char *name)
{
	int64_t id = -7;

	assert_int_equal(names_id(ledger, text_of(name), &id, NULL), 0);
	return id;
}

static void begin(struct ledgerkit *kit)
{
	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
}

static void commit(struct ledgerkit *kit)
{
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
}

static void test_a_name_has_one_id_for_ever(void **state)
{
	struct ledgerkit *kit = *state;
	int64_t a, b;

	begin(kit);
	a = id_of(kit->ledger, "a");
	b = id_of(kit->ledger, "b");
	assert_true(a > 0 && b > 0 && a != b);
	assert_int_equal(id_of(kit->ledger, "a"), a);
	commit(kit);
	kit_shut(kit);
	kit_reopen(kit);
	begin(kit);
	assert_int_equal(id_of(kit->ledger, "b"), b);
	assert_int_equal(id_of(kit->ledger, "a"), a);
	commit(kit);
}

static void test_no_name_is_id_0_and_absent(void **state)
{
	struct ledgerkit *kit = *state;
	struct text text = text_of("before");
	int64_t id = -7;

	assert_int_equal(names_id(kit->ledger, text_of(NULL), &id, NULL), 0);
	assert_int_equal(id, NAME_NONE);
	assert_int_equal(id_of(kit->ledger, ""), NAME_NONE);
	assert_int_equal(names_text(kit->ledger, NAME_NONE, &text, NULL), 0);
	assert_null(text.at);
}

static void test_case_and_length_tell_names_apart(void **state)
{
	static const char *const names[] = { "acct", "Acct", "acct ", "acc", "acct\xc3\xa9" };
	struct ledgerkit *kit = *state;
	int64_t ids[5];

	begin(kit);
	for (int i = 0; i < 5; i++) {
		ids[i] = id_of(kit->ledger, names[i]);
		for (int j = 0; j < i; j++)
			assert_int_not_equal(ids[i], ids[j]);
	}
	commit(kit);
	names_clear(&kit->ledger->names);
	for (int i = 0; i < 5; i++) {
		struct text text;

		assert_int_equal(names_text(kit->ledger, ids[i], &text, NULL), 0);
		assert_true(text_is(text, names[i]));
	}
}

/* A name is only written for an event, so a question must not leave one behind. */
static void test_asking_adds_no_name(void **state)
{
	struct ledgerkit *kit = *state;
	struct ledger *reader = NULL;

	assert_int_equal(id_of(kit->ledger, "nobody"), NAME_UNKNOWN);
	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
	assert_int_equal(id_of(reader, "nobody"), NAME_UNKNOWN);
	ledger_close(reader);
	kit_shut(kit);
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM name WHERE text = 'nobody'"), 0);
	kit_reopen(kit);
}

/* The id of a name that was rolled back may be given to another one. */
static void test_a_rollback_forgets_new_names(void **state)
{
	struct ledgerkit *kit = *state;
	struct text text;
	int64_t id;

	begin(kit);
	id = id_of(kit->ledger, "gone");
	ledger_rollback(kit->ledger);
	begin(kit);
	assert_int_equal(id_of(kit->ledger, "other"), id);
	assert_int_equal(names_text(kit->ledger, id, &text, NULL), 0);
	assert_true(text_is(text, "other"));
	assert_int_not_equal(id_of(kit->ledger, "gone"), id);
	commit(kit);
}

static void test_an_id_without_a_name_is_told_as_corrupt(void **state)
{
	struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };
	struct text text;

	assert_int_equal(names_text(kit->ledger, 4711, &text, &fault), -FAULT_CORRUPT);
	assert_non_null(strstr(fault.text, "a row holds name 4711, which is not there"));
}

static void test_the_cache_is_bounded_and_still_right(void **state)
{
	enum { NAMES = NAMES_CACHED_MAX + 5000 };
	struct ledgerkit *kit = *state;
	int64_t first = 0;
	char name[32];

	begin(kit);
	for (int i = 0; i < NAMES; i++) {
		int64_t id;

		names_trim(&kit->ledger->names);
		assert_true(kit->ledger->names.count <= NAMES_CACHED_MAX);
		snprintf(name, sizeof(name), "name-%d", i);
		id = id_of(kit->ledger, name);
		if (i == 0)
			first = id;
		assert_int_equal(id, first + i);
	}
	for (int i = 0; i < NAMES; i += 997) {
		struct text text;

		snprintf(name, sizeof(name), "name-%d", i);
		assert_int_equal(id_of(kit->ledger, name), first + i);
		assert_int_equal(names_text(kit->ledger, first + i, &text, NULL), 0);
		assert_true(text_is(text, name));
	}
	commit(kit);
}

/* A sender chooses the source of a refused line and of a checkpoint, each time another. */
static void test_sources_of_no_event_are_bounded_too(void **state)
{
	enum { SOURCES = NAMES_CACHED_MAX / 2 + 100 };
	struct ledgerkit *kit = *state;
	struct event_refusal refusal = { .reason = REASON_SYNTAX, .time_ms = EVENT_ABSENT };
	char name[32];

	begin(kit);
	for (int i = 0; i < SOURCES; i++) {
		snprintf(name, sizeof(name), "refused-%d", i);
		refusal.source = text_of(name);
		assert_int_equal(
			ledger_quarantine(kit->ledger, &refusal, text_of("x"), 1, KIT_NOW_MS, NULL),
			0);
		assert_true(kit->ledger->names.count <= NAMES_CACHED_MAX + 1);
		snprintf(name, sizeof(name), "checkpoint-%d", i);
		assert_int_equal(ledger_checkpoint_add(kit->ledger, text_of(name), 0, 1,
		                                       text_of("{}"), KIT_NOW_MS, NULL),
		                 0);
		assert_true(kit->ledger->names.count <= NAMES_CACHED_MAX + 1);
	}
	commit(kit);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_name_has_one_id_for_ever),
		T(test_no_name_is_id_0_and_absent),
		T(test_case_and_length_tell_names_apart),
		T(test_asking_adds_no_name),
		T(test_a_rollback_forgets_new_names),
		T(test_an_id_without_a_name_is_told_as_corrupt),
		T(test_the_cache_is_bounded_and_still_right),
		T(test_sources_of_no_event_are_bounded_too),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
