/* Puts a book in force again that was before. */
#include <stdio.h>

#include "cli/control.h"
#include "cli/price_source.h"
#include "cli/pricebook.h"
#include "ledger/books.h"
#include "ledger/ledger.h"

static const struct option options[] = {
	{ "cost", NULL, "the cost book, not what is sold by" },
	{ "note", "TEXT", "why, for the list of changes" },
	{ NULL, NULL, NULL },
};

/* The last two applications of a side. */
struct way {
	enum book_side side;
	size_t count;
	char current[SHA256_HEX_BYTES], before[SHA256_HEX_BYTES];
};

static int find_before(void *context, const struct book_log_row *row)
{
	struct way *way = context;

	if (row->side != way->side)
		return 0;
	text_copy(way->count == 0 ? way->current : way->before, SHA256_HEX_BYTES, row->hash);
	return ++way->count == 2;
}

/* Which book it is; told apart from one that is applied meanwhile by the one in force now. */
static int find_way(struct context *context, struct way *way)
{
	const char *word = context->options.word_count > 0 ? context->options.words[0] : NULL;
	struct ledger *ledger = NULL;
	int r = ledger_open_reader(&ledger, context->ledger_path, &context->fault);

	if (r == 0)
		r = ledger_each_book(ledger, find_before, way, &context->fault);
	ledger_close(ledger);
	if (r < 0)
		return r;
	if (way->count == 0)
		return fault_set(&context->fault, FAULT_NOT_FOUND,
		                 "no %s book was applied yet: toll price apply FILE",
		                 book_side_name(way->side));
	if (word != NULL)
		text_copy(way->before, sizeof(way->before), text_of(word));
	else if (way->count < 2)
		return fault_set(
			&context->fault, FAULT_NOT_FOUND,
			"no %s book was in force before %.12s: there is none to go back to",
			book_side_name(way->side), way->current);
	return 0;
}

static void write_request(const struct way *way, struct text note, struct buf *request)
{
	char said[64];

	if (note.at == NULL) {
		snprintf(said, sizeof(said), "rolled back from %.12s", way->current);
		note = text_of(said);
	}
	buf_add_cstr(request, "{\"change\":\"price.rollback\"");
	buf_add_member(request, "hash", text_of(way->before));
	buf_add_member(request, "current", text_of(way->current));
	buf_add_member(request, "side", text_of(book_side_name(way->side)));
	buf_add_member(request, "note", note);
	buf_add_cstr(request, "}");
}

static void write_people(struct context *context, const struct way *way,
                         const struct control_reply *reply)
{
	struct text hash = json_string(&reply->doc, json_member(&reply->doc, 0, "hash"));
	bool changed = json_type_of(&reply->doc, json_member(&reply->doc, 0, "changed")) ==
	               JSON_TRUE;

	hash.len = hash.len < PRICE_HASH_SHOWN ? hash.len : PRICE_HASH_SHOWN;
	if (!changed)
		printer_wrapf(&context->printer, 0, "In force already, nothing changed: %.*s",
		              TEXT_ARGS(hash));
	else
		printer_wrapf(&context->printer, 0,
		              "In force again%s: %.*s, in place of %.12s.  Stored events keep the "
		              "price they were rated with.",
		              way->side == BOOK_COST ? " as the cost book" : "", TEXT_ARGS(hash),
		              way->current);
}

static enum exit_code check(struct context *context)
{
	const struct options *given = &context->options;

	if (given->word_count > 1)
		return command_misused(context, "price rollback takes one hash, or none");
	if (given->word_count == 1 && !pricebook_is_digits(given->words[0]))
		return command_misused(context,
		                       "price rollback takes a hash of 8 digits or more; a "
		                       "file is put in force by toll price apply");
	return EXIT_DONE;
}

static enum exit_code run(struct context *context)
{
	struct way way = { .side = options_flag(&context->options, "cost") ? BOOK_COST
		                                                           : BOOK_SELL };
	struct control_reply reply = { .doc = { .nodes = NULL } };
	struct buf request = { .at = NULL };
	int r = find_way(context, &way);

	if (r == 0) {
		write_request(&way, options_text(&context->options, "note"), &request);
		r = control_change(context, &request, &reply);
	}
	if (r == 0 && context->form == FORM_JSON) {
		buf_add_text(&context->out, buf_text(&reply.text));
		buf_add(&context->out, "\n", 1);
	} else if (r == 0) {
		write_people(context, &way, &reply);
	}
	control_release(&reply);
	buf_release(&request);
	return r < 0 ? command_failed(context, r) : EXIT_DONE;
}

const struct command price_rollback = {
	.name = "rollback",
	.summary = "Put the price book in force again that was before",
	.synopsis = "price rollback [--cost] [HASH] [--note TEXT]",
	.details =
		"Without HASH it is the one that was in force before, so that twice is back again; "
		"with it any that was ever in force on that side.  A new line of the log: none is "
		"changed or taken out.  Stored events keep the price they were rated with.\n"
		"Asks the daemon where one holds the ledger.  A daemon that is started again, or "
		"told to read its settings again, puts the book of its settings in force.",
	.needs = NEEDS_LEDGER_PATH,
	.json = true,
	.options = options,
	.check = check,
	.run = run,
};
