/* One usage object through the decoder of events. */
#include <assert.h>

#include "usage/format.h"
#include "usage/object.h"

static_assert(COMPONENT_COUNT <= 32, "components no longer fit the bits of what is told");

int usage_object_read(struct text api, const struct json *doc, uint32_t object, struct arena *arena,
                      struct usage_object *out, struct event_refusal *refusal_out)
{
	const struct usage_format *format = format_find(api);
	const struct usage_objects objects = { .doc = doc, .nodes = &object, .count = 1 };
	struct usage_decoded decoded;
	int r;

	assert(format != NULL);
	*refusal_out = (struct event_refusal){ .reason = REASON_NONE, .time_ms = EVENT_ABSENT };
	r = usage_decode(format, &objects, (struct text){ NULL, 0 }, arena, &decoded, refusal_out);
	if (r < 0 || refusal_out->reason != REASON_NONE)
		return r;
	*out = (struct usage_object){ .usage = decoded.usage,
		                      .told = decoded.told,
		                      .readings = decoded.readings,
		                      .reading_count = decoded.reading_count,
		                      .contradiction = decoded.contradiction,
		                      .unknown_path = decoded.unknown };
	return 0;
}
