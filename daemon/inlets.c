#include "daemon/inlets.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "daemon/connector.h"
#include "daemon/datagram.h"
#include "daemon/follower.h"
#include "ledger/positions.h"

int inlets_load(struct inlets *inlets, const struct config_feeds *config, struct ledger *ledger,
                struct fault *fault)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < config->count; i++) {
		struct inlet *inlet = &inlets->inlet[inlets->count++];

		inlet->config = &config->feed[i];
		r = ledger_position_get(ledger, text_of(inlet->config->name), &inlet->place,
		                        &inlet->lines, fault);
	}
	return r;
}

/* Two daemons that lose the same gateway must not come back together. */
static uint64_t seed(void)
{
	uint64_t seed = 0;

	/* It never fails for so few bytes; and if it did, the waits would only be the same. */
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0)
		seed = 0;
	return seed;
}

static int start_one(struct inlet *inlet, uv_loop_t *loop, struct connections *connections,
                     struct fault *fault)
{
	size_t line_bytes_max = (size_t)connections->config->number[SETTING_LINE_BYTES_MAX];
	int r = -FAULT_NOMEM;

	switch (inlet->config->kind) {
	case FEED_CONNECT:
		inlet->connector = calloc(1, sizeof(*inlet->connector));
		if (inlet->connector != NULL)
			r = connector_start(inlet->connector, loop, connections, inlet->config,
			                    buf_text(&inlet->place), inlet->lines, seed());
		break;
	case FEED_FILE:
		inlet->follower = calloc(1, sizeof(*inlet->follower));
		if (inlet->follower != NULL)
			r = follower_start(inlet->follower, loop, connections->feeds,
			                   line_bytes_max, inlet->config, buf_text(&inlet->place),
			                   inlet->lines);
		break;
	case FEED_DATAGRAM:
		inlet->datagram = calloc(1, sizeof(*inlet->datagram));
		if (inlet->datagram != NULL)
			return datagram_start(inlet->datagram, loop, connections->feeds,
			                      line_bytes_max, inlet->config, inlet->lines, fault);
		break;
	case FEED_KIND_COUNT:
		break;
	}
	return r < 0 ? fault_set(fault, FAULT_NOMEM, "%s: out of memory", inlet->config->path) : 0;
}

int inlets_start(struct inlets *inlets, uv_loop_t *loop, struct connections *connections,
                 struct fault *fault)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < inlets->count; i++)
		r = start_one(&inlets->inlet[i], loop, connections, fault);
	return r;
}

void inlets_begin_end(struct inlets *inlets)
{
	for (size_t i = 0; i < inlets->count; i++) {
		struct inlet *inlet = &inlets->inlet[i];

		if (inlet->connector != NULL)
			connector_stop(inlet->connector);
		if (inlet->follower != NULL)
			follower_stop(inlet->follower);
		if (inlet->datagram != NULL)
			datagram_begin_end(inlet->datagram);
	}
}

bool inlets_drained(const struct inlets *inlets)
{
	for (size_t i = 0; i < inlets->count; i++) {
		if (inlets->inlet[i].datagram != NULL &&
		    !datagram_drained(inlets->inlet[i].datagram))
			return false;
	}
	return true;
}

bool inlets_stop(struct inlets *inlets)
{
	bool all = true;

	for (size_t i = 0; i < inlets->count; i++) {
		if (inlets->inlet[i].datagram != NULL)
			all = datagram_stop(inlets->inlet[i].datagram) && all;
	}
	return all;
}

void inlets_close(struct inlets *inlets)
{
	for (size_t i = 0; i < inlets->count; i++) {
		struct inlet *inlet = &inlets->inlet[i];

		if (inlet->connector != NULL)
			connector_close(inlet->connector);
		if (inlet->follower != NULL)
			follower_close(inlet->follower);
		if (inlet->datagram != NULL)
			datagram_close(inlet->datagram);
	}
}

void inlets_release(struct inlets *inlets)
{
	for (size_t i = 0; i < inlets->count; i++) {
		struct inlet *inlet = &inlets->inlet[i];

		if (inlet->follower != NULL)
			follower_release(inlet->follower);
		if (inlet->datagram != NULL)
			datagram_release(inlet->datagram);
		free(inlet->connector);
		free(inlet->follower);
		free(inlet->datagram);
		buf_release(&inlet->place);
	}
	inlets->count = 0;
}

void inlets_status(const struct inlets *inlets, struct buf *out)
{
	buf_add_cstr(out, "{\"ok\":true,\"feeds\":[");
	for (size_t i = 0; i < inlets->count; i++) {
		const struct inlet *inlet = &inlets->inlet[i];
		struct inlet_status status = { .state = INLET_STOPPED, .error = "" };

		if (inlet->connector != NULL)
			status = connector_status(inlet->connector);
		else if (inlet->follower != NULL)
			status = follower_status(inlet->follower);
		else if (inlet->datagram != NULL)
			status = datagram_status(inlet->datagram);
		buf_add_cstr(out, i > 0 ? "," : "");
		inlet_status_json(out, inlet->config, &status);
	}
	buf_add_cstr(out, "]}");
}
