/*
 * Memory that cannot be had while a statement is read and kept: in each reading one allocation
 * fails after the other.  That is a fault that says so, or nothing anybody sees but a note less:
 * never other rows; and the next reading is right again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "statement/mapping.h"
#include "statement/read.h"
#include "statement/spool.h"
#include "tests/support/failmem.h"

enum { ALLOCATIONS_MAX = 1000 };

#define LONG                                                                                       \
	"a description that is quoted, \"\"twice\"\", and long enough for a few of them to fill "  \
	"whatever room there was at first"

static const struct {
	const char *label, *text, *mapping;
	int64_t rows;
} samples[] = {
	{ "CSV",
	  "time,description,amount,currency\n"
	  "2026-11-01T00:00:00Z,\"" LONG "\",1.25,USD\n"
	  "2026-11-01T00:00:01Z,\"" LONG "\",1.25,USD\n"
	  "time,description,amount,currency\n"
	  "Total,,2.50,\n",
	  NULL, 2 },
	{ "JSON",
	  "{\"data\":[{\"time\":\"2026-11-01T00:00:00Z\",\"description\":\"\\u00e4\",\"amount\":"
	  "1.25},{\"time\":\"2026-11-01T00:00:00Z\",\"amount\":\"1.25\"}],\"has_more\":false,"
	  "\"metadata\":{\"total_cost\":2.5}}",
	  NULL, 2 },
	{ "by a mapping", "Day;Cost\n01.11.2026;1,25\n02.11.2026;1,25\n",
	  "{\"container\":\"csv\",\"currency\":\"EUR\",\"decimal\":\",\",\"columns\":{"
	  "\"Day\":{\"field\":\"date\",\"clock\":\"day-first\"},\"Cost\":{\"field\":\"amount\","
	  "\"unit\":\"whole\"}}}",
	  2 },
	{ "OpenAI's pages",
	  "{\"object\":\"page\",\"data\":[{\"object\":\"bucket\",\"start_time\":1730419200,"
	  "\"end_time\":1730505600,\"results\":[{\"object\":\"organization.costs.result\","
	  "\"amount\":{\"value\":2.5,\"currency\":\"usd\"},\"line_item\":null}]}],"
	  "\"has_more\":false}",
	  NULL, 1 },
	{ "LiteLLM's JSON in a text",
	  "[{\"request_id\":\"c\",\"startTime\":\"2026-11-01T00:00:00Z\",\"spend\":2.5,"
	  "\"metadata\":\"{\\\"usage_object\\\":{\\\"prompt_tokens\\\":10,"
	  "\\\"completion_tokens\\\":20,\\\"total_tokens\\\":30}}\"}]",
	  NULL, 1 },
	{ "a usage that contradicts itself",
	  "{\"id\":\"r\",\"model\":\"m\",\"usage\":{\"prompt_tokens\":43,\"completion_tokens\":10,"
	  "\"total_tokens\":53,\"completion_tokens_details\":{\"reasoning_tokens\":11},"
	  "\"cost\":2.5}}",
	  NULL, 1 },
};

struct reading {
	struct statement_spool *spool;
	struct statement_summary summary;
	int64_t walked;
	struct money walked_amount;
	uint32_t told; /* by any of them */
};

static int setup(void **state)
{
	(void)state;
	failmem_install();
	return 0;
}

static int keep(void *context, const struct statement_row *row, struct fault *fault)
{
	struct reading *reading = context;

	return statement_spool_add(reading->spool, row, NULL, fault);
}

static int walk(void *context, const struct statement_row *row, int64_t place)
{
	struct reading *reading = context;

	(void)place;
	reading->walked++;
	reading->told |= row->told;
	return money_add(reading->walked_amount, statement_amount(row), &reading->walked_amount);
}

static int read_and_walk(const char *path, const char *mapping_text, struct reading *reading,
                         struct fault *fault)
{
	struct statement_options options = { .format = NULL };
	struct statement_mapping mapping = { .lines = NULL };
	int r = 0;

	if (mapping_text != NULL)
		r = statement_mapping_parse(&mapping, text_of(mapping_text), fault);
	if (r == 0 && mapping_text != NULL)
		options.mapping = &mapping;
	if (r == 0)
		r = statement_spool_open(&reading->spool, NULL, fault);
	if (r == 0)
		r = statement_read(path, &options, keep, reading, &reading->summary, fault);
	if (r == 0)
		r = statement_spool_end(reading->spool, fault);
	if (r == 0)
		r = statement_spool_each(reading->spool, walk, reading, fault);
	statement_spool_close(reading->spool);
	statement_mapping_release(&mapping);
	return r;
}

static void check_whole(size_t i, const struct reading *reading, uint32_t told)
{
	const struct statement_summary *sum = &reading->summary;

	if (sum->rows != samples[i].rows || reading->walked != sum->rows || sum->total_count != 1 ||
	    sum->totals[0].amount.attos != 5 * (ATTOS_PER_UNIT / 2) ||
	    reading->walked_amount.attos != sum->totals[0].amount.attos || reading->told != told)
		fail_msg("%s: %lld rows, %lld walked", samples[i].label, (long long)sum->rows,
		         (long long)reading->walked);
}

/* What is told where there is memory. */
static uint32_t told_by(size_t i, const char *path)
{
	struct reading reading = { .spool = NULL };

	assert_int_equal(read_and_walk(path, samples[i].mapping, &reading, NULL), 0);
	check_whole(i, &reading, reading.told);
	statement_summary_release(&reading.summary);
	return reading.told;
}

static void test_no_memory_is_said_and_nothing_else_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		char path[] = "/tmp/toll-statement-XXXXXX";
		int fd = mkstemp(path), k = 0, refused = 0;
		size_t len = strlen(samples[i].text);
		bool failed = true;
		uint32_t told;

		assert_true(fd >= 0);
		assert_int_equal(write(fd, samples[i].text, len), (ssize_t)len);
		assert_int_equal(close(fd), 0);
		told = told_by(i, path);
		for (; failed && k < ALLOCATIONS_MAX; k++) {
			struct reading reading = { .spool = NULL };
			struct fault fault = { .code = FAULT_NONE };
			int r;

			failmem_after(k);
			r = read_and_walk(path, samples[i].mapping, &reading, &fault);
			failed = failmem_stop();
			if (r < 0 && (r != -FAULT_NOMEM || !failed))
				fail_msg("%s, allocation %d: %s: %s", samples[i].label, k,
				         fault_name(r), fault.text);
			if (r == 0)
				check_whole(i, &reading, told);
			refused += r < 0;
			statement_summary_release(&reading.summary);
		}
		/* The last one had all it asked for. */
		assert_false(failed);
		assert_true(refused > 5);
		print_message("%s: %d allocations, %d of them refused\n", samples[i].label, k - 1,
		              refused);
		assert_int_equal(unlink(path), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_memory_is_said_and_nothing_else_is_read),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
