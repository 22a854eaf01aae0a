#include "ledger/verify_seals.h"

#include <stdio.h>
#include <string.h>

#include "base/moment.h"
#include "ledger/seal_internal.h"

enum { WHERE_BYTES = 96, HEX_SHOWN = 16 };

/* A walk along the chain. */
struct chain {
	struct verify *verify;
	struct ledger *ledger;
	struct fault *fault;
	int64_t seq; /* of the last link */
	unsigned char before[SHA256_BYTES];
	int64_t sealed[SEALED_LOG_COUNT]; /* up to this seq */
	struct buf bytes;
};

static void hex(struct text digest, char out[HEX_SHOWN + 1])
{
	snprintf(out, HEX_SHOWN + 1, "(none)");
	for (size_t i = 0; digest.len == SHA256_BYTES && i < HEX_SHOWN / 2; i++)
		snprintf(out + 2 * i, 3, "%02x", (unsigned char)digest.at[i]);
}

/* Zeros where there is none: no link comes to them. */
static void take_digest(struct text digest, unsigned char out[SHA256_BYTES])
{
	memset(out, 0, SHA256_BYTES);
	if (digest.len == SHA256_BYTES)
		memcpy(out, digest.at, SHA256_BYTES);
}

static struct text bytes_text(const unsigned char digest[SHA256_BYTES])
{
	return (struct text){ (const char *)digest, SHA256_BYTES };
}

static int report(struct chain *chain, const char *where, const char *what, struct text stored,
                  struct text derived)
{
	char a[HEX_SHOWN + 1], b[HEX_SHOWN + 1];

	hex(stored, a);
	hex(derived, b);
	return verify_report_at(chain->verify, VERIFY_SEAL, text_of(where), what, text_of(a),
	                        text_of(b));
}

/* The hours of a link, into its bytes. */
static int add_hours(struct chain *chain, int64_t seq)
{
	struct query query = query_start(chain->ledger, STATEMENT_SEAL_HOURS);
	int r;

	query_int(&query, seq);
	while ((r = query_row(&query, chain->fault)) > 0) {
		unsigned char digest[SHA256_BYTES];

		take_digest(column_blob(&query, 2), digest);
		seal_bytes_hour(&chain->bytes, column_int(&query, 0), column_int(&query, 1),
		                digest);
	}
	return r;
}

/* A log of which a link holds a part: its rows as they are now. */
static int check_log(struct chain *chain, int64_t seq, int log, int64_t last,
                     const unsigned char digest[SHA256_BYTES])
{
	unsigned char derived[SHA256_BYTES];
	char where[WHERE_BYTES];
	int64_t rows;
	int r = sealed_log_digest(chain->ledger, (enum sealed_log)log, chain->sealed[log], last,
	                          derived, &rows, chain->fault);

	snprintf(where, sizeof(where), "seal %lld %s", (long long)seq, sealed_log_info[log].table);
	if (r == 0 && memcmp(derived, digest, SHA256_BYTES) != 0)
		r = report(chain, where, "rows of the log", bytes_text(digest),
		           bytes_text(derived));
	chain->sealed[log] = last;
	return r;
}

/* The logs of a link, into its bytes, and each against its rows: in the order of logs.def. */
static int add_logs(struct chain *chain, int64_t seq)
{
	int r = 0;

	for (int log = 0; r == 0 && log < SEALED_LOG_COUNT; log++) {
		struct query query = query_start(chain->ledger, STATEMENT_SEAL_LOG_GET);
		unsigned char digest[SHA256_BYTES];
		struct text table = text_of(sealed_log_info[log].table);
		int64_t last;

		query_int(&query, seq);
		query_text(&query, table);
		r = query_row(&query, chain->fault);
		if (r <= 0)
			continue;
		last = column_int(&query, 0);
		take_digest(column_blob(&query, 1), digest);
		query_end(&query);
		seal_bytes_log(&chain->bytes, table, last, digest);
		r = check_log(chain, seq, log, last, digest);
	}
	return r;
}

static int check_link(struct verify *verify, const struct query *row, void *context,
                      struct fault *fault)
{
	struct chain *chain = context;
	int64_t seq = column_int(row, 0), at_ms = column_int(row, 1);
	unsigned char stored[SHA256_BYTES], derived[SHA256_BYTES];
	char where[WHERE_BYTES];
	int r;

	take_digest(column_blob(row, 2), stored);
	snprintf(where, sizeof(where), "seal %lld", (long long)seq);
	if (seq != chain->seq + 1) {
		r = verify_report_at(verify, VERIFY_SEAL, text_of(where), "links before it",
		                     text_of("missing"), text_of("a chain without gaps"));
		if (r != 0)
			return r;
	}
	seal_bytes_begin(&chain->bytes, chain->before, seq, at_ms);
	r = add_hours(chain, seq);
	if (r == 0)
		r = add_logs(chain, seq);
	if (r == 0 && chain->bytes.error != 0)
		r = fault_set(fault, FAULT_NOMEM, "verify: out of memory");
	if (r != 0)
		return r;
	sha256(chain->bytes.at, chain->bytes.len, derived);
	if (memcmp(stored, derived, SHA256_BYTES) != 0)
		r = report(chain, where, "chain", bytes_text(stored), bytes_text(derived));
	chain->seq = seq;
	memcpy(chain->before, stored, SHA256_BYTES);
	return r;
}

/* An hour that says that it is sealed as it is, and its last seal. */
static int check_sealed(struct verify *verify, const struct query *row, void *context,
                        struct fault *fault)
{
	struct chain *chain = context;
	char where[WHERE_BYTES], moment[MOMENT_TEXT_BYTES];
	struct text is = column_blob(row, 2), sealed = column_blob(row, 4);

	(void)fault;
	if (column_int(row, 1) == column_int(row, 3) && text_equal(is, sealed))
		return 0;
	verify_note_hour(verify, column_int(row, 0));
	moment_text_unit(column_int(row, 0), MOMENT_HOUR, moment);
	snprintf(where, sizeof(where), "hour %s", moment);
	return report(chain, where, "digest, and what its seal says", is, sealed);
}

/* Seals begin with row 1: what stands before it no link would hold. */
static int check_unsealable(struct chain *chain)
{
	int r = 0;

	for (int log = 0; r == 0 && log < SEALED_LOG_COUNT; log++) {
		unsigned char digest[SHA256_BYTES];
		char text[32];
		int64_t rows;

		r = sealed_log_digest(chain->ledger, (enum sealed_log)log, INT64_MIN, 0, digest,
		                      &rows, chain->fault);
		snprintf(text, sizeof(text), "%lld", r == 0 ? (long long)rows : 0);
		if (r == 0 && rows > 0)
			r = verify_report_at(chain->verify, VERIFY_SEAL,
			                     text_of(sealed_log_info[log].table),
			                     "rows before the first", text_of(text), text_of("0"));
	}
	return r;
}

/* SEAL_LOGS: what no seal of this program holds. */
static int check_log_name(struct verify *verify, const struct query *row, void *context,
                          struct fault *fault)
{
	struct text table = column_text(row, 0);

	(void)context;
	(void)fault;
	for (int log = 0; log < SEALED_LOG_COUNT; log++) {
		if (text_is(table, sealed_log_info[log].table))
			return 0;
	}
	return verify_report_at(verify, VERIFY_SEAL, text_of("seals"), "log", table,
	                        text_of("a log that is sealed"));
}

static int count_orphans(struct chain *chain)
{
	struct query query = query_start(chain->ledger, STATEMENT_SEAL_ORPHANS);
	int64_t rows;
	char text[32];
	int r = query_single(&query, &rows, chain->fault);

	if (r < 0 || rows == 0)
		return r;
	snprintf(text, sizeof(text), "%lld", (long long)rows);
	return verify_report_at(chain->verify, VERIFY_SEAL, text_of("seals"), "parts of no link",
	                        text_of(text), text_of("0"));
}

int verify_seals(struct verify *verify, struct ledger *ledger, struct verify_summary *summary,
                 struct fault *fault)
{
	struct chain chain = { .verify = verify, .ledger = ledger, .fault = fault };
	int r = verify_each(verify, STATEMENT_SEAL_ALL, check_link, &chain, fault);

	if (r == 0)
		r = verify_each(verify, STATEMENT_HOUR_SEALS, check_sealed, &chain, fault);
	if (r == 0)
		r = check_unsealable(&chain);
	if (r == 0)
		r = count_orphans(&chain);
	if (r == 0)
		r = verify_each(verify, STATEMENT_SEAL_LOGS, check_log_name, NULL, fault);
	if (r == 0)
		r = ledger_seal_head(ledger, &summary->seal, fault);
	buf_release(&chain.bytes);
	return r;
}
