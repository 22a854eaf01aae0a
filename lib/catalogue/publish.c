/* What the forms of publishing share: walking the models, and telling what is lost. */
#include "catalogue/publish.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "catalogue/publish_internal.h"

static_assert(LISTING_FACT_COUNT <= 32, "publish_note_facts() has a bit for each fact");

static const struct publish_form forms[] = {
#define P(NAME, name, summary) { name, summary, publish_##NAME },
#include "catalogue/publish.def"
#undef P
};

const struct publish_form *publish_form(size_t index)
{
	return index < sizeof(forms) / sizeof(forms[0]) ? &forms[index] : NULL;
}

const struct publish_form *publish_form_find(struct text name)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (text_is(name, forms[i].name))
			return &forms[i];
	}
	return NULL;
}

void publish_report_release(struct publish_report *report)
{
	if (report == NULL)
		return;
	buf_release(&report->lost);
	buf_release(&report->notes);
}

const struct book_version *publish_version(const struct book *book, const struct book_model *model,
                                           int64_t at_ms)
{
	const struct book_version *found = NULL;

	for (size_t i = 0; i < model->version_count; i++) {
		const struct book_version *version = book_version(book, model->first_version + i);

		if (version->effective_from_ms <= at_ms)
			found = version;
	}
	return found;
}

void publish_lose(struct publish_model *model, const struct sheet_price *price, const char *format,
                  ...)
{
	struct buf *out = &model->report->lost;
	char why[256];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	buf_add_text(out, model->model->name);
	buf_add_cstr(out, ": ");
	if (price != NULL) {
		buf_add_cstr(out, component_info[price->component].key);
		if (price->source != price->component)
			buf_addf(out, " (as %s)", component_info[price->source].key);
		if (price->when.has != 0) {
			buf_add_cstr(out, ", ");
			publish_when(out, &price->when, price->component);
		}
		buf_add_cstr(out, ": ");
	}
	buf_addf(out, "not written: %s\n", why);
	model->losses++;
	model->report->losses++;
}

void publish_note(struct publish_model *model, const char *format, ...)
{
	struct buf *out = &model->report->notes;
	char what[512];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	buf_add_text(out, model->model->name);
	buf_addf(out, ": note: %s\n", what);
}

void publish_lose_minimums(struct publish_model *model)
{
	if (model->version->minimum_count > 0)
		publish_lose(model, NULL, "a minimum charge has no place in this form");
}

void publish_note_facts(struct publish_model *model, uint32_t held)
{
	struct buf names = { .at = NULL };

	for (int f = 0; f < LISTING_FACT_COUNT; f++) {
		if ((held >> f & 1) ||
		    listing_node(&model->listing, (enum listing_fact)f) == JSON_NONE)
			continue;
		buf_addf(&names, "%s%s", names.len > 0 ? ", " : "", listing_fact_info[f].key);
	}
	if (names.error != 0)
		model->report->notes.error = names.error;
	else if (names.len > 0)
		publish_note(model, "no place for %s", names.at);
	buf_release(&names);
}

static bool is_one_of(const char *const *words, const char *word)
{
	for (; *words != NULL; words++) {
		if (strcmp(*words, word) == 0)
			return true;
	}
	return false;
}

void publish_note_features(struct publish_model *model, const char *const *held)
{
	struct buf names = { .at = NULL };
	const char *word;

	for (size_t i = 0; (word = listing_word(LISTING_FEATURES, i)) != NULL; i++) {
		if (listing_has(&model->listing, LISTING_FEATURES, word) && !is_one_of(held, word))
			buf_addf(&names, "%s%s", names.len > 0 ? ", " : "", word);
	}
	if (names.error != 0)
		model->report->notes.error = names.error;
	else if (names.len > 0)
		publish_note(model, "no place among the features for %s", names.at);
	buf_release(&names);
}

void publish_note_names(struct publish_model *model)
{
	const struct book *book = model->ask->book;
	struct text slug = listing_text(&model->listing, LISTING_SLUG), first = { NULL, 0 };
	size_t count = 0;

	for (size_t i = 0; i < model->model->alias_count; i++) {
		struct text alias = book_alias(book, model->model->first_alias + i);

		if (memchr(alias.at, '*', alias.len) != NULL || text_equal(alias, slug))
			continue;
		first = count == 0 ? alias : first;
		count++;
	}
	if (count == 1)
		publish_note(model, "its other name %.*s cannot be written", TEXT_ARGS(first));
	else if (count > 1)
		publish_note(model, "its %zu other names cannot be written: %.*s ...", count,
		             TEXT_ARGS(first));
}

void publish_join(struct buf *out, const struct buf *part)
{
	if (part->error != 0)
		out->error = part->error;
	else
		buf_add(out, part->at, part->len);
}

void publish_amount(struct buf *out, wide attos)
{
	char text[MONEY_TEXT_BYTES];
	size_t len;

	money_text((struct money){ attos }, text);
	len = strlen(text);
	while (len > 0 && text[len - 1] == '0')
		len--;
	if (len > 0 && text[len - 1] == '.')
		len--;
	buf_add(out, text, len);
}

void publish_discount(struct buf *out, const struct book_factor *factor)
{
	wide one = 1, attos_per_step = ATTOS_PER_UNIT;

	for (unsigned i = 0; i < factor->decimals; i++) {
		one *= 10;
		attos_per_step /= 10;
	}
	publish_amount(out, (one - factor->numerator) * attos_per_step);
}

void publish_days(struct buf *out, unsigned days)
{
	static const char *const names[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
	const char *comma = "";

	for (unsigned d = 0; d < 7; d++) {
		if (!(days >> d & 1))
			continue;
		buf_addf(out, "%s%s", comma, names[d]);
		comma = ", ";
	}
}

static void add_window(struct buf *out, const struct book_when *when)
{
	if (when->utc_from != when->utc_to)
		buf_addf(out, "%02u:%02u to %02u:%02u UTC", when->utc_from / 60u,
		         when->utc_from % 60u, when->utc_to / 60u, when->utc_to % 60u);
	if (when->days == WEEKDAYS_ALL)
		return;
	buf_add_cstr(out, when->utc_from != when->utc_to ? " on " : "UTC on ");
	publish_days(out, when->days);
}

void publish_when(struct buf *out, const struct book_when *when, enum component component)
{
	bool seconds = component == COMPONENT_SECONDS;
	bool images = component_info[component].unit == UNIT_IMAGE;
	const struct {
		unsigned bit;
		const char *name;
		struct text text;
	} words[] = {
		{ WHEN_TIER, "tier", when->tier },
		{ WHEN_REGION, "region", when->region },
		{ WHEN_SIZE, seconds ? "resolution" : "size", when->size },
		{ WHEN_QUALITY, "quality", when->quality },
		{ WHEN_KIND, component_info[component].unit == UNIT_TOKEN ? "cache" : "kind",
		  when->kind },
	};
	const char *comma = "";

	if (when->has & WHEN_CONTEXT) {
		buf_addf(out, "context %s %lld",
		         when->context_test == CONTEXT_GT ? "above" : "from",
		         (long long)when->context_tokens);
		comma = ", ";
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!(when->has & words[i].bit))
			continue;
		buf_addf(out, "%s%s %.*s", comma, words[i].name, TEXT_ARGS(words[i].text));
		comma = ", ";
	}
	if (when->has & WHEN_NUMBER) {
		buf_addf(out, "%s%s %lld", comma, images ? "steps" : "TTL seconds",
		         (long long)when->number);
		comma = ", ";
	}
	if (when->has & WHEN_UTC) {
		buf_add_cstr(out, comma);
		add_window(out, when);
	}
}

/* Names that a document cannot have: a pattern is no model. */
static void note_aliases(struct publish_model *model)
{
	const struct book *book = model->ask->book;
	size_t count = 0;

	for (size_t i = 0; i < model->model->alias_count; i++) {
		struct text alias = book_alias(book, model->model->first_alias + i);

		count += memchr(alias.at, '*', alias.len) != NULL;
	}
	if (count > 0)
		publish_note(model, "%zu pattern%s of names cannot be written", count,
		             count == 1 ? "" : "s");
}

static void leave_out(struct publish_model *model)
{
	publish_note(model, "left out: %zu of its prices cannot be written", model->losses);
}

static int write_model(struct publish_model *model, bool discounted,
                       int (*write)(struct publish_model *model, struct buf *out,
                                    struct fault *fault),
                       struct buf *out, struct fault *fault)
{
	struct fault why = { .code = FAULT_NONE };
	size_t before = out->len;
	int r = sheet_make(&model->sheet, model->version, discounted, &why);

	if (r == -FAULT_RANGE) {
		publish_lose(model, NULL, "%s", why.text);
		leave_out(model);
		return 0;
	}
	if (r < 0)
		return fault_set(fault, FAULT_NOMEM, "no memory");
	note_aliases(model);
	buf_add_cstr(out, model->report->models > 0 ? "," : "");
	r = write(model, out, fault);
	if (r == 0 && out->error != 0)
		r = fault_set(fault, FAULT_NOMEM, "no memory");
	if (r < 0)
		return r;
	if (model->losses == 0 || model->ask->partial) {
		model->report->models++;
		return 0;
	}
	out->len = before;
	out->at[before] = '\0';
	leave_out(model);
	return 0;
}

int publish_models(const struct publish_ask *ask, bool discounted,
                   int (*write)(struct publish_model *model, struct buf *out, struct fault *fault),
                   void *user, struct buf *out, struct publish_report *report, struct fault *fault)
{
	const struct book *book = ask->book;
	int r = 0;

	if (!text_is(book_currency(book), "USD"))
		return fault_set(fault, FAULT_INVALID,
		                 "the format has prices in USD, the book in %.*s",
		                 TEXT_ARGS(book_currency(book)));
	for (size_t i = 0; i < book_model_count(book) && r == 0; i++) {
		struct publish_model model = {
			.ask = ask, .model = book_model(book, i), .report = report, .user = user
		};

		model.version = publish_version(book, model.model, ask->at_ms);
		if (model.version == NULL) {
			publish_note(&model, "no price is in force at that time");
			continue;
		}
		r = listing_open(&model.listing, model.model->listing, fault);
		if (r == 0)
			r = write_model(&model, discounted, write, out, fault);
		listing_release(&model.listing);
		sheet_release(&model.sheet);
	}
	if (r == 0 && book_override_count(book) > 0)
		buf_addf(&report->notes,
		         "accounts: note: %zu private price%s of accounts not published\n",
		         book_override_count(book), book_override_count(book) == 1 ? "" : "s");
	/* A line that is missing would pass for nothing lost. */
	if (r == 0 && (report->lost.error != 0 || report->notes.error != 0))
		r = fault_set(fault, FAULT_NOMEM, "no memory");
	return r;
}
