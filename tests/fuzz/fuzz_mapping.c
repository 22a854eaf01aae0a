/*
 * libFuzzer target: a mapping file, and behind a line with "---" a statement that is read by it;
 * and the bytes as a statement that a mapping is proposed for.  A proposal can always be used, and
 * what is read by a mapping comes to its rows' sum.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "statement/mapping.h"
#include "statement/read.h"
#include "tests/fuzz/no_ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void wrong(const char *what)
{
	fprintf(stderr, "fuzz_mapping: %s\n", what);
	abort();
}

static int add_row(void *context, const struct statement_row *row, struct fault *fault)
{
	struct money *total = context;

	return money_total_add(*total, statement_amount(row), total) < 0
	               ? fault_set(fault, FAULT_RANGE, "fuzz_mapping: no total")
	               : 0;
}

static void check_mapping(const struct statement_mapping *mapping)
{
	for (const struct statement_line *line = mapping->lines; line->column != NULL; line++) {
		if (line->column[0] == '\0' || line->field >= FIELD_COUNT ||
		    line->clock >= CLOCK_COUNT || line->decimals > MONEY_DECIMALS_MAX)
			wrong("a line that is none");
	}
	if (mapping->decimal_point == mapping->thousands)
		wrong("a point that is a separator, too");
}

static void read_by(const char *path, const struct statement_mapping *mapping)
{
	struct statement_options options = { .mapping = mapping };
	struct statement_summary summary = { .format = NULL };
	struct money rows = { 0 }, total = { 0 };
	struct fault fault = { .code = FAULT_NONE };

	if (statement_read(path, &options, add_row, &rows, &summary, &fault) < 0) {
		if (fault.text[0] == '\0')
			wrong("refused, and no word of why");
		return;
	}
	for (size_t i = 0; i < summary.total_count; i++) {
		if (money_total_add(total, summary.totals[i].amount, &total) < 0)
			wrong("totals that have no sum");
	}
	if (money_compare(total, rows) != 0)
		wrong("the rows are not the total");
	statement_summary_release(&summary);
}

static int write_file(struct text text, char path[32])
{
	int fd = memfd_create("fuzz_mapping", 0);

	if (fd < 0 || (text.len > 0 && write(fd, text.at, text.len) != (ssize_t)text.len))
		wrong("no memory file");
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

static void propose(struct text statement)
{
	struct statement_mapping mapping = { .lines = NULL };
	struct buf json = { .at = NULL };
	struct fault fault = { .code = FAULT_NONE };
	char path[32];
	int fd = write_file(statement, path);

	if (statement_mapping_suggest(path, &json, &fault) == 0) {
		if (statement_mapping_parse(&mapping, buf_text(&json), &fault) < 0)
			wrong(fault.text);
		check_mapping(&mapping);
		read_by(path, &mapping);
	} else if (json.len > 0 || fault.text[0] == '\0') {
		wrong("not proposed, and no word of why");
	}
	statement_mapping_release(&mapping);
	buf_release(&json);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const char between[] = "\n---\n";
	struct text text = { (const char *)bytes, len }, statement = { NULL, 0 };
	const char *cut = len > 0 ? memmem(bytes, len, between, sizeof(between) - 1) : NULL;
	struct statement_mapping mapping = { .lines = NULL };
	struct fault fault = { .code = FAULT_NONE };
	char path[32];
	int fd;

	if (cut == NULL) {
		propose(text);
		return 0;
	}
	statement.at = cut + sizeof(between) - 1;
	statement.len = len - (size_t)(statement.at - text.at);
	text.len = (size_t)(cut - text.at);
	fd = write_file(statement, path);
	if (statement_mapping_parse(&mapping, text, &fault) == 0) {
		check_mapping(&mapping);
		read_by(path, &mapping);
	} else if (fault.text[0] == '\0' || mapping.lines != NULL) {
		wrong("refused, and no word of why");
	}
	statement_mapping_release(&mapping);
	close(fd);
	return 0;
}
