/* The images of an event line: how many of which size, quality and steps. */
#include <string.h>

#include "usage/event_internal.h"
#include "usage/kinds.h"

static bool read_images(struct line *line, uint32_t object, struct usage_kind *images)
{
	uint32_t n = json_member(line->doc, object, "n");
	uint32_t direction = json_member(line->doc, object, "direction");

	*images = (struct usage_kind){ .component = COMPONENT_IMAGES_OUT, .n = 1 };
	if (json_type_of(line->doc, object) != JSON_OBJECT) {
		refusal_set(line->refusal, REASON_TYPE,
		            "images: an object, or an array of them, is due");
		return false;
	}
	if (json_type_of(line->doc, n) != JSON_NULL &&
	    (!json_integer(line->doc, n, &images->n) || images->n < 0 ||
	     images->n > USAGE_COUNT_MAX)) {
		refusal_set(line->refusal, REASON_QUANTITY, "images: n is no count");
		return false;
	}
	if (text_is(json_string(line->doc, direction), "in")) {
		images->component = COMPONENT_IMAGES_IN;
	} else if (json_type_of(line->doc, direction) != JSON_NULL &&
	           !text_is(json_string(line->doc, direction), "out")) {
		refusal_set(line->refusal, REASON_TYPE, "images: direction is \"in\" or \"out\"");
		return false;
	}
	return take_kind_keys(line, "images", object, images);
}

/* Adds to the line of the same kind, or begins one. */
static bool add_images(struct line *line, const struct usage_kind *images)
{
	struct usage *usage = &line->event->usage;

	if (images->n == 0)
		return true;
	if (!usage_add_kind(usage, images)) {
		refusal_set(line->refusal, REASON_UNSUPPORTED,
		            "images: more than %d kinds in one request", USAGE_KINDS_MAX);
		return false;
	}
	usage->count[images->component] += images->n;
	if (usage->count[images->component] > USAGE_COUNT_MAX) {
		refusal_set(line->refusal, REASON_QUANTITY, "images: the sum of n is no count");
		return false;
	}
	return true;
}

struct image_word {
	const char *paths[2];       /* in the response, or a line of a batch's results */
	const char *differs, *open; /* the warnings */
};

static const struct image_word size_word = {
	{ "size", "response.body.size" },
	"images.size (the response tells another)",
	"images.size (auto, and nothing tells which)",
};

static const struct image_word quality_word = {
	{ "quality", "response.body.quality" },
	"images.quality (the response tells another)",
	"images.quality (auto, and nothing tells which)",
};

/* What the response says came; absent where it says nothing that can be one. */
static struct text told_word(const struct line *line, const struct image_word *word)
{
	size_t count = sizeof(word->paths) / sizeof(word->paths[0]);

	for (size_t i = 0; i < count && line->body.doc != NULL; i++) {
		struct text told = json_string(line->body.doc,
		                               body_find_any(&line->body, word->paths[i]));

		if (told.len > 0 && told.len < KIND_WORD_BYTES && text_plain(told))
			return told;
	}
	return text_of(NULL);
}

/* The first one stays. */
static void doubt(struct line *line, const char *why)
{
	if (line->image_doubt == NULL)
		line->image_doubt = why;
}

/*
 * What came is priced, not what was asked for: the response goes before the line.  "auto" is a
 * wish wherever it stands.
 */
static void resolve_word(struct line *line, const struct image_word *which, struct text told,
                         char word[KIND_WORD_BYTES])
{
	struct text own = text_of(word);
	bool wish = text_is(own, "auto") || (own.len == 0 && text_is(told, "auto"));

	if (told.len > 0 && !text_is(told, "auto")) {
		if (!wish && own.len > 0 && !text_equal(told, own))
			doubt(line, which->differs);
		text_copy(word, KIND_WORD_BYTES, told);
	} else if (wish) {
		doubt(line, which->open);
		word[0] = '\0';
	}
}

/* Of images that went in no response tells. */
static void drop_wish(struct line *line, const struct image_word *which, char word[KIND_WORD_BYTES])
{
	if (strcmp(word, "auto") != 0)
		return;
	doubt(line, which->open);
	word[0] = '\0';
}

static void resolve(struct line *line, struct usage_kind *images)
{
	if (images->n == 0)
		return;
	if (images->component == COMPONENT_IMAGES_OUT) {
		resolve_word(line, &size_word, line->image_size, images->size);
		resolve_word(line, &quality_word, line->image_quality, images->quality);
	} else {
		drop_wish(line, &size_word, images->size);
		drop_wish(line, &quality_word, images->quality);
	}
}

/* Images that the response holds, of the one kind that the line tells, if it tells one. */
static bool take_counted(struct line *line)
{
	struct usage *usage = &line->event->usage;
	uint32_t node = line->member[MEMBER_IMAGES];
	int64_t counted = usage->count[COMPONENT_IMAGES_OUT];
	struct usage_kind images = { .component = COMPONENT_IMAGES_OUT, .n = counted };

	if (json_type_of(line->doc, node) == JSON_OBJECT) {
		bool told = json_type_of(line->doc, json_member(line->doc, node, "n")) != JSON_NULL;

		if (!read_images(line, node, &images))
			return false;
		if (images.component != COMPONENT_IMAGES_OUT || (told && images.n != counted)) {
			refusal_set(line->refusal, REASON_PART,
			            "images: n is %lld, and the response holds %lld",
			            (long long)images.n, (long long)counted);
			return false;
		}
		images.n = counted;
	}
	resolve(line, &images);
	usage->count[COMPONENT_IMAGES_OUT] = 0;
	return add_images(line, &images);
}

/* Those of the line, which the response holds too where it was counted. */
static bool take_stated(struct line *line)
{
	uint32_t node = line->member[MEMBER_IMAGES];
	struct usage *usage = &line->event->usage;
	int64_t counted = line->images_counted ? usage->count[COMPONENT_IMAGES_OUT] : -1;
	struct usage_kind images;

	if (counted >= 0)
		usage->count[COMPONENT_IMAGES_OUT] = 0;
	if (json_type_of(line->doc, node) != JSON_ARRAY) {
		if (!read_images(line, node, &images))
			return false;
		resolve(line, &images);
		return add_images(line, &images);
	}
	for (uint32_t e = json_first(line->doc, node); e != JSON_NONE;
	     e = json_next(line->doc, node, e)) {
		if (!read_images(line, e, &images))
			return false;
		resolve(line, &images);
		if (!add_images(line, &images))
			return false;
	}
	if (counted >= 0 && usage->count[COMPONENT_IMAGES_OUT] != counted) {
		refusal_set(line->refusal, REASON_PART,
		            "images: n adds up to %lld, and the response holds %lld",
		            (long long)usage->count[COMPONENT_IMAGES_OUT], (long long)counted);
		return false;
	}
	return true;
}

bool take_images(struct line *line)
{
	struct usage *usage = &line->event->usage;

	/* Once: there may be as many images as the body has objects to look through. */
	if (sent(line, MEMBER_IMAGES) || line->images_counted) {
		line->image_size = told_word(line, &size_word);
		line->image_quality = told_word(line, &quality_word);
	}
	if (line->images_counted &&
	    json_type_of(line->doc, line->member[MEMBER_IMAGES]) != JSON_ARRAY)
		return take_counted(line);
	if (sent(line, MEMBER_IMAGES) && !line->images_counted &&
	    (usage->count[COMPONENT_IMAGES_IN] > 0 || usage->count[COMPONENT_IMAGES_OUT] > 0)) {
		refusal_set(line->refusal, REASON_PART,
		            "images are given twice: in usage and beside it");
		return false;
	}
	if (sent(line, MEMBER_IMAGES))
		return take_stated(line);
	/* Counted in usage, of no stated size. */
	for (int c = COMPONENT_IMAGES_IN; c <= COMPONENT_IMAGES_OUT; c++) {
		if (usage->count[c] > 0)
			usage->kinds[usage->kind_count++] = (struct usage_kind){
				.component = (enum component)c, .n = usage->count[c]
			};
	}
	return true;
}
