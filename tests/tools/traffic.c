/* traffic: a day of sample traffic on standard output, from a seed. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/moment.h"
#include "tests/support/sample_traffic.h"

static const char usage_text[] =
	"usage: traffic [--seed N] [--events N] [--day YYYY-MM-DD] [--resend PERCENT] [--bench]\n"
	"\n"
	"  --seed N          the same seed gives the same bytes (1)\n"
	"  --events N        different events (20000)\n"
	"  --day YYYY-MM-DD  when they happened, UTC (2026-11-22)\n"
	"  --resend PERCENT  so many are sent a second time (5)\n"
	"  --bench           openai.chat only, all of one size, nothing twice, nothing broken;\n"
	"                    without a source: the hello line names it\n";

enum { EXIT_USAGE = 2, EXIT_FAILED = 3 };
enum { RESEND_PERCENT_MAX = 100 };

struct options {
	struct sample_traffic traffic;
	int64_t resend_percent;
	bool bench;
};

static bool read_number(const char *value, int64_t min, int64_t max, int64_t *out)
{
	return value != NULL && text_int(text_of(value), out) && *out >= min && *out <= max;
}

/* false: say how it is used. */
static bool read_options(int argc, char **argv, struct options *options)
{
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;
		int64_t number = 0;
		bool good;

		if (strcmp(argv[i], "--bench") == 0) {
			options->bench = true;
			continue;
		}
		if (strcmp(argv[i], "--seed") == 0) {
			good = read_number(value, 0, INT64_MAX, &number);
			options->traffic.seed = (uint64_t)number;
		} else if (strcmp(argv[i], "--events") == 0) {
			good = read_number(value, 1, INT64_C(1000000000), &number);
			options->traffic.events = (uint64_t)number;
		} else if (strcmp(argv[i], "--resend") == 0) {
			good = read_number(value, 0, RESEND_PERCENT_MAX, &options->resend_percent);
		} else {
			good = strcmp(argv[i], "--day") == 0 &&
			       moment_parse_date(text_of(value), &options->traffic.day_ms);
		}
		if (!good)
			return false;
		i++;
	}
	return true;
}

static int flush(void *context, struct buf *out)
{
	size_t written = fwrite(out->at, 1, out->len, context);

	if (written != out->len)
		return -FAULT_IO;
	buf_clear(out);
	return 0;
}

static int bench_day(const struct sample_traffic *traffic)
{
	struct buf out = { .at = NULL };
	int r = 0;

	for (uint64_t i = 0; r == 0 && i < traffic->events; i++) {
		sample_bench_line(traffic, i, &out);
		r = out.error != 0 ? out.error : flush(stdout, &out);
	}
	buf_release(&out);
	return r;
}

int main(int argc, char **argv)
{
	struct options options = { .traffic = { .seed = 1, .events = 20000 }, .resend_percent = 5 };
	int r;

	moment_parse_date(text_of("2026-11-22"), &options.traffic.day_ms);
	if (!read_options(argc, argv, &options)) {
		fputs(usage_text, stderr);
		return EXIT_USAGE;
	}
	r = options.bench
	            ? bench_day(&options.traffic)
	            : sample_day(&options.traffic, (unsigned)options.resend_percent, flush, stdout);
	if (r < 0 || fflush(stdout) != 0) {
		perror("traffic: standard output");
		return EXIT_FAILED;
	}
	return 0;
}
