#include "tests/support/smalldisk.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the four above, as it asks for */
#include <cmocka.h>

bool smalldisk_begin(struct daemonkit *kit, int bytes)
{
	char options[32];

	daemonkit_begin(kit);
	snprintf(options, sizeof(options), "size=%d", bytes);
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("tmpfs", kit->folder, "tmpfs", 0, options) != 0) {
		print_message("SKIPPED: a disk of its own needs root and a mount namespace: %s\n",
		              strerror(errno));
		return false;
	}
	/* The price book and the log lie in the folder that the mount hides: begin again. */
	daemonkit_write(kit->prices, daemonkit_book);
	snprintf(kit->log, sizeof(kit->log), "%s.log", kit->folder); /* not on the full disk */
	return true;
}

void smalldisk_end(struct daemonkit *kit, bool begun)
{
	daemonkit_kill(kit);
	if (begun) {
		unlink(kit->log);
		umount2(kit->folder, MNT_DETACH);
	}
	daemonkit_end(kit);
}

static void filler_path(const struct daemonkit *kit, char out[DAEMONKIT_PATH_BYTES])
{
	snprintf(out, DAEMONKIT_PATH_BYTES, "%s/filler", kit->folder);
}

void smalldisk_fill(const struct daemonkit *kit, off_t left_bytes)
{
	static char block[4096];
	char path[DAEMONKIT_PATH_BYTES];
	off_t size = 0;
	int fd;

	filler_path(kit, path);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	while (write(fd, block, sizeof(block)) == (ssize_t)sizeof(block))
		size += (off_t)sizeof(block);
	assert_int_equal(errno, ENOSPC);
	assert_true(size >= left_bytes);
	assert_int_equal(ftruncate(fd, size - left_bytes), 0);
	close(fd);
}

void smalldisk_free(const struct daemonkit *kit)
{
	char path[DAEMONKIT_PATH_BYTES];

	filler_path(kit, path);
	assert_int_equal(unlink(path), 0);
}
