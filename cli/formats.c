#include <string.h>

#include "base/table.h"
#include "catalogue/catalogue.h"
#include "catalogue/publish.h"
#include "cli/command.h"
#include "export/export.h"
#include "statement/format.h"
#include "usage/envelope.h"
#include "usage/event.h"
#include "usage/format_fields.h"

/* --- one shape ------------------------------------------------------------- */

struct shape {
	struct table *table;
	int topic; /* only the rows of this one; FORMAT_ROW_TOPICS: all, named in a column */
};

static void add_row(void *context, enum format_row_topic topic, struct text name,
                    struct text meaning)
{
	const struct shape *shape = context;
	bool all = shape->topic == FORMAT_ROW_TOPICS;
	size_t row, column = 0;

	if (!all && (int)topic != shape->topic)
		return;
	row = table_row(shape->table);
	if (all)
		table_set(shape->table, row, column++, text_of(event_format_topic(topic)));
	table_set(shape->table, row, column++, name);
	table_set(shape->table, row, column, meaning);
}

static int put_shape(struct context *context, size_t index)
{
	struct table table = { .rows = NULL };
	struct shape shape = { &table, FORMAT_ROW_TOPICS };
	int r;

	table_column(&table, "topic", "Topic", TABLE_TEXT, false);
	table_column(&table, "name", "Name", TABLE_TEXT, false);
	table_column(&table, "meaning", "Meaning", TABLE_TEXT, false);
	r = event_format_rows(index, add_row, &shape);
	if (r == 0)
		command_table(context, &table);
	table_release(&table);
	return r;
}

/* Names that leave no room beside them: what is said of each stands below it. */
static bool has_long_names(const struct printer *printer, const struct table *table)
{
	enum { NAME_COLUMNS_MAX = 36 };
	bool any = false;

	for (size_t i = 0; i < table->row_count; i++)
		any = any || printer_width(table->rows[i].cells[0]) > NAME_COLUMNS_MAX;
	return any && printer->width != PRINTER_ANY_WIDTH;
}

static void print_below(const struct printer *printer, const struct table *table)
{
	enum { INDENT = 8 };

	printer_heading(printer, table->columns[0].title);
	for (size_t i = 0; i < table->row_count; i++) {
		printer_wrap(printer, 0, table->rows[i].cells[0]);
		printer_wrap(printer, INDENT, table->rows[i].cells[1]);
	}
}

/* For people: a table a topic, as the names of one are short and those of another long. */
static int print_shape(struct context *context, size_t index)
{
	static const char *const titles[FORMAT_ROW_TOPICS] = {
		[FORMAT_ROW_FROM] = "Response",   [FORMAT_ROW_FIELD] = "Usage",
		[FORMAT_ROW_STREAM] = "Stream",   [FORMAT_ROW_HOLDS] = "Holds",
		[FORMAT_ROW_READING] = "Reading",
	};
	int r = 0;

	for (int topic = 0; topic < FORMAT_ROW_TOPICS && r == 0; topic++) {
		struct table table = { .rows = NULL };
		struct shape shape = { &table, topic };

		table_column(&table, "name", titles[topic], TABLE_TEXT, false);
		table_column(&table, "meaning", "Meaning", TABLE_TEXT, false);
		r = event_format_rows(index, add_row, &shape);
		if (r == 0 && table.row_count > 0)
			buf_add_cstr(&context->out, topic > 0 ? "\n" : "");
		if (r == 0 && table.error == 0 && has_long_names(&context->printer, &table))
			print_below(&context->printer, &table);
		else if (r == 0 && table.row_count > 0)
			command_table(context, &table);
		table_release(&table);
	}
	return r;
}

/* --- one envelope ---------------------------------------------------------- */

/* What each member of the event is made of: the rows of one member in the order they count. */
static void list_mapping(struct context *context, size_t index)
{
	struct table table = { .rows = NULL };
	struct envelope_mapping mapping;

	table_column(&table, "member", "Member", TABLE_TEXT, false);
	table_column(&table, "from", "From", TABLE_TEXT, false);
	table_column(&table, "how", "How", TABLE_TEXT, false);
	for (size_t i = 0; envelope_mapping(index, i, &mapping); i++) {
		size_t row = table_row(&table);

		table_set(&table, row, 0, text_of(mapping.member));
		table_set(&table, row, 1, text_of(mapping.from));
		table_set(&table, row, 2, text_of(mapping.how));
	}
	command_table(context, &table);
	table_release(&table);
}

/* --- one catalogue --------------------------------------------------------- */

static void list_catalogue(struct context *context, const struct catalogue *catalogue)
{
	const char *const rows[][2] = { { "is", catalogue->summary },
		                        { "unit", catalogue->unit },
		                        { "looks like", catalogue->looks },
		                        { "read with", "toll price import --from NAME FILE" } };
	struct table table = { .rows = NULL };

	table_column(&table, "name", "Catalogue", TABLE_TEXT, false);
	table_column(&table, "meaning", "Meaning", TABLE_TEXT, false);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t row = table_row(&table);

		table_set(&table, row, 0, text_of(rows[i][0]));
		table_set(&table, row, 1, text_of(rows[i][1]));
	}
	command_table(context, &table);
	table_release(&table);
}

/* --- one format of statements ---------------------------------------------- */

static void add_fact(struct table *table, const char *name, const char *meaning)
{
	size_t row = table_row(table);

	table_set(table, row, 0, text_of(name));
	table_set(table, row, 1, text_of(meaning));
}

static void list_statement(struct context *context, const struct statement_format *format)
{
	struct table table = { .rows = NULL };

	table_column(&table, "name", "Statement", TABLE_TEXT, false);
	table_column(&table, "meaning", "Meaning", TABLE_TEXT, false);
	add_fact(&table, "is", format->summary);
	add_fact(&table, "amounts in", format->unit);
	add_fact(&table, "read with", "toll statement show FILE");
	for (const struct statement_line *line = format->lines;
	     line != NULL && line->column != NULL; line++)
		add_fact(&table, line->column, statement_field_name(line->field));
	command_table(context, &table);
	table_release(&table);
}

/* --- a name that is none --------------------------------------------------- */

/* A letter or two off; or the beginning, the family or the end of it: "openai", "chat". */
static bool is_near(const char *asked, const char *name)
{
	const char *end = strrchr(name, '.');
	size_t family = strcspn(asked, "."), len = strlen(asked);

	if (text_distance(text_of(asked), text_of(name)) <= TEXT_TYPO_MAX)
		return true;
	if (len >= 2 &&
	    (strncmp(asked, name, len) == 0 || strcmp(end != NULL ? end + 1 : name, asked) == 0))
		return true;
	return family >= 2 && strncmp(asked, name, family) == 0 && name[family] == '.';
}

static void add_near(struct buf *near, const char *asked, const char *name)
{
	if (is_near(asked, name))
		buf_addf(near, "%s%s", near->len > 0 ? ", " : "", name);
}

static enum exit_code no_such_name(struct context *context, const char *asked)
{
	struct buf near = { .at = NULL };
	enum exit_code code;
	const char *name;

	for (size_t i = 0; (name = event_format_name(i)) != NULL; i++)
		add_near(&near, asked, name);
	for (size_t i = 0; (name = envelope_name(i)) != NULL; i++)
		add_near(&near, asked, name);
	for (size_t i = 0; catalogue_at(i) != NULL; i++)
		add_near(&near, asked, catalogue_at(i)->name);
	for (size_t i = 0; statement_format_at(i) != NULL; i++)
		add_near(&near, asked, statement_format_at(i)->name);
	if (near.len > 0)
		code = command_misused(context,
		                       "there is no shape, envelope, catalogue or statement %s; "
		                       "near it: %s",
		                       asked, near.at);
	else
		code = command_misused(context,
		                       "there is no shape, envelope, catalogue or statement %s; "
		                       "toll formats lists them",
		                       asked);
	buf_release(&near);
	return code;
}

static enum exit_code show_one(struct context *context, const char *name)
{
	struct text asked = text_of(name);
	size_t shape = 0, envelope = 0;
	int r = 0;

	while (event_format_name(shape) != NULL && !text_is(asked, event_format_name(shape)))
		shape++;
	while (envelope_name(envelope) != NULL && !text_is(asked, envelope_name(envelope)))
		envelope++;
	if (catalogue_find(asked) != NULL) {
		list_catalogue(context, catalogue_find(asked));
		return EXIT_DONE;
	}
	if (event_format_name(shape) == NULL && envelope_name(envelope) == NULL &&
	    statement_format_find(asked) != NULL) {
		list_statement(context, statement_format_find(asked));
		return EXIT_DONE;
	}
	if (event_format_name(shape) == NULL && envelope_name(envelope) == NULL)
		return no_such_name(context, name);
	if (event_format_name(shape) == NULL)
		list_mapping(context, envelope);
	else
		r = context->form == FORM_TABLE ? print_shape(context, shape)
		                                : put_shape(context, shape);
	if (r < 0) {
		fault_set(&context->fault, FAULT_NOMEM, "no memory");
		return command_failed(context, r);
	}
	return EXIT_DONE;
}

/* --- all of them ----------------------------------------------------------- */

static void add_name(struct table *table, const char *kind, const char *name, const char *summary)
{
	size_t row = table_row(table);

	table_set(table, row, 0, text_of(kind));
	table_set(table, row, 1, text_of(name));
	table_set(table, row, 2, text_of(summary));
}

static enum exit_code run(struct context *context)
{
	struct table table = { .rows = NULL };
	const struct catalogue *catalogue;
	const struct publish_form *published;
	const struct statement_format *statement;
	const struct export_form *form;

	if (context->options.word_count > 1)
		return command_misused(context, "formats takes one name: %s",
		                       context->options.words[1]);
	if (context->options.word_count == 1)
		return show_one(context, context->options.words[0]);
	table_column(&table, "kind", "Kind", TABLE_TEXT, false);
	table_column(&table, "name", "Name", TABLE_TEXT, false);
	table_column(&table, "summary", "What it is", TABLE_TEXT, false);
	for (size_t i = 0; event_format_name(i) != NULL; i++)
		add_name(&table, "usage", event_format_name(i), event_format_summary(i));
	for (size_t i = 0; envelope_name(i) != NULL; i++)
		add_name(&table, "envelope", envelope_name(i), envelope_summary(i));
	for (size_t i = 0; (catalogue = catalogue_at(i)) != NULL; i++)
		add_name(&table, "catalogue", catalogue->name, catalogue->summary);
	for (size_t i = 0; (published = publish_form(i)) != NULL; i++)
		add_name(&table, "price list", published->name, published->summary);
	add_name(&table, "price list", PUBLISH_CSV, PUBLISH_CSV_SUMMARY);
	for (size_t i = 0; (statement = statement_format_at(i)) != NULL; i++)
		add_name(&table, "statement", statement->name, statement->summary);
	for (size_t i = 0; (form = export_form(i)) != NULL; i++)
		add_name(&table, "export", form->name, form->summary);
	command_table(context, &table);
	table_release(&table);
	return EXIT_DONE;
}

const struct command command_formats = {
	.name = "formats",
	.summary = "List the usage shapes, envelopes, catalogues and statements that are read, and "
		   "the forms of results",
	.synopsis = "formats [SHAPE|ENVELOPE|CATALOGUE|STATEMENT]",
	.details = "A usage shape is what an event line names as its \"api\".  With its name: "
		   "where the usage stands in a response, what each number of it is, how those "
		   "of a stream are folded, what must hold between them, and how else they may "
		   "be meant where it does not.\n"
		   "\n"
		   "An envelope is a record that another program emits, recognised by its form; "
		   "with its name, what each member of the event is made of is listed.\n"
		   "\n"
		   "A catalogue is what somebody publishes of prices; with its name, what one "
		   "of its prices is of.\n"
		   "\n"
		   "A statement is what somebody else says was used and is due; with its name, "
		   "what its columns or members are taken for, where a table says it.",
	.csv = true,
	.json = true,
	.run = run,
};
