/*
 * Hashes.  hash64 tells apart things that nobody forges (identities, contents);
 * its value is stored in ledgers, so the function is for ever: the test has its
 * vectors.  sha256 names things by content (price books, quarantined lines).
 */
#ifndef TOLL_BASE_HASH_H
#define TOLL_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum { SHA256_BYTES = 32, SHA256_HEX_BYTES = 65, SHA256_BLOCK_BYTES = 64 };

/* 64 x 64 -> 128 bit multiply, halves folded together: one round of hash64. */
static inline uint64_t hash64_mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t hash64(const void *bytes, size_t len, uint64_t seed);

/* FIPS 180-4. */
void sha256(const void *bytes, size_t len, unsigned char out[SHA256_BYTES]);
/* The same in lower-case hexadecimal, ended by a NUL. */
void sha256_hex(const void *bytes, size_t len, char out[SHA256_HEX_BYTES]);

/* The same of bytes that come in pieces: init, add ..., end. */
struct sha256_stream {
	uint32_t h[8];
	uint64_t len;                            /* of all so far */
	unsigned char block[SHA256_BLOCK_BYTES]; /* len % 64 of them wait */
};
void sha256_init(struct sha256_stream *stream);
void sha256_add(struct sha256_stream *stream, const void *bytes, size_t len);
void sha256_end(struct sha256_stream *stream, unsigned char out[SHA256_BYTES]);
void sha256_end_hex(struct sha256_stream *stream, char out[SHA256_HEX_BYTES]);

/*
 * HMAC-SHA-256 (RFC 2104, vectors of RFC 4231).  The prepared key is as secret as the key itself:
 * whoever has it wipes it with explicit_bzero().
 */
struct hmac_sha256_key {
	uint32_t inner[8], outer[8]; /* the states behind the block of each pad */
};
void hmac_sha256_prepare(struct hmac_sha256_key *key_out, const void *secret, size_t len);
void hmac_sha256(const struct hmac_sha256_key *key, const void *bytes, size_t len,
                 unsigned char out[SHA256_BYTES]);

#endif
