/*
 * Whether words of the other side have the key in them, in any of the ways in which it comes back:
 * as it is, with escapes of JSON, of URLs or of HTML, also in each other, in base64 or in hex.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "statement/fetch_internal.h"

enum {
	ROUNDS_MAX = 6,  /* of escapes in escapes */
	CODED_LEAST = 8, /* characters of base64 or hex: what is shorter stands anywhere */
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The number in so many hex digits; -1: there are not so many. */
static long hex_number(const char *at, const char *end, int digits)
{
	long value = 0;

	for (int i = 0; i < digits; i++) {
		int digit = at + i < end ? hex_digit(at[i]) : -1;

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

/* "&#115;" and "&#x73;": how long it is; 0: it is none. */
static size_t html_number(const char *at, const char *end, long *value_out)
{
	const char *p = at + 2;
	bool hex = p < end && (*p == 'x' || *p == 'X');
	long value = 0;

	if (end - at < 4 || at[1] != '#')
		return 0;
	for (p += hex; p < end && *p != ';'; p++) {
		int digit = hex_digit(*p);

		if (digit < 0 || (!hex && digit > 9) || value > 0xffff)
			return 0;
		value = value * (hex ? 16 : 10) + digit;
	}
	*value_out = value;
	return p < end ? (size_t)(p - at) + 1 : 0;
}

/* What stands at a place for another character: its length; 0: nothing does. */
static size_t escape_at(const char *at, const char *end, long *value_out)
{
	if (*at == '%') {
		*value_out = hex_number(at + 1, end, 2);
		return *value_out < 0 ? 0 : 3;
	}
	if (*at == '&')
		return html_number(at, end, value_out);
	if (*at != '\\' || end - at < 2)
		return 0;
	if (at[1] == 'u' || at[1] == 'U') {
		*value_out = hex_number(at + 2, end, 4);
		return *value_out < 0 ? 0 : 6;
	}
	if (at[1] == 'x') {
		*value_out = hex_number(at + 2, end, 2);
		return *value_out < 0 ? 0 : 4;
	}
	*value_out = (unsigned char)at[1];
	return 2;
}

/* In place; false: there is nothing to decode.  A key is of ASCII, and so is what is decoded. */
static bool decode(char *text, size_t *len)
{
	const char *at = text, *end = text + *len;
	char *to = text;
	bool any = false;

	while (at < end) {
		long value = 0;
		size_t taken = escape_at(at, end, &value);

		if (taken == 0 || value > 0x7f) {
			*to++ = *at++;
			continue;
		}
		*to++ = (char)value;
		at += taken;
		any = true;
	}
	*len = (size_t)(to - text);
	return any;
}

/* What base64 makes of the key behind so many bytes, but for what depends on these. */
static size_t coded_key(const char *key, size_t key_len, size_t before, const char *digits,
                        char *out)
{
	size_t bits = 8 * (before + key_len), first = (8 * before + 5) / 6, count = 0;

	for (size_t d = first; 6 * d + 6 <= bits; d++) {
		unsigned value = 0;

		for (size_t bit = 6 * d; bit < 6 * d + 6; bit++) {
			size_t i = bit / 8 - before;

			value = value << 1 | ((unsigned char)key[i] >> (7 - bit % 8) & 1u);
		}
		out[count++] = digits[value];
	}
	return count;
}

static bool has_coded(const char *text, size_t len, const char *key, char *room)
{
	static const char base64[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	static const char hex[2][17] = { "0123456789abcdef", "0123456789ABCDEF" };
	size_t key_len = strlen(key), count;
	char digits[65];

	for (int safe = 0; safe < 2; safe++) {
		memcpy(digits, base64, 62);
		memcpy(digits + 62, safe == 1 ? "-_" : "+/", 3);
		for (size_t before = 0; before < 3; before++) {
			count = coded_key(key, key_len, before, digits, room);
			if (count >= CODED_LEAST && memmem(text, len, room, count) != NULL)
				return true;
		}
		for (count = 0; count < 2 * key_len; count++)
			room[count] =
				hex[safe]
				   [(unsigned char)key[count / 2] >> (count % 2 == 0 ? 4 : 0) & 15];
		if (count >= CODED_LEAST && memmem(text, len, room, count) != NULL)
			return true;
	}
	return false;
}

int fetch_reveals(struct text words, const char *key)
{
	size_t len = words.len, key_len = strlen(key);
	char *text, *room;
	int found = 0;

	if (words.len == 0 || key_len == 0)
		return 0;
	text = malloc(len + 1);
	room = malloc(2 * key_len + 4);
	if (text == NULL || room == NULL) {
		free(text);
		free(room);
		return -FAULT_NOMEM;
	}
	memcpy(text, words.at, len);
	for (int round = 0; found == 0 && round < ROUNDS_MAX; round++) {
		found = memmem(text, len, key, key_len) != NULL || has_coded(text, len, key, room);
		if (found == 0 && !decode(text, &len))
			break;
	}
	free(text);
	free(room);
	return found;
}
