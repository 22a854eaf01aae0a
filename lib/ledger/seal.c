#include "ledger/seal.h"

#include <stdio.h>
#include <string.h>

#include "base/moment.h"
#include "ledger/seal_internal.h"

const struct sealed_log_info sealed_log_info[SEALED_LOG_COUNT] = {
#define L(NAME, table, sql)                                                                        \
	[SEALED_LOG_##NAME] = { table, STATEMENT_LOG_##NAME, STATEMENT_LAST_##NAME },
#include "ledger/logs.def"
#undef L
};

static void add_int(struct buf *bytes, int64_t value)
{
	unsigned char parts[8];

	for (size_t i = 0; i < sizeof(parts); i++)
		parts[i] = (unsigned char)((uint64_t)value >> (8 * i));
	buf_add(bytes, parts, sizeof(parts));
}

static void add_text(struct buf *bytes, struct text text)
{
	add_int(bytes, (int64_t)text.len);
	buf_add_text(bytes, text);
}

void seal_bytes_begin(struct buf *bytes, const unsigned char before[SHA256_BYTES], int64_t seq,
                      int64_t at_ms)
{
	buf_clear(bytes);
	buf_add(bytes, before, SHA256_BYTES);
	add_int(bytes, seq);
	add_int(bytes, at_ms);
}

void seal_bytes_hour(struct buf *bytes, int64_t hour, int64_t events,
                     const unsigned char digest[SHA256_BYTES])
{
	buf_add(bytes, "h", 1);
	add_int(bytes, hour);
	add_int(bytes, events);
	buf_add(bytes, digest, SHA256_BYTES);
}

void seal_bytes_log(struct buf *bytes, struct text table, int64_t last,
                    const unsigned char digest[SHA256_BYTES])
{
	buf_add(bytes, "l", 1);
	add_text(bytes, table);
	add_int(bytes, last);
	buf_add(bytes, digest, SHA256_BYTES);
}

/* Each value with its type before it. */
static void add_row(struct buf *bytes, const struct query *query)
{
	int columns = sqlite3_column_count(query->stmt);

	for (int i = 0; i < columns; i++) {
		int type = sqlite3_column_type(query->stmt, i);

		add_int(bytes, type);
		if (type == SQLITE_INTEGER)
			add_int(bytes, column_int(query, i));
		else if (type != SQLITE_NULL)
			add_text(bytes, column_blob(query, i));
	}
}

/* A row at a time: the digest of those before it and of its own bytes. */
int sealed_log_digest(struct ledger *ledger, enum sealed_log log, int64_t after, int64_t last,
                      unsigned char digest_out[SHA256_BYTES], int64_t *rows_out,
                      struct fault *fault)
{
	struct query query = query_start(ledger, sealed_log_info[log].rows);
	unsigned char digest[SHA256_BYTES] = { 0 };
	struct buf *bytes = &ledger->digest_room;
	int64_t rows = 0;
	int r;

	query_int(&query, after);
	query_int(&query, last);
	while ((r = query_row(&query, fault)) > 0) {
		buf_clear(bytes);
		buf_add(bytes, digest, sizeof(digest));
		add_row(bytes, &query);
		rows++;
		if (bytes->error != 0) {
			query_end(&query);
			return fault_set(fault, FAULT_NOMEM, "a seal: out of memory");
		}
		sha256(bytes->at, bytes->len, digest);
	}
	if (r < 0)
		return r;
	memcpy(digest_out, digest, sizeof(digest));
	*rows_out = rows;
	return 0;
}

static struct text digest_text(const unsigned char digest[SHA256_BYTES])
{
	return (struct text){ (const char *)digest, SHA256_BYTES };
}

/* Of the link of that row. */
static int read_chain(const struct query *query, unsigned char chain_out[SHA256_BYTES],
                      struct fault *fault)
{
	struct text chain = column_blob(query, 2);

	if (chain.len != SHA256_BYTES)
		return fault_set(fault, FAULT_CORRUPT, "%s: seal %lld has no chain: " WORDS_ADVICE,
		                 query->ledger->path, (long long)column_int(query, 0));
	memcpy(chain_out, chain.at, SHA256_BYTES);
	return 0;
}

static int read_link(const struct query *query, struct seal_link *link_out, struct fault *fault)
{
	unsigned char chain[SHA256_BYTES];
	int r = read_chain(query, chain, fault);

	if (r < 0)
		return r;
	link_out->seq = column_int(query, 0);
	link_out->at_ms = column_int(query, 1);
	for (size_t i = 0; i < SHA256_BYTES; i++)
		snprintf(link_out->chain + 2 * i, 3, "%02x", chain[i]);
	return 0;
}

/* A link of it: the fields that are common, and the chain as bytes. */
struct sealing {
	struct ledger *ledger;
	int64_t seq, hours, logs;
	struct buf bytes;
	struct fault *fault;
};

static int put_hour(struct sealing *sealing, const struct hour_digest *hour)
{
	struct query query = query_start(sealing->ledger, STATEMENT_SEAL_HOUR_ADD);
	int r;

	query_int(&query, sealing->seq);
	query_int(&query, hour->hour_ms);
	query_int(&query, hour->events);
	query_blob(&query, digest_text(hour->digest));
	r = query_done(&query, sealing->fault);
	if (r < 0)
		return r;
	seal_bytes_hour(&sealing->bytes, hour->hour_ms, hour->events, hour->digest);
	sealing->hours++;
	query = query_start(sealing->ledger, STATEMENT_HOUR_SEALED);
	query_int(&query, hour->hour_ms);
	return query_done(&query, sealing->fault);
}

/* Those that are due: gathered first, since sealing one takes it out of the index. */
static int seal_hours(struct sealing *sealing, int64_t until_ms)
{
	struct hour_digest due[SEAL_HOURS_MAX];
	struct query query = query_start(sealing->ledger, STATEMENT_HOUR_UNSEALED);
	size_t count = 0;
	int r;

	query_int(&query, until_ms);
	query_int(&query, SEAL_HOURS_MAX);
	while ((r = query_row(&query, sealing->fault)) > 0) {
		struct hour_digest *hour = &due[count++];
		struct text digest = column_blob(&query, 2);

		if (digest.len != SHA256_BYTES) {
			query_end(&query);
			return fault_set(sealing->fault, FAULT_CORRUPT,
			                 "%s: an hour has no digest: " WORDS_ADVICE,
			                 sealing->ledger->path);
		}
		hour->hour_ms = column_int(&query, 0);
		hour->events = column_int(&query, 1);
		memcpy(hour->digest, digest.at, SHA256_BYTES);
	}
	for (size_t i = 0; r == 0 && i < count; i++)
		r = put_hour(sealing, &due[i]);
	return r;
}

static int seal_log(struct sealing *sealing, enum sealed_log log)
{
	struct query query = query_start(sealing->ledger, STATEMENT_SEAL_LOG_LAST);
	unsigned char digest[SHA256_BYTES];
	struct text table = text_of(sealed_log_info[log].table);
	int64_t before = 0, last = 0, rows;
	int r;

	query_text(&query, table);
	r = query_single(&query, &before, sealing->fault);
	if (r == 0) {
		query = query_start(sealing->ledger, sealed_log_info[log].last);
		r = query_single(&query, &last, sealing->fault);
	}
	if (r < 0 || last <= before)
		return r;
	r = sealed_log_digest(sealing->ledger, log, before, last, digest, &rows, sealing->fault);
	if (r < 0)
		return r;
	seal_bytes_log(&sealing->bytes, table, last, digest);
	sealing->logs++;
	query = query_start(sealing->ledger, STATEMENT_SEAL_LOG_ADD);
	query_int(&query, sealing->seq);
	query_text(&query, table);
	query_int(&query, last);
	query_blob(&query, digest_text(digest));
	return query_done(&query, sealing->fault);
}

/* The link before: its number and its chain, zeros before the first. */
static int read_before(struct sealing *sealing, unsigned char chain_out[SHA256_BYTES])
{
	struct query query = query_start(sealing->ledger, STATEMENT_SEAL_HEAD);
	int r = query_row(&query, sealing->fault);

	memset(chain_out, 0, SHA256_BYTES);
	sealing->seq = 1;
	if (r <= 0)
		return r;
	sealing->seq = column_int(&query, 0) + 1;
	r = read_chain(&query, chain_out, sealing->fault);
	query_end(&query);
	return r;
}

static int add_link(struct sealing *sealing, int64_t now_ms)
{
	unsigned char chain[SHA256_BYTES];
	struct query query;
	int r = read_before(sealing, chain);

	seal_bytes_begin(&sealing->bytes, chain, sealing->seq, now_ms);
	if (r == 0)
		r = seal_hours(sealing, now_ms - LEDGER_SEAL_AFTER_MS - MS_PER_HOUR);
	for (int log = 0; r == 0 && log < SEALED_LOG_COUNT; log++)
		r = seal_log(sealing, (enum sealed_log)log);
	if (r < 0 || sealing->hours + sealing->logs == 0)
		return r;
	if (sealing->bytes.error != 0)
		return fault_set(sealing->fault, FAULT_NOMEM, "a seal: out of memory");
	sha256(sealing->bytes.at, sealing->bytes.len, chain);
	query = query_start(sealing->ledger, STATEMENT_SEAL_ADD);
	query_int(&query, sealing->seq);
	query_int(&query, now_ms);
	query_blob(&query, digest_text(chain));
	return query_done(&query, sealing->fault);
}

/* Asked before a transaction is begun: most of the time there is nothing. */
static int is_due(struct ledger *ledger, int64_t now_ms, bool *due_out, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_HOUR_UNSEALED);
	int r;

	query_int(&query, now_ms - LEDGER_SEAL_AFTER_MS - MS_PER_HOUR);
	query_int(&query, 1);
	r = query_row(&query, fault);
	*due_out = r > 0;
	if (r > 0)
		query_end(&query);
	for (int log = 0; r == 0 && log < SEALED_LOG_COUNT && !*due_out; log++) {
		int64_t before, last;

		query = query_start(ledger, STATEMENT_SEAL_LOG_LAST);
		query_text(&query, text_of(sealed_log_info[log].table));
		r = query_single(&query, &before, fault);
		query = query_start(ledger, sealed_log_info[log].last);
		if (r == 0)
			r = query_single(&query, &last, fault);
		*due_out = r == 0 && last > before;
	}
	return r < 0 ? r : 0;
}

int ledger_seal(struct ledger *ledger, int64_t now_ms, int64_t *hours_out, struct fault *fault)
{
	struct sealing sealing = { .ledger = ledger, .fault = fault };
	bool due;
	int r = is_due(ledger, now_ms, &due, fault);

	if (hours_out != NULL)
		*hours_out = 0;
	if (r < 0 || !due)
		return r;
	r = ledger_begin(ledger, fault);
	if (r == 0)
		r = add_link(&sealing, now_ms);
	if (r == 0)
		r = ledger_commit(ledger, fault);
	if (r < 0)
		ledger_rollback(ledger);
	else if (hours_out != NULL)
		*hours_out = sealing.hours;
	buf_release(&sealing.bytes);
	return r;
}

int ledger_seal_all(struct ledger *ledger, int64_t now_ms, struct fault *fault)
{
	int64_t hours = SEAL_HOURS_MAX;
	int r = 0;

	while (r == 0 && hours == SEAL_HOURS_MAX)
		r = ledger_seal(ledger, now_ms, &hours, fault);
	return r;
}

static int one_link(struct query *query, struct seal_link *link_out, struct fault *fault)
{
	struct seal_link link = { .seq = 0 };
	int r = query_row(query, fault);

	if (r > 0) {
		r = read_link(query, &link, fault);
		query_end(query);
	}
	if (r == 0)
		*link_out = link;
	return r;
}

int ledger_seal_head(struct ledger *ledger, struct seal_link *link_out, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_SEAL_HEAD);

	return one_link(&query, link_out, fault);
}

/* Of a digit of either case; -1: none. */
static int nibble(char digit)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = digit != '\0' ? strchr(digits, digit) : NULL;

	return at != NULL ? (int)((at - digits) % 16) : -1;
}

int ledger_seal_find(struct ledger *ledger, struct text chain, struct seal_link *link_out,
                     struct fault *fault)
{
	unsigned char bytes[SHA256_BYTES];
	struct query query;

	if (chain.len != 2 * SHA256_BYTES)
		return fault_set(fault, FAULT_INVALID, "%.*s: a link of the chain has %d digits",
		                 TEXT_ARGS(chain), 2 * SHA256_BYTES);
	for (size_t i = 0; i < SHA256_BYTES; i++) {
		int high = nibble(chain.at[2 * i]), low = nibble(chain.at[2 * i + 1]);

		if (high < 0 || low < 0)
			return fault_set(fault, FAULT_INVALID,
			                 "%.*s: a link of the chain is hexadecimal",
			                 TEXT_ARGS(chain));
		bytes[i] = (unsigned char)(high << 4 | low);
	}
	query = query_start(ledger, STATEMENT_SEAL_FIND);
	query_blob(&query, digest_text(bytes));
	return one_link(&query, link_out, fault);
}

static int changed_hours(struct ledger *ledger, const struct seal_link *link,
                         ledger_changed_fn *each, void *context, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_HOUR_CHANGED);
	int r;

	query_int(&query, link->seq);
	query_int(&query, link->at_ms - LEDGER_SEAL_AFTER_MS - MS_PER_HOUR);
	while ((r = query_row(&query, fault)) > 0) {
		struct seal_changed changed = {
			.hour_ms = column_int(&query, 0),
			.then = column_is_null(&query, 1) ? SEAL_NONE : column_int(&query, 1),
			.now = column_int(&query, 2),
		};

		r = each(context, &changed);
		if (r != 0) {
			query_end(&query);
			return r;
		}
	}
	return r;
}

/* The parts of a log up to a link, each against its rows: told once, with all of its rows. */
static int changed_log(struct ledger *ledger, const struct seal_link *link, enum sealed_log log,
                       ledger_changed_fn *each, void *context, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_SEAL_LOG_PARTS);
	struct seal_changed changed = { .log = sealed_log_info[log].table };
	unsigned char digest[SHA256_BYTES];
	bool differs = false;
	int r;

	query_text(&query, text_of(changed.log));
	query_int(&query, link->seq);
	while ((r = query_row(&query, fault)) > 0) {
		int64_t last = column_int(&query, 0), rows;

		r = sealed_log_digest(ledger, log, changed.then, last, digest, &rows, fault);
		if (r < 0) {
			query_end(&query);
			return r;
		}
		differs = differs || !text_equal(column_blob(&query, 1), digest_text(digest));
		changed.then = last;
		changed.now += rows;
	}
	return r == 0 && differs ? each(context, &changed) : r;
}

int ledger_each_changed(struct ledger *ledger, const struct seal_link *link,
                        ledger_changed_fn *each, void *context, struct fault *fault)
{
	int r = changed_hours(ledger, link, each, context, fault);

	for (int log = 0; r == 0 && log < SEALED_LOG_COUNT; log++)
		r = changed_log(ledger, link, (enum sealed_log)log, each, context, fault);
	return r;
}

int ledger_seal_counts(struct ledger *ledger, int64_t now_ms, struct seal_counts *counts_out,
                       struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_HOURS_RESEALED);
	struct seal_counts counts;
	int r = query_single(&query, &counts.resealed, fault);

	if (r < 0)
		return r;
	query = query_start(ledger, STATEMENT_HOURS_NEVER_SEALED);
	query_int(&query, now_ms - 2 * LEDGER_SEAL_AFTER_MS - MS_PER_HOUR);
	r = query_single(&query, &counts.never, fault);
	if (r == 0)
		*counts_out = counts;
	return r;
}
