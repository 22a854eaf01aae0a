#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/client.h"
#include "cli/command.h"
#include "cli/lines.h"
#include "cli/progress.h"
#include "cli/verdicts.h"

#define SOCKET_DEFAULT "/run/toll/events.sock"

enum { RATE_MAX = 10000000, PATIENCE_S_MAX = 86400, PACE_MS = 20, LOOK_MS = 1 };

static const struct option options[] = {
	{ "socket", "PATH", "the daemon's socket; else $TOLL_SOCKET, else " SOCKET_DEFAULT },
	{ "source", "NAME", "the source of lines that name none" },
	{ "rate", "N", "at most so many lines a second" },
	{ "patience", "SECONDS", "give up after so long without an acknowledgement; else 60" },
	{ NULL, NULL, NULL },
};

struct sending {
	struct context *context;
	struct client client;
	struct lines lines;
	struct progress progress;
	char source[WIRE_SOURCE_BYTES_MAX + 1];
	int64_t rate, started_ms;
};

static int64_t steady_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits (and reads acknowledgements meanwhile) until the next line is due. */
static int keep_pace(struct sending *sending)
{
	int64_t due_ms;

	if (sending->rate == 0)
		return 0;
	due_ms = sending->started_ms + (sending->lines.count - 1) * 1000 / sending->rate;
	/* Sleeps shorter than this would cost more than they even out. */
	if (due_ms - steady_ms() < PACE_MS)
		return 0;
	return client_wait(&sending->client, due_ms - steady_ms(), &sending->context->fault);
}

static int take_line(void *user, const struct wire_line *line, bool whole)
{
	struct sending *sending = user;
	struct fault *fault = &sending->context->fault;
	struct text source = sending->lines.source_now;
	int r = 0;

	(void)whole; /* a last line without its newline is a line all the same */
	if (line->too_long)
		return fault_set(fault, FAULT_RANGE, "the line has %zu bytes; at most %d are sent",
		                 line->length, CLIENT_LINE_BYTES_MAX);
	if (!text_equal(source, sending->client.source)) {
		r = client_finish(&sending->client, fault);
		if (r < 0)
			return r;
		text_copy(sending->source, sizeof(sending->source), source);
		client_source(&sending->client,
		              source.at != NULL ? text_of(sending->source) : text_of(NULL));
	}
	r = keep_pace(sending);
	if (r == 0)
		r = client_send(&sending->client, line->text, fault);
	progress_at(&sending->progress, sending->lines.count, sending->lines.bytes_done,
	            sending->lines.bytes_total);
	return r;
}

/* The input is a pipe that has nothing just now: what it brought so far goes out. */
static int on_idle(void *user)
{
	struct sending *sending = user;

	return client_wait(&sending->client, LOOK_MS, &sending->context->fault);
}

static void write_result(struct sending *sending, const struct wire_ack *total)
{
	const int64_t counts[INGEST_VERDICT_COUNT] = {
		[INGEST_ACCEPTED] = total->accepted,       [INGEST_DUPLICATE] = total->duplicate,
		[INGEST_UNPRICED] = total->unpriced,       [INGEST_CONFLICT] = total->conflict,
		[INGEST_QUARANTINED] = total->quarantined,
	};
	char more[128];

	snprintf(more, sizeof(more), ",\"unacknowledged\":%zu,\"resent\":%lld,\"connections\":%lld",
	         sending->client.count, (long long)sending->client.resent,
	         (long long)sending->client.connections);
	verdicts_write(sending->context, counts, more);
	if (sending->client.resent > 0)
		command_say("%lld line%s sent again after the connection was lost",
		            (long long)sending->client.resent,
		            sending->client.resent == 1 ? " was" : "s were");
	if (sending->client.count > 0 && sending->client.connections == 0)
		command_say("nothing was sent: there was no connection to %s",
		            sending->client.path);
	else if (sending->client.count > 0)
		command_say("%zu line%s not acknowledged: send the same again, what is stored "
		            "counts as duplicate",
		            sending->client.count, sending->client.count == 1 ? " was" : "s were");
}

static enum exit_code send_all(struct sending *sending)
{
	struct context *context = sending->context;
	struct wire_ack total;
	int r;

	r = lines_look(&sending->lines, &context->fault);
	if (r < 0)
		return command_failed(context, r);
	lines_catch_signals();
	sending->started_ms = steady_ms();
	progress_start(&sending->progress, "lines sent");
	r = lines_each(&sending->lines, take_line, sending, &context->fault);
	if (r == 0)
		r = client_finish(&sending->client, &context->fault);
	progress_end(&sending->progress);
	total = client_total(&sending->client);
	write_result(sending, &total);
	if (r == 0 && lines_interrupted())
		r = fault_set(&context->fault, FAULT_CLOSED, "interrupted");
	if (r < 0)
		return command_failed(context, r);
	return total.quarantined + total.conflict > 0 ? EXIT_DIFFERENCE : EXIT_DONE;
}

static enum exit_code run(struct context *context)
{
	struct text source = options_text(&context->options, "source");
	struct sending sending = {
		.context = context,
		.lines = { .files = &context->options,
		           .source = source,
		           .line_bytes_max = CLIENT_LINE_BYTES_MAX,
		           .idle = on_idle },
	};
	const char *path = options_value(&context->options, "socket");
	enum exit_code code;
	int64_t patience_s;
	int r;

	if (context->options.word_count == 0)
		return command_misused(context, "send: name the files, or - for standard input");
	if (source.at != NULL && (source.len == 0 || source.len > WIRE_SOURCE_BYTES_MAX ||
	                          !text_plain(source) || !text_utf8(source)))
		return command_misused(context,
		                       "--source: 1 to %d bytes without control characters",
		                       WIRE_SOURCE_BYTES_MAX);
	if (options_number(&context->options, "rate", 1, RATE_MAX, 0, &sending.rate,
	                   &context->fault) < 0 ||
	    options_number(&context->options, "patience", 1, PATIENCE_S_MAX, CLIENT_PATIENCE_S,
	                   &patience_s, &context->fault) < 0)
		return EXIT_USAGE;
	if (path == NULL)
		path = getenv("TOLL_SOCKET");
	if (path == NULL || path[0] == '\0')
		path = SOCKET_DEFAULT;
	r = client_init(&sending.client, path, source, &context->fault);
	sending.client.patience_ms = patience_s * 1000;
	sending.client.interrupted = lines_interrupted;
	code = r < 0 ? command_failed(context, r) : send_all(&sending);
	client_release(&sending.client);
	lines_release(&sending.lines);
	return code;
}

const struct command command_send = {
	.name = "send",
	.summary = "Send event lines to a daemon and wait until they are durable",
	.synopsis = "send [--socket PATH] [--source NAME] [--rate N] [--patience SECONDS] FILE...",
	.details = "Keeps each line until the daemon has acknowledged it, and sends again after a "
		   "lost "
		   "connection; what was stored before counts as duplicate.\n"
		   "Exit code 0 when all is acknowledged, 1 when some of it was quarantined or in "
		   "conflict, 3 when not all is acknowledged.",
	.json = true,
	.options = options,
	.run = run,
};
