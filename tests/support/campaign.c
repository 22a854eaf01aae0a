#include "tests/support/campaign.h"

#include <stdlib.h>
#include <string.h>

int64_t campaign_number(const char *name, int64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL && *text != '\0' ? strtoll(text, NULL, 10) : otherwise;
}

bool campaign_sanitized(void)
{
	const char *mode = getenv("TOLL_MODE");

	return mode != NULL && (strcmp(mode, "asan") == 0 || strcmp(mode, "tsan") == 0);
}
