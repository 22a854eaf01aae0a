/*
 * The page of a result: one file that needs nothing else and runs nothing, for a phone, a screen
 * and paper, in light and dark.  The policy in its head forbids what it does not do anyway.
 */
#include <string.h>

#include "base/html.h"
#include "base/moment.h"
#include "bill/result_internal.h"
#include "statement/format.h"

static const char head[] =
	"<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	"style-src 'unsafe-inline'\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<title>";

static const char style[] =
	":root{color-scheme:light dark;--ink:#1b1d22;--soft:#5b6270;--line:#e2e5ea;"
	"--page:#fbfbfc;--card:#fff;--mark:#0b57d0;--track:#eef1f6;--more:#b3541e;--less:#0f766e;"
	"--bad:#a11a1a;--good:#146c2e}"
	"@media(prefers-color-scheme:dark){:root{--ink:#e8eaee;--soft:#a0a8b6;--line:#2c313a;"
	"--page:#121419;--card:#191c22;--mark:#8ab4f8;--track:#262b34;--more:#f0a36b;"
	"--less:#5fc9bd;--bad:#ff9a93;--good:#7fd49a}}"
	"*{box-sizing:border-box}"
	"body{margin:0 auto;max-width:64rem;padding:2.5rem 1.25rem 4rem;background:var(--page);"
	"color:var(--ink);font:1rem/1.55 system-ui,-apple-system,'Segoe UI',Roboto,Ubuntu,"
	"'Helvetica Neue',Arial,sans-serif}"
	"h1{font-size:2rem;line-height:1.2;margin:0 0 .25rem;letter-spacing:-.02em}"
	"h2{font-size:1.25rem;line-height:1.3;margin:0 0 .5rem;letter-spacing:-.01em}"
	"p{margin:.5rem 0}.soft{color:var(--soft)}"
	"code{font:.875em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;"
	"overflow-wrap:anywhere}"
	"section{margin:1.5rem 0;padding:1.25rem 1.5rem 1.5rem;background:var(--card);"
	"border:1px solid var(--line);border-radius:.75rem}"
	".sides{display:grid;grid-template-columns:repeat(3,1fr);gap:1rem;margin:1.5rem 0}"
	".sides div{padding:1rem 1.25rem;background:var(--card);border:1px solid var(--line);"
	"border-radius:.75rem;min-width:0}"
	".sides h2{margin:0;font-size:.875rem;font-weight:500;color:var(--soft);letter-spacing:0}"
	".sides b{display:block;font-size:1.1875rem;font-weight:600;overflow-wrap:anywhere}"
	".sides p{margin:.25rem 0 0;font-size:.875rem;color:var(--soft)}"
	"b,.n,.value{font-variant-numeric:tabular-nums lining-nums}"
	".verdict{font-weight:600}.bad{color:var(--bad)}.good{color:var(--good)}"
	"ul{margin:.5rem 0;padding-left:1.25rem}li{overflow-wrap:anywhere}"
	"table{width:100%;margin:.5rem 0 0;border-collapse:collapse;font-size:.9375rem}"
	"th,td{padding:.4375rem .75rem .4375rem 0;text-align:left;vertical-align:baseline;"
	"border-top:1px solid var(--line)}"
	"thead th{border-top:0;color:var(--soft);font-weight:500;font-size:.8125rem}"
	"tbody th{font-weight:500}td:last-child,th:last-child{padding-right:0}"
	"td.n,th.n{text-align:right;white-space:nowrap}"
	"td p{margin:0;overflow-wrap:anywhere}td small{display:block;color:var(--soft);"
	"overflow-wrap:anywhere}"
	"td.n small{white-space:normal}td.n small.t{white-space:nowrap}"
	".worst th.what{width:16%}.worst th.of{width:24%}"
	"td.why{border-top:0;padding-top:0;color:var(--soft)}"
	"p.made{font-size:.8125rem}p.made b{font-weight:500;color:var(--ink)}"
	"pre{margin:.5rem 0;padding:.75rem;background:var(--track);border-radius:.5rem;"
	"white-space:pre-wrap;overflow-wrap:anywhere;font:.8125rem/1.5 ui-monospace,"
	"SFMono-Regular,Menlo,Consolas,monospace}"
	"svg.fall{display:block;overflow:visible}"
	"svg text{fill:var(--ink);font-size:.875rem;paint-order:stroke;stroke:var(--card);"
	"stroke-width:4;stroke-linejoin:round}"
	"svg .value{text-anchor:end}svg .whole{font-weight:600}"
	"svg .many,svg .end{fill:var(--soft);font-size:.75rem}"
	"svg .track{fill:var(--track)}svg .total{fill:var(--mark)}"
	/* A stroke: what is much less than the rest is still two pixels wide. */
	"svg .more{fill:var(--more);stroke:var(--more);stroke-width:2}"
	"svg .less{fill:var(--less);stroke:var(--less);stroke-width:2}"
	"svg .step{stroke:var(--soft);stroke-dasharray:2 3}svg .axis{stroke:var(--soft)}"
	"svg .gap{stroke:var(--card);stroke-width:3;fill:none}"
	"@media(max-width:44rem){body{padding:1.5rem .75rem 3rem}section{padding:1rem}"
	".sides{grid-template-columns:1fr;gap:.5rem}"
	"svg text{font-size:.8125rem}"
	"table,tbody,tr,td,tbody th{display:block}"
	"thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}"
	"tbody tr{padding:.5rem 0;border-top:1px solid var(--line)}"
	"tbody tr.also{border-top:0;padding-top:0}"
	"tbody th,tbody td{border:0;padding:0}td.n{text-align:left;white-space:normal}"
	"td[data-l]::before{content:attr(data-l)': ';color:var(--soft);font-size:.8125rem}"
	"td[data-l] p,td[data-l] small{display:inline;margin-right:.5rem}"
	"td[data-l] p{margin-right:.5rem}}"
	"@media print{body{max-width:none;padding:0;font-size:.8125rem}"
	":root{--ink:#000;--soft:#444;--line:#bbb;--page:#fff;--card:#fff;--mark:#333;"
	"--track:#eee;--more:#777;--less:#aaa;--bad:#000;--good:#000}"
	"section,.sides div{border:0;padding:0}tbody tr,svg,.sides{break-inside:avoid}"
	"svg *{print-color-adjust:exact;-webkit-print-color-adjust:exact}}";

static void add_money(struct buf *out, struct money amount)
{
	char text[MONEY_TEXT_BYTES];

	money_text(amount, text);
	buf_add_cstr(out, text);
}

/* ---- what comes first ---- */

static void add_title(struct buf *out, const struct bill_statement_name *statements, size_t count)
{
	buf_add_cstr(out, "Reconciliation: ");
	for (size_t i = 0; i < count; i++) {
		buf_add_cstr(out, i > 0 ? ", " : "");
		html_add(out, text_of(statements[i].name));
	}
}

static void add_ours(struct buf *out, const struct bill_result *result)
{
	buf_add_cstr(out, "<div><h2>Ours: the ledger</h2><b>");
	add_money(out, result->ours.amount);
	buf_addf(out, "</b><p>%lld request%s", (long long)result->ours.requests,
	         text_plural(result->ours.requests));
	if (result->ours_adjustments.attos != 0 || result->ours_corrections.attos != 0) {
		buf_add_cstr(out, ": events ");
		add_money(out, result->ours_events);
		buf_add_cstr(out, ", adjustments ");
		result_add_signed(out, result->ours_adjustments);
		buf_add_cstr(out, ", corrections ");
		result_add_signed(out, result->ours_corrections);
	}
	buf_add_cstr(out, "</p></div>\n");
}

/* What is theirs, and in no total. */
static void add_others(struct buf *out, const struct bill_result *result,
                       const struct bill_statement_name *statements, size_t count)
{
	struct buf others = { .at = NULL };

	bill_result_other_currencies(result, statements, count, &others);
	if (others.len > 0) {
		buf_add_cstr(out, "<p>and ");
		html_add(out, buf_text(&others));
		buf_add_cstr(out, ", which is not in the total</p>");
	}
	if (others.error != 0)
		out->error = others.error;
	buf_release(&others);
}

static void add_sides(struct buf *out, const struct bill_result *result,
                      const struct bill_statement_name *statements, size_t count)
{
	buf_add_cstr(out, "<div class=\"sides\">\n");
	add_ours(out, result);
	buf_add_cstr(out, "<div><h2>Theirs: the statement</h2><b>");
	add_money(out, result->theirs.amount);
	buf_add_cstr(out, "</b><p>");
	if (result->theirs.requests != STATEMENT_UNTOLD)
		buf_addf(out, "%lld request%s in ", (long long)result->theirs.requests,
		         text_plural(result->theirs.requests));
	buf_addf(out, "%lld row%s%s</p>", (long long)result->theirs.rows,
	         text_plural(result->theirs.rows), result->priced_here ? ", at our prices" : "");
	add_others(out, result, statements, count);
	buf_add_cstr(out, "</div>\n");
	buf_add_cstr(out, "<div><h2>Difference: theirs less ours</h2><b>");
	result_add_signed(out, bill_result_difference(result));
	buf_addf(out, "</b><p>%lld difference%s</p></div>\n</div>\n",
	         (long long)result->differences, text_plural(result->differences));
}

static void add_verdict(struct buf *out, const struct bill_result *result)
{
	if (result->differences == 0 && result->priced_here) {
		buf_add_cstr(out, "<p class=\"verdict good\">Both sides' counts agree; the "
		                  "statement has no amounts: what is charged was not "
		                  "compared.</p>\n");
	} else if (result->differences == 0 && result->cut > 0) {
		buf_addf(out,
		         "<p class=\"verdict good\">Both sides agree to the 18th decimal: %lld "
		         "amount%s of the statement %s more, and %s cut there.</p>\n",
		         (long long)result->cut, text_plural(result->cut),
		         result->cut == 1 ? "has" : "have", result->cut == 1 ? "was" : "were");
	} else if (result->differences == 0) {
		buf_add_cstr(out, "<p class=\"verdict good\">Both sides agree, to the last "
		                  "digit.</p>\n");
	} else if (result->equal_within) {
		buf_add_cstr(out, "<p class=\"verdict good\">Both sides agree within the "
		                  "tolerances: what these leave is ");
		add_money(out, result->left);
		buf_add_cstr(out, ".</p>\n");
	} else {
		buf_addf(out, "<p class=\"verdict bad\">The sides differ: %lld difference%s, ",
		         (long long)result->left_count, text_plural(result->left_count));
		add_money(out, result->left);
		buf_add_cstr(out, " in all where none is set off against another.</p>\n");
	}
}

static void add_warnings(struct buf *out, const struct bill_result *result,
                         const struct bill_statement_name *statements, size_t count)
{
	struct buf lines = { .at = NULL };
	struct text rest, line;

	bill_result_warnings(result, statements, count, &lines);
	rest = buf_text(&lines);
	if (lines.len > 0)
		buf_add_cstr(out, "<section aria-labelledby=\"h-know\">\n<h2 id=\"h-know\">To know "
		                  "first</h2>\n<ul>\n");
	while (text_cut(&rest, '\n', &line)) {
		if (line.len == 0)
			continue;
		buf_add_cstr(out, "<li>");
		html_add(out, line);
		buf_add_cstr(out, "</li>\n");
	}
	if (lines.len > 0)
		buf_add_cstr(out, "</ul>\n</section>\n");
	if (lines.error != 0)
		out->error = lines.error;
	buf_release(&lines);
}

static void add_fall(struct buf *out, const struct bill_result *result)
{
	bool cut;

	buf_add_cstr(out, "<section aria-labelledby=\"h-fall\">\n<h2 id=\"h-fall\">From ours to "
	                  "theirs</h2>\n");
	cut = result_svg(out, result);
	buf_add_cstr(out, "<p class=\"soft\">A bar a cause, with the number of its differences. ");
	html_add(out, text_of(result->currency));
	buf_add_cstr(out, cut ? ". The axis is cut: it does not begin at 0, so that differences "
	                        "much smaller than the totals can be seen.</p>\n</section>\n"
	                      : ". The axis holds 0.</p>\n</section>\n");
}

/* ---- causes and suggestions ---- */

static void add_cause(struct buf *out, enum bill_cause cause, const struct bill_cause_sum *sum)
{
	buf_addf(out, "<tr><th scope=\"row\">%s</th><td class=\"n\" data-l=\"differences\">%lld",
	         bill_cause_name(cause), (long long)sum->differences);
	buf_add_cstr(out, "</td><td class=\"n\" data-l=\"amount\">");
	result_add_signed(out, sum->amount);
	buf_add_cstr(out, "</td><td><p>");
	html_add(out, text_of(bill_cause_text(cause)));
	buf_add_cstr(out, ". ");
	if (sum->tolerated)
		buf_add_cstr(out, "Within its tolerance. ");
	else if (sum->within > 0)
		buf_addf(out, "%lld of them within the tolerance of a row. ",
		         (long long)sum->within);
	buf_add_cstr(out, "</p><small>");
	html_add(out, text_of(bill_cause_advice(cause)));
	buf_add_cstr(out, "</small></td></tr>\n");
}

static void add_causes(struct buf *out, const struct bill_result *result)
{
	if (result->differences == 0)
		return;
	buf_add_cstr(out,
	             "<section aria-labelledby=\"h-causes\">\n<h2 id=\"h-causes\">Causes</h2>\n"
	             "<table><thead><tr><th scope=\"col\">Cause</th><th scope=\"col\" "
	             "class=\"n\">Differences</th><th scope=\"col\" class=\"n\">Amount</th>"
	             "<th scope=\"col\">What it is, and what to do</th></tr></thead>\n<tbody>\n");
	for (int c = 0; c < CAUSE_COUNT; c++) {
		if (result->causes[c].differences > 0)
			add_cause(out, (enum bill_cause)c, &result->causes[c]);
	}
	buf_addf(out,
	         "<tr><th scope=\"row\">all of them</th><td class=\"n\" data-l=\"differences\">"
	         "%lld</td><td class=\"n\" data-l=\"amount\"><b>",
	         (long long)result->differences);
	result_add_signed(out, bill_result_difference(result));
	buf_add_cstr(out,
	             "</b></td><td>theirs less ours</td></tr>\n</tbody></table>\n</section>\n");
}

struct suggesting {
	struct buf *out;
	bool begun;
};

static int add_suggestion(void *context, const struct bill_suggestion *suggestion)
{
	struct suggesting *suggesting = context;
	struct buf *out = suggesting->out;

	if (!suggesting->begun)
		buf_add_cstr(out, "<section aria-labelledby=\"h-agree\">\n<h2 id=\"h-agree\">What "
		                  "would make them agree</h2>\n<ul>\n");
	suggesting->begun = true;
	buf_add_cstr(out, "<li>");
	if (suggestion->model.at != NULL) {
		buf_add_cstr(out, "<code>");
		html_add(out, suggestion->model);
		buf_add_cstr(out, "</code>: ");
	}
	html_add(out, text_of(suggestion->text));
	buf_addf(out, " <span class=\"soft\">(%s, %lld of them, ",
	         bill_cause_name(suggestion->cause), (long long)suggestion->pairs);
	result_add_signed(out, suggestion->amount);
	buf_add_cstr(out, ")</span>");
	if (suggestion->line[0] != '\0') {
		buf_add_cstr(out, "<pre>");
		html_add(out, text_of(suggestion->line));
		buf_add_cstr(out, "</pre>");
	}
	buf_add_cstr(out, "</li>\n");
	return 0;
}

static int add_suggestions(struct buf *out, const struct bill_result *result, struct fault *fault)
{
	struct suggesting suggesting = { out, false };
	int r = 0;

	if (result->suggestions != NULL)
		r = bill_each_suggestion(result->suggestions, add_suggestion, &suggesting, fault);
	if (suggesting.begun)
		buf_add_cstr(out, "</ul>\n</section>\n");
	return r;
}

/* ---- the worst ---- */

static void add_line(struct buf *out, const char *before, struct text t)
{
	if (t.at == NULL)
		return;
	buf_addf(out, " <small>%s", before);
	html_add(out, t);
	buf_add_cstr(out, "</small>");
}

struct side {
	const char *title;
	struct money amount;
	int64_t count, ms, record;
	struct text id, source;
};

static void add_side(struct buf *out, const struct side *side)
{
	char moment[MOMENT_TEXT_BYTES];

	buf_addf(out, "<td class=\"n\" data-l=\"%s\">", side->title);
	if (side->ms == EVENT_ABSENT && side->record == 0) {
		buf_add_cstr(out, "<small>none</small></td>");
		return;
	}
	buf_add_cstr(out, "<p>");
	add_money(out, side->amount);
	buf_add_cstr(out, "</p>");
	if (side->count != BILL_COUNT_UNTOLD)
		buf_addf(out, " <small>count %lld</small>", (long long)side->count);
	if (side->ms != EVENT_ABSENT) {
		moment_text(side->ms, moment);
		buf_addf(out, " <small class=\"t\">%s</small>", moment);
	}
	add_line(out, "", side->source);
	add_line(out, "", side->id);
	if (side->record != 0)
		buf_addf(out, " <small>record %lld</small>", (long long)side->record);
	buf_add_cstr(out, "</td>");
}

static void add_made(struct buf *out, const char *side, struct text made)
{
	if (made.at == NULL)
		return;
	buf_addf(out, "<p class=\"made\"><b>%s</b> ", side);
	html_add(out, made);
	buf_add_cstr(out, "</p>");
}

static void add_difference(struct buf *out, const struct bill_difference *difference)
{
	const struct side ours = {
		"ours", difference->ours, difference->ours_count, difference->ours_ms,
		0,      difference->id,   difference->source,
	};
	const struct side theirs = {
		"theirs",
		difference->theirs,
		difference->theirs_count,
		difference->theirs_ms,
		difference->record,
		difference->their_id,
		text_of(NULL),
	};

	buf_addf(out, "<tr><th scope=\"row\">%s", bill_cause_name(difference->cause));
	if (difference->component < COMPONENT_COUNT)
		buf_addf(out, " <span class=\"soft\">%s</span>",
		         component_info[difference->component].key);
	if (difference->tolerated)
		buf_add_cstr(out, " <span class=\"soft\">tolerated</span>");
	buf_add_cstr(out, "</th><td class=\"n\" data-l=\"difference\">");
	result_add_signed(out, difference->amount);
	buf_add_cstr(out, "</td>");
	add_side(out, &ours);
	add_side(out, &theirs);
	buf_add_cstr(out, "<td data-l=\"of\">");
	add_line(out, "", difference->model);
	add_line(out, "account ", difference->account);
	add_line(out, "key ", difference->key);
	buf_addf(out,
	         "</td></tr>\n<tr class=\"also\"><td class=\"why\" colspan=\"5\"><p>no. %lld: ",
	         (long long)difference->ordinal);
	html_add(out, difference->why);
	if (difference->of_record != 0)
		buf_addf(out, " (the row that counts: record %lld)",
		         (long long)difference->of_record);
	buf_add_cstr(out, "</p>");
	add_made(out, "ours", difference->ours_made);
	add_made(out, "theirs", difference->theirs_made);
	buf_add_cstr(out, "</td></tr>\n");
}

static void add_worst(struct buf *out, const struct bill_result *result)
{
	if (result->worst_count == 0)
		return;
	buf_add_cstr(out, "<section aria-labelledby=\"h-worst\">\n<h2 id=\"h-worst\">");
	if (result->differences > (int64_t)result->worst_count)
		buf_addf(out, "The largest %zu of %lld differences", result->worst_count,
		         (long long)result->differences);
	else
		buf_add_cstr(out, "All differences, the largest first");
	buf_add_cstr(
		out,
		"</h2>\n<table class=\"worst\"><thead><tr><th scope=\"col\" "
		"class=\"what\">Cause</th><th scope=\"col\" class=\"n\">Difference</th><th "
		"scope=\"col\" class=\"n\">Ours</th><th "
		"scope=\"col\" class=\"n\">Theirs</th><th scope=\"col\" class=\"of\">Of</th></tr>"
		"</thead>\n<tbody>\n");
	for (size_t i = 0; i < result->worst_count; i++)
		add_difference(out, &result->worst[i]);
	buf_add_cstr(out, "</tbody></table>\n</section>\n");
}

/* ---- the end of it ---- */

static void add_statement(struct buf *out, const struct bill_statement_name *statement)
{
	const struct statement_summary *summary = statement->summary;

	buf_add_cstr(out, "<li>");
	html_add(out, text_of(statement->name));
	buf_addf(out, ": %lld row%s, %s, ", (long long)summary->rows, text_plural(summary->rows),
	         summary->format != NULL ? summary->format->name : "by a mapping");
	for (size_t i = 0; i < summary->total_count; i++) {
		add_money(out, summary->totals[i].amount);
		buf_add(out, " ", 1);
		html_add(out, text_of(summary->totals[i].currency));
		buf_add_cstr(out, ", ");
	}
	buf_addf(out, "%lld byte%s, SHA-256 <code>%s</code></li>\n", (long long)summary->bytes,
	         text_plural(summary->bytes), summary->sha256);
}

static void add_statements(struct buf *out, const struct bill_statement_name *statements,
                           size_t count)
{
	buf_add_cstr(out, "<section aria-labelledby=\"h-read\">\n<h2 id=\"h-read\">What was "
	                  "read</h2>\n<ul>\n");
	for (size_t i = 0; i < count; i++)
		add_statement(out, &statements[i]);
	buf_add_cstr(out, "</ul>\n</section>\n");
}

int bill_result_html(const struct bill_result *result, const struct bill_statement_name *statements,
                     size_t count, struct buf *out, struct fault *fault)
{
	int r = result_adds_up(result, fault);

	if (r < 0)
		return r;
	buf_add_cstr(out, head);
	add_title(out, statements, count);
	buf_add_cstr(out, "</title>\n<style>");
	buf_add_cstr(out, style);
	buf_add_cstr(out, "</style>\n</head>\n<body>\n<header>\n<h1>");
	add_title(out, statements, count);
	buf_add_cstr(out, "</h1>\n<p class=\"soft\">");
	result_add_moment(out, result->from_ms);
	buf_add_cstr(out, " to ");
	result_add_moment(out, result->to_ms);
	buf_addf(out, ", matched by %s. Amounts in ", bill_match_name(result->match));
	html_add(out, text_of(result->currency));
	buf_add_cstr(out, ".</p>\n</header>\n<main>\n");
	add_sides(out, result, statements, count);
	add_verdict(out, result);
	add_warnings(out, result, statements, count);
	add_fall(out, result);
	add_causes(out, result);
	r = add_suggestions(out, result, fault);
	add_worst(out, result);
	add_statements(out, statements, count);
	buf_add_cstr(out, "</main>\n</body>\n</html>\n");
	if (r == 0 && out->error != 0)
		r = fault_set(fault, FAULT_NOMEM, "the page: out of memory");
	return r;
}
