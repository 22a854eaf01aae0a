#include "ledger/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "ledger/internal.h"
#include "ledger/words.h"

enum { SLOTS_MIN = 256 };

void names_clear(struct names *names)
{
	if (names->slots > 0) {
		memset(names->by_text, 0, names->slots * sizeof(*names->by_text));
		memset(names->by_id, 0, names->slots * sizeof(*names->by_id));
	}
	names->count = 0;
	arena_reset(&names->arena);
}

void names_trim(struct names *names)
{
	if (names->count > NAMES_CACHED_MAX)
		names_clear(names);
}

void names_release(struct names *names)
{
	free(names->by_text);
	free(names->by_id);
	arena_release(&names->arena);
	*names = (struct names){ .by_text = NULL };
}

static size_t slot_of_text(const struct names *names, struct text text, uint64_t hash)
{
	size_t slot = hash & (names->slots - 1);

	while (names->by_text[slot].text.at != NULL &&
	       !(names->by_text[slot].hash == hash && text_equal(names->by_text[slot].text, text)))
		slot = (slot + 1) & (names->slots - 1);
	return slot;
}

static size_t slot_of_id(const struct names *names, int64_t id)
{
	size_t slot = hash64_mix((uint64_t)id, UINT64_C(0x9e3779b97f4a7c15)) & (names->slots - 1);

	while (names->by_id[slot].text.at != NULL && names->by_id[slot].id != id)
		slot = (slot + 1) & (names->slots - 1);
	return slot;
}

static void place(struct names *names, struct name name)
{
	names->by_text[slot_of_text(names, name.text, name.hash)] = name;
	names->by_id[slot_of_id(names, name.id)] = name;
}

static int grow(struct names *names)
{
	size_t slots = names->slots > 0 ? names->slots * 2 : SLOTS_MIN;
	struct name *by_text = calloc(slots, sizeof(*by_text));
	struct name *by_id = calloc(slots, sizeof(*by_id));
	struct names old = *names;

	if (by_text == NULL || by_id == NULL) {
		free(by_text);
		free(by_id);
		return -FAULT_NOMEM;
	}
	names->by_text = by_text;
	names->by_id = by_id;
	names->slots = slots;
	for (size_t i = 0; i < old.slots; i++) {
		if (old.by_text[i].text.at != NULL)
			place(names, old.by_text[i]);
	}
	free(old.by_text);
	free(old.by_id);
	return 0;
}

/* Keeps a pair; *kept_out is the cache's own copy of the text. */
static int keep(struct names *names, struct text text, uint64_t hash, int64_t id,
                struct text *kept_out, struct fault *fault)
{
	struct name name = { .id = id, .hash = hash };

	if (2 * (names->count + 1) > names->slots && grow(names) < 0)
		return fault_set(fault, FAULT_NOMEM, "names: out of memory");
	name.text = arena_copy(&names->arena, text);
	if (name.text.at == NULL)
		return fault_set(fault, FAULT_NOMEM, "names: out of memory");
	place(names, name);
	names->count++;
	if (kept_out != NULL)
		*kept_out = name.text;
	return 0;
}

int names_put_word(struct ledger *ledger, int64_t id, struct text text, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_NAME_WORD);

	query_int(&query, (int64_t)word_of_name(id, text));
	query_int(&query, id);
	return query_done(&query, fault);
}

/* A row of a name: `column` is its check word. */
static int check_word(const struct query *query, int column, int64_t id, struct text text,
                      struct fault *fault)
{
	if (column_is_null(query, column) ||
	    (uint64_t)column_int(query, column) == word_of_name(id, text))
		return 0;
	return fault_set(
		fault, FAULT_CORRUPT,
		"%s: name %lld is not \"%.*s\" as it was stored (check word): " WORDS_ADVICE,
		query->ledger->path, (long long)id, TEXT_ARGS(text));
}

/* *id_out: 0 where it is not there. */
static int find(struct ledger *ledger, enum statement statement, struct text text, int64_t *id_out,
                struct fault *fault)
{
	struct query query = query_start(ledger, statement);
	int r;

	query_text(&query, text);
	r = query_row(&query, fault);
	*id_out = r > 0 ? column_int(&query, 0) : 0;
	if (r <= 0)
		return r;
	r = check_word(&query, 1, *id_out, text, fault);
	query_end(&query);
	return r;
}

static int add(struct ledger *ledger, struct text text, int64_t *id_out, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_NAME_ADD);
	int r;

	query_text(&query, text);
	r = query_done(&query, fault);
	if (r < 0)
		return r;
	*id_out = sqlite3_last_insert_rowid(ledger->db);
	return names_put_word(ledger, *id_out, text, fault);
}

int names_id(struct ledger *ledger, struct text text, int64_t *id_out, struct fault *fault)
{
	struct names *names = &ledger->names;
	uint64_t hash = hash64(text.at, text.len, 0);
	bool adds = ledger->writer && ledger->in_transaction;
	int64_t id = 0;
	int r;

	if (text.len == 0) {
		*id_out = NAME_NONE;
		return 0;
	}
	if (names->slots > 0) {
		size_t slot = slot_of_text(names, text, hash);

		if (names->by_text[slot].text.at != NULL) {
			*id_out = names->by_text[slot].id;
			return 0;
		}
	}
	r = find(ledger, STATEMENT_NAME_FIND, text, &id, fault);
	/* Asked seldom, so that it may take its time: a name the index has lost has its sums. */
	if (r == 0 && id == 0 && !adds)
		r = find(ledger, STATEMENT_NAME_SEARCH, text, &id, fault);
	if (r < 0)
		return r;
	if (id == 0 && !adds) {
		*id_out = NAME_UNKNOWN;
		return 0;
	}
	if (id == 0) {
		r = add(ledger, text, &id, fault);
		if (r < 0)
			return r;
	}
	r = keep(names, text, hash, id, NULL, fault);
	if (r == 0)
		*id_out = id;
	return r;
}

int names_text(struct ledger *ledger, int64_t id, struct text *text_out, struct fault *fault)
{
	struct names *names = &ledger->names;
	struct query query;
	struct text text;
	int r;

	if (id == NAME_NONE) {
		*text_out = (struct text){ NULL, 0 };
		return 0;
	}
	if (names->slots > 0) {
		size_t slot = slot_of_id(names, id);

		if (names->by_id[slot].text.at != NULL) {
			*text_out = names->by_id[slot].text;
			return 0;
		}
	}
	query = query_start(ledger, STATEMENT_NAME_TEXT);
	query_int(&query, id);
	r = query_row(&query, fault);
	if (r < 0)
		return r;
	if (r == 0)
		return fault_set(fault, FAULT_CORRUPT,
		                 "%s: a row holds name %lld, which is not there", ledger->path,
		                 (long long)id);
	text = column_text(&query, 0);
	r = check_word(&query, 1, id, text, fault);
	if (r == 0)
		r = keep(names, text, hash64(text.at, text.len, 0), id, text_out, fault);
	query_end(&query);
	return r;
}
