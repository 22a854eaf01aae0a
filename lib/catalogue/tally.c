#include "catalogue/tally.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct tally_kind_info tally_kind_info[TALLY_KINDS] = {
#define K(NAME, key, meaning) { key, meaning },
#include "catalogue/tally.def"
#undef K
};

int tally_init(struct tally *tally, const struct json *doc, struct fault *fault)
{
	*tally = (struct tally){ .doc = doc };
	tally->marks = calloc((size_t)doc->count + 1, sizeof(tally->marks[0]));
	if (tally->marks == NULL)
		return fault_set(fault, FAULT_NOMEM, "catalogue: out of memory");
	return 0;
}

void tally_release(struct tally *tally)
{
	if (tally == NULL)
		return;
	free(tally->marks);
	free(tally->entries);
	arena_release(&tally->arena);
	*tally = (struct tally){ .doc = NULL };
}

void tally_entry(struct tally *tally, uint32_t node, struct text name)
{
	if (tally->entry_count == tally->entry_cap) {
		size_t cap = tally->entry_cap > 0 ? tally->entry_cap * 2 : 256;
		struct tally_entry *entries = realloc(tally->entries,
		                                      cap * sizeof(tally->entries[0]));

		if (entries == NULL) {
			tally->error = -FAULT_NOMEM;
			return;
		}
		tally->entries = entries;
		tally->entry_cap = cap;
	}
	tally->entries[tally->entry_count++] = (struct tally_entry){ node, name };
}

void tally_mark(struct tally *tally, uint32_t node, enum tally_kind kind, const char *why)
{
	if (node != JSON_NONE)
		tally->marks[node] = (struct tally_mark){ why, (uint8_t)(kind + 1) };
}

void tally_markf(struct tally *tally, uint32_t node, enum tally_kind kind, const char *format, ...)
{
	char why[FAULT_TEXT_BYTES];
	struct text kept;
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	kept = arena_copy(&tally->arena, text_of(why));
	if (kept.at == NULL)
		tally->error = -FAULT_NOMEM;
	tally_mark(tally, node, kind, kept.at);
}

void tally_unmark(struct tally *tally, uint32_t node)
{
	if (node != JSON_NONE)
		tally->marks[node] = (struct tally_mark){ NULL, 0 };
}

/* --- the walk -------------------------------------------------------------- */

struct walk {
	const struct tally *tally;
	void (*row)(void *user, const struct tally_row *row);
	void *user;
	struct buf key;
	size_t from;  /* in `key`: where the entry's own begins */
	size_t entry; /* the next that may begin */
};

/* Something in it is marked, or belongs to a model. */
static bool is_opened(const struct walk *w, uint32_t node)
{
	const struct tally *tally = w->tally;
	uint32_t end = tally->doc->nodes[node].end;

	if (w->entry < tally->entry_count && tally->entries[w->entry].node > node &&
	    tally->entries[w->entry].node < end)
		return true;
	for (uint32_t i = node + 1; i < end; i++) {
		if (tally->marks[i].kind != 0)
			return true;
	}
	return false;
}

static bool is_empty(const struct json_node *node)
{
	return (node->type == JSON_ARRAY || node->type == JSON_OBJECT) && node->count == 0;
}

static void tell(struct walk *w, uint32_t node, struct text model)
{
	const struct tally_mark *mark = &w->tally->marks[node];
	struct text key = buf_text(&w->key);
	struct tally_row row = { .model = model, .node = node };

	row.key = (struct text){ key.at + w->from, key.len - w->from };
	row.why = mark->why != NULL ? mark->why : "";
	if (mark->kind != 0) {
		row.kind = (enum tally_kind)(mark->kind - 1);
	} else if (w->tally->doc->nodes[node].type == JSON_NULL) {
		row.kind = TALLY_INFORMATIVE;
		row.why = "null: nothing is said";
	} else if (is_empty(&w->tally->doc->nodes[node])) {
		row.kind = TALLY_INFORMATIVE;
		row.why = "empty: nothing is said";
	} else {
		row.kind = TALLY_UNKNOWN;
	}
	w->row(w->user, &row);
}

static void walk(struct walk *w, uint32_t node, struct text model)
{
	const struct tally *tally = w->tally;
	const struct json *doc = tally->doc;
	bool object = doc->nodes[node].type == JSON_OBJECT;
	size_t key_len = w->key.len, from = w->from, index = 0;

	/* Some may stand in what was told as a whole. */
	while (w->entry < tally->entry_count && tally->entries[w->entry].node < node)
		w->entry++;
	if (w->entry < tally->entry_count && tally->entries[w->entry].node == node) {
		model = tally->entries[w->entry++].name;
		w->from = key_len;
	}
	if (tally->marks[node].kind != 0 || !is_opened(w, node)) {
		tell(w, node, model);
		w->from = from;
		return;
	}
	for (uint32_t i = json_first(doc, node); i != JSON_NONE; i = json_next(doc, node, i)) {
		w->key.len = key_len;
		if (object)
			buf_addf(&w->key, "%s%.*s", key_len > w->from ? "." : "",
			         TEXT_ARGS(doc->nodes[i].text));
		else
			buf_addf(&w->key, "[%zu]", index++);
		walk(w, object ? i + 1 : i, model);
	}
	w->key.len = key_len;
	w->from = from;
}

int tally_walk(const struct tally *tally, void (*row)(void *user, const struct tally_row *row),
               void *user, struct fault *fault)
{
	struct walk w = { .tally = tally, .row = row, .user = user };
	int error;

	walk(&w, 0, text_of(NULL));
	error = w.key.error < 0 ? w.key.error : tally->error;
	buf_release(&w.key);
	if (error < 0)
		return fault_set(fault, FAULT_NOMEM, "catalogue: out of memory");
	return 0;
}

void tally_value(const struct tally *tally, uint32_t node, struct buf *out)
{
	size_t start = out->len;

	json_write(tally->doc, node, JSON_DEPTH_MAX, out);
	if (out->error < 0 || out->len - start <= TALLY_VALUE_BYTES)
		return;
	out->len = start + TALLY_VALUE_BYTES - 3;
	/* Not within a character. */
	while (out->len > start && ((unsigned char)out->at[out->len] & 0xc0) == 0x80)
		out->len--;
	buf_add_cstr(out, "...");
}

static void count(void *user, const struct tally_row *row)
{
	struct tally_counts *counts = user;

	counts->seen++;
	counts->of[row->kind]++;
}

int tally_count(const struct tally *tally, struct tally_counts *counts_out, struct fault *fault)
{
	struct tally_counts counts = { .seen = 0 };
	int r = tally_walk(tally, count, &counts, fault);

	if (r == 0)
		*counts_out = counts;
	return r;
}
