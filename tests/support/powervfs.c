/* The VFS of powervfs.h: what is passed through, what is noted, what is made to fail. */
#include "tests/support/powervfs.h"

#include <errno.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* FAILABLE: of a folder that is watched; nothing of it is recorded. */
enum { PATH_BYTES = 512, UNWATCHED = -1, FAILABLE = POWER_FILES };

static const char *const suffixes[POWER_FILES] = { "", "-wal", "-journal" };

/* What a fault is a fault of. */
enum verb { VERB_WRITE, VERB_SYNC, VERB_TRUNCATE, VERB_READ, VERBS };

static const struct {
	const char *name;
	enum verb verb;
	int error;
} faults[FAULTY_WRITE_FLIP + 1] = {
	[FAULTY_WRITE_EIO] = { "write EIO", VERB_WRITE, EIO },
	[FAULTY_WRITE_ENOSPC] = { "write ENOSPC", VERB_WRITE, ENOSPC },
	[FAULTY_WRITE_EDQUOT] = { "write EDQUOT", VERB_WRITE, EDQUOT },
	[FAULTY_WRITE_SHORT] = { "short write, then ENOSPC", VERB_WRITE, ENOSPC },
	[FAULTY_WRITE_HALF] = { "short write, then the rest", VERB_WRITE, 0 },
	[FAULTY_SYNC_EIO] = { "sync EIO", VERB_SYNC, EIO },
	[FAULTY_SYNC_ENOSPC] = { "sync ENOSPC", VERB_SYNC, ENOSPC },
	[FAULTY_TRUNCATE_EIO] = { "truncate EIO", VERB_TRUNCATE, EIO },
	[FAULTY_READ_EIO] = { "read EIO", VERB_READ, EIO },
	[FAULTY_WRITE_FLIP] = { "write of a wrong bit", VERB_WRITE, 0 },
};

struct shim_file {
	sqlite3_file base;
	sqlite3_file *real; /* behind this struct */
	int which;          /* enum power_file, or UNWATCHED */
	int error;          /* of a sync that was made to fail; 0: what the real one says */
	char path[PATH_BYTES];
};

static struct {
	sqlite3_vfs vfs, *real;
	char path[PATH_BYTES];     /* of the ledger, or of a folder */
	struct power_trace *trace; /* NULL: nothing is recorded */
	bool folder;               /* all that is in it is watched */
	char failed_path[PATH_BYTES];
	bool named[POWER_FILES]; /* there is a file of that name */
	uint64_t operations[VERBS];
	uint64_t random;
	/* Death. */
	bool dead;
	uint64_t dies_at, done; /* of operations; 0: it does not */
	/* Faults. */
	bool failing, sticky;
	enum power_fault fault;
	uint64_t fails_at, failed;
} power;

/* The call that is under way, of each thread its own: what is watched may be used by several. */
static _Thread_local struct {
	bool armed;         /* its system calls fail */
	bool half;          /* after half of it */
	size_t wrote;       /* by it */
	bool folder_opened; /* in it */
} call;

/* --- system calls -------------------------------------------------------- */

typedef int open_folder_fn(const char *path, int *fd_out);
typedef ssize_t write_fn(int fd, const void *bytes, size_t len);
typedef ssize_t pwrite_fn(int fd, const void *bytes, size_t len, off_t offset);
typedef ssize_t read_fn(int fd, void *bytes, size_t len);
typedef ssize_t pread_fn(int fd, void *bytes, size_t len, off_t offset);
typedef int truncate_fn(int fd, off_t len);

static open_folder_fn *real_open_folder;
static write_fn *real_write;
static pwrite_fn *real_pwrite, *real_pwrite64;
static read_fn *real_read;
static pread_fn *real_pread, *real_pread64;
static truncate_fn *real_truncate;

static int shim_open_folder(const char *path, int *fd_out)
{
	int r = real_open_folder(path, fd_out);

	call.folder_opened = call.folder_opened || r == 0;
	return r;
}

/* How much of it may be written; 0: it fails. */
static size_t may_write(size_t len)
{
	/* Of one byte there is no half. */
	if (!call.armed || (power.fault == FAULTY_WRITE_HALF && len == 1))
		return len;
	if (call.half && len > 1) {
		call.half = false;
		/* The rest of it goes well, or fails. */
		call.armed = power.fault != FAULTY_WRITE_HALF;
		return len / 2;
	}
	errno = faults[power.fault].error;
	return 0;
}

static ssize_t note_written(ssize_t wrote)
{
	if (wrote > 0)
		call.wrote += (size_t)wrote;
	return wrote;
}

static ssize_t shim_sys_write(int fd, const void *bytes, size_t len)
{
	size_t may = may_write(len);

	return may == 0 ? -1 : note_written(real_write(fd, bytes, may));
}

static ssize_t shim_sys_pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
	size_t may = may_write(len);

	return may == 0 ? -1 : note_written(real_pwrite(fd, bytes, may, offset));
}

static ssize_t shim_sys_pwrite64(int fd, const void *bytes, size_t len, off_t offset)
{
	size_t may = may_write(len);

	return may == 0 ? -1 : note_written(real_pwrite64(fd, bytes, may, offset));
}

static bool may_do(void)
{
	if (call.armed)
		errno = faults[power.fault].error;
	return !call.armed;
}

static ssize_t shim_sys_read(int fd, void *bytes, size_t len)
{
	return may_do() ? real_read(fd, bytes, len) : -1;
}

static ssize_t shim_sys_pread(int fd, void *bytes, size_t len, off_t offset)
{
	return may_do() ? real_pread(fd, bytes, len, offset) : -1;
}

static ssize_t shim_sys_pread64(int fd, void *bytes, size_t len, off_t offset)
{
	return may_do() ? real_pread64(fd, bytes, len, offset) : -1;
}

static int shim_sys_truncate(int fd, off_t len)
{
	return may_do() ? real_truncate(fd, len) : -1;
}

#define CALL(name, shim, real)                                                                     \
	{                                                                                          \
		name, (sqlite3_syscall_ptr)(shim), (sqlite3_syscall_ptr *)(void *)(real)           \
	}

/* Which of them this SQLite was built with is its affair. */
static void take_system_calls(void)
{
	const struct {
		const char *name;
		sqlite3_syscall_ptr shim, *real;
	} calls[] = {
		CALL("openDirectory", shim_open_folder, &real_open_folder),
		CALL("write", shim_sys_write, &real_write),
		CALL("pwrite", shim_sys_pwrite, &real_pwrite),
		CALL("pwrite64", shim_sys_pwrite64, &real_pwrite64),
		CALL("read", shim_sys_read, &real_read),
		CALL("pread", shim_sys_pread, &real_pread),
		CALL("pread64", shim_sys_pread64, &real_pread64),
		CALL("ftruncate", shim_sys_truncate, &real_truncate),
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		*calls[i].real = power.real->xGetSystemCall(power.real, calls[i].name);
		if (*calls[i].real != NULL)
			assert_int_equal(power.real->xSetSystemCall(power.real, calls[i].name,
			                                            calls[i].shim),
			                 SQLITE_OK);
	}
}

/* --- the record ---------------------------------------------------------- */

static void note(enum power_kind kind, int which, int64_t offset, const void *bytes, size_t len)
{
	struct power_trace *trace = power.trace;
	struct power_op *op;

	if (trace == NULL || power.dead)
		return;
	if (trace->count == trace->cap) {
		trace->cap = trace->cap > 0 ? trace->cap * 2 : 1024;
		trace->ops = realloc(trace->ops, trace->cap * sizeof(*trace->ops));
		assert_non_null(trace->ops);
	}
	op = &trace->ops[trace->count++];
	*op = (struct power_op){ kind, (enum power_file)which, offset, len, NULL };
	if (len > 0) {
		op->bytes = malloc(len);
		assert_non_null(op->bytes);
		memcpy(op->bytes, bytes, len);
	}
}

/* Whether this operation reaches a file. */
static bool lives(const struct shim_file *file)
{
	if (file->which == UNWATCHED || power.trace == NULL)
		return true;
	if (!power.dead && power.dies_at > 0 && ++power.done == power.dies_at)
		power.dead = true;
	return !power.dead;
}

/* Before an operation: whether it is the one to fail.  Behind it comes disarm(). */
static bool arm(const struct shim_file *file, enum verb verb)
{
	uint64_t k;

	call.wrote = 0;
	if (file->which == UNWATCHED || (power.trace == NULL && !power.folder))
		return false;
	k = power.operations[verb]++;
	if (!power.failing || faults[power.fault].verb != verb ||
	    !(power.sticky ? k >= power.fails_at : k == power.fails_at))
		return false;
	if (power.failed++ == 0)
		memcpy(power.failed_path, file->path, PATH_BYTES);
	call.half = power.fault == FAULTY_WRITE_SHORT || power.fault == FAULTY_WRITE_HALF;
	call.armed = true;
	return true;
}

static void disarm(void)
{
	call.armed = call.half = false;
}

static void note_folder(void)
{
	if (call.folder_opened)
		note(POWER_FOLDER, POWER_LEDGER, 0, NULL, 0);
	call.folder_opened = false;
}

/* --- a file -------------------------------------------------------------- */

static struct shim_file *shim_of(sqlite3_file *file)
{
	return (struct shim_file *)(void *)file;
}

static int shim_close(sqlite3_file *file)
{
	return shim_of(file)->real->pMethods->xClose(shim_of(file)->real);
}

static int shim_read(sqlite3_file *file, void *bytes, int len, sqlite3_int64 offset)
{
	struct shim_file *shim = shim_of(file);
	int code;

	arm(shim, VERB_READ);
	code = shim->real->pMethods->xRead(shim->real, bytes, len, offset);
	disarm();
	return code;
}

/* The same bytes but for one bit, until the next call. */
static const void *flipped(const void *bytes, int len)
{
	static unsigned char copy[65536];
	uint64_t bit = power_random(&power.random) % ((uint64_t)len * 8);

	assert_true((size_t)len <= sizeof(copy));
	memcpy(copy, bytes, (size_t)len);
	copy[bit / 8] ^= (unsigned char)(1U << bit % 8);
	return copy;
}

static int shim_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 offset)
{
	struct shim_file *shim = shim_of(file);
	int code;

	if (!lives(shim))
		return SQLITE_OK;
	if (arm(shim, VERB_WRITE) && power.fault == FAULTY_WRITE_FLIP) {
		disarm();
		bytes = flipped(bytes, len);
	}
	code = shim->real->pMethods->xWrite(shim->real, bytes, len, offset);
	disarm();
	if (shim->which != UNWATCHED && call.wrote > 0)
		note(POWER_WRITE, shim->which, offset, bytes, call.wrote);
	return code;
}

static int shim_truncate(sqlite3_file *file, sqlite3_int64 len)
{
	struct shim_file *shim = shim_of(file);
	int code;

	if (!lives(shim))
		return SQLITE_OK;
	arm(shim, VERB_TRUNCATE);
	code = shim->real->pMethods->xTruncate(shim->real, len);
	disarm();
	if (shim->which != UNWATCHED && code == SQLITE_OK)
		note(POWER_TRUNCATE, shim->which, len, NULL, 0);
	return code;
}

static int shim_sync(sqlite3_file *file, int flags)
{
	struct shim_file *shim = shim_of(file);
	int code;

	if (!lives(shim))
		return SQLITE_OK;
	/* Not by a system call: SQLite lets nobody in between there. */
	if (arm(shim, VERB_SYNC)) {
		disarm();
		shim->error = errno = faults[power.fault].error;
		note(POWER_SYNC_FAILED, shim->which, 0, NULL, 0);
		return SQLITE_IOERR_FSYNC;
	}
	shim->error = 0;
	code = shim->real->pMethods->xSync(shim->real, flags);
	if (shim->which != UNWATCHED && code == SQLITE_OK) {
		note(POWER_SYNC, shim->which, 0, NULL, 0);
		note_folder();
	}
	return code;
}

static int shim_size(sqlite3_file *file, sqlite3_int64 *size_out)
{
	return shim_of(file)->real->pMethods->xFileSize(shim_of(file)->real, size_out);
}

static int shim_lock(sqlite3_file *file, int level)
{
	return shim_of(file)->real->pMethods->xLock(shim_of(file)->real, level);
}

static int shim_unlock(sqlite3_file *file, int level)
{
	return shim_of(file)->real->pMethods->xUnlock(shim_of(file)->real, level);
}

static int shim_reserved(sqlite3_file *file, int *reserved_out)
{
	return shim_of(file)->real->pMethods->xCheckReservedLock(shim_of(file)->real, reserved_out);
}

static int shim_control(sqlite3_file *file, int op, void *argument)
{
	struct shim_file *shim = shim_of(file);

	if (op == SQLITE_FCNTL_LAST_ERRNO && shim->error != 0) {
		*(int *)argument = shim->error;
		return SQLITE_OK;
	}
	return shim->real->pMethods->xFileControl(shim->real, op, argument);
}

static int shim_sector(sqlite3_file *file)
{
	return shim_of(file)->real->pMethods->xSectorSize(shim_of(file)->real);
}

static int shim_traits(sqlite3_file *file)
{
	return shim_of(file)->real->pMethods->xDeviceCharacteristics(shim_of(file)->real);
}

static int shim_map(sqlite3_file *file, int page, int page_bytes, int extend, void volatile **out)
{
	struct shim_file *shim = shim_of(file);
	int code;

	/* The index of the WAL is a file, too, and grows by writing. */
	if (extend != 0)
		arm(shim, VERB_WRITE);
	code = shim->real->pMethods->xShmMap(shim->real, page, page_bytes, extend, out);
	disarm();
	return code;
}

static int shim_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
	return shim_of(file)->real->pMethods->xShmLock(shim_of(file)->real, offset, count, flags);
}

static void shim_barrier(sqlite3_file *file)
{
	shim_of(file)->real->pMethods->xShmBarrier(shim_of(file)->real);
}

static int shim_unmap(sqlite3_file *file, int delete)
{
	return shim_of(file)->real->pMethods->xShmUnmap(shim_of(file)->real, delete);
}

static int shim_fetch(sqlite3_file *file, sqlite3_int64 offset, int len, void **out)
{
	return shim_of(file)->real->pMethods->xFetch(shim_of(file)->real, offset, len, out);
}

static int shim_unfetch(sqlite3_file *file, sqlite3_int64 offset, void *at)
{
	return shim_of(file)->real->pMethods->xUnfetch(shim_of(file)->real, offset, at);
}

static const sqlite3_io_methods shim_methods = {
	.iVersion = 3,
	.xClose = shim_close,
	.xRead = shim_read,
	.xWrite = shim_write,
	.xTruncate = shim_truncate,
	.xSync = shim_sync,
	.xFileSize = shim_size,
	.xLock = shim_lock,
	.xUnlock = shim_unlock,
	.xCheckReservedLock = shim_reserved,
	.xFileControl = shim_control,
	.xSectorSize = shim_sector,
	.xDeviceCharacteristics = shim_traits,
	.xShmMap = shim_map,
	.xShmLock = shim_shm_lock,
	.xShmBarrier = shim_barrier,
	.xShmUnmap = shim_unmap,
	.xFetch = shim_fetch,
	.xUnfetch = shim_unfetch,
};

/* --- the folder ---------------------------------------------------------- */

static bool is_recorded(int which)
{
	return which >= 0 && which < POWER_FILES;
}

static int which_of(const char *name)
{
	size_t len = strlen(power.path);

	if ((power.trace == NULL && !power.folder) || name == NULL ||
	    strncmp(name, power.path, len) != 0)
		return UNWATCHED;
	if (power.folder)
		return FAILABLE;
	for (int i = 0; i < POWER_FILES; i++) {
		if (strcmp(name + len, suffixes[i]) == 0)
			return i;
	}
	return UNWATCHED;
}

static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                     int *flags_out)
{
	struct shim_file *shim = shim_of(file);
	int code;

	(void)vfs;
	*shim = (struct shim_file){ .which = which_of(name) };
	snprintf(shim->path, sizeof(shim->path), "%s", name != NULL ? name : "");
	shim->real = (sqlite3_file *)(void *)(shim + 1);
	/* The dead make no file. */
	if (is_recorded(shim->which) && power.dead && !power.named[shim->which])
		return SQLITE_CANTOPEN;
	code = power.real->xOpen(power.real, name, shim->real, flags, flags_out);
	/* It closes what has methods, also after a failure. */
	shim->base.pMethods = shim->real->pMethods != NULL ? &shim_methods : NULL;
	if (code == SQLITE_OK && is_recorded(shim->which) && !power.named[shim->which]) {
		power.named[shim->which] = true;
		note(POWER_CREATE, shim->which, 0, NULL, 0);
	}
	return code;
}

static int shim_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
	int which = which_of(name), code;

	(void)vfs;
	if (is_recorded(which) && power.dead)
		return SQLITE_OK;
	call.folder_opened = false;
	code = power.real->xDelete(power.real, name, sync_folder);
	if (is_recorded(which) && code == SQLITE_OK) {
		power.named[which] = false;
		note(POWER_DELETE, which, 0, NULL, 0);
		note_folder();
	}
	return code;
}

static int shim_randomness(sqlite3_vfs *vfs, int len, char *out)
{
	(void)vfs;
	for (int i = 0; i < len; i++)
		out[i] = (char)power_random(&power.random);
	return len;
}

void power_install(void)
{
	if (power.real != NULL)
		return;
	power.real = sqlite3_vfs_find(NULL);
	assert_non_null(power.real);
	take_system_calls();
	/* What has no file in it is the real one's own, and looks at nothing of its struct. */
	power.vfs = *power.real;
	power.vfs.zName = "power";
	power.vfs.pNext = NULL;
	power.vfs.szOsFile = (int)sizeof(struct shim_file) + power.real->szOsFile;
	power.vfs.xOpen = shim_open;
	power.vfs.xDelete = shim_delete;
	power.vfs.xRandomness = shim_randomness;
	assert_int_equal(sqlite3_vfs_register(&power.vfs, 1), SQLITE_OK);
}

/* --- what a test asks for ------------------------------------------------ */

static void read_start(struct power_trace *trace, int which)
{
	char name[PATH_BYTES + 16];
	struct power_bytes *start = &trace->start[which];
	FILE *file;
	long len;

	snprintf(name, sizeof(name), "%s%s", power.path, suffixes[which]);
	file = fopen(name, "rb");
	trace->there[which] = power.named[which] = file != NULL;
	if (file == NULL)
		return;
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	len = ftell(file);
	rewind(file);
	start->len = start->cap = (size_t)len;
	start->at = malloc((size_t)len + 1);
	assert_non_null(start->at);
	assert_int_equal(fread(start->at, 1, start->len, file), start->len);
	fclose(file);
}

void power_record(struct power_trace *trace, const char *path)
{
	assert_non_null(power.real);
	assert_true(strlen(path) < PATH_BYTES);
	*trace = (struct power_trace){ .ops = NULL };
	snprintf(power.path, sizeof(power.path), "%s", path);
	for (int i = 0; i < POWER_FILES; i++)
		read_start(trace, i);
	power.trace = trace;
	power.folder = false;
	memset(power.operations, 0, sizeof(power.operations));
	call.folder_opened = false;
	power_mend();
	power_revive();
}

void power_watch(const char *folder)
{
	assert_non_null(power.real);
	assert_true(strlen(folder) < PATH_BYTES);
	power.trace = NULL;
	snprintf(power.path, sizeof(power.path), "%s", folder);
	power.folder = true;
	memset(power.operations, 0, sizeof(power.operations));
	power_mend();
}

const char *power_failed_path(void)
{
	return power.failed_path;
}

void power_seed(uint64_t seed)
{
	power.random = seed;
	/* It asks for a new beginning the next time. */
	sqlite3_randomness(0, NULL);
}

void power_mark(int64_t mark)
{
	note(POWER_MARK, POWER_LEDGER, mark, NULL, 0);
}

void power_stop(void)
{
	power.trace = NULL;
	power.folder = false;
	power_mend();
	power_revive();
}

void power_trace_release(struct power_trace *trace)
{
	for (size_t i = 0; i < trace->count; i++)
		free(trace->ops[i].bytes);
	for (int i = 0; i < POWER_FILES; i++)
		free(trace->start[i].at);
	free(trace->ops);
	*trace = (struct power_trace){ .ops = NULL };
}

void power_die_at(uint64_t operation)
{
	power.dead = operation == 0;
	power.dies_at = operation;
	power.done = 0;
}

void power_revive(void)
{
	power.dead = false;
	power.dies_at = power.done = 0;
}

bool power_is_dead(void)
{
	return power.dead;
}

const char *power_fault_name(enum power_fault fault)
{
	return faults[fault].name;
}

void power_fail(enum power_fault fault, uint64_t k, bool sticky)
{
	power.failing = true;
	power.sticky = sticky;
	power.fault = fault;
	power.fails_at = power.operations[faults[fault].verb] + k;
	power.failed = 0;
}

void power_mend(void)
{
	power.failing = false;
}

uint64_t power_failed(void)
{
	return power.failed;
}

uint64_t power_operations(enum power_fault fault)
{
	return power.operations[faults[fault].verb];
}
