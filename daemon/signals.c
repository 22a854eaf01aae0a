#include "daemon/signals.h"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/fault.h"

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct signals *signals = poll->data;
	struct signalfd_siginfo info;

	(void)status;
	(void)events;
	while (signals->open && read(signals->fd, &info, sizeof(info)) == sizeof(info))
		signals->on_signal(signals, (int)info.ssi_signo);
}

int signals_start(struct signals *signals, uv_loop_t *loop)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
		return -FAULT_NOMEM;
	signals->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (signals->fd < 0)
		return -FAULT_NOMEM;
	if (uv_poll_init(loop, &signals->poll, signals->fd) < 0) {
		close(signals->fd);
		return -FAULT_NOMEM;
	}
	signals->poll.data = signals;
	signals->open = true;
	return uv_poll_start(&signals->poll, UV_READABLE, on_readable) < 0 ? -FAULT_NOMEM : 0;
}

void signals_close(struct signals *signals)
{
	if (!signals->open)
		return;
	signals->open = false;
	uv_close((uv_handle_t *)&signals->poll, NULL);
	close(signals->fd);
}
