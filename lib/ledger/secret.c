#include "ledger/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/durable.h"
#include "ledger/files.h"
#include "ledger/ledger.h"

enum {
	SECRET_BYTES = 32,
	SECRET_TEXT_BYTES = 2 * SECRET_BYTES + 1, /* with its newline */
	SECRET_MODE = 0600,
	SECRET_FLAGS = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, /* a pipe there must not hold us up */
};

#define SECRET_MEND "restore it from the backup it was kept in, beside the ledger"

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
		return files_fault(name, fault);
	if (!S_ISREG(file.st_mode))
		return fault_set(fault, FAULT_INVALID, "%s: not a file: " SECRET_MEND, name);
	if ((file.st_mode & 077) != 0)
		return fault_set(fault, FAULT_INVALID,
		                 "%s: others than its owner may use it (mode %04o): chmod 600 it",
		                 name, (unsigned)(file.st_mode & 07777));
	got = files_read(fd, text, sizeof(text), 0);
	if (got < 0)
		r = files_fault(name, fault);
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

/* The digits of a new one and a newline, on disk. */
static int write_secret(int fd, const char *name, struct fault *fault)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[SECRET_BYTES];
	char text[SECRET_TEXT_BYTES];
	int r = 0;

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return files_fault(name, fault);
	for (int i = 0; i < SECRET_BYTES; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[2 * SECRET_BYTES] = '\n';
	if (files_write(fd, text, sizeof(text), 0) < 0 || fsync(fd) < 0)
		r = files_fault(name, fault);
	explicit_bzero(bytes, sizeof(bytes));
	explicit_bzero(text, sizeof(text));
	return r;
}

/*
 * Whole under another name first: a power cut must not leave half a secret, which would stop every
 * writer.  Its name is durable too before anything is stored under it.
 */
static int make_secret(const char *ledger_path, const char *name, struct fault *fault)
{
	char fresh[PATH_MAX];
	struct stat owner;
	bool owned = files_owner(ledger_path, &owner);
	int fd, r = files_beside(name, ".new", fresh, fault);

	if (r < 0)
		return r;
	/* Of a writer that ended in here: we hold the lock. */
	if (unlink(fresh) < 0 && errno != ENOENT)
		return files_fault(fresh, fault);
	fd = files_open(fresh, O_RDWR | O_CREAT | O_EXCL | SECRET_FLAGS, SECRET_MODE);
	if (fd < 0)
		return files_fault(fresh, fault);
	r = write_secret(fd, fresh, fault);
	if (r == 0 && owned)
		files_give(fd, &owner);
	close(fd);
	if (r == 0)
		r = durable_rename(fresh, name, false, fault);
	if (r < 0)
		unlink(fresh);
	return r;
}

static int open_secret(const char *name, struct hmac_sha256_key *out, struct fault *fault)
{
	int fd = files_open(name, O_RDONLY | SECRET_FLAGS, 0);
	int r;

	if (fd < 0 && errno == ENOENT)
		return fault_set(fault, FAULT_NOT_FOUND, "%s: is not there", name);
	if (fd < 0 && errno == ELOOP)
		return fault_set(fault, FAULT_IO, "%s: a symbolic link is not followed", name);
	if (fd < 0 && errno == EACCES)
		return fault_set(fault, FAULT_IO, "%s: %s: it is its owner's and root's", name,
		                 strerror(errno));
	if (fd < 0)
		return files_fault(name, fault);
	r = read_secret(fd, name, out, fault);
	close(fd);
	return r;
}

int ledger_secret(const char *ledger_path, struct hmac_sha256_key *secret_out, struct fault *fault)
{
	char name[PATH_MAX];
	int r = files_beside(ledger_path, ".secret", name, fault);

	return r < 0 ? r : open_secret(name, secret_out, fault);
}

int secret_take(const char *ledger_path, struct hmac_sha256_key *secret_out, struct fault *fault)
{
	char name[PATH_MAX];
	int r = files_beside(ledger_path, ".secret", name, fault);

	if (r == 0)
		r = open_secret(name, secret_out, fault);
	if (r != -FAULT_NOT_FOUND)
		return r;
	r = make_secret(ledger_path, name, fault);
	return r < 0 ? r : open_secret(name, secret_out, fault);
}
