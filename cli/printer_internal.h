/* Between printer.c and printer_table.c. */
#ifndef TOLL_CLI_PRINTER_INTERNAL_H
#define TOLL_CLI_PRINTER_INTERNAL_H

#include "cli/printer.h"

void printer_blanks(struct buf *out, size_t count);
void printer_bold(const struct printer *printer, bool on);
/* Takes as many words off *rest as fit the width, at least one. */
struct text printer_take_line(struct text *rest, size_t width);

#endif
