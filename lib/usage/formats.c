/* The list of the wire shapes. */
#include "usage/format.h"

static const struct usage_format *const formats[] = {
#define X(NAME, api, summary) &format_##NAME,
#include "usage/formats.def"
#undef X
};

static const char *const summaries[] = {
#define X(NAME, api, summary) summary,
#include "usage/formats.def"
#undef X
};

enum { FORMAT_COUNT = sizeof(formats) / sizeof(formats[0]) };

const struct usage_format *format_find(struct text api)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if (text_is(api, formats[i]->name))
			return formats[i];
	}
	return NULL;
}

const char *event_format_name(size_t index)
{
	return index < FORMAT_COUNT ? formats[index]->name : NULL;
}

const char *event_format_summary(size_t index)
{
	return index < FORMAT_COUNT ? summaries[index] : NULL;
}

static bool has_reading(const struct usage_format *format, struct text name)
{
	if (format->reading_count > 0 && text_is(name, READING_DECLARED))
		return true;
	for (size_t i = 0; i < format->reading_count; i++) {
		if (text_is(name, format->readings[i].name))
			return true;
	}
	return false;
}

bool event_reading_known(struct text api, struct text reading)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if ((api.at == NULL || text_is(api, formats[i]->name)) &&
		    has_reading(formats[i], reading))
			return true;
	}
	return false;
}
