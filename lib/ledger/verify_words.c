#include "ledger/verify_words.h"

#include <stdio.h>

#include "base/moment.h"
#include "ledger/adjust.h"
#include "ledger/words.h"

enum { WHERE_BYTES = 64 };

/* NAME_WORDS */
static int check_name(struct verify *verify, const struct query *query, void *context,
                      struct fault *fault)
{
	int64_t id = column_int(query, 0);
	char where[WHERE_BYTES];

	(void)context;
	(void)fault;
	/* Of before there were any: they are made when a writer opens it. */
	if (id == NAME_NONE || (column_is_null(query, 2) && query->ledger->wordless) ||
	    (uint64_t)column_int(query, 2) == word_of_name(id, column_text(query, 1)))
		return 0;
	snprintf(where, sizeof(where), "name %lld", (long long)id);
	return verify_report_at(verify, VERIFY_FILE, text_of(where), "check word",
	                        column_text(query, 1), text_of("the name that was stored"));
}

/* EVENT_WORDS; context: struct word_walk. */
static int add_event_word(struct verify *verify, const struct query *query, void *context,
                          struct fault *fault)
{
	int64_t word = column_int_or_absent(query, 1);

	(void)verify;
	return word_walk_row(context, moment_floor(column_int(query, 0), MOMENT_HOUR),
	                     word_in_hour(word), fault);
}

/* Those of the events, by the hour: of an event that is not there, and of one that lost its own. */
static int walk_events(struct verify *verify, struct ledger *ledger, struct fault *fault)
{
	struct word_walk words;
	int r = word_walk_start(&words, ledger, WORD_EVENT, LEDGER_FROM_MIN, LEDGER_TO_MAX, fault);

	if (r < 0)
		return r;
	r = verify_each(verify, STATEMENT_EVENT_WORDS, add_event_word, &words, fault);
	if (r == 0)
		return word_walk_end(&words, fault);
	word_walk_stop(&words);
	return r;
}

static int no_rollup(void *context, const struct rollup_row *row)
{
	(void)context;
	(void)row;
	return 0;
}

static int no_adjustment(void *context, const struct adjustment *row)
{
	(void)context;
	(void)row;
	return 0;
}

/* The end of a walk that compares words: what it found is told, and is no failure of verify. */
static int tell(struct verify *verify, enum verify_kind kind, int r, const struct fault *found,
                struct fault *fault)
{
	if (r == -FAULT_CORRUPT)
		return verify_report_at(verify, kind, text_of("hours"), "check word",
		                        text_of(ledger_bare(verify_ledger(verify), found)),
		                        text_of("as it was stored"));
	return r < 0 ? fault_set(fault, found->code, "%s", found->text) : 0;
}

int verify_words(struct verify *verify, struct ledger *ledger, const struct verify_summary *summary,
                 struct fault *fault)
{
	static const enum adjustment_hour hours[] = { ADJUSTMENT_BOOKED, ADJUSTMENT_TRAFFIC };
	struct fault found = { .code = FAULT_NONE };
	int r = verify_each(verify, STATEMENT_NAME_WORDS, check_name, NULL, fault);

	if (r != 0 || summary->findings > 0)
		return r;
	r = ledger_each_rollup(ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, no_rollup, NULL, &found);
	r = tell(verify, VERIFY_ROLLUP, r, &found, fault);
	if (r == 0)
		r = tell(verify, VERIFY_EVENT, walk_events(verify, ledger, &found), &found, fault);
	for (size_t i = 0; r == 0 && i < sizeof(hours) / sizeof(hours[0]); i++) {
		r = ledger_each_adjustment(ledger, hours[i], LEDGER_FROM_MIN, LEDGER_TO_MAX,
		                           no_adjustment, NULL, &found);
		r = tell(verify, VERIFY_ADJUSTMENT, r, &found, fault);
	}
	return r;
}
