#include "price/patterns.h"

#include <stdlib.h>
#include <string.h>

#include "price/patterns_internal.h"

/* A group whose beginning the name has, and that may have the name read again. */
struct begun {
	const struct pattern_group *group;
	size_t prefix_len;
};

struct search {
	const struct patterns *patterns;
	const unsigned char *name;
	size_t len;
	uint32_t best; /* so far */
	size_t steps;
	/* By bytes read from the back: the longest suffix that some pattern has. */
	uint32_t suffix[PATTERN_BYTES_MAX + 1];
	size_t suffix_depth;
	struct begun begun[PATTERN_BYTES_MAX + 1];
	size_t begun_count;
};

void patterns_free(struct patterns *patterns)
{
	if (patterns == NULL)
		return;
	arena_release(&patterns->arena);
	free(patterns);
}

static void read_back(struct search *s)
{
	const struct pattern_trie *trie = &s->patterns->suffixes;
	uint32_t node = 0;

	s->suffix[0] = trie->value[0];
	while (s->suffix_depth < s->len) {
		node = pattern_child(trie, node, s->name[s->len - 1 - s->suffix_depth], &s->steps);
		if (node == 0)
			break;
		s->suffix[++s->suffix_depth] = trie->value[node];
	}
}

/* The last stop that is not behind the longest suffix which leaves room for the prefix. */
static void try_one_star(struct search *s, const struct pattern_group *group, size_t prefix_len)
{
	const struct pattern_stop *stops = &s->patterns->stops[group->stop];
	size_t room = s->len - prefix_len;
	uint32_t suffix = s->suffix[room < s->suffix_depth ? room : s->suffix_depth];
	uint32_t low = 0, high = group->stop_count;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		s->steps++;
		if (stops[middle].suffix <= suffix)
			low = middle;
		else
			high = middle;
	}
	if (stops[low].best < s->best)
		s->best = stops[low].best;
}

static void read_front(struct search *s)
{
	const struct pattern_trie *trie = &s->patterns->prefixes;
	uint32_t node = 0;

	for (size_t read = 0;; read++) {
		if (trie->value[node] != PATTERNS_NONE) {
			const struct pattern_group *group = &s->patterns->groups[trie->value[node]];

			if (group->stop_count > 0 && group->best < s->best)
				try_one_star(s, group, read);
			if (group->inner_root != PATTERNS_NONE || group->loose_count > 0)
				s->begun[s->begun_count++] = (struct begun){ group, read };
		}
		if (read == s->len)
			return;
		node = pattern_child(trie, node, s->name[read], &s->steps);
		if (node == 0)
			return;
	}
}

/* All P*M* of one P: the automaton of Aho and Corasick over their M. */
static void try_inners(struct search *s, const struct begun *begun)
{
	const struct pattern_trie *trie = &s->patterns->inners;
	uint32_t root = begun->group->inner_root, node = root;

	for (size_t i = begun->prefix_len; i < s->len; i++) {
		uint32_t child;

		while ((child = pattern_child(trie, node, s->name[i], &s->steps)) == 0 &&
		       node != root)
			node = s->patterns->fail[node];
		node = child != 0 ? child : root;
		if (trie->value[node] >= s->best)
			continue;
		s->best = trie->value[node];
		if (s->best == begun->group->inner_best)
			return;
	}
}

/*
 * The first place of a text in name[*at, end), by Knuth, Morris and Pratt; then *at is
 * behind it.
 */
static bool pass_text(struct search *s, size_t text, size_t text_len, size_t *at, size_t end)
{
	const unsigned char *bytes = &s->patterns->bytes[text];
	const unsigned char *borders = &s->patterns->borders[text];
	size_t matched = 0;

	for (size_t i = *at; i < end; i++) {
		s->steps++;
		while (matched > 0 && bytes[matched] != s->name[i]) {
			s->steps++;
			matched = borders[matched - 1];
		}
		if (bytes[matched] == s->name[i] && ++matched == text_len) {
			*at = i + 1;
			return true;
		}
	}
	return false;
}

static bool loose_matches(struct search *s, const struct pattern_loose *loose, size_t prefix_len)
{
	const unsigned char *bytes = s->patterns->bytes;
	size_t at = prefix_len, end, text = loose->at;
	size_t last = loose->at + loose->len - loose->suffix_len;

	if (s->len - prefix_len < loose->least_len)
		return false;
	end = s->len - loose->suffix_len;
	s->steps += loose->suffix_len;
	if (memcmp(s->name + end, bytes + last, loose->suffix_len) != 0)
		return false;
	while (text < last) {
		const unsigned char *star = memchr(bytes + text, '*', last - text);
		size_t text_len = (size_t)(star - bytes) - text;

		if (!pass_text(s, text, text_len, &at, end))
			return false;
		text += text_len + 1;
	}
	return true;
}

static void try_loose(struct search *s, const struct begun *begun)
{
	const struct pattern_loose *loose = &s->patterns->loose[begun->group->loose];

	for (uint32_t i = 0; i < begun->group->loose_count; i++) {
		if (loose[i].rank >= s->best)
			return;
		s->steps++;
		if (loose_matches(s, &loose[i], begun->prefix_len)) {
			s->best = loose[i].rank;
			return;
		}
	}
}

static inline uint32_t find(const struct patterns *patterns, struct text name, size_t *steps_out)
{
	struct search s;

	/* Not the whole of it: most of it is never read. */
	s.patterns = patterns;
	s.name = (const unsigned char *)name.at;
	s.len = name.len;
	s.best = PATTERNS_NONE;
	s.steps = 0;
	s.suffix_depth = 0;
	s.begun_count = 0;
	read_back(&s);
	read_front(&s);
	/* The longest beginning first: it has the longest patterns. */
	for (size_t i = s.begun_count; i > 0; i--) {
		const struct begun *begun = &s.begun[i - 1];

		if (begun->group->inner_best < s.best)
			try_inners(&s, begun);
		if (begun->group->loose_count > 0)
			try_loose(&s, begun);
	}
	*steps_out = s.steps;
	return s.best;
}

uint32_t patterns_find(const struct patterns *patterns, struct text name)
{
	size_t steps;

	return find(patterns, name, &steps);
}

uint32_t patterns_find_steps(const struct patterns *patterns, struct text name, size_t *steps_out)
{
	return find(patterns, name, steps_out);
}
