/* The draft as the JSON of a price book. */
#include <stdlib.h>

#include "catalogue/draft_internal.h"

#define PER_MILLION INT64_C(1000000)

/* --- conditions ------------------------------------------------------------ */

static void add_key(struct buf *out, size_t start, const char *key)
{
	buf_addf(out, "%s\"%s\": ", out->len > start ? ", " : "", key);
}

static void add_condition(struct buf *out, size_t start, const char *key, struct text value)
{
	if (value.at == NULL)
		return;
	add_key(out, start, key);
	buf_add_json(out, value);
}

static void add_number(struct buf *out, size_t start, const char *key, int64_t value)
{
	if (value == 0)
		return;
	add_key(out, start, key);
	buf_addf(out, "%lld", (long long)value);
}

static void add_utc(struct buf *out, size_t start, const struct draft_when *when)
{
	static const char *const days[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
	bool whole = when->utc_from == when->utc_to;
	bool every = when->days == 0 || when->days == DRAFT_DAYS_ALL;
	const char *comma = "";

	if (!when->has_utc || (whole && every))
		return;
	add_key(out, start, "utc");
	buf_add_cstr(out, "{");
	if (!whole)
		buf_addf(out, "\"from\": \"%02u:%02u\", \"to\": \"%02u:%02u\"", when->utc_from / 60,
		         when->utc_from % 60, when->utc_to / 60, when->utc_to % 60);
	if (!every) {
		buf_addf(out, "%s\"days\": [", whole ? "" : ", ");
		for (unsigned d = 0; d < 7; d++) {
			if ((when->days >> d & 1) == 0)
				continue;
			buf_addf(out, "%s\"%s\"", comma, days[d]);
			comma = ", ";
		}
		buf_add_cstr(out, "]");
	}
	buf_add_cstr(out, "}");
}

/* Nothing where there is no condition, else all of them in one order, without the braces. */
void draft_when_write(const struct draft_when *when, struct buf *out)
{
	size_t start = out->len;

	if (when->context_test != DRAFT_CONTEXT_ANY) {
		add_key(out, start, "context");
		buf_addf(out, "{\"%s\": %lld}",
		         when->context_test == DRAFT_CONTEXT_GT ? "gt" : "gte",
		         (long long)when->context_tokens);
	}
	add_condition(out, start, "tier", when->tier);
	add_condition(out, start, "region", when->region);
	add_utc(out, start, when);
	add_condition(out, start, "size", when->size);
	add_condition(out, start, "quality", when->quality);
	add_number(out, start, "steps", when->steps);
	add_condition(out, start, "resolution", when->resolution);
	add_condition(out, start, "kind", when->kind);
	add_number(out, start, "ttl_seconds", when->ttl_seconds);
	if (when->implicit != DRAFT_IMPLICIT_ANY) {
		add_key(out, start, "implicit");
		buf_add_cstr(out, when->implicit == DRAFT_IMPLICIT_TRUE ? "true" : "false");
	}
}

static void add_when(struct buf *out, const struct draft_when *when)
{
	struct buf conditions = { .at = NULL };

	draft_when_write(when, &conditions);
	if (conditions.error < 0)
		out->error = conditions.error;
	if (conditions.len > 0)
		buf_addf(out, ", \"when\": {%s}", conditions.at);
	buf_release(&conditions);
}

/* --- one version ----------------------------------------------------------- */

static void add_rate(struct buf *out, const struct draft_rate *rate)
{
	const struct component_info *info = &component_info[rate->component];
	struct money price = rate->price, million;
	const char *key = rate->per == DRAFT_PER_MEGAPIXEL ? "per_megapixel" : "each";
	char text[MONEY_TEXT_BYTES];

	/* Adding nothing checks the bounds of an amount. */
	if (rate->per == DRAFT_PER_UNIT && info->unit == UNIT_TOKEN &&
	    !__builtin_mul_overflow(price.attos, PER_MILLION, &million.attos) &&
	    money_add(million, (struct money){ 0 }, &million) == 0) {
		price = million;
		key = "per_million";
	}
	money_text(price, text);
	buf_addf(out, "{\"component\": \"%s\", \"%s\": \"%s\"", info->key, key, text);
	if (rate->per == DRAFT_PER_MEGAPIXEL && rate->megapixels != NULL)
		buf_addf(out, ", \"megapixels\": \"%s\"", rate->megapixels);
	add_when(out, &rate->when);
	if (rate->note.at != NULL) {
		buf_add_cstr(out, ", \"note\": ");
		buf_add_json(out, rate->note);
	}
	buf_add_cstr(out, "}");
}

static void add_multiplier(struct buf *out, const struct draft_multiplier *multiplier)
{
	const char *comma = "";

	buf_add_cstr(out, "{\"multiply\": ");
	buf_add_json(out, multiplier->multiply);
	if (multiplier->components != 0) {
		buf_add_cstr(out, ", \"components\": [");
		for (unsigned c = 0; c < COMPONENT_COUNT; c++) {
			if ((multiplier->components >> c & 1) == 0)
				continue;
			buf_addf(out, "%s\"%s\"", comma, component_info[c].key);
			comma = ", ";
		}
		buf_add_cstr(out, "]");
	}
	add_when(out, &multiplier->when);
	buf_add_cstr(out, "}");
}

static void add_rates(struct buf *out, const struct draft_version *version)
{
	const char *comma = "";

	/* Left out, the prices before it would go on; so it is there and prices nothing. */
	if (version->first_rate == NULL)
		buf_add_cstr(out, "\t\t\t\t\t\t{\"component\": \"requests\", \"each\": \"0.00\", "
		                  "\"note\": \"None of the prices from here on could be "
		                  "represented.\"}");
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		for (const struct draft_rate_row *row = version->first_rate; row != NULL;
		     row = row->next) {
			if ((int)row->rate.component != c)
				continue;
			buf_addf(out, "%s\t\t\t\t\t\t", comma);
			add_rate(out, &row->rate);
			comma = ",\n";
		}
	}
}

static void add_version(struct buf *out, const struct draft_version *version)
{
	const char *comma;

	buf_add_cstr(out, "\t\t\t\t{\n\t\t\t\t\t\"effective_from\": ");
	buf_add_json(out, version->from);
	buf_add_cstr(out, ",\n\t\t\t\t\t\"rates\": [\n");
	add_rates(out, version);
	buf_add_cstr(out, "\n\t\t\t\t\t]");
	comma = ",\n\t\t\t\t\t\"multipliers\": [\n";
	for (const struct draft_multiplier_row *row = version->first_multiplier; row != NULL;
	     row = row->next) {
		buf_addf(out, "%s\t\t\t\t\t\t", comma);
		add_multiplier(out, &row->multiplier);
		comma = ",\n";
	}
	if (version->first_multiplier != NULL)
		buf_add_cstr(out, "\n\t\t\t\t\t]");
	if (version->discount.at != NULL) {
		buf_add_cstr(out, ",\n\t\t\t\t\t\"discount_to_user\": ");
		buf_add_json(out, version->discount);
	}
	buf_add_cstr(out, "\n\t\t\t\t}");
}

/* --- one model ------------------------------------------------------------- */

static void add_as(struct buf *out, const char *indent,
                   const enum component same_as[COMPONENT_COUNT])
{
	size_t start;

	buf_addf(out, "%s\"as\": {", indent);
	start = out->len;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if ((int)same_as[c] == c)
			continue;
		add_key(out, start, component_info[c].key);
		buf_addf(out, "\"%s\"", component_info[same_as[c]].key);
	}
	buf_add_cstr(out, "}");
}

static bool says_as(const enum component same_as[COMPONENT_COUNT])
{
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if ((int)same_as[c] != c)
			return true;
	}
	return false;
}

static void add_facts(struct buf *out, const struct draft_model *model)
{
	const char *comma = "";

	buf_add_cstr(out, ",\n\t\t\t\"listing\": {\n");
	for (const struct draft_fact *fact = model->first_fact; fact != NULL; fact = fact->next) {
		buf_addf(out, "%s\t\t\t\t\"%s\": ", comma, fact->key);
		comma = ",\n";
		if (fact->json.at != NULL) {
			buf_add_text(out, fact->json);
			continue;
		}
		buf_add_cstr(out, "[");
		for (const struct draft_word *word = fact->words; word != NULL; word = word->next) {
			buf_add_cstr(out, word != fact->words ? ", " : "");
			buf_add_json(out, word->text);
		}
		buf_add_cstr(out, "]");
	}
	buf_add_cstr(out, "\n\t\t\t}");
}

static bool is_written(const struct draft_model *model)
{
	const struct draft_version *version = model->first_version;

	while (version != NULL && !draft_has_rates(version))
		version = version->next;
	return version != NULL;
}

static void add_model(struct buf *out, const struct draft_model *model)
{
	const struct draft_version *version = model->first_version;
	const char *comma = "";

	buf_add_cstr(out, "\t\t{\n\t\t\t\"model\": ");
	buf_add_json(out, model->name);
	if (model->first_alias != NULL) {
		buf_add_cstr(out, ",\n\t\t\t\"aliases\": [");
		for (const struct draft_name *name = model->first_alias; name != NULL;
		     name = name->next) {
			buf_add_cstr(out, name != model->first_alias ? ", " : "");
			buf_add_json(out, name->text);
		}
		buf_add_cstr(out, "]");
	}
	if (says_as(model->same_as)) {
		buf_add_cstr(out, ",\n");
		add_as(out, "\t\t\t", model->same_as);
	}
	buf_add_cstr(out, ",\n\t\t\t\"versions\": [\n");
	while (!draft_has_rates(version))
		version = version->next;
	for (; version != NULL; version = version->next) {
		buf_add_cstr(out, comma);
		add_version(out, version);
		comma = ",\n";
	}
	buf_add_cstr(out, "\n\t\t\t]");
	if (model->first_fact != NULL)
		add_facts(out, model);
	buf_add_cstr(out, "\n\t\t}");
}

/* --- the book -------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	const struct draft_model *const *left = a, *const *right = b;

	return text_compare((*left)->name, (*right)->name);
}

size_t draft_written(const struct draft *draft)
{
	size_t count = 0;

	for (const struct draft_model *model = draft->first; model != NULL; model = model->next)
		count += is_written(model);
	return count;
}

static void add_head(struct buf *out, const struct draft *draft)
{
	buf_add_cstr(out, "{\n\t\"pricebook\": 1,\n");
	if (draft->name.at != NULL) {
		buf_add_cstr(out, "\t\"name\": ");
		buf_add_json(out, draft->name);
		buf_add_cstr(out, ",\n");
	}
	if (draft->note.at != NULL) {
		buf_add_cstr(out, "\t\"note\": ");
		buf_add_json(out, draft->note);
		buf_add_cstr(out, ",\n");
	}
	buf_add_cstr(out, "\t\"currency\": ");
	buf_add_json(out, draft->currency);
	buf_add_cstr(out, ",\n");
	if (says_as(draft->same_as)) {
		add_as(out, "\t", draft->same_as);
		buf_add_cstr(out, ",\n");
	}
	buf_add_cstr(out, "\t\"models\": [\n");
}

int draft_write(const struct draft *draft, struct buf *out, struct fault *fault)
{
	const struct draft_model **models = NULL;
	size_t count = 0;

	if (draft->error < 0)
		return fault_set(fault, FAULT_NOMEM, "price book: out of memory");
	models = malloc((draft->model_count + 1) * sizeof(models[0]));
	if (models == NULL)
		return fault_set(fault, FAULT_NOMEM, "price book: out of memory");
	for (const struct draft_model *model = draft->first; model != NULL; model = model->next) {
		if (is_written(model))
			models[count++] = model;
	}
	if (!draft->keep_order)
		qsort(models, count, sizeof(models[0]), by_name);
	add_head(out, draft);
	for (size_t i = 0; i < count; i++) {
		add_model(out, models[i]);
		buf_add_cstr(out, i + 1 < count ? ",\n" : "\n");
	}
	buf_add_cstr(out, "\t]\n}\n");
	free(models);
	if (out->error == -FAULT_RANGE)
		return fault_set(fault, FAULT_RANGE, "the price book is longer than %zu bytes",
		                 out->max_bytes);
	if (out->error < 0)
		return fault_set(fault, FAULT_NOMEM, "price book: out of memory");
	return 0;
}
