#include "cli/doubts.h"

#include <string.h>

#include "ingest/terms.h"

static int add(void *user, const struct unknown_row *row)
{
	const struct terms_doubt doubt = terms_doubt(row->path);
	struct doubts *doubts = user;

	doubts->unknown += doubt.path.at != NULL ? row->events : 0;
	doubts->warned += doubt.warned ? row->events : 0;
	doubts->settled += doubt.settled ? row->events : 0;
	return 0;
}

int doubts_count(struct ledger *ledger, struct doubts *doubts_out, struct fault *fault)
{
	struct doubts doubts = { 0 };
	int r = ledger_each_unknown(ledger, add, &doubts, fault);

	if (r == 0)
		*doubts_out = doubts;
	return r;
}

struct finding {
	const struct event *event;
	bool alone, sure; /* sure: the words are this event's own */
	struct arena *arena;
	struct event_doubts doubts;
};

/* The names behind "readings: ", or the one behind "settled: "; up to what else is told. */
static struct text names_of(struct text words)
{
	struct text rest = words, names;

	text_cut(&rest, ' ', &names);
	text_cut(&rest, ';', &names);
	return names;
}

/* "declared of declared, xai.chat": the one that was decided for. */
static bool decided(struct text names, struct text reading)
{
	struct text rest = names, first;

	text_cut(&rest, ' ', &first);
	return text_equal(first, reading);
}

/* Can these words be about an event that was read as this one was? */
static bool fits(const struct event *event, struct text words)
{
	const struct terms_doubt doubt = terms_doubt(words);
	const struct text names = names_of(words);
	bool several;

	if (text_is(words, "(others)"))
		return true;
	several = memchr(names.at, ',', names.len) != NULL;
	if (event->reading.at == NULL)
		return !doubt.settled && (!doubt.warned || several);
	return (doubt.settled && decided(names, event->reading)) ||
	       (doubt.warned && text_equal(names, event->reading));
}

static int find(void *user, const struct unknown_row *row)
{
	struct finding *finding = user;
	const struct event *event = finding->event;
	struct event_doubts *doubts = &finding->doubts;
	struct text words;

	if (finding->sure || !text_equal(row->source, event->source) ||
	    !text_equal(row->api, event->api) || !fits(event, row->path))
		return 0;
	finding->sure = finding->alone && text_equal(row->first_id, event->id);
	if (finding->sure)
		*doubts = (struct event_doubts){ .count = 0 };
	if (doubts->count == DOUBT_WORDS_MAX) {
		doubts->more++;
		return 0;
	}
	words = arena_copy(finding->arena, row->path);
	doubts->words[doubts->count++] = words;
	return words.at != NULL ? 0 : -FAULT_NOMEM;
}

int doubts_of(struct ledger *ledger, const struct event *event, bool alone, struct arena *arena,
              struct event_doubts *doubts_out, struct fault *fault)
{
	struct finding finding = { .event = event, .alone = alone, .arena = arena };
	int r = ledger_each_unknown(ledger, find, &finding, fault);

	if (r == -FAULT_NOMEM)
		return fault_set(fault, FAULT_NOMEM, "what is told of an event: out of memory");
	if (r == 0)
		*doubts_out = finding.doubts;
	return r;
}

void doubts_words(struct text words, struct buf *out)
{
	const struct terms_doubt doubt = terms_doubt(words);
	const struct text names = names_of(words);

	if (text_is(words, "(others)")) {
		buf_add_cstr(out, "its numbers contradict each other, or one of them is counted by "
		                  "nobody: (others), its source has too many of them");
		return;
	}
	if (doubt.settled)
		buf_addf(out,
		         "its numbers contradict each other, and are counted as it was settled: "
		         "as %.*s",
		         TEXT_ARGS(names));
	else if (doubt.warned && memchr(names.at, ',', names.len) != NULL)
		buf_addf(out,
		         "its numbers contradict each other, and cost the same whichever way "
		         "they are read: %.*s",
		         TEXT_ARGS(names));
	else if (doubt.warned)
		buf_addf(out,
		         "its numbers contradict each other, and can be read in one way only: "
		         "%.*s",
		         TEXT_ARGS(names));
	if (doubt.path.at != NULL)
		buf_addf(out, "%sit carries a number that nobody counts: %.*s",
		         out->len > 0 ? "; and " : "", TEXT_ARGS(doubt.path));
}
