#include "daemon/peers.h"

#include <assert.h>
#include <stdlib.h>

enum {
	MILLI = 1000,
	MS_PER_S = 1000,
	FORGOTTEN_MS = 2000,
	PATIENCE_PARTS = PEERS_PATIENCE_MS * PEERS_PATIENCE_SHARE
};

static_assert((int)FORGOTTEN_MS > (int)PEERS_BURST_MS,
              "who leaves and comes again must not get a burst for it");

void peers_init(struct peers *peers, int64_t connections_max, int64_t uid_max,
                int64_t lines_per_s_max)
{
	if (uid_max == 0)
		uid_max = connections_max - connections_max / PEERS_OTHERS_SHARE;
	*peers = (struct peers){ .connections_max = (size_t)uid_max,
		                 .lines_per_s_max = lines_per_s_max,
		                 .patience_parts = PATIENCE_PARTS };
}

/* One line at least, or a small limit would never let any through. */
static int64_t burst_milli(const struct peers *peers)
{
	int64_t burst = peers->lines_per_s_max * PEERS_BURST_MS; /* x MILLI / MS_PER_S */

	return burst > MILLI ? burst : MILLI;
}

struct peer *peers_get(struct peers *peers, uid_t uid, uint64_t now_ms)
{
	struct peer *peer = peers->first;

	while (peer != NULL && peer->uid != uid)
		peer = peer->next;
	if (peer != NULL)
		return peer;
	peer = calloc(1, sizeof(*peer));
	if (peer == NULL)
		return NULL;
	peer->uid = uid;
	peer->credit_milli = burst_milli(peers);
	peer->credit_ms = now_ms;
	peer->next = peers->first;
	peers->first = peer;
	return peer;
}

enum peer_place peers_enter(struct peers *peers, struct peer *peer, bool all)
{
	/* Nobody goes in before one of the same user who waits. */
	if (all || (peer->waiting == 0 && peer->served < peers->connections_max)) {
		peer->served++;
		return PEER_SERVED;
	}
	if (peers->waiting >= PEERS_WAITING_MAX)
		return PEER_REFUSED;
	peer->waiting++;
	peers->waiting++;
	return PEER_WAITS;
}

void peers_leave(struct peers *peers, struct peer *peer, enum peer_place place)
{
	peer->served -= place == PEER_SERVED;
	peer->waiting -= place == PEER_WAITS;
	peers->waiting -= place == PEER_WAITS;
}

bool peers_may_advance(const struct peers *peers, const struct peer *peer)
{
	return peer->waiting > 0 && peer->served < peers->connections_max;
}

void peers_advance(struct peers *peers, struct peer *peer)
{
	assert(peer->waiting > 0);
	peer->waiting--;
	peers->waiting--;
	peer->served++;
}

bool peers_stand(struct peers *peers, uint64_t now_ms)
{
	uint64_t ms = now_ms - peers->patience_ms;

	/* More than that fills or empties it anyway. */
	if (ms > PATIENCE_PARTS)
		ms = PATIENCE_PARTS;
	peers->patience_ms = now_ms;
	peers->patience_parts += peers->standing ? -(int64_t)ms * PEERS_PATIENCE_SHARE
	                                         : (int64_t)ms;
	if (peers->patience_parts > PATIENCE_PARTS)
		peers->patience_parts = PATIENCE_PARTS;
	if (peers->patience_parts < 0)
		peers->patience_parts = 0;
	/* Once it is used up it must come back to its half: not a moment at a time. */
	peers->standing = peers->waiting >= PEERS_WAITING_MAX &&
	                  peers->patience_parts > (peers->standing ? 0 : PATIENCE_PARTS / 2);
	return peers->standing;
}

bool peers_may_take(const struct peers *peers, struct peer *peer, uint64_t now_ms)
{
	uint64_t ms = now_ms - peer->credit_ms;

	if (peers->lines_per_s_max == 0)
		return true;
	/* Longer than a burst gives no more, and must not overflow. */
	if (ms > MS_PER_S)
		ms = MS_PER_S;
	peer->credit_milli += peers->lines_per_s_max * (int64_t)ms;
	/* A part of a line beyond the burst is kept: it would be missing in the next second. */
	if (peer->credit_milli > burst_milli(peers) + MILLI - 1)
		peer->credit_milli = burst_milli(peers) + MILLI - 1;
	peer->credit_ms = now_ms;
	return peer->credit_milli >= MILLI;
}

void peers_took(const struct peers *peers, struct peer *peer)
{
	if (peers->lines_per_s_max > 0)
		peer->credit_milli -= MILLI;
}

bool peers_may_log(struct peer *peer, uint64_t now_ms)
{
	if (peer->logged_ms != 0 && now_ms - peer->logged_ms < PEERS_LOG_MS)
		return false;
	peer->logged_ms = now_ms;
	return true;
}

void peers_sweep(struct peers *peers, uint64_t now_ms)
{
	struct peer **at = &peers->first;

	while (*at != NULL) {
		struct peer *peer = *at;

		if (peer->served > 0 || peer->waiting > 0 ||
		    now_ms - peer->credit_ms < FORGOTTEN_MS ||
		    (peer->logged_ms != 0 && now_ms - peer->logged_ms < PEERS_LOG_MS)) {
			at = &peer->next;
		} else {
			*at = peer->next;
			free(peer);
		}
	}
}

void peers_release(struct peers *peers)
{
	while (peers->first != NULL) {
		struct peer *peer = peers->first;

		peers->first = peer->next;
		free(peer);
	}
}
