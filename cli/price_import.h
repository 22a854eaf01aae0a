/* toll price import: an action of `toll price`, in a file of its own. */
#ifndef TOLL_CLI_PRICE_IMPORT_H
#define TOLL_CLI_PRICE_IMPORT_H

#include "cli/command.h"

extern const struct command command_price_import;

#endif
