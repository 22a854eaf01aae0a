/*
 * What systemd wants to know, by its datagram protocol (sd_notify(3)), without its
 * library: a few lines and one dependency less.  All are no-ops outside of systemd.
 */
#ifndef TOLL_DAEMON_NOTIFY_H
#define TOLL_DAEMON_NOTIFY_H

#include <stdint.h>

enum { NOTIFY_FDS_MAX = 16 };

void notify_send(const char *state); /* "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=..." */
/* Half of WATCHDOG_USEC in ms; 0: no watchdog wants to be fed. */
uint64_t notify_watchdog_ms(void);
/*
 * A listening Unix stream socket that was handed over (LISTEN_PID, LISTEN_FDS), or -1.
 * `path` picks the one bound to it where there are several.
 */
int notify_listen_fd(const char *path);

#endif
