#include "tests/support/jsonrows.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stddef.h>
/* cmocka's header needs the four above. */
#include <cmocka.h>

#include "statement/read.h"

static const char *const money_names[] = {
#define M(NAME, name, text) name,
#include "statement/money.def"
#undef M
};

static void put_span(struct buf *out, const struct statement_row *row)
{
	static const struct {
		int64_t ms;
		const char *name;
	} spans[] = { { MS_PER_DAY, "d" }, { MS_PER_HOUR, "h" }, { 60000, "min" }, { 1000, "s" } };
	char moment[MOMENT_TEXT_BYTES];
	int64_t span = row->to_ms - row->from_ms;

	if (!statement_timed(row)) {
		buf_add_cstr(out, "-");
		return;
	}
	moment_text(row->from_ms, moment);
	buf_add_cstr(out, moment);
	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		if (span % spans[i].ms == 0) {
			buf_addf(out, " +%lld%s", (long long)(span / spans[i].ms), spans[i].name);
			return;
		}
	}
	buf_addf(out, " +%lldms", (long long)span);
}

static void put_texts(struct buf *out, const struct statement_row *row)
{
	const struct {
		const char *name;
		struct text text;
	} texts[] = {
		{ "id", row->id },
		{ "upstream", row->upstream_id },
		{ "request", row->request_id },
		{ "account", row->account },
		{ "key", row->key },
		{ "model", row->model },
		{ "provider", row->provider },
		{ "tier", row->service_tier },
		{ "description", row->description },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].text.at != NULL)
			buf_addf(out, " %s=%.*s", texts[i].name, TEXT_ARGS(texts[i].text));
	}
}

static void put_flags(struct buf *out, const struct statement_row *row)
{
	static const struct {
		unsigned flag;
		const char *name;
	} flags[] = {
		{ STATEMENT_CANCELLED, "cancelled" }, { STATEMENT_BYOK, "byok" },
		{ STATEMENT_BLANK, "blank" },         { STATEMENT_CUT, "cut" },
		{ STATEMENT_REAL, "real" },           { STATEMENT_BYOK_PART, "byok_part" },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if ((row->flags & flags[i].flag) != 0)
			buf_addf(out, " %s", flags[i].name);
	}
}

static void put_counts(struct buf *out, const struct statement_row *row)
{
	if (row->requests != STATEMENT_UNTOLD && !(row->request && row->requests == 1))
		buf_addf(out, " requests=%lld", (long long)row->requests);
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (statement_tells(row, (enum component)c))
			buf_addf(out, " %s=%lld", component_info[c].key, (long long)row->count[c]);
		else
			assert_int_equal(row->count[c], 0);
	}
	if (row->prompt_total != STATEMENT_UNTOLD)
		buf_addf(out, " prompt=%lld", (long long)row->prompt_total);
	if (row->answer_total != STATEMENT_UNTOLD)
		buf_addf(out, " answer=%lld", (long long)row->answer_total);
}

static void put_money(struct buf *out, const struct statement_row *row)
{
	char text[MONEY_TEXT_BYTES];

	if (row->of != COMPONENT_COUNT)
		buf_addf(out, " of=%s", component_info[row->of].key);
	for (int m = 0; m < STATEMENT_MONEY_COUNT; m++) {
		if (!statement_has(row, (enum statement_money)m)) {
			assert_true(row->money[m].attos == 0);
			continue;
		}
		money_text(row->money[m], text);
		buf_addf(out, " %s=%s", money_names[m], text);
	}
	if (statement_has(row, STATEMENT_MONEY_AMOUNT))
		buf_addf(out, " decimals=%u", row->decimals);
	if (strcmp(row->currency, "USD") != 0)
		buf_addf(out, " %s", row->currency[0] != '\0' ? row->currency : "(no currency)");
}

static struct text keep(struct arena *arena, struct text t)
{
	return t.at == NULL ? t : arena_copy(arena, t);
}

static int each(void *context, const struct statement_row *row, struct fault *fault)
{
	struct jsonrows *rows = context;
	struct statement_row *kept = &rows->row[rows->count];
	struct buf line = { .at = NULL };

	(void)fault;
	assert_true(rows->count < JSONROWS_MAX);
	put_span(&line, row);
	if (row->request)
		buf_add_cstr(&line, " request");
	put_texts(&line, row);
	if (row->charge != STATEMENT_USAGE)
		buf_addf(&line, " %s", statement_charge_name(row->charge));
	put_flags(&line, row);
	put_counts(&line, row);
	put_money(&line, row);
	*kept = *row;
	kept->id = keep(&rows->arena, row->id);
	kept->upstream_id = keep(&rows->arena, row->upstream_id);
	kept->request_id = keep(&rows->arena, row->request_id);
	kept->account = keep(&rows->arena, row->account);
	kept->key = keep(&rows->arena, row->key);
	kept->model = keep(&rows->arena, row->model);
	kept->provider = keep(&rows->arena, row->provider);
	kept->service_tier = keep(&rows->arena, row->service_tier);
	kept->description = keep(&rows->arena, row->description);
	rows->line[rows->count++] = arena_copy(&rows->arena, buf_text(&line)).at;
	buf_release(&line);
	return 0;
}

void jsonrows_read(struct jsonrows *rows, const char *format, const char *json)
{
	struct statement_options options = { .format = NULL };
	struct statement_summary summary = { .format = NULL };
	char path[] = "/tmp/toll-jsonrows-XXXXXX";
	int fd = mkstemp(path);
	size_t len = strlen(json);

	*rows = (struct jsonrows){ .count = 0 };
	assert_true(fd >= 0);
	assert_int_equal(write(fd, json, len), (ssize_t)len);
	assert_int_equal(close(fd), 0);
	if (format != NULL) {
		options.format = statement_format_find(text_of(format));
		assert_non_null(options.format);
	}
	rows->r = statement_read(path, &options, each, rows, &summary, &rows->fault);
	assert_int_equal(unlink(path), 0);
	rows->notes = arena_copy(&rows->arena, buf_text(&summary.notes)).at;
	rows->format = summary.format != NULL ? summary.format->name : NULL;
	if (rows->r == 0)
		assert_int_equal(summary.rows, rows->count);
	statement_summary_release(&summary);
}

void jsonrows_release(struct jsonrows *rows)
{
	arena_release(&rows->arena);
}

const char *jsonrows_quotes(const char *text)
{
	enum { KEPT = 4, BYTES = 16384 };
	static char kept[KEPT][BYTES];
	static unsigned next;
	char *out = kept[next++ % KEPT];

	assert_true(strlen(text) < BYTES);
	strcpy(out, text);
	for (char *c = out; *c != '\0'; c++) {
		if (*c == '\'')
			*c = '"';
	}
	return out;
}

void jsonrows_are(const char *label, const char *format, const char *json,
                  const char *const lines[])
{
	struct jsonrows rows;

	jsonrows_read(&rows, format, jsonrows_quotes(json));
	if (rows.r < 0)
		fail_msg("%s: %s", label, rows.fault.text);
	for (size_t i = 0; lines[i] != NULL; i++) {
		if (i >= rows.count)
			fail_msg("%s: %zu rows, and \"%s\" is none of them", label, rows.count,
			         lines[i]);
		if (strcmp(rows.line[i], lines[i]) != 0)
			fail_msg("%s, row %zu:\n  is  %s\n  not %s", label, i, rows.line[i],
			         lines[i]);
		if (lines[i + 1] == NULL && rows.count > i + 1)
			fail_msg("%s: one row more: %s", label, rows.line[i + 1]);
	}
	if (lines[0] == NULL)
		assert_int_equal(rows.count, 0);
	jsonrows_release(&rows);
}

void jsonrows_check(const struct jsonrows_sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++)
		jsonrows_are(samples[i].label, samples[i].format, samples[i].json,
		             samples[i].lines);
}

void jsonrows_refused(const char *label, const char *format, const char *json, enum fault_code code,
                      const char *part)
{
	struct jsonrows rows;

	jsonrows_read(&rows, format, jsonrows_quotes(json));
	if (rows.r == 0)
		fail_msg("%s: read, %zu rows, the first: %s", label, rows.count,
		         rows.count > 0 ? rows.line[0] : "-");
	if (rows.r != -(int)code || rows.fault.code != code)
		fail_msg("%s: %s: %s", label, fault_name(rows.r), rows.fault.text);
	if (strstr(rows.fault.text, part) == NULL)
		fail_msg("%s: \"%s\" is not in: %s", label, part, rows.fault.text);
	jsonrows_release(&rows);
}
