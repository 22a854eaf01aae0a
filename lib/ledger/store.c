#include "ledger/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/moment.h"
#include "ledger/archives.h"
#include "ledger/lock.h"
#include "ledger/words.h"

/* Before a commit, for what a write would paper over, and behind it, for what it kept. */
static int check_files(struct ledger *ledger, struct fault *fault)
{
	int64_t frame_bytes = WAL_FRAME_BYTES + ledger->page_bytes;
	int64_t wal_bytes = ledger->wal_pages > 0
	                            ? WAL_HEADER_BYTES + ledger->wal_pages * frame_bytes
	                            : 0;
	int r = files_check(&ledger->files, wal_bytes, fault);

	ledger->lost = r < 0;
	return r;
}

/* Behind a commit that is on disk: so much of the WAL is, too. */
static void note_wal(struct ledger *ledger)
{
	struct wal_mark *mark = &ledger->mark;

	if (ledger->wal_fd < 0 || ledger->wal_pages == 0 || ledger->mark.boot[0] == '\0' ||
	    !wal_mark_salts(mark, ledger->wal_fd))
		return;
	mark->frames = ledger->wal_pages;
	lock_mark_write(ledger->lock_fd, mark);
}

void store_forget_wal(struct ledger *ledger)
{
	if (ledger->mark.frames == 0)
		return;
	ledger->mark.frames = 0;
	lock_mark_write(ledger->lock_fd, &ledger->mark);
}

int ledger_begin(struct ledger *ledger, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_BEGIN);
	int r;

	assert(ledger->writer && !ledger->in_transaction);
	r = check_files(ledger, fault);
	sqlite3_busy_timeout(ledger->db, LEDGER_BEGIN_BUSY_MS);
	if (r == 0)
		r = query_done(&query, fault);
	sqlite3_busy_timeout(ledger->db, 0);
	if (r == 0)
		ledger->in_transaction = true;
	return r;
}

/* The sums live for one transaction. */
static void forget_transaction(struct ledger *ledger)
{
	ledger->in_transaction = false;
	ledger->watermark_count = 0;
	ledger->moved_count = 0;
	rollups_clear(&ledger->rollups);
	hours_clear(&ledger->hours);
	words_forget(ledger);
}

void ledger_rollback(struct ledger *ledger)
{
	struct query query;

	if (!ledger->in_transaction)
		return;
	/* SQLite rolls back by itself on some errors; then this statement has nothing to do. */
	if (!sqlite3_get_autocommit(ledger->db)) {
		query = query_start(ledger, STATEMENT_ROLLBACK);
		query_done(&query, NULL);
	}
	/*
	 * Names that were new have no row any more.  Identities that were new may stay, because
	 * the row decides; but one that moved must be found where its row stands again.
	 */
	for (size_t i = ledger->moved_count; i > 0; i--)
		identity_add(&ledger->identity, ledger->moved[i - 1].fingerprint,
		             ledger->moved[i - 1].ts);
	forget_transaction(ledger);
	names_clear(&ledger->names);
}

static void bind_key(struct query *query, const struct rollup_key *key)
{
	query_int(query, key->hour);
	query_int(query, key->account);
	query_int(query, key->key);
	query_int(query, key->model);
	query_int(query, key->source);
	query_int(query, key->provider);
	query_int(query, key->tier);
	query_int(query, key->price);
}

static int rollup_write(struct ledger *ledger, const struct rollup_entry *entry,
                        struct fault *fault)
{
	bool empty = entry->sum.events == 0;
	struct query query = query_start(ledger,
	                                 empty ? STATEMENT_ROLLUP_DROP : STATEMENT_ROLLUP_PUT);
	uint64_t word = empty ? 0 : word_of_rollup(&entry->key, &entry->sum);
	int64_t nanos, attos, cost_nanos, cost_attos;
	int r = words_turn(ledger, WORD_ROLLUP, entry->key.hour, entry->word ^ word, fault);

	if (r < 0)
		return r;
	bind_key(&query, &entry->key);
	if (empty)
		return query_done(&query, fault);
	query_int(&query, entry->sum.events);
	query_int(&query, entry->sum.errors);
	query_int(&query, entry->sum.turns);
	query_int(&query, entry->sum.partial);
	query_int(&query, entry->sum.estimated);
	query_int(&query, entry->sum.uncounted);
	for (int c = 0; c < COMPONENT_COUNT; c++)
		query_int(&query, entry->sum.count[c]);
	/* Every addition was checked, so both split. */
	r = money_split(entry->sum.amount, &nanos, &attos);
	assert(r == 0);
	r = money_split(entry->sum.cost, &cost_nanos, &cost_attos);
	assert(r == 0);
	query_int(&query, nanos);
	query_int(&query, attos);
	query_int(&query, entry->sum.costed);
	query_int(&query, entry->sum.uncosted);
	query_int(&query, cost_nanos);
	query_int(&query, cost_attos);
	return query_done(&query, fault);
}

static int watermark_write(struct ledger *ledger, const struct watermark *mark, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_WATERMARK_ADD);

	query_int(&query, mark->source);
	query_int(&query, mark->events);
	query_int(&query, mark->first_ts);
	query_int(&query, mark->last_ts);
	query_int(&query, mark->stored_ms);
	return query_done(&query, fault);
}

int ledger_commit(struct ledger *ledger, struct fault *fault)
{
	struct query query;
	int r = 0;

	assert(ledger->in_transaction);
	for (size_t i = 0; r == 0 && i < ledger->rollups.count; i++)
		r = rollup_write(ledger, &ledger->rollups.entries[i], fault);
	for (size_t i = 0; r == 0 && i < ledger->watermark_count; i++)
		r = watermark_write(ledger, &ledger->watermarks[i], fault);
	if (r == 0)
		r = hours_write(ledger, fault);
	if (r == 0)
		r = words_flush(ledger, fault);
	if (r < 0)
		return r;
	query = query_start(ledger, STATEMENT_COMMIT);
	r = query_done(&query, fault);
	if (r < 0)
		return r;
	forget_transaction(ledger);
	note_wal(ledger);
	return check_files(ledger, fault);
}

int store_rollup(struct ledger *ledger, const struct rollup_key *key,
                 struct rollup_entry **entry_out, struct fault *fault)
{
	struct rollup_entry *entry = rollups_find(&ledger->rollups, key);
	struct rollup_sum sum = { .events = 0 };
	uint64_t word = 0;
	struct query query;
	int r = 0;

	if (key->hour >= ledger->watch_from_ms && key->hour < ledger->watch_to_ms)
		ledger->touched = true;
	if (entry == NULL) {
		query = query_start(ledger, STATEMENT_ROLLUP_GET);
		bind_key(&query, key);
		r = query_row(&query, fault);
		if (r < 0)
			return r;
		if (r > 0) {
			r = rollup_read(&query, 0, &sum, fault);
			query_end(&query);
			if (r < 0)
				return r;
			word = word_of_rollup(key, &sum);
		}
		entry = rollups_add(&ledger->rollups, key);
		if (entry == NULL)
			return fault_set(fault, FAULT_NOMEM, "rollups: out of memory");
		entry->sum = sum;
		entry->word = word;
	}
	*entry_out = entry;
	return 0;
}

int store_watermark(struct ledger *ledger, const struct event_row *row, int64_t events,
                    int64_t now_ms, struct fault *fault)
{
	int64_t ts = row->stored.event.time_ms;
	struct watermark *mark = NULL;

	for (size_t i = 0; i < ledger->watermark_count; i++) {
		if (ledger->watermarks[i].source == row->source)
			mark = &ledger->watermarks[i];
	}
	if (mark == NULL) {
		if (ledger->watermark_count == ledger->watermark_cap) {
			size_t cap = ledger->watermark_cap > 0 ? ledger->watermark_cap * 2 : 16;
			struct watermark *grown = realloc(ledger->watermarks,
			                                  cap * sizeof(*ledger->watermarks));

			if (grown == NULL)
				return fault_set(fault, FAULT_NOMEM, "watermarks: out of memory");
			ledger->watermarks = grown;
			ledger->watermark_cap = cap;
		}
		mark = &ledger->watermarks[ledger->watermark_count++];
		*mark = (struct watermark){ row->source, 0, ts, ts, now_ms };
	}
	mark->events += events;
	if (ts < mark->first_ts)
		mark->first_ts = ts;
	if (ts > mark->last_ts)
		mark->last_ts = ts;
	if (now_ms > mark->stored_ms)
		mark->stored_ms = now_ms;
	return 0;
}

void store_bind_identity(struct query *query, int64_t ts, int64_t source, struct text id)
{
	query_int(query, ts);
	query_int(query, source);
	query_text(query, id);
}

int store_standing(struct ledger *ledger, int64_t ts, const struct event_row *row, bool *found_out,
                   struct standing *standing_out, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_EVENT_STANDING);
	int r;

	store_bind_identity(&query, ts, row->source, row->stored.event.id);
	r = query_row(&query, fault);
	if (r < 0)
		return r;
	*found_out = r > 0;
	if (r > 0) {
		*standing_out = (struct standing){
			.ts = ts,
			.hash = (uint64_t)column_int(&query, 0),
			.settlement = (enum settlement)column_int(&query, 1),
			.turn = (enum turn)column_int(&query, 2),
		};
		query_end(&query);
	}
	return 0;
}

/* One row a path, and one row for all paths beyond UNKNOWN_PATHS_MAX. */
int store_unknown(struct ledger *ledger, const struct event_row *row, struct fault *fault)
{
	const struct event *event = &row->stored.event;
	struct text path = event->unknown_path;
	struct query query;
	int64_t others = 0;
	int r;

	if (!row->stored.unknown)
		return 0;
	if (path.len > UNKNOWN_PATH_BYTES)
		path.len = UNKNOWN_PATH_BYTES;
	while (path.len > 0 && !text_utf8(path))
		path.len--;
	query = query_start(ledger, STATEMENT_UNKNOWN_PATHS);
	query_int(&query, row->source);
	query_int(&query, row->api);
	query_text(&query, path);
	r = query_single(&query, &others, fault);
	if (r < 0)
		return r;
	query = query_start(ledger, STATEMENT_UNKNOWN_ADD);
	query_int(&query, row->source);
	query_int(&query, row->api);
	query_text(&query, others < UNKNOWN_PATHS_MAX ? path : text_of("(others)"));
	query_int(&query, event->time_ms);
	query_text(&query, event->id);
	return query_done(&query, fault);
}

int store_drop(struct ledger *ledger, int64_t ts, const struct event_row *row, int64_t word,
               struct fault *fault)
{
	const enum statement statements[] = { STATEMENT_DETAIL_DROP, STATEMENT_EVENT_DROP };

	for (size_t i = 0; i < 2; i++) {
		struct query query = query_start(ledger, statements[i]);
		int r;

		store_bind_identity(&query, ts, row->source, row->stored.event.id);
		r = query_done(&query, fault);
		if (r < 0)
			return r;
	}
	return words_turn(ledger, WORD_EVENT, moment_floor(ts, MOMENT_HOUR), word_in_hour(word),
	                  fault);
}

/* The event is written; now what is derived from it. */
static int add_sums(struct ledger *ledger, const struct event_row *row, int64_t now_ms,
                    enum ledger_outcome *outcome_out, struct fault *fault)
{
	const struct rollup_delta delta = event_row_delta(row);
	struct rollup_key key = event_row_key(row);
	struct rollup_entry *entry;
	int r = store_rollup(ledger, &key, &entry, fault);

	if (r < 0)
		return r;
	if (rollup_sum_add(&entry->sum, &delta) < 0) {
		*outcome_out = LEDGER_OVERFLOW;
		return store_drop(ledger, row->stored.event.time_ms, row, word_of_event(row),
		                  fault);
	}
	*outcome_out = LEDGER_ADDED;
	r = hours_add(ledger, row, fault);
	if (r == 0)
		r = store_watermark(ledger, row, row->stored.event.turn == TURN_NONE, now_ms,
		                    fault);
	return r < 0 ? r : store_unknown(ledger, row, fault);
}

/* Into the row, as it will be read again. */
static void set_rated(struct event_row *row, const struct rated *rated)
{
	row->stored.price_id = rated->price_id;
	row->stored.amount = rated->amount;
	row->stored.policy = rated->policy;
	row->stored.cost_id = rated->cost_id;
	row->stored.cost = rated->cost;
}

/* The event, or another phase of its request, may stand at that time, here or in the archive. */
static int add_at(struct ledger *ledger, int64_t ts, const struct event_row *row, struct text line,
                  int64_t now_ms, bool *done_out, struct ledger_added *added_out,
                  struct fault *fault)
{
	struct standing standing;
	int r = store_standing(ledger, ts, row, done_out, &standing, fault);

	if (r < 0)
		return r;
	if (*done_out)
		return phases_add(ledger, &standing, row, line, now_ms, added_out, fault);
	return phases_add_archived(ledger, ts, row, line, now_ms, done_out, &added_out->outcome,
	                           fault);
}

int store_kept(struct ledger *ledger, int64_t source, struct text id, int64_t *ts_out,
               bool *kept_out, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_IDENTITY_KEPT);
	int r;

	query_int(&query, source);
	query_text(&query, id);
	r = query_row(&query, fault);
	*kept_out = r > 0;
	if (r <= 0)
		return r;
	*ts_out = column_int(&query, 0);
	query_end(&query);
	return 0;
}

/*
 * What is known of its identity: from memory, of which its own time goes before another one, since
 * beyond memory an identity may stand twice (verify tells); and of what memory has forgotten from
 * its phases, corrections and conflicts.  *done_out false: it is new, unless it stands here at its
 * own time.
 */
static int add_known(struct ledger *ledger, uint64_t fingerprint, const struct event_row *row,
                     struct text line, int64_t now_ms, bool *done_out,
                     struct ledger_added *added_out, struct fault *fault)
{
	int64_t own_ms = row->stored.event.time_ms, ts;
	bool kept = false;
	int r = 0;

	*done_out = false;
	if (identity_find(&ledger->identity, fingerprint, &ts)) {
		if (ts != own_ms)
			r = add_at(ledger, own_ms, row, line, now_ms, done_out, added_out, fault);
		if (r == 0 && !*done_out)
			r = add_at(ledger, ts, row, line, now_ms, done_out, added_out, fault);
	}
	if (r == 0 && !*done_out)
		r = phases_add_archived(ledger, own_ms, row, line, now_ms, done_out,
		                        &added_out->outcome, fault);
	if (r < 0 || *done_out || !identity_forgets(&ledger->identity, own_ms))
		return r;
	r = store_kept(ledger, row->source, row->stored.event.id, &ts, &kept, fault);
	if (r < 0 || !kept)
		return r;
	/* One that stands at its own time goes before it, and is found there. */
	r = add_at(ledger, own_ms, row, line, now_ms, done_out, added_out, fault);
	return r < 0 || *done_out
	               ? r
	               : add_at(ledger, ts, row, line, now_ms, done_out, added_out, fault);
}

int ledger_add(struct ledger *ledger, const struct event *event, const struct rated *rated,
               struct text line, int64_t now_ms, struct ledger_added *added_out,
               struct fault *fault)
{
	struct event_row row;
	struct standing standing;
	uint64_t fingerprint;
	bool found = false;
	int r;

	assert(ledger->in_transaction);
	r = event_row_intern(ledger, event, &row, fault);
	if (r < 0)
		return r;
	set_rated(&row, rated);
	added_out->taken = (struct money){ 0 };
	fingerprint = identity_fingerprint(&ledger->identity, row.source, event->id);
	r = add_known(ledger, fingerprint, &row, line, now_ms, &found, added_out, fault);
	if (r < 0 || found)
		return r;
	r = event_row_write(ledger, &row, fault);
	if (r < 0)
		return r;
	if (r == 0) {
		r = store_standing(ledger, event->time_ms, &row, &found, &standing, fault);
		if (r < 0)
			return r;
		assert(found); /* its key is what kept this one out */
		return phases_add(ledger, &standing, &row, line, now_ms, added_out, fault);
	}
	r = add_sums(ledger, &row, now_ms, &added_out->outcome, fault);
	if (r == 0 && added_out->outcome == LEDGER_ADDED)
		identity_add(&ledger->identity, fingerprint, event->time_ms);
	return r;
}

int ledger_quarantine(struct ledger *ledger, const struct event_refusal *refusal, struct text line,
                      int64_t length, int64_t now_ms, struct fault *fault)
{
	unsigned char digest[SHA256_BYTES];
	struct query query;
	int64_t source;
	int r;

	names_trim(&ledger->names);
	r = names_id(ledger, refusal->source, &source, fault);
	if (r < 0)
		return r;
	sha256(line.at, line.len, digest);
	query = query_start(ledger, STATEMENT_QUARANTINE_ADD);
	query_int(&query, source);
	query_text_or_null(&query, refusal->id);
	query_int_or_null(&query, refusal->time_ms);
	query_text(&query, text_of(reason_name(refusal->reason)));
	query_text(&query, text_of(refusal->detail));
	query_int(&query, now_ms);
	query_int(&query, length);
	query_blob(&query, line);
	query_blob(&query, (struct text){ (const char *)digest, sizeof(digest) });
	return query_done(&query, fault);
}

int ledger_quarantine_release(struct ledger *ledger, int64_t quarantine_id, int64_t now_ms,
                              struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_QUARANTINE_RELEASE);

	query_int(&query, now_ms);
	query_int(&query, quarantine_id);
	return query_done(&query, fault);
}

int ledger_holds(struct ledger *ledger, struct text source, struct text id, int64_t time_ms,
                 uint64_t content_hash, bool *holds_out, struct fault *fault)
{
	struct event_row row = { .stored.event.id = id };
	int64_t ts = time_ms;
	struct standing standing;
	struct query query;
	int64_t phases = 0;
	bool found = false;
	int r;

	*holds_out = false;
	names_trim(&ledger->names);
	r = names_id(ledger, source, &row.source, fault);
	if (r < 0)
		return r;
	identity_find(&ledger->identity, identity_fingerprint(&ledger->identity, row.source, id),
	              &ts);
	r = store_standing(ledger, ts, &row, &found, &standing, fault);
	if (r == 0 && !found && ts < ledger->archives.until_ms)
		r = archives_standing(ledger, ts, &row, &found, &standing, fault);
	if (r < 0 || (found && standing.hash == content_hash)) {
		*holds_out = r == 0;
		return r;
	}
	query = query_start(ledger, STATEMENT_PHASE_HASH);
	query_int(&query, row.source);
	query_text(&query, id);
	query_int(&query, (int64_t)content_hash);
	r = query_single(&query, &phases, fault);
	*holds_out = r == 0 && phases > 0;
	return r;
}

int ledger_change_note(struct ledger *ledger, int64_t now_ms, struct text who, const char *what,
                       struct text detail, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_CHANGE_ADD);

	query_int(&query, now_ms);
	query_text(&query, who);
	query_text(&query, text_of(what));
	query_text(&query, detail);
	return query_done(&query, fault);
}

/* One side of an event that waited. */
static int event_price(struct ledger *ledger, enum statement statement, const struct event_row *row,
                       int64_t price_id, struct money amount, struct fault *fault)
{
	const struct event *event = &row->stored.event;
	struct query query;
	int64_t nanos, attos;
	int r;

	/* It was added to the sum of its hour. */
	r = money_split(amount, &nanos, &attos);
	assert(r == 0);
	query = query_start(ledger, statement);
	query_int(&query, price_id);
	query_int(&query, nanos);
	query_int(&query, attos);
	store_bind_identity(&query, event->time_ms, row->source, event->id);
	r = query_done(&query, fault);
	if (r == 0 && sqlite3_changes(ledger->db) != 1)
		r = fault_set(fault, FAULT_NOT_FOUND, "event %.*s: not in suspense",
		              TEXT_ARGS(event->id));
	return r;
}

/* The event as it is stored goes out of its hour, and comes in as it was rated now. */
static int move_in_hour(struct ledger *ledger, const struct event_row *waits,
                        const struct rated *found, struct fault *fault)
{
	const struct event *event = &waits->stored.event;
	struct query query = query_start(ledger, STATEMENT_EVENT_GET);
	unsigned char digest[SHA256_BYTES];
	struct event_row row;
	int r;

	store_bind_identity(&query, event->time_ms, waits->source, event->id);
	r = query_row(&query, fault);
	if (r == 0)
		r = fault_set(fault, FAULT_NOT_FOUND, "event %.*s: not in suspense",
		              TEXT_ARGS(event->id));
	if (r < 0)
		return r;
	r = event_row_read(ledger, &query, &row, fault);
	if (r == 0)
		r = event_row_names(ledger, &row, fault);
	if (r == 0)
		r = event_row_digest(&row, &ledger->digest_room, digest, fault);
	if (r == 0)
		r = hours_take(ledger, event->time_ms, digest, fault);
	if (r == 0) {
		set_rated(&row, found);
		r = hours_add(ledger, &row, fault);
	}
	query_end(&query);
	return r;
}

/* The event as it is now has another check word. */
static int event_renew_word(struct ledger *ledger, const struct event_row *row, struct fault *fault)
{
	const struct event *event = &row->stored.event;
	struct query query = query_start(ledger, STATEMENT_EVENT_GET);
	struct event_row now;
	int64_t word;
	int r;

	store_bind_identity(&query, event->time_ms, row->source, event->id);
	r = query_due(&query, fault);
	if (r < 0)
		return r;
	r = event_row_read(ledger, &query, &now, fault);
	word = r == 0 ? word_of_event(&now) : 0;
	query_end(&query);
	if (r == 0)
		r = words_turn(ledger, WORD_EVENT, moment_floor(event->time_ms, MOMENT_HOUR),
		               word_in_hour(now.word) ^ word_in_hour(word), fault);
	if (r < 0)
		return r;
	query = query_start(ledger, STATEMENT_EVENT_WORD);
	query_int(&query, word);
	store_bind_identity(&query, event->time_ms, row->source, event->id);
	return query_done(&query, fault);
}

int ledger_suspense_price(struct ledger *ledger, const struct event *event,
                          const struct rated *waiting, const struct rated *found,
                          struct fault *fault)
{
	bool sold = found->price_id != waiting->price_id;
	bool costed = found->cost_id != waiting->cost_id;
	struct rollup_delta before, after;
	struct rollup_entry *from, *to;
	struct rollup_key from_key, to_key;
	struct event_row row;
	int r;

	assert(ledger->in_transaction && (sold || costed));
	assert(!sold || waiting->price_id == LEDGER_PRICE_SUSPENSE);
	assert(!costed || waiting->cost_id == LEDGER_PRICE_SUSPENSE);
	r = event_row_intern(ledger, event, &row, fault);
	if (r < 0)
		return r;
	set_rated(&row, waiting);
	before = event_row_delta(&row);
	from_key = event_row_key(&row);
	set_rated(&row, found);
	after = event_row_delta(&row);
	to_key = event_row_key(&row);
	/* The fuller sum first: it is what can fail. */
	r = store_rollup(ledger, &to_key, &to, fault);
	if (r == 0 && rollup_sum_add(&to->sum, &after) < 0)
		r = fault_set(fault, FAULT_RANGE, "event %.*s: the sum of its hour does not fit",
		              TEXT_ARGS(event->id));
	if (r == 0)
		r = store_rollup(ledger, &from_key, &from, fault);
	if (r == 0 && rollup_sum_take(&from->sum, &before) < 0)
		r = fault_set(fault, FAULT_CORRUPT,
		              "%s: event %.*s: the rollup of its hour lacks it: " WORDS_ADVICE,
		              ledger->path, TEXT_ARGS(event->id));
	if (r == 0)
		r = move_in_hour(ledger, &row, found, fault);
	if (r == 0 && sold)
		r = event_price(ledger, STATEMENT_EVENT_PRICE, &row, found->price_id, found->amount,
		                fault);
	if (r == 0 && costed)
		r = event_price(ledger, STATEMENT_EVENT_COST, &row, found->cost_id, found->cost,
		                fault);
	return r < 0 ? r : event_renew_word(ledger, &row, fault);
}

int ledger_wal_checkpoint(struct ledger *ledger, bool idle, bool *again_out, struct fault *fault)
{
	int mode = idle ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
	int code;

	assert(ledger->writer && !ledger->in_transaction);
	if (again_out != NULL)
		*again_out = false;
	if (!idle && !ledger->wal_is_large)
		return 0;
	if (idle) {
		store_forget_wal(ledger);
		ledger->wal_pages = 0; /* what the WAL holds is not told before the next commit */
	}
	code = sqlite3_wal_checkpoint_v2(ledger->db, NULL, mode, NULL, NULL);
	if (again_out != NULL)
		*again_out = (code & 0xff) == SQLITE_BUSY;
	if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY)
		return ledger_fault(ledger, code, "checkpoint", fault);
	ledger->wal_is_large = false;
	return check_files(ledger, fault);
}
