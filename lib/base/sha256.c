#include "base/sha256.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

const uint32_t sha256_k[64] = {
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

static void block_plain(uint32_t h[8], const unsigned char *block)
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

void sha256_blocks_plain(uint32_t h[8], const unsigned char *bytes, size_t blocks)
{
	for (size_t i = 0; i < blocks; i++)
		block_plain(h, bytes + 64 * i);
}

#if defined(__x86_64__)

bool sha256_is_fast(void)
{
	enum { SSSE3 = 1 << 9, SSE41 = 1 << 19, SHA = 1 << 29 };
	unsigned a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || (c & SSSE3) == 0 || (c & SSE41) == 0)
		return false;
	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & SHA) != 0;
}

/* Four rounds: the words of the message with their constants, low half first. */
__attribute__((target("sha,sse4.1"))) static inline void four_rounds(__m128i *abef, __m128i *cdgh,
                                                                     __m128i words, int round)
{
	__m128i k = _mm_loadu_si128((const __m128i *)(const void *)&sha256_k[round]);
	__m128i sum = _mm_add_epi32(words, k);

	*cdgh = _mm_sha256rnds2_epu32(*cdgh, *abef, sum);
	*abef = _mm_sha256rnds2_epu32(*abef, *cdgh, _mm_shuffle_epi32(sum, 0x0e));
}

/* The next four words of the message from the last sixteen, which turn by four. */
__attribute__((target("sha,sse4.1"))) static inline void next_words(__m128i w[4])
{
	__m128i next = _mm_add_epi32(_mm_sha256msg1_epu32(w[0], w[1]),
	                             _mm_alignr_epi8(w[3], w[2], 4));

	next = _mm_sha256msg2_epu32(next, w[3]);
	w[0] = w[1];
	w[1] = w[2];
	w[2] = w[3];
	w[3] = next;
}

__attribute__((target("sha,sse4.1"))) void
sha256_blocks_fast(uint32_t h[8], const unsigned char *bytes, size_t blocks)
{
	const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	__m128i dcba = _mm_loadu_si128((const __m128i *)(const void *)&h[0]);
	__m128i hgfe = _mm_loadu_si128((const __m128i *)(const void *)&h[4]);
	/* The instructions want the state as ABEF and CDGH, A on top. */
	__m128i cdab = _mm_shuffle_epi32(dcba, 0xb1), efgh = _mm_shuffle_epi32(hgfe, 0x1b);
	__m128i abef = _mm_alignr_epi8(cdab, efgh, 8), cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);

	for (size_t i = 0; i < blocks; i++) {
		const __m128i abef_before = abef, cdgh_before = cdgh;
		__m128i w[4];

		for (int j = 0; j < 4; j++) {
			const void *at = bytes + 64 * i + 16 * (size_t)j;

			w[j] = _mm_shuffle_epi8(_mm_loadu_si128(at), big_endian);
			four_rounds(&abef, &cdgh, w[j], 4 * j);
		}
		for (int round = 16; round < 64; round += 4) {
			next_words(w);
			four_rounds(&abef, &cdgh, w[3], round);
		}
		abef = _mm_add_epi32(abef, abef_before);
		cdgh = _mm_add_epi32(cdgh, cdgh_before);
	}
	/* And back. */
	dcba = _mm_shuffle_epi32(abef, 0x1b);
	hgfe = _mm_shuffle_epi32(cdgh, 0xb1);
	_mm_storeu_si128((__m128i *)(void *)&h[0], _mm_blend_epi16(dcba, hgfe, 0xf0));
	_mm_storeu_si128((__m128i *)(void *)&h[4], _mm_alignr_epi8(hgfe, dcba, 8));
}

#else

bool sha256_is_fast(void)
{
	return false;
}

void sha256_blocks_fast(uint32_t h[8], const unsigned char *bytes, size_t blocks)
{
	sha256_blocks_plain(h, bytes, blocks);
}

#endif
