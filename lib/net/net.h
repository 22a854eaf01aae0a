/*
 * Fetching one document, or asking one question, over HTTP.  For programs that may wait: toll,
 * never tolld, whose ingest must not depend on anybody's server (the library is linked to toll
 * alone).
 *
 * Who sends what is fetched is not trusted with more than its bytes:
 *   https          verified, peer and host, TLS 1.2 or later
 *   http           to this machine only (localhost, 127.0.0.0/8, ::1), never by a proxy
 *   no other       scheme, nor by a redirect; from https never back to http
 *   nothing        of who we are is sent: no user or password of a URL or a .netrc, no cookies;
 *                  a key only by net_ask(), to the place that the caller named and no other
 *   nothing        is unpacked: no compression is asked for, and none is taken, so that the
 *                  bytes counted are the bytes received
 *   one body       whose end was announced (Content-Length, chunks, HTTP/2) and came
 *
 * From the environment, as curl(1) has it: https_proxy, all_proxy, no_proxy, SSL_CERT_FILE.
 */
#ifndef TOLL_NET_NET_H
#define TOLL_NET_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/text.h"

enum {
	NET_URL_BYTES_MAX = 2048,
	NET_REDIRECTS_MAX = 5,
	NET_CONNECT_S = 10,
	NET_WHOLE_S = 120,       /* all of it, with its redirects */
	NET_SLOW_S = 20,         /* so long less than NET_SLOW_BYTES a second: given up */
	NET_SLOW_BYTES = 100,    /* a second */
	NET_HEADER_BYTES = 8192, /* of a header that we look at */
	NET_TOLD_BYTES = 160,    /* of the body of an error, that the fault tells */
	NET_ERROR_BYTES = 65536, /* of the body of an answer that is an error: the rest is cut */
	NET_HEADERS_MAX = 8,     /* of a question */
	NET_KEPT_BYTES = 128,    /* of a header of an answer, with its NUL: a longer one is none */
};

struct net_limits {
	size_t bytes_max;                    /* of the body; must be set */
	unsigned connect_s, whole_s, slow_s; /* 0: those above */
	/* Called now and then; total 0: not known.  May be NULL. */
	void (*on_progress)(void *context, int64_t received, int64_t total);
	/* Asked about once a second: true ends it, with -FAULT_CLOSED.  May be NULL. */
	bool (*stops)(void *context);
	void *context;
};

/* It begins with http:// or https://, in any case: what a word of a command line is asked. */
bool net_is_url(struct text word);

/*
 * Fetches the body of `url` into *body_out, which is replaced; untouched on a failure.  A fault
 * names the URL without what stands behind its '?'.
 *   -FAULT_INVALID    the URL, or one it leads to, is not allowed; a certificate is not trusted;
 *                     a status other than 200, told with the beginning of the body; an answer
 *                     that is compressed, or whose end is not announced
 *   -FAULT_NOT_FOUND  status 404 or 410
 *   -FAULT_RANGE      more than bytes_max; more redirects than NET_REDIRECTS_MAX; a long URL
 *   -FAULT_CLOSED     it ended before its end
 *   -FAULT_IO         no connection, or no answer in time
 *   -FAULT_NOMEM
 * One thread at a time.
 */
int net_fetch(const char *url, const struct net_limits *limits, struct buf *body_out,
              struct fault *fault);

/* One question.  All of it is the caller's, and must live until the answer is there. */
struct net_request {
	const char *url;
	const char *const *headers; /* "name: value"; ended by NULL; may be NULL */
	/*
	 * One more header, with a key: "Authorization: Bearer ...".  May be NULL.  It is in no
	 * fault; nothing here copies it but curl, for the time of the request.  It goes to the
	 * scheme, host and port of `url` alone, never to a proxy: a redirect to any other is
	 * refused, so that nobody there hears of it.  The caller wipes it.
	 */
	const char *secret;
	const char *json; /* the body of a POST, which follows no redirect; NULL: a GET */
};

struct net_answer {
	long status;     /* never a redirect that was followed */
	struct buf body; /* of a status other than 200 its first NET_ERROR_BYTES */
	char retry_after[NET_KEPT_BYTES], content_type[NET_KEPT_BYTES]; /* "": there is none */
};
void net_answer_release(struct net_answer *answer); /* takes a zeroed one */

/*
 * Asks, as net_fetch() does, but a status of any kind is an answer: 0, and *answer_out, which is
 * replaced.  All else fails as it does there; also -FAULT_INVALID: a redirect that a key, or a
 * POST, does not follow.
 */
int net_ask(const struct net_request *request, const struct net_limits *limits,
            struct net_answer *answer_out, struct fault *fault);

#endif
