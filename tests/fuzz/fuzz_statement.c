/*
 * libFuzzer target: a statement, of the format that its first line names, else as its form tells.
 * What is read has rows as statement/row.h promises, whose sum is the statement's; read again it
 * is the same.  What is refused says why.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "statement/format.h"
#include "tests/fuzz/no_ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct read_rows {
	int64_t rows;
	struct money total; /* of all currencies together */
	uint64_t hash;
};

static void wrong(const char *what)
{
	fprintf(stderr, "fuzz_statement: %s\n", what);
	abort();
}

static void mix(struct read_rows *rows, const void *bytes, size_t len)
{
	/* FNV-1a */
	for (size_t i = 0; i < len; i++)
		rows->hash = (rows->hash ^ ((const uint8_t *)bytes)[i]) * UINT64_C(1099511628211);
}

static void check_text(struct read_rows *rows, struct text t)
{
	if (t.len > STATEMENT_NAME_BYTES_MAX)
		wrong("a text is too long");
	if (t.at == NULL && t.len != 0)
		wrong("an absent text has a length");
	mix(rows, t.at, t.len);
}

static void check_counts(const struct statement_row *row)
{
	bool signs = row->charge == STATEMENT_ADJUSTMENT;

	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (!statement_tells(row, (enum component)c) && row->count[c] != 0)
			wrong("a count that is not told");
		if (row->count[c] < 0 && !signs)
			wrong("a count is negative");
	}
	if (row->told >> COMPONENT_COUNT != 0 || row->has_money >> STATEMENT_MONEY_COUNT != 0)
		wrong("it tells what there is not");
	if (!signs &&
	    (row->prompt_total < STATEMENT_UNTOLD || row->answer_total < STATEMENT_UNTOLD))
		wrong("a whole is negative");
}

static void check_times(const struct statement_row *row)
{
	if (!statement_timed(row)) {
		if (row->to_ms != STATEMENT_UNTOLD || !row->request ||
		    (row->id.len == 0 && row->upstream_id.len == 0 && row->request_id.len == 0))
			wrong("no time, and no id of a request");
		return;
	}
	if (row->from_ms >= row->to_ms)
		wrong("it ends before it begins");
}

static int check_row(void *context, const struct statement_row *row, struct fault *fault)
{
	struct read_rows *rows = context;

	check_times(row);
	check_counts(row);
	if (row->charge >= STATEMENT_CHARGE_COUNT || row->of > COMPONENT_COUNT)
		wrong("a word that there is not");
	if (row->decimals > MONEY_DECIMALS_MAX)
		wrong("more decimals than there are");
	if (row->currency[0] != '\0' && strlen(row->currency) != STATEMENT_CURRENCY_BYTES - 1)
		wrong("a currency that is none");
	check_text(rows, row->id);
	check_text(rows, row->upstream_id);
	check_text(rows, row->request_id);
	check_text(rows, row->account);
	check_text(rows, row->key);
	check_text(rows, row->model);
	check_text(rows, row->provider);
	check_text(rows, row->service_tier);
	check_text(rows, row->description);
	mix(rows, &row->from_ms, sizeof(row->from_ms));
	mix(rows, row->count, sizeof(row->count));
	mix(rows, row->money, sizeof(row->money));
	rows->rows++;
	if (money_total_add(rows->total, statement_amount(row), &rows->total) < 0)
		return fault_set(fault, FAULT_RANGE, "fuzz_statement: no total");
	return 0;
}

/* The format that the first line names, and what stands behind it. */
static const struct statement_format *named(struct text *text)
{
	struct text rest = *text, line;
	const struct statement_format *format;

	if (!text_cut(&rest, '\n', &line))
		return NULL;
	format = statement_format_find(line);
	if (format == NULL || format->container == STATEMENT_LEDGER)
		return NULL;
	*text = rest;
	return format;
}

static int read_it(const char *path, const struct statement_format *format,
                   struct read_rows *rows_out)
{
	struct statement_options options = { .format = format };
	struct statement_summary summary = { .format = NULL };
	struct fault fault = { .code = FAULT_NONE };
	struct money total = { 0 };
	int r;

	*rows_out = (struct read_rows){ .hash = UINT64_C(14695981039346656037) };
	r = statement_read(path, &options, check_row, rows_out, &summary, &fault);
	if (r < 0) {
		if (fault.text[0] == '\0' || fault.code != (enum fault_code) - r)
			wrong("refused, and no word of why");
		return r;
	}
	if (summary.rows != rows_out->rows)
		wrong("not all rows were told");
	for (size_t i = 0; i < summary.total_count; i++) {
		if (money_total_add(total, summary.totals[i].amount, &total) < 0)
			wrong("totals that have no sum");
	}
	if (money_compare(total, rows_out->total) != 0)
		wrong("the rows are not the total");
	statement_summary_release(&summary);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct text text = { (const char *)bytes, len };
	const struct statement_format *format = named(&text);
	int fd = memfd_create("fuzz_statement", 0);
	struct read_rows first, again;
	char path[32];
	int r;

	if (fd < 0 || (text.len > 0 && write(fd, text.at, text.len) != (ssize_t)text.len))
		wrong("no memory file");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = read_it(path, format, &first);
	if (read_it(path, format, &again) != r)
		wrong("refused once, and once not");
	if (r == 0 && (first.hash != again.hash || first.rows != again.rows))
		wrong("read again it is another");
	close(fd);
	return 0;
}
