/* toll price import of a URL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/daemonkit.h"
#include "tests/support/tollrun.h"
#include "tests/support/webserver.h"

/* As in http_server.py. */
#define CATALOGUE                                                                                  \
	"{\"data\":[{\"id\":\"acme/one\",\"pricing\":{\"prompt\":\"0.000001\","                    \
	"\"completion\":\"0.000002\"}}]}"

static struct webserver web;
static struct tollrun run;
static char file[WEBSERVER_URL_BYTES], book[WEBSERVER_URL_BYTES];

static int start(void **state)
{
	(void)state;
	unsetenv("https_proxy");
	unsetenv("HTTPS_PROXY");
	unsetenv("all_proxy");
	unsetenv("ALL_PROXY");
	unsetenv("SSL_CERT_FILE");
	setenv("COLUMNS", "80", 1);
	webserver_start(&web);
	snprintf(file, sizeof(file), "%s/catalogue.json", web.folder);
	snprintf(book, sizeof(book), "%s/book.json", web.folder);
	daemonkit_write(file, CATALOGUE);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	tollrun_release(&run);
	unlink(file);
	unlink(book);
	webserver_stop(&web);
	return 0;
}

static void import(const char *url)
{
	TOLLRUN(&run, "price", "import", "--from", "openrouter", url);
}

/* Byte for byte what the file gives, also by a redirect and with TLS. */
static void test_a_url_gives_what_the_file_gives(void **state)
{
	struct buf expected = { .at = NULL };

	(void)state;
	import(file);
	TOLLRUN_EXPECT(&run, 0);
	buf_add_text(&expected, buf_text(&run.out));
	assert_true(expected.len > 0);
	import(webserver_http(&web, "catalogue"));
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN_SAYS(&run, "/catalogue: catalogue openrouter, in USD per token");
	/* No bar where nobody looks. */
	TOLLRUN_SAYS_NOT(&run, "\r");
	assert_string_equal(run.out.at, expected.at);
	import(webserver_http(&web, "to-catalogue"));
	TOLLRUN_EXPECT(&run, 0);
	assert_string_equal(run.out.at, expected.at);
	setenv("SSL_CERT_FILE", web.certificate, 1);
	import(webserver_https(&web, "catalogue"));
	unsetenv("SSL_CERT_FILE");
	TOLLRUN_EXPECT(&run, 0);
	assert_string_equal(run.out.at, expected.at);
	buf_release(&expected);
}

static void test_what_cannot_be_fetched_leaves_the_book_as_it_was(void **state)
{
	const struct {
		char url[WEBSERVER_URL_BYTES];
		const char *words;
	} rows[] = {
		{ "http://example.com/models", "over plain http anybody on the way" },
		{ "https://me:secret@localhost/models", "a user or a password in a URL" },
		{ "HTTP://127.0.0.1:1/models", "http://127.0.0.1:1/models: " },
	};
	static const struct {
		const char *path, *words;
	} served[] = {
		{ "missing", "/missing: the answer is status 404: no such" },
		{ "half", "/half: cut off, and not taken" },
		{ "to-file", "file:///etc/passwd, to which http://127.0.0.1:" },
	};
	struct buf left = { .at = NULL };

	(void)state;
	daemonkit_write(book, "as it was");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		TOLLRUN(&run, "price", "import", "--from", "openrouter", rows[i].url, "-o", book);
		TOLLRUN_EXPECT(&run, 3);
		TOLLRUN_SAYS(&run, rows[i].words);
		TOLLRUN_SAYS_NOT(&run, "secret");
	}
	for (size_t i = 0; i < sizeof(served) / sizeof(served[0]); i++) {
		TOLLRUN(&run, "price", "import", "--from", "openrouter",
		        webserver_http(&web, served[i].path), "-o", book);
		TOLLRUN_EXPECT(&run, 3);
		TOLLRUN_SAYS(&run, served[i].words);
	}
	import(webserver_https(&web, "catalogue"));
	TOLLRUN_EXPECT(&run, 3);
	TOLLRUN_SAYS(&run, "its certificate is not trusted");
	assert_int_equal(buf_read_file(&left, book, 100, NULL), 0);
	assert_string_equal(left.at, "as it was");
	buf_release(&left);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_url_gives_what_the_file_gives),
		cmocka_unit_test(test_what_cannot_be_fetched_leaves_the_book_as_it_was),
	};

	return cmocka_run_group_tests_name("import of a URL", tests, start, stop);
}
