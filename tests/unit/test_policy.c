#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/fault.h"
#include "rate/policy.h"
#include "rate/rating.h"
#include "tests/support/ledgerkit.h"
#include "tests/support/ratekit.h"
#include "usage/kinds.h"

#define ZERO   POLICY_BIT(POLICY_ZERO_COMPLETION)
#define IMAGES POLICY_BIT(POLICY_IMAGES_WHOLE)
#define SERVED POLICY_BIT(POLICY_SERVED_ONLY)

/* An event in short: what policies look at, and its usage as "input=5 output=2". */
struct row {
	const char *label;
	unsigned bits;
	const char *api, *finish; /* NULL: not sent */
	enum settlement settlement;
	int64_t status, served;
	const char *used, *charged;
	unsigned effect;
};

static void read_usage(const char *text, struct usage *usage)
{
	struct text rest = text_of(text), pair, key;

	*usage = (struct usage){ .kind_count = 0 };
	while (rest.len > 0 && text_cut(&rest, ' ', &pair)) {
		enum component c;
		int64_t count;

		assert_true(text_cut(&pair, '=', &key));
		c = component_find(key);
		assert_true(c < COMPONENT_COUNT && text_int(pair, &count));
		usage->count[c] = count;
		if (component_info[c].unit == UNIT_IMAGE)
			usage->kinds[usage->kind_count++] = (struct usage_kind){
				.component = c, .n = count, .size = "1024x1024", .quality = "hd"
			};
	}
}

static void make_event(const struct row *row, struct event *event)
{
	*event = (struct event){
		.id = text_of("1"),
		.source = text_of("s"),
		.account = text_of("a"),
		.model = text_of("m"),
		.api = text_of(row->api),
		.finish_reason = text_of(row->finish),
		.settlement = row->settlement,
		.status = row->status,
		.served = row->served,
	};
	read_usage(row->used, &event->usage);
}

static const char *shown(const struct usage *usage)
{
	static char text[512];
	size_t len = 0;
	int64_t images[2] = { 0, 0 };

	text[0] = '\0';
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (usage->count[c] != 0)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s=%lld",
			                        len > 0 ? " " : "", component_info[c].key,
			                        (long long)usage->count[c]);
	}
	/* The kinds of images add up to their sum, before and after. */
	for (unsigned i = 0; i < usage->kind_count; i++)
		images[usage->kinds[i].component == COMPONENT_IMAGES_OUT] += usage->kinds[i].n;
	assert_int_equal(images[0], usage->count[COMPONENT_IMAGES_IN]);
	assert_int_equal(images[1], usage->count[COMPONENT_IMAGES_OUT]);
	return text;
}

#define ABSENT EVENT_ABSENT
#define FINAL  SETTLEMENT_FINAL
#define GONE   SETTLEMENT_ABANDONED

static const struct row rows[] = {
	{ "no policy", 0, "openai.chat", NULL, GONE, ABSENT, 0, "input=5 requests=1",
	  "input=5 requests=1", 0 },

	{ "no answer, no reason: not even the fee", ZERO, "openai.chat", NULL, FINAL, 200, ABSENT,
	  "input=5 cache_read=7 requests=1", "", ZERO },
	{ "a reason of blanks is blank", ZERO, "openai.chat", " ", FINAL, 200, ABSENT, "input=5",
	  "", ZERO },
	{ "no answer, but a reason", ZERO, "openai.chat", "stop", FINAL, 200, ABSENT, "input=5",
	  "input=5", 0 },
	{ "an answer, no reason", ZERO, "openai.chat", NULL, FINAL, 200, ABSENT, "input=5 output=1",
	  "input=5 output=1", 0 },
	{ "thinking is an answer", ZERO, "openai.chat", NULL, FINAL, 200, ABSENT,
	  "input=5 reasoning=1", "input=5 reasoning=1", 0 },
	{ "an error, whatever was answered", ZERO, "openai.chat", "error", FINAL, 200, ABSENT,
	  "input=5 output=9 searches=1", "", ZERO },
	{ "an error in capitals", ZERO, "cohere.chat", "ERROR", FINAL, 200, ABSENT, "input=5", "",
	  ZERO },
	{ "a response of OpenAI's that failed", ZERO, "openai.responses", "failed", FINAL, 200,
	  ABSENT, "input=5 output=9 requests=1", "", ZERO },
	{ "no error, though it begins so", ZERO, "openai.chat", "errors", FINAL, 200, ABSENT,
	  "input=5", "input=5", 0 },
	{ "an embedding has no answer by nature", ZERO, "openai.embeddings", NULL, FINAL, 200,
	  ABSENT, "input=5", "input=5", 0 },
	{ "but it can fail", ZERO, "openai.embeddings", "error", FINAL, 200, ABSENT, "input=5", "",
	  ZERO },
	{ "an image is an answer", ZERO, "openai.images", NULL, FINAL, 200, ABSENT,
	  "input=5 images_out=1", "input=5 images_out=1", 0 },
	{ "pages are an answer", ZERO, "mistral.ocr", NULL, FINAL, 200, ABSENT, "pages=2",
	  "pages=2", 0 },
	{ "a search is none", ZERO, "openai.chat", NULL, FINAL, 200, ABSENT, "input=5 searches=2",
	  "", ZERO },
	{ "nothing to take away", ZERO, "openai.chat", NULL, FINAL, 200, ABSENT, "", "", 0 },

	{ "an image that is whole", IMAGES, "openai.images", NULL, FINAL, 200, ABSENT,
	  "input=5 images_out=2", "input=5 images_out=2", 0 },
	{ "broken off", IMAGES, "openai.images", NULL, GONE, 200, ABSENT,
	  "input=5 output=3 output_image=4 images_in=1 images_out=2 megapixels_out=8 requests=1",
	  "input=5 output=3 images_in=1 requests=1", IMAGES },
	{ "under way", IMAGES, "openai.images", NULL, SETTLEMENT_PARTIAL, 200, ABSENT,
	  "output_image=4", "", IMAGES },
	{ "failed", IMAGES, "openai.images", NULL, FINAL, 400, ABSENT, "input=5 images_out=2",
	  "input=5", IMAGES },
	{ "just not failed", IMAGES, "openai.images", NULL, FINAL, 399, ABSENT, "images_out=2",
	  "images_out=2", 0 },
	{ "failed by its reason", IMAGES, "openai.responses", "failed", FINAL, 200, ABSENT,
	  "input=5 images_out=2", "input=5", IMAGES },
	{ "cancelled by its reason", IMAGES, "openai.images", "cancelled", FINAL, 200, ABSENT,
	  "images_out=2", "", IMAGES },
	{ "broken off without an image", IMAGES, "openai.chat", NULL, GONE, 200, ABSENT,
	  "input=5 output=2", "input=5 output=2", 0 },

	{ "served less than thought", SERVED, "openai.chat", NULL, GONE, 200, 3,
	  "input=5 output=9 reasoning=4", "input=5 reasoning=3", SERVED },
	{ "served all thought, some text", SERVED, "openai.chat", NULL, GONE, 200, 6,
	  "input=5 output=9 reasoning=4", "input=5 output=2 reasoning=4", SERVED },
	{ "in the order of the stream", SERVED, "openai.chat", NULL, GONE, 200, 7,
	  "output=1 reasoning=1 output_audio=2 output_image=4 output_video=8",
	  "output=1 reasoning=1 output_audio=2 output_image=3", SERVED },
	{ "served nothing: the prompt stays", SERVED, "openai.chat", NULL, GONE, 200, 0,
	  "input=5 cache_read=1 output=9 searches=1 requests=1",
	  "input=5 cache_read=1 searches=1 requests=1", SERVED },
	{ "served all of it", SERVED, "openai.chat", NULL, GONE, 200, 9, "input=5 output=9",
	  "input=5 output=9", 0 },
	{ "served more than is counted", SERVED, "openai.chat", NULL, GONE, 200, 10,
	  "input=5 output=9", "input=5 output=9", 0 },
	{ "served is not known", SERVED, "openai.chat", NULL, GONE, 200, ABSENT, "input=5 output=9",
	  "input=5 output=9", 0 },
	{ "not abandoned", SERVED, "openai.chat", NULL, FINAL, 200, 1, "input=5 output=9",
	  "input=5 output=9", 0 },
	{ "partial is not abandoned", SERVED, "openai.chat", NULL, SETTLEMENT_PARTIAL, 200, 1,
	  "input=5 output=9", "input=5 output=9", 0 },

	{ "images first, then what was served", IMAGES | SERVED, "google.generate", NULL, GONE, 200,
	  6, "input=5 output=9 output_image=100", "input=5 output=6", IMAGES | SERVED },
	{ "images only, all else was served", IMAGES | SERVED, "google.generate", NULL, GONE, 200,
	  9, "input=5 output=9 output_image=100", "input=5 output=9", IMAGES },
	{ "nothing is left for the others", ZERO | IMAGES | SERVED, "google.generate", "error",
	  GONE, 500, 0, "input=5 output=9 output_image=100", "", ZERO },
};

static void test_each_policy_takes_away_what_its_rule_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct event event, before;
		struct usage room;
		const struct usage *charged;

		make_event(row, &event);
		before = event;
		charged = policy_charged(row->bits, &event, &room);
		if (strcmp(shown(charged), row->charged) != 0)
			fail_msg("%s: %s is charged", row->label, shown(charged));
		if (policy_effect(row->bits, &event) != row->effect)
			fail_msg("%s: %#x had an effect", row->label,
			         policy_effect(row->bits, &event));
		/* What was used stays as it is told. */
		assert_memory_equal(&event, &before, sizeof(event));
		if (row->effect == 0)
			assert_ptr_equal(charged, &event.usage);
	}
}

/* What a policy takes away it takes of the kinds too: they are never more than the count. */
static void test_no_policy_leaves_kinds_of_what_is_not_charged(void **state)
{
	static const struct usage_kind kinds[] = {
		{ .component = COMPONENT_IMAGES_OUT, .n = 2, .size = "s", .number = 50 },
		{ .component = COMPONENT_IMAGES_IN, .n = 1 },
		{ .component = COMPONENT_SEARCHES, .n = 3, .kind = "low" },
		{ .component = COMPONENT_SECONDS, .n = 8, .kind = "video" },
		{ .component = COMPONENT_CACHE_READ, .n = 5, .kind = KIND_IMPLICIT },
		{ .component = COMPONENT_CACHE_WRITE, .n = 4, .number = 600 },
	};
	struct event event = { .api = text_of("x"),
		               .settlement = SETTLEMENT_ABANDONED,
		               .served = 1,
		               .usage.count = {
				       [COMPONENT_OUTPUT] = 9, [COMPONENT_OUTPUT_IMAGE] = 7 } };

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		assert_true(usage_add_kind(&event.usage, &kinds[i]));
		event.usage.count[kinds[i].component] += kinds[i].n;
	}
	for (unsigned bits = 1; bits < POLICY_BIT(POLICY_COUNT); bits++) {
		for (int failed = 0; failed <= 1; failed++) {
			struct usage room;
			const struct usage *charged;

			event.finish_reason = text_of(failed == 1 ? "error" : NULL);
			charged = policy_charged(bits, &event, &room);
			for (int c = 0; c < COMPONENT_COUNT; c++) {
				int64_t of_kinds = usage_of_kinds(charged, (enum component)c);

				assert_true(of_kinds <= charged->count[c]);
				/* And what stays is of the kind it was. */
				if (charged->count[c] == event.usage.count[c])
					assert_int_equal(
						of_kinds,
						usage_of_kinds(&event.usage, (enum component)c));
			}
		}
	}
}

static void test_what_is_not_charged_needs_no_price(void **state)
{
	struct ledgerkit *kit = *state;
	const struct row unpriced = { "",  ZERO,   "openai.chat",        NULL, FINAL,
		                      200, ABSENT, "input=5 requests=1", "",   ZERO };
	const struct row rest = { "", IMAGES, "x", NULL, GONE, 200, ABSENT, "input=5 images_out=1",
		                  "", IMAGES };
	struct event event;
	struct usage room;
	struct charges charges;

	kit_price(kit, kit_small_book);
	make_event(&unpriced, &event);
	assert_int_equal(rate_model(kit->book.book, "nobody", KIT_NOW_MS,
	                            policy_charged(ZERO, &event, &room), &charges),
	                 RATING_NOTHING);
	/* What is left needs one as ever. */
	make_event(&rest, &event);
	assert_int_equal(rate_model(kit->book.book, "nobody", KIT_NOW_MS,
	                            policy_charged(IMAGES, &event, &room), &charges),
	                 RATING_UNPRICED);
	assert_int_equal(rate_model(kit->book.book, "acme/llama-4-70b", KIT_NOW_MS,
	                            policy_charged(IMAGES, &event, &room), &charges),
	                 RATING_PRICED);
	assert_int_equal(rate_model(kit->book.book, "acme/llama-4-70b", KIT_NOW_MS,
	                            policy_charged(0, &event, &room), &charges),
	                 RATING_UNPRICED);
}

static void test_names_are_read_and_written(void **state)
{
	static const struct {
		const char *list;
		unsigned bits;
		int result;
	} lists[] = {
		{ "", 0, 0 },
		{ "zero-completion", ZERO, 0 },
		{ "served-only,zero-completion", ZERO | SERVED, 0 },
		{ "images-whole,images-whole", IMAGES, 0 },
		{ "zero-completion,images-whole,served-only", POLICIES_ALL, 0 },
		{ "zero-completion,", ZERO, 0 },
		{ ",zero-completion", 0, -FAULT_INVALID },
		{ "zero-completion, images-whole", 0, -FAULT_INVALID },
		{ "Zero-Completion", 0, -FAULT_INVALID },
		{ "all", 0, -FAULT_INVALID },
	};
	struct buf out = { .at = NULL };
	struct fault fault;
	unsigned bits;

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		bits = 99;
		assert_int_equal(policy_read(text_of(lists[i].list), &bits, &fault),
		                 lists[i].result);
		assert_int_equal(bits, lists[i].result == 0 ? lists[i].bits : 99);
	}
	policy_read(text_of("all"), &bits, &fault);
	for (int p = 0; p < POLICY_COUNT; p++) {
		assert_non_null(strstr(fault.text, policy_name((enum policy)p)));
		assert_int_equal(policy_find(text_of(policy_name((enum policy)p))), p);
		assert_true(strlen(policy_summary((enum policy)p)) > 0);
	}
	policy_list(POLICIES_ALL, &out);
	assert_string_equal(out.at, "zero-completion,images-whole,served-only");
	buf_clear(&out);
	policy_json(ZERO | SERVED, &out);
	assert_string_equal(out.at, "[\"zero-completion\",\"served-only\"]");
	buf_clear(&out);
	policy_json(0, &out);
	assert_string_equal(out.at, "[]");
	buf_release(&out);
}

/* Stored: a name or a place that moved would change what an event was charged by. */
static void test_the_bits_are_for_ever(void **state)
{
	(void)state;
	assert_int_equal(POLICY_ZERO_COMPLETION, 0);
	assert_int_equal(POLICY_IMAGES_WHOLE, 1);
	assert_int_equal(POLICY_SERVED_ONLY, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_policy_takes_away_what_its_rule_says),
		cmocka_unit_test(test_no_policy_leaves_kinds_of_what_is_not_charged),
		cmocka_unit_test_setup_teardown(test_what_is_not_charged_needs_no_price, kit_setup,
		                                kit_teardown),
		cmocka_unit_test(test_names_are_read_and_written),
		cmocka_unit_test(test_the_bits_are_for_ever),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
