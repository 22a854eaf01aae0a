/* `toll statement fetch` against APIs that tests/support/http_apis.py plays. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fault.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/moment.h"
#include "net/net.h"
#include "tests/support/tollrun.h"
#include "tests/support/webserver.h"

/* As in http_apis.py. */
#define KEY "sk-test-secret-of-ours"

enum { PATH_BYTES = 256, TIMES_MAX = 6000, PAUSE_MS = 10, BIG = 4 * 1024 * 1024 };

static struct webserver web;
static struct tollrun run;
static char folder[PATH_BYTES], file[2 * PATH_BYTES], pages[3 * PATH_BYTES];
static const char *const variables[] = { "OPENROUTER_API_KEY", "OPENAI_ADMIN_KEY",
	                                 "ANTHROPIC_ADMIN_KEY", "LITELLM_API_KEY" };
enum { VARIABLES = sizeof(variables) / sizeof(variables[0]) };

static int start(void **state)
{
	(void)state;
	unsetenv("https_proxy");
	unsetenv("HTTPS_PROXY");
	unsetenv("all_proxy");
	unsetenv("ALL_PROXY");
	unsetenv("SSL_CERT_FILE");
	setenv("COLUMNS", "200", 1);
	webserver_start(&web);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	tollrun_release(&run);
	webserver_stop(&web);
	return 0;
}

/* A folder of its own for each test, and the key in the environment. */
static int begin(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "build/fetch-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/s.json", folder);
	snprintf(pages, sizeof(pages), "%s.pages", file);
	for (size_t i = 0; i < VARIABLES; i++)
		setenv(variables[i], KEY, 1);
	return 0;
}

static int remove_one(const char *path, const struct stat *found, int type, struct FTW *ftw)
{
	(void)found;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int end(void **state)
{
	(void)state;
	assert_int_equal(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	return 0;
}

static const char *base(const char *scenario)
{
	static char path[PATH_BYTES];

	snprintf(path, sizeof(path), "apis/%s", scenario);
	return webserver_http(&web, path);
}

#define FETCH(name, scenario, ...)                                                                 \
	TOLLRUN(&run, "statement", "fetch", "--from", name, "--base-url", base(scenario), "-o",    \
	        file, __VA_ARGS__)
#define OF_TWO_DAYS "--from-date", "2025-08-01", "--to-date", "2025-08-03"

static void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

/* Ended by a NUL; of the caller. */
static struct buf read_file(const char *path)
{
	struct buf bytes = { .at = NULL };
	struct fault fault;

	if (buf_read_file(&bytes, path, BIG, &fault) < 0)
		fail_msg("%s", fault.text);
	buf_add(&bytes, "", 1);
	bytes.len--;
	return bytes;
}

static int count_in(const char *path)
{
	DIR *dir = opendir(path);
	int count = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count - 2;
}

/* Nothing was written, and nobody was told the key. */
static void expect_nothing(const char *words)
{
	TOLLRUN_EXPECT(&run, 3);
	TOLLRUN_SAYS(&run, words);
	TOLLRUN_SAYS_NOT(&run, KEY);
	assert_int_equal(count_in(folder), 0);
}

static struct buf seen(void)
{
	const struct net_limits limits = { .bytes_max = BIG };
	struct buf body = { .at = NULL };
	struct fault fault;

	if (net_fetch(webserver_http(&web, "seen"), &limits, &body, &fault) < 0)
		fail_msg("%s", fault.text);
	buf_add(&body, "", 1);
	return body;
}

/* --- what is there when it is there -------------------------------------------- */

static struct text member(const struct json *doc, uint32_t node, const char *name)
{
	uint32_t found = json_member(doc, node, name);

	assert_int_not_equal(found, JSON_NONE);
	return doc->nodes[found].text;
}

/* The hash of the file is the one that is told. */
static void expect_hash(struct text told, const char *path)
{
	struct buf bytes = read_file(path);
	char hex[SHA256_HEX_BYTES];

	sha256_hex(bytes.at, bytes.len, hex);
	assert_int_equal(told.len, strlen(hex));
	assert_memory_equal(told.at, hex, told.len);
	assert_null(strstr(bytes.at, KEY));
	buf_release(&bytes);
}

/* The index names each page with its hash; the pages one behind another are the statement. */
static void expect_pages(size_t count, bool as_they_came)
{
	struct fault fault;
	struct json doc = { .nodes = NULL };
	struct buf index, statement = read_file(file), joined = { .at = NULL };
	char path[4 * PATH_BYTES];
	uint32_t list, page;

	snprintf(path, sizeof(path), "%s/index.json", pages);
	index = read_file(path);
	assert_null(strstr(index.at, KEY));
	if (json_parse(&doc, buf_text(&index), &fault) < 0)
		fail_msg("%s", fault.text);
	assert_true(text_is(member(&doc, 0, "statement"), "s.json"));
	expect_hash(member(&doc, 0, "sha256"), file);
	list = json_member(&doc, 0, "pages");
	assert_int_equal(doc.nodes[list].count, count);
	for (page = json_first(&doc, list); page != JSON_NONE; page = json_next(&doc, list, page)) {
		struct buf bytes;

		snprintf(path, sizeof(path), "%s/%.*s", pages,
		         TEXT_ARGS(member(&doc, page, "file")));
		expect_hash(member(&doc, page, "sha256"), path);
		assert_true(text_is(member(&doc, page, "status"), "200"));
		bytes = read_file(path);
		buf_add(&joined, bytes.at, bytes.len);
		buf_add(&joined, "\n", 1);
		buf_release(&bytes);
	}
	if (as_they_came) {
		assert_int_equal(joined.len, statement.len);
		assert_memory_equal(joined.at, statement.at, statement.len);
	}
	assert_int_equal(count_in(pages), count + 1);
	assert_int_equal(count_in(folder), 2);
	json_release(&doc);
	buf_release(&index);
	buf_release(&joined);
	buf_release(&statement);
}

/* Each is read by the format that it is of: its rows, and what they come to. */
static void test_each_api_gives_a_statement(void **state)
{
	static const struct {
		const char *name;
		size_t pages;
		const char *rows, *total; /* NULL: it tells no amounts */
	} rows[] = {
		{ "openrouter-analytics", 2, "\"rows\":2", "\"amount\":\"0.01\"" },
		{ "openai-usage", 16, "\"rows\":16", NULL },
		{ "openai-costs", 2, "\"rows\":2", "\"amount\":\"0.12\"" },
		{ "anthropic-usage", 2, "\"rows\":2", NULL },
		{ "anthropic-cost", 2, "\"rows\":2", "\"amount\":\"2.4757824\"" },
		{ "litellm-spend", 2, "\"rows\":2", "\"amount\":\"0.0000003\"" },
		{ "litellm-spend-v2", 2, "\"rows\":2", "\"amount\":\"0.0000003\"" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool lines = strncmp(rows[i].name, "litellm", 7) == 0;
		char count[32];

		if (i > 0) {
			end(state);
			begin(state);
		}
		FETCH(rows[i].name, "plain", OF_TWO_DAYS, "--json");
		TOLLRUN_EXPECT(&run, 0);
		TOLLRUN_SAYS_NOT(&run, KEY);
		snprintf(count, sizeof(count), "\"pages\":%zu,", rows[i].pages);
		TOLLRUN_SAYS(&run, count);
		TOLLRUN_SAYS(&run, rows[i].rows);
		if (rows[i].total != NULL)
			TOLLRUN_SAYS(&run, rows[i].total);
		TOLLRUN_SAYS(&run, "\"from\":\"2025-08-01\",\"to\":\"2025-08-03\"");
		TOLLRUN_SAYS(&run, lines ? "\"left_out\":1" : "\"left_out\":0");
		expect_pages(rows[i].pages, !lines);
	}
}

/* A day at a time, of the last ones that are over. */
static void test_activity_is_of_the_last_days(void **state)
{
	int64_t today_ms = (int64_t)time(NULL) * 1000;
	char from[MOMENT_TEXT_BYTES], to[MOMENT_TEXT_BYTES];

	(void)state;
	moment_text_unit(today_ms - 2 * MS_PER_DAY, MOMENT_DAY, from);
	moment_text_unit(today_ms, MOMENT_DAY, to);
	FETCH("openrouter-activity", "plain", "--from-date", from, "--to-date", to, "--json");
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN_SAYS(&run, "\"rows\":2");
	TOLLRUN_SAYS(&run, "\"amount\":\"0.03\"");
	expect_pages(2, true);
	end(state);
	begin(state);
	FETCH("openrouter-activity", "plain", OF_TWO_DAYS);
	expect_nothing("the last 30 days (UTC) that are over");
}

static void test_generations_are_of_a_list_of_ids(void **state)
{
	char ids[2 * PATH_BYTES];

	snprintf(ids, sizeof(ids), "%s.ids", folder);
	write_file(ids, "gen-1\ngen-2\n", 0600);
	FETCH("openrouter-generation", "plain", "--ids", ids, "--json");
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN_SAYS(&run, "\"rows\":2");
	TOLLRUN_SAYS(&run, "\"amount\":\"0.003\"");
	TOLLRUN_SAYS(&run, "\"from\":null,\"to\":null");
	expect_pages(2, true);
	end(state);
	begin(state);
	write_file(ids, "gen-1\ngen-unknown\n", 0600);
	FETCH("openrouter-generation", "plain", "--ids", ids);
	unlink(ids);
	expect_nothing("generation?id=gen-unknown: status 404: Generation not found");
}

/* The name that it has where none is given, and what a person is told. */
static void test_a_person_is_told_what_is_there(void **state)
{
	(void)state;
	FETCH("openai-costs", "plain", OF_TWO_DAYS);
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN_SAYS(&run, "2025-08-01 to 2025-08-03 (UTC)");
	TOLLRUN_SAYS(&run, "0.12 USD, of 2 rows");
	TOLLRUN_SAYS(&run, pages);
	/* What was fetched is evidence. */
	FETCH("openai-costs", "plain", OF_TWO_DAYS);
	TOLLRUN_EXPECT(&run, 3);
	TOLLRUN_SAYS(&run, "s.json: is there already");
	unlink(file);
	FETCH("openai-costs", "plain", OF_TWO_DAYS);
	TOLLRUN_EXPECT(&run, 3);
	TOLLRUN_SAYS(&run, "s.json.pages: is there already");
	assert_int_equal(count_in(folder), 1);
}

static void test_days_that_are_not_told_are_told_of(void **state)
{
	(void)state;
	FETCH("anthropic-cost", "short", OF_TWO_DAYS);
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN_SAYS(&run, "Nothing was told of 2025-08-02 and behind it");
	end(state);
	begin(state);
	FETCH("anthropic-cost", "short", OF_TWO_DAYS, "--json");
	TOLLRUN_SAYS(&run, "\"until\":\"2025-08-02\"");
}

static void test_pages_go_where_they_are_told_to(void **state)
{
	char other[2 * PATH_BYTES];

	(void)state;
	snprintf(other, sizeof(other), "%s/raw/", folder);
	FETCH("openai-costs", "plain", OF_TWO_DAYS, "--pages", other);
	TOLLRUN_EXPECT(&run, 0);
	assert_int_equal(count_in(other), 3);
	assert_int_equal(count_in(folder), 2);
	/* Into a folder that is not there: nothing is made. */
	end(state);
	begin(state);
	snprintf(other, sizeof(other), "%s/no/such", folder);
	FETCH("openai-costs", "plain", OF_TWO_DAYS, "--pages", other);
	expect_nothing("no/such: No such file or directory");
}

/* --- the other side goes wrong ---------------------------------------------------- */

static void test_patience_is_rewarded(void **state)
{
	(void)state;
	FETCH("openai-costs", "busy", OF_TWO_DAYS);
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN_SAYS(&run, "status 429: slow down; asked again in 1000 ms");
	expect_pages(2, true);
}

static void test_what_goes_wrong_writes_nothing(void **state)
{
	static const struct {
		const char *scenario, *words;
	} rows[] = {
		{ "dead", "status 500: oh no; given up after 2 tries" },
		{ "cut", "cut off, and not taken: transfer closed with 100 bytes remaining" },
		{ "loop", "it leads back to a page that was there before" },
		{ "echo", "status 401: Incorrect API key provided: ****" },
		{ "echo", "due is an admin key" },
		{ "forbidden", "Only management keys can perform this operation: due is an admin" },
		{ "html", "status 404: there is no such thing there: is --base-url right?" },
		{ "leak", "the key itself is in it" },
		{ "nojson", "no JSON: line 1" },
		{ "other-period", "it says another period: start_time" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		FETCH("openai-costs", rows[i].scenario, OF_TWO_DAYS, "--tries", "2");
		expect_nothing(rows[i].words);
	}
}

/* Nobody there hears that it was asked for, with a key or without one. */
static void test_a_redirect_elsewhere_does_not_carry_the_key(void **state)
{
	struct buf requests;

	(void)state;
	FETCH("openai-costs", "away", OF_TWO_DAYS);
	expect_nothing("another place and is not given the key");
	requests = seen();
	assert_non_null(strstr(requests.at, "GET /apis/away/v1/organization/costs"));
	assert_null(strstr(requests.at, "stolen"));
	buf_release(&requests);
}

/* --- the key ------------------------------------------------------------------------ */

static void test_a_key_is_in_a_file_of_its_owner(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		const char *words; /* NULL: it is taken */
	} rows[] = {
		{ KEY "\n", 0600, NULL },
		{ KEY, 0400, NULL },
		{ KEY "\n", 0644, "others than its owner may use it (mode 0644): chmod 600 it" },
		{ KEY "\n", 0640, "others than its owner" },
		{ "", 0600, "there is no key in it" },
		{ KEY " and more\n", 0600, "a key is one word" },
	};
	char path[2 * PATH_BYTES];

	snprintf(path, sizeof(path), "%s.key", folder);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unlink(path);
		write_file(path, rows[i].text, rows[i].mode);
		/* The file, not the environment. */
		setenv("OPENAI_ADMIN_KEY", "sk-other", 1);
		FETCH("openai-costs", "plain", OF_TWO_DAYS, "--key-file", path);
		unlink(path);
		if (rows[i].words != NULL) {
			expect_nothing(rows[i].words);
			continue;
		}
		TOLLRUN_EXPECT(&run, 0);
		TOLLRUN_SAYS_NOT(&run, KEY);
		end(state);
		begin(state);
	}
	FETCH("openai-costs", "plain", OF_TWO_DAYS, "--key-file", path);
	expect_nothing("No such file");
}

static void test_a_key_comes_by_standard_input(void **state)
{
	const char *words[] = {
		"statement",  "fetch", "--from", "openai-costs", "--base-url", NULL,
		"--key-file", "-",     "-o",     file,           OF_TWO_DAYS,  NULL
	};

	(void)state;
	unsetenv("OPENAI_ADMIN_KEY");
	words[5] = base("plain");
	tollrun_release(&run);
	tollrun_start(&run, words, KEY "\n", NULL);
	tollrun_wait(&run);
	TOLLRUN_EXPECT(&run, 0);
}

static void test_without_a_key_it_is_told_which_is_due(void **state)
{
	(void)state;
	unsetenv("ANTHROPIC_ADMIN_KEY");
	FETCH("anthropic-cost", "plain", OF_TWO_DAYS);
	expect_nothing("ANTHROPIC_ADMIN_KEY is not set, and there is no --key-file: due is an "
	               "admin key");
	setenv("ANTHROPIC_ADMIN_KEY", " ", 1);
	FETCH("anthropic-cost", "plain", OF_TWO_DAYS);
	expect_nothing("ANTHROPIC_ADMIN_KEY: there is no key in it");
	setenv("ANTHROPIC_ADMIN_KEY", "sk-wrong", 1);
	FETCH("anthropic-cost", "plain", OF_TWO_DAYS);
	expect_nothing("status 401: Missing Authentication header: due is an admin key");
}

/* Only over https, or to this machine. */
static void test_a_key_is_not_sent_in_the_clear(void **state)
{
	(void)state;
	TOLLRUN(&run, "statement", "fetch", "--from", "litellm-spend", "--base-url",
	        "http://example.com", "-o", file, OF_TWO_DAYS);
	expect_nothing("use https");
}

/* --- broken off ------------------------------------------------------------------------ */

static struct buf read_proc(pid_t pid, const char *name)
{
	char path[64];
	struct buf bytes = { .at = NULL };

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	bytes = read_file(path);
	/* Words are apart by NULs. */
	for (size_t i = 0; i < bytes.len; i++)
		if (bytes.at[i] == '\0')
			bytes.at[i] = '\n';
	return bytes;
}

static size_t count_words(const char *text, const char *words)
{
	size_t count = 0;

	for (const char *at = text; (at = strstr(at, words)) != NULL; at++)
		count++;
	return count;
}

/* Until the second page is asked for, which never comes. */
static void wait_for_second_page(const char *question)
{
	for (int i = 0; i < TIMES_MAX; i++) {
		struct buf requests = seen();
		size_t count = count_words(requests.at, question);

		buf_release(&requests);
		if (count >= 2)
			return;
		poll(NULL, 0, PAUSE_MS);
	}
	fail_msg("the second page was not asked for");
}

static void test_killed_in_the_middle_there_is_no_statement(void **state)
{
	const char *words[] = { "statement", "fetch", "--from", "openai-costs", "--base-url",
		                NULL,        "-o",    file,     OF_TWO_DAYS,    NULL };
	struct buf line, environment;
	struct stat found;

	(void)state;
	words[5] = base("hang");
	tollrun_release(&run);
	tollrun_start(&run, words, NULL, NULL);
	wait_for_second_page("GET /apis/hang/");
	line = read_proc(run.pid, "cmdline");
	environment = read_proc(run.pid, "environ");
	assert_non_null(strstr(line.at, "openai-costs"));
	assert_null(strstr(line.at, KEY));
	/* Of the key that it took its own copy is wiped; the others it did not look at. */
	assert_non_null(strstr(environment.at, "LITELLM_API_KEY=" KEY));
	assert_null(strstr(environment.at, "OPENAI_ADMIN_KEY=" KEY));
	kill(run.pid, SIGKILL);
	tollrun_wait(&run);
	TOLLRUN_EXPECT(&run, -SIGKILL);
	TOLLRUN_SAYS_NOT(&run, KEY);
	assert_int_equal(stat(file, &found), -1);
	assert_int_equal(stat(pages, &found), -1);
	buf_release(&line);
	buf_release(&environment);
}

/* Whoever ends it with Ctrl-C finds nothing left. */
static void test_ended_by_a_signal_it_tidies_up(void **state)
{
	const char *words[] = { "statement", "fetch", "--from", "openai-costs", "--base-url",
		                NULL,        "-o",    file,     OF_TWO_DAYS,    NULL };

	(void)state;
	words[5] = base("hang-too");
	tollrun_release(&run);
	tollrun_start(&run, words, NULL, NULL);
	wait_for_second_page("GET /apis/hang-too/");
	assert_true(count_in(folder) > 0);
	kill(run.pid, SIGTERM);
	tollrun_wait(&run);
	TOLLRUN_EXPECT(&run, -SIGTERM);
	assert_int_equal(count_in(folder), 0);
}

/* A disk of few blocks: what there was of it is taken away. */
static void test_on_a_full_disk_there_is_no_statement(void **state)
{
	char small[PATH_BYTES + 8];

	(void)state;
	snprintf(small, sizeof(small), "%s/small", folder);
	assert_int_equal(mkdir(small, 0700), 0);
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("tmpfs", small, "tmpfs", 0, "size=12288") != 0) {
		print_message("SKIPPED: a disk of its own needs root and a mount namespace: %s\n",
		              strerror(errno));
		skip();
	}
	snprintf(file, sizeof(file), "%s/s.json", small);
	FETCH("openai-costs", "plain", OF_TWO_DAYS);
	TOLLRUN_EXPECT(&run, 3);
	TOLLRUN_SAYS(&run, "No space left on device");
	assert_int_equal(count_in(small), 0);
	assert_int_equal(umount2(small, MNT_DETACH), 0);
}

/* --- wrong use ---------------------------------------------------------------------------- */

static void test_wrong_use_is_told(void **state)
{
	static const struct {
		const char *words[12], *told;
	} rows[] = {
		{ { OF_TWO_DAYS }, "--from NAME is due: openrouter-activity, " },
		{ { "--from", "openai", OF_TWO_DAYS }, "nothing is fetched from openai: " },
		{ { "--from", "openai-costs" }, "--from-date DATE and --to-date DATE are due" },
		{ { "--from", "openai-costs", "--from-date", "2025-08-01" }, "are due" },
		{ { "--from", "openai-costs", "--from-date", "yesterday", "--to-date",
		    "2025-08-03" },
		  "--from-date yesterday: a day is due" },
		{ { "--from", "openai-costs", "--from-date", "2025-08-01", "--to-date",
		    "2025-08-03T01:00:00Z" },
		  "--to-date 2025-08-03T01:00:00Z: a day is due" },
		{ { "--from", "openai-costs", OF_TWO_DAYS, "--ids", "x" }, "knows no --ids" },
		{ { "--from", "openrouter-generation", OF_TWO_DAYS }, "--ids FILE is due" },
		{ { "--from", "openrouter-generation", "--ids", "x", OF_TWO_DAYS }, "no date" },
		{ { "--from", "openai-costs", OF_TWO_DAYS, "-o", "-" }, "the path of a file" },
		{ { "--from", "openai-costs", OF_TWO_DAYS, "word" }, "statement fetch" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *words[16] = { "statement", "fetch" };

		memcpy(words + 2, rows[i].words, sizeof(rows[i].words));
		tollrun_release(&run);
		tollrun_start(&run, words, NULL, NULL);
		tollrun_wait(&run);
		TOLLRUN_EXPECT(&run, 2);
		TOLLRUN_SAYS(&run, rows[i].told);
	}
	FETCH("openai-costs", "plain", OF_TWO_DAYS, "--tries", "0");
	expect_nothing("--tries");
	FETCH("openai-costs", "plain", "--from-date", "2025-08-03", "--to-date", "2025-08-01");
	expect_nothing("the period is empty");
	FETCH("openai-costs", "plain", "--from-date", "2025-08-03", "--to-date", "2999-08-01");
	expect_nothing("at most 366 days");
	TOLLRUN(&run, "statement", "fetch", "--from", "litellm-spend", "-o", file, OF_TWO_DAYS);
	expect_nothing("its base URL is due");
}

int main(void)
{
#define OF_ITS_OWN(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		OF_ITS_OWN(test_each_api_gives_a_statement),
		OF_ITS_OWN(test_activity_is_of_the_last_days),
		OF_ITS_OWN(test_generations_are_of_a_list_of_ids),
		OF_ITS_OWN(test_a_person_is_told_what_is_there),
		OF_ITS_OWN(test_days_that_are_not_told_are_told_of),
		OF_ITS_OWN(test_pages_go_where_they_are_told_to),
		OF_ITS_OWN(test_patience_is_rewarded),
		OF_ITS_OWN(test_what_goes_wrong_writes_nothing),
		OF_ITS_OWN(test_a_redirect_elsewhere_does_not_carry_the_key),
		OF_ITS_OWN(test_a_key_is_in_a_file_of_its_owner),
		OF_ITS_OWN(test_a_key_comes_by_standard_input),
		OF_ITS_OWN(test_without_a_key_it_is_told_which_is_due),
		OF_ITS_OWN(test_a_key_is_not_sent_in_the_clear),
		OF_ITS_OWN(test_killed_in_the_middle_there_is_no_statement),
		OF_ITS_OWN(test_ended_by_a_signal_it_tidies_up),
		OF_ITS_OWN(test_on_a_full_disk_there_is_no_statement),
		OF_ITS_OWN(test_wrong_use_is_told),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
