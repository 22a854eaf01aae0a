#include "ledger/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/files.h"
#include "ledger/ledger.h"

enum {
	SECRET_BYTES = 32,
	SECRET_TEXT_BYTES = 2 * SECRET_BYTES + 1, /* with its newline */
	SECRET_MODE = 0600,
	SECRET_FLAGS = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, /* a pipe there must not hold us up */
};

#define SECRET_MEND "restore it from the backup it was kept in, beside the ledger"

static int secret_path(const char *ledger_path, char out[PATH_MAX], struct fault *fault)
{
	int len = snprintf(out, PATH_MAX, "%s.secret", ledger_path);

	if (len < 0 || len >= PATH_MAX)
		return fault_set(fault, FAULT_RANGE, "%s: the path is too long", ledger_path);
	return 0;
}

static bool from_hex(const char text[SECRET_TEXT_BYTES], unsigned char out[SECRET_BYTES])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < SECRET_BYTES; i++) {
		const char *high = memchr(digits, text[2 * i], 16);
		const char *low = memchr(digits, text[2 * i + 1], 16);

		if (high == NULL || low == NULL)
			return false;
		out[i] = (unsigned char)((high - digits) << 4 | (low - digits));
	}
	return text[2 * SECRET_BYTES] == '\n';
}

static int read_secret(int fd, const char *name, struct hmac_sha256_key *out, struct fault *fault)
{
	char text[SECRET_TEXT_BYTES + 1];
	unsigned char bytes[SECRET_BYTES];
	struct stat file;
	ssize_t got;
	int r = 0;

	if (fstat(fd, &file) < 0)
		return fault_set(fault, FAULT_IO, "%s: %s", name, strerror(errno));
	if (!S_ISREG(file.st_mode))
		return fault_set(fault, FAULT_INVALID, "%s: not a file: " SECRET_MEND, name);
	if ((file.st_mode & 077) != 0)
		return fault_set(fault, FAULT_INVALID,
		                 "%s: others than its owner may use it (mode %04o): chmod 600 it",
		                 name, (unsigned)(file.st_mode & 07777));
	got = pread(fd, text, sizeof(text), 0);
	if (got < 0)
		r = fault_set(fault, FAULT_IO, "%s: %s", name, strerror(errno));
	else if (got != SECRET_TEXT_BYTES || !from_hex(text, bytes))
		r = fault_set(
			fault, FAULT_INVALID,
			"%s: not the secret of a ledger, which is %d hexadecimal digits and a "
			"newline: " SECRET_MEND,
			name, 2 * SECRET_BYTES);
	else
		hmac_sha256_prepare(out, bytes, sizeof(bytes));
	explicit_bzero(text, sizeof(text));
	explicit_bzero(bytes, sizeof(bytes));
	return r;
}

/* The name is durable too before anything is stored under the secret. */
static int sync_folder(const char *name, struct fault *fault)
{
	const char *slash = strrchr(name, '/');
	char folder[PATH_MAX] = ".";
	int fd, r = 0;

	if (slash != NULL)
		snprintf(folder, sizeof(folder), "%.*s", slash == name ? 1 : (int)(slash - name),
		         name);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		r = fault_set(fault, FAULT_IO, "%s: %s", folder, strerror(errno));
	if (fd >= 0)
		close(fd);
	return r;
}

/*
 * Whole under another name first: a power cut must not leave half a secret, which would stop every
 * writer.  link() never takes the place of one that is there.
 */
static int make_secret(const char *ledger_path, const char *name, struct fault *fault)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[SECRET_BYTES];
	char text[SECRET_TEXT_BYTES], fresh[PATH_MAX];
	struct stat owner;
	bool owned = files_owner(ledger_path, &owner);
	int fd = -1, r = 0;

	if (snprintf(fresh, sizeof(fresh), "%s.new", name) >= (int)sizeof(fresh))
		return fault_set(fault, FAULT_RANGE, "%s: the path is too long", name);
	/* Of a writer that ended in here: we hold the lock. */
	if ((unlink(fresh) < 0 && errno != ENOENT) ||
	    (fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | SECRET_FLAGS, SECRET_MODE)) < 0 ||
	    getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes)) {
		r = fault_set(fault, FAULT_IO, "%s: %s", fresh, strerror(errno));
		goto out;
	}
	for (int i = 0; i < SECRET_BYTES; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[2 * SECRET_BYTES] = '\n';
	if (pwrite(fd, text, sizeof(text), 0) != sizeof(text) || fsync(fd) < 0)
		r = fault_set(fault, errno == ENOSPC || errno == EDQUOT ? FAULT_FULL : FAULT_IO,
		              "%s: %s", fresh, strerror(errno));
	if (r == 0 && owned)
		files_give(fd, &owner);
	if (r == 0 && link(fresh, name) < 0)
		r = fault_set(fault, FAULT_IO, "%s: %s", name, strerror(errno));
	if (unlink(fresh) < 0 && r == 0)
		r = fault_set(fault, FAULT_IO, "%s: %s", fresh, strerror(errno));
	if (r == 0)
		r = sync_folder(name, fault);
out:
	explicit_bzero(bytes, sizeof(bytes));
	explicit_bzero(text, sizeof(text));
	if (fd >= 0)
		close(fd);
	return r;
}

static int open_secret(const char *name, struct hmac_sha256_key *out, struct fault *fault)
{
	int fd = open(name, O_RDONLY | SECRET_FLAGS);
	int r;

	if (fd < 0 && errno == ENOENT)
		return fault_set(fault, FAULT_NOT_FOUND, "%s: is not there", name);
	if (fd < 0)
		return fault_set(fault, FAULT_IO, "%s: %s%s", name,
		                 errno == ELOOP ? "a symbolic link is not followed"
		                                : strerror(errno),
		                 errno == EACCES ? ": it is its owner's and root's" : "");
	r = read_secret(fd, name, out, fault);
	close(fd);
	return r;
}

int ledger_secret(const char *ledger_path, struct hmac_sha256_key *secret_out, struct fault *fault)
{
	char name[PATH_MAX];
	int r = secret_path(ledger_path, name, fault);

	return r < 0 ? r : open_secret(name, secret_out, fault);
}

int secret_take(const char *ledger_path, struct hmac_sha256_key *secret_out, struct fault *fault)
{
	char name[PATH_MAX];
	int r = secret_path(ledger_path, name, fault);

	if (r == 0)
		r = open_secret(name, secret_out, fault);
	if (r != -FAULT_NOT_FOUND)
		return r;
	r = make_secret(ledger_path, name, fault);
	return r < 0 ? r : open_secret(name, secret_out, fault);
}
