#include "usage/format_fields.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "usage/format.h"

const char *event_format_topic(enum format_row_topic topic)
{
	static const char *const names[FORMAT_ROW_TOPICS] = {
		[FORMAT_ROW_FROM] = "from",       [FORMAT_ROW_FIELD] = "field",
		[FORMAT_ROW_STREAM] = "stream",   [FORMAT_ROW_HOLDS] = "holds",
		[FORMAT_ROW_READING] = "reading",
	};

	return names[topic];
}

struct fields {
	const struct usage_format *format;
	event_format_row_fn *each;
	void *context;
	struct buf name, meaning;
	int error;
};

/* Hands out what was put together, and begins anew. */
static void emit(struct fields *f, enum format_row_topic topic)
{
	if (f->error == 0)
		f->error = f->name.error != 0 ? f->name.error : f->meaning.error;
	if (f->error == 0)
		f->each(f->context, topic, buf_text(&f->name), buf_text(&f->meaning));
	buf_clear(&f->name);
	buf_clear(&f->meaning);
}

/* "; " between what is said of one thing. */
static struct buf *clause(struct fields *f)
{
	buf_add_cstr(&f->meaning, f->meaning.len > 0 ? "; " : "");
	return &f->meaning;
}

/* --- names ----------------------------------------------------------------- */

static const char *const modalities[MODALITY_COUNT] = { "TEXT", "IMAGE", "VIDEO", "AUDIO",
	                                                "DOCUMENT" };

static const char *const lifetimes[LIFETIME_COUNT] = { "5m", "1h", "another" };

/* Which part of a split a slot is; NULL: it is no split. */
static const char *part_name(const struct usage_word *word, int slot)
{
	if (word->kind == WORD_MODALITIES)
		return modalities[slot - word->slot];
	return word->kind == WORD_LIFETIMES ? lifetimes[slot - word->slot] : NULL;
}

static bool is_count(const struct usage_word *word)
{
	return word->kind == WORD_COUNT || word->kind == WORD_COUNT_TEXT;
}

/* The word that leads to a group: the first one, where there are more. */
static const struct usage_word *word_to(const struct usage_format *format, unsigned group)
{
	for (size_t i = 0; i < format->word_count; i++) {
		if (format->words[i].kind == WORD_GROUP && format->words[i].slot == group)
			return &format->words[i];
	}
	return NULL;
}

/* "prompt_tokens_details.cached_tokens" */
static void put_path(struct buf *out, const struct usage_format *format,
                     const struct usage_word *word)
{
	assert(word != NULL);
	if (word->in != 0) {
		put_path(out, format, word_to(format, word->in));
		buf_add_cstr(out, ".");
	}
	buf_add_cstr(out, word->key);
}

/* The first word of a slot, which stands for it. */
static const struct usage_word *word_of_slot(const struct usage_format *format, int slot)
{
	for (size_t i = 0; i < format->word_count; i++) {
		if (usage_word_fills(&format->words[i], slot))
			return &format->words[i];
	}
	return NULL;
}

/* Another number has the same key, elsewhere. */
static bool is_ambiguous(const struct usage_format *format, const struct usage_word *word)
{
	for (size_t i = 0; i < format->word_count; i++) {
		const struct usage_word *other = &format->words[i];

		if ((is_count(other) || other->kind == WORD_MODALITIES) &&
		    other->slot != word->slot && strcmp(other->key, word->key) == 0)
			return true;
	}
	return false;
}

/* A number within a sentence: by its key where that is enough, "promptTokensDetails.AUDIO". */
static void put_slot(struct buf *out, const struct usage_format *format, int slot)
{
	const struct usage_word *word = word_of_slot(format, slot);

	if (word == NULL)
		return;
	if (is_ambiguous(format, word))
		put_path(out, format, word);
	else
		buf_add_cstr(out, word->key);
	if (part_name(word, slot) != NULL)
		buf_addf(out, ".%s", part_name(word, slot));
}

/* "a + b": terms without signs, of those that the shape has; a split as one. */
static void put_sum(struct buf *out, const struct usage_format *format, const usage_terms terms)
{
	const struct usage_word *word = word_of_slot(format, terms[0]);
	const char *before = "";

	if (word != NULL && part_name(word, terms[0]) != NULL) {
		buf_add_cstr(out, "the sum of ");
		put_path(out, format, word);
		return;
	}
	for (int i = 0; i < FORMAT_TERMS_MAX && terms[i] != 0; i++) {
		if (word_of_slot(format, terms[i]) == NULL)
			continue;
		buf_add_cstr(out, before);
		put_slot(out, format, terms[i]);
		before = " + ";
	}
}

/* "a, b and c" of slots; 0 ends them. */
static void put_list(struct buf *out, const struct usage_format *format, const uint8_t *slots,
                     size_t cap, const char *last)
{
	size_t count = 0;

	while (count < cap && slots[count] != 0)
		count++;
	for (size_t i = 0; i < count; i++) {
		buf_add_cstr(out, i == 0 ? "" : (i + 1 == count ? last : ", "));
		put_slot(out, format, slots[i]);
	}
}

/* Shapes share lists of identities, and have not all of their numbers. */
static bool can_be_sent(const struct usage_format *format, const struct usage_identity *identity)
{
	bool good = word_of_slot(format, identity->total) != NULL;

	for (size_t n = 0; n < sizeof(identity->needs) && identity->needs[n] != 0; n++)
		good = good && word_of_slot(format, identity->needs[n]) != NULL;
	return good;
}

/* --- what a number is ------------------------------------------------------ */

static int term_of(const struct usage_share *share, int slot)
{
	for (int i = 0; i < FORMAT_TERMS_MAX && share->terms[i] != 0; i++) {
		if (share->terms[i] == slot || share->terms[i] == -slot)
			return share->terms[i];
	}
	return 0;
}

static int terms_in(const usage_terms terms)
{
	int count = 0;

	while (count < FORMAT_TERMS_MAX && terms[count] != 0)
		count++;
	return count;
}

/*
 * Which share a number goes into: the one that begins with it; else the shortest that adds it,
 * since the longer ones only put back what another number took away.
 */
static const struct usage_share *home_of(const struct usage_format *format, int slot)
{
	const struct usage_share *home = NULL;

	for (size_t i = 0; i < format->share_count; i++) {
		const struct usage_share *share = &format->shares[i];

		if (share->terms[0] == slot)
			return share;
		if (term_of(share, slot) > 0 &&
		    (home == NULL || terms_in(share->terms) < terms_in(home->terms)))
			home = share;
	}
	return home;
}

/* "input, without cached_tokens, promptTokensDetails.AUDIO, .IMAGE" */
static void put_home(struct fields *f, int slot, const struct usage_share *home)
{
	const struct usage_word *word, *last = NULL;
	struct buf *out = clause(f);

	buf_add_cstr(out, component_info[home->component].key);
	if (home->terms[0] != slot)
		return;
	for (int i = 1; i < FORMAT_TERMS_MAX && home->terms[i] != 0; i++) {
		word = home->terms[i] < 0 ? word_of_slot(f->format, -home->terms[i]) : NULL;
		if (word == NULL)
			continue;
		buf_add_cstr(out, last == NULL ? ", without " : ", ");
		if (word != last)
			buf_add_cstr(out, word->key);
		if (part_name(word, -home->terms[i]) != NULL)
			buf_addf(out, ".%s", part_name(word, -home->terms[i]));
		last = word;
	}
}

/* A whole it is taken out of, or a part of: "inside prompt_tokens". */
static void put_whole(struct fields *f, int slot, int whole, const char **before)
{
	if (whole == slot || word_of_slot(f->format, whole) == NULL)
		return;
	buf_add_cstr(*before[0] == 'i' ? clause(f) : &f->meaning, *before);
	put_slot(&f->meaning, f->format, whole);
	*before = " and ";
}

static void put_wholes(struct fields *f, int slot)
{
	const struct usage_format *format = f->format;
	const char *before = "inside ";
	uint64_t told = 0;

	for (size_t i = 0; i < format->share_count; i++) {
		int whole = format->shares[i].terms[0];

		if (term_of(&format->shares[i], slot) < 0 && (told >> whole & 1) == 0) {
			put_whole(f, slot, whole, &before);
			told |= UINT64_C(1) << whole;
		}
	}
	for (size_t i = 0; i < format->part_count; i++) {
		const struct usage_part *part = &format->parts[i];

		for (int t = 0; t < FORMAT_TERMS_MAX && part->parts[t] != 0; t++) {
			if (part->parts[t] == slot && (told >> part->whole & 1) == 0) {
				put_whole(f, slot, part->whole, &before);
				told |= UINT64_C(1) << part->whole;
			}
		}
	}
}

/* Of one that goes into nothing: the number it repeats, or the sum it must be. */
static void put_checks(struct fields *f, int slot)
{
	const struct usage_format *format = f->format;

	for (size_t i = 0; i < format->identity_count; i++) {
		const struct usage_identity *identity = &format->identities[i];
		bool single = identity->terms[1] == 0;

		if (!can_be_sent(format, identity))
			continue;
		if (single && identity->terms[0] == slot) {
			buf_add_cstr(clause(f), "the same as ");
			put_slot(&f->meaning, format, identity->total);
		} else if (identity->total == slot) {
			buf_add_cstr(clause(f), single ? "the same as " : "checked: ");
			put_sum(&f->meaning, format, identity->terms);
		}
	}
}

/* The numbers it stands in for, and those that stand in for it. */
static void put_fallbacks(struct fields *f, int slot)
{
	const struct usage_format *format = f->format;

	for (size_t i = 0; i < format->fallback_count; i++) {
		const struct usage_fallback *fallback = &format->fallbacks[i];
		bool single = fallback->terms[1] == 0;

		if (single && fallback->terms[0] == slot) {
			buf_add_cstr(clause(f), "taken where there is no ");
			put_slot(&f->meaning, format, fallback->slot);
		} else if (!single && fallback->slot == slot) {
			buf_add_cstr(clause(f), "where it is missing, ");
			put_sum(&f->meaning, format, fallback->terms);
		}
	}
}

static void put_count(struct fields *f, const struct usage_word *word)
{
	const struct usage_word *first = word_of_slot(f->format, word->slot);
	const struct usage_share *home = home_of(f->format, word->slot);

	if (first != word) {
		buf_add_cstr(&f->meaning, "another name of ");
		put_path(&f->meaning, f->format, first);
	} else {
		if (home != NULL)
			put_home(f, word->slot, home);
		else
			put_checks(f, word->slot);
		put_fallbacks(f, word->slot);
		if (f->meaning.len == 0)
			buf_add_cstr(&f->meaning, "not counted by itself");
		put_wholes(f, word->slot);
	}
	if (word->kind == WORD_COUNT_TEXT)
		buf_add_cstr(clause(f), "digits in a string");
}

/* "by modality: IMAGE input_image, AUDIO input_audio; inside promptTokenCount" */
static void put_split(struct fields *f, const struct usage_word *word)
{
	const struct usage_word *first = word_of_slot(f->format, word->slot);
	const char *before = "by modality: ";

	if (first != word) {
		buf_add_cstr(&f->meaning, "another name of ");
		put_path(&f->meaning, f->format, first);
		return;
	}
	for (int m = 0; m < MODALITY_COUNT; m++) {
		const struct usage_share *home = home_of(f->format, word->slot + m);

		if (home == NULL)
			continue;
		buf_addf(&f->meaning, "%s%s %s", before, modalities[m],
		         component_info[home->component].key);
		before = ", ";
	}
	if (f->meaning.len == 0)
		buf_add_cstr(&f->meaning, "not counted by itself");
	put_wholes(f, word->slot);
}

/* "by lifetime: 5m cache_write_5m, 1h cache_write_1h; another warns; inside cacheWrite..." */
static void put_lifetimes(struct fields *f, const struct usage_word *word)
{
	const char *before = "by lifetime: ";

	for (int l = 0; l < LIFETIME_OTHER; l++) {
		buf_addf(&f->meaning, "%s%s %s", before, lifetimes[l],
		         component_info[home_of(f->format, word->slot + l)->component].key);
		before = ", ";
	}
	buf_add_cstr(clause(f), "another warns");
	put_wholes(f, word->slot);
}

static void put_fields(struct fields *f, unsigned group);

static void put_word(struct fields *f, const struct usage_word *word)
{
	if (word->kind == WORD_GROUP && word_to(f->format, word->slot) == word) {
		put_fields(f, word->slot);
		return;
	}
	put_path(&f->name, f->format, word);
	switch ((enum word_kind)word->kind) {
	case WORD_COUNT:
	case WORD_COUNT_TEXT:
		put_count(f, word);
		break;
	case WORD_MODALITIES:
		put_split(f, word);
		break;
	case WORD_FRACTION:
		put_count(f, word);
		buf_add_cstr(clause(f), "of a fraction there are several readings");
		break;
	case WORD_LIFETIMES:
		put_lifetimes(f, word);
		break;
	case WORD_GROUP:
		buf_add_cstr(&f->meaning, "another name of ");
		put_path(&f->meaning, f->format, word_to(f->format, word->slot));
		break;
	case WORD_RESULTS:
		buf_add_cstr(&f->meaning, "the sum of tokenCount: another name of ");
		put_slot(&f->meaning, f->format, word->slot);
		break;
	case WORD_TURNS:
		buf_add_cstr(&f->meaning, "turns of the request: those on another model, and those "
		                          "that the totals leave out, become events of their own");
		break;
	case WORD_KNOWN:
	case WORD_COST:
		buf_add_cstr(&f->meaning, "not counted on purpose");
		break;
	case WORD_UNCOUNTED:
		buf_add_cstr(&f->meaning, "billed, and of no component: it warns, and is refused "
		                          "where it is all there is");
		break;
	}
	emit(f, FORMAT_ROW_FIELD);
}

/* Those of a group where the first word that leads to it stands. */
static void put_fields(struct fields *f, unsigned group)
{
	for (size_t i = 0; i < f->format->word_count; i++) {
		if (f->format->words[i].in == group)
			put_word(f, &f->format->words[i]);
	}
}

/* --- where it stands ------------------------------------------------------- */

static void put_item(struct fields *f, const struct usage_item *item)
{
	size_t cap = sizeof(item->free_actions) / sizeof(item->free_actions[0]);

	buf_addf(&f->name, "%s[]", item->array);
	buf_addf(&f->meaning, "one of %s each", component_info[item->component].key);
	if (item->type != NULL)
		buf_addf(&f->meaning, ", of type %s", item->type);
	if (item->has[0] != NULL)
		buf_addf(&f->meaning, ", with %s", item->has[0]);
	if (item->has[1] != NULL)
		buf_addf(&f->meaning, " or %s", item->has[1]);
	if (item->free != NULL)
		buf_addf(&f->meaning, ", but not with %s", item->free);
	for (size_t i = 0; i < cap && item->free_actions[i] != NULL; i++)
		buf_addf(&f->meaning, "%s%s", i == 0 ? ", but not with the action " : ", ",
		         item->free_actions[i]);
	if (item->without_usage)
		buf_add_cstr(clause(f), "where there is no usage");
	emit(f, FORMAT_ROW_FROM);
}

static void put_from(struct fields *f)
{
	const struct usage_format *format = f->format;

	for (size_t i = 0; i < format->path_count; i++) {
		const struct usage_path *path = &format->paths[i];

		buf_add_cstr(&f->name, path->path[0] != '\0' ? path->path : ".");
		buf_add_cstr(&f->meaning,
		             path->path[0] != '\0' ? "the usage" : "the usage: the object itself");
		if (path->type != NULL)
			buf_addf(&f->meaning, ", where type is %s", path->type);
		if (path->path[0] == '\0' && path->has != NULL)
			buf_addf(&f->meaning, ", where it has %s", path->has);
		if (path->has != NULL && path->has[0] == '!')
			buf_addf(&f->meaning, ", where there are no %s", path->has + 1);
		if (path->adds == ADDS_REQUESTS)
			buf_add_cstr(clause(f), "each is a request of its own, they add up");
		if (path->adds == ADDS_PARTS)
			buf_add_cstr(clause(f), "they add up to one request");
		emit(f, FORMAT_ROW_FROM);
	}
	if (format->headers != 0) {
		put_path(&f->name, format, word_to(format, format->headers));
		buf_add_cstr(&f->meaning, "of the event line: counts that the body leaves out");
		emit(f, FORMAT_ROW_FROM);
	}
	for (size_t i = 0; i < SPLITS_MAX && format->split[i] != NULL; i++) {
		buf_add_cstr(&f->name, format->split[i]);
		buf_add_cstr(&f->meaning, "the usage once more by model: what other models did "
		                          "becomes events of their own");
		emit(f, FORMAT_ROW_FROM);
	}
	if (format->requests != NULL) {
		buf_add_cstr(&f->name, format->requests);
		buf_add_cstr(&f->meaning, "requests; the usage beside it is their sum");
		emit(f, FORMAT_ROW_FROM);
	}
	for (size_t i = 0; i < format->beside_count; i++) {
		buf_add_cstr(&f->name, format->besides[i].path);
		if (format->besides[i].type != NULL)
			buf_addf(&f->meaning, "where type is %s: ", format->besides[i].type);
		buf_addf(&f->meaning, "billed, and not counted: warns of %s",
		         format->besides[i].name);
		emit(f, FORMAT_ROW_FROM);
	}
	for (size_t i = 0; i < format->item_count; i++)
		put_item(f, &format->items[i]);
	if (format->cost.path != NULL) {
		buf_addf(&f->name, "usage: %s", format->cost.path);
		buf_add_cstr(&f->meaning, "upstream_cost, in USD");
		if (format->cost.decimals > 0)
			buf_addf(&f->meaning, " of 10^-%u", format->cost.decimals);
		emit(f, FORMAT_ROW_FROM);
	}
}

/* --- how it is folded, and what must hold ---------------------------------- */

static void put_rises(struct fields *f, bool may_end_at_zero, const char *name, const char *meaning)
{
	const char *before = "";

	for (size_t i = 0; i < f->format->rise_count; i++) {
		const struct usage_rise *rise = &f->format->rises[i];

		/* Shapes share the list, and have not all of its numbers. */
		if (rise->may_end_at_zero != may_end_at_zero ||
		    word_of_slot(f->format, rise->slot) == NULL)
			continue;
		buf_add_cstr(&f->meaning, before);
		put_slot(&f->meaning, f->format, rise->slot);
		before = ", ";
	}
	if (before[0] == '\0')
		return;
	buf_add_cstr(&f->name, name);
	buf_add_cstr(&f->meaning, meaning);
	emit(f, FORMAT_ROW_STREAM);
}

static void put_stream(struct fields *f)
{
	static const struct {
		const char *name, *meaning;
	} folds[] = {
		[FOLD_LAST] = { "last", "the last usage counts; one that only says less than the "
		                        "one before it is passed over" },
		[FOLD_MERGE] = { "merge", "of each number the last one that was sent counts; 0 is "
		                          "a value" },
		[FOLD_ADD] = { "add", "each usage is of a response of its own; they add up to one "
		                      "request" },
	};

	buf_add_cstr(&f->name, folds[f->format->fold].name);
	buf_add_cstr(&f->meaning, folds[f->format->fold].meaning);
	emit(f, FORMAT_ROW_STREAM);
	put_rises(f, false, "rises",
	          f->format->fold == FOLD_MERGE ? ": never less than before"
	                                        : ": the last is the largest");
	put_rises(f, true, "zero", ": never less than before, but 0, which warns");
}

/* "where a, b and c are there" */
static void put_needs(struct fields *f, const struct usage_identity *identity)
{
	size_t cap = sizeof(identity->needs);

	if (identity->needs[0] == 0)
		return;
	buf_add_cstr(&f->meaning, ", where ");
	put_list(&f->meaning, f->format, identity->needs, cap, " and ");
	buf_add_cstr(&f->meaning, identity->needs[1] != 0 ? " are there" : " is there");
}

static void put_identities(struct fields *f, const struct usage_identity *identities, size_t count,
                           bool each_object)
{
	for (size_t i = 0; i < count; i++) {
		const struct usage_identity *identity = &identities[i];

		if (!can_be_sent(f->format, identity))
			continue;
		buf_add_cstr(&f->name, identity->mirror ? "mirror" : "sum");
		put_sum(&f->meaning, f->format, identity->terms);
		buf_add_cstr(&f->meaning, " = ");
		put_slot(&f->meaning, f->format, identity->total);
		put_needs(f, identity);
		buf_add_cstr(&f->meaning, each_object ? ", in each object" : "");
		emit(f, FORMAT_ROW_HOLDS);
	}
}

static void put_parts(struct fields *f)
{
	for (size_t i = 0; i < f->format->part_count; i++) {
		const struct usage_part *part = &f->format->parts[i];

		if (word_of_slot(f->format, part->whole) == NULL ||
		    word_of_slot(f->format, part->parts[0]) == NULL)
			continue;
		buf_add_cstr(&f->name, "part");
		put_sum(&f->meaning, f->format, part->parts);
		buf_add_cstr(&f->meaning, " <= ");
		put_slot(&f->meaning, f->format, part->whole);
		emit(f, FORMAT_ROW_HOLDS);
	}
}

static void put_holds(struct fields *f)
{
	const struct usage_format *format = f->format;
	size_t cap = sizeof(format->needs_one);

	buf_add_cstr(&f->name, "needed");
	if (format->needs_one[0] != 0)
		put_list(&f->meaning, format, format->needs_one, cap, " or ");
	else
		buf_add_cstr(&f->meaning, "any count");
	emit(f, FORMAT_ROW_HOLDS);
	put_identities(f, format->identities, format->identity_count, false);
	put_identities(f, format->object_identities, format->object_identity_count, true);
	put_parts(f);
	if (format->calls != 0) {
		buf_add_cstr(&f->name, "calls");
		put_slot(&f->meaning, format, format->calls);
		buf_add_cstr(&f->meaning, " <= ");
		put_slot(&f->meaning, format, format->calls_counted);
		buf_add_cstr(&f->meaning, ", else it warns");
		emit(f, FORMAT_ROW_HOLDS);
	}
}

static void put_readings(struct fields *f)
{
	if (f->format->reading_count == 0)
		return;
	buf_add_cstr(&f->name, READING_DECLARED);
	buf_add_cstr(&f->meaning, "as this shape has it, with the contradiction left standing");
	emit(f, FORMAT_ROW_READING);
	for (size_t i = 0; i < f->format->reading_count; i++) {
		buf_add_cstr(&f->name, f->format->readings[i].name);
		buf_add_cstr(&f->meaning, f->format->readings[i].why);
		emit(f, FORMAT_ROW_READING);
	}
}

int event_format_rows(size_t index, event_format_row_fn *each, void *context)
{
	struct fields f = { .each = each, .context = context };

	assert(event_format_name(index) != NULL);
	f.format = format_find(text_of(event_format_name(index)));
	put_from(&f);
	put_fields(&f, 0);
	put_stream(&f);
	put_holds(&f);
	put_readings(&f);
	buf_release(&f.name);
	buf_release(&f.meaning);
	return f.error;
}
