#include "daemon/feed.h"

#include "daemon/intake.h"

void feed_init(struct feed *feed, const struct feed_class *class, struct feeds *all, void *owner,
               size_t line_bytes_max)
{
	*feed = (struct feed){ .class = class, .all = all, .owner = owner };
	wire_framer_init(&feed->framer, line_bytes_max);
}

void feed_pause(struct feed *feed)
{
	struct feeds *all = feed->all;

	if (feed->paused)
		return;
	feed->paused = true;
	feed->next_paused = NULL;
	if (all->paused == NULL)
		all->paused = feed;
	else
		all->paused_last->next_paused = feed;
	all->paused_last = feed;
}

void feed_unpause(struct feed *feed)
{
	struct feeds *all = feed->all;
	struct feed **at = &all->paused, *before = NULL;

	if (!feed->paused)
		return;
	while (*at != feed) {
		before = *at;
		at = &before->next_paused;
	}
	*at = feed->next_paused;
	if (all->paused_last == feed)
		all->paused_last = before;
	feed->paused = false;
}

void feed_rewind(struct feed *feed, uint64_t consumed)
{
	size_t line_bytes_max = feed->framer.max_line_bytes;

	feed_unpause(feed);
	wire_framer_release(&feed->framer);
	wire_framer_init(&feed->framer, line_bytes_max);
	buf_release(&feed->held);
	feed->consumed = consumed;
}

void feed_unbar(struct feed *feed)
{
	feed->barred = false;
	feed_pause(feed);
}

void feed_release(struct feed *feed)
{
	feed_unpause(feed);
	wire_framer_release(&feed->framer);
	buf_release(&feed->held);
}

int feed_line(struct feed *feed, const struct wire_line *line, enum ingest_line how)
{
	if (wire_is_blank(line) || (feed->class->look != NULL && feed->class->look(feed, line)))
		return 0;
	if (!intake_line(feed->all->intake, line, how, feed))
		return -FAULT_NOMEM;
	return 0;
}

static int hold(struct feed *feed, struct text bytes)
{
	buf_add_text(&feed->held, bytes);
	return feed->held.error != 0 ? -FAULT_NOMEM : 0;
}

int feed_take(struct feed *feed, struct text bytes)
{
	struct wire_line line;
	int error = 0;

	while (!feed->done && error == 0) {
		size_t before = bytes.len;
		bool whole;

		if (!intake_has_room(feed->all->intake)) {
			feed_pause(feed);
			return hold(feed, bytes);
		}
		if (feed->class->admits != NULL && !feed->class->admits(feed)) {
			feed->barred = true;
			return hold(feed, bytes);
		}
		whole = wire_next(&feed->framer, &bytes, &line, &error);
		feed->consumed += before - bytes.len;
		if (!whole)
			break;
		error = feed_line(feed, &line, INGEST_LINE_WHOLE);
	}
	return error;
}

int feed_take_held(struct feed *feed)
{
	struct buf held = feed->held;
	int r;

	feed->held = (struct buf){ .at = NULL };
	r = feed_take(feed, buf_text(&held));
	buf_release(&held);
	return r;
}

int feed_finish(struct feed *feed, enum ingest_line how)
{
	struct wire_line line;

	if (wire_unfinished(&feed->framer) > 0 && !intake_has_room(feed->all->intake)) {
		feed_pause(feed);
		return FEED_WAITS;
	}
	return wire_rest(&feed->framer, &line) ? feed_line(feed, &line, how) : 0;
}

void feed_verdict(struct feed *feed, const struct ingest_item *item)
{
	struct wire_ack *totals = &feed->totals;

	feed->on_their_way--;
	feed->bytes_on_their_way -= item->line.len;
	feed->moved = true;
	totals->lines += !item->fragment;
	switch (item->verdict) {
	case INGEST_QUARANTINED:
		totals->quarantined++;
		break;
	case INGEST_CONFLICT:
		totals->conflict++;
		break;
	case INGEST_DUPLICATE:
		totals->duplicate++;
		break;
	case INGEST_UNPRICED:
		totals->unpriced++;
		break;
	case INGEST_ACCEPTED:
	case INGEST_CHECKPOINT:
		totals->accepted++;
		break;
	case INGEST_VERDICT_COUNT:
		break;
	}
	/* Whoever walks the batch calls told() next, which may free it. */
}

/* If it must wait again it stands behind the others. */
void feeds_resume(struct feeds *all)
{
	while (all->paused != NULL && intake_has_room(all->intake)) {
		struct feed *feed = all->paused;

		feed_unpause(feed);
		feed->class->resume(feed);
	}
}
