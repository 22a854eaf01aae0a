/*
 * Rows of a ledger that no program wrote: each column of each table holds what is of another type,
 * or another value, in a ledger that has something of everything; rows are gone.  Verify names it,
 * or says what of the file cannot be read; whatever a total is read from says the same total as
 * before, or refuses; and who listens to verify can end it at each finding.  Never another total
 * without a word.
 *
 * SEED and RUNS come from the environment: each column is damaged RUNS / 100 times, under a
 * sanitizer one in eight once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/seal.h"
#include "tests/support/damagekit.h"
#include "tests/support/lifekit.h"

enum {
	READ_EVERY = 8,
	RUNS_DEFAULT = 200,
	RUNS_A_ROUND = 100,
	SANITIZED_SHARE = 8,
	VALUE_BYTES = 256
};

#define LENGTH(table) (sizeof(table) / sizeof((table)[0]))

static struct damagekit damage;
static struct damage_totals whole;
static uint64_t seed;
static unsigned rounds, share; /* one column in so many */

static uint64_t random_below(uint64_t limit)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (seed >> 33) % limit;
}

static int setup(void **state)
{
	const char *text = getenv("SEED"), *runs = getenv("RUNS"), *mode = getenv("TOLL_MODE");
	bool few = mode != NULL && (strcmp(mode, "asan") == 0 || strcmp(mode, "tsan") == 0);
	struct ledger *reader;

	(void)state;
	seed = text != NULL ? strtoull(text, NULL, 10) : 1;
	rounds = (unsigned)(runs != NULL ? strtoul(runs, NULL, 10) : RUNS_DEFAULT) / RUNS_A_ROUND;
	rounds = few || rounds == 0 ? 1 : rounds;
	share = few ? SANITIZED_SHARE : 1;
	print_message("SEED=%llu RUNS=%u\n", (unsigned long long)seed, rounds * RUNS_A_ROUND);
	damage_open(&damage);
	/* Nothing is another, and is a damage all the same: what a whole ledger says. */
	assert_true(damage_do(&damage, "UPDATE name SET text = text"));
	reader = damage_reader(&damage);
	damage_totals(reader, &whole);
	ledger_close(reader);
	for (int i = 0; i < DAMAGE_TOTALS; i++) {
		if (whole.code[i] != 0)
			fail_msg("%s: %s", damage_total_names[i], whole.fault[i].text);
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	damage_close(&damage);
	return 0;
}

/* --- what is promised of a damaged ledger -------------------------------- */

/*
 * Columns in which another value of the same type is as good as the one that was there: nothing
 * else in the ledger follows from them (ledger/verify.h says so), and no total.  "": all of them.
 */
static const struct {
	const char *table, *column;
} unseen[] = {
	{ "checkpoint", "" },         /* what a source says of itself */
	{ "archive", "month" },       /* what is shown of a file that is checked by its SHA-256 */
	{ "archive", "events" },      /* the same, and the change that is sealed */
	{ "archive", "at_ms" },       /* the same */
	{ "archive", "who" },         /* the same */
	{ "conflict", "hash" },       /* a second version: it counts nowhere */
	{ "conflict", "stored" },     /* the same */
	{ "conflict", "raw" },        /* the same */
	{ "conflict", "first_ms" },   /* the same */
	{ "conflict", "last_ms" },    /* the same */
	{ "conflict", "times" },      /* the same */
	{ "hour", "unsealed" },       /* it is to be sealed again */
	{ "watermark", "stored_ms" }, /* when, by the clock of then */
	{ "unknown_usage", "path" },  /* which number, and where it was first */
	{ "unknown_usage", "first_ms" },
	{ "unknown_usage", "first_id" },
	{ "position", "lines" }, /* so many, for a list */
	{ "position", "place" }, /* where a feed goes on, of which only its daemon knows */
	{ "position", "stored_ms" },
	{ "quarantine", "id" }, /* lines that count nowhere: only they themselves have a digest */
	{ "quarantine", "source" },
	{ "quarantine", "event_id" },
	{ "quarantine", "event_ms" },
	{ "quarantine", "reason" },
	{ "quarantine", "detail" },
	{ "quarantine", "first_ms" },
	{ "quarantine", "last_ms" },
	{ "quarantine", "times" },
	{ "quarantine", "length" },
	{ "quarantine", "released_ms" },
};

static bool may_be_unseen(const struct damage_column *column)
{
	for (size_t i = 0; i < LENGTH(unseen); i++) {
		if (strcmp(unseen[i].table, column->table) == 0 &&
		    (unseen[i].column[0] == '\0' || strcmp(unseen[i].column, column->name) == 0))
			return true;
	}
	return false;
}

/* A fault of damage says so, and names the ledger, or who names what is wrong in it. */
static void expect_corrupt(const char *label, const char *what, int code, const struct fault *fault)
{
	if (code != -FAULT_CORRUPT || (strstr(fault->text, damage.kit.path) == NULL &&
	                               strstr(fault->text, "toll verify") == NULL))
		fail_msg("%s: %s: %s: %s", label, what, fault_name(code), fault->text);
}

struct stop {
	int64_t at, calls;
};

static int stop_at(void *context, const struct verify_finding *finding)
{
	struct stop *stop = context;

	(void)finding;
	return ++stop->calls == stop->at ? LIFEKIT_STOP : 0;
}

/* At any of the findings. */
static void expect_stops(struct ledger *reader, const char *label, int64_t findings)
{
	struct stop stop = { 1 + (int64_t)random_below((uint64_t)findings), 0 };
	struct verify_summary summary = { .events = -1 };
	struct fault fault = { .code = FAULT_NONE };
	int r = ledger_verify(reader, stop_at, NULL, &stop, &summary, &fault);

	if (r != LIFEKIT_STOP || stop.calls != stop.at || summary.events != -1)
		fail_msg("%s: stopped at finding %lld of %lld: %d (%s), after %lld", label,
		         (long long)stop.at, (long long)findings, r, fault.text,
		         (long long)stop.calls);
}

/*
 * Not kept yet: of an hour whose row is gone, or does not say any more that it is in the archive,
 * the events in the archive are not listed, and only verify tells.  Its sums are there.
 */
static bool lists_what_is_here(const char *label, int which)
{
	return (strncmp(label, "UPDATE hour SET", strlen("UPDATE hour SET")) == 0 ||
	        strncmp(label, "DELETE FROM hour ", strlen("DELETE FROM hour ")) == 0) &&
	       strncmp(damage_total_names[which], "events", strlen("events")) == 0;
}

static void expect_totals(struct ledger *reader, const char *label)
{
	struct damage_totals now;

	damage_totals(reader, &now);
	for (int i = 0; i < DAMAGE_TOTALS; i++) {
		if (lists_what_is_here(label, i))
			continue;
		if (now.code[i] < 0)
			expect_corrupt(label, damage_total_names[i], now.code[i], &now.fault[i]);
		else if (strcmp(now.line[i], whole.line[i]) != 0)
			fail_msg("%s: %s says\n%s\nnot\n%s", label, damage_total_names[i],
			         now.line[i], whole.line[i]);
	}
}

/* Lists of what was kept may show what is there now; they end, and a fault is one of damage. */
static void expect_readings(struct ledger *reader, const char *label)
{
	for (size_t i = 0; i < life_reading_count; i++) {
		struct life_told told = { .stop = false };
		struct fault fault = { .code = FAULT_NONE };
		int r = life_readings[i].read(reader, &told, &fault);

		if (r < 0 && r != -FAULT_NOT_FOUND && r != -FAULT_RANGE)
			expect_corrupt(label, life_readings[i].label, r, &fault);
		buf_release(&told.text);
	}
}

/* Returns the findings, one a line, to be released. */
static struct buf expect_named(const char *label, bool unseen_too)
{
	struct verify_summary summary = { .findings = 0 };
	struct fault fault = { .code = FAULT_NONE };
	struct ledger *reader = damage_reader(&damage);
	struct buf findings = { .at = NULL };
	int r = damage_verify(reader, &findings, &summary, &fault);

	if (r < 0) {
		expect_corrupt(label, "verify", r, &fault);
		buf_addf(&findings, "%s\n", fault.text);
	} else if (summary.findings == 0 && !unseen_too) {
		fail_msg("%s: verify says nothing", label);
	} else if (summary.findings > 0) {
		expect_stops(reader, label, summary.findings);
	}
	expect_totals(reader, label);
	if (random_below(READ_EVERY) == 0)
		expect_readings(reader, label);
	ledger_close(reader);
	return findings;
}

/* --- each column --------------------------------------------------------- */

/* COLUMN: what is there. */
static const struct value {
	const char *type, *value;
	bool alien; /* of another type than the column's */
} values[] = {
	{ "INTEGER", "NULL", true },
	{ "INTEGER", "'x'", true },
	{ "INTEGER", "x'00ff'", true },
	{ "INTEGER", "0.5", true },
	{ "INTEGER", "-1", false },
	{ "INTEGER", "0", false },
	{ "INTEGER", "COLUMN + 1", false },
	{ "INTEGER", "COLUMN - 3600000", false },
	{ "INTEGER", "COLUMN + 4294967296", false },
	{ "INTEGER", "9223372036854775807", false },
	{ "INTEGER", "-9223372036854775807 - 1", false },
	{ "TEXT", "NULL", true },
	{ "TEXT", "x'ff00'", true },
	{ "TEXT", "''", false },
	{ "TEXT", "COLUMN || 'x'", false },
	{ "TEXT", "CAST(x'fffe' AS TEXT)", false },
	{ "TEXT", "printf('%.5000c', 'y')", false },
	{ "BLOB", "NULL", true },
	{ "BLOB", "7", true },
	{ "BLOB", "'text'", true },
	{ "BLOB", "x''", false },
	{ "BLOB", "zeroblob(31)", false },
	{ "BLOB", "zeroblob(32)", false },
	{ "BLOB", "zeroblob(33)", false },
};

static void put_value(char out[VALUE_BYTES], const struct value *value, const char *column)
{
	const char *rest = value->value;
	size_t word = strlen("COLUMN");

	if (strncmp(rest, "COLUMN", word) == 0)
		snprintf(out, VALUE_BYTES, "%s%s", column, rest + word);
	else
		snprintf(out, VALUE_BYTES, "%s", rest);
}

/*
 * A row of it at random; false: there is none, or the value cannot be there, or is.  -1 and ''
 * are read as nothing where a NULL may be: no other value.
 */
static bool damage_column(const struct damage_column *column, const struct value *value,
                          char label[DAMAGE_SQL_BYTES])
{
	char put[VALUE_BYTES];
	int64_t row;

	if (column->rows == 0)
		return false;
	row = (int64_t)random_below((uint64_t)column->rows);
	put_value(put, value, column->name);
	snprintf(label, DAMAGE_SQL_BYTES,
	         "UPDATE %s SET %s = %s WHERE (%s) = (SELECT %s FROM %s ORDER BY %s LIMIT 1 "
	         "OFFSET %lld) AND %s IS NOT %s AND NOT (%s IS NULL AND (%s IS -1 OR %s IS ''))",
	         column->table, column->name, put, column->key, column->key, column->table,
	         column->key, (long long)row, column->name, put, column->name, put, put);
	return damage_do(&damage, label);
}

static unsigned damage_once(const struct damage_column *column, bool alien)
{
	size_t first = random_below(LENGTH(values));

	for (size_t i = 0; i < LENGTH(values); i++) {
		const struct value *value = &values[(first + i) % LENGTH(values)];
		char label[DAMAGE_SQL_BYTES];
		struct buf findings;
		bool is_null;

		if (strcmp(value->type, column->type) != 0 || value->alien != alien ||
		    !damage_column(column, value, label))
			continue;
		/* SQLite's own check knows the types; in some columns nothing may be. */
		is_null = strcmp(value->value, "NULL") == 0;
		findings = expect_named(label, (!alien || is_null) && may_be_unseen(column));
		if (alien && !is_null && strstr(findings.at, column->name) == NULL)
			fail_msg("%s: verify does not name it:\n%s", label, findings.at);
		buf_release(&findings);
		return 1;
	}
	return 0;
}

static void test_a_value_that_nobody_wrote_is_named_and_is_no_total(void **state)
{
	unsigned damages = 0, first = share > 1 ? (unsigned)random_below(share) : 0;

	(void)state;
	for (unsigned round = 0; round < rounds; round++) {
		for (size_t i = first; i < damage.column_count; i += share)
			damages += damage_once(&damage.columns[i],
			                       share > 1 ? i / share % 2 == 0 : round % 2 == 0);
	}
	print_message("%u damages of %zu columns%s\n", damages, damage.column_count,
	              share > 1 ? " (fewer, because of the sanitizer)" : "");
	assert_true(damages > damage.column_count / share / 2);
}

/* --- rows that are gone -------------------------------------------------- */

/* Tables of which a row can go without a trace: see verify.h. */
static const char *const forgotten[] = { "checkpoint", "conflict", "phase", "position",
	                                 "quarantine" };

static bool may_be_gone(const char *table)
{
	for (size_t i = 0; i < LENGTH(forgotten); i++) {
		if (strcmp(forgotten[i], table) == 0)
			return true;
	}
	return false;
}

static void test_a_row_that_is_gone_is_named_and_is_no_total(void **state)
{
	const char *before = "";
	unsigned damages = 0;

	(void)state;
	for (size_t i = 0; i < damage.column_count; i += 1) {
		const struct damage_column *column = &damage.columns[i];
		char label[DAMAGE_SQL_BYTES];
		struct buf findings;

		if (strcmp(column->table, before) == 0 || column->rows == 0 ||
		    (share > 1 && random_below(2) == 0))
			continue;
		before = column->table;
		snprintf(label, sizeof(label),
		         "DELETE FROM %s WHERE (%s) = (SELECT %s FROM %s ORDER BY %s LIMIT 1 "
		         "OFFSET %lld)",
		         column->table, column->key, column->key, column->table, column->key,
		         (long long)random_below((uint64_t)column->rows));
		assert_true(damage_do(&damage, label));
		findings = expect_named(label, may_be_gone(column->table));
		buf_release(&findings);
		damages++;
	}
	print_message("%u rows\n", damages);
	assert_true(damages > 0);
}

/* --- each by hand -------------------------------------------------------- */

#define AT(id, time) "[source gw-1 id " id " time 2026-08-01T" time ":00.000Z] "
#define JULY_RUN     "[run 1 hour 2026-07-03T10:00Z] "
#define COPY_SEAL                                                                                  \
	"CREATE TEMP TABLE swap AS SELECT * FROM seal; UPDATE seal SET chain = (SELECT chain "     \
	"FROM swap WHERE swap.seq = "

static const struct {
	const char *sql, *says; /* among the findings, or of what ends verify */
} by_hand[] = {
	/* Adjustments, and what was closed. */
	{ "UPDATE adjustment_run SET nanos = nanos + 1",
	  "adjustment total [run 1] 100.000000001|100.00" },
	{ "UPDATE adjustment_run SET attos = 1000000000",
	  "adjustment total [run 1] no amount|100.00" },
	{ "UPDATE adjustment_run SET rows = 2", "adjustment rows [run 1] 2|1" },
	{ "UPDATE adjustment_run SET book = 99",
	  "adjustment book [run 1] gone|a book that is there" },
	{ "UPDATE adjustment_run SET seq = 5", "adjustment the line before it [run 5] missing|1" },
	{ "UPDATE adjustment_run SET reason = 'other'",
	  "adjustment content [run 1] another digest|as it was made" },
	{ "UPDATE adjustment_run SET digest = x'00'",
	  "adjustment content [run 1] another digest|as it was made" },
	{ "UPDATE adjustment SET attos = -1",
	  "adjustment amount " JULY_RUN "no amount|one that can be summed" },
	{ "UPDATE adjustment SET run = 9",
	  "adjustment run [run 9 hour 2026-07-03T10:00Z] gone|a run that is there" },
	{ "UPDATE adjustment SET account = 99",
	  "adjustment account " JULY_RUN "name 99|a name that is there" },
	{ "UPDATE adjustment SET tier = -1",
	  "adjustment tier " JULY_RUN "name -1|a name that is there" },
	{ "UPDATE adjustment SET booked_hour = booked_hour + 3600000",
	  "adjustment booked hour " JULY_RUN "2026-07-03T11:00Z|2026-07-03T10:00Z" },
	{ "INSERT INTO closing SELECT seq + 2, until_ms + 3600000, at_ms, who, note FROM closing",
	  "adjustment the line before it [closing 3] missing|2" },
	{ "INSERT INTO closing SELECT seq + 1, until_ms - 3600000, at_ms, who, note FROM closing",
	  "adjustment until [closing 2] 2026-06-30T23:00:00.000Z|later than "
	  "2026-07-01T00:00:00.000Z" },
	{ "UPDATE hour SET archive = -1 WHERE hour = 1785574800000",
	  "hour archive [hour 2026-08-01T09:00Z] -1|0, or a file of the archive" },
	/* Corrections. */
	{ "UPDATE correction SET attos = -1",
	  "correction row " AT("c", "09:31") "correction 1 is no amount|a row that can be read" },
	{ "UPDATE correction SET cost_attos = 1000000000",
	  "correction row " AT("c", "09:31") "correction 1 is no amount|a row that can be read" },
	{ "UPDATE correction SET counts = '[1]'",
	  "correction row " AT("c", "09:31") "the counts of correction 1 are none|" },
	{ "UPDATE correction SET counts = '{\"input\":9223372036854775808}'",
	  "correction row " AT("c", "09:31") "the counts of correction 1 are none|" },
	{ "UPDATE correction SET kind = 'x'",
	  "correction content " AT("c", "09:31") "another digest|as it was made" },
	{ "DELETE FROM event WHERE id = 'c'",
	  "correction event " AT("c", "09:31") "gone|an event that is there" },
	{ "UPDATE event SET attos = -1 WHERE id = 'c'",
	  "event row " AT("c", "09:31") "event c: its amount is none|a row that can be read" },
	{ "UPDATE event SET account = 99 WHERE id = 'c'",
	  "event account " AT("c", "09:31") "name 99|a name that is there" },
	{ "UPDATE event SET price = 99 WHERE id = 'c'", "no book holds price 99" },
	{ "UPDATE correction SET seq = 9",
	  "correction the line before it [correction 9] missing|1" },
	/* Events and sums. */
	{ "UPDATE event SET cost_attos = 1000000000 WHERE id = 'a'",
	  "event row " AT("a", "09:00") "event a: its amount is none|a row that can be read" },
	{ "UPDATE event SET nanos = 5 WHERE id = 'w'",
	  "event amount without a price " AT("w", "10:00") "0.000000005|0.00" },
	{ "UPDATE event SET cost_nanos = 5 WHERE id = 'w'",
	  "event cost without a price " AT("w", "10:00") "0.000000005|0.00" },
	{ "UPDATE event SET input = -1 WHERE id = 'a'", "event amount " AT("a", "09:00") },
	{ "UPDATE event SET latency_ms = 8 WHERE id = 'a'",
	  "event check word " AT("a", "09:00") "another event|as it was stored" },
	{ "UPDATE event SET turn = turn + 4294967296 WHERE id = 'a'",
	  "event row " AT("a", "09:00") "event a: its flags, settlement, provenance, policies or "
	                                "turn are none|a row that can be read" },
	{ "UPDATE event SET flags = 8 WHERE id = 'a'",
	  "event row " AT("a", "09:00") "event a: its flags, " },
	{ "UPDATE event SET check_word = NULL WHERE id = 'a'",
	  "event check word [hours] hour 2026-08-01T09:00:00.000Z: its events are not those" },
	{ "UPDATE name SET check_word = NULL WHERE text = 'acct'", "file check word [name " },
	{ "UPDATE rollup SET attos = -1 WHERE model = (SELECT id FROM name WHERE text = 'n')",
	  "rollup row [hour 2026-08-01T10:00Z account acct model n source gw-1 price unpriced] a "
	  "rollup's amount is none|a row that can be read" },
	{ "UPDATE rollup SET cost_attos = 1000000000 WHERE model = (SELECT id FROM name WHERE "
	  "text = 'n')",
	  "a rollup's cost is none|a row that can be read" },
	{ "UPDATE rollup SET errors = -1 WHERE model = (SELECT id FROM name WHERE text = 'n')",
	  "rollup errors [hour 2026-08-01T10:00Z account acct model n source gw-1 price unpriced] "
	  "-1|0" },
	{ "UPDATE rollup SET tier = 99 WHERE model = (SELECT id FROM name WHERE text = 'n')",
	  "rollup events [hour 2026-08-01T10:00Z account acct model n source gw-1 tier (name 99) "
	  "price unpriced] 1|0" },
	{ "UPDATE hour SET digest = NULL WHERE hour = 1785574800000",
	  "hour 2026-08-01T09:00:00.000Z has no digest" },
	{ "UPDATE hour SET events = events + 1 WHERE hour = 1785574800000",
	  "hour digest of its events [hour 2026-08-01T09:00Z] " },
	{ "INSERT INTO hour (hour, events, digest, unsealed) SELECT 3600000, 1, digest, 1 FROM "
	  "hour "
	  "LIMIT 1",
	  "hour digest of its events [hour 1970-01-01T01:00Z] 1 events, " },
	{ "UPDATE hour_word SET word = word + 1 WHERE kind = 3",
	  "event check word [hours] hour 2026-" },
	/* Books. */
	{ "UPDATE book_log SET side = 2 WHERE seq = 2", "book side [book_log 2] 2|0 or 1" },
	{ "UPDATE book_log SET side = -1 WHERE seq = 1", "book side [book_log 1] -1|0 or 1" },
	{ "DELETE FROM book WHERE id = 2", "book book [book_log 2] 2|a book that is there" },
	{ "UPDATE book SET versions = 9223372036854775807 WHERE id = 1",
	  "book versions [book 1] 9223372036854775807|1" },
	{ "UPDATE book SET json = '' WHERE id = 1", "book json [book 1] " },
	/* What was kept. */
	{ "UPDATE phase SET kept_ms = kept_ms + 1",
	  "phase open: content " AT("settled", "09:41") "another digest|as it was kept" },
	{ "UPDATE phase SET event_ts = event_ts + 1",
	  "phase open: event " AT("settled", "09:41") "gone|one that stands" },
	{ "UPDATE event SET settlement = 0 WHERE id = 'settled'",
	  "phase open: settlement of what stands " AT("settled", "09:41") "open|a later one" },
	{ "UPDATE phase SET settlement = 9223372036854775807",
	  "phase of no settlement: content " AT("settled", "09:41") "another digest|" },
	{ "UPDATE phase SET digest = x'00'",
	  "phase open: content " AT("settled", "09:41") "another digest|as it was kept" },
	{ "UPDATE phase SET unknown = 1", "unknown events [source gw-1 api toll] 1|2" },
	{ "UPDATE unknown_usage SET source = 99",
	  "unknown source [unknown_usage, 1 row] name 99|a name that is there" },
	{ "UPDATE checkpoint SET source = 99",
	  "watermark source [checkpoint, 2 rows] name 99|a name that is there" },
	{ "UPDATE policy_rule SET account = 99",
	  "rule name [policy_rule, 1 row] name 99|a name that is there" },
	{ "UPDATE reading_rule SET source = 99",
	  "rule name [reading_rule, 1 row] name 99|a name that is there" },
	{ "UPDATE position SET place = '[]'",
	  "position place [feed file:/var/log/gw] []|a JSON object" },
	{ "UPDATE position SET place = '{'",
	  "position place [feed file:/var/log/gw] {|a JSON object" },
	{ "UPDATE position SET feed = 'tape:1'",
	  "position kind [feed tape:1] tape:1|connect, file or datagram" },
	{ "UPDATE position SET feed = 'file:'",
	  "position kind [feed file:] file:|connect, file or datagram" },
	{ "UPDATE quarantine SET digest = x'00' WHERE id = 1", "quarantine digest [line 1] 00|" },
	{ "UPDATE quarantine SET digest = zeroblob(40) WHERE id = 1",
	  "quarantine digest [line 1] 0000" },
	/* The chain of seals. */
	{ "DELETE FROM seal WHERE seq = 1",
	  "seal links before it [seal 2] missing|a chain without gaps" },
	{ "DELETE FROM seal WHERE seq = 2", "seal parts of no link [seals] " },
	{ "UPDATE seal SET chain = x'00' WHERE seq = 1", "seal chain [seal 1] 0000000000000000|" },
	{ "UPDATE seal SET chain = x'00' WHERE seq = 2", "seal 2 has no chain" },
	{ COPY_SEAL "3 - seal.seq)", "seal chain [seal 1] " },
	{ "UPDATE seal SET at_ms = at_ms + 1 WHERE seq = 1", "seal chain [seal 1] " },
	{ "UPDATE seal_hour SET digest = x'' WHERE seal = 1", "seal chain [seal 1] " },
	{ "UPDATE seal_hour SET seal = 9 WHERE seal = 1", "seal parts of no link [seals] " },
	{ "INSERT INTO seal_hour SELECT 2, hour, events, digest FROM seal_hour WHERE seal = 1 "
	  "LIMIT 1",
	  "seal chain [seal 2] " },
	{ "UPDATE seal_log SET digest = x'' WHERE seal = 1",
	  "seal rows of the log [seal 1 change] 0000000000000000|" },
	{ "UPDATE seal_log SET last = last + 1 WHERE seal = 1 AND log = 'change'",
	  "seal chain [seal 1] " },
	{ "INSERT INTO seal_log SELECT 1, 'toll', 1, digest FROM seal_log LIMIT 1",
	  "seal log [seals] toll|a log that is sealed" },
	{ "UPDATE hour SET unsealed = 0, events = events + 1",
	  "seal digest, and what its seal says [hour " },
	{ "INSERT INTO change (seq, at_ms, who, what, detail) VALUES (-5, 1, 'x', 'y', '{}')",
	  "seal rows before the first [change] 1|0" },
	/* The schema. */
	{ "CREATE TABLE toll (x); INSERT INTO toll VALUES (1)",
	  "file schema [table toll] CREATE TABLE toll (x)|nothing of this name" },
	{ "DROP INDEX event_suspense; UPDATE name SET text = text",
	  "file schema [index event_suspense] nothing|CREATE INDEX event_suspense" },
};

static void test_each_damage_is_named_by_what_is_wrong(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < LENGTH(by_hand); i++) {
		struct buf findings;

		if (!damage_do(&damage, by_hand[i].sql))
			fail_msg("%s: nothing is another", by_hand[i].sql);
		findings = expect_named(by_hand[i].sql, false);
		if (strstr(findings.at, by_hand[i].says) == NULL) {
			print_error("%s:\n%snot\n%s\n", by_hand[i].sql, findings.at,
			            by_hand[i].says);
			wrong++;
		}
		buf_release(&findings);
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_damage_is_named_by_what_is_wrong),
		cmocka_unit_test(test_a_row_that_is_gone_is_named_and_is_no_total),
		cmocka_unit_test(test_a_value_that_nobody_wrote_is_named_and_is_no_total),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
