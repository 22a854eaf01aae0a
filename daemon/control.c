#include "daemon/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json.h"
#include "daemon/log.h"
#include "ingest/change.h"

struct control_client {
	uv_pipe_t pipe;
	struct control *control;
	struct control_client *previous, *next;
	struct buf request;
	struct batch *batch; /* a change on its way, or its reply is being written */
	bool writing, closing;
	bool may_change; /* else it may only tail */
	uint64_t started_ms;
	char who[32];
	uv_write_t write;
};

static void accept_waiting(struct listener *listener);

static void on_closed(uv_handle_t *handle)
{
	struct control_client *client = handle->data;
	struct control *control = client->control;

	if (client->previous != NULL)
		client->previous->next = client->next;
	else
		control->first = client->next;
	if (client->next != NULL)
		client->next->previous = client->previous;
	control->count--;
	buf_release(&client->request);
	free(client);
	if (control->waiting && !control->stopping)
		accept_waiting(&control->listener);
}

static void close_client(struct control_client *client)
{
	if (client->closing)
		return;
	client->closing = true;
	/* The change itself goes on: it was asked for. */
	if (client->batch != NULL && !client->writing)
		client->batch->asker = NULL;
	uv_close((uv_handle_t *)&client->pipe, on_closed);
}

static void on_replied(uv_write_t *write, int status)
{
	struct control_client *client = write->data;

	(void)status;
	client->writing = false;
	changes_free(client->control->changes, client->batch);
	client->batch = NULL;
	close_client(client);
}

/* Sends batch->reply; the client owns the batch until it is written. */
static void reply(struct control_client *client, struct batch *batch)
{
	uv_buf_t out;

	client->batch = batch;
	buf_add_cstr(&batch->reply, "\n");
	out = uv_buf_init(batch->reply.at, (unsigned)batch->reply.len);
	client->write.data = client;
	client->writing = true;
	if (batch->reply.error == 0 &&
	    uv_write(&client->write, (uv_stream_t *)&client->pipe, &out, 1, on_replied) == 0)
		return;
	client->writing = false;
	client->batch = NULL;
	changes_free(client->control->changes, batch);
	close_client(client);
}

void control_done(struct control *control, struct batch *batch)
{
	struct control_client *client = batch->asker;

	if (client == NULL)
		changes_free(control->changes, batch);
	else
		reply(client, batch);
}

static void refuse(struct control_client *client, int code, const char *error)
{
	struct batch *batch = batch_new(0);

	log_warning("request refused", "who=%s error=%s", log_quote(text_of(client->who)).text,
	            log_quote(text_of(error)).text);
	if (batch == NULL) {
		close_client(client);
		return;
	}
	change_refuse(&batch->reply, code, error);
	reply(client, batch);
}

static void refuse_stranger(struct control_client *client)
{
	refuse(client, -FAULT_INVALID, "only root and the daemon's own user may change the ledger");
}

static void begin_tail(struct control_client *client)
{
	struct fault fault = { .code = FAULT_NONE };
	uv_os_fd_t fd;
	int r = uv_fileno((uv_handle_t *)&client->pipe, &fd);

	if (r < 0)
		r = fault_set(&fault, FAULT_IO, "tail: %s", uv_strerror(r));
	else
		r = tail_subscribe(client->control->tail, fd, text_of(client->who),
		                   buf_text(&client->request), &fault);
	if (r < 0)
		refuse(client, r, fault.text);
	else
		close_client(client);
}

/* Is it a question to the daemon?  Then it is answered here. */
static bool answer(struct control_client *client, struct batch *batch)
{
	struct text request = buf_text(&batch->request), what;
	struct json doc = { .nodes = NULL };

	if (request.len > CONTROL_ASK_BYTES_MAX || json_parse(&doc, request, NULL) < 0) {
		json_release(&doc);
		return false;
	}
	what = json_string(&doc, json_member(&doc, 0, "ask"));
	if (what.at != NULL)
		client->control->on_ask(client->control, what, &batch->reply);
	json_release(&doc);
	if (what.at == NULL)
		return false;
	reply(client, batch);
	return true;
}

/* The request line is there: a change goes its way. */
static void submit(struct control_client *client, size_t len)
{
	struct batch *batch;

	client->request.len = len;
	if (tail_is_asked(buf_text(&client->request))) {
		begin_tail(client);
		return;
	}
	batch = batch_new(0);
	if (batch == NULL) {
		refuse(client, -FAULT_NOMEM, "the daemon is out of memory");
		return;
	}
	batch->kind = BATCH_CHANGE;
	batch->request = client->request;
	client->request = (struct buf){ .at = NULL };
	text_copy(batch->who, sizeof(batch->who), text_of(client->who));
	batch->asker = client;
	if (answer(client, batch))
		return;
	if (!client->may_change) {
		batch_free(batch);
		refuse_stranger(client);
		return;
	}
	client->batch = batch;
	changes_push(client->control->changes, batch);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *room)
{
	struct control_client *client = handle->data;

	(void)suggested;
	*room = uv_buf_init(client->control->read_bytes, CONTROL_READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *bytes)
{
	struct control_client *client = stream->data;
	const char *newline;
	size_t before = client->request.len;

	if (count < 0) {
		/* The end of what it sends; it may still want the reply. */
		uv_read_stop(stream);
		if (client->batch == NULL)
			close_client(client);
		return;
	}
	if (count == 0 || client->batch != NULL)
		return;
	buf_add(&client->request, bytes->base, (size_t)count);
	if (client->request.error != 0) {
		uv_read_stop(stream);
		if (client->may_change)
			refuse(client, client->request.error, "the request is too large");
		else
			refuse_stranger(client);
		return;
	}
	newline = memchr(client->request.at + before, '\n', (size_t)count);
	if (newline != NULL)
		submit(client, (size_t)(newline - client->request.at));
}

/* Who asks: root and our own user may change, the group that may send events may not. */
static bool may_change(struct control_client *client)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(peer);
	uv_os_fd_t fd;

	if (uv_fileno((uv_handle_t *)&client->pipe, &fd) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return false;
	snprintf(client->who, sizeof(client->who), "uid %u", peer.uid);
	return peer.uid == 0 || peer.uid == geteuid();
}

static void accept_waiting(struct listener *listener)
{
	struct control *control = listener->context;
	struct control_client *client;

	control->waiting = control->count >= CONTROL_CLIENTS_MAX;
	if (control->waiting)
		return;
	client = calloc(1, sizeof(*client));
	if (client == NULL) {
		control->waiting = true;
		return;
	}
	client->control = control;
	client->started_ms = uv_now(listener->pipe.loop);
	client->next = control->first;
	if (client->next != NULL)
		client->next->previous = client;
	control->first = client;
	control->count++;
	uv_pipe_init(listener->pipe.loop, &client->pipe, 0);
	client->pipe.data = client;
	if (uv_accept((uv_stream_t *)&listener->pipe, (uv_stream_t *)&client->pipe) < 0) {
		close_client(client);
		return;
	}
	client->may_change = may_change(client);
	client->request.max_bytes = client->may_change ? CHANGE_BYTES_MAX : TAIL_REQUEST_BYTES_MAX;
	if (uv_read_start((uv_stream_t *)&client->pipe, on_alloc, on_read) < 0)
		close_client(client);
}

int control_start(struct control *control, uv_loop_t *loop, const char *path,
                  struct changes *changes, struct tail *tail, struct fault *fault)
{
	control->changes = changes;
	control->tail = tail;
	control->listener.context = control;
	control->listener.on_waiting = accept_waiting;
	return listener_start(&control->listener, loop, path, -1, fault);
}

void control_check_silence(struct control *control)
{
	for (struct control_client *client = control->first; client != NULL;
	     client = client->next) {
		if (client->batch == NULL &&
		    uv_now(client->pipe.loop) - client->started_ms > CONTROL_SILENCE_S * 1000)
			close_client(client);
	}
	/* Memory may be there again. */
	if (control->waiting && !control->stopping)
		accept_waiting(&control->listener);
}

bool control_settled(const struct control *control)
{
	for (const struct control_client *client = control->first; client != NULL;
	     client = client->next) {
		if (client->writing && !client->closing)
			return false;
	}
	return true;
}

void control_close(struct control *control)
{
	control->stopping = true;
	listener_close(&control->listener);
	for (struct control_client *client = control->first; client != NULL; client = client->next)
		close_client(client);
}
