/*
 * A flipped bit, a cut, a sector of zeros in each file of a ledger: whatever a report says then is
 * true, or it is refused by name.  A wrong total and no word of it is what this test is for.
 *
 * SEED and RUNS come from the environment (five damages a run); the seed is printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/moment.h"
#include "export/export.h"
#include "ledger/adjust.h"
#include "ledger/archive.h"
#include "ledger/verify.h"
#include "report/report.h"
#include "tests/support/campaign.h"
#include "tests/support/fixture.h"
#include "tests/support/ledgerkit.h"
#include "tests/support/tollrun.h"

enum {
	RUNS_DEFAULT = 200,
	DAMAGES_PER_RUN = 5,
	SANITIZED_SHARE = 10, /* under a sanitizer every tenth */
	EVENTS = 240,
	JULY_EVENTS = 60,
	TRANSACTIONS = 8, /* of the WAL */
	EXPLAIN_EVERY = 8,
	WRITE_EVERY = 4, /* and behind each cut */
	SECTOR_BYTES = 512,
	SAID_BYTES = 240,
	TEXT_BYTES_MAX = 1 << 20,
};

#define DAY_MS  INT64_C(1785542400000) /* 2026-08-01 */
#define JULY_MS (DAY_MS - 28 * MS_PER_DAY)

/* Files beside each other, by their suffix. */
enum part { PART_LEDGER, PART_WAL, PART_LOCK, PART_ARCHIVE, PARTS };
static const char *const suffixes[PARTS] = { "", "-wal", ".lock", ".archive/2026-07.db" };

/* Ledgers as they are found: which bytes each of their files has. */
enum image { IMAGE_CLOSED, IMAGE_KILLED, IMAGE_POWER_CUT, IMAGE_BACKUP, IMAGE_ARCHIVED, IMAGES };

/* What is damaged; a further kind of file is a row here, and its image in make_images(). */
static const struct target {
	const char *name;
	enum image image;
	enum part part;
	unsigned weight;
	bool may_be_older; /* its last two commits cannot be told from a torn tail, nor can a cut */
} targets[] = {
	{ "ledger, closed", IMAGE_CLOSED, PART_LEDGER, 35, false },
	{ "ledger beside a WAL", IMAGE_KILLED, PART_LEDGER, 15, false },
	{ "WAL, writer killed", IMAGE_KILLED, PART_WAL, 25, false },
	{ "WAL, power cut", IMAGE_POWER_CUT, PART_WAL, 10, true },
	{ "backup", IMAGE_BACKUP, PART_LEDGER, 10, false },
	{ "archived month", IMAGE_ARCHIVED, PART_ARCHIVE, 10, false },
	{ "ledger beside its archive", IMAGE_ARCHIVED, PART_LEDGER, 5, false },
};
enum { TARGETS = sizeof(targets) / sizeof(targets[0]) };

enum outcome { REFUSED, FOUND, OLDER, UNTOUCHED, WRONG, CRASHED, OUTCOMES };
static const char *const outcome_names[OUTCOMES] = {
	[REFUSED] = "refused", [FOUND] = "verify", [OLDER] = "torn tail",
	[UNTOUCHED] = "equal", [WRONG] = "WRONG",  [CRASHED] = "CRASHED",
};

/* What a child tells of one damage. */
struct told {
	enum outcome outcome;
	bool notes; /* the totals are right, what stands beside them is not */
	char said[SAID_BYTES];
};

static struct ledgerkit kit;
static struct buf images[IMAGES][PARTS];
static struct buf truths[TRANSACTIONS + 1]; /* of the reports, after so many transactions */
static struct buf truth_notes;
static struct buf explained[3];
static const char *const explained_ids[3] = { "e-7", "j-3", "w-3" };
static uint64_t seed;
static bool was_cut; /* the damage that is tried */

static const struct report_query queries[] = {
	{ .by = REPORT_BY_ACCOUNT, .to_ms = LEDGER_TO_MAX },
	{ .by = REPORT_BY_MODEL, .to_ms = LEDGER_TO_MAX },
	{ .by = REPORT_BY_HOUR, .from_ms = DAY_MS, .to_ms = DAY_MS + 20 * MS_PER_HOUR },
	/* Not on the hour: the edges come from the events. */
	{ .by = REPORT_BY_SOURCE, .from_ms = DAY_MS + 600000, .to_ms = DAY_MS + 9000000 },
	{ .by = REPORT_BY_SOURCE, .from_ms = JULY_MS + 600000, .to_ms = JULY_MS + 9000000 },
};
enum { QUERIES = sizeof(queries) / sizeof(queries[0]) };

/* One report as a line of text. */
static int add_report(struct ledger *ledger, const struct report_query *query, struct buf *out,
                      struct buf *notes_out, struct fault *fault)
{
	struct table table = { .rows = NULL };
	struct report_notes notes;
	int r = report_run(ledger, query, &table, &notes, fault);

	if (r < 0)
		return r;
	export_json(out, &table);
	buf_addf(notes_out, "%s %lld %lld %lld\n", notes.currency,
	         (long long)notes.gaps.quarantined, (long long)notes.gaps.conflicts,
	         (long long)notes.gaps.unknown_events);
	table_release(&table);
	return 0;
}

/* All reports of the ledger as it is; with the one of an account that is asked for by name. */
static void tell_truth(struct buf *out, struct buf *notes_out)
{
	struct fault fault = { .code = FAULT_NONE };
	struct ledger *ledger = NULL;

	buf_clear(out);
	buf_clear(notes_out);
	if (ledger_open_reader(&ledger, kit.path, &fault) < 0)
		fail_msg("%s", fault.text);
	for (size_t i = 0; i < QUERIES; i++) {
		if (add_report(ledger, &queries[i], out, notes_out, &fault) < 0)
			fail_msg("%s", fault.text);
	}
	ledger_close(ledger);
	assert_true(out->len > 0 && out->error == 0);
}

static void send_event(const char *prefix, int n)
{
	/* What stands before a number, and behind it. */
	static const char *const usages[][2] = {
		{ "'usage':{'input':", ",'output':7}" },
		{ "'usage':{'input':", ",'reasoning':3}" },
		{ "'usage':{'cache_read':", ",'pages':2}" },
		{ "'images':[{'n':2,'size':'big'},{'n':1}],'status':", "" },
		{ "'settlement':'partial','usage':{'input':", "}" },
	};
	char line[512], moment[MOMENT_TEXT_BYTES];
	int kind = n % 5;

	moment_text(DAY_MS + (int64_t)n * 300000, moment);
	snprintf(line, sizeof(line),
	         "{'id':'%s-%d','time':'%s','account':'account-%d','key':'k%d','model':'%s',"
	         "'source':'gw-%d','api':'toll',%s%d%s}",
	         prefix, n, moment, n % 6, n % 4,
	         kind == 3    ? "acme/paint"
	         : n % 7 == 0 ? "unlisted"
	                      : "acme/llama-4-70b",
	         n % 2, usages[kind][0], kind == 3 ? 200 : 1000 + n, usages[kind][1]);
	kit_send(&kit, kit_quotes(line));
}

static const char book[] =
	"{'pricebook':1,'name':'n','currency':'USD','as':{'reasoning':'output'},"
	"'models':[{'model':'acme/llama-4-70b','versions':[{'effective_from':'2026-01-01',"
	"'rates':[{'component':'input','per_million':'0.80'},"
	"{'component':'cache_read','per_million':'0.20'},"
	"{'component':'output','per_million':'2.40'},{'component':'pages','each':'0.001'}]}]},"
	"{'model':'acme/paint','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'images_out','each':'0.04'}]}]}]}";

static void adjust(void)
{
	struct adjustment rows[12];
	const struct adjustment_run run = {
		.at_ms = DAY_MS + 40 * MS_PER_HOUR,
		.who = text_of("uid 7"),
		.reason = text_of("a price was wrong"),
		.book = text_of(book_hash(kit.book.book)),
		.from_ms = DAY_MS,
		.to_ms = DAY_MS + 12 * MS_PER_HOUR,
	};
	int64_t seq;

	for (int i = 0; i < 12; i++)
		rows[i] = (struct adjustment){
			.hour_ms = DAY_MS + i * MS_PER_HOUR,
			.account = text_of(i % 2 ? "account-1" : "account-2"),
			.events = 1,
			.amount = { 1000 + i },
		};
	assert_int_equal(kit_close_until(&kit, DAY_MS + 4 * MS_PER_HOUR, NULL), 0);
	assert_int_equal(ledger_begin(kit.ledger, NULL), 0);
	assert_int_equal(ledger_adjust(kit.ledger, &run, rows, 12, &seq, NULL), 0);
	assert_int_equal(ledger_commit(kit.ledger, NULL), 0);
}

/* Some of every kind. */
static void fill(void)
{
	char cost[2048];

	kit_price(&kit, kit_quotes(book));
	snprintf(cost, sizeof(cost), "%s", book);
	*strstr(cost, "0.80") = '1';
	kit_cost(&kit, kit_quotes(cost));
	/* A month that is over, and in which nothing waits. */
	for (int n = 0; n < JULY_EVENTS; n++) {
		char id[16], time[32];

		snprintf(id, sizeof(id), "j-%d", n);
		snprintf(time, sizeof(time), "2026-07-04T0%d:%02d:00Z", n % 3, n % 60);
		kit_send_usage(&kit, id, time, "acme/llama-4-70b", "{\"input\":1000,\"output\":9}");
	}
	for (int n = 0; n < EVENTS; n++)
		send_event("e", n);
	/* A later phase, another version, a broken line, a number that nobody counts. */
	kit_send(&kit, kit_quotes("{'id':'e-4','time':'2026-08-01T00:20:00Z','account':'account-4',"
	                          "'key':'k0','model':'acme/llama-4-70b','source':'gw-0','api':"
	                          "'toll','usage':{'input':900,'output':9}}"));
	kit_send(&kit, kit_quotes("{'id':'e-5','time':'2026-08-01T00:25:00Z','account':'other',"
	                          "'model':'m','source':'gw-1','api':'toll','usage':{'input':1}}"));
	kit_send(&kit, "{");
	kit_send(&kit, kit_quotes("{'id':'u','time':'2026-08-01T01:00:00Z','account':'account-1',"
	                          "'model':'acme/llama-4-70b','api':'openai.chat','usage':"
	                          "{'prompt_tokens':1,'new_tokens':2}}"));
	adjust();
}

static void part_path(enum part part, char path[KIT_PATH_BYTES + 32])
{
	snprintf(path, KIT_PATH_BYTES + 8, "%s%s", kit.path, suffixes[part]);
}

static void keep(enum image image, enum part part, const char *path)
{
	struct buf *into = &images[image][part];

	buf_clear(into);
	into->max_bytes = (size_t)1 << 30;
	if (access(path, R_OK) == 0)
		assert_int_equal(buf_read_file(into, path, (size_t)1 << 28, NULL), 0);
}

/* The ledger as it lies there now. */
static void keep_all(enum image image)
{
	char path[KIT_PATH_BYTES + 32];

	for (int part = 0; part < PARTS; part++) {
		part_path((enum part)part, path);
		keep(image, (enum part)part, path);
	}
}

static int make_month(void *context, const struct archive_month *month)
{
	struct archive_file file;
	int64_t seq, from_ms = 0, hour, events;
	struct fault fault = { .code = FAULT_NONE };
	struct ledger *reader = NULL;
	bool more = true;

	(void)context;
	assert_int_equal(ledger_open_reader(&reader, kit.path, NULL), 0);
	if (archive_make(reader, month, NULL, NULL, &file, &fault) < 0)
		fail_msg("%s", fault.text);
	ledger_close(reader);
	if (archive_register(kit.ledger, &file, KIT_NOW_MS, text_of("w"), &seq, &fault) < 0)
		fail_msg("%s", fault.text);
	for (; more; from_ms = hour + 1) {
		if (archive_move_hour(kit.ledger, seq, from_ms, &hour, &events, &more, &fault) < 0)
			fail_msg("%s", fault.text);
	}
	return 0;
}

/* July moves. */
static void archive_month(void)
{
	struct ledger *reader = NULL;

	assert_int_equal(ledger_open_reader(&reader, kit.path, NULL), 0);
	assert_int_equal(archive_months(reader, DAY_MS, make_month, NULL, NULL), 0);
	ledger_close(reader);
}

static void make_images(void)
{
	struct tollrun run = { .out_fd = -1, .err_fd = -1 };
	char path[KIT_PATH_BYTES + 32];

	fill();
	kit_shut(&kit);
	kit_reopen(&kit);
	tell_truth(&truths[0], &truth_notes);
	for (int n = 0; n < TRANSACTIONS; n++) {
		send_event("w", n);
		tell_truth(&truths[n + 1], &truth_notes);
	}
	keep_all(IMAGE_KILLED);
	assert_true(images[IMAGE_KILLED][PART_WAL].len > 0);
	keep_all(IMAGE_POWER_CUT);
	/* The note of the writer is of the kernel that ran then. */
	buf_clear(&images[IMAGE_POWER_CUT][PART_LOCK]);
	kit_shut(&kit);
	keep_all(IMAGE_CLOSED);
	snprintf(path, sizeof(path), "%s.back", kit.path);
	TOLLRUN(&run, "backup", path, "--ledger", kit.path);
	TOLLRUN_EXPECT(&run, 0);
	tollrun_release(&run);
	keep(IMAGE_BACKUP, PART_LEDGER, path);
	for (size_t i = 0; i < 3; i++) {
		TOLLRUN(&run, "explain", explained_ids[i], "--ledger", kit.path);
		TOLLRUN_EXPECT(&run, 0);
		buf_add_text(&explained[i], buf_text(&run.out));
		tollrun_release(&run);
	}
	kit_reopen(&kit);
	archive_month();
	kit_shut(&kit);
	keep_all(IMAGE_ARCHIVED);
	assert_true(images[IMAGE_ARCHIVED][PART_ARCHIVE].len > 0);
}

/* The same file, so that what its writer noted is of it: cut and written, never replaced. */
static void put_part(enum part part, const struct buf *bytes)
{
	char path[KIT_PATH_BYTES + 32];
	FILE *file;

	part_path(part, path);
	if (bytes->len == 0 && part != PART_LEDGER) {
		unlink(path);
		return;
	}
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes->at, 1, bytes->len, file), bytes->len);
	assert_int_equal(fclose(file), 0);
}

/* What is done to the bytes; said in `what`. */
static void damage(struct buf *bytes, char what[SAID_BYTES])
{
	uint64_t kind = fixture_below(&seed, 20), at = fixture_below(&seed, bytes->len);
	unsigned bit = (unsigned)fixture_below(&seed, 8);

	if (kind < 17) {
		bytes->at[at] ^= (char)(1u << bit);
		snprintf(what, SAID_BYTES, "byte %llu bit %u", (unsigned long long)at, bit);
	} else if (kind < 19) {
		/* Cut at 0 now and then, and where a page ends. */
		at = bit == 0 ? 0 : bit == 1 ? at / 4096 * 4096 : at;
		bytes->len = at;
		snprintf(what, SAID_BYTES, "cut to %llu", (unsigned long long)at);
	} else {
		at = at / SECTOR_BYTES * SECTOR_BYTES;
		memset(bytes->at + at, 0,
		       bytes->len - at < SECTOR_BYTES ? bytes->len - at : SECTOR_BYTES);
		snprintf(what, SAID_BYTES, "sector at %llu", (unsigned long long)at);
	}
}

static void say(struct told *told, enum outcome outcome, const char *what, const char *text)
{
	/* The worst that is seen stands. */
	static const int rank[OUTCOMES] = {
		[UNTOUCHED] = 0, [FOUND] = 1, [REFUSED] = 2, [OLDER] = 3, [CRASHED] = 4, [WRONG] = 5
	};

	if (rank[outcome] < rank[told->outcome])
		return;
	told->outcome = outcome;
	snprintf(told->said, sizeof(told->said), "%.60s: %.160s", what, text);
}

/* As it was when `first` transactions were stored, or more of them. */
static bool is_older(const struct buf *text, int first)
{
	for (int n = first; n < TRANSACTIONS; n++) {
		if (text_equal(buf_text(text), buf_text(&truths[n])))
			return true;
	}
	return false;
}

/* What the reports say: each the truth, or refused. */
static void try_reports(const char *what, const struct target *target, struct told *told)
{
	struct buf all = { .at = NULL }, notes = { .at = NULL };
	struct fault fault = { .code = FAULT_NONE };
	struct ledger *ledger = NULL;
	bool refused = ledger_open_reader(&ledger, kit.path, &fault) < 0;
	struct text truth = buf_text(&truths[TRANSACTIONS]);
	bool wrong = false;

	if (refused)
		say(told, REFUSED, what, fault.text);
	for (size_t i = 0; ledger != NULL && i < QUERIES; i++) {
		size_t from = all.len, len;
		struct text due;

		if (add_report(ledger, &queries[i], &all, &notes, &fault) < 0) {
			say(told, REFUSED, what, fault.text);
			refused = true;
		}
		/* A report is a line; each is held against its own. */
		due = truth;
		due.len = (size_t)((const char *)memchr(truth.at, '\n', truth.len) + 1 - truth.at);
		truth.at += due.len;
		truth.len -= due.len;
		len = all.len - from;
		wrong = wrong || (len > 0 && !text_equal((struct text){ all.at + from, len }, due));
	}
	if (wrong && target->may_be_older && !refused &&
	    is_older(&all, was_cut ? 0 : TRANSACTIONS - 2))
		say(told, OLDER, what, "as it was some transactions before");
	else if (wrong)
		say(told, WRONG, what, "a report that is not true");
	else if (!refused && !text_equal(buf_text(&notes), buf_text(&truth_notes)))
		told->notes = true;
	buf_release(&all);
	buf_release(&notes);
	ledger_close(ledger);
}

static int note_finding(void *context, const struct verify_finding *finding)
{
	struct told *told = context;
	char text[SAID_BYTES];

	snprintf(text, sizeof(text), "%.*s %.*s", TEXT_ARGS(finding->where),
	         TEXT_ARGS(finding->what));
	say(told, FOUND, verify_kind_name(finding->kind), text);
	return 1; /* one is enough */
}

static void try_verify(struct told *told)
{
	struct fault fault = { .code = FAULT_NONE };
	struct verify_summary summary;
	struct ledger *ledger = NULL;

	if (ledger_open_reader(&ledger, kit.path, &fault) == 0 &&
	    ledger_verify(ledger, note_finding, NULL, told, &summary, &fault) < 0)
		say(told, FOUND, "verify", fault.text);
	ledger_close(ledger);
}

/* A writer that starts on it must not make an empty ledger, or an older one, of it either. */
static void try_writer(const struct target *target, struct told *told)
{
	struct fault fault = { .code = FAULT_NONE };
	struct ledger *ledger = NULL;

	if (ledger_open_writer(&ledger, kit.path, NULL, &fault) < 0) {
		say(told, REFUSED, "writer", fault.text);
		return;
	}
	ledger_close(ledger);
	try_reports("behind a writer", target, told);
}

/* In a process of its own: it may crash. */
static struct told try_damage(const struct target *target, bool writes)
{
	struct told told = { .outcome = CRASHED, .said = "it ended by a signal" };
	int fds[2], status;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct told child = { .outcome = UNTOUCHED };

		try_reports("report", target, &child);
		try_verify(&child);
		if (writes)
			try_writer(target, &child);
		_exit(write(fds[1], &child, sizeof(child)) == sizeof(child) ? 0 : 1);
	}
	close(fds[1]);
	if (read(fds[0], &told, sizeof(told)) != sizeof(told))
		told.outcome = CRASHED;
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return told;
}

/* What is explained is what was stored, or it is refused, or said to differ (exit code 1). */
static void try_explain(const struct target *target, struct told *told)
{
	for (size_t i = 0; i < 3; i++) {
		struct tollrun run = { .out_fd = -1, .err_fd = -1 };

		TOLLRUN(&run, "explain", explained_ids[i], "--ledger", kit.path);
		if (run.code < 0)
			say(told, CRASHED, "explain", explained_ids[i]);
		else if (run.code == 0 && !target->may_be_older &&
		         !text_equal(buf_text(&run.out), buf_text(&explained[i])))
			say(told, WRONG, "explain", run.out.at);
		tollrun_release(&run);
	}
}

static const struct target *pick(void)
{
	unsigned all = 0, at;

	for (size_t i = 0; i < TARGETS; i++)
		all += targets[i].weight;
	at = (unsigned)fixture_below(&seed, all);
	for (size_t i = 0;; i++) {
		if (at < targets[i].weight)
			return &targets[i];
		at -= targets[i].weight;
	}
}

static void put_image(const struct target *target, const struct buf *damaged)
{
	char path[KIT_PATH_BYTES + 32];

	snprintf(path, sizeof(path), "%s-shm", kit.path);
	unlink(path);
	for (int part = 0; part < PARTS; part++)
		put_part((enum part)part, (int)target->part == part && damaged != NULL
		                                  ? damaged
		                                  : &images[target->image][part]);
}

static void print_table(int64_t counts[TARGETS][OUTCOMES], int64_t notes)
{
	printf("%-24s", "file");
	for (int o = 0; o < OUTCOMES; o++)
		printf("%10s", outcome_names[o]);
	printf("\n");
	for (size_t t = 0; t < TARGETS; t++) {
		printf("%-24s", targets[t].name);
		for (int o = 0; o < OUTCOMES; o++)
			printf("%10lld", (long long)counts[t][o]);
		printf("\n");
	}
	printf("of them, right totals beside a wrong note: %lld\n", (long long)notes);
}

static void test_no_damage_is_a_wrong_total_without_a_word(void **state)
{
	int64_t damages = campaign_number("RUNS", RUNS_DEFAULT) * DAMAGES_PER_RUN, notes = 0;
	int64_t counts[TARGETS][OUTCOMES] = { { 0 } };
	char folder[KIT_PATH_BYTES + 32];
	bool failed = false;

	(void)state;
	if (campaign_sanitized())
		damages /= SANITIZED_SHARE;
	seed = (uint64_t)campaign_number("SEED", 1);
	printf("flips: SEED=%llu, %lld damages\n", (unsigned long long)seed, (long long)damages);
	kit_open(&kit);
	make_images();
	/* Undamaged each of them is whole. */
	for (size_t t = 0; t < TARGETS; t++) {
		struct told told;

		put_image(&targets[t], NULL);
		told = try_damage(&targets[t], true);
		if (told.outcome != UNTOUCHED)
			fail_msg("%s, undamaged: %s", targets[t].name, told.said);
	}
	for (int64_t i = 0; i < damages; i++) {
		const struct target *target = pick();
		struct buf bytes = { .max_bytes = (size_t)1 << 30 };
		char what[SAID_BYTES];
		struct told told;
		size_t whole;

		buf_add_text(&bytes, buf_text(&images[target->image][target->part]));
		whole = bytes.len;
		damage(&bytes, what);
		was_cut = bytes.len < whole;
		put_image(target, &bytes);
		told = try_damage(target, i % WRITE_EVERY == 0 || was_cut);
		if (i % EXPLAIN_EVERY == 0) {
			put_image(target, &bytes);
			try_explain(target, &told);
		}
		buf_release(&bytes);
		counts[target - targets][told.outcome]++;
		notes += told.notes;
		if (told.outcome == WRONG || told.outcome == CRASHED) {
			print_error("damage %lld: %s, %s: %s\n", (long long)i, target->name, what,
			            told.said);
			failed = true;
		}
	}
	print_table(counts, notes);
	put_image(&targets[0], NULL);
	snprintf(folder, sizeof(folder), "%s.archive/archive.lock", kit.path);
	unlink(folder);
	snprintf(folder, sizeof(folder), "%s.archive", kit.path);
	assert_int_equal(rmdir(folder), 0);
	kit_close(&kit);
	assert_false(failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_damage_is_a_wrong_total_without_a_word),
	};

	return cmocka_run_group_tests_name("flips", tests, NULL, NULL);
}
