#include "tests/support/feedkit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
/* after the four above, as it asks for */
#include <cmocka.h>

#include "ledger/positions.h"

static void short_pause(void)
{
	const struct timespec pause = { 0, 2000000 };

	nanosleep(&pause, NULL);
}

void feedkit_path(const struct daemonkit *kit, const char *name, char out[DAEMONKIT_PATH_BYTES])
{
	snprintf(out, DAEMONKIT_PATH_BYTES, "%s/%s", kit->folder, name);
}

static void write_config(const struct daemonkit *kit, const char *feeds,
                         char path_out[DAEMONKIT_PATH_BYTES])
{
	struct buf text = { .at = NULL };

	feedkit_path(kit, "config.json", path_out);
	buf_addf(&text, "{\"feeds\":%s}\n", feeds);
	daemonkit_write(path_out, text.at);
	buf_release(&text);
}

void feedkit_start(struct daemonkit *kit, const char *feeds, const char *const arguments[])
{
	char config[DAEMONKIT_PATH_BYTES];
	const char *all[DAEMONKIT_ARGUMENTS_MAX] = { "--config", config };
	size_t count = 2;

	write_config(kit, feeds, config);
	while (arguments != NULL && *arguments != NULL) {
		assert_true(count + 1 < DAEMONKIT_ARGUMENTS_MAX);
		all[count++] = *arguments++;
	}
	daemonkit_start(kit, all);
}

void feedkit_spawn(struct daemonkit *kit, const char *feeds)
{
	char config[DAEMONKIT_PATH_BYTES];

	write_config(kit, feeds, config);
	daemonkit_spawn(kit, (const char *const[]){ "--config", config, "--ledger", kit->ledger,
	                                            "--socket", kit->socket, NULL });
}

void feedkit_wait_events(const struct daemonkit *kit, int64_t events)
{
	int64_t until = daemonkit_now_ms() + DAEMONKIT_WAIT_MS, seen = daemonkit_status(kit).events;

	while (seen < events && daemonkit_now_ms() < until) {
		short_pause();
		seen = daemonkit_status(kit).events;
	}
	assert_int_equal(seen, events);
}

void feedkit_wait_quarantined(const struct daemonkit *kit, int64_t lines)
{
	int64_t until = daemonkit_now_ms() + DAEMONKIT_WAIT_MS;

	while (daemonkit_status(kit).quarantined < lines && daemonkit_now_ms() < until)
		short_pause();
	assert_int_equal(daemonkit_status(kit).quarantined, lines);
}

void feedkit_wait_status(const struct daemonkit *kit, const char *words)
{
	int64_t until = daemonkit_now_ms() + DAEMONKIT_WAIT_MS;
	struct buf reply = { .at = NULL };
	bool found = false;

	while (!found) {
		int fd = daemonkit_connect(kit->control);

		assert_true(fd >= 0);
		daemonkit_send_text(fd, "{\"ask\":\"feeds\"}\n");
		assert_true(daemonkit_line(fd, &reply));
		close(fd);
		found = strstr(reply.at, words) != NULL;
		if (!found && daemonkit_now_ms() > until)
			fail_msg("%s is not in %s", words, reply.at);
		if (!found)
			short_pause();
	}
	buf_release(&reply);
}

int64_t feedkit_position(const struct daemonkit *kit, const char *feed, struct buf *place_out)
{
	struct ledger *ledger = NULL;
	int64_t lines;

	buf_clear(place_out);
	assert_int_equal(ledger_open_reader(&ledger, kit->ledger, NULL), 0);
	assert_int_equal(ledger_position_get(ledger, text_of(feed), place_out, &lines, NULL), 0);
	ledger_close(ledger);
	return lines;
}

void feedkit_stop_without_duplicates(struct daemonkit *kit)
{
	static const char key[] = " duplicate=";
	struct buf log = { .at = NULL };

	assert_int_equal(daemonkit_stop(kit), 0);
	assert_int_equal(buf_read_file(&log, kit->log, BUF_BYTES_MAX, NULL), 0);
	for (const char *at = log.at; (at = strstr(at, key)) != NULL;) {
		at += sizeof(key) - 1;
		if (*at != '0')
			fail_msg("duplicates: %.40s", at);
	}
	buf_release(&log);
}

static void append(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

void feedkit_append_text(const char *path, const char *text)
{
	append(path, text, strlen(text));
}

void feedkit_append(const char *path, const char *prefix, int count)
{
	struct buf lines = { .at = NULL };

	daemonkit_events(&lines, prefix, count);
	append(path, lines.at, lines.len);
	buf_release(&lines);
}

void feedkit_copy(const char *from, const char *to)
{
	struct buf bytes = { .at = NULL };

	assert_int_equal(buf_read_file(&bytes, from, BUF_BYTES_MAX, NULL), 0);
	append(to, bytes.at, bytes.len);
	buf_release(&bytes);
}
