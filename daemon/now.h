/* The clock on the wall: ms since the epoch, UTC.  Any thread. */
#ifndef TOLL_DAEMON_NOW_H
#define TOLL_DAEMON_NOW_H

#include <stdint.h>

int64_t now_ms(void);

#endif
