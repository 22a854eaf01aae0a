/* What a response holds under the paths of a format: its usage, and what else is billed. */
#include <stdlib.h>

#include "base/hash.h"
#include "usage/body.h"

static bool is_of_type(const struct json *doc, uint32_t element, const char *type)
{
	return type == NULL || text_is(json_string(doc, json_member(doc, element, "type")), type);
}

static bool is_at(const struct json *doc, uint32_t element, const struct usage_path *path)
{
	uint32_t member = path->has != NULL ? json_member(doc, element, path->has) : JSON_NONE;

	if (!is_of_type(doc, element, path->type))
		return false;
	if (path->has != NULL && path->has[0] == '!')
		return json_type_of(doc, json_member(doc, element, path->has + 1)) == JSON_NULL;
	/* Each chunk of a stream has the member; of an object itself it has to tell something. */
	return path->has == NULL ||
	       (path->path[0] != '\0' ? member != JSON_NONE
	                              : json_type_of(doc, member) != JSON_NULL);
}

struct usages {
	const struct json *doc;
	struct body_nodes found;
	bool several; /* in one place of one object, and they do not add up */
};

/* What is no object is no usage: the older OpenAI has a null in every chunk, xAI's voice a {}. */
static void add_usage(void *context, uint32_t node)
{
	struct usages *usages = context;

	if (json_type_of(usages->doc, node) == JSON_OBJECT &&
	    json_first(usages->doc, node) != JSON_NONE)
		body_node_add(&usages->found, node);
}

/*
 * The usage under the format's paths, of the objects that these are for.  Of an object that tells
 * a sum and what it is made of only one is taken, the one whose path stands first.
 */
static void find_usage(const struct body *body, const struct usage_format *format,
                       struct usages *usages, enum usage_adds *adds_out)
{
	const struct json *doc = body->doc;

	for (size_t i = 0; i < body->count; i++) {
		const struct usage_path *taken = NULL;

		for (size_t p = 0; p < format->path_count; p++) {
			const struct usage_path *path = &format->paths[p];
			size_t before = usages->found.count;

			if (!is_at(doc, body->elements[i], path) ||
			    (taken != NULL &&
			     (taken->adds != ADDS_NONE || path->adds != ADDS_NONE)))
				continue;
			body_each(doc, body->elements[i], path->path, add_usage, usages);
			if (usages->found.count == before)
				continue;
			taken = path;
			if (path->adds == ADDS_NONE && usages->found.count - before > 1)
				usages->several = true;
			if (path->adds > *adds_out)
				*adds_out = path->adds;
		}
	}
}

static bool has_usage(const struct body *body, const struct usage_format *format, uint32_t element)
{
	struct body one = { .doc = body->doc, .elements = &element, .count = 1 };
	struct usages usages = { .doc = body->doc };
	enum usage_adds adds = ADDS_NONE;

	find_usage(&one, format, &usages, &adds);
	return usages.found.count > 0;
}

/* An object that tells usage, and that its response ends with it. */
static bool is_last(const struct json *doc, uint32_t element)
{
	static const char *const reasons[] = { "stop_reason", "completionReason",
		                               "results[].completionReason" };
	bool last = json_type_of(doc, json_member(doc, element, "done")) == JSON_TRUE;

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		last = last || json_string(doc, body_find(doc, element, reasons[i])).len > 0;
	return last;
}

/* Where an object of a stream names its response. */
static const char *const ids[] = { "id", "message.id", "responseId", "response.id",
	                           "response.responseId" };

enum { ID_PATHS = sizeof(ids) / sizeof(ids[0]) };

/*
 * More than one response: of the objects that tell usage two have other ids, or two say that they
 * are the last.  Steps: all of them have the same id.
 */
static void tell_responses(const struct body *body, const struct usage_format *format,
                           struct usage_objects *out)
{
	const struct json *doc = body->doc;
	struct text first[ID_PATHS] = { { NULL, 0 } };
	size_t named[ID_PATHS] = { 0 }, told = 0, last = 0;

	for (size_t i = 0; i < body->count; i++) {
		uint32_t element = body->elements[i];

		if (!has_usage(body, format, element))
			continue;
		told++;
		last += is_last(doc, element);
		for (size_t p = 0; p < ID_PATHS; p++) {
			struct text id = json_string(doc, body_find(doc, element, ids[p]));

			if (id.len == 0)
				continue;
			out->mixed = out->mixed || (named[p] > 0 && !text_equal(id, first[p]));
			first[p] = id;
			named[p]++;
		}
	}
	out->mixed = out->mixed || last > 1;
	for (size_t p = 0; p < ID_PATHS; p++)
		out->steps = out->steps || (format->steps && body->stream && !body->done &&
		                            !out->mixed && named[p] == told);
}

static int compare_hashes(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Of responses that add up one is told twice: by an id that no other has.  -FAULT_NOMEM. */
static int tell_repeated(const struct body *body, const struct usage_format *format,
                         struct arena *arena, bool *repeated_out)
{
	/* Of a frame of a session; of a line of a batch's results, beside one of the provider's. */
	static const char *const own[] = { "response.id", "custom_id", "recordId" };
	const struct json *doc = body->doc;
	uint64_t *hashes = arena_take(arena, body->count * sizeof(*hashes));

	if (hashes == NULL)
		return -FAULT_NOMEM;
	for (size_t p = 0; p < sizeof(own) / sizeof(own[0]); p++) {
		size_t count = 0;

		for (size_t i = 0; i < body->count; i++) {
			uint32_t element = body->elements[i];
			struct text id = json_string(doc, body_find(doc, element, own[p]));
			struct text theirs = json_string(doc, json_member(doc, element, "id"));

			/* Frames before the last one of a response name it too. */
			if (id.len > 0 && has_usage(body, format, element))
				hashes[count++] = hash64(id.at, id.len,
				                         hash64(theirs.at, theirs.len, 0));
		}
		qsort(hashes, count, sizeof(*hashes), compare_hashes);
		for (size_t i = 1; i < count; i++)
			*repeated_out = *repeated_out || hashes[i] == hashes[i - 1];
	}
	return 0;
}

int body_usage(const struct body *body, const struct usage_format *format, struct arena *arena,
               struct usage_objects *out)
{
	struct usages usages = { .doc = body->doc };
	uint32_t *nodes;

	*out = (struct usage_objects){ .doc = body->doc };
	find_usage(body, format, &usages, &out->adds);
	if (usages.found.count == 0)
		return 0;
	nodes = arena_take(arena, usages.found.count * sizeof(*nodes));
	if (nodes == NULL)
		return -FAULT_NOMEM;
	usages.found = (struct body_nodes){ nodes, 0 };
	find_usage(body, format, &usages, &out->adds);
	out->nodes = nodes;
	out->count = usages.found.count;
	if (out->count < 2)
		return 0;
	out->mixed = usages.several;
	if (out->adds != ADDS_NONE || format->fold == FOLD_ADD)
		return tell_repeated(body, format, arena, &out->repeated);
	tell_responses(body, format, out);
	return 0;
}

static bool has_member(const struct json *doc, uint32_t object, const char *key)
{
	return key != NULL && json_type_of(doc, json_member(doc, object, key)) != JSON_NULL;
}

static bool is_billed(const struct usage_item *item, const struct json *doc, uint32_t element)
{
	struct text action = json_string(
		doc, json_member(doc, json_member(doc, element, "action"), "type"));
	size_t cap = sizeof(item->free_actions) / sizeof(item->free_actions[0]);

	if (item->type != NULL &&
	    !text_is(json_string(doc, json_member(doc, element, "type")), item->type))
		return false;
	if (item->has[0] != NULL && !has_member(doc, element, item->has[0]) &&
	    !has_member(doc, element, item->has[1]))
		return false;
	for (size_t i = 0; i < cap && item->free_actions[i] != NULL; i++) {
		if (text_is(action, item->free_actions[i]))
			return false;
	}
	return true;
}

/* Adds those of one object of the body; false: it has none. */
static bool add_items(const struct json *doc, uint32_t element, const struct usage_item *item,
                      struct usage *usage)
{
	uint32_t array = body_find(doc, element, item->array);

	if (json_type_of(doc, array) != JSON_ARRAY)
		return false;
	/* No more of them than a line has bytes: far below USAGE_COUNT_MAX. */
	for (uint32_t e = json_first(doc, array); e != JSON_NONE; e = json_next(doc, array, e))
		usage->count[item->component] += is_billed(item, doc, e);
	return true;
}

/* Where the items are all there is to count. */
static void look_over(const struct body *body, const struct usage_item *item,
                      struct body_items *out)
{
	const struct json *doc = body->doc;
	size_t objects = 0;

	for (size_t i = 0; i < body->count; i++) {
		uint32_t array = body_find(doc, body->elements[i], item->array);

		if (json_type_of(doc, array) != JSON_ARRAY)
			continue;
		objects++;
		for (uint32_t e = json_first(doc, array); e != JSON_NONE;
		     e = json_next(doc, array, e))
			out->others += !is_billed(item, doc, e) && !has_member(doc, e, item->free);
	}
	if (objects > out->objects)
		out->objects = objects;
}

/* Some leave a usage of zeros beside what they bill by the piece. */
static bool used_nothing(const struct usage *usage)
{
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (usage->count[c] != 0)
			return false;
	}
	return true;
}

struct body_items body_add_items(const struct body *body, const struct usage_format *format,
                                 enum usage_adds adds, struct usage *usage)
{
	struct body_items items = { .objects = 0 };
	bool alone = used_nothing(usage);

	for (size_t i = 0; i < format->item_count; i++) {
		const struct usage_item *item = &format->items[i];
		bool added = false;

		if (item->without_usage && !alone)
			continue;
		if (item->without_usage)
			look_over(body, item, &items);
		/* The objects of a stream repeat them; those of a batch have their own. */
		for (size_t n = body->count; n > 0 && (!added || adds != ADDS_NONE); n--)
			added = add_items(body->doc, body->elements[n - 1], item, usage) || added;
	}
	return items;
}

/* It tells numbers, and all of them are 0; or a list of nothing. */
static bool is_idle(const struct json *doc, uint32_t node)
{
	bool numbers = json_type_of(doc, node) == JSON_ARRAY && doc->nodes[node].count == 0;

	for (uint32_t n = node; n < doc->nodes[node].end; n++) {
		if (json_nonzero_number(doc, n))
			return false;
		numbers = numbers || json_type_of(doc, n) == JSON_NUMBER;
	}
	return numbers;
}

const char *body_beside(const struct body *body, const struct usage_format *format)
{
	for (size_t b = 0; b < format->beside_count; b++) {
		const struct usage_beside *beside = &format->besides[b];

		for (size_t i = 0; i < body->count; i++) {
			uint32_t node = body_find(body->doc, body->elements[i], beside->path);

			if (node != JSON_NONE && !is_idle(body->doc, node) &&
			    is_of_type(body->doc, body->elements[i], beside->type))
				return beside->name;
		}
	}
	return NULL;
}

uint32_t body_split(const struct body *body, const struct usage_format *format)
{
	for (size_t i = 0; i < SPLITS_MAX && format->split[i] != NULL; i++) {
		uint32_t list = body_find_any(body, format->split[i]);

		if (json_type_of(body->doc, list) == JSON_ARRAY)
			return list;
	}
	return JSON_NONE;
}
