#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "statement/spool.h"

/* More than the buffer of the spool holds, and texts of all lengths. */
enum { ROWS = 5000 };

static struct statement_spool *new_spool(void)
{
	struct statement_spool *spool = NULL;
	struct fault fault;

	if (statement_spool_open(&spool, NULL, &fault) < 0)
		fail_msg("%s", fault.text);
	return spool;
}

static char letters[STATEMENT_NAME_BYTES_MAX];

/* A row that depends on its number alone; every part of it is used by some. */
static struct statement_row row_of(int64_t n)
{
	struct statement_row row;
	uint64_t seed = (uint64_t)n * 0x9e3779b97f4a7c15u;

	memset(letters, 'x', sizeof(letters));
	statement_row_init(&row);
	row.record = n;
	row.from_ms = n % 7 == 0 ? INT64_MAX - 10 : (int64_t)(seed >> 20);
	row.to_ms = row.from_ms + n % 5;
	row.request = n % 3 == 0;
	row.charge = (enum statement_charge)(n % STATEMENT_CHARGE_COUNT);
	row.flags = (unsigned)n % 32;
	row.requests = n % 4 == 0 ? STATEMENT_UNTOLD : n;
	row.prompt_total = n % 5 == 0 ? STATEMENT_UNTOLD : (int64_t)(seed >> 1);
	row.answer_total = n % 6 == 0 ? STATEMENT_UNTOLD : n;
	row.of = (enum component)(n % (COMPONENT_COUNT + 1));
	row.decimals = (unsigned)n % 19;
	if (n % 2 == 0)
		row.id = (struct text){ letters, (size_t)(seed % sizeof(letters)) };
	if (n % 3 == 0)
		row.upstream_id = (struct text){ letters, 0 };
	if (n % 11 == 0)
		row.description = (struct text){ letters, sizeof(letters) };
	if (n % 13 == 0)
		row.source = text_of("gw-1");
	row.model = text_of("a/model");
	row.told = (uint32_t)(seed >> 40) & ((UINT32_C(1) << COMPONENT_COUNT) - 1);
	for (int c = 0; c < COMPONENT_COUNT; c++)
		row.count[c] = statement_tells(&row, (enum component)c) ? n * c - 7 : 0;
	row.has_money = (uint32_t)n % (1u << STATEMENT_MONEY_COUNT);
	for (int m = 0; m < STATEMENT_MONEY_COUNT; m++) {
		if (statement_has(&row, (enum statement_money)m))
			row.money[m].attos = (wide)(n - ROWS / 2) * INT64_MAX * (m + 1);
	}
	if (n % 2 == 0)
		memcpy(row.currency, "USD", 4);
	return row;
}

static void assert_same_text(struct text a, struct text b)
{
	assert_int_equal(a.at == NULL, b.at == NULL);
	assert_true(text_equal(a, b));
}

static void assert_same(const struct statement_row *a, const struct statement_row *b)
{
	assert_int_equal(a->record, b->record);
	assert_int_equal(a->from_ms, b->from_ms);
	assert_int_equal(a->to_ms, b->to_ms);
	assert_int_equal(a->request, b->request);
	assert_same_text(a->id, b->id);
	assert_same_text(a->upstream_id, b->upstream_id);
	assert_same_text(a->request_id, b->request_id);
	assert_same_text(a->account, b->account);
	assert_same_text(a->key, b->key);
	assert_same_text(a->model, b->model);
	assert_same_text(a->provider, b->provider);
	assert_same_text(a->source, b->source);
	assert_same_text(a->service_tier, b->service_tier);
	assert_same_text(a->description, b->description);
	assert_int_equal(a->charge, b->charge);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->requests, b->requests);
	assert_int_equal(a->told, b->told);
	assert_memory_equal(a->count, b->count, sizeof(a->count));
	assert_int_equal(a->prompt_total, b->prompt_total);
	assert_int_equal(a->answer_total, b->answer_total);
	assert_int_equal(a->of, b->of);
	assert_int_equal(a->has_money, b->has_money);
	assert_memory_equal(a->money, b->money, sizeof(a->money));
	assert_int_equal(a->decimals, b->decimals);
	assert_string_equal(a->currency, b->currency);
}

struct walk {
	int64_t next;
	const int64_t *places;
	struct statement_spool *spool; /* to look into beside */
};

static int check_row(void *context, const struct statement_row *row, int64_t place)
{
	struct statement_row due, other;
	struct walk *walk = context;

	due = row_of(walk->next);
	assert_same(row, &due);
	assert_int_equal(place, walk->places[walk->next]);
	/* Another one at the same time: the one that is walked stays as it is. */
	if (walk->next % 97 == 0) {
		int64_t n = (walk->next * 31) % ROWS;

		assert_int_equal(statement_spool_get(walk->spool, walk->places[n], &other, NULL),
		                 0);
		due = row_of(n);
		assert_same(&other, &due);
		due = row_of(walk->next);
		assert_same(row, &due);
	}
	walk->next++;
	return 0;
}

static void test_rows_come_back_as_they_were_in_any_order(void **state)
{
	static int64_t places[ROWS];
	struct statement_spool *spool = new_spool();
	struct walk walk = { 0, places, spool };
	struct statement_row row, due;

	(void)state;
	for (int64_t n = 0; n < ROWS; n++) {
		row = row_of(n);
		assert_int_equal(statement_spool_add(spool, &row, &places[n], NULL), 0);
		assert_true(n == 0 || places[n] > places[n - 1]);
	}
	assert_int_equal(statement_spool_end(spool, NULL), 0);
	assert_int_equal(statement_spool_rows(spool), ROWS);
	for (int pass = 0; pass < 2; pass++) {
		walk.next = 0;
		assert_int_equal(statement_spool_each(spool, check_row, &walk, NULL), 0);
		assert_int_equal(walk.next, ROWS);
	}
	for (int64_t i = 0, n = 0; i < ROWS; i++, n = (n + 2741) % ROWS) {
		assert_int_equal(statement_spool_get(spool, places[n], &row, NULL), 0);
		due = row_of(n);
		assert_same(&row, &due);
	}
	statement_spool_close(spool);
}

/* All of it as large as it can be: no byte is written beyond the room for a row. */
static void test_the_largest_row_fits(void **state)
{
	struct statement_spool *spool = new_spool();
	struct statement_row row, back;
	struct text full = { letters, sizeof(letters) };
	int64_t place = -1;

	(void)state;
	row = row_of(1);
	row.record = row.requests = row.prompt_total = row.answer_total = INT64_MAX;
	row.from_ms = INT64_MIN;
	row.to_ms = INT64_MAX;
	row.id = row.upstream_id = row.request_id = row.account = row.key = full;
	row.model = row.provider = row.service_tier = row.description = row.source = full;
	row.charge = STATEMENT_ADJUSTMENT;
	row.flags = 31;
	row.of = COMPONENT_COUNT;
	row.told = (UINT32_C(1) << COMPONENT_COUNT) - 1;
	row.has_money = (UINT32_C(1) << STATEMENT_MONEY_COUNT) - 1;
	for (int c = 0; c < COMPONENT_COUNT; c++)
		row.count[c] = INT64_MIN;
	for (int m = 0; m < STATEMENT_MONEY_COUNT; m++)
		row.money[m].attos = (wide)((unsigned __int128)1 << 127);
	memcpy(row.currency, "USD", 4);
	for (int i = 0; i < 100; i++)
		assert_int_equal(statement_spool_add(spool, &row, &place, NULL), 0);
	assert_int_equal(statement_spool_end(spool, NULL), 0);
	assert_int_equal(statement_spool_get(spool, place, &back, NULL), 0);
	assert_same(&back, &row);
	statement_spool_close(spool);
}

/* The file has no name any more, but the process still has it. */
static void spoil_the_file(void)
{
	char path[64], link[256], bytes[4096];
	int spoiled = 0;

	memset(bytes, 0xff, sizeof(bytes));
	for (int fd = 3; fd < 64; fd++) {
		ssize_t len;
		int again;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		len = readlink(path, link, sizeof(link) - 1);
		if (len < 0)
			continue;
		link[len] = '\0';
		if (strstr(link, "(deleted)") == NULL)
			continue;
		again = open(path, O_RDWR | O_CLOEXEC);
		assert_true(again >= 0);
		assert_int_equal(pwrite(again, bytes, sizeof(bytes), 0), sizeof(bytes));
		assert_int_equal(close(again), 0);
		spoiled++;
	}
	assert_int_equal(spoiled, 1);
}

static int stop_at_once(void *context, const struct statement_row *row, int64_t place);

static void test_a_file_that_was_spoiled_is_told(void **state)
{
	struct statement_spool *spool = new_spool();
	struct statement_row row = row_of(22);
	struct fault fault;

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(statement_spool_add(spool, &row, NULL, NULL), 0);
	assert_int_equal(statement_spool_end(spool, NULL), 0);
	spoil_the_file();
	assert_int_equal(statement_spool_each(spool, stop_at_once, NULL, &fault), -FAULT_CORRUPT);
	assert_non_null(strstr(fault.text, "not the same any more"));
	assert_int_equal(statement_spool_get(spool, 0, &row, &fault), -FAULT_CORRUPT);
	statement_spool_close(spool);
}

static int stop_at_once(void *context, const struct statement_row *row, int64_t place)
{
	(void)context;
	(void)row;
	(void)place;
	return 7;
}

static void test_a_walk_ends_where_it_is_told_to(void **state)
{
	struct statement_spool *spool = new_spool();
	struct statement_row row = row_of(1);

	(void)state;
	assert_int_equal(statement_spool_add(spool, &row, NULL, NULL), 0);
	assert_int_equal(statement_spool_end(spool, NULL), 0);
	assert_int_equal(statement_spool_each(spool, stop_at_once, NULL, NULL), 7);
	statement_spool_close(spool);
}

static void test_no_rows_are_no_walk(void **state)
{
	struct statement_spool *spool = new_spool();

	(void)state;
	assert_int_equal(statement_spool_end(spool, NULL), 0);
	assert_int_equal(statement_spool_rows(spool), 0);
	assert_int_equal(statement_spool_each(spool, stop_at_once, NULL, NULL), 0);
	statement_spool_close(spool);
	statement_spool_close(NULL);
}

static void test_a_place_that_is_none_is_told(void **state)
{
	struct statement_spool *spool = new_spool();
	struct statement_row row = row_of(2);
	struct fault fault;

	(void)state;
	assert_int_equal(statement_spool_add(spool, &row, NULL, NULL), 0);
	assert_int_equal(statement_spool_end(spool, NULL), 0);
	assert_int_equal(statement_spool_get(spool, -1, &row, &fault), -FAULT_CORRUPT);
	assert_int_equal(statement_spool_get(spool, 1 << 20, &row, &fault), -FAULT_CORRUPT);
	assert_non_null(strstr(fault.text, "kept there"));
	statement_spool_close(spool);
}

static void test_a_folder_that_takes_nothing_is_named(void **state)
{
	struct statement_spool *spool = NULL;
	struct fault fault;

	(void)state;
	assert_int_equal(statement_spool_open(&spool, "/nowhere/at/all", &fault), -FAULT_IO);
	assert_non_null(strstr(fault.text, "/nowhere/at/all"));
	assert_non_null(strstr(fault.text, "TMPDIR"));
	assert_null(spool);
}

/* A file that may not grow is a disk that is full. */
static void test_a_full_disk_is_told_with_what_to_do(void **state)
{
	struct rlimit before, small;
	struct statement_spool *spool = new_spool();
	struct statement_row row = row_of(22);
	struct fault fault = { .code = FAULT_NONE };
	int r = 0;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 300 * 1024;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	signal(SIGXFSZ, SIG_IGN);
	for (int i = 0; i < 10000 && r == 0; i++)
		r = statement_spool_add(spool, &row, NULL, &fault);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(r, -FAULT_FULL);
	assert_non_null(strstr(fault.text, "TMPDIR"));
	statement_spool_close(spool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_come_back_as_they_were_in_any_order),
		cmocka_unit_test(test_the_largest_row_fits),
		cmocka_unit_test(test_a_file_that_was_spoiled_is_told),
		cmocka_unit_test(test_a_walk_ends_where_it_is_told_to),
		cmocka_unit_test(test_no_rows_are_no_walk),
		cmocka_unit_test(test_a_place_that_is_none_is_told),
		cmocka_unit_test(test_a_folder_that_takes_nothing_is_named),
		cmocka_unit_test(test_a_full_disk_is_told_with_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
