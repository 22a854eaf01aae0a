/* Runs a user's own expected amounts against a price book. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/charges.h"
#include "cli/pricebook.h"
#include "cli/progress.h"
#include "cli/vectors.h"
#include "export/export.h"

enum {
	PATH_BYTES = 4096,
	TABLES_SHOWN = 20,                  /* failures whose arithmetic a person is shown */
	FAILURES_SHOWN = 200,               /* ... that a person is shown at all */
	ARENA_BYTES_KEPT = 4 * 1024 * 1024, /* of the lines that vectors stand for */
	OUT_BYTES_KEPT = 1024 * 1024,       /* of the report, before it is written */
};

static const struct option options[] = {
	{ "book", "BOOK", "a file, or the hash of a book that was applied" },
	{ NULL, NULL, NULL },
};

struct test {
	struct context *context;
	const char *path;
	struct text all; /* of the file */
	struct book *book;
	struct json doc, event_doc;
	struct arena arena;
	struct vector vector;
	struct vector_result result;
	int64_t line; /* of the vector */
	int64_t count, failed;
	struct progress progress;
};

/* ---- the report ---- */

struct shown {
	struct test *test;
	const char *comma;
};

static void show_charges(void *user, const struct charges *charges)
{
	struct shown *shown = user;
	struct context *context = shown->test->context;
	struct table table = { .rows = NULL };
	char total[MONEY_TEXT_BYTES];

	money_text(charges->total, total);
	charges_table(&table, charges, book_currency(shown->test->book), text_of(total));
	if (context->form == FORM_JSON) {
		struct text match = text_of(charges_match_word(&charges->found));

		buf_addf(&context->out, "%s{\"match\":\"%.*s\"", shown->comma, TEXT_ARGS(match));
		buf_add_cstr(&context->out, ",");
		export_json_members(&context->out, &table);
		buf_add_cstr(&context->out, "}");
		shown->comma = ",";
	} else if (table.row_count > 0) {
		/* The sum is in the line above. */
		table.total.cells = NULL;
		printer_table(&context->printer, &table);
		buf_add(&context->out, "\n", 1);
	}
	if (table.error != 0)
		context->out.error = table.error;
	table_release(&table);
}

/* "0.0001 more than expected"; nothing where one of both is no amount. */
static bool difference(const struct test *test, char out[MONEY_TEXT_BYTES], bool *more_out)
{
	struct money less;

	if (test->vector.unpriced || test->result.state != VECTOR_PRICED ||
	    money_sub(test->result.amount, test->vector.expect, &less) < 0)
		return false;
	*more_out = less.attos > 0;
	money_text(less, out);
	return true;
}

static const char *state_word(const struct test *test)
{
	return test->result.state == VECTOR_REFUSED ? "refused" : "unpriced";
}

static void write_failure(struct test *test)
{
	struct buf *out = &test->context->out;
	struct vector_result *result = &test->result;
	char expect[MONEY_TEXT_BYTES], got[MONEY_TEXT_BYTES], less[MONEY_TEXT_BYTES];
	struct buf line = { .at = NULL };
	bool more = false;

	if (test->failed > FAILURES_SHOWN)
		return;
	money_text(test->vector.expect, expect);
	money_text(result->amount, got);
	buf_addf(&line, "%s:%lld: ", test->path, (long long)test->line);
	if (test->vector.name.at != NULL)
		buf_addf(&line, "%.*s: ", TEXT_ARGS(test->vector.name));
	buf_addf(&line, "expected %s, got %s", test->vector.unpriced ? "unpriced" : expect,
	         result->state == VECTOR_PRICED ? got : state_word(test));
	if (difference(test, less, &more))
		buf_addf(&line, ": %s %s", less[0] == '-' ? less + 1 : less,
		         more ? "more" : "less");
	if (result->state != VECTOR_PRICED)
		buf_addf(&line, ": %.*s", TEXT_ARGS(buf_text(&result->why)));
	/* Never wrapped: editors and grep read it. */
	printer_text(out, buf_text(&line));
	buf_add(out, "\n", 1);
	if (line.error != 0)
		out->error = line.error;
	buf_release(&line);
}

static void write_failure_json(struct test *test)
{
	struct buf *out = &test->context->out;
	const struct vector_result *result = &test->result;
	char text[MONEY_TEXT_BYTES];
	bool more;

	buf_addf(out, "%s\n{\"line\":%lld", test->failed > 1 ? "," : "", (long long)test->line);
	buf_add_member(out, "name", test->vector.name);
	money_text(test->vector.expect, text);
	buf_add_member(out, "expected", text_of(test->vector.unpriced ? "unpriced" : text));
	money_text(result->amount, text);
	buf_add_member(out, "got",
	               text_of(result->state == VECTOR_PRICED ? text : state_word(test)));
	buf_add_member(out, "difference", text_of(difference(test, text, &more) ? text : NULL));
	buf_add_member(out, "why",
	               result->state != VECTOR_PRICED ? buf_text(&result->why) : text_of(NULL));
	buf_add_cstr(out, ",\"charges\":[");
}

static int report_failure(struct test *test)
{
	struct context *context = test->context;
	struct shown shown = { .test = test, .comma = "" };
	int r = 0;

	if (context->form == FORM_JSON)
		write_failure_json(test);
	else
		write_failure(test);
	if (context->form == FORM_JSON || test->failed <= TABLES_SHOWN)
		r = vector_rate(&test->vector, test->book, &test->event_doc, &test->arena,
		                show_charges, &shown, &test->result);
	if (context->form == FORM_JSON)
		buf_add_cstr(&context->out, "]}");
	if (r == 0 && context->out.len > OUT_BYTES_KEPT)
		r = command_flush(context);
	return r;
}

static void write_end(struct test *test)
{
	struct context *context = test->context;
	struct buf name = { .at = NULL };
	long long good = (long long)(test->count - test->failed), bad = (long long)test->failed;

	if (context->form == FORM_JSON) {
		buf_addf(&context->out, "],\"vectors\":%lld,\"equal\":%lld,\"different\":%lld",
		         (long long)test->count, good, bad);
		buf_add_member(&context->out, "book", text_of(book_hash(test->book)));
		buf_add_member(&context->out, "currency", book_currency(test->book));
		buf_add_cstr(&context->out, "}\n");
		return;
	}
	if (test->failed > FAILURES_SHOWN)
		printer_wrapf(&context->printer, 0, "And %lld more that differ: --json has all.",
		              bad - FAILURES_SHOWN);
	pricebook_name(test->book, &name);
	printer_wrapf(&context->printer, 0,
	              "%lld vector%s by %.*s: %lld as expected, %lld different.",
	              (long long)test->count, test->count == 1 ? "" : "s",
	              TEXT_ARGS(buf_text(&name)), good, bad);
	buf_release(&name);
}

/* ---- the run ---- */

/* The same fault with its place before it. */
static int at_line(struct test *test, int r)
{
	struct fault inner = test->context->fault;
	struct text name = test->vector.name;

	if (r == 0)
		return 0;
	if (r == -FAULT_NOMEM)
		return fault_set(&test->context->fault, FAULT_NOMEM, "price test: out of memory");
	return fault_set(&test->context->fault, inner.code, "%.200s:%lld: %.*s%s%.200s", test->path,
	                 (long long)test->line, name.len > 64 ? 64 : (int)name.len,
	                 name.at != NULL ? name.at : "", name.at != NULL ? ": " : "", inner.text);
}

static int run_vector(struct test *test, uint32_t node, size_t bytes_done)
{
	int r = vector_read(&test->vector, &test->doc, node, &test->arena, &test->context->fault);

	if (r < 0)
		return at_line(test, r);
	r = vector_rate(&test->vector, test->book, &test->event_doc, &test->arena, NULL, NULL,
	                &test->result);
	test->count++;
	if (r == 0 && !vector_holds(&test->vector, &test->result)) {
		test->failed++;
		r = report_failure(test);
	}
	if (test->arena.used_bytes > ARENA_BYTES_KEPT)
		arena_reset(&test->arena);
	progress_at(&test->progress, test->count, (int64_t)bytes_done, (int64_t)test->all.len);
	return r;
}

/* A path is seen from the folder of the file that says it. */
static int open_beside(struct test *test, struct text said)
{
	char path[PATH_BYTES];
	const char *slash = strrchr(test->path, '/');
	int folder = slash != NULL && said.at[0] != '/' ? (int)(slash - test->path) + 1 : 0;

	if (snprintf(path, sizeof(path), "%.*s%.*s", folder, test->path, TEXT_ARGS(said)) >=
	    PATH_BYTES)
		return fault_set(&test->context->fault, FAULT_RANGE,
		                 "%s: book: the path is too long", test->path);
	return pricebook_open(test->context, path, &test->book);
}

/* --book, what the file says (`node`), or the book in force. */
static int open_book(struct test *test, uint32_t node)
{
	const char *given = options_value(&test->context->options, "book");
	struct text said = json_string(&test->doc, node);
	struct buf json = { .at = NULL };
	int r;

	if (given != NULL || node == JSON_NONE)
		return pricebook_open(test->context, given, &test->book);
	if (said.len > 0)
		return open_beside(test, said);
	if (json_type_of(&test->doc, node) != JSON_OBJECT)
		return fault_set(&test->context->fault, FAULT_INVALID,
		                 "%s: book: a path is due, or a price book itself", test->path);
	if (!json_write(&test->doc, node, JSON_DEPTH_MAX, &json) || json.error != 0)
		r = fault_set(&test->context->fault, FAULT_NOMEM, "price test: out of memory");
	else
		r = pricebook_load(test->context, test->path, buf_text(&json), &test->book);
	buf_release(&json);
	return r;
}

static void begin(struct test *test)
{
	if (test->context->form == FORM_JSON)
		buf_add_cstr(&test->context->out, "{\"failures\":[");
	progress_start(&test->progress, "vectors");
}

/* Members of the object around the vectors, or of a first line that only names the book. */
static int check_members(struct test *test, const char *const *known)
{
	for (uint32_t m = json_first(&test->doc, 0); m != JSON_NONE;
	     m = json_next(&test->doc, 0, m)) {
		struct text key = test->doc.nodes[m].text;
		const char *meant = said_meant(key, known);

		if (meant != NULL && text_is(key, meant))
			continue;
		return fault_set(&test->context->fault, FAULT_INVALID,
		                 "%.200s:%u: %.*s: there is no such member%s%s%s", test->path,
		                 json_line(test->all, test->doc.nodes[m].position),
		                 key.len > 64 ? 64 : (int)key.len, key.at,
		                 meant != NULL ? "; did you mean " : "", meant != NULL ? meant : "",
		                 meant != NULL ? "?" : "");
	}
	return 0;
}

/* {"vectors":[...]} */
static int run_object(struct test *test)
{
	static const char *const known[] = { "vectors", "book", "note", NULL };
	const struct json *doc = &test->doc;
	uint32_t vectors = json_member(doc, 0, "vectors");
	size_t seen = 0;
	int r = check_members(test, known);

	if (r == 0 && json_type_of(doc, vectors) != JSON_ARRAY)
		r = fault_set(&test->context->fault, FAULT_INVALID,
		              "%s: vectors: an array of vectors is due", test->path);
	if (r == 0)
		r = open_book(test, json_member(doc, 0, "book"));
	if (r == 0)
		begin(test);
	test->line = 1;
	for (uint32_t e = json_first(doc, vectors); r == 0 && e != JSON_NONE;
	     e = json_next(doc, vectors, e)) {
		size_t position = doc->nodes[e].position;

		for (; seen < position; seen++)
			test->line += test->all.at[seen] == '\n';
		r = run_vector(test, e, position);
	}
	return r;
}

static bool is_blank(struct text line)
{
	for (size_t i = 0; i < line.len; i++) {
		if (strchr(" \t\r", line.at[i]) == NULL || line.at[i] == '\0')
			return false;
	}
	return true;
}

/* A first line that has no model tells of the file. */
static int run_first(struct test *test, bool *was_header_out)
{
	static const char *const known[] = { "book", "note", NULL };
	uint32_t book = json_member(&test->doc, 0, "book");
	int r = 0;

	*was_header_out = book != JSON_NONE && json_member(&test->doc, 0, "model") == JSON_NONE;
	if (*was_header_out)
		r = check_members(test, known);
	if (r == 0)
		r = open_book(test, *was_header_out ? book : JSON_NONE);
	if (r == 0)
		begin(test);
	return r;
}

/* A vector a line. */
static int run_lines(struct test *test)
{
	struct text rest = test->all, line;
	bool first = true, header = false;
	int r = 0;

	while (r == 0 && text_cut(&rest, '\n', &line)) {
		test->line++;
		if (is_blank(line))
			continue;
		test->vector.name = text_of(NULL);
		r = at_line(test, json_parse(&test->doc, line, &test->context->fault));
		if (r == 0 && first)
			r = run_first(test, &header);
		if (r == 0 && !(first && header))
			r = run_vector(test, 0, (size_t)(line.at - test->all.at));
		first = false;
	}
	return r;
}

/* The first line that is not blank is an object by itself, and has no vectors in it. */
static bool is_lines(struct test *test)
{
	struct text rest = test->all, line;

	while (text_cut(&rest, '\n', &line)) {
		if (!is_blank(line))
			return json_parse(&test->doc, line, NULL) == 0 &&
			       json_type_of(&test->doc, 0) == JSON_OBJECT &&
			       json_member(&test->doc, 0, "vectors") == JSON_NONE;
	}
	return false;
}

static int run_all(struct test *test)
{
	struct fault *fault = &test->context->fault, inner;
	int r;

	if (is_lines(test))
		return run_lines(test);
	if (test->all.len > JSON_BYTES_MAX)
		return fault_set(fault, FAULT_RANGE,
		                 "%s: larger than %d MiB: write it with one vector a line",
		                 test->path, JSON_BYTES_MAX / (1024 * 1024));
	r = json_parse(&test->doc, test->all, &inner);
	if (r < 0)
		return fault_set(fault, inner.code, "%.200s: %.250s", test->path, inner.text);
	if (json_type_of(&test->doc, 0) != JSON_OBJECT)
		return fault_set(fault, FAULT_INVALID, "%s: an object with vectors is due",
		                 test->path);
	return run_object(test);
}

static enum exit_code check(struct context *context)
{
	if (context->options.word_count != 1)
		return command_misused(context,
		                       "price test takes one file of vectors, or - for standard "
		                       "input");
	return EXIT_DONE;
}

static int run_file(struct test *test)
{
	struct buf file = { .at = NULL };
	int r = buf_read_file(&file, test->path, BUF_BYTES_MAX, &test->context->fault);

	test->all = buf_text(&file);
	if (r == 0)
		r = run_all(test);
	progress_end(&test->progress);
	if (r == 0 && test->count == 0)
		r = fault_set(&test->context->fault, FAULT_INVALID,
		              "%s: it has no vectors, and proves nothing", test->path);
	/* What was found before a vector that is none stands, but is no result. */
	if (r == 0)
		write_end(test);
	else if (test->context->form == FORM_JSON)
		buf_clear(&test->context->out);
	buf_release(&file);
	return r;
}

static enum exit_code run(struct context *context)
{
	struct test *test = calloc(1, sizeof(*test));
	enum exit_code code;
	int r;

	if (test == NULL)
		return command_failed(context, -FAULT_NOMEM);
	test->context = context;
	test->path = context->options.words[0];
	r = run_file(test);
	code = r < 0 ? command_failed(context, r) : test->failed > 0 ? EXIT_DIFFERENCE : EXIT_DONE;
	book_free(test->book);
	buf_release(&test->result.why);
	json_release(&test->doc);
	json_release(&test->event_doc);
	arena_release(&test->arena);
	free(test);
	return code;
}

const struct command command_price_test = {
	.name = "test",
	.summary = "Run your own expected amounts against a price book",
	.synopsis = "price test VECTORS [--book BOOK]",
	.details = "VECTORS is a file of toll-vectors(5): requests and what each must cost, to the "
		   "last digit.  Every one that comes to something else is told, with its "
		   "arithmetic; then the exit code is 1.\n"
		   "Without --book the file's own book is taken, else the one in force.  Nothing "
		   "is written anywhere.",
	.needs = NEEDS_LEDGER_PATH,
	.json = true,
	.options = options,
	.check = check,
	.run = run,
};
