#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"

enum { FIRST_BYTES = 256, READ_BYTES = 64 * 1024 };

void buf_release(struct buf *buf)
{
	if (buf == NULL)
		return;
	free(buf->at);
	*buf = (struct buf){ .max_bytes = buf->max_bytes };
}

void buf_clear(struct buf *buf)
{
	buf->len = 0;
	buf->error = 0;
	if (buf->at != NULL)
		buf->at[0] = '\0';
}

char *buf_room(struct buf *buf, size_t len)
{
	size_t max = buf->max_bytes > 0 ? buf->max_bytes : BUF_BYTES_MAX;
	size_t cap = buf->cap > 0 ? buf->cap : FIRST_BYTES;
	char *grown;

	if (buf->error != 0)
		return NULL;
	if (len > max || buf->len > max - len) {
		buf->error = -FAULT_RANGE;
		return NULL;
	}
	if (buf->len + len + 1 <= buf->cap)
		return buf->at + buf->len;
	while (cap < buf->len + len + 1)
		cap *= 2;
	grown = realloc(buf->at, cap);
	if (grown == NULL) {
		buf->error = -FAULT_NOMEM;
		return NULL;
	}
	buf->at = grown;
	buf->cap = cap;
	return buf->at + buf->len;
}

void buf_add(struct buf *buf, const void *bytes, size_t len)
{
	char *room = buf_room(buf, len);

	if (room == NULL)
		return;
	if (len > 0)
		memcpy(room, bytes, len);
	room[len] = '\0';
	buf->len += len;
}

void buf_add_text(struct buf *buf, struct text t)
{
	buf_add(buf, t.at, t.len);
}

void buf_add_cstr(struct buf *buf, const char *ended)
{
	buf_add(buf, ended, strlen(ended));
}

void buf_addf(struct buf *buf, const char *format, ...)
{
	va_list args;
	char *room;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	room = len >= 0 ? buf_room(buf, (size_t)len) : NULL;
	if (room == NULL)
		return;
	va_start(args, format);
	vsnprintf(room, (size_t)len + 1, format, args);
	va_end(args);
	buf->len += (size_t)len;
}

void buf_add_json(struct buf *buf, struct text t)
{
	size_t from = 0;

	buf_add(buf, "\"", 1);
	for (size_t i = 0; i < t.len; i++) {
		unsigned c = (unsigned char)t.at[i];

		/* U+0080 to U+009F, two bytes in UTF-8: a terminal takes them for ESC sequences. */
		if (c == 0xc2 && i + 1 < t.len && (unsigned char)t.at[i + 1] >= 0x80 &&
		    (unsigned char)t.at[i + 1] < 0xa0) {
			buf_add(buf, t.at + from, i - from);
			c = (unsigned char)t.at[++i];
		} else if (c >= 0x20 && c != 0x7f && c != '"' && c != '\\') {
			continue;
		} else {
			buf_add(buf, t.at + from, i - from);
		}
		from = i + 1;
		if (c == '"' || c == '\\')
			buf_addf(buf, "\\%c", c);
		else if (c == '\n')
			buf_add(buf, "\\n", 2);
		else
			buf_addf(buf, "\\u%04x", c);
	}
	buf_add(buf, t.len > from ? t.at + from : "", t.len - from);
	buf_add(buf, "\"", 1);
}

void buf_add_value(struct buf *buf, struct text t)
{
	if (t.at != NULL && text_utf8(t))
		buf_add_json(buf, t);
	else
		buf_add_cstr(buf, "null");
}

void buf_add_member(struct buf *buf, const char *key, struct text value)
{
	buf_addf(buf, ",\"%s\":", key);
	buf_add_value(buf, value);
}

struct text buf_text(const struct buf *buf)
{
	return (struct text){ buf->at != NULL ? buf->at : "", buf->len };
}

int buf_read_file(struct buf *buf, const char *path, size_t max_bytes, struct fault *fault)
{
	bool standard_input = strcmp(path, "-") == 0;
	int fd = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = 0;
	int r = 0;

	if (fd < 0)
		return fault_set(fault, errno == ENOENT ? FAULT_NOT_FOUND : FAULT_IO, "%s: %s",
		                 path, strerror(errno));
	buf_clear(buf);
	buf->max_bytes = max_bytes + READ_BYTES;
	do {
		char *room = buf_room(buf, READ_BYTES);

		if (room == NULL) {
			r = fault_set(fault, FAULT_NOMEM, "%s: out of memory", path);
			goto out;
		}
		got = read(fd, room, READ_BYTES);
		if (got > 0)
			buf->len += (size_t)got;
		if (buf->len > max_bytes) {
			r = fault_set(fault, FAULT_RANGE, "%s: longer than %zu bytes", path,
			              max_bytes);
			goto out;
		}
	} while (got > 0 || (got < 0 && errno == EINTR));
	if (got < 0) {
		r = fault_set(fault, FAULT_IO, "%s: %s", path, strerror(errno));
		goto out;
	}
	buf->at[buf->len] = '\0';
out:
	if (!standard_input)
		close(fd);
	return r;
}
