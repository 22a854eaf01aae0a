/* The parts that every object of a book is read with, and its errors. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "price/load_internal.h"

enum { PATH_BYTES = 256, KEY_SHOWN = 64 };

struct path path_key(const struct path *up, const char *key)
{
	return (struct path){ .up = up, .key = text_of(key) };
}

struct path path_text(const struct path *up, struct text key)
{
	return (struct path){ .up = up, .key = key };
}

struct path path_index(const struct path *up, size_t index)
{
	return (struct path){ .up = up, .index = index };
}

/* Adds the path's text at `len` of out; returns its new length. */
static size_t path_write(const struct path *path, char out[PATH_BYTES], size_t len)
{
	int written;

	if (path == NULL)
		return len;
	len = path_write(path->up, out, len);
	if (path->key.at == NULL)
		written = snprintf(out + len, PATH_BYTES - len, "[%zu]", path->index);
	else
		written = snprintf(out + len, PATH_BYTES - len, "%s%.*s", len > 0 ? "." : "",
		                   path->key.len > KEY_SHOWN ? KEY_SHOWN : (int)path->key.len,
		                   path->key.at);
	len += (size_t)written;
	return len < PATH_BYTES ? len : PATH_BYTES - 1;
}

/* "line 12: models[3].model: ..." without a newline. */
static void place(struct loader *l, uint32_t node, const struct path *path, const char *what,
                  struct buf *out)
{
	char where[PATH_BYTES] = "book";

	if (path != NULL)
		path_write(path, where, 0);
	/* Keys are the book's: a newline in one must not look like another error. */
	text_make_plain(where, strlen(where));
	buf_addf(out, "line %u: %s: %s", json_line(l->json, l->doc.nodes[node].position), where,
	         what);
}

void load_error(struct loader *l, uint32_t node, const struct path *path, const char *format, ...)
{
	char what[FAULT_TEXT_BYTES / 2];
	struct buf line = { .at = NULL };
	va_list args;

	/* Finding a line reads the book from its start: not for errors that nobody is told. */
	if (l->error_count++ >= BOOK_ERRORS_MAX)
		return;
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	place(l, node, path, what, &line);
	if (line.error != 0)
		l->no_memory = true;
	else if (l->error_count == 1)
		text_copy(l->first, sizeof(l->first), buf_text(&line));
	if (l->errors != NULL && line.error == 0)
		buf_addf(l->errors, "%.*s\n", TEXT_ARGS(buf_text(&line)));
	buf_release(&line);
}

void load_warning(struct loader *l, uint32_t node, const struct path *path, const char *format, ...)
{
	char what[FAULT_TEXT_BYTES / 2];
	struct buf *warnings = &l->book->warnings;
	va_list args;

	if (l->book->warning_count++ >= BOOK_ERRORS_MAX)
		return;
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	place(l, node, path, what, warnings);
	buf_add(warnings, "\n", 1);
	l->no_memory = l->no_memory || warnings->error != 0;
}

uint32_t load_member(struct loader *l, uint32_t object, const char *key)
{
	return json_member(&l->doc, object, key);
}

/* The known key that an unknown one was probably meant to be, or NULL. */
static const char *meant_key(struct text key, const char *const *allowed)
{
	const char *best = NULL;
	unsigned best_distance = TEXT_TYPO_MAX + 1;

	for (size_t i = 0; allowed[i] != NULL; i++) {
		unsigned distance = text_distance(key, text_of(allowed[i]));

		/* Of a short word everything is near. */
		if (distance < best_distance && distance <= strlen(allowed[i]) / 3) {
			best = allowed[i];
			best_distance = distance;
		}
	}
	return best;
}

/* What sets a price where it belongs: elsewhere it would be passed over with what it says. */
static bool sets_prices(struct text key)
{
	static const char *const keys[] = { "rates",
		                            "multipliers",
		                            "minimums",
		                            "discount_percent",
		                            "discount_to_user",
		                            "effective_from",
		                            "effective_until",
		                            NULL };

	for (size_t i = 0; keys[i] != NULL; i++) {
		if (text_is(key, keys[i]))
			return true;
	}
	return meant_key(key, keys) != NULL;
}

static void check_keys(struct loader *l, uint32_t object, const struct path *path,
                       const char *const *allowed, enum load_keys keys)
{
	const struct json *doc = &l->doc;

	for (uint32_t k = json_first(doc, object); k != JSON_NONE; k = json_next(doc, object, k)) {
		struct text key = doc->nodes[k].text;
		bool known = text_is(key, "note");
		struct path at = path_text(path, key);
		const char *meant;

		for (size_t i = 0; allowed[i] != NULL; i++)
			known = known || text_is(key, allowed[i]);
		if (known && text_is(key, "note") && json_type_of(doc, k + 1) != JSON_STRING)
			load_error(l, k, &at, "a string is due");
		if (known)
			continue;
		meant = meant_key(key, allowed);
		if (meant != NULL)
			load_error(l, k, &at, "no such key here; did you mean \"%s\"?", meant);
		else if (keys == LOAD_LOOSE && sets_prices(key))
			load_error(l, k, &at,
			           "no such key here: it is one of a version or an account");
		else if (keys == LOAD_LOOSE)
			load_warning(l, k, &at, "no such key here: it is passed over");
		else
			load_error(l, k, &at, "no such key here");
	}
}

bool load_object(struct loader *l, uint32_t node, uint32_t parent, const struct path *path,
                 const char *const *allowed, enum load_keys keys)
{
	if (json_type_of(&l->doc, node) != JSON_OBJECT) {
		load_error(l, node != JSON_NONE ? node : parent, path,
		           node != JSON_NONE ? "an object is due" : "missing");
		return false;
	}
	check_keys(l, node, path, allowed, keys);
	return true;
}

bool load_list(struct loader *l, uint32_t node, uint32_t parent, const struct path *path)
{
	if (node == JSON_NONE)
		load_error(l, parent, path, "missing");
	else if (json_type_of(&l->doc, node) != JSON_ARRAY)
		load_error(l, node, path, "an array is due");
	else if (json_first(&l->doc, node) == JSON_NONE)
		load_error(l, node, path, "empty: at least one is due");
	else
		return true;
	return false;
}

bool load_name(struct loader *l, uint32_t node, uint32_t parent, const struct path *path,
               struct text *out)
{
	struct text t = json_string(&l->doc, node);

	if (node == JSON_NONE)
		load_error(l, parent, path, "missing");
	else if (t.at == NULL)
		load_error(l, node, path, "a string is due");
	else if (t.len == 0 || t.len > LOAD_NAME_BYTES_MAX || !text_plain(t))
		load_error(l, node, path, "1 to %d bytes without control characters are due",
		           LOAD_NAME_BYTES_MAX);
	else {
		*out = arena_copy(&l->book->arena, t);
		l->no_memory = l->no_memory || out->at == NULL;
		return out->at != NULL;
	}
	return false;
}

bool load_date(struct loader *l, uint32_t node, uint32_t parent, const struct path *path,
               int64_t *ms_out)
{
	if (moment_parse_date(json_string(&l->doc, node), ms_out))
		return true;
	load_error(l, node != JSON_NONE ? node : parent, path,
	           "a time is due, like \"2026-01-01T00:00:00Z\"");
	return false;
}

void *load_grow(struct loader *l, void *array, size_t count, size_t *cap, size_t size)
{
	void *grown;

	if (count < *cap)
		return array;
	*cap = *cap > 0 ? *cap * 2 : 16;
	grown = realloc(array, *cap * size);
	if (grown == NULL) {
		l->no_memory = true;
		*cap = count;
		return array;
	}
	return grown;
}

void *load_take(struct loader *l, size_t count, size_t size)
{
	void *taken = arena_take(&l->book->arena, count * size);

	if (taken == NULL)
		l->no_memory = true;
	else
		memset(taken, 0, count * size);
	return taken;
}
