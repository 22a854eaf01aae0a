#include "tests/support/writerkit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/moment.h"
#include "daemon/changes.h"

enum {
	NO_ROOM = 1000, /* bytes of a file: not one page fits */
	LINE_BYTES = 256,
};

/* 2026-08-01T10:00:00Z */
#define FIRST_MS INT64_C(1785578400000)

struct ledger_status writerkit_status(const struct writerkit *bench)
{
	struct ledger_status status = { .events = -1 };
	struct ledger *reader = NULL;

	if (ledger_open_reader(&reader, bench->kit.path, NULL) == 0)
		ledger_status(reader, &status, NULL);
	ledger_close(reader);
	return status;
}

off_t writerkit_wal_bytes(const struct writerkit *bench)
{
	char path[KIT_PATH_BYTES + 8];
	struct stat file;

	snprintf(path, sizeof(path), "%s-wal", bench->kit.path);
	assert_int_equal(stat(path, &file), 0);
	return file.st_size;
}

static void on_done(struct writer *writer, struct batch *batch)
{
	struct writerkit *bench = writer->context;

	bench->in_flight[bench->backs] = writer->in_flight;
	bench->stored[bench->backs] = writerkit_status(bench).events;
	bench->back[bench->backs++] = batch;
}

static void on_failed(struct writer *writer)
{
	((struct writerkit *)writer->context)->failures++;
}

static const char *book(const char *name)
{
	static char text[512];

	snprintf(text, sizeof(text),
	         "{'pricebook':1,'name':'%s','currency':'USD','models':[{'model':'m','versions':["
	         "{'effective_from':'2026','rates':[{'component':'input','each':'0.5'}]}]}]}",
	         name);
	return kit_quotes(text);
}

static void init_writer(struct writerkit *bench)
{
	memset(&bench->writer, 0, sizeof(bench->writer));
	bench->writer.context = bench;
	bench->writer.on_done = on_done;
	bench->writer.on_failed = on_failed;
}

void writerkit_start(struct writerkit *bench)
{
	assert_int_equal(writer_start(&bench->writer, &bench->loop, bench->kit.ledger), 0);
}

int writerkit_setup(void **state)
{
	struct writerkit *bench = calloc(1, sizeof(*bench));

	assert_non_null(bench);
	*state = bench;
	kit_open(&bench->kit);
	init_writer(bench);
	alarm(WRITERKIT_GUARD_S);
	assert_int_equal(uv_loop_init(&bench->loop), 0);
	writerkit_start(bench);
	return 0;
}

void writerkit_stop(struct writerkit *bench)
{
	writer_stop(&bench->writer, true);
	writer_close(&bench->writer);
	uv_run(&bench->loop, UV_RUN_DEFAULT);
	init_writer(bench);
}

int writerkit_teardown(void **state)
{
	struct writerkit *bench = *state;
	int r;

	writerkit_full(false);
	writerkit_stop(bench);
	r = uv_loop_close(&bench->loop);
	for (size_t i = 0; i < bench->pushes; i++)
		batch_free(bench->pushed[i]);
	kit_close(&bench->kit);
	free(bench);
	return r;
}

void writerkit_full(bool full)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = full ? NO_ROOM : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

struct batch *writerkit_events(struct writerkit *bench, const char *name, size_t count,
                               int64_t step_ms)
{
	const struct event_defaults defaults = { text_of("gw-1"), KIT_NOW_MS };
	const struct terms none = { .rules = NULL };
	struct batch *batch = batch_new(count);

	assert_non_null(batch);
	for (; batch->count < count; batch->count++) {
		char *line = arena_take(&batch->arena, LINE_BYTES), time[MOMENT_TEXT_BYTES];
		int64_t i = (int64_t)batch->count;
		int len;

		assert_non_null(line);
		/* Back in time where they are hours apart: none is of the future. */
		moment_text(FIRST_MS + (step_ms < MS_PER_HOUR ? i : -i) * step_ms, time);
		len = snprintf(line, LINE_BYTES,
		               "{\"id\":\"%s-%d\",\"time\":\"%s\",\"account\":\"a\","
		               "\"model\":\"m\",\"api\":\"toll\",\"usage\":{\"input\":2}}",
		               name, (int)i, time);
		assert_false(ingest_prepare(&batch->items[i], (struct text){ line, (size_t)len },
		                            INGEST_LINE_WHOLE, len, &defaults, &none,
		                            &bench->kit.doc, &batch->arena));
	}
	return batch;
}

struct batch *writerkit_other(const struct writerkit *bench, enum batch_kind kind, const char *what)
{
	struct batch *batch = batch_new(0);
	FILE *file;

	assert_non_null(batch);
	batch->kind = kind;
	snprintf(batch->who, sizeof(batch->who), "uid 7");
	if (kind == BATCH_RELOAD) {
		buf_addf(&batch->request, "%s/%s", bench->kit.folder, what);
		file = fopen(batch->request.at, "w");
		assert_non_null(file);
		assert_true(fputs(book(what), file) >= 0 && fclose(file) == 0);
	} else if (what[0] == '{') {
		buf_add_cstr(&batch->request, what);
	} else {
		buf_add_cstr(&batch->request, "{\"change\":\"price.apply\",\"book\":");
		buf_add_json(&batch->request, text_of(book(what)));
		buf_add_cstr(&batch->request, "}");
	}
	return batch;
}

struct batch *writerkit_push(struct writerkit *bench, struct batch *batch)
{
	assert_true(bench->pushes < WRITERKIT_BATCHES_MAX);
	bench->pushed[bench->pushes++] = batch;
	if (batch->kind != BATCH_EVENTS)
		changes_prepare(batch);
	writer_push(&bench->writer, batch);
	return batch;
}

void writerkit_wait(struct writerkit *bench, size_t backs)
{
	while (bench->backs < backs && bench->failures == 0)
		uv_run(&bench->loop, UV_RUN_ONCE);
	assert_true(bench->failures == 0 && bench->backs == backs);
}

void writerkit_wait_failed(struct writerkit *bench)
{
	while (bench->failures == 0)
		uv_run(&bench->loop, UV_RUN_ONCE);
	/* It waits for nobody any more. */
	writer_stop(&bench->writer, false);
	uv_run(&bench->loop, UV_RUN_NOWAIT);
}

void writerkit_reply(const struct batch *batch, const char *words)
{
	if (batch->reply.at == NULL || strstr(batch->reply.at, words) == NULL)
		fail_msg("%s is not in %.*s", words, TEXT_ARGS(buf_text(&batch->reply)));
}
