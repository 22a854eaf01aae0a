#include "cli/verdicts.h"

#include <assert.h>
#include <stdio.h>

/* In the order in which a person wants them. */
static const struct {
	enum ingest_verdict verdict;
	const char *title, *advice;
} lines[] = {
	{ INGEST_ACCEPTED, "Accepted", "" },
	{ INGEST_DUPLICATE, "Duplicate", "known already, nothing written" },
	{ INGEST_UNPRICED, "Unpriced", "stored without a rate: toll suspense list" },
	{ INGEST_QUARANTINED, "Quarantined", "not understood, kept as sent: toll quarantine list" },
	{ INGEST_CONFLICT, "Conflict", "known id, other content: toll quarantine conflicts" },
	{ INGEST_CHECKPOINT, "Checkpoint", "a source's own totals" },
};
static_assert(sizeof(lines) / sizeof(lines[0]) == INGEST_VERDICT_COUNT, "a verdict has no line");

void verdicts_write(struct context *context, const int64_t counts[INGEST_VERDICT_COUNT],
                    const char *more)
{
	struct buf *out = &context->out;
	int64_t sum = 0;
	char text[128];

	for (int v = 0; v < INGEST_VERDICT_COUNT; v++)
		sum += counts[v];
	if (context->form == FORM_JSON) {
		buf_addf(out, "{\"lines\":%lld", (long long)sum);
		for (size_t i = 0; i < INGEST_VERDICT_COUNT; i++)
			buf_addf(out, ",\"%s\":%lld", ingest_verdict_name(lines[i].verdict),
			         (long long)counts[lines[i].verdict]);
		buf_addf(out, "%s}\n", more != NULL ? more : "");
		return;
	}
	/* An envelope's other events may have been accepted: the verdict is of the line. */
	snprintf(text, sizeof(text), "%9lld%s", (long long)sum,
	         sum > counts[INGEST_ACCEPTED] + counts[INGEST_CHECKPOINT]
	                 ? "  each counts once, by the worst of its events"
	                 : "");
	printer_pair(&context->printer, 11, "Lines", text_of(text));
	for (size_t i = 0; i < INGEST_VERDICT_COUNT; i++) {
		int64_t count = counts[lines[i].verdict];

		if (count == 0 && lines[i].verdict != INGEST_ACCEPTED)
			continue;
		snprintf(text, sizeof(text), "%9lld%s%s", (long long)count,
		         lines[i].advice[0] != '\0' ? "  " : "", lines[i].advice);
		printer_pair(&context->printer, 11, lines[i].title, text_of(text));
	}
}
