#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/sha256.h"

/* FIPS 180-4 examples, and the lengths around the padding's edges (from sha256sum). */
static void test_sha256_gives_the_published_digests(void **state)
{
	static const struct {
		const char *label, *text, *hex;
	} rows[] = {
		{ "empty", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "abc",
		  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "two blocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
		{ "55 bytes", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318" },
		{ "64 bytes", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char hex[SHA256_HEX_BYTES];

		sha256_hex(rows[i].text, strlen(rows[i].text), hex);
		if (strcmp(hex, rows[i].hex) != 0)
			fail_msg("%s: %s", rows[i].label, hex);
	}
}

/* Two ways to the same state: of any bytes, of any number of blocks. */
static void test_sha256_is_the_same_by_the_processors_instructions(void **state)
{
	unsigned char bytes[64 * 9];
	uint64_t random = 1;

	(void)state;
	if (!sha256_is_fast()) {
		print_message("this processor has no instructions for SHA-256\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(bytes); i++) {
		random = hash64_mix(random + i, UINT64_C(0x9e3779b97f4a7c15));
		bytes[i] = (unsigned char)random;
	}
	for (size_t blocks = 0; blocks <= 9; blocks++) {
		uint32_t plain[8] = { 1, 2, 3, 4, 5, 6, 7, 0xffffffff }, fast[8];

		memcpy(fast, plain, sizeof(fast));
		sha256_blocks_plain(plain, bytes, blocks);
		sha256_blocks_fast(fast, bytes, blocks);
		assert_memory_equal(plain, fast, sizeof(plain));
	}
}

/*
 * Not published anywhere: what the function gave when the first ledger was written.  A
 * change here makes every stored event a conflict with itself.
 */
static void test_hash64_gives_what_ledgers_hold(void **state)
{
	static const struct {
		const char *text;
		uint64_t seed, hash;
	} rows[] = {
		{ "", 0, UINT64_C(0x80110e28682d7093) },
		{ "", 1, UINT64_C(0x225ef4eee960f485) },
		{ "a", 0, UINT64_C(0xc5ad97ff92fbcbe5) },
		{ "a", 1, UINT64_C(0x30731446bddabedb) },
		{ "toll", 0, UINT64_C(0xa388e3d9dccb75bd) },
		{ "toll", 1, UINT64_C(0x4861e718adcbfc78) },
		{ "12345678", 0, UINT64_C(0x044e98ad9fd14b8d) },
		{ "12345678", 1, UINT64_C(0x55637afc3575a4a9) },
		{ "123456789abcdef", 0, UINT64_C(0xe784d0db311a5209) },
		{ "123456789abcdef", 1, UINT64_C(0xdf7aa692a181d450) },
		{ "0123456789abcdef", 0, UINT64_C(0x9f695f75291ee125) },
		{ "0123456789abcdef", 1, UINT64_C(0xe93c65aea8fc1e97) },
		{ "0123456789abcdefg", 0, UINT64_C(0xc085b6cd426c6444) },
		{ "0123456789abcdefg", 1, UINT64_C(0xdd4d4a626ec8ca14) },
		{ "the quick brown fox jumps over the lazy dog, twice and once more", 0,
		  UINT64_C(0x1f08ec09063d2491) },
		{ "the quick brown fox jumps over the lazy dog, twice and once more", 1,
		  UINT64_C(0x0e9bd5a9d1de7799) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (hash64(rows[i].text, strlen(rows[i].text), rows[i].seed) != rows[i].hash)
			fail_msg("\"%s\", seed %u", rows[i].text, (unsigned)rows[i].seed);
	}
}

/* Every prefix of a text must hash differently, and so must every seed. */
static void test_hash64_tells_lengths_and_seeds_apart(void **state)
{
	static const char zeros[64];
	uint64_t seen[128];

	(void)state;
	for (size_t i = 0; i < 64; i++) {
		seen[2 * i] = hash64(zeros, i, 1);
		seen[2 * i + 1] = hash64(zeros, i, 2);
		for (size_t j = 0; j < 2 * i; j++) {
			assert_true(seen[j] != seen[2 * i]);
			assert_true(seen[j] != seen[2 * i + 1]);
		}
	}
}

/* RFC 4231, cases 1 to 4, 6 and 7. */
static void test_hmac_gives_the_vectors_of_its_rfc(void **state)
{
	static const struct {
		const char *label, *key, *data;
		unsigned char key_byte, data_byte; /* so many of it, where there is no text */
		size_t key_len, data_len;
		const char *hex;
	} rows[] = {
		{ "1", NULL, "Hi There", 0x0b, 0, 20, 0,
		  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ "2", "Jefe", "what do ya want for nothing?", 0, 0, 4, 0,
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ "3", NULL, NULL, 0xaa, 0xdd, 20, 50,
		  "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
		{ "4",
		  "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13"
		  "\x14\x15\x16\x17\x18\x19",
		  NULL, 0, 0xcd, 25, 50,
		  "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
		{ "6", NULL, "Test Using Larger Than Block-Size Key - Hash Key First", 0xaa, 0, 131,
		  0, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
		{ "7", NULL,
		  "This is a test using a larger than block-size key and a larger than block-size "
		  "data. The key needs to be hashed before being used by the HMAC algorithm.",
		  0xaa, 0, 131, 0,
		  "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hmac_sha256_key prepared;
		unsigned char key[256], data[256], out[SHA256_BYTES];
		size_t data_len = rows[i].data != NULL ? strlen(rows[i].data) : rows[i].data_len;
		char hex[SHA256_HEX_BYTES];

		memset(key, rows[i].key_byte, sizeof(key));
		memset(data, rows[i].data_byte, sizeof(data));
		if (rows[i].key != NULL)
			memcpy(key, rows[i].key, rows[i].key_len);
		if (rows[i].data != NULL)
			memcpy(data, rows[i].data, data_len);
		hmac_sha256_prepare(&prepared, key, rows[i].key_len);
		hmac_sha256(&prepared, data, data_len, out);
		for (int b = 0; b < SHA256_BYTES; b++)
			snprintf(hex + 2 * b, 3, "%02x", out[b]);
		if (strcmp(hex, rows[i].hex) != 0)
			fail_msg("case %s: %s", rows[i].label, hex);
	}
}

static void test_sha256_in_pieces_is_that_of_the_whole(void **state)
{
	unsigned char bytes[300], whole[SHA256_BYTES], pieces[SHA256_BYTES];
	struct sha256_stream stream;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 7);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		sha256(bytes, len, whole);
		for (size_t step = 1; step < 140; step += 9) {
			sha256_init(&stream);
			for (size_t at = 0; at < len; at += step)
				sha256_add(&stream, bytes + at, len - at < step ? len - at : step);
			sha256_end(&stream, pieces);
			if (memcmp(whole, pieces, sizeof(whole)) != 0)
				fail_msg("%zu bytes by %zu", len, step);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256_gives_the_published_digests),
		cmocka_unit_test(test_sha256_in_pieces_is_that_of_the_whole),
		cmocka_unit_test(test_sha256_is_the_same_by_the_processors_instructions),
		cmocka_unit_test(test_hmac_gives_the_vectors_of_its_rfc),
		cmocka_unit_test(test_hash64_gives_what_ledgers_hold),
		cmocka_unit_test(test_hash64_tells_lengths_and_seeds_apart),
	};

	return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
