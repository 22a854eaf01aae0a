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

#include "base/hash.h"
#include "base/moment.h"
#include "ingest/change.h"
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

enum { REQUEST_BYTES = 4096, LEDGER_BYTES_MAX = 4 * 1024 * 1024 };
#define JULY_MS   INT64_C(1782864000000)
#define AUGUST_MS INT64_C(1785542400000)
#define LATE_MS   (KIT_NOW_MS + INT64_C(172800000)) /* all hours of the fixture are over */

static char prepared[REQUEST_BYTES]; /* the request that prepare() made */

#define LENGTH(table) (sizeof(table) / sizeof((table)[0]))

/* --- the fixture --------------------------------------------------------- */

static void change(struct ledgerkit *kit, const char *request)
{
	const struct life_change wish = { request, request, LIFE_REQUEST, false, NULL, 0 };
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

void life_shared_memory(void)
{
	if (access("/dev/shm", W_OK | X_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
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

/* --- what a change needs ------------------------------------------------- */

#define CLOSED_UNTIL INT64_C(1785542400000) /* 2026-08-01 */

static void void_open(struct ledgerkit *kit, char *text_out, size_t cap)
{
	(void)text_out;
	(void)cap;
	change(kit, "{'change':'void'," WHICH("open", "2026-08-01T09:40:00") ",'reason':'r'}");
}

static void correct_b(struct ledgerkit *kit, char *text_out, size_t cap)
{
	(void)text_out;
	(void)cap;
	change(kit, "{'change':'correct'," WHICH(
			    "b", "2026-08-01T09:30:00") ",'reason':'r','set':{'input':5}}");
}

/* One that waits is corrected, and then there is a price for it. */
static void correct_waiting(struct ledgerkit *kit, char *text_out, size_t cap)
{
	static const char book[] =
		"{\\'pricebook\\':1,\\'name\\':\\'n\\',\\'currency\\':\\'USD\\',\\'models\\':[{"
		"\\'model\\':\\'n\\',\\'versions\\':[{\\'effective_from\\':\\'2026\\',\\'rates\\':["
		"{\\'component\\':\\'input\\',\\'each\\':\\'3\\'}]}]}]}";
	char request[1024];

	(void)text_out;
	(void)cap;
	change(kit, "{'change':'correct'," WHICH(
			    "w", "2026-08-01T10:00:00") ",'reason':'r','set':{'input':5}}");
	snprintf(request, sizeof(request), "{'change':'price.apply','book':'%s','note':'n'}", book);
	change(kit, request);
	snprintf(request, sizeof(request),
	         "{'change':'price.apply','side':'cost','book':'%s','note':'n'}", book);
	change(kit, request);
}

/* Behind it nothing of the fixture is in memory when the ledger is opened. */
static void later_event(struct ledgerkit *kit, char *text_out, size_t cap)
{
	(void)text_out;
	(void)cap;
	kit_send(kit, kit_quotes(LINE("later", "2026-08-01T11:30:00", USAGE)));
}

static void rollback_request(struct ledgerkit *kit, char *text_out, size_t cap)
{
	char hex[SHA256_HEX_BYTES];

	(void)kit;
	sha256_hex(kit_quotes(SELL), strlen(SELL), hex);
	snprintf(text_out, cap, "{'change':'price.rollback','hash':'%s'}", hex);
}

static void rerate_request(struct ledgerkit *kit, char *text_out, size_t cap)
{
	char hex[SHA256_HEX_BYTES];

	(void)kit;
	sha256_hex(kit_quotes(SELL), strlen(SELL), hex);
	snprintf(text_out, cap,
	         "{'change':'rerate','from':'2026-07-01T00:00:00Z','to':'2026-08-01T11:00:00Z',"
	         "'reason':'r','book':'%s'}",
	         hex);
}

static int add_twin(void *context, const struct twin *twin)
{
	char keep[MOMENT_TEXT_BYTES], later[MOMENT_TEXT_BYTES];

	moment_text(twin->keep_ms, keep);
	moment_text(twin->void_ms, later);
	buf_addf(context, "%s{'source':'%.*s','id':'%.*s','keep':'%s','void':'%s'}",
	         ((struct buf *)context)->len > 0 ? "," : "", TEXT_ARGS(twin->source),
	         TEXT_ARGS(twin->id), keep, later);
	return 0;
}

/* As `toll close` asks for it. */
static void close_request(struct ledgerkit *kit, char *text_out, size_t cap)
{
	const struct twin_search search = { .until_ms = CLOSED_UNTIL };
	char hex[2 * SHA256_BYTES + 1];
	struct buf twins = { .at = NULL };
	struct period_check check;

	assert_int_equal(ledger_check_period(kit->ledger, &search, add_twin, &twins, &check, NULL),
	                 0);
	for (int i = 0; i < SHA256_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", check.digest[i]);
	snprintf(text_out, cap,
	         "{'change':'period.close','until':'2026-08','reason':'r','check':'%s',"
	         "'twins':[%.*s]}",
	         hex, TEXT_ARGS(buf_text(&twins)));
	buf_release(&twins);
}

/* What memory has forgotten comes again at another time: one here, one in the archive. */
static void close_copies(struct ledgerkit *kit, char *text_out, size_t cap)
{
	kit_send(kit, kit_quotes(LINE("july", "2026-07-04T10:00:00", USAGE)));
	kit_send(kit, kit_quotes(LINE("june", "2026-07-04T11:00:00", USAGE)));
	kit_send(kit, kit_quotes(LINE("june", "2026-07-04T12:00:00", USAGE)));
	close_request(kit, text_out, cap);
	assert_non_null(strstr(text_out, "'july'"));
	assert_non_null(strstr(text_out, "'june'"));
}

static void retry_held(struct ledgerkit *kit, char *text_out, size_t cap)
{
	snprintf(text_out, cap, "{'change':'quarantine.retry','id':%s}",
	         kit_ask(kit, "SELECT id FROM quarantine WHERE reason = 'readings'"));
}

static void settle_held(struct ledgerkit *kit, char *text_out, size_t cap)
{
	snprintf(text_out, cap,
	         "{'change':'reading.settle','source':'gw-1','reading':'declared','reason':'w',"
	         "'id':%s}",
	         kit_ask(kit, "SELECT id FROM quarantine WHERE reason = 'readings'"));
}

/* The file is there from the first time on, and is no other when the ledger is laid out anew. */
static char july[LIFE_REQUEST_BYTES];

static void archive_july(struct ledgerkit *kit, char *text_out, size_t cap)
{
	if (july[0] == '\0')
		life_archive(kit, AUGUST_MS, july);
	snprintf(text_out, cap, "%s", july);
}

/* --- the changes --------------------------------------------------------- */

#define EVENT(label, line)                                                                         \
	{                                                                                          \
		label, line, LIFE_EVENT, false, NULL, 0                                            \
	}
#define REQUEST(label, text)                                                                       \
	{                                                                                          \
		label, text, LIFE_REQUEST, false, NULL, 0                                          \
	}
#define STEPS(label, text)                                                                         \
	{                                                                                          \
		label, text, LIFE_REQUEST, true, NULL, 0                                           \
	}
#define PREPARED(label, kind, prepare, text)                                                       \
	{                                                                                          \
		label, text, kind, false, prepare, 0                                               \
	}
/* Memory has the identities of the last hour alone. */
#define FORGOTTEN(label, prepare, line)                                                            \
	{                                                                                          \
		label, line, LIFE_EVENT, false, prepare, 1                                         \
	}

const struct life_change life_changes[] = {
	EVENT("an event", LINE("new", "2026-08-01T11:00:00", USAGE)),
	EVENT("an event without a price", "{'id':'dear','time':'2026-08-01T11:00:00Z','account':'"
	                                  "other','model':'x','api':'toll',"
	                                  "'usage':{'input':3}}"),
	EVENT("an event of an hour in the archive", LINE("late", "2026-06-03T10:20:00", USAGE)),
	EVENT("a final phase", LINE("open", "2026-08-01T09:40:00", "'settlement':'final'," USAGE)),
	EVENT("an earlier phase, late",
	      LINE("settled", "2026-08-01T09:41:00", "'settlement':'partial'," USAGE)),
	EVENT("a conflict", LINE("a", "2026-08-01T09:00:00", "'usage':{'input':11}")),
	EVENT("a conflict with the archive",
	      LINE("june", "2026-06-03T10:00:00", "'usage':{'input':11}")),
	EVENT("a number nobody counts",
	      LINE("odd", "2026-08-01T11:00:00", "'usage':{'input':3,'smells':4}")),
	EVENT("a line that is none", "{'id':'none'}"),
	EVENT("a request in turns", TURNS("turns", "2026-08-01T11:00:00", "")),
	EVENT("a checkpoint", "{'checkpoint':{'epoch':1,'seq':3,'requests':5}}"),
	REQUEST("price.apply", "{'change':'price.apply','book':'" LAST "','note':'n'}"),
	REQUEST("price.apply of a cost",
	        "{'change':'price.apply','side':'cost','book':'" LAST "','note':'n'}"),
	STEPS("suspense.retry", "{'change':'suspense.retry'}"),
	STEPS("quarantine.retry", "{'change':'quarantine.retry'}"),
	REQUEST("policy.set", "{'change':'policy.set','account':'other','policies':['zero-"
	                      "completion'],'note':'n'}"),
	STEPS("reading.settle",
	      "{'change':'reading.settle','source':'gw-1','reading':'declared','reason':'w'}"),
	REQUEST("rerate",
	        "{'change':'rerate','from':'2026-08-01T09:00:00Z','to':'2026-08-01T11:00:00Z',"
	        "'reason':'r'}"),
	REQUEST("void", "{'change':'void'," WHICH("a", "2026-08-01T09:00:00") ",'reason':'r'}"),
	REQUEST("void of what is in the archive",
	        "{'change':'void'," WHICH("june", "2026-06-03T10:00:00") ",'reason':'r'}"),
	REQUEST("correct",
	        "{'change':'correct'," WHICH("b", "2026-08-01T09:30:00") ",'reason':'r','set':"
	                                                                 "{'input':5}}"),
	REQUEST("reconcile.run",
	        "{'change':'reconcile.run','report':{'result_sha256':'0123456789abcdef0123456789ab"
	        "cdef0123456789abcdef0123456789abcdef'},'seal':null}"),
	EVENT("an event again", LINE("b", "2026-08-01T09:30:00", USAGE)),
	EVENT("an event of names that are new",
	      "{'id':'names','time':'2026-08-01T11:00:00Z','source':'gw-2','account':'new','model':"
	      "'m','key':'kk','provider':'pp','service_tier':'tt','finish_reason':'ff','region':'"
	      "rr',"
	      "'api':'toll'," USAGE "}"),
	EVENT("a final phase of another time",
	      LINE("open", "2026-08-01T10:45:00", "'settlement':'final'," USAGE)),
	EVENT("an earlier phase again",
	      LINE("settled", "2026-08-01T09:41:00", "'settlement':'open'")),
	EVENT("another earlier phase",
	      LINE("settled", "2026-08-01T09:41:00", "'settlement':'open','usage':{'input':1}")),
	PREPARED("a final phase of what is void", LIFE_EVENT, void_open,
	         LINE("open", "2026-08-01T09:40:00", "'settlement':'final'," USAGE)),
	FORGOTTEN("an event that is known by its conflict", later_event,
	          LINE("a", "2026-08-01T09:00:05", USAGE)),
	FORGOTTEN("an event that is found where it is to be", later_event,
	          LINE("b", "2026-08-01T09:30:00", USAGE)),
	FORGOTTEN("another event in its place", later_event,
	          LINE("b", "2026-08-01T09:30:00", "'usage':{'input':1}")),
	EVENT("a line that was taken before its account was gone",
	      "{'id':'b','time':'2026-08-01T09:30:00Z','model':'m','api':'toll'," USAGE "}"),
	PREPARED("price.rollback", LIFE_REQUEST, rollback_request, NULL),
	PREPARED("rerate by a book that is named", LIFE_REQUEST, rerate_request, NULL),
	REQUEST("void of a request in turns",
	        "{'change':'void'," WHICH("t", "2026-08-01T09:42:00") ",'reason':'r'}"),
	REQUEST("correct of a turn",
	        "{'change':'correct'," WHICH(
			"t~2", "2026-08-01T09:42:00") ",'reason':'r','set':{'input':9}}"),
	REQUEST("void of what waits",
	        "{'change':'void'," WHICH("w", "2026-08-01T10:00:00") ",'reason':'r'}"),
	PREPARED("correct of what is corrected", LIFE_REQUEST, correct_b,
	         "{'change':'correct'," WHICH(
			 "b", "2026-08-01T09:30:00") ",'reason':'r','set':{'output':7}}"),
	PREPARED("void of what is corrected", LIFE_REQUEST, correct_b,
	         "{'change':'void'," WHICH("b", "2026-08-01T09:30:00") ",'reason':'r'}"),
	PREPARED("rerate of what is corrected", LIFE_REQUEST, correct_b,
	         "{'change':'rerate','from':'2026-08-01T09:00:00Z','to':'2026-08-01T11:00:00Z',"
	         "'reason':'r'}"),
	{ "suspense.retry of what is corrected", "{'change':'suspense.retry'}", LIFE_REQUEST, true,
	  correct_waiting, 0 },
	PREPARED("period.close", LIFE_REQUEST, close_request, NULL),
	{ "period.close with later copies", NULL, LIFE_REQUEST, true, close_copies, 1 },
	PREPARED("quarantine.retry of a line", LIFE_REQUEST, retry_held, NULL),
	PREPARED("reading.settle of a line", LIFE_REQUEST, settle_held, NULL),
	{ "archive.month", NULL, LIFE_REQUEST, true, archive_july, 0 },
	{ "a seal", "", LIFE_SEAL, true, NULL, 0 },
};
const size_t life_change_count = LENGTH(life_changes);

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
	struct change change = { .who = text_of("uid 7"), .now_ms = KIT_NOW_MS };
	static char request[REQUEST_BYTES];
	bool moved = false;
	int r;

	/* \' becomes \" with kit_quotes(): a book in a request. */
	snprintf(request, sizeof(request), "%s",
	         kit_quotes(wish->text != NULL ? wish->text : prepared));
	*done_out = false;
	if (wish->kind != LIFE_REQUEST) {
		r = wish->kind == LIFE_EVENT ? store(kit, request, fault)
		                             : ledger_seal_all(kit->ledger, LATE_MS, fault);
		*done_out = r == 0;
		return r;
	}
	change.request = text_of(request);
	r = change_run(kit->ledger, &change, reply_out, &moved, fault);
	*done_out = r == 0 && reply_out->error == 0 && reply_out->at != NULL &&
	            strncmp(reply_out->at, "{\"ok\":true", 10) == 0;
	return r;
}

/* --- the fixture, again and again ---------------------------------------- */

static struct {
	unsigned char *bytes;
	size_t len;
} kept;

void life_keep(struct ledgerkit *kit)
{
	FILE *file;

	july[0] = '\0';
	kit_shut(kit);
	file = fopen(kit->path, "rb");
	assert_non_null(file);
	kept.bytes = malloc(LEDGER_BYTES_MAX);
	assert_non_null(kept.bytes);
	kept.len = fread(kept.bytes, 1, LEDGER_BYTES_MAX, file);
	assert_true(kept.len > 0 && kept.len < LEDGER_BYTES_MAX);
	fclose(file);
	kit_reopen(kit);
}

void life_reopen(struct ledgerkit *kit, const struct life_change *change)
{
	const struct ledger_options options = {
		.identity_hours = change != NULL ? change->identity_hours : 0,
	};
	struct fault fault = { .code = FAULT_NONE };

	kit_shut(kit);
	if (ledger_open_writer(&kit->ledger, kit->path, &options, &fault) < 0)
		fail_msg("open: %s", fault.text);
}

void life_lay_out(struct ledgerkit *kit, const struct life_change *change)
{
	char name[KIT_PATH_BYTES + 8];
	FILE *file;

	kit_shut(kit);
	file = fopen(kit->path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(kept.bytes, 1, kept.len, file), kept.len);
	assert_int_equal(fclose(file), 0);
	snprintf(name, sizeof(name), "%s-wal", kit->path);
	unlink(name);
	snprintf(name, sizeof(name), "%s-shm", kit->path);
	unlink(name);
	life_reopen(kit, change);
	if (change == NULL || change->prepare == NULL)
		return;
	change->prepare(kit, prepared, sizeof(prepared));
	if (change->identity_hours > 0)
		life_reopen(kit, change);
}

char *life_state(struct ledgerkit *kit, bool verified)
{
	struct life_told told = { .rows = 0 };
	struct fault fault = { .code = FAULT_NONE };
	char *state;

	for (size_t i = 0; i < life_reading_count; i++) {
		const struct life_reading *reading = &life_readings[i];

		if (reading->again || (reading->whole && !verified))
			continue;
		buf_addf(&told.text, "%s:\n", reading->label);
		if (reading->read(kit->ledger, &told, &fault) < 0)
			fail_msg("%s: %s", reading->label, fault.text);
	}
	assert_int_equal(told.text.error, 0);
	state = strndup(told.text.at, told.text.len);
	assert_non_null(state);
	buf_release(&told.text);
	return state;
}

const char *life_sums(struct ledgerkit *kit)
{
	static char texts[2][16384];
	static int turn;
	struct ledger_status status;
	char *out = texts[turn++ % 2];

	assert_int_equal(ledger_status(kit->ledger, &status, NULL), 0);
	snprintf(out, sizeof(texts[0]), "%lld %lld %lld %lld %lld %s", (long long)status.events,
	         (long long)status.corrections, (long long)status.quarantined,
	         (long long)status.conflicts, (long long)status.unknown_events, kit_events(kit));
	return out;
}

void life_expect(const char *state, const char *expected, const char *label, const char *when)
{
	size_t at = 0, line = 0;

	for (; state[at] != '\0' && state[at] == expected[at]; at++)
		line = state[at] == '\n' ? at + 1 : line;
	if (state[at] != expected[at])
		fail_msg("%s, %s: there is \"%.*s\", not \"%.*s\"", label, when,
		         (int)strcspn(state + line, "\n"), state + line,
		         (int)strcspn(expected + line, "\n"), expected + line);
}

void life_close(struct ledgerkit *kit)
{
	char command[KIT_PATH_BYTES + 32];

	free(kept.bytes);
	kept.bytes = NULL;
	snprintf(command, sizeof(command), "rm -rf %s/*.archive", kit->folder);
	assert_int_equal(system(command), 0);
	kit_close(kit);
}
