/*
 * More than the real daemon can take, for a while: gateways as fast as the socket goes, a
 * thousand connections, one of a byte a second, half lines, ones that never read what they are
 * told or vanish before, hostile lines.  Memory stays under a limit that follows from the
 * settings, the polite ones are served all the time, the senders feel it, and what was
 * acknowledged stands exactly once.  Then a load of four fifths: nothing grows.
 *
 * SEED and TOLL_SECONDS come from the environment; the seed is printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/connection.h"
#include "ingest/ingest.h"
#include "ledger/read.h"
#include "tests/support/crowd.h"
#include "tests/support/daemonkit.h"

/* The daemon's settings. */
enum {
	CONNECTIONS = 1100,
	QUEUE_BATCHES = 4,
	BATCH_LINES = 1024,
	BATCH_BYTES = 1024 * 1024,
	LINE_BYTES = 8192,
	IDENTITIES = 65536,
};
static const char *const arguments[] = { "--connections-max",
	                                 "1100",
	                                 "--uid-connections-max",
	                                 "1100",
	                                 "--batch-events-max",
	                                 "1024",
	                                 "--batch-bytes-max",
	                                 "1048576",
	                                 "--line-bytes-max",
	                                 "8192",
	                                 "--line-timeout-s",
	                                 "2",
	                                 "--identity-bytes-max",
	                                 "2097152",
	                                 NULL };

enum {
	SECONDS_SHORT = 16,
	CLIENTS = 1000, /* and those of the sanitizers' runs */
	CLIENTS_SLOW = 250,
	FLOODS = 4,
	DEAFS = 4,
	SLOWS = 4,
	HALVES = 20,
	VANISHES = 8,
	HOSTILES = 20,
	PACED = 4,
	PROCESSES = 3,
	CROWD_PROCESS = 2, /* of all who do not flood */
	POLITE_ACKS_MIN = 3,
	SAMPLE_MS = 50,
	WARM_EVENTS = 100000,
	WARM_EVENTS_SLOW = 2000, /* where memory is not looked at */
};

/*
 * What the settings allow, in KiB.  An event in a batch is its line and what was decoded of it,
 * and the arena gives whole blocks; who has sent more than there is room for holds what one
 * read brought; SQLite has a cache and a statement's memory; the program itself is the rest.
 */
enum {
	KIB = 1024,
	ITEM_BYTES = sizeof(struct ingest_item) + sizeof(void *),
	DECODED_BYTES = 1024, /* of an event, beside its line */
	BATCH_KIB = (BATCH_BYTES + BATCH_LINES * (ITEM_BYTES + DECODED_BYTES) + LINE_BYTES) / KIB,
	IDENTITIES_KIB = IDENTITIES * 43 / KIB,
	CONNECTION_KIB = (sizeof(struct connection) + LINE_BYTES) / KIB + 1,
	HELD_KIB = (FLOODS + DEAFS + PACED) * READ_BYTES / KIB,
	SQLITE_KIB = 2 * 8 * KIB,
	PROGRAM_KIB = 12 * KIB,
	RESIDENT_KIB_MAX = QUEUE_BATCHES * BATCH_KIB + IDENTITIES_KIB +
	                   CONNECTIONS * CONNECTION_KIB + HELD_KIB + SQLITE_KIB + PROGRAM_KIB,
	/* The writer checkpoints beyond that; one batch may come on top, and readers hold none. */
	WAL_BYTES_MAX = 2 * LEDGER_WAL_PAGES_MAX * 4096,
	GROWTH_KIB_MAX = 2 * KIB, /* of a load that it can take */
};

static struct daemonkit kit;
static struct crowd crowd;
static int64_t taken_per_s; /* of the overload */

static bool is_release(void)
{
	const char *mode = getenv("TOLL_MODE");

	return mode == NULL || strcmp(mode, "release") == 0;
}

static uint64_t seed(void)
{
	const char *text = getenv("SEED");

	return text != NULL && text[0] != '\0' ? strtoull(text, NULL, 10) : 1;
}

static int seconds(void)
{
	const char *text = getenv("TOLL_SECONDS");
	int s = text != NULL && text[0] != '\0' ? atoi(text) : SECONDS_SHORT;

	assert_true(s >= 4);
	return s;
}

static int begin(void **state)
{
	struct rlimit files;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	files.rlim_cur = files.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	daemonkit_begin(&kit);
	daemonkit_start(&kit, arguments);
	return 0;
}

static int end(void **state)
{
	(void)state;
	daemonkit_end(&kit);
	return 0;
}

/* --- what the daemon uses ----------------------------------------------------- */

struct measured {
	int64_t resident_kib, wal_bytes;
	int files;
};

static int count_files(void)
{
	char path[64];
	int count = 0;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)kit.pid);
	folder = opendir(path);
	assert_non_null(folder);
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

static struct measured measure(void)
{
	struct measured usage = { daemonkit_resident_kib(&kit), 0, count_files() };
	char path[DAEMONKIT_PATH_BYTES + 8];
	struct stat status;

	snprintf(path, sizeof(path), "%s-wal", kit.ledger);
	if (stat(path, &status) == 0)
		usage.wal_bytes = status.st_size;
	return usage;
}

static void raise_to(struct measured *most, const struct measured *now)
{
	if (now->resident_kib > most->resident_kib)
		most->resident_kib = now->resident_kib;
	if (now->wal_bytes > most->wal_bytes)
		most->wal_bytes = now->wal_bytes;
	if (now->files > most->files)
		most->files = now->files;
}

/* The most of it in a time. */
static struct measured watch(int64_t ms)
{
	int64_t until = daemonkit_now_ms() + ms;
	struct measured most = { 0, 0, 0 };

	while (daemonkit_now_ms() < until) {
		struct measured now = measure();

		raise_to(&most, &now);
		usleep(SAMPLE_MS * 1000);
	}
	return most;
}

static void wait_files(int files)
{
	int64_t until = daemonkit_now_ms() + DAEMONKIT_WAIT_MS;

	while (count_files() > files) {
		if (daemonkit_now_ms() > until)
			fail_msg("%d open files, %d before", count_files(), files);
		usleep(10000);
	}
}

/* --- what stands in the ledger -------------------------------------------------- */

struct seen {
	unsigned char **of; /* how often each event of each client stands */
	int64_t strangers, events;
	wide nanos;
};

static int mark(void *context, const struct stored_event *row)
{
	struct seen *seen = context;
	struct text source = row->event.source, id = row->event.id;
	int64_t client = -1, n = -1;

	if (source.len < 3 || id.len < 3 ||
	    !text_int((struct text){ source.at + 2, source.len - 2 }, &client) ||
	    !text_int((struct text){ id.at + 2, id.len - 2 }, &n) || client < 0 ||
	    client >= crowd.count || n < 0 || n >= crowd.clients[client].made ||
	    row->amount.attos != (wide)crowd_nanos(n) * ATTOS_PER_NANO) {
		seen->strangers++;
		return 0;
	}
	seen->of[client][n]++;
	seen->events++;
	seen->nanos += crowd_nanos(n);
	return 0;
}

static void check_client(int c, const unsigned char *stands)
{
	const struct crowd_client *client = &crowd.clients[c];

	for (int64_t n = 0; n < client->made; n++) {
		if (stands[n] > 1 || (stands[n] == 0 && n < client->acked))
			fail_msg("%s client c-%d: n-%lld stands %d times; %lld are acknowledged",
			         crowd_kind_names[client->kind], c, (long long)n, stands[n],
			         (long long)client->acked);
	}
}

/* All that was acknowledged stands once, nothing twice, at its price; the sums are of that. */
static int64_t check_ledger(void)
{
	struct seen seen = { .of = calloc((size_t)crowd.count, sizeof(*seen.of)) };
	struct ledger *ledger = NULL;
	struct fault fault;

	assert_non_null(seen.of);
	for (int c = 0; c < crowd.count; c++)
		assert_non_null(seen.of[c] = calloc(1, (size_t)crowd.clients[c].made + 1));
	if (ledger_open_reader(&ledger, kit.ledger, &fault) < 0 ||
	    ledger_each_event(ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, mark, &seen, &fault) < 0)
		fail_msg("%s", fault.text);
	ledger_close(ledger);
	assert_int_equal(seen.strangers, 0);
	for (int c = 0; c < crowd.count; c++) {
		check_client(c, seen.of[c]);
		free(seen.of[c]);
	}
	free(seen.of);
	assert_true(daemonkit_verified_amount(&kit).attos == seen.nanos * ATTOS_PER_NANO);
	return seen.events;
}

static int64_t acknowledged(void)
{
	int64_t sum = 0;

	for (int c = 0; c < crowd.count; c++)
		sum += crowd.clients[c].acked;
	return sum;
}

/* --- more than it can take -------------------------------------------------------- */

static void set_up_crowd(int count)
{
	static const struct {
		enum crowd_kind kind;
		int count;
	} few[] = {
		{ CROWD_FLOOD, FLOODS }, { CROWD_DEAF, DEAFS },      { CROWD_SLOW, SLOWS },
		{ CROWD_HALF, HALVES },  { CROWD_VANISH, VANISHES }, { CROWD_HOSTILE, HOSTILES },
	};
	int c = 0;

	crowd_begin(&crowd, count, kit.socket, LINE_BYTES);
	for (size_t i = 0; i < sizeof(few) / sizeof(few[0]); i++) {
		for (int k = 0; k < few[i].count; k++, c++) {
			bool floods = few[i].kind == CROWD_FLOOD || few[i].kind == CROWD_DEAF;

			crowd.clients[c].kind = few[i].kind;
			crowd.clients[c].process = floods ? k % CROWD_PROCESS : CROWD_PROCESS;
		}
	}
	for (; c < count; c++) {
		crowd.clients[c].kind = CROWD_POLITE;
		crowd.clients[c].process = CROWD_PROCESS;
	}
	for (c = 0; c < count; c++)
		crowd.clients[c].state = seed() * 1000003 + (uint64_t)c;
}

/* Each that is to feel it has, and each that is to be served is. */
static bool is_under_way(const struct crowd_client *client)
{
	switch (client->kind) {
	case CROWD_FLOOD:
		return client->blocked > 0;
	case CROWD_HALF:
		return client->visits > 1;
	case CROWD_POLITE:
	case CROWD_HOSTILE:
		return client->acked >= POLITE_ACKS_MIN;
	default:
		return client->made > 0;
	}
}

/* On a slow machine all this may take longer than the run; for ever is a failure. */
static void wait_under_way(struct measured *most)
{
	int64_t until = daemonkit_now_ms() + DAEMONKIT_WAIT_MS;

	for (int c = 0; c < crowd.count;) {
		struct measured now;

		if (is_under_way(&crowd.clients[c])) {
			c++;
			continue;
		}
		if (daemonkit_now_ms() > until)
			fail_msg(
				"%s client c-%d: %lld made, %lld acknowledged, blocked %lld times, "
				"%lld visits",
				crowd_kind_names[crowd.clients[c].kind], c,
				(long long)crowd.clients[c].made, (long long)crowd.clients[c].acked,
				(long long)crowd.clients[c].blocked,
				(long long)crowd.clients[c].visits);
		now = watch(SAMPLE_MS);
		raise_to(most, &now);
	}
}

/* Each kind did what it is for, and the polite ones were served all the time. */
static void check_crowd(int64_t run_ms)
{
	int64_t made[CROWD_KIND_COUNT] = { 0 }, acked[CROWD_KIND_COUNT] = { 0 },
		blocked[CROWD_KIND_COUNT] = { 0 }, least = INT64_MAX, longest = 0;

	for (int c = 0; c < crowd.count; c++) {
		const struct crowd_client *client = &crowd.clients[c];

		made[client->kind] += client->made;
		acked[client->kind] += client->acked;
		blocked[client->kind] += client->blocked;
		if (client->kind == CROWD_HOSTILE)
			assert_int_equal(client->refused, client->acked);
		if (client->kind != CROWD_POLITE && client->kind != CROWD_HOSTILE)
			continue;
		least = client->acked < least ? client->acked : least;
		longest = client->longest_ms > longest ? client->longest_ms : longest;
	}
	for (int k = 0; k < CROWD_KIND_COUNT; k++) {
		if (made[k] > 0)
			print_message("%s: %lld made, %lld acknowledged, blocked %lld times\n",
			              crowd_kind_names[k], (long long)made[k], (long long)acked[k],
			              (long long)blocked[k]);
	}
	print_message("polite: at least %lld acknowledgements each, %lld ms for the slowest\n",
	              (long long)least, (long long)longest);
	assert_true(longest < run_ms);
	/* It was more than it took: who floods had always more to send than it could. */
	assert_true(made[CROWD_DEAF] > 0 && made[CROWD_VANISH] > 0 && made[CROWD_SLOW] == SLOWS);
	assert_int_equal(acked[CROWD_DEAF] + acked[CROWD_VANISH] + acked[CROWD_SLOW], 0);
}

static void test_overload_is_felt_by_who_sends_it_and_by_nobody_else(void **state)
{
	int count = is_release() ? CLIENTS : CLIENTS_SLOW;
	int64_t run_ms = (int64_t)seconds() * 1000 / 2, events, begun, took_ms;
	struct wire_ack ack;
	struct measured base, most, now;

	(void)state;
	print_message("SEED=%llu TOLL_SECONDS=%d\n", (unsigned long long)seed(), seconds());
	base = measure();
	set_up_crowd(count);
	begun = daemonkit_now_ms();
	crowd_start(&crowd, PROCESSES);
	most = watch(run_ms);
	wait_under_way(&most);
	crowd_stop(&crowd);
	took_ms = daemonkit_now_ms() - begun;
	now = measure();
	raise_to(&most, &now);
	print_message("%d connections: at most %lld KiB of %d, %d files, WAL %lld KiB\n", count,
	              (long long)most.resident_kib, RESIDENT_KIB_MAX, most.files,
	              (long long)most.wal_bytes / KIB);
	if (is_release())
		assert_true(most.resident_kib <= RESIDENT_KIB_MAX);
	else
		print_message("note: memory is not looked at: the sanitizers take their own; %d "
		              "connections\n",
		              count);
	/* Those who vanish come and go. */
	assert_true(most.files >= base.files + count - VANISHES - HALVES);
	assert_true(most.wal_bytes <= WAL_BYTES_MAX);
	wait_files(base.files);
	check_crowd(took_ms);
	assert_int_equal(daemonkit_stop(&kit), 0);
	events = check_ledger();
	assert_true(events >= acknowledged());
	taken_per_s = events * 1000 / took_ms;
	print_message("%lld events, each once, %lld a second; %lld of them acknowledged\n",
	              (long long)events, (long long)taken_per_s, (long long)acknowledged());
	crowd_end(&crowd);
	daemonkit_start(&kit, arguments);
	daemonkit_send_one(&kit, "after", &ack);
	assert_int_equal(ack.accepted, 1);
	assert_int_equal(daemonkit_stop(&kit), 0);
}

/* --- what it can take --------------------------------------------------------------- */

static void test_a_load_of_four_fifths_leaves_nothing_growing(void **state)
{
	int64_t quarter_ms = (int64_t)seconds() * 1000 / 2 / 4, until;
	struct measured quarters[4];

	(void)state;
	/* It is the second of two, of the same load that was measured in the first. */
	assert_true(taken_per_s > 0);
	crowd_begin(&crowd, PACED + 1, kit.socket, LINE_BYTES);
	/* First the caches are filled: they take no more than they may. */
	crowd.clients[PACED].kind = CROWD_FLOOD;
	crowd.clients[PACED].most = is_release() ? WARM_EVENTS : WARM_EVENTS_SLOW;
	for (int c = 0; c < PACED; c++) {
		crowd.clients[c].kind = CROWD_PACED;
		crowd.clients[c].per_s = 1 + taken_per_s * 4 / 5 / PACED;
		crowd.clients[c].process = c % PROCESSES;
	}
	crowd_start(&crowd, PROCESSES);
	until = daemonkit_now_ms() + DAEMONKIT_WAIT_MS;
	while (crowd.clients[PACED].acked < crowd.clients[PACED].most) {
		assert_true(daemonkit_now_ms() < until);
		usleep(SAMPLE_MS * 1000);
	}
	for (int q = 0; q < 4; q++)
		quarters[q] = watch(quarter_ms);
	for (int q = 0; q < 4; q++)
		print_message("quarter %d: %lld KiB, %d files, WAL %lld KiB\n", q + 1,
		              (long long)quarters[q].resident_kib, quarters[q].files,
		              (long long)quarters[q].wal_bytes / KIB);
	crowd_stop(&crowd);
	if (is_release())
		assert_true(quarters[3].resident_kib <= quarters[1].resident_kib + GROWTH_KIB_MAX);
	assert_int_equal(quarters[3].files, quarters[1].files);
	assert_true(quarters[3].wal_bytes <= WAL_BYTES_MAX);
	assert_int_equal(daemonkit_stop(&kit), 0);
	assert_int_equal(check_ledger(), acknowledged());
	print_message("%lld events at %lld a second, each once\n", (long long)acknowledged(),
	              (long long)(taken_per_s * 4 / 5));
	crowd_end(&crowd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_overload_is_felt_by_who_sends_it_and_by_nobody_else, begin, end),
		cmocka_unit_test_setup_teardown(test_a_load_of_four_fifths_leaves_nothing_growing,
		                                begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
