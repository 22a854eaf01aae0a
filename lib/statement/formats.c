/* The list of the formats, and the names of the fields. */
#include "statement/format.h"

#include <string.h>

static const struct statement_format *const formats[] = {
#define F(NAME, name, CONTAINER, unit, summary) &statement_format_##NAME,
#include "statement/formats.def"
#undef F
	NULL,
};

enum { FORMAT_COUNT = sizeof(formats) / sizeof(formats[0]) - 1 };

const struct statement_format *statement_format_at(size_t index)
{
	return index < FORMAT_COUNT ? formats[index] : NULL;
}

const struct statement_format *statement_format_find(struct text name)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if (text_is(name, formats[i]->name))
			return formats[i];
	}
	return NULL;
}

static const struct {
	const char *name, *text;
	enum statement_kind kind;
} fields[FIELD_COMPONENTS] = {
#define F(NAME, name, KIND, text) { name, text, VALUE_##KIND },
#include "statement/field.def"
#undef F
};

static const struct {
	const char *name, *text;
} amounts[STATEMENT_MONEY_COUNT] = {
#define M(NAME, name, text) { name, text },
#include "statement/money.def"
#undef M
};

const char *statement_field_name(enum statement_field field)
{
	if (field < FIELD_COMPONENTS)
		return fields[field].name;
	if (field < FIELD_MONEY)
		return component_info[field - FIELD_COMPONENTS].key;
	return amounts[field - FIELD_MONEY].name;
}

const char *statement_field_text(enum statement_field field)
{
	if (field < FIELD_COMPONENTS)
		return fields[field].text;
	if (field < FIELD_MONEY)
		return "units of this component";
	return amounts[field - FIELD_MONEY].text;
}

enum statement_kind statement_field_kind(enum statement_field field)
{
	if (field < FIELD_COMPONENTS)
		return fields[field].kind;
	return field < FIELD_MONEY ? VALUE_COUNT : VALUE_MONEY;
}

enum statement_field statement_field_find(struct text name)
{
	for (int f = 0; f < FIELD_COUNT; f++) {
		if (text_is(name, statement_field_name((enum statement_field)f)))
			return (enum statement_field)f;
	}
	return FIELD_COUNT;
}
