/*
 * A catalogue imported for a test, and what came of it in short, to be compared as a whole.
 * In what a test gives, ' stands for ".
 */
#ifndef TOLL_TESTS_SUPPORT_IMPORTKIT_H
#define TOLL_TESTS_SUPPORT_IMPORTKIT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/fault.h"
#include "catalogue/catalogue.h"

struct importkit {
	struct catalogue_import in;
	struct fault fault;
	int result; /* of catalogue_import() */
	/*
	 * The book: "NAME NAME as reasoning=output" a model, "@FROM" a version (without what
	 * CATALOGUE_EFFECTIVE_FROM says), "component price conditions" a rate; "listing {...}".
	 */
	struct buf book;
	/* "KIND MODEL KEY" a value that is neither converted nor a fact of the listing. */
	struct buf rows;
	struct buf json; /* what was read */
};

/* `provider` NULL: all of them.  Fails the test where the book's own text is not in order. */
void importkit_read(struct importkit *kit, const char *catalogue, const char *json,
                    const char *provider);
void importkit_release(struct importkit *kit);
/* The reason of the row "KIND MODEL KEY", or NULL; in the kit until it is released. */
const char *importkit_why(struct importkit *kit, const char *row);

#endif
