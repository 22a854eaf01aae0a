/* Prices alone: no daemon, no JSON of events, no ledger. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/moment.h"
#include "price/book.h"
#include "rate/rating.h"
#include "tests/bench/bench.h"

enum {
	RATED_MODELS = 5000,
	LOADED_MODELS = 100000,
	VENDORS = 40,
	ACCOUNTS = 200,
	REQUESTS = 4096, /* different ones, rated over and over */
	NAME_BYTES = 48,
	ACCOUNT_BYTES = 16,
	LONG_PROMPT = 128000,
};

/* What differs from one request to the next: as close together as the bytes of an event are. */
struct request {
	char model[NAME_BYTES], account[ACCOUNT_BYTES];
	int64_t at_ms;
	uint32_t input, cache_read, output, reasoning;
};

/* The same on every machine. */
static size_t chance(uint64_t *state, size_t below)
{
	*state = hash64_mix(*state + UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xe7037ed1a0b428db));
	return (size_t)(*state >> 16) % below;
}

static void put_name(char out[NAME_BYTES], size_t model, const char *ending)
{
	snprintf(out, NAME_BYTES, "vendor-%zu/model-%zu-%zub%s", model % VENDORS, model,
	         7 + model % 64, ending);
}

/* Prices of tokens: those of short prompts, those of long ones behind them. */
static void put_version(struct buf *out, const char *from, size_t cents, bool thresholds)
{
	static const char *const components[] = { "input", "cache_read", "output" };

	buf_addf(out, "{\"effective_from\":\"%s\",\"rates\":[", from);
	for (int longer = 0; longer <= thresholds; longer++) {
		for (size_t c = 0; c < 3; c++) {
			buf_addf(out, "%s{\"component\":\"%s\",\"per_million\":\"%zu.%02zu\"",
			         longer > 0 || c > 0 ? "," : "", components[c], c + 1,
			         cents % 50 + (size_t)longer * 50);
			if (longer > 0)
				buf_addf(out, ",\"when\":{\"context\":{\"gt\":%d}}", LONG_PROMPT);
			buf_add_cstr(out, "}");
		}
	}
	buf_add_cstr(out, "]}");
}

/* Every model has an exact alias and a pattern, and every tenth a pattern of its end. */
static void put_model(struct buf *out, size_t model, bool rich)
{
	char name[NAME_BYTES];

	put_name(name, model, "");
	buf_addf(out, "%s{\"model\":\"%s\",\"aliases\":[", model > 0 ? ",\n" : "", name);
	if (rich)
		buf_addf(out, "\"%s\",", strchr(name, '/') + 1);
	if (rich && model % 10 == 0)
		buf_addf(out, "\"*-of-%zu\",\"*/old-%zu-*\",", model, model);
	buf_addf(out, "\"%s-*\"],\"versions\":[", name);
	put_version(out, "2026-01-01", model, rich);
	if (rich) {
		buf_add_cstr(out, ",");
		put_version(out, "2026-07-01", model + 1, true);
	}
	buf_add_cstr(out, "]}");
}

static void put_book(struct buf *out, size_t models, bool rich)
{
	buf_add_cstr(out, "{\"pricebook\":1,\"currency\":\"USD\",\"as\":{\"reasoning\":\"output\"}"
	                  ",\n\"accounts\":[");
	for (size_t a = 0; a < ACCOUNTS; a++)
		buf_addf(out,
		         "%s{\"account\":\"account-%zu\",\"models\":[\"vendor-%zu/*\"],"
		         "\"effective_from\":\"2026-01-01\",\"discount_percent\":\"%zu\"}",
		         a > 0 ? ",\n" : "", a, a % VENDORS, 1 + a % 20);
	buf_add_cstr(out, "],\n\"models\":[");
	for (size_t m = 0; m < models; m++)
		put_model(out, m, rich);
	buf_add_cstr(out, "]}\n");
	if (out->error != 0)
		bench_fail("out of memory");
}

/* Of thirteen requests one is for the first model, one for the next two, one for the next four. */
static size_t popular(uint64_t *state)
{
	size_t below = 1;

	for (size_t doublings = chance(state, 13); doublings > 0; doublings--)
		below *= 2;
	below += chance(state, below);
	/* Neighbours in rank are none in the book. */
	return (below - 1) * 1009 % RATED_MODELS;
}

/* Half of the names are the book's own, a quarter aliases, a quarter patterns'. */
static void make_request(struct request *request, uint64_t *state)
{
	size_t model = popular(state);
	int64_t from_ms = 0;

	put_name(request->model, model, "");
	switch (chance(state, 8)) {
	case 0:
		put_name(request->model, model, "-2026-11-30");
		break;
	case 1:
		model -= model % 10;
		snprintf(request->model, NAME_BYTES,
		         chance(state, 2) == 0 ? "tuned-of-%zu" : "eu/old-%zu-a", model);
		break;
	case 2:
	case 3:
		memmove(request->model, strchr(request->model, '/') + 1,
		        strlen(strchr(request->model, '/')));
		break;
	}
	snprintf(request->account, ACCOUNT_BYTES, "account-%zu", chance(state, 2 * ACCOUNTS));
	request->input = (uint32_t)chance(state, chance(state, 8) == 0 ? 2 * LONG_PROMPT : 4000);
	request->cache_read = (uint32_t)chance(state, 2) * 2000;
	request->output = 1 + (uint32_t)chance(state, 800);
	request->reasoning = (uint32_t)chance(state, 2) * 500;
	moment_parse_date(text_of("2026-03-01"), &from_ms);
	request->at_ms = from_ms + (int64_t)chance(state, 240) * MS_PER_DAY;
}

static void rate_one(const struct book *book, const struct request *request, struct usage *usage,
                     struct charges *charges)
{
	const struct rating_request asked = {
		.model = text_of(request->model),
		.at_ms = request->at_ms,
		.account = text_of(request->account),
		.usage = usage,
	};

	usage->count[COMPONENT_INPUT] = request->input;
	usage->count[COMPONENT_CACHE_READ] = request->cache_read;
	usage->count[COMPONENT_OUTPUT] = request->output;
	usage->count[COMPONENT_REASONING] = request->reasoning;
	usage->count[COMPONENT_REQUESTS] = 1;
	if (rating_request(book, &asked, charges) != RATING_PRICED)
		bench_fail("rating: %s has no price", request->model);
}

/* Of this thread: others that run beside it are not what is measured. */
static int64_t core_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int64_t bench_rating(int64_t count)
{
	static struct request requests[REQUESTS];
	static struct charges charges;
	struct usage usage = { .kind_count = 0 };
	struct fault fault = { .code = FAULT_NONE };
	struct buf json = { .max_bytes = BOOK_BYTES_MAX };
	struct book *book = NULL;
	uint64_t state = 1;
	int64_t begin, took;

	put_book(&json, RATED_MODELS, true);
	if (book_load(&book, buf_text(&json), NULL, &fault) < 0)
		bench_fail("rating: %s", fault.text);
	buf_release(&json);
	for (size_t i = 0; i < REQUESTS; i++)
		make_request(&requests[i], &state);
	begin = core_ns();
	for (int64_t i = 0; i < count; i++)
		rate_one(book, &requests[i % REQUESTS], &usage, &charges);
	took = core_ns() - begin;
	book_free(book);
	return took;
}

/* In a process of its own: what it took is what the book took. */
static int64_t load_in_child(const char *path, int64_t *peak_kib_out)
{
	struct rusage usage;
	int64_t took = 0;
	int status = 0, ends[2];
	pid_t pid;

	if (pipe(ends) < 0 || (pid = fork()) < 0)
		bench_fail("loading: %s", strerror(errno));
	if (pid == 0) {
		struct fault fault = { .code = FAULT_NONE };
		struct book *book = NULL;
		int64_t begin = bench_now_ns();

		if (book_load_file(&book, path, NULL, &fault) < 0)
			bench_fail("loading: %s", fault.text);
		took = bench_now_ns() - begin;
		_exit(write(ends[1], &took, sizeof(took)) != sizeof(took));
	}
	if (read(ends[0], &took, sizeof(took)) != sizeof(took) ||
	    wait4(pid, &status, 0, &usage) < 0 || status != 0)
		bench_fail("loading: it failed");
	close(ends[0]);
	close(ends[1]);
	*peak_kib_out = usage.ru_maxrss;
	return took;
}

int64_t bench_loading(int64_t *peak_kib_out)
{
	char path[] = "build/bench-book-XXXXXX";
	struct buf json = { .max_bytes = BOOK_BYTES_MAX };
	int fd = mkstemp(path);
	int64_t took;

	put_book(&json, LOADED_MODELS, false);
	if (fd < 0 || write(fd, json.at, json.len) != (ssize_t)json.len || close(fd) < 0)
		bench_fail("%s: %s", path, strerror(errno));
	buf_release(&json);
	took = load_in_child(path, peak_kib_out);
	unlink(path);
	return took;
}
