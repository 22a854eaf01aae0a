/*
 * A real tolld for a test: its own folder, ledger and sockets.  The daemon dies with
 * the test; daemonkit_end() removes the folder.  Failures fail the running test.
 */
#ifndef TESTS_SUPPORT_DAEMONKIT_H
#define TESTS_SUPPORT_DAEMONKIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/buf.h"
#include "ledger/ledger.h"
#include "money/money.h"
#include "wire/wire.h"

enum {
	DAEMONKIT_PATH_BYTES = 128,
	DAEMONKIT_WAIT_MS = 120000, /* far longer than anything takes: only a hang reaches it */
	DAEMONKIT_ARGUMENTS_MAX = 24,
};

struct daemonkit {
	char folder[64];
	char ledger[DAEMONKIT_PATH_BYTES], socket[DAEMONKIT_PATH_BYTES],
		control[DAEMONKIT_PATH_BYTES];
	char log[DAEMONKIT_PATH_BYTES], prices[DAEMONKIT_PATH_BYTES];
	pid_t pid; /* 0: not running */
	/* A program that tolld is run under, with its arguments, ended by NULL; it must exec it. */
	const char *const *under;
};

/* One model, "m/a": input 1 USD, output 2 USD per 1M tokens, since 2020. */
extern const char daemonkit_book[];

/* Arguments: a commit an event, room for two, and an end that gives no time beyond what is owed. */
extern const char *const daemonkit_narrow[];

void daemonkit_begin(struct daemonkit *kit); /* the folder and a price book, no daemon */
void daemonkit_end(struct daemonkit *kit);

/* `arguments`: further ones, ended by NULL.  Returns when it answers on its socket. */
void daemonkit_start(struct daemonkit *kit, const char *const arguments[]);
/* Starts it with just these arguments, and its output in kit->log; does not wait. */
void daemonkit_spawn(struct daemonkit *kit, const char *const arguments[]);
/* The same under a limit of open files; NULL: the test's own. */
void daemonkit_spawn_within(struct daemonkit *kit, const char *const arguments[],
                            const struct rlimit *files);
int daemonkit_wait_exit(struct daemonkit *kit); /* exit code, or -signal */
/* Whether it has ended; then *exit_out is what daemonkit_wait_exit() would have returned. */
bool daemonkit_gone(struct daemonkit *kit, int *exit_out);
int daemonkit_stop(struct daemonkit *kit);  /* SIGTERM, then wait */
void daemonkit_kill(struct daemonkit *kit); /* SIGKILL, then wait */
/* Waits until the log contains `words`. */
void daemonkit_wait_log(struct daemonkit *kit, const char *words);
bool daemonkit_logged(struct daemonkit *kit, const char *words);
int64_t daemonkit_resident_kib(const struct daemonkit *kit); /* VmRSS */

int daemonkit_connect(const char *socket); /* fd, or -1 with errno */
/* Connects and says hello; `source` may be NULL. */
int daemonkit_hello(struct daemonkit *kit, const char *source, bool ack);
void daemonkit_send(int fd, const void *bytes, size_t len);
void daemonkit_send_text(int fd, const char *text);
/*
 * Sends whole lines off the front of `lines` while the socket takes them without a reader,
 * which is as many as the machine's limits allow; returns their bytes.
 */
size_t daemonkit_fill_socket(int fd, struct text lines);
/* Fills it with at most `count` events "PREFIX-0" ...; returns how many there was room for. */
int64_t daemonkit_fill_events(int fd, const char *prefix, int count);
/* One event on a connection of its own, until it is acknowledged. */
void daemonkit_send_one(struct daemonkit *kit, const char *id, struct wire_ack *ack_out);
/* The next line without its newline; false at the end of the connection. */
bool daemonkit_line(int fd, struct buf *line);
/* Reads acknowledgements until `lines` are; the last one stays in *ack_out. */
void daemonkit_wait_ack(int fd, int64_t lines, struct wire_ack *ack_out);
/* Nothing comes for `ms`. */
bool daemonkit_silent(int fd, int ms);

/* An event line with its newline: 1000 tokens in, 10 out, of model m/a. */
void daemonkit_event(struct buf *out, const char *id);
/* `count` of them: "PREFIX-0", "PREFIX-1" ... */
void daemonkit_events(struct buf *out, const char *prefix, int count);
enum { KIT_EVENT_INPUT = 1000, KIT_EVENT_OUTPUT = 10 };
/* What one costs: 1000 x 1 + 10 x 2 USD per 1M. */
#define KIT_EVENT_NANOS INT64_C(1020000)

/* The ledger as it is now. */
struct ledger_status daemonkit_status(const struct daemonkit *kit);
/* The sum of all events' amounts, after `toll verify`'s function found nothing. */
struct money daemonkit_verified_amount(const struct daemonkit *kit);

void daemonkit_write(const char *path, const char *text); /* a whole file */
/* Path of a built program: $TOLL_BUILD/NAME. */
void daemonkit_program(char out[DAEMONKIT_PATH_BYTES], const char *name);
int64_t daemonkit_now_ms(void); /* monotonic */

#endif
