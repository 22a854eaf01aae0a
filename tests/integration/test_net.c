/* net/net.h against a web server that does what one should not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/version.h"
#include "net/net.h"
#include "tests/support/webserver.h"

/* As in http_server.py. */
#define BODY "{\"data\":[{\"id\":\"acme/one\"}]}"
enum { BIG = 4096 };

static struct webserver web;

static int start(void **state)
{
	(void)state;
	/* What this machine has for its own use is not what is tested. */
	unsetenv("SSL_CERT_FILE");
	unsetenv("http_proxy");
	unsetenv("https_proxy");
	unsetenv("HTTPS_PROXY");
	unsetenv("all_proxy");
	unsetenv("ALL_PROXY");
	webserver_start(&web);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	webserver_stop(&web);
	return 0;
}

static int fetch(const char *url, struct net_limits limits, struct buf *body, struct fault *fault)
{
	*fault = (struct fault){ .code = FAULT_NONE };
	if (limits.bytes_max == 0)
		limits.bytes_max = BIG;
	return net_fetch(url, &limits, body, fault);
}

static void expect_body(const char *url, const char *expected)
{
	struct buf body = { .at = NULL };
	struct fault fault;

	if (fetch(url, (struct net_limits){ 0 }, &body, &fault) < 0)
		fail_msg("%s: %s", url, fault.text);
	assert_int_equal(body.len, strlen(expected));
	assert_memory_equal(body.at, expected, body.len);
	buf_release(&body);
}

static void expect_fault(const char *url, struct net_limits limits, int code, const char *words)
{
	struct buf body = { .at = NULL };
	struct fault fault;
	int r;

	buf_add_cstr(&body, "as it was");
	r = fetch(url, limits, &body, &fault);
	if (r != code || strstr(fault.text, words) == NULL)
		fail_msg("%s: %s, \"%s\": expected %s and \"%s\"", url, fault_name(r), fault.text,
		         fault_name(code), words);
	assert_null(strstr(fault.text, "secret"));
	assert_string_equal(body.at, "as it was");
	buf_release(&body);
}

/* Of the web server, with what its answer must be told by. */
struct refusal {
	const char *path;
	int code;
	const char *words;
};

static void expect_refusals(const struct refusal *rows, size_t count, bool secure)
{
	for (size_t i = 0; i < count; i++)
		expect_fault(secure ? webserver_https(&web, rows[i].path)
		                    : webserver_http(&web, rows[i].path),
		             (struct net_limits){ .whole_s = 20 }, rows[i].code, rows[i].words);
}
#define REFUSED(rows, secure) expect_refusals(rows, sizeof(rows) / sizeof((rows)[0]), secure)

static void test_a_body_is_fetched_whole(void **state)
{
	char ten[10 * sizeof(BODY)] = "";

	(void)state;
	for (int i = 0; i < 10; i++)
		strcat(ten, BODY);
	expect_body(webserver_http(&web, "book"), BODY);
	expect_body(webserver_http(&web, "chunked"), ten);
	expect_body(webserver_http(&web, "relative"), BODY);
	expect_body(webserver_http(&web, "hops/4"), BODY); /* five redirects */
}

static void test_urls_that_are_not_asked_for(void **state)
{
	static const struct {
		const char *url;
		int code;
		const char *words;
	} rows[] = {
		{ "file:///etc/passwd", -FAULT_INVALID, "only https is fetched, not file" },
		{ "ftp://127.0.0.1/x", -FAULT_INVALID, "only https is fetched, not ftp" },
		{ "gopher://127.0.0.1/x", -FAULT_INVALID, "only https is fetched, not gopher" },
		{ "dict://127.0.0.1/x", -FAULT_INVALID, "only https is fetched, not dict" },
		{ "http://example.com/x", -FAULT_INVALID, "use https" },
		{ "http://127.0.0.1.example.com/x", -FAULT_INVALID, "use https" },
		{ "http://localhost.example.com/x", -FAULT_INVALID, "use https" },
		{ "http://10.0.0.1/x", -FAULT_INVALID, "use https" },
		{ "http://0.0.0.0/x", -FAULT_INVALID, "use https" },
		{ "http://[::2]/x", -FAULT_INVALID, "use https" },
		{ "https://me:secret@localhost/x", -FAULT_INVALID, "ends up in logs" },
		{ "https://secret@localhost/x", -FAULT_INVALID, "ends up in logs" },
		{ "http://[::1]:1/x?secret", -FAULT_IO, "http://[::1]:1/x: " },
		{ "http://127.1:1/x", -FAULT_IO, "http://127.0.0.1:1/x: " },
		{ "https://", -FAULT_INVALID, "not a URL" },
		{ "", -FAULT_INVALID, "not a URL" },
		{ "book.json", -FAULT_INVALID, "not a URL" },
	};
	char url[NET_URL_BYTES_MAX + 2] = "https://localhost/";

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_fault(rows[i].url, (struct net_limits){ 0 }, rows[i].code, rows[i].words);
	memset(url + strlen(url), 'x', sizeof(url) - strlen(url) - 1);
	expect_fault(url, (struct net_limits){ 0 }, -FAULT_RANGE, "at most 2048 bytes");
	assert_true(net_is_url(text_of("https://a")) && net_is_url(text_of("HTTP://a")));
	assert_false(net_is_url(text_of("file://a")) || net_is_url(text_of("http:/a")) ||
	             net_is_url(text_of("book.json")) || net_is_url(text_of("")));
}

static void test_redirects_lead_nowhere_else(void **state)
{
	static const struct refusal rows[] = {
		{ "to-file", -FAULT_INVALID, "file:///etc/passwd, to which http://127.0.0.1:" },
		{ "to-file", -FAULT_INVALID,
		  "/to-file redirects: only https is fetched, not file" },
		{ "to-ftp", -FAULT_INVALID, "/to-ftp redirects: only https is fetched, not ftp" },
		{ "to-stranger", -FAULT_INVALID, "redirects: over plain http" },
		{ "to-user", -FAULT_INVALID, "a user or a password" },
		{ "to-long", -FAULT_RANGE, "/to-long redirects: a URL has at most" },
		{ "to-nothing", -FAULT_INVALID, "/to-nothing redirects to http://: not a URL" },
		{ "to-key", -FAULT_NOT_FOUND, "/missing: the answer is status 404" },
		{ "loop", -FAULT_RANGE, "/loop: more than 5 redirects" },
		{ "hops/5", -FAULT_RANGE, "/hops/5: more than 5 redirects, the last to " },
		{ "nowhere", -FAULT_INVALID, "status 302: no place" },
	};

	(void)state;
	REFUSED(rows, false);
}

static void test_a_status_is_told_with_its_body(void **state)
{
	static const struct refusal rows[] = {
		{ "missing", -FAULT_NOT_FOUND, "status 404: no such?[31m thing <b>here</b> ?" },
		{ "gone", -FAULT_NOT_FOUND, "status 410" },
		{ "error", -FAULT_INVALID, "status 500: sorry sorry" },
		{ "error-big", -FAULT_INVALID, "status 503: zzz" },
		{ "empty", -FAULT_INVALID, "status 204" },
	};

	(void)state;
	REFUSED(rows, false);
}

static void test_too_much_is_not_taken(void **state)
{
	static const struct refusal rows[] = {
		{ "big", -FAULT_RANGE, "/big: more than 4096 bytes" },
		{ "big-chunked", -FAULT_RANGE, "/big-chunked: more than 4096 bytes" },
		{ "liar", -FAULT_RANGE, "/liar: more than 4096 bytes" },
		{ "endless", -FAULT_RANGE, "/endless: more than 4096 bytes" },
	};
	struct buf body = { .at = NULL };
	struct fault fault;

	(void)state;
	REFUSED(rows, false);
	assert_int_equal(
		fetch(webserver_http(&web, "full"), (struct net_limits){ 0 }, &body, &fault), 0);
	assert_int_equal(body.len, BIG);
	assert_int_equal(fetch(webserver_http(&web, "full-chunked"), (struct net_limits){ 0 },
	                       &body, &fault),
	                 0);
	assert_int_equal(body.len, BIG);
	buf_release(&body);
}

static void test_half_a_body_is_none(void **state)
{
	static const struct refusal rows[] = {
		{ "cut", -FAULT_CLOSED, "/cut: cut off, and not taken" },
		{ "cut-chunks", -FAULT_CLOSED, "/cut-chunks: cut off, and not taken" },
		{ "unended", -FAULT_INVALID, "does not say how long it is" },
		{ "old", -FAULT_IO, "/old: " }, /* HTTP/0.9 */
		{ "gzip", -FAULT_INVALID, "compressed (gzip)" },
	};

	(void)state;
	REFUSED(rows, false);
}

static void test_waiting_has_an_end(void **state)
{
	const struct net_limits short_whole = { .whole_s = 1 }, short_slow = { .slow_s = 1 };

	(void)state;
	expect_fault(webserver_http(&web, "silent"), short_whole, -FAULT_IO, "too slow: ");
	expect_fault(webserver_http(&web, "slow"), short_whole, -FAULT_IO, ", 1 s in all");
	expect_fault(webserver_http(&web, "drip"),
	             (struct net_limits){ .bytes_max = 2000000, .slow_s = 1 }, -FAULT_IO,
	             "a second for 1 s");
	expect_fault(webserver_http(&web, "slow"), short_slow, -FAULT_IO, "too slow: ");
}

static bool stop_at_third(void *context)
{
	int *times = context;

	return ++*times == 3;
}

static void test_who_waits_can_stop(void **state)
{
	int times = 0;

	(void)state;
	expect_fault(webserver_http(&web, "silent"),
	             (struct net_limits){ .stops = stop_at_third, .context = &times },
	             -FAULT_CLOSED, "/silent: broken off");
	assert_int_equal(times, 3);
}

/* What is asked for, and with what. */
static void test_nothing_is_sent_of_who_we_are(void **state)
{
	char folder[] = "build/netrc-XXXXXX", path[64];
	struct buf body = { .at = NULL };
	struct fault fault;
	const char *home = getenv("HOME");
	FILE *netrc;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/.netrc", folder);
	netrc = fopen(path, "we");
	assert_non_null(netrc);
	fputs("machine 127.0.0.1 login me password secret\n", netrc);
	fclose(netrc);
	setenv("HOME", folder, 1);
	assert_int_equal(
		fetch(webserver_http(&web, "cookie"), (struct net_limits){ 0 }, &body, &fault), 0);
	if (home != NULL)
		setenv("HOME", home, 1);
	unlink(path);
	rmdir(folder);
	buf_add(&body, "", 1);
	assert_non_null(strstr(body.at, "GET /echo HTTP/1.1\r\n"));
	assert_non_null(strstr(body.at, "\r\nUser-Agent: toll/" TOLL_VERSION "\r\n"));
	assert_null(strcasestr(body.at, "Cookie"));
	assert_null(strcasestr(body.at, "Authorization"));
	assert_null(strcasestr(body.at, "Accept-Encoding"));
	assert_null(strcasestr(body.at, "Referer"));
	buf_release(&body);
}

/* Where a proxy is due it is asked; this machine itself never by one. */
static void test_proxies_are_those_of_the_environment(void **state)
{
	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("all_proxy", "http://127.0.0.1:1", 1);
	expect_body(webserver_http(&web, "book"), BODY);
	expect_fault("https://example.com/x", (struct net_limits){ 0 }, -FAULT_IO,
	             "127.0.0.1 port 1");
	unsetenv("http_proxy");
	unsetenv("all_proxy");
}

static void test_a_stranger_s_certificate_is_refused(void **state)
{
	static const struct refusal untrusted[] = {
		{ "book", -FAULT_INVALID, "its certificate is not trusted" },
	};
	static const struct refusal trusted[] = {
		{ "to-http", -FAULT_INVALID,
		  "redirects: what begins with https does not go on without it" },
		{ "to-file", -FAULT_INVALID, "redirects: only https is fetched, not file" },
		{ "cut", -FAULT_CLOSED, "cut off" },
	};
	char other[WEBSERVER_URL_BYTES];

	(void)state;
	REFUSED(untrusted, true);
	setenv("SSL_CERT_FILE", web.certificate, 1);
	expect_body(webserver_https(&web, "book"), BODY);
	expect_body(webserver_http(&web, "to-https"), BODY);
	REFUSED(trusted, true);
	/* The certificate is of localhost, not of its address. */
	snprintf(other, sizeof(other), "https://127.0.0.1:%d/book", web.https);
	expect_fault(other, (struct net_limits){ 0 }, -FAULT_INVALID, "is not trusted");
	unsetenv("SSL_CERT_FILE");
}

struct seen {
	int64_t received, total;
};

static void see(void *context, int64_t received, int64_t total)
{
	struct seen *seen = context;

	assert_true(received >= seen->received);
	*seen = (struct seen){ received, total };
}

static void test_progress_is_told(void **state)
{
	struct seen seen = { 0, 0 };
	struct buf body = { .at = NULL };
	struct fault fault;

	(void)state;
	assert_int_equal(fetch(webserver_http(&web, "full"),
	                       (struct net_limits){ .on_progress = see, .context = &seen }, &body,
	                       &fault),
	                 0);
	assert_int_equal(seen.received, BIG);
	assert_int_equal(seen.total, BIG);
	buf_release(&body);
}

/* --- questions with a key ------------------------------------------------- */

#define SECRET_HEADER "X-Key: secret-of-ours"

static int ask(const char *url, const char *json, struct net_answer *answer, struct fault *fault)
{
	static const char *const headers[] = { "X-Version: 2023", NULL };
	const struct net_request request = {
		.url = url, .headers = headers, .secret = SECRET_HEADER, .json = json
	};
	const struct net_limits limits = { .bytes_max = BIG, .whole_s = 20 };

	*fault = (struct fault){ .code = FAULT_NONE };
	return net_ask(&request, &limits, answer, fault);
}

static void expect_answer(const char *url, const char *json, long status, const char *words)
{
	struct net_answer answer = { .status = 0 };
	struct fault fault;

	if (ask(url, json, &answer, &fault) < 0)
		fail_msg("%s: %s", url, fault.text);
	buf_add(&answer.body, "", 1);
	assert_int_equal(answer.status, status);
	if (strstr(answer.body.at, words) == NULL)
		fail_msg("%s: \"%s\" is not in %s", url, words, answer.body.at);
	net_answer_release(&answer);
}

static void test_a_question_carries_its_headers_and_its_body(void **state)
{
	(void)state;
	expect_answer(webserver_http(&web, "echo"), NULL, 200, "GET /echo HTTP/1.1\r\n");
	expect_answer(webserver_http(&web, "echo"), NULL, 200, "\r\nX-Version: 2023\r\n");
	expect_answer(webserver_http(&web, "echo"), NULL, 200, "\r\n" SECRET_HEADER "\r\n");
	expect_answer(webserver_http(&web, "echo"), "{\"a\":1}", 200, "POST /echo HTTP/1.1\r\n");
	expect_answer(webserver_http(&web, "echo"), "{\"a\":1}", 200,
	              "\r\nContent-Type: application/json\r\n");
	expect_answer(webserver_http(&web, "echo"), "{\"a\":1}", 200, "\r\n\r\n{\"a\":1}");
	/* To the same place it goes on. */
	expect_answer(webserver_http(&web, "to-echo"), NULL, 200, "\r\n" SECRET_HEADER "\r\n");
}

static void test_any_status_is_an_answer(void **state)
{
	struct net_answer answer = { .status = 0 };
	struct fault fault;

	(void)state;
	expect_answer(webserver_http(&web, "missing"), NULL, 404, "no such");
	expect_answer(webserver_http(&web, "nowhere"), NULL, 302, "no place");
	/* All of it where it is short, not only what a fault would tell. */
	assert_int_equal(ask(webserver_http(&web, "error"), NULL, &answer, &fault), 0);
	assert_int_equal(answer.body.len, 6000);
	assert_string_equal(answer.retry_after, "");
	assert_int_equal(ask(webserver_http(&web, "busy"), NULL, &answer, &fault), 0);
	assert_int_equal(answer.status, 429);
	assert_string_equal(answer.retry_after, "7");
	assert_string_equal(answer.content_type, "text/plain");
	assert_int_equal(ask(webserver_http(&web, "busy-long"), NULL, &answer, &fault), 0);
	assert_string_equal(answer.retry_after, "");
	assert_string_equal(answer.content_type, "");
	net_answer_release(&answer);
}

/* Not even that somebody with a key asks is told to anybody else. */
static void test_a_key_goes_to_one_place(void **state)
{
	static const char *const elsewhere[] = { "to-other-host", "to-other-port",
		                                 "to-other-scheme" };
	struct net_answer answer = { .status = 7 };
	struct fault fault;
	struct buf seen = { .at = NULL };

	(void)state;
	setenv("SSL_CERT_FILE", web.certificate, 1);
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
		const char *url = webserver_http(&web, elsewhere[i]);

		/* Who has none is led there. */
		assert_int_equal(fetch(url, (struct net_limits){ 0 }, &seen, &fault), 0);
		assert_int_equal(ask(url, NULL, &answer, &fault), -FAULT_INVALID);
		assert_non_null(strstr(fault.text, "is not given the key"));
		assert_null(strstr(fault.text, "secret"));
		assert_int_equal(answer.status, 7);
	}
	unsetenv("SSL_CERT_FILE");
	assert_int_equal(ask(webserver_http(&web, "to-echo"), "{}", &answer, &fault),
	                 -FAULT_INVALID);
	assert_non_null(strstr(fault.text, "that was posted is redirected"));
	assert_int_equal(ask("http://example.com/x", NULL, &answer, &fault), -FAULT_INVALID);
	assert_non_null(strstr(fault.text, "use https"));
	buf_release(&seen);
}

/* A proxy makes the way, and hears nothing. */
static void test_a_key_is_not_told_to_a_proxy(void **state)
{
	struct net_answer answer = { .status = 0 };
	struct buf seen = { .at = NULL };
	struct fault fault;
	char *connect;

	(void)state;
	setenv("https_proxy", webserver_http(&web, ""), 1);
	assert_true(ask("https://example.com/x", NULL, &answer, &fault) < 0);
	unsetenv("https_proxy");
	assert_null(strstr(fault.text, "secret"));
	assert_int_equal(fetch(webserver_http(&web, "seen"),
	                       (struct net_limits){ .bytes_max = 1000000 }, &seen, &fault),
	                 0);
	buf_add(&seen, "", 1);
	connect = strstr(seen.at, "CONNECT example.com:443 HTTP/1.1\r\n");
	assert_non_null(connect);
	assert_null(strstr(connect, "secret"));
	buf_release(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_body_is_fetched_whole),
		cmocka_unit_test(test_urls_that_are_not_asked_for),
		cmocka_unit_test(test_redirects_lead_nowhere_else),
		cmocka_unit_test(test_a_status_is_told_with_its_body),
		cmocka_unit_test(test_too_much_is_not_taken),
		cmocka_unit_test(test_half_a_body_is_none),
		cmocka_unit_test(test_waiting_has_an_end),
		cmocka_unit_test(test_who_waits_can_stop),
		cmocka_unit_test(test_nothing_is_sent_of_who_we_are),
		cmocka_unit_test(test_proxies_are_those_of_the_environment),
		cmocka_unit_test(test_a_stranger_s_certificate_is_refused),
		cmocka_unit_test(test_progress_is_told),
		cmocka_unit_test(test_a_question_carries_its_headers_and_its_body),
		cmocka_unit_test(test_any_status_is_an_answer),
		cmocka_unit_test(test_a_key_goes_to_one_place),
		cmocka_unit_test(test_a_key_is_not_told_to_a_proxy),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
