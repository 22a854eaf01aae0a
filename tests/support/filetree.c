#include "tests/support/filetree.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void path_of(char out[PATH_MAX], const char *folder, const char *name)
{
	assert_true(snprintf(out, PATH_MAX, "%s/%s", folder, name) < PATH_MAX);
}

static unsigned char *read_whole(const char *path, size_t len)
{
	unsigned char *bytes = malloc(len + 1);
	int fd = open(path, O_RDONLY);

	assert_non_null(bytes);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, bytes, len + 1), (ssize_t)len);
	close(fd);
	return bytes;
}

static void read_folder(struct filetree *tree, const char *folder, const char *below, bool bytes)
{
	char path[PATH_MAX];
	struct dirent *entry;
	struct stat status;
	DIR *dir;

	path_of(path, folder, below);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		struct filetree_file *file = &tree->files[tree->count];

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		assert_true(tree->count++ < FILETREE_FILES_MAX);
		assert_true(snprintf(file->name, sizeof(file->name), "%s%s%s", below,
		                     below[0] != '\0' ? "/" : "",
		                     entry->d_name) < (int)sizeof(file->name));
		path_of(path, folder, file->name);
		assert_int_equal(lstat(path, &status), 0);
		file->mode = status.st_mode;
		file->owner = status.st_uid;
		file->len = (size_t)status.st_size;
		file->bytes = S_ISREG(status.st_mode) && bytes ? read_whole(path, file->len) : NULL;
		if (S_ISDIR(status.st_mode))
			read_folder(tree, folder, file->name, bytes);
	}
	closedir(dir);
}

void filetree_read(struct filetree *tree_out, const char *folder, bool bytes)
{
	*tree_out = (struct filetree){ .count = 0 };
	read_folder(tree_out, folder, "", bytes);
}

void filetree_release(struct filetree *tree)
{
	for (size_t i = 0; i < tree->count; i++)
		free(tree->files[i].bytes);
	tree->count = 0;
}

static void empty(const char *folder)
{
	struct filetree there;
	char path[PATH_MAX];

	filetree_read(&there, folder, false);
	while (there.count > 0) {
		path_of(path, folder, there.files[--there.count].name);
		assert_int_equal(remove(path), 0);
	}
}

static void put(const struct filetree_file *file, const char *path)
{
	if (S_ISDIR(file->mode)) {
		assert_int_equal(mkdir(path, 0700), 0);
	} else {
		int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

		assert_true(fd >= 0);
		assert_int_equal(write(fd, file->bytes, file->len), (ssize_t)file->len);
		close(fd);
	}
	assert_int_equal(chmod(path, file->mode & 07777), 0);
	if (geteuid() == 0)
		assert_int_equal(lchown(path, file->owner, (gid_t)-1), 0);
}

void filetree_lay_out(const struct filetree *tree, const char *folder)
{
	char path[PATH_MAX];

	empty(folder);
	for (size_t i = 0; i < tree->count; i++) {
		path_of(path, folder, tree->files[i].name);
		put(&tree->files[i], path);
	}
}

const struct filetree_file *filetree_find(const struct filetree *tree, const char *name)
{
	for (size_t i = 0; i < tree->count; i++) {
		if (strcmp(tree->files[i].name, name) == 0)
			return &tree->files[i];
	}
	return NULL;
}

bool filetree_same(const struct filetree *tree, const char *folder, const char *name)
{
	const struct filetree_file *file = filetree_find(tree, name);
	char path[PATH_MAX];
	struct stat status;
	unsigned char *bytes;
	bool same;

	path_of(path, folder, name);
	if (file == NULL || file->bytes == NULL || lstat(path, &status) < 0 ||
	    !S_ISREG(status.st_mode) || (size_t)status.st_size != file->len)
		return false;
	bytes = read_whole(path, file->len);
	same = memcmp(bytes, file->bytes, file->len) == 0;
	free(bytes);
	return same;
}
