/*
 * Check words: SQLite has no checksum of its pages, so that one bit which the disk gives back as
 * another is a wrong amount without a word of it.  Of the rows that totals are read from, the
 * exclusive or of a hash of each row of an hour is kept (table hour_word): a row that is another,
 * one that is lost with its page, and one that is there twice are all seen by whoever reads the
 * hour.  A name and an event have a word of their own.
 *
 * Against accidents, not against hands: whoever can write the ledger can write its words.  What
 * they did there verify sees from the digests of the hours.
 *
 * Words are stored, so that how they are made is for ever.  What is 0 or absent adds nothing to
 * them: a column that comes later changes no word of before.  Inside lib/ledger.
 */
#ifndef TOLL_LEDGER_WORDS_H
#define TOLL_LEDGER_WORDS_H

#include "ledger/internal.h"

/* hour_word.kind */
enum word_kind { WORD_ROLLUP, WORD_BOOKED, WORD_TRAFFIC, WORD_EVENT, WORD_KINDS };

enum { WORD_ADJUSTMENT_COLUMNS = 12 }; /* ADJUSTMENT_COLUMNS */

uint64_t word_of_rollup(const struct rollup_key *key, const struct rollup_sum *sum);
uint64_t word_of_adjustment(const struct query *row); /* its first columns: ADJUSTMENT_COLUMNS */
uint64_t word_of_name(int64_t id, struct text text);
/* 32 bits, since every event has one.  As it is stored; of its names the ids. */
int64_t word_of_event(const struct event_row *row);
/* What an event with this word adds to that of its hour; EVENT_ABSENT: nothing. */
uint64_t word_in_hour(int64_t event_word);

/* Writer: the word of an hour turns by a row that was not there, is not any more, or both. */
int words_turn(struct ledger *ledger, enum word_kind kind, int64_t hour, uint64_t by,
               struct fault *fault);
/* The last thing of a transaction, and before its rows are read again. */
int words_flush(struct ledger *ledger, struct fault *fault);
/* Each row of the query, ADJUSTMENT_COLUMNS, turns the words of its two hours; then the flush. */
int words_adjustments(struct ledger *ledger, struct query *rows, struct fault *fault);
void words_forget(struct ledger *ledger); /* after a rollback */
void words_release(struct ledger *ledger);

/* -FAULT_CORRUPT: it is not the event that was stored. */
int words_event(struct ledger *ledger, const struct event_row *row, struct fault *fault);

/*
 * Reader: each row of a walk through [from_ms, to_ms), in the order of the hours, then the end.
 * -FAULT_CORRUPT names an hour whose rows are not those that were stored.
 */
struct word_walk {
	struct ledger *ledger;
	enum word_kind kind;
	struct query due; /* the words that are stored */
	int64_t due_hour; /* INT64_MAX: no more */
	uint64_t due_word;
	int64_t hour; /* that is walked; -1: none yet */
	uint64_t word;
	bool off; /* a ledger of before, whose words are still to be made */
};
int word_walk_start(struct word_walk *walk, struct ledger *ledger, enum word_kind kind,
                    int64_t from_ms, int64_t to_ms, struct fault *fault);
int word_walk_row(struct word_walk *walk, int64_t hour, uint64_t word, struct fault *fault);
int word_walk_end(struct word_walk *walk, struct fault *fault);
/* Where the walk was left before its end; after word_walk_end() it does nothing. */
void word_walk_stop(struct word_walk *walk);

/* The writer, when it opens a ledger of before: makes the words of what is stored. */
int words_make(struct ledger *ledger, struct fault *fault);

#endif
