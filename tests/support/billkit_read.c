/* A statement of a generated month is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "statement/mapping.h"
#include "tests/support/billkit_internal.h"

void billkit_read(struct billkit *kit, const char *path, enum billgen_format format,
                  statement_row_fn *each, void *context, struct statement_summary *summary_out)
{
	static const char *const names[GEN_FORMAT_COUNT] = { "toll", "openrouter-export", NULL };
	struct statement_mapping mapping = { .lines = NULL };
	struct statement_options reading = { .format = NULL };
	struct fault fault = { .code = FAULT_NONE };

	if (format == GEN_MAPPED_NDJSON) {
		if (statement_mapping_parse(&mapping, text_of(billgen_mapping), &fault) < 0)
			billkit_fail(kit, "mapping: %s", fault.text);
		reading.mapping = &mapping;
	} else {
		reading.format = statement_format_find(text_of(names[format]));
		assert_non_null(reading.format);
	}
	if (statement_read(path, &reading, each, context, summary_out, &fault) < 0)
		billkit_fail(kit, "%s: %s", path, fault.text);
	statement_mapping_release(&mapping);
}
