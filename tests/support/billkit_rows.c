/* The rows that `toll reconcile --csv` writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "tests/support/billkit_internal.h"

enum { ROW_BYTES = 4096, CELLS_MAX = 32 };

/* Cells in order; a quoted one without its quotes, and what is doubled in it stays so. */
static size_t cells_of(char *line, struct text cells[CELLS_MAX])
{
	size_t count = 0;
	char *at = line;

	line[strcspn(line, "\r\n")] = '\0';
	for (;;) {
		bool quoted = *at == '"';
		char *end = quoted ? strstr(at + 1, "\",") : strchr(at, ',');

		assert_true(count < CELLS_MAX);
		if (end == NULL) {
			cells[count++] = text_of(at);
			return count;
		}
		cells[count++] = (struct text){ at + quoted, (size_t)(end - at) - quoted };
		at = end + (quoted ? 2 : 1);
	}
}

static size_t column(const struct text *header, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (text_is(header[i], name))
			return i;
	}
	fail_msg("the rows have no column %s", name);
	return 0;
}

enum {
	CAUSE,
	AMOUNT,
	OURS_TIME,
	THEIRS_TIME,
	ID,
	THEIR_ID,
	ACCOUNT,
	KEY,
	MODEL,
	RECORD,
	WHY,
	NAMES
};

static void take_row(struct billkit_list *list, const struct text *cells, const size_t at[NAMES])
{
	const struct billkit *kit = list->kit;
	struct billkit_found *found = billkit_found_add(list);
	struct text time = cells[at[OURS_TIME]];
	int64_t record, time_ms = -1;
	struct money amount;

	found->cause = bill_cause_find(cells[at[CAUSE]]);
	assert_int_equal(money_parse(cells[at[AMOUNT]], &amount, NULL), 0);
	found->amount = amount.attos;
	text_copy(found->why, sizeof(found->why), cells[at[WHY]]);
	found->event = billgen_index(cells[at[ID]]);
	if (found->event < 0)
		found->event = billgen_index(cells[at[THEIR_ID]]);
	if (found->event < 0 && text_int(cells[at[RECORD]], &record) && record > 0 &&
	    record <= kit->rows)
		found->event = kit->event_of[record - 1];
	if (time.len == 0)
		time = cells[at[THEIRS_TIME]];
	if (moment_parse(time, &time_ms))
		found->group = billkit_group_of(time_ms, cells[at[ACCOUNT]], cells[at[KEY]],
		                                cells[at[MODEL]]);
}

int64_t billkit_check_rows(struct billkit *kit, enum billkit_statement what, const char *path)
{
	static const char *const names[NAMES] = { "cause", "amount",   "ours_time", "theirs_time",
		                                  "id",    "their_id", "account",   "key",
		                                  "model", "record",   "why" };
	struct billkit_list list = { .kit = kit, .what = what };
	struct text cells[CELLS_MAX];
	size_t at[NAMES], count;
	char line[ROW_BYTES];
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	count = cells_of(line, cells);
	for (size_t i = 0; i < NAMES; i++)
		at[i] = column(cells, count, names[i]);
	while (fgets(line, sizeof(line), file) != NULL) {
		assert_int_equal(cells_of(line, cells), count);
		take_row(&list, cells, at);
	}
	assert_int_equal(ferror(file), 0);
	fclose(file);
	billkit_check_list(&list);
	free(list.found);
	return list.count;
}
