#include "statement/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	const char *bytes;
	size_t len;
	const char *what, *way;
} magics[] = {
#define M(bytes, len, what, way) { bytes, len, what, way },
#include "statement/magic.def"
#undef M
};

enum { SNIFF_BYTES = 512 };

int statement_input_open(struct statement_input *input, const char *path, struct fault *fault)
{
	bool standard = strcmp(path, "-") == 0;
	struct stat stat;

	input->fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (input->fd < 0)
		return fault_set(fault, errno == ENOENT ? FAULT_NOT_FOUND : FAULT_IO, "%s: %s",
		                 input->name, strerror(errno));
	input->opened = !standard;
	if (fstat(input->fd, &stat) < 0)
		return fault_set(fault, FAULT_IO, "%s: %s", input->name, strerror(errno));
	if (S_ISDIR(stat.st_mode))
		return fault_set(fault, FAULT_IO, "%s: is a folder; a statement is one file",
		                 input->name);
	input->total = S_ISREG(stat.st_mode) ? stat.st_size : 0;
	input->chunk = malloc(STATEMENT_CHUNK_BYTES);
	if (input->chunk == NULL)
		return fault_set(fault, FAULT_NOMEM, "%s: no memory to read it", input->name);
	sha256_init(&input->hash);
	return 0;
}

void statement_input_close(struct statement_input *input)
{
	if (input->opened)
		close(input->fd);
	free(input->chunk);
	input->opened = false;
	input->chunk = NULL;
}

/* As much as fits: pipes give less at a time than there is. */
static int fill(struct statement_input *input, size_t *len_out, struct fault *fault)
{
	size_t len = 0;

	while (len < STATEMENT_CHUNK_BYTES) {
		ssize_t n = read(input->fd, input->chunk + len, STATEMENT_CHUNK_BYTES - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fault_set(fault, FAULT_IO, "%s: %s", input->name, strerror(errno));
		if (n == 0)
			break;
		len += (size_t)n;
	}
	*len_out = len;
	return 0;
}

int statement_input_next(struct statement_input *input, struct text *chunk_out, struct fault *fault)
{
	static const char mark[] = { '\xef', '\xbb', '\xbf' };
	bool first = input->read == 0;
	size_t len = 0, skip = 0;
	int r = fill(input, &len, fault);

	if (r < 0)
		return r;
	sha256_add(&input->hash, input->chunk, len);
	input->read += (int64_t)len;
	if (first && len >= sizeof(mark) && memcmp(input->chunk, mark, sizeof(mark)) == 0)
		skip = sizeof(mark);
	*chunk_out = (struct text){ input->chunk + skip, len - skip };
	return 0;
}

int statement_sniff(const char *name, struct text first, struct fault *fault)
{
	size_t looked = first.len < SNIFF_BYTES ? first.len : SNIFF_BYTES, blanks = 0;

	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		if (first.len >= magics[i].len &&
		    memcmp(first.at, magics[i].bytes, magics[i].len) == 0)
			return fault_set(fault, FAULT_INVALID, "%s: is %s, and not CSV or JSON: %s",
			                 name, magics[i].what, magics[i].way);
	}
	while (blanks < looked && strchr(" \t\r\n", first.at[blanks]) != NULL &&
	       first.at[blanks] != '\0')
		blanks++;
	if (blanks > 0 && blanks < looked && first.at[blanks] == '<')
		return statement_sniff(name, (struct text){ first.at + blanks, first.len - blanks },
		                       fault);
	/* The letters of a header have their byte of 0 in front where the larger one is first. */
	if (looked > 0 && memchr(first.at, '\0', looked) != NULL)
		return fault_set(fault, FAULT_INVALID,
		                 "%s: holds bytes of 0, and is not CSV or JSON in UTF-8; if it is "
		                 "UTF-16: iconv -f UTF-16%s -t UTF-8 FILE | toll ... -",
		                 name, first.at[0] == '\0' ? "BE" : "LE");
	return 0;
}
