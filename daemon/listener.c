#include "daemon/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/log.h"

enum {
	ALL_MODES = 0777,
	FOLDER_MODE = 0750,
	FOLDER_UMASK = 0027,
};

static int address_of(const char *path, struct sockaddr_un *address_out, struct fault *fault)
{
	*address_out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (!text_copy(address_out->sun_path, sizeof(address_out->sun_path), text_of(path)))
		return fault_set(fault, FAULT_INVALID, "%s: a socket's path has at most %zu bytes",
		                 path, sizeof(address_out->sun_path) - 1);
	return 0;
}

static int make_folder(const char *path, struct fault *fault)
{
	char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];
	mode_t before;
	char *slash;
	int r;

	text_copy(folder, sizeof(folder), text_of(path));
	slash = strrchr(folder, '/');
	if (slash == NULL || slash == folder)
		return 0;
	*slash = '\0';
	before = umask(FOLDER_UMASK);
	r = mkdir(folder, FOLDER_MODE);
	umask(before);
	if (r < 0 && errno != EEXIST)
		return fault_set(fault, FAULT_IO, "%s: cannot make the folder: %s", folder,
		                 strerror(errno));
	return 0;
}

/* Nobody must answer on what is in the way, and it must be a socket. */
static int clear_way(const char *path, int type, const struct sockaddr_un *address,
                     struct fault *fault)
{
	struct stat status;
	int fd, r;

	if (lstat(path, &status) < 0)
		return errno == ENOENT
		               ? 0
		               : fault_set(fault, FAULT_IO, "%s: %s", path, strerror(errno));
	if (!S_ISSOCK(status.st_mode))
		return fault_set(fault, FAULT_INVALID, "%s: is there and is no socket", path);
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fault_set(fault, FAULT_IO, "socket: %s", strerror(errno));
	r = connect(fd, (const struct sockaddr *)address, sizeof(*address));
	/* Read at once: close() may change it. */
	r = r == 0 ? 0 : errno;
	close(fd);
	if (r != ECONNREFUSED)
		return fault_set(fault, FAULT_BUSY, "%s: %s", path,
		                 r == 0 || r == EAGAIN ? "another program answers there"
		                                       : strerror(r));
	if (unlink(path) < 0)
		return fault_set(fault, FAULT_IO, "%s: cannot remove the stale socket: %s", path,
		                 strerror(errno));
	log_info("stale socket removed", "path=%s", log_quote(text_of(path)).text);
	return 0;
}

int listener_bind(const char *path, int type, unsigned mode, int *fd_out,
                  struct listener_file *file_out, struct fault *fault)
{
	struct sockaddr_un address;
	struct stat status;
	mode_t before;
	int fd, r = address_of(path, &address, fault);

	if (r == 0)
		r = make_folder(path, fault);
	if (r == 0)
		r = clear_way(path, type, &address, fault);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fault_set(fault, FAULT_IO, "socket: %s", strerror(errno));
	before = umask(ALL_MODES & ~mode);
	r = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	r = r < 0 ? errno : 0;
	umask(before);
	if (r != 0 || lstat(path, &status) < 0) {
		close(fd);
		return fault_set(fault, FAULT_IO, "%s: cannot bind: %s", path,
		                 strerror(r != 0 ? r : errno));
	}
	*file_out = (struct listener_file){ status.st_dev, status.st_ino, true };
	*fd_out = fd;
	return 0;
}

static int listen_on(struct listener *listener, int fd, struct fault *fault);

static void on_pause_over(uv_timer_t *timer)
{
	struct listener *listener = timer->data;
	int fd = fcntl(listener->spare_fd, F_DUPFD_CLOEXEC, 0);

	if (fd >= 0 && listen_on(listener, fd, NULL) == 0)
		return;
	/* Of a pipe that was opened and does not listen, the close comes before the next try. */
	if (listener->open)
		uv_close((uv_handle_t *)&listener->pipe, NULL);
	listener->open = false;
	uv_timer_start(timer, on_pause_over, LISTENER_PAUSE_MS, 0);
}

/* Who waits stays in the backlog. */
static void pause_listening(struct listener *listener, int error)
{
	if (!listener->failing)
		log_warning("cannot accept: they wait, and it is tried again",
		            "path=%s pause_ms=%d error=%s", log_quote(text_of(listener->path)).text,
		            LISTENER_PAUSE_MS, uv_strerror(error));
	listener->failing = true;
	uv_close((uv_handle_t *)&listener->pipe, NULL);
	listener->open = false;
	uv_timer_start(&listener->timer, on_pause_over, LISTENER_PAUSE_MS, 0);
}

static void on_connection(uv_stream_t *server, int status)
{
	struct listener *listener = server->data;

	if (status < 0) {
		pause_listening(listener, status);
		return;
	}
	if (listener->failing)
		log_info("it accepts again", "path=%s", log_quote(text_of(listener->path)).text);
	listener->failing = false;
	listener->on_waiting(listener);
}

/* Takes `fd` over. */
static int listen_on(struct listener *listener, int fd, struct fault *fault)
{
	int r;

	uv_pipe_init(listener->timer.loop, &listener->pipe, 0);
	listener->pipe.data = listener;
	listener->open = true;
	r = uv_pipe_open(&listener->pipe, fd);
	if (r < 0) {
		close(fd);
		return fault_set(fault, FAULT_IO, "%s: %s", listener->path, uv_strerror(r));
	}
	r = uv_listen((uv_stream_t *)&listener->pipe, LISTENER_BACKLOG, on_connection);
	if (r < 0)
		return fault_set(fault, FAULT_IO, "%s: cannot listen: %s", listener->path,
		                 uv_strerror(r));
	return 0;
}

int listener_start(struct listener *listener, uv_loop_t *loop, const char *path, int handed_fd,
                   struct fault *fault)
{
	int fd = handed_fd, r;

	listener->path = path;
	if (fd < 0) {
		r = listener_bind(path, SOCK_STREAM, LISTENER_MODE, &fd, &listener->file, fault);
		if (r < 0)
			return r;
	}
	listener->spare_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (listener->spare_fd < 0) {
		r = fault_set(fault, FAULT_IO, "%s: %s", path, strerror(errno));
		close(fd);
		return r;
	}
	uv_timer_init(loop, &listener->timer);
	listener->timer.data = listener;
	listener->timer_open = true;
	return listen_on(listener, fd, fault);
}

bool listener_has_waiting(const struct listener *listener)
{
	struct pollfd backlog = { .events = POLLIN };

	return listener->open &&
	       uv_fileno((const uv_handle_t *)&listener->pipe, &backlog.fd) == 0 &&
	       poll(&backlog, 1, 0) > 0;
}

void listener_unbind(const char *path, struct listener_file *file)
{
	struct stat status;

	if (file->bound && lstat(path, &status) == 0 && status.st_dev == file->device &&
	    status.st_ino == file->inode)
		unlink(path);
	file->bound = false;
}

void listener_close(struct listener *listener)
{
	listener_unbind(listener->path, &listener->file);
	if (listener->open)
		uv_close((uv_handle_t *)&listener->pipe, NULL);
	if (listener->timer_open) {
		uv_close((uv_handle_t *)&listener->timer, NULL);
		close(listener->spare_fd);
	}
	listener->open = listener->timer_open = false;
}
