/* What a model lacks before it can be listed on a marketplace. */
#include <stdio.h>

#include "price/book.h"
#include "price/listing.h"

struct lint {
	const struct book *book;
	struct json doc; /* of the book, for the lines */
	struct buf *out;
	struct listing_lint found;
	/* The model that is looked at. */
	size_t index;
	uint32_t node;
	struct listing listing;
};

/* A line; `place` is a path of the model's own, like ".listing.created". */
static void tell(struct lint *l, const char *place, const char *word, const char *what)
{
	buf_addf(l->out, "line %u: models[%zu]%s: %s: %s\n",
	         json_line(book_json(l->book), l->doc.nodes[l->node].position), l->index, place,
	         word, what);
}

static void advise(struct lint *l, const char *place, const char *what)
{
	tell(l, place, "advised", what);
	l->found.advised++;
}

static void miss(struct lint *l, const char *place, enum listing_want v24, enum listing_want legacy,
                 const char *what)
{
	static const char *const words[] = {
		[0] = NULL,
		[1] = "missing for openrouter-v2.4",
		[2] = "missing for openrouter-legacy",
		[3] = "missing",
	};
	unsigned both = (v24 == LISTING_REQUIRED) | (legacy == LISTING_REQUIRED ? 2u : 0);

	if (both != 0) {
		tell(l, place, words[both], what);
		l->found.missing++;
	} else if (v24 >= LISTING_ADVISED || legacy >= LISTING_ADVISED) {
		advise(l, place, what);
	}
}

static void lint_facts(struct lint *l)
{
	char place[64];

	for (int f = 0; f < LISTING_FACT_COUNT; f++) {
		const struct listing_fact_info *info = &listing_fact_info[f];

		if (listing_node(&l->listing, (enum listing_fact)f) != JSON_NONE)
			continue;
		snprintf(place, sizeof(place), ".listing.%s", info->key);
		miss(l, place, info->v24, info->legacy, info->what);
	}
}

static bool is_priced(const struct book_version *version, enum component component)
{
	return book_version_has(version, component) ||
	       version->same_as[component] != (int)component;
}

/* A medium that is read or written is counted in some unit, which has a price. */
static void lint_media(struct lint *l, const struct book_version *version, const char *place)
{
	static const struct {
		enum listing_fact list;
		const char *word;
		enum component priced[3]; /* any of them will do */
		const char *what;
	} rows[] = {
		{ LISTING_INPUT_MODALITIES,
		  "image",
		  { COMPONENT_INPUT_IMAGE, COMPONENT_IMAGES_IN, COMPONENT_IMAGES_IN },
		  "it reads images: a price of input_image or images_in" },
		{ LISTING_INPUT_MODALITIES,
		  "audio",
		  { COMPONENT_INPUT_AUDIO, COMPONENT_SECONDS, COMPONENT_SECONDS },
		  "it reads audio: a price of input_audio or seconds" },
		{ LISTING_INPUT_MODALITIES,
		  "video",
		  { COMPONENT_INPUT_VIDEO, COMPONENT_SECONDS, COMPONENT_SECONDS },
		  "it reads video: a price of input_video or seconds" },
		{ LISTING_OUTPUT_MODALITIES,
		  "image",
		  { COMPONENT_OUTPUT_IMAGE, COMPONENT_IMAGES_OUT, COMPONENT_MEGAPIXELS_OUT },
		  "it makes images: a price of output_image, images_out or megapixels_out" },
		{ LISTING_OUTPUT_MODALITIES,
		  "audio",
		  { COMPONENT_OUTPUT_AUDIO, COMPONENT_SECONDS, COMPONENT_CHARACTERS },
		  "it makes audio: a price of output_audio, seconds or characters" },
		{ LISTING_OUTPUT_MODALITIES,
		  "video",
		  { COMPONENT_OUTPUT_VIDEO, COMPONENT_SECONDS, COMPONENT_SECONDS },
		  "it makes video: a price of output_video or seconds" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool priced = false;

		for (size_t p = 0; p < 3; p++)
			priced = priced || is_priced(version, rows[i].priced[p]);
		if (!priced && listing_has(&l->listing, rows[i].list, rows[i].word))
			advise(l, place, rows[i].what);
	}
}

static void lint_prices(struct lint *l, const struct book_model *model)
{
	size_t last = model->version_count - 1;
	const struct book_version *version = book_version(l->book, model->first_version + last);
	bool text = listing_node(&l->listing, LISTING_OUTPUT_MODALITIES) == JSON_NONE ||
	            listing_has(&l->listing, LISTING_OUTPUT_MODALITIES, "text");
	char place[64];

	snprintf(place, sizeof(place), ".versions[%zu].rates", last);
	if (text && !is_priced(version, COMPONENT_INPUT))
		miss(l, place, LISTING_REQUIRED, LISTING_REQUIRED,
		     "the price of prompts (component input)");
	if (text && !is_priced(version, COMPONENT_OUTPUT))
		miss(l, place, LISTING_REQUIRED, LISTING_REQUIRED,
		     "the price of completions (component output)");
	lint_media(l, version, place);
	if (listing_has(&l->listing, LISTING_FEATURES, "vision") &&
	    !listing_has(&l->listing, LISTING_INPUT_MODALITIES, "image"))
		advise(l, ".listing.input_modalities", "vision is a feature: image is missing");
	if (listing_has(&l->listing, LISTING_FEATURES, "web_search") &&
	    !is_priced(version, COMPONENT_SEARCHES))
		advise(l, place,
		       "it searches the web: a price of searches, \"0\" where it is free");
}

static int lint_model(struct lint *l, const struct book_model *model, struct fault *fault)
{
	int r = listing_open(&l->listing, model->listing, fault);

	if (r == 0) {
		lint_facts(l);
		lint_prices(l, model);
	}
	listing_release(&l->listing);
	return r;
}

int listing_lint(const struct book *book, struct buf *out, struct listing_lint *found_out,
                 struct fault *fault)
{
	struct lint l = { .book = book, .out = out };
	uint32_t models;
	int r = json_parse(&l.doc, book_json(book), fault);

	if (r < 0)
		goto out;
	if (!text_is(book_currency(book), "USD")) {
		buf_addf(out,
		         "line %u: currency: missing: a listing is in USD, this book in %.*s\n",
		         json_line(book_json(book),
		                   l.doc.nodes[json_member(&l.doc, 0, "currency")].position),
		         TEXT_ARGS(book_currency(book)));
		l.found.missing++;
	}
	models = json_member(&l.doc, 0, "models");
	l.node = json_first(&l.doc, models);
	for (size_t i = 0; i < book_model_count(book) && r == 0; i++) {
		l.index = i;
		r = lint_model(&l, book_model(book, i), fault);
		l.node = json_next(&l.doc, models, l.node);
	}
	if (r == 0 && out->error != 0)
		r = fault_set(fault, FAULT_NOMEM, "no memory");
	if (r == 0)
		*found_out = l.found;
out:
	json_release(&l.doc);
	return r;
}
