/*
 * A result into a file: whole or not at all.  It is written beside its name, synced and then
 * moved there, so that who reads the name never sees half of it and a failure leaves what was
 * there.
 */
#ifndef TOLL_CLI_OUTPUT_H
#define TOLL_CLI_OUTPUT_H

#include "base/fault.h"
#include "base/text.h"

/*
 * `path` may be a symbolic link (what it leads to is replaced) or something that is no file,
 * such as a pipe (then it is written to).  -FAULT_IO, -FAULT_FULL, -FAULT_RANGE.
 */
int output_write(const char *path, struct text bytes, struct fault *fault);

#endif
