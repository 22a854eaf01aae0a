#include "cli/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BAR_CELLS = 30, REDRAW_MS = 100 };

static int64_t steady_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_start(struct progress *progress, const char *what)
{
	const char *term = getenv("TERM");

	*progress = (struct progress){
		.shown = isatty(STDERR_FILENO) && term != NULL && strcmp(term, "dumb") != 0,
		.what = what,
		.started_ms = steady_ms(),
	};
}

static void draw(const struct progress *progress, int64_t items, int64_t done, int64_t total,
                 int64_t spent_ms)
{
	long long rate = spent_ms > 0 ? (long long)(items * 1000 / spent_ms) : 0;
	char bar[BAR_CELLS + 1];
	int64_t full, percent;

	if (total <= 0) {
		fprintf(stderr, "\r\033[K%lld %s, %lld/s", (long long)items, progress->what, rate);
		return;
	}
	if (done > total)
		done = total;
	full = (int64_t)((__int128)done * BAR_CELLS / total);
	percent = (int64_t)((__int128)done * 100 / total);
	memset(bar, '.', BAR_CELLS);
	memset(bar, '#', (size_t)full);
	bar[BAR_CELLS] = '\0';
	fprintf(stderr, "\r\033[K[%s] %3lld%%  %lld %s, %lld/s", bar, (long long)percent,
	        (long long)items, progress->what, rate);
}

void progress_at(struct progress *progress, int64_t items, int64_t done, int64_t total)
{
	int64_t now;

	if (!progress->shown)
		return;
	now = steady_ms();
	if (now - progress->last_ms < REDRAW_MS)
		return;
	progress->last_ms = now;
	progress->drawn = true;
	draw(progress, items, done, total, now - progress->started_ms);
	fflush(stderr);
}

void progress_end(struct progress *progress)
{
	if (progress->drawn)
		fputs("\r\033[K", stderr);
	progress->drawn = false;
}
