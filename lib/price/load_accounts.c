/* Reading what was agreed with accounts, and finding it. */
#include <stdlib.h>
#include <string.h>

#include "price/load_internal.h"

static void read_models_of(struct loader *l, uint32_t list, const struct path *path,
                           struct book_override *override)
{
	struct text *models;
	size_t index = 0;

	if (list == JSON_NONE || !load_list(l, list, list, path))
		return;
	models = load_take(l, l->doc.nodes[list].count, sizeof(*models));
	override->models = models;
	for (uint32_t e = json_first(&l->doc, list); models != NULL && e != JSON_NONE;
	     e = json_next(&l->doc, list, e)) {
		struct path at = path_index(path, index++);

		if (load_name(l, e, e, &at, &models[override->model_count]))
			override->model_count++;
	}
}

static void read_dates(struct loader *l, uint32_t node, const struct path *path,
                       struct book_override *override)
{
	uint32_t until = load_member(l, node, "effective_until");
	struct path at = path_key(path, "effective_from");

	override->until_ms = INT64_MAX;
	if (!load_date(l, load_member(l, node, "effective_from"), node, &at, &override->from_ms))
		return;
	at = path_key(path, "effective_until");
	if (until != JSON_NONE && load_date(l, until, node, &at, &override->until_ms) &&
	    override->until_ms <= override->from_ms)
		load_error(l, until, &at, "not later than effective_from");
}

static bool same_models(const struct book_override *a, const struct book_override *b)
{
	if (a->model_count != b->model_count)
		return false;
	for (size_t i = 0; i < a->model_count; i++) {
		if (!text_equal(a->models[i], b->models[i]))
			return false;
	}
	return true;
}

static void read_override(struct loader *l, uint32_t node, const struct path *path)
{
	static const char *const keys[] = {
		"account",          "models", "effective_from", "effective_until", "rates",
		"discount_percent", NULL
	};
	struct book *book = l->book;
	struct book_override override = { .ordinal = book->override_count };
	uint32_t rates = load_member(l, node, "rates");
	struct path at = path_key(path, "account");

	if (!load_object(l, node, node, path, keys, LOAD_STRICT))
		return;
	load_name(l, load_member(l, node, "account"), node, &at, &override.account);
	at = path_key(path, "models");
	read_models_of(l, load_member(l, node, "models"), &at, &override);
	read_dates(l, node, path, &override);
	load_discount(l, node, path, &override.discount, NULL);
	at = path_key(path, "rates");
	if (rates != JSON_NONE && load_list(l, rates, node, &at))
		load_card(l, rates, &at, &override.card);
	else if (rates == JSON_NONE && override.discount.text.at == NULL)
		load_error(l, node, path, "rates or discount_percent is due");
	if (override.discount.decimals > l->override_decimals)
		l->override_decimals = override.discount.decimals;
	book->overrides = load_grow(l, book->overrides, book->override_count, &book->override_cap,
	                            sizeof(*book->overrides));
	if (!l->no_memory)
		book->overrides[book->override_count++] = override;
}

/* By account, then as in the book. */
static int by_account(const void *a, const void *b, void *context)
{
	const struct book *book = context;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int order = text_compare(book->overrides[x].account, book->overrides[y].account);

	return order != 0 ? order : (x > y) - (x < y);
}

static const struct book_override *override_at(const struct book *book, size_t i)
{
	return &book->overrides[book->by_account[i]];
}

/* The slot of an account, or the empty one where it would go. */
static size_t account_slot(const struct book *book, struct text account)
{
	size_t mask = book->account_slot_count - 1;
	size_t slot = hash64(account.at, account.len, 0) & mask;

	while (book->account_slots[slot] != 0 &&
	       !text_equal(override_at(book, book->account_slots[slot] - 1)->account, account))
		slot = (slot + 1) & mask;
	return slot;
}

static void index_accounts(struct loader *l)
{
	struct book *book = l->book;

	book->by_account = load_take(l, book->override_count, sizeof(*book->by_account));
	if (book->by_account == NULL)
		return;
	for (size_t i = 0; i < book->override_count; i++)
		book->by_account[i] = (uint32_t)i;
	qsort_r(book->by_account, book->override_count, sizeof(*book->by_account), by_account,
	        book);
	book->account_slot_count = 1;
	while (book->account_slot_count < 2 * book->override_count)
		book->account_slot_count *= 2;
	book->account_slots = load_take(l, book->account_slot_count, sizeof(*book->account_slots));
	if (book->account_slots == NULL)
		return;
	/* The last of an account's stays. */
	for (size_t i = 0; i < book->override_count; i++)
		book->account_slots[account_slot(book, override_at(book, i)->account)] =
			(uint32_t)i + 1;
}

static bool is_for_model(const struct book_override *override, struct text model)
{
	bool found = override->model_count == 0;

	for (size_t i = 0; !found && i < override->model_count; i++)
		found = text_match(override->models[i], model);
	return found;
}

const struct book_override *book_override_find(const struct book_version *version,
                                               struct text account, int64_t at_ms)
{
	const struct book *book = version->book;

	if (book->override_count == 0 || account.at == NULL)
		return NULL;
	for (size_t i = book->account_slots[account_slot(book, account)]; i > 0; i--) {
		const struct book_override *override = override_at(book, i - 1);

		if (!text_equal(override->account, account))
			break;
		if (at_ms >= override->from_ms && at_ms < override->until_ms &&
		    is_for_model(override, version->model))
			return override;
	}
	return NULL;
}

void load_accounts(struct loader *l, uint32_t list, const struct path *path)
{
	size_t index = 0;

	if (list == JSON_NONE || !load_list(l, list, list, path))
		return;
	if (l->doc.nodes[list].count > BOOK_OVERRIDES_MAX) {
		load_error(l, list, path, "at most %d entries", BOOK_OVERRIDES_MAX);
		return;
	}
	for (uint32_t e = json_first(&l->doc, list); e != JSON_NONE;
	     e = json_next(&l->doc, list, e)) {
		struct path at = path_index(path, index++);

		read_override(l, e, &at);
	}
	if (!l->no_memory)
		index_accounts(l);
}

/* Of two for the same models, whose times overlap, one would never be seen. */
static void check_overlap(struct loader *l, uint32_t node, const struct path *path, size_t at)
{
	const struct book *book = l->book;
	const struct book_override *later = &book->overrides[book->by_account[at]];

	for (size_t i = at; i > 0; i--) {
		const struct book_override *before = &book->overrides[book->by_account[i - 1]];

		if (!text_equal(before->account, later->account))
			return;
		if (at - i == BOOK_ACCOUNT_OVERRIDES_MAX) {
			load_error(l, node, path, "more than %d entries for %.*s",
			           BOOK_ACCOUNT_OVERRIDES_MAX, TEXT_ARGS(later->account));
			return;
		}
		if (same_models(before, later) && before->from_ms < later->until_ms &&
		    later->from_ms < before->until_ms) {
			load_error(l, node, path,
			           "the times of %.*s for these models overlap those of an entry "
			           "before (accounts[%zu])",
			           TEXT_ARGS(later->account), before->ordinal);
			return;
		}
	}
}

/* A name that no model has was probably meant to be one. */
static void check_models(struct loader *l, uint32_t node, const struct path *path,
                         const struct book_override *override)
{
	const struct book *book = l->book;

	for (size_t i = 0; i < override->model_count; i++) {
		struct text pattern = override->models[i];
		size_t m = 0;

		if (memchr(pattern.at, '*', pattern.len) != NULL) {
			while (m < book->model_count && !text_match(pattern, book->models[m].name))
				m++;
			if (m < book->model_count)
				continue;
		} else {
			uint32_t hash, name = book_slot(book, pattern, &hash)->name;

			if (name != 0 && !book->names[name - 1].alias)
				continue;
		}
		load_warning(l, node, path, "%.*s: no model of this book is named so",
		             TEXT_ARGS(pattern));
	}
}

/* The most decimals that the multipliers of any version can put behind a price. */
static void most_decimals(const struct book *book, unsigned most[COMPONENT_COUNT])
{
	for (size_t v = 0; v < book->version_count; v++) {
		unsigned decimals[COMPONENT_COUNT];

		if (book->versions[v].multiplier_count == 0)
			continue;
		load_decimals(&book->versions[v], decimals);
		for (int c = 0; c < COMPONENT_COUNT; c++)
			most[c] = decimals[c] > most[c] ? decimals[c] : most[c];
	}
}

void load_check_accounts(struct loader *l, uint32_t list, const struct path *path)
{
	const struct book *book = l->book;
	unsigned most[COMPONENT_COUNT] = { 0 };
	uint32_t e;

	if (book->override_count == 0 || l->no_memory || l->error_count > 0)
		return;
	most_decimals(book, most);
	e = json_first(&l->doc, list);
	for (size_t i = 0; i < book->override_count; i++, e = json_next(&l->doc, list, e)) {
		struct path at = path_index(path, i), rates = path_key(&at, "rates");

		check_models(l, e, &at, &book->overrides[i]);
		load_check_exact(l, e, &rates, &book->overrides[i].card, most);
	}
	for (size_t i = 0; i < book->override_count; i++) {
		struct path at = path_index(path, book->by_account[i]);

		check_overlap(l, list, &at, i);
	}
}
