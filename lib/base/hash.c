#include "base/hash.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/sha256.h"

/* Odd constants with half of their bits set: digits of pi and of the golden ratio. */
#define ROUND_A UINT64_C(0x243f6a8885a308d3)
#define ROUND_B UINT64_C(0x9e3779b97f4a7c15)
#define ROUND_C UINT64_C(0xa4093822299f31d1)

/* Up to eight bytes as a little-endian number. */
static uint64_t load(const unsigned char *bytes, size_t len)
{
	uint64_t value = 0;

	memcpy(&value, bytes, len);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	value = __builtin_bswap64(value);
#endif
	return value;
}

uint64_t hash64(const void *bytes, size_t len, uint64_t seed)
{
	const unsigned char *at = bytes;
	uint64_t state = seed ^ ROUND_A;
	size_t left = len;

	while (left >= 16) {
		state = hash64_mix(load(at, 8) ^ ROUND_B, load(at + 8, 8) ^ state);
		at += 16;
		left -= 16;
	}
	if (left > 8)
		state = hash64_mix(load(at, 8) ^ ROUND_B, load(at + 8, left - 8) ^ state);
	else if (left > 0)
		state = hash64_mix(load(at, left) ^ ROUND_B, state ^ ROUND_C);
	return hash64_mix(state ^ ROUND_C, (uint64_t)len ^ ROUND_B);
}

static void add_blocks(uint32_t h[8], const unsigned char *bytes, size_t blocks)
{
	/* 0: not asked yet; 1: plain; 2: fast.  Whoever asks first gets what all get. */
	static atomic_int which;
	int way = atomic_load_explicit(&which, memory_order_relaxed);

	if (way == 0) {
		way = sha256_is_fast() ? 2 : 1;
		atomic_store_explicit(&which, way, memory_order_relaxed);
	}
	if (way == 2)
		sha256_blocks_fast(h, bytes, blocks);
	else
		sha256_blocks_plain(h, bytes, blocks);
}

enum { BLOCK_BYTES = SHA256_BLOCK_BYTES, LENGTH_AT = BLOCK_BYTES - 8 };

void sha256_init(struct sha256_stream *stream)
{
	*stream = (struct sha256_stream){ .h = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		                                 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 } };
}

void sha256_add(struct sha256_stream *stream, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	size_t waiting = stream->len % BLOCK_BYTES;

	stream->len += len;
	if (waiting > 0) {
		size_t part = len < BLOCK_BYTES - waiting ? len : BLOCK_BYTES - waiting;

		memcpy(stream->block + waiting, at, part);
		at += part;
		len -= part;
		if (waiting + part < BLOCK_BYTES)
			return;
		add_blocks(stream->h, stream->block, 1);
	}
	add_blocks(stream->h, at, len / BLOCK_BYTES);
	if (len % BLOCK_BYTES > 0)
		memcpy(stream->block, at + len / BLOCK_BYTES * BLOCK_BYTES, len % BLOCK_BYTES);
}

void sha256_end(struct sha256_stream *stream, unsigned char out[SHA256_BYTES])
{
	unsigned char tail[2 * BLOCK_BYTES] = { 0 };
	size_t rest = stream->len % BLOCK_BYTES;
	size_t tail_len = rest < LENGTH_AT ? BLOCK_BYTES : 2 * BLOCK_BYTES;

	memcpy(tail, stream->block, rest);
	tail[rest] = 0x80;
	for (int i = 0; i < 8; i++)
		tail[tail_len - 1 - (size_t)i] = (unsigned char)(stream->len * 8 >> (8 * i));
	add_blocks(stream->h, tail, tail_len / BLOCK_BYTES);
	for (int i = 0; i < 8; i++) {
		for (int j = 0; j < 4; j++)
			out[4 * i + j] = (unsigned char)(stream->h[i] >> (24 - 8 * j));
	}
}

void sha256(const void *bytes, size_t len, unsigned char out[SHA256_BYTES])
{
	struct sha256_stream stream;

	sha256_init(&stream);
	if (len > 0)
		sha256_add(&stream, bytes, len);
	sha256_end(&stream, out);
}

void hmac_sha256_prepare(struct hmac_sha256_key *key_out, const void *secret, size_t len)
{
	unsigned char key[BLOCK_BYTES] = { 0 }, pad[BLOCK_BYTES];
	struct sha256_stream stream;

	if (len > sizeof(key))
		sha256(secret, len, key);
	else if (len > 0)
		memcpy(key, secret, len);
	for (int i = 0; i < BLOCK_BYTES; i++)
		pad[i] = key[i] ^ 0x36;
	sha256_init(&stream);
	memcpy(key_out->inner, stream.h, sizeof(key_out->inner));
	add_blocks(key_out->inner, pad, 1);
	for (int i = 0; i < BLOCK_BYTES; i++)
		pad[i] = key[i] ^ 0x5c;
	memcpy(key_out->outer, stream.h, sizeof(key_out->outer));
	add_blocks(key_out->outer, pad, 1);
	explicit_bzero(key, sizeof(key));
	explicit_bzero(pad, sizeof(pad));
}

/* Goes on behind the block of a pad. */
static void behind_pad(const uint32_t state[8], const void *bytes, size_t len,
                       unsigned char out[SHA256_BYTES])
{
	struct sha256_stream stream = { .len = BLOCK_BYTES };

	memcpy(stream.h, state, sizeof(stream.h));
	if (len > 0)
		sha256_add(&stream, bytes, len);
	sha256_end(&stream, out);
}

void hmac_sha256(const struct hmac_sha256_key *key, const void *bytes, size_t len,
                 unsigned char out[SHA256_BYTES])
{
	unsigned char inner[SHA256_BYTES];

	behind_pad(key->inner, bytes, len, inner);
	behind_pad(key->outer, inner, sizeof(inner), out);
}

void sha256_end_hex(struct sha256_stream *stream, char out[SHA256_HEX_BYTES])
{
	unsigned char digest[SHA256_BYTES];

	sha256_end(stream, digest);
	for (int i = 0; i < SHA256_BYTES; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

void sha256_hex(const void *bytes, size_t len, char out[SHA256_HEX_BYTES])
{
	struct sha256_stream stream;

	sha256_init(&stream);
	sha256_add(&stream, bytes, len);
	sha256_end_hex(&stream, out);
}
