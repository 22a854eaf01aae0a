/*
 * The secret that credentials are stored under (usage/credential.h): PATH.secret beside the
 * ledger, 64 hexadecimal digits and a newline, for its owner alone.  Whoever is the first writer
 * makes it; it is never written again.  Inside lib/ledger.
 */
#ifndef TOLL_LEDGER_SECRET_H
#define TOLL_LEDGER_SECRET_H

#include "base/fault.h"
#include "base/hash.h"

/*
 * Reads it, and makes it where there is none; the caller holds the lock.  -FAULT_IO: it cannot be
 * read or made; -FAULT_INVALID: it is none, or others may read it; -FAULT_FULL.
 */
int secret_take(const char *ledger_path, struct hmac_sha256_key *secret_out, struct fault *fault);

#endif
