/*
 * libFuzzer target: bytes as a line, through the envelopes into the decoder.  Besides what
 * the sanitizers see, every record must hold tests/support/envelope_invariants.h.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/envelope_invariants.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct envelope_bench bench;
	const char *wrong;
	/* A copy of its own, so that a byte too far is seen. */
	char *copy = malloc(len > 0 ? len : 1);

	if (copy == NULL)
		abort();
	memcpy(copy, bytes, len);
	wrong = envelope_invariants_check(&bench, (struct text){ copy, len });
	free(copy);
	if (wrong != NULL) {
		fprintf(stderr, "fuzz_envelope: %s\n", wrong);
		abort();
	}
	return 0;
}
