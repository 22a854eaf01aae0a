#include "tests/support/pairkit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "rate/policy.h"
#include "rate/rating.h"
#include "tests/support/ledgerkit.h"

void pairkit_open(struct pairkit *kit, const char *json)
{
	struct fault fault = { .code = FAULT_NONE };
	struct buf errors = { .at = NULL };

	*kit = (struct pairkit){ .book = NULL };
	if (book_load(&kit->book, text_of(kit_quotes(json)), &errors, &fault) < 0)
		fail_msg("%s: %.*s", fault.text, TEXT_ARGS(buf_text(&errors)));
	buf_release(&errors);
	kit->terms = (struct bill_terms){ .currency = "USD", .book = kit->book, .decimals = 18 };
}

void pairkit_close(struct pairkit *kit)
{
	book_free(kit->book);
	kit->book = NULL;
}

static void add_kind(struct usage *usage, enum component component, struct text words, int64_t n)
{
	struct usage_kind *kind = &usage->kinds[usage->kind_count++];
	struct text size;

	*kind = (struct usage_kind){ .component = component, .n = n };
	if (component_info[component].unit != UNIT_IMAGE) {
		assert_true(text_copy(kind->kind, sizeof(kind->kind), words));
		return;
	}
	text_cut(&words, '/', &size);
	assert_true(text_copy(kind->size, sizeof(kind->size), size));
	if (words.at != NULL)
		assert_true(text_copy(kind->quality, sizeof(kind->quality), words));
}

static int64_t number_of(struct text value)
{
	int64_t n = 0;

	if (!text_int(value, &n))
		fail_msg("%.*s is no number", TEXT_ARGS(value));
	return n;
}

static struct money money_of(struct text value)
{
	struct fault fault = { .code = FAULT_NONE };
	struct money money = { 0 };

	if (money_parse(value, &money, &fault) < 0)
		fail_msg("%s", fault.text);
	return money;
}

/* False: the word is no component. */
static bool set_component(struct usage *usage, uint32_t *told, struct text key, struct text value)
{
	struct text words = key, name;
	enum component component;

	text_cut(&words, ':', &name);
	component = component_find(name);
	if (component == COMPONENT_COUNT)
		return false;
	usage->count[component] += number_of(value);
	*told |= 1u << component;
	if (words.at != NULL)
		add_kind(usage, component, words, number_of(value));
	return true;
}

static void set_ours(struct pairkit *kit, struct text key, struct text value)
{
	struct bill_ours *ours = &kit->ours;

	if (text_is(key, "model"))
		ours->model = value;
	else if (text_is(key, "tier"))
		ours->service_tier = value;
	else if (text_is(key, "account"))
		ours->account = value;
	else if (text_is(key, "region"))
		ours->region = value;
	else if (text_is(key, "at"))
		assert_true(moment_parse_date(value, &ours->time_ms));
	else if (text_is(key, "made"))
		ours->requests = number_of(value);
	else if (text_is(key, "sum"))
		ours->sum = true;
	else if (text_is(key, "suspense"))
		ours->suspense = true;
	else if (text_is(key, "settlement"))
		ours->settlement = settlement_find(value);
	else if (text_is(key, "policy"))
		ours->policy = POLICY_BIT(policy_find(value));
	else if (!text_is(key, "amount") && !text_is(key, "several"))
		fail_msg("%.*s: no word of ours", TEXT_ARGS(key));
}

void pairkit_ours(struct pairkit *kit, const char *words)
{
	struct bill_ours *ours = &kit->ours;
	struct rating_request request;
	struct text rest, part, key, amount = { .at = NULL };
	struct charges charges;
	uint32_t told = 0;
	bool several = false;

	snprintf(kit->texts[0], sizeof(kit->texts[0]), "%s", words);
	rest = text_of(kit->texts[0]);
	*ours = (struct bill_ours){ .requests = 1,
		                    .status = EVENT_ABSENT,
		                    .settlement = SETTLEMENT_FINAL,
		                    .model = text_of("chat") };
	assert_true(moment_parse_date(text_of("2026-06-15"), &ours->time_ms));
	while (text_cut(&rest, ' ', &part)) {
		text_cut(&part, '=', &key);
		amount = text_is(key, "amount") ? part : amount;
		several = several || text_is(key, "several");
		if (!set_component(&ours->usage, &told, key, part))
			set_ours(kit, key, part);
	}
	request = (struct rating_request){ .model = ours->model,
		                           .at_ms = ours->time_ms,
		                           .account = ours->account,
		                           .tier = ours->service_tier,
		                           .usage = &ours->usage };
	rating_request(kit->book, &request, &charges);
	ours->version = several || ours->suspense ? NULL : charges.found.version;
	ours->amount = amount.at != NULL ? money_of(amount) : charges.total;
}

static bool set_money(struct statement_row *row, struct text key, struct text value)
{
	static const struct {
		const char *key;
		enum statement_money which;
	} amounts[] = {
		{ "amount", STATEMENT_MONEY_AMOUNT },     { "list", STATEMENT_MONEY_LIST },
		{ "fee", STATEMENT_MONEY_FEE },           { "discount", STATEMENT_MONEY_DISCOUNT },
		{ "upstream", STATEMENT_MONEY_UPSTREAM },
	};

	for (size_t i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++) {
		if (!text_is(key, amounts[i].key))
			continue;
		row->money[amounts[i].which] = money_of(value);
		row->has_money |= 1u << amounts[i].which;
		return true;
	}
	return false;
}

static bool set_flag(struct statement_row *row, struct text key)
{
	static const struct {
		const char *key;
		enum statement_flag flag;
	} flags[] = {
		{ "byok", STATEMENT_BYOK },   { "cancelled", STATEMENT_CANCELLED },
		{ "blank", STATEMENT_BLANK }, { "real", STATEMENT_REAL },
		{ "cut", STATEMENT_CUT },     { "byok_part", STATEMENT_BYOK_PART },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (!text_is(key, flags[i].key))
			continue;
		row->flags |= flags[i].flag;
		return true;
	}
	return false;
}

static enum statement_charge charge_of(struct text value)
{
	int charge = 0;

	while (charge < STATEMENT_CHARGE_COUNT &&
	       !text_is(value, statement_charge_name((enum statement_charge)charge)))
		charge++;
	assert_true(charge < STATEMENT_CHARGE_COUNT);
	return (enum statement_charge)charge;
}

static void set_theirs(struct pairkit *kit, struct text key, struct text value)
{
	struct statement_row *row = &kit->theirs;

	if (set_money(row, key, value) || set_flag(row, key))
		return;
	if (text_is(key, "currency"))
		assert_true(text_copy(row->currency, sizeof(row->currency), value));
	else if (text_is(key, "tier"))
		row->service_tier = value;
	else if (text_is(key, "model"))
		row->model = value;
	else if (text_is(key, "prompt"))
		row->prompt_total = number_of(value);
	else if (text_is(key, "answer"))
		row->answer_total = number_of(value);
	else if (text_is(key, "made"))
		row->requests = number_of(value);
	else if (text_is(key, "rows"))
		kit->pair.their_rows = number_of(value);
	else if (text_is(key, "sum"))
		row->request = false;
	else if (text_is(key, "charge"))
		row->charge = charge_of(value);
	else
		fail_msg("%.*s: no word of theirs", TEXT_ARGS(key));
}

void pairkit_theirs(struct pairkit *kit, const char *words)
{
	struct statement_row *row = &kit->theirs;
	struct usage usage = { .kind_count = 0 };
	struct text rest, part, key;

	snprintf(kit->texts[1], sizeof(kit->texts[1]), "%s", words);
	rest = text_of(kit->texts[1]);
	statement_row_init(row);
	row->record = 1;
	row->request = true;
	row->requests = 1;
	row->from_ms = kit->ours.time_ms;
	row->to_ms = row->from_ms + 1;
	kit->pair.their_rows = 0;
	while (text_cut(&rest, ' ', &part)) {
		text_cut(&part, '=', &key);
		if (!set_component(&usage, &row->told, key, part))
			set_theirs(kit, key, part);
	}
	memcpy(row->count, usage.count, sizeof(row->count));
}

const char *pairkit_parts(const struct bill_parts *parts)
{
	static char text[4096];
	char amount[MONEY_TEXT_BYTES];
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < parts->count; i++) {
		const struct bill_part *part = &parts->parts[i];
		bool of = part->component != COMPONENT_COUNT;

		money_text(part->amount, amount);
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s%s%s=%s",
		                       i > 0 ? " " : "", bill_cause_name(part->cause),
		                       of ? "/" : "", of ? component_info[part->component].key : "",
		                       amount);
		assert_true(at < sizeof(text));
	}
	return text;
}

const char *pairkit_classify(struct pairkit *kit, const char *ours, const char *theirs)
{
	struct fault fault = { .code = FAULT_NONE };

	kit->pair = (struct bill_pair){ .known = CAUSE_COUNT,
		                        .ours_counts = true,
		                        .theirs_counts = true };
	if (*ours != '\0') {
		pairkit_ours(kit, ours);
		kit->pair.ours = &kit->ours;
	}
	if (*theirs != '\0') {
		pairkit_theirs(kit, theirs);
		kit->pair.theirs = &kit->theirs;
	}
	if (bill_classify(&kit->terms, &kit->pair, &kit->parts, &fault) < 0)
		fail_msg("%s | %s: %s", ours, theirs, fault.text);
	return pairkit_parts(&kit->parts);
}

void pairkit_check(struct pairkit *kit, const struct pairkit_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *parts;

		kit->terms.decimals = rows[i].decimals > 0 ? rows[i].decimals : 18;
		parts = pairkit_classify(kit, rows[i].ours, rows[i].theirs);
		if (strcmp(parts, rows[i].parts) != 0)
			fail_msg("%s:\n%s\nin place of\n%s\n(%s)", rows[i].label, parts,
			         rows[i].parts,
			         kit->parts.count > 0 ? kit->parts.parts[0].why : "");
	}
	kit->terms.decimals = 18;
}
