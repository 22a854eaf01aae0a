#include "tests/support/pieces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

int pieces_read(const struct pieces_parser *with, void *parser, struct text text, size_t first,
                size_t piece, struct buf *out, struct fault *fault)
{
	size_t at = 0;
	int r = 0;

	buf_clear(out);
	with->start(parser, out);
	for (size_t len = first; at < text.len && r == 0; len = piece) {
		char *copy = malloc(len); /* what is read beyond it is found */

		assert_non_null(copy);
		len = len < text.len - at ? len : text.len - at;
		memcpy(copy, text.at + at, len);
		r = with->feed(parser, (struct text){ copy, len }, false, fault);
		free(copy);
		at += len;
	}
	if (r == 0)
		r = with->feed(parser, (struct text){ NULL, 0 }, true, fault);
	with->release(parser);
	return r;
}

static void check(const struct pieces_row *row, int r, const struct buf *out,
                  const struct fault *fault)
{
	if (r != row->result)
		fail_msg("%s: %s, %s", row->label, fault_name(r), r < 0 ? fault->text : "");
	if (r == 0 && strcmp(out->len > 0 ? out->at : "", row->given) != 0)
		fail_msg("%s: %s", row->label, out->len > 0 ? out->at : "");
	if (r < 0 && strstr(fault->text, row->given) == NULL)
		fail_msg("%s: %s", row->label, fault->text);
}

void pieces_check(const struct pieces_parser *with, void *parser, const struct pieces_row *rows,
                  size_t count)
{
	struct buf out = { .at = NULL };

	for (size_t i = 0; i < count; i++) {
		struct text text = text_of(rows[i].text);
		struct fault fault = { .code = FAULT_NONE };

		for (size_t first = 1; first <= text.len + 1; first++) {
			check(&rows[i],
			      pieces_read(with, parser, text, first, text.len + 1, &out, &fault),
			      &out, &fault);
			check(&rows[i], pieces_read(with, parser, text, first, first, &out, &fault),
			      &out, &fault);
		}
	}
	buf_release(&out);
}
