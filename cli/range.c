#include "cli/range.h"

#include <stdio.h>

#include "base/moment.h"
#include "ledger/read.h"

/* "2026-11-22T08:00Z", as a report names its hours. */
static bool parse_minute(struct text t, int64_t *ms_out)
{
	enum { MINUTE_LEN = 17 };
	char whole[MINUTE_LEN + 4];

	if (t.len != MINUTE_LEN || t.at[MINUTE_LEN - 1] != 'Z')
		return false;
	snprintf(whole, sizeof(whole), "%.*s:00Z", MINUTE_LEN - 1, t.at);
	return moment_parse(text_of(whole), ms_out);
}

static int read_moment(struct context *context, const char *name, int64_t otherwise, int64_t *out)
{
	struct text value = options_text(&context->options, name);

	*out = otherwise;
	if (value.at == NULL || moment_parse_date(value, out) || parse_minute(value, out))
		return 0;
	return fault_set(
		&context->fault, FAULT_INVALID,
		"--%s %.*s: a time is due, like 2026-11-22, 2026-11 or 2026-11-22T08:00:00Z", name,
		TEXT_ARGS(value));
}

int range_read(struct context *context, int64_t *from_ms_out, int64_t *to_ms_out)
{
	int64_t from_ms, to_ms;

	if (read_moment(context, "from", LEDGER_FROM_MIN, &from_ms) < 0 ||
	    read_moment(context, "to", LEDGER_TO_MAX, &to_ms) < 0)
		return -FAULT_INVALID;
	if (from_ms >= to_ms)
		return fault_set(
			&context->fault, FAULT_INVALID,
			"--from must be before --to: the range ends before its last moment");
	*from_ms_out = from_ms;
	*to_ms_out = to_ms;
	return 0;
}

int range_read_month(struct context *context, int64_t *from_ms_out, int64_t *to_ms_out)
{
	bool from = options_value(&context->options, "from") != NULL;
	bool to = options_value(&context->options, "to") != NULL;

	if (from != to)
		return fault_set(&context->fault, FAULT_INVALID,
		                 "--from and --to go together; without both it is the last whole "
		                 "month (UTC)");
	if (from)
		return range_read(context, from_ms_out, to_ms_out);
	*to_ms_out = moment_floor(command_now_ms(), MOMENT_MONTH);
	*from_ms_out = moment_floor(*to_ms_out - 1, MOMENT_MONTH);
	return 0;
}

void range_text(int64_t from_ms, int64_t to_ms, char out[RANGE_TEXT_BYTES])
{
	char from[MOMENT_TEXT_BYTES], to[MOMENT_TEXT_BYTES];

	if (from_ms % MS_PER_HOUR == 0 && to_ms % MS_PER_HOUR == 0) {
		moment_text_unit(from_ms, MOMENT_HOUR, from);
		moment_text_unit(to_ms, MOMENT_HOUR, to);
	} else {
		moment_text(from_ms, from);
		moment_text(to_ms, to);
	}
	snprintf(out, RANGE_TEXT_BYTES, "%s to %s", from, to);
}

int range_limit(struct context *context, int64_t *limit_out)
{
	return options_number(&context->options, "limit", 1, INT64_MAX,
	                      context->form == FORM_TABLE ? RANGE_LIMIT : INT64_MAX, limit_out,
	                      &context->fault);
}

void range_say_rest(int64_t found, int64_t limit)
{
	if (found > limit)
		command_say("%lld of %lld rows; --limit %lld shows all", (long long)limit,
		            (long long)found, (long long)found);
}
