/* The disk of powervfs.h: what may be there after a power cut. */
#include "tests/support/powervfs.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { SECTOR_BYTES = 512, PATH_BYTES = 512 };

/* A write or a new size that was not synced. */
struct pending {
	bool truncates;
	int64_t offset;
	size_t len;
	const unsigned char *bytes; /* of the record */
};

struct power_inode {
	struct power_inode *next;
	struct power_bytes synced;
	struct pending *pending;
	size_t count, cap;
};

static const char *const suffixes[POWER_FILES] = { "", "-wal", "-journal" };

uint64_t power_random(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static void resize(struct power_bytes *bytes, size_t len)
{
	if (len > bytes->cap) {
		bytes->cap = len * 2;
		bytes->at = realloc(bytes->at, bytes->cap);
		assert_non_null(bytes->at);
	}
	if (len > bytes->len)
		memset(bytes->at + bytes->len, 0, len - bytes->len);
	bytes->len = len;
}

static void copy(struct power_bytes *to, const struct power_bytes *from)
{
	resize(to, 0);
	resize(to, from->len);
	if (from->len > 0)
		memcpy(to->at, from->at, from->len);
}

static struct power_inode *inode_new(struct power_disk *disk)
{
	struct power_inode *inode = calloc(1, sizeof(*inode));

	assert_non_null(inode);
	inode->next = disk->all;
	disk->all = inode;
	return inode;
}

void power_disk_init(struct power_disk *disk, const struct power_trace *trace)
{
	*disk = (struct power_disk){ .all = NULL };
	for (int i = 0; i < POWER_FILES; i++) {
		if (!trace->there[i])
			continue;
		disk->now[i] = disk->durable[i] = inode_new(disk);
		copy(&disk->now[i]->synced, &trace->start[i]);
	}
}

void power_disk_release(struct power_disk *disk)
{
	while (disk->all != NULL) {
		struct power_inode *next = disk->all->next;

		free(disk->all->synced.at);
		free(disk->all->pending);
		free(disk->all);
		disk->all = next;
	}
}

static void add_pending(struct power_inode *inode, const struct power_op *op)
{
	if (inode->count == inode->cap) {
		inode->cap = inode->cap > 0 ? inode->cap * 2 : 64;
		inode->pending = realloc(inode->pending, inode->cap * sizeof(*inode->pending));
		assert_non_null(inode->pending);
	}
	inode->pending[inode->count++] = (struct pending){
		op->kind == POWER_TRUNCATE,
		op->offset,
		op->len,
		op->bytes,
	};
}

/* How much of what is pending gets there, in 256ths: of the writes, of the sectors of others. */
struct chances {
	unsigned write, sector, truncate;
	bool garbage; /* what is not there, behind the end, is anything */
};

static const struct chances all_of_it = { 256, 256, 256, false };

static struct chances draw(uint64_t *random)
{
	static const unsigned of_writes[] = { 0, 0, 24, 128, 128, 232, 256 };
	static const unsigned of_sectors[] = { 0, 0, 64, 128, 240 };
	uint64_t drawn = power_random(random);

	return (struct chances){
		of_writes[drawn % 7],
		of_sectors[(drawn >> 16) % 5],
		(unsigned)((drawn >> 32) % 3) * 128,
		(drawn >> 48) % 4 == 0,
	};
}

static bool happens(unsigned chance, uint64_t *random)
{
	return chance == 256 || (chance > 0 && power_random(random) % 256 < chance);
}

static void put_sector(struct power_bytes *to, size_t synced_len, int64_t at,
                       const unsigned char *bytes, size_t len, const struct chances *chances,
                       uint64_t *random)
{
	size_t old_len = to->len, end = (size_t)at + len;

	if (end > old_len)
		resize(to, end);
	if (bytes != NULL) {
		memcpy(to->at + at, bytes, len);
		return;
	}
	for (size_t i = (size_t)at; chances->garbage && i < end; i++) {
		if (i >= synced_len && i >= old_len)
			to->at[i] = (unsigned char)power_random(random);
	}
}

/* What may be there of what is pending goes over what was synced. */
static void settle(const struct power_inode *inode, struct power_bytes *to,
                   const struct chances *chances, uint64_t *random)
{
	size_t synced_len = inode->synced.len;

	for (size_t i = 0; i < inode->count; i++) {
		const struct pending *pending = &inode->pending[i];
		bool whole = happens(pending->truncates ? chances->truncate : chances->write,
		                     random);
		int64_t at = pending->offset, end = at + (int64_t)pending->len;

		if (pending->truncates) {
			if (whole)
				resize(to, (size_t)pending->offset);
			continue;
		}
		/* A size that was stored for nothing leaves room behind the end. */
		while (at < end) {
			int64_t sector_end = (at / SECTOR_BYTES + 1) * SECTOR_BYTES;
			int64_t stop = sector_end < end ? sector_end : end;
			const unsigned char *bytes = pending->bytes + (at - pending->offset);

			if (whole || happens(chances->sector, random))
				put_sector(to, synced_len, at, bytes, (size_t)(stop - at), chances,
				           random);
			else if (chances->garbage)
				put_sector(to, synced_len, at, NULL, (size_t)(stop - at), chances,
				           random);
			at = stop;
		}
	}
}

void power_disk_apply(struct power_disk *disk, const struct power_op *op, uint64_t *random)
{
	struct power_inode *inode = disk->now[op->file];
	struct chances chances = all_of_it;

	switch (op->kind) {
	case POWER_CREATE:
		disk->now[op->file] = inode_new(disk);
		return;
	case POWER_WRITE:
	case POWER_TRUNCATE:
		assert_non_null(inode);
		add_pending(inode, op);
		return;
	case POWER_SYNC_FAILED:
		chances = draw(random);
		/* fall through */
	case POWER_SYNC:
		assert_non_null(inode);
		settle(inode, &inode->synced, &chances, random);
		inode->count = 0;
		return;
	case POWER_DELETE:
		disk->now[op->file] = NULL;
		return;
	case POWER_FOLDER:
		memcpy(disk->durable, disk->now, sizeof(disk->now));
		return;
	case POWER_MARK:
		return;
	}
}

bool power_disk_pending(const struct power_disk *disk)
{
	for (int i = 0; i < POWER_FILES; i++) {
		if (disk->now[i] != disk->durable[i] ||
		    (disk->now[i] != NULL && disk->now[i]->count > 0))
			return true;
	}
	return false;
}

static void put_file(const char *path, const char *suffix, const struct power_bytes *bytes)
{
	char name[PATH_BYTES];
	int fd;

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	if (bytes == NULL) {
		unlink(name);
		return;
	}
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	assert_true(fd >= 0);
	if (bytes->len > 0)
		assert_int_equal(write(fd, bytes->at, bytes->len), (ssize_t)bytes->len);
	close(fd);
}

void power_disk_cut(const struct power_disk *disk, uint64_t *random, const char *path)
{
	static struct power_bytes image;
	unsigned names = (unsigned)(power_random(random) % 4);

	put_file(path, "-shm", NULL);
	for (int i = 0; i < POWER_FILES; i++) {
		const struct power_inode *inode = disk->now[i];
		struct chances chances = draw(random);

		/* None, all, or any of the names. */
		if (names == 0 || (names > 1 && power_random(random) % 2 == 0))
			inode = disk->durable[i];
		if (inode == NULL) {
			put_file(path, suffixes[i], NULL);
			continue;
		}
		copy(&image, &inode->synced);
		settle(inode, &image, &chances, random);
		put_file(path, suffixes[i], &image);
	}
}
