/*
 * Peers: the users who have connections, by the uid that SO_PEERCRED gives, and what each may
 * have: so many connections at a time, so many lines a second.  One user, gone wrong or hostile,
 * must leave room for the others.  Counts only: no socket, no clock.  Loop thread only.
 */
#ifndef TOLL_DAEMON_PEERS_H
#define TOLL_DAEMON_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	PEERS_OTHERS_SHARE = 8,   /* one part of so many of all connections is for other users */
	PEERS_WAITING_MAX = 96,   /* connections that wait for one of the same user to leave */
	PEERS_BURST_MS = 100,     /* lines of so long may come at once */
	PEERS_LOG_MS = 60 * 1000, /* one user is logged no more often */
	/* So long nobody is let in when too many wait, before one is refused ... */
	PEERS_PATIENCE_MS = 1000,
	PEERS_PATIENCE_SHARE = 10, /* ... and of all time this part */
};

enum peer_place {
	PEER_SERVED,
	PEER_WAITS,   /* until one of the same user leaves: nothing is read, nothing is lost */
	PEER_REFUSED, /* more wait already than may */
	PEER_PLACE_COUNT
};

struct peer {
	struct peer *next;
	uid_t uid;
	size_t served, waiting; /* connections */
	int64_t credit_milli;   /* lines it may send now, in thousandths */
	uint64_t credit_ms;     /* loop time of `credit_milli` */
	uint64_t logged_ms;     /* loop time; 0: never */
};

struct peers {
	size_t connections_max;  /* of one user */
	int64_t lines_per_s_max; /* of one user; 0: no limit */
	struct peer *first;
	size_t waiting; /* of all users */
	bool standing;
	int64_t patience_parts; /* ms x PEERS_PATIENCE_SHARE */
	uint64_t patience_ms;   /* loop time of `patience_parts` */
};

/* `uid_max` 0: all but one of PEERS_OTHERS_SHARE of `connections_max`. */
void peers_init(struct peers *peers, int64_t connections_max, int64_t uid_max,
                int64_t lines_per_s_max);
/* Who has this uid, new if need be; NULL: memory is short.  Lives while it has connections. */
struct peer *peers_get(struct peers *peers, uid_t uid, uint64_t now_ms);
/* One more connection of it; PEER_REFUSED is not counted.  `all`: whatever there is room for. */
enum peer_place peers_enter(struct peers *peers, struct peer *peer, bool all);
/* The connection is gone. */
void peers_leave(struct peers *peers, struct peer *peer, enum peer_place place);
/* One that waits, and there is room for it. */
bool peers_may_advance(const struct peers *peers, const struct peer *peer);
/* It is served from here on, also where there is no room: at the end nobody waits. */
void peers_advance(struct peers *peers, struct peer *peer);
/*
 * Nobody is to be let in just now: as many wait as may, and some will leave soon where a user
 * comes and goes quickly.  A user who stays is refused in the end, and does not hold up the
 * others for long.
 */
bool peers_stand(struct peers *peers, uint64_t now_ms);
/* May it send one more line now?  And: it did. */
bool peers_may_take(const struct peers *peers, struct peer *peer, uint64_t now_ms);
void peers_took(const struct peers *peers, struct peer *peer);
/* True once in PEERS_LOG_MS. */
bool peers_may_log(struct peer *peer, uint64_t now_ms);
/* Forgets who has no connection, and had none for so long that it could send all it may. */
void peers_sweep(struct peers *peers, uint64_t now_ms);
void peers_release(struct peers *peers);

#endif
