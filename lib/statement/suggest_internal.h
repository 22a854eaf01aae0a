/*
 * Inside of statement_mapping_suggest(): the first rows of a file by columns, and what the words
 * of a header say.  Of lib/statement only.  One thread.
 */
#ifndef TOLL_STATEMENT_SUGGEST_INTERNAL_H
#define TOLL_STATEMENT_SUGGEST_INTERNAL_H

#include "statement/mapping.h"

enum {
	SUGGEST_ROWS_MAX = 100,
	SUGGEST_COLUMNS_MAX = STATEMENT_MAPPING_LINES_MAX,
	SUGGEST_STEM_BYTES = 80,
	SUGGEST_NOTE_BYTES = 240,
};

struct suggest_column {
	struct text name;
	struct text cells[SUGGEST_ROWS_MAX]; /* absent: empty, or not there */
	size_t filled;                       /* of them */
	bool missing;                        /* JSON: some record is without it */
	bool plain;                          /* JSON: its values are numbers */
	bool list;                           /* JSON: a list, which cannot be mapped */
	/* What its name says: the words without those that tell a unit. */
	char stem[SUGGEST_STEM_BYTES],
		last_stem[SUGGEST_STEM_BYTES]; /* of the path's last member */
	bool unit_told;
	int decimals;
	int64_t units;
	char currency[STATEMENT_CURRENCY_BYTES];
	/* What is proposed. */
	enum statement_field field; /* FIELD_COUNT: ignored */
	size_t rank;                /* of several that could be the field: the lowest */
	bool negative;
	enum statement_clock clock;
	char note[SUGGEST_NOTE_BYTES];
};

struct suggest_sample {
	struct suggest_column *columns;
	size_t count, rows;
	bool json;
	bool others; /* there are columns without a name, or too many of them */
	char delimiter;
	struct statement_mapping numbers; /* how they are written: point, thousands, symbol */
	bool undecided; /* "1,500": its thousands are taken here, and not proposed */
	char currency[STATEMENT_CURRENCY_BYTES];
	struct buf notes; /* a line each */
	struct arena arena;
};

/* suggest_sample.c: the first rows.  Released with suggest_release() in any case. */
int suggest_read(struct suggest_sample *sample, const char *path, struct fault *fault);
void suggest_release(struct suggest_sample *sample);

/* suggest_words.c: fills stems, unit, units and currency of a column by its name. */
void suggest_words(struct suggest_column *column);
/*
 * The field that a stem stands for and its rank; FIELD_COUNT: none, and *why_out, where it is not
 * NULL, why it is not to be taken for one.
 */
enum statement_field suggest_field(const char *stem, size_t *rank_out, const char **why_out);

/* suggest_values.c */
/* Fills sample->numbers, and the currency that a symbol tells. */
void suggest_numbers(struct suggest_sample *sample);
/* All cells of a column are numbers; the least and the greatest, and whether one has a fraction. */
struct suggest_range {
	wide least, most; /* attos */
	bool fraction, whole_units;
};
bool suggest_range(const struct suggest_sample *sample, const struct suggest_column *column,
                   struct suggest_range *out);
/* How all its times are written; CLOCK_COUNT: there is none for all, or 02/03/2026: either. */
struct suggest_times {
	enum statement_clock clock;
	bool ambiguous; /* day or month first */
	bool dates;     /* all are days or months */
	bool hours;     /* or all are on the hour */
	bool zoned;     /* all say their zone, or need none */
};
bool suggest_times(const struct suggest_sample *sample, const struct suggest_column *column,
                   struct suggest_times *out);
/* Between two times lies an hour or more, in every row that has both. */
bool suggest_sums(const struct suggest_sample *sample, const struct suggest_column *from,
                  const struct suggest_column *to);
/* No value comes twice, and none is missing. */
bool suggest_unique(const struct suggest_sample *sample, const struct suggest_column *column);

#endif
