/*
 * The names of genai-prices' models.  Its rules (genai_prices/types.py): what is asked for and
 * the text of a clause are compared in small letters, but for regex; of the models of a provider
 * the first that matches is taken.
 */
#include <stdlib.h>
#include <string.h>

#include "catalogue/finite.h"
#include "catalogue/genai_internal.h"

enum { CLAUSE_DEPTH_MAX = 16 };

#define NO_MEMORY(fault) fault_set(fault, FAULT_NOMEM, "catalogue: out of memory")

struct text genai_folded(struct genai *g, struct text t)
{
	struct buf text = { .at = NULL };
	struct text copy;
	char *at = buf_room(&text, t.len);

	for (size_t i = 0; at != NULL && i < t.len; i++)
		at[i] = t.at[i] >= 'A' && t.at[i] <= 'Z' ? (char)(t.at[i] - 'A' + 'a') : t.at[i];
	copy = draft_text(&g->in->draft, at != NULL ? (struct text){ at, t.len } : t);
	if (at == NULL)
		g->in->draft.error = -FAULT_NOMEM;
	buf_release(&text);
	return copy;
}

static struct text joined(struct genai *g, const char *before, struct text t, const char *behind)
{
	struct buf text = { .at = NULL };
	struct text copy;

	buf_add_cstr(&text, before);
	buf_add_text(&text, t);
	buf_add_cstr(&text, behind);
	if (text.error < 0)
		g->in->draft.error = -FAULT_NOMEM;
	copy = draft_text(&g->in->draft, buf_text(&text));
	buf_release(&text);
	return copy;
}

/* ---- what the clauses say ---- */

static void add_clause(struct genai *g, const struct genai_clause *clause)
{
	struct genai_clause *clauses = g->clauses;

	if (g->clause_count == g->clause_cap) {
		size_t cap = g->clause_cap > 0 ? g->clause_cap * 2 : 1024;

		clauses = realloc(clauses, cap * sizeof(clauses[0]));
		if (clauses == NULL) {
			g->in->draft.error = -FAULT_NOMEM;
			return;
		}
		g->clauses = clauses;
		g->clause_cap = cap;
	}
	clauses[g->clause_count] = *clause;
	clauses[g->clause_count++].folded = genai_folded(g, clause->written);
}

static const struct form {
	const char *key, *before, *behind;
	bool exact;
} forms[] = {
	{ "equals", "", "", true },
	{ "starts_with", "", "*", false },
	{ "ends_with", "*", "", false },
	{ "contains", "*", "*", false },
};

static void read_text(struct genai *g, size_t model, uint32_t node, const struct form *form,
                      bool claim)
{
	struct text t = json_string(&g->in->doc, node);
	struct genai_clause clause = { .node = node, .model = model, .exact = form->exact };

	if (t.at == NULL)
		return;
	clause.claim = claim;
	clause.written = joined(g, form->before, t, form->behind);
	if (!claim && memchr(t.at, '*', t.len) != NULL) {
		tally_mark(&g->in->tally, node, TALLY_UNREPRESENTED,
		           "a '*' of a name: in a book it stands for any text");
		clause.claim = true;
	}
	add_clause(g, &clause);
}

/* What its names may begin with; more than it says is no harm. */
static struct text literal_start(struct text regex)
{
	size_t len = 0;

	if (regex.len == 0 || regex.at[0] != '^')
		return (struct text){ regex.at, 0 };
	while (len + 1 < regex.len && strchr("\\.[](){}?*+|^$", regex.at[len + 1]) == NULL)
		len++;
	return (struct text){ regex.at + 1, len };
}

static void read_regex(struct genai *g, size_t model, uint32_t node, bool claim)
{
	struct text regex = json_string(&g->in->doc, node);
	struct genai_clause clause = { .node = node, .model = model, .claim = true };
	struct fault why = { .code = FAULT_NONE };
	struct finite finite;
	int r;

	if (regex.at == NULL)
		return;
	clause.written = joined(g, "", literal_start(regex), "*");
	r = finite_names(regex, &g->in->draft.arena, &finite, &why);
	if (r == -FAULT_NOMEM)
		g->in->draft.error = r;
	if (claim || r < 0 || finite.partial || finite.dots) {
		add_clause(g, &clause);
		if (!claim)
			tally_markf(&g->in->tally, node, TALLY_UNREPRESENTED,
			            "a book has names and patterns with '*': %s",
			            r < 0 ? why.text : "it stands for names without end");
		return;
	}
	clause.claim = false;
	clause.exact = true;
	for (size_t i = 0; i < finite.count; i++) {
		clause.written = finite.names[i];
		add_clause(g, &clause);
	}
}

static void read_match(struct genai *g, size_t model, uint32_t node, bool claim, unsigned depth)
{
	const struct json *doc = &g->in->doc;
	uint32_t key = json_type_of(doc, node) == JSON_OBJECT ? json_first(doc, node) : JSON_NONE;
	bool all, any;

	/* Left without a mark, it is in the report as not understood. */
	if (key == JSON_NONE || doc->nodes[node].count != 1 || depth > CLAUSE_DEPTH_MAX)
		return;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (text_is(doc->nodes[key].text, forms[i].key))
			read_text(g, model, key + 1, &forms[i], claim);
	}
	if (text_is(doc->nodes[key].text, "regex"))
		read_regex(g, model, key + 1, claim);
	all = text_is(doc->nodes[key].text, "and");
	any = text_is(doc->nodes[key].text, "or");
	if ((!all && !any) || json_type_of(doc, key + 1) != JSON_ARRAY)
		return;
	if (all && !claim)
		tally_mark(&g->in->tally, key + 1, TALLY_UNREPRESENTED,
		           "several conditions at once: a pattern of a book is one");
	for (uint32_t i = json_first(doc, key + 1); i != JSON_NONE; i = json_next(doc, key + 1, i))
		read_match(g, model, i, claim || all, depth + 1);
}

/* ---- names in the book ---- */

static int name_model(struct genai *g, struct genai_model *model, struct fault *fault)
{
	struct catalogue_import *in = g->in;
	struct text prefix = g->providers[model->provider].prefix;
	struct buf name = { .at = NULL };
	struct fault why;
	int r;

	if (model->id.at == NULL || memchr(model->id.at, '*', model->id.len) != NULL) {
		tally_mark(&in->tally, model->id_node, TALLY_UNREPRESENTED,
		           "an id that is no name of a model");
		return 0;
	}
	buf_add_text(&name, prefix);
	buf_add_text(&name, model->id);
	if (name.error < 0) {
		buf_release(&name);
		return NO_MEMORY(fault);
	}
	r = draft_model(&in->draft, buf_text(&name), buf_text(&name), &model->draft, &why);
	buf_release(&name);
	if (r == -FAULT_NOMEM)
		return NO_MEMORY(fault);
	if (r < 0)
		tally_markf(&in->tally, model->id_node, TALLY_UNREPRESENTED, "%s", why.text);
	else
		tally_mark(&in->tally, model->id_node, TALLY_CONVERTED, NULL);
	return 0;
}

/* The clause of an earlier model of the provider that takes all that this one stands for. */
static const struct genai_clause *earlier(const struct genai *g, size_t index)
{
	const struct genai_clause *clause = &g->clauses[index];

	for (size_t i = index; i-- > 0;) {
		const struct genai_clause *other = &g->clauses[i];

		if (g->models[other->model].provider != g->models[clause->model].provider)
			break;
		if (other->model != clause->model && !other->claim &&
		    text_match(other->folded, clause->folded))
			return other;
	}
	return NULL;
}

static int name_clause(struct genai *g, size_t index, struct fault *fault)
{
	const struct genai_clause *clause = &g->clauses[index], *first;
	struct genai_model *model = &g->models[clause->model];
	struct catalogue_import *in = g->in;
	struct buf name = { .at = NULL };
	struct fault why;
	int r;

	if (clause->claim)
		return 0;
	if (model->draft == NULL) {
		tally_mark(&in->tally, clause->node, TALLY_INFORMATIVE,
		           "of a model that is not in the book");
		return 0;
	}
	first = earlier(g, index);
	if (first != NULL) {
		tally_markf(&in->tally, clause->node, TALLY_INFORMATIVE,
		            "never reached: %.*s stands first and has all of it",
		            TEXT_ARGS(g->models[first->model].id));
		return 0;
	}
	buf_add_text(&name, g->providers[model->provider].prefix);
	buf_add_text(&name, clause->written);
	if (name.error < 0) {
		buf_release(&name);
		return NO_MEMORY(fault);
	}
	r = draft_alias(&in->draft, model->draft, buf_text(&name), &why);
	buf_release(&name);
	if (r == -FAULT_NOMEM)
		return NO_MEMORY(fault);
	if (r < 0)
		tally_markf(&in->tally, clause->node, TALLY_UNREPRESENTED, "%s", why.text);
	else
		tally_mark(&in->tally, clause->node, TALLY_CONVERTED, NULL);
	return 0;
}

/* ---- without their provider ---- */

/* A model of another provider that answers to that name, or NULL. */
static const struct genai_model *other_owner(const struct genai *g, size_t provider,
                                             struct text folded)
{
	for (size_t i = 0; i < g->model_count; i++) {
		if (g->models[i].provider != provider && text_equal(g->models[i].folded, folded))
			return &g->models[i];
	}
	for (size_t i = 0; i < g->clause_count; i++) {
		const struct genai_model *model = &g->models[g->clauses[i].model];

		if (model->provider != provider && text_match(g->clauses[i].folded, folded))
			return model;
	}
	return NULL;
}

static int name_alone(struct genai *g, struct genai_model *model, uint32_t node, struct text name,
                      struct text folded, struct fault *fault)
{
	struct catalogue_import *in = g->in;
	const struct genai_model *other;
	const struct draft_model *taken;
	struct fault why;
	int r;

	if (model->draft == NULL || in->tally.marks[node].kind != TALLY_CONVERTED + 1)
		return 0;
	other = other_owner(g, model->provider, folded);
	taken = draft_find(&in->draft, name);
	if (other != NULL) {
		tally_markf(&in->tally, node, TALLY_INFORMATIVE,
		            "named with its provider only: %.*s/%.*s answers to %.*s as well",
		            TEXT_ARGS(g->providers[other->provider].id), TEXT_ARGS(other->id),
		            TEXT_ARGS(name));
		return 0;
	}
	if (taken != NULL && taken != model->draft) {
		tally_markf(&in->tally, node, TALLY_INFORMATIVE,
		            "named with its provider only: %.*s is the name of another entry",
		            TEXT_ARGS(name));
		return 0;
	}
	r = draft_alias(&in->draft, model->draft, name, &why);
	return r < 0 ? fault_set(fault, (enum fault_code) - r, "%s", why.text) : 0;
}

static int name_all_alone(struct genai *g, struct fault *fault)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < g->model_count; i++) {
		struct genai_model *model = &g->models[i];

		if (model->draft != NULL)
			r = name_alone(g, model, model->id_node, model->id, model->folded, fault);
	}
	for (size_t i = 0; r == 0 && i < g->clause_count; i++) {
		const struct genai_clause *clause = &g->clauses[i];

		if (clause->exact && !clause->claim)
			r = name_alone(g, &g->models[clause->model], clause->node, clause->written,
			               clause->folded, fault);
	}
	return r;
}

int genai_names(struct genai *g, struct fault *fault)
{
	int r = 0;

	for (size_t i = 0; i < g->model_count; i++)
		read_match(g, i, json_member(&g->in->doc, g->models[i].node, "match"), false, 0);
	if (g->in->draft.error < 0)
		return NO_MEMORY(fault);
	for (size_t i = 0; r == 0 && i < g->model_count; i++)
		r = name_model(g, &g->models[i], fault);
	for (size_t i = 0; r == 0 && i < g->clause_count; i++)
		r = name_clause(g, i, fault);
	if (r == 0 && g->in->provider.at == NULL)
		r = name_all_alone(g, fault);
	return r;
}
