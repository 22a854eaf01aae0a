/* `toll doctor` and `toll doctor ledger`: the files, their settings, who has them open. */
#ifndef TOLL_CLI_DOCTOR_LEDGER_H
#define TOLL_CLI_DOCTOR_LEDGER_H

#include "cli/command.h"

extern const struct command doctor_ledger;

#endif
