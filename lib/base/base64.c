#include "base/base64.h"

#include <string.h>

#include "base/fault.h"

static int digit_of(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

int base64_decode(struct arena *arena, struct text coded, struct text *bytes_out)
{
	char *bytes;
	size_t len = 0;
	uint32_t bits = 0;

	while (coded.len > 0 && coded.at[coded.len - 1] == '=')
		coded.len--;
	if (coded.len % 4 == 1)
		return -FAULT_SYNTAX;
	bytes = arena_take(arena, coded.len);
	if (bytes == NULL)
		return -FAULT_NOMEM;
	for (size_t i = 0; i < coded.len; i++) {
		int digit = digit_of(coded.at[i]);

		if (digit < 0)
			return -FAULT_SYNTAX;
		bits = bits << 6 | (uint32_t)digit;
		if (i % 4 != 0)
			bytes[len++] = (char)(bits >> (6 - i % 4 * 2) & 0xff);
	}
	*bytes_out = (struct text){ bytes, len };
	return 0;
}
