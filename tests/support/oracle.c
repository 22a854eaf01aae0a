#include "tests/support/oracle.h"

#include <string.h>

#include <jansson.h>

static void put(struct buf *out, const json_t *value);

static void put_bytes(struct buf *out, const char *bytes, size_t len)
{
	buf_addf(out, "<%zu:", len);
	buf_add(out, bytes, len);
	buf_add_cstr(out, ">");
}

static void put_members(struct buf *out, json_t *object)
{
	const char *key;
	json_t *value;

	buf_add_cstr(out, "{");
	json_object_foreach(object, key, value)
	{
		put_bytes(out, key, strlen(key));
		put(out, value);
	}
	buf_add_cstr(out, "}");
}

static void put(struct buf *out, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		put_members(out, (json_t *)value);
		break;
	case JSON_ARRAY:
		buf_add_cstr(out, "[");
		for (size_t i = 0; i < json_array_size(value); i++)
			put(out, json_array_get(value, i));
		buf_add_cstr(out, "]");
		break;
	case JSON_STRING:
		put_bytes(out, json_string_value(value), json_string_length(value));
		break;
	case JSON_INTEGER:
		buf_addf(out, "i%lld", (long long)json_integer_value(value));
		break;
	case JSON_REAL:
		buf_addf(out, "r%.17g", json_real_value(value));
		break;
	case JSON_TRUE:
		buf_add_cstr(out, "t");
		break;
	case JSON_FALSE:
		buf_add_cstr(out, "f");
		break;
	case JSON_NULL:
		buf_add_cstr(out, "n");
		break;
	}
}

enum oracle_verdict oracle_read(struct text text, struct buf *value_out, struct buf *why_out)
{
	json_error_t error;
	json_t *root = json_loadb(text.at, text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
	                          &error);

	buf_clear(value_out);
	buf_clear(why_out);
	if (root == NULL) {
		buf_add_cstr(why_out, error.text);
		return json_error_code(&error) == json_error_numeric_overflow ? ORACLE_OVERFLOW
		                                                              : ORACLE_REFUSED;
	}
	put(value_out, root);
	json_decref(root);
	return ORACLE_ACCEPTED;
}
