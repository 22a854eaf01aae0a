/* What sealing and the check of seals share.  Inside lib/ledger. */
#ifndef TOLL_LEDGER_SEAL_INTERNAL_H
#define TOLL_LEDGER_SEAL_INTERNAL_H

#include "ledger/hours.h"
#include "ledger/internal.h"
#include "ledger/seal.h"

enum sealed_log {
#define L(NAME, table, sql) SEALED_LOG_##NAME,
#include "ledger/logs.def"
#undef L
	SEALED_LOG_COUNT
};

struct sealed_log_info {
	const char *table;
	enum statement rows, last;
};
extern const struct sealed_log_info sealed_log_info[SEALED_LOG_COUNT];

/* SHA-256 of the rows of a log with a seq in (after, last], and how many there are. */
int sealed_log_digest(struct ledger *ledger, enum sealed_log log, int64_t after, int64_t last,
                      unsigned char digest_out[SHA256_BYTES], int64_t *rows_out,
                      struct fault *fault);

/* The bytes that a link is the hash of: begin, then each hour, then each log, then chain. */
void seal_bytes_begin(struct buf *bytes, const unsigned char before[SHA256_BYTES], int64_t seq,
                      int64_t at_ms);
void seal_bytes_hour(struct buf *bytes, int64_t hour, int64_t events,
                     const unsigned char digest[SHA256_BYTES]);
void seal_bytes_log(struct buf *bytes, struct text table, int64_t last,
                    const unsigned char digest[SHA256_BYTES]);

#endif
