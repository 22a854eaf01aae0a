/*
 * libFuzzer target: a price book.  What loads is rated with: no amount is negative, the lines add
 * up to the total, and the same book gives the same again.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rate/rating.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void wrong(const char *what)
{
	fprintf(stderr, "fuzz_book: %s\n", what);
	abort();
}

/* One of each component, and images, searches and seconds of a kind. */
static struct usage used(int64_t count)
{
	struct usage usage = { .kind_count = 4 };

	for (int c = 0; c < COMPONENT_COUNT; c++)
		usage.count[c] = count;
	usage.kinds[0] = (struct usage_kind){ .component = COMPONENT_IMAGES_OUT,
		                              .n = count,
		                              .size = "1024x1024",
		                              .quality = "hd",
		                              .number = 50 };
	usage.kinds[1] = (struct usage_kind){ .component = COMPONENT_SEARCHES,
		                              .n = count / 2,
		                              .kind = "web_search" };
	usage.kinds[2] = (struct usage_kind){
		.component = COMPONENT_SECONDS, .n = count, .size = "720p", .kind = "video"
	};
	usage.kinds[3] = (struct usage_kind){ .component = COMPONENT_CACHE_READ,
		                              .n = count,
		                              .kind = KIND_IMPLICIT };
	return usage;
}

static void check_charges(const struct charges *charges)
{
	struct money sum = { 0 };

	for (size_t i = 0; i < charges->count; i++) {
		if (charges->lines[i].amount.attos < 0)
			wrong("a charge is negative");
		if (money_add(sum, charges->lines[i].amount, &sum) < 0)
			wrong("charges that are priced have no sum");
	}
	if (money_add(sum, charges->raised, &sum) < 0 || money_compare(sum, charges->total) != 0)
		wrong("the lines are not the total");
}

static void rate(const struct book *book, const struct book_version *version, int64_t count)
{
	static const char *const tiers[] = { "", "batch", "ON_DEMAND_FLEX" };
	struct usage usage = used(count);
	struct rating_request request = { .model = version->model,
		                          .account = text_of("a"),
		                          .region = text_of("eu"),
		                          .usage = &usage };
	struct charges charges, again;

	for (size_t i = 0; i < sizeof(tiers) / sizeof(tiers[0]); i++) {
		enum rating_verdict verdict;

		request.tier = text_of(tiers[i]);
		request.at_ms = version->effective_from_ms + (int64_t)i * 40000000;
		verdict = rating_under(version, &request, &charges);
		if (verdict == RATING_PRICED)
			check_charges(&charges);
		else if (charges.total.attos != 0)
			wrong("an amount without a price");
		rating_sum_differs(version, &request, count / 2);
		if (rating_request(book, &request, &again) == RATING_PRICED &&
		    again.found.version == version &&
		    money_compare(again.total, charges.total) != 0)
			wrong("two amounts of one request");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct text text = { (const char *)bytes, len };
	struct buf errors = { .at = NULL }, warnings = { .at = NULL };
	struct fault fault = { .code = FAULT_NONE };
	struct book *book = NULL;
	int r = book_load(&book, text, &errors, &fault);

	if (r < 0 && book != NULL)
		wrong("refused, and a book all the same");
	if (r == -FAULT_INVALID && errors.len == 0)
		wrong("refused without an error");
	if (r == 0) {
		book_warnings(book, &warnings);
		for (size_t v = 0; v < book_version_count(book) && v < 8; v++) {
			rate(book, book_version(book, v), 1);
			rate(book, book_version(book, v), 200000);
			rate(book, book_version(book, v), USAGE_COUNT_MAX);
		}
	}
	book_free(book);
	buf_release(&errors);
	buf_release(&warnings);
	return 0;
}
