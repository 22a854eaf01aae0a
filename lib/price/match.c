#include "price/match.h"

#include <stdlib.h>
#include <string.h>

/* A name or alias of the second book. */
struct called {
	struct text text;
	uint32_t model;
};

struct names {
	struct called *called; /* sorted */
	size_t count;
};

enum rule { RULE_NAMES, RULE_ALIASES, RULE_STRIPPED, RULE_COUNT };

void match_release(struct match *match)
{
	free(match->of[0]);
	free(match->of[1]);
	*match = (struct match){ .count = 0 };
}

static struct text strip(struct text name)
{
	const char *slash = name.len > 0 ? memrchr(name.at, '/', name.len) : NULL;
	size_t begin = slash != NULL ? (size_t)(slash - name.at) + 1 : 0;

	if (begin == name.len)
		return name;
	return (struct text){ name.at + begin, name.len - begin };
}

static int by_text(const void *a, const void *b)
{
	const struct called *x = a, *y = b;
	int order = text_compare(x->text, y->text);

	return order != 0 ? order : (x->model > y->model) - (x->model < y->model);
}

/* The n-th of what a rule looks at: the name, then the aliases; absent: no more. */
static struct text nth(const struct book *book, const struct book_model *model, size_t n,
                       enum rule rule)
{
	struct text text = text_of(NULL);

	if (n == 0)
		text = model->name;
	else if (rule != RULE_NAMES && n <= model->alias_count)
		text = book_alias(book, model->first_alias + n - 1);
	return rule == RULE_STRIPPED ? strip(text) : text;
}

static int collect(const struct book *book, enum rule rule, struct names *names)
{
	size_t count = 0;

	for (size_t i = 0; i < book_model_count(book); i++)
		count += 1 + book_model(book, i)->alias_count;
	names->count = 0;
	names->called = malloc((count + 1) * sizeof(*names->called));
	if (names->called == NULL)
		return -FAULT_NOMEM;
	for (size_t i = 0; i < book_model_count(book); i++) {
		struct text text;

		for (size_t n = 0; (text = nth(book, book_model(book, i), n, rule)).at != NULL; n++)
			names->called[names->count++] = (struct called){ text, (uint32_t)i };
	}
	qsort(names->called, names->count, sizeof(*names->called), by_text);
	return 0;
}

/* The first model that is called so and has no partner yet. */
static uint32_t find(const struct names *names, struct text text, const uint32_t *taken)
{
	size_t low = 0, high = names->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (text_compare(names->called[middle].text, text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < names->count && text_equal(names->called[low].text, text); low++) {
		if (taken[names->called[low].model] == MATCH_NONE)
			return names->called[low].model;
	}
	return MATCH_NONE;
}

static int apply(const struct book *a, const struct book *b, enum rule rule, struct match *match)
{
	struct names names = { .called = NULL };
	int r = collect(b, rule, &names);

	for (size_t i = 0; r == 0 && i < book_model_count(a); i++) {
		struct text text;

		for (size_t n = 0; match->of[0][i] == MATCH_NONE &&
		                   (text = nth(a, book_model(a, i), n, rule)).at != NULL;
		     n++) {
			uint32_t model = find(&names, text, match->of[1]);

			if (model == MATCH_NONE)
				continue;
			match->of[0][i] = model;
			match->of[1][model] = (uint32_t)i;
			match->count++;
		}
	}
	free(names.called);
	return r;
}

int match_models(const struct book *a, const struct book *b, bool strip_provider,
                 struct match *match_out)
{
	const struct book *const books[] = { a, b };
	struct match match = { .count = 0 };
	int r = 0;

	for (size_t i = 0; i < 2; i++) {
		size_t bytes = book_model_count(books[i]) * sizeof(*match.of[i]);

		match.of[i] = malloc(bytes + 1);
		if (match.of[i] == NULL)
			r = -FAULT_NOMEM;
		else
			memset(match.of[i], 0xff, bytes);
	}
	for (int rule = RULE_NAMES; r == 0 && rule < RULE_COUNT; rule++) {
		if (rule != RULE_STRIPPED || strip_provider)
			r = apply(a, b, (enum rule)rule, &match);
	}
	if (r < 0) {
		match_release(&match);
		return r;
	}
	*match_out = match;
	return 0;
}
