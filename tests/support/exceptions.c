#include "tests/support/exceptions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

void exception_happened(struct exceptions *e, struct text id, const char *what, const char *detail)
{
	assert_true(e->count <= EXCEPTIONS_MAX);
	e->met++;
	for (size_t i = 0; i < e->count; i++) {
		const struct exception *row = &e->rows[i];

		if (text_is(id, row->id) && strcmp(row->what, what) == 0 &&
		    (row->detail == NULL || strstr(detail, row->detail) != NULL)) {
			e->seen[i] = true;
			return;
		}
	}
	e->unexplained++;
	printf("  NOT EXPLAINED %s, %.*s: %s: %s\n", e->name, TEXT_ARGS(id), what, detail);
}

void exceptions_end(const struct exceptions *e)
{
	unsigned gone = 0;

	for (size_t i = 0; i < e->count; i++) {
		if (e->seen[i])
			continue;
		gone++;
		printf("  HAPPENS NO MORE %s, %s: %s: %s\n", e->name, e->rows[i].id,
		       e->rows[i].what, e->rows[i].detail != NULL ? e->rows[i].detail : "");
	}
	printf("  %s: %u, each with its reason\n", e->name, e->met - e->unexplained);
	if (gone + e->unexplained > 0)
		fail_msg("%s: %u without a row, %u rows that happen no more", e->name,
		         e->unexplained, gone);
}
