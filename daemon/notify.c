#include "daemon/notify.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"

enum { LISTEN_FD_FIRST = 3 }; /* sd_listen_fds(3) */

void notify_send(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = path != NULL ? strlen(path) : 0;
	int fd;

	if (len < 2 || len >= sizeof(address.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(address.sun_path, path, len);
	if (path[0] == '@')
		address.sun_path[0] = '\0'; /* an abstract name */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
	       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}

static int64_t environment_number(const char *name)
{
	int64_t number = 0;

	text_int(text_of(getenv(name) != NULL ? getenv(name) : ""), &number);
	return number;
}

uint64_t notify_watchdog_ms(void)
{
	int64_t usec = environment_number("WATCHDOG_USEC");
	int64_t pid = environment_number("WATCHDOG_PID");

	if (usec < 2000 || (pid != 0 && pid != getpid()))
		return 0;
	return (uint64_t)usec / 2000;
}

int notify_listen_fd(const char *path)
{
	int64_t count = environment_number("LISTEN_FDS");

	if (environment_number("LISTEN_PID") != getpid() || count < 1 || count > NOTIFY_FDS_MAX)
		return -1;
	for (int fd = LISTEN_FD_FIRST; fd < LISTEN_FD_FIRST + (int)count; fd++) {
		struct sockaddr_un address = { .sun_family = 0 };
		socklen_t len = sizeof(address);
		int type = 0, listening = 0;
		socklen_t int_len = sizeof(int);

		if (getsockname(fd, (struct sockaddr *)&address, &len) < 0 ||
		    address.sun_family != AF_UNIX ||
		    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &int_len) < 0 ||
		    type != SOCK_STREAM ||
		    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &int_len) < 0 ||
		    listening == 0)
			continue;
		if (count > 1 && strcmp(address.sun_path, path) != 0)
			continue;
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		return fd;
	}
	return -1;
}
