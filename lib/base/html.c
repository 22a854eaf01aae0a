#include "base/html.h"

#include <stdbool.h>
#include <string.h>

static const char *reference(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* The character at t.at, and its bytes; 0: none that is well-formed. */
static size_t decode(struct text t, unsigned *code_out)
{
	const unsigned char *s = (const unsigned char *)t.at;
	size_t len = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	unsigned code = len == 1 ? s[0] : s[0] & (0x7fu >> len);

	if (len > t.len || !text_utf8((struct text){ t.at, len }))
		return 0;
	for (size_t i = 1; i < len; i++)
		code = code << 6 | (s[i] & 0x3fu);
	*code_out = code;
	return len;
}

static bool turns_the_line(unsigned code)
{
	return code == 0x061c || code == 0x200e || code == 0x200f ||
	       (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

void html_add(struct buf *out, struct text t)
{
	static const char unknown[] = "\xef\xbf\xbd";
	size_t from = 0;

	for (size_t i = 0; i < t.len;) {
		unsigned code = 0;
		size_t len = decode((struct text){ t.at + i, t.len - i }, &code);
		struct text one = { t.at + i, len > 0 ? len : 1 };
		bool control = (code < 0x20 && code != '\t' && code != '\n') ||
		               (code >= 0x7f && code <= 0x9f);
		const char *instead = len == 0 || control ? unknown : reference(t.at[i]);

		i += one.len;
		if (instead == NULL && !turns_the_line(code))
			continue;
		buf_add(out, t.at + from, i - one.len - from);
		if (instead != NULL)
			buf_add_cstr(out, instead);
		else
			buf_addf(out, "[U+%04X]", code);
		from = i;
	}
	if (t.len > from)
		buf_add(out, t.at + from, t.len - from);
}
