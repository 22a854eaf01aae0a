#include "export/export.h"

static const struct export_form forms[] = {
#define X(name, summary) { #name, summary, export_##name },
#include "export/formats.def"
#undef X
};

const struct export_form *export_form(size_t index)
{
	return index < sizeof(forms) / sizeof(forms[0]) ? &forms[index] : NULL;
}
