/*
 * What each provider's numbers mean: the rows of tests/support/format_rows*.c through the decoder,
 * and what the tables of the formats promise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/moment.h"
#include "tests/support/event_line.h"
#include "tests/support/format_rows.h"
#include "usage/event.h"
#include "usage/format.h"

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

/* One event around a usage text in which ' stands for ". */
static void put_line(struct buf *line, const char *api, const char *usage)
{
	buf_clear(line);
	buf_addf(line,
	         "{\"id\":\"e\",\"source\":\"s\",\"time\":\"2026-11-22T08:00:00Z\",\"account\":"
	         "\"a\","
	         "\"model\":\"m\",\"api\":\"%s\",\"usage\":%s}",
	         api, usage);
	for (size_t i = 0; i < line->len; i++) {
		if (line->at[i] == '\'')
			line->at[i] = '"';
	}
}

struct decoded {
	struct buf line, result;
	struct json doc;
	struct arena arena;
	struct event event;
	struct event_refusal refusal;
};

static void decode(struct decoded *d, const char *api, const char *usage)
{
	struct event_defaults defaults = { .source = { NULL, 0 } };

	assert_true(moment_parse(text_of("2026-11-22T09:00:00Z"), &defaults.now_ms));
	put_line(&d->line, api, usage);
	arena_reset(&d->arena);
	assert_int_equal(event_decode(buf_text(&d->line), &defaults, &d->doc, &d->arena, &d->event,
	                              &d->refusal),
	                 0);
	buf_clear(&d->result);
	for (size_t i = 0; i < d->event.reading_count; i++) {
		buf_addf(&d->result, "%s%s: ", i == 0 ? "" : " | ", d->event.readings[i].name);
		event_line_put_counts(&d->result, &d->event.readings[i].usage);
	}
	if (d->event.reading_count > 0)
		return;
	if (d->refusal.reason == REASON_NONE)
		event_line_put_counts(&d->result, &d->event.usage);
	for (size_t i = 0; i < d->event.part_count; i++) {
		buf_addf(&d->result, " + %.*s: ", TEXT_ARGS(d->event.parts[i].model));
		event_line_put_counts(&d->result, &d->event.parts[i].usage);
	}
	if (d->refusal.reason != REASON_NONE)
		buf_addf(&d->result, "%s: %s", reason_name(d->refusal.reason), d->refusal.detail);
}

static void release(struct decoded *d)
{
	buf_release(&d->line);
	buf_release(&d->result);
	json_release(&d->doc);
	arena_release(&d->arena);
}

static bool has_word(const struct usage_format *format, int slot)
{
	for (size_t w = 0; w < format->word_count; w++) {
		if (usage_word_fills(&format->words[w], slot))
			return true;
	}
	return false;
}

/* The format has words for all that the identity needs: it may be one that several share. */
static bool can_be_sent(const struct usage_format *format, const struct usage_identity *identity)
{
	for (int n = 0; n < 3 && identity->needs[n] != 0; n++) {
		if (!has_word(format, identity->needs[n]))
			return false;
	}
	return true;
}

static unsigned check_row(struct decoded *d, const struct format_row *row)
{
	const char *result, *unknown = row->unknown != NULL ? row->unknown : "";

	decode(d, row->api, row->usage);
	result = d->result.at != NULL ? d->result.at : "";
	if (strcmp(result, row->expected) != 0) {
		printf("%s, %s:\n  %s\nwanted\n  %s\n", row->api, row->label, result,
		       row->expected);
		return 1;
	}
	if (row->kind == READINGS || row->kind == CONFIRMED) {
		assert_int_equal(d->event.reading_count > 1, row->kind == READINGS);
		assert_true(d->event.reading_count > 0);
		return 0;
	}
	if ((row->kind == REFUSED) != (d->refusal.reason != REASON_NONE) ||
	    !text_equal(d->event.unknown_path, text_of(unknown))) {
		printf("%s, %s: warns of \"%.*s\"\n", row->api, row->label,
		       TEXT_ARGS(d->event.unknown_path));
		return 1;
	}
	if (row->kind != REFUSED)
		assert_int_equal(d->event.usage.count[COMPONENT_REQUESTS], 1);
	return 0;
}

static const struct format_row *const lists[] = { format_rows, format_rows_more };

static void test_a_usage_becomes_disjoint_components_or_is_refused(void **state)
{
	struct decoded d = { .event = { .time_ms = 0 } };
	unsigned wrong = 0;

	(void)state;
	for (size_t l = 0; l < ROWS(lists); l++) {
		for (const struct format_row *row = lists[l]; row->label != NULL; row++)
			wrong += check_row(&d, row);
	}
	assert_int_equal(wrong, 0);
	release(&d);
}

static void test_every_format_has_rows_of_each_kind(void **state)
{
	(void)state;
	for (size_t f = 0; event_format_name(f) != NULL; f++) {
		unsigned seen[KIND_COUNT] = { 0 };

		for (size_t l = 0; l < ROWS(lists); l++) {
			for (const struct format_row *row = lists[l]; row->label != NULL; row++)
				seen[row->kind] += strcmp(row->api, event_format_name(f)) == 0;
		}
		if (seen[OBJECT] == 0 || seen[STREAM] == 0 || seen[REFUSED] == 0)
			fail_msg("%s: %u rows of objects, %u of streams, %u refused",
			         event_format_name(f), seen[OBJECT], seen[STREAM], seen[REFUSED]);
		assert_true(event_format_summary(f)[0] != '\0');
	}
}

/* Of an identity that the formats share a row of one of them is enough. */
static void test_every_identity_of_every_format_can_fail(void **state)
{
	static const struct usage_format *const formats[] = {
#define X(NAME, api, summary) &format_##NAME,
#include "usage/formats.def"
#undef X
	};

	(void)state;
	for (size_t f = 0; f < ROWS(formats); f++) {
		size_t refused = 0, own = 0;

		for (size_t l = 0; l < ROWS(lists); l++) {
			for (const struct format_row *row = lists[l]; row->label != NULL; row++)
				refused += strcmp(row->api, formats[f]->name) == 0 &&
				           (row->kind == READINGS ||
				            strncmp(row->expected, "identity:", 9) == 0);
		}
		for (size_t i = 0; i < formats[f]->identity_count; i++)
			own += can_be_sent(formats[f], &formats[f]->identities[i]);
		if (refused < own + formats[f]->object_identity_count)
			fail_msg("%s has %zu identities, %zu within an object and %zu rows that "
			         "break one",
			         formats[f]->name, own, formats[f]->object_identity_count, refused);
	}
}

/* A reading is a name that rules are made of, and a row that shows it. */
static void test_every_reading_of_every_format_is_seen(void **state)
{
	static const struct usage_format *const formats[] = {
#define X(NAME, api, summary) &format_##NAME,
#include "usage/formats.def"
#undef X
	};
	unsigned unseen = 0;

	(void)state;
	for (size_t f = 0; f < ROWS(formats); f++) {
		for (size_t i = 0; i < formats[f]->reading_count; i++) {
			const char *name = formats[f]->readings[i].name;
			bool seen = false;

			for (size_t l = 0; l < ROWS(lists); l++) {
				for (const struct format_row *row = lists[l]; row->label != NULL;
				     row++)
					seen = seen || (row->kind == READINGS &&
					                strstr(row->expected, name) != NULL);
			}
			if (!seen)
				printf("%s: no row shows %s\n", formats[f]->name, name);
			unseen += !seen;
			assert_true(formats[f]->readings[i].why[0] != '\0');
			assert_true((formats[f]->readings[i].share_count > 0) !=
			            (formats[f]->readings[i].part != 0));
		}
	}
	assert_int_equal(unseen, 0);
}

/* Our own shape has a word for each component, and each one lands in its own place. */
static void test_toll_takes_every_component(void **state)
{
	struct decoded d = { .event = { .time_ms = 0 } };

	(void)state;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		char usage[64];

		snprintf(usage, sizeof(usage), "{'%s':%d}", component_info[c].key, 100 + c);
		decode(&d, "toll", usage);
		assert_int_equal(d.refusal.reason, REASON_NONE);
		for (int other = 0; other < COMPONENT_COUNT; other++) {
			int64_t due = other == c ? 100 + c : other == COMPONENT_REQUESTS;

			if (d.event.usage.count[other] != due)
				fail_msg("%s: %s is %lld", component_info[c].key,
				         component_info[other].key,
				         (long long)d.event.usage.count[other]);
		}
	}
	release(&d);
}

static bool in_terms(const usage_terms terms, int slot)
{
	for (int t = 0; t < FORMAT_TERMS_MAX && terms[t] != 0; t++) {
		if (terms[t] == slot || terms[t] == -slot)
			return true;
	}
	return false;
}

/* A count that is read goes into a component, or is held against what does. */
static bool is_of_use(const struct usage_format *format, int slot)
{
	bool of_use = slot == format->calls;

	for (size_t i = 0; i < format->share_count; i++)
		of_use = of_use || in_terms(format->shares[i].terms, slot);
	for (size_t i = 0; i < format->identity_count; i++)
		of_use = of_use || in_terms(format->identities[i].terms, slot) ||
		         format->identities[i].total == slot;
	for (size_t i = 0; i < format->object_identity_count; i++)
		of_use = of_use || in_terms(format->object_identities[i].terms, slot) ||
		         format->object_identities[i].total == slot;
	for (size_t i = 0; i < format->part_count; i++)
		of_use = of_use || in_terms(format->parts[i].parts, slot);
	return of_use;
}

static bool in_shares(const struct usage_format *format, int term)
{
	bool found = false;

	for (size_t s = 0; s < format->share_count; s++) {
		for (int t = 0; t < FORMAT_TERMS_MAX && format->shares[s].terms[t] != 0; t++)
			found = found || format->shares[s].terms[t] == term;
	}
	return found;
}

/* A part is a component, and is taken out of another one; readings have room. */
static void check_readings(const struct usage_format *format)
{
	assert_true(format->reading_count < EVENT_READINGS_MAX); /* and the declared one */
	for (size_t r = 0; r < format->reading_count; r++) {
		int part = format->readings[r].part;

		if (part != 0 && !(in_shares(format, part) && in_shares(format, -part)))
			fail_msg("%s: %s is of no part", format->name, format->readings[r].name);
	}
}

/* The tables' own promises, which the decoder takes for granted. */
static void test_every_table_is_sound(void **state)
{
	static const struct usage_format *const formats[] = {
#define X(NAME, api, summary) &format_##NAME,
#include "usage/formats.def"
#undef X
	};
	static const char *const names[] = {
#define X(NAME, api, summary) api,
#include "usage/formats.def"
#undef X
	};

	(void)state;
	for (size_t f = 0; f < ROWS(formats); f++) {
		const struct usage_format *format = formats[f];
		bool given[COMPONENT_COUNT] = { false };

		assert_string_equal(format->name, names[f]);
		assert_ptr_equal(format_find(text_of(names[f])), format);
		for (size_t w = 0; w < format->word_count; w++) {
			const struct usage_word *word = &format->words[w];
			assert_false(usage_word_fills(word, FORMAT_SLOTS_MAX));
			assert_true(word->kind > WORD_COUNT_TEXT || word->slot > 0);
			if (word->kind <= WORD_COUNT_TEXT && !is_of_use(format, word->slot))
				fail_msg("%s: %s is read and of no use", format->name, word->key);
			for (size_t other = 0; other < w; other++)
				assert_false(format->words[other].in == word->in &&
				             strcmp(format->words[other].key, word->key) == 0);
		}
		for (size_t s = 0; s < format->share_count; s++) {
			assert_false(given[format->shares[s].component]);
			given[format->shares[s].component] = has_word(format,
			                                              format->shares[s].terms[0]);
		}
		for (size_t i = 0; i < format->object_identity_count; i++) {
			for (int t = 0; t < FORMAT_TERMS_MAX; t++)
				assert_true(format->object_identities[i].terms[t] >= 0);
		}
		check_readings(format);
		for (size_t i = 0; i < format->item_count; i++)
			assert_false(given[format->items[i].component]);
		assert_true(format->path_count > 0);
	}
	assert_null(format_find(text_of("openai.cha")));
	assert_null(format_find(text_of("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_usage_becomes_disjoint_components_or_is_refused),
		cmocka_unit_test(test_every_format_has_rows_of_each_kind),
		cmocka_unit_test(test_every_identity_of_every_format_can_fail),
		cmocka_unit_test(test_every_reading_of_every_format_is_seen),
		cmocka_unit_test(test_toll_takes_every_component),
		cmocka_unit_test(test_every_table_is_sound),
	};

	return cmocka_run_group_tests_name("formats", tests, NULL, NULL);
}
