#include "base/json.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"

enum {
	NODES_FIRST = 256,
	NODES_KEPT = 64 * 1024, /* 2 MiB: more is given back before the next parse */
	PAIRWISE_MAX = 16,      /* members compared each with each; more are sorted */
};

struct parser {
	struct json *doc;
	const char *start, *at, *end;
	uint32_t open[JSON_DEPTH_MAX]; /* containers we are in */
	unsigned depth;
};

static bool refuse(struct parser *p, enum json_error error, const char *where)
{
	p->doc->error = error;
	p->doc->error_position = (size_t)(where - p->start);
	return false;
}

static bool add_node(struct parser *p, enum json_type type, struct text text, const char *where)
{
	struct json *doc = p->doc;

	if (doc->count == doc->cap) {
		uint32_t cap = doc->cap > 0 ? doc->cap * 2 : NODES_FIRST;
		struct json_node *grown = realloc(doc->nodes, cap * sizeof(*grown));

		if (grown == NULL)
			return refuse(p, JSON_NO_MEMORY, where);
		doc->nodes = grown;
		doc->cap = cap;
	}
	doc->nodes[doc->count] = (struct json_node){
		.text = text,
		.position = (uint32_t)(where - p->start),
		.end = doc->count + 1,
		.type = type,
	};
	doc->count++;
	return true;
}

static void skip_blank(struct parser *p)
{
	while (p->at < p->end &&
	       (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r'))
		p->at++;
}

/* Does any of eight bytes end a plain run: a control, '"', '\\', or above 0x7f? */
static bool eight_plain(const char *at, bool *high)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
	uint64_t w, quote, slash;

	memcpy(&w, at, 8);
	quote = w ^ (ones * '"');
	slash = w ^ (ones * '\\');
	if ((w & tops) != 0) {
		*high = true;
		return false;
	}
	return (((w - ones * 0x20) | (quote - ones) | (slash - ones)) & tops) == 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Four hexadecimal digits at `at`; -1 where they are none. */
static int32_t hex_unit(const char *at, const char *end)
{
	int32_t unit = 0;

	if (end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(at[i]);

		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

static char *put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		*out++ = (char)c;
	} else if (c < 0x800) {
		*out++ = (char)(0xc0 | c >> 6);
		*out++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*out++ = (char)(0xe0 | c >> 12);
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	} else {
		*out++ = (char)(0xf0 | c >> 18);
		*out++ = (char)(0x80 | (c >> 12 & 0x3f));
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	}
	return out;
}

/* "\uXXXX" (at: behind the 'u'), two of them for a surrogate pair.  No NUL, no lone halves. */
static const char *unescape_unicode(const char *at, const char *end, char **out)
{
	int32_t unit = hex_unit(at, end), low;
	uint32_t c;

	if (unit <= 0 || (unit >= 0xdc00 && unit <= 0xdfff))
		return NULL;
	c = (uint32_t)unit;
	at += 4;
	if (unit >= 0xd800 && unit <= 0xdbff) {
		if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
			return NULL;
		low = hex_unit(at + 2, end);
		if (low < 0xdc00 || low > 0xdfff)
			return NULL;
		c = 0x10000 + ((c - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
		at += 6;
	}
	*out = put_utf8(*out, c);
	return at;
}

/* Copies the raw inside of a string without its escapes; its text never grows. */
static bool unescape(struct parser *p, struct text raw, struct text *text_out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at = raw.at, *end = raw.at + raw.len;
	char *out = arena_take(&p->doc->scratch, raw.len + 1);

	if (out == NULL)
		return refuse(p, JSON_NO_MEMORY, at);
	text_out->at = out;
	while (at < end) {
		const char *escape = memchr(at, '\\', (size_t)(end - at));
		size_t plain = (size_t)((escape != NULL ? escape : end) - at);
		const char *known;

		memcpy(out, at, plain);
		out += plain;
		if (escape == NULL)
			break;
		at = escape + 1;
		if (*at == 'u') {
			at = unescape_unicode(at + 1, end, &out);
			if (at == NULL)
				return refuse(p, JSON_BAD_SYNTAX, escape);
			continue;
		}
		known = *at != '\0' ? strchr(from, *at) : NULL;
		if (known == NULL)
			return refuse(p, JSON_BAD_SYNTAX, escape);
		*out++ = to[known - from];
		at++;
	}
	text_out->len = (size_t)(out - text_out->at);
	return true;
}

static bool parse_string(struct parser *p)
{
	const char *where = p->at, *at = p->at + 1;
	bool high = false, escaped = false;
	struct text text;

	for (;;) {
		while (p->end - at >= 8 && eight_plain(at, &high))
			at += 8;
		if (at == p->end || (unsigned char)*at < 0x20)
			return refuse(p, JSON_BAD_SYNTAX, at);
		if (*at == '"')
			break;
		if (*at == '\\') {
			escaped = true;
			/* The byte behind it cannot end the string; unescape() looks at it. */
			if (p->end - at < 2 || (unsigned char)at[1] < 0x20)
				return refuse(p, JSON_BAD_SYNTAX, at);
			at++;
			high |= (unsigned char)*at >= 0x80;
		} else if ((unsigned char)*at >= 0x80) {
			high = true;
		}
		at++;
	}
	text = (struct text){ where + 1, (size_t)(at - where - 1) };
	p->at = at + 1;
	if (high && !text_utf8(text))
		return refuse(p, JSON_BAD_UTF8, where);
	if (escaped && !unescape(p, text, &text))
		return false;
	return add_node(p, JSON_STRING, text, where);
}

static const char *skip_digits(const char *at, const char *end)
{
	while (at < end && *at >= '0' && *at <= '9')
		at++;
	return at;
}

static bool parse_number(struct parser *p)
{
	const char *where = p->at, *at = p->at, *digits;

	if (*at == '-')
		at++;
	digits = at;
	at = skip_digits(at, p->end);
	if (at == digits || (*digits == '0' && at > digits + 1))
		return refuse(p, JSON_BAD_SYNTAX, where);
	if (at < p->end && *at == '.') {
		digits = ++at;
		at = skip_digits(at, p->end);
		if (at == digits)
			return refuse(p, JSON_BAD_SYNTAX, where);
	}
	if (at < p->end && (*at == 'e' || *at == 'E')) {
		at++;
		if (at < p->end && (*at == '+' || *at == '-'))
			at++;
		digits = at;
		at = skip_digits(at, p->end);
		if (at == digits)
			return refuse(p, JSON_BAD_SYNTAX, where);
	}
	p->at = at;
	return add_node(p, JSON_NUMBER, (struct text){ where, (size_t)(at - where) }, where);
}

static bool parse_word(struct parser *p, const char *word, enum json_type type)
{
	size_t len = strlen(word);
	const char *where = p->at;

	if ((size_t)(p->end - p->at) < len || memcmp(p->at, word, len) != 0)
		return refuse(p, JSON_BAD_SYNTAX, where);
	p->at += len;
	return add_node(p, type, (struct text){ NULL, 0 }, where);
}

static int compare_keys(const void *a, const void *b)
{
	const struct json_node *const *x = a, *const *y = b;

	return text_compare((*x)->text, (*y)->text);
}

/* Many members: sorting keeps a hostile object from costing the square of its size. */
static bool check_many_keys(struct parser *p, uint32_t object)
{
	struct json *doc = p->doc;
	uint32_t count = doc->nodes[object].count, filled = 0;
	const struct json_node **keys = malloc(count * sizeof(*keys));
	bool good = true;

	if (keys == NULL)
		return refuse(p, JSON_NO_MEMORY, p->at);
	for (uint32_t key = object + 1; filled < count; key = doc->nodes[key + 1].end)
		keys[filled++] = &doc->nodes[key];
	qsort(keys, count, sizeof(*keys), compare_keys);
	for (uint32_t i = 1; i < count && good; i++) {
		if (text_equal(keys[i]->text, keys[i - 1]->text))
			good = refuse(p, JSON_BAD_DUPLICATE, p->start + keys[i]->position);
	}
	free(keys);
	return good;
}

static bool check_keys(struct parser *p, uint32_t object)
{
	const struct json_node *nodes = p->doc->nodes;
	const struct json_node *keys[PAIRWISE_MAX];
	uint32_t count = nodes[object].count, filled = 0;

	if (count > PAIRWISE_MAX)
		return check_many_keys(p, object);
	for (uint32_t key = object + 1; filled < count; key = nodes[key + 1].end) {
		for (uint32_t i = 0; i < filled; i++) {
			if (text_equal(keys[i]->text, nodes[key].text))
				return refuse(p, JSON_BAD_DUPLICATE,
				              p->start + nodes[key].position);
		}
		keys[filled++] = &nodes[key];
	}
	return true;
}

/* A key and its colon. */
static bool parse_key(struct parser *p)
{
	skip_blank(p);
	if (p->at == p->end || *p->at != '"')
		return refuse(p, JSON_BAD_SYNTAX, p->at);
	if (!parse_string(p))
		return false;
	skip_blank(p);
	if (p->at == p->end || *p->at != ':')
		return refuse(p, JSON_BAD_SYNTAX, p->at);
	p->at++;
	return true;
}

static bool open_container(struct parser *p, enum json_type type)
{
	if (p->depth == JSON_DEPTH_MAX)
		return refuse(p, JSON_BAD_DEPTH, p->at);
	p->open[p->depth++] = p->doc->count;
	if (!add_node(p, type, (struct text){ NULL, 0 }, p->at))
		return false;
	p->at++;
	return true;
}

/* A scalar, or the opening of a container. */
static bool parse_value(struct parser *p)
{
	skip_blank(p);
	if (p->at == p->end)
		return refuse(p, JSON_BAD_SYNTAX, p->at);
	switch (*p->at) {
	case '{':
		return open_container(p, JSON_OBJECT);
	case '[':
		return open_container(p, JSON_ARRAY);
	case '"':
		return parse_string(p);
	case 't':
		return parse_word(p, "true", JSON_TRUE);
	case 'f':
		return parse_word(p, "false", JSON_FALSE);
	case 'n':
		return parse_word(p, "null", JSON_NULL);
	default:
		return parse_number(p);
	}
}

/* Closes all containers that end here; then a comma may lead to the next child. */
static bool parse_structure(struct parser *p)
{
	struct json *doc = p->doc;
	bool after_value = doc->nodes[doc->count - 1].end == doc->count &&
	                   !(p->depth > 0 && p->open[p->depth - 1] == doc->count - 1);

	while (p->depth > 0) {
		uint32_t container = p->open[p->depth - 1];
		bool object = doc->nodes[container].type == JSON_OBJECT;

		if (after_value)
			doc->nodes[container].count++;
		skip_blank(p);
		if (p->at == p->end)
			return refuse(p, JSON_BAD_SYNTAX, p->at);
		if (*p->at == (object ? '}' : ']')) {
			doc->nodes[container].end = doc->count;
			if (object && !check_keys(p, container))
				return false;
			p->at++;
			p->depth--;
			after_value = true;
			continue;
		}
		if (after_value) {
			if (*p->at != ',')
				return refuse(p, JSON_BAD_SYNTAX, p->at);
			p->at++;
		}
		return !object || parse_key(p);
	}
	return true;
}

static bool parse_document(struct parser *p)
{
	do {
		if (!parse_value(p) || !parse_structure(p))
			return false;
	} while (p->depth > 0);
	skip_blank(p);
	return p->at == p->end || refuse(p, JSON_BAD_SYNTAX, p->at);
}

unsigned json_line(struct text text, size_t position)
{
	unsigned line = 1;

	for (size_t i = 0; i < position && i < text.len; i++)
		line += text.at[i] == '\n';
	return line;
}

/* The key that stands at a position. */
static struct text key_at(const struct json *doc, size_t position)
{
	enum { SHOWN_MAX = 64 };
	struct text key = text_of("");

	for (uint32_t n = 0; n < doc->count; n++) {
		if (doc->nodes[n].position == position && doc->nodes[n].type == JSON_STRING)
			key = doc->nodes[n].text;
	}
	if (key.len > SHOWN_MAX)
		key.len = SHOWN_MAX;
	return key;
}

static int tell(const struct json *doc, struct text text, struct fault *fault)
{
	static const char *const errors[] = {
		[JSON_OK] = "",
		[JSON_BAD_SYNTAX] = "this is not JSON",
		[JSON_BAD_UTF8] = "a string is not UTF-8",
		[JSON_BAD_DUPLICATE] = "the object has this key already: ",
		[JSON_BAD_DEPTH] = "nested too deep",
		[JSON_NO_MEMORY] = "out of memory",
	};
	size_t column = 1;

	if (doc->error == JSON_NO_MEMORY)
		return fault_set(fault, FAULT_NOMEM, "JSON: out of memory");
	for (size_t i = doc->error_position; i > 0 && text.at[i - 1] != '\n'; i--)
		column++;
	return fault_set(fault, FAULT_SYNTAX, "line %u, column %zu: %s%.*s",
	                 json_line(text, doc->error_position), column, errors[doc->error],
	                 TEXT_ARGS(doc->error == JSON_BAD_DUPLICATE
	                                   ? key_at(doc, doc->error_position)
	                                   : text_of("")));
}

int json_parse(struct json *doc, struct text text, struct fault *fault)
{
	struct parser parser = {
		.doc = doc, .start = text.at, .at = text.at, .end = text.at + text.len
	};

	if (doc->cap > NODES_KEPT) {
		free(doc->nodes);
		doc->nodes = NULL;
		doc->cap = 0;
	}
	doc->count = doc->read = 0;
	doc->error = JSON_OK;
	doc->error_position = 0;
	arena_reset(&doc->scratch);
	if (text.len > JSON_BYTES_MAX)
		return fault_set(fault, FAULT_SYNTAX, "JSON: longer than %d bytes", JSON_BYTES_MAX);
	if (text.len == 0) {
		doc->error = JSON_BAD_SYNTAX;
		return fault_set(fault, FAULT_SYNTAX,
		                 "line 1, column 1: nothing where JSON is due");
	}
	if (!parse_document(&parser)) {
		int r = tell(doc, text, fault);

		doc->read = doc->count;
		doc->count = 0;
		return r;
	}
	return 0;
}

bool json_salvage(struct json *doc)
{
	uint32_t end = 1;

	if (doc->read == 0 || doc->nodes[0].type != JSON_OBJECT || doc->nodes[0].count == 0)
		return false;
	for (uint32_t member = 0; member < doc->nodes[0].count; member++)
		end = doc->nodes[end + 1].end;
	doc->nodes[0].end = doc->count = end;
	return true;
}

void json_release(struct json *doc)
{
	if (doc == NULL)
		return;
	free(doc->nodes);
	arena_release(&doc->scratch);
	*doc = (struct json){ .nodes = NULL };
}

enum json_type json_type_of(const struct json *doc, uint32_t node)
{
	return node < doc->count ? doc->nodes[node].type : JSON_NULL;
}

uint32_t json_first(const struct json *doc, uint32_t container)
{
	if (container >= doc->count || doc->nodes[container].count == 0)
		return JSON_NONE;
	return container + 1;
}

uint32_t json_next(const struct json *doc, uint32_t container, uint32_t child)
{
	uint32_t last = doc->nodes[container].type == JSON_OBJECT ? child + 1 : child;
	uint32_t next = doc->nodes[last].end;

	return next < doc->nodes[container].end ? next : JSON_NONE;
}

uint32_t json_member(const struct json *doc, uint32_t object, const char *key)
{
	struct text wanted = text_of(key);

	if (json_type_of(doc, object) != JSON_OBJECT)
		return JSON_NONE;
	for (uint32_t k = json_first(doc, object); k != JSON_NONE; k = json_next(doc, object, k)) {
		if (text_equal(doc->nodes[k].text, wanted))
			return k + 1;
	}
	return JSON_NONE;
}

struct text json_string(const struct json *doc, uint32_t node)
{
	if (json_type_of(doc, node) != JSON_STRING)
		return (struct text){ NULL, 0 };
	return doc->nodes[node].text;
}

bool json_write(const struct json *doc, uint32_t node, unsigned depth_max, struct buf *out)
{
	static const char *const words[] = {
		[JSON_NULL] = "null", [JSON_FALSE] = "false", [JSON_TRUE] = "true"
	};
	enum json_type type = json_type_of(doc, node);
	const char *comma = "";
	bool whole = depth_max > 0;

	if (type < JSON_NUMBER) {
		buf_add_cstr(out, words[type]);
	} else if (type == JSON_NUMBER) {
		buf_add_text(out, doc->nodes[node].text);
	} else if (type == JSON_STRING) {
		buf_add_json(out, doc->nodes[node].text);
	} else {
		buf_add_cstr(out, type == JSON_ARRAY ? "[" : "{");
		for (uint32_t c = json_first(doc, node); whole && c != JSON_NONE;
		     c = json_next(doc, node, c)) {
			buf_add_cstr(out, comma);
			comma = ",";
			if (type == JSON_OBJECT) {
				buf_add_json(out, doc->nodes[c].text);
				buf_add_cstr(out, ":");
			}
			whole = json_write(doc, type == JSON_OBJECT ? c + 1 : c, depth_max - 1,
			                   out);
		}
		buf_add_cstr(out, type == JSON_ARRAY ? "]" : "}");
	}
	return whole;
}

bool json_integer(const struct json *doc, uint32_t node, int64_t *out)
{
	return json_type_of(doc, node) == JSON_NUMBER && text_int(doc->nodes[node].text, out);
}

bool json_nonzero_number(const struct json *doc, uint32_t node)
{
	if (json_type_of(doc, node) != JSON_NUMBER)
		return false;
	for (size_t i = 0; i < doc->nodes[node].text.len; i++) {
		char c = doc->nodes[node].text.at[i];

		if (c == 'e' || c == 'E')
			break;
		if (c >= '1' && c <= '9')
			return true;
	}
	return false;
}

uint64_t json_hash(const struct json *doc, uint32_t node)
{
	const struct json_node *at = &doc->nodes[node];
	uint64_t hash = (uint64_t)at->type + 1;
	uint32_t members = 0;

	assert(node < doc->count);
	switch (at->type) {
	case JSON_OBJECT:
		/* Depth is bounded by the parser, so this recursion is. */
		for (uint32_t k = json_first(doc, node); k != JSON_NONE;
		     k = json_next(doc, node, k)) {
			struct text key = doc->nodes[k].text;

			if (doc->nodes[k + 1].type == JSON_NULL)
				continue;
			hash += hash64(key.at, key.len, json_hash(doc, k + 1));
			members++;
		}
		return hash64_mix(hash, UINT64_C(0x9e3779b97f4a7c15) + members);
	case JSON_ARRAY:
		for (uint32_t e = json_first(doc, node); e != JSON_NONE;
		     e = json_next(doc, node, e))
			hash = hash64_mix(hash ^ json_hash(doc, e), UINT64_C(0xd6e8feb86659fd93));
		return hash64_mix(hash, UINT64_C(0xa0761d6478bd642f) + at->count);
	default:
		return hash64(at->text.at != NULL ? at->text.at : "", at->text.len, hash);
	}
}
