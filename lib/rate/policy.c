#include "rate/policy.h"

#include <assert.h>
#include <strings.h>

#include "base/fault.h"

static_assert(POLICY_COUNT <= 7, "event.policy has 8 bits, and a rule needs one more");

static const struct {
	const char *name, *summary;
} infos[POLICY_COUNT] = {
#define P(NAME, name, summary) [POLICY_##NAME] = { name, summary },
#include "rate/policy.def"
#undef P
};

const char *policy_name(enum policy policy)
{
	return infos[policy].name;
}

const char *policy_summary(enum policy policy)
{
	return infos[policy].summary;
}

enum policy policy_find(struct text name)
{
	for (int p = 0; p < POLICY_COUNT; p++) {
		if (text_is(name, infos[p].name))
			return (enum policy)p;
	}
	return POLICY_COUNT;
}

void policy_list(unsigned bits, struct buf *out)
{
	const char *comma = "";

	for (int p = 0; p < POLICY_COUNT; p++) {
		if ((bits & POLICY_BIT(p)) == 0)
			continue;
		buf_addf(out, "%s%s", comma, infos[p].name);
		comma = ",";
	}
}

void policy_json(unsigned bits, struct buf *out)
{
	const char *comma = "";

	buf_add_cstr(out, "[");
	for (int p = 0; p < POLICY_COUNT; p++) {
		if ((bits & POLICY_BIT(p)) == 0)
			continue;
		buf_addf(out, "%s\"%s\"", comma, infos[p].name);
		comma = ",";
	}
	buf_add_cstr(out, "]");
}

int policy_read(struct text list, unsigned *bits_out, struct fault *fault)
{
	unsigned bits = 0;
	struct text name;

	while (list.len > 0 && text_cut(&list, ',', &name)) {
		enum policy policy = policy_find(name);

		if (policy == POLICY_COUNT)
			return fault_set(fault, FAULT_INVALID,
			                 "\"%.*s\" is no policy: zero-completion, images-whole, "
			                 "served-only",
			                 name.len > 64 ? 64 : (int)name.len, name.at);
		bits |= POLICY_BIT(policy);
	}
	*bits_out = bits;
	return 0;
}

/* In the order in which a stream brings them. */
static const enum component streamed[] = { COMPONENT_REASONING, COMPONENT_OUTPUT,
	                                   COMPONENT_OUTPUT_AUDIO, COMPONENT_OUTPUT_IMAGE,
	                                   COMPONENT_OUTPUT_VIDEO };
enum { STREAMED_COUNT = sizeof(streamed) / sizeof(streamed[0]) };

/* Whose count above zero says that something came of the request. */
static const enum component made[] = { COMPONENT_IMAGES_OUT, COMPONENT_MEGAPIXELS_OUT,
	                               COMPONENT_SECONDS, COMPONENT_CHARACTERS, COMPONENT_PAGES };

/* Of an image that comes out. */
static const enum component pictures[] = { COMPONENT_IMAGES_OUT, COMPONENT_MEGAPIXELS_OUT,
	                                   COMPONENT_OUTPUT_IMAGE };

/* The last part of an api whose answer has no tokens. */
static const char *const without_answer[] = { "embeddings", "embed", "embedding", "rerank",
	                                      "moderations" };

static bool is_one_of(struct text word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t len = text_of(words[i]).len;

		if (word.len == len && strncasecmp(word.at, words[i], len) == 0)
			return true;
	}
	return false;
}

static bool ended_in_error(const struct event *event)
{
	static const char *const words[] = { "error", "failed" };

	return is_one_of(event->finish_reason, words, sizeof(words) / sizeof(words[0]));
}

static bool was_cancelled(const struct event *event)
{
	static const char *const words[] = { "cancelled", "canceled", "cancel", "aborted" };

	return is_one_of(event->finish_reason, words, sizeof(words) / sizeof(words[0]));
}

static bool is_blank(struct text t)
{
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] != ' ')
			return false;
	}
	return true;
}

/* An embedding has no answer that could be missing. */
static bool has_answer_by_nature(const struct event *event)
{
	struct text last = event->api;

	for (size_t i = 0; i < event->api.len; i++) {
		if (event->api.at[i] == '.')
			last = (struct text){ event->api.at + i + 1, event->api.len - i - 1 };
	}
	return !is_one_of(last, without_answer, sizeof(without_answer) / sizeof(without_answer[0]));
}

bool policy_no_completion(const struct event *event)
{
	if (ended_in_error(event))
		return true;
	if (event->no_answer_due || !is_blank(event->finish_reason) || !has_answer_by_nature(event))
		return false;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (component_info[c].role == ROLE_ANSWER && event->usage.count[c] != 0)
			return false;
	}
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		if (event->usage.count[made[i]] != 0)
			return false;
	}
	return true;
}

static bool is_not_whole(const struct event *event)
{
	return event->settlement != SETTLEMENT_FINAL || event->status >= 400 ||
	       ended_in_error(event) || was_cancelled(event);
}

static void without_pictures(struct usage *usage)
{
	unsigned kept = 0;

	for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++)
		usage->count[pictures[i]] = 0;
	for (unsigned i = 0; i < usage->kind_count; i++) {
		if (usage->kinds[i].component != COMPONENT_IMAGES_OUT)
			usage->kinds[kept++] = usage->kinds[i];
	}
	usage->kind_count = kept;
}

static void served_only(struct usage *usage, int64_t served)
{
	for (size_t i = 0; i < STREAMED_COUNT; i++) {
		int64_t *count = &usage->count[streamed[i]];

		if (*count > served)
			*count = served;
		served -= *count;
	}
}

int64_t policy_answer(const struct usage *usage)
{
	int64_t answer = 0;

	/* Each at most USAGE_COUNT_MAX: no overflow. */
	for (size_t i = 0; i < STREAMED_COUNT; i++)
		answer += usage->count[streamed[i]];
	return answer;
}

/* Whether the policy takes anything away; the answer before it is in *usage. */
static bool takes_away(enum policy policy, const struct event *event, const struct usage *usage)
{
	bool any = false;

	switch (policy) {
	case POLICY_ZERO_COMPLETION:
		for (int c = 0; c < COMPONENT_COUNT; c++)
			any = any || usage->count[c] != 0;
		return any && policy_no_completion(event);
	case POLICY_IMAGES_WHOLE:
		for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++)
			any = any || usage->count[pictures[i]] != 0;
		return any && is_not_whole(event);
	case POLICY_SERVED_ONLY:
		return event->settlement == SETTLEMENT_ABANDONED && event->served != EVENT_ABSENT &&
		       policy_answer(usage) > event->served;
	case POLICY_COUNT:
		break;
	}
	return false;
}

/* Applies the bits in their order; gives those that took something away. */
static unsigned apply(unsigned bits, const struct event *event, struct usage *usage)
{
	unsigned effect = 0;

	for (int p = 0; p < POLICY_COUNT; p++) {
		if ((bits & POLICY_BIT(p)) == 0 || !takes_away((enum policy)p, event, usage))
			continue;
		effect |= POLICY_BIT(p);
		switch ((enum policy)p) {
		case POLICY_ZERO_COMPLETION:
			*usage = (struct usage){ .kind_count = 0 };
			break;
		case POLICY_IMAGES_WHOLE:
			without_pictures(usage);
			break;
		case POLICY_SERVED_ONLY:
			served_only(usage, event->served);
			break;
		case POLICY_COUNT:
			break;
		}
	}
	return effect;
}

const struct usage *policy_charged(unsigned bits, const struct event *event,
                                   struct usage *charged_out)
{
	if (bits == 0)
		return &event->usage;
	*charged_out = event->usage;
	return apply(bits, event, charged_out) != 0 ? charged_out : &event->usage;
}

unsigned policy_effect(unsigned bits, const struct event *event)
{
	struct usage charged;

	if (bits == 0)
		return 0;
	charged = event->usage;
	return apply(bits, event, &charged);
}
