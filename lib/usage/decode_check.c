/* What must hold between the numbers of a usage object, what follows from them, and how else they
 * may be read where it does not hold. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "usage/decode_internal.h"

static bool has_any(const struct decode *d, const usage_terms terms)
{
	for (int i = 0; i < FORMAT_TERMS_MAX && terms[i] != 0; i++) {
		if (decode_has(d, terms[i] > 0 ? terms[i] : -terms[i]))
			return true;
	}
	return false;
}

/* Of those that are in `mask`: all that were sent, or those of one object. */
static int64_t sum_of(const struct decode *d, uint64_t mask, const usage_terms terms)
{
	int64_t sum = 0;

	/* At most FORMAT_TERMS_MAX values of at most USAGE_COUNT_MAX, some doubled: no overflow. */
	for (int i = 0; i < FORMAT_TERMS_MAX && terms[i] != 0; i++) {
		int slot = terms[i] > 0 ? terms[i] : -terms[i];

		if ((mask >> slot & 1) != 0)
			sum += terms[i] > 0 ? d->value[slot] : -d->value[slot];
	}
	return sum;
}

/* "prompt_tokens 12 - cached_tokens 161"; returns how many terms that are. */
static unsigned put_terms(const struct decode *d, uint64_t mask, const usage_terms terms, char *out,
                          size_t cap)
{
	unsigned count = 0;
	size_t len = 0;

	out[0] = '\0';
	for (int i = 0; i < FORMAT_TERMS_MAX && terms[i] != 0 && len < cap; i++) {
		int slot = terms[i] > 0 ? terms[i] : -terms[i];

		if ((mask >> slot & 1) == 0)
			continue;
		len += (size_t)snprintf(out + len, cap - len, "%s%s %lld",
		                        len == 0 ? "" : (terms[i] > 0 ? " + " : " - "),
		                        decode_slot_name(d->format, slot),
		                        (long long)d->value[slot]);
		count++;
	}
	return count;
}

/* The same with " = -149" behind it. */
static void put_sum(const struct decode *d, uint64_t mask, const usage_terms terms, char *out,
                    size_t cap)
{
	unsigned count = put_terms(d, mask, terms, out, cap);
	size_t len = strlen(out);

	snprintf(out + len, cap - len, "%s = %lld", count == 0 ? "nothing" : "",
	         (long long)sum_of(d, mask, terms));
}

/* false: refused. */
static bool check_identity(struct decode *d, uint64_t mask, const struct usage_identity *identity)
{
	char sum[EVENT_DETAIL_BYTES / 2];

	if (sum_of(d, mask, identity->terms) == d->value[identity->total])
		return true;
	put_sum(d, mask, identity->terms, sum, sizeof(sum));
	refusal_set(d->refusal, REASON_IDENTITY, "usage: %s, but %s is %lld", sum,
	            decode_slot_name(d->format, identity->total),
	            (long long)d->value[identity->total]);
	return false;
}

bool decode_check_object(struct decode *d)
{
	for (size_t i = 0; i < d->format->object_identity_count; i++) {
		const struct usage_identity *identity = &d->format->object_identities[i];
		bool applies = false;

		for (int t = 0; t < FORMAT_TERMS_MAX && identity->terms[t] != 0; t++)
			applies = applies || (d->here >> identity->terms[t] & 1) != 0;
		applies = applies && (d->here >> identity->total & 1) != 0;
		if (applies && !check_identity(d, d->here, identity))
			return false;
	}
	return true;
}

/* false: refused. */
static bool check_part(struct decode *d, const struct usage_part *part)
{
	int64_t sum = sum_of(d, d->present, part->parts), whole = d->value[part->whole];
	char text[EVENT_DETAIL_BYTES / 2];

	if (!decode_has(d, part->whole) || !has_any(d, part->parts) || sum <= whole)
		return true;
	if (put_terms(d, d->present, part->parts, text, sizeof(text)) > 1)
		put_sum(d, d->present, part->parts, text, sizeof(text));
	refusal_set(d->refusal, REASON_PART, "usage: %s is larger than %s %lld", text,
	            decode_slot_name(d->format, part->whole), (long long)whole);
	return false;
}

/* false: refused. */
static bool check_fractions(struct decode *d)
{
	for (size_t i = 0; i < d->format->word_count; i++) {
		const struct usage_word *word = &d->format->words[i];

		if (word->kind != WORD_FRACTION || d->value[word->slot + FRACTION_ANY] == 0)
			continue;
		refusal_set(d->refusal, REASON_QUANTITY,
		            "usage: %s is %lld and a fraction, which each provider rounds in its "
		            "own way",
		            word->key, (long long)d->value[word->slot]);
		return false;
	}
	return true;
}

static bool check_identities(struct decode *d)
{
	for (size_t i = 0; i < d->format->identity_count; i++) {
		const struct usage_identity *identity = &d->format->identities[i];
		bool applies = true;

		for (int n = 0; n < 3 && identity->needs[n] != 0; n++)
			applies = applies && decode_has(d, identity->needs[n]);
		if (applies && !check_identity(d, d->present, identity)) {
			d->mirror_differs = identity->mirror;
			d->total_differs = i == 0;
			return false;
		}
	}
	for (size_t i = 0; i < d->format->part_count; i++) {
		if (!check_part(d, &d->format->parts[i]))
			return false;
	}
	return true;
}

bool decode_check_needed(struct decode *d)
{
	const uint8_t *needs = d->format->needs_one;

	/* Never a silent zero: an object of unknown words alone is no usage of zero. */
	if (needs[0] == 0) {
		if (d->present == 0)
			refusal_set(d->refusal, REASON_MISSING, "usage: it holds no count");
		return d->present != 0;
	}
	for (int i = 0; i < NEEDS_ONE_MAX && needs[i] != 0; i++) {
		if (decode_has(d, needs[i]))
			return true;
	}
	if (d->uncounted != NULL) {
		refusal_set(d->refusal, REASON_UNSUPPORTED,
		            "usage: %s: billed, and there is no component for it", d->uncounted);
		return false;
	}
	refusal_set(d->refusal, REASON_MISSING, "usage: %s is missing",
	            decode_slot_name(d->format, needs[0]));
	return false;
}

void decode_fall_back(struct decode *d)
{
	for (size_t i = 0; i < d->format->fallback_count; i++) {
		const struct usage_fallback *fallback = &d->format->fallbacks[i];

		if (decode_has(d, fallback->slot) || !has_any(d, fallback->terms))
			continue;
		d->value[fallback->slot] = sum_of(d, d->present, fallback->terms);
		d->present |= UINT64_C(1) << fallback->slot;
	}
}

/* false: it is negative. */
static bool put_share(struct decode *d, const struct usage_share *share, struct usage *usage)
{
	int64_t count = sum_of(d, d->present, share->terms);
	char sum[EVENT_DETAIL_BYTES / 2];

	if (count < 0) {
		put_sum(d, d->present, share->terms, sum, sizeof(sum));
		refusal_set(d->refusal, REASON_PART, "usage: %s would be negative: %s",
		            component_info[share->component].key, sum);
		return false;
	}
	usage->count[share->component] = count;
	return true;
}

static bool put_shares(struct decode *d, struct usage *usage)
{
	for (size_t i = 0; i < d->format->share_count; i++) {
		const struct usage_share *share = &d->format->shares[i];

		if (has_any(d, share->terms) && !put_share(d, share, usage))
			return false;
	}
	return true;
}

bool decode_shares(struct decode *d, struct usage *usage_out)
{
	return check_identities(d) && check_fractions(d) && put_shares(d, usage_out);
}

/* --- the other ways to read it ------------------------------------------- */

static const struct usage_share *share_of(const struct usage_reading *reading,
                                          const struct usage_share *share)
{
	for (unsigned i = 0; i < reading->share_count; i++) {
		if (reading->shares[i].component == share->component)
			return &reading->shares[i];
	}
	return share;
}

/* The total of the first of the format's identities. */
static bool total_sent(const struct decode *d)
{
	return d->format->identity_count > 0 && decode_has(d, d->format->identities[0].total);
}

static bool total_holds(const struct decode *d)
{
	const struct usage_identity *first = d->format->identities;

	return !total_sent(d) || sum_of(d, d->present, first->terms) == d->value[first->total];
}

bool decode_has_total(const struct decode *d)
{
	return total_sent(d) && total_holds(d);
}

/* Is it what this reading was made for, and does the total that was sent allow it? */
static bool reading_applies(const struct decode *d, const struct usage_reading *reading)
{
	for (int i = 0; i < READING_NEEDS_MAX && reading->needs[i] != 0; i++) {
		if (d->value[reading->needs[i]] == 0)
			return false;
	}
	if (reading->without != 0 && d->value[reading->without] != 0)
		return false;
	if (reading->part != 0)
		return total_holds(d);
	return reading->total == 0 || !decode_has(d, reading->total) ||
	       sum_of(d, d->present, reading->sum) == d->value[reading->total];
}

static bool reading_shares(struct decode *d, const struct usage_reading *reading,
                           struct usage *usage_out)
{
	for (size_t i = 0; i < d->format->share_count; i++) {
		const struct usage_share *share = share_of(reading, &d->format->shares[i]);

		if (!put_share(d, share, usage_out))
			return false;
	}
	return true;
}

static const struct usage_share *share_with(const struct usage_format *format, int term)
{
	for (size_t i = 0; i < format->share_count; i++) {
		for (int t = 0; t < FORMAT_TERMS_MAX && format->shares[i].terms[t] != 0; t++) {
			if (format->shares[i].terms[t] == term)
				return &format->shares[i];
		}
	}
	return NULL;
}

/* Each of the two was told, and by itself would be no more than the whole. */
static bool each_fits(const struct decode *d, int part, int other, int64_t whole)
{
	return d->value[other] != 0 && d->value[other] <= whole && d->value[part] <= whole;
}

/* The whole stands; of the part there is as much as the other parts leave, or none. */
static bool part_shares(struct decode *d, const struct usage_reading *reading,
                        struct usage *usage_out)
{
	int part = reading->part > 0 ? reading->part : -reading->part;
	const struct usage_share *own = share_with(d->format, part);
	const struct usage_share *rest = share_with(d->format, -part);
	int64_t whole, room;

	assert(own != NULL && rest != NULL);
	whole = d->value[rest->terms[0]];
	room = sum_of(d, d->present, rest->terms) + d->value[part];
	if (!decode_has(d, rest->terms[0]) || room < 0 || room >= d->value[part] ||
	    (reading->pair != 0 && !each_fits(d, part, reading->pair, whole)) ||
	    (reading->no_pair != 0 && each_fits(d, part, reading->no_pair, whole)))
		return false;
	for (size_t i = 0; i < d->format->share_count; i++) {
		const struct usage_share *share = &d->format->shares[i];

		if (share != own && share != rest && !put_share(d, share, usage_out))
			return false;
	}
	usage_out->count[rest->component] = reading->part > 0 ? 0 : room;
	usage_out->count[own->component] = sum_of(d, d->present, own->terms) - d->value[part] +
	                                   (reading->part > 0 ? room : 0);
	return usage_out->count[own->component] >= 0;
}

/* Can the numbers be meant so? */
static bool reading_holds(struct decode *d, const struct usage_reading *reading,
                          struct usage *usage_out)
{
	if (!reading_applies(d, reading) ||
	    (reading->rounds ? !check_identities(d) : !check_fractions(d)))
		return false;
	for (size_t i = 0; i < d->format->part_count; i++) {
		if (d->format->parts[i].always && !check_part(d, &d->format->parts[i]))
			return false;
	}
	*usage_out = (struct usage){ .kind_count = 0 };
	return reading->part != 0 ? part_shares(d, reading, usage_out)
	                          : reading_shares(d, reading, usage_out);
}

static bool is_told(const struct event_reading *readings, size_t count, const struct usage *usage)
{
	for (size_t i = 0; i < count; i++) {
		if (memcmp(readings[i].usage.count, usage->count, sizeof(usage->count)) == 0)
			return true;
	}
	return false;
}

static void add_reading(struct event_reading *readings, size_t *count, const char *name,
                        const char *why, const struct usage *usage)
{
	struct event_reading *reading = &readings[*count];

	assert(*count < EVENT_READINGS_MAX); /* the tables have no more */
	*reading = (struct event_reading){ .name = name, .usage = *usage };
	snprintf(reading->why, sizeof(reading->why), "%s", why);
	++*count;
}

/* As the declared shape has it, with the contradiction left standing. */
static bool declared_holds(struct decode *d, struct usage *usage_out)
{
	*usage_out = (struct usage){ .kind_count = 0 };
	for (size_t i = 0; i < d->format->part_count; i++) {
		if (!check_part(d, &d->format->parts[i]))
			return false;
	}
	return check_fractions(d) && put_shares(d, usage_out);
}

/* Of those in which a part is not what it was told to be, or of the others. */
static void add_readings(struct decode *d, struct event_reading *found, size_t *count, bool parts)
{
	for (size_t i = 0; i < d->format->reading_count; i++) {
		const struct usage_reading *reading = &d->format->readings[i];
		struct usage usage;

		/* A way to round stays, since a rule may name it: 8.6 is 9 by two of them. */
		if (parts == (reading->part != 0) && reading_holds(d, reading, &usage) &&
		    (reading->rounds || !is_told(found, *count, &usage)))
			add_reading(found, count, reading->name, reading->why, &usage);
	}
}

void decode_readings(struct decode *d, struct usage_decoded *out)
{
	const struct event_refusal why = *d->refusal;
	struct event_reading found[EVENT_READINGS_MAX], *kept;
	struct usage usage;
	size_t count = 0, others;
	bool declared, confirmed;

	if (d->mirror_differs)
		return;
	declared = declared_holds(d, &usage);
	if (declared)
		add_reading(found, &count, READING_DECLARED, why.detail, &usage);
	others = count;
	add_readings(d, found, &count, false);
	/* By a total that the declared shape does not have. */
	confirmed = count == 1 && total_sent(d);
	add_readings(d, found, &count, true);
	*d->refusal = why;
	if (count == 0 || (declared && count == others) || (count == 1 && !confirmed))
		return;
	kept = arena_take(d->arena, count * sizeof(*kept));
	out->contradiction = arena_copy(d->arena, text_of(why.detail));
	if (kept == NULL || out->contradiction.at == NULL) {
		d->no_memory = true;
		return;
	}
	memcpy(kept, found, count * sizeof(*kept));
	*d->refusal = (struct event_refusal){ .time_ms = why.time_ms,
		                              .id = why.id,
		                              .source = why.source };
	out->usage = kept[0].usage;
	out->readings = kept;
	out->reading_count = count;
}
