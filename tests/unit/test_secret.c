/* The secret of a ledger: made once, for its owner alone, and never anything else taken for it. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/secret.h"
#include "tests/support/ledgerkit.h"

enum { SECRET_LEN = 65, NOBODY = 65534 };

static const char good[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";

static void secret_name(const struct ledgerkit *kit, char out[KIT_PATH_BYTES + 16])
{
	snprintf(out, KIT_PATH_BYTES + 16, "%s.secret", kit->path);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void test_the_first_writer_makes_it_and_nobody_again(void **state)
{
	struct ledgerkit *kit = *state;
	char name[KIT_PATH_BYTES + 16], before[128] = "", after[128] = "";
	struct hmac_sha256_key read;
	struct stat file;
	FILE *f;

	secret_name(kit, name);
	assert_int_equal(stat(name, &file), 0);
	assert_int_equal(file.st_mode & 07777, 0600);
	assert_int_equal(file.st_size, SECRET_LEN);
	f = fopen(name, "r");
	assert_non_null(fgets(before, sizeof(before), f));
	fclose(f);
	kit_shut(kit);
	kit_reopen(kit);
	f = fopen(name, "r");
	assert_non_null(fgets(after, sizeof(after), f));
	fclose(f);
	assert_string_equal(before, after);
	assert_int_equal(ledger_secret(kit->path, &read, NULL), 0);
	assert_memory_equal(&read, &ledger_credentials(kit->ledger)->secret, sizeof(read));
	assert_true(ledger_credentials(kit->ledger)->known);
	/* Two ledgers have two. */
	kit_shut(kit);
	assert_int_equal(unlink(name), 0);
	kit_reopen(kit);
	f = fopen(name, "r");
	assert_non_null(fgets(after, sizeof(after), f));
	fclose(f);
	assert_string_not_equal(before, after);
}

static void expect_refused(struct ledgerkit *kit, const char *label, int code, const char *words)
{
	struct fault fault = { .code = FAULT_NONE };
	struct ledger *ledger = NULL;
	int r = ledger_open_writer(&ledger, kit->path, NULL, &fault);

	if (r != code || ledger != NULL || strstr(fault.text, words) == NULL ||
	    strstr(fault.text, ".secret") == NULL)
		fail_msg("%s: %d: %s", label, r, fault.text);
}

static void test_what_is_no_secret_stops_the_writer_and_stays(void **state)
{
	static const struct {
		const char *label, *text;
		mode_t mode;
		const char *words;
	} rows[] = {
		{ "empty", "", 0600, "64 hexadecimal digits" },
		{ "one digit less",
		  "0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n", 0600,
		  "restore it" },
		{ "one more", "000112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n",
		  0600, "restore it" },
		{ "no newline", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeefff",
		  0600, "restore it" },
		{ "upper case",
		  "00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff\n", 0600,
		  "restore it" },
		{ "the group may read it", good, 0640, "chmod 600" },
		{ "anybody may", good, 0604, "chmod 600" },
		{ "the group may write it", good, 0620, "chmod 600" },
	};
	struct ledgerkit *kit = *state;
	char name[KIT_PATH_BYTES + 16];

	secret_name(kit, name);
	kit_shut(kit);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stat file;

		write_file(name, rows[i].text, rows[i].mode);
		expect_refused(kit, rows[i].label, -FAULT_INVALID, rows[i].words);
		assert_int_equal(stat(name, &file), 0);
		assert_int_equal(file.st_size, strlen(rows[i].text));
	}
	write_file(name, good, 0600);
	kit_reopen(kit);
}

/* Neither read nor made through it, nor a pipe waited for. */
static void test_a_link_or_a_pipe_in_its_place_is_not_followed(void **state)
{
	struct ledgerkit *kit = *state;
	char name[KIT_PATH_BYTES + 16], target[KIT_PATH_BYTES + 16];
	struct hmac_sha256_key read;

	secret_name(kit, name);
	kit_shut(kit);
	snprintf(target, sizeof(target), "%s/target", kit->folder);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(symlink(target, name), 0);
	expect_refused(kit, "a link to nothing", -FAULT_IO, "symbolic link");
	assert_int_equal(access(target, F_OK), -1);
	write_file(target, good, 0600);
	expect_refused(kit, "a link to a secret", -FAULT_IO, "symbolic link");
	assert_int_equal(ledger_secret(kit->path, &read, NULL), -FAULT_IO);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(mkfifo(name, 0600), 0);
	expect_refused(kit, "a pipe", -FAULT_INVALID, "not a file");
	assert_int_equal(unlink(name), 0);
	kit_reopen(kit);
}

/* What a writer left that was stopped while it made one. */
static void test_a_half_made_one_is_made_again(void **state)
{
	struct ledgerkit *kit = *state;
	char name[KIT_PATH_BYTES + 16], fresh[KIT_PATH_BYTES + 32];

	secret_name(kit, name);
	snprintf(fresh, sizeof(fresh), "%s.new", name);
	kit_shut(kit);
	assert_int_equal(unlink(name), 0);
	write_file(fresh, "0011", 0600);
	kit_reopen(kit);
	assert_int_equal(access(fresh, F_OK), -1);
	assert_true(ledger_credentials(kit->ledger)->known);
}

/* Limits of the process stand for a full disk: in a child of its own. */
static void test_where_none_can_be_made_nothing_is_left(void **state)
{
	struct ledgerkit *kit = *state;
	char name[KIT_PATH_BYTES + 16], fresh[KIT_PATH_BYTES + 32];
	int status = 0;
	pid_t child;

	secret_name(kit, name);
	snprintf(fresh, sizeof(fresh), "%s.new", name);
	kit_shut(kit);
	assert_int_equal(unlink(name), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		const struct rlimit limit = { 16, 16 };
		struct hmac_sha256_key read;
		struct fault fault = { .code = FAULT_NONE };
		int r;

		signal(SIGXFSZ, SIG_IGN);
		if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
			_exit(2);
		r = secret_take(kit->path, &read, &fault);
		_exit(r == -FAULT_FULL && strstr(fault.text, ".secret.new") != NULL ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(access(name, F_OK), -1);
	assert_int_equal(access(fresh, F_OK), -1);
	kit_reopen(kit);
}

/* The group that reads the ledger does not read the secret. */
static void test_another_user_is_told_whose_it_is(void **state)
{
	struct ledgerkit *kit = *state;
	int status = 0;
	pid_t child;

	if (geteuid() != 0) {
		print_message("skipped: takes root to become another user\n");
		skip();
	}
	assert_int_equal(chmod(kit->folder, 0755), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct hmac_sha256_key read;
		struct fault fault = { .code = FAULT_NONE };
		int r;

		if (setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
			_exit(2);
		r = ledger_secret(kit->path, &read, &fault);
		_exit(r == -FAULT_IO && strstr(fault.text, "its owner's and root's") != NULL ? 0
		                                                                             : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void test_a_ledger_without_one_says_so(void **state)
{
	struct ledgerkit *kit = *state;
	struct hmac_sha256_key read;
	struct fault fault = { .code = FAULT_NONE };
	char name[KIT_PATH_BYTES + 16];

	secret_name(kit, name);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(ledger_secret(kit->path, &read, &fault), -FAULT_NOT_FOUND);
	assert_non_null(strstr(fault.text, name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_first_writer_makes_it_and_nobody_again,
		                                kit_setup, kit_teardown),
		cmocka_unit_test_setup_teardown(test_what_is_no_secret_stops_the_writer_and_stays,
		                                kit_setup, kit_teardown),
		cmocka_unit_test_setup_teardown(test_a_link_or_a_pipe_in_its_place_is_not_followed,
		                                kit_setup, kit_teardown),
		cmocka_unit_test_setup_teardown(test_a_half_made_one_is_made_again, kit_setup,
		                                kit_teardown),
		cmocka_unit_test_setup_teardown(test_where_none_can_be_made_nothing_is_left,
		                                kit_setup, kit_teardown),
		cmocka_unit_test_setup_teardown(test_another_user_is_told_whose_it_is, kit_setup,
		                                kit_teardown),
		cmocka_unit_test_setup_teardown(test_a_ledger_without_one_says_so, kit_setup,
		                                kit_teardown),
	};

	return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
