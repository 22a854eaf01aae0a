#include "tests/support/importkit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void put_names(struct buf *out, const struct json *doc, uint32_t model)
{
	uint32_t list = json_member(doc, model, "aliases"), as = json_member(doc, model, "as");

	buf_add_text(out, json_string(doc, json_member(doc, model, "model")));
	for (uint32_t a = json_first(doc, list); a != JSON_NONE; a = json_next(doc, list, a))
		buf_addf(out, " %.*s", TEXT_ARGS(json_string(doc, a)));
	for (uint32_t k = json_first(doc, as); k != JSON_NONE; k = json_next(doc, as, k))
		buf_addf(out, " as %.*s=%.*s", TEXT_ARGS(doc->nodes[k].text),
		         TEXT_ARGS(json_string(doc, k + 1)));
	buf_add_cstr(out, "\n");
}

static void put_rate(struct buf *out, const struct json *doc, uint32_t rate)
{
	struct text price = json_string(doc, json_member(doc, rate, "per_million"));
	uint32_t when = json_member(doc, rate, "when");

	buf_add_text(out, json_string(doc, json_member(doc, rate, "component")));
	if (price.at != NULL)
		buf_addf(out, " %.*s", TEXT_ARGS(price));
	else
		buf_addf(out, " %.*s each",
		         TEXT_ARGS(json_string(doc, json_member(doc, rate, "each"))));
	if (when != JSON_NONE) {
		buf_add_cstr(out, " ");
		json_write(doc, when, JSON_DEPTH_MAX, out);
	}
	buf_add_cstr(out, "\n");
}

static void put_version(struct buf *out, const struct json *doc, uint32_t version)
{
	uint32_t rates = json_member(doc, version, "rates");
	struct text from = json_string(doc, json_member(doc, version, "effective_from"));

	if (!text_is(from, CATALOGUE_EFFECTIVE_FROM))
		buf_addf(out, "@%.*s\n", TEXT_ARGS(from));
	for (uint32_t r = json_first(doc, rates); r != JSON_NONE; r = json_next(doc, rates, r))
		put_rate(out, doc, r);
}

/* The quotes as a test writes them. */
static void unquote(struct buf *text)
{
	for (size_t i = 0; i < text->len; i++) {
		if (text->at[i] == '"')
			text->at[i] = '\'';
	}
}

static void put_book(struct importkit *kit)
{
	struct json doc = { .nodes = NULL };
	uint32_t models;

	assert_int_equal(json_parse(&doc, buf_text(&kit->in.book), NULL), 0);
	models = json_member(&doc, 0, "models");
	for (uint32_t m = json_first(&doc, models); m != JSON_NONE;
	     m = json_next(&doc, models, m)) {
		uint32_t versions = json_member(&doc, m, "versions");
		uint32_t listing = json_member(&doc, m, "listing");

		put_names(&kit->book, &doc, m);
		for (uint32_t v = json_first(&doc, versions); v != JSON_NONE;
		     v = json_next(&doc, versions, v))
			put_version(&kit->book, &doc, v);
		if (listing != JSON_NONE) {
			buf_add_cstr(&kit->book, "listing ");
			json_write(&doc, listing, JSON_DEPTH_MAX, &kit->book);
			buf_add_cstr(&kit->book, "\n");
		}
	}
	json_release(&doc);
	unquote(&kit->book);
}

static void put_row(void *user, const struct tally_row *row)
{
	struct importkit *kit = user;

	if (row->kind == TALLY_CONVERTED || row->kind == TALLY_LISTED)
		return;
	buf_addf(&kit->rows, "%s %.*s %.*s\n", tally_kind_info[row->kind].key,
	         TEXT_ARGS(row->model), TEXT_ARGS(row->key));
}

void importkit_read(struct importkit *kit, const char *catalogue, const char *json,
                    const char *provider)
{
	struct catalogue_options options = { .zero_is_free = false };

	*kit = (struct importkit){ .result = 0 };
	buf_add_cstr(&kit->json, json);
	for (size_t i = 0; i < kit->json.len; i++) {
		if (kit->json.at[i] == '\'')
			kit->json.at[i] = '"';
	}
	options.provider = text_of(provider);
	kit->result = catalogue_import(&kit->in, catalogue_find(text_of(catalogue)),
	                               buf_text(&kit->json), &options, &kit->fault);
	if (kit->result == 0)
		put_book(kit);
	if (kit->in.tally.doc != NULL)
		assert_int_equal(tally_walk(&kit->in.tally, put_row, kit, NULL), 0);
	buf_add(&kit->book, "", 1);
	buf_add(&kit->rows, "", 1);
}

struct asked {
	const char *row;
	const char *why;
};

static void find_why(void *user, const struct tally_row *row)
{
	struct asked *asked = user;
	char line[512];

	snprintf(line, sizeof(line), "%s %.*s %.*s", tally_kind_info[row->kind].key,
	         TEXT_ARGS(row->model), TEXT_ARGS(row->key));
	if (strcmp(line, asked->row) == 0)
		asked->why = row->why;
}

const char *importkit_why(struct importkit *kit, const char *row)
{
	struct asked asked = { row, NULL };

	assert_int_equal(tally_walk(&kit->in.tally, find_why, &asked, NULL), 0);
	return asked.why;
}

void importkit_release(struct importkit *kit)
{
	catalogue_import_release(&kit->in);
	buf_release(&kit->book);
	buf_release(&kit->rows);
	buf_release(&kit->json);
}
