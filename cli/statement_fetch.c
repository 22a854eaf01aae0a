#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/moment.h"
#include "cli/progress.h"
#include "cli/statement.h"
#include "cli/statement_pages.h"
#include "statement/fetch.h"
#include "statement/format.h"
#include "statement/read.h"

enum {
	KEY_FILE_BYTES = FETCH_KEY_BYTES_MAX + 64, /* with the blanks around it */
	TRIES_MAX = 100,
	/* Sums of a day, or all its rows, take a database a while before the first byte. */
	PAGE_SLOW_S = 120,
	PAGE_WHOLE_S = 600,
	WAIT_STEP_MS = 200, /* a signal is looked for so often */
	NS_PER_MS = 1000000,
};

static const struct option options[] = {
	{ "from", "NAME", "the API, one of those above" },
	{ "from-date", "DATE", "the first day (UTC), 2026-08-01" },
	{ "to-date", "DATE", "the first day that is not in it any more, 2026-09-01" },
	{ "ids", "FILE", "of openrouter-generation: the ids of the requests, one a line" },
	{ "output", "FILE", "the statement; else NAME-DATE-DATE.json (also -o FILE)" },
	{ "pages", "FOLDER", "the pages as they came; else FILE.pages" },
	{ "key-file", "FILE", "the key, for its owner alone; - is standard input" },
	{ "base-url", "URL", "what stands before the paths of the API" },
	{ "tries", "N", "how often a page is asked for before giving up; else 8" },
	{ NULL, NULL, NULL },
};

/* What is at hand while it runs. */
struct fetching {
	struct statement_fetch what;
	struct statement_pages pages;
	struct progress progress;
	struct fetch_result result;
	char key[FETCH_KEY_BYTES_MAX + 1];
	char file[PATH_MAX];
};

/* --- the key ----------------------------------------------------------------- */

/* `fd`: of a file whose owner alone may read it, or of no file, as a pipe. */
static int read_key(int fd, const char *path, char key_out[FETCH_KEY_BYTES_MAX + 1],
                    struct fault *fault)
{
	struct fault why = { .code = FAULT_NONE };
	char bytes[KEY_FILE_BYTES];
	size_t len = 0;
	ssize_t got;
	struct stat file;
	int r = 0;

	if (fstat(fd, &file) < 0)
		return fault_set(fault, FAULT_IO, "%s: %s", path, strerror(errno));
	if (S_ISREG(file.st_mode) && (file.st_mode & 077) != 0)
		return fault_set(fault, FAULT_INVALID,
		                 "%s: others than its owner may use it (mode %04o): chmod 600 it",
		                 path, (unsigned)(file.st_mode & 07777));
	do {
		got = read(fd, bytes + len, sizeof(bytes) - len);
		len += got > 0 ? (size_t)got : 0;
	} while ((got > 0 && len < sizeof(bytes)) || (got < 0 && errno == EINTR));
	if (got < 0)
		r = fault_set(fault, FAULT_IO, "%s: %s", path, strerror(errno));
	else if (statement_fetch_key((struct text){ bytes, len }, key_out, &why) < 0)
		r = fault_set(fault, why.code, "%s: %s", path, why.text);
	explicit_bzero(bytes, sizeof(bytes));
	return r;
}

static int read_key_file(const char *path, char key_out[FETCH_KEY_BYTES_MAX + 1],
                         struct fault *fault)
{
	int fd, r;

	if (strcmp(path, "-") == 0)
		return read_key(STDIN_FILENO, "standard input", key_out, fault);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fault_set(fault, errno == ENOENT ? FAULT_NOT_FOUND : FAULT_IO, "%s: %s",
		                 path, strerror(errno));
	r = read_key(fd, path, key_out, fault);
	close(fd);
	return r;
}

/* Of the option, else of the environment, whose own copy is wiped (/proc/PID/environ). */
static int take_key(const struct options *given, const struct fetch_api *api,
                    char key_out[FETCH_KEY_BYTES_MAX + 1], struct fault *fault)
{
	const char *path = options_value(given, "key-file");
	char *found = getenv(api->variable);
	struct fault why = { .code = FAULT_NONE };
	int r;

	if (path != NULL)
		r = read_key_file(path, key_out, fault);
	else if (found == NULL)
		r = fault_set(fault, FAULT_NOT_FOUND,
		              "%s is not set, and there is no --key-file: due is %s", api->variable,
		              api->key);
	else if ((r = statement_fetch_key(text_of(found), key_out, &why)) < 0)
		r = fault_set(fault, why.code, "%s: %s", api->variable, why.text);
	if (found != NULL)
		explicit_bzero(found, strlen(found));
	unsetenv(api->variable);
	return r;
}

/* --- a signal that ends it ------------------------------------------------------- */

static const int ending[] = { SIGINT, SIGTERM, SIGHUP };
enum { ENDING_COUNT = sizeof(ending) / sizeof(ending[0]) };
static volatile sig_atomic_t stopped; /* the signal; 0: none */

static void on_signal(int number)
{
	stopped = number;
}

/* What is ignored stays so: a nohup is meant. */
static void catch_signals(struct sigaction before_out[ENDING_COUNT])
{
	const struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	for (size_t i = 0; i < ENDING_COUNT; i++) {
		sigaction(ending[i], NULL, &before_out[i]);
		if (before_out[i].sa_handler != SIG_IGN)
			sigaction(ending[i], &action, NULL);
	}
}

/* All is tidied up: the signal has its effect, if there was one. */
static void release_signals(const struct sigaction before[ENDING_COUNT])
{
	for (size_t i = 0; i < ENDING_COUNT; i++)
		sigaction(ending[i], &before[i], NULL);
	if (stopped != 0)
		raise(stopped);
}

static bool is_stopped(void *context)
{
	(void)context;
	return stopped != 0;
}

static int broken_off(struct fault *fault)
{
	return fault_set(fault, FAULT_INVALID, "broken off by a signal: nothing is written");
}

/* --- what a fetch is given ----------------------------------------------------- */

static int send_question(void *context, const struct net_request *request,
                         struct net_answer *answer_out, struct fault *fault)
{
	const struct net_limits limits = { .bytes_max = FETCH_PAGE_BYTES_MAX,
		                           .whole_s = PAGE_WHOLE_S,
		                           .slow_s = PAGE_SLOW_S,
		                           .stops = is_stopped };
	int r = net_ask(request, &limits, answer_out, fault);

	(void)context;
	return stopped != 0 ? broken_off(fault) : r;
}

static int64_t now_ms(void *context)
{
	(void)context;
	return command_now_ms();
}

static int wait_so_long(void *context, int64_t ms, const struct fault *why, struct fault *fault)
{
	struct fetching *fetching = context;

	progress_end(&fetching->progress);
	command_say("%s; asked again in %lld ms", why->text, (long long)ms);
	/* In steps: a signal between the question and the sleep does not end the sleep. */
	for (; stopped == 0 && ms > 0; ms -= WAIT_STEP_MS) {
		struct timespec rest = { .tv_nsec = (long)(ms < WAIT_STEP_MS ? ms : WAIT_STEP_MS) *
			                            NS_PER_MS };

		while (nanosleep(&rest, &rest) < 0 && errno == EINTR && stopped == 0)
			;
	}
	return stopped != 0 ? broken_off(fault) : 0;
}

static int take_page(void *context, const struct fetch_page *page, struct fault *fault)
{
	struct fetching *fetching = context;
	int r = statement_pages_add(&fetching->pages, page, fault);

	progress_at(&fetching->progress, page->number, 0, 0);
	return r;
}

/* --- what became of it ---------------------------------------------------------- */

static int count_row(void *context, const struct statement_row *row, struct fault *fault)
{
	(void)context;
	(void)row;
	(void)fault;
	return 0;
}

static const char *day(int64_t ms, char text[MOMENT_TEXT_BYTES])
{
	moment_text_unit(ms, MOMENT_DAY, text);
	return text;
}

static void put_json(struct buf *out, const struct fetching *fetching,
                     const struct statement_summary *summary)
{
	const struct statement_fetch *what = &fetching->what;
	char from[MOMENT_TEXT_BYTES], to[MOMENT_TEXT_BYTES], until[MOMENT_TEXT_BYTES];
	char amount[MONEY_TEXT_BYTES];
	bool period = !fetch_api_of_requests(what->api);

	buf_add_cstr(out, "{\"file\":");
	buf_add_value(out, text_of(fetching->file));
	buf_add_member(out, "folder", text_of(fetching->pages.folder));
	buf_addf(out, ",\"pages\":%lld,\"bytes\":%lld,\"sha256\":\"%s\"",
	         (long long)fetching->pages.count, (long long)fetching->pages.bytes,
	         fetching->pages.sha256);
	buf_add_member(out, "api", text_of(what->api->name));
	buf_add_member(out, "format", text_of(what->api->format));
	buf_add_member(out, "from", text_of(period ? day(what->from_ms, from) : NULL));
	buf_add_member(out, "to", text_of(period ? day(what->to_ms, to) : NULL));
	buf_add_member(out, "until",
	               text_of(period ? day(fetching->result.until_ms, until) : NULL));
	buf_addf(out, ",\"left_out\":%lld,\"rows\":%lld,\"totals\":[",
	         (long long)fetching->result.left_out, (long long)summary->rows);
	for (size_t i = 0; i < summary->total_count; i++) {
		money_text(summary->totals[i].amount, amount);
		buf_addf(out, "%s{\"rows\":%lld,\"amount\":\"%s\"", i > 0 ? "," : "",
		         (long long)summary->totals[i].rows, amount);
		buf_add_member(out, "currency", text_of(summary->totals[i].currency));
		buf_add_cstr(out, "}");
	}
	buf_add_cstr(out, "]}\n");
}

static void put_people(struct context *context, const struct fetching *fetching,
                       const struct statement_summary *summary)
{
	enum { LABEL = 11 };
	const struct statement_fetch *what = &fetching->what;
	const struct printer *printer = &context->printer;
	char from[MOMENT_TEXT_BYTES], to[MOMENT_TEXT_BYTES], amount[MONEY_TEXT_BYTES];
	struct text rest = buf_text(&summary->notes), line;

	printer_pair(printer, LABEL, "statement", text_of(fetching->file));
	printer_pairf(printer, LABEL, "bytes", "%lld", (long long)fetching->pages.bytes);
	printer_pair(printer, LABEL, "sha-256", text_of(fetching->pages.sha256));
	printer_pairf(printer, LABEL, "pages", "%lld, in %s", (long long)fetching->pages.count,
	              fetching->pages.folder);
	if (!fetch_api_of_requests(what->api))
		printer_pairf(printer, LABEL, "period", "%s to %s (UTC)", day(what->from_ms, from),
		              day(what->to_ms, to));
	printer_pairf(printer, LABEL, "rows", "%lld, of format %s", (long long)summary->rows,
	              what->api->format);
	for (size_t i = 0; i < summary->total_count; i++) {
		money_text(summary->totals[i].amount, amount);
		printer_pairf(printer, LABEL, i == 0 ? "total" : "", "%s %s, of %lld row%s", amount,
		              summary->totals[i].currency, (long long)summary->totals[i].rows,
		              summary->totals[i].rows == 1 ? "" : "s");
	}
	if (fetching->result.until_ms < what->to_ms)
		printer_wrapf(
			printer, 0,
			"Nothing was told of %s and behind it: no usage, or not yet.  Compare "
			"up to there, or fetch it again later.",
			day(fetching->result.until_ms, from));
	if (fetching->result.left_out > 0)
		printer_wrapf(printer, 0,
		              "%lld record%s of the moment at which the period ends: of the next "
		              "period, and left out",
		              (long long)fetching->result.left_out,
		              fetching->result.left_out == 1 ? "" : "s");
	while (text_cut(&rest, '\n', &line))
		if (line.len > 0)
			printer_wrap(printer, 0, line);
}

/* Reads it as whoever reconciles it will. */
static int put_result(struct context *context, const struct fetching *fetching)
{
	const struct statement_options reading = {
		.format = statement_format_find(text_of(fetching->what.api->format)),
	};
	struct statement_summary summary = { .rows = 0 };
	struct fault why = { .code = FAULT_NONE };
	int r = statement_read(fetching->file, &reading, count_row, NULL, &summary, &why);

	if (r < 0)
		fault_set(&context->fault, why.code,
		          "%s is there, whole and as it was told, but it cannot be read: %s",
		          fetching->file, why.text);
	else if (context->form == FORM_JSON)
		put_json(&context->out, fetching, &summary);
	else
		put_people(context, fetching, &summary);
	statement_summary_release(&summary);
	return r;
}

/* --- the command ------------------------------------------------------------------ */

static enum exit_code check_from(struct context *context)
{
	struct text name = options_text(&context->options, "from");
	struct buf names = { .at = NULL };
	const struct fetch_api *api;
	enum exit_code code = EXIT_DONE;

	for (size_t i = 0; (api = fetch_api_at(i)) != NULL; i++)
		buf_addf(&names, "%s%s", i > 0 ? ", " : "", api->name);
	if (name.at == NULL)
		code = command_misused(context, "--from NAME is due: %.*s",
		                       TEXT_ARGS(buf_text(&names)));
	else if (fetch_api_find(name) == NULL)
		code = command_misused(context, "nothing is fetched from %.*s: %.*s",
		                       TEXT_ARGS(name), TEXT_ARGS(buf_text(&names)));
	buf_release(&names);
	return code;
}

static bool read_day(const struct options *given, const char *name, int64_t *ms_out)
{
	return moment_parse_date(options_text(given, name), ms_out) && *ms_out % MS_PER_DAY == 0;
}

static enum exit_code check_wanted(struct context *context)
{
	const struct options *given = &context->options;
	const char *from = options_value(given, "from-date"), *to = options_value(given, "to-date");
	const char *ids = options_value(given, "ids");
	const struct fetch_api *api = fetch_api_find(options_text(given, "from"));
	int64_t ms;

	if (fetch_api_of_requests(api)) {
		if (ids == NULL || from != NULL || to != NULL)
			return command_misused(context,
			                       "%s tells single requests: --ids FILE is due, and "
			                       "no date",
			                       api->name);
		return EXIT_DONE;
	}
	if (ids != NULL)
		return command_misused(context, "%s knows no --ids: it tells a period", api->name);
	if (from == NULL || to == NULL)
		return command_misused(context, "--from-date DATE and --to-date DATE are due");
	if (!read_day(given, "from-date", &ms))
		return command_misused(context, "--from-date %s: a day is due, 2026-08-01", from);
	if (!read_day(given, "to-date", &ms))
		return command_misused(context, "--to-date %s: a day is due, 2026-09-01", to);
	return EXIT_DONE;
}

static enum exit_code check(struct context *context)
{
	const char *output = options_value(&context->options, "output");
	enum exit_code code = command_no_words(context, "statement fetch");

	if (code == EXIT_DONE)
		code = check_from(context);
	if (code == EXIT_DONE)
		code = check_wanted(context);
	if (code == EXIT_DONE && output != NULL && strcmp(output, "-") == 0)
		code = command_misused(context, "a statement is kept with its pages: --output is "
		                                "the path of a file");
	return code;
}

/* NAME-DATE-DATE.json where no name is given. */
static int name_file(struct fetching *fetching, const struct options *given, struct fault *fault)
{
	const char *output = options_value(given, "output");
	const struct statement_fetch *what = &fetching->what;
	char from[MOMENT_TEXT_BYTES], to[MOMENT_TEXT_BYTES];

	if (output != NULL && !text_copy(fetching->file, sizeof(fetching->file), text_of(output)))
		return fault_set(fault, FAULT_RANGE, "%s: the path is too long", output);
	if (output == NULL && fetch_api_of_requests(what->api))
		snprintf(fetching->file, sizeof(fetching->file), "%s.json", what->api->name);
	else if (output == NULL)
		snprintf(fetching->file, sizeof(fetching->file), "%s-%s-%s.json", what->api->name,
		         day(what->from_ms, from), day(what->to_ms, to));
	return 0;
}

static int fetch(struct context *context, struct fetching *fetching)
{
	const struct fetch_hooks hooks = {
		.send = send_question,
		.now_ms = now_ms,
		.wait = wait_so_long,
		.take = take_page,
		.context = fetching,
	};
	struct fault *fault = &context->fault;
	struct sigaction before[ENDING_COUNT];
	int ended, r = statement_fetch_check(&fetching->what, command_now_ms(), fault);

	if (r < 0)
		return r;
	catch_signals(before);
	r = statement_pages_start(&fetching->pages, fetching->file,
	                          options_value(&context->options, "pages"), fault);
	if (r == 0) {
		progress_start(&fetching->progress, "pages");
		r = statement_fetch(&fetching->what, &hooks, &fetching->result, fault);
		progress_end(&fetching->progress);
	}
	ended = statement_pages_end(&fetching->pages, r == 0, fault);
	release_signals(before);
	return r < 0 ? r : ended;
}

static int take_wanted(struct fetching *fetching, const struct options *given, struct buf *ids,
                       struct fault *fault)
{
	struct statement_fetch *what = &fetching->what;
	const char *path = options_value(given, "ids");
	int64_t tries;
	int r = options_number(given, "tries", 1, TRIES_MAX, 0, &tries, fault);

	if (r < 0)
		return r;
	what->tries_max = (unsigned)tries;
	what->base_url = options_value(given, "base-url");
	what->key = fetching->key;
	if (getrandom(&what->seed, sizeof(what->seed), GRND_NONBLOCK) < 0)
		what->seed = (uint64_t)command_now_ms() ^ (uint64_t)getpid();
	read_day(given, "from-date", &what->from_ms);
	read_day(given, "to-date", &what->to_ms);
	if (path != NULL)
		r = buf_read_file(ids, path, FETCH_IDS_BYTES_MAX, fault);
	what->ids = buf_text(ids);
	return r < 0 ? r : name_file(fetching, given, fault);
}

static enum exit_code run(struct context *context)
{
	struct fetching fetching = {
		.what.api = fetch_api_find(options_text(&context->options, "from")),
		.pages.statement.fd = -1,
	};
	struct buf ids = { .at = NULL };
	int r = take_key(&context->options, fetching.what.api, fetching.key, &context->fault);

	if (r == 0)
		r = take_wanted(&fetching, &context->options, &ids, &context->fault);
	if (r == 0)
		r = fetch(context, &fetching);
	explicit_bzero(fetching.key, sizeof(fetching.key));
	if (r == 0)
		r = put_result(context, &fetching);
	buf_release(&ids);
	return r < 0 ? command_failed(context, r) : EXIT_DONE;
}

const struct command command_statement_fetch = {
	.name = "fetch",
	.summary = "Fetch a statement from the API of whoever wrote it",
	.synopsis = "statement fetch --from NAME --from-date DATE --to-date DATE [--ids FILE] "
		    "[-o FILE] [--pages FOLDER] [--key-file FILE] [--base-url URL] [--tries N]",
	.details =
		"NAME is openrouter-activity, openrouter-generation (by --ids, without dates), "
		"openrouter-analytics, openai-usage, openai-costs, anthropic-usage, "
		"anthropic-cost, litellm-spend-v2 or, of an older LiteLLM, litellm-spend, which "
		"need a --base-url. Days are UTC, and "
		"over.\n"
		"The key is that of --key-file, else of OPENROUTER_API_KEY, OPENAI_ADMIN_KEY, "
		"ANTHROPIC_ADMIN_KEY or LITELLM_API_KEY; it goes over https, or to this machine, "
		"and to no other place that is redirected to.\n"
		"Pages are checked to be of the period, and are kept as they came, with an "
		"index, in FILE.pages. 429, 408, 5xx and lost connections are asked again, not "
		"before a Retry-After, for at most 300 s a page. FILE is there when all of it "
		"is, or not at all. It is never replaced.",
	.json = true,
	.options = options,
	.check = check,
	.run = run,
};
