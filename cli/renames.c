#include "cli/renames.h"

#include <stdlib.h>

static const char *const kinds[RENAMES_KINDS] = { "model", "key", "account" };

static int by_theirs(const void *a, const void *b)
{
	const struct name_pair *x = a, *y = b;

	return text_compare(x->theirs, y->theirs);
}

static bool is_name(struct text t)
{
	return t.len > 0 && t.len <= STATEMENT_NAME_BYTES_MAX && text_plain(t);
}

/* Of the member `kind` of the root, an object. */
static int read_kind(struct renames *names, int kind, uint32_t node, const char *path,
                     struct fault *fault)
{
	const struct json *doc = &names->doc;
	struct name_pair *pairs;
	size_t count = 0;

	if (json_type_of(doc, node) != JSON_OBJECT)
		return fault_set(fault, FAULT_INVALID, "%s: %s: an object of names is due", path,
		                 kinds[kind]);
	pairs = calloc(doc->nodes[node].count + (size_t)1, sizeof(*pairs));
	names->kinds[kind].pairs = pairs;
	if (pairs == NULL)
		return fault_set(fault, FAULT_NOMEM, "%s: out of memory", path);
	for (uint32_t k = json_first(doc, node); k != JSON_NONE; k = json_next(doc, node, k)) {
		const struct name_pair pair = { doc->nodes[k].text, json_string(doc, k + 1) };

		if (!is_name(pair.theirs) || !is_name(pair.ours))
			return fault_set(fault, FAULT_INVALID,
			                 "%s: %s.%.*s: a name is 1 to %d bytes without control "
			                 "characters, on both sides",
			                 path, kinds[kind],
			                 (int)(pair.theirs.len < 64 ? pair.theirs.len : 64),
			                 pair.theirs.at, STATEMENT_NAME_BYTES_MAX);
		pairs[count++] = pair;
	}
	qsort(pairs, count, sizeof(*pairs), by_theirs);
	names->kinds[kind].count = count;
	return 0;
}

static int read_root(struct renames *names, const char *path, struct fault *fault)
{
	const struct json *doc = &names->doc;
	int r = 0;

	if (json_type_of(doc, 0) != JSON_OBJECT)
		return fault_set(fault, FAULT_INVALID,
		                 "%s: an object with model, key or account is due", path);
	for (uint32_t k = json_first(doc, 0); k != JSON_NONE && r == 0; k = json_next(doc, 0, k)) {
		int kind = 0;

		while (kind < RENAMES_KINDS && !text_is(doc->nodes[k].text, kinds[kind]))
			kind++;
		if (kind == RENAMES_KINDS)
			return fault_set(
				fault, FAULT_INVALID,
				"%s: %.*s: only model, key and account are there", path,
				(int)(doc->nodes[k].text.len < 64 ? doc->nodes[k].text.len : 64),
				doc->nodes[k].text.at);
		r = read_kind(names, kind, k + 1, path, fault);
	}
	return r;
}

int renames_parse(struct renames *names_out, struct text json, const char *path,
                  struct fault *fault)
{
	struct renames names = { .doc = { .nodes = NULL } };
	struct fault why;
	int r;

	buf_add_text(&names.file, json);
	r = names.file.error != 0 ? fault_set(&why, FAULT_NOMEM, "out of memory")
	                          : json_parse(&names.doc, buf_text(&names.file), &why);
	if (r < 0)
		fault_set(fault, (enum fault_code) - r, "%s: %.400s", path, why.text);
	else
		r = read_root(&names, path, fault);
	if (r == 0)
		*names_out = names;
	else
		renames_release(&names);
	return r;
}

void renames_release(struct renames *names)
{
	for (int k = 0; k < RENAMES_KINDS; k++)
		free(names->kinds[k].pairs);
	json_release(&names->doc);
	buf_release(&names->file);
	*names = (struct renames){ .doc = { .nodes = NULL } };
}

bool renames_any(const struct renames *names)
{
	bool any = false;

	for (int k = 0; k < RENAMES_KINDS; k++)
		any = any || names->kinds[k].count > 0;
	return any;
}

void renames_apply(const struct renames *names, struct statement_row *row)
{
	struct text *const of[RENAMES_KINDS] = { &row->model, &row->key, &row->account };

	for (int k = 0; k < RENAMES_KINDS; k++) {
		const struct name_pair asked = { *of[k], { NULL, 0 } };
		const struct name_pair *found = NULL;

		if (of[k]->at != NULL && names->kinds[k].count > 0)
			found = bsearch(&asked, names->kinds[k].pairs, names->kinds[k].count,
			                sizeof(asked), by_theirs);
		if (found != NULL)
			*of[k] = found->ours;
	}
}
