#include "ledger/wal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/files.h"

enum {
	WAL_MAGIC = 0x377f0682, /* its last bit: the words of a checksum are big-endian */
	WAL_VERSION = 3007000,
	PAGE_BYTES_MIN = 512,
	PAGE_BYTES_MAX = 65536,
};

/* Fields of the header and of a frame, by their offset. */
enum {
	HEADER_MAGIC = 0,
	HEADER_VERSION = 4,
	HEADER_PAGE_BYTES = 8,
	HEADER_SEQUENCE = 12,
	HEADER_SALT = 16,
	HEADER_SUM = 24,
	FRAME_PAGE = 0,
	FRAME_COMMIT = 4, /* pages of the ledger behind it; 0: no commit */
	FRAME_SALT = 8,
	FRAME_SUM = 16,
};

#define ADVICE                                                                                     \
	"rows that were acknowledged are in it: keep the file and its -wal as they are, restore "  \
	"a backup, and let the sources send again what it lacks"

struct sum {
	uint32_t a, b;
};

/* How the frames of a file are to be read. */
struct format {
	size_t page_bytes;
	bool big_endian;
};

struct wal {
	int fd;
	int error; /* errno of a read that failed, and not for its end */
	struct format format;
	unsigned char header[WAL_HEADER_BYTES];
	unsigned char frame[WAL_FRAME_BYTES + PAGE_BYTES_MAX];
};

static uint32_t big(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t little(const unsigned char *at)
{
	return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

static struct sum sum_at(const unsigned char *at)
{
	return (struct sum){ big(at), big(at + 4) };
}

static bool sum_equal(struct sum a, struct sum b)
{
	return a.a == b.a && a.b == b.b;
}

static struct sum sum_add(struct sum sum, const unsigned char *bytes, size_t len, bool big_endian)
{
	for (size_t i = 0; i < len; i += 8) {
		sum.a += (big_endian ? big(bytes + i) : little(bytes + i)) + sum.b;
		sum.b += (big_endian ? big(bytes + i + 4) : little(bytes + i + 4)) + sum.a;
	}
	return sum;
}

static bool is_page_size(uint32_t bytes)
{
	return bytes >= PAGE_BYTES_MIN && bytes <= PAGE_BYTES_MAX && (bytes & (bytes - 1)) == 0;
}

static bool header_sum_fits(const unsigned char *header, bool big_endian)
{
	struct sum none = { 0, 0 };

	return sum_equal(sum_add(none, header, HEADER_SUM, big_endian),
	                 sum_at(header + HEADER_SUM));
}

static bool header_is_valid(const unsigned char *header)
{
	uint32_t magic = big(header + HEADER_MAGIC);

	return (magic & ~1u) == WAL_MAGIC && big(header + HEADER_VERSION) == WAL_VERSION &&
	       is_page_size(big(header + HEADER_PAGE_BYTES)) &&
	       header_sum_fits(header, (magic & 1) != 0);
}

/* All of it, or false where the file ends before, or cannot be read. */
static bool read_at(struct wal *wal, void *out, size_t len, int64_t at)
{
	ssize_t got = files_read(wal->fd, out, len, at);

	if (got < 0)
		wal->error = errno;
	return got == (ssize_t)len;
}

/* Frame n, from 1 on, into wal->frame. */
static bool read_frame(struct wal *wal, int64_t n)
{
	size_t bytes = WAL_FRAME_BYTES + wal->format.page_bytes;

	return read_at(wal, wal->frame, bytes, WAL_HEADER_BYTES + (n - 1) * (int64_t)bytes);
}

/* The frame that was read continues what ends with `before`. */
static bool frame_fits(const struct wal *wal, struct sum before)
{
	bool big_endian = wal->format.big_endian;
	struct sum sum = sum_add(before, wal->frame, FRAME_SALT, big_endian);

	sum = sum_add(sum, wal->frame + WAL_FRAME_BYTES, wal->format.page_bytes, big_endian);
	return big(wal->frame + FRAME_PAGE) != 0 && sum_equal(sum, sum_at(wal->frame + FRAME_SUM));
}

static bool has_salt(const struct wal *wal, const unsigned char *salt)
{
	return memcmp(wal->frame + FRAME_SALT, salt, 8) == 0;
}

/*
 * From frame `first` on: do frames of this salt that continue each other hold so many commits?  A
 * commit may be padded with copies of itself, which are one.
 */
static bool holds_commits(struct wal *wal, int64_t first, const unsigned char salt[8], int due)
{
	uint32_t committed = 0; /* page of the frame before, where that was a commit */
	bool any = false;
	struct sum before = { 0, 0 };
	int commits = 0;

	for (int64_t n = first; commits < due && read_frame(wal, n); n++) {
		bool ours = has_salt(wal, salt), commit = big(wal->frame + FRAME_COMMIT) != 0;
		uint32_t page = big(wal->frame + FRAME_PAGE);

		if (!ours || !any || !frame_fits(wal, before)) {
			commits = 0;
			committed = 0;
		} else if (commit && page != committed) {
			commits++;
		}
		committed = ours && commit ? page : 0;
		/* It may be the broken one: what its sum was is known all the same. */
		any = true;
		before = sum_at(wal->frame + FRAME_SUM);
	}
	return commits >= due;
}

/* What SQLite will take, and whether what it will not take can be a torn tail. */
static void scan_frames(struct wal *wal, struct wal_scan *scan)
{
	struct sum before = sum_at(wal->header + HEADER_SUM);
	unsigned char salt[8];
	int64_t n = 1;

	memcpy(salt, wal->header + HEADER_SALT, sizeof(salt));
	for (; read_frame(wal, n); n++) {
		if (!has_salt(wal, salt) || !frame_fits(wal, before)) {
			scan->broken = n;
			break;
		}
		before = sum_at(wal->frame + FRAME_SUM);
		if (big(wal->frame + FRAME_COMMIT) != 0)
			scan->frames = n;
	}
	scan->damaged = scan->broken > 0 && holds_commits(wal, scan->broken, salt, 2);
}

/*
 * A header that was to begin the WAL anew, torn in the midst: what is left of the one before fits
 * its own sequence and the salts of its frames.
 */
static bool is_torn_reset(const struct wal *wal)
{
	unsigned char before[WAL_HEADER_BYTES];
	uint32_t sequence = big(wal->header + HEADER_SEQUENCE) - 1;

	memcpy(before, wal->header, sizeof(before));
	for (int i = 0; i < 4; i++)
		before[HEADER_SEQUENCE + i] = (unsigned char)(sequence >> (24 - 8 * i));
	memcpy(before + HEADER_SALT, wal->frame + FRAME_SALT, 8);
	return header_sum_fits(before, wal->format.big_endian);
}

/* Whose frames these are, where they can be read so: of the broken header before them? */
static bool is_header_of_frames(struct wal *wal, struct format format)
{
	static const unsigned char zero[WAL_HEADER_BYTES];
	bool chained, salted, wiped = memcmp(wal->header, zero, sizeof(zero)) == 0;
	unsigned char salt[8];

	wal->format = format;
	if (!read_frame(wal, 1) || is_torn_reset(wal))
		return false;
	chained = frame_fits(wal, sum_at(wal->header + HEADER_SUM));
	salted = has_salt(wal, wal->header + HEADER_SALT);
	memcpy(salt, wal->frame + FRAME_SALT, sizeof(salt));
	/* A transaction of one frame is its own commit. */
	if (chained && big(wal->frame + FRAME_COMMIT) != 0)
		return true;
	if ((chained || salted) && !wiped)
		return holds_commits(wal, 1, salt, 1);
	/* With its sector the first frame may be gone. */
	if (!wiped || !read_frame(wal, 2))
		return false;
	memcpy(salt, wal->frame + FRAME_SALT, sizeof(salt));
	return holds_commits(wal, 2, salt, 2);
}

static void scan_broken_header(struct wal *wal, struct wal_scan *scan)
{
	for (size_t bytes = PAGE_BYTES_MIN; bytes <= PAGE_BYTES_MAX && !scan->damaged; bytes *= 2) {
		for (int big_endian = 0; big_endian < 2 && !scan->damaged; big_endian++)
			scan->damaged = is_header_of_frames(
				wal, (struct format){ bytes, big_endian != 0 });
	}
}

int wal_scan(const char *wal_path, struct wal_scan *scan_out, struct fault *fault)
{
	struct wal_scan scan = { .bytes = 0 };
	struct wal *wal = NULL;
	struct stat status;
	int fd = files_open(wal_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0), r = 0;

	if (fd < 0) {
		*scan_out = scan;
		return errno == ENOENT ? 0 : files_fault(wal_path, fault);
	}
	wal = malloc(sizeof(*wal));
	if (wal == NULL) {
		r = fault_set(fault, FAULT_NOMEM, "%s: out of memory", wal_path);
		goto out;
	}
	if (fstat(fd, &status) < 0) {
		r = files_fault(wal_path, fault);
		goto out;
	}
	scan.bytes = (int64_t)status.st_size;
	wal->fd = fd;
	wal->error = 0;
	if (read_at(wal, wal->header, WAL_HEADER_BYTES, 0)) {
		scan.header = header_is_valid(wal->header);
		scan.salt[0] = big(wal->header + HEADER_SALT);
		scan.salt[1] = big(wal->header + HEADER_SALT + 4);
		wal->format = (struct format){ big(wal->header + HEADER_PAGE_BYTES),
			                       (big(wal->header + HEADER_MAGIC) & 1) != 0 };
		if (scan.header)
			scan_frames(wal, &scan);
		else
			scan_broken_header(wal, &scan);
	}
	errno = wal->error;
	if (errno != 0)
		r = files_fault(wal_path, fault);
	else
		*scan_out = scan;
out:
	free(wal);
	close(fd);
	return r;
}

void wal_mark_init(struct wal_mark *mark, dev_t device, ino_t inode)
{
	int fd = files_open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC, 0);
	ssize_t len = fd < 0 ? 0 : files_read(fd, mark->boot, sizeof(mark->boot) - 1, 0);

	if (fd >= 0)
		close(fd);
	mark->boot[len > 0 ? len : 0] = '\0';
	mark->boot[strcspn(mark->boot, "\n ")] = '\0';
	mark->device = (uint64_t)device;
	mark->inode = (uint64_t)inode;
	mark->frames = 0;
	mark->salt[0] = mark->salt[1] = 0;
}

bool wal_mark_salts(struct wal_mark *mark, int fd)
{
	unsigned char header[WAL_HEADER_BYTES];

	if (files_read(fd, header, sizeof(header), 0) != (ssize_t)sizeof(header))
		return false;
	mark->salt[0] = big(header + HEADER_SALT);
	mark->salt[1] = big(header + HEADER_SALT + 4);
	return true;
}

void wal_mark_text(const struct wal_mark *mark, char out[WAL_MARK_BYTES + 1])
{
	int len = snprintf(out, WAL_MARK_BYTES,
	                   "wal boot=%s file=%" PRIx64 ":%" PRIx64 " salt=%08x%08x frames=%" PRId64,
	                   mark->boot, mark->device, mark->inode, mark->salt[0], mark->salt[1],
	                   mark->frames);

	/* Of one length, so that one write takes the place of the one before. */
	assert(len > 0 && len < WAL_MARK_BYTES);
	memset(out + len, ' ', (size_t)(WAL_MARK_BYTES - len));
	out[WAL_MARK_BYTES - 1] = '\n';
	out[WAL_MARK_BYTES] = '\0';
}

bool wal_mark_parse(const char *text, struct wal_mark *mark_out)
{
	struct wal_mark mark = { .inode = 0 };

	if (sscanf(text,
	           "wal boot=%39s file=%" SCNx64 ":%" SCNx64 " salt=%8" SCNx32 "%8" SCNx32
	           " frames=%" SCNd64,
	           mark.boot, &mark.device, &mark.inode, &mark.salt[0], &mark.salt[1],
	           &mark.frames) != 6)
		return false;
	*mark_out = mark;
	return true;
}

static int64_t nanoseconds(struct timespec moment)
{
	return (int64_t)moment.tv_sec * INT64_C(1000000000) + moment.tv_nsec;
}

/* Does the WAL hold what was noted of it? */
static int check_mark(const char *wal_path, const struct wal_mark *mark, int64_t marked_ns,
                      const struct stat *ledger, const struct wal_scan *scan, struct fault *fault)
{
	/* Another program of SQLite may have copied it all into the ledger since. */
	bool copied = nanoseconds(ledger->st_mtim) >= marked_ns;
	struct wal_mark now;

	wal_mark_init(&now, 0, 0);
	if (mark->frames == 0 || now.boot[0] == '\0' || strcmp(mark->boot, now.boot) != 0)
		return 0;
	if (scan->bytes < WAL_HEADER_BYTES && !copied)
		return fault_set(fault, FAULT_CORRUPT,
		                 "%s: gone or cut to %lld bytes, and its writer had not emptied "
		                 "it: " ADVICE,
		                 wal_path, (long long)scan->bytes);
	if (scan->bytes >= WAL_HEADER_BYTES && !scan->header)
		return fault_set(fault, FAULT_CORRUPT, "%s: its header is damaged: " ADVICE,
		                 wal_path);
	if (scan->header && scan->salt[0] == mark->salt[0] && scan->salt[1] == mark->salt[1] &&
	    scan->frames < mark->frames)
		return fault_set(fault, FAULT_CORRUPT,
		                 "%s: it is whole up to frame %lld, and its writer had stored up "
		                 "to frame %lld: " ADVICE,
		                 wal_path, (long long)scan->frames, (long long)mark->frames);
	return 0;
}

int wal_check(const char *ledger_path, const struct wal_mark *mark, int64_t marked_ns,
              struct wal_scan *scan_out, struct fault *fault)
{
	char wal_path[PATH_MAX];
	struct wal_scan scan;
	struct stat ledger;
	int r = files_beside(ledger_path, "-wal", wal_path, fault);
	bool same;

	if (r == 0)
		r = wal_scan(wal_path, &scan, fault);
	if (r < 0)
		return r;
	*scan_out = scan;
	/* Where there is none SQLite tells. */
	if (stat(ledger_path, &ledger) < 0)
		return errno == ENOENT ? 0 : files_fault(ledger_path, fault);
	same = mark != NULL && mark->inode == (uint64_t)ledger.st_ino &&
	       mark->device == (uint64_t)ledger.st_dev;
	if (ledger.st_size == 0 && (same || scan.bytes > 0))
		return fault_set(fault, FAULT_CORRUPT,
		                 "%s: the file is empty, and was a ledger: restore a backup, or "
		                 "remove it to begin anew",
		                 ledger_path);
	if (scan.damaged && !scan.header)
		return fault_set(fault, FAULT_CORRUPT, "%s: its header is damaged: " ADVICE,
		                 wal_path);
	if (scan.damaged)
		return fault_set(
			fault, FAULT_CORRUPT,
			"%s: frame %lld is damaged, and later transactions follow it: " ADVICE,
			wal_path, (long long)scan.broken);
	return same ? check_mark(wal_path, mark, marked_ns, &ledger, &scan, fault) : 0;
}
