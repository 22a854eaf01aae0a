/* Inside lib/catalogue: a price book in the words of people, for pages in HTML and Markdown. */
#ifndef TOLL_CATALOGUE_PUBLISH_PAGE_H
#define TOLL_CATALOGUE_PUBLISH_PAGE_H

#include "catalogue/publish_internal.h"

/* Numbers and dates as they are read: "2 Jan 2026, 08:00 UTC" has 22 bytes. */
enum { PAGE_DATE_BYTES = 40, PAGE_NUMBER_BYTES = 32 };

/* A row of a table of prices; all texts live until page_release(). */
struct page_row {
	struct text what;      /* "Cached input" */
	struct text price;     /* "0.1625"; absent: in words */
	struct text words;     /* "as Output", "x 0.5"; absent: a price */
	bool as;               /* words: it costs what another one does */
	struct text unit;      /* "1M tokens"; absent with words */
	struct text condition; /* "batch, over 128,000 prompt tokens"; absent: always */
};

struct page_version {
	struct page_row *rows;
	size_t count, cap;
	size_t fraction; /* digits behind the point of the longest price, with the point */
	struct arena arena;
	int error; /* 0 or -FAULT_NOMEM */
};

/* The prices of a version with its discount taken off; page_release() frees it. */
void page_version(struct page_version *page, const struct book_version *version);
void page_release(struct page_version *page);

/* "2 Jan 2026", with the time of day where it is not midnight. */
void page_date(int64_t ms, char out[PAGE_DATE_BYTES]);
/* "1,000,000" */
void page_number(int64_t n, char out[PAGE_NUMBER_BYTES]);
/* What the model is in a few words: "1,000,000 tokens of context", "reads text, image" ... */
void page_facts(const struct listing *listing, const char *between, struct buf *out);

#endif
