#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/control.h"
#include "cli/lines.h"
#include "cli/tail_line.h"
#include "export/export.h"

enum {
	READ_BYTES = 64 * 1024,
	STEP_MS = 200,        /* lines_interrupted() is looked at so often */
	GREETING_STEPS = 150, /* so often for the daemon's first word: 30 s */
	COUNT_MAX = 1000000000,
};

static const struct option options[] = {
	{ "source", "NAME", "only this source" },
	{ "account", "NAME", "only this account" },
	{ "model", "NAME", "only this model, as it was sent" },
	{ "verdict", "NAME",
	  "only accepted, unpriced, duplicate, conflict, quarantined or checkpoint" },
	{ "count", "N", "end after so many lines" },
	{ NULL, NULL, NULL },
};
static const char *const filters[] = { "source", "account", "model", "verdict" };
enum { FILTERS = sizeof(filters) / sizeof(filters[0]) };

struct tailing {
	struct context *context;
	int fd;
	struct buf in; /* read and not taken yet */
	struct json doc;
	struct table table;                /* CSV: the columns */
	int64_t lines, skipped, count_max; /* count_max 0: no end */
	bool greeted, stopping, nobody_reads;
};

static bool is_over(const struct tailing *tailing)
{
	return lines_interrupted() || tailing->nobody_reads || tailing->stopping ||
	       (tailing->count_max > 0 && tailing->lines >= tailing->count_max);
}

/* Without EPIPE as a failure: `toll tail | head` has seen what it wanted. */
static int flush(struct tailing *tailing)
{
	struct context *context = tailing->context;
	struct buf *out = &context->out;
	size_t done = 0;

	if (out->error != 0)
		return fault_set(&context->fault, FAULT_NOMEM, "a line: out of memory");
	while (done < out->len && !tailing->nobody_reads && !lines_interrupted()) {
		ssize_t wrote = write(STDOUT_FILENO, out->at + done, out->len - done);

		if (wrote < 0 && errno == EPIPE)
			tailing->nobody_reads = true;
		else if (wrote < 0 && errno != EINTR)
			return fault_set(&context->fault, errno == ENOSPC ? FAULT_FULL : FAULT_IO,
			                 "standard output: %s", strerror(errno));
		done += wrote > 0 ? (size_t)wrote : 0;
	}
	buf_clear(out);
	return 0;
}

/* --- what the daemon tells ------------------------------------------------ */

static void write_csv(struct tailing *tailing, const struct tail_line *line)
{
	struct table *table = &tailing->table;

	if (line->kind != TAIL_EVENT)
		return;
	tail_line_columns(table);
	tail_line_row(table, line);
	export_csv_rows(&tailing->context->out, table);
	if (table->error != 0)
		tailing->context->out.error = table->error;
	table_release(table);
	*table = (struct table){ .rows = NULL };
}

static void write_heading(struct tailing *tailing)
{
	struct context *context = tailing->context;
	struct table none = { .rows = NULL };

	if (context->form == FORM_TABLE)
		tail_line_heading(&context->printer);
	if (context->form != FORM_CSV)
		return;
	tail_line_columns(&none);
	export_csv(&context->out, &none);
	table_release(&none);
}

static int take_greeting(struct tailing *tailing, struct text text)
{
	struct control_reply reply = { .doc = { .nodes = NULL } };
	int r;

	buf_add_text(&reply.text, text);
	r = control_read_reply(tailing->context, &reply);
	control_release(&reply);
	if (r < 0)
		return r;
	tailing->greeted = true;
	write_heading(tailing);
	return 0;
}

static int take_line(struct tailing *tailing, struct text text)
{
	struct context *context = tailing->context;
	struct tail_line line;
	int r;

	if (!tailing->greeted)
		return take_greeting(tailing, text);
	r = tail_line_read(&tailing->doc, text, &line, &context->fault);
	if (r < 0)
		return r;
	tailing->lines += line.kind == TAIL_EVENT;
	tailing->skipped += line.skipped;
	tailing->stopping = line.kind == TAIL_END;
	switch (context->form) {
	case FORM_TABLE:
		tail_line_write(&context->printer, &line);
		break;
	case FORM_CSV:
		write_csv(tailing, &line);
		break;
	case FORM_JSON:
		buf_add_text(&context->out, text);
		buf_add(&context->out, "\n", 1);
		break;
	}
	return 0;
}

/* All whole lines that were read; they go out together. */
static int take_lines(struct tailing *tailing)
{
	struct text rest = buf_text(&tailing->in);
	const char *newline;
	int r = 0;

	while (r == 0 && !is_over(tailing) && rest.len > 0 &&
	       (newline = memchr(rest.at, '\n', rest.len)) != NULL) {
		struct text line = { rest.at, (size_t)(newline - rest.at) };

		rest = (struct text){ newline + 1, rest.len - line.len - 1 };
		r = take_line(tailing, line);
	}
	if (rest.len > 0 && rest.at != tailing->in.at)
		memmove(tailing->in.at, rest.at, rest.len);
	tailing->in.len = rest.len;
	return r < 0 ? r : flush(tailing);
}

/* --- the connection ------------------------------------------------------- */

static int lost(struct tailing *tailing)
{
	return fault_set(&tailing->context->fault, FAULT_CLOSED,
	                 "the connection to the daemon was lost; its log says why");
}

static int read_more(struct tailing *tailing)
{
	char *room = buf_room(&tailing->in, READ_BYTES);
	ssize_t got;

	if (room == NULL)
		return fault_set(&tailing->context->fault, FAULT_NOMEM, "a line: out of memory");
	got = recv(tailing->fd, room, READ_BYTES, MSG_DONTWAIT);
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (got <= 0)
		return lost(tailing);
	tailing->in.len += (size_t)got;
	return take_lines(tailing);
}

static int follow(struct tailing *tailing)
{
	unsigned steps = 0;
	int r = 0;

	while (r == 0 && !is_over(tailing)) {
		/* Whoever reads us may leave while nothing comes. */
		struct pollfd fds[] = { { .fd = tailing->fd, .events = POLLIN },
			                { .fd = STDOUT_FILENO, .events = 0 } };

		if (poll(fds, 2, STEP_MS) <= 0) {
			if (!tailing->greeted && ++steps >= GREETING_STEPS)
				return fault_set(&tailing->context->fault, FAULT_IO,
				                 "the daemon does not answer");
			continue;
		}
		if ((fds[1].revents & POLLERR) != 0)
			tailing->nobody_reads = true;
		else if (fds[0].revents != 0)
			r = read_more(tailing);
	}
	return r;
}

static int ask(struct tailing *tailing)
{
	struct context *context = tailing->context;
	struct buf request = { .at = NULL };
	size_t done = 0;
	int r = 0;

	buf_add_cstr(&request, "{\"tail\":true");
	for (size_t i = 0; i < FILTERS; i++) {
		struct text value = options_text(&context->options, filters[i]);

		if (value.at == NULL)
			continue;
		buf_addf(&request, ",\"%s\":", filters[i]);
		buf_add_json(&request, value);
	}
	buf_add_cstr(&request, "}\n");
	if (request.error != 0)
		r = fault_set(&context->fault, FAULT_NOMEM, "the request: out of memory");
	while (r == 0 && done < request.len) {
		ssize_t wrote = send(tailing->fd, request.at + done, request.len - done,
		                     MSG_NOSIGNAL);

		if (wrote < 0 && errno != EINTR)
			break; /* it may have said why before it closed: read on */
		done += wrote > 0 ? (size_t)wrote : 0;
	}
	buf_release(&request);
	return r;
}

static int connect_daemon(struct tailing *tailing)
{
	struct context *context = tailing->context;
	int r = control_connect(context, &tailing->fd);

	if (r == -FAULT_NOT_FOUND)
		r = fault_set(&context->fault, FAULT_NOT_FOUND,
		              "no daemon writes %s: start tolld, or name its ledger with --ledger; "
		              "toll report reads what is stored",
		              context->ledger_path);
	else if (r == -FAULT_BUSY)
		r = fault_set(&context->fault, FAULT_BUSY,
		              "%s: its writer is no daemon and tells nothing; wait until it has "
		              "ended and start tolld",
		              context->ledger_path);
	return r;
}

/* --- the command ---------------------------------------------------------- */

static enum exit_code check(struct context *context)
{
	struct text verdict = options_text(&context->options, "verdict");
	enum exit_code code = command_no_words(context, "tail");
	bool known = verdict.at == NULL;
	int64_t count;

	if (code != EXIT_DONE)
		return code;
	for (int v = 0; v < INGEST_VERDICT_COUNT; v++)
		known = known || text_is(verdict, ingest_verdict_name((enum ingest_verdict)v));
	if (!known)
		return command_misused(context,
		                       "--verdict: accepted, unpriced, duplicate, conflict, "
		                       "quarantined or checkpoint");
	for (size_t i = 0; i < FILTERS; i++) {
		struct text name = options_text(&context->options, filters[i]);

		if (name.at != NULL && (name.len == 0 || name.len > EVENT_NAME_BYTES_MAX ||
		                        !text_plain(name) || !text_utf8(name)))
			return command_misused(context,
			                       "--%s: 1 to %d bytes without control characters",
			                       filters[i], EVENT_NAME_BYTES_MAX);
	}
	return options_number(&context->options, "count", 1, COUNT_MAX, 0, &count,
	                      &context->fault) < 0
	               ? EXIT_USAGE
	               : EXIT_DONE;
}

static void summary(const struct tailing *tailing)
{
	const char *end = tailing->lines == 1 ? "" : "s";

	if (tailing->skipped > 0)
		command_say("%lld line%s, %lld left out because they were read too slowly",
		            (long long)tailing->lines, end, (long long)tailing->skipped);
	else
		command_say("%lld line%s", (long long)tailing->lines, end);
}

static enum exit_code run(struct context *context)
{
	struct tailing tailing = { .context = context, .fd = -1 };
	int r;

	options_number(&context->options, "count", 1, COUNT_MAX, 0, &tailing.count_max, NULL);
	signal(SIGPIPE, SIG_IGN);
	r = connect_daemon(&tailing);
	if (r == 0) {
		lines_catch_signals();
		r = ask(&tailing);
	}
	if (r == 0)
		r = follow(&tailing);
	if (tailing.nobody_reads)
		buf_clear(&context->out);
	else if (tailing.greeted)
		summary(&tailing);
	if (r == 0 && tailing.stopping)
		r = fault_set(&context->fault, FAULT_CLOSED,
		              "the daemon stops; start toll tail again when it is back");
	if (tailing.fd >= 0)
		close(tailing.fd);
	buf_release(&tailing.in);
	json_release(&tailing.doc);
	if (r < 0 && !tailing.nobody_reads)
		return command_failed(context, r);
	context->fault.code = FAULT_NONE;
	return EXIT_DONE;
}

const struct command command_tail = {
	.name = "tail",
	.summary = "Show events as the daemon commits them, priced, one line each",
	.synopsis = "tail [--source NAME] [--account NAME] [--model NAME] [--verdict NAME] "
		    "[--count N]",
	.details =
		"Shows what is committed from now on, until SIGINT or SIGTERM. Amounts are what "
		"a line added to the ledger: a duplicate, a conflict and what has no price have "
		"none, a late phase adds nothing, and of one that replaces another it is the "
		"difference. The daemon never waits for who reads slowly: it leaves lines out, and "
		"says how many.\n"
		"With --json each line is an object: the event, or {\"skipped\":N}, or at the "
		"daemon's end {\"end\":\"stopping\"}.\n"
		"Exit code 0 when it was ended or has shown --count lines, 3 when there is no "
		"daemon or it stops.",
	.needs = NEEDS_LEDGER_PATH,
	.csv = true,
	.json = true,
	.check = check,
	.run = run,
	.options = options,
};
