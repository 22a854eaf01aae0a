#include "base/text.h"

#include <string.h>

struct text text_of(const char *ended)
{
	return (struct text){ ended, ended != NULL ? strlen(ended) : 0 };
}

bool text_is(struct text t, const char *ended)
{
	return text_equal(t, text_of(ended));
}

bool text_equal(struct text a, struct text b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

int text_compare(struct text a, struct text b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len > 0 ? memcmp(a.at, b.at, len) : 0;

	if (order != 0)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

struct text text_trimmed(struct text t)
{
	while (t.len > 0 && (t.at[0] == ' ' || t.at[0] == '\t'))
		t = (struct text){ t.at + 1, t.len - 1 };
	while (t.len > 0 && (t.at[t.len - 1] == ' ' || t.at[t.len - 1] == '\t'))
		t.len--;
	return t;
}

bool text_copy(char *out, size_t cap, struct text t)
{
	size_t len = t.len < cap ? t.len : cap - 1;

	if (len > 0)
		memcpy(out, t.at, len);
	out[len] = '\0';
	return len == t.len;
}

/* Length of the well-formed sequence at s, or 0 (Unicode 15, table 3-7). */
static size_t sequence_len(const unsigned char *s, size_t left)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t len;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		len = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		len = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (left < len)
		return 0;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++) {
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	}
	return len;
}

bool text_utf8(struct text t)
{
	const unsigned char *s = (const unsigned char *)t.at;
	const uint64_t high = UINT64_C(0x8080808080808080);
	uint64_t word;

	for (size_t i = 0; i < t.len;) {
		size_t len;

		/* Eight of ASCII at once: nearly all there is. */
		while (t.len - i >= sizeof(word)) {
			memcpy(&word, s + i, sizeof(word));
			if ((word & high) != 0)
				break;
			i += sizeof(word);
		}
		if (i == t.len)
			break;
		len = sequence_len(s + i, t.len - i);
		if (len == 0)
			return false;
		i += len;
	}
	return true;
}

/* Bytes of the control character at s, or 0 where there is none. */
static size_t control_len(const unsigned char *s, size_t left)
{
	if (s[0] < 0x20 || s[0] == 0x7f)
		return 1;
	/* C1; 0xc2 begins a character wherever it stands in UTF-8. */
	return left > 1 && s[0] == 0xc2 && s[1] >= 0x80 && s[1] <= 0x9f ? 2 : 0;
}

bool text_plain(struct text t)
{
	for (size_t i = 0; i < t.len; i++) {
		if (control_len((const unsigned char *)t.at + i, t.len - i) > 0)
			return false;
	}
	return true;
}

void text_make_plain(char *at, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		size_t control = control_len((const unsigned char *)at + i, len - i);

		if (control > 0)
			memset(at + i, '?', control);
	}
}

bool text_int(struct text t, int64_t *out)
{
	bool negative = t.len > 0 && t.at[0] == '-';
	int64_t value = 0;

	if (t.len == (size_t)negative)
		return false;
	for (size_t i = negative; i < t.len; i++) {
		if (t.at[i] < '0' || t.at[i] > '9')
			return false;
		if (__builtin_mul_overflow(value, 10, &value))
			return false;
		/* Downwards from zero for a negative, so that INT64_MIN fits. */
		if (negative ? __builtin_sub_overflow(value, t.at[i] - '0', &value)
		             : __builtin_add_overflow(value, t.at[i] - '0', &value))
			return false;
	}
	*out = value;
	return true;
}

bool text_match(struct text pattern, struct text t)
{
	size_t p = 0, i = 0, star = SIZE_MAX, resume = 0;

	while (i < t.len) {
		if (p < pattern.len && pattern.at[p] == '*') {
			star = p++;
			resume = i;
		} else if (p < pattern.len && pattern.at[p] == t.at[i]) {
			p++;
			i++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			i = ++resume;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.at[p] == '*')
		p++;
	return p == pattern.len;
}

bool text_cut(struct text *rest, char separator, struct text *part_out)
{
	const char *end;

	if (rest->at == NULL)
		return false;
	end = rest->len > 0 ? memchr(rest->at, separator, rest->len) : NULL;
	part_out->at = rest->at;
	if (end == NULL) {
		part_out->len = rest->len;
		*rest = (struct text){ NULL, 0 };
		return true;
	}
	part_out->len = (size_t)(end - rest->at);
	rest->at = end + 1;
	rest->len -= part_out->len + 1;
	return true;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned text_distance(struct text a, struct text b)
{
	unsigned cost[TEXT_DISTANCE_MAX + 1][TEXT_DISTANCE_MAX + 1];

	if (a.len > TEXT_DISTANCE_MAX || b.len > TEXT_DISTANCE_MAX)
		return TEXT_DISTANCE_MAX;
	for (size_t i = 0; i <= a.len; i++)
		cost[i][0] = (unsigned)i;
	for (size_t j = 0; j <= b.len; j++)
		cost[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a.len; i++) {
		for (size_t j = 1; j <= b.len; j++) {
			unsigned change = cost[i - 1][j - 1] + (a.at[i - 1] != b.at[j - 1]);

			cost[i][j] = least(change, least(cost[i - 1][j], cost[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] &&
			    a.at[i - 2] == b.at[j - 1])
				cost[i][j] = least(cost[i][j], cost[i - 2][j - 2] + 1);
		}
	}
	return cost[a.len][b.len];
}

const char *text_plural(int64_t n)
{
	return n == 1 ? "" : "s";
}
