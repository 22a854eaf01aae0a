#include "usage/credential.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/fault.h"

#define FORM_MARK "~hmac:"

static const struct prefix {
	const char *text;
	size_t rest, dots;
} prefixes[] = {
#define P(text, rest, dots) { text, rest, dots },
#define A(text, rest)
#define M(text)
#include "usage/credential.def"
#undef P
#undef A
#undef M
};

static const struct prefix schemes[] = {
#define P(text, rest, dots)
#define A(text, rest) { text, rest, 0 },
#define M(text)
#include "usage/credential.def"
#undef P
#undef A
#undef M
};

static const char *const members[] = {
#define P(text, rest, dots)
#define A(text, rest)
#define M(text) text,
#include "usage/credential.def"
#undef P
#undef A
#undef M
};

enum {
	PREFIXES = sizeof(prefixes) / sizeof(prefixes[0]),
	SCHEMES = sizeof(schemes) / sizeof(schemes[0]),
	MEMBERS = sizeof(members) / sizeof(members[0]),
	RANDOM_MIN = 32,       /* characters of what looks random */
	RANDOM_DIFFERENT = 10, /* of them */
	RANDOM_CHANGES = 6,    /* one in so many is of another class than the one before it */
	NAMED_MIN = 6,         /* characters of a credential where the member says what it is */
	UUID_BYTES = 36,
};

static const char *const keys_names[CREDENTIAL_KEYS_COUNT] = {
	[CREDENTIAL_DETECT] = "detect",
	[CREDENTIAL_ALL] = "all",
	[CREDENTIAL_PLAIN] = "plain",
};

const char *credential_keys_name(enum credential_keys keys)
{
	return keys_names[keys];
}

enum credential_keys credential_keys_find(struct text name)
{
	int k = 0;

	while (k < CREDENTIAL_KEYS_COUNT && !text_is(name, keys_names[k]))
		k++;
	return (enum credential_keys)k;
}

static bool is_lower(unsigned char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_upper(unsigned char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(unsigned char c)
{
	return is_lower(c) || is_upper(c) || is_digit(c);
}

static unsigned char folded(unsigned char c)
{
	return is_upper(c) ? (unsigned char)(c + 'a' - 'A') : c;
}

static int hex_value(unsigned char c)
{
	if (is_digit(c))
		return c - '0';
	c = folded(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * Most words and most members are none of the list: two characters of each tell nearly all of them
 * apart.  A set of pairs, one bit for some of them; what is in it is looked at more closely.
 */
enum { PAIR_SLOTS = 256 };
#define PAIR_SLOT(a, b) (((unsigned)(a)*37u + (unsigned)(b)) % PAIR_SLOTS)
#define PAIR(word, a, b)                                                                           \
	(PAIR_SLOT(a, b) / 64 == (word) ? UINT64_C(1) << (PAIR_SLOT(a, b) % 64) : UINT64_C(0))

/* The first two of a prefix; of a scheme with the case of both. */
#define P(text, rest, dots) | PAIR(WORD, (text)[0], (text)[1])
#define A(text, rest)                                                                              \
	| PAIR(WORD, (text)[0] | 32, (text)[1] | 32) |                                             \
		PAIR(WORD, (text)[0] & ~32, (text)[1] | 32) |                                      \
		PAIR(WORD, (text)[0] & ~32, (text)[1] & ~32) |                                     \
		PAIR(WORD, (text)[0] | 32, (text)[1] & ~32)
#define M(text)
static const uint64_t beginnings[PAIR_SLOTS / 64] = {
#define WORD 0
	0
#include "usage/credential.def"
#undef WORD
#define WORD 1
	,
	0
#include "usage/credential.def"
#undef WORD
#define WORD 2
	,
	0
#include "usage/credential.def"
#undef WORD
#define WORD 3
	,
	0
#include "usage/credential.def"
#undef WORD
};
#undef P
#undef A
#undef M
/* The last two of a member; they are few. */
#define P(text, rest, dots)
#define A(text, rest)
#define M(text)      | UINT64_C(1) << ENDING((text)[sizeof(text) - 3], (text)[sizeof(text) - 2])
#define ENDING(a, b) (PAIR_SLOT(a, b) % 64)
static const uint64_t endings = 0
#include "usage/credential.def"
	;
#undef P
#undef A
#undef M

static bool may_end(struct text b, size_t end)
{
	if (end < 2)
		return false;
	return (endings >> ENDING(folded((unsigned char)b.at[end - 2]),
	                          folded((unsigned char)b.at[end - 1])) &
	        1) != 0;
}

/*
 * One character, however often it was escaped: strings stand in strings.  What is no character of
 * a credential may be told as a blank.  Returns how many bytes it takes.
 */
static size_t step(struct text b, size_t i, unsigned char *out)
{
	size_t at = i;
	int value = 0;

	*out = (unsigned char)b.at[i];
	if (*out != '\\')
		return 1;
	while (at < b.len && b.at[at] == '\\')
		at++;
	*out = ' ';
	if (at == b.len)
		return at - i;
	if (b.at[at] == '/')
		*out = '/';
	if (b.at[at] == 'u' && b.len - at > 4) {
		for (int d = 1; d <= 4 && value >= 0; d++) {
			int digit = hex_value((unsigned char)b.at[at + (size_t)d]);

			value = digit < 0 ? -1 : value * 16 + digit;
		}
		if (value > ' ' && value < 0x7f)
			*out = (unsigned char)value;
		return at - i + (value >= 0 ? 5 : 1);
	}
	/* A quote stands for itself: it ends what it stands in. */
	return at - i +
	       (b.at[at] != '"' ? b.at[at] != '\0' && strchr("/nrtbf", b.at[at]) != NULL : 0);
}

/* Where `word` ends that begins at i; 0: it does not. */
static size_t match(struct text b, size_t i, const char *word, bool fold)
{
	for (; *word != '\0'; word++) {
		unsigned char c;

		if (i >= b.len)
			return 0;
		i += step(b, i, &c);
		if (fold ? folded(c) != folded((unsigned char)*word) : c != (unsigned char)*word)
			return 0;
	}
	return i;
}

/* What the characters of a credential are. */
struct run {
	size_t end, count, digits, letters, dots, changes;
	uint64_t seen[2]; /* bits by character */
};

static int class_of(unsigned char c)
{
	return is_lower(c) ? 1 : is_upper(c) ? 2 : is_digit(c) ? 3 : 0;
}

/* Those from i on; `more` are allowed beside letters, digits, '_' and '-'. */
static struct run run_of(struct text b, size_t i, const char *more)
{
	struct run run = { .end = i }, whole = run;
	int before = 0;

	while (i < b.len) {
		unsigned char c;
		size_t len = step(b, i, &c);
		int class = class_of(c);

		if (class == 0 && c != '_' && c != '-' && (c == '\0' || strchr(more, c) == NULL))
			break;
		i += len;
		run.end = i;
		run.count++;
		run.digits += class == 3;
		run.letters += class == 1 || class == 2;
		run.dots += c == '.';
		run.changes += before != 0 && class != 0 && class != before;
		run.seen[c / 64] |= UINT64_C(1) << (c % 64);
		before = class;
		/* The full stop of a sentence is none of it. */
		if (c != '.')
			whole = run;
	}
	return whole;
}

/* 8-4-4-4-12 hexadecimal digits: names things, and opens nothing. */
static bool ends_in_uuid(struct text t)
{
	const char *at;

	if (t.len < UUID_BYTES ||
	    (t.len > UUID_BYTES && is_word((unsigned char)t.at[t.len - UUID_BYTES - 1])))
		return false;
	at = t.at + t.len - UUID_BYTES;
	for (int i = 0; i < UUID_BYTES; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? at[i] != '-' : hex_value((unsigned char)at[i]) < 0)
			return false;
	}
	return true;
}

static bool looks_random(const struct run *run, struct text raw)
{
	int different = __builtin_popcountll(run->seen[0]) + __builtin_popcountll(run->seen[1]);

	return run->count >= RANDOM_MIN && run->digits > 0 && run->letters > 0 &&
	       different >= RANDOM_DIFFERENT && run->changes * RANDOM_CHANGES >= run->count &&
	       !ends_in_uuid(raw);
}

/* A form at i: its end, or 0. */
static size_t form_at(struct text b, size_t i)
{
	size_t mark = i, end;

	while (mark < b.len && mark - i < CREDENTIAL_SHOWN_MAX &&
	       (is_word((unsigned char)b.at[mark]) || strchr("_-.", b.at[mark]) != NULL) &&
	       b.at[mark] != '\0')
		mark++;
	end = mark + sizeof(FORM_MARK) - 1 + CREDENTIAL_HEX;
	if (end > b.len || memcmp(b.at + mark, FORM_MARK, sizeof(FORM_MARK) - 1) != 0)
		return 0;
	for (size_t h = end - CREDENTIAL_HEX; h < end; h++) {
		if (hex_value((unsigned char)b.at[h]) < 0 || is_upper((unsigned char)b.at[h]))
			return 0;
	}
	return end < b.len && is_word((unsigned char)b.at[end]) ? 0 : end;
}

/* A credential that begins at i by its prefix; 0: none. */
static size_t prefixed(struct text b, size_t i, bool named, bool cut)
{
	unsigned char first;
	size_t rest;

	step(b, i, &first);
	for (size_t p = 0; p < PREFIXES; p++) {
		struct run run;

		if ((unsigned char)prefixes[p].text[0] != first)
			continue;
		rest = match(b, i, prefixes[p].text, false);
		if (rest == 0)
			continue;
		run = run_of(b, rest, ".");
		if (named && run.count + strlen(prefixes[p].text) >= NAMED_MIN)
			return run.end;
		if (run.count > 0 && cut && run.end == b.len)
			return run.end;
		if (run.count >= prefixes[p].rest &&
		    run.dots + (strchr(prefixes[p].text, '.') != NULL) >= prefixes[p].dots)
			return run.end;
	}
	return 0;
}

/* The scheme of an Authorization header and the blanks behind it; i: there is none. */
static size_t behind_scheme(struct text b, size_t i, size_t *rest_out)
{
	for (size_t s = 0; s < SCHEMES; s++) {
		size_t end = match(b, i, schemes[s].text, true), at = end;

		while (at > 0 && at < b.len && b.at[at] == ' ')
			at++;
		if (at > end) {
			*rest_out = schemes[s].rest;
			return at;
		}
	}
	return i;
}

struct span {
	size_t from, to;
};

/* A credential at the beginning of a word. */
static bool word_at(struct text b, size_t i, bool cut, struct span *out)
{
	size_t least = 0, at, end = prefixed(b, i, false, cut);
	struct run run;

	if (end > 0) {
		*out = (struct span){ i, end };
		return true;
	}
	at = behind_scheme(b, i, &least);
	if (at == i || form_at(b, at) != 0)
		return false;
	run = run_of(b, at, ".+/=~");
	if ((run.count < least || run.digits == 0) && !(cut && run.count > 0 && run.end == b.len))
		return false;
	*out = (struct span){ at, run.end };
	return true;
}

/* Whether the name that ends before `end` is one of the members'. */
static bool names_credential(struct text b, size_t end)
{
	for (int m = 0; m < MEMBERS; m++) {
		size_t len = strlen(members[m]), i = 0;

		while (i < len && i < end &&
		       (folded((unsigned char)b.at[end - 1 - i]) ==
		                (unsigned char)members[m][len - 1 - i] ||
		        (members[m][len - 1 - i] == '_' && b.at[end - 1 - i] == '-')))
			i++;
		if (i == len && (end == len || !is_word((unsigned char)b.at[end - len - 1])))
			return true;
	}
	return false;
}

/* Where a string ends that began behind a quote with so many backslashes before it. */
static size_t string_end(struct text b, size_t i, size_t depth)
{
	size_t slashes = 0;

	for (; i < b.len; i++) {
		if (b.at[i] == '"' && slashes <= depth)
			return i - slashes;
		slashes = b.at[i] == '\\' ? slashes + 1 : 0;
	}
	return b.len;
}

/* {"key":NAME,"value":...} of OpenTelemetry: the name of an attribute. */
static bool names_attribute(struct text b, size_t end)
{
	static const char value[] = "value";

	while (end < b.len && strchr(" \t\\\",", b.at[end]) != NULL && b.at[end] != '\0')
		end++;
	return b.len - end >= sizeof(value) - 1 &&
	       memcmp(b.at + end, value, sizeof(value) - 1) == 0;
}

static size_t skip(struct text b, size_t i, const char *set)
{
	while (i < b.len && b.at[i] != '\0' && strchr(set, b.at[i]) != NULL)
		i++;
	return i;
}

/* The value behind the ':' or '=' at i, where the member's name says that it is a credential. */
static bool value_at(struct text b, size_t i, enum credential_keys keys, bool cut, struct span *out)
{
	size_t end = i, depth, from, at, least = 0;
	struct run run;
	bool quoted;

	while (end > 0 && strchr(" \t\\\"'", b.at[end - 1]) != NULL && b.at[end - 1] != '\0')
		end--;
	if (!may_end(b, end) || !names_credential(b, end))
		return false;
	at = skip(b, i + 1, " \t");
	from = skip(b, at, "\\");
	depth = from - at;
	quoted = from < b.len && b.at[from] == '"';
	from = quoted ? from + 1 : at;
	if (from >= b.len || form_at(b, from) != 0)
		return false;
	at = behind_scheme(b, from, &least);
	if (form_at(b, at) != 0)
		return false;
	end = quoted ? string_end(b, from, depth) : b.len;
	if (keys == CREDENTIAL_ALL && quoted && end > from && !names_attribute(b, end)) {
		*out = (struct span){ at, end };
		return at < end;
	}
	run = run_of(b, at, ".+/=~");
	*out = (struct span){ at, run.end };
	if (prefixed(b, at, true, cut) > 0)
		return true;
	/* Not what may be a number of JSON. */
	if (!quoted && !is_lower((unsigned char)b.at[at]) && !is_upper((unsigned char)b.at[at]))
		return false;
	if (at > from)
		return run.count >= least || (cut && run.end == b.len && run.count > 0);
	return looks_random(&run, (struct text){ b.at + at, run.end - at }) &&
	       (!quoted || run.end == end);
}

/* An escape may hide either. */
static bool may_begin(struct text b, size_t i)
{
	unsigned slot;

	if (b.len - i < 2 || b.at[i] == '\\' || b.at[i + 1] == '\\')
		return true;
	slot = PAIR_SLOT((unsigned char)b.at[i], (unsigned char)b.at[i + 1]);
	return (beginnings[slot / 64] >> (slot % 64) & 1) != 0;
}

/* Looks for one credential behind the other. */
struct search {
	struct text bytes;
	enum credential_keys keys;
	bool cut, in_word;
	size_t at;
};

static bool search_next(struct search *search, struct span *out)
{
	const struct text b = search->bytes;
	bool in_word = search->in_word, found = false;
	size_t i = search->at;

	while (!found && i < b.len) {
		unsigned char c = (unsigned char)b.at[i];
		size_t len = c == '\\' ? step(b, i, &c) : 1;

		if (is_word(c)) {
			found = !in_word && may_begin(b, i) && word_at(b, i, search->cut, out);
			in_word = true;
		} else {
			found = (c == ':' || c == '=') &&
			        value_at(b, i, search->keys, search->cut, out);
			in_word = false;
		}
		i += len;
	}
	search->at = found ? out->to : i;
	search->in_word = in_word;
	return found;
}

/* The form of a credential in plain text. */
static size_t form_write(const struct credentials *credentials, struct text plain,
                         char out[CREDENTIAL_FORM_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[SHA256_BYTES];
	size_t len = plain.len / 3;

	if (len > CREDENTIAL_SHOWN_MAX)
		len = CREDENTIAL_SHOWN_MAX;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)plain.at[i];

		out[i] = is_word(c) || c == '-' || c == '.' ? (char)c : '_';
	}
	memcpy(out + len, FORM_MARK, sizeof(FORM_MARK) - 1);
	len += sizeof(FORM_MARK) - 1;
	hmac_sha256(&credentials->secret, plain.at, plain.len, digest);
	for (size_t i = 0; i < CREDENTIAL_HEX / 2; i++) {
		out[len++] = digits[digest[i] >> 4];
		out[len++] = digits[digest[i] & 15];
	}
	out[len] = '\0';
	return len;
}

/* The same of bytes in which it may be escaped. */
static int add_form(const struct credentials *credentials, struct text raw, struct arena *arena,
                    struct buf *out)
{
	char form[CREDENTIAL_FORM_BYTES];
	struct text plain = raw;
	size_t len = 0;
	char *at;

	if (memchr(raw.at, '\\', raw.len) != NULL) {
		at = arena_take(arena, raw.len);
		if (at == NULL)
			return -FAULT_NOMEM;
		for (size_t i = 0; i < raw.len;) {
			unsigned char c;

			i += step(raw, i, &c);
			at[len++] = (char)c;
		}
		plain = (struct text){ at, len };
	}
	buf_add(out, form, form_write(credentials, plain, form));
	return 0;
}

int credential_redact(const struct credentials *credentials, struct text bytes, bool cut,
                      struct arena *arena, struct text *out)
{
	struct search search = { .bytes = bytes, .keys = credentials->keys, .cut = cut };
	struct buf changed = { .at = NULL };
	struct span span;
	size_t done = 0;
	int r = 0;

	*out = bytes;
	if (!credentials->known || credentials->keys == CREDENTIAL_PLAIN)
		return 0;
	while (r == 0 && search_next(&search, &span)) {
		buf_add(&changed, bytes.at + done, span.from - done);
		r = add_form(credentials,
		             (struct text){ bytes.at + span.from, span.to - span.from }, arena,
		             &changed);
		done = span.to;
	}
	if (done == 0)
		return r;
	buf_add(&changed, bytes.at + done, bytes.len - done);
	*out = changed.error == 0 && r == 0 ? arena_copy(arena, buf_text(&changed)) : text_of(NULL);
	buf_release(&changed);
	return out->at != NULL ? 0 : -FAULT_NOMEM;
}

bool credential_is(enum credential_keys keys, struct text name)
{
	size_t least = 0, at = behind_scheme(name, 0, &least);
	struct run run;

	if (keys == CREDENTIAL_PLAIN || name.len == 0 || form_at(name, 0) == name.len ||
	    form_at(name, at) == name.len)
		return false;
	if (keys == CREDENTIAL_ALL || prefixed(name, at, true, false) > 0)
		return true;
	run = run_of(name, at, ".+/=~");
	return at > 0 ? run.count >= least : run.end == name.len && looks_random(&run, name);
}

struct text credential_name(const struct credentials *credentials, struct text name,
                            char room[CREDENTIAL_FORM_BYTES])
{
	size_t least = 0, at;

	if (!credentials->known || !credential_is(credentials->keys, name))
		return name;
	at = behind_scheme(name, 0, &least);
	return (struct text){
		room, form_write(credentials, (struct text){ name.at + at, name.len - at }, room)
	};
}

void credential_mask(char *bytes, size_t len)
{
	struct search search = { .bytes = { bytes, len }, .keys = CREDENTIAL_DETECT };
	struct span span;

	while (search_next(&search, &span)) {
		size_t shown = (span.to - span.from) / 3;

		if (shown > CREDENTIAL_SHOWN_MAX)
			shown = CREDENTIAL_SHOWN_MAX;
		memset(bytes + span.from + shown, '*', span.to - span.from - shown);
	}
}
