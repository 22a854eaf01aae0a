/*
 * A row in the file is its length (LENGTH_BYTES, the lowest first) and then its fields, integers as
 * LEB128 (seven bits a byte, the lowest first), signed ones in zigzag; only what is told is there.
 */
#include "statement/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	/* The texts, a count a component, the amounts, and what else has a fixed size. */
	ROW_BYTES_MAX = STATEMENT_TEXT_COUNT * (STATEMENT_NAME_BYTES_MAX + 2) +
	                COMPONENT_COUNT * 10 + STATEMENT_MONEY_COUNT * 19 + 128,
	LENGTH_BYTES = 3,
	BUFFER_BYTES = 256 * 1024, /* what is added, and what is read in order */
	WINDOW_BYTES = 4 * 1024,   /* what is read for one row; a longer one is read again */
};
static_assert(LENGTH_BYTES + ROW_BYTES_MAX < BUFFER_BYTES, "a row does not fit its buffer");
static_assert(ROW_BYTES_MAX < 1 << (8 * LENGTH_BYTES), "the length of a row has more bytes");

struct spool_window {
	unsigned char *at;
	size_t cap, len;
	int64_t place; /* of at[0] in the file */
};

struct statement_spool {
	int fd;
	bool ended;
	char folder[PATH_MAX];
	int64_t rows, bytes;
	struct spool_window added;   /* not in the file yet; then: what is read in order */
	struct spool_window fetched; /* of statement_spool_get() */
};

/* ---- numbers and texts ---- */

struct writer {
	unsigned char *at;
};

static void put_number(struct writer *w, unsigned __int128 value)
{
	uint64_t low;

	for (; value > UINT64_MAX; value >>= 7)
		*w->at++ = (unsigned char)(value | 0x80);
	for (low = (uint64_t)value; low >= 0x80; low >>= 7)
		*w->at++ = (unsigned char)(low | 0x80);
	*w->at++ = (unsigned char)low;
}

static void put_signed(struct writer *w, wide value)
{
	unsigned __int128 bits = (unsigned __int128)value;

	put_number(w, value < 0 ? ~(bits << 1) : bits << 1);
}

struct reader {
	const unsigned char *at, *end;
	bool bad; /* ends before what must be there */
};

static unsigned __int128 take_number(struct reader *r)
{
	unsigned __int128 value;
	uint64_t low = 0;
	unsigned shift = 0;

	/* Nearly all are short, and 64 bits are faster than 128. */
	if (r->at < r->end && *r->at < 0x80)
		return *r->at++;
	for (; r->at < r->end && shift < 56; shift += 7) {
		low |= (uint64_t)(*r->at & 0x7f) << shift;
		if ((*r->at++ & 0x80) == 0)
			return low;
	}
	value = low;
	for (; r->at < r->end && shift < 128; shift += 7) {
		value |= (unsigned __int128)(*r->at & 0x7f) << shift;
		if ((*r->at++ & 0x80) == 0)
			return value;
	}
	r->bad = true;
	return 0;
}

static wide take_signed(struct reader *r)
{
	unsigned __int128 bits = take_number(r);

	return (wide)((bits & 1) != 0 ? ~(bits >> 1) : bits >> 1);
}

static void put_texts(struct writer *w, const struct statement_row *row)
{
	unsigned bits = 0;

	for (int i = 0; i < STATEMENT_TEXT_COUNT; i++)
		bits |= (unsigned)(row->texts[i].at != NULL) << i;
	put_number(w, bits);
	for (int i = 0; i < STATEMENT_TEXT_COUNT; i++) {
		struct text t = row->texts[i];

		if (t.at == NULL)
			continue;
		assert(t.len <= STATEMENT_NAME_BYTES_MAX);
		put_number(w, t.len);
		memcpy(w->at, t.at, t.len);
		w->at += t.len;
	}
}

static void take_texts(struct reader *r, struct statement_row *row)
{
	unsigned bits = (unsigned)take_number(r);

	for (int i = 0; i < STATEMENT_TEXT_COUNT; i++) {
		size_t len;

		if ((bits >> i & 1) == 0)
			continue;
		len = (size_t)take_number(r);
		if (r->bad || len > (size_t)(r->end - r->at)) {
			r->bad = true;
			return;
		}
		row->texts[i] = (struct text){ (const char *)r->at, len };
		r->at += len;
	}
}

/* ---- rows ---- */

static size_t encode(const struct statement_row *row, unsigned char *out)
{
	struct writer w = { out };

	put_signed(&w, row->record);
	put_signed(&w, row->from_ms);
	put_signed(&w, (wide)row->to_ms - row->from_ms);
	put_number(&w, (unsigned)row->request | (unsigned)row->charge << 1 | row->flags << 4);
	put_signed(&w, row->requests);
	put_signed(&w, row->prompt_total);
	put_signed(&w, row->answer_total);
	put_number(&w, (unsigned)row->of | row->decimals << 5);
	put_texts(&w, row);
	put_number(&w, row->told);
	for (uint32_t left = row->told; left != 0; left &= left - 1)
		put_signed(&w, row->count[__builtin_ctz(left)]);
	put_number(&w, row->has_money);
	for (uint32_t left = row->has_money; left != 0; left &= left - 1)
		put_signed(&w, row->money[__builtin_ctz(left)].attos);
	memcpy(w.at, row->currency, STATEMENT_CURRENCY_BYTES - 1);
	return (size_t)(w.at - out) + STATEMENT_CURRENCY_BYTES - 1;
}
static_assert(STATEMENT_CHARGE_COUNT <= 8, "kinds of charges no longer fit their bits");
static_assert(COMPONENT_COUNT < 32, "components no longer fit their bits");

/* False: what is there is no row. */
static bool decode(const unsigned char *at, size_t len, struct statement_row *row)
{
	struct reader r = { at, at + len, false };
	unsigned bits;

	statement_row_init(row);
	row->record = (int64_t)take_signed(&r);
	row->from_ms = (int64_t)take_signed(&r);
	if (__builtin_add_overflow(take_signed(&r), row->from_ms, &row->to_ms))
		r.bad = true;
	bits = (unsigned)take_number(&r);
	row->request = (bits & 1) != 0;
	row->charge = (enum statement_charge)(bits >> 1 & 7);
	row->flags = bits >> 4;
	row->requests = (int64_t)take_signed(&r);
	row->prompt_total = (int64_t)take_signed(&r);
	row->answer_total = (int64_t)take_signed(&r);
	bits = (unsigned)take_number(&r);
	row->of = (enum component)(bits & 31);
	row->decimals = bits >> 5;
	take_texts(&r, row);
	row->told = (uint32_t)take_number(&r) & ((UINT32_C(1) << COMPONENT_COUNT) - 1);
	for (uint32_t left = row->told; left != 0; left &= left - 1)
		row->count[__builtin_ctz(left)] = (int64_t)take_signed(&r);
	row->has_money = (uint32_t)take_number(&r) & ((UINT32_C(1) << STATEMENT_MONEY_COUNT) - 1);
	for (uint32_t left = row->has_money; left != 0; left &= left - 1)
		row->money[__builtin_ctz(left)].attos = take_signed(&r);
	if (r.bad || r.end - r.at != STATEMENT_CURRENCY_BYTES - 1)
		return false;
	memcpy(row->currency, r.at, STATEMENT_CURRENCY_BYTES - 1);
	return row->charge < STATEMENT_CHARGE_COUNT && row->of <= COMPONENT_COUNT;
}

/* ---- the file ---- */

static int refuse(const struct statement_spool *spool, int error, struct fault *fault)
{
	bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;

	return fault_set(fault, full ? FAULT_FULL : FAULT_IO,
	                 "%s: the rows of the statement cannot be kept there: %s; set TMPDIR to a "
	                 "folder with room for them",
	                 spool->folder, strerror(error));
}

/* A file without a name; where the file system has none, one that loses its name at once. */
static int open_nameless(const struct statement_spool *spool)
{
	char path[PATH_MAX + 32];
	int fd = open(spool->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
		return fd;
	snprintf(path, sizeof(path), "%s/toll-statement.XXXXXX", spool->folder);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

int statement_spool_open(struct statement_spool **spool_out, const char *folder,
                         struct fault *fault)
{
	struct statement_spool *spool = calloc(1, sizeof(*spool));
	int r;

	if (spool == NULL)
		return fault_set(fault, FAULT_NOMEM, "no memory for the rows of a statement");
	if (folder == NULL)
		folder = getenv("TMPDIR");
	if (folder == NULL || folder[0] == '\0')
		folder = "/var/tmp";
	spool->fd = -1;
	spool->added.cap = BUFFER_BYTES;
	spool->added.at = malloc(BUFFER_BYTES);
	spool->fetched.cap = LENGTH_BYTES + ROW_BYTES_MAX;
	spool->fetched.at = malloc(spool->fetched.cap);
	if (spool->added.at == NULL || spool->fetched.at == NULL) {
		r = fault_set(fault, FAULT_NOMEM, "no memory for the rows of a statement");
		goto out;
	}
	if (!text_copy(spool->folder, sizeof(spool->folder), text_of(folder))) {
		r = refuse(spool, ENAMETOOLONG, fault);
		goto out;
	}
	spool->fd = open_nameless(spool);
	r = spool->fd < 0 ? refuse(spool, errno, fault) : 0;
	if (r == 0) {
		*spool_out = spool;
		spool = NULL;
	}
out:
	statement_spool_close(spool);
	return r;
}

void statement_spool_close(struct statement_spool *spool)
{
	if (spool == NULL)
		return;
	if (spool->fd >= 0)
		close(spool->fd);
	free(spool->added.at);
	free(spool->fetched.at);
	free(spool);
}

static int flush(struct statement_spool *spool, struct fault *fault)
{
	size_t done = 0;

	while (done < spool->added.len) {
		ssize_t n = pwrite(spool->fd, spool->added.at + done, spool->added.len - done,
		                   spool->added.place + (int64_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return refuse(spool, n < 0 ? errno : ENOSPC, fault);
		done += (size_t)n;
	}
	spool->added.place += (int64_t)spool->added.len;
	spool->added.len = 0;
	return 0;
}

static void put_length(unsigned char out[LENGTH_BYTES], size_t len)
{
	for (int i = 0; i < LENGTH_BYTES; i++)
		out[i] = (unsigned char)(len >> (8 * i));
}

static size_t take_length(const unsigned char in[LENGTH_BYTES])
{
	size_t len = 0;

	for (int i = 0; i < LENGTH_BYTES; i++)
		len |= (size_t)in[i] << (8 * i);
	return len;
}

int statement_spool_add(struct statement_spool *spool, const struct statement_row *row,
                        int64_t *place_out, struct fault *fault)
{
	unsigned char *at;
	size_t len;
	int r = 0;

	assert(!spool->ended);
	if (spool->added.cap - spool->added.len < LENGTH_BYTES + ROW_BYTES_MAX)
		r = flush(spool, fault);
	if (r < 0)
		return r;
	at = spool->added.at + spool->added.len;
	len = encode(row, at + LENGTH_BYTES);
	put_length(at, len);
	spool->added.len += LENGTH_BYTES + len;
	if (place_out != NULL)
		*place_out = spool->bytes;
	spool->bytes = spool->added.place + (int64_t)spool->added.len;
	spool->rows++;
	return 0;
}

int statement_spool_end(struct statement_spool *spool, struct fault *fault)
{
	int r = flush(spool, fault);

	if (r == 0) {
		spool->ended = true;
		spool->added.place = 0; /* nothing is read yet */
	}
	return r;
}

int64_t statement_spool_rows(const struct statement_spool *spool)
{
	return spool->rows;
}

/* Fills the window from `place` on, as far as the file and `len` go. */
static int load(struct statement_spool *spool, struct spool_window *window, int64_t place,
                size_t len, struct fault *fault)
{
	window->place = place;
	window->len = 0;
	while (window->len < len) {
		ssize_t n = pread(spool->fd, window->at + window->len, len - window->len,
		                  place + (int64_t)window->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return refuse(spool, errno, fault);
		if (n == 0)
			break;
		window->len += (size_t)n;
	}
	return 0;
}

/* The row at `place` where the window has all of it; 0: it has not, or there is none. */
static size_t row_in(const struct spool_window *window, int64_t place, struct reader *row_out)
{
	const unsigned char *at;
	size_t left, len;

	if (place < window->place || place >= window->place + (int64_t)window->len)
		return 0;
	at = window->at + (place - window->place);
	left = window->len - (size_t)(place - window->place);
	if (left < LENGTH_BYTES)
		return 0;
	len = take_length(at);
	if (len == 0 || len > ROW_BYTES_MAX || len > left - LENGTH_BYTES)
		return 0;
	*row_out = (struct reader){ at + LENGTH_BYTES, at + LENGTH_BYTES + len, false };
	return LENGTH_BYTES + len;
}

static int damaged(const struct statement_spool *spool, struct fault *fault)
{
	return fault_set(fault, FAULT_CORRUPT,
	                 "%s: the rows that were kept there are not the same any more",
	                 spool->folder);
}

/* As row_in(), with the bytes read where they are not at hand. */
static int find_row(struct statement_spool *spool, struct spool_window *window, int64_t place,
                    size_t ahead, struct reader *row_out, size_t *len_out, struct fault *fault)
{
	int r = 0;

	if (place < 0 || place >= spool->bytes)
		return damaged(spool, fault);
	*len_out = row_in(window, place, row_out);
	if (*len_out == 0)
		r = load(spool, window, place, ahead, fault);
	if (r == 0 && *len_out == 0)
		*len_out = row_in(window, place, row_out);
	if (r == 0 && *len_out == 0 && ahead < window->cap)
		r = load(spool, window, place, window->cap, fault);
	if (r == 0 && *len_out == 0)
		*len_out = row_in(window, place, row_out);
	return r == 0 && *len_out == 0 ? damaged(spool, fault) : r;
}

int statement_spool_each(struct statement_spool *spool, statement_spooled_fn *each, void *context,
                         struct fault *fault)
{
	struct statement_row row;
	int r = 0;

	assert(spool->ended);
	for (int64_t place = 0; place < spool->bytes && r == 0;) {
		struct reader bytes;
		size_t len;

		r = find_row(spool, &spool->added, place, spool->added.cap, &bytes, &len, fault);
		if (r < 0)
			return r;
		if (!decode(bytes.at, (size_t)(bytes.end - bytes.at), &row))
			return damaged(spool, fault);
		r = each(context, &row, place);
		place += (int64_t)len;
	}
	return r;
}

int statement_spool_get(struct statement_spool *spool, int64_t place, struct statement_row *row_out,
                        struct fault *fault)
{
	struct statement_row row;
	struct reader bytes;
	size_t len;
	int r;

	assert(spool->ended);
	r = find_row(spool, &spool->fetched, place, WINDOW_BYTES, &bytes, &len, fault);
	if (r < 0)
		return r;
	if (!decode(bytes.at, (size_t)(bytes.end - bytes.at), &row))
		return damaged(spool, fault);
	*row_out = row;
	return 0;
}
