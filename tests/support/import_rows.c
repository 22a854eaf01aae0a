#include "tests/support/import_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "catalogue/catalogue.h"
#include "price/book.h"

/* A rate a line, without quotes: `input, per_million: 3.00, when: {context: {gt: 2}}`. */
static void list_rates(struct text book, struct buf *out)
{
	static const char start[] = "{\"component\": ";
	struct text line;

	while (text_cut(&book, '\n', &line)) {
		const char *at = line.at, *end = line.at + line.len;

		while (at < end && *at == '\t')
			at++;
		if ((size_t)(end - at) < sizeof(start) || memcmp(at, start, sizeof(start) - 1) != 0)
			continue;
		end -= end[-1] == ',';
		for (at += sizeof(start) - 1; at < end - 1; at++) {
			if (*at != '"')
				buf_add(out, at, 1);
		}
		buf_add_cstr(out, "\n");
	}
}

static void check_rates(const struct import_row *row, struct text have)
{
	struct buf want = { .at = NULL };

	buf_add_cstr(&want, "");
	for (size_t i = 0; i < IMPORT_LINES_MAX && row->rates[i] != NULL; i++)
		buf_addf(&want, "%s\n", row->rates[i]);
	if (!text_equal(buf_text(&want), have))
		fail_msg("%s: these rates are due\n%.*sand these are\n%.*s", row->label,
		         TEXT_ARGS(buf_text(&want)), TEXT_ARGS(have));
	buf_release(&want);
}

static void check_lines(const struct import_row *row, const char *what, struct text have,
                        const char *const *lines)
{
	for (size_t i = 0; i < IMPORT_LINES_MAX && lines[i] != NULL; i++) {
		if (strstr(have.at, lines[i]) == NULL)
			fail_msg("%s: %s: no \"%s\" in\n%.*s", row->label, what, lines[i],
			         TEXT_ARGS(have));
	}
}

/* As many lines as the row has: nothing else was left out. */
static void check_report(const struct import_row *row, struct text have)
{
	size_t due = 0, count = 0;

	check_lines(row, "report", have, row->report);
	while (due < IMPORT_LINES_MAX && row->report[due] != NULL)
		due++;
	for (size_t i = 0; i < have.len; i++)
		count += have.at[i] == '\n';
	if (count != due)
		fail_msg("%s: %zu lines of the report are due, these are\n%.*s", row->label, due,
		         TEXT_ARGS(have));
}

static void add_report_row(void *user, const struct tally_row *row)
{
	if (row->kind == TALLY_CONVERTED || row->kind == TALLY_LISTED)
		return;
	buf_addf(user, "%s %.*s %.*s: %s\n", tally_kind_info[row->kind].key, TEXT_ARGS(row->model),
	         TEXT_ARGS(row->key), row->why);
}

static void check_row(const struct catalogue *catalogue, const char *wrap,
                      const struct import_row *row, bool zero_is_free)
{
	const struct catalogue_options options = { .zero_is_free = zero_is_free };
	struct buf json = { .at = NULL }, rates = { .at = NULL }, report = { .at = NULL };
	struct catalogue_import in;
	struct fault fault = { .code = FAULT_NONE };
	struct text rest = text_of(wrap != NULL ? wrap : "%s"), part;

	/* Not a format: the wrap is no constant where this is compiled. */
	for (bool first = true; text_cut(&rest, '%', &part); first = false) {
		if (!first) {
			buf_add_cstr(&json, row->json);
			part = (struct text){ part.at + 1, part.len - 1 };
		}
		buf_add_text(&json, part);
	}
	if (catalogue_import(&in, catalogue, buf_text(&json), &options, &fault) < 0)
		fail_msg("%s: %s", row->label, fault.text);
	buf_add_cstr(&rates, "");
	list_rates(buf_text(&in.book), &rates);
	check_rates(row, buf_text(&rates));
	check_lines(row, "book", buf_text(&in.book), row->book);
	buf_add_cstr(&report, "");
	assert_int_equal(tally_walk(&in.tally, add_report_row, &report, NULL), 0);
	check_report(row, buf_text(&report));
	catalogue_import_release(&in);
	buf_release(&json);
	buf_release(&rates);
	buf_release(&report);
}

void import_rows_check(const char *catalogue, const char *wrap, const struct import_row *rows,
                       size_t count, bool zero_is_free)
{
	const struct catalogue *found = catalogue_find(text_of(catalogue));

	assert_non_null(found);
	for (size_t i = 0; i < count; i++)
		check_row(found, wrap, &rows[i], zero_is_free);
}

void import_rows_refused(const char *catalogue, const char *json, const char *says)
{
	const struct catalogue_options options = { .zero_is_free = false };
	const struct catalogue *found = catalogue_find(text_of(catalogue));
	struct catalogue_import in;
	struct fault fault = { .code = FAULT_NONE };

	assert_non_null(found);
	if (catalogue_import(&in, found, text_of(json), &options, &fault) == 0)
		fail_msg("%s was read: %s", json, says);
	if (strstr(fault.text, says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", fault.text, says);
	catalogue_import_release(&in);
}
