/*
 * Memory that cannot be had while a book is published: every allocation fails once, the first,
 * the second, and so on.  Each time that must be told, or all be there nevertheless: a list
 * that lacks a price, or a report that lacks a line, must never pass for a whole one.
 *
 * Linked with --wrap for malloc and realloc (Makefile).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "catalogue/publish.h"
#include "price/listing.h"

#define RICH "tests/support/publish_book.json"

void *__real_malloc(size_t len);
void *__real_realloc(void *at, size_t len);
void *__wrap_malloc(size_t len);
void *__wrap_realloc(void *at, size_t len);

/* Allocations until one fails; below zero: none does. */
static int countdown = -1;
static bool failed_one;

static bool fails_now(void)
{
	if (countdown < 0 || countdown-- > 0)
		return false;
	failed_one = true;
	return true;
}

void *__wrap_malloc(size_t len)
{
	return fails_now() ? NULL : __real_malloc(len);
}

void *__wrap_realloc(void *at, size_t len)
{
	return fails_now() ? NULL : __real_realloc(at, len);
}

struct result {
	struct buf out;
	struct publish_report report;
};

static void release(struct result *result)
{
	buf_release(&result->out);
	publish_report_release(&result->report);
	*result = (struct result){ .out = { .at = NULL } };
}

static struct publish_ask ask_of(struct book **book)
{
	struct publish_ask ask = { .partial = true };

	assert_int_equal(book_load_file(book, RICH, NULL, NULL), 0);
	assert_true(moment_parse_date(text_of("2026-11-30"), &ask.at_ms));
	ask.book = *book;
	return ask;
}

static void expect_equal(const char *what, const struct buf *is, const struct buf *due)
{
	if (!text_equal(buf_text(is), buf_text(due)))
		fail_msg("%s, with one allocation less: %s\nnot %s", what, is->at, due->at);
}

static unsigned try_form(const struct publish_form *form, const struct publish_ask *ask,
                         const struct result *due)
{
	struct result result = { .out = { .at = NULL } };
	unsigned failed = 0;

	for (;; failed++) {
		struct fault fault = { .code = FAULT_NONE };
		int r;

		countdown = (int)failed;
		failed_one = false;
		r = form->write(ask, &result.out, &result.report, &fault);
		countdown = -1;
		if (r == 0) {
			expect_equal(form->name, &result.out, &due->out);
			expect_equal(form->name, &result.report.lost, &due->report.lost);
			expect_equal(form->name, &result.report.notes, &due->report.notes);
		} else if (r != -FAULT_NOMEM) {
			fail_msg("%s, allocation %u: %d, %s", form->name, failed, r, fault.text);
		}
		release(&result);
		if (!failed_one)
			return failed;
	}
}

static void test_no_form_passes_a_part_for_the_whole(void **state)
{
	struct book *book;
	struct publish_ask ask = ask_of(&book);

	(void)state;
	for (size_t i = 0; publish_form(i) != NULL; i++) {
		struct result due = { .out = { .at = NULL } };

		buf_add_cstr(&due.report.lost, "");
		assert_int_equal(publish_form(i)->write(&ask, &due.out, &due.report, NULL), 0);
		assert_true(try_form(publish_form(i), &ask, &due) > 10);
		release(&due);
	}
	book_free(book);
}

static void test_lint_tells_that_memory_is_short(void **state)
{
	struct book *book;
	struct buf out = { .at = NULL }, due = { .at = NULL };
	struct listing_lint found;
	unsigned failed = 0;

	(void)state;
	ask_of(&book);
	assert_int_equal(listing_lint(book, &due, &found, NULL), 0);
	do {
		int r;

		buf_release(&out);
		countdown = (int)failed++;
		failed_one = false;
		r = listing_lint(book, &out, &found, NULL);
		countdown = -1;
		if (r == 0)
			expect_equal("lint", &out, &due);
		else
			assert_int_equal(r, -FAULT_NOMEM);
	} while (failed_one);
	assert_true(failed > 5);
	buf_release(&out);
	buf_release(&due);
	book_free(book);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_form_passes_a_part_for_the_whole),
		cmocka_unit_test(test_lint_tells_that_memory_is_short),
	};

	return cmocka_run_group_tests_name("publish_memory", tests, NULL, NULL);
}
