/* What is taken for a credential, and what stands in its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "usage/credential.h"

/* 64 hexadecimal digits, 40 of both cases, as providers make them. */
#define HEX64  "3f0c9a7be1d24856b90fa3c7de681524f7ab3c09d8e5612470bf9e8dca135726"
#define MIXED  "aZ3kQ9xT7bLm2Wc8Rf5Yp1Vn6Hj4Gd0sKe2UqBt7"
#define ROUTER "sk-or-v1-" HEX64
#define JWT                                                                                        \
	"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmN"        \
	"HAjU8r"

struct bench {
	struct credentials credentials;
	struct arena arena;
};

static int setup(void **state)
{
	static struct bench bench;

	bench = (struct bench){ .credentials = { .keys = CREDENTIAL_DETECT, .known = true } };
	hmac_sha256_prepare(&bench.credentials.secret, "secret", 6);
	*state = &bench;
	return 0;
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	arena_release(&bench->arena);
	return 0;
}

static struct text redact(struct bench *bench, const char *bytes, bool cut)
{
	struct text out = { NULL, 0 };

	assert_int_equal(
		credential_redact(&bench->credentials, text_of(bytes), cut, &bench->arena, &out),
		0);
	return out;
}

static bool contains(struct text t, const char *words)
{
	return memmem(t.at, t.len, words, strlen(words)) != NULL;
}

/* Each is kept as it is, or with forms, `forms` of them, and without `secret`. */
static void test_credentials_are_known_by_their_shapes(void **state)
{
	static const struct {
		const char *label, *bytes, *secret;
		int forms;
	} rows[] = {
		{ "a name", "{\"key\":\"key_7\"}", NULL, 0 },
		{ "OpenRouter", "{\"key\":\"" ROUTER "\"}", HEX64, 1 },
		{ "twice", "{\"key\":\"" ROUTER "\",\"tags\":{\"x\":\"" ROUTER "\"}}", HEX64, 2 },
		{ "in the middle of a text", "{\"tags\":{\"x\":\"used sk-" MIXED " today\"}}",
		  MIXED, 1 },
		{ "no JSON", "GET /v1 key sk-" MIXED, MIXED, 1 },
		{ "behind a sign", "k=sk-" MIXED ";", MIXED, 1 },
		{ "in a query", "https://h/v1beta?key=AIzaSy" MIXED "&x=1", MIXED, 1 },
		{ "a full stop behind it", "it was sk-" MIXED ".", MIXED, 1 },
		{ "escaped", "{\"key\":\"sk\\u002dor\\u002Dv1-" HEX64 "\"}", HEX64, 1 },
		{ "each half escaped", "{\"x\":\"\\u0073k-or-v1-" HEX64 "\"}", HEX64, 1 },
		{ "behind an escaped line end", "{\"x\":\"a\\nsk-" MIXED "\"}", MIXED, 1 },
		{ "a string in a string", "{\"x\":\"{\\\"key\\\":\\\"" MIXED "\\\"}\"}", MIXED, 1 },
		{ "and in one more",
		  "{\"x\":\"{\\\\\\\"y\\\\\\\":\\\\\\\"\\\\\\nsk-" MIXED "\\\\\\\"}\"}", MIXED, 1 },
		{ "a header", "Authorization: Bearer " MIXED, MIXED, 1 },
		{ "a header in JSON", "{\"authorization\":\"Bearer " MIXED "\"}", MIXED, 1 },
		{ "a scheme somewhere", "curl -H bearer " MIXED, MIXED, 1 },
		{ "a token of the web", "{\"x\":\"" JWT "\"}", "dozjgNryP4J3jVmN", 1 },
		{ "as a key", "{\"key\":\"" JWT "\"}", "dozjgNryP4J3jVmN", 1 },
		{ "random in a key", "{\"key\":\"" HEX64 "\"}", HEX64, 1 },
		{ "random in another key", "{\"x-api-key\" : \"" MIXED "\"}", MIXED, 1 },
		{ "random in LiteLLM's", "{\"user_api_key\":\"" HEX64 "\"}", HEX64, 1 },
		{ "random in a hash of LiteLLM's", "{\"user_api_key_hash\":\"" HEX64 "\"}", HEX64,
		  1 },
		{ "random in a word of camels", "{\"apiKey\":\"" MIXED "\"}", MIXED, 1 },
		{ "short, but in a key", "{\"key\":\"sk-1234\"}", "sk-1234", 1 },
		{ "cut in a key", "{\"key\":\"" ROUTER, HEX64, 1 },
		/* What is none. */
		{ "random elsewhere", "{\"id\":\"" HEX64 "\"}", NULL, 0 },
		{ "a UUID", "{\"key\":\"550e8400-e29b-41d4-a716-446655440000\"}", NULL, 0 },
		{ "a UUID with a name", "{\"key\":\"key_550e8400-e29b-41d4-a716-446655440000\"}",
		  NULL, 0 },
		{ "a long name", "{\"key\":\"team-search-production-gateway-europe-west-01\"}",
		  NULL, 0 },
		{ "a word that ends so", "{\"x\":\"task-1234567890123456789012\"}", NULL, 0 },
		{ "words", "{\"x\":\"the bearer of this token is nobody\"}", NULL, 0 },
		{ "a count", "{\"max_tokens\":123456,\"token\":12345678901234567890123456789012}",
		  NULL, 0 },
		{ "null", "{\"key\":null}", NULL, 0 },
		{ "an attribute", "{\"key\":\"gen_ai.usage.input_tokens\",\"value\":{}}", NULL, 0 },
		{ "nothing", "", NULL, 0 },
		{ "a sign at the end", "key=", NULL, 0 },
		{ "a quote at the end", "\"key\":\"", NULL, 0 },
		{ "backslashes at the end", "\"key\":\\\\", NULL, 0 },
	};
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text out = redact(bench, rows[i].bytes, false), again;
		int forms = 0;

		for (size_t at = 0; at + 6 <= out.len; at++)
			forms += memcmp(out.at + at, "~hmac:", 6) == 0;
		if (forms != rows[i].forms ||
		    (rows[i].secret != NULL && contains(out, rows[i].secret)) ||
		    (forms == 0 && out.at != NULL && !text_is(out, rows[i].bytes)))
			fail_msg("%s: %d forms: %.*s", rows[i].label, forms, TEXT_ARGS(out));
		/* What is kept is read again. */
		assert_int_equal(
			credential_redact(&bench->credentials, out, false, &bench->arena, &again),
			0);
		if (!text_equal(out, again))
			fail_msg("%s: changed again: %.*s", rows[i].label, TEXT_ARGS(again));
	}
}

/* The digits are those of another implementation (Python's hmac). */
static void test_the_form_is_the_beginning_and_the_hash(void **state)
{
	static const struct {
		const char *label, *name, *form;
	} rows[] = {
		{ "long", ROUTER, "sk-or-v1~hmac:e9bcd5ec0e4dfbfc5c45d1664f252cf4" },
		{ "its scheme is none of it", "Bearer " ROUTER,
		  "sk-or-v1~hmac:e9bcd5ec0e4dfbfc5c45d1664f252cf4" },
		{ "short: a third is shown", "sk-1234",
		  "sk~hmac:0676f329b39613af6eac508fe594cc50" },
		{ "a name", "key_7", "key_7" },
		{ "a form", "sk-or-v1~hmac:e9bcd5ec0e4dfbfc5c45d1664f252cf4",
		  "sk-or-v1~hmac:e9bcd5ec0e4dfbfc5c45d1664f252cf4" },
		{ "nothing", "", "" },
	};
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char room[CREDENTIAL_FORM_BYTES], line[512];
		struct text form = credential_name(&bench->credentials, text_of(rows[i].name),
		                                   room);

		if (!text_is(form, rows[i].form))
			fail_msg("%s: %.*s", rows[i].label, TEXT_ARGS(form));
		/* The same as in a line, but that a line keeps the scheme. */
		snprintf(line, sizeof(line), "{\"key\":\"%s\"}", rows[i].name);
		if (!contains(redact(bench, line, false), rows[i].form))
			fail_msg("%s: in a line it is %.*s", rows[i].label,
			         TEXT_ARGS(redact(bench, line, false)));
	}
}

/* What stands at the end of a line that was cut may be the beginning of one. */
static void test_the_beginning_of_one_is_known_where_the_line_was_cut(void **state)
{
	static const char *const rows[] = {
		"{\"x\":\"sk-aZ3k",
		"{\"key\":\"sk-or-v1-3f",
		"Bearer aZ3kQ9",
		"\"authorization\":\"Basic aZ3kQ9",
	};
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!contains(redact(bench, rows[i], true), "~hmac:"))
			fail_msg("%s", rows[i]);
	}
	assert_true(text_is(redact(bench, rows[0], false), rows[0]));
}

/* The letters that a search looks for are those of credential.def. */
static void test_every_prefix_is_found(void **state)
{
	static const struct {
		const char *prefix;
		size_t rest;
	} rows[] = {
#define P(text, rest, dots) { text, rest },
#define A(text, rest)       { text " ", rest },
#define M(text)
#include "usage/credential.def"
#undef P
#undef A
#undef M
	};
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[256];
		struct text out;

		/* A '.' for those that must have one. */
		snprintf(line, sizeof(line), "<%s%.*s.%s>", rows[i].prefix, (int)rows[i].rest,
		         MIXED, MIXED);
		out = redact(bench, line, false);
		if (!contains(out, "~hmac:") || contains(out, MIXED))
			fail_msg("%s: %.*s", rows[i].prefix, TEXT_ARGS(out));
		credential_mask(line, strlen(line));
		if (strstr(line, MIXED) != NULL || strstr(line, "****") == NULL)
			fail_msg("%s: %s", rows[i].prefix, line);
		/* Too short for one: it is a word. */
		snprintf(line, sizeof(line), "<%s%.*s>", rows[i].prefix, (int)rows[i].rest - 1,
		         MIXED);
		if (!text_is(redact(bench, line, false), line))
			fail_msg("%s: one less is one too", rows[i].prefix);
	}
}

static void test_all_means_names_too(void **state)
{
	static const struct {
		const char *label, *line, *gone;
	} rows[] = {
		{ "a name", "{\"key\":\"key_7\"}", "key_7" },
		{ "with blanks", "{ \"key\" : \"the key of M\u00fcller\" }", "ller" },
		{ "a quote in it", "{\"key\":\"a\\\"b\",\"model\":\"m\"}", "\\\"b" },
		{ "a UUID", "{\"key\":\"550e8400-e29b-41d4-a716-446655440000\"}", "446655" },
		{ "an attribute", "{\"key\":\"gen_ai.system\",\"value\":{}}", NULL },
		{ "no end", "{\"key\":\"key_7", "key_7" },
		{ "empty", "{\"key\":\"\"}", NULL },
		{ "another member", "{\"id\":\"key_7\"}", NULL },
	};
	struct bench *bench = *state;
	char room[CREDENTIAL_FORM_BYTES];

	bench->credentials.keys = CREDENTIAL_ALL;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text out = redact(bench, rows[i].line, false);

		if (rows[i].gone != NULL
		            ? !contains(out, "~hmac:") || memmem(out.at, out.len, rows[i].gone,
		                                                 strlen(rows[i].gone)) != NULL
		            : !text_is(out, rows[i].line))
			fail_msg("%s: %.*s", rows[i].label, TEXT_ARGS(out));
	}
	assert_true(
		contains(credential_name(&bench->credentials, text_of("key_7"), room), "k~hmac:"));
}

/* Neither where nobody wants it, nor where there is no secret to do it with. */
static void test_plain_and_no_secret_change_nothing(void **state)
{
	struct bench *bench = *state;

	bench->credentials.keys = CREDENTIAL_PLAIN;
	assert_true(text_is(redact(bench, ROUTER, false), ROUTER));
	assert_false(credential_is(CREDENTIAL_PLAIN, text_of(ROUTER)));
	bench->credentials = (struct credentials){ .keys = CREDENTIAL_ALL };
	assert_true(text_is(redact(bench, ROUTER, false), ROUTER));
}

static void test_other_secrets_give_other_forms(void **state)
{
	struct bench *bench = *state;
	struct text first = redact(bench, ROUTER, false), second;

	hmac_sha256_prepare(&bench->credentials.secret, "other", 5);
	second = redact(bench, ROUTER, false);
	assert_false(text_equal(first, second));
}

static void test_the_settings_have_their_names(void **state)
{
	(void)state;
	for (int k = 0; k < CREDENTIAL_KEYS_COUNT; k++)
		assert_int_equal(credential_keys_find(
					 text_of(credential_keys_name((enum credential_keys)k))),
		                 k);
	assert_int_equal(credential_keys_find(text_of("some")), CREDENTIAL_KEYS_COUNT);
	assert_int_equal(credential_keys_find(text_of(NULL)), CREDENTIAL_KEYS_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_credentials_are_known_by_their_shapes, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(test_the_form_is_the_beginning_and_the_hash, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(
			test_the_beginning_of_one_is_known_where_the_line_was_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_every_prefix_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(test_all_means_names_too, setup, teardown),
		cmocka_unit_test_setup_teardown(test_plain_and_no_secret_change_nothing, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(test_other_secrets_give_other_forms, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(test_the_settings_have_their_names, setup,
		                                teardown),
	};

	return cmocka_run_group_tests_name("credential", tests, NULL, NULL);
}
