#include "daemon/service.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/version.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/prices.h"
#include "ingest/change.h"
#include "ledger/archive.h"
#include "ledger/store.h"

/* --- gateways ------------------------------------------------------------ */

static void accept_gateway(struct service *service)
{
	/* At the end all who came before it are let in: there is no later for them. */
	service->gateway_waits = service->state == SERVICE_RUNNING &&
	                         !connections_have_room(&service->connections);
	if (service->gateway_waits)
		return;
	service->gateway_waits = !connection_accept(&service->connections,
	                                            (uv_stream_t *)&service->listener.pipe);
}

static void on_gateway(struct listener *listener)
{
	accept_gateway(listener->context);
}

static void on_gateway_gone(void *context)
{
	struct service *service = context;

	if (service->gateway_waits && service->listener.open)
		accept_gateway(service);
}

/* --- the end ------------------------------------------------------------- */

static void close_all(struct service *service)
{
	service->state = SERVICE_CLOSING;
	notify_send("STOPPING=1");
	listener_close(&service->listener);
	control_close(&service->control);
	tail_close(&service->tail);
	inlets_close(&service->inlets);
	connections_close(&service->connections);
	intake_close(&service->intake);
	changes_close(&service->changes);
	writer_stop(&service->writer, true);
	writer_close(&service->writer);
	signals_close(&service->signals);
	if (service->timers_open) {
		uv_close((uv_handle_t *)&service->tick, NULL);
		uv_close((uv_handle_t *)&service->drain, NULL);
	}
	service->timers_open = false;
}

/* Everything that was taken is on disk, or refused. */
static bool is_durable(const struct service *service)
{
	return service->writer.in_flight == 0 && service->intake.filling == NULL &&
	       changes_idle(&service->changes);
}

/* And everybody who is told of it has read it. */
static bool is_told(const struct service *service)
{
	return connections_untold(&service->connections) == 0 &&
	       control_settled(&service->control) && tail_settled(&service->tail);
}

static void settle(struct service *service)
{
	service->state = SERVICE_SETTLING;
	listener_close(&service->listener);
	service->settle_until_ms = uv_now(&service->loop) + SERVICE_SETTLE_MS;
	if (!connections_stop_reading(&service->connections))
		service->exit_code = SERVICE_EXIT_FAILED;
	if (!inlets_stop(&service->inlets))
		service->exit_code = SERVICE_EXIT_FAILED;
	intake_flush(&service->intake);
	changes_stop(&service->changes);
	writer_hurry(&service->writer);
}

/*
 * Until nothing comes any more, or the time is over: but what was sent before the end by
 * who cannot send it again is read as long as it moves.
 */
static bool is_drained(struct service *service, uint64_t now)
{
	bool quiet = !service->gateway_waits && !listener_has_waiting(&service->listener) &&
	             connections_drained(&service->connections) && inlets_drained(&service->inlets);
	uint64_t idle_ms;

	/* Twice quiet: a gateway that was just accepted was read once between. */
	service->quiet_drains = quiet ? service->quiet_drains + 1 : 0;
	if (service->quiet_drains >= 2)
		return true;
	if (service->drained != service->intake.taken) {
		service->drained = service->intake.taken;
		service->drain_moved_ms = now;
	}
	if (now < service->drain_until_ms)
		return false;
	/* Whoever comes now comes too late: what is owed must have an end. */
	listener_close(&service->listener);
	/* While a commit runs, who waits for room waits for the disk. */
	idle_ms = service->writer.commits > 0 ? SERVICE_SETTLE_MS : SERVICE_DRAIN_IDLE_MS;
	return (!connections_owing(&service->connections) && inlets_drained(&service->inlets)) ||
	       now - service->drain_moved_ms >= idle_ms;
}

static void on_drain(uv_timer_t *timer)
{
	struct service *service = timer->data;
	uint64_t now = uv_now(&service->loop);

	if (service->state == SERVICE_DRAINING) {
		if (is_drained(service, now))
			settle(service);
		return;
	}
	if (is_durable(service))
		tail_end(&service->tail);
	if (!is_durable(service)) {
		if (now < service->settle_until_ms)
			return;
		log_error("stopped before all was durable: it stays unacknowledged", "batches=%zu",
		          service->writer.in_flight);
		service->exit_code = SERVICE_EXIT_FAILED;
	} else if (!is_told(service)) {
		if (service->tell_until_ms == 0)
			service->tell_until_ms = now + SERVICE_TELL_MS;
		if (now < service->tell_until_ms)
			return;
		/* All is stored; they will send it again, and it will be duplicates. */
		log_warning("stopped though some do not read what they are told",
		            "gateways=%zu tails=%zu", connections_untold(&service->connections),
		            tail_settled(&service->tail) ? 0 : service->tail.count);
	}
	close_all(service);
}

static void stop(struct service *service, int number)
{
	if (service->state != SERVICE_RUNNING)
		return;
	log_info("stopping", "signal=%d", number);
	notify_send("STOPPING=1");
	service->state = SERVICE_DRAINING;
	service->drained = service->intake.taken;
	service->drain_moved_ms = uv_now(&service->loop);
	connections_begin_end(&service->connections);
	inlets_begin_end(&service->inlets);
	if (service->gateway_waits)
		accept_gateway(service);
	service->drain_until_ms = uv_now(&service->loop) +
	                          (uint64_t)service->config->number[SETTING_DRAIN_MS];
	uv_timer_start(&service->drain, on_drain, SERVICE_DRAIN_TICK_MS, SERVICE_DRAIN_TICK_MS);
}

/* --- what comes back from the writer ------------------------------------- */

static struct text currency(const struct service *service)
{
	const struct book *book = service->intake.terms.book.book;

	return book != NULL ? book_currency(book) : text_of(NULL);
}

static void on_change_done(struct changes *changes, struct batch *batch)
{
	struct service *service = changes->context;

	/* From here on it is in force; what was goes with the batch. */
	intake_swap_terms(&service->intake, &batch->new_terms);
	if (batch->kind == BATCH_CHANGE)
		control_done(&service->control, batch);
	else
		changes_free(changes, batch);
}

static void on_writer_done(struct writer *writer, struct batch *batch)
{
	struct service *service = writer->context;

	if (batch->kind == BATCH_EVENTS) {
		/* Its texts are gone when the intake has it back. */
		tail_batch(&service->tail, batch, currency(service));
		intake_done(&service->intake, batch);
	} else {
		changes_back(&service->changes, batch);
	}
	if (service->state == SERVICE_CLOSING)
		return;
	intake_writer_free(&service->intake);
	feeds_resume(&service->feeds);
	if (service->state == SERVICE_SETTLING)
		intake_flush(&service->intake);
}

static void on_writer_failed(struct writer *writer)
{
	struct service *service = writer->context;

	if (service->state == SERVICE_CLOSING)
		return;
	service->exit_code = SERVICE_EXIT_FAILED;
	close_all(service);
}

/* --- signals, clock ------------------------------------------------------- */

static void on_signal(struct signals *signals, int number)
{
	struct service *service = signals->context;

	if (number != SIGHUP)
		stop(service, number);
	else if (service->state == SERVICE_RUNNING)
		changes_reload(&service->changes);
}

static void summary(struct service *service)
{
	struct intake *intake = &service->intake;
	const int64_t *counts = intake->counts;
	int64_t lines = 0;

	for (int i = 0; i < INGEST_VERDICT_COUNT; i++)
		lines += counts[i];
	if (lines > 0)
		log_info("minute",
		         "lines=%lld accepted=%lld unpriced=%lld duplicate=%lld conflict=%lld "
		         "quarantined=%lld checkpoints=%lld unknown_usage=%lld connections=%zu",
		         (long long)lines, (long long)counts[INGEST_ACCEPTED],
		         (long long)counts[INGEST_UNPRICED], (long long)counts[INGEST_DUPLICATE],
		         (long long)counts[INGEST_CONFLICT], (long long)counts[INGEST_QUARANTINED],
		         (long long)counts[INGEST_CHECKPOINT], (long long)intake->unknown,
		         service->connections.placed[PEER_SERVED]);
	service->connections.lines_logged = 0;
	memset(intake->counts, 0, sizeof(intake->counts));
	intake->unknown = 0;
	intake->lines_logged = 0;
}

/* Fed while the writer moves, or has nothing to do: a thread that hangs must not look well. */
static void feed_watchdog(struct service *service)
{
	uint64_t beats = atomic_load(&service->writer.beats), now = uv_now(&service->loop);

	if (service->watchdog_ms == 0 || now - service->fed_ms < service->watchdog_ms)
		return;
	if (beats == service->beats && service->writer.in_flight > 0 &&
	    !atomic_load(&service->writer.changing))
		return;
	service->beats = beats;
	service->fed_ms = now;
	notify_send("WATCHDOG=1");
}

static void on_tick(uv_timer_t *timer)
{
	struct service *service = timer->data;

	connections_check_silence(&service->connections);
	control_check_silence(&service->control);
	if (service->gateway_waits && service->listener.open)
		on_gateway_gone(service);
	feed_watchdog(service);
	if (++service->ticks % SERVICE_SUMMARY_S == 0)
		summary(service);
}

/* --- the start ----------------------------------------------------------- */

static void start_clock(struct service *service)
{
	uv_timer_init(&service->loop, &service->tick);
	uv_timer_init(&service->loop, &service->drain);
	service->tick.data = service->drain.data = service;
	service->timers_open = true;
	service->watchdog_ms = notify_watchdog_ms();
	uv_timer_start(&service->tick, on_tick, SERVICE_TICK_MS, SERVICE_TICK_MS);
}

/* What is asked of the daemon itself, not of its ledger: {"ask":"feeds"}. */
static void on_ask(struct control *control, struct text what, struct buf *reply)
{
	const struct service *service = control->context;

	if (text_is(what, "feeds"))
		inlets_status(&service->inlets, reply);
	else
		change_refuse(reply, -FAULT_INVALID, "ask: nobody knows that");
}

static int start_parts(struct service *service, struct terms terms, struct fault *fault)
{
	const struct config *config = service->config;
	const char *path = config->text[SETTING_SOCKET];
	int r;

	service->signals.context = service;
	service->signals.on_signal = on_signal;
	service->writer.context = service;
	service->writer.on_done = on_writer_done;
	service->writer.on_failed = on_writer_failed;
	service->feeds.intake = &service->intake;
	service->connections.feeds = &service->feeds;
	service->connections.doc = &service->intake.doc;
	service->connections.config = config;
	service->connections.on_gone = on_gateway_gone;
	service->connections.context = service;
	connections_start(&service->connections, &service->loop);
	service->listener.context = service;
	service->listener.on_waiting = on_gateway;
	/* The intake owns the terms from here on, also after a failure. */
	r = intake_start(&service->intake, &service->loop, &service->writer, config, terms);
	if (r == 0)
		r = signals_start(&service->signals, &service->loop);
	if (r == 0)
		r = inlets_load(&service->inlets, &config->feeds, service->ledger, fault);
	if (r < 0 && r != -FAULT_NOMEM)
		return r;
	if (r == 0)
		r = writer_start(&service->writer, &service->loop, service->ledger);
	if (r < 0)
		return fault_set(fault, FAULT_NOMEM, "not enough memory or threads to start");
	service->changes.context = service;
	service->changes.on_done = on_change_done;
	changes_start(&service->changes, &service->loop, &service->writer, &service->intake.terms,
	              (const char *const[BOOK_SIDES]){
			      [BOOK_SELL] = config->text[prices_setting(BOOK_SELL)],
			      [BOOK_COST] = config->text[prices_setting(BOOK_COST)],
		      });
	start_clock(service);
	tail_start(&service->tail, &service->loop);
	service->control.context = service;
	service->control.on_ask = on_ask;
	r = control_start(&service->control, &service->loop, config->text[SETTING_CONTROL],
	                  &service->changes, &service->tail, fault);
	if (r == 0)
		r = inlets_start(&service->inlets, &service->loop, &service->connections, fault);
	if (r == 0)
		r = listener_start(&service->listener, &service->loop, path, notify_listen_fd(path),
		                   fault);
	return r;
}

/*
 * A gateway beyond the limit of open files would not wait: libuv accepts and closes it to go
 * on, and what it wrote without asking for an acknowledgement is gone.  At the end those who
 * wait are let in too.
 */
static int allow_files(const struct config *config, struct fault *fault)
{
	rlim_t due = (rlim_t)config->number[SETTING_CONNECTIONS_MAX] + LISTENER_BACKLOG +
	             PEERS_WAITING_MAX + CONNECTIONS_REFUSED_MAX + CONTROL_CLIENTS_MAX +
	             TAIL_SUBSCRIBERS_MAX + SERVICE_FILES_OWN +
	             INLET_FILES * (rlim_t)config->feeds.count;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return fault_set(fault, FAULT_IO, "the limit of open files: %s", strerror(errno));
	if (limit.rlim_cur >= due)
		return 0;
	limit.rlim_cur = limit.rlim_max;
	if (limit.rlim_cur >= due && setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return 0;
	return fault_set(fault, FAULT_INVALID,
	                 "connections_max: %lld gateways take up to %llu open files, and the limit "
	                 "is %llu: raise it (LimitNOFILE of the unit, ulimit -n) or take fewer",
	                 (long long)config->number[SETTING_CONNECTIONS_MAX],
	                 (unsigned long long)due, (unsigned long long)limit.rlim_max);
}

/* What is away now is told now, and not first by the line that needs it. */
static int look_at_file(void *context, const struct archive_file *file)
{
	struct service *service = context;
	struct fault fault = { .code = FAULT_NONE };

	if (archive_check_file(service->ledger, file->seq, &fault) < 0)
		log_error("a file of the archive cannot be read: what is of its hours is "
		          "quarantined",
		          "error=%s", log_quote(text_of(fault.text)).text);
	return 0;
}

static void look_at_archive(struct service *service)
{
	struct fault fault = { .code = FAULT_NONE };

	if (archive_each(service->ledger, look_at_file, service, &fault) < 0)
		log_error("the archive cannot be read", "error=%s",
		          log_quote(text_of(fault.text)).text);
}

static int open_ledger(struct service *service, struct fault *fault)
{
	const struct config *config = service->config;
	const char *control = config->text[SETTING_CONTROL];
	char folder[PATH_MAX] = "", note[LEDGER_NOTE_BYTES];
	int r;
	const struct ledger_options options = {
		.identity_hours = config->number[SETTING_IDENTITY_HOURS],
		.identity_bytes = (size_t)config->number[SETTING_IDENTITY_BYTES_MAX],
		.lock_note = note,
		.keys = credential_keys_find(text_of(config->text[SETTING_KEYS])),
	};

	/* Whoever reads the note may stand in another folder. */
	if (control[0] != '/' && getcwd(folder, sizeof(folder) - 1) != NULL)
		strcat(folder, "/");
	if (snprintf(note, sizeof(note), "control=%s%s", folder, control) >= (int)sizeof(note))
		return fault_set(fault, FAULT_INVALID, "control: the path is longer than %d bytes",
		                 LEDGER_NOTE_BYTES - 10);
	/* Right on the first day, and worth a look on every other. */
	if (access(config->text[SETTING_LEDGER], F_OK) < 0)
		log_warning("there is no ledger: a new one is made", "ledger=%s",
		            log_quote(text_of(config->text[SETTING_LEDGER])).text);
	r = ledger_open_writer(&service->ledger, config->text[SETTING_LEDGER], &options, fault);
	if (r == 0)
		look_at_archive(service);
	return r;
}

/* The books of the settings; *bad_out: the one that is none. */
static int load_prices(const struct config *config, struct book *loaded[BOOK_SIDES],
                       enum setting_text *bad_out, struct fault *fault)
{
	int r = 0;

	for (int side = 0; r == 0 && side < BOOK_SIDES; side++) {
		enum setting_text setting = prices_setting((enum book_side)side);

		*bad_out = setting;
		if (config->text[setting][0] != '\0')
			r = prices_load(&loaded[side], config->text[setting], fault);
	}
	return r;
}

/* What is rated by from the start: takes the books over. */
static int start_terms(struct service *service, struct book *loaded[BOOK_SIDES],
                       struct terms *terms, struct fault *fault)
{
	int r = 0;

	terms->credentials = *ledger_credentials(service->ledger);
	for (int side = 0; r == 0 && side < BOOK_SIDES; side++) {
		const char *path = service->config->text[prices_setting((enum book_side)side)];

		r = prices_at_start(service->ledger, (enum book_side)side, loaded[side], path,
		                    terms_book(terms, (enum book_side)side), fault);
		loaded[side] = NULL;
	}
	return r == 0 ? ledger_rules_load(service->ledger, &terms->rules, fault) : r;
}

/* The last checkpoint: all is in the WAL and durable, but that it cannot be moved is told. */
static void empty_wal(struct service *service, struct fault *fault)
{
	int r = ledger_wal_checkpoint(service->ledger, true, NULL, fault);

	if (r == 0)
		return;
	log_error(r == -FAULT_FULL ? "no space: the WAL stays as it is" : "the ledger failed",
	          "fault=%s error=%s", fault_name(r), log_quote(text_of(fault->text)).text);
	if (r != -FAULT_FULL)
		service->exit_code = SERVICE_EXIT_FAILED;
}

int service_run(struct service *service, const struct config *config)
{
	struct fault fault = { .code = FAULT_NONE };
	struct terms terms = { .rules = NULL };
	struct book *loaded[BOOK_SIDES] = { NULL, NULL };
	enum setting_text bad = SETTING_PRICES;
	bool looped = false, no_prices = false;
	char where[CONFIG_WHERE_BYTES];
	int closed, r = 0;

	service->config = config;
	/* The prices first: a bad book must not leave a new ledger behind. */
	r = load_prices(config, loaded, &bad, &fault);
	no_prices = r < 0 && r != -FAULT_NOMEM;
	if (r == 0)
		r = allow_files(config, &fault);
	if (r == 0)
		r = open_ledger(service, &fault);
	if (r == 0)
		r = start_terms(service, loaded, &terms, &fault);
	looped = r == 0 && uv_loop_init(&service->loop) == 0;
	if (!looped) {
		terms_release(&terms);
		r = r < 0 ? r : fault_set(&fault, FAULT_NOMEM, "no event loop");
		goto out;
	}
	r = start_parts(service, terms, &fault);
	if (r < 0) {
		close_all(service);
		goto out;
	}
	log_info("ready", "version=%s pid=%d ledger=%s socket=%s prices=%.12s", TOLL_VERSION,
	         (int)getpid(), log_quote(text_of(config->text[SETTING_LEDGER])).text,
	         log_quote(text_of(config->text[SETTING_SOCKET])).text,
	         terms.book.book != NULL ? book_hash(terms.book.book) : "none");
	notify_send("READY=1");
out:
	if (looped) {
		uv_run(&service->loop, UV_RUN_DEFAULT);
		closed = uv_loop_close(&service->loop);
		assert(closed == 0); /* every part has closed its handles */
		summary(service);
		changes_release(&service->changes);
		connections_release(&service->connections);
		inlets_release(&service->inlets);
		intake_release(&service->intake);
		tail_release(&service->tail);
	}
	if (no_prices)
		config_where(config, bad, where);
	if (r < 0)
		log_error("cannot start", "fault=%s%s%s error=%s", fault_name(r),
		          no_prices ? " setting=" : "",
		          no_prices ? log_quote(text_of(where)).text : "",
		          log_quote(text_of(fault.text)).text);
	book_free(loaded[BOOK_SELL]);
	book_free(loaded[BOOK_COST]);
	if (r == 0 && service->exit_code == SERVICE_EXIT_OK)
		empty_wal(service, &fault);
	ledger_close(service->ledger);
	if (r < 0)
		return no_prices || r == -FAULT_INVALID ? SERVICE_EXIT_CONFIG : SERVICE_EXIT_FAILED;
	log_info("stopped", "exit=%d", service->exit_code);
	return service->exit_code;
}
