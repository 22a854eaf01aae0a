#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const char *const names[FAULT_CODE_COUNT] = {
	[FAULT_NONE] = "none",
#define F(NAME, name, meaning) [FAULT_##NAME] = name,
#include "base/fault.def"
#undef F
};

/* Length of the character at c: 1 to 4 bytes, or 0 where there is none (half of one, a control). */
static size_t character_len(const char *c)
{
	size_t left = strnlen(c, 4);

	if (!text_plain((struct text){ c, 1 }))
		return 0;
	for (size_t len = 1; len <= left; len++) {
		if (text_utf8((struct text){ c, len }))
			return text_plain((struct text){ c, len }) ? len : 0;
	}
	return 0;
}

int fault_set(struct fault *fault, enum fault_code code, const char *format, ...)
{
	va_list args;

	if (fault == NULL)
		return -(int)code;
	fault->code = code;
	va_start(args, format);
	vsnprintf(fault->text, sizeof(fault->text), format, args);
	va_end(args);
	for (char *c = fault->text; *c != '\0';) {
		size_t len = character_len(c);

		if (len == 0)
			*c = '?';
		c += len > 0 ? len : 1;
	}
	return -(int)code;
}

const char *fault_name(int code)
{
	int index = abs(code);

	return index < FAULT_CODE_COUNT ? names[index] : "unknown";
}
