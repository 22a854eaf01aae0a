/* Hypotheses: images by another rule, fees, discounts, another version of the book. */
#include <stdio.h>
#include <string.h>

#include "base/moment.h"
#include "bill/classify_internal.h"

/* ---- images ---- */

#define IMAGE_TOKENS (1u << COMPONENT_OUTPUT_IMAGE | 1u << COMPONENT_INPUT_IMAGE)
#define IMAGES                                                                                     \
	(1u << COMPONENT_IMAGES_IN | 1u << COMPONENT_IMAGES_OUT | 1u << COMPONENT_MEGAPIXELS_OUT)

struct kinds {
	struct bill_guess *guess;
	unsigned index; /* into the kinds of the usage: the one that is made another */
};

/* As if it were of the size and quality that the entry is for. */
static bool guess_kind(void *context, enum component component, const struct book_when *when)
{
	const struct kinds *kinds = context;
	const struct bill_case *of = kinds->guess->of;
	struct usage usage = of->countable;
	struct usage_kind *kind = &usage.kinds[kinds->index];
	struct charges rated;
	struct money more;

	if (component != kind->component || (when->has & (WHEN_SIZE | WHEN_QUALITY)) == 0 ||
	    ((when->has & WHEN_SIZE) != 0 &&
	     !text_copy(kind->size, sizeof(kind->size), when->size)) ||
	    ((when->has & WHEN_QUALITY) != 0 &&
	     !text_copy(kind->quality, sizeof(kind->quality), when->quality)))
		return true;
	if (bill_rate(&of->rating, &usage, &rated) &&
	    money_sub(rated.total, of->base.total, &more) == 0)
		bill_guess_try(kinds->guess, CAUSE_IMAGE, component, more,
		               "priced as %s %s, not as %s %s", kind->size, kind->quality,
		               of->countable.kinds[kinds->index].size,
		               of->countable.kinds[kinds->index].quality);
	return true;
}

static void copy_kind(struct usage_kind *to, const char *size, const char *quality)
{
	snprintf(to->size, sizeof(to->size), "%s", size);
	snprintf(to->quality, sizeof(to->quality), "%s", quality);
}

/* As if its size were not known, its quality, or neither: by the entry that is for any. */
static void guess_any_kind(struct bill_guess *guess, unsigned index)
{
	const struct bill_case *of = guess->of;
	const struct usage_kind *is = &of->countable.kinds[index];
	const struct {
		const char *size, *quality, *text;
	} ways[] = { { "", is->quality, "whatever its size" },
		     { is->size, "", "whatever its quality" },
		     { "", "", "whatever its size and quality" } };

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct usage usage = of->countable;
		struct charges rated;
		struct money more;

		copy_kind(&usage.kinds[index], ways[i].size, ways[i].quality);
		if (bill_rate(&of->rating, &usage, &rated) &&
		    money_sub(rated.total, of->base.total, &more) == 0 && more.attos != 0)
			bill_guess_try(guess, CAUSE_IMAGE, is->component, more,
			               "at the price of an image %s, not as %s %s", ways[i].text,
			               is->size, is->quality);
	}
}

/* What it costs by another way to count the pixels; false: it does not. */
static bool by_pixels(const struct charge *line, enum megapixels way, wide *attos_out)
{
	enum { MEGA = 1000000 };
	wide each = line->amount.attos / line->count, pixels, million;
	struct usage_kind one = *line->kind;
	int64_t width = 0, height = 0;
	struct text size = text_of(one.size), first;

	if (!text_cut(&size, 'x', &first) || !text_int(first, &width) || !text_int(size, &height) ||
	    width <= 0 || height <= 0 || width > MEGA || height > MEGA || line->pixels <= 0)
		return false;
	pixels = (wide)width * height;
	million = each / line->pixels;
	if (line->rate->megapixels == MEGAPIXELS_EXACT)
		million *= MEGA;
	if (way == MEGAPIXELS_EXACT)
		each = million / MEGA * pixels;
	else
		each = million * ((pixels + (way == MEGAPIXELS_UP ? MEGA - 1 : MEGA / 2)) / MEGA);
	return !__builtin_mul_overflow(each, (wide)line->count, attos_out);
}

static void guess_pixels(struct bill_guess *guess, const struct charge *line)
{
	static const struct {
		enum megapixels way;
		const char *text;
	} ways[] = { { MEGAPIXELS_EXACT, "by the pixel" },
		     { MEGAPIXELS_UP, "in whole megapixels, up" },
		     { MEGAPIXELS_NEAREST, "in whole megapixels, the nearest" } };

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct money more;

		if (ways[i].way == line->rate->megapixels ||
		    !by_pixels(line, ways[i].way, &more.attos) ||
		    money_sub(more, line->amount, &more) < 0)
			continue;
		bill_guess_try(guess, CAUSE_IMAGE, line->component, more, "%s of %s charged %s",
		               component_info[line->component].key, line->kind->size, ways[i].text);
	}
}

void bill_guess_image(struct bill_guess *guess)
{
	const struct bill_case *of = guess->of;
	struct kinds kinds = { .guess = guess };
	char text[BILL_NUMBER_BYTES];
	struct money all = bill_lines(&of->base, IMAGES | IMAGE_TOKENS, NULL), once = { 0 };

	bill_guess_rate(guess, CAUSE_IMAGE, COMPONENT_OUTPUT_IMAGE, COMPONENT_OUTPUT);
	bill_guess_rate(guess, CAUSE_IMAGE, COMPONENT_INPUT_IMAGE, COMPONENT_INPUT);
	for (; kinds.index < of->countable.kind_count; kinds.index++) {
		enum component component = of->countable.kinds[kinds.index].component;

		if ((IMAGES >> component & 1) == 0)
			continue;
		bill_each_when(&of->rating, guess_kind, &kinds);
		guess_any_kind(guess, kinds.index);
	}
	for (size_t i = 0; i < of->base.count; i++) {
		const struct charge *line = &of->base.lines[i];

		if (line->rate == NULL || (IMAGES >> line->component & 1) == 0)
			continue;
		if (line->rate->megapixels != MEGAPIXELS_NONE && line->kind != NULL)
			guess_pixels(guess, line);
		once.attos += line->amount.attos / line->count - line->amount.attos;
	}
	bill_guess_try(guess, CAUSE_IMAGE, COMPONENT_COUNT, once,
	               "one image charged in place of all");
	bill_guess_try(guess, CAUSE_IMAGE, COMPONENT_COUNT, (struct money){ -all.attos },
	               "no image charged: %s less", bill_money_text(all, text));
}

/* ---- fees ---- */

static void guess_fee_of(struct bill_guess *guess, enum component component)
{
	enum { TIMES_MAX = 10 };
	const char *key = component_info[component].key;
	char text[2][BILL_NUMBER_BYTES];
	int64_t count;
	struct money is = bill_lines(&guess->of->base, 1u << component, &count), more;

	if (count == 0 || is.attos == 0)
		return;
	bill_money_text(is, text[0]);
	bill_guess_try(guess, CAUSE_FEE, component, (struct money){ -is.attos },
	               "%s %s not charged: %s less", bill_count_text(count, text[1]), key, text[0]);
	for (int times = 2; times <= TIMES_MAX; times++) {
		if (__builtin_mul_overflow(is.attos, times - 1, &more.attos))
			return;
		bill_guess_try(guess, CAUSE_FEE, component, more, "%s charged %d times, %s each",
		               key, times, text[0]);
	}
	bill_guess_try(guess, CAUSE_FEE, component, (struct money){ is.attos / count - is.attos },
	               "one of %s %s charged", bill_count_text(count, text[1]), key);
}

void bill_guess_fee(struct bill_guess *guess)
{
	struct money all = bill_lines(&guess->of->base, BILL_FEE_COMPONENTS, NULL);
	char text[BILL_NUMBER_BYTES];

	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if ((BILL_FEE_COMPONENTS >> c & 1) != 0)
			guess_fee_of(guess, (enum component)c);
	}
	bill_guess_try(guess, CAUSE_FEE, COMPONENT_COUNT, (struct money){ -all.attos },
	               "no fee charged: %s less", bill_money_text(all, text));
}

/* ---- discounts ---- */

static void try_rating(struct bill_guess *guess, const struct bill_rating *rating,
                       enum bill_cause cause, const char *text, struct text of_what)
{
	const struct bill_case *of = guess->of;
	struct charges rated;
	struct money more;

	if (bill_rate(rating, &of->countable, &rated) &&
	    money_sub(rated.total, of->base.total, &more) == 0)
		bill_guess_try(guess, cause, COMPONENT_COUNT, more, "%s %.*s", text,
		               TEXT_ARGS(of_what));
}

/* Taken off once more; false: there is no room for it. */
static bool twice(const struct book_factor *factor, struct book_factor *out)
{
	if (factor->decimals > BOOK_FACTOR_DECIMALS_MAX / 2)
		return false;
	*out = *factor;
	out->decimals = 2 * factor->decimals;
	return !__builtin_mul_overflow(factor->numerator, factor->numerator, &out->numerator);
}

void bill_guess_discount(struct bill_guess *guess)
{
	const struct bill_case *of = guess->of;
	struct bill_rating rating = of->rating;
	const struct book_version *version = rating.version;
	const struct book_override *override = of->base.override;
	struct book_version other = *version;
	bool has = version->discount.text.at != NULL;

	rating.version = &other;
	other.discount.text = (struct text){ .at = NULL };
	if (has) {
		try_rating(guess, &rating, CAUSE_DISCOUNT, "without the discount of",
		           version->discount.text);
		if (twice(&version->discount, &other.discount))
			try_rating(guess, &rating, CAUSE_DISCOUNT, "twice the discount of",
			           version->discount.text);
		other.discount.text = (struct text){ .at = NULL };
	}
	if (override == NULL)
		return;
	/* That of the account, where the version has none, a second time in its place. */
	if (!has && override->discount.text.at != NULL) {
		other.discount = override->discount;
		try_rating(guess, &rating, CAUSE_DISCOUNT, "twice the discount of",
		           override->account);
		other.discount.text = (struct text){ .at = NULL };
	}
	rating.request.account = (struct text){ .at = NULL };
	if (has)
		try_rating(guess, &rating, CAUSE_DISCOUNT, "without any discount, also that of",
		           override->account);
	rating.version = version;
	try_rating(guess, &rating, CAUSE_DISCOUNT, "without what was agreed with",
	           override->account);
}

/* ---- versions ---- */

static void guess_versions_of(struct bill_guess *guess, const struct book *book)
{
	const struct bill_case *of = guess->of;
	const struct book_version *ours = of->rating.version;
	struct bill_rating rating = of->rating;
	char there[MOMENT_TEXT_BYTES], here[MOMENT_TEXT_BYTES];

	moment_text_unit(ours->effective_from_ms, MOMENT_DAY, here);
	for (size_t i = 0; i < book_model_count(book); i++) {
		const struct book_model *model = book_model(book, i);

		if (!text_equal(model->name, ours->model))
			continue;
		for (size_t v = 0; v < model->version_count; v++) {
			struct charges rated;
			struct money more;

			rating.version = book_version(book, model->first_version + v);
			if (rating.version == ours || !bill_rate(&rating, &of->countable, &rated) ||
			    money_sub(rated.total, of->base.total, &more) < 0)
				continue;
			moment_text_unit(rating.version->effective_from_ms, MOMENT_DAY, there);
			bill_guess_try(guess, CAUSE_PRICE, COMPONENT_COUNT, more,
			               "by the prices from %s on%s, not those from %s on", there,
			               book == ours->book ? "" : " of the book in force", here);
		}
	}
}

void bill_guess_version(struct bill_guess *guess)
{
	const struct bill_case *of = guess->of;
	const struct book *own = of->rating.version->book;

	guess_versions_of(guess, own);
	if (of->terms->book != NULL && strcmp(book_hash(of->terms->book), book_hash(own)) != 0)
		guess_versions_of(guess, of->terms->book);
}
