#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "catalogue/tally.h"

static const char json[] =
	"{\"a\":1,\"empty\":{},\"null\":null,\"list\":[{\"id\":\"x\",\"price\":{\"in\":\"1\","
	"\"out\":[\"2\",\"3\"]},\"more\":{\"deep\":{\"er\":true}}},{\"id\":\"y\",\"inner\":"
	"{\"id\":\"z\",\"k\":0}}],\"end\":\"e\"}";

static void add(void *user, const struct tally_row *row)
{
	buf_addf(user, "%.*s|%.*s|%s|%s\n", TEXT_ARGS(row->model), TEXT_ARGS(row->key),
	         tally_kind_info[row->kind].key, row->why);
}

struct fixture {
	struct json doc;
	struct tally tally;
	uint32_t list, first, second;
};

static void open_fixture(struct fixture *f)
{
	*f = (struct fixture){ .list = 0 };
	assert_int_equal(json_parse(&f->doc, text_of(json), NULL), 0);
	assert_int_equal(tally_init(&f->tally, &f->doc, NULL), 0);
	f->list = json_member(&f->doc, 0, "list");
	f->first = json_first(&f->doc, f->list);
	f->second = json_next(&f->doc, f->list, f->first);
}

static void expect(struct fixture *f, const char *rows)
{
	struct tally_counts counts;
	struct buf out = { .at = NULL };
	size_t sum = 0, lines = 0;

	assert_int_equal(tally_walk(&f->tally, add, &out, NULL), 0);
	assert_string_equal(out.at, rows);
	assert_int_equal(tally_count(&f->tally, &counts, NULL), 0);
	for (size_t i = 0; i < TALLY_KINDS; i++)
		sum += counts.of[i];
	for (size_t i = 0; i < out.len; i++)
		lines += out.at[i] == '\n';
	assert_int_equal(sum, counts.seen);
	assert_int_equal(lines, counts.seen);
	buf_release(&out);
	tally_release(&f->tally);
	json_release(&f->doc);
}

static void test_what_nobody_marked_is_not_understood(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f);
	expect(&f, "||not_understood|\n");
}

static void test_every_value_is_told_once_with_its_path(void **state)
{
	struct fixture f;
	uint32_t price, out, inner;

	(void)state;
	open_fixture(&f);
	tally_mark(&f.tally, json_member(&f.doc, 0, "a"), TALLY_INFORMATIVE, "because");
	tally_entry(&f.tally, f.first, text_of("X"));
	tally_entry(&f.tally, f.second, text_of("Y"));
	inner = json_member(&f.doc, f.second, "inner");
	tally_entry(&f.tally, inner, text_of("Z"));
	price = json_member(&f.doc, f.first, "price");
	out = json_member(&f.doc, price, "out");
	tally_mark(&f.tally, json_first(&f.doc, out), TALLY_CONVERTED, NULL);
	tally_markf(&f.tally, json_member(&f.doc, f.first, "id"), TALLY_LISTED, "as %d", 7);
	tally_mark(&f.tally, json_member(&f.doc, inner, "k"), TALLY_UNREPRESENTED, "cannot");
	tally_mark(&f.tally, JSON_NONE, TALLY_CONVERTED, "nowhere");
	expect(&f, "|a|informative|because\n"
	           "|empty|informative|empty: nothing is said\n"
	           "|null|informative|null: nothing is said\n"
	           "X|id|listing|as 7\n"
	           "X|price.in|not_understood|\n"
	           "X|price.out[0]|converted|\n"
	           "X|price.out[1]|not_understood|\n"
	           "X|more|not_understood|\n"
	           "Y|id|not_understood|\n"
	           "Z|id|not_understood|\n"
	           "Z|k|not_representable|cannot\n"
	           "|end|not_understood|\n");
}

static void test_a_mark_on_the_whole_hides_what_is_in_it(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f);
	tally_entry(&f.tally, f.first, text_of("X"));
	tally_entry(&f.tally, json_member(&f.doc, f.first, "price"), text_of("in X"));
	tally_entry(&f.tally, f.second, text_of("Y"));
	tally_mark(&f.tally, json_member(&f.doc, f.first, "id"), TALLY_CONVERTED, NULL);
	tally_mark(&f.tally, f.first, TALLY_INFORMATIVE, "no model");
	tally_mark(&f.tally, json_member(&f.doc, f.second, "id"), TALLY_CONVERTED, NULL);
	/* A later mark takes the place of the earlier; one taken away is none. */
	tally_mark(&f.tally, json_member(&f.doc, f.second, "id"), TALLY_LISTED, NULL);
	tally_mark(&f.tally, json_member(&f.doc, 0, "end"), TALLY_LISTED, NULL);
	tally_unmark(&f.tally, json_member(&f.doc, 0, "end"));
	expect(&f, "|a|not_understood|\n"
	           "|empty|informative|empty: nothing is said\n"
	           "|null|informative|null: nothing is said\n"
	           "X||informative|no model\n"
	           "Y|id|listing|\n"
	           "Y|inner|not_understood|\n"
	           "|end|not_understood|\n");
}

static void test_a_long_value_is_cut_between_characters(void **state)
{
	static const char text[] = "[\"0123456789012345678901234567890123456789012345678901234567é"
				   "ééééééééé\",\"short\"]";
	struct buf out = { .at = NULL };
	struct tally tally;
	struct json doc = { .nodes = NULL };

	(void)state;
	assert_int_equal(json_parse(&doc, text_of(text), NULL), 0);
	assert_int_equal(tally_init(&tally, &doc, NULL), 0);
	tally_value(&tally, json_first(&doc, 0), &out);
	assert_true(out.len <= TALLY_VALUE_BYTES);
	assert_true(text_utf8(buf_text(&out)));
	assert_string_equal(out.at + out.len - 3, "...");
	buf_clear(&out);
	tally_value(&tally, json_next(&doc, 0, json_first(&doc, 0)), &out);
	assert_string_equal(out.at, "\"short\"");
	buf_release(&out);
	tally_release(&tally);
	json_release(&doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_nobody_marked_is_not_understood),
		cmocka_unit_test(test_every_value_is_told_once_with_its_path),
		cmocka_unit_test(test_a_mark_on_the_whole_hides_what_is_in_it),
		cmocka_unit_test(test_a_long_value_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
