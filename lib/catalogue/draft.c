#include "catalogue/draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "catalogue/draft_internal.h"
#include "price/book.h"
#include "price/listing.h"

enum {
	NAME_BYTES_MAX = 256, /* toll-pricebook(5) */
	SLOTS_MIN = 1024,
};

static void same_as_itself(enum component same_as[COMPONENT_COUNT])
{
	for (int c = 0; c < COMPONENT_COUNT; c++)
		same_as[c] = (enum component)c;
}

int draft_init(struct draft *draft, struct fault *fault)
{
	*draft = (struct draft){ .currency = text_of("USD"), .slot_count = SLOTS_MIN };
	same_as_itself(draft->same_as);
	draft->slots = calloc(draft->slot_count, sizeof(draft->slots[0]));
	if (draft->slots == NULL)
		return fault_set(fault, FAULT_NOMEM, "price book: out of memory");
	return 0;
}

void draft_release(struct draft *draft)
{
	if (draft == NULL)
		return;
	free(draft->slots);
	arena_release(&draft->arena);
	*draft = (struct draft){ .slots = NULL };
}

/* Cleared memory of the draft's. */
static void *take(struct draft *draft, size_t size)
{
	void *at = draft->error == 0 ? arena_take(&draft->arena, size) : NULL;

	if (at == NULL)
		draft->error = -FAULT_NOMEM;
	else
		memset(at, 0, size);
	return at;
}

struct text draft_text(struct draft *draft, struct text t)
{
	struct text copy = { NULL, 0 };

	if (t.at == NULL || draft->error < 0)
		return copy;
	copy = arena_copy(&draft->arena, t);
	if (copy.at == NULL)
		draft->error = -FAULT_NOMEM;
	return copy;
}

/* --- names ----------------------------------------------------------------- */

static size_t slot_of(struct draft_name *const *slots, size_t slot_count, struct text name)
{
	size_t slot = hash64(name.at, name.len, 0) & (slot_count - 1);

	while (slots[slot] != NULL && !text_equal(slots[slot]->text, name))
		slot = (slot + 1) & (slot_count - 1);
	return slot;
}

static bool grow_slots(struct draft *draft)
{
	size_t count = draft->slot_count * 2;
	struct draft_name **slots = calloc(count, sizeof(slots[0]));

	if (slots == NULL)
		return false;
	for (size_t i = 0; i < draft->slot_count; i++) {
		if (draft->slots[i] != NULL)
			slots[slot_of(slots, count, draft->slots[i]->text)] = draft->slots[i];
	}
	free(draft->slots);
	draft->slots = slots;
	draft->slot_count = count;
	return true;
}

static int add_name(struct draft *draft, struct draft_model *model, struct text name,
                    struct text origin, struct draft_name **name_out, struct fault *fault)
{
	struct draft_name *taken, *made;

	if (name.len == 0 || name.len > NAME_BYTES_MAX || !text_plain(name))
		return fault_set(fault, FAULT_INVALID,
		                 "entry %.*s: \"%.*s\" is no name of a model: 1 to %d bytes "
		                 "without control characters are due",
		                 TEXT_ARGS(origin), TEXT_ARGS(name), NAME_BYTES_MAX);
	taken = draft->slots[slot_of(draft->slots, draft->slot_count, name)];
	if (taken != NULL && taken->model == model) {
		*name_out = NULL;
		return 0;
	}
	if (taken != NULL)
		return fault_set(fault, FAULT_INVALID,
		                 "the entries %.*s and %.*s both name the model %.*s",
		                 TEXT_ARGS(taken->origin), TEXT_ARGS(origin), TEXT_ARGS(name));
	made = take(draft, sizeof(*made));
	if (made == NULL || (draft->name_count * 2 > draft->slot_count && !grow_slots(draft))) {
		draft->error = -FAULT_NOMEM;
		return fault_set(fault, FAULT_NOMEM, "price book: out of memory");
	}
	*made = (struct draft_name){ .text = draft_text(draft, name),
		                     .origin = draft_text(draft, origin),
		                     .model = model };
	if (draft->error < 0)
		return fault_set(fault, FAULT_NOMEM, "price book: out of memory");
	draft->slots[slot_of(draft->slots, draft->slot_count, made->text)] = made;
	draft->name_count++;
	*name_out = made;
	return 0;
}

int draft_model(struct draft *draft, struct text name, struct text origin,
                struct draft_model **model_out, struct fault *fault)
{
	struct draft_model *model = take(draft, sizeof(*model));
	struct draft_name *made = NULL;
	int r;

	if (model == NULL)
		return fault_set(fault, FAULT_NOMEM, "price book: out of memory");
	r = add_name(draft, model, name, origin, &made, fault);
	if (r < 0)
		return r;
	model->name = made->text;
	same_as_itself(model->same_as);
	if (draft->last != NULL)
		draft->last->next = model;
	else
		draft->first = model;
	draft->last = model;
	draft->model_count++;
	*model_out = model;
	return 0;
}

struct draft_model *draft_find(const struct draft *draft, struct text name)
{
	const struct draft_name *found =
		draft->slots[slot_of(draft->slots, draft->slot_count, name)];

	return found != NULL ? found->model : NULL;
}

struct text draft_model_name(const struct draft_model *model)
{
	return model->name;
}

int draft_alias(struct draft *draft, struct draft_model *model, struct text alias,
                struct fault *fault)
{
	struct draft_name *made = NULL;
	int r = add_name(draft, model, alias, model->name, &made, fault);

	if (r < 0 || made == NULL)
		return r;
	if (model->last_alias != NULL)
		model->last_alias->next = made;
	else
		model->first_alias = made;
	model->last_alias = made;
	return 0;
}

void draft_as(struct draft_model *model, enum component from, enum component to)
{
	model->same_as[from] = to;
}

/* --- facts ----------------------------------------------------------------- */

static struct draft_fact *fact_of(struct draft *draft, struct draft_model *model, const char *key,
                                  bool *made_out)
{
	struct draft_fact *fact = model->first_fact;

	while (fact != NULL && strcmp(fact->key, key) != 0)
		fact = fact->next;
	*made_out = fact == NULL;
	if (fact != NULL)
		return fact;
	fact = take(draft, sizeof(*fact));
	if (fact == NULL)
		return NULL;
	fact->key = key;
	if (model->last_fact != NULL)
		model->last_fact->next = fact;
	else
		model->first_fact = fact;
	model->last_fact = fact;
	return fact;
}

static bool fits(struct draft *draft, const char *key, struct text json)
{
	int r = listing_fits(key, json);

	if (r < 0)
		draft->error = -FAULT_NOMEM;
	return r == 1;
}

bool draft_fact_json(struct draft *draft, struct draft_model *model, const char *key,
                     struct text json)
{
	bool made;
	struct draft_fact *fact;

	if (!fits(draft, key, json))
		return false;
	fact = fact_of(draft, model, key, &made);
	if (fact != NULL && made)
		fact->json = draft_text(draft, json);
	return true;
}

bool draft_fact(struct draft *draft, struct draft_model *model, const char *key, struct text value)
{
	struct buf json = { .at = NULL };
	bool added = false;

	buf_add_json(&json, value);
	if (json.error < 0)
		draft->error = -FAULT_NOMEM;
	else
		added = draft_fact_json(draft, model, key, buf_text(&json));
	buf_release(&json);
	return added;
}

bool draft_fact_integer(struct draft *draft, struct draft_model *model, const char *key,
                        int64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%lld", (long long)value);
	return draft_fact_json(draft, model, key, text_of(digits));
}

static bool word_fits(struct draft *draft, const char *key, struct text word)
{
	struct buf list = { .at = NULL };
	bool good;

	buf_add_cstr(&list, "[");
	buf_add_json(&list, word);
	buf_add_cstr(&list, "]");
	if (list.error < 0)
		draft->error = -FAULT_NOMEM;
	good = list.error == 0 && fits(draft, key, buf_text(&list));
	buf_release(&list);
	return good;
}

bool draft_fact_word(struct draft *draft, struct draft_model *model, const char *key,
                     struct text word)
{
	bool made;
	struct draft_fact *fact;
	struct draft_word *row;

	if (!word_fits(draft, key, word))
		return false;
	fact = fact_of(draft, model, key, &made);
	if (fact == NULL)
		return true;
	for (row = fact->words; row != NULL; row = row->next) {
		if (text_equal(row->text, word))
			return true;
	}
	row = take(draft, sizeof(*row));
	if (row == NULL)
		return true;
	row->text = draft_text(draft, word);
	if (fact->last_word != NULL)
		fact->last_word->next = row;
	else
		fact->words = row;
	fact->last_word = row;
	return true;
}

/* --- versions and rates ---------------------------------------------------- */

struct draft_version *draft_version(struct draft *draft, struct draft_model *model,
                                    struct text from)
{
	struct draft_version *version = take(draft, sizeof(*version));

	if (version == NULL)
		return NULL;
	version->from = draft_text(draft, from);
	if (model->last_version != NULL)
		model->last_version->next = version;
	else
		model->first_version = version;
	model->last_version = version;
	return version;
}

struct draft_version *draft_model_version(struct draft_model *model)
{
	return model->last_version;
}

void draft_discount(struct draft *draft, struct draft_version *version, struct text fraction)
{
	if (version != NULL)
		version->discount = draft_text(draft, fraction);
}

struct text draft_version_discount(const struct draft_version *version)
{
	return version->discount;
}

static struct draft_when copy_when(struct draft *draft, const struct draft_when *when)
{
	struct draft_when copy = *when;

	copy.tier = draft_text(draft, when->tier);
	copy.region = draft_text(draft, when->region);
	copy.size = draft_text(draft, when->size);
	copy.quality = draft_text(draft, when->quality);
	copy.resolution = draft_text(draft, when->resolution);
	copy.kind = draft_text(draft, when->kind);
	return copy;
}

/* Two conditions are the same where they are written the same. */
static struct text conditions_of(struct draft *draft, const struct draft_when *when)
{
	struct buf text = { .at = NULL };
	struct text copy;

	draft_when_write(when, &text);
	if (text.error < 0)
		draft->error = -FAULT_NOMEM;
	copy = draft_text(draft, buf_text(&text));
	buf_release(&text);
	return copy;
}

bool draft_rate(struct draft *draft, struct draft_version *version, const struct draft_rate *rate,
                bool *same_out)
{
	struct draft_rate_row *row;
	struct text conditions;

	if (version == NULL)
		return true;
	conditions = conditions_of(draft, &rate->when);
	/* A book refuses more than that: nothing is gained by looking through them. */
	row = version->rate_count <= BOOK_RATES_MAX ? version->first_rate : NULL;
	for (; row != NULL; row = row->next) {
		if (row->rate.component != rate->component ||
		    !text_equal(row->conditions, conditions))
			continue;
		if (same_out != NULL)
			*same_out = row->rate.per == rate->per &&
			            row->rate.price.attos == rate->price.attos;
		return false;
	}
	row = take(draft, sizeof(*row));
	if (row == NULL)
		return true;
	row->conditions = conditions;
	row->rate = *rate;
	row->rate.when = copy_when(draft, &rate->when);
	row->rate.note = draft_text(draft, rate->note);
	if (version->last_rate != NULL)
		version->last_rate->next = row;
	else
		version->first_rate = row;
	version->last_rate = row;
	version->rate_count++;
	draft->rate_count++;
	return true;
}

bool draft_multiplier(struct draft *draft, struct draft_version *version,
                      const struct draft_multiplier *multiplier)
{
	struct draft_multiplier_row *row;
	struct text conditions;
	size_t count = 0;

	if (version == NULL)
		return true;
	conditions = conditions_of(draft, &multiplier->when);
	for (row = version->first_multiplier; row != NULL; row = row->next) {
		if (++count == BOOK_MULTIPLIERS_MAX ||
		    (row->multiplier.components == multiplier->components &&
		     text_equal(row->conditions, conditions)))
			return false;
	}
	row = take(draft, sizeof(*row));
	if (row == NULL)
		return true;
	row->conditions = conditions;
	row->multiplier = *multiplier;
	row->multiplier.multiply = draft_text(draft, multiplier->multiply);
	row->multiplier.when = copy_when(draft, &multiplier->when);
	if (version->last_multiplier != NULL)
		version->last_multiplier->next = row;
	else
		version->first_multiplier = row;
	version->last_multiplier = row;
	return true;
}

bool draft_has_rates(const struct draft_version *version)
{
	return version != NULL && version->first_rate != NULL;
}

bool draft_prices(const struct draft_version *version, enum component component)
{
	const struct draft_rate_row *row = version != NULL ? version->first_rate : NULL;

	while (row != NULL && row->rate.component != component)
		row = row->next;
	return row != NULL;
}

bool draft_prices_plainly(const struct draft_version *version, enum component component)
{
	const struct draft_rate_row *row = version != NULL ? version->first_rate : NULL;

	while (row != NULL && (row->rate.component != component || row->conditions.len > 0))
		row = row->next;
	return row != NULL;
}
