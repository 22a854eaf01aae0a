/* What became of the keys, as rows and as JSON. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "catalogue/catalogue.h"

enum { COLUMN_KIND, COLUMN_MODEL, COLUMN_KEY, COLUMN_VALUE, COLUMN_WHY };

/* What to look at first; those behind SHOWN are no news. */
static const enum tally_kind order[] = { TALLY_UNREPRESENTED, TALLY_UNKNOWN, TALLY_INFORMATIVE,
	                                 TALLY_LISTED, TALLY_CONVERTED };
enum { SHOWN = 3 };
static_assert(sizeof(order) / sizeof(order[0]) == TALLY_KINDS, "a kind is never reported");

struct rows {
	const struct catalogue_import *in;
	struct table *table;
	enum tally_kind kind;
	struct buf value;
};

static const char *why_of(const struct tally_row *row)
{
	if (row->why[0] != '\0' || row->kind == TALLY_LISTED || row->kind == TALLY_CONVERTED)
		return row->why;
	return tally_kind_info[row->kind].meaning;
}

static void add_row(void *user, const struct tally_row *row)
{
	struct rows *rows = user;
	size_t at;

	if (row->kind != rows->kind)
		return;
	buf_clear(&rows->value);
	tally_value(&rows->in->tally, row->node, &rows->value);
	at = table_row(rows->table);
	table_set(rows->table, at, COLUMN_KIND, text_of(tally_kind_info[row->kind].key));
	table_set(rows->table, at, COLUMN_MODEL, row->model);
	table_set(rows->table, at, COLUMN_KEY, row->key);
	table_set(rows->table, at, COLUMN_VALUE, buf_text(&rows->value));
	table_set(rows->table, at, COLUMN_WHY, text_of(why_of(row)));
	if (rows->value.error < 0)
		rows->table->error = rows->value.error;
}

int catalogue_report_rows(const struct catalogue_import *in, struct table *table,
                          struct fault *fault)
{
	struct rows rows = { .in = in, .table = table };
	int r = 0;

	table_column(table, "kind", "Kind", TABLE_TEXT, false);
	table_column(table, "model", "Model", TABLE_TEXT, false);
	table_column(table, "key", "Key", TABLE_TEXT, false);
	table_column(table, "value", "Value", TABLE_TEXT, false);
	table_column(table, "why", "Why", TABLE_TEXT, false);
	for (size_t k = 0; k < TALLY_KINDS && r == 0; k++) {
		rows.kind = order[k];
		r = tally_walk(&in->tally, add_row, &rows, fault);
	}
	buf_release(&rows.value);
	if (r == 0 && table->error < 0)
		r = fault_set(fault, (enum fault_code) - table->error, "report: out of memory");
	return r;
}

/* --- one row a key --------------------------------------------------------- */

enum { KEYS_KIND, KEYS_KEY, KEYS_TIMES, KEYS_MODEL, KEYS_VALUE, KEYS_WHY };

struct group {
	uint64_t hash; /* of key and why */
	size_t times, row;
};

/* Different keys that are told apart; the rest is counted in one row. */
enum { GROUPS_MAX = 1000 };

struct groups {
	struct rows rows;
	struct group *groups;
	size_t count, cap;
};

/* "a[12].b" as "a[].b": which of a list it is says nothing of what it is. */
static void plain_key(struct text key, struct buf *out)
{
	bool index = false;

	buf_clear(out);
	for (size_t i = 0; i < key.len; i++) {
		index = index && key.at[i] != ']';
		if (!index)
			buf_add(out, &key.at[i], 1);
		index = index || key.at[i] == '[';
	}
}

/* What an amount is makes another reason of each: cut behind the ';' of its suggestion. */
static struct text plain_why(const char *why)
{
	const char *end = strchr(why, ';');

	return end != NULL ? (struct text){ why, (size_t)(end - why) } : text_of(why);
}

static struct group *group_of(struct groups *groups, uint64_t hash, bool *made)
{
	struct group *grown;

	for (size_t i = 0; i < groups->count; i++) {
		if (groups->groups[i].hash == hash) {
			*made = false;
			return &groups->groups[i];
		}
	}
	*made = true;
	if (groups->count == groups->cap) {
		size_t cap = groups->cap > 0 ? groups->cap * 2 : 64;

		grown = realloc(groups->groups, cap * sizeof(groups->groups[0]));
		if (grown == NULL)
			return NULL;
		groups->groups = grown;
		groups->cap = cap;
	}
	groups->groups[groups->count] = (struct group){ .hash = hash };
	return &groups->groups[groups->count++];
}

static void add_key(void *user, const struct tally_row *row)
{
	struct groups *groups = user;
	struct table *table = groups->rows.table;
	struct buf *value = &groups->rows.value;
	struct text why = plain_why(why_of(row));
	struct group *group;
	uint64_t hash;
	bool made;

	if (row->kind != groups->rows.kind || table->error < 0)
		return;
	if (groups->count == GROUPS_MAX)
		plain_key(text_of("(others)"), value);
	else
		plain_key(row->key, value);
	hash = hash64(value->at, value->len, hash64(why.at, why.len, row->kind));
	group = group_of(groups, hash, &made);
	if (group == NULL || value->error < 0) {
		table->error = -FAULT_NOMEM;
		return;
	}
	group->times++;
	if (made) {
		group->row = table_row(table);
		table_set(table, group->row, KEYS_KIND, text_of(tally_kind_info[row->kind].key));
		table_set(table, group->row, KEYS_KEY, buf_text(value));
		table_set(table, group->row, KEYS_MODEL, row->model);
		buf_clear(value);
		tally_value(&groups->rows.in->tally, row->node, value);
		table_set(table, group->row, KEYS_VALUE, buf_text(value));
		table_set(table, group->row, KEYS_WHY, why);
		if (value->error < 0)
			table->error = value->error;
	}
	table_set_count(table, group->row, KEYS_TIMES, (int64_t)group->times);
}

int catalogue_report_keys(const struct catalogue_import *in, struct table *table,
                          struct fault *fault)
{
	struct groups groups = { .rows = { .in = in, .table = table } };
	int r = 0;

	table_column(table, "kind", "Kind", TABLE_TEXT, false);
	table_column(table, "key", "Key", TABLE_TEXT, false);
	table_column(table, "times", "Times", TABLE_COUNT, false);
	table_column(table, "model", "First in", TABLE_TEXT, false);
	table_column(table, "value", "Value", TABLE_TEXT, false);
	table_column(table, "why", "Why", TABLE_TEXT, false);
	for (size_t k = 0; k < SHOWN && r == 0; k++) {
		groups.rows.kind = order[k];
		r = tally_walk(&in->tally, add_key, &groups, fault);
	}
	buf_release(&groups.rows.value);
	free(groups.groups);
	if (r == 0 && table->error < 0)
		r = fault_set(fault, (enum fault_code) - table->error, "report: out of memory");
	return r;
}

/* --- JSON ------------------------------------------------------------------ */

static void add_rows_json(struct buf *out, const struct table *table)
{
	static const char *const keys[] = { "model", "key", "value", "why" };

	buf_add_cstr(out, "[");
	for (size_t i = 0; i < table->row_count; i++) {
		const struct text *cells = table->rows[i].cells;

		buf_addf(out, "%s\n{\"kind\":", i > 0 ? "," : "");
		buf_add_json(out, cells[COLUMN_KIND]);
		for (size_t c = 0; c < sizeof(keys) / sizeof(keys[0]); c++)
			buf_add_member(out, keys[c], cells[COLUMN_MODEL + c]);
		buf_add_cstr(out, "}");
	}
	buf_add_cstr(out, "]");
}

int catalogue_report_json(const struct catalogue_import *in, struct buf *out, struct fault *fault)
{
	struct table table = { .rows = NULL };
	struct text rest = buf_text(&in->notes), line;
	int r = catalogue_report_rows(in, &table, fault);

	if (r < 0)
		goto out;
	buf_addf(out, "{\"catalogue\":\"%s\",\"unit\":\"%s\",\"complete\":%s", in->catalogue->name,
	         in->catalogue->unit, catalogue_import_complete(in) ? "true" : "false");
	buf_add_member(out, "effective_from", in->effective_from);
	buf_addf(out, ",\"entries\":%zu,\"models\":%zu,\"versions\":%zu,\"rates\":%zu",
	         in->entry_count, in->model_count, in->version_count, in->rate_count);
	buf_addf(out, ",\"keys\":{\"seen\":%zu", in->counts.seen);
	for (size_t k = 0; k < TALLY_KINDS; k++)
		buf_addf(out, ",\"%s\":%zu", tally_kind_info[k].key, in->counts.of[k]);
	buf_add_cstr(out, "},\"notes\":[");
	for (const char *comma = ""; text_cut(&rest, '\n', &line);) {
		if (line.len == 0)
			continue;
		buf_add_cstr(out, comma);
		buf_add_json(out, line);
		comma = ",";
	}
	buf_add_cstr(out, "],\"rows\":");
	add_rows_json(out, &table);
	buf_add_cstr(out, "}\n");
	if (out->error < 0)
		r = fault_set(fault, (enum fault_code) - out->error, "report: out of memory");
out:
	table_release(&table);
	return r;
}
