/* Applications of price books, with what each changed. */
#include <stdio.h>
#include <stdlib.h>

#include "base/moment.h"
#include "cli/price_source.h"
#include "cli/range.h"
#include "ledger/books.h"
#include "price/compare.h"

static const struct option options[] = {
	{ "limit", "N",
	  "at most so many rows; else " RANGE_LIMIT_TEXT " for people, all as CSV or JSON" },
	{ NULL, NULL, NULL },
};

enum {
	LOG_APPLIED,
	LOG_SIDE,
	LOG_HASH,
	LOG_WHO,
	LOG_NAME,
	LOG_NOTE,
	LOG_CHANGES,
	LOG_ADDED,
	LOG_REMOVED,
	LOG_REPRICED,
	LOG_RENAMED,
	LOG_ACCOUNTS,
	LOG_COLUMNS,
};

struct entry {
	enum book_side side;
	char hash[SHA256_HEX_BYTES];
};

struct log {
	struct context *context;
	struct table table;
	struct entry *entries; /* of all rows of the log, newest first: 80 bytes each */
	size_t count, cap;
	int64_t limit;
};

static void start_table(struct table *table, bool people)
{
	table_column(table, "applied", "Applied (UTC)", TABLE_TIME, false);
	table_column(table, "side", "Side", TABLE_TEXT, false);
	table_column(table, "hash", "Hash", TABLE_TEXT, false);
	table_column(table, "who", "Who", TABLE_TEXT, true);
	table_column(table, "name", "Name", TABLE_TEXT, true);
	table_column(table, "note", "Note", TABLE_TEXT, true);
	table_column(table, "changes", "Changes", TABLE_TEXT, false);
	table_column(table, "models_added", "", TABLE_COUNT, false);
	table_column(table, "models_removed", "", TABLE_COUNT, false);
	table_column(table, "models_repriced", "", TABLE_COUNT, false);
	table_column(table, "models_renamed", "", TABLE_COUNT, false);
	table_column(table, "accounts", "", TABLE_COUNT, false);
	for (size_t i = LOG_ADDED; i < LOG_COLUMNS; i++)
		table->columns[i].hidden = people;
	/* People have one text that may be long. */
	table->columns[LOG_NAME].hidden = table->columns[LOG_NOTE].hidden = people;
}

static bool keep_entry(struct log *log, const struct book_log_row *row)
{
	if (log->count == log->cap) {
		size_t cap = log->cap > 0 ? log->cap * 2 : 64;
		struct entry *entries = realloc(log->entries, cap * sizeof(*entries));

		if (entries == NULL)
			return false;
		log->entries = entries;
		log->cap = cap;
	}
	log->entries[log->count].side = row->side;
	text_copy(log->entries[log->count++].hash, SHA256_HEX_BYTES, row->hash);
	return true;
}

static int add_entry(void *context, const struct book_log_row *book)
{
	enum { MINUTES_SHOWN = 16 };
	struct log *log = context;
	bool people = log->context->form == FORM_TABLE;
	struct table *table = &log->table;
	char applied[MOMENT_TEXT_BYTES];
	struct text hash = book->hash;
	size_t row;

	if (!keep_entry(log, book))
		return fault_set(&log->context->fault, FAULT_NOMEM, "the log: out of memory");
	if ((int64_t)log->count > log->limit)
		return 0;
	row = table_row(table);
	moment_text(book->applied_ms, applied);
	if (people) {
		applied[MINUTES_SHOWN] = '\0';
		applied[MINUTES_SHOWN - 6] = ' '; /* not the T */
		hash.len = hash.len < PRICE_HASH_SHOWN ? hash.len : PRICE_HASH_SHOWN;
	}
	table_set(table, row, LOG_APPLIED, text_of(applied));
	table_set(table, row, LOG_SIDE, text_of(book_side_name(book->side)));
	table_set(table, row, LOG_HASH, hash);
	table_set(table, row, LOG_NAME, book->name.len > 0 ? book->name : text_of(NULL));
	table_set(table, row, LOG_WHO, book->who);
	table_set(table, row, LOG_NOTE, book->note.len > 0 ? book->note : text_of(NULL));
	return table->error;
}

/* "2 added, 1 removed, 5 repriced": what there is of it. */
static void changes_text(const struct compare_counts *counts, struct buf *out)
{
	const struct {
		size_t n;
		const char *word;
	} parts[] = {
		{ counts->added, "added" },
		{ counts->removed, "removed" },
		{ counts->repriced, "repriced" },
		{ counts->renamed, "renamed" },
		{ counts->accounts, counts->accounts == 1 ? "account" : "accounts" },
	};

	size_t begin = out->len;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].n > 0)
			buf_addf(out, "%s%zu %s", out->len > begin ? ", " : "", parts[i].n,
			         parts[i].word);
	}
	if (out->len == begin)
		buf_add_cstr(out, "no price changed");
}

static void set_counts(struct table *table, size_t row, const struct compare_counts *counts)
{
	table_set_count(table, row, LOG_ADDED, (int64_t)counts->added);
	table_set_count(table, row, LOG_REMOVED, (int64_t)counts->removed);
	table_set_count(table, row, LOG_REPRICED, (int64_t)counts->repriced);
	table_set_count(table, row, LOG_RENAMED, (int64_t)counts->renamed);
	table_set_count(table, row, LOG_ACCOUNTS, (int64_t)counts->accounts);
}

/* For people with name and note: "autumn: 1 added (as agreed)".  counts NULL: it is the first. */
static int set_changes(struct log *log, size_t row, const struct book *book,
                       const struct compare_counts *counts)
{
	bool people = log->context->form == FORM_TABLE;
	struct table *table = &log->table;
	const struct text *cells = table->rows[row].cells;
	struct buf words = { .at = NULL };

	if (people && cells[LOG_NAME].len > 0)
		buf_addf(&words, "%.*s: ", TEXT_ARGS(cells[LOG_NAME]));
	if (counts != NULL)
		changes_text(counts, &words);
	else
		buf_addf(&words, "the first, %zu model%s", book_model_count(book),
		         text_plural((int64_t)book_model_count(book)));
	if (people && cells[LOG_NOTE].len > 0)
		buf_addf(&words, " (%.*s)", TEXT_ARGS(cells[LOG_NOTE]));
	table_set(table, row, LOG_CHANGES, buf_text(&words));
	if (counts != NULL)
		set_counts(table, row, counts);
	if (words.error != 0)
		table->error = words.error;
	buf_release(&words);
	return table->error;
}

static int load(struct log *log, size_t entry, struct book **book_out)
{
	struct context *context = log->context;
	struct applied_book applied = { NULL, 0 };
	int r = ledger_book_named(context->ledger, text_of(log->entries[entry].hash), &applied,
	                          &context->fault);

	if (r == 0)
		*book_out = applied.book;
	return r;
}

/* The rows of one side; two books are in memory at a time. */
static int compare_side(struct log *log, enum book_side side, struct progress *progress)
{
	struct compare_counts counts;
	struct book *newer = NULL, *older = NULL;
	size_t newer_row = SIZE_MAX;
	int r = 0;

	for (size_t i = 0; r == 0 && i < log->count; i++) {
		if (log->entries[i].side != side)
			continue;
		if (newer_row != SIZE_MAX && newer_row >= log->table.row_count)
			break;
		progress_at(progress, (int64_t)i, (int64_t)i, (int64_t)log->table.row_count);
		r = load(log, i, &older);
		if (r == 0 && newer != NULL)
			r = compare_count(older, newer, &counts);
		if (r == 0 && newer != NULL)
			r = set_changes(log, newer_row, newer, &counts);
		book_free(newer);
		newer = older;
		older = NULL;
		newer_row = i;
	}
	if (r == 0 && newer != NULL && newer_row < log->table.row_count)
		r = set_changes(log, newer_row, newer, NULL);
	book_free(newer);
	return r;
}

static enum exit_code check(struct context *context)
{
	enum exit_code code = command_no_words(context, "price log");
	int64_t limit;

	return code == EXIT_DONE && range_limit(context, &limit) < 0 ? EXIT_USAGE : code;
}

static enum exit_code run(struct context *context)
{
	struct log log = { .context = context };
	struct progress progress;
	int r;

	if (range_limit(context, &log.limit) < 0)
		return EXIT_USAGE;
	start_table(&log.table, context->form == FORM_TABLE);
	r = ledger_each_book(context->ledger, add_entry, &log, &context->fault);
	progress_start(&progress, "books compared");
	for (int side = 0; r == 0 && side < BOOK_SIDES; side++)
		r = compare_side(&log, (enum book_side)side, &progress);
	progress_end(&progress);
	if (r == 0)
		r = log.table.error;
	if (r == 0 && log.count == 0 && context->form == FORM_TABLE)
		buf_add_cstr(&context->out,
		             "No price book was applied yet: toll price apply FILE\n");
	else if (r == 0)
		command_table(context, &log.table);
	if (r == 0)
		range_say_rest((int64_t)log.count, log.limit);
	table_release(&log.table);
	free(log.entries);
	return r < 0 ? command_failed(context, r) : EXIT_DONE;
}

const struct command price_log = {
	.name = "log",
	.summary = "Applications of price books, newest first, and what each changed",
	.synopsis = "price log [--limit N]",
	.details = "Changes are of models, against the book that was in force on that side before: "
		   "toll price diff tells them one by one.",
	.needs = NEEDS_LEDGER,
	.csv = true,
	.json = true,
	.options = options,
	.check = check,
	.run = run,
};
