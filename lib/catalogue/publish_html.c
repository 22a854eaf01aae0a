/*
 * A price page in HTML: one file that needs nothing else and runs nothing, for a phone, a screen
 * and paper, in light and dark.  All texts of the book are escaped.
 */
#include <stdio.h>
#include <string.h>

#include "base/html.h"
#include "catalogue/publish_page.h"

static const char style[] =
	":root{color-scheme:light dark;--ink:#1b1d22;--soft:#5b6270;--line:#e2e5ea;"
	"--page:#fbfbfc;--card:#fff;--mark:#0b57d0;--chip:#eef1f6}"
	"@media(prefers-color-scheme:dark){:root{--ink:#e8eaee;--soft:#a0a8b6;"
	"--line:#2c313a;--page:#121419;--card:#191c22;--mark:#8ab4f8;--chip:#262b34}}"
	"*{box-sizing:border-box}"
	"body{margin:0 auto;max-width:54rem;padding:2.5rem 1.25rem 4rem;"
	"background:var(--page);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"
	"'Segoe UI',Roboto,Ubuntu,'Helvetica Neue',Arial,sans-serif}"
	"h1{font-size:2rem;line-height:1.2;margin:0 0 .25rem;letter-spacing:-.02em}"
	"h2{font-size:1.25rem;line-height:1.3;margin:0;letter-spacing:-.01em}"
	"h3{font-size:1rem;margin:1.75rem 0 .25rem}"
	"p{margin:.5rem 0}a{color:var(--mark)}.soft{color:var(--soft)}"
	"code{font:.875em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;"
	"color:var(--soft);overflow-wrap:anywhere}"
	"nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin:1.25rem 0 0;"
	"padding:0;list-style:none}"
	"section{margin:1.5rem 0;padding:1.25rem 1.5rem 1.5rem;background:var(--card);"
	"border:1px solid var(--line);border-radius:.75rem}"
	".facts{display:flex;flex-wrap:wrap;gap:.375rem;margin:.75rem 0 0;padding:0;"
	"list-style:none;font-size:.8125rem}"
	".facts li{padding:.125rem .625rem;border-radius:1rem;background:var(--chip)}"
	"table{width:100%;margin:1rem 0 0;border-collapse:collapse;font-size:.9375rem}"
	"caption{text-align:left;color:var(--soft);font-size:.8125rem;"
	"padding-bottom:.25rem}"
	"th,td{padding:.4375rem .75rem .4375rem 0;text-align:left;"
	"vertical-align:baseline;border-top:1px solid var(--line)}"
	"thead th{border-top:0;color:var(--soft);font-weight:500;font-size:.8125rem}"
	"th.what{width:30%}th.price{width:18%}th.unit{width:16%}"
	"tbody th{font-weight:500}"
	"tr.more th,tr.more td{border-top:0;padding-top:0}"
	"tr.more th span{position:absolute;width:1px;height:1px;overflow:hidden;"
	"clip-path:inset(50%);white-space:nowrap}"
	"td.price,th.price{text-align:right;white-space:nowrap;"
	"font-variant-numeric:tabular-nums lining-nums}"
	"td.price b{font-weight:600}"
	"td.price i{display:inline-block;width:var(--f);font-style:normal;"
	"font-weight:600;text-align:left}"
	"td:last-child,th:last-child{padding-right:0}"
	"td.unit,td.when{color:var(--soft)}"
	"@media(max-width:38rem){body{padding:1.5rem .75rem 3rem}section{padding:1rem}"
	"table,tbody,caption{display:block}"
	"thead{position:absolute;width:1px;height:1px;overflow:hidden;"
	"clip-path:inset(50%)}"
	"tr{display:grid;grid-template-columns:1fr auto 5.25rem;column-gap:.5rem;"
	"padding:.4375rem 0;border-top:1px solid var(--line)}"
	"tr.more{border-top:0;padding-top:0}"
	"tbody th,tbody td{border:0;padding:0}td.unit{font-size:.8125rem}"
	"td.when{grid-column:1/-1;font-size:.8125rem}td.as{grid-column:2/-1;text-align:right}"
	"tr.more th{position:absolute}tr.more td.when{grid-column:1;order:-1}"
	"tr.more td.price{grid-column:2}tr.more td.unit{grid-column:3}"
	"td.when:empty{display:none}}"
	"@media print{body{max-width:none;padding:0}"
	"section{break-inside:avoid;border:0;padding:0}}";

/* The point of all prices of a table stands in one line: the fraction has a width of its own. */
static void add_price(struct buf *out, const struct page_row *row)
{
	const char *point = row->price.at != NULL ? memchr(row->price.at, '.', row->price.len)
	                                          : NULL;
	size_t whole = point != NULL ? (size_t)(point - row->price.at) : 0;

	buf_add_cstr(out, "<td class=\"price\">");
	if (point == NULL) {
		html_add(out, row->words);
	} else {
		buf_add_cstr(out, "<b>");
		html_add(out, (struct text){ row->price.at, whole });
		buf_add_cstr(out, "</b><i>");
		html_add(out, (struct text){ point, row->price.len - whole });
		buf_add_cstr(out, "</i>");
	}
	buf_add_cstr(out, "</td>");
}

static void add_cells(struct buf *out, const struct page_row *row)
{
	if (row->as) {
		buf_add_cstr(out, "<td class=\"when as\" colspan=\"3\">");
		html_add(out, row->words);
	} else {
		add_price(out, row);
		buf_add_cstr(out, "<td class=\"unit\">");
		html_add(out, row->unit);
		buf_add_cstr(out, "</td><td class=\"when\">");
		html_add(out, row->condition);
	}
	buf_add_cstr(out, "</td>");
}

static int add_table(struct buf *out, const struct book_version *version, const char *currency,
                     const char *caption)
{
	struct page_version page;
	int r;

	page_version(&page, version);
	buf_addf(out, "<table style=\"--f:%zu.25ch\">\n<caption>%s</caption>\n", page.fraction,
	         caption);
	buf_addf(out,
	         "<thead><tr><th scope=\"col\" class=\"what\">What</th>"
	         "<th scope=\"col\" class=\"price\">%s</th>"
	         "<th scope=\"col\" class=\"unit\">per</th><th scope=\"col\">when</th></tr>"
	         "</thead>\n<tbody>\n",
	         currency);
	for (size_t i = 0; i < page.count; i++) {
		const struct page_row *row = &page.rows[i];
		bool more = i > 0 && text_equal(row->what, page.rows[i - 1].what);

		buf_addf(out, "<tr%s><th scope=\"row\"><span>", more ? " class=\"more\"" : "");
		html_add(out, row->what);
		buf_add_cstr(out, "</span></th>");
		add_cells(out, row);
		buf_add_cstr(out, "</tr>\n");
	}
	buf_add_cstr(out, "</tbody>\n</table>\n");
	r = page.error;
	page_release(&page);
	return r;
}

static void add_facts(struct buf *out, const struct listing *listing)
{
	struct buf facts = { .at = NULL };
	struct text rest, fact;

	page_facts(listing, "\n", &facts);
	rest = buf_text(&facts);
	if (facts.len > 0) {
		buf_add_cstr(out, "<ul class=\"facts\">");
		while (text_cut(&rest, '\n', &fact)) {
			buf_add_cstr(out, "<li>");
			html_add(out, fact);
			buf_add_cstr(out, "</li>");
		}
		buf_add_cstr(out, "</ul>\n");
	}
	if (facts.error != 0)
		out->error = facts.error;
	buf_release(&facts);
}

static void add_head(struct buf *out, const struct book_model *model, const struct listing *listing,
                     size_t index)
{
	struct text name = listing_text(listing, LISTING_NAME);

	buf_addf(out, "<section id=\"m%zu\" aria-labelledby=\"h%zu\">\n<h2 id=\"h%zu\">", index,
	         index, index);
	html_add(out, name.at != NULL ? name : model->name);
	buf_add_cstr(out, "</h2>\n");
	if (name.at != NULL) {
		buf_add_cstr(out, "<code>");
		html_add(out, model->name);
		buf_add_cstr(out, "</code>\n");
	}
	if (listing_text(listing, LISTING_DESCRIPTION).at != NULL) {
		buf_add_cstr(out, "<p>");
		html_add(out, listing_text(listing, LISTING_DESCRIPTION));
		buf_add_cstr(out, "</p>\n");
	}
	add_facts(out, listing);
}

static int add_model(const struct publish_ask *ask, size_t index, struct buf *out,
                     struct fault *fault)
{
	const struct book_model *model = book_model(ask->book, index);
	const struct book_version *now = publish_version(ask->book, model, ask->at_ms);
	char currency[8], date[PAGE_DATE_BYTES], caption[PAGE_DATE_BYTES + 16];
	struct listing listing;
	int r = listing_open(&listing, model->listing, fault);

	if (r < 0)
		return r;
	text_copy(currency, sizeof(currency), book_currency(ask->book));
	add_head(out, model, &listing, index);
	listing_release(&listing);
	if (now != NULL) {
		page_date(now->effective_from_ms, date);
		snprintf(caption, sizeof(caption), "Since %s", date);
		r = add_table(out, now, currency, caption);
	}
	for (size_t i = 0; i < model->version_count && r == 0; i++) {
		const struct book_version *later = book_version(ask->book,
		                                                model->first_version + i);

		if (later->effective_from_ms <= ask->at_ms)
			continue;
		page_date(later->effective_from_ms, date);
		buf_addf(out, "<h3>From %s</h3>\n", date);
		snprintf(caption, sizeof(caption), "Not yet in force");
		r = add_table(out, later, currency, caption);
	}
	buf_add_cstr(out, "</section>\n");
	return r < 0 ? fault_set(fault, FAULT_NOMEM, "no memory") : 0;
}

static void add_contents(const struct publish_ask *ask, struct buf *out)
{
	enum { FEW = 3 };

	if (book_model_count(ask->book) <= FEW)
		return;
	buf_add_cstr(out, "<nav aria-label=\"Models\"><ul>\n");
	for (size_t i = 0; i < book_model_count(ask->book); i++) {
		buf_addf(out, "<li><a href=\"#m%zu\">", i);
		html_add(out, book_model(ask->book, i)->name);
		buf_add_cstr(out, "</a></li>\n");
	}
	buf_add_cstr(out, "</ul></nav>\n");
}

int publish_html(const struct publish_ask *ask, struct buf *out, struct publish_report *report,
                 struct fault *fault)
{
	struct text name = book_name(ask->book);
	char date[PAGE_DATE_BYTES];
	int r = 0;

	if (name.len == 0)
		name = text_of("Prices");
	page_date(ask->at_ms, date);
	buf_add_cstr(out,
	             "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	             "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
	             "<title>");
	html_add(out, name);
	buf_addf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n<header>\n<h1>", style);
	html_add(out, name);
	buf_addf(out, "</h1>\n<p class=\"soft\">Prices in %.*s as of %s.</p>\n",
	         TEXT_ARGS(book_currency(ask->book)), date);
	add_contents(ask, out);
	buf_add_cstr(out, "</header>\n<main>\n");
	for (size_t i = 0; i < book_model_count(ask->book) && r == 0; i++)
		r = add_model(ask, i, out, fault);
	buf_add_cstr(out, "</main>\n</body>\n</html>\n");
	report->models = book_model_count(ask->book);
	if (r == 0 && out->error != 0)
		r = fault_set(fault, FAULT_NOMEM, "no memory");
	return r;
}
