/* What the words of a header say. */
#include <stdio.h>
#include <string.h>

#include "statement/suggest_internal.h"

enum { WORDS_MAX = 16, WORD_BYTES = 32 };

struct words {
	char at[WORDS_MAX][WORD_BYTES];
	bool opened[WORDS_MAX]; /* a bracket stands before it */
	size_t count;
};

static const struct {
	const char *stem;
	enum statement_field field;
} stems[] = {
#define W(word, FIELD) { word, FIELD_##FIELD },
#include "statement/suggest.def"
#undef W
#define M(word, MONEY) { word, (enum statement_field)(FIELD_MONEY + STATEMENT_MONEY_##MONEY) },
#include "statement/suggest.def"
#undef M
#define P(word, COMPONENT)                                                                         \
	{ word, (enum statement_field)(FIELD_COMPONENTS + COMPONENT_##COMPONENT) },
#include "statement/suggest.def"
#undef P
};

static const struct {
	const char *word;
	int decimals;
} units[] = {
#define U(word, DECIMALS) { word, DECIMALS },
#include "statement/suggest.def"
#undef U
};

static const struct {
	const char *word, *code;
} currencies[] = {
#define C(word, CODE) { word, CODE },
#include "statement/suggest.def"
#undef C
};

static const struct {
	const char *word;
	int64_t units;
} thousands[] = {
#define K(word, UNITS) { word, UNITS },
#include "statement/suggest.def"
#undef K
};

static const struct {
	const char *stem, *why;
} none[] = {
#define N(word, why) { word, why },
#include "statement/suggest.def"
#undef N
};

static const struct {
	const char *sign, *code;
	int decimals;
} signs[] = {
	{ "$", "USD", 0 },
	{ "\xe2\x82\xac", "EUR", 0 },
	{ "\xc2\xa3", "GBP", 0 },
	{ "\xc2\xa2", "", 2 },
};

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_letter(char c)
{
	return is_upper(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (unsigned char)c >= 0x80;
}

/* "startTime", "Start Time" and "start_time" are two words; of "PayGPrice" the last is "price". */
static void cut_words(struct text name, struct words *out)
{
	bool opened = false, inside = false;
	size_t len = 0;

	out->count = 0;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.at[i], before = i > 0 ? name.at[i - 1] : ' ';
		bool next_lower = i + 1 < name.len && name.at[i + 1] >= 'a' &&
		                  name.at[i + 1] <= 'z';
		bool begins = is_upper(c) && inside &&
		              (!is_upper(before) || (is_upper(before) && next_lower));

		/* Signs, U+0080 to U+00BF and U+2000 to U+2FFF: of two bytes, and of three. */
		if (c == '\xc2' || c == '\xe2') {
			i += c == '\xc2' ? 1 : 2;
			inside = false;
			continue;
		}
		if (!is_letter(c) || begins)
			inside = false;
		opened = opened || c == '(' || c == '[';
		if (!is_letter(c))
			continue;
		if (!inside) {
			if (out->count == WORDS_MAX)
				return;
			out->opened[out->count++] = opened;
			opened = false;
			len = 0;
		}
		inside = true;
		if (len + 1 < WORD_BYTES)
			out->at[out->count - 1][len++] = is_upper(c) ? (char)(c - 'A' + 'a') : c;
		out->at[out->count - 1][len] = '\0';
	}
}

/* Whether a word tells a unit, a currency or thousands; what it tells. */
static bool tells_unit(const char *word, struct suggest_column *column)
{
	bool any = strcmp(word, "utc") == 0;

	for (size_t i = 0; i < COUNT(units); i++) {
		if (strcmp(units[i].word, word) != 0)
			continue;
		column->decimals = units[i].decimals > column->decimals ? units[i].decimals
		                                                        : column->decimals;
		column->unit_told = any = true;
	}
	for (size_t i = 0; i < COUNT(currencies); i++) {
		if (strcmp(currencies[i].word, word) != 0)
			continue;
		text_copy(column->currency, sizeof(column->currency), text_of(currencies[i].code));
		column->unit_told = any = true;
	}
	for (size_t i = 0; i < COUNT(thousands); i++) {
		if (strcmp(thousands[i].word, word) != 0)
			continue;
		column->units = thousands[i].units;
		any = true;
	}
	return any;
}

/* The words without units, and without the "in" that leads to one. */
static void join(const struct words *words, struct suggest_column *column,
                 char out[SUGGEST_STEM_BYTES])
{
	bool kept[WORDS_MAX];
	size_t len = 0;

	for (size_t i = 0; i < words->count; i++) {
		kept[i] = !tells_unit(words->at[i], column);
		if (!kept[i] && i > 0 && !words->opened[i] && strcmp(words->at[i - 1], "in") == 0)
			kept[i - 1] = false;
	}
	out[0] = '\0';
	for (size_t i = 0; i < words->count; i++) {
		if (kept[i] && len < SUGGEST_STEM_BYTES)
			len += (size_t)snprintf(out + len, SUGGEST_STEM_BYTES - len, "%s%s",
			                        len > 0 ? "_" : "", words->at[i]);
	}
}

void suggest_words(struct suggest_column *column)
{
	struct text last = column->name;
	struct words words;

	column->units = 1;
	for (size_t i = 0; i < COUNT(signs); i++) {
		if (memmem(column->name.at, column->name.len, signs[i].sign,
		           strlen(signs[i].sign)) == NULL)
			continue;
		column->unit_told = true;
		column->decimals = signs[i].decimals;
		text_copy(column->currency, sizeof(column->currency), text_of(signs[i].code));
	}
	cut_words(column->name, &words);
	join(&words, column, column->stem);
	for (size_t i = 0; i < last.len; i++) {
		if (column->name.at[i] == '.' && i + 1 < column->name.len)
			last = (struct text){ column->name.at + i + 1, column->name.len - i - 1 };
	}
	cut_words(last, &words);
	join(&words, column, column->last_stem);
}

/* "tokens_cached" is "cached". */
static enum component component_of(const char *stem)
{
	static const char before[] = "tokens_";
	size_t skip = strncmp(stem, before, sizeof(before) - 1) == 0 ? sizeof(before) - 1 : 0;

	return statement_component(text_of(stem + skip));
}

enum statement_field suggest_field(const char *stem, size_t *rank_out, const char **why_out)
{
	enum component component = component_of(stem);

	for (size_t i = 0; i < COUNT(none); i++) {
		if (strcmp(none[i].stem, stem) == 0) {
			*why_out = none[i].why;
			return FIELD_COUNT;
		}
	}
	for (*rank_out = 0; *rank_out < COUNT(stems); ++*rank_out) {
		if (strcmp(stems[*rank_out].stem, stem) == 0)
			return stems[*rank_out].field;
	}
	return component != COMPONENT_COUNT ? (enum statement_field)(FIELD_COMPONENTS + component)
	                                    : FIELD_COUNT;
}
