#include "catalogue/finite.h"

#include <string.h>

/* None: nothing finite.  One empty text: nothing to add. */
struct set {
	struct text *at;
	size_t count;
};

struct reader {
	const char *at, *end;
	unsigned depth;
	bool anchored; /* the '$' was read */
	struct arena *arena;
	struct finite *out;
	struct fault *fault;
	int error; /* 0 or -FAULT_X, of the first */
};

static struct set fail(struct reader *r, enum fault_code code, const char *what)
{
	if (r->error == 0)
		r->error = fault_set(r->fault, code, "%s", what);
	return (struct set){ NULL, 0 };
}

static struct set endless(struct reader *r)
{
	r->out->partial = true;
	return (struct set){ NULL, 0 };
}

/* Room for `count` names; nothing where there are too many. */
static struct set take(struct reader *r, size_t count)
{
	struct set set = { NULL, 0 };

	if (count > FINITE_NAMES_MAX) {
		if (r->error == 0)
			r->error = fault_set(r->fault, FAULT_RANGE,
			                     "it stands for more than %d names", FINITE_NAMES_MAX);
		return set;
	}
	set.at = arena_take(r->arena, (count > 0 ? count : 1) * sizeof(*set.at));
	if (set.at == NULL)
		return fail(r, FAULT_NOMEM, "no memory for the names of a pattern");
	return set;
}

static void put(struct set *set, struct text t)
{
	for (size_t i = 0; i < set->count; i++) {
		if (text_equal(set->at[i], t))
			return;
	}
	set->at[set->count++] = t;
}

static struct set single(struct reader *r, const char *at, size_t len)
{
	struct set set = take(r, 1);

	if (set.at != NULL)
		put(&set, (struct text){ at, len });
	return set;
}

static struct text joined(struct reader *r, struct text a, struct text b)
{
	char *at;

	if (a.len == 0 || b.len == 0)
		return a.len == 0 ? b : a;
	at = arena_take(r->arena, a.len + b.len);
	if (at == NULL) {
		fail(r, FAULT_NOMEM, "no memory for the names of a pattern");
		return a;
	}
	memcpy(at, a.at, a.len);
	memcpy(at + a.len, b.at, b.len);
	return (struct text){ at, a.len + b.len };
}

/* Each of a with each of b behind it. */
static struct set product(struct reader *r, struct set a, struct set b)
{
	struct set set = take(r, a.count * b.count);

	for (size_t i = 0; set.at != NULL && i < a.count; i++) {
		for (size_t k = 0; k < b.count; k++)
			put(&set, joined(r, a.at[i], b.at[k]));
	}
	return set;
}

static struct set both(struct reader *r, struct set a, struct set b)
{
	struct set set = take(r, a.count + b.count);

	for (size_t i = 0; set.at != NULL && i < a.count; i++)
		put(&set, a.at[i]);
	for (size_t i = 0; set.at != NULL && i < b.count; i++)
		put(&set, b.at[i]);
	return set;
}

static bool more(const struct reader *r)
{
	return r->error == 0 && r->at < r->end;
}

static bool ahead(const struct reader *r, char c)
{
	return more(r) && *r->at == c;
}

static bool eat(struct reader *r, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0)
		return false;
	r->at += len;
	return true;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static struct set read_escape(struct reader *r)
{
	const char *c = r->at++;

	if (c == r->end)
		return fail(r, FAULT_SYNTAX, "it ends with a backslash");
	if (strchr("dws", *c) != NULL)
		return endless(r);
	if (is_word(*c))
		return fail(r, FAULT_INVALID, "a class or an assertion that is not understood");
	return single(r, c, 1);
}

/* Behind the '['. */
static struct set read_class(struct reader *r)
{
	struct set set = take(r, FINITE_NAMES_MAX);
	bool finite = !ahead(r, '^');
	const char *first = r->at;

	while (more(r) && (*r->at != ']' || r->at == first)) {
		bool edge = r->at == first || r->at + 1 == r->end || r->at[1] == ']';

		if (*r->at == '-' && !edge)
			finite = false;
		finite = finite && (unsigned char)*r->at < 0x80;
		if (*r->at == '\\' && r->at + 1 < r->end && is_word(*++r->at))
			finite = false;
		if (set.at != NULL && set.count < FINITE_NAMES_MAX)
			put(&set, (struct text){ r->at, 1 });
		r->at++;
	}
	if (!eat(r, "]"))
		return fail(r, FAULT_SYNTAX, "a '[' that is not closed");
	return finite ? set : endless(r);
}

static struct set read_alternatives(struct reader *r);

/* Behind the '('. */
static struct set read_group(struct reader *r)
{
	struct set set;

	if (!eat(r, "?:") && ahead(r, '?'))
		return fail(r, FAULT_INVALID, "a (? group that is not understood");
	if (++r->depth > FINITE_DEPTH_MAX)
		return fail(r, FAULT_RANGE, "groups in groups, too deep");
	set = read_alternatives(r);
	r->depth--;
	if (!eat(r, ")"))
		return fail(r, FAULT_SYNTAX, "a '(' that is not closed");
	return set;
}

/* A character with all its bytes, so that a '?' behind it means all of them. */
static struct set read_character(struct reader *r, const char *first)
{
	while (more(r) && ((unsigned char)*r->at & 0xc0) == 0x80)
		r->at++;
	return single(r, first, (size_t)(r->at - first));
}

static struct set read_atom(struct reader *r)
{
	const char *c = r->at++;

	switch (*c) {
	case '(':
		return read_group(r);
	case '[':
		return read_class(r);
	case '\\':
		return read_escape(r);
	case '.':
		if (ahead(r, '+') || ahead(r, '*') || ahead(r, '{'))
			return endless(r);
		r->out->dots = true;
		return single(r, c, 1);
	case '^':
	case '$':
		return fail(r, FAULT_INVALID, "a '^' or '$' within it");
	case '?':
	case '*':
	case '+':
	case '{':
		return fail(r, FAULT_SYNTAX, "a repetition of nothing");
	default:
		return read_character(r, c);
	}
}

/* Behind the '{': how often, or 0 where it is no one number. */
static unsigned read_times(struct reader *r)
{
	unsigned times = 0;
	bool exact = true;

	for (; more(r) && *r->at != '}'; r->at++) {
		exact = exact && *r->at >= '0' && *r->at <= '9' && times < FINITE_TIMES_MAX;
		if (exact)
			times = times * 10 + (unsigned)(*r->at - '0');
	}
	if (!eat(r, "}"))
		fail(r, FAULT_SYNTAX, "a '{' that is not closed");
	return exact && times <= FINITE_TIMES_MAX ? times : 0;
}

static struct set read_piece(struct reader *r)
{
	struct set atom = read_atom(r), set = atom;
	unsigned times;

	if (!more(r) || strchr("?*+{", *r->at) == NULL)
		return set;
	switch (*r->at++) {
	case '+': /* once is one of them */
		r->out->partial = true;
		break;
	case '*': /* so is not at all, but no times of it is what ? says */
		r->out->partial = true;
		/* fallthrough */
	case '?':
		set = both(r, atom, single(r, r->at, 0));
		break;
	default:
		times = read_times(r);
		if (times == 0)
			return endless(r);
		for (unsigned i = 1; i < times; i++)
			set = product(r, set, atom);
	}
	if (more(r) && strchr("?*+{", *r->at) != NULL)
		return fail(r, FAULT_INVALID, "a repetition of a repetition");
	return set;
}

static struct set read_sequence(struct reader *r)
{
	struct set set = single(r, r->at, 0);

	while (more(r) && *r->at != '|' && *r->at != ')') {
		if (*r->at == '$' && r->depth == 0) {
			while (eat(r, "$"))
				r->anchored = true;
			break;
		}
		set = product(r, set, read_piece(r));
	}
	return set;
}

static struct set read_alternatives(struct reader *r)
{
	struct set set = read_sequence(r);

	while (r->error == 0 && eat(r, "|")) {
		/* ^a|b$ is "begins with a, or ends with b". */
		if (r->depth == 0)
			return fail(r, FAULT_INVALID, "a '|' outside of all groups");
		set = both(r, set, read_sequence(r));
	}
	return set;
}

int finite_names(struct text regex, struct arena *arena, struct finite *out, struct fault *fault)
{
	struct finite found = { .names = NULL };
	struct reader r = { .at = regex.at,
		            .end = regex.at + regex.len,
		            .arena = arena,
		            .out = &found,
		            .fault = fault };
	struct set set;
	bool begins;

	found.ignores_case = eat(&r, "(?i)");
	begins = eat(&r, "^");
	set = read_alternatives(&r);
	if (r.error == 0 && r.at < r.end)
		fail(&r, r.anchored ? FAULT_INVALID : FAULT_SYNTAX,
		     r.anchored ? "text behind its '$'" : "a ')' that was not opened");
	if (r.error != 0)
		return r.error;
	if (!begins || !r.anchored) { /* anything may stand before or behind it */
		found.partial = true;
	} else {
		found.names = set.at;
		found.count = set.count;
	}
	*out = found;
	return 0;
}
