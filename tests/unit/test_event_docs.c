/*
 * toll-event(5) and the JSON Schema against the lists they describe: what is in a .def
 * file and not in them fails here.  The examples of the manual are decoded, and what it says
 * under each of them is what came out.  Read from the project's root, where make runs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/version.h"
#include "tests/support/event_line.h"
#include "usage/format.h"
#include "usage/kinds.h"
#include "wire/wire.h"

#define MANUAL "packaging/man/toll-event.5"
#define SCHEMA "schema/event.schema.json"

enum { FILE_BYTES_MAX = 256 * 1024 };

static void load(const char *path, struct buf *out)
{
	struct fault fault;

	if (buf_read_file(out, path, FILE_BYTES_MAX, &fault) < 0)
		fail_msg("%s", fault.text);
}

/* Is the name a term of a list: ".It Cm one , two , three"? */
static bool is_term(struct text manual, const char *name)
{
	static const char item[] = ".It Cm ";
	struct text line, word;

	while (text_cut(&manual, '\n', &line)) {
		if (line.len < sizeof(item) || memcmp(line.at, item, sizeof(item) - 1) != 0)
			continue;
		while (text_cut(&line, ' ', &word)) {
			if (text_is(word, name))
				return true;
		}
	}
	return false;
}

static void test_the_manual_has_every_format_component_and_reason(void **state)
{
	struct buf manual = { .at = NULL };

	(void)state;
	load(MANUAL, &manual);
	for (size_t f = 0; event_format_name(f) != NULL; f++) {
		if (!is_term(buf_text(&manual), event_format_name(f)))
			fail_msg("%s lacks the shape %s", MANUAL, event_format_name(f));
	}
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (!is_term(buf_text(&manual), component_info[c].key))
			fail_msg("%s lacks the component %s", MANUAL, component_info[c].key);
	}
	for (int r = REASON_NONE + 1; r < REASON_COUNT; r++) {
		if (!is_term(buf_text(&manual), reason_name((enum reason)r)))
			fail_msg("%s lacks the reason %s", MANUAL, reason_name((enum reason)r));
	}
	assert_false(is_term(buf_text(&manual), "no-such-reason"));
	buf_release(&manual);
}

/* Walks down members; JSON_NONE where one is not there. */
static uint32_t find(const struct json *doc, const char *const path[])
{
	uint32_t node = 0;

	for (size_t i = 0; path[i] != NULL; i++)
		node = json_member(doc, node, path[i]);
	return node;
}

static void test_the_schema_has_every_format_and_component_and_no_other(void **state)
{
	static const char *const apis[] = { "$defs", "event", "properties", "api", "enum", NULL };
	static const char *const keys[] = { "$defs", "components", "properties", NULL };
	struct json doc = { .nodes = NULL };
	struct buf schema = { .at = NULL };
	uint32_t list, components;
	size_t formats = 0;
	struct fault fault;

	(void)state;
	load(SCHEMA, &schema);
	if (json_parse(&doc, buf_text(&schema), &fault) < 0)
		fail_msg("%s: %s", SCHEMA, fault.text);
	list = find(&doc, apis);
	for (uint32_t e = json_first(&doc, list); e != JSON_NONE; e = json_next(&doc, list, e)) {
		if (event_format_name(formats) == NULL ||
		    !text_is(json_string(&doc, e), event_format_name(formats)))
			fail_msg("%s: api \"%.*s\" is not number %zu of formats.def", SCHEMA,
			         TEXT_ARGS(json_string(&doc, e)), formats);
		formats++;
	}
	assert_null(event_format_name(formats));
	components = find(&doc, keys);
	assert_int_equal(json_type_of(&doc, components), JSON_OBJECT);
	assert_int_equal(doc.nodes[components].count, COMPONENT_COUNT);
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (json_member(&doc, components, component_info[c].key) == JSON_NONE)
			fail_msg("%s lacks the component %s", SCHEMA, component_info[c].key);
	}
	buf_release(&schema);
	json_release(&doc);
}

/* The words of a list of the schema, null left out, are those of `name`, each once. */
static void expect_words(const struct json *doc, const char *member, int count,
                         const char *(*name)(int value))
{
	const char *const path[] = { "$defs", "event", "properties", member, "enum", NULL };
	uint32_t list = find(doc, path);
	int found = 0;

	if (json_type_of(doc, list) != JSON_ARRAY)
		fail_msg("%s lacks the words of %s", SCHEMA, member);
	for (uint32_t e = json_first(doc, list); e != JSON_NONE; e = json_next(doc, list, e))
		found += json_type_of(doc, e) != JSON_NULL;
	assert_int_equal(found, count);
	for (int i = 0; i < count; i++) {
		bool there = false;

		for (uint32_t e = json_first(doc, list); e != JSON_NONE;
		     e = json_next(doc, list, e))
			there = there || text_is(json_string(doc, e), name(i));
		if (!there)
			fail_msg("%s: %s lacks %s", SCHEMA, member, name(i));
	}
}

static const char *settlement_word(int value)
{
	return settlement_name((enum settlement)value);
}

static const char *provenance_word(int value)
{
	return provenance_name((enum provenance)value);
}

static void test_the_schema_has_every_settlement_and_provenance(void **state)
{
	static const char *const served[] = { "$defs", "event", "properties", "served", NULL };
	static const char *const headers[] = { "$defs", "event", "properties", "headers", NULL };
	struct json doc = { .nodes = NULL };
	struct buf schema = { .at = NULL };
	int64_t most = 0;

	(void)state;
	load(SCHEMA, &schema);
	assert_int_equal(json_parse(&doc, buf_text(&schema), NULL), 0);
	expect_words(&doc, "settlement", SETTLEMENT_COUNT, settlement_word);
	expect_words(&doc, "provenance", PROVENANCE_COUNT, provenance_word);
	assert_true(json_integer(&doc, json_member(&doc, find(&doc, served), "maximum"), &most));
	assert_true(most == USAGE_COUNT_MAX);
	assert_int_equal(json_type_of(&doc, find(&doc, headers)), JSON_OBJECT);
	buf_release(&schema);
	json_release(&doc);
}

/* Every member of the event that the schema names has its words in the manual. */
static void test_the_manual_has_every_member_of_the_schema(void **state)
{
	static const char *const things[] = { "event", "hello", "checkpoint" };
	struct json doc = { .nodes = NULL };
	struct buf schema = { .at = NULL }, manual = { .at = NULL };
	unsigned members = 0;

	(void)state;
	load(SCHEMA, &schema);
	load(MANUAL, &manual);
	assert_int_equal(json_parse(&doc, buf_text(&schema), NULL), 0);
	for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++) {
		const char *const path[] = { "$defs", things[i], "properties", NULL };
		uint32_t object = find(&doc, path);

		for (uint32_t k = json_first(&doc, object); k != JSON_NONE;
		     k = json_next(&doc, object, k)) {
			char name[64];

			text_copy(name, sizeof(name), doc.nodes[k].text);
			members++;
			/* The checkpoint is a section of its own. */
			if (strcmp(name, "checkpoint") != 0 && !is_term(buf_text(&manual), name))
				fail_msg("%s lacks the member %s", MANUAL, name);
		}
	}
	assert_true(members > 20);
	buf_release(&schema);
	buf_release(&manual);
	json_release(&doc);
}

/* Its footer, and what a hello is: in any order, and no longer than this. */
static void test_the_manual_states_the_version_and_the_limit_of_a_hello(void **state)
{
	static const char footer[] = "\n.Os toll " TOLL_VERSION "\n";
	struct buf manual = { .at = NULL };
	struct wire_hello hello;
	struct json doc = { .nodes = NULL };
	struct fault fault;
	char limit[64];

	(void)state;
	load(MANUAL, &manual);
	snprintf(limit, sizeof(limit), "\nat most %d bytes; it has no other", WIRE_HELLO_BYTES_MAX);
	assert_non_null(memmem(manual.at, manual.len, footer, sizeof(footer) - 1));
	assert_non_null(memmem(manual.at, manual.len, limit, strlen(limit)));
	assert_null(memmem(manual.at, manual.len, "must be the first member.", 25));
	assert_true(wire_hello_parse(text_of("{\"ack\":true,\"source\":\"s\",\"toll\":1}"), &doc,
	                             &hello, &fault));
	assert_true(fault.code == FAULT_NONE && hello.ack);
	buf_release(&manual);
	json_release(&doc);
}

/* --- the examples ---------------------------------------------------------- */

static void put_counts(struct buf *out, const struct usage *usage)
{
	const char *before = "";

	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (usage->count[c] == 0)
			continue;
		buf_addf(out, "%s%s %lld", before, component_info[c].key,
		         (long long)usage->count[c]);
		before = ", ";
	}
	buf_add_cstr(out, before[0] == '\0' ? "nothing" : "");
}

/* What was taken from the response, or stands beside the counts. */
static void put_facts(struct buf *out, const struct event *event)
{
	struct json extra = { .nodes = NULL };
	const char *before = " Beside it: ";

	if (event->service_tier.at != NULL) {
		buf_addf(out, "%sservice_tier %.*s", before, TEXT_ARGS(event->service_tier));
		before = ", ";
	}
	if (event->finish_reason.at != NULL) {
		buf_addf(out, "%sfinish_reason %.*s", before, TEXT_ARGS(event->finish_reason));
		before = ", ";
	}
	if (event->region.at != NULL) {
		buf_addf(out, "%sregion %.*s", before, TEXT_ARGS(event->region));
		before = ", ";
	}
	if (event->extra.at != NULL) {
		assert_int_equal(json_parse(&extra, event->extra, NULL), 0);
		for (uint32_t k = json_first(&extra, 0); k != JSON_NONE;
		     k = json_next(&extra, 0, k)) {
			buf_addf(out, "%s%.*s %.*s", before, TEXT_ARGS(extra.nodes[k].text),
			         TEXT_ARGS(json_string(&extra, k + 1)));
			before = ", ";
		}
	}
	buf_add_cstr(out, before[0] == ',' ? "." : "");
	json_release(&extra);
}

/* The words that stand under an example of the manual. */
static void put_words(struct buf *out, const struct event *event)
{
	buf_add_cstr(out, event->reading_count > 0 ? "can be read as " : "becomes ");
	for (size_t i = 0; i < event->reading_count; i++) {
		buf_addf(out, "%s%s: ", i > 0 ? "; " : "", event->readings[i].name);
		put_counts(out, &event->readings[i].usage);
	}
	if (event->reading_count == 0)
		put_counts(out, &event->usage);
	buf_add_cstr(out, ".");
	for (unsigned i = 0; i < event->usage.kind_count; i++) {
		const struct usage_kind *kind = &event->usage.kinds[i];
		bool images = component_info[kind->component].unit == UNIT_IMAGE;
		char said[KIND_TEXT_BYTES];

		kind_text(kind, said);
		if (images && said[0] != '\0')
			buf_addf(out, " Images: %lld of %s.", (long long)kind->n, said);
		else if (!images)
			buf_addf(out, " Of %s: %lld %s.", component_info[kind->component].key,
			         (long long)kind->n, said);
	}
	for (size_t i = 0; i < event->part_count; i++) {
		buf_addf(out, " And %.*s~%zu of %.*s: ", TEXT_ARGS(event->id), i + 2,
		         TEXT_ARGS(event->parts[i].model));
		put_counts(out, &event->parts[i].usage);
		buf_add_cstr(out, ".");
	}
	if (event->contradiction.at != NULL)
		buf_addf(out, " Contradiction: %.*s.", TEXT_ARGS(event->contradiction));
	if (event->unknown_path.at != NULL)
		buf_addf(out, " Warns of %.*s.", TEXT_ARGS(event->unknown_path));
	if (event->settlement != SETTLEMENT_FINAL || event->provenance != PROVENANCE_REPORTED)
		buf_addf(out, " Settlement %s, provenance %s.", settlement_name(event->settlement),
		         provenance_name(event->provenance));
	put_facts(out, event);
}

/* A line of the manual's source, as it is read: "\e" is a backslash, "\&" is nothing. */
static void put_unescaped(struct buf *out, struct text line)
{
	for (size_t i = 0; i < line.len; i++) {
		bool escaped = line.at[i] == '\\' && i + 1 < line.len;

		if (escaped && line.at[++i] == 'e')
			buf_add_cstr(out, "\\");
		else if (!escaped || line.at[i] != '&')
			buf_add(out, line.at + i, 1);
	}
}

struct example {
	char term[64];     /* the last term of a list before it */
	struct buf line;   /* the event, on one line */
	struct buf told;   /* the text under it, on one line */
	unsigned examples; /* so far, with this one */
};

static bool begins(struct text line, const char *with)
{
	return line.len >= strlen(with) && memcmp(line.at, with, strlen(with)) == 0;
}

/* The rest of a literal block, as one line. */
static void read_block(struct text *manual, struct buf *out)
{
	struct text line;

	buf_clear(out);
	while (text_cut(manual, '\n', &line) && !begins(line, ".Ed")) {
		while (line.len > 0 && line.at[0] == ' ')
			line = (struct text){ line.at + 1, line.len - 1 };
		put_unescaped(out, line);
	}
}

/* The text behind it, up to the next macro, as one line. */
static void read_told(struct text *manual, struct buf *out)
{
	struct text line;

	buf_clear(out);
	if (begins(*manual, ".Pp\n"))
		text_cut(manual, '\n', &line);
	while (manual->len > 0 && manual->at[0] != '.' && text_cut(manual, '\n', &line)) {
		buf_add_cstr(out, out->len > 0 ? " " : "");
		put_unescaped(out, line);
	}
}

/* The next block that is an event with what it becomes; false: there is none. */
static bool next_example(struct text *manual, struct example *example)
{
	struct text line;

	while (text_cut(manual, '\n', &line)) {
		if (begins(line, ".It Cm "))
			text_copy(example->term, sizeof(example->term),
			          (struct text){ line.at + 7, line.len - 7 });
		if (begins(line, ".El"))
			example->term[0] = '\0';
		if (!begins(line, ".Bd -literal"))
			continue;
		read_block(manual, &example->line);
		read_told(manual, &example->told);
		if (begins(buf_text(&example->told), "becomes ") ||
		    begins(buf_text(&example->told), "can be read as ")) {
			example->examples++;
			return true;
		}
	}
	return false;
}

static void example_release(struct example *example)
{
	buf_release(&example->line);
	buf_release(&example->told);
}

static void test_each_example_becomes_what_the_manual_says(void **state)
{
	struct event_line l = { .line = { .at = NULL } };
	struct example example = { .examples = 0 };
	struct buf manual = { .at = NULL }, words = { .at = NULL };
	struct text rest;
	unsigned wrong = 0;

	(void)state;
	load(MANUAL, &manual);
	rest = buf_text(&manual);
	while (next_example(&rest, &example)) {
		event_line_decode(&l, buf_text(&example.line));
		buf_clear(&words);
		if (l.refusal.reason == REASON_NONE)
			put_words(&words, &l.event);
		else
			buf_addf(&words, "is refused: %s", l.refusal.detail);
		if (text_equal(buf_text(&words), buf_text(&example.told)))
			continue;
		printf("%s: under %s: %s\n%s says: %s\nit became: %s\n", MANUAL, example.term,
		       example.line.at, MANUAL, example.told.at, words.at);
		wrong++;
	}
	assert_int_equal(wrong, 0);
	assert_true(example.examples > 35);
	example_release(&example);
	event_line_release(&l);
	buf_release(&words);
	buf_release(&manual);
}

static void test_each_shape_has_an_example_under_its_name(void **state)
{
	struct buf manual = { .at = NULL };
	struct json doc = { .nodes = NULL };

	(void)state;
	load(MANUAL, &manual);
	for (size_t f = 0; event_format_name(f) != NULL; f++) {
		struct example example = { .examples = 0 };
		struct text rest = buf_text(&manual);
		bool found = false;

		while (!found && next_example(&rest, &example)) {
			assert_int_equal(json_parse(&doc, buf_text(&example.line), NULL), 0);
			found = strcmp(example.term, event_format_name(f)) == 0 &&
			        text_is(json_string(&doc, json_member(&doc, 0, "api")),
			                event_format_name(f));
		}
		if (!found)
			fail_msg("%s: %s has no example", MANUAL, event_format_name(f));
		example_release(&example);
	}
	json_release(&doc);
	buf_release(&manual);
}

/* The section between this heading and the next. */
static struct text section_of(const struct buf *manual, const char *heading)
{
	const char *at = strstr(manual->at, heading), *end;

	if (at == NULL)
		fail_msg("%s lacks the section %s", MANUAL, heading);
	at += strlen(heading);
	end = strstr(at, "\n.Sh ");
	return (struct text){ at, end != NULL ? (size_t)(end - at) : strlen(at) };
}

static void test_the_manual_has_every_reading(void **state)
{
	struct buf manual = { .at = NULL };
	struct text section;

	(void)state;
	load(MANUAL, &manual);
	section = section_of(&manual, "\n.Sh READINGS\n");
	assert_true(is_term(section, "declared"));
	for (size_t f = 0; event_format_name(f) != NULL; f++) {
		const struct usage_format *format = format_find(text_of(event_format_name(f)));

		for (size_t i = 0; i < format->reading_count; i++) {
			if (!is_term(section, format->readings[i].name))
				fail_msg("%s lacks the reading %s of %s", MANUAL,
				         format->readings[i].name, format->name);
		}
	}
	buf_release(&manual);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_manual_has_every_format_component_and_reason),
		cmocka_unit_test(test_the_schema_has_every_format_and_component_and_no_other),
		cmocka_unit_test(test_the_schema_has_every_settlement_and_provenance),
		cmocka_unit_test(test_the_manual_has_every_member_of_the_schema),
		cmocka_unit_test(test_the_manual_states_the_version_and_the_limit_of_a_hello),
		cmocka_unit_test(test_each_example_becomes_what_the_manual_says),
		cmocka_unit_test(test_each_shape_has_an_example_under_its_name),
		cmocka_unit_test(test_the_manual_has_every_reading),
	};

	return cmocka_run_group_tests_name("event documents", tests, NULL, NULL);
}
