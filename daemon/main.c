/* tolld: reads its configuration, runs the service. */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/version.h"
#include "daemon/log.h"
#include "daemon/prices.h"
#include "daemon/service.h"

enum {
	FILES_UMASK = 0027, /* the ledger: the owner writes, the group reads */
	/* A larger piece goes back to the system when it is freed, whatever came before it:
	 * the blocks of a batch are smaller, the line of a gateway may be larger. */
	MMAP_BYTES_MIN = 512 * 1024,
};

static const char help_head[] =
	"tolld: meter what an LLM gateway serves, into a ledger.\n"
	"\n"
	"  tolld [--config FILE] [--SETTING VALUE ...]\n"
	"\n"
	"  --config FILE        settings as a JSON object, keys as below with '_' for '-'\n"
	"  --check-config       check settings and price book, then exit: 0 or 2\n"
	"  --version, --help\n"
	"\n"
	"Settings (default):\n";
static const char help_tail[] =
	"\n"
	"SIGHUP reloads the price book; SIGTERM and SIGINT stop it when all is durable.\n"
	"Try it by hand:\n"
	"  tolld --ledger /tmp/ledger.db --socket /tmp/toll.sock --prices book.json\n"
	"See tolld(8).\n";

static int show_help(void)
{
	struct buf text = { .at = NULL };

	buf_add_cstr(&text, help_head);
	config_help(&text);
	buf_add_cstr(&text, help_tail);
	if (text.error == 0)
		fputs(text.at, stdout);
	buf_release(&text);
	return fflush(stdout) == 0 && !ferror(stdout) ? SERVICE_EXIT_OK : SERVICE_EXIT_FAILED;
}

static int check_prices(const struct config *config)
{
	struct fault fault = { .code = FAULT_NONE };
	char where[CONFIG_WHERE_BYTES];
	struct buf feeds = { .at = NULL };
	struct book *book = NULL;

	for (int side = 0; side < BOOK_SIDES; side++) {
		enum setting_text setting = prices_setting((enum book_side)side);
		const char *path = config->text[setting];

		if (path[0] != '\0' && prices_load(&book, path, &fault) < 0) {
			config_where(config, setting, where);
			fprintf(stderr, "tolld: %s: %s\n", where, fault.text);
			return SERVICE_EXIT_CONFIG;
		}
		book_free(book);
		book = NULL;
	}
	config_feeds_show(&config->feeds, &feeds);
	if (feeds.len > 0 && feeds.error == 0)
		fputs(feeds.at, stdout);
	buf_release(&feeds);
	fputs("configuration fine\n", stdout);
	return fflush(stdout) == 0 ? SERVICE_EXIT_OK : SERVICE_EXIT_FAILED;
}

/*
 * The secret of the ledger and what gateways sent are in memory: nothing of it goes into a core,
 * nor to another process of this user.  The search for leaks of a sanitizer attaches to its own.
 */
static void keep_memory_closed(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__
	prctl(PR_SET_DUMPABLE, 0);
#endif
}

int main(int argc, char **argv)
{
	static struct config config;
	struct service *service;
	struct fault fault = { .code = FAULT_NONE };
	enum config_action action;
	enum log_level level = LOG_LEVEL_INFO;
	int exit_code;

	signal(SIGPIPE, SIG_IGN); /* a gateway that went away is a write error */
	signal(SIGXFSZ, SIG_IGN); /* and so is a limit on the size of files */
	signal(SIGHUP, SIG_IGN);  /* until there are prices to reload */
	if (config_read(&config, argc, argv, &action, &fault) < 0) {
		fprintf(stderr, "tolld: %s\n", fault.text);
		return SERVICE_EXIT_CONFIG;
	}
	if (action == CONFIG_HELP)
		return show_help();
	if (action == CONFIG_VERSION) {
		puts("tolld " TOLL_VERSION);
		return fflush(stdout) == 0 ? SERVICE_EXIT_OK : SERVICE_EXIT_FAILED;
	}
	if (config.check_only)
		return check_prices(&config);
	keep_memory_closed();
	log_level_find(text_of(config.text[SETTING_LOG_LEVEL]), &level);
	log_set_level(level);
	umask(FILES_UMASK);
	mallopt(M_MMAP_THRESHOLD, MMAP_BYTES_MIN);
	service = calloc(1, sizeof(*service));
	if (service == NULL) {
		fprintf(stderr, "tolld: out of memory\n");
		return SERVICE_EXIT_FAILED;
	}
	exit_code = service_run(service, &config);
	free(service);
	return exit_code;
}
