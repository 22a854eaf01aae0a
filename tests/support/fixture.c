#include "tests/support/fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
/* after the four above, as it asks for */
#include <cmocka.h>

#include "base/fault.h"

enum { PATH_BYTES = 4096, CHANGES_MAX = 4, PIECE_MAX = 24 };

const char *fixture_data_dir(void)
{
	const char *named = getenv("TOLL_DATA");

	return named != NULL && named[0] != '\0' ? named : "../shared/data";
}

bool fixture_load(const char *name, struct buf *out)
{
	struct fault fault = { .code = FAULT_NONE };
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s/%s", fixture_data_dir(), name);
	if (access(path, F_OK) != 0)
		return false;
	if (buf_read_file(out, path, FIXTURE_FILE_BYTES_MAX, &fault) < 0)
		fail_msg("%s: %s", path, fault.text);
	return true;
}

void fixture_need(const char *name, struct buf *out)
{
	if (!fixture_load(name, out))
		fixture_skip_without(name);
}

bool fixture_line(struct text *rest, struct text *line_out)
{
	while (text_cut(rest, '\n', line_out)) {
		if (line_out->len > 0)
			return true;
	}
	return false;
}

void fixture_skip(const char *reason)
{
	printf("SKIPPED: %s\n", reason);
	skip();
}

void fixture_skip_without(const char *name)
{
	char reason[PATH_BYTES];

	snprintf(reason, sizeof(reason), "no %s/%s", fixture_data_dir(), name);
	fixture_skip(reason);
}

uint64_t fixture_seed(const char *test, uint64_t fallback)
{
	const char *named = getenv("TOLL_SEED");
	uint64_t seed = named != NULL && named[0] != '\0' ? strtoull(named, NULL, 10) : fallback;

	printf("%s: TOLL_SEED=%" PRIu64 "\n", test, seed);
	return seed;
}

uint64_t fixture_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

size_t fixture_below(uint64_t *state, size_t limit)
{
	return (size_t)(fixture_random(state) % limit);
}

/* What parsers stumble over; the lengths stand beside them because one holds a NUL. */
static const struct text pieces[] = {
	{ "\0", 1 },
	{ "\\u0000", 6 },
	{ "\\ud800", 6 },
	{ "\\ud83d\\ude00", 12 },
	{ "\xc0\xaf", 2 },
	{ "\xed\xa0\x80", 3 },
	{ "\xe2\x82\xac", 3 },
	{ "\xff", 1 },
	{ "-", 1 },
	{ "-1", 2 },
	{ "1.5", 3 },
	{ "1e3", 3 },
	{ "0", 1 },
	{ "9223372036854775808", 19 },
	{ "1e400", 5 },
	{ "null", 4 },
	{ "true", 4 },
	{ "{", 1 },
	{ "}", 1 },
	{ "[", 1 },
	{ "]", 1 },
	{ ",", 1 },
	{ ":", 1 },
	{ "\"", 1 },
	{ "\\", 1 },
	{ "\r", 1 },
	{ " ", 1 },
	{ "[[[[[[[[", 8 },
	{ "\"a\":1,", 6 },
	{ "1000000000001", 13 },
};

static void insert(struct buf *text, size_t at, const char *bytes, size_t len, size_t max_bytes)
{
	if (text->len + len > max_bytes || buf_room(text, len) == NULL)
		return;
	memmove(text->at + at + len, text->at + at, text->len - at);
	memcpy(text->at + at, bytes, len);
	text->len += len;
	text->at[text->len] = '\0';
}

static void cut(struct buf *text, size_t at, size_t len)
{
	if (len > text->len - at)
		len = text->len - at;
	memmove(text->at + at, text->at + at + len, text->len - at - len);
	text->len -= len;
	text->at[text->len] = '\0';
}

static void change(struct buf *text, size_t max_bytes, uint64_t *state)
{
	size_t at = text->len > 0 ? fixture_below(state, text->len) : 0;
	const struct text *piece =
		&pieces[fixture_below(state, sizeof(pieces) / sizeof(pieces[0]))];
	char doubled[PIECE_MAX];
	size_t len = 1 + fixture_below(state, PIECE_MAX);

	switch (text->len > 0 ? fixture_below(state, 6) : 0) {
	case 0:
		insert(text, at, piece->at, piece->len, max_bytes);
		break;
	case 1:
		text->at[at] = (char)(text->at[at] ^ (1 << fixture_below(state, 8)));
		break;
	case 2:
		cut(text, at, len);
		break;
	case 3:
		if (len > text->len - at)
			len = text->len - at;
		memcpy(doubled, text->at + at, len);
		insert(text, at, doubled, len, max_bytes);
		break;
	case 4:
		text->at[at] = text->at[fixture_below(state, text->len)];
		break;
	default:
		/* In the place of what stood there: the rest stays well-formed more often. */
		cut(text, at, piece->len);
		insert(text, at, piece->at, piece->len, max_bytes);
		break;
	}
}

void fixture_mutate(struct buf *text, size_t max_bytes, uint64_t *state)
{
	/* Mostly one: what is damaged twice seldom gets past the parser. */
	size_t changes = fixture_below(state, 3) > 0 ? 1 : 1 + fixture_below(state, CHANGES_MAX);

	for (size_t i = 0; i < changes; i++)
		change(text, max_bytes, state);
}
