/* LiteLLM's keys and names: what they say, by litellm.def. */
#include <stdio.h>
#include <string.h>

#include "catalogue/litellm.h"

static const struct litellm_row rows[] = {
#define P(key, COMPONENT, RULE) { key, COMPONENT_##COMPONENT, LITELLM_##RULE },
#include "catalogue/litellm.def"
};

static const struct {
	const char *suffix, *tier;
} tiers[] = {
	{ "_batches", "batch" },
	{ "_priority", "priority" },
	{ "_flex", "flex" },
	{ "_ultrafast", "ultrafast" },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool cut_prefix(struct text *t, const char *prefix)
{
	size_t len = strlen(prefix);

	if (t->len < len || memcmp(t->at, prefix, len) != 0)
		return false;
	*t = (struct text){ t->at + len, t->len - len };
	return true;
}

/* Digits from the front, at most 12. */
static bool cut_number(struct text *t, int64_t *out)
{
	struct text digits = { t->at, 0 };

	while (digits.len < t->len && t->at[digits.len] >= '0' && t->at[digits.len] <= '9')
		digits.len++;
	if (digits.len == 0 || digits.len > 12 || !text_int(digits, out))
		return false;
	*t = (struct text){ t->at + digits.len, t->len - digits.len };
	return true;
}

/* What may stand behind a key; false: there is something else. */
static bool read_suffix(struct text rest, const struct litellm_row *row, struct draft_when *when)
{
	struct text above = rest, height = rest;
	int64_t number;

	if (row->rule == LITELLM_SECOND && cut_prefix(&height, "_") &&
	    cut_number(&height, &number) && text_is(height, "p")) {
		when->resolution = (struct text){ rest.at + 1, rest.len - 1 };
		return true;
	}
	if (cut_prefix(&above, "_above_") && cut_number(&above, &number)) {
		if (cut_prefix(&above, "k"))
			number *= 1000;
		if (!cut_prefix(&above, "_tokens"))
			return false;
		when->context_test = DRAFT_CONTEXT_GT;
		when->context_tokens = number;
		rest = above;
	}
	for (size_t i = 0; i < COUNT(tiers) && rest.len > 0; i++) {
		if (text_is(rest, tiers[i].suffix)) {
			when->tier = text_of(tiers[i].tier);
			rest.len = 0;
		}
	}
	return rest.len == 0;
}

const struct litellm_row *litellm_price_key(struct text key, struct draft_when *when_out)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct draft_when when = { .context_test = DRAFT_CONTEXT_ANY };
		struct text rest = key;

		if (cut_prefix(&rest, rows[i].key) && read_suffix(rest, &rows[i], &when)) {
			*when_out = when;
			return &rows[i];
		}
	}
	return NULL;
}

const struct litellm_row *litellm_price_of(struct text key)
{
	const struct litellm_row *longest = NULL;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct text rest = key;

		if (cut_prefix(&rest, rows[i].key) && cut_prefix(&rest, "_") &&
		    (longest == NULL || strlen(rows[i].key) > strlen(longest->key)))
			longest = &rows[i];
	}
	return longest;
}

const char *litellm_price_near(struct text key)
{
	unsigned least = TEXT_TYPO_MAX + 1;
	const char *near = NULL;

	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned distance = text_distance(key, text_of(rows[i].key));

		if (distance < least) {
			least = distance;
			near = rows[i].key;
		}
	}
	return near;
}

/* --- names ----------------------------------------------------------------- */

static bool is_quality(struct text t)
{
	static const char *const words[] = { "low", "medium", "high", "hd", "standard" };

	for (size_t i = 0; i < COUNT(words); i++) {
		if (text_is(t, words[i]))
			return true;
	}
	return false;
}

/* "1024-x-1024", "max-x-max" */
static bool read_size(struct text t, struct litellm_name *out)
{
	enum { DIGITS_MAX = 5 };
	struct text width = t, height;
	int64_t number;

	if (text_is(t, "max-x-max")) {
		out->open_ended = true;
		return true;
	}
	if (!cut_number(&t, &number))
		return false;
	width.len -= t.len;
	if (!cut_prefix(&t, "-x-"))
		return false;
	height = t;
	if (!cut_number(&t, &number) || t.len > 0 || width.len > DIGITS_MAX ||
	    height.len > DIGITS_MAX)
		return false;
	snprintf(out->size_text, sizeof(out->size_text), "%.*sx%.*s", TEXT_ARGS(width),
	         TEXT_ARGS(height));
	return true;
}

/* "50-steps", "max-steps" */
static bool read_steps(struct text t, struct litellm_name *out)
{
	if (text_is(t, "max-steps")) {
		out->open_ended = true;
		return true;
	}
	return cut_number(&t, &out->steps) && text_is(t, "-steps");
}

static void add_part(char *model, size_t cap, struct text part)
{
	size_t len = strlen(model);

	snprintf(model + len, cap - len, "%s%.*s", len > 0 ? "/" : "", TEXT_ARGS(part));
}

bool litellm_split_name(struct text key, struct litellm_name *out)
{
	struct text rest = key, part, quality = { NULL, 0 };
	bool sized = false;

	*out = (struct litellm_name){ .steps = 0 };
	if (key.len >= sizeof(out->model))
		return false;
	while (text_cut(&rest, '/', &part)) {
		/* Steps stand behind the size, a quality right before it. */
		if (!sized && read_size(part, out)) {
			out->quality = quality;
			quality.at = NULL;
			sized = true;
			continue;
		}
		if (sized && out->steps == 0 && read_steps(part, out))
			continue;
		if (quality.at != NULL)
			add_part(out->model, sizeof(out->model), quality);
		quality = (struct text){ NULL, 0 };
		if (!sized && is_quality(part))
			quality = part;
		else
			add_part(out->model, sizeof(out->model), part);
	}
	if (quality.at != NULL)
		add_part(out->model, sizeof(out->model), quality);
	if (!sized)
		snprintf(out->model, sizeof(out->model), "%.*s", TEXT_ARGS(key));
	out->size = text_of(out->size_text[0] != '\0' ? out->size_text : NULL);
	return out->model[0] != '\0';
}

/* --- what is no price ------------------------------------------------------ */

static const struct {
	const char *key, *feature;
} features[] = {
#define F(key, feature) { key, feature },
#include "catalogue/litellm.def"
};

static const struct {
	const char *key, *list, *word;
} modalities[] = {
#define M(key, list, word) { key, list, word },
#include "catalogue/litellm.def"
};

static const struct {
	const char *key, *why;
} informative[] = {
#define I(key, why) { key, why },
#include "catalogue/litellm.def"
};

static const struct {
	const char *key, *why;
} nowhere[] = {
#define N(key, why) { key, why },
#include "catalogue/litellm.def"
};

static const struct {
	const char *key, *other;
} doubles[] = {
#define D(key, other) { key, other },
#include "catalogue/litellm.def"
};

static const struct {
	const char *mode, *modality;
} modes[] = {
	{ "chat", "text" },
	{ "completion", "text" },
	{ "responses", "text" },
	{ "realtime", "text" },
	{ "image_generation", "image" },
	{ "image_edit", "image" },
	{ "embedding", "embeddings" },
	{ "rerank", "rerank" },
	{ "audio_speech", "speech" },
	{ "audio_transcription", "transcription" },
	{ "video_generation", "video" },
};

/* true or false; a feature that is not there is a fact too. */
static bool read_flag(struct litellm_entry *e, uint32_t node, bool *out)
{
	enum json_type type = json_type_of(&e->in->doc, node);

	*out = type == JSON_TRUE;
	if (type != JSON_TRUE && type != JSON_FALSE)
		return false;
	tally_mark(&e->in->tally, node, TALLY_LISTED, NULL);
	return true;
}

static bool flag_fact(struct litellm_entry *e, struct text key, uint32_t node)
{
	bool flag;

	for (size_t i = 0; i < COUNT(features); i++) {
		if (!text_is(key, features[i].key))
			continue;
		if (read_flag(e, node, &flag) && flag)
			draft_fact_word(&e->in->draft, e->model, "features",
			                text_of(features[i].feature));
		return true;
	}
	for (size_t i = 0; i < COUNT(modalities); i++) {
		if (!text_is(key, modalities[i].key))
			continue;
		if (read_flag(e, node, &flag) && flag)
			draft_fact_word(&e->in->draft, e->model, modalities[i].list,
			                text_of(modalities[i].word));
		return true;
	}
	if (key.len > 9 && memcmp(key.at, "supports_", 9) == 0) {
		if (json_type_of(&e->in->doc, node) <= JSON_TRUE)
			tally_mark(&e->in->tally, node, TALLY_INFORMATIVE,
			           "a capability that a listing has no place for");
		return true;
	}
	return false;
}

/* 8192 and 8192.0 alike. */
static bool read_count(struct litellm_entry *e, uint32_t node, int64_t *out)
{
	struct money whole;

	if (json_type_of(&e->in->doc, node) != JSON_NUMBER ||
	    amount_read(e->in->doc.nodes[node].text, 0, &whole) != AMOUNT_EXACT ||
	    whole.attos % ATTOS_PER_UNIT != 0)
		return false;
	*out = (int64_t)(whole.attos / ATTOS_PER_UNIT);
	tally_mark(&e->in->tally, node, TALLY_LISTED, NULL);
	return true;
}

static bool count_fact(struct litellm_entry *e, struct text key, uint32_t node)
{
	const struct json *doc = &e->in->doc;
	const char *fact = NULL;
	int64_t count;

	if (text_is(key, "max_input_tokens"))
		fact = "context_length";
	else if (text_is(key, "max_output_tokens"))
		fact = "max_output";
	else if (text_is(key, "max_tokens") &&
	         json_member(doc, e->node, "max_output_tokens") == JSON_NONE)
		fact = "max_output";
	if (fact != NULL && read_count(e, node, &count))
		import_fact_mark(e->in, node,
		                 draft_fact_integer(&e->in->draft, e->model, fact, count));
	else if (text_is(key, "max_tokens"))
		tally_mark(&e->in->tally, node, TALLY_INFORMATIVE,
		           "the older name of max_output_tokens");
	else if (text_is(key, "rpm"))
		read_count(e, node, &e->rpm);
	else if (text_is(key, "tpm"))
		read_count(e, node, &e->tpm);
	else
		return fact != NULL;
	return true;
}

static bool is_modality(struct text word)
{
	static const char *const words[] = { "text", "image", "audio", "video" };

	for (size_t i = 0; i < COUNT(words); i++) {
		if (text_is(word, words[i]))
			return true;
	}
	return false;
}

static bool list_fact(struct litellm_entry *e, struct text key, uint32_t node)
{
	const struct json *doc = &e->in->doc;
	const char *list = text_is(key, "supported_modalities")          ? "input_modalities"
	                   : text_is(key, "supported_output_modalities") ? "output_modalities"
	                                                                 : NULL;

	if (list == NULL || json_type_of(doc, node) != JSON_ARRAY)
		return list != NULL;
	for (uint32_t i = json_first(doc, node); i != JSON_NONE; i = json_next(doc, node, i)) {
		bool known = is_modality(json_string(doc, i));

		if (known)
			draft_fact_word(&e->in->draft, e->model, list, json_string(doc, i));
		tally_mark(&e->in->tally, i, known ? TALLY_LISTED : TALLY_INFORMATIVE,
		           known ? NULL : "a listing has no such modality");
	}
	return true;
}

static bool mode_fact(struct litellm_entry *e, uint32_t node)
{
	uint32_t said = json_member(&e->in->doc, e->node, "supported_output_modalities");

	for (size_t i = 0; i < COUNT(modes); i++) {
		if (!text_is(e->mode, modes[i].mode))
			continue;
		if (said == JSON_NONE)
			draft_fact_word(&e->in->draft, e->model, "output_modalities",
			                text_of(modes[i].modality));
		tally_mark(&e->in->tally, node, TALLY_LISTED, NULL);
		return true;
	}
	tally_mark(&e->in->tally, node, TALLY_INFORMATIVE, "a listing has no such modality");
	return true;
}

/* How requests are spread over regions and speeds; see litellm_prices.c for the first. */
static bool special_fact(struct litellm_entry *e, struct text key, uint32_t node)
{
	static const char *const facts[] = { "deprecation_date" };
	struct tally *tally = &e->in->tally;

	for (size_t i = 0; i < COUNT(facts); i++) {
		if (text_is(key, facts[i])) {
			import_fact_text(e->in, e->model, facts[i], node);
			return true;
		}
	}
	for (size_t i = 0; i < COUNT(informative); i++) {
		if (text_is(key, informative[i].key)) {
			tally_mark(tally, node, TALLY_INFORMATIVE, informative[i].why);
			return true;
		}
	}
	for (size_t i = 0; i < COUNT(nowhere); i++) {
		if (text_is(key, nowhere[i].key)) {
			tally_mark(tally, node, TALLY_UNREPRESENTED, nowhere[i].why);
			return true;
		}
	}
	for (size_t i = 0; i < COUNT(doubles); i++) {
		if (!text_is(key, doubles[i].key))
			continue;
		if (json_member(&e->in->doc, e->node, doubles[i].other) != JSON_NONE)
			tally_markf(tally, node, TALLY_INFORMATIVE,
			            "the price in Databricks units; %s is the same in USD",
			            doubles[i].other);
		else
			tally_mark(tally, node, TALLY_UNREPRESENTED,
			           "a price in Databricks units, not in USD");
		return true;
	}
	return false;
}

void litellm_fact(struct litellm_entry *e, struct text key, uint32_t node)
{
	if (json_type_of(&e->in->doc, node) == JSON_NULL)
		return;
	if (text_is(key, "mode"))
		mode_fact(e, node);
	else if (!count_fact(e, key, node) && !list_fact(e, key, node) && !flag_fact(e, key, node))
		special_fact(e, key, node);
}

void litellm_finish_facts(struct litellm_entry *e)
{
	char json[256] = "";
	size_t len = 0;

	if (e->rpm > 0)
		len = (size_t)snprintf(json, sizeof(json),
		                       "{\"type\": \"request\", \"unit\": \"request\", "
		                       "\"per\": \"minute\", \"value\": %lld}",
		                       (long long)e->rpm);
	if (e->tpm > 0)
		snprintf(json + len, sizeof(json) - len,
		         "%s{\"type\": \"prompt\", \"unit\": \"token\", \"per\": \"minute\", "
		         "\"value\": %lld}",
		         len > 0 ? ", " : "", (long long)e->tpm);
	if (json[0] != '\0') {
		char list[sizeof(json) + 2];

		snprintf(list, sizeof(list), "[%s]", json);
		draft_fact_json(&e->in->draft, e->model, "capacity", text_of(list));
	}
}
