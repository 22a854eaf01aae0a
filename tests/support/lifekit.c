#include "tests/support/lifekit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ingest/change.h"
#include "ingest/impact.h"
#include "ledger/adjust.h"
#include "ledger/archive.h"
#include "ledger/books.h"
#include "ledger/checkpoints.h"
#include "ledger/correct.h"
#include "ledger/positions.h"
#include "ledger/read.h"
#include "ledger/rules.h"
#include "ledger/seal.h"
#include "ledger/twins.h"
#include "ledger/verify.h"
#include "report/report.h"

#define EACH(component, price) "{'component':'" component "','each':'" price "'}"
#define BOOK(rates)                                                                                \
	"{'pricebook':1,'name':'b','currency':'USD','models':[{'model':'m','versions':["           \
	"{'effective_from':'2026','rates':[" rates "]}]}]}"
#define SELL BOOK(EACH("input", "1") "," EACH("output", "2"))
#define LATER                                                                                      \
	"{'pricebook':1,'name':'b','currency':'USD','models':[{'model':'m','versions':["           \
	"{'effective_from':'2026','rates':[" EACH("input", "1") "," EACH(                          \
		"output", "3") "]}]},"                                                             \
			       "{'model':'n','versions':[{'effective_from':'2026','rates':[" EACH( \
				       "input", "5") "]}]}]}"
#define COST BOOK(EACH("input", "0.25") "," EACH("output", "0.50"))
#define LAST                                                                                       \
	"{\\'pricebook\\':1,\\'name\\':\\'z\\',\\'currency\\':\\'USD\\',\\'models\\':["            \
	"{\\'model\\':\\'m\\',\\'versions\\':[{\\'effective_from\\':\\'2026\\',\\'rates\\':["      \
	"{\\'component\\':\\'input\\',\\'each\\':\\'7\\'}]}]}]}"

#define LINE(id, time, more)                                                                       \
	"{'id':'" id "','time':'" time "Z','account':'acct','model':'m','api':'toll'," more "}"
#define USAGE "'usage':{'input':10,'output':100}"
#define TURNS(id, time, more)                                                                      \
	"{'id':'" id "','time':'" time "Z','account':'acct','model':'m'," more                     \
	"'api':'anthropic.messages','usage':{'input_tokens':1,'output_tokens':2,'iterations':["    \
	"{'type':'message','input_tokens':1,'output_tokens':2},"                                   \
	"{'type':'advisor_message','model':'m','input_tokens':3,'output_tokens':1}]}}"
/* Two requests told as one. */
#define SUM(id, time)                                                                              \
	"{'id':'" id "','time':'" time "Z','account':'acct','model':'m','api':'openai.batch',"     \
	"'response':[" ANSWER "," ANSWER "]}"
#define ANSWER "{'response':{'body':{'usage':{'prompt_tokens':4,'completion_tokens':1}}}}"
/* It can be read in two ways: held. */
#define HELD                                                                                       \
	"{'id':'held','time':'2026-08-01T09:50:00Z','account':'acct','model':'m','api':"           \
	"'openai.chat','usage':{'prompt_tokens':10,'completion_tokens':5,'total_tokens':40}}"
#define WHICH(id, time) "'source':'gw-1','id':'" id "','time':'" time "Z'"

enum { LEDGER_BYTES_MAX = 4 * 1024 * 1024 };

#define JULY_MS     INT64_C(1782864000000)
#define AUGUST_MS   INT64_C(1785542400000)
#define AUGUST_2_MS INT64_C(1785628800000)

#define LENGTH(table) (sizeof(table) / sizeof((table)[0]))

const struct life_change life_changes[] = {
	{ "an event", LINE("new", "2026-08-01T11:00:00", USAGE), true },
	{ "an event without a price",
	  "{'id':'dear','time':'2026-08-01T11:00:00Z','account':'other','model':'x','api':'toll',"
	  "'usage':{'input':3}}",
	  true },
	{ "an event of an hour in the archive", LINE("late", "2026-06-03T10:20:00", USAGE), true },
	{ "a final phase", LINE("open", "2026-08-01T09:40:00", "'settlement':'final'," USAGE),
	  true },
	{ "an earlier phase, late",
	  LINE("settled", "2026-08-01T09:41:00", "'settlement':'partial'," USAGE), true },
	{ "a conflict", LINE("a", "2026-08-01T09:00:00", "'usage':{'input':11}"), true },
	{ "a conflict with the archive",
	  LINE("june", "2026-06-03T10:00:00", "'usage':{'input':11}"), true },
	{ "a number nobody counts",
	  LINE("odd", "2026-08-01T11:00:00", "'usage':{'input':3,'smells':4}"), true },
	{ "a line that is none", "{'id':'none'}", true },
	{ "a request in turns", TURNS("turns", "2026-08-01T11:00:00", ""), true },
	{ "a checkpoint", "{'checkpoint':{'epoch':1,'seq':3,'requests':5}}", true },
	{ "price.apply", "{'change':'price.apply','book':'" LAST "','note':'n'}", false },
	{ "price.apply of a cost",
	  "{'change':'price.apply','side':'cost','book':'" LAST "','note':'n'}", false },
	{ "suspense.retry", "{'change':'suspense.retry'}", false },
	{ "quarantine.retry", "{'change':'quarantine.retry'}", false },
	{ "policy.set",
	  "{'change':'policy.set','account':'other','policies':['zero-completion'],'note':'n'}",
	  false },
	{ "reading.settle",
	  "{'change':'reading.settle','source':'gw-1','reading':'declared','reason':'w'}", false },
	{ "rerate",
	  "{'change':'rerate','from':'2026-08-01T09:00:00Z','to':'2026-08-01T11:00:00Z',"
	  "'reason':'r'}",
	  false },
	{ "void", "{'change':'void'," WHICH("a", "2026-08-01T09:00:00") ",'reason':'r'}", false },
	{ "void of what is in the archive",
	  "{'change':'void'," WHICH("june", "2026-06-03T10:00:00") ",'reason':'r'}", false },
	{ "correct",
	  "{'change':'correct'," WHICH("b", "2026-08-01T09:30:00") ",'reason':'r','set':"
	                                                           "{'input':5}}",
	  false },
};
const size_t life_change_count = LENGTH(life_changes);

/* --- the fixture --------------------------------------------------------- */

static void change(struct ledgerkit *kit, const char *request)
{
	const struct life_change wish = { request, request, false };
	struct fault fault = { .code = FAULT_NONE };
	struct buf reply = { .at = NULL };
	bool done = false;

	if (life_run(kit, &wish, &done, &reply, &fault) < 0 || !done)
		fail_msg("%s: %s %.*s", request, fault.text, TEXT_ARGS(buf_text(&reply)));
	buf_release(&reply);
}

static int archive_month(void *context, const struct archive_month *month)
{
	struct archive_month *first = context;

	if (first->hours == 0)
		*first = *month;
	return 0;
}

void life_archive(struct ledgerkit *kit, int64_t before_ms, char request[LIFE_REQUEST_BYTES])
{
	struct archive_month month = { .hours = 0 };
	struct fault fault = { .code = FAULT_NONE };
	struct ledger *reader = NULL;
	struct archive_file file;

	if (ledger_open_reader(&reader, kit->path, &fault) < 0 ||
	    archive_months(reader, before_ms, archive_month, &month, &fault) < 0 ||
	    archive_make(reader, &month, NULL, NULL, &file, &fault) < 0)
		fail_msg("%s", fault.text);
	ledger_close(reader);
	snprintf(request, LIFE_REQUEST_BYTES,
	         "{'change':'archive.month','month':'%s','file':'%s','sha256':'%s','events':%lld,"
	         "'bytes':%lld}",
	         file.month, file.file, file.sha256, (long long)file.events, (long long)file.bytes);
}

static void tell_position(struct ledgerkit *kit)
{
	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	assert_int_equal(ledger_position_put(kit->ledger, text_of("file:/var/log/gw"),
	                                     text_of("{\"at\":7}"), 3, KIT_NOW_MS, NULL),
	                 0);
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
}

void life_fill(struct ledgerkit *kit)
{
	static const char *const lines[] = {
		LINE("june", "2026-06-03T10:00:00", USAGE),
		LINE("june-2", "2026-06-03T11:00:00", "'key':'k','provider':'p'," USAGE),
		LINE("july", "2026-07-03T10:00:00", USAGE),
		LINE("a", "2026-08-01T09:00:00", USAGE),
		LINE("a", "2026-08-01T09:00:00", "'usage':{'input':9}"),
		LINE("b", "2026-08-01T09:30:00", USAGE),
		LINE("c", "2026-08-01T09:31:00", USAGE),
		LINE("open", "2026-08-01T09:40:00", "'settlement':'open'"),
		LINE("settled", "2026-08-01T09:41:00", "'settlement':'open'"),
		LINE("settled", "2026-08-01T09:41:00", "'settlement':'final'," USAGE),
		TURNS("t", "2026-08-01T09:42:00", ""),
		TURNS("ended", "2026-08-01T09:44:00", "'settlement':'partial',"),
		LINE("ended", "2026-08-01T09:44:00", "'settlement':'final'," USAGE),
		SUM("sum", "2026-08-01T09:45:00"),
		LINE("u", "2026-08-01T09:43:00", "'usage':{'input':3,'tastes':4}"),
		"{'id':'w','time':'2026-08-01T10:00:00Z','account':'acct','model':'n','api':'toll',"
		"'usage':{'input':7}}",
		"{'checkpoint':{'epoch':1,'seq':1,'requests':2}}",
		"{'checkpoint':{'epoch':1,'seq':2,'requests':4}}",
		HELD,
		"{}",
	};
	char june[LIFE_REQUEST_BYTES];

	kit_price(kit, kit_quotes(SELL));
	kit_cost(kit, kit_quotes(COST));
	change(kit, "{'change':'policy.set','account':'acct','policies':['zero-completion'],"
	            "'note':'n'}");
	change(kit, "{'change':'reading.settle','source':'gw-9','reading':'declared','reason':"
	            "'w'}");
	for (size_t i = 0; i < LENGTH(lines); i++)
		kit_send(kit, kit_quotes(lines[i]));
	kit_price(kit, kit_quotes(LATER));
	life_archive(kit, JULY_MS, june);
	change(kit, june);
	change(kit, "{'change':'rerate','from':'2026-07-01T00:00:00Z','to':'2026-08-01T00:00:00Z',"
	            "'reason':'r'}");
	change(kit, "{'change':'void'," WHICH("c", "2026-08-01T09:31:00") ",'reason':'r'}");
	tell_position(kit);
	assert_int_equal(ledger_seal_all(kit->ledger, KIT_NOW_MS, NULL), 0);
	assert_int_equal(kit_close_until(kit, INT64_C(1782864000000), NULL), 0);
}

enum { MADE_MAX = 8 };
static struct life_change made[MADE_MAX];
static char made_requests[MADE_MAX][1024];
static size_t made_count;

static void make_change(const char *label, const char *request)
{
	assert_true(made_count < MADE_MAX);
	snprintf(made_requests[made_count], sizeof(made_requests[0]), "%s", request);
	made[made_count] = (struct life_change){ label, made_requests[made_count], false };
	made_count++;
}

static int no_twin(void *context, const struct twin *twin)
{
	(void)context;
	fail_msg("%.*s is a twin", TEXT_ARGS(twin->id));
	return 0;
}

size_t life_make_changes(struct ledgerkit *kit, const struct life_change **made_out)
{
	const struct twin_search search = { .until_ms = AUGUST_MS };
	char text[1024], hex[2 * SHA256_BYTES + 1];
	struct period_check check;
	const char *held;

	made_count = 0;
	snprintf(text, sizeof(text), "{'change':'price.rollback','hash':'%s','note':'n'}",
	         kit_ask(kit, "SELECT hash FROM book ORDER BY id LIMIT 1"));
	make_change("price.rollback", text);
	assert_int_equal(ledger_check_period(kit->ledger, &search, no_twin, NULL, &check, NULL), 0);
	for (size_t i = 0; i < SHA256_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", check.digest[i]);
	snprintf(text, sizeof(text),
	         "{'change':'period.close','until':'2026-08','reason':'r','check':'%s','twins':"
	         "[{'source':'gw-1','id':'a','keep':'2026-07-01T00:00:01Z','void':"
	         "'2026-07-01T00:00:02Z'}]}",
	         hex);
	make_change("period.close", text);
	held = kit_ask(kit, "SELECT id FROM quarantine WHERE reason = 'readings'");
	snprintf(text, sizeof(text), "{'change':'quarantine.retry','id':%s}", held);
	make_change("quarantine.retry of a line", text);
	snprintf(text, sizeof(text),
	         "{'change':'reading.settle','source':'gw-1','reading':'declared','reason':'w',"
	         "'id':%s}",
	         held);
	make_change("reading.settle of a line", text);
	life_archive(kit, AUGUST_MS, text);
	make_change("archive.month", text);
	*made_out = made;
	return made_count;
}

void life_close(struct ledgerkit *kit)
{
	char command[KIT_PATH_BYTES + 32];

	snprintf(command, sizeof(command), "rm -rf %s/*.archive", kit->folder);
	assert_int_equal(system(command), 0);
	kit_close(kit);
}

void life_keep(const struct ledgerkit *kit, struct life_copy *copy_out)
{
	FILE *file = fopen(kit->path, "rb");

	assert_null(kit->ledger);
	assert_non_null(file);
	copy_out->bytes = malloc(LEDGER_BYTES_MAX);
	assert_non_null(copy_out->bytes);
	copy_out->len = fread(copy_out->bytes, 1, LEDGER_BYTES_MAX, file);
	assert_true(copy_out->len > 0 && copy_out->len < LEDGER_BYTES_MAX);
	fclose(file);
}

void life_lay_out(struct ledgerkit *kit, const struct life_copy *copy)
{
	char name[KIT_PATH_BYTES + 8];
	FILE *file;

	kit_shut(kit);
	file = fopen(kit->path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(copy->bytes, 1, copy->len, file), copy->len);
	assert_int_equal(fclose(file), 0);
	snprintf(name, sizeof(name), "%s-wal", kit->path);
	unlink(name);
	snprintf(name, sizeof(name), "%s-shm", kit->path);
	unlink(name);
	kit_reopen(kit);
}

void life_copy_release(struct life_copy *copy)
{
	free(copy->bytes);
	*copy = (struct life_copy){ .bytes = NULL };
}

const char *life_sums(struct ledgerkit *kit, bool verified)
{
	static char texts[2][16384];
	static int turn;
	struct ledger_status status;
	char *out = texts[turn++ % 2];

	if (verified)
		kit_verify_clean(kit);
	assert_int_equal(ledger_status(kit->ledger, &status, NULL), 0);
	snprintf(out, sizeof(texts[0]), "%lld %lld %lld %lld %lld %s", (long long)status.events,
	         (long long)status.corrections, (long long)status.quarantined,
	         (long long)status.conflicts, (long long)status.unknown_events, kit_events(kit));
	return out;
}

static int store(struct ledgerkit *kit, const char *line, struct fault *fault)
{
	const struct event_defaults defaults = { text_of("gw-1"), KIT_NOW_MS };
	struct ingest_item item;
	int r;

	arena_reset(&kit->arena);
	r = ingest_prepare(&item, text_of(line), INGEST_LINE_WHOLE, (int64_t)strlen(line),
	                   &defaults, kit_terms(kit), &kit->doc, &kit->arena);
	if (r < 0)
		return fault_set(fault, FAULT_NOMEM, "a line");
	r = ledger_begin(kit->ledger, fault);
	if (r == 0)
		r = ingest_store(kit->ledger, &item, fault);
	if (r == 0)
		r = ledger_commit(kit->ledger, fault);
	if (r < 0)
		ledger_rollback(kit->ledger);
	return r;
}

int life_run(struct ledgerkit *kit, const struct life_change *wish, bool *done_out,
             struct buf *reply_out, struct fault *fault)
{
	static char request[4096];
	struct change change = { .who = text_of("uid 7"), .now_ms = KIT_NOW_MS };
	bool moved = false;
	char *to = request;
	int r;

	/* \' becomes \" with kit_quotes(): a book in a request. */
	snprintf(to, sizeof(request), "%s", kit_quotes(wish->text));
	*done_out = false;
	if (wish->event) {
		r = store(kit, request, fault);
		*done_out = r == 0;
		return r;
	}
	change.request = text_of(request);
	r = change_run(kit->ledger, &change, reply_out, &moved, fault);
	*done_out = r == 0 && reply_out->error == 0 && reply_out->at != NULL &&
	            strncmp(reply_out->at, "{\"ok\":true", 10) == 0;
	return r;
}

/* --- the readings -------------------------------------------------------- */

static int tell(struct life_told *told, int64_t number, struct text text)
{
	if (told->pause != NULL)
		told->pause(true);
	buf_addf(&told->text, "%lld %.*s\n", (long long)number, TEXT_ARGS(text));
	told->rows++;
	if (told->pause != NULL)
		told->pause(false);
	return told->stop ? LIFEKIT_STOP : 0;
}

/* A callback of `type` that tells a number and a text of its row. */
#define TELLS(name, type, number, text)                                                            \
	static int name(void *context, const struct type *row)                                     \
	{                                                                                          \
		return tell(context, number, text);                                                \
	}
TELLS(on_event, stored_event, row->price_id, row->event.id)
TELLS(on_phase, phase, row->time_ms, row->stored)
TELLS(on_rollup, rollup_row, row->hour_ms, row->model)
TELLS(on_quarantine, quarantine_row, row->id, row->raw)
TELLS(on_conflict, conflict_row, row->times, row->stored)
TELLS(on_unknown, unknown_row, row->events, row->path)
TELLS(on_change, change_row, row->at_ms, row->detail)
TELLS(on_run, adjustment_run, row->rows, row->reason)
TELLS(on_adjustment, adjustment, row->hour_ms, row->model)
TELLS(on_correction, correction, row->seq, row->reason)
TELLS(on_checkpoint, checkpoint_row, row->seq, row->json)
TELLS(on_source, source_row, row->requests, row->source)
TELLS(on_position, position, row->lines, row->place)
TELLS(on_book, book_log_row, row->seq, row->hash)
TELLS(on_reading_rule, reading_rule, row->at_ms, row->reading)
TELLS(on_setting, ledger_setting, (int64_t)row->of, row->value)
TELLS(on_twin, twin, row->keep_ms, row->id)
TELLS(on_finding, verify_finding, (int64_t)row->kind, row->stored)
TELLS(on_month, archive_month, row->events, text_of("month"))
TELLS(on_file, archive_file, row->events, text_of(row->file))

#define ALL        LEDGER_FROM_MIN, LEDGER_TO_MAX
#define JUNE_EVENT INT64_C(1780480800000)

#define READS(name, call)                                                                          \
	static int name(struct ledger *ledger, struct life_told *told, struct fault *fault)        \
	{                                                                                          \
		return call;                                                                       \
	}
READS(read_events, ledger_each_event(ledger, ALL, on_event, told, fault))
READS(read_found,
      ledger_find_events(ledger, text_of("june"), text_of(NULL), ALL, on_event, told, fault))
READS(read_request,
      ledger_find_request(ledger, text_of("t"), text_of("gw-1"), on_event, told, fault))
READS(read_phases,
      ledger_each_phase(ledger, text_of("gw-1"), text_of("settled"), on_phase, told, fault))
READS(read_suspense, ledger_each_suspense(ledger, ALL, on_event, told, fault))
READS(read_uncosted, ledger_each_uncosted(ledger, ALL, on_event, told, fault))
READS(read_rollups, ledger_each_rollup(ledger, ALL, on_rollup, told, fault))
READS(read_quarantine, ledger_each_quarantine(ledger, ALL, true, on_quarantine, told, fault))
READS(read_held, ledger_quarantine_get(ledger, 1, on_quarantine, told, fault))
READS(read_conflicts, ledger_each_conflict(ledger, ALL, on_conflict, told, fault))
READS(read_unknown, ledger_each_unknown(ledger, on_unknown, told, fault))
READS(read_changes, ledger_each_change(ledger, "rerate", on_change, told, fault))
READS(read_runs, ledger_each_run(ledger, on_run, told, fault))
READS(read_adjustments,
      ledger_each_adjustment(ledger, ADJUSTMENT_TRAFFIC, ALL, on_adjustment, told, fault))
READS(read_booked,
      ledger_each_adjustment(ledger, ADJUSTMENT_BOOKED, ALL, on_adjustment, told, fault))
READS(read_corrections,
      ledger_each_correction(ledger, CORRECTION_TRAFFIC, ALL, on_correction, told, fault))
READS(read_corrections_of,
      ledger_corrections_of(ledger, text_of("gw-1"), text_of("c"), INT64_C(1785576660000),
                            on_correction, told, fault))
READS(read_events_now, ledger_each_event_now(ledger, ALL, on_event, told, fault))
READS(read_checkpoints, ledger_each_checkpoint(ledger, on_checkpoint, told, fault))
READS(read_last_checkpoints, ledger_each_last_checkpoint(ledger, on_checkpoint, told, fault))
READS(read_sources, ledger_each_source(ledger, on_source, told, fault))
READS(read_positions, ledger_each_position(ledger, on_position, told, fault))
READS(read_books, ledger_each_book(ledger, on_book, told, fault))
READS(read_reading_rules, ledger_each_reading_rule(ledger, on_reading_rule, told, fault))
READS(read_settings, ledger_each_setting(ledger, on_setting, told, fault))
READS(read_months, archive_months(ledger, LEDGER_TO_MAX, on_month, told, fault))
READS(read_files, archive_each(ledger, on_file, told, fault))

static int read_archive(struct ledger *ledger, struct life_told *told, struct fault *fault)
{
	int r = archive_check(ledger, fault);

	return r < 0 ? r : tell(told, 0, text_of("good"));
}

static int read_verify(struct ledger *ledger, struct life_told *told, struct fault *fault)
{
	struct verify_summary summary;
	int r = ledger_verify(ledger, on_finding, NULL, told, &summary, fault);

	return r < 0 ? r : tell(told, summary.findings, text_of(summary.seal.chain));
}

static int read_twins(struct ledger *ledger, struct life_told *told, struct fault *fault)
{
	const struct twin_search search = { .until_ms = LEDGER_TO_MAX };
	struct period_check check;
	struct period_waits waits;
	int r = ledger_check_period(ledger, &search, on_twin, told, &check, fault);

	if (r == 0)
		r = ledger_period_waits(ledger, LEDGER_TO_MAX, &waits, fault);
	return r < 0 ? r : tell(told, waits.open, text_of("open"));
}

static int read_status(struct ledger *ledger, struct life_told *told, struct fault *fault)
{
	struct ledger_status status;
	struct ledger_gaps gaps;
	int64_t until_ms = 0, requests = 0, lines = 0;
	bool stands = false, unfinished = false;
	struct buf place = { .at = NULL };
	int r = ledger_status(ledger, &status, fault);

	if (r == 0)
		r = ledger_gaps(ledger, ALL, &gaps, fault);
	if (r == 0)
		r = ledger_closed_until(ledger, &until_ms, fault);
	if (r == 0)
		r = ledger_requests(ledger, text_of("gw-1"), INT64_C(1785574800000), &requests,
		                    fault);
	if (r == 0)
		r = ledger_stands(ledger, text_of("gw-1"), text_of("june"), JUNE_EVENT, &stands,
		                  fault);
	if (r == 0)
		r = archive_unfinished(ledger, 1, &unfinished, fault);
	if (r == 0)
		r = ledger_position_get(ledger, text_of("file:/var/log/gw"), &place, &lines, fault);
	if (r == 0)
		r = tell(told, status.events + gaps.conflicts + until_ms + requests + lines,
		         text_of(stands && !unfinished ? "june stands" : "june does not"));
	buf_release(&place);
	return r;
}

static int read_seals(struct ledger *ledger, struct life_told *told, struct fault *fault)
{
	struct seal_link head, found;
	int r = ledger_seal_head(ledger, &head, fault);

	if (r == 0)
		r = ledger_seal_find(ledger, text_of(head.chain), &found, fault);
	return r < 0 ? r : tell(told, found.seq, text_of(found.chain));
}

static int read_prices(struct ledger *ledger, struct life_told *told, struct fault *fault)
{
	struct applied_book current = { .book = NULL };
	const struct book_version *version = NULL;
	const struct book *book = NULL;
	struct buf json = { .at = NULL };
	struct rules *rules = NULL;
	int r = ledger_price_version(ledger, 1, &version, &book, fault);

	if (r == 0)
		r = ledger_book_current(ledger, BOOK_COST, &current, fault);
	if (r == 0)
		r = ledger_book_json(ledger, text_of(book_hash(book)), &json, fault);
	if (r == 0)
		r = ledger_rules_load(ledger, &rules, fault);
	if (r == 0)
		r = tell(told, current.first_price, buf_text(&json));
	rules_free(rules);
	buf_release(&json);
	book_free(current.book);
	return r;
}

static int read_report(struct ledger *ledger, struct life_told *told, struct fault *fault)
{
	const struct report_query query = { .from_ms = LEDGER_FROM_MIN, .to_ms = LEDGER_TO_MAX };
	struct report_notes notes;
	struct table table;
	int r = report_run(ledger, &query, &table, &notes, fault);

	if (r < 0)
		return r;
	r = tell(told, notes.events, text_of(notes.currency));
	table_release(&table);
	return r;
}

/* Of the book by which it costs, by account; of both, by model. */
static int read_impact(struct ledger *ledger, struct life_told *told, struct fault *fault)
{
	const struct impact_range stored = { .from_ms = JULY_MS,
		                             .to_ms = AUGUST_2_MS,
		                             .by_account = true };
	const struct impact_range all = { .from_ms = LEDGER_FROM_MIN, .to_ms = LEDGER_TO_MAX };
	struct impact impacts[2] = { { .rows = NULL }, { .rows = NULL } };
	struct applied_book sell = { .book = NULL }, cost = { .book = NULL };
	int r = ledger_book_current(ledger, BOOK_SELL, &sell, fault);

	if (r == 0)
		r = ledger_book_current(ledger, BOOK_COST, &cost, fault);
	if (r == 0)
		r = impact_of_stored(ledger, cost.book, &stored, &impacts[0], fault);
	if (r == 0)
		r = impact_of_books(ledger, sell.book, cost.book, &all, &impacts[1], fault);
	for (size_t i = 0; r == 0 && i < 2; i++) {
		char before[MONEY_TEXT_BYTES];

		money_text(impacts[i].total.before[IMPACT_RATED], before);
		r = tell(told, (int64_t)impacts[i].count, text_of(before));
	}
	impact_release(&impacts[0]);
	impact_release(&impacts[1]);
	book_free(sell.book);
	book_free(cost.book);
	return r;
}

const struct life_reading life_readings[] = {
	{ "events", read_events, true },
	{ "events of an id", read_found, true },
	{ "a request and its turns", read_request, true },
	{ "phases", read_phases, true },
	{ "suspense", read_suspense, true },
	{ "uncosted", read_uncosted, true },
	{ "hourly sums", read_rollups, true },
	{ "quarantine", read_quarantine, true },
	{ "a held line", read_held, true },
	{ "conflicts", read_conflicts, true },
	{ "unknown numbers", read_unknown, true },
	{ "changes", read_changes, true },
	{ "runs", read_runs, true },
	{ "adjustments by their traffic", read_adjustments, true },
	{ "adjustments as booked", read_booked, true },
	{ "corrections", read_corrections, true },
	{ "corrections of an event", read_corrections_of, true },
	{ "events as they are now", read_events_now, true },
	{ "checkpoints", read_checkpoints, true },
	{ "last checkpoints", read_last_checkpoints, true },
	{ "sources", read_sources, true },
	{ "positions", read_positions, true },
	{ "books", read_books, true },
	{ "standing readings", read_reading_rules, true },
	{ "settings", read_settings, true },
	{ "months to archive", read_months, true },
	{ "files of the archive", read_files, true },
	{ "check of the archive", read_archive, false },
	{ "verify", read_verify, false },
	{ "twins", read_twins, false },
	{ "status", read_status, false },
	{ "seals", read_seals, false },
	{ "prices and rules", read_prices, false },
	{ "report", read_report, false },
	{ "impact of a book", read_impact, false },
};
const size_t life_reading_count = LENGTH(life_readings);
