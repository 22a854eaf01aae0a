/* The built `toll`: what `toll formats SHAPE` shows of each shape, and of a name that is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "tests/support/tollrun.h"
#include "usage/event.h"

enum { WIDTH = 80 };

static void test_every_shape_fits_a_terminal(void **state)
{
	struct tollrun run = { .out_fd = -1, .err_fd = -1 };

	(void)state;
	setenv("COLUMNS", "80", 1);
	for (size_t i = 0; event_format_name(i) != NULL; i++) {
		struct text rest, line;

		TOLLRUN(&run, "formats", event_format_name(i));
		TOLLRUN_EXPECT(&run, 0);
		TOLLRUN_SAYS(&run, "\nStream  Meaning\n");
		TOLLRUN_SAYS(&run, "\nHolds   Meaning\n");
		rest = text_of(run.out.at);
		/* Plain ASCII: bytes are columns. */
		while (text_cut(&rest, '\n', &line)) {
			if (line.len > WIDTH)
				fail_msg("%s: %zu columns: %.*s", event_format_name(i), line.len,
				         TEXT_ARGS(line));
		}
	}
	TOLLRUN(&run, "formats", "openai.chat");
	TOLLRUN_SAYS(&run, "\nprompt_tokens_details.cached_tokens\n        cache_read; inside "
	                   "prompt_tokens\n");
	TOLLRUN_SAYS(&run, "\nsum     prompt_tokens + completion_tokens = total_tokens, where");
	TOLLRUN_SAYS(&run, "\nreasoning-beside        reasoning is beside the answer");
	TOLLRUN(&run, "formats", "mistral.ocr");
	TOLLRUN_SAYS(&run, "\npages_processed  pages\n");
	/* No readings: no table of them. */
	TOLLRUN_SAYS_NOT(&run, "Reading");
	unsetenv("COLUMNS");
	tollrun_release(&run);
}

static void test_programs_get_one_table_of_all_topics(void **state)
{
	struct tollrun run = { .out_fd = -1, .err_fd = -1 };
	struct json doc = { .nodes = NULL };

	(void)state;
	for (size_t i = 0; event_format_name(i) != NULL; i++) {
		TOLLRUN(&run, "formats", event_format_name(i), "--json");
		TOLLRUN_EXPECT(&run, 0);
		assert_int_equal(json_parse(&doc, text_of(run.out.at), NULL), 0);
		assert_true(doc.nodes[json_member(&doc, 0, "rows")].count >= 4);
	}
	TOLLRUN(&run, "formats", "xai.chat", "--csv");
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN_SAYS(&run, "topic,name,meaning\n");
	TOLLRUN_SAYS(&run, "field,completion_tokens_details.reasoning_tokens,reasoning\n");
	json_release(&doc);
	tollrun_release(&run);
}

static void test_a_name_that_is_none_is_told_with_those_near_it(void **state)
{
	static const struct {
		const char *asked, *said;
	} rows[] = {
		{ "opanai.chat", "there is no shape, envelope, catalogue or statement opanai.chat; "
		                 "near it: openai.chat\n" },
		{ "cohere", "near it: cohere.chat, cohere.embed, cohere.rerank\n" },
		{ "cohere.classify", "near it: cohere.chat, cohere.embed, cohere.rerank\n" },
		{ "rerank", "near it: cohere.rerank\n" },
		{ "litellm.other", "near it: litellm.chat, litellm.payload, litellm.spend\n" },
		{ "qqqq", "there is no shape, envelope, catalogue or statement qqqq; toll formats "
		          "lists them\n" },
	};
	struct tollrun run = { .out_fd = -1, .err_fd = -1 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		TOLLRUN(&run, "formats", rows[i].asked);
		TOLLRUN_EXPECT(&run, 2);
		TOLLRUN_SAYS(&run, rows[i].said);
	}
	TOLLRUN(&run, "formats", "openai.chat", "xai.chat");
	TOLLRUN_EXPECT(&run, 2);
	TOLLRUN_SAYS(&run, "formats takes one name: xai.chat");
	TOLLRUN(&run, "formats");
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN_SAYS(&run, "perplexity.chat");
	TOLLRUN_SAYS(&run, "otel.genai");
	tollrun_release(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_shape_fits_a_terminal),
		cmocka_unit_test(test_programs_get_one_table_of_all_topics),
		cmocka_unit_test(test_a_name_that_is_none_is_told_with_those_near_it),
	};

	return cmocka_run_group_tests_name("formats command", tests, NULL, NULL);
}
