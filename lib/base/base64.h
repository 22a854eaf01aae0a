/*
 * Base64 (RFC 4648, section 4), with or without its padding, without line breaks.
 */
#ifndef TOLL_BASE_BASE64_H
#define TOLL_BASE_BASE64_H

#include "base/arena.h"
#include "base/text.h"

/* The bytes, in the arena.  -FAULT_SYNTAX where it is none, -FAULT_NOMEM. */
int base64_decode(struct arena *arena, struct text coded, struct text *bytes_out);

#endif
