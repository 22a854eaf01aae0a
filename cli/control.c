#include "cli/control.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ingest/change.h"
#include "ledger/ledger.h"
#include "ledger/seal.h"
#include "price/book.h"

enum { READ_BYTES = 65536, MS_PER_S = 1000 };

/* Sends the request line and reads the reply line into reply->text. */
static int converse(int fd, const char *path, const struct buf *request, int seconds,
                    struct buf *reply, struct fault *fault)
{
	size_t done = 0;

	while (done < request->len) {
		ssize_t wrote = send(fd, request->at + done, request->len - done, MSG_NOSIGNAL);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			break; /* it may have said why before it closed: read on */
		done += (size_t)wrote;
	}
	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		char *room = buf_room(reply, READ_BYTES);
		ssize_t got;
		int ready = poll(&wait, 1, seconds * MS_PER_S);

		if (room == NULL)
			return fault_set(fault, FAULT_NOMEM, "%s: the reply: out of memory", path);
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready == 0)
			return fault_set(fault, FAULT_IO,
			                 "%s: no reply in %d s; the change may still happen: "
			                 "see toll status, toll price list",
			                 path, seconds);
		got = recv(fd, room, READ_BYTES, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return fault_set(fault, FAULT_CLOSED,
			                 "%s: the daemon closed without a reply; its log says why",
			                 path);
		reply->len += (size_t)got;
		if (memchr(reply->at + reply->len - got, '\n', (size_t)got) != NULL)
			break;
	}
	reply->len = (size_t)((char *)memchr(reply->at, '\n', reply->len) - reply->at);
	reply->at[reply->len] = '\0';
	return 0;
}

static int connect_to(const char *path, int *fd_out, struct fault *fault)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, r;

	if (!text_copy(address.sun_path, sizeof(address.sun_path), text_of(path)))
		return fault_set(fault, FAULT_RANGE, "%s: the path is too long for a socket", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fault_set(fault, FAULT_IO, "socket: %s", strerror(errno));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		r = fault_set(
			fault, FAULT_IO,
			"the ledger's writer is a daemon, and its control socket does not answer: "
			"%s: %s%s",
			path, strerror(errno), errno == EACCES ? ": " LEDGER_WRITERS : "");
		close(fd);
		return r;
	}
	*fd_out = fd;
	return 0;
}

static int ask_daemon(const char *path, const struct buf *request, int seconds, struct buf *reply,
                      struct fault *fault)
{
	struct buf line = { .at = NULL };
	int fd = -1, r = connect_to(path, &fd, fault);

	if (r < 0)
		return r;
	buf_add_text(&line, buf_text(request));
	buf_add(&line, "\n", 1);
	r = line.error != 0 ? fault_set(fault, FAULT_NOMEM, "the request: out of memory")
	                    : converse(fd, path, &line, seconds, reply, fault);
	buf_release(&line);
	close(fd);
	return r;
}

/* Who holds the ledger is asked; -FAULT_NOT_FOUND: nobody any more. */
static int find_holder(struct context *context, char note[LEDGER_NOTE_BYTES], const char **path_out)
{
	static const char key[] = "control=";
	int64_t pid;
	int r = ledger_holder(context->ledger_path, &pid, note, &context->fault);

	if (r < 0)
		return r;
	if (strncmp(note, key, sizeof(key) - 1) != 0)
		return fault_set(&context->fault, FAULT_BUSY,
		                 "%s: process %lld is its writer and takes no changes; "
		                 "wait until it has ended",
		                 context->ledger_path, (long long)pid);
	*path_out = note + sizeof(key) - 1;
	return 0;
}

static int ask_holder(struct context *context, const struct buf *request, int seconds,
                      struct buf *reply)
{
	char note[LEDGER_NOTE_BYTES];
	const char *path;
	int r = find_holder(context, note, &path);

	return r < 0 ? r : ask_daemon(path, request, seconds, reply, &context->fault);
}

int control_connect(struct context *context, int *fd_out)
{
	char note[LEDGER_NOTE_BYTES];
	const char *path;
	int r = find_holder(context, note, &path);

	return r < 0 ? r : connect_to(path, fd_out, &context->fault);
}

/* FAULT_INVALID for a name that this program does not know. */
static enum fault_code fault_named(struct text name)
{
	for (int code = FAULT_NONE + 1; code < FAULT_CODE_COUNT; code++) {
		if (text_is(name, fault_name(code)))
			return (enum fault_code)code;
	}
	return FAULT_INVALID;
}

/* It answered, but neither that it is done nor why not: what it said may help whoever reads it. */
static int strange_reply(struct text told, struct fault *fault)
{
	enum { TOLD_BYTES = 160 };

	return fault_set(fault, FAULT_VERSION,
	                 "the daemon's answer is not understood: %.*s%s; is tolld of this version "
	                 "(toll version, tolld --version)?",
	                 told.len > TOLD_BYTES ? TOLD_BYTES : (int)told.len,
	                 told.at != NULL ? told.at : "", told.len > TOLD_BYTES ? "..." : "");
}

int control_read_reply(struct context *context, struct control_reply *reply)
{
	struct fault *fault = &context->fault;
	struct text error, name, told = buf_text(&reply->text);
	uint32_t errors;
	int r;

	if (reply->text.error != 0)
		return fault_set(fault, FAULT_NOMEM, "the reply: out of memory");
	r = json_parse(&reply->doc, buf_text(&reply->text), fault);
	if (r == -FAULT_NOMEM)
		return r;
	if (r < 0)
		return strange_reply(told, fault);
	if (json_type_of(&reply->doc, json_member(&reply->doc, 0, "ok")) == JSON_TRUE) {
		*fault = (struct fault){ .code = FAULT_NONE };
		return 0;
	}
	errors = json_member(&reply->doc, 0, "errors");
	for (uint32_t e = json_first(&reply->doc, errors); e != JSON_NONE;
	     e = json_next(&reply->doc, errors, e)) {
		struct text line = json_string(&reply->doc, e);

		command_say("%.*s", TEXT_ARGS(line));
	}
	error = json_string(&reply->doc, json_member(&reply->doc, 0, "error"));
	name = json_string(&reply->doc, json_member(&reply->doc, 0, "fault"));
	if (error.len == 0)
		return strange_reply(told, fault);
	return fault_set(fault, fault_named(name), "%.*s", TEXT_ARGS(error));
}

int control_change_own(struct context *context, struct ledger *writer, const struct buf *request,
                       struct control_reply *reply_out)
{
	struct change change = { buf_text(request), command_who(), command_now_ms() };
	bool book_changed;

	*reply_out = (struct control_reply){ .doc = { .nodes = NULL } };
	if (request->error != 0)
		return fault_set(&context->fault, FAULT_NOMEM, "the request: out of memory");
	/* What fails is in the reply too. */
	change_run(writer, &change, &reply_out->text, &book_changed, &context->fault);
	return control_read_reply(context, reply_out);
}

int control_ask(struct context *context, const struct buf *request, struct control_reply *reply_out)
{
	int r;

	*reply_out = (struct control_reply){ .doc = { .nodes = NULL } };
	if (request->error != 0)
		return fault_set(&context->fault, FAULT_NOMEM, "the request: out of memory");
	r = ask_holder(context, request, CONTROL_ASK_S_MAX, &reply_out->text);
	return r < 0 ? r : control_read_reply(context, reply_out);
}

/* As a daemon would within seconds.  The change is made: that it has no seal yet is only told. */
static void seal_own(struct ledger *writer)
{
	struct fault fault;

	if (ledger_seal_all(writer, command_now_ms(), &fault) < 0)
		command_say("the change is made, but not sealed yet; the next writer seals it: %s",
		            fault.text);
}

int control_change(struct context *context, const struct buf *request,
                   struct control_reply *reply_out)
{
	int r = -FAULT_BUSY;

	*reply_out = (struct control_reply){ .doc = { .nodes = NULL } };
	if (request->error != 0)
		return fault_set(&context->fault, FAULT_NOMEM, "the request: out of memory");
	for (int i = 0; i < CONTROL_TRIES; i++) {
		struct ledger *writer = NULL;

		r = ledger_open_writer(&writer, context->ledger_path, NULL, &context->fault);
		if (r == 0) {
			r = control_change_own(context, writer, request, reply_out);
			if (r == 0)
				seal_own(writer);
			ledger_close(writer);
			return r;
		}
		if (r != -FAULT_BUSY)
			return r;
		buf_clear(&reply_out->text);
		r = ask_holder(context, request, CONTROL_REPLY_S_MAX, &reply_out->text);
		if (r == 0)
			return control_read_reply(context, reply_out);
		if (r != -FAULT_NOT_FOUND)
			return r;
	}
	return fault_set(&context->fault, FAULT_BUSY, "%s: its writer comes and goes; try again",
	                 context->ledger_path);
}

static int check_book(const char *path, struct text json, struct fault *fault)
{
	struct buf errors = { .at = NULL };
	struct book *book = NULL;
	int r = book_load(&book, json, &errors, fault);
	struct text rest = buf_text(&errors), line;

	while (r < 0 && text_cut(&rest, '\n', &line)) {
		if (line.len > 0)
			command_say("%s: %.*s", path, TEXT_ARGS(line));
	}
	if (r < 0 && errors.len > 0)
		r = fault_set(fault, (enum fault_code) - r,
		              "%s: refused whole, nothing was changed", path);
	book_free(book);
	buf_release(&errors);
	return r;
}

int control_book_request(struct buf *request, const char *path, enum book_side side,
                         struct text note, struct fault *fault)
{
	struct buf book = { .at = NULL };
	int r = buf_read_file(&book, path, BOOK_BYTES_MAX, fault);

	/* As a JSON string it would be refused too, but with a position in the request. */
	if (r == 0 && !text_utf8(buf_text(&book)))
		r = fault_set(fault, FAULT_SYNTAX, "%s: not UTF-8", path);
	if (r == 0)
		r = check_book(path, buf_text(&book), fault);
	if (r == 0) {
		buf_add_cstr(request, "{\"change\":\"price.apply\",\"book\":");
		buf_add_json(request, buf_text(&book));
		buf_add_member(request, "side", text_of(book_side_name(side)));
		buf_add_cstr(request, ",\"note\":");
		buf_add_json(request, note.at != NULL ? note : text_of(""));
		buf_add_cstr(request, "}");
	}
	buf_release(&book);
	return r;
}

int64_t control_count(const struct control_reply *reply, const char *key)
{
	int64_t count = 0;

	json_integer(&reply->doc, json_member(&reply->doc, 0, key), &count);
	return count;
}

void control_release(struct control_reply *reply)
{
	buf_release(&reply->text);
	json_release(&reply->doc);
}
