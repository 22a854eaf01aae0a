#include "base/hash.h"

#include <stdio.h>
#include <string.h>

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

/* FIPS 180-4, 4.2.2: the first 32 bits of the fractional parts of the cube roots. */
static const uint32_t sha256_k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static uint32_t rotate(uint32_t x, unsigned by)
{
	return (x >> by) | (x << (32 - by));
}

static void sha256_block(uint32_t h[8], const unsigned char *block)
{
	uint32_t w[64], v[8];

	for (int t = 0; t < 16; t++)
		w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
		       (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
	for (int t = 16; t < 64; t++) {
		uint32_t s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ (w[t - 15] >> 3);
		uint32_t s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ (w[t - 2] >> 10);

		w[t] = w[t - 16] + s0 + w[t - 7] + s1;
	}
	memcpy(v, h, sizeof(v));
	/* Eight rounds by eight: which of v is a to h goes round, and nothing moves. */
	for (unsigned t = 0; t < 64; t += 8) {
#define V(name) v[((name) + 8 - round) % 8]
#pragma GCC unroll 8
		for (unsigned round = 0; round < 8; round++) {
			uint32_t a = V(0), e = V(4);
			uint32_t s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
			uint32_t choice = (e & V(5)) ^ (~e & V(6));
			uint32_t t1 = V(7) + s1 + choice + sha256_k[t + round] + w[t + round];
			uint32_t s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
			uint32_t majority = (a & V(1)) ^ (a & V(2)) ^ (V(1) & V(2));

			V(3) += t1;
			V(7) = t1 + s0 + majority;
		}
#undef V
	}
	for (int i = 0; i < 8; i++)
		h[i] += v[i];
}

enum { BLOCK_BYTES = 64, LENGTH_AT = BLOCK_BYTES - 8 };

static const uint32_t sha256_start[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	                                  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

/* Goes on from a state that `before` bytes, whole blocks, led to. */
static void finish(uint32_t h[8], size_t before, const void *bytes, size_t len,
                   unsigned char out[SHA256_BYTES])
{
	unsigned char tail[2 * BLOCK_BYTES] = { 0 };
	size_t whole = len / BLOCK_BYTES * BLOCK_BYTES, rest = len - whole;
	size_t tail_len = rest < LENGTH_AT ? BLOCK_BYTES : 2 * BLOCK_BYTES;

	for (size_t at = 0; at < whole; at += BLOCK_BYTES)
		sha256_block(h, (const unsigned char *)bytes + at);
	if (rest > 0)
		memcpy(tail, (const unsigned char *)bytes + whole, rest);
	tail[rest] = 0x80;
	for (int i = 0; i < 8; i++)
		tail[tail_len - 1 - (size_t)i] = (unsigned char)((uint64_t)(before + len) * 8 >>
		                                                 (8 * i));
	for (size_t at = 0; at < tail_len; at += BLOCK_BYTES)
		sha256_block(h, tail + at);
	for (int i = 0; i < 8; i++) {
		for (int j = 0; j < 4; j++)
			out[4 * i + j] = (unsigned char)(h[i] >> (24 - 8 * j));
	}
}

void sha256(const void *bytes, size_t len, unsigned char out[SHA256_BYTES])
{
	uint32_t h[8];

	memcpy(h, sha256_start, sizeof(h));
	finish(h, 0, bytes, len, out);
}

void hmac_sha256_prepare(struct hmac_sha256_key *key_out, const void *secret, size_t len)
{
	unsigned char key[BLOCK_BYTES] = { 0 }, pad[BLOCK_BYTES];

	if (len > sizeof(key))
		sha256(secret, len, key);
	else if (len > 0)
		memcpy(key, secret, len);
	for (int i = 0; i < BLOCK_BYTES; i++)
		pad[i] = key[i] ^ 0x36;
	memcpy(key_out->inner, sha256_start, sizeof(key_out->inner));
	sha256_block(key_out->inner, pad);
	for (int i = 0; i < BLOCK_BYTES; i++)
		pad[i] = key[i] ^ 0x5c;
	memcpy(key_out->outer, sha256_start, sizeof(key_out->outer));
	sha256_block(key_out->outer, pad);
	explicit_bzero(key, sizeof(key));
	explicit_bzero(pad, sizeof(pad));
}

void hmac_sha256(const struct hmac_sha256_key *key, const void *bytes, size_t len,
                 unsigned char out[SHA256_BYTES])
{
	uint32_t h[8];

	memcpy(h, key->inner, sizeof(h));
	finish(h, BLOCK_BYTES, bytes, len, out);
	memcpy(h, key->outer, sizeof(h));
	finish(h, BLOCK_BYTES, out, SHA256_BYTES, out);
}

void sha256_hex(const void *bytes, size_t len, char out[SHA256_HEX_BYTES])
{
	unsigned char digest[SHA256_BYTES];

	sha256(bytes, len, digest);
	for (int i = 0; i < SHA256_BYTES; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}
