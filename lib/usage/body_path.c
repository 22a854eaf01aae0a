/* Finds values in JSON by the paths of format.h. */
#include <string.h>

#include "usage/body.h"

void body_each(const struct json *doc, uint32_t node, const char *path, body_node_fn *each,
               void *context)
{
	enum { STEP_BYTES = 64 };
	char step[STEP_BYTES];
	size_t len = strcspn(path, ".");
	bool list = len >= 2 && path[len - 1] == ']';
	const char *rest = path[len] == '.' ? path + len + 1 : path + len;

	if (path[0] == '\0') {
		if (json_type_of(doc, node) != JSON_NULL)
			each(context, node);
		return;
	}
	if (json_type_of(doc, node) != JSON_OBJECT ||
	    !text_copy(step, sizeof(step), (struct text){ path, len - (list ? 2 : 0) }))
		return;
	node = json_member(doc, node, step);
	if (!list) {
		body_each(doc, node, rest, each, context);
		return;
	}
	if (json_type_of(doc, node) != JSON_ARRAY)
		return;
	for (uint32_t e = json_first(doc, node); e != JSON_NONE; e = json_next(doc, node, e))
		body_each(doc, e, rest, each, context);
}

static void keep_first(void *context, uint32_t node)
{
	uint32_t *first = context;

	if (*first == JSON_NONE)
		*first = node;
}

uint32_t body_find(const struct json *doc, uint32_t node, const char *path)
{
	uint32_t first = JSON_NONE;

	body_each(doc, node, path, keep_first, &first);
	return first;
}

uint32_t body_find_any(const struct body *body, const char *path)
{
	uint32_t found = JSON_NONE;

	for (size_t i = body->count; i > 0 && found == JSON_NONE; i--)
		found = body_find(body->doc, body->elements[i - 1], path);
	return found;
}

void body_node_add(void *context, uint32_t node)
{
	struct body_nodes *nodes = context;

	if (nodes->at != NULL)
		nodes->at[nodes->count] = node;
	nodes->count++;
}
