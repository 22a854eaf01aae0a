/* Members of a JSON record into a row. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "statement/json_fields.h"
#include "statement/when.h"

enum { WHY_BYTES = 300, WRITTEN_BYTES_MAX = 60, PATH_TEXT_BYTES = 100 };

uint32_t json_fields_at(const struct json_fields *fields, const char *path)
{
	struct text rest = text_of(path), key;
	uint32_t node = fields->node;
	char name[PATH_TEXT_BYTES];

	while (text_cut(&rest, '.', &key)) {
		bool whole = text_copy(name, sizeof(name), key);

		assert(whole); /* the tables are ours */
		if (json_type_of(fields->doc, node) != JSON_OBJECT)
			return JSON_NONE;
		node = json_member(fields->doc, node, name);
	}
	return json_type_of(fields->doc, node) == JSON_NULL ? JSON_NONE : node;
}

int json_fields_refuse(const struct json_fields *fields, enum fault_code code, const char *path,
                       const char *format, ...)
{
	char why[WHY_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	if (fields->list == NULL)
		return statement_refuse(fields->reader, code, fields->fault, "%s: %s", path, why);
	return statement_refuse(fields->reader, code, fields->fault, "%s[%zu].%s: %s", fields->list,
	                        fields->index, path, why);
}

/* What is written there, as it is shown to people. */
static struct text written(const struct json_fields *fields, uint32_t node)
{
	struct text text = fields->doc->nodes[node].text;

	switch (json_type_of(fields->doc, node)) {
	case JSON_TRUE:
		return text_of("true");
	case JSON_FALSE:
		return text_of("false");
	case JSON_ARRAY:
		return text_of("a list");
	case JSON_OBJECT:
		return text_of("an object");
	case JSON_NULL:
	case JSON_NUMBER:
	case JSON_STRING:
		break;
	}
	if (text.len > WRITTEN_BYTES_MAX)
		text.len = WRITTEN_BYTES_MAX;
	return text;
}

static int wrong_type(const struct json_fields *fields, const char *path, uint32_t node,
                      const char *due)
{
	return json_fields_refuse(fields, FAULT_INVALID, path, "%.*s is there, and %s is due",
	                          TEXT_ARGS(written(fields, node)), due);
}

int json_fields_text(const struct json_fields *fields, const char *path, struct text *out)
{
	uint32_t node = json_fields_at(fields, path);

	if (node == JSON_NONE)
		return 0;
	if (json_type_of(fields->doc, node) != JSON_STRING)
		return wrong_type(fields, path, node, "a text");
	if (json_string(fields->doc, node).len > 0)
		*out = json_string(fields->doc, node);
	return 0;
}

/* The digits of a number, or of a text that has one: what some write of large numbers. */
static int digits_at(const struct json_fields *fields, const char *path, uint32_t node,
                     struct text *out)
{
	enum json_type type = json_type_of(fields->doc, node);

	if (type != JSON_NUMBER && type != JSON_STRING)
		return wrong_type(fields, path, node, "a number");
	*out = fields->doc->nodes[node].text;
	return 0;
}

static int count_at(const struct json_fields *fields, const char *path, uint32_t node,
                    int64_t units, int64_t *out)
{
	struct text digits;
	int64_t count;
	int r = digits_at(fields, path, node, &digits);

	if (r < 0)
		return r;
	r = statement_count_read(digits, units, &count);
	if (r == 0 && count < 0)
		r = -FAULT_INVALID;
	/* So that what a format adds up of a record has room. */
	if (r == 0 && count > STATEMENT_COUNT_MAX)
		r = -FAULT_RANGE;
	if (r < 0)
		return json_fields_refuse(fields, (enum fault_code) - r, path, "%.*s is no count",
		                          TEXT_ARGS(written(fields, node)));
	*out = count;
	return 0;
}

static int take_count(const struct json_fields *fields, const struct statement_line *line,
                      uint32_t node, struct statement_row *row)
{
	enum component component = (enum component)(line->field - FIELD_COMPONENTS);
	int64_t count;
	int r = count_at(fields, line->column, node, line->units, &count);

	if (r < 0)
		return r;
	if (__builtin_add_overflow(row->count[component], count, &row->count[component]))
		return json_fields_refuse(fields, FAULT_RANGE, line->column, "the sum is no count");
	row->told |= UINT32_C(1) << component;
	return 0;
}

int json_fields_number(const struct json_fields *fields, const char *path, int64_t *out)
{
	uint32_t node = json_fields_at(fields, path);

	return node == JSON_NONE ? 0 : count_at(fields, path, node, 1, out);
}

static int take_money(const struct json_fields *fields, const char *path, uint32_t node,
                      const struct statement_line *line, struct statement_row *row)
{
	enum statement_money which = (enum statement_money)(line->field - FIELD_MONEY);
	struct text digits;
	int r = digits_at(fields, path, node, &digits);

	if (r < 0)
		return r;
	r = statement_set_money(row, which, digits, line->decimals);
	if (r < 0)
		return json_fields_refuse(fields, (enum fault_code) - r, path, "%.*s is no amount",
		                          TEXT_ARGS(written(fields, node)));
	if (line->negative)
		row->money[which].attos = -row->money[which].attos;
	return 0;
}

int json_fields_flag(const struct json_fields *fields, const char *path, bool *out)
{
	uint32_t node = json_fields_at(fields, path);

	if (node == JSON_NONE)
		return 0;
	if (json_type_of(fields->doc, node) != JSON_TRUE &&
	    json_type_of(fields->doc, node) != JSON_FALSE)
		return wrong_type(fields, path, node, "true or false");
	*out = json_type_of(fields->doc, node) == JSON_TRUE;
	return 0;
}

/* "Tue, 11 Aug 2026 00:09:43 GMT" into "2026-08-11T00:09:43Z"; false: it is none. */
static bool http_date(struct text t, char out[MOMENT_TEXT_BYTES])
{
	enum { HTTP_DATE_BYTES = 29 };
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const char *month = NULL;

	if (t.len != HTTP_DATE_BYTES || memcmp(t.at + 3, ", ", 2) != 0 ||
	    memcmp(t.at + t.len - 4, " GMT", 4) != 0 || t.at[7] != ' ' || t.at[11] != ' ' ||
	    t.at[16] != ' ')
		return false;
	for (const char *m = months; *m != '\0' && month == NULL; m += 3) {
		if (memcmp(m, t.at + 8, 3) == 0)
			month = m;
	}
	if (month == NULL)
		return false;
	snprintf(out, MOMENT_TEXT_BYTES, "%.4s-%02d-%.2sT%.8sZ", t.at + 12,
	         (int)((month - months) / 3) + 1, t.at + 5, t.at + 17);
	return true;
}

/* How much of time the text of a moment leaves open: a millisecond, ten ..., a second. */
static int64_t step_of(struct text t)
{
	const char *point = memchr(t.at, '.', t.len);
	int64_t step = 1000;

	for (const char *c = point; c != NULL && ++c < t.at + t.len && *c >= '0' && *c <= '9';)
		step = step > 1 ? step / 10 : 1;
	return step;
}

static bool text_moment(const struct json_fields *fields, struct text t, int64_t *from_out,
                        int64_t *to_out)
{
	char moment[MOMENT_TEXT_BYTES];
	struct statement_when when;

	if (http_date(t, moment))
		t = text_of(moment);
	if (moment_parse(t, from_out)) {
		*to_out = *from_out + step_of(t);
		return true;
	}
	if (!statement_when(t, CLOCK_TEXT, statement_zone(fields->reader), &when) ||
	    when.exact == EXACT_MONTH)
		return false;
	statement_note_when(fields->reader, &when);
	*from_out = when.ms;
	*to_out = when.to_ms;
	return true;
}

int json_fields_time(const struct json_fields *fields, const char *path, int64_t *from_out,
                     int64_t *to_out)
{
	/* 9999-12-31, the last that can be written. */
	const int64_t last_s = INT64_C(253402300799);
	uint32_t node = json_fields_at(fields, path);
	int64_t from, to, s;

	if (node == JSON_NONE)
		return 0;
	if (json_integer(fields->doc, node, &s) && s >= 0 && s <= last_s) {
		*from_out = s * 1000;
		*to_out = s * 1000 + 1000;
		return 0;
	}
	if (!text_moment(fields, json_string(fields->doc, node), &from, &to))
		return json_fields_refuse(fields, FAULT_SYNTAX, path, "%.*s is no time",
		                          TEXT_ARGS(written(fields, node)));
	*from_out = from;
	*to_out = to;
	return 0;
}

static struct text *text_field(struct statement_row *row, enum statement_field field)
{
	struct text *const texts[] = {
		[FIELD_ID] = &row->id,
		[FIELD_UPSTREAM_ID] = &row->upstream_id,
		[FIELD_REQUEST_ID] = &row->request_id,
		[FIELD_SOURCE] = &row->source,
		[FIELD_ACCOUNT] = &row->account,
		[FIELD_KEY] = &row->key,
		[FIELD_MODEL] = &row->model,
		[FIELD_PROVIDER] = &row->provider,
		[FIELD_SERVICE_TIER] = &row->service_tier,
		[FIELD_DESCRIPTION] = &row->description,
	};

	assert(field < sizeof(texts) / sizeof(texts[0]) && texts[field] != NULL);
	return texts[field];
}

static int take_currency(const struct json_fields *fields, const char *path,
                         struct statement_row *row)
{
	struct text said = { NULL, 0 };
	int r = json_fields_text(fields, path, &said);

	if (r < 0 || said.len == 0)
		return r;
	if (said.len != STATEMENT_CURRENCY_BYTES - 1)
		return json_fields_refuse(fields, FAULT_INVALID, path,
		                          "%.*s is no currency of ISO 4217", TEXT_ARGS(said));
	for (size_t i = 0; i < said.len; i++) {
		char c = said.at[i];

		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		if (c < 'A' || c > 'Z')
			return json_fields_refuse(fields, FAULT_INVALID, path,
			                          "%.*s is no currency of ISO 4217",
			                          TEXT_ARGS(said));
		row->currency[i] = c;
	}
	row->currency[said.len] = '\0';
	return 0;
}

static int take_flag(const struct json_fields *fields, const struct statement_line *line,
                     struct statement_row *row)
{
	bool set = false;
	int r = json_fields_flag(fields, line->column, &set);

	if (r == 0 && set)
		row->flags |= line->field == FIELD_BYOK ? STATEMENT_BYOK : STATEMENT_CANCELLED;
	return r;
}

/* The member is there to be told, and tells nothing: that is what a blank one is. */
static int take_finish(const struct json_fields *fields, const struct statement_line *line,
                       struct statement_row *row)
{
	struct text reason = { NULL, 0 };
	int r = json_fields_text(fields, line->column, &reason);

	if (r == 0 && (reason.len == 0 || text_is(reason, "error")) &&
	    json_member(fields->doc, fields->node, line->column) != JSON_NONE)
		row->flags |= STATEMENT_BLANK;
	return r;
}

static int take_time(const struct json_fields *fields, const struct statement_line *line,
                     struct statement_row *row)
{
	int64_t from = row->from_ms, to = row->to_ms;
	int r = json_fields_time(fields, line->column, &from, &to);

	if (r < 0)
		return r;
	if (line->field != FIELD_TO)
		row->from_ms = from;
	if (line->field != FIELD_FROM)
		row->to_ms = line->field == FIELD_TO ? from : to;
	return 0;
}

static int take_number(const struct json_fields *fields, const struct statement_line *line,
                       struct statement_row *row)
{
	int64_t *const numbers[] = {
		[FIELD_REQUESTS] = &row->requests,
		[FIELD_PROMPT_TOTAL] = &row->prompt_total,
		[FIELD_ANSWER_TOTAL] = &row->answer_total,
	};

	assert(line->field < sizeof(numbers) / sizeof(numbers[0]) && numbers[line->field] != NULL);
	return json_fields_number(fields, line->column, numbers[line->field]);
}

static int take_line(const struct json_fields *fields, const struct statement_line *line,
                     struct statement_row *row)
{
	uint32_t node = json_fields_at(fields, line->column);

	if (line->field == FIELD_FINISH)
		return take_finish(fields, line, row);
	if (node == JSON_NONE)
		return line->required ? json_fields_refuse(fields, FAULT_INVALID, line->column,
		                                           "it must be there, and is not")
		                      : 0;
	if (line->field >= FIELD_MONEY)
		return take_money(fields, line->column, node, line, row);
	if (line->field >= FIELD_COMPONENTS)
		return take_count(fields, line, node, row);
	switch (line->field) {
	case FIELD_TIME:
	case FIELD_FROM:
	case FIELD_TO:
	case FIELD_DATE:
		return take_time(fields, line, row);
	case FIELD_CANCELLED:
	case FIELD_BYOK:
		return take_flag(fields, line, row);
	case FIELD_REQUESTS:
	case FIELD_PROMPT_TOTAL:
	case FIELD_ANSWER_TOTAL:
		return take_number(fields, line, row);
	case FIELD_CURRENCY:
		return take_currency(fields, line->column, row);
	default:
		return json_fields_text(fields, line->column, text_field(row, line->field));
	}
}

int json_fields_take(const struct json_fields *fields, const struct statement_line *lines,
                     struct statement_row *row)
{
	int r = 0;

	for (const struct statement_line *line = lines; line->column != NULL && r == 0; line++)
		r = take_line(fields, line, row);
	return r;
}

/* Cut where there is no more room: never within a letter. */
static void add_described(char *out, size_t *len, struct text t)
{
	size_t room = JSON_FIELDS_SCRATCH_BYTES - *len;

	if (t.len > room) {
		t.len = room;
		while (t.len > 0 && ((unsigned char)t.at[t.len] & 0xc0) == 0x80)
			t.len--;
	}
	memcpy(out + *len, t.at, t.len);
	*len += t.len;
}

void json_fields_describe(const struct json_fields *fields, const char *const paths[],
                          struct statement_row *row)
{
	size_t len = 0;

	assert(fields->scratch != NULL && row->description.at != fields->scratch);
	if (row->description.len > JSON_FIELDS_SCRATCH_BYTES)
		return; /* it is long enough to tell rows apart, and not cut */
	if (row->description.at != NULL)
		add_described(fields->scratch, &len, row->description);
	for (size_t i = 0; paths[i] != NULL; i++) {
		uint32_t node = json_fields_at(fields, paths[i]);

		if (node == JSON_NONE)
			continue;
		if (len > 0)
			add_described(fields->scratch, &len, text_of(" "));
		add_described(fields->scratch, &len, text_of(paths[i]));
		add_described(fields->scratch, &len, text_of("="));
		add_described(fields->scratch, &len,
		              json_type_of(fields->doc, node) == JSON_STRING
		                      ? json_string(fields->doc, node)
		                      : written(fields, node));
	}
	if (len > 0)
		row->description = (struct text){ fields->scratch, len };
}

int json_fields_bucket(const struct json_fields *bucket, const char *from, const char *to,
                       json_result_fn *each)
{
	const struct statement_line span[] = {
		{ .column = from, .field = FIELD_FROM, .required = true },
		{ .column = to, .field = FIELD_TO, .required = true },
		{ .column = NULL },
	};
	const struct json *doc = bucket->doc;
	uint32_t results = json_fields_at(bucket, "results");
	struct json_fields result = *bucket;
	char scratch[JSON_FIELDS_SCRATCH_BYTES];
	struct statement_row row, base;
	int r;

	statement_row_init(&base);
	base.record = statement_record(bucket->reader);
	r = json_fields_take(bucket, span, &base);
	if (r < 0)
		return r;
	if (base.to_ms <= base.from_ms)
		return json_fields_refuse(bucket, FAULT_INVALID, to, "it is not behind %s", from);
	if (json_type_of(doc, results) != JSON_ARRAY)
		return json_fields_refuse(bucket, FAULT_INVALID, "results", "a list is due");
	result.list = "results";
	result.scratch = scratch;
	result.index = 0;
	for (uint32_t e = json_first(doc, results); e != JSON_NONE && r == 0;
	     e = json_next(doc, results, e), result.index++) {
		result.node = e;
		row = base;
		if (json_type_of(doc, e) != JSON_OBJECT)
			return statement_refuse(bucket->reader, FAULT_INVALID, bucket->fault,
			                        "results[%zu]: an object is due", result.index);
		r = each(&result, &row);
		if (r == 0)
			r = statement_emit(bucket->reader, &row, bucket->fault);
	}
	return r;
}

uint32_t json_fields_first_result(const struct json *doc, uint32_t bucket)
{
	uint32_t results, first;

	if (json_type_of(doc, bucket) != JSON_OBJECT)
		return JSON_NONE;
	results = json_member(doc, bucket, "results");
	if (json_type_of(doc, results) != JSON_ARRAY)
		return JSON_NONE;
	first = json_first(doc, results);
	return json_type_of(doc, first) == JSON_OBJECT ? first : JSON_NONE;
}

static void doubt_reasoning(const struct json_fields *fields, struct statement_row *row)
{
	if (row->answer_total == STATEMENT_UNTOLD || !statement_tells(row, COMPONENT_REASONING) ||
	    row->count[COMPONENT_REASONING] <= row->answer_total)
		return;
	row->told &= ~(UINT32_C(1) << COMPONENT_REASONING);
	row->count[COMPONENT_REASONING] = 0;
	statement_note(fields->reader, "more reasoning is told than answer: the answer stands, "
	                               "and how much of it is reasoning is left open");
}

static int check_parts(const struct json_fields *fields, const char *path, int64_t whole,
                       enum component_role role, const struct statement_row *row)
{
	int64_t parts = 0;

	if (whole == STATEMENT_UNTOLD)
		return 0;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (component_info[c].role == role && statement_tells(row, (enum component)c) &&
		    __builtin_add_overflow(parts, row->count[c], &parts))
			return json_fields_refuse(fields, FAULT_RANGE, path,
			                          "its parts are no count");
	}
	if (parts > whole)
		return json_fields_refuse(fields, FAULT_INVALID, path,
		                          "%lld, and its parts are more: %lld", (long long)whole,
		                          (long long)parts);
	return 0;
}

int json_fields_settle(const struct json_fields *fields, const char *prompt, const char *answer,
                       struct statement_row *row)
{
	const int64_t prompt_total = row->prompt_total;
	int r;

	doubt_reasoning(fields, row);
	r = check_parts(fields, prompt, row->prompt_total, ROLE_PROMPT, row);
	if (r == 0)
		r = check_parts(fields, answer, row->answer_total, ROLE_ANSWER, row);
	if (r < 0 || !statement_tells(row, COMPONENT_REASONING))
		return r;
	/* The answer alone. */
	row->prompt_total = STATEMENT_UNTOLD;
	r = statement_settle_counts(row);
	row->prompt_total = prompt_total;
	assert(r == 0);
	return 0;
}
