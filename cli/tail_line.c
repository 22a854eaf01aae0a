#include "cli/tail_line.h"

#include <stdio.h>
#include <string.h>

#include "base/moment.h"
#include "cli/printer_internal.h"

/* Widths in columns of a terminal. */
enum {
	CLOCK_WIDTH = 8, /* 10:42:07 */
	SOURCE_WIDTH = 8,
	ACCOUNT_WIDTH = 9,
	MODEL_WIDTH_MIN = 6, /* with less than that the counts make room */
	MODEL_WIDTH = 24,    /* where lines may have any length */
	IN_WIDTH = 7,        /* 999 999 */
	OUT_WIDTH = 6,
	COUNTS_WIDTH = IN_WIDTH + 1 + OUT_WIDTH,
	POINT_WIDTH = 2,       /* in front of the point of most amounts: $0 */
	AMOUNT_WIDTH_MIN = 11, /* $0.00117176 */
	AMOUNT_WIDTH = 19,     /* $0.00117176 partial */
	AMOUNT_WIDTH_MAX = 28, /* of two: $0.00117176 of $0.00234352 */
	GAP = 2,               /* in front of an amount, of an id */
	ID_WIDTH = 26,
	WITH_ID_WIDTH = 112, /* from here on there is room for the id */
	WORDS_BYTES = 128,
};

/* Of the verdict's word on a terminal: what needs somebody is red or yellow. */
static const char *const colours[INGEST_VERDICT_COUNT] = {
	[INGEST_QUARANTINED] = "\033[31m",
	[INGEST_CONFLICT] = "\033[31m",
	[INGEST_DUPLICATE] = "\033[2m",
	[INGEST_UNPRICED] = "\033[33m",
	[INGEST_ACCEPTED] = "",
	[INGEST_CHECKPOINT] = "\033[2m",
};

/* --- reading -------------------------------------------------------------- */

/* The texts of a line: a member, a column for programs. */
#define TEXTS(T)                                                                                   \
	T(received, TABLE_TIME)                                                                    \
	T(time, TABLE_TIME)                                                                        \
	T(reason, TABLE_TEXT)                                                                      \
	T(detail, TABLE_TEXT)                                                                      \
	T(source, TABLE_TEXT)                                                                      \
	T(id, TABLE_TEXT)                                                                          \
	T(account, TABLE_TEXT)                                                                     \
	T(key, TABLE_TEXT)                                                                         \
	T(model, TABLE_TEXT)                                                                       \
	T(api, TABLE_TEXT)                                                                         \
	T(settlement, TABLE_TEXT)                                                                  \
	T(provenance, TABLE_TEXT)                                                                  \
	T(amount, TABLE_AMOUNT)                                                                    \
	T(currency, TABLE_TEXT)
/* Behind the components, where they came to be later. */
#define LAST_TEXTS(T)                                                                              \
	T(total, TABLE_AMOUNT)                                                                     \
	T(phase, TABLE_TEXT)

static int read_event(const struct json *doc, struct tail_line *line, struct fault *fault)
{
	struct text verdict = json_string(doc, json_member(doc, 0, "verdict"));
	uint32_t counts = json_member(doc, 0, "counts");

	line->verdict = INGEST_VERDICT_COUNT;
	for (int v = 0; v < INGEST_VERDICT_COUNT; v++) {
		if (text_is(verdict, ingest_verdict_name((enum ingest_verdict)v)))
			line->verdict = (enum ingest_verdict)v;
	}
	if (line->verdict == INGEST_VERDICT_COUNT)
		return fault_set(fault, FAULT_SYNTAX,
		                 "the daemon tells a verdict that this program does not know: "
		                 "%.*s",
		                 TEXT_ARGS(verdict));
#define T(name, type) line->name = json_string(doc, json_member(doc, 0, #name));
	TEXTS(T)
	LAST_TEXTS(T)
#undef T
	if (!json_integer(doc, json_member(doc, 0, "status"), &line->status))
		line->status = EVENT_ABSENT;
	for (int c = 0; c < COMPONENT_COUNT; c++)
		json_integer(doc, json_member(doc, counts, component_info[c].key), &line->count[c]);
	return 0;
}

int tail_line_read(struct json *doc, struct text text, struct tail_line *line_out,
                   struct fault *fault)
{
	struct tail_line line = { .kind = TAIL_OTHER };
	int r = json_parse(doc, text, fault);

	if (r == 0 && json_type_of(doc, 0) != JSON_OBJECT)
		r = fault_set(fault, FAULT_SYNTAX, "the daemon tells what is no object");
	if (r == 0 && json_member(doc, 0, "verdict") != JSON_NONE) {
		line.kind = TAIL_EVENT;
		r = read_event(doc, &line, fault);
	} else if (r == 0 && json_integer(doc, json_member(doc, 0, "skipped"), &line.skipped)) {
		line.kind = TAIL_SKIPPED;
	} else if (r == 0 && json_member(doc, 0, "end") != JSON_NONE) {
		line.kind = TAIL_END;
	}
	if (r == 0)
		*line_out = line;
	return r;
}

/* --- for programs --------------------------------------------------------- */

void tail_line_columns(struct table *table)
{
	table_column(table, "verdict", "Verdict", TABLE_TEXT, false);
#define T(name, type) table_column(table, #name, #name, type, false);
	TEXTS(T)
#undef T
	for (int c = 0; c < COMPONENT_COUNT; c++)
		table_column(table, component_info[c].key, component_info[c].key, TABLE_COUNT,
		             false);
#define T(name, type) table_column(table, #name, #name, type, false);
	LAST_TEXTS(T)
#undef T
	table_column(table, "status", "status", TABLE_COUNT, false);
}

void tail_line_row(struct table *table, const struct tail_line *line)
{
	size_t row = table_row(table), column = 0;

	table_set(table, row, column++, text_of(ingest_verdict_name(line->verdict)));
#define T(name, type) table_set(table, row, column++, line->name);
	TEXTS(T)
#undef T
	for (int c = 0; c < COMPONENT_COUNT; c++)
		table_set_count(table, row, column++, line->count[c]);
#define T(name, type) table_set(table, row, column++, line->name);
	LAST_TEXTS(T)
#undef T
	if (line->status != EVENT_ABSENT)
		table_set_count(table, row, column, line->status);
}

/* --- for people ----------------------------------------------------------- */

/* "1 204 000": groups of three, unless only the digits alone have room. */
static const char *grouped(int64_t count, size_t width, char out[WORDS_BYTES])
{
	char digits[32];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%lld", (long long)count), at = 0;
	bool apart = len + (len - 1) / 3 <= width;

	for (size_t i = 0; i < len; i++) {
		if (apart && i > 0 && (len - i) % 3 == 0)
			out[at++] = ' ';
		out[at++] = digits[i];
	}
	out[at] = '\0';
	return out;
}

/* "  2 images_out"; the name is cut where it is longer than its column, never the number. */
static void add_thing(const struct printer *printer, struct buf *out, int64_t count,
                      const char *name)
{
	char text[2 * WORDS_BYTES], number[WORDS_BYTES];
	size_t width;

	snprintf(text, sizeof(text), "%s %s", grouped(count, IN_WIDTH, number), name);
	width = strlen(text);
	printer_blanks(out, width < COUNTS_WIDTH ? COUNTS_WIDTH - width : 0);
	if (printer->width != PRINTER_ANY_WIDTH && width > COUNTS_WIDTH &&
	    strlen(number) + 1 < COUNTS_WIDTH)
		width = COUNTS_WIDTH;
	printer_cell(out, text_of(text), width);
}

/* "  1 204     88", or of what has no tokens the first thing: "2 images_out". */
static void add_counts(const struct printer *printer, struct buf *out, const struct tail_line *line)
{
	const struct component_info *thing = NULL;
	int64_t role[ROLE_FEE + 1] = { 0 };
	char in[WORDS_BYTES], answer[WORDS_BYTES];

	for (int c = 0; c < COMPONENT_COUNT; c++) {
		const struct component_info *info = &component_info[c];

		if (info->role == ROLE_THING && line->count[c] > 0 && thing == NULL)
			thing = info;
		role[info->role] += line->count[c];
	}
	if (role[ROLE_PROMPT] > 0 || role[ROLE_ANSWER] > 0)
		buf_addf(out, "%*s %*s", IN_WIDTH, grouped(role[ROLE_PROMPT], IN_WIDTH, in),
		         OUT_WIDTH, grouped(role[ROLE_ANSWER], OUT_WIDTH, answer));
	else if (thing != NULL)
		add_thing(printer, out, line->count[thing - component_info], thing->key);
	else
		printer_blanks(out, COUNTS_WIDTH);
}

/* What is to be known of an amount that is not the last word. */
static const char *reservation(const struct tail_line *line)
{
	static char word[WORDS_BYTES];
	bool settled = line->settlement.at == NULL || text_is(line->settlement, "final");
	struct text why = settled ? line->provenance : line->settlement;

	if (settled && (why.at == NULL || text_is(why, "reported") || text_is(why, "none")))
		return "";
	snprintf(word, sizeof(word), " %.*s", TEXT_ARGS(why));
	return word;
}

/* "$0.00123", "-CHF 1.50": exactly. */
static void add_money(struct buf *out, struct text amount, struct text currency)
{
	bool negative = amount.len > 0 && amount.at[0] == '-';

	if (text_is(currency, "USD"))
		buf_addf(out, "%s$", negative ? "-" : "");
	else
		buf_addf(out, "%s%.*s ", negative ? "-" : "", TEXT_ARGS(currency));
	buf_addf(out, "%.*s", (int)amount.len - negative, amount.at + negative);
}

static bool is_nothing(struct text amount)
{
	struct money money;

	return money_parse(amount, &money, NULL) == 0 && money.attos == 0;
}

/*
 * "  $0.00123", its point below the others.  Behind it what keeps it from being the whole story:
 * that it is only the difference to an earlier phase, that a later one stands already, that the
 * request failed.  Of one that failed and costs nothing there is only that.
 */
static void add_amount(struct buf *out, const struct tail_line *line)
{
	const char *point = line->amount.at != NULL ? memchr(line->amount.at, '.', line->amount.len)
	                                            : NULL;
	size_t front = (point != NULL ? (size_t)(point - line->amount.at) : line->amount.len) +
	               (text_is(line->currency, "USD") ? 1 : line->currency.len + 1);
	bool failed = line->status >= 400, late = text_is(line->phase, "late");

	if (line->verdict != INGEST_ACCEPTED) {
		buf_add_cstr(out, ingest_verdict_name(line->verdict));
		if (line->amount.at != NULL) {
			buf_add_cstr(out, " ");
			add_money(out, line->amount, line->currency);
		}
		return;
	}
	if (!failed || late || !is_nothing(line->amount)) {
		printer_blanks(out, front < POINT_WIDTH ? POINT_WIDTH - front : 0);
		add_money(out, line->amount, line->currency);
		if (text_is(line->phase, "later") && line->total.at != NULL &&
		    !text_equal(line->amount, line->total)) {
			buf_add_cstr(out, " of ");
			add_money(out, line->total, line->currency);
		}
		buf_add_cstr(out, late ? " late" : "");
		buf_add_cstr(out, failed ? " " : "");
	}
	if (failed)
		buf_addf(out, "failed %lld", (long long)line->status);
	buf_add_cstr(out, reservation(line));
}

static void colour(const struct printer *printer, const char *code)
{
	if (printer->colour && code[0] != '\0')
		buf_add_cstr(printer->out, code);
}

/* Of the columns; a terminal that is wider than usual has room for the id, then for names. */
struct widths {
	size_t all; /* of a line: any, where lines may have any length */
	size_t source, account, amount, id;
};

static struct widths widths_of(const struct printer *printer, const struct tail_line *line)
{
	struct widths widths = { SIZE_MAX / 2, SOURCE_WIDTH, ACCOUNT_WIDTH, AMOUNT_WIDTH, 0 };
	size_t spare = printer->width > PRINTER_WIDTH ? printer->width - PRINTER_WIDTH : 0;
	size_t lack = printer->width < PRINTER_WIDTH ? PRINTER_WIDTH - printer->width : 0;

	if (printer->width == PRINTER_ANY_WIDTH) {
		size_t source = printer_width(line->source);
		size_t account = printer_width(line->account);

		widths.source = source > SOURCE_WIDTH ? source : SOURCE_WIDTH;
		widths.account = account > ACCOUNT_WIDTH ? account : ACCOUNT_WIDTH;
		widths.id = printer_width(line->id);
		return widths;
	}
	widths.all = printer->width;
	lack = lack < AMOUNT_WIDTH - AMOUNT_WIDTH_MIN ? lack : AMOUNT_WIDTH - AMOUNT_WIDTH_MIN;
	widths.amount -= lack;
	if (printer->width >= WITH_ID_WIDTH) {
		widths.id = ID_WIDTH;
		spare -= GAP + ID_WIDTH;
	}
	widths.amount += spare / 4;
	if (widths.amount > AMOUNT_WIDTH_MAX)
		widths.amount = AMOUNT_WIDTH_MAX;
	widths.source += spare / 4;
	widths.account += spare / 4;
	return widths;
}

/* "10:42:07" of a moment as RFC 3339. */
static struct text clock_of(struct text moment)
{
	const char *t = moment.at != NULL ? memchr(moment.at, 'T', moment.len) : NULL;
	size_t left = t != NULL ? moment.len - (size_t)(t + 1 - moment.at) : 0;

	return left >= CLOCK_WIDTH ? (struct text){ t + 1, CLOCK_WIDTH } : text_of("-");
}

/* A column and the blank behind it. */
static void add_cell(const struct printer *printer, struct text t, size_t width)
{
	printer_cell(printer->out, t.at != NULL ? t : text_of("-"), width);
	buf_add(printer->out, " ", 1);
}

/* The parts of a line, those on the right as they will stand there. */
struct parts {
	struct text clock, source, account, model, counts, amount, id;
	const char *colour;
};

/* A narrow terminal, or a long amount: what makes room for the model, one after the other. */
static void make_room(struct widths *widths, size_t *counts, size_t right, size_t *model_out)
{
	size_t *const yields[] = { counts, &widths->account, &widths->source };
	size_t used = 0;

	for (size_t i = 0; i <= sizeof(yields) / sizeof(yields[0]); i++) {
		used = CLOCK_WIDTH + 1 + widths->source + 1 + widths->account + 1 + 1 + *counts +
		       right;
		used -= (widths->source == 0 ? 1U : 0U) + (widths->account == 0 ? 1U : 0U);
		if (used + MODEL_WIDTH_MIN <= widths->all ||
		    i == sizeof(yields) / sizeof(yields[0]))
			break;
		*yields[i] = 0;
	}
	*model_out = used < widths->all ? widths->all - used : 0;
}

static void add_id(const struct printer *printer, struct text id, const struct widths *widths,
                   size_t amount)
{
	size_t width = printer_width(id);

	if (widths->id == 0 || id.at == NULL)
		return;
	printer_blanks(printer->out, (amount < widths->amount ? widths->amount - amount : 0) + GAP);
	/* Nothing behind it: it is cut, but not filled up. */
	printer_cell(printer->out, id, width < widths->id ? width : widths->id);
}

static void add_parts(const struct printer *printer, struct widths widths,
                      const struct parts *parts)
{
	size_t amount = printer_width(parts->amount), model = printer_width(parts->model);
	size_t counts = printer_width(parts->counts) + GAP, room;

	make_room(&widths, &counts,
	          (amount < widths.amount ? widths.amount : amount) +
	                  (widths.id > 0 ? GAP + widths.id : 0),
	          &room);
	if (printer->width == PRINTER_ANY_WIDTH)
		room = model > MODEL_WIDTH ? model : MODEL_WIDTH;
	add_cell(printer, parts->clock, CLOCK_WIDTH);
	if (widths.source > 0)
		add_cell(printer, parts->source, widths.source);
	if (widths.account > 0)
		add_cell(printer, parts->account, widths.account);
	add_cell(printer, parts->model, room);
	if (counts > 0) {
		buf_add_text(printer->out, parts->counts);
		printer_blanks(printer->out, GAP);
	}
	colour(printer, parts->colour);
	printer_text(printer->out, parts->amount);
	colour(printer, parts->colour[0] != '\0' ? "\033[0m" : "");
	add_id(printer, parts->id, &widths, amount);
	buf_add(printer->out, "\n", 1);
}

void tail_line_heading(const struct printer *printer)
{
	const struct tail_line titles = { .id = text_of("Id") };
	char counts[COUNTS_WIDTH + 1];

	snprintf(counts, sizeof(counts), "%*s %*s", IN_WIDTH, "In", OUT_WIDTH, "Out");
	printer_bold(printer, true);
	add_parts(printer, widths_of(printer, &titles),
	          &(struct parts){ text_of("Time UTC"), text_of("Source"), text_of("Account"),
	                           text_of("Model"), text_of(counts), text_of("Amount"), titles.id,
	                           "" });
	printer_bold(printer, false);
}

/* What has no columns: "10:42:07 gw-1 quarantined type: why", cut where it is too long. */
static void add_words(const struct printer *printer, const struct tail_line *line)
{
	const struct widths widths = widths_of(printer, line);
	const char *word = ingest_verdict_name(line->verdict);
	size_t used = CLOCK_WIDTH + 1 + widths.source + 1 + strlen(word), width;
	struct buf rest = { .at = NULL };

	if (line->reason.at != NULL)
		buf_addf(&rest, " %.*s: %.*s", TEXT_ARGS(line->reason), TEXT_ARGS(line->detail));
	if (line->id.at != NULL)
		buf_addf(&rest, " (%.*s)", TEXT_ARGS(line->id));
	width = printer_width(buf_text(&rest));
	add_cell(printer, clock_of(line->received), CLOCK_WIDTH);
	add_cell(printer, line->source, widths.source);
	colour(printer, colours[line->verdict]);
	buf_add_cstr(printer->out, word);
	colour(printer, "\033[0m");
	if (used + width > widths.all)
		width = widths.all > used ? widths.all - used : 0;
	printer_cell(printer->out, buf_text(&rest), width);
	buf_add(printer->out, "\n", 1);
	if (rest.error != 0)
		printer->out->error = rest.error;
	buf_release(&rest);
}

static void add_skipped(const struct printer *printer, const struct tail_line *line)
{
	char words[WORDS_BYTES];
	size_t width;

	snprintf(words, sizeof(words), "-- %lld line%s left out here: read too slowly",
	         (long long)line->skipped, line->skipped == 1 ? " is" : "s are");
	width = strlen(words);
	if (printer->width != PRINTER_ANY_WIDTH && width > printer->width)
		width = printer->width;
	printer_cell(printer->out, text_of(words), width);
	buf_add(printer->out, "\n", 1);
}

void tail_line_write(const struct printer *printer, const struct tail_line *line)
{
	struct buf counts = { .at = NULL }, amount = { .at = NULL };

	if (line->kind == TAIL_SKIPPED)
		add_skipped(printer, line);
	if (line->kind != TAIL_EVENT)
		return;
	if (line->verdict == INGEST_QUARANTINED || line->model.at == NULL) {
		add_words(printer, line);
		return;
	}
	add_counts(printer, &counts, line);
	add_amount(&amount, line);
	add_parts(printer, widths_of(printer, line),
	          &(struct parts){ clock_of(line->received), line->source, line->account,
	                           line->model, buf_text(&counts), buf_text(&amount), line->id,
	                           colours[line->verdict] });
	if (counts.error != 0 || amount.error != 0)
		printer->out->error = -FAULT_NOMEM;
	buf_release(&counts);
	buf_release(&amount);
}
