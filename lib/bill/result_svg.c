/*
 * The waterfall of a result: from our total, a bar a cause, to theirs.  Places are hundredths of a
 * percent of the width, so that the picture fits any without its text becoming small.
 *
 * Differences are small beside the totals.  Where all of them are less than half of the larger
 * total the axis is cut: it begins near the totals, the bars of which have a mark, and says so.
 */
#include "base/html.h"
#include "bill/result_internal.h"

enum {
	BARS_MAX = CAUSE_COUNT + 2,
	PLACES = 10000, /* 100.00 % */
	ROW_PX = 48,
	BAR_TOP_PX = 23,
	BAR_PX = 14,
	AXIS_PX = 34,
};

struct bar {
	const char *label;
	int64_t differences; /* 0: it is a total */
	wide from, to;       /* attos */
};

struct fall {
	struct bar bars[BARS_MAX];
	size_t count;
	wide low, high; /* of the axis */
	wide base;      /* where the totals begin: 0, or the end that is nearer to it */
	bool cut;
};

static void add_bar(struct fall *fall, const char *label, int64_t differences, wide from, wide to)
{
	fall->bars[fall->count++] = (struct bar){ label, differences, from, to };
}

static wide floor_to(wide n, wide step)
{
	wide rest = n % step;

	return n - (rest < 0 ? rest + step : rest);
}

/* Ends in round numbers, and a quarter of the differences beside them towards 0. */
static void set_axis(struct fall *fall)
{
	wide low = fall->bars[0].to, high = low, span, step = 1;

	for (size_t i = 1; i < fall->count; i++) {
		low = fall->bars[i].to < low ? fall->bars[i].to : low;
		high = fall->bars[i].to > high ? fall->bars[i].to : high;
	}
	span = high - low;
	fall->cut = span > 0 && ((low > 0 && span < high / 2) || (high < 0 && span < -low / 2));
	if (fall->cut && low > 0)
		low -= span / 4;
	else if (fall->cut)
		high += span / 4;
	else if (low > 0)
		low = 0;
	else if (high < 0)
		high = 0;
	while (step * 10 <= (high - low) / 8)
		step *= 10;
	fall->low = floor_to(low, step);
	fall->high = -floor_to(-high, step);
	if (fall->high == fall->low)
		fall->high++;
	fall->base = fall->low > 0 ? fall->low : fall->high < 0 ? fall->high : 0;
}

static void make_fall(struct fall *fall, const struct bill_result *result)
{
	wide level = result->ours.amount.attos;

	*fall = (struct fall){ .count = 0 };
	add_bar(fall, "Ours", 0, 0, level);
	for (int c = 0; c < CAUSE_COUNT; c++) {
		const struct bill_cause_sum *sum = &result->causes[c];

		if (sum->amount.attos == 0)
			continue;
		add_bar(fall, bill_cause_name((enum bill_cause)c), sum->differences, level,
		        level + sum->amount.attos);
		level += sum->amount.attos;
	}
	add_bar(fall, "Theirs", 0, 0, level);
	set_axis(fall);
	fall->bars[0].from = fall->bars[fall->count - 1].from = fall->base;
}

static int place(const struct fall *fall, wide level)
{
	wide at = level - fall->low, span = fall->high - fall->low;

	/* So that the product fits, whatever the amounts. */
	while (span > ((wide)1 << 112)) {
		span >>= 1;
		at >>= 1;
	}
	return (int)(at * PLACES / span);
}

static void add_place(struct buf *out, const char *key, int place)
{
	buf_addf(out, " %s=\"%d.%02d%%\"", key, place / 100, place % 100);
}

static void add_value(struct buf *out, const struct bar *bar)
{
	char text[MONEY_TEXT_BYTES];

	if (bar->differences != 0) {
		result_add_signed(out, (struct money){ bar->to - bar->from });
		return;
	}
	money_text((struct money){ bar->to }, text);
	buf_add_cstr(out, text);
}

static void draw_bar(struct buf *out, const struct fall *fall, size_t i)
{
	const struct bar *bar = &fall->bars[i];
	int from = place(fall, bar->from), to = place(fall, bar->to);
	int left = from < to ? from : to, width = from < to ? to - from : from - to;
	int top = (int)i * ROW_PX;

	buf_addf(out, "<text x=\"0\" y=\"%d\"%s>%s", top + 15,
	         bar->differences == 0 ? " class=\"whole\"" : "", bar->label);
	if (bar->differences != 0)
		buf_addf(out, "<tspan class=\"many\" dx=\"6\">%lld</tspan>",
		         (long long)bar->differences);
	buf_addf(out, "</text><text x=\"100%%\" y=\"%d\" class=\"value%s\">", top + 15,
	         bar->differences == 0 ? " whole" : "");
	add_value(out, bar);
	buf_addf(out,
	         "</text><rect class=\"track\" x=\"0\" y=\"%d\" width=\"100%%\" height=\"%d\"/>",
	         top + BAR_TOP_PX, BAR_PX);
	buf_addf(out, "<rect class=\"%s\" y=\"%d\" height=\"%d\"",
	         bar->differences == 0 ? "total"
	         : bar->to > bar->from ? "more"
	                               : "less",
	         top + BAR_TOP_PX, BAR_PX);
	add_place(out, "x", left);
	/* A rectangle without a width is not drawn at all, not even its stroke. */
	add_place(out, "width", width > 0 ? width : 1);
	buf_add_cstr(out, "/>");
	if (fall->cut && bar->differences == 0)
		buf_addf(out,
		         "<svg x=\"%s\" y=\"%d\" width=\"22\" height=\"%d\">"
		         "<path class=\"gap\" d=\"M6 %d l5 -%d M12 %d l5 -%d\"/></svg>",
		         fall->low > 0 ? "0" : "96%", top + BAR_TOP_PX, BAR_PX, BAR_PX, BAR_PX,
		         BAR_PX, BAR_PX);
	if (i + 1 == fall->count)
		return;
	buf_addf(out, "<line class=\"step\" y1=\"%d\" y2=\"%d\"", top + BAR_TOP_PX,
	         top + ROW_PX + BAR_TOP_PX + BAR_PX);
	add_place(out, "x1", to);
	add_place(out, "x2", to);
	buf_add_cstr(out, "/>");
}

static void draw_axis(struct buf *out, const struct fall *fall)
{
	char low[MONEY_TEXT_BYTES], high[MONEY_TEXT_BYTES];
	int top = (int)fall->count * ROW_PX;

	money_text((struct money){ fall->low }, low);
	money_text((struct money){ fall->high }, high);
	buf_addf(out,
	         "<line class=\"axis\" x1=\"0\" x2=\"100%%\" y1=\"%d\" y2=\"%d\"/>"
	         "<text class=\"end\" x=\"0\" y=\"%d\">%s</text>"
	         "<text class=\"end value\" x=\"100%%\" y=\"%d\">%s</text>\n",
	         top + 4, top + 4, top + 22, low, top + 22, high);
}

/* For whoever does not see it: the same in words. */
static void add_words(struct buf *out, const struct fall *fall, const char *currency)
{
	buf_add_cstr(out, "<title id=\"fall-title\">From our total to theirs, in ");
	html_add(out, text_of(currency));
	buf_add_cstr(out, "</title><desc id=\"fall-desc\">");
	for (size_t i = 0; i < fall->count; i++) {
		buf_addf(out, "%s%s ", i > 0 ? "; " : "", fall->bars[i].label);
		add_value(out, &fall->bars[i]);
	}
	buf_addf(out, ".%s</desc>\n", fall->cut ? " The axis does not begin at 0." : "");
}

bool result_svg(struct buf *out, const struct bill_result *result)
{
	struct fall fall;

	make_fall(&fall, result);
	buf_addf(out,
	         "<svg class=\"fall\" role=\"img\" aria-labelledby=\"fall-title fall-desc\" "
	         "width=\"100%%\" height=\"%d\">\n",
	         (int)fall.count * ROW_PX + AXIS_PX);
	add_words(out, &fall, result->currency);
	for (size_t i = 0; i < fall.count; i++) {
		draw_bar(out, &fall, i);
		buf_add(out, "\n", 1);
	}
	draw_axis(out, &fall);
	buf_add_cstr(out, "</svg>\n");
	return fall.cut;
}
