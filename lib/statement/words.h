/*
 * What a line of a bill is of, told from how it is called: the usage types of AWS
 * ("USE1-MP:USE1_CacheReadInputTokenCount_Global-Units"), the meters of Azure
 * ("gpt-4o-0806-Inp-glbl Tokens"), the SKUs of Google ("Generate content output token count gemini
 * 2.5 flash text batch").
 *
 * Of lib/statement only.  Pure and thread-safe.
 */
#ifndef TOLL_STATEMENT_WORDS_H
#define TOLL_STATEMENT_WORDS_H

#include <stdbool.h>

#include "base/text.h"
#include "usage/usage.h"

struct statement_words {
	enum component component; /* COMPONENT_COUNT: it is of none, or could be of two */
	struct text before;       /* what stands before it: the model, where it does */
	struct text behind;
	const char
		*service_tier; /* "batch", "flex", "priority", "global" ...; NULL: none is said */
};
void statement_words_read(struct text name, struct statement_words *out);

/* Whether the word, in any case, stands in it somewhere. */
bool statement_has_word(struct text t, const char *word);

/*
 * "1K", "1M tokens", "1000 Tokens", "tokens", "1K Tokens": so many of them; 0: it is no unit of
 * tokens.
 */
int64_t statement_token_unit(struct text unit);

#endif
