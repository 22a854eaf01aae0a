/*
 * libFuzzer target: bytes as a gateway's socket gives them, through the framer into the
 * decoder.  The first byte says how long the reads are.  Besides what the sanitizers see,
 * every line must hold tests/support/event_invariants.h, and a hello must be read as one.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/event_invariants.h"
#include "wire/wire.h"

enum { LINE_BYTES_MAX = 2048 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct event_bench bench;

static void fail(const char *wrong, struct text line)
{
	fprintf(stderr, "fuzz_event: %s\n%.*s\n", wrong, TEXT_ARGS(line));
	abort();
}

static void take_line(const struct wire_line *line)
{
	struct wire_hello hello;
	struct fault fault;
	const char *wrong;

	if (line->text.len > LINE_BYTES_MAX || line->too_long != (line->length > LINE_BYTES_MAX))
		fail("the framer's limit does not hold", line->text);
	if (wire_hello_parse(line->text, &bench.doc, &hello, &fault)) {
		if (!text_utf8(text_of(fault.text)) || !text_plain(text_of(fault.text)))
			fail("the fault cannot be printed", line->text);
		return;
	}
	wrong = event_invariants_check(&bench, line->text);
	if (wrong != NULL)
		fail(wrong, line->text);
}

/* One read: a copy of its own, so that a byte too far is seen. */
static void take_read(struct wire_framer *framer, const uint8_t *bytes, size_t len)
{
	char *copy = malloc(len);
	struct text rest = { copy, len };
	struct wire_line line;
	int error;

	if (copy == NULL)
		abort();
	memcpy(copy, bytes, len);
	while (wire_next(framer, &rest, &line, &error))
		take_line(&line);
	if (error != 0 || rest.len != 0)
		fail("the framer left bytes behind", rest);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct wire_framer framer;
	struct wire_line line;
	size_t read_bytes;

	if (len == 0)
		return 0;
	read_bytes = bytes[0] == 0 ? len : bytes[0];
	wire_framer_init(&framer, LINE_BYTES_MAX);
	for (size_t at = 1; at < len; at += read_bytes)
		take_read(&framer, bytes + at, len - at < read_bytes ? len - at : read_bytes);
	if (wire_rest(&framer, &line))
		take_line(&line);
	wire_framer_release(&framer);
	return 0;
}
