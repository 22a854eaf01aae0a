/*
 * No credential is kept: gateways send them in every place of every kind of line, and then all
 * that the daemon wrote or told is searched for them.  The same run with keys=plain finds each
 * of them, so that the search is known to see.
 */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/read.h"
#include "tests/support/daemonkit.h"
#include "tests/support/ledgerkit.h"
#include "tests/support/tollrun.h"

enum { FILE_BYTES_MAX = 64 * 1024 * 1024, LINE_LIMIT = 4096, REASONS_MIN = 10 };

/* Each with the part of it that nothing may hold. */
#define HEX    "3f0c9a7be1d24856b90fa3c7de681524f7ab3c09d8e5612470bf9e8dca135726"
#define MIXED  "aZ3kQ9xT7bLm2Wc8Rf5Yp1Vn6Hj4Gd0sKe2UqBt7"
#define GOOGLE "SyD8vXw2Rk5Tn1Qb7Zc4Mf9Hj6Lp3Gs0Ya"
#define CLAIMS "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4ifQ"
#define ROUTER "sk-or-v1-" HEX
#define OPENAI "sk-proj-" MIXED
#define JWT    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." CLAIMS ".dozjgNryP4J3jVmNHAjU8r"
#define HASHED "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b"
static const char *const secrets[] = {
	"9a7be1d24856b90fa3c7de681524f7ab", "Q9xT7bLm2Wc8Rf5Yp1Vn6Hj4Gd0s",
	"Xw2Rk5Tn1Qb7Zc4Mf9Hj6L",           "MjM0NTY3ODkwIiwibmFtZSI6Ik",
	"28d0f030c55ed4ab77ed8faf098196cb",
};
enum { SECRETS = sizeof(secrets) / sizeof(secrets[0]) };

#define EVENT(id, more)                                                                            \
	"{'id':'" id "','time':'2026-01-02T03:04:05.678Z','account':'acct','model':'m/a',"         \
	"'api':'toll'" more "}"
#define USED ",'usage':{'input':1000,'output':10}"

static const struct {
	const char *label, *line;
} lines[] = {
	{ "a key", EVENT("e1", ",'key':'" ROUTER "'" USED) },
	{ "sent again", EVENT("e1", ",'key':'" ROUTER "'" USED) },
	{ "in conflict", EVENT("e1", ",'key':'" ROUTER "','usage':{'input':7}") },
	{ "the same key", EVENT("e2", ",'key':'" ROUTER "'" USED) },
	{ "another", EVENT("e3", ",'key':'" OPENAI "'" USED) },
	{ "a header as key", EVENT("e4", ",'key':'Bearer " JWT "'" USED) },
	{ "tags", EVENT("e5", ",'tags':{'api_key':'" HEX "','note':'used " OPENAI " once'}" USED) },
	{ "escaped", EVENT("e6", ",'key':'sk\\u002dor\\u002dv1-" HEX "'" USED) },
	{ "upstream", EVENT("e7", ",'upstream_id':'" OPENAI "'" USED) },
	{ "the id itself", EVENT(OPENAI, USED) },
	{ "a finish", EVENT("e8", ",'finish_reason':'AIza" GOOGLE "'" USED) },
	{ "a number nobody counts", EVENT("e9", ",'usage':{'input':1,'" OPENAI "':3}") },
	/* Phases: the earlier one is kept beside the later. */
	{ "open", EVENT("p1", ",'settlement':'open','key':'" ROUTER "'") },
	{ "partial",
	  EVENT("p1", ",'settlement':'partial','key':'" OPENAI "','usage':{'input':1}") },
	{ "final", EVENT("p1", ",'settlement':'final','key':'" ROUTER "'" USED) },
	{ "late", EVENT("p1", ",'settlement':'partial','key':'" JWT "','usage':{'input':2}") },
	/* What is refused. */
	{ "no JSON", "curl -H 'Authorization: Bearer " JWT "' -d '" OPENAI "'" },
	{ "half an object", "{'id':'q1','key':'" ROUTER "'," },
	{ "no UTF-8", "{'id':'q2','key':'" ROUTER "','account':'\xff\xfe'}" },
	{ "a key twice", "{'id':'q3','key':'" ROUTER "','key':'" OPENAI "'}" },
	{ "an unknown api", EVENT("q4", ",'key':'" ROUTER "','api':'" OPENAI "'") },
	{ "an unknown shape",
	  "{'id':'q5','time':'2026-01-02T03:04:05Z','account':'a','model':'m','api':'" OPENAI
	  "'}" },
	{ "a bad time", "{'id':'q6','time':'" OPENAI "','key':'" ROUTER "'}" },
	{ "a bad count", EVENT("q7", ",'key':'" ROUTER "','usage':{'input':'" OPENAI "'}") },
	{ "a bad name", EVENT("q8", ",'provider':['" OPENAI "']") },
	{ "a key of a wrong type", EVENT("q9", ",'key':['" ROUTER "',{'key':'" HEX "'}]" USED) },
	{ "no id", "{'time':'2026-01-02T03:04:05Z','key':'" ROUTER "'}" },
	{ "too deep", "{'key':'" ROUTER
	              "','x':[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
	              "[[[[[[" },
	{ "an array", "['" OPENAI "','" ROUTER "']" },
	{ "a string", "'" OPENAI "'" },
	{ "of another kind",
	  "{'id':'l2','call_type':'health','user_api_key':'" HASHED "','api_key':'" ROUTER "'}" },
	/* Envelopes. */
	{ "a payload of LiteLLM",
	  "{'id':'l1','trace_id':'t','call_type':'acompletion','status':'success',"
	  "'startTime':1767225600.25,'endTime':1767225601.5,'model':'gpt-x','model_group':'m/a',"
	  "'prompt_tokens':10,'completion_tokens':2,'total_tokens':12,'metadata':"
	  "{'user_api_key_hash':'" HASHED "','user_api_key':'" HASHED
	  "','headers':{'authorization':"
	  "'Bearer " OPENAI "'}},'model_parameters':{'api_key':'" ROUTER "'}}" },
	{ "a record of OpenTelemetry",
	  "{'resourceSpans':[{'resource':{'attributes':[{'key':'http.request.header.authorization',"
	  "'value':{'stringValue':'Bearer " JWT "'}}]},'scopeSpans':[]}]}" },
	{ "totals", "{'checkpoint':{'seq':1,'source':'" OPENAI "'}}" },
	{ "totals and more", "{'checkpoint':{'seq':2,'events':'" OPENAI "'}}" },
};

static struct daemonkit kit;

static int begin(void **state)
{
	(void)state;
	daemonkit_begin(&kit);
	setenv("TOLL_LEDGER", kit.ledger, 1);
	setenv("TOLL_SOCKET", kit.socket, 1);
	return 0;
}

static int end(void **state)
{
	(void)state;
	daemonkit_end(&kit);
	return 0;
}

static void start(const char *keys)
{
	const char *const arguments[] = {
		"--line-bytes-max", "4096", "--log-level", "debug", "--keys", keys,
		"--line-timeout-s", "1",    NULL
	};

	daemonkit_start(&kit, arguments);
}

/* What these bytes hold is added to found[]. */
static void search(struct text bytes, bool found[SECRETS], const char *where, bool wanted)
{
	for (size_t i = 0; i < SECRETS; i++) {
		if (memmem(bytes.at, bytes.len, secrets[i], strlen(secrets[i])) == NULL)
			continue;
		found[i] = true;
		if (!wanted)
			fail_msg("%s holds %s", where, secrets[i]);
	}
}

/* All files of the folder: ledger, WAL, lock, log and what else there is. */
static int search_files(bool found[SECRETS], bool wanted)
{
	DIR *folder = opendir(kit.folder);
	struct dirent *entry;
	int files = 0;

	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		char path[512];
		struct buf bytes = { .at = NULL };

		if (entry->d_type != DT_REG)
			continue;
		snprintf(path, sizeof(path), "%s/%s", kit.folder, entry->d_name);
		assert_int_equal(buf_read_file(&bytes, path, FILE_BYTES_MAX, NULL), 0);
		if (bytes.len > 0)
			search(buf_text(&bytes), found, path, wanted);
		buf_release(&bytes);
		files++;
	}
	closedir(folder);
	return files;
}

/* One line too long, with one at its beginning and one that the limit cuts; returns its length. */
static size_t add_long(struct buf *out)
{
	static const char head[] = "{\"id\":\"t1\",\"key\":\"" ROUTER "\",\"pad\":\"";
	size_t before = out->len, cut = LINE_LIMIT - 40;

	buf_add_cstr(out, head);
	while (out->len - before < cut)
		buf_add_cstr(out, " ");
	buf_add_cstr(out, OPENAI " " OPENAI "\"}");
	return out->len - before;
}

/* Every line on one connection, whose source is one too; and half a line on another. */
static void send_all(void)
{
	int fd = daemonkit_hello(&kit, OPENAI, true), cut;
	struct buf out = { .at = NULL };
	struct wire_ack ack;
	int64_t count = sizeof(lines) / sizeof(lines[0]);

	for (int64_t i = 0; i < count; i++)
		buf_addf(&out, "%s\n", kit_quotes(lines[i].line));
	add_long(&out);
	buf_add_cstr(&out, "\n");
	daemonkit_send(fd, out.at, out.len);
	daemonkit_wait_ack(fd, count + 1, &ack);
	close(fd);
	buf_release(&out);
	/* Cut off inside the credential: no acknowledgement comes for it. */
	cut = daemonkit_hello(&kit, "cut", false);
	daemonkit_send_text(
		cut, "{\"id\":\"c1\",\"tags\":{\"x\":\"sk-proj-aZ3kQ9xT7bLm2Wc8Rf5Yp1Vn6Hj4Gd0s");
	close(cut);
	daemonkit_wait_log(&kit, "reason=cut-off");
}

/* What a tail of all events shows while they come, into *out. */
static void run(const char *keys, struct buf *out)
{
	static const char *const words[] = { "tail", "--json", NULL };
	struct tollrun tail = { .pid = 0 };

	start(keys);
	tollrun_start(&tail, words, NULL, NULL);
	daemonkit_wait_log(&kit, "tail");
	send_all();
	daemonkit_stop(&kit);
	tollrun_wait(&tail);
	assert_true(tail.out.len > 0);
	buf_add_text(out, buf_text(&tail.out));
	buf_add_text(out, buf_text(&tail.err));
	tollrun_release(&tail);
}

static int note_reason(void *context, const struct quarantine_row *row)
{
	bool *seen = context;

	seen[row->reason] = true;
	return 0;
}

/* The lines were refused for many reasons: each has its own way to what is kept. */
static void check_reasons(void)
{
	bool seen[REASON_COUNT] = { false };
	struct ledger *ledger = NULL;
	int many = 0;

	assert_int_equal(ledger_open_reader(&ledger, kit.ledger, NULL), 0);
	assert_int_equal(ledger_each_quarantine(ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, false,
	                                        note_reason, seen, NULL),
	                 0);
	ledger_close(ledger);
	for (int r = 0; r < REASON_COUNT; r++)
		many += seen[r];
	assert_true(many >= REASONS_MIN);
	assert_true(seen[REASON_TOO_LONG] && seen[REASON_CUT_OFF] && seen[REASON_DUPLICATE] &&
	            seen[REASON_UTF8] && seen[REASON_SYNTAX] && seen[REASON_DEPTH] &&
	            seen[REASON_FOREIGN]);
}

static void test_no_credential_is_kept_or_told(void **state)
{
	bool found[SECRETS] = { false };
	struct buf told = { .at = NULL };
	struct tollrun report = { .pid = 0 };

	(void)state;
	run("detect", &told);
	search(buf_text(&told), found, "toll tail", false);
	check_reasons();
	assert_true(search_files(found, false) >= 4);
	/* The events are there, by their forms. */
	assert_non_null(strstr(told.at, "sk-or-v1~hmac:"));
	TOLLRUN(&report, "report", "--by", "key", "--csv");
	TOLLRUN_EXPECT(&report, 0);
	TOLLRUN_SAYS(&report, "sk-or-v1~hmac:");
	TOLLRUN_SAYS(&report, "eyJhbGci~hmac:");
	search(buf_text(&report.out), found, "toll report", false);
	tollrun_release(&report);
	buf_release(&told);
}

/* The WAL while it is full, too: killed, nothing of it was tidied up. */
static void test_no_credential_is_in_the_wal(void **state)
{
	bool found[SECRETS] = { false };

	(void)state;
	start("detect");
	send_all();
	daemonkit_kill(&kit);
	assert_true(search_files(found, false) >= 5);
}

/* By the credential itself, where the secret may be read; it is not told again. */
static void test_a_report_finds_the_credential_that_is_asked_for(void **state)
{
	bool found[SECRETS] = { false };
	struct tollrun run = { .pid = 0 };
	struct buf out = { .at = NULL };
	struct wire_ack ack;
	char secret[DAEMONKIT_PATH_BYTES + 16];
	int fd;

	(void)state;
	start("detect");
	fd = daemonkit_hello(&kit, "gw", true);
	/* The same event again is a duplicate, since its content is the same too. */
	for (int i = 0; i < 4; i++)
		buf_addf(&out, "%s\n", kit_quotes(lines[i == 3 ? 4 : 2 * i % 3].line));
	daemonkit_send(fd, out.at, out.len);
	daemonkit_wait_ack(fd, 4, &ack);
	assert_int_equal(ack.accepted + ack.unpriced, 2);
	assert_int_equal(ack.duplicate, 1);
	assert_int_equal(ack.conflict, 1);
	close(fd);
	buf_release(&out);
	TOLLRUN(&run, "report", "--by", "key", "--key", ROUTER);
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN_SAYS(&run, "sk-or-v1~hmac:");
	TOLLRUN_SAYS_NOT(&run, "sk-proj-");
	search(buf_text(&run.out), found, "toll report", false);
	TOLLRUN(&run, "report", "--key", "sk-or-v1-other" MIXED, "--csv");
	TOLLRUN_SAYS_NOT(&run, "acct");
	snprintf(secret, sizeof(secret), "%s.secret", kit.ledger);
	assert_int_equal(unlink(secret), 0);
	TOLLRUN(&run, "report", "--key", ROUTER);
	TOLLRUN_EXPECT(&run, 3);
	TOLLRUN_SAYS(&run, "a credential takes the secret of the ledger");
	search(buf_text(&run.err), found, "toll report", false);
	tollrun_release(&run);
	daemonkit_stop(&kit);
}

/* Whoever has lost it is told before anything is taken. */
static void test_a_secret_that_is_none_stops_the_daemon(void **state)
{
	const char *const arguments[] = { "--ledger", kit.ledger, "--socket", kit.socket, NULL };
	char secret[DAEMONKIT_PATH_BYTES + 16];

	(void)state;
	snprintf(secret, sizeof(secret), "%s.secret", kit.ledger);
	daemonkit_write(secret, "lost");
	assert_int_equal(chmod(secret, 0600), 0);
	daemonkit_spawn(&kit, arguments);
	assert_int_equal(daemonkit_wait_exit(&kit), 2);
	assert_true(daemonkit_logged(&kit, "restore it from the backup"));
	assert_int_equal(access(kit.socket, F_OK), -1);
}

static void test_the_search_sees_them_where_they_are_kept(void **state)
{
	bool found[SECRETS] = { false };
	struct buf told = { .at = NULL };

	(void)state;
	run("plain", &told);
	search(buf_text(&told), found, "toll tail", true);
	search_files(found, true);
	for (size_t i = 0; i < SECRETS; i++) {
		if (!found[i])
			fail_msg("%s is nowhere", secrets[i]);
	}
	buf_release(&told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_no_credential_is_kept_or_told, begin, end),
		cmocka_unit_test_setup_teardown(test_no_credential_is_in_the_wal, begin, end),
		cmocka_unit_test_setup_teardown(
			test_a_report_finds_the_credential_that_is_asked_for, begin, end),
		cmocka_unit_test_setup_teardown(test_a_secret_that_is_none_stops_the_daemon, begin,
		                                end),
		cmocka_unit_test_setup_teardown(test_the_search_sees_them_where_they_are_kept,
		                                begin, end),
	};

	return cmocka_run_group_tests_name("credentials", tests, NULL, NULL);
}
