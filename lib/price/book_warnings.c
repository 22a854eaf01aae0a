/* What is allowed in a price book, but seldom meant. */
#include <string.h>

#include "base/moment.h"
#include "price/book_internal.h"

static bool is_priced(const struct book_version *version, enum component component)
{
	return book_version_has(version, component) || version->same_as[component] != component;
}

/* A version and what is odd about it, without its end. */
static void begin(const struct book_version *version, struct buf *out)
{
	char from[MOMENT_TEXT_BYTES];

	moment_text(version->effective_from_ms, from);
	buf_addf(out, "%.*s from %s: ", TEXT_ARGS(version->model), from);
}

/* Components that come with another one sooner or later. */
static size_t warn_missing(const struct book_version *version, struct buf *out)
{
	static const struct {
		enum component having, needs;
	} pairs[] = {
		{ COMPONENT_OUTPUT, COMPONENT_REASONING },
		{ COMPONENT_INPUT, COMPONENT_CACHE_READ },
		{ COMPONENT_CACHE_WRITE_5M, COMPONENT_CACHE_WRITE },
	};
	size_t count = 0;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		/* An embeddings model has neither output nor a cache. */
		if (!book_version_has(version, pairs[i].having) ||
		    is_priced(version, pairs[i].needs) ||
		    !book_version_has(version, COMPONENT_OUTPUT))
			continue;
		begin(version, out);
		buf_addf(out,
		         "no rate for %s: requests that have it go to suspense (give a rate, or "
		         "say what it is priced \"as\")\n",
		         component_info[pairs[i].needs].key);
		count++;
	}
	return count;
}

/* The least prompt that a threshold is met by. */
static int64_t least_prompt(const struct book_when *when)
{
	return when->context_tokens + (when->context_test == CONTEXT_GT);
}

/* Whenever a holds, b does too, as far as it can be told without knowing the request. */
static bool implies(const struct book_when *a, const struct book_when *b)
{
	struct book_when common = *a;

	if ((b->has & ~a->has) != 0)
		return false;
	/* Of a only what b asks for. */
	if ((b->has & WHEN_CONTEXT) == 0) {
		common.context_test = CONTEXT_ANY;
		common.context_tokens = 0;
	} else if (least_prompt(a) >= least_prompt(b)) {
		common.context_test = b->context_test;
		common.context_tokens = b->context_tokens;
	}
	if ((b->has & WHEN_TIER) == 0)
		common.tier = text_of(NULL);
	if ((b->has & WHEN_REGION) == 0)
		common.region = text_of(NULL);
	if ((b->has & WHEN_UTC) == 0) {
		common.utc_from = common.utc_to = 0;
		common.days = WEEKDAYS_ALL;
	}
	if ((b->has & WHEN_SIZE) == 0)
		common.size = text_of(NULL);
	if ((b->has & WHEN_QUALITY) == 0)
		common.quality = text_of(NULL);
	if ((b->has & WHEN_KIND) == 0)
		common.kind = text_of(NULL);
	if ((b->has & WHEN_NUMBER) == 0)
		common.number = 0;
	common.has = b->has;
	return book_when_equal(&common, b);
}

/* An entry that a later one always stands over. */
static size_t warn_covered(const struct book_version *version, struct buf *out)
{
	const struct book_card *card = &version->card;
	size_t count = 0;

	for (size_t i = 0; i < card->rate_count; i++) {
		for (size_t j = i + 1; j < card->first[card->rates[i].component + 1]; j++) {
			/* One by the megapixel also asks for a size it can read. */
			if (card->rates[j].megapixels != MEGAPIXELS_NONE ||
			    !implies(&card->rates[i].when, &card->rates[j].when))
				continue;
			begin(version, out);
			buf_addf(out,
			         "an entry of %s never counts: a later one fits whenever it does "
			         "(general entries stand first)\n",
			         component_info[card->rates[i].component].key);
			count++;
			break;
		}
	}
	return count;
}

/* A version that says what the one before it says. */
static size_t warn_same(const struct book_version *version, const struct book_version *before,
                        struct buf *out)
{
	const struct book_card *a = &version->card, *b = &before->card;
	bool same = text_equal(version->model, before->model) && a->rate_count == b->rate_count &&
	            version->multiplier_count == 0 && before->multiplier_count == 0 &&
	            version->minimum_count == 0 && before->minimum_count == 0 &&
	            version->discount.numerator == before->discount.numerator &&
	            version->discount.decimals == before->discount.decimals;

	for (size_t i = 0; same && i < a->rate_count; i++)
		same = a->rates[i].component == b->rates[i].component &&
		       a->rates[i].rate.attos_per_unit == b->rates[i].rate.attos_per_unit &&
		       a->rates[i].megapixels == b->rates[i].megapixels &&
		       book_when_equal(&a->rates[i].when, &b->rates[i].when);
	if (!same)
		return 0;
	begin(version, out);
	buf_add_cstr(out, "the same prices as the version before it\n");
	return 1;
}

/* A name that was meant for a pattern. */
static size_t warn_star(const struct book_model *model, struct buf *out)
{
	if (memchr(model->name.at, '*', model->name.len) == NULL)
		return 0;
	buf_addf(out,
	         "%.*s: a star in the name of a model is a star, not a pattern: put it into "
	         "aliases\n",
	         TEXT_ARGS(model->name));
	return 1;
}

size_t book_warnings(const struct book *book, struct buf *out)
{
	size_t count = book->warning_count;

	buf_add_text(out, buf_text(&book->warnings));
	if (count > BOOK_ERRORS_MAX)
		buf_addf(out, "... and %zu more\n", count - BOOK_ERRORS_MAX);
	for (size_t m = 0; m < book_model_count(book); m++)
		count += warn_star(book_model(book, m), out);
	for (size_t v = 0; v < book->version_count; v++) {
		const struct book_version *version = &book->versions[v];

		count += warn_missing(version, out);
		count += warn_covered(version, out);
		if (v > 0)
			count += warn_same(version, version - 1, out);
	}
	return count;
}
