/*
 * A ledger that has something of everything (tests/support/lifekit.h), laid out anew for each
 * damage, and damage of it by other means: plain SQL in which the file keeps nothing of its own,
 * neither CHECK nor NOT NULL nor the types of a STRICT table.  What a flipped bit, or a hand, can
 * leave is so there; afterwards the schema is the one it was.
 *
 * Every function fails the running test itself.
 */
#ifndef TOLL_TESTS_DAMAGEKIT_H
#define TOLL_TESTS_DAMAGEKIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "tests/support/ledgerkit.h"

enum { DAMAGE_NAME_BYTES = 32, DAMAGE_COLUMNS_MAX = 400, DAMAGE_SQL_BYTES = 4096 };

/* A column of the schema. */
struct damage_column {
	char table[DAMAGE_NAME_BYTES], name[DAMAGE_NAME_BYTES], type[DAMAGE_NAME_BYTES];
	char key[DAMAGE_NAME_BYTES * 8]; /* of its table: "ts, source, id", or "rowid" */
	int64_t rows;                    /* of its table, in the ledger as it is whole */
};

struct damagekit {
	struct ledgerkit kit; /* no writer is open */
	unsigned char *bytes; /* the ledger, loosened */
	size_t len;
	char *schema; /* SQL that fastens it again */
	struct damage_column columns[DAMAGE_COLUMNS_MAX];
	size_t column_count;
};

void damage_open(struct damagekit *damage);
void damage_close(struct damagekit *damage);

/*
 * The whole ledger, then the SQL; false: it changed nothing, or is against a unique key, and the
 * ledger is whole.
 */
bool damage_do(struct damagekit *damage, const char *sql);

struct ledger *damage_reader(struct damagekit *damage);
/* Verify, each finding a line as of kit_verify(); the code it ended with. */
int damage_verify(struct ledger *reader, struct buf *findings_out,
                  struct verify_summary *summary_out, struct fault *fault);

/*
 * Whatever a total is read from, a line a reading: its sums, or "refused" and why.  Two ledgers of
 * the same lines come to the same.
 */
enum { DAMAGE_TOTALS = 9, DAMAGE_TOTAL_BYTES = 2048 };
struct damage_totals {
	char line[DAMAGE_TOTALS][DAMAGE_TOTAL_BYTES];
	int code[DAMAGE_TOTALS]; /* 0, or what refused it */
	struct fault fault[DAMAGE_TOTALS];
};
extern const char *const damage_total_names[DAMAGE_TOTALS];
void damage_totals(struct ledger *reader, struct damage_totals *out);

#endif
