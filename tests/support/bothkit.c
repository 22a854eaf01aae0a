#include "tests/support/bothkit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

int bothkit_begin(void **state)
{
	struct bothkit *both = calloc(1, sizeof(*both));

	assert_non_null(both);
	daemonkit_begin(&both->kit);
	snprintf(both->file, sizeof(both->file), "%s/input", both->kit.folder);
	setenv("TOLL_LEDGER", both->kit.ledger, 1);
	setenv("TOLL_SOCKET", both->kit.socket, 1);
	setenv("COLUMNS", "80", 1);
	*state = both;
	return 0;
}

int bothkit_end(void **state)
{
	struct bothkit *both = *state;

	tollrun_release(&both->run);
	unlink(both->file);
	daemonkit_end(&both->kit);
	free(both);
	return 0;
}
