#include "daemon/connector.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "daemon/log.h"

static void try_again(struct connector *c);

static int64_t new_lines(const struct wire_ack *totals)
{
	return totals->accepted + totals->unpriced;
}

/* The last one that says whose it is: a line without an id is behind none. */
static void took(void *context, const struct ingest_item *item)
{
	struct connector *c = context;
	struct text id = item->event.id;

	if (!item->refused && !item->checkpoint && id.at != NULL && id.len <= EVENT_NAME_BYTES_MAX)
		text_copy(c->id, sizeof(c->id), id);
}

static void place(void *context, struct batch_place *place_out)
{
	const struct connector *c = context;
	struct buf json = { .at = NULL };

	buf_add_cstr(&json, "{\"id\":");
	buf_add_json(&json, text_of(c->id));
	buf_add_cstr(&json, "}");
	place_out->new_only = true;
	/* No memory for it: the gateway begins at the start, and all of it are duplicates. */
	place_out->len = 2;
	memcpy(place_out->json, "{}", 2);
	if (json.error == 0 && json.len <= sizeof(place_out->json)) {
		place_out->len = json.len;
		memcpy(place_out->json, json.at, json.len);
	}
	buf_release(&json);
}

static void gone(void *context, const struct wire_ack *totals)
{
	struct connector *c = context;

	if (c->connected)
		log_info("gateway gone", "path=%s lines=%lld",
		         log_quote(text_of(c->config->path)).text, (long long)totals->lines);
	c->connection = NULL;
	c->connected = false;
	c->lines += new_lines(totals);
	if (totals->lines > 0)
		backoff_reset(&c->backoff);
	try_again(c);
}

static void on_connect(uv_connect_t *request, int status)
{
	struct connector *c = request->data;
	struct buf line = { .at = NULL };

	if (c->connection == NULL || c->connection->closing)
		return;
	if (status < 0) {
		/* Once a reason: a gateway that is down for a night does not fill the log. */
		if (strcmp(c->error, uv_strerror(status)) != 0)
			log_warning("gateway does not answer", "path=%s error=%s",
			            log_quote(text_of(c->config->path)).text,
			            log_quote(text_of(uv_strerror(status))).text);
		snprintf(c->error, sizeof(c->error), "%s", uv_strerror(status));
		connection_close(c->connection);
		return;
	}
	c->connected = true;
	c->error[0] = '\0';
	log_info("gateway connected", "path=%s lines=%lld",
	         log_quote(text_of(c->config->path)).text, (long long)c->lines);
	wire_position_format(&line, c->lines, text_of(c->id[0] != '\0' ? c->id : NULL));
	if (line.error != 0)
		connection_close(c->connection);
	else
		connection_begin(c->connection, buf_text(&line));
	buf_release(&line);
}

static void on_retry(uv_timer_t *timer)
{
	struct connector *c = timer->data;

	c->connection = connection_make(c->connections, timer->loop, &c->maker,
	                                text_of(c->config->source));
	if (c->connection == NULL) {
		log_error("out of memory: not connected", "path=%s",
		          log_quote(text_of(c->config->path)).text);
		try_again(c);
		return;
	}
	c->request.data = c;
	uv_pipe_connect(&c->request, &c->connection->pipe, c->config->path, on_connect);
}

static void try_again(struct connector *c)
{
	if (!c->stopping)
		uv_timer_start(&c->retry, on_retry, backoff_next_ms(&c->backoff), 0);
}

int connector_start(struct connector *c, uv_loop_t *loop, struct connections *connections,
                    const struct config_feed *config, struct text place_json, int64_t lines,
                    uint64_t seed)
{
	struct json doc = { .nodes = NULL };
	int r = 0;

	*c = (struct connector){ .config = config, .connections = connections, .lines = lines };
	c->maker = (struct connection_maker){
		.context = c, .name = config->name, .took = took, .place = place, .gone = gone
	};
	if (place_json.len > 0)
		r = json_parse(&doc, place_json, NULL);
	if (r == 0 && place_json.len > 0)
		text_copy(c->id, sizeof(c->id), json_string(&doc, json_member(&doc, 0, "id")));
	json_release(&doc);
	if (r == -FAULT_NOMEM)
		return r;
	backoff_init(&c->backoff, CONNECTOR_RETRY_FIRST_MS, CONNECTOR_RETRY_CAP_MS, seed);
	uv_timer_init(loop, &c->retry);
	c->retry.data = c;
	c->open = true;
	uv_timer_start(&c->retry, on_retry, 0, 0);
	return 0;
}

void connector_stop(struct connector *c)
{
	c->stopping = true;
	if (!c->open)
		return;
	uv_timer_stop(&c->retry);
	if (c->connection != NULL && !c->connected)
		connection_close(c->connection);
}

void connector_close(struct connector *c)
{
	connector_stop(c);
	if (c->open)
		uv_close((uv_handle_t *)&c->retry, NULL);
	c->open = false;
}

struct inlet_status connector_status(const struct connector *c)
{
	struct inlet_status status = {
		.state = c->connected ? INLET_CONNECTED : INLET_WAITING,
		.lines = c->lines,
		.lag_bytes = -1,
		.error = c->error,
	};
	int waiting = 0;
	uv_os_fd_t fd;

	if (!c->connected)
		return status;
	status.lines += new_lines(&c->connection->feed.totals);
	if (feed_waits(&c->connection->feed))
		status.state = INLET_PAUSED;
	if (uv_fileno((const uv_handle_t *)&c->connection->pipe, &fd) == 0 &&
	    ioctl(fd, FIONREAD, &waiting) == 0)
		status.lag_bytes = waiting + (int64_t)c->connection->feed.held.len;
	return status;
}
