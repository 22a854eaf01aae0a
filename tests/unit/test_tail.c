/* What is told of a line, how it is laid out, and that who does not read it holds nobody back. */
#include <fcntl.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/tail_line.h"
#include "daemon/tail.h"
#include "export/export.h"
#include "tests/support/ledgerkit.h"

#define EVENT(rest)                                                                                \
	"{'id':'a1','time':'2026-08-01T10:42:07Z','account':'acct_42','model':'acme/llama-4-70b'," \
	"'api':'toll'," rest "}"
#define NAMES                                                                                      \
	"'source':'gw-1','id':'a1','account':'acct_42','key':null,'model':'acme/llama-4-70b',"     \
	"'api':'toll',"
#define RECEIVED "{'received':'2026-08-01T12:00:00.000Z',"
#define AT       "'time':'2026-08-01T10:42:07.000Z',"

/* --- what the daemon tells ------------------------------------------------ */

static const struct {
	const char *label, *line, *told;
	enum ingest_verdict verdict; /* where the line is not refused */
} told_rows[] = {
	{ "priced", EVENT("'usage':{'input':1204,'output':88}"),
	  RECEIVED AT
	  "'verdict':'accepted','reason':null,'detail':null," NAMES
	  "'settlement':'final','provenance':'reported','counts':{'input':1204,"
	  "'output':88,'requests':1},'amount':'0.0011744','currency':'USD','total':'0.0011744',"
	  "'phase':null,'status':null}\n",
	  INGEST_ACCEPTED },
	{ "nothing was used", EVENT("'status':500"),
	  RECEIVED AT "'verdict':'accepted','reason':null,'detail':null," NAMES
	              "'settlement':'final','provenance':'none','counts':{},'amount':'0.00',"
	              "'currency':'USD','total':'0.00','phase':null,'status':500}\n",
	  INGEST_ACCEPTED },
	{ "no price", EVENT("'usage':{'pages':3}"),
	  RECEIVED AT "'verdict':'unpriced','reason':null,'detail':null," NAMES
	              "'settlement':'final','provenance':'reported','counts':{'pages':3,"
	              "'requests':1},'amount':null,'currency':null,'total':null,'phase':null,"
	              "'status':null}\n",
	  INGEST_UNPRICED },
	{ "a duplicate adds nothing", EVENT("'usage':{'input':1204,'output':88}"),
	  RECEIVED AT
	  "'verdict':'duplicate','reason':null,'detail':null," NAMES
	  "'settlement':'final','provenance':'reported','counts':{'input':1204,"
	  "'output':88,'requests':1},'amount':null,'currency':null,'total':null,'phase':null,"
	  "'status':null}\n",
	  INGEST_DUPLICATE },
	{ "a conflict adds nothing", EVENT("'usage':{'input':1}"),
	  RECEIVED AT "'verdict':'conflict','reason':null,'detail':null," NAMES
	              "'settlement':'final','provenance':'reported','counts':{'input':1,"
	              "'requests':1},'amount':null,'currency':null,'total':null,'phase':null,"
	              "'status':null}\n",
	  INGEST_CONFLICT },
	{ "a count that is none", EVENT("'usage':{'input':-1}"),
	  RECEIVED AT "'verdict':'quarantined','reason':'count','detail':'usage: input: -1 is no "
	              "count'," NAMES "'settlement':null,'provenance':null,'counts':{},"
	              "'amount':null,'currency':null,'total':null,'phase':null,"
	              "'status':null}\n",
	  INGEST_QUARANTINED },
	{ "no object", "hello",
	  RECEIVED "'time':null,'verdict':'quarantined','reason':'syntax','detail':'line 1, column "
	           "1: this is not JSON','source':'gw-1','id':null,'account':null,'key':null,"
	           "'model':null,'api':null,'settlement':null,'provenance':null,'counts':{},"
	           "'amount':null,'currency':null,'total':null,'phase':null,"
	           "'status':null}\n",
	  INGEST_QUARANTINED },
	{ "control totals", "{'checkpoint':{'seq':1}}",
	  RECEIVED "'time':null,'verdict':'checkpoint','reason':null,'detail':null,"
	           "'source':'gw-1','id':null,'account':null,'key':null,'model':null,'api':null,"
	           "'settlement':null,'provenance':null,'counts':{},'amount':null,"
	           "'currency':null,'total':null,'phase':null,"
	           "'status':null}\n",
	  INGEST_CHECKPOINT },
};
enum { TOLD_ROWS = sizeof(told_rows) / sizeof(told_rows[0]) };

static void test_a_line_is_told_with_what_is_known_of_it(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_small_book);
	for (size_t i = 0; i < TOLD_ROWS; i++) {
		struct buf out = { .at = NULL };
		struct ingest_item item;

		kit_prepare(kit, kit_quotes(told_rows[i].line), &item);
		item.added = item.rated.amount;
		item.own_verdict = told_rows[i].verdict;
		tail_format(&out, &item, text_of("USD"));
		if (out.at == NULL || strcmp(out.at, kit_quotes(told_rows[i].told)) != 0)
			fail_msg("%s: %s", told_rows[i].label, out.at);
		buf_release(&out);
	}
}

/* A name that is itself the trouble is no name of anybody's. */
static void test_what_is_no_name_is_not_told(void **state)
{
	struct ledgerkit *kit = *state;
	struct buf line = { .at = NULL }, out = { .at = NULL };
	struct ingest_item item;

	buf_add_cstr(&line, "{\"id\":\"a\",\"account\":\"");
	for (int i = 0; i < 300; i++)
		buf_add_cstr(&line, "x");
	buf_add_cstr(&line, "\",\"time\":\"2026-08-01T10:42:07Z\",\"model\":\"m\\nn\"}");
	kit_prepare(kit, line.at, &item);
	item.own_verdict = INGEST_QUARANTINED;
	tail_format(&out, &item, text_of(NULL));
	assert_non_null(strstr(out.at, "\"account\":null"));
	assert_null(strstr(out.at, "xxx"));
	buf_release(&line);
	buf_release(&out);
}

static void test_only_a_request_for_it_is_one(void **state)
{
	static const struct {
		const char *request;
		bool asked;
	} rows[] = {
		{ "{'tail':true}", true },
		{ "{'account':'a','tail':true}", true },
		{ "{'tail':true,'nonsense':1}", true },
		{ "{'tail':false}", false },
		{ "{'tail':'true'}", false },
		{ "{'change':'suspense.retry'}", false },
		{ "[{'tail':true}]", false },
		{ "'tail'", false },
		{ "{'tail':true", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (tail_is_asked(text_of(kit_quotes(rows[i].request))) != rows[i].asked)
			fail_msg("%s", rows[i].request);
	}
}

/* --- subscribers ---------------------------------------------------------- */

struct bench {
	uv_loop_t loop;
	struct tail tail;
	struct ledgerkit *kit;
	struct batch *batch; /* with one item */
	int fds[TAIL_SUBSCRIBERS_MAX + 1];
	size_t count;
};

static void bench_open(struct bench *bench, struct ledgerkit *kit)
{
	*bench = (struct bench){ .kit = kit, .batch = batch_new(1) };
	assert_non_null(bench->batch);
	assert_int_equal(uv_loop_init(&bench->loop), 0);
	tail_start(&bench->tail, &bench->loop);
	kit_price(kit, kit_small_book);
	kit_prepare(kit, kit_quotes(told_rows[0].line), &bench->batch->items[0]);
	bench->batch->items[0].own_verdict = INGEST_ACCEPTED;
	bench->batch->count = 1;
}

static void turn(struct bench *bench)
{
	uv_run(&bench->loop, UV_RUN_NOWAIT);
}

static void bench_close(struct bench *bench)
{
	tail_close(&bench->tail);
	for (size_t i = 0; i < bench->count; i++)
		close(bench->fds[i]);
	uv_run(&bench->loop, UV_RUN_DEFAULT);
	assert_int_equal(bench->tail.count, 0);
	assert_int_equal(uv_loop_close(&bench->loop), 0);
	tail_release(&bench->tail);
	batch_free(bench->batch);
}

/* Our end is bench->fds[bench->count - 1] where it was taken. */
static int subscribe(struct bench *bench, const char *request, struct fault *fault)
{
	int ends[2], r;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	r = tail_subscribe(&bench->tail, ends[1], text_of("uid 7"), text_of(kit_quotes(request)),
	                   fault);
	close(ends[1]);
	if (r < 0)
		close(ends[0]);
	else
		bench->fds[bench->count++] = ends[0];
	turn(bench);
	return r;
}

/* What has come so far and was not read. */
static void read_some(int fd, struct buf *into)
{
	for (;;) {
		char *room = buf_room(into, 65536);
		ssize_t got;

		assert_non_null(room);
		got = recv(fd, room, 65536, MSG_DONTWAIT);
		if (got <= 0)
			break;
		into->len += (size_t)got;
		into->at[into->len] = '\0';
	}
}

static int64_t lines_in(const struct buf *told, int64_t *skipped_out)
{
	struct text rest = buf_text(told), line;
	struct json doc = { .nodes = NULL };
	struct fault fault;
	int64_t lines = 0;

	*skipped_out = 0;
	while (text_cut(&rest, '\n', &line)) {
		struct tail_line read;

		if (line.len == 0)
			continue;
		if (tail_line_read(&doc, line, &read, &fault) < 0)
			fail_msg("%s: %.*s", fault.text, TEXT_ARGS(line));
		lines += read.kind == TAIL_EVENT;
		*skipped_out += read.skipped;
	}
	json_release(&doc);
	return lines;
}

static void test_nothing_is_formatted_where_nobody_listens(void **state)
{
	struct bench bench;
	struct fault fault;

	bench_open(&bench, *state);
	for (int i = 0; i < 100; i++)
		tail_batch(&bench.tail, bench.batch, text_of("USD"));
	assert_null(bench.tail.line.at);
	/* Nor for a filter that does not match. */
	assert_int_equal(subscribe(&bench, "{'tail':true,'account':'other'}", &fault), 0);
	tail_batch(&bench.tail, bench.batch, text_of("USD"));
	assert_null(bench.tail.line.at);
	bench_close(&bench);
}

static void test_filters_are_kept_to_and_bad_ones_refused(void **state)
{
	static const struct {
		const char *request, *refused; /* refused NULL: taken */
		int64_t lines;
	} rows[] = {
		{ "{'tail':true}", NULL, 1 },
		{ "{'tail':true,'account':null}", NULL, 1 },
		{ "{'tail':true,'account':'acct_42','source':'gw-1','model':'acme/llama-4-70b',"
		  "'verdict':'accepted'}",
		  NULL, 1 },
		{ "{'tail':true,'account':'acct_4'}", NULL, 0 },
		{ "{'tail':true,'source':'gw-12'}", NULL, 0 },
		{ "{'tail':true,'model':'acme'}", NULL, 0 },
		{ "{'tail':true,'verdict':'unpriced'}", NULL, 0 },
		{ "{'tail':true,'verdict':'fine'}", "verdict: there is none", 0 },
		{ "{'tail':true,'account':''}", "account: a text is due", 0 },
		{ "{'tail':true,'model':7}", "model: a text is due", 0 },
		{ "{'tail':true,'key':'k'}", "key: a tail is told by", 0 },
	};
	struct bench bench;

	bench_open(&bench, *state);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf told = { .at = NULL };
		struct fault fault = { .code = FAULT_NONE };
		int64_t skipped;
		int r = subscribe(&bench, rows[i].request, &fault);

		if (r == 0 && rows[i].refused == NULL) {
			tail_batch(&bench.tail, bench.batch, text_of("USD"));
			turn(&bench);
			read_some(bench.fds[bench.count - 1], &told);
			assert_memory_equal(told.at, "{\"ok\":true,\"tail\":true}\n", 24);
			assert_int_equal(lines_in(&told, &skipped), rows[i].lines);
			assert_int_equal(skipped, 0);
		} else if (r != -FAULT_INVALID || rows[i].refused == NULL ||
		           strstr(fault.text, rows[i].refused) == NULL) {
			fail_msg("%s: %s", rows[i].request, fault.text);
		}
		buf_release(&told);
	}
	bench_close(&bench);
}

static void test_a_long_filter_is_refused(void **state)
{
	struct buf request = { .at = NULL };
	struct bench bench;
	struct fault fault;

	bench_open(&bench, *state);
	buf_add_cstr(&request, "{'tail':true,'account':'");
	for (int i = 0; i <= EVENT_NAME_BYTES_MAX; i++)
		buf_add_cstr(&request, "a");
	buf_add_cstr(&request, "'}");
	assert_int_equal(subscribe(&bench, request.at, &fault), -FAULT_INVALID);
	buf_release(&request);
	bench_close(&bench);
}

static void test_so_many_may_tail_and_no_more(void **state)
{
	struct bench bench;
	struct fault fault;

	bench_open(&bench, *state);
	for (int i = 0; i < TAIL_SUBSCRIBERS_MAX; i++)
		assert_int_equal(subscribe(&bench, "{'tail':true}", &fault), 0);
	assert_int_equal(subscribe(&bench, "{'tail':true}", &fault), -FAULT_BUSY);
	assert_non_null(strstr(fault.text, "16 are tailing already"));
	/* Who leaves makes room. */
	close(bench.fds[--bench.count]);
	turn(&bench);
	turn(&bench);
	assert_int_equal(subscribe(&bench, "{'tail':true}", &fault), 0);
	tail_end(&bench.tail);
	assert_int_equal(subscribe(&bench, "{'tail':true}", &fault), -FAULT_BUSY);
	assert_non_null(strstr(fault.text, "stopping"));
	bench_close(&bench);
}

static void test_a_file_that_is_no_socket_is_refused(void **state)
{
	struct bench bench;
	struct fault fault;

	bench_open(&bench, *state);
	assert_int_equal(
		tail_subscribe(&bench.tail, -1, text_of("x"), text_of("{\"tail\":true}"), &fault),
		-FAULT_IO);
	bench_close(&bench);
}

/* Whole lines are left out, all are accounted for, and the end comes behind them. */
static void test_who_does_not_read_is_told_what_was_left_out(void **state)
{
	enum { LINES = 30000 };
	struct buf slow = { .at = NULL }, quick = { .at = NULL };
	int64_t lines, skipped;
	struct bench bench;
	struct fault fault;

	bench_open(&bench, *state);
	assert_int_equal(subscribe(&bench, "{'tail':true}", &fault), 0);
	assert_int_equal(subscribe(&bench, "{'tail':true}", &fault), 0);
	for (int i = 0; i < LINES; i++) {
		tail_batch(&bench.tail, bench.batch, text_of("USD"));
		turn(&bench);
		read_some(bench.fds[1], &quick);
	}
	assert_int_equal(lines_in(&quick, &skipped), LINES);
	assert_int_equal(skipped, 0);
	assert_false(tail_settled(&bench.tail));
	while (!tail_settled(&bench.tail)) {
		read_some(bench.fds[0], &slow);
		turn(&bench);
	}
	/* As soon as there was room, before anything else came. */
	read_some(bench.fds[0], &slow);
	lines = lines_in(&slow, &skipped);
	assert_true(skipped > 0);
	assert_int_equal(lines + skipped, LINES);
	/* What waited, what was being written, and what the kernel takes. */
	assert_true(slow.len > TAIL_BYTES_MAX);
	assert_true(slow.len < 2 * TAIL_BYTES_MAX + 1024 * 1024);
	tail_batch(&bench.tail, bench.batch, text_of("USD"));
	tail_end(&bench.tail);
	turn(&bench);
	read_some(bench.fds[0], &slow);
	assert_int_equal(lines_in(&slow, &skipped), lines + 1);
	assert_string_equal(slow.at + slow.len - 19, "{\"end\":\"stopping\"}\n");
	buf_release(&slow);
	buf_release(&quick);
	bench_close(&bench);
}

/* --- what a person sees --------------------------------------------------- */

static const char *shown(const char *json, size_t width, bool colour)
{
	static char text[2048];
	struct buf out = { .at = NULL };
	const struct printer printer = { &out, width, colour };
	struct json doc = { .nodes = NULL };
	struct tail_line line;
	struct fault fault;

	if (json == NULL)
		tail_line_heading(&printer);
	else if (tail_line_read(&doc, text_of(json), &line, &fault) < 0)
		fail_msg("%s", fault.text);
	else
		tail_line_write(&printer, &line);
	assert_int_equal(out.error, 0);
	assert_true(out.len < sizeof(text));
	memcpy(text, out.len > 0 ? out.at : "", out.len);
	text[out.len] = '\0';
	buf_release(&out);
	json_release(&doc);
	return text;
}

#define TOLD(verdict, rest)                                                                        \
	"{'received':'2026-11-22T10:42:07.123Z','verdict':'" verdict                               \
	"','source':'gw-1','id':'a1','account':'acct_42','model':'acme/llama-4-70b'," rest "}"
#define PRICED(amount, rest)                                                                       \
	TOLD("accepted", "'settlement':'final','provenance':'reported','amount':'" amount          \
	                 "','currency':'USD'," rest)

static const struct {
	const char *label, *json, *shown; /* 80 columns */
} shown_rows[] = {
	{ "heading", NULL,
	  "Time UTC Source   Account   Model                 In    Out  Amount\n" },
	{ "priced", PRICED("0.00123", "'counts':{'input':1200,'cache_read':4,'output':88}"),
	  "10:42:07 gw-1     acct_42   acme/llama-4-70b   1 204     88  $0.00123\n" },
	{ "images", PRICED("0.08", "'counts':{'images_out':2,'requests':1}"),
	  "10:42:07 gw-1     acct_42   acme/llama-4-70b   2 images_out  $0.08\n" },
	{ "nothing", PRICED("0.00", "'counts':{}"),
	  "10:42:07 gw-1     acct_42   acme/llama-4-70b                 $0.00\n" },
	{ "a long amount", PRICED("0.000000000000000123", "'counts':{'input':1}"),
	  "10:42:07 gw-1     acct_42   acme/llama-4-\u2026       1      0  "
	  "$0.000000000000000123\n" },
	{ "an amount that takes the counts' room",
	  PRICED("9223372036.000000000000000001", "'counts':{'input':1}"),
	  "10:42:07 gw-1     acct_42   acme/llama-4-70b      $9223372036.000000000000000001\n" },
	{ "numbers that have no room for groups",
	  PRICED("0.00123", "'counts':{'input':1048576,'output':128000}"),
	  "10:42:07 gw-1     acct_42   acme/llama-4-70b 1048576 128000  $0.00123\n" },
	{ "and none at all", PRICED("0.00123", "'counts':{'input':12345678}"),
	  "10:42:07 gw-1     acct_42   acme/llama-4-7\u2026 12345678      0  $0.00123\n" },
	{ "a thing with a long name", PRICED("0.08", "'counts':{'megapixels_out':1204}"),
	  "10:42:07 gw-1     acct_42   acme/llama-4-70b 1 204 megapix\u2026  $0.08\n" },
	{ "a lot of it", PRICED("0.08", "'counts':{'characters':1000000000000}"),
	  "10:42:07 gw-1     acct_42   acme/\u2026 1000000000000 characters  $0.08\n" },
	{ "another currency", TOLD("accepted", "'amount':'12.50','currency':'CHF','counts':{}"),
	  "10:42:07 gw-1     acct_42   acme/llama-4-70b                 CHF 12.50\n" },
	{ "not settled",
	  TOLD("accepted", "'settlement':'partial','provenance':'partial','amount':'1.00',"
	                   "'currency':'USD','counts':{}"),
	  "10:42:07 gw-1     acct_42   acme/llama-4-70b                 $1.00 partial\n" },
	{ "guessed",
	  TOLD("accepted", "'settlement':'final','provenance':'estimated','amount':'1.00',"
	                   "'currency':'USD','counts':{}"),
	  "10:42:07 gw-1     acct_42   acme/llama-4-70b                 $1.00 estimated\n" },
	{ "more than the phase before",
	  PRICED("0.0004", "'total':'0.001','phase':'later','status':200,'counts':{}"),
	  "10:42:07 gw-1     acct_42   acme/llama-4-70b                 $0.0004 of $0.001\n" },
	{ "less than the phase before",
	  PRICED("-0.0004", "'total':'0.001','phase':'later','counts':{}"),
	  "10:42:07 gw-1     acct_42   acme/llama-4-70b                 -$0.0004 of $0.001\n" },
	{ "all of it, behind an open one",
	  PRICED("0.001", "'total':'0.001','phase':'later','counts':{}"),
	  "10:42:07 gw-1     acct_42   acme/llama-4-70b                 $0.001\n" },
	{ "came late", PRICED("0.00", "'total':null,'phase':'late','status':200,'counts':{}"),
	  "10:42:07 gw-1     acct_42   acme/llama-4-70b                 $0.00 late\n" },
	{ "failed", PRICED("0.00", "'total':'0.00','phase':null,'status':429,'counts':{}"),
	  "10:42:07 gw-1     acct_42   acme/llama-4-70b                 failed 429\n" },
	{ "failed, and costs", PRICED("0.02", "'total':'0.02','status':500,'counts':{}"),
	  "10:42:07 gw-1     acct_42   acme/llama-4-70b                 $0.02 failed 500\n" },
	{ "unpriced in the place of a price",
	  TOLD("unpriced", "'amount':'-0.02','currency':'USD','phase':'later','counts':{}"),
	  "10:42:07 gw-1     acct_42   acme/llama-4-70b                 unpriced -$0.02\n" },
	{ "unpriced", TOLD("unpriced", "'amount':null,'counts':{'input':17}"),
	  "10:42:07 gw-1     acct_42   acme/llama-4-70b      17      0  unpriced\n" },
	{ "duplicate", TOLD("duplicate", "'amount':null,'counts':{'input':17}"),
	  "10:42:07 gw-1     acct_42   acme/llama-4-70b      17      0  duplicate\n" },
	{ "conflict", TOLD("conflict", "'amount':null,'counts':{'input':17}"),
	  "10:42:07 gw-1     acct_42   acme/llama-4-70b      17      0  conflict\n" },
	{ "quarantined", TOLD("quarantined", "'reason':'count','detail':'input: -1 is no count'"),
	  "10:42:07 gw-1     quarantined count: input: -1 is no count (a1)\n" },
	{ "quarantined, and nobody's",
	  "{'received':'2026-11-22T10:42:07.123Z','verdict':'quarantined','source':null,"
	  "'reason':'syntax','detail':'a detail that is a little longer than the line has room "
	  "for'}",
	  "10:42:07 -        quarantined syntax: a detail that is a little longer than the"
	  "\u2026\n" },
	{ "control totals",
	  "{'received':'2026-11-22T10:42:07.123Z','verdict':'checkpoint','source':'gw-1'}",
	  "10:42:07 gw-1     checkpoint\n" },
	{ "left out", "{'skipped':17}", "-- 17 lines are left out here: read too slowly\n" },
	{ "one left out", "{'skipped':1}", "-- 1 line is left out here: read too slowly\n" },
	{ "the end", "{'end':'stopping'}", "" },
	{ "of a later daemon", "{'weather':'fine'}", "" },
	{ "control characters",
	  "{'received':'2026-11-22T10:42:07.123Z','verdict':'unpriced','source':'\\u001b[2J',"
	  "'account':'\\u009bx','model':'\\u202em','counts':{}}",
	  "10:42:07 ?[2J     ?x        ?m                               unpriced\n" },
	{ "wide characters",
	  "{'received':'2026-11-22T10:42:07.123Z','verdict':'unpriced','source':'gw-1',"
	  "'account':'\u65e5\u672c\u8a9e\u306e\u540d\u524d','model':'m','counts':{}}",
	  "10:42:07 gw-1     \u65e5\u672c\u8a9e\u306e\u2026 m                                "
	  "unpriced\n" },
};
enum { SHOWN_ROWS = sizeof(shown_rows) / sizeof(shown_rows[0]) };

static const char *quoted(const char *json)
{
	return json != NULL ? kit_quotes(json) : NULL;
}

static void test_a_line_has_its_place_in_80_columns(void **state)
{
	(void)state;
	for (size_t i = 0; i < SHOWN_ROWS; i++) {
		const char *text = shown(quoted(shown_rows[i].json), PRINTER_WIDTH, false);

		if (strcmp(text, shown_rows[i].shown) != 0)
			fail_msg("%s:\n%s%s", shown_rows[i].label, text, shown_rows[i].shown);
	}
}

static void test_no_line_is_wider_than_the_terminal(void **state)
{
	(void)state;
	for (size_t width = PRINTER_WIDTH_MIN; width < 300; width++) {
		for (size_t i = 0; i < SHOWN_ROWS; i++) {
			struct text text = text_of(shown(quoted(shown_rows[i].json), width, false));

			text.len -= text.len > 0;
			if (printer_width(text) > width)
				fail_msg("%s, %zu columns: %.*s", shown_rows[i].label, width,
				         TEXT_ARGS(text));
		}
	}
}

/* Where names end and counts stand, only an amount that is longer than its column moves. */
static void test_the_columns_of_all_lines_are_the_same(void **state)
{
	static const char *const lines[] = {
		PRICED("0.00117176", "'counts':{'input':1204,'output':88}"),
		TOLD("accepted", "'settlement':'partial','amount':'0.00117176','currency':'USD',"
		                 "'counts':{'input':1204,'output':88}"),
		TOLD("accepted", "'provenance':'estimated','amount':'0.00117','currency':'USD',"
		                 "'counts':{'input':1204,'output':88}"),
		PRICED("-0.0004", "'total':'0.001','phase':'later',"
		                  "'counts':{'input':1204,'output':88}"),
		PRICED("0.0012", "'status':500,'counts':{'input':1204,'output':88}"),
		TOLD("unpriced", "'amount':'-0.02','currency':'USD','phase':'later',"
		                 "'counts':{'input':1204,'output':88}"),
		TOLD("conflict", "'amount':null,'counts':{'input':1204,'output':88}"),
	};

	(void)state;
	for (size_t width = PRINTER_WIDTH; width < 300; width++) {
		const char *first = shown(kit_quotes(lines[0]), width, false);
		size_t columns = (size_t)(strstr(first, "$0") - first);
		char due[512];

		assert_true(columns < sizeof(due));
		memcpy(due, first, columns);
		for (size_t i = 1; i < sizeof(lines) / sizeof(lines[0]); i++) {
			const char *text = shown(kit_quotes(lines[i]), width, false);

			if (strncmp(text, due, columns) != 0)
				fail_msg("%zu columns, line %zu: %s", width, i, text);
		}
	}
}

static void test_an_amount_is_whole_on_every_terminal(void **state)
{
	(void)state;
	for (size_t width = PRINTER_WIDTH_MIN; width < 300; width++) {
		const char *text = shown(
			kit_quotes(PRICED("9223372036.000000000000000001", "'counts':{'input':1}")),
			width, false);

		assert_non_null(strstr(text, "$9223372036.000000000000000001"));
	}
}

static void test_what_has_no_width_is_not_cut(void **state)
{
	(void)state;
	assert_string_equal(
		shown(kit_quotes(
			      "{'received':'2026-11-22T10:42:07.123Z','verdict':'unpriced',"
			      "'source':'a-gateway-with-a-long-name','account':'and-its-account',"
			      "'model':'a-model-whose-name-has-no-end','id':'req-1','counts':{}}"),
	              PRINTER_ANY_WIDTH, false),
		"10:42:07 a-gateway-with-a-long-name and-its-account "
		"a-model-whose-name-has-no-end                 unpriced             req-1\n");
}

static void test_a_wide_terminal_shows_the_id(void **state)
{
	static const char json[] = PRICED("0.00123", "'counts':{'input':1}");

	(void)state;
	assert_null(strstr(shown(kit_quotes(json), 111, false), "a1"));
	assert_non_null(strstr(shown(kit_quotes(json), 112, false), "$0.00123              a1\n"));
	assert_non_null(strstr(shown(NULL, 112, false), "Amount                Id\n"));
}

static void test_colour_is_of_the_word_and_only_where_it_is_wanted(void **state)
{
	(void)state;
	for (size_t i = 0; i < SHOWN_ROWS; i++)
		assert_null(
			strchr(shown(quoted(shown_rows[i].json), PRINTER_WIDTH, false), '\033'));
	assert_non_null(strstr(shown(kit_quotes(TOLD("conflict", "'counts':{}")), 80, true),
	                       "  \033[31mconflict\033[0m\n"));
	assert_non_null(strstr(shown(kit_quotes(TOLD("unpriced", "'counts':{}")), 80, true),
	                       "  \033[33munpriced\033[0m\n"));
	assert_non_null(strstr(shown(kit_quotes(TOLD("quarantined", "'reason':'x'")), 80, true),
	                       " \033[31mquarantined\033[0m x: "));
	assert_null(strchr(shown(kit_quotes(PRICED("1.00", "'counts':{}")), 80, true), '\033'));
}

/* --- what a program reads ------------------------------------------------- */

static void test_a_row_has_a_cell_for_every_component(void **state)
{
	struct table table = { .rows = NULL };
	struct json doc = { .nodes = NULL };
	struct buf out = { .at = NULL };
	struct tail_line line;
	struct fault fault;

	(void)state;
	assert_int_equal(tail_line_read(&doc,
	                                text_of(kit_quotes(PRICED(
						"0.00123", "'counts':{'input':7,'requests':1},"
							   "'total':'0.002','status':503"))),
	                                &line, &fault),
	                 0);
	tail_line_columns(&table);
	tail_line_row(&table, &line);
	assert_int_equal(table.error, 0);
	assert_int_equal(table.column_count, 18 + COMPONENT_COUNT);
	export_csv(&out, &table);
	assert_non_null(strstr(out.at, "verdict,received,time,reason,detail,source,id,account,key,"
	                               "model,api,settlement,provenance,amount,currency,input,"));
	assert_non_null(strstr(out.at, "\naccepted,2026-11-22T10:42:07.123Z,,,,gw-1,a1,acct_42,,"
	                               "acme/llama-4-70b,,final,reported,0.00123,USD,7,0,"));
	assert_non_null(strstr(out.at, ",requests,total,phase,status\n"));
	assert_string_equal(out.at + out.len - 16, ",0,1,0.002,,503\n");
	table_release(&table);
	json_release(&doc);
	buf_release(&out);
}

static void test_what_is_no_line_is_a_fault(void **state)
{
	static const char *const lines[] = {
		"hello", "[]", "7", "", "{'verdict':'splendid'}", "{'verdict':7}"
	};
	struct json doc = { .nodes = NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct tail_line line = { .skipped = 42 };
		struct fault fault;

		if (tail_line_read(&doc, text_of(kit_quotes(lines[i])), &line, &fault) !=
		            -FAULT_SYNTAX ||
		    line.skipped != 42)
			fail_msg("%s", lines[i]);
	}
	json_release(&doc);
}

int main(void)
{
#define WITH_KIT(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		WITH_KIT(test_a_line_is_told_with_what_is_known_of_it),
		WITH_KIT(test_what_is_no_name_is_not_told),
		cmocka_unit_test(test_only_a_request_for_it_is_one),
		WITH_KIT(test_nothing_is_formatted_where_nobody_listens),
		WITH_KIT(test_filters_are_kept_to_and_bad_ones_refused),
		WITH_KIT(test_a_long_filter_is_refused),
		WITH_KIT(test_so_many_may_tail_and_no_more),
		WITH_KIT(test_a_file_that_is_no_socket_is_refused),
		WITH_KIT(test_who_does_not_read_is_told_what_was_left_out),
		cmocka_unit_test(test_a_line_has_its_place_in_80_columns),
		cmocka_unit_test(test_no_line_is_wider_than_the_terminal),
		cmocka_unit_test(test_the_columns_of_all_lines_are_the_same),
		cmocka_unit_test(test_an_amount_is_whole_on_every_terminal),
		cmocka_unit_test(test_what_has_no_width_is_not_cut),
		cmocka_unit_test(test_a_wide_terminal_shows_the_id),
		cmocka_unit_test(test_colour_is_of_the_word_and_only_where_it_is_wanted),
		cmocka_unit_test(test_a_row_has_a_cell_for_every_component),
		cmocka_unit_test(test_what_is_no_line_is_a_fault),
	};

	/* For the widths of characters, as the program does. */
	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests_name("tail", tests, NULL, NULL);
}
