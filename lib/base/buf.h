/*
 * A growable buffer of bytes with an upper limit.  A failure sticks: later
 * additions do nothing, and buf_error() tells once at the end.  Always NUL
 * ended when not failed and not empty-without-storage, so `at` can be printed.
 *
 * Ownership: buf_release() frees the storage; a zeroed struct is a valid empty
 * buffer of BUF_BYTES_MAX.
 */
#ifndef TOLL_BASE_BUF_H
#define TOLL_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum { BUF_BYTES_MAX = 1 << 30 }; /* used where max_bytes is 0 */

struct buf {
	char *at;
	size_t len, cap;
	size_t max_bytes; /* 0: BUF_BYTES_MAX */
	int error;        /* 0, -FAULT_NOMEM or -FAULT_RANGE (over max_bytes) */
};

void buf_release(struct buf *buf); /* takes NULL and a released one */
void buf_clear(struct buf *buf);   /* keeps the storage, forgets the error */
void buf_add(struct buf *buf, const void *bytes, size_t len);
void buf_add_text(struct buf *buf, struct text t);
void buf_add_cstr(struct buf *buf, const char *ended);
void buf_addf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* `t` as a JSON string with its quotes; control characters, '"' and '\\' are escaped. */
void buf_add_json(struct buf *buf, struct text t);
/* As buf_add_json(); null where the text is absent, or no UTF-8, which JSON cannot hold. */
void buf_add_value(struct buf *buf, struct text t);
/* ,"KEY":VALUE of a JSON object, as buf_add_value().  `key` is written as it is. */
void buf_add_member(struct buf *buf, const char *key, struct text value);
/* Makes room for `len` more bytes and returns where they go, or NULL. */
char *buf_room(struct buf *buf, size_t len);
struct text buf_text(const struct buf *buf);

/* Reads a whole file (or, where path is "-", standard input) of at most max_bytes. */
struct fault;
int buf_read_file(struct buf *buf, const char *path, size_t max_bytes, struct fault *fault);

#endif
