/*
 * A folder kept in memory, with the folders in it: laid out again as it was, and compared with.
 * Every function fails the running test itself when something goes wrong.
 */
#ifndef TOLL_TESTS_FILETREE_H
#define TOLL_TESTS_FILETREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { FILETREE_FILES_MAX = 32, FILETREE_NAME_BYTES = 128 };

struct filetree {
	struct filetree_file {
		char name[FILETREE_NAME_BYTES]; /* below the folder */
		unsigned char *bytes;           /* NULL: a folder, or what is neither */
		size_t len;
		mode_t mode; /* as stat() tells it */
		uid_t owner;
	} files[FILETREE_FILES_MAX]; /* a folder before what is in it */
	size_t count;
};

/* What is in the folder now, with its bytes or without; released by filetree_release(). */
void filetree_read(struct filetree *tree_out, const char *folder, bool bytes);
void filetree_release(struct filetree *tree);
/* The folder has these files and no others. */
void filetree_lay_out(const struct filetree *tree, const char *folder);
/* NULL: there is none of that name. */
const struct filetree_file *filetree_find(const struct filetree *tree, const char *name);
/* The file of that name in the folder has the bytes that it has in the tree. */
bool filetree_same(const struct filetree *tree, const char *folder, const char *name);

#endif
