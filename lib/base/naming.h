/*
 * Names of files in their folders: taken only where they are free, and on disk.  Thread-safe;
 * what failed is in errno.
 */
#ifndef TOLL_BASE_NAMING_H
#define TOLL_BASE_NAMING_H

#include <limits.h>
#include <stdbool.h>

/* The folder that a path lies in, "." where it names none; false: the path is too long. */
bool naming_folder(const char *path, char out[PATH_MAX]);

/* Gives a file, or a folder, another name, which must be free: 0; -1, EEXIST where it is not. */
int naming_take(const char *from, const char *to);

/* The names in that folder are on disk: 0; -1. */
int naming_sync(const char *folder);

#endif
