/* toll price export: an action of `toll price`, in a file of its own. */
#ifndef TOLL_CLI_PRICE_EXPORT_H
#define TOLL_CLI_PRICE_EXPORT_H

#include "cli/command.h"

extern const struct command command_price_export;

#endif
