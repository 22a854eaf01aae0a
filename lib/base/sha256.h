/*
 * The inside of SHA-256: blocks of 64 bytes into its state, by the processor's own instructions
 * where it has them.  Of lib/base only; others use base/hash.h.
 */
#ifndef TOLL_BASE_SHA256_H
#define TOLL_BASE_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* FIPS 180-4, 4.2.2: the first 32 bits of the fractional parts of the cube roots. */
extern const uint32_t sha256_k[64];

/* The same result; the second only where sha256_is_fast(). */
void sha256_blocks_plain(uint32_t h[8], const unsigned char *bytes, size_t blocks);
void sha256_blocks_fast(uint32_t h[8], const unsigned char *bytes, size_t blocks);
bool sha256_is_fast(void);

#endif
