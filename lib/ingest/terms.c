#include "ingest/terms.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "ledger/ledger.h"
#include "ledger/store.h"
#include "rate/policy.h"

/* How event->unknown_path begins where it tells of a contradiction. */
#define READINGS_BEGIN "readings: "
#define SETTLED_BEGIN  "settled: "

int terms_load(struct ledger *ledger, struct terms *terms_out, struct fault *fault)
{
	struct terms terms = { .credentials = *ledger_credentials(ledger) };
	int r = ledger_book_current(ledger, BOOK_SELL, &terms.book, fault);

	if (r == 0)
		r = ledger_book_current(ledger, BOOK_COST, &terms.cost, fault);
	if (r == 0)
		r = ledger_rules_load(ledger, &terms.rules, fault);
	if (r < 0)
		terms_release(&terms);
	else
		*terms_out = terms;
	return r;
}

void terms_release(struct terms *terms)
{
	book_free(terms->book.book);
	book_free(terms->cost.book);
	rules_free(terms->rules);
	explicit_bzero(&terms->credentials, sizeof(terms->credentials));
	*terms = (struct terms){ .rules = NULL };
}

struct applied_book *terms_book(struct terms *terms, enum book_side side)
{
	return side == BOOK_COST ? &terms->cost : &terms->book;
}

/* Where the rates come from is decided here: by the event's own time, never by ours. */
static enum rating_verdict rate_side(const struct applied_book *book, const struct event *event,
                                     const struct usage *usage, int64_t *id_out,
                                     struct money *amount_out)
{
	const struct rating_request request = rating_of(event, usage);
	struct charges charges;
	enum rating_verdict verdict = rating_request(book->book, &request, &charges);

	*amount_out = (struct money){ 0 };
	switch (verdict) {
	case RATING_RANGE:
	case RATING_UNPRICED:
		*id_out = LEDGER_PRICE_SUSPENSE;
		break;
	case RATING_NOTHING:
		*id_out = LEDGER_PRICE_NONE;
		break;
	case RATING_PRICED:
		*id_out = book->first_price + (int64_t)charges.found.version->ordinal;
		*amount_out = charges.total;
		break;
	}
	return verdict;
}

static enum rating_verdict rate(const struct terms *terms, const struct event *event,
                                struct rated *rated)
{
	struct usage room;

	rated->policy = rules_policies(terms->rules, event->account, event->source);
	/* From the event as it is stored nobody could tell it again. */
	if (event->no_answer_due && !policy_no_completion(event))
		rated->policy &= ~POLICY_BIT(POLICY_ZERO_COMPLETION);
	return rate_side(&terms->book, event, policy_charged(rated->policy, event, &room),
	                 &rated->price_id, &rated->amount);
}

enum rating_verdict terms_rate_cost(const struct terms *terms, const struct event *event,
                                    struct rated *rated)
{
	rated->cost = (struct money){ 0 };
	rated->cost_id = terms->cost.book == NULL ? LEDGER_COST_NO_BOOK : LEDGER_PRICE_SUSPENSE;
	if (terms->cost.book == NULL || terms_sum_moves_cost(terms, event))
		return RATING_UNPRICED;
	return rate_side(&terms->cost, event, &event->usage, &rated->cost_id, &rated->cost);
}

enum rating_verdict terms_rate_reading(const struct terms *terms, const struct event *event,
                                       size_t index, struct money *total_out)
{
	struct event one = *event;
	struct rated rated;
	enum rating_verdict verdict;

	one.usage = event->readings[index].usage;
	verdict = rate(terms, &one, &rated);
	*total_out = rated.amount;
	return verdict;
}

/* The reading of that name; reading_count: there is none. */
static size_t find_reading(const struct event *event, struct text name)
{
	size_t i = 0;

	while (i < event->reading_count &&
	       (name.at == NULL || !text_is(name, event->readings[i].name)))
		i++;
	return i;
}

/* Puts a member before those of extra, so that it stays beside the event; releases `extra`. */
static int keep_member(struct event *event, struct buf *extra, struct arena *arena)
{
	struct text rest = event->extra;
	int r;

	if (rest.len > 2) {
		buf_add_cstr(extra, ",");
		buf_add(extra, rest.at + 1, rest.len - 1);
	} else {
		buf_add_cstr(extra, "}");
	}
	event->extra = extra->error == 0 ? arena_copy(arena, buf_text(extra)) : text_of(NULL);
	r = event->extra.at != NULL ? 0 : -FAULT_NOMEM;
	buf_release(extra);
	return r;
}

static int keep_reading(struct event *event, const char *name, struct arena *arena)
{
	struct buf extra = { .at = NULL };

	event->reading = text_of(name);
	buf_add_cstr(&extra, "{\"reading\":");
	buf_add_json(&extra, event->reading);
	return keep_member(event, &extra, arena);
}

/* Of how many it is the sum, and the smallest prompt: whoever rates it again must know. */
static int keep_sum(struct event *event, struct arena *arena)
{
	struct buf extra = { .at = NULL };

	buf_addf(&extra, "{\"sum_of\":%zu,\"smallest_prompt\":%lld", event->sum.of,
	         (long long)event->sum.smallest_prompt);
	return keep_member(event, &extra, arena);
}

int terms_recall_sum(struct event *event, struct json *doc)
{
	int64_t of, smallest;
	int r;

	event->sum = (struct event_sum){ .of = 0 };
	if (event->extra.at == NULL)
		return 0;
	r = json_parse(doc, event->extra, NULL);
	if (r == -FAULT_NOMEM)
		return r;
	if (r == 0 && json_integer(doc, json_member(doc, 0, "sum_of"), &of) &&
	    json_integer(doc, json_member(doc, 0, "smallest_prompt"), &smallest))
		event->sum = (struct event_sum){ .of = (size_t)of, .smallest_prompt = smallest };
	return 0;
}

/*
 * Tells of the contradiction in event->unknown_path, whoever decided it: in the same words for all
 * events that can be read so, since they are counted by them.
 */
static int tell(struct event *event, const char *decided, struct arena *arena)
{
	struct buf words = { .at = NULL };
	int r;

	if (decided != NULL)
		buf_addf(&words, SETTLED_BEGIN "%s of ", decided);
	else
		buf_add_cstr(&words, READINGS_BEGIN);
	for (size_t i = 0; i < event->reading_count; i++)
		buf_addf(&words, "%s%s", i > 0 ? ", " : "", event->readings[i].name);
	if (event->unknown_path.at != NULL)
		buf_addf(&words, "; %.*s", TEXT_ARGS(event->unknown_path));
	event->unknown_path = words.error == 0 ? arena_copy(arena, buf_text(&words))
	                                       : text_of(NULL);
	r = event->unknown_path.at != NULL ? 0 : -FAULT_NOMEM;
	buf_release(&words);
	return r;
}

static bool begins(struct text t, const char *beginning)
{
	size_t len = strlen(beginning);

	return t.len > len && memcmp(t.at, beginning, len) == 0;
}

struct terms_doubt terms_doubt(struct text unknown_path)
{
	struct terms_doubt doubt = { .path = unknown_path };
	struct text part;

	doubt.settled = begins(unknown_path, SETTLED_BEGIN);
	doubt.warned = begins(unknown_path, READINGS_BEGIN);
	if (!doubt.settled && !doubt.warned)
		return doubt;
	text_cut(&doubt.path, ';', &part);
	doubt.path = doubt.path.len > 1 ? (struct text){ doubt.path.at + 1, doubt.path.len - 1 }
	                                : text_of(NULL);
	return doubt;
}

/* "declared 0.0012, xai.chat 0.0034; usage: ...": what a person has to choose from, and why. */
static void refuse_readings(const struct event *event, const enum rating_verdict *verdicts,
                            const struct money *totals, struct event_refusal *refusal)
{
	char detail[EVENT_DETAIL_BYTES], amount[MONEY_TEXT_BYTES];
	size_t len = 0;

	for (size_t i = 0; i < event->reading_count && len < sizeof(detail); i++) {
		money_text(totals[i], amount);
		len += (size_t)snprintf(detail + len, sizeof(detail) - len, "%s%s %s",
		                        i > 0 ? ", " : "", event->readings[i].name,
		                        verdicts[i] == RATING_UNPRICED ? "unpriced"
		                        : verdicts[i] == RATING_RANGE  ? "no amount"
		                                                       : amount);
	}
	refusal_set(refusal, REASON_READINGS, "%s%s%.*s", detail,
	            event->contradiction.len > 0 ? "; " : "", TEXT_ARGS(event->contradiction));
}

/* Decides between the readings: event->usage is the one to rate, or it is refused. */
static int choose(const struct terms *terms, struct event *event, struct arena *arena,
                  struct event_refusal *refusal)
{
	enum rating_verdict verdicts[EVENT_READINGS_MAX];
	struct money totals[EVENT_READINGS_MAX];
	size_t ruled = find_reading(event, terms->reading);
	bool same = true;

	if (ruled == event->reading_count)
		ruled = find_reading(event, rules_reading(terms->rules, event->source, event->api));
	if (event->reading_count == 1) {
		int r = tell(event, NULL, arena);

		return r < 0 ? r : keep_reading(event, event->readings[0].name, arena);
	}
	if (ruled < event->reading_count) {
		int r = tell(event, event->readings[ruled].name, arena);

		event->usage = event->readings[ruled].usage;
		return r < 0 ? r : keep_reading(event, event->readings[ruled].name, arena);
	}
	for (size_t i = 0; i < event->reading_count; i++) {
		verdicts[i] = terms_rate_reading(terms, event, i, &totals[i]);
		same = same && (verdicts[i] == RATING_PRICED || verdicts[i] == RATING_NOTHING) &&
		       money_compare(totals[i], totals[0]) == 0;
	}
	if (same) {
		event->usage = event->readings[0].usage;
		return tell(event, NULL, arena);
	}
	refuse_readings(event, verdicts, totals, refusal);
	return 0;
}

bool terms_sum_moves(const struct book *book, const struct event *event)
{
	struct rating_request request = rating_of(event, &event->usage);
	struct book_found found;

	if (event->sum.of < 2 || book == NULL)
		return false;
	found = book_find(book, event->model, event->time_ms);
	return rating_sum_differs(found.version, &request, event->sum.smallest_prompt);
}

bool terms_sum_moves_price(const struct terms *terms, const struct event *event)
{
	return terms_sum_moves(terms->book.book, event);
}

bool terms_sum_moves_cost(const struct terms *terms, const struct event *event)
{
	return terms_sum_moves(terms->cost.book, event);
}

int terms_rate(const struct terms *terms, struct event *event, struct arena *arena,
               struct rated *rated_out, struct event_refusal *refusal)
{
	assert(event->reading_count <= EVENT_READINGS_MAX);
	if (event->reading_count > 0) {
		int r = choose(terms, event, arena, refusal);

		if (r < 0 || refusal->reason != REASON_NONE)
			return r;
	}
	if (terms_sum_moves_price(terms, event)) {
		refusal_set(refusal, REASON_UNSUPPORTED,
		            "usage: %zu requests or turns in one event, the smallest with a prompt "
		            "of %lld and together with %lld, have a threshold of the price between "
		            "them; send each by itself",
		            event->sum.of, (long long)event->sum.smallest_prompt,
		            (long long)usage_prompt_total(&event->usage));
		return 0;
	}
	if (rate(terms, event, rated_out) == RATING_RANGE)
		refusal_set(refusal, REASON_AMOUNT,
		            "the charge of this request is larger than an amount can be");
	else if (terms_rate_cost(terms, event, rated_out) == RATING_RANGE)
		refusal_set(refusal, REASON_AMOUNT,
		            "the cost of this request is larger than an amount can be");
	return event->sum.of > 1 ? keep_sum(event, arena) : 0;
}
