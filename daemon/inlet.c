#include "daemon/inlet.h"

static const char *const state_names[INLET_STATE_COUNT] = {
	[INLET_WAITING] = "waiting", [INLET_CONNECTED] = "connected", [INLET_READING] = "reading",
	[INLET_PAUSED] = "paused",   [INLET_STOPPED] = "stopped",
};

const char *inlet_state_name(enum inlet_state state)
{
	return state_names[state];
}

void inlet_status_json(struct buf *out, const struct config_feed *config,
                       const struct inlet_status *status)
{
	buf_addf(out, "{\"kind\":\"%s\",\"path\":", feed_kind_name(config->kind));
	buf_add_json(out, text_of(config->path));
	buf_add_cstr(out, ",\"source\":");
	buf_add_json(out, text_of(config->source));
	buf_addf(out, ",\"state\":\"%s\",\"lines\":%lld,\"lag_bytes\":", state_names[status->state],
	         (long long)status->lines);
	if (status->lag_bytes < 0)
		buf_add_cstr(out, "null");
	else
		buf_addf(out, "%lld", (long long)status->lag_bytes);
	buf_addf(out, ",\"lost_files\":%lld,\"error\":", (long long)status->lost);
	buf_add_json(out, text_of(status->error));
	buf_add_cstr(out, "}");
}
