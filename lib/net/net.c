#include "net/net.h"

#include <arpa/inet.h>
#include <assert.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/version.h"

enum { STATUS_OK = 200, MS_PER_S = 1000, US_PER_MS = 1000, SHOWN_BYTES = 200 };

/* One URL of a fetch: as it is asked for, and as a fault names it. */
struct place {
	CURLU *url;
	bool secure;
	char shown[SHOWN_BYTES];
};

struct fetch {
	const struct net_request *request;
	const struct net_limits *limits;
	bool any_status; /* is an answer, not only 200 */
	CURL *curl;
	struct curl_slist headers[NET_HEADERS_MAX + 2]; /* over the strings of the request */
	struct curl_slist *first_header;
	struct place at, before; /* before: what led here by a redirect */
	struct buf body;
	bool too_long, refused; /* why the body is not read on */
	long left_ms;           /* of whole_s */
	char error[CURL_ERROR_SIZE];
};

bool net_is_url(struct text word)
{
	static const char *const beginnings[] = { "http://", "https://" };

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		size_t len = strlen(beginnings[i]);

		if (word.len >= len && strncasecmp(word.at, beginnings[i], len) == 0)
			return true;
	}
	return false;
}

/* --- which URL may be asked for ------------------------------------------ */

static int no_memory(struct fault *fault)
{
	return fault_set(fault, FAULT_NOMEM, "fetching: out of memory");
}

static bool is_loopback(const char *host)
{
	struct in_addr four;

	/* curl never looks this one up. */
	if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
		return true;
	return inet_pton(AF_INET, host, &four) == 1 && ntohl(four.s_addr) >> 24 == 127;
}

/* Not what stands behind its '?', which may be a key. */
static void show(struct place *place, const char *scheme, const char *host)
{
	char *port = NULL, *path = NULL;

	curl_url_get(place->url, CURLUPART_PORT, &port, 0);
	curl_url_get(place->url, CURLUPART_PATH, &path, 0);
	snprintf(place->shown, sizeof(place->shown), "%s://%s%s%s%s", scheme, host,
	         port != NULL ? ":" : "", port != NULL ? port : "", path != NULL ? path : "");
	curl_free(port);
	curl_free(path);
}

/* "URL" or "URL, to which URL redirects". */
static void show_way(const struct fetch *fetch, char way[2 * SHOWN_BYTES + 32])
{
	snprintf(way, 2 * SHOWN_BYTES + 32, "%s%s%s%s", fetch->at.shown,
	         fetch->before.shown[0] != '\0' ? ", to which " : "", fetch->before.shown,
	         fetch->before.shown[0] != '\0' ? " redirects" : "");
}

static bool same_part(CURLU *a, CURLU *b, CURLUPart part)
{
	char *x = NULL, *y = NULL;
	bool same;

	curl_url_get(a, part, &x, CURLU_DEFAULT_PORT);
	curl_url_get(b, part, &y, CURLU_DEFAULT_PORT);
	same = x != NULL && y != NULL && strcasecmp(x, y) == 0;
	curl_free(x);
	curl_free(y);
	return same;
}

/* A key is for the place that was named, as it was named. */
static int check_bound(const struct fetch *fetch, CURLU *first, struct fault *fault)
{
	if (fetch->request->secret == NULL || (same_part(first, fetch->at.url, CURLUPART_SCHEME) &&
	                                       same_part(first, fetch->at.url, CURLUPART_HOST) &&
	                                       same_part(first, fetch->at.url, CURLUPART_PORT)))
		return 0;
	return fault_set(fault, FAULT_INVALID,
	                 "%s redirects to %s, which is another place and is not given the key: "
	                 "where it is the right one, name it itself",
	                 fetch->before.shown, fetch->at.shown);
}

static int check_scheme(struct fetch *fetch, const char *scheme, const char *host,
                        struct fault *fault)
{
	char way[2 * SHOWN_BYTES + 32];

	show_way(fetch, way);
	fetch->at.secure = strcmp(scheme, "https") == 0;
	if (fetch->at.secure)
		return 0;
	if (strcmp(scheme, "http") != 0)
		return fault_set(fault, FAULT_INVALID, "%s: only https is fetched, not %s", way,
		                 scheme);
	if (fetch->before.secure)
		return fault_set(fault, FAULT_INVALID,
		                 "%s: what begins with https does not go on without it", way);
	if (!is_loopback(host))
		return fault_set(fault, FAULT_INVALID,
		                 "%s: over plain http anybody on the way could change it: use "
		                 "https (http is for this machine itself: localhost, 127.0.0.1)",
		                 way);
	return 0;
}

/* Sets fetch->at to `url`, which may be relative to what is there. */
static int set_url(struct fetch *fetch, const char *url, struct fault *fault)
{
	char *scheme = NULL, *host = NULL, *user = NULL, *password = NULL;
	const char *from = fetch->before.shown;
	CURLUcode code;
	int r = 0;

	if (strlen(url) > NET_URL_BYTES_MAX)
		return fault_set(fault, FAULT_RANGE, "%s%sa URL has at most %d bytes", from,
		                 from[0] != '\0' ? " redirects: " : "", NET_URL_BYTES_MAX);
	code = curl_url_set(fetch->at.url, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);
	if (code == CURLUE_OUT_OF_MEMORY)
		return no_memory(fault);
	if (code != CURLUE_OK)
		return fault_set(fault, FAULT_INVALID, "%s%s%.*s: not a URL: %s", from,
		                 from[0] != '\0' ? " redirects to " : "", SHOWN_BYTES, url,
		                 curl_url_strerror(code));
	curl_url_get(fetch->at.url, CURLUPART_SCHEME, &scheme, 0);
	curl_url_get(fetch->at.url, CURLUPART_HOST, &host, 0);
	curl_url_get(fetch->at.url, CURLUPART_USER, &user, 0);
	curl_url_get(fetch->at.url, CURLUPART_PASSWORD, &password, 0);
	if (scheme == NULL) {
		r = no_memory(fault);
		goto out;
	}
	show(&fetch->at, scheme, host != NULL ? host : "");
	r = check_scheme(fetch, scheme, host != NULL ? host : "", fault);
	if (r == 0 && (user != NULL || password != NULL))
		r = fault_set(fault, FAULT_INVALID,
		              "%s: a user or a password in a URL ends up in logs: fetch it with a "
		              "tool of your own, and give the file",
		              fetch->at.shown);
out:
	curl_free(scheme);
	curl_free(host);
	curl_free(user);
	curl_free(password);
	return r;
}

/* --- what comes ---------------------------------------------------------- */

static long status_of(const struct fetch *fetch)
{
	long status = 0;

	curl_easy_getinfo(fetch->curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

/* The first header of that name, NULL: there is none. */
static const char *header_of(const struct fetch *fetch, const char *name)
{
	struct curl_header *header = NULL;

	if (curl_easy_header(fetch->curl, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK ||
	    strlen(header->value) > NET_HEADER_BYTES)
		return NULL;
	return header->value;
}

static size_t error_bytes(const struct fetch *fetch)
{
	return fetch->any_status ? NET_ERROR_BYTES : NET_TOLD_BYTES;
}

/* Returning less than came ends the transfer. */
static size_t on_bytes(char *bytes, size_t size, size_t count, void *context)
{
	struct fetch *fetch = context;
	size_t len = size * count, room = fetch->limits->bytes_max - fetch->body.len;
	curl_off_t announced = -1;

	/* Of an error only what it is told by. */
	if (status_of(fetch) != STATUS_OK) {
		size_t keep = error_bytes(fetch) - fetch->body.len;

		buf_add(&fetch->body, bytes, len < keep ? len : keep);
		fetch->refused = len >= keep;
		return fetch->refused ? 0 : len;
	}
	curl_easy_getinfo(fetch->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
	if (len > room || announced > (curl_off_t)fetch->limits->bytes_max) {
		fetch->too_long = true;
		return 0;
	}
	buf_add(&fetch->body, bytes, len);
	return fetch->body.error != 0 ? 0 : len;
}

static int on_transfer(void *context, curl_off_t total, curl_off_t received, curl_off_t up_total,
                       curl_off_t up)
{
	struct fetch *fetch = context;

	(void)up_total;
	(void)up;
	if (fetch->limits->on_progress != NULL && status_of(fetch) == STATUS_OK)
		fetch->limits->on_progress(fetch->limits->context, received, total);
	return fetch->limits->stops != NULL && fetch->limits->stops(fetch->limits->context);
}

/* A status other than 200: with the beginning of the body, as one line. */
static int tell_status(struct fetch *fetch, long status, struct fault *fault)
{
	size_t len = 0;

	for (size_t i = 0; i < fetch->body.len; i++) {
		char c = fetch->body.at[i];
		bool space = c == ' ' || (c >= '\t' && c <= '\r');

		if (!space)
			fetch->body.at[len++] = c;
		else if (len > 0 && fetch->body.at[len - 1] != ' ')
			fetch->body.at[len++] = ' ';
	}
	return fault_set(fault, status == 404 || status == 410 ? FAULT_NOT_FOUND : FAULT_INVALID,
	                 "%s: the answer is status %ld%s%.*s", fetch->at.shown, status,
	                 len > 0 ? ": " : "", (int)len, len > 0 ? fetch->body.at : "");
}

static int check_answer(const struct fetch *fetch, struct fault *fault)
{
	const char *encoding = header_of(fetch, "Content-Encoding");
	curl_off_t length = -1;
	long version = 0;

	if (encoding != NULL && strcasecmp(encoding, "identity") != 0)
		return fault_set(fault, FAULT_INVALID,
		                 "%s: the answer is compressed (%.*s), which nobody asked for",
		                 fetch->at.shown, NET_TOLD_BYTES, encoding);
	curl_easy_getinfo(fetch->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	curl_easy_getinfo(fetch->curl, CURLINFO_HTTP_VERSION, &version);
	if (length < 0 && version < CURL_HTTP_VERSION_2_0 &&
	    header_of(fetch, "Transfer-Encoding") == NULL)
		return fault_set(fault, FAULT_INVALID,
		                 "%s: the answer does not say how long it is: cut off it would "
		                 "look whole",
		                 fetch->at.shown);
	return 0;
}

static unsigned or_else(unsigned set, unsigned standard)
{
	return set > 0 ? set : standard;
}

/* What curl says of a transfer that failed, in our words where we have better ones. */
static int tell_failure(const struct fetch *fetch, CURLcode code, struct fault *fault)
{
	const char *said = fetch->error[0] != '\0' ? fetch->error : curl_easy_strerror(code);

	if (fetch->too_long)
		return fault_set(fault, FAULT_RANGE, "%s: more than %zu bytes", fetch->at.shown,
		                 fetch->limits->bytes_max);
	switch (code) {
	case CURLE_OUT_OF_MEMORY:
		return no_memory(fault);
	case CURLE_PEER_FAILED_VERIFICATION:
		return fault_set(fault, FAULT_INVALID,
		                 "%s: its certificate is not trusted (SSL_CERT_FILE names a file "
		                 "of others): %s",
		                 fetch->at.shown, said);
	case CURLE_ABORTED_BY_CALLBACK:
		return fault_set(fault, FAULT_CLOSED, "%s: broken off", fetch->at.shown);
	case CURLE_PARTIAL_FILE:
		return fault_set(fault, FAULT_CLOSED, "%s: cut off, and not taken: %s",
		                 fetch->at.shown, said);
	case CURLE_OPERATION_TIMEDOUT:
		return fault_set(fault, FAULT_IO,
		                 "%s: too slow: at most %u s to connect, %u s in all, and never "
		                 "less than %d bytes a second for %u s: %s",
		                 fetch->at.shown, or_else(fetch->limits->connect_s, NET_CONNECT_S),
		                 or_else(fetch->limits->whole_s, NET_WHOLE_S), NET_SLOW_BYTES,
		                 or_else(fetch->limits->slow_s, NET_SLOW_S), said);
	default:
		return fault_set(fault, FAULT_IO, "%s: %s", fetch->at.shown, said);
	}
}

/* --- one request, and where it leads -------------------------------------- */

/* The strings are not copied: a key is in one place less. */
static void link_headers(struct fetch *fetch)
{
	const char *const *header = fetch->request->headers;
	size_t count = 0;

	for (; header != NULL && *header != NULL; header++) {
		assert(count < NET_HEADERS_MAX);
		fetch->headers[count++].data = (char *)*header;
	}
	if (fetch->request->json != NULL)
		fetch->headers[count++].data = (char *)"Content-Type: application/json";
	if (fetch->request->secret != NULL)
		fetch->headers[count++].data = (char *)fetch->request->secret;
	for (size_t i = 0; i + 1 < count; i++)
		fetch->headers[i].next = &fetch->headers[i + 1];
	fetch->first_header = count > 0 ? fetch->headers : NULL;
}

/* False: memory is short, or curl was built without what is needed here. */
static bool set_options(struct fetch *fetch)
{
	const struct net_limits *limits = fetch->limits;
	const char *authorities = getenv("SSL_CERT_FILE");
	const struct {
		CURLoption option;
		long value;
	} numbers[] = {
		{ CURLOPT_FOLLOWLOCATION, 0 }, /* each is looked at first */
		{ CURLOPT_HTTP09_ALLOWED, 0 },
		{ CURLOPT_NETRC, CURL_NETRC_IGNORED },
		{ CURLOPT_SSL_VERIFYPEER, 1 },
		{ CURLOPT_SSL_VERIFYHOST, 2 },
		{ CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
		{ CURLOPT_PROXY_SSL_VERIFYPEER, 1 },
		{ CURLOPT_PROXY_SSL_VERIFYHOST, 2 },
		{ CURLOPT_NOSIGNAL, 0 }, /* it looks after SIGPIPE itself */
		{ CURLOPT_CONNECTTIMEOUT, (long)or_else(limits->connect_s, NET_CONNECT_S) },
		{ CURLOPT_TIMEOUT_MS, fetch->left_ms },
		{ CURLOPT_LOW_SPEED_LIMIT, NET_SLOW_BYTES },
		{ CURLOPT_LOW_SPEED_TIME, (long)or_else(limits->slow_s, NET_SLOW_S) },
		{ CURLOPT_NOPROGRESS, 0 },
	};
	bool good = true;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		good = good && curl_easy_setopt(fetch->curl, numbers[i].option, numbers[i].value) ==
		                       CURLE_OK;
#define SET(option, value) (curl_easy_setopt(fetch->curl, option, value) == CURLE_OK)
	good = good && SET(CURLOPT_CURLU, fetch->at.url) &&
	       SET(CURLOPT_PROTOCOLS_STR, fetch->at.secure ? "https" : "http") &&
	       SET(CURLOPT_REDIR_PROTOCOLS_STR, "https") &&
	       SET(CURLOPT_USERAGENT, "toll/" TOLL_VERSION) &&
	       SET(CURLOPT_ERRORBUFFER, fetch->error) && SET(CURLOPT_WRITEFUNCTION, on_bytes) &&
	       SET(CURLOPT_WRITEDATA, fetch) && SET(CURLOPT_XFERINFOFUNCTION, on_transfer) &&
	       SET(CURLOPT_XFERINFODATA, fetch);
	good = good && SET(CURLOPT_HTTPHEADER, fetch->first_header) &&
	       SET(CURLOPT_HEADEROPT, CURLHEADER_SEPARATE); /* none of them to a proxy */
	if (fetch->request->json != NULL)
		good = good && SET(CURLOPT_POSTFIELDS, fetch->request->json);
	/* This machine itself is reached by no proxy; "" is none, whatever the environment. */
	if (!fetch->at.secure)
		good = good && SET(CURLOPT_PROXY, "");
	if (authorities != NULL && authorities[0] != '\0')
		good = good && SET(CURLOPT_CAINFO, authorities);
#undef SET
	return good;
}

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Asks for fetch->at; *next_out: what it redirects to, or NULL.  Lives as fetch->curl. */
static int ask(struct fetch *fetch, const char **next_out, struct fault *fault)
{
	curl_off_t took_us = 0;
	CURLcode code;
	long status;

	*next_out = NULL;
	buf_clear(&fetch->body);
	fetch->too_long = fetch->refused = false;
	fetch->error[0] = '\0';
	curl_easy_reset(fetch->curl);
	if (!set_options(fetch))
		return no_memory(fault);
	code = curl_easy_perform(fetch->curl);
	curl_easy_getinfo(fetch->curl, CURLINFO_TOTAL_TIME_T, &took_us);
	fetch->left_ms -= (long)(took_us / US_PER_MS);
	status = status_of(fetch);
	if (fetch->body.error != 0)
		return no_memory(fault);
	if (code == CURLE_OK || fetch->refused) {
		if (is_redirect(status))
			*next_out = header_of(fetch, "Location");
		if (*next_out != NULL && fetch->request->json != NULL)
			return fault_set(fault, FAULT_INVALID,
			                 "%s: a question that was posted is redirected (status "
			                 "%ld), and goes nowhere else",
			                 fetch->at.shown, status);
		if (*next_out != NULL)
			return 0;
		if (status != STATUS_OK)
			return fetch->any_status ? 0 : tell_status(fetch, status, fault);
		return check_answer(fetch, fault);
	}
	return tell_failure(fetch, code, fault);
}

static int follow(struct fetch *fetch, CURLU **first, struct fault *fault)
{
	const char *next = fetch->request->url;
	char first_shown[SHOWN_BYTES];

	for (int redirects = 0;; redirects++) {
		int r = set_url(fetch, next, fault);

		if (r == 0 && redirects == 0) {
			memcpy(first_shown, fetch->at.shown, sizeof(first_shown));
			*first = curl_url_dup(fetch->at.url);
			r = *first == NULL ? no_memory(fault) : 0;
		} else if (r == 0) {
			r = check_bound(fetch, *first, fault);
		}
		if (r < 0)
			return r;
		if (redirects > NET_REDIRECTS_MAX)
			return fault_set(fault, FAULT_RANGE,
			                 "%s: more than %d redirects, the last to %s", first_shown,
			                 NET_REDIRECTS_MAX, fetch->at.shown);
		/* 0 would be no limit to curl. */
		if (fetch->left_ms <= 0)
			return tell_failure(fetch, CURLE_OPERATION_TIMEDOUT, fault);
		r = ask(fetch, &next, fault);
		if (r < 0 || next == NULL)
			return r;
		memcpy(fetch->before.shown, fetch->at.shown, sizeof(fetch->at.shown));
		fetch->before.secure = fetch->at.secure;
	}
}

/* What of the answer outlives the transfer. */
static void keep_header(const struct fetch *fetch, const char *name, char kept[NET_KEPT_BYTES])
{
	const char *value = header_of(fetch, name);

	if (value == NULL || !text_copy(kept, NET_KEPT_BYTES, text_of(value)))
		kept[0] = '\0';
}

static int run(struct fetch *fetch, struct net_answer *answer_out, struct fault *fault)
{
	CURLU *first = NULL;
	int r;

	assert(fetch->limits->bytes_max > 0);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return no_memory(fault);
	fetch->curl = curl_easy_init();
	fetch->at.url = curl_url();
	if (fetch->curl == NULL || fetch->at.url == NULL) {
		r = no_memory(fault);
	} else {
		link_headers(fetch);
		r = follow(fetch, &first, fault);
	}
	if (r == 0) {
		buf_release(&answer_out->body);
		answer_out->status = status_of(fetch);
		keep_header(fetch, "Retry-After", answer_out->retry_after);
		keep_header(fetch, "Content-Type", answer_out->content_type);
		answer_out->body = fetch->body;
		fetch->body = (struct buf){ .at = NULL };
	}
	curl_easy_cleanup(fetch->curl);
	curl_url_cleanup(fetch->at.url);
	curl_url_cleanup(first);
	curl_global_cleanup();
	buf_release(&fetch->body);
	return r;
}

static size_t more_of(size_t a, size_t b)
{
	return a > b ? a : b;
}

int net_ask(const struct net_request *request, const struct net_limits *limits,
            struct net_answer *answer_out, struct fault *fault)
{
	struct fetch fetch = {
		.request = request,
		.limits = limits,
		.any_status = true,
		.body = { .max_bytes = more_of(limits->bytes_max, NET_ERROR_BYTES) },
		.left_ms = (long)or_else(limits->whole_s, NET_WHOLE_S) * MS_PER_S,
	};

	return run(&fetch, answer_out, fault);
}

void net_answer_release(struct net_answer *answer)
{
	buf_release(&answer->body);
}

int net_fetch(const char *url, const struct net_limits *limits, struct buf *body_out,
              struct fault *fault)
{
	const struct net_request request = { .url = url };
	struct net_answer answer = { .status = 0 };
	struct fetch fetch = {
		.request = &request,
		.limits = limits,
		.body = { .max_bytes = more_of(limits->bytes_max, NET_TOLD_BYTES) },
		.left_ms = (long)or_else(limits->whole_s, NET_WHOLE_S) * MS_PER_S,
	};
	int r = run(&fetch, &answer, fault);

	if (r < 0)
		return r;
	buf_release(body_out);
	*body_out = answer.body;
	return 0;
}
