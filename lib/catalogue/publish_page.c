#include "catalogue/publish_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"

/* For each component: what people call it. */
static const char *const names[COMPONENT_COUNT] = {
	[COMPONENT_INPUT] = "Input",
	[COMPONENT_INPUT_AUDIO] = "Audio input",
	[COMPONENT_INPUT_IMAGE] = "Image input",
	[COMPONENT_INPUT_VIDEO] = "Video input",
	[COMPONENT_INPUT_TOOL] = "Tool results",
	[COMPONENT_CACHE_READ] = "Cached input",
	[COMPONENT_CACHE_READ_AUDIO] = "Cached audio input",
	[COMPONENT_CACHE_READ_IMAGE] = "Cached image input",
	[COMPONENT_CACHE_READ_VIDEO] = "Cached video input",
	[COMPONENT_CACHE_WRITE_5M] = "Cache write, 5 minutes",
	[COMPONENT_CACHE_WRITE_1H] = "Cache write, 1 hour",
	[COMPONENT_CACHE_WRITE] = "Cache write",
	[COMPONENT_OUTPUT] = "Output",
	[COMPONENT_REASONING] = "Reasoning",
	[COMPONENT_OUTPUT_AUDIO] = "Audio output",
	[COMPONENT_OUTPUT_IMAGE] = "Image output",
	[COMPONENT_OUTPUT_VIDEO] = "Video output",
	[COMPONENT_IMAGES_IN] = "Images read",
	[COMPONENT_IMAGES_OUT] = "Images made",
	[COMPONENT_MEGAPIXELS_OUT] = "Image area made",
	[COMPONENT_SECONDS] = "Audio or video",
	[COMPONENT_CHARACTERS] = "Text",
	[COMPONENT_PAGES] = "Pages",
	[COMPONENT_SEARCHES] = "Searches",
	[COMPONENT_REQUESTS] = "Each request",
};

void page_release(struct page_version *page)
{
	free(page->rows);
	arena_release(&page->arena);
}

void page_date(int64_t ms, char out[PAGE_DATE_BYTES])
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
		                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	char text[MOMENT_TEXT_BYTES];
	int64_t month = 1, day = 1;

	moment_text(ms, text); /* 2026-01-02T08:00:00.000Z */
	text_int((struct text){ text + 5, 2 }, &month);
	text_int((struct text){ text + 8, 2 }, &day);
	snprintf(out, PAGE_DATE_BYTES, "%d %s %.4s", (int)day, months[(month - 1) % 12], text);
	if (memcmp(text + 11, "00:00", 5) != 0)
		snprintf(out + strlen(out), PAGE_DATE_BYTES - strlen(out), ", %.5s UTC", text + 11);
}

void page_number(int64_t n, char out[PAGE_NUMBER_BYTES])
{
	char digits[24];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%lld", (long long)n), used = 0;

	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			out[used++] = ',';
		out[used++] = digits[i];
	}
	out[used] = '\0';
}

static struct text keep(struct page_version *page, struct buf *text)
{
	struct text kept = { NULL, 0 };

	if (text->error != 0)
		page->error = -FAULT_NOMEM;
	else if (text->len > 0)
		kept = arena_copy(&page->arena, buf_text(text));
	if (text->len > 0 && kept.at == NULL)
		page->error = -FAULT_NOMEM;
	buf_clear(text);
	return kept;
}

/* --- conditions ------------------------------------------------------------ */

/* "Mon-Fri", "Sat, Sun" */
static void add_days(struct buf *out, unsigned days)
{
	static const char *const words[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
	const char *comma = "";

	for (unsigned d = 0; d < 7;) {
		unsigned end = d;

		while (end < 7 && (days >> end & 1))
			end++;
		if (end == d) {
			d++;
			continue;
		}
		buf_addf(out, "%s%s", comma, words[d]);
		if (end - d > 1)
			buf_addf(out, "%s%s", end - d > 2 ? "\xe2\x80\x93" : ", ", words[end - 1]);
		comma = ", ";
		d = end;
	}
}

static void add_hours(struct buf *out, const struct book_when *when)
{
	if (when->utc_from != when->utc_to)
		buf_addf(out, "%02u:%02u\xe2\x80\x93%02u:%02u UTC", when->utc_from / 60u,
		         when->utc_from % 60u, when->utc_to / 60u, when->utc_to % 60u);
	if (when->days == WEEKDAYS_ALL)
		return;
	buf_add_cstr(out, when->utc_from != when->utc_to ? ", " : "");
	add_days(out, when->days);
	buf_add_cstr(out, when->utc_from != when->utc_to ? "" : " (UTC)");
}

static void add_condition(struct buf *out, const struct book_when *when, enum component component)
{
	const struct {
		unsigned bit;
		const char *before;
		struct text word;
	} words[] = {
		{ WHEN_TIER, "", when->tier }, { WHEN_REGION, "region ", when->region },
		{ WHEN_SIZE, "", when->size }, { WHEN_QUALITY, "quality ", when->quality },
		{ WHEN_KIND, "", when->kind },
	};
	char number[PAGE_NUMBER_BYTES];
	const char *comma = "";

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!(when->has & words[i].bit))
			continue;
		buf_addf(out, "%s%s%.*s", comma, words[i].before, TEXT_ARGS(words[i].word));
		if (words[i].bit == WHEN_TIER)
			buf_add_cstr(out, " tier");
		comma = ", ";
	}
	if (when->has & WHEN_CONTEXT) {
		page_number(when->context_tokens, number);
		buf_addf(out,
		         when->context_test == CONTEXT_GT ? "%sprompts over %s tokens"
		                                          : "%sprompts of %s tokens and more",
		         comma, number);
		comma = ", ";
	}
	if (when->has & WHEN_NUMBER) {
		page_number(when->number, number);
		buf_addf(out, "%s%s %s", comma, number,
		         component == COMPONENT_CACHE_WRITE ? "seconds" : "steps");
		comma = ", ";
	}
	if (when->has & WHEN_UTC) {
		buf_add_cstr(out, comma);
		add_hours(out, when);
	}
}

/* --- rows ------------------------------------------------------------------ */

static void add_row(struct page_version *page, const struct page_row *row)
{
	if (page->count == page->cap) {
		size_t cap = page->cap > 0 ? 2 * page->cap : 32;
		struct page_row *grown = realloc(page->rows, cap * sizeof(*grown));

		if (grown == NULL) {
			page->error = -FAULT_NOMEM;
			return;
		}
		page->rows = grown;
		page->cap = cap;
	}
	page->rows[page->count++] = *row;
}

/* The loader has seen to it that the product is exact. */
static struct rate discounted(struct rate rate, const struct book_factor *discount)
{
	wide product;

	if (discount->text.at == NULL ||
	    __builtin_mul_overflow(rate.attos_per_unit, discount->numerator, &product))
		return rate;
	for (unsigned i = 0; i < discount->decimals; i++)
		product /= 10;
	return (struct rate){ product };
}

static const char *unit_of(const struct book_rate *rate)
{
	switch (rate->megapixels) {
	case MEGAPIXELS_EXACT:
		return "megapixel";
	case MEGAPIXELS_UP:
		return "megapixel, rounded up";
	case MEGAPIXELS_NEAREST:
		return "megapixel, rounded";
	case MEGAPIXELS_NONE:
		break;
	}
	return component_info[rate->component].unit == UNIT_TOKEN
	               ? "1M tokens"
	               : unit_name(component_info[rate->component].unit);
}

static void add_rate(struct page_version *page, const struct book_version *version,
                     const struct book_rate *rate, struct buf *text)
{
	bool million = component_info[rate->component].unit == UNIT_TOKEN ||
	               rate->megapixels == MEGAPIXELS_EXACT;
	struct page_row row = { .what = text_of(names[rate->component]) };
	char price[MONEY_TEXT_BYTES];
	size_t fraction;

	rate_text(discounted(rate->rate, &version->discount), million ? 1000000 : 1, price);
	fraction = strlen(strchr(price, '.'));
	if (fraction > page->fraction)
		page->fraction = fraction;
	buf_add_cstr(text, price);
	row.price = keep(page, text);
	row.unit = text_of(unit_of(rate));
	add_condition(text, &rate->when, rate->component);
	row.condition = keep(page, text);
	add_row(page, &row);
}

static void add_factors(struct page_version *page, const struct book_version *version,
                        struct buf *text)
{
	for (size_t i = 0; i < version->multiplier_count; i++) {
		const struct book_multiplier *multiplier = &version->multipliers[i];
		struct page_row row = { .what = text_of("All prices") };

		if (multiplier->components != (UINT32_C(1) << COMPONENT_COUNT) - 1) {
			for (int c = 0; c < COMPONENT_COUNT; c++) {
				if (multiplier->components >> c & 1)
					buf_addf(text, "%s%s", text->len > 0 ? ", " : "", names[c]);
			}
			row.what = keep(page, text);
		}
		buf_addf(text, "\xc3\x97 %.*s", TEXT_ARGS(multiplier->factor.text));
		row.words = keep(page, text);
		add_condition(text, &multiplier->when, COMPONENT_COUNT);
		row.condition = keep(page, text);
		add_row(page, &row);
	}
	for (size_t i = 0; i < version->minimum_count; i++) {
		const struct book_minimum *minimum = &version->minimums[i];
		struct page_row row = { .what = text_of("At least"), .unit = text_of("request") };
		char price[MONEY_TEXT_BYTES];

		money_text(minimum->charge, price);
		if (strlen(strchr(price, '.')) > page->fraction)
			page->fraction = strlen(strchr(price, '.'));
		buf_add_cstr(text, price);
		row.price = keep(page, text);
		add_condition(text, &minimum->when, COMPONENT_COUNT);
		row.condition = keep(page, text);
		add_row(page, &row);
	}
}

void page_version(struct page_version *page, const struct book_version *version)
{
	struct buf text = { .at = NULL };

	*page = (struct page_version){ .rows = NULL };
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		enum component as = (enum component)version->same_as[c];
		struct page_row row = { .what = text_of(names[c]), .as = true };

		for (size_t i = version->card.first[c]; i < version->card.first[c + 1]; i++)
			add_rate(page, version, &version->card.rates[i], &text);
		if (book_version_has(version, (enum component)c) || (int)as == c ||
		    !book_version_has(version, as))
			continue;
		buf_addf(&text, "as %s", names[as]);
		row.words = keep(page, &text);
		add_row(page, &row);
	}
	add_factors(page, version, &text);
	buf_release(&text);
}

/* --- facts ----------------------------------------------------------------- */

static void add_list(const struct listing *listing, enum listing_fact fact, const char *before,
                     const char *between, struct buf *out)
{
	const struct json *doc = &listing->doc;
	uint32_t list = listing_node(listing, fact);
	const char *comma = before;

	if (list == JSON_NONE)
		return;
	buf_add_cstr(out, out->len > 0 ? between : "");
	for (uint32_t e = json_first(doc, list); e != JSON_NONE; e = json_next(doc, list, e)) {
		buf_addf(out, "%s%.*s", comma, TEXT_ARGS(json_string(doc, e)));
		comma = ", ";
	}
}

void page_facts(const struct listing *listing, const char *between, struct buf *out)
{
	struct text quantization = listing_text(listing, LISTING_QUANTIZATION);
	struct text gone = listing_text(listing, LISTING_DEPRECATION_DATE);
	char number[PAGE_NUMBER_BYTES];
	int64_t n;

	if (listing_count(listing, LISTING_CONTEXT_LENGTH, &n)) {
		page_number(n, number);
		buf_addf(out, "%s tokens of context", number);
	}
	if (listing_count(listing, LISTING_MAX_OUTPUT, &n)) {
		page_number(n, number);
		buf_addf(out, "%sanswers of up to %s tokens", out->len > 0 ? between : "", number);
	}
	add_list(listing, LISTING_INPUT_MODALITIES, "reads ", between, out);
	add_list(listing, LISTING_OUTPUT_MODALITIES, "writes ", between, out);
	if (quantization.at != NULL)
		buf_addf(out, "%s%.*s", out->len > 0 ? between : "", TEXT_ARGS(quantization));
	if (gone.at != NULL)
		buf_addf(out, "%suntil %.10s", out->len > 0 ? between : "", gone.at);
}
