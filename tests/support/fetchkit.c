#include "tests/support/fetchkit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int send(void *context, const struct net_request *request, struct net_answer *answer_out,
                struct fault *fault)
{
	struct fetch_fake *fake = context;
	const struct fetch_step *step = &fake->steps[fake->at];

	if (fake->at == fake->step_count)
		fail_msg("one question too many: %s", request->url);
	fake->at++;
	buf_addf(&fake->asked, "%s%s%s\n", request->url, request->json != NULL ? " " : "",
	         request->json != NULL ? request->json : "");
	assert_non_null(strstr(request->secret, KEY));
	assert_null(strstr(request->url, KEY));
	assert_true((strncmp(request->secret, "x-api-key: ", 11) == 0) ==
	            (request->headers != NULL));
	if (step->status == 0)
		return fault_set(fault, (enum fault_code)step->fault, "%s", step->body);
	buf_clear(&answer_out->body);
	buf_add_cstr(&answer_out->body, step->body);
	answer_out->status = step->status;
	snprintf(answer_out->retry_after, sizeof(answer_out->retry_after), "%s",
	         step->retry_after != NULL ? step->retry_after : "");
	snprintf(answer_out->content_type, sizeof(answer_out->content_type), "%s",
	         step->type != NULL ? step->type : "application/json");
	return 0;
}

int64_t fetchkit_now_ms(void *context)
{
	(void)context;
	return NOW;
}

static int wait_so_long(void *context, int64_t ms, const struct fault *why, struct fault *fault)
{
	struct fetch_fake *fake = context;

	(void)fault;
	assert_true(fake->wait_count < WAITS_MAX);
	fake->waits_ms[fake->wait_count++] = ms;
	buf_addf(&fake->told, "%s\n", why->text);
	return 0;
}

static int take(void *context, const struct fetch_page *page, struct fault *fault)
{
	struct fetch_fake *fake = context;

	assert_int_equal(page->when_ms, NOW);
	assert_int_equal(page->status, 200);
	if (page->number == fake->take_fails_at)
		return fault_set(fault, FAULT_FULL, "the disk is full");
	buf_add_text(&fake->rows, page->rows);
	return 0;
}

void fetchkit_release(struct fetch_fake *fake)
{
	buf_release(&fake->asked);
	buf_release(&fake->rows);
	buf_release(&fake->told);
}

static const struct fetch_hooks hooks_of = {
	.send = send, .now_ms = fetchkit_now_ms, .wait = wait_so_long, .take = take
};

/* Fetches with these steps; nothing that is told has the key. */
void fetchkit_fetch(struct fetch_fake *fake, struct statement_fetch what)
{
	struct fetch_hooks hooks = hooks_of;

	hooks.context = fake;
	what.key = KEY;
	if (what.from_ms == 0 && what.ids.at == NULL) {
		what.from_ms = AUG_1;
		what.to_ms = AUG_3;
	}
	fake->fault = (struct fault){ .code = FAULT_NONE };
	fake->r = statement_fetch(&what, &hooks, &fake->result, &fake->fault);
	buf_add(&fake->asked, "", 1);
	buf_add(&fake->rows, "", 1);
	buf_add(&fake->told, "", 1);
	assert_null(strstr(fake->fault.text, KEY));
	assert_null(strstr(fake->told.at, KEY));
}

const struct fetch_api *fetchkit_api(const char *name)
{
	const struct fetch_api *found = fetch_api_find(text_of(name));

	assert_non_null(found);
	return found;
}

void fetchkit_refused(const struct fetch_fake *fake, const char *label, int code, const char *words)
{
	if (fake->r != code || strstr(fake->fault.text, words) == NULL)
		fail_msg("%s: %s, \"%s\": expected %s and \"%s\"", label, fault_name(fake->r),
		         fake->fault.text, fault_name(code), words);
}
