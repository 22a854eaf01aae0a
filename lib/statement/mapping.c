#include "statement/mapping.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

enum { COLUMN_SHOWN = 80, WHAT_BYTES = FAULT_TEXT_BYTES / 2 };

static const struct {
	const char *word;
	int decimals;
} units[] = {
#define U(word, DECIMALS, text) { word, DECIMALS },
#include "statement/unit.def"
#undef U
};

static const char *const unit_words[] = {
#define U(word, DECIMALS, text) word,
#include "statement/unit.def"
#undef U
	NULL
};

static const char *const clock_words[] = {
#define C(NAME, word, text) word,
#include "statement/clock.def"
#undef C
	NULL
};

static const char *const top_keys[] = { "container", "zone",      "currency", "delimiter",
	                                "decimal",   "thousands", "symbol",   "below_zero",
	                                "others",    "columns",   "notes",    NULL };
static const char *const column_keys[] = { "field",    "unit",     "units",  "sign", "clock",
	                                   "currency", "required", "ignore", "note", NULL };

struct mapper {
	struct json doc;
	struct text json;
	struct statement_mapping mapping;
	struct fault *fault;
	struct text column; /* the one at hand; absent outside of "columns" */
};

/* "line 3: columns.Cost.unit: ..." */
__attribute__((format(printf, 5, 6))) static int refuse(struct mapper *m, enum fault_code code,
                                                        uint32_t node, const char *key,
                                                        const char *format, ...)
{
	size_t position = node != JSON_NONE ? m->doc.nodes[node].position : 0;
	char what[WHAT_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return fault_set(m->fault, code, "line %u: %s%.*s%s%s: %s", json_line(m->json, position),
	                 m->column.at != NULL ? "columns." : "",
	                 (int)(m->column.len < COLUMN_SHOWN ? m->column.len : COLUMN_SHOWN),
	                 m->column.at != NULL ? m->column.at : "",
	                 m->column.at != NULL && key[0] != '\0' ? "." : "", key, what);
}

/* "; did you mean X?" or nothing, of a list ended by NULL. */
static const char *meant(struct text word, const char *const *known, char out[WHAT_BYTES])
{
	unsigned best = TEXT_TYPO_MAX + 1;

	out[0] = '\0';
	for (size_t i = 0; known[i] != NULL; i++) {
		unsigned distance = text_distance(word, text_of(known[i]));

		/* Of a short word everything is near. */
		if (distance < best && distance <= strlen(known[i]) / 3) {
			best = distance;
			snprintf(out, WHAT_BYTES, "; did you mean \"%s\"?", known[i]);
		}
	}
	return out;
}

/* "a, b or c" */
static const char *listed(const char *const *known, char out[WHAT_BYTES])
{
	size_t len = 0;

	for (size_t i = 0; known[i] != NULL && len < WHAT_BYTES; i++)
		len += (size_t)snprintf(out + len, WHAT_BYTES - len, "%s%s",
		                        i == 0                 ? ""
		                        : known[i + 1] == NULL ? " or "
		                                               : ", ",
		                        known[i]);
	return out;
}

static int check_keys(struct mapper *m, uint32_t object, const char *const *known)
{
	char near[WHAT_BYTES], all[WHAT_BYTES];

	for (uint32_t key = json_first(&m->doc, object); key != JSON_NONE;
	     key = json_next(&m->doc, object, key)) {
		struct text name = json_string(&m->doc, key);
		char shown[COLUMN_SHOWN];
		size_t i = 0;

		while (known[i] != NULL && !text_is(name, known[i]))
			i++;
		if (known[i] != NULL)
			continue;
		text_copy(shown, sizeof(shown), name);
		return refuse(m, FAULT_INVALID, key, shown, "no such key here%s",
		              meant(name, known, near)[0] != '\0'
		                      ? near
		                      : (snprintf(near, sizeof(near), "; they are %s",
		                                  listed(known, all)),
		                         near));
	}
	return 0;
}

/* A member that is a text, if it is there: absent where not. */
static int read_word(struct mapper *m, uint32_t object, const char *key, struct text *out)
{
	uint32_t node = json_member(&m->doc, object, key);

	*out = json_string(&m->doc, node);
	if (node != JSON_NONE && out->at == NULL)
		return refuse(m, FAULT_INVALID, node, key, "must be a text");
	return 0;
}

/* One of a list, or its first where the member is not there. */
static int read_choice(struct mapper *m, uint32_t object, const char *key, const char *const *known,
                       size_t *out)
{
	char near[WHAT_BYTES], all[WHAT_BYTES];
	struct text word;
	int r = read_word(m, object, key, &word);

	*out = 0;
	if (r < 0 || word.at == NULL)
		return r;
	for (size_t i = 0; known[i] != NULL; i++) {
		if (text_is(word, known[i])) {
			*out = i;
			return 0;
		}
	}
	return refuse(m, FAULT_INVALID, json_member(&m->doc, object, key), key,
	              "\"%.*s\" is none of %s%s", (int)(word.len < 40 ? word.len : 40), word.at,
	              listed(known, all), meant(word, known, near));
}

static int read_flag(struct mapper *m, uint32_t object, const char *key, bool *out)
{
	uint32_t node = json_member(&m->doc, object, key);
	enum json_type type = json_type_of(&m->doc, node);

	if (node == JSON_NONE)
		return 0;
	if (type != JSON_TRUE && type != JSON_FALSE)
		return refuse(m, FAULT_INVALID, node, key, "must be true or false");
	*out = type == JSON_TRUE;
	return 0;
}

static int read_currency(struct mapper *m, uint32_t object, char out[STATEMENT_CURRENCY_BYTES])
{
	struct text word;
	int r = read_word(m, object, "currency", &word);

	if (r < 0 || word.at == NULL)
		return r;
	for (size_t i = 0; i < word.len; i++) {
		if (word.at[i] < 'A' || word.at[i] > 'Z')
			word.len = 0;
	}
	if (word.len != STATEMENT_CURRENCY_BYTES - 1)
		return refuse(m, FAULT_INVALID, json_member(&m->doc, object, "currency"),
		              "currency",
		              "must be three capital letters of ISO 4217, like \"USD\"");
	text_copy(out, STATEMENT_CURRENCY_BYTES, word);
	return 0;
}

/* Nothing may be said that changes nothing. */
static int only_for(struct mapper *m, uint32_t object, const char *key, bool fits, const char *what)
{
	uint32_t node = json_member(&m->doc, object, key);

	return node == JSON_NONE || fits ? 0 : refuse(m, FAULT_INVALID, node, key, "%s", what);
}

static int read_units(struct mapper *m, uint32_t object, int64_t *out)
{
	uint32_t node = json_member(&m->doc, object, "units");

	*out = 1;
	if (node == JSON_NONE)
		return 0;
	if (!json_integer(&m->doc, node, out) || (*out != 1 && *out != 1000 && *out != 1000000))
		return refuse(m, FAULT_INVALID, node, "units",
		              "must be 1, 1000 or 1000000: so many are one of the column");
	return 0;
}

static int read_money(struct mapper *m, uint32_t object, struct statement_line *line)
{
	static const char *const signs[] = { "+", "-", NULL };
	char currency[STATEMENT_CURRENCY_BYTES] = "", all[WHAT_BYTES];
	size_t unit, sign;
	int r = read_choice(m, object, "unit", unit_words, &unit);

	if (r < 0 || (r = read_choice(m, object, "sign", signs, &sign)) < 0 ||
	    (r = read_currency(m, object, currency)) < 0)
		return r;
	if (json_member(&m->doc, object, "unit") == JSON_NONE)
		return refuse(m, FAULT_INVALID, object, "unit", "an amount has to say its unit: %s",
		              listed(unit_words, all));
	line->decimals = units[unit].decimals;
	line->negative = sign == 1;
	if (currency[0] == '\0')
		return 0;
	line->currency = arena_copy(&m->mapping.arena, text_of(currency)).at;
	return line->currency != NULL ? 0 : fault_set(m->fault, FAULT_NOMEM, "out of memory");
}

static int read_field(struct mapper *m, uint32_t object, struct statement_line *line)
{
	const char *names[FIELD_COUNT + 1];
	char near[WHAT_BYTES];
	struct text word;
	int r = read_word(m, object, "field", &word);

	if (r < 0)
		return r;
	if (word.at == NULL)
		return refuse(m, FAULT_INVALID, object, "field",
		              "say which field it is, or \"ignore\":true");
	line->field = statement_field_find(word);
	if (line->field < FIELD_COUNT)
		return 0;
	for (int i = 0; i < FIELD_COUNT; i++)
		names[i] = statement_field_name((enum statement_field)i);
	names[FIELD_COUNT] = NULL;
	return refuse(m, FAULT_INVALID, json_member(&m->doc, object, "field"), "field",
	              "\"%.*s\" is no field%s", (int)(word.len < 40 ? word.len : 40), word.at,
	              meant(word, names, near)[0] != '\0' ? near
	                                                  : "; toll-statement(5) lists them");
}

static int read_line(struct mapper *m, uint32_t object, struct statement_line *line)
{
	enum statement_kind kind;
	size_t clock;
	int r = read_field(m, object, line);

	if (r < 0)
		return r;
	kind = statement_field_kind(line->field);
	line->required = true;
	if ((r = read_flag(m, object, "required", &line->required)) < 0 ||
	    (r = read_choice(m, object, "clock", clock_words, &clock)) < 0 ||
	    (r = read_units(m, object, &line->units)) < 0 ||
	    (r = only_for(m, object, "unit", kind == VALUE_MONEY,
	                  "only amounts have one; a count may have \"units\"")) < 0 ||
	    (r = only_for(m, object, "sign", kind == VALUE_MONEY, "only amounts have one")) < 0 ||
	    (r = only_for(m, object, "currency", kind == VALUE_MONEY, "only amounts have one")) <
	            0 ||
	    (r = only_for(m, object, "units", kind == VALUE_COUNT,
	                  "only counts have them; an amount has its \"unit\"")) < 0 ||
	    (r = only_for(m, object, "clock", kind == VALUE_TIME, "only times have one")) < 0)
		return r;
	line->clock = (enum statement_clock)clock;
	return kind == VALUE_MONEY ? read_money(m, object, line) : 0;
}

/* One of "columns": a line, or the name of one that is ignored. */
static int read_column(struct mapper *m, uint32_t key, uint32_t object, size_t *lines,
                       size_t *ignored)
{
	struct statement_mapping *mapping = &m->mapping;
	struct statement_line line = { .column = NULL };
	bool ignore = false;
	const char *name;
	int r;

	m->column = json_string(&m->doc, key);
	if (m->column.len == 0)
		return refuse(m, FAULT_INVALID, key, "", "a column without a name");
	if (json_type_of(&m->doc, object) != JSON_OBJECT)
		return refuse(m, FAULT_INVALID, object, "",
		              "must be an object: {\"field\":...} or {\"ignore\":true}");
	if ((r = check_keys(m, object, column_keys)) < 0 ||
	    (r = read_flag(m, object, "ignore", &ignore)) < 0)
		return r;
	name = arena_copy(&mapping->arena, m->column).at;
	if (name == NULL)
		return fault_set(m->fault, FAULT_NOMEM, "out of memory");
	if (!ignore) {
		r = read_line(m, object, &line);
		line.column = name;
		mapping->lines[(*lines)++] = line;
		return r;
	}
	mapping->ignored[(*ignored)++] = name;
	for (size_t i = 0; column_keys[i] != NULL; i++) {
		bool fits = strcmp(column_keys[i], "ignore") == 0 ||
		            strcmp(column_keys[i], "note") == 0;

		r = only_for(m, object, column_keys[i], fits, "it is ignored: say nothing else");
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_columns(struct mapper *m, uint32_t columns)
{
	struct statement_mapping *mapping = &m->mapping;
	size_t count, lines = 0, ignored = 0;
	int r = 0;

	if (json_type_of(&m->doc, columns) != JSON_OBJECT)
		return refuse(m, FAULT_INVALID, columns != JSON_NONE ? columns : 0, "columns",
		              "must be an object: what each column is");
	count = m->doc.nodes[columns].count;
	if (count > STATEMENT_MAPPING_LINES_MAX)
		return refuse(m, FAULT_RANGE, columns, "columns",
		              "more than %d; \"others\":\"ignore\" saves naming those that do not "
		              "matter",
		              STATEMENT_MAPPING_LINES_MAX);
	mapping->lines = arena_take(&mapping->arena, (count + 1) * sizeof(*mapping->lines));
	mapping->ignored = arena_take(&mapping->arena, (count + 1) * sizeof(*mapping->ignored));
	if (mapping->lines == NULL || mapping->ignored == NULL)
		return fault_set(m->fault, FAULT_NOMEM, "out of memory");
	for (uint32_t key = json_first(&m->doc, columns); key != JSON_NONE && r == 0;
	     key = json_next(&m->doc, columns, key))
		r = read_column(m, key, key + 1, &lines, &ignored);
	if (r < 0)
		return r;
	m->column = (struct text){ NULL, 0 };
	mapping->lines[lines] = (struct statement_line){ .column = NULL };
	mapping->ignored[ignored] = NULL;
	return 0;
}

static const struct statement_line *line_of(const struct statement_mapping *mapping,
                                            enum statement_field field)
{
	for (const struct statement_line *line = mapping->lines; line->column != NULL; line++) {
		if (line->field == field)
			return line;
	}
	return NULL;
}

/* What no column alone can be wrong about. */
static int check_fields(struct mapper *m, uint32_t columns)
{
	const struct statement_mapping *mapping = &m->mapping;
	bool from = line_of(mapping, FIELD_FROM) != NULL, to = line_of(mapping, FIELD_TO) != NULL;
	int times = (line_of(mapping, FIELD_TIME) != NULL) +
	            (line_of(mapping, FIELD_DATE) != NULL) + (from || to);
	bool charges = false, ids;

	for (const struct statement_line *line = mapping->lines; line->column != NULL; line++) {
		const struct statement_line *first = line_of(mapping, line->field);
		enum statement_kind kind = statement_field_kind(line->field);

		if (first != NULL && first != line)
			return refuse(m, FAULT_INVALID, columns, "columns",
			              "\"%.60s\" and \"%.60s\" are both \"%s\": one of them is "
			              "something else, or ignored",
			              first->column, line->column,
			              statement_field_name(line->field));
		charges = charges || kind == VALUE_MONEY || kind == VALUE_COUNT;
	}
	/* A request that is told by its name alone is matched by that alone. */
	ids = line_of(mapping, FIELD_ID) != NULL || line_of(mapping, FIELD_UPSTREAM_ID) != NULL ||
	      line_of(mapping, FIELD_REQUEST_ID) != NULL;
	if (times == 0 && !ids)
		return refuse(m, FAULT_INVALID, columns, "columns",
		              "none is the \"time\" of a request, nor the \"date\" or the \"from\" "
		              "and \"to\" of a sum");
	if (times > 1)
		return refuse(m, FAULT_INVALID, columns, "columns",
		              "a row has one of \"time\", \"date\", or \"from\" and \"to\"");
	if (from != to)
		return refuse(m, FAULT_INVALID, columns, "columns",
		              "\"from\" and \"to\" go together; \"date\" is a day, an hour or a "
		              "month by itself");
	if (!charges)
		return refuse(m, FAULT_INVALID, columns, "columns",
		              "none is an amount or a count: there would be nothing to compare");
	if (line_of(mapping, FIELD_QUANTITY) != NULL && line_of(mapping, FIELD_COMPONENT) == NULL)
		return refuse(m, FAULT_INVALID, columns, "columns",
		              "a \"quantity\" needs the \"component\" that it is of; a column of "
		              "its own for each is a field of that name (\"input\")");
	return 0;
}

/* One of the bytes; 0 where the member is not there. */
static int read_byte(struct mapper *m, uint32_t object, const char *key, const char *bytes,
                     const char *all, char *out)
{
	struct text word;
	int r = read_word(m, object, key, &word);

	if (r < 0 || word.at == NULL)
		return r;
	if (word.len != 1 || strchr(bytes, word.at[0]) == NULL || word.at[0] == '\0')
		return refuse(m, FAULT_INVALID, json_member(&m->doc, object, key), key,
		              "must be %s", all);
	*out = word.at[0];
	return 0;
}

static int read_zone(struct mapper *m, uint32_t object)
{
	struct fault why;
	struct text word;
	int r = read_word(m, object, "zone", &word);

	if (r < 0 || word.at == NULL)
		return r;
	r = zone_open(&m->mapping.zone, word, &why);
	return r == 0 ? 0
	              : refuse(m, why.code, json_member(&m->doc, object, "zone"), "zone", "%s",
	                       why.text);
}

/* "$": no part of a number, nor of a text that could be one. */
static int read_symbol(struct mapper *m, uint32_t object, char out[STATEMENT_SYMBOL_BYTES])
{
	struct text word;
	int r = read_word(m, object, "symbol", &word);
	bool fits = word.len > 0 && word.len < STATEMENT_SYMBOL_BYTES && text_plain(word);

	if (r < 0 || word.at == NULL)
		return r;
	for (size_t i = 0; i < word.len; i++)
		fits = fits && strchr("0123456789+-.,'_ ", word.at[i]) == NULL;
	if (!fits || text_is(word, "e") || text_is(word, "E"))
		return refuse(m, FAULT_INVALID, json_member(&m->doc, object, "symbol"), "symbol",
		              "must be a sign like \"$\", without digits, signs and points");
	text_copy(out, STATEMENT_SYMBOL_BYTES, word);
	return 0;
}

/* How the whole of it is written. */
static int read_form(struct mapper *m)
{
	static const char *const containers[] = { "csv", "json", NULL };
	static const char *const rests[] = { "ignore", NULL };
	struct statement_mapping *mapping = &m->mapping;
	static const char *const charges[] = { "error", "credit", "adjustment", NULL };
	static const enum statement_charge charge_of[] = { STATEMENT_USAGE, STATEMENT_CREDIT,
		                                           STATEMENT_ADJUSTMENT };
	size_t container, rest, charge;
	int r;

	mapping->decimal_point = '.';
	if ((r = read_choice(m, 0, "container", containers, &container)) < 0 ||
	    (r = read_choice(m, 0, "others", rests, &rest)) < 0 ||
	    (r = read_choice(m, 0, "below_zero", charges, &charge)) < 0 ||
	    (r = read_currency(m, 0, mapping->currency)) < 0 || (r = read_zone(m, 0)) < 0 ||
	    (r = read_symbol(m, 0, mapping->symbol)) < 0 ||
	    (r = read_byte(m, 0, "delimiter", ",;\t|", "\",\", \";\", \"\\t\" or \"|\"",
	                   &mapping->delimiter)) < 0 ||
	    (r = read_byte(m, 0, "decimal", ".,", "\".\" or \",\"", &mapping->decimal_point)) < 0 ||
	    (r = read_byte(m, 0, "thousands", ",. '_", "\",\", \".\", \" \", \"'\" or \"_\"",
	                   &mapping->thousands)) < 0)
		return r;
	if (json_member(&m->doc, 0, "container") == JSON_NONE)
		return refuse(m, FAULT_INVALID, 0, "container",
		              "say \"csv\", or \"json\" (one object a line, or a list of them)");
	mapping->container = container == 0 ? STATEMENT_CSV : STATEMENT_JSON;
	mapping->below_zero = charge_of[charge];
	mapping->others_ignored = json_member(&m->doc, 0, "others") != JSON_NONE;
	if (mapping->thousands == mapping->decimal_point)
		return refuse(m, FAULT_INVALID, json_member(&m->doc, 0, "thousands"), "thousands",
		              "cannot be what stands before the decimals");
	return only_for(m, 0, "delimiter", mapping->container == STATEMENT_CSV, "only CSV has one");
}

int statement_mapping_parse(struct statement_mapping *mapping_out, struct text json,
                            struct fault *fault)
{
	struct mapper m = { .json = json, .fault = fault };
	uint32_t columns;
	int r = json_parse(&m.doc, json, fault);

	if (r < 0)
		goto out;
	if (json_type_of(&m.doc, 0) != JSON_OBJECT) {
		r = fault_set(fault, FAULT_INVALID, "a mapping is one JSON object");
		goto out;
	}
	columns = json_member(&m.doc, 0, "columns");
	if ((r = check_keys(&m, 0, top_keys)) < 0 || (r = read_form(&m)) < 0 ||
	    (r = read_columns(&m, columns)) < 0 || (r = check_fields(&m, columns)) < 0)
		goto out;
	*mapping_out = m.mapping;
	m.mapping = (struct statement_mapping){ .lines = NULL };
out:
	statement_mapping_release(&m.mapping);
	json_release(&m.doc);
	return r;
}

int statement_mapping_load(struct statement_mapping *mapping_out, const char *path,
                           struct fault *fault)
{
	struct buf json = { .at = NULL };
	struct fault why;
	int r = buf_read_file(&json, path, STATEMENT_MAPPING_BYTES_MAX, fault);

	if (r == 0) {
		r = statement_mapping_parse(mapping_out, buf_text(&json), &why);
		if (r < 0)
			fault_set(fault, why.code, "%s: %s", path, why.text);
	}
	buf_release(&json);
	return r;
}

void statement_mapping_release(struct statement_mapping *mapping)
{
	zone_close(mapping->zone);
	arena_release(&mapping->arena);
	*mapping = (struct statement_mapping){ .lines = NULL };
}
