/*
 * Credentials are never kept: what stands in their place is the beginning of each and an
 * HMAC-SHA-256 of it under the secret of the ledger, "sk-or-v1~hmac:" and 32 hexadecimal digits.
 * The same credential gives the same form, so that reports group by it; a form is left as it is.
 *
 * They are known by their shapes (credential.def), in any bytes: lines that are no JSON, strings
 * inside strings, and however JSON escapes them.  What has no such shape is not found; what is
 * spread over more than one string, or coded otherwise (base64, percent), is not either.
 *
 * Pure functions; any thread.
 */
#ifndef TOLL_USAGE_CREDENTIAL_H
#define TOLL_USAGE_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/text.h"

enum {
	CREDENTIAL_SHOWN_MAX = 8,   /* of its beginning; of a short one at most a third */
	CREDENTIAL_HEX = 32,        /* digits: 128 bits of the HMAC */
	CREDENTIAL_FORM_BYTES = 64, /* holds a form and its NUL */
};

/* Which texts are credentials. */
enum credential_keys {
	CREDENTIAL_DETECT, /* those of the shapes */
	CREDENTIAL_ALL,    /* these, and whatever a member names as a key */
	CREDENTIAL_PLAIN,  /* none: they are stored as they come */
	CREDENTIAL_KEYS_COUNT
};
const char *credential_keys_name(enum credential_keys keys);
enum credential_keys credential_keys_find(struct text name); /* .._COUNT: there is none */

struct credentials {
	enum credential_keys keys;
	bool known; /* there is a secret; without one nothing is changed */
	struct hmac_sha256_key secret;
};

/*
 * `bytes` with the form of each credential in its place; the same text where there is none, else
 * in the arena.  `cut`: the bytes end inside something, so that the beginning of a credential at
 * their end is one.  -FAULT_NOMEM is the only failure.
 */
int credential_redact(const struct credentials *credentials, struct text bytes, bool cut,
                      struct arena *arena, struct text *out);

/* A name that an event has as its key, or that a user asks for; in `room` where it is changed. */
struct text credential_name(const struct credentials *credentials, struct text name,
                            char room[CREDENTIAL_FORM_BYTES]);
/* Whether credential_name() would change it, which takes no secret. */
bool credential_is(enum credential_keys keys, struct text name);

/* For logs, without a secret: a '*' for each byte of a credential but its beginning. */
void credential_mask(char *bytes, size_t len);

#endif
