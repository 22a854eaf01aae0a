/*
 * An event whose identity is known: sent again, other content, or another phase of the
 * request.  The highest phase stands in `event` and is the only one that counts; each other
 * one is a row of `phase`, whatever order they came in.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ledger/archives.h"
#include "ledger/words.h"

enum { MOVED_MIN = 64 };

/*
 * Reads the event that stands, and puts it as JSON into the ledger's scratch; with its digest where
 * that is asked for.
 */
static int load(struct ledger *ledger, int64_t ts, const struct event_row *other, bool priced,
                struct event_row *standing_out, unsigned char digest_out[SHA256_BYTES],
                struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_EVENT_GET);
	struct buf *json = &ledger->scratch;
	int r;

	store_bind_identity(&query, ts, other->source, other->stored.event.id);
	r = query_due(&query, fault);
	if (r < 0)
		return r;
	r = event_row_read(ledger, &query, standing_out, fault);
	if (r == 0)
		r = words_event(ledger, standing_out, fault);
	if (r == 0)
		r = event_row_names(ledger, standing_out, fault);
	buf_clear(json);
	if (r == 0 && priced)
		event_row_json_priced(standing_out, json);
	else if (r == 0)
		event_row_json(standing_out, json);
	if (r == 0 && digest_out != NULL)
		r = event_row_digest(standing_out, &ledger->digest_room, digest_out, fault);
	query_end(&query);
	/* These pointed into the row that was read. */
	standing_out->stored.event.id = other->stored.event.id;
	standing_out->stored.event.extra = text_of(NULL);
	if (r == 0 && json->error != 0)
		r = fault_set(fault, FAULT_NOMEM, "a phase: out of memory");
	return r;
}

/* Keeps a second version aside, beside the one that was first: the ledger's scratch. */
static int conflict_write(struct ledger *ledger, int64_t ts, const struct event_row *other,
                          struct text line, int64_t now_ms, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_CONFLICT_ADD);

	query_int(&query, other->source);
	query_text(&query, other->stored.event.id);
	query_int(&query, (int64_t)other->stored.event.content_hash);
	query_int(&query, ts);
	query_text(&query, buf_text(&ledger->scratch));
	query_blob(&query, line);
	query_int(&query, now_ms);
	return query_done(&query, fault);
}

int phase_digest(const struct phase_row *phase, unsigned char digest_out[SHA256_BYTES],
                 struct fault *fault)
{
	const int64_t numbers[] = { phase->source, phase->settlement, phase->hash, phase->ts,
		                    phase->late,   phase->kept_ms,    phase->api,  phase->unknown };
	struct buf bytes = { .at = NULL };
	int r = 0;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		buf_addf(&bytes, "%lld ", (long long)numbers[i]);
	buf_add_text(&bytes, phase->id);
	buf_add(&bytes, "\n", 1);
	buf_add_text(&bytes, phase->stored);
	if (bytes.error != 0)
		r = fault_set(fault, FAULT_NOMEM, "a phase: out of memory");
	else
		sha256(bytes.at, bytes.len, digest_out);
	buf_release(&bytes);
	return r;
}

/*
 * A row of `phase` for the event, which the ledger's scratch has as JSON.  Where an identity stands
 * twice, because it fell out of memory, the first row stays: verify tells of the identity.
 */
static int phase_write(struct ledger *ledger, const struct event_row *row, int64_t event_ts,
                       bool late, int64_t now_ms, struct fault *fault)
{
	const struct event *event = &row->stored.event;
	const struct phase_row phase = {
		.source = row->source,
		.settlement = event->settlement,
		.hash = (int64_t)event->content_hash,
		.ts = event->time_ms,
		.late = late,
		.kept_ms = now_ms,
		.api = row->api,
		.unknown = row->stored.unknown,
		.id = event->id,
		.stored = buf_text(&ledger->scratch),
	};
	unsigned char digest[SHA256_BYTES];
	struct query query;
	int r = phase_digest(&phase, digest, fault);

	if (r < 0)
		return r;
	query = query_start(ledger, STATEMENT_PHASE_ADD);
	query_int(&query, phase.source);
	query_text(&query, phase.id);
	query_int(&query, phase.settlement);
	query_int(&query, phase.hash);
	query_int(&query, phase.ts);
	query_int(&query, event_ts);
	query_int(&query, phase.late);
	query_int(&query, phase.kept_ms);
	query_int(&query, phase.api);
	query_int(&query, phase.unknown);
	query_text(&query, phase.stored);
	query_blob(&query, (struct text){ (const char *)digest, sizeof(digest) });
	return query_done(&query, fault);
}

/* The phase that stands came again. */
static int same_phase(struct ledger *ledger, const struct standing *standing,
                      const struct event_row *row, struct text line, int64_t now_ms,
                      enum ledger_outcome *outcome_out, struct fault *fault)
{
	struct event_row stands;
	int r;

	*outcome_out = LEDGER_DUPLICATE;
	if (standing->hash == row->stored.event.content_hash)
		return 0;
	*outcome_out = LEDGER_CONFLICT;
	r = load(ledger, standing->ts, row, false, &stands, NULL, fault);
	return r < 0 ? r : conflict_write(ledger, standing->ts, row, line, now_ms, fault);
}

/* An earlier phase than the one that stands: new, or known already. */
static int earlier_phase(struct ledger *ledger, const struct standing *standing,
                         const struct event_row *row, struct text line, int64_t now_ms,
                         enum ledger_outcome *outcome_out, struct fault *fault)
{
	const struct event *event = &row->stored.event;
	struct query query = query_start(ledger, STATEMENT_PHASE_GET);
	int r;

	query_int(&query, row->source);
	query_text(&query, event->id);
	query_int(&query, event->settlement);
	r = query_row(&query, fault);
	if (r < 0)
		return r;
	buf_clear(&ledger->scratch);
	if (r > 0) {
		bool same = (uint64_t)column_int(&query, 0) == event->content_hash;

		buf_add_text(&ledger->scratch, column_text(&query, 1));
		query_end(&query);
		*outcome_out = same ? LEDGER_DUPLICATE : LEDGER_CONFLICT;
		if (ledger->scratch.error != 0)
			return fault_set(fault, FAULT_NOMEM, "a phase: out of memory");
		return same ? 0 : conflict_write(ledger, standing->ts, row, line, now_ms, fault);
	}
	*outcome_out = LEDGER_LATE;
	event_row_json_priced(row, &ledger->scratch);
	if (ledger->scratch.error != 0)
		return fault_set(fault, FAULT_NOMEM, "a phase: out of memory");
	r = phase_write(ledger, row, standing->ts, true, now_ms, fault);
	if (r == 0)
		r = store_watermark(ledger, row, 0, now_ms, fault);
	return r < 0 ? r : store_unknown(ledger, row, fault);
}

/*
 * From the sum of the one to that of the other.  *fits_out false: the other does not fit, and
 * the sums are as they were.
 */
static int move_sums(struct ledger *ledger, const struct event_row *from,
                     const struct event_row *to, bool *fits_out, struct fault *fault)
{
	const struct rollup_delta taken = event_row_delta(from), added = event_row_delta(to);
	const struct rollup_key from_key = event_row_key(from), to_key = event_row_key(to);
	struct rollup_entry *entry;
	int r = store_rollup(ledger, &from_key, &entry, fault);

	if (r == 0 && rollup_sum_take(&entry->sum, &taken) < 0)
		r = fault_set(fault, FAULT_CORRUPT,
		              "%s: event %.*s: the rollup of its hour lacks it: " WORDS_ADVICE,
		              ledger->path, TEXT_ARGS(to->stored.event.id));
	if (r == 0)
		r = store_rollup(ledger, &to_key, &entry, fault);
	if (r < 0)
		return r;
	*fits_out = rollup_sum_add(&entry->sum, &added) == 0;
	if (!*fits_out) {
		/* It is in memory by now, and had this event. */
		r = store_rollup(ledger, &from_key, &entry, fault);
		assert(r == 0);
		r = rollup_sum_add(&entry->sum, &taken);
		assert(r == 0);
	}
	return r;
}

/* Remembers where the identity stood, for a rollback, and where it stands now. */
static int move_identity(struct ledger *ledger, const struct event_row *row, int64_t from_ts,
                         struct fault *fault)
{
	uint64_t fingerprint = identity_fingerprint(&ledger->identity, row->source,
	                                            row->stored.event.id);

	if (ledger->moved_count == ledger->moved_cap) {
		size_t cap = ledger->moved_cap > 0 ? ledger->moved_cap * 2 : MOVED_MIN;
		struct identity_entry *grown = realloc(ledger->moved, cap * sizeof(*grown));

		if (grown == NULL)
			return fault_set(fault, FAULT_NOMEM, "identities: out of memory");
		ledger->moved = grown;
		ledger->moved_cap = cap;
	}
	ledger->moved[ledger->moved_count++] = (struct identity_entry){ fingerprint, from_ts };
	identity_add(&ledger->identity, fingerprint, row->stored.event.time_ms);
	return 0;
}

/* What else names the event by its time. */
static int move_references(struct ledger *ledger, const struct event_row *row, struct fault *fault)
{
	static const enum statement statements[] = { STATEMENT_PHASE_MOVE,
		                                     STATEMENT_CONFLICT_MOVE };
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(statements) / sizeof(statements[0]); i++) {
		struct query query = query_start(ledger, statements[i]);

		store_bind_identity(&query, row->stored.event.time_ms, row->source,
		                    row->stored.event.id);
		r = query_done(&query, fault);
	}
	return r;
}

/* The event takes the place of the one that stands at from_ts. */
static int replace(struct ledger *ledger, int64_t from_ts, const struct event_row *row,
                   int64_t now_ms, struct ledger_added *added_out, struct fault *fault)
{
	int64_t ts = row->stored.event.time_ms;
	unsigned char digest[SHA256_BYTES];
	struct event_row stands;
	bool fits = false;
	int r = load(ledger, from_ts, row, true, &stands, digest, fault);

	if (r == 0)
		r = move_sums(ledger, &stands, row, &fits, fault);
	if (r < 0)
		return r;
	if (!fits) {
		added_out->outcome = LEDGER_OVERFLOW;
		return 0;
	}
	*added_out = (struct ledger_added){ LEDGER_REPLACED, stands.stored.amount, from_ts };
	r = hours_take(ledger, from_ts, digest, fault);
	if (r == 0)
		r = hours_add(ledger, row, fault);
	if (r == 0)
		r = store_drop(ledger, from_ts, row, stands.word, fault);
	if (r == 0)
		r = phase_write(ledger, &stands, ts, false, now_ms, fault);
	if (r == 0 && ts != from_ts)
		r = move_references(ledger, row, fault);
	if (r == 0) {
		r = event_row_write(ledger, row, fault);
		/* What stands at its own time is found before what stands elsewhere. */
		if (r == 0)
			r = fault_set(fault, FAULT_CORRUPT,
			              "%s: event %.*s stands twice: " WORDS_ADVICE, ledger->path,
			              TEXT_ARGS(row->stored.event.id));
	}
	if (r > 0)
		r = move_identity(ledger, row, from_ts, fault);
	if (r == 0)
		r = store_watermark(ledger, row, 0, now_ms, fault);
	return r < 0 ? r : store_unknown(ledger, row, fault);
}

/* Somebody put right how it stands, or a turn of it: so it stays. */
static int is_corrected(struct ledger *ledger, int64_t ts, const struct event_row *row,
                        bool *corrected_out, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_CORRECTION_REQUEST);
	int64_t rows = 0;
	int r;

	store_bind_identity(&query, ts, row->source, row->stored.event.id);
	r = query_single(&query, &rows, fault);
	*corrected_out = rows > 0;
	return r;
}

int phases_add(struct ledger *ledger, const struct standing *standing, const struct event_row *row,
               struct text line, int64_t now_ms, struct ledger_added *added_out,
               struct fault *fault)
{
	const struct event *event = &row->stored.event;
	bool corrected = false;
	int r;

	/* A client may have given a request the id of a turn: neither is a phase of the other. */
	if ((event->turn == TURN_NONE) != (standing->turn == TURN_NONE))
		return same_phase(ledger, standing, row, line, now_ms, &added_out->outcome, fault);
	if (event->settlement > standing->settlement) {
		r = is_corrected(ledger, standing->ts, row, &corrected, fault);
		if (r < 0)
			return r;
	}
	if (corrected)
		return same_phase(ledger, standing, row, line, now_ms, &added_out->outcome, fault);
	if (event->settlement > standing->settlement)
		return replace(ledger, standing->ts, row, now_ms, added_out, fault);
	return event->settlement == standing->settlement
	               ? same_phase(ledger, standing, row, line, now_ms, &added_out->outcome, fault)
	               : earlier_phase(ledger, standing, row, line, now_ms, &added_out->outcome,
	                               fault);
}

/* The archived event as JSON, into the ledger's scratch. */
static int load_archived(struct ledger *ledger, int64_t ts, const struct event_row *row,
                         struct fault *fault)
{
	struct ledger *archive = NULL;
	struct event_row stands;
	struct buf scratch;
	int r = archives_of(ledger, ts, &archive, fault);

	if (r == 0)
		r = load(archive, ts, row, false, &stands, NULL, fault);
	if (r < 0)
		return r;
	scratch = ledger->scratch;
	ledger->scratch = archive->scratch;
	archive->scratch = scratch;
	return 0;
}

int phases_add_archived(struct ledger *ledger, int64_t ts, const struct event_row *row,
                        struct text line, int64_t now_ms, bool *found_out,
                        enum ledger_outcome *outcome_out, struct fault *fault)
{
	const struct event *event = &row->stored.event;
	struct standing standing;
	struct query query;
	int64_t phases = 0;
	int r;

	*found_out = false;
	if (ts >= ledger->archives.until_ms)
		return 0;
	r = archives_standing(ledger, ts, row, found_out, &standing, fault);
	if (r < 0 || !*found_out)
		return r;
	*outcome_out = LEDGER_DUPLICATE;
	if (standing.hash == event->content_hash && standing.settlement == event->settlement)
		return 0;
	query = query_start(ledger, STATEMENT_PHASE_HASH);
	query_int(&query, row->source);
	query_text(&query, event->id);
	query_int(&query, (int64_t)event->content_hash);
	r = query_single(&query, &phases, fault);
	if (r < 0 || phases > 0)
		return r;
	*outcome_out = LEDGER_CONFLICT;
	r = load_archived(ledger, ts, row, fault);
	return r < 0 ? r : conflict_write(ledger, ts, row, line, now_ms, fault);
}

/* Those of one file, behind those that were found before. */
static int turns_of(struct ledger *of, const struct text bounds[2], int64_t source, size_t id_len,
                    int64_t time_ms, struct ledger_turns *turns, struct fault *fault)
{
	struct query query = query_start(of, STATEMENT_TURNS);
	int r;

	query_int(&query, time_ms);
	query_int(&query, source);
	query_text(&query, bounds[0]);
	query_text(&query, bounds[1]);
	while ((r = query_row(&query, fault)) > 0) {
		struct text turn = column_text(&query, 0);
		struct text digits = { turn.at + id_len + 1, turn.len - id_len - 1 };
		int64_t number;

		/* Not a turn of what a client called "ID~2". */
		if (text_int(digits, &number) && number >= 2 && number < EVENT_PARTS_MAX + 2 &&
		    turns->count < EVENT_PARTS_MAX)
			turns->number[turns->count++] = (uint8_t)number;
	}
	return r;
}

int ledger_turns(struct ledger *ledger, struct text source, struct text id, int64_t time_ms,
                 struct ledger_turns *turns_out, struct fault *fault)
{
	char low[EVENT_NAME_BYTES_MAX + 2], high[EVENT_NAME_BYTES_MAX + 3];
	struct ledger *archive = NULL;
	struct text bounds[2];
	int64_t name;
	int r = names_id(ledger, source, &name, fault);

	turns_out->count = 0;
	if (r < 0)
		return r;
	/* Of the bytes behind a digit ':' is the first. */
	snprintf(low, sizeof(low), "%.*s~", TEXT_ARGS(id));
	snprintf(high, sizeof(high), "%.*s~:", TEXT_ARGS(id));
	bounds[0] = text_of(low);
	bounds[1] = text_of(high);
	r = turns_of(ledger, bounds, name, id.len, time_ms, turns_out, fault);
	if (r == 0)
		r = archives_of(ledger, time_ms, &archive, fault);
	if (r == 0 && archive != NULL)
		r = turns_of(archive, bounds, name, id.len, time_ms, turns_out, fault);
	return r;
}
