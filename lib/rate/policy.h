/*
 * Policies: what of the used counts is charged.  Named after the rules of a marketplace
 * (openrouter.ai/docs: guides/features/zero-completion-insurance, image generation,
 * streaming: stream cancellation); off unless a rule of the ledger says so
 * (ledger/rules.h).  The counts of an event are never changed by them: an event keeps the bits
 * that were in force when it was rated, and its charge is derived from both again.
 *
 * zero-completion  Nothing at all is charged (no prompt, no fee) where the finish reason is an
 *                  error ("error" or "failed", in any case), or where it is blank and no answer
 *                  was made: no answer token, and nothing else that is an answer or the measure of
 *                  one (images and megapixels out, seconds, characters, pages).  Searches are
 *                  none.  What has no answer tokens by its nature (embeddings, rerank: api ends in
 *                  one of their names, or event.no_answer_due) is charged, unless it ended in an
 *                  error.  Of an event that is charged for no_answer_due, which is not stored, the
 *                  bit is not kept.
 * images-whole     Images are all or nothing: where a request was broken off or is not final, where
 *                  its status is an error, or its finish reason is an error or says it was
 *                  cancelled, nothing of its output images is charged: images_out,
 *                  megapixels_out, output_image.  The prompt stays.
 * served-only      An abandoned request is charged for as many tokens of the answer as reached
 *                  the client (event.served), in the order they are streamed: reasoning, output,
 *                  output_audio, output_image, output_video.  The prompt stays charged, and so the
 *                  context it is priced by.  Where `served` is not known nothing changes.  Turns
 *                  of a request are events of their own: each has as `served` what those before
 *                  it leave of it.
 *
 * They are applied in this order.  What is not charged needs no price: an event of which nothing
 * is left costs nothing, also where its model has no rate.  What is left of any other event
 * needs one as ever, and waits in suspense without: a policy hides no unpriced count that
 * it does not itself take away.
 *
 * Pure: no clock, no I/O.  Any thread.
 */
#ifndef TOLL_RATE_POLICY_H
#define TOLL_RATE_POLICY_H

#include <stddef.h>

#include "base/buf.h"
#include "base/text.h"
#include "usage/event.h"

enum policy {
#define P(NAME, name, summary) POLICY_##NAME,
#include "rate/policy.def"
#undef P
	POLICY_COUNT
};

#define POLICY_BIT(policy) (1u << (policy))
#define POLICIES_ALL       (POLICY_BIT(POLICY_COUNT) - 1)

const char *policy_name(enum policy policy);
const char *policy_summary(enum policy policy);
enum policy policy_find(struct text name); /* POLICY_COUNT when there is none */

/* "zero-completion,images-whole"; nothing for no bit. */
void policy_list(unsigned bits, struct buf *out);
/* The same as a JSON array. */
void policy_json(unsigned bits, struct buf *out);
/*
 * Reads such a list.  -FAULT_INVALID, with the name that is none.  The empty text is no bit.
 */
int policy_read(struct text list, unsigned *bits_out, struct fault *fault);

/*
 * What is charged of an event under these bits: its own usage where they change nothing, else
 * *charged_out.  The pointer is valid as long as both.
 */
const struct usage *policy_charged(unsigned bits, const struct event *event,
                                   struct usage *charged_out);

/* What zero-completion means, asked of one event. */
bool policy_no_completion(const struct event *event);

/* Tokens of the answer, of which served-only charges those that were served. */
int64_t policy_answer(const struct usage *usage);

/* Those of the bits that change what is charged for this event. */
unsigned policy_effect(unsigned bits, const struct event *event);

#endif
