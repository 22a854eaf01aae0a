#include "ledger/verify_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/internal.h"
#include "ledger/migrations.h"

/* In the order in which both sides are walked. */
static const char schema_sql[] = "SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema "
				 "WHERE name NOT LIKE 'sqlite\\_stat%' ESCAPE '\\' ORDER BY 1";

/*
 * What the check says where a page was not read, for want of memory or because the disk did not
 * give it: nothing of what is in the file.  The code of that; SQLITE_OK: another line.
 */
static int unread(const char *text)
{
	static const char words[] = "unable to get the page. error code=";
	const char *at = text != NULL ? strstr(text, words) : NULL;
	int code = at != NULL ? atoi(at + strlen(words)) : SQLITE_OK;

	if (text == NULL)
		return SQLITE_NOMEM;
	return (code & 0xff) == SQLITE_NOMEM || (code & 0xff) == SQLITE_IOERR ? code : SQLITE_OK;
}

/* The same of a list of pages, which does not say what for: for want of memory or by its disk. */
static bool was_not_read(const char *text)
{
	return strstr(text, "failed to get page") != NULL;
}

/*
 * *again_out: a page could not be read, and may be the next time; NULL: then that is a finding.
 * *told: so many lines were told before.
 */
static int check_pages(struct verify *verify, struct ledger *ledger, bool *again_out, int *told,
                       struct fault *fault)
{
	sqlite3_stmt *stmt = NULL;
	/* Not quick_check: an index that has lost a row hides it from a list. */
	int code = sqlite3_prepare_v2(ledger->db, "PRAGMA integrity_check(100)", -1, &stmt, NULL);
	int r = 0, line = 0;

	while (r == 0 && code == SQLITE_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(stmt, 0);

		code = unread(text);
		if (code != SQLITE_OK || strcmp(text, "ok") == 0)
			continue;
		if (again_out != NULL && was_not_read(text)) {
			*again_out = true;
			code = SQLITE_DONE;
			break;
		}
		if (line++ < *told)
			continue;
		*told = line;
		r = verify_report_at(verify, VERIFY_FILE, text_of("pages"), "integrity_check",
		                     text_of(text), text_of("ok"));
	}
	if (r == 0 && code != SQLITE_DONE)
		r = ledger_fault(ledger, code, "integrity_check", fault);
	sqlite3_finalize(stmt);
	return r;
}

/* An empty ledger in memory, as the migrations make it. */
static int make_pattern(sqlite3 **pattern_out, struct fault *fault)
{
	int code = sqlite3_open_v2(":memory:", pattern_out,
	                           SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);

	for (size_t i = 0; code == SQLITE_OK && i < migration_count; i++)
		code = sqlite3_exec(*pattern_out, migrations[i].sql, NULL, NULL, NULL);
	return code == SQLITE_OK
	               ? 0
	               : fault_set(fault, FAULT_NOMEM, "verify: the schema cannot be made: %s",
	                           sqlite3_errstr(code));
}

static struct text cell(sqlite3_stmt *stmt, int column)
{
	const char *at = (const char *)sqlite3_column_text(stmt, column);

	return (struct text){ at != NULL ? at : "", (size_t)sqlite3_column_bytes(stmt, column) };
}

static bool is_error(int code)
{
	return code != SQLITE_ROW && code != SQLITE_DONE;
}

/* In neither column is a NULL: there was no memory for a text. */
static int step_schema(sqlite3_stmt *stmt)
{
	int code = sqlite3_step(stmt);

	return code == SQLITE_ROW && (sqlite3_column_text(stmt, 0) == NULL ||
	                              sqlite3_column_text(stmt, 1) == NULL)
	               ? SQLITE_NOMEM
	               : code;
}

/* Both sides ascend by name.  *code_out: SQLITE_DONE, or the error that ended a side early. */
static int compare_schema(struct verify *verify, sqlite3_stmt *is, sqlite3_stmt *due, int *code_out)
{
	int is_code = step_schema(is), due_code = step_schema(due), r = 0;

	while (r == 0 && !is_error(is_code) && !is_error(due_code) &&
	       (is_code == SQLITE_ROW || due_code == SQLITE_ROW)) {
		int order = is_code != SQLITE_ROW    ? 1
		            : due_code != SQLITE_ROW ? -1
		                                     : text_compare(cell(is, 0), cell(due, 0));

		if (order < 0)
			r = verify_report_at(verify, VERIFY_FILE, cell(is, 0), "schema",
			                     cell(is, 1), text_of("nothing of this name"));
		else if (order > 0)
			r = verify_report_at(verify, VERIFY_FILE, cell(due, 0), "schema",
			                     text_of("nothing"), cell(due, 1));
		else if (!text_equal(cell(is, 1), cell(due, 1)))
			r = verify_report_at(verify, VERIFY_FILE, cell(is, 0), "schema",
			                     cell(is, 1), cell(due, 1));
		if (order <= 0)
			is_code = step_schema(is);
		if (order >= 0)
			due_code = step_schema(due);
	}
	*code_out = is_error(is_code) ? is_code : due_code;
	return r;
}

static int check_schema(struct verify *verify, struct ledger *ledger, struct fault *fault)
{
	sqlite3_stmt *is = NULL, *due = NULL;
	sqlite3 *pattern = NULL;
	int r = make_pattern(&pattern, fault), code;

	if (r < 0)
		goto out;
	code = sqlite3_prepare_v2(ledger->db, schema_sql, -1, &is, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_prepare_v2(pattern, schema_sql, -1, &due, NULL);
	if (code == SQLITE_OK)
		r = compare_schema(verify, is, due, &code);
	if (r == 0 && code != SQLITE_DONE)
		r = ledger_fault(ledger, code, "schema", fault);
out:
	sqlite3_finalize(is);
	sqlite3_finalize(due);
	sqlite3_close(pattern);
	return r;
}

int verify_file(struct verify *verify, struct ledger *ledger, struct fault *fault)
{
	bool again = false;
	int told = 0, r = check_pages(verify, ledger, &again, &told, fault);

	if (r == 0 && again)
		r = check_pages(verify, ledger, NULL, &told, fault);
	return r != 0 ? r : check_schema(verify, ledger, fault);
}
