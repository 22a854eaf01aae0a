/* A price page as Markdown with tables (GitHub Flavored Markdown, section 4.10). */
#include <string.h>

#include "catalogue/publish_page.h"

/* What Markdown or a table would take for its own. */
static void add_text(struct buf *out, struct text t)
{
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] == '\n' || t.at[i] == '\r') {
			buf_add_cstr(out, " ");
			continue;
		}
		if (t.at[i] != '\0' && strchr("\\`*_{}[]<>#|~&", t.at[i]) != NULL)
			buf_add_cstr(out, "\\");
		buf_add(out, t.at + i, 1);
	}
}

static int add_version(struct buf *out, const struct book_version *version, const char *currency)
{
	struct page_version page;
	int r;

	page_version(&page, version);
	buf_addf(out, "| What | %s | per | when |\n| --- | ---: | --- | --- |\n", currency);
	for (size_t i = 0; i < page.count; i++) {
		const struct page_row *row = &page.rows[i];

		buf_add_cstr(out, "| ");
		add_text(out, row->what);
		buf_add_cstr(out, " | ");
		add_text(out, row->price.at != NULL ? row->price : row->words);
		buf_add_cstr(out, " | ");
		add_text(out, row->unit);
		buf_add_cstr(out, " | ");
		add_text(out, row->condition);
		buf_add_cstr(out, " |\n");
	}
	r = page.error;
	page_release(&page);
	return r;
}

static int add_model(const struct publish_ask *ask, const struct book_model *model,
                     struct publish_report *report, struct buf *out, struct fault *fault)
{
	const struct book_version *now = publish_version(ask->book, model, ask->at_ms);
	struct text currency = book_currency(ask->book), name;
	char money[8], date[PAGE_DATE_BYTES];
	struct listing listing;
	struct buf facts = { .at = NULL };
	int r = listing_open(&listing, model->listing, fault);

	if (r < 0)
		goto out;
	text_copy(money, sizeof(money), currency);
	name = listing_text(&listing, LISTING_NAME);
	buf_add_cstr(out, "\n## ");
	add_text(out, name.at != NULL ? name : model->name);
	buf_add_cstr(out, "\n\n");
	if (name.at != NULL) {
		add_text(out, model->name);
		buf_add_cstr(out, "\n\n");
	}
	if (listing_text(&listing, LISTING_DESCRIPTION).at != NULL) {
		add_text(out, listing_text(&listing, LISTING_DESCRIPTION));
		buf_add_cstr(out, "\n\n");
	}
	page_facts(&listing, "; ", &facts);
	if (facts.error != 0)
		out->error = facts.error;
	if (facts.len > 0) {
		add_text(out, buf_text(&facts));
		buf_add_cstr(out, "\n\n");
	}
	if (now != NULL)
		r = add_version(out, now, money);
	for (size_t i = 0; i < model->version_count && r == 0; i++) {
		const struct book_version *later = book_version(ask->book,
		                                                model->first_version + i);

		if (later->effective_from_ms <= ask->at_ms)
			continue;
		page_date(later->effective_from_ms, date);
		buf_addf(out, "\n### From %s\n\n", date);
		r = add_version(out, later, money);
	}
	if (r < 0)
		fault_set(fault, FAULT_NOMEM, "no memory");
	report->models++;
out:
	buf_release(&facts);
	listing_release(&listing);
	return r;
}

int publish_markdown(const struct publish_ask *ask, struct buf *out, struct publish_report *report,
                     struct fault *fault)
{
	struct text name = book_name(ask->book);
	char date[PAGE_DATE_BYTES];
	int r = 0;

	page_date(ask->at_ms, date);
	buf_add_cstr(out, "# ");
	add_text(out, name.len > 0 ? name : text_of("Prices"));
	buf_addf(out, "\n\nPrices in %.*s as of %s.\n", TEXT_ARGS(book_currency(ask->book)), date);
	for (size_t i = 0; i < book_model_count(ask->book) && r == 0; i++)
		r = add_model(ask, book_model(ask->book, i), report, out, fault);
	if (r == 0 && out->error != 0)
		r = fault_set(fault, FAULT_NOMEM, "no memory");
	return r;
}
