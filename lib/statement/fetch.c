#include "statement/fetch_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/backoff.h"
#include "base/hash.h"
#include "base/moment.h"

enum {
	STATUS_OK = 200,
	SHOWN_BYTES = 240, /* of a URL in a fault */
	SHORT_BYTES = 120, /* it is told with its query */
	WORDS_BYTES = 200, /* of what the other side says */
	SECRET_BYTES = 64 + FETCH_KEY_BYTES_MAX,
	MS_PER_S = 1000,
};

#define BEARER    "Authorization: Bearer "
#define X_API_KEY "x-api-key: "
static const struct fetch_api apis[FETCH_API_COUNT] = {
#define F(NAME, name, format, base, variable, key, SECRET)                                         \
	{ name, format, base, variable, key, SECRET, &fetch_shapes[FETCH_API_##NAME] },
#include "statement/fetch.def"
#undef F
};

const struct fetch_api *fetch_api_at(size_t index)
{
	return index < FETCH_API_COUNT ? &apis[index] : NULL;
}

const struct fetch_api *fetch_api_find(struct text name)
{
	for (size_t i = 0; i < FETCH_API_COUNT; i++)
		if (text_is(name, apis[i].name))
			return &apis[i];
	return NULL;
}

bool fetch_api_of_requests(const struct fetch_api *api)
{
	return api->shape->of_requests;
}

struct run {
	const struct statement_fetch *what;
	const struct fetch_hooks *hooks;
	struct fetch_result result;
	struct fetch_series series;
	struct fetch_question question;
	struct buf url;
	char shown[SHOWN_BYTES];   /* the URL, in a fault */
	char secret[SECRET_BYTES]; /* the header with the key */
	struct net_answer answer;
	struct json doc;
	struct fetch_look look;
	struct backoff backoff;
	unsigned tries; /* of this question */
	int64_t waited_ms;
	struct buf page; /* what leads to the page; not of the first */
	struct buf seen; /* hashes of those that led to pages of this series */
};

static int out_of_memory(struct fault *fault)
{
	return fault_set(fault, FAULT_NOMEM, "fetching: out of memory");
}

/* --- what is wanted -------------------------------------------------------- */

/* No blank and no control character: in a header or a URL it would be another one. */
static bool is_word(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (t.at[i] <= ' ' || t.at[i] >= 0x7f)
			return false;
	return t.len > 0;
}

static bool is_around(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct text trim(struct text t)
{
	while (t.len > 0 && is_around(t.at[t.len - 1]))
		t.len--;
	while (t.len > 0 && is_around(t.at[0])) {
		t.at++;
		t.len--;
	}
	return t;
}

int statement_fetch_key(struct text text, char key_out[FETCH_KEY_BYTES_MAX + 1],
                        struct fault *fault)
{
	struct text key = trim(text);

	if (key.len == 0)
		return fault_set(fault, FAULT_INVALID, "there is no key in it");
	if (key.len > FETCH_KEY_BYTES_MAX)
		return fault_set(fault, FAULT_RANGE, "a key has at most %d bytes",
		                 FETCH_KEY_BYTES_MAX);
	if (!is_word(key))
		return fault_set(fault, FAULT_INVALID,
		                 "a key is one word of ASCII, and nothing else is beside it");
	text_copy(key_out, FETCH_KEY_BYTES_MAX + 1, key);
	return 0;
}

/* The next line that is not empty; false: there is none. */
static bool next_id(struct text *rest, struct text *id_out)
{
	while (text_cut(rest, '\n', id_out)) {
		*id_out = trim(*id_out);
		if (id_out->len > 0)
			return true;
	}
	return false;
}

bool fetch_is_new(struct buf *seen, struct text t)
{
	uint64_t hash = hash64(t.at, t.len, 0);

	for (size_t at = 0; at < seen->len; at += sizeof(hash))
		if (memcmp(seen->at + at, &hash, sizeof(hash)) == 0)
			return false;
	buf_add(seen, &hash, sizeof(hash));
	return true;
}

static int check_id(struct text id, struct buf *seen, struct fault *fault)
{
	if (id.len > FETCH_ID_BYTES_MAX || !is_word(id))
		return fault_set(fault, FAULT_INVALID,
		                 "%.*s: no id of a request: one word of at most %d bytes a line",
		                 (int)(id.len < 64 ? id.len : 64), id.at, FETCH_ID_BYTES_MAX);
	if (!fetch_is_new(seen, id))
		return fault_set(fault, FAULT_INVALID,
		                 "%.*s stands twice in the list of ids: it would be counted twice",
		                 TEXT_ARGS(id));
	return seen->error != 0 ? out_of_memory(fault) : 0;
}

static int check_ids(const struct statement_fetch *what, struct fault *fault)
{
	struct text rest = what->ids, id;
	struct buf seen = { .at = NULL };
	int count = 0, r = 0;

	for (; r == 0 && next_id(&rest, &id); count++)
		r = count < FETCH_PAGES_MAX
		            ? check_id(id, &seen, fault)
		            : fault_set(fault, FAULT_RANGE,
		                        "more than %d ids: fetch them in several files",
		                        FETCH_PAGES_MAX);
	if (r == 0 && count == 0)
		r = fault_set(fault, FAULT_INVALID, "there is no id in the list of ids");
	buf_release(&seen);
	return r;
}

static int check_period(const struct statement_fetch *what, int64_t now_ms, struct fault *fault)
{
	int64_t today_ms = moment_floor(now_ms, MOMENT_DAY);
	int64_t back_ms = (int64_t)what->api->shape->back_days * MS_PER_DAY;
	char from[MOMENT_TEXT_BYTES], to[MOMENT_TEXT_BYTES];

	assert(what->from_ms % MS_PER_DAY == 0 && what->to_ms % MS_PER_DAY == 0);
	if (what->from_ms >= what->to_ms)
		return fault_set(fault, FAULT_INVALID,
		                 "the period is empty: it ends before its second date, which is "
		                 "not in it any more");
	if (what->to_ms - what->from_ms > FETCH_DAYS_MAX * MS_PER_DAY)
		return fault_set(fault, FAULT_INVALID, "a statement is of at most %d days",
		                 FETCH_DAYS_MAX);
	moment_text_unit(today_ms - back_ms, MOMENT_DAY, from);
	moment_text_unit(today_ms, MOMENT_DAY, to);
	if (what->to_ms > today_ms)
		return fault_set(
			fault, FAULT_INVALID,
			"a day (UTC) that is not over has no statement yet: %s is the last "
			"that the period can end before",
			to);
	if (back_ms > 0 && what->from_ms < today_ms - back_ms)
		return fault_set(fault, FAULT_INVALID,
		                 "%s tells the last %zu days (UTC) that are over: from %s on, "
		                 "before %s",
		                 what->api->name, what->api->shape->back_days, from, to);
	return 0;
}

static const char *base_of(const struct statement_fetch *what)
{
	return what->base_url != NULL ? what->base_url : what->api->base;
}

int statement_fetch_check(const struct statement_fetch *what, int64_t now_ms, struct fault *fault)
{
	struct text base = text_of(base_of(what));

	if (base.len == 0)
		return fault_set(fault, FAULT_INVALID,
		                 "%s runs at a place of your own: its base URL is due",
		                 what->api->name);
	if (!net_is_url(base) || !is_word(base) || memchr(base.at, '?', base.len) != NULL ||
	    memchr(base.at, '#', base.len) != NULL)
		return fault_set(fault, FAULT_INVALID,
		                 "%.*s: no base URL: https://HOST, and what stands before the "
		                 "paths of the API",
		                 (int)(base.len < 64 ? base.len : 64), base.at);
	if (what->api->shape->of_requests)
		return check_ids(what, fault);
	return check_period(what, now_ms, fault);
}

/* --- what the other side says ---------------------------------------------- */

/* Over the key, wherever it stands. */
static void hide(const struct run *run, char *text, size_t len)
{
	const char *key = run->what->key, *end = text + len;
	size_t key_len = strlen(key);
	char *found;

	/* Behind each: a key of stars is found in what hides it. */
	for (char *from = text; (found = memmem(from, (size_t)(end - from), key, key_len)) != NULL;
	     from = found + key_len)
		memset(found, '*', key_len);
}

/* The words of an error, wherever an API has them; absent: it says none. */
static struct text find_words(const struct json *doc)
{
	uint32_t error = json_member(doc, 0, "error");
	const uint32_t places[] = { json_member(doc, error, "message"), error,
		                    json_member(doc, 0, "message"), json_member(doc, 0, "detail") };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (json_string(doc, places[i]).len > 0)
			return json_string(doc, places[i]);
	return text_of(NULL);
}

/* In one line, and without the key; "" where it says nothing. */
static void read_words(struct run *run, char words_out[WORDS_BYTES + 1])
{
	struct text body = buf_text(&run->answer.body), words = { NULL, 0 };
	char *plain;
	size_t len = 0;

	if (json_parse(&run->doc, body, NULL) == 0)
		words = find_words(&run->doc);
	else if (strncmp(run->answer.content_type, "text/html", strlen("text/html")) != 0)
		words = body;
	words_out[0] = '\0';
	plain = words.len > 0 ? strndup(words.at, words.len) : NULL;
	if (plain == NULL)
		return;
	words.len = strlen(plain);
	hide(run, plain, words.len);
	/* There in another form: no word is worth it.  One of stars is what hides it. */
	if (run->what->key[strspn(run->what->key, "*")] != '\0' &&
	    fetch_reveals((struct text){ plain, words.len }, run->what->key) != 0) {
		free(plain);
		text_copy(words_out, WORDS_BYTES + 1,
		          text_of("its words have the key in them, and are not shown"));
		return;
	}
	for (size_t i = 0; i < words.len && len < WORDS_BYTES; i++) {
		bool blank = is_around(plain[i]);

		if (!blank || (len > 0 && words_out[len - 1] != ' '))
			words_out[len++] = blank ? ' ' : plain[i];
	}
	words_out[len] = '\0';
	free(plain);
}

/* It asks for patience, or had an accident. */
static bool is_passing(long status)
{
	static const long statuses[] = { 408, 429, 500, 502, 503, 504, 529 };

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (status == statuses[i])
			return true;
	return false;
}

/* A status other than 200: what it means, in its own words, and what to do. */
static int tell_status(struct run *run, struct fault *fault)
{
	const struct fetch_api *api = run->what->api;
	long status = run->answer.status;
	char words[WORDS_BYTES + 1];
	const char *colon;

	read_words(run, words);
	colon = words[0] != '\0' ? ": " : "";
	if (is_passing(status))
		return fault_set(fault, FAULT_BUSY, "%s: status %ld%s%s", run->shown, status, colon,
		                 words);
	if (status == 401 || status == 403)
		return fault_set(fault, FAULT_INVALID,
		                 "%s: status %ld%s%s: due is %s, in %s or a file", run->shown,
		                 status, colon, words, api->key, api->variable);
	if (status == 404 || status == 410)
		return fault_set(fault, FAULT_NOT_FOUND, "%s: status %ld%s%s: %s", run->shown,
		                 status, colon, words, api->shape->not_found);
	return fault_set(fault, FAULT_INVALID, "%s: status %ld%s%s", run->shown, status, colon,
	                 words);
}

/* --- asking, with patience -------------------------------------------------- */

/* Waits before the next try; fails where there is to be none. */
static int wait_again(struct run *run, int64_t asked_ms, const struct fault *why,
                      struct fault *fault)
{
	const struct fetch_hooks *hooks = run->hooks;
	unsigned most = run->what->tries_max > 0 ? run->what->tries_max : FETCH_TRIES_MAX;
	int64_t ms;

	if (run->tries >= most)
		return fault_set(fault, why->code, "%s; given up after %u tr%s", why->text,
		                 run->tries, run->tries == 1 ? "y" : "ies");
	ms = backoff_next_ms(&run->backoff);
	if (ms < asked_ms)
		ms = asked_ms;
	if (run->waited_ms + ms > FETCH_WAIT_MAX_S * MS_PER_S)
		return fault_set(fault, FAULT_BUSY,
		                 "%s; to be asked again in %lld s, and %d s are the most that is "
		                 "waited: try it again later",
		                 why->text, (long long)(ms / MS_PER_S), FETCH_WAIT_MAX_S);
	run->waited_ms += ms;
	return hooks->wait(hooks->context, ms, why, fault);
}

/* run->answer is one of status 200. */
static int ask(struct run *run, struct fault *fault)
{
	/* Without the version Anthropic refuses; the others do not look at it. */
	static const char *const headers[] = { "anthropic-version: 2023-06-01", NULL };
	const struct net_request request = {
		.url = run->url.at,
		.headers = strncmp(run->secret, X_API_KEY, strlen(X_API_KEY)) == 0 ? headers : NULL,
		.secret = run->secret,
		.json = run->question.json.len > 0 ? run->question.json.at : NULL,
	};
	const struct fetch_hooks *hooks = run->hooks;

	run->tries = 0;
	run->waited_ms = 0;
	backoff_reset(&run->backoff);
	for (;;) {
		struct fault why = { .code = FAULT_NONE };
		int64_t asked_ms = -1;
		bool again;
		int r = hooks->send(hooks->context, &request, &run->answer, &why);

		run->tries++;
		if (r == 0 && run->answer.status == STATUS_OK)
			return 0;
		again = r < 0 ? r == -FAULT_IO || r == -FAULT_CLOSED
		              : is_passing(run->answer.status);
		if (r == 0) {
			asked_ms = fetch_retry_after_ms(text_of(run->answer.retry_after),
			                                hooks->now_ms(hooks->context));
			tell_status(run, &why);
		}
		hide(run, why.text, strlen(why.text));
		if (!again)
			return fault_set(fault, why.code, "%s", why.text);
		r = wait_again(run, asked_ms, &why, fault);
		if (r < 0)
			return r;
	}
}

/* --- pages ------------------------------------------------------------------ */

/* The URL as a fault has it: whole where it is short, else with the page that it is. */
static void show(struct run *run)
{
	const char *url = run->url.at;
	char day[MOMENT_TEXT_BYTES];
	size_t path = strcspn(url, "?");

	moment_text_unit(fetch_series_from(&run->series), MOMENT_DAY, day);
	if (run->question.json.len > 0)
		snprintf(run->shown, sizeof(run->shown), "%s of %s", url, day);
	else if (run->url.len < SHORT_BYTES)
		snprintf(run->shown, sizeof(run->shown), "%s", url);
	else
		snprintf(run->shown, sizeof(run->shown), "%.*s, page %lld", (int)path, url,
		         (long long)(run->result.pages + 1));
}

static int make_question(struct run *run, struct fault *fault)
{
	struct text base = text_of(base_of(run->what));

	while (base.len > 0 && base.at[base.len - 1] == '/')
		base.len--;
	buf_clear(&run->question.path);
	buf_clear(&run->question.json);
	buf_clear(&run->url);
	run->what->api->shape->ask(&run->series,
	                           run->page.len > 0 ? buf_text(&run->page) : text_of(NULL),
	                           &run->question);
	buf_add_text(&run->url, base);
	buf_add_text(&run->url, buf_text(&run->question.path));
	if (run->question.path.error != 0 || run->question.json.error != 0 || run->url.error != 0)
		return out_of_memory(fault);
	show(run);
	return 0;
}

/* run->look, of run->answer; a fault names the URL. */
static int look_at(struct run *run, struct fault *fault)
{
	struct text body = buf_text(&run->answer.body);
	struct fault why = { .code = FAULT_NONE };
	int r;

	run->look.next = text_of(NULL);
	run->look.left_out = 0;
	buf_clear(&run->look.rows);
	r = fetch_reveals(body, run->what->key);
	if (r < 0)
		r = out_of_memory(&why);
	else if (r > 0)
		r = fault_set(&why, FAULT_INVALID, "the key itself is in it: it is not kept");
	else
		r = json_parse(&run->doc, body, &why);
	if (r == 0)
		r = run->what->api->shape->look(&run->series, &run->doc, &run->look, &why);
	if (r == 0 && (run->look.rows.error != 0 || run->series.last_ids.error != 0))
		r = out_of_memory(&why);
	if (r == -FAULT_SYNTAX)
		return fault_set(fault, FAULT_SYNTAX, "%s: no JSON: %s", run->shown, why.text);
	return r < 0 ? fault_set(fault, why.code, "%s: %s", run->shown, why.text) : 0;
}

static int take(struct run *run, struct fault *fault)
{
	const struct fetch_hooks *hooks = run->hooks;
	struct text body = buf_text(&run->answer.body);
	const struct fetch_page page = {
		.number = run->result.pages + 1,
		.url = run->url.at,
		.json = run->question.json.len > 0 ? run->question.json.at : NULL,
		.status = run->answer.status,
		.when_ms = hooks->now_ms(hooks->context),
		.body = body,
		.rows = run->look.rows.len > 0 ? buf_text(&run->look.rows) : body,
	};

	run->result.pages++;
	run->result.bytes += (int64_t)body.len;
	run->result.left_out += run->look.left_out;
	return hooks->take(hooks->context, &page, fault);
}

/* run->page becomes what leads to the next one, which must be a new one. */
static int go_on(struct run *run, struct fault *fault)
{
	if (!fetch_is_new(&run->seen, run->look.next))
		return fault_set(fault, FAULT_INVALID,
		                 "%s: it leads back to a page that was there before: it would "
		                 "never end",
		                 run->shown);
	buf_clear(&run->page);
	buf_add_text(&run->page, run->look.next);
	return run->page.error != 0 || run->seen.error != 0 ? out_of_memory(fault) : 0;
}

static int run_series(struct run *run, struct fault *fault)
{
	int r;

	run->series.seen_ms = run->what->from_ms;
	run->series.rows = 0;
	buf_clear(&run->series.last_ids);
	buf_clear(&run->page);
	buf_clear(&run->seen);
	do {
		if (run->result.pages == FETCH_PAGES_MAX)
			return fault_set(fault, FAULT_RANGE,
			                 "%s: more than %d pages: fetch fewer days at once",
			                 run->shown, FETCH_PAGES_MAX);
		r = make_question(run, fault);
		if (r == 0)
			r = ask(run, fault);
		if (r == 0)
			r = look_at(run, fault);
		if (r == 0)
			r = take(run, fault);
		if (r == 0 && run->look.next.at != NULL)
			r = go_on(run, fault);
	} while (r == 0 && run->look.next.at != NULL);
	if (run->what->api->shape->of_spans && run->series.seen_ms < run->result.until_ms)
		run->result.until_ms = run->series.seen_ms;
	return r;
}

static int run_all(struct run *run, struct fault *fault)
{
	const struct statement_fetch *what = run->what;
	const struct fetch_shape *shape = what->api->shape;
	size_t count = shape->series > 0 ? shape->series : 1;
	struct text ids = what->ids;
	int r = 0;

	if (shape->days > 0)
		count = (size_t)((what->to_ms - what->from_ms) / MS_PER_DAY);
	if (shape->of_requests)
		count = FETCH_PAGES_MAX;
	for (size_t i = 0; r == 0 && i < count; i++) {
		run->series.index = i;
		if (shape->of_requests && !next_id(&ids, &run->series.id))
			break;
		r = run_series(run, fault);
	}
	return r;
}

int statement_fetch(const struct statement_fetch *what, const struct fetch_hooks *hooks,
                    struct fetch_result *result_out, struct fault *fault)
{
	struct run run = { .what = what,
		           .hooks = hooks,
		           .series = { .what = what },
		           .result = { .until_ms = what->to_ms } };
	int r = statement_fetch_check(what, hooks->now_ms(hooks->context), fault);

	assert(strlen(what->key) > 0 && strlen(what->key) <= FETCH_KEY_BYTES_MAX);
	if (r < 0)
		return r;
	snprintf(run.secret, sizeof(run.secret), "%s%s", what->api->secret, what->key);
	backoff_init(&run.backoff, FETCH_FIRST_WAIT_MS, FETCH_LONGEST_WAIT_MS, what->seed);
	r = run_all(&run, fault);
	explicit_bzero(run.secret, sizeof(run.secret));
	buf_release(&run.question.path);
	buf_release(&run.question.json);
	buf_release(&run.url);
	buf_release(&run.look.rows);
	buf_release(&run.page);
	buf_release(&run.seen);
	buf_release(&run.series.last_ids);
	net_answer_release(&run.answer);
	json_release(&run.doc);
	if (r == 0)
		*result_out = run.result;
	return r;
}
