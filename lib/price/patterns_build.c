/* Making the index of patterns: sorted texts, then tries over them, then what their nodes say. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "price/patterns_internal.h"

enum kind { ONE_STAR, INNER, LOOSE };

/* A pattern, taken apart. */
struct part {
	uint32_t rank, group, suffix;
	enum kind kind;
	struct text prefix; /* before the first star */
	struct text rest;   /* ONE_STAR: reversed; INNER: without its star; LOOSE: with its stars */
};

/* A text that gets a node in a trie. */
struct key {
	uint32_t root, value;
	struct text text;
};

/* Keys [low, high) have the text of a node in front. */
struct range {
	uint32_t low, high;
};

struct build {
	struct patterns *made;
	struct arena scratch;
	struct part *parts; /* sorted: by prefix, then by kind */
	size_t count;
	size_t group_count;
	struct text *prefixes; /* of the groups */
	uint32_t *suffix_ends; /* of each suffix: the next one that does not begin with it */
	size_t suffix_count;
};

/* Writes what stands behind the first star, each run of stars as one. */
static struct text copy_rest(struct text text, char *out)
{
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		bool again = len > 0 ? out[len - 1] == '*' : true;

		if (text.at[i] != '*' || !again)
			out[len++] = text.at[i];
	}
	return (struct text){ out, len };
}

static void reverse(char *at, size_t len)
{
	for (size_t i = 0; i < len / 2; i++) {
		char kept = at[i];

		at[i] = at[len - 1 - i];
		at[len - 1 - i] = kept;
	}
}

static void take_apart(struct text text, uint32_t rank, char *out, struct part *part)
{
	const char *star = memchr(text.at, '*', text.len);
	const char *second;

	assert(star != NULL);
	*part = (struct part){ .rank = rank, .kind = LOOSE };
	part->prefix = (struct text){ text.at, (size_t)(star - text.at) };
	part->rest = copy_rest((struct text){ star, text.len - part->prefix.len }, out);
	second = part->rest.len > 0 ? memchr(part->rest.at, '*', part->rest.len) : NULL;
	if (second == NULL) {
		part->kind = ONE_STAR;
		reverse(out, part->rest.len);
	} else if (second == part->rest.at + part->rest.len - 1) {
		part->kind = INNER;
		part->rest.len--;
	}
}

static int by_group(const void *a, const void *b)
{
	const struct part *x = a, *y = b;
	int order = text_compare(x->prefix, y->prefix);

	if (order == 0)
		order = (x->kind > y->kind) - (x->kind < y->kind);
	/* Those that are compared one by one stand by precedence. */
	if (order == 0 && x->kind != LOOSE)
		order = text_compare(x->rest, y->rest);
	return order != 0 ? order : (x->rank > y->rank) - (x->rank < y->rank);
}

static int by_text(const void *a, const void *b)
{
	return text_compare(((const struct key *)a)->text, ((const struct key *)b)->text);
}

static bool take_all_apart(struct build *b, const struct text *texts, size_t count, size_t bytes)
{
	char *out = arena_take(&b->scratch, bytes);

	b->parts = arena_take(&b->scratch, count * sizeof(*b->parts));
	if (out == NULL || b->parts == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		take_apart(texts[i], (uint32_t)i, out, &b->parts[i]);
		out += texts[i].len;
	}
	b->count = count;
	if (count > 0)
		qsort(b->parts, count, sizeof(*b->parts), by_group);
	return true;
}

static bool begins_with(struct text text, struct text front)
{
	return text.len >= front.len &&
	       (front.len == 0 || memcmp(text.at, front.at, front.len) == 0);
}

/* The nodes that sorted keys, none of them twice, need. */
static size_t count_nodes(const struct key *keys, size_t count, size_t roots)
{
	size_t nodes = roots;

	for (size_t i = 0; i < count; i++) {
		size_t same = 0;

		if (i > 0 && keys[i - 1].root == keys[i].root) {
			while (same < keys[i - 1].text.len &&
			       keys[i - 1].text.at[same] == keys[i].text.at[same])
				same++;
		}
		nodes += keys[i].text.len - same;
	}
	return nodes;
}

/* The children of a node, of `depth` bytes, whose keys are *range. */
static void add_children(struct pattern_trie *trie, const struct key *keys, struct range *ranges,
                         struct range range, size_t depth)
{
	while (range.low < range.high) {
		char byte = keys[range.low].text.at[depth];
		uint32_t next = range.low + 1;

		while (next < range.high && keys[next].text.at[depth] == byte)
			next++;
		trie->label[trie->node_count] = (unsigned char)byte;
		ranges[trie->node_count++] = (struct range){ range.low, next };
		range.low = next;
	}
}

/* A trie over sorted keys, none of them twice; a node without a key has PATTERNS_NONE. */
static bool make_trie(struct build *b, struct pattern_trie *trie, const struct key *keys,
                      size_t count, size_t roots)
{
	size_t nodes = count_nodes(keys, count, roots), depth = 0, level_end = roots;
	struct range *ranges = arena_take(&b->scratch, nodes * sizeof(*ranges));
	uint32_t key = 0;

	trie->first = arena_take(&b->made->arena, (nodes + 1) * sizeof(*trie->first));
	trie->label = arena_take(&b->made->arena, nodes);
	trie->value = arena_take(&b->made->arena, nodes * sizeof(*trie->value));
	if (ranges == NULL || trie->first == NULL || trie->label == NULL || trie->value == NULL)
		return false;
	for (uint32_t root = 0; root < roots; root++) {
		ranges[root].low = key;
		while (key < count && keys[key].root == root)
			key++;
		ranges[root].high = key;
		trie->label[root] = 0;
	}
	trie->node_count = roots;
	for (size_t n = 0; n < trie->node_count; n++) {
		struct range range = ranges[n];

		if (n == level_end) {
			depth++;
			level_end = trie->node_count;
		}
		trie->value[n] = PATTERNS_NONE;
		if (range.low < range.high && keys[range.low].text.len == depth)
			trie->value[n] = keys[range.low++].value;
		trie->first[n] = (uint32_t)trie->node_count;
		add_children(trie, keys, ranges, range, depth);
	}
	assert(trie->node_count == nodes);
	trie->first[nodes] = (uint32_t)nodes;
	return true;
}

static bool make_groups(struct build *b)
{
	struct key *keys = arena_take(&b->scratch, b->count * sizeof(*keys));

	b->prefixes = arena_take(&b->scratch, b->count * sizeof(*b->prefixes));
	if (keys == NULL || b->prefixes == NULL)
		return false;
	for (size_t i = 0; i < b->count; i++) {
		struct part *part = &b->parts[i];
		uint32_t group = (uint32_t)b->group_count;

		if (i == 0 || !text_equal(part->prefix, b->prefixes[group - 1])) {
			keys[group] = (struct key){ 0, group, part->prefix };
			b->prefixes[group] = part->prefix;
			b->group_count = ++group;
		}
		part->group = group - 1;
	}
	b->made->groups = arena_take(&b->made->arena, b->group_count * sizeof(*b->made->groups));
	if (b->made->groups == NULL)
		return false;
	for (size_t g = 0; g < b->group_count; g++)
		b->made->groups[g] = (struct pattern_group){
			.best = PATTERNS_NONE,
			.inner_root = PATTERNS_NONE,
			.inner_best = PATTERNS_NONE,
		};
	for (size_t i = 0; i < b->count; i++) {
		struct pattern_group *group = &b->made->groups[b->parts[i].group];

		if (b->parts[i].rank < group->best)
			group->best = b->parts[i].rank;
	}
	return make_trie(b, &b->made->prefixes, keys, b->group_count, 1);
}

/* Sorted texts that begin with one another nest: the end of each is where its nest ends. */
static bool find_suffix_ends(struct build *b, const struct key *keys)
{
	uint32_t open[PATTERN_BYTES_MAX + 1];
	size_t depth = 0;

	b->suffix_ends = arena_take(&b->scratch, b->suffix_count * sizeof(*b->suffix_ends));
	if (b->suffix_ends == NULL)
		return false;
	for (uint32_t i = 0; i < b->suffix_count; i++) {
		while (depth > 0 && !begins_with(keys[i].text, keys[open[depth - 1]].text))
			b->suffix_ends[open[--depth]] = i;
		assert(depth <= PATTERN_BYTES_MAX);
		open[depth++] = i;
	}
	while (depth > 0)
		b->suffix_ends[open[--depth]] = (uint32_t)b->suffix_count;
	return true;
}

/* A node that is no suffix stands for the longest one that leads to it. */
static void inherit_suffixes(struct pattern_trie *trie)
{
	for (size_t n = 0; n < trie->node_count; n++) {
		for (uint32_t c = trie->first[n]; c < trie->first[n + 1]; c++) {
			if (trie->value[c] == PATTERNS_NONE)
				trie->value[c] = trie->value[n];
		}
	}
}

static bool make_suffixes(struct build *b)
{
	struct key *keys = arena_take(&b->scratch, (b->count + 1) * sizeof(*keys));
	size_t count = 0, kept = 0;

	if (keys == NULL)
		return false;
	/* Suffix 0 is the empty one, which every name has. */
	keys[count++] = (struct key){ 0, PATTERNS_NONE, text_of("") };
	for (size_t i = 0; i < b->count; i++) {
		if (b->parts[i].kind == ONE_STAR)
			keys[count++] = (struct key){ 0, (uint32_t)i, b->parts[i].rest };
	}
	qsort(keys, count, sizeof(*keys), by_text);
	for (size_t i = 0; i < count; i++) {
		bool again = i > 0 && text_equal(keys[i].text, keys[kept - 1].text);
		uint32_t part = keys[i].value;

		if (!again) {
			keys[kept] = (struct key){ 0, (uint32_t)kept, keys[i].text };
			kept++;
		}
		if (part != PATTERNS_NONE)
			b->parts[part].suffix = (uint32_t)kept - 1;
	}
	b->suffix_count = kept;
	if (!find_suffix_ends(b, keys) || !make_trie(b, &b->made->suffixes, keys, kept, 1))
		return false;
	inherit_suffixes(&b->made->suffixes);
	return true;
}

static void add_stop(struct patterns *made, struct pattern_group *group, uint32_t suffix,
                     uint32_t best)
{
	struct pattern_stop *stops = &made->stops[group->stop];

	if (group->stop_count > 0 && stops[group->stop_count - 1].suffix == suffix)
		group->stop_count--;
	stops[group->stop_count++] = (struct pattern_stop){ suffix, best };
}

/* The stops of a group from its parts, which are sorted by suffix; returns how many there are. */
static size_t add_group_stops(struct build *b, struct pattern_group *group,
                              const struct part *parts, size_t count)
{
	struct pattern_stop open[PATTERN_BYTES_MAX + 2]; /* where a nest ends, and its best */
	size_t depth = 1;

	open[0] = (struct pattern_stop){ UINT32_MAX, PATTERNS_NONE };
	add_stop(b->made, group, 0, PATTERNS_NONE);
	for (size_t i = 0; i < count; i++) {
		uint32_t suffix = parts[i].suffix, best = parts[i].rank;

		if (i > 0 && parts[i - 1].suffix == suffix)
			continue;
		for (; open[depth - 1].suffix <= suffix; depth--)
			add_stop(b->made, group, open[depth - 1].suffix, open[depth - 2].best);
		if (open[depth - 1].best < best)
			best = open[depth - 1].best;
		assert(depth < sizeof(open) / sizeof(open[0]));
		open[depth++] = (struct pattern_stop){ b->suffix_ends[suffix], best };
		add_stop(b->made, group, suffix, best);
	}
	for (; depth > 1 && open[depth - 1].suffix < b->suffix_count; depth--)
		add_stop(b->made, group, open[depth - 1].suffix, open[depth - 2].best);
	return group->stop_count;
}

/* Parts of one group and kind stand side by side: how many, from `from` on. */
static size_t run_of(const struct build *b, size_t from)
{
	size_t end = from;

	while (end < b->count && b->parts[end].group == b->parts[from].group &&
	       b->parts[end].kind == b->parts[from].kind)
		end++;
	return end - from;
}

static bool make_stops(struct build *b)
{
	size_t run, used = 0;

	/* Each begins somewhere and ends somewhere; a group has one at 0. */
	b->made->stops = arena_take(&b->made->arena,
	                            (2 * b->count + b->group_count) * sizeof(*b->made->stops));
	if (b->made->stops == NULL)
		return false;
	for (size_t i = 0; i < b->count; i += run) {
		struct pattern_group *group = &b->made->groups[b->parts[i].group];

		run = run_of(b, i);
		if (b->parts[i].kind != ONE_STAR)
			continue;
		group->stop = (uint32_t)used;
		used += add_group_stops(b, group, &b->parts[i], run);
	}
	return true;
}

/* Where to go on when no child fits, level by level; what ends there ends here, too. */
static bool make_fail(struct build *b, size_t roots)
{
	struct pattern_trie *trie = &b->made->inners;
	uint32_t *fail = arena_take(&b->made->arena, trie->node_count * sizeof(*fail));
	size_t steps = 0;

	if (fail == NULL)
		return false;
	for (uint32_t n = 0; n < trie->node_count; n++) {
		if (n < roots)
			fail[n] = n;
		for (uint32_t c = trie->first[n]; c < trie->first[n + 1]; c++) {
			uint32_t at = fail[n], next = 0;

			if (n >= roots) {
				while ((next = pattern_child(trie, at, trie->label[c], &steps)) ==
				               0 &&
				       at >= roots)
					at = fail[at];
			}
			fail[c] = next != 0 ? next : at;
			if (trie->value[fail[c]] < trie->value[c])
				trie->value[c] = trie->value[fail[c]];
		}
	}
	b->made->fail = fail;
	return true;
}

static bool make_inners(struct build *b)
{
	struct key *keys = arena_take(&b->scratch, b->count * sizeof(*keys));
	size_t count = 0, roots = 0;

	if (keys == NULL)
		return false;
	for (size_t i = 0; i < b->count; i++) {
		const struct part *part = &b->parts[i];
		struct pattern_group *group = &b->made->groups[part->group];
		uint32_t root;

		if (part->kind != INNER)
			continue;
		if (group->inner_root == PATTERNS_NONE)
			group->inner_root = (uint32_t)roots++;
		root = group->inner_root;
		if (part->rank < group->inner_best)
			group->inner_best = part->rank;
		/* Of equal ones the first has precedence. */
		if (count == 0 || keys[count - 1].root != root ||
		    !text_equal(keys[count - 1].text, part->rest))
			keys[count++] = (struct key){ root, part->rank, part->rest };
	}
	return make_trie(b, &b->made->inners, keys, count, roots) && make_fail(b, roots);
}

/* The longest text that is both front and back of the text up to a byte; a star begins anew. */
static void find_borders(const unsigned char *bytes, unsigned char *borders, size_t len)
{
	size_t from = 0, border = 0;

	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '*' || i == from) {
			from = bytes[i] == '*' ? i + 1 : i;
			borders[i] = 0;
			border = 0;
			continue;
		}
		while (border > 0 && bytes[from + border] != bytes[i])
			border = borders[from + border - 1];
		if (bytes[from + border] == bytes[i])
			border++;
		borders[i] = (unsigned char)border;
	}
}

static void add_loose(struct build *b, const struct part *part, size_t at,
                      struct pattern_loose *loose)
{
	size_t len = part->rest.len, stars = 0, last = 0;

	memcpy(b->made->bytes + at, part->rest.at, len);
	find_borders(b->made->bytes + at, b->made->borders + at, len);
	for (size_t i = 0; i < len; i++) {
		if (part->rest.at[i] != '*')
			continue;
		stars++;
		last = i;
	}
	*loose = (struct pattern_loose){
		.rank = part->rank,
		.at = (uint32_t)at,
		.len = (uint16_t)len,
		.suffix_len = (uint16_t)(len - last - 1),
		.least_len = (uint16_t)(len - stars),
	};
}

static bool make_loose(struct build *b)
{
	size_t count = 0, bytes = 0, at = 0;

	for (size_t i = 0; i < b->count; i++) {
		if (b->parts[i].kind != LOOSE)
			continue;
		count++;
		bytes += b->parts[i].rest.len;
	}
	b->made->loose = arena_take(&b->made->arena, count * sizeof(*b->made->loose));
	b->made->bytes = arena_take(&b->made->arena, bytes);
	b->made->borders = arena_take(&b->made->arena, bytes);
	if (b->made->loose == NULL || b->made->bytes == NULL || b->made->borders == NULL)
		return false;
	count = 0;
	for (size_t i = 0; i < b->count; i++) {
		struct pattern_group *group = &b->made->groups[b->parts[i].group];

		if (b->parts[i].kind != LOOSE)
			continue;
		if (group->loose_count++ == 0)
			group->loose = (uint32_t)count;
		add_loose(b, &b->parts[i], at, &b->made->loose[count++]);
		at += b->parts[i].rest.len;
	}
	return true;
}

/*
 * The passes of a name that begins with a group's prefix: its own, and those of the
 * groups whose prefixes it begins with.  Returns a pattern that is too many, or
 * PATTERNS_NONE.
 */
static uint32_t count_passes(struct build *b)
{
	struct {
		size_t group;
		uint32_t passes;
	} open[PATTERN_BYTES_MAX + 1];
	size_t depth = 0;

	for (size_t g = 0; g < b->group_count; g++) {
		const struct pattern_group *group = &b->made->groups[g];
		uint32_t passes = group->loose_count + (group->inner_root != PATTERNS_NONE);

		while (depth > 0 &&
		       !begins_with(b->prefixes[g], b->prefixes[open[depth - 1].group]))
			depth--;
		passes += depth > 0 ? open[depth - 1].passes : 0;
		if (passes > PATTERNS_PASSES_MAX && group->loose_count > 0)
			return b->made->loose[group->loose + group->loose_count - 1].rank;
		if (passes > PATTERNS_PASSES_MAX)
			return group->inner_best;
		if (passes > b->made->passes)
			b->made->passes = passes;
		assert(depth < sizeof(open) / sizeof(open[0]));
		open[depth].group = g;
		open[depth++].passes = passes;
	}
	return PATTERNS_NONE;
}

/* How many bytes they have, or SIZE_MAX: one has too many. */
static size_t total_bytes(const struct text *texts, size_t count, uint32_t *bad_out)
{
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++) {
		if (texts[i].len > PATTERN_BYTES_MAX) {
			*bad_out = (uint32_t)i;
			return SIZE_MAX;
		}
		bytes += texts[i].len;
	}
	return bytes;
}

static int make_all(struct build *b, const struct text *texts, size_t count, uint32_t *bad_out,
                    struct fault *fault)
{
	size_t bytes = total_bytes(texts, count, bad_out);

	if (bytes == SIZE_MAX)
		return fault_set(fault, FAULT_RANGE, "a pattern has at most %d bytes",
		                 PATTERN_BYTES_MAX);
	if (!take_all_apart(b, texts, count, bytes) || !make_groups(b) || !make_suffixes(b) ||
	    !make_stops(b) || !make_inners(b) || !make_loose(b))
		return fault_set(fault, FAULT_NOMEM, "patterns: out of memory");
	*bad_out = count_passes(b);
	if (*bad_out != PATTERNS_NONE)
		return fault_set(fault, FAULT_RANGE,
		                 "more than %d patterns with text between two stars may fit one "
		                 "name: begin them differently, or list the names",
		                 PATTERNS_PASSES_MAX);
	return 0;
}

int patterns_build(struct patterns **patterns_out, const struct text *texts, size_t count,
                   uint32_t *bad_out, struct fault *fault)
{
	struct build b = { .made = NULL };
	uint32_t bad = PATTERNS_NONE;
	int r;

	if (count > PATTERNS_MAX)
		return fault_set(fault, FAULT_RANGE, "at most %d patterns", PATTERNS_MAX);
	b.made = malloc(sizeof(*b.made));
	if (b.made == NULL)
		return fault_set(fault, FAULT_NOMEM, "patterns: out of memory");
	*b.made = (struct patterns){ .passes = 0 };
	r = make_all(&b, texts, count, &bad, fault);
	if (r == 0) {
		*patterns_out = b.made;
		b.made = NULL;
	} else if (bad_out != NULL && bad != PATTERNS_NONE) {
		*bad_out = bad;
	}
	arena_release(&b.scratch);
	patterns_free(b.made);
	return r;
}
