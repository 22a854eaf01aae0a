/*
 * The bytes of a statement: a file or standard input, in pieces, hashed as they come.  What is
 * neither CSV nor JSON is told by its first bytes, with the way to what can be read.
 *
 * Of lib/statement only.  One thread.
 */
#ifndef TOLL_STATEMENT_INPUT_H
#define TOLL_STATEMENT_INPUT_H

#include <stdbool.h>

#include "base/fault.h"
#include "base/hash.h"
#include "base/text.h"

enum { STATEMENT_CHUNK_BYTES = 64 * 1024 };

struct statement_input {
	const char *name; /* how faults call it */
	int fd;
	bool opened; /* the file is ours to close */
	int64_t read, total;
	struct sha256_stream hash;
	char *chunk;
};

/* `path` "-": standard input.  -FAULT_NOT_FOUND, -FAULT_IO, -FAULT_NOMEM. */
int statement_input_open(struct statement_input *input, const char *path, struct fault *fault);
void statement_input_close(struct statement_input *input); /* takes a zeroed one */
/*
 * The next piece, valid until the one after it; of length 0 at the end.  All but the last are
 * whole; the first has no byte order mark any more.
 */
int statement_input_next(struct statement_input *input, struct text *chunk_out,
                         struct fault *fault);

/* -FAULT_INVALID where the first bytes are of nothing that is read here. */
int statement_sniff(const char *name, struct text first, struct fault *fault);

#endif
