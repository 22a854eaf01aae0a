#include <errno.h>
#include <string.h>

#include "ledger/internal.h"

const struct statement_info statement_info[STATEMENT_COUNT] = {
#define S(NAME, USER, PLAN, sql) [STATEMENT_##NAME] = { #NAME, sql, USER_##USER, PLAN_##PLAN },
#include "ledger/statement.def"
#undef S
};

/* What the operating system last said of the file itself or of its WAL. */
static int last_errno(sqlite3 *db, int which)
{
	sqlite3_file *file = NULL;
	int error = 0;

	if (sqlite3_file_control(db, "main", which, &file) == SQLITE_OK && file != NULL &&
	    file->pMethods != NULL)
		file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error);
	return error;
}

/* SQLite says FULL only for ENOSPC: at a quota or a file size limit there is no room either. */
static bool is_no_room(sqlite3 *db)
{
	const int errors[] = { sqlite3_system_errno(db), last_errno(db, SQLITE_FCNTL_FILE_POINTER),
		               last_errno(db, SQLITE_FCNTL_JOURNAL_POINTER) };

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (errors[i] == ENOSPC || errors[i] == EDQUOT || errors[i] == EFBIG)
			return true;
	}
	return false;
}

enum fault_code ledger_fault_code(sqlite3 *db, int code)
{
	/*
	 * Only errors of writing: the files remember the last error, not the one of this call.
	 * A sync that failed is none of them, whatever it failed for: the system may have dropped
	 * what it was to store, and says so only once.
	 */
	if ((code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_TRUNCATE ||
	     code == SQLITE_IOERR_SHMSIZE) &&
	    is_no_room(db))
		return FAULT_FULL;
	switch (code & 0xff) {
	case SQLITE_FULL:
		return FAULT_FULL;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return FAULT_BUSY;
	case SQLITE_NOMEM:
		return FAULT_NOMEM;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	/* All SQL is constant: the schema is not that of the migrations, or a sum is none. */
	case SQLITE_ERROR:
		return FAULT_CORRUPT;
	case SQLITE_TOOBIG:
		return FAULT_RANGE;
	case SQLITE_CONSTRAINT:
	case SQLITE_MISUSE:
		return FAULT_INTERNAL;
	default:
		return FAULT_IO;
	}
}

int ledger_fault(struct ledger *ledger, int code, const char *doing, struct fault *fault)
{
	const char *first = "", *error = sqlite3_errmsg(ledger->db), *of_system = "";
	enum fault_code fault_code = ledger_fault_code(ledger->db, code);
	int primary = code & 0xff, number = sqlite3_system_errno(ledger->db);

	ledger->failed = ledger->failed || fault_code == FAULT_IO || fault_code == FAULT_CORRUPT;

	if (primary == SQLITE_NOTADB)
		return fault_set(fault, FAULT_CORRUPT, "%s: this is no ledger: %s", ledger->path,
		                 error);
	if (primary == SQLITE_CORRUPT)
		first = "the ledger is damaged: ";
	if (code == SQLITE_CANTOPEN_SYMLINK)
		first = "there is a symbolic link in its path, name it without: ";
	if ((primary == SQLITE_CANTOPEN || primary == SQLITE_IOERR) && number != 0)
		of_system = strerror(number);
	return fault_set(fault, fault_code, "%s: %s%s: %s (SQLite %d%s%s)", ledger->path, first,
	                 doing, error, code, of_system[0] != '\0' ? ": " : "", of_system);
}

const char *ledger_bare(const struct ledger *ledger, const struct fault *fault)
{
	size_t len = strlen(ledger->path);
	bool is_of_it = strncmp(fault->text, ledger->path, len) == 0 &&
	                strncmp(fault->text + len, ": ", 2) == 0;

	return is_of_it ? fault->text + len + 2 : fault->text;
}

static int prepare(struct ledger *ledger, int i, struct fault *fault)
{
	int code = sqlite3_prepare_v3(ledger->db, statement_info[i].sql, -1,
	                              SQLITE_PREPARE_PERSISTENT, &ledger->statements[i], NULL);

	return code == SQLITE_OK ? 0 : ledger_fault(ledger, code, statement_info[i].name, fault);
}

int statements_prepare(struct ledger *ledger, struct fault *fault)
{
	int r = 0;

	for (int i = 0; r == 0 && i < STATEMENT_COUNT; i++) {
		if (statement_info[i].user == USER_ANY || ledger->writer)
			r = prepare(ledger, i, fault);
	}
	return r;
}

int statements_prepare_archive(struct ledger *ledger, struct fault *fault)
{
	static const enum statement asked[] = {
		STATEMENT_BEGIN_READ,
		STATEMENT_NAME_TEXT,
		STATEMENT_EVENT_RANGE,
		STATEMENT_EVENT_BY_ID,
		STATEMENT_EVENT_REQUEST,
		STATEMENT_EVENT_STANDING,
		STATEMENT_EVENT_IDENTITIES,
		STATEMENT_EVENT_GET,
		STATEMENT_DETAIL_GET,
		STATEMENT_HOUR_RANGE,
		STATEMENT_TURNS,
		STATEMENT_BOOK_ALL,
		STATEMENT_BOOK_PARTS_OF,
		STATEMENT_EVENT_BRIEF_SELL,
		STATEMENT_EVENT_BRIEF_COST,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(asked) / sizeof(asked[0]); i++)
		r = prepare(ledger, asked[i], fault);
	return r;
}

void statements_release(struct ledger *ledger)
{
	for (int i = 0; i < STATEMENT_COUNT; i++) {
		sqlite3_finalize(ledger->statements[i]);
		ledger->statements[i] = NULL;
	}
}

struct query query_start(struct ledger *ledger, enum statement statement)
{
	struct query query = { ledger, ledger->statements[statement], 1, SQLITE_OK };

	assert(query.stmt != NULL);             /* a writer's statement, used by a reader */
	assert(!sqlite3_stmt_busy(query.stmt)); /* or one statement, used by two walks at once */
	return query;
}

static void note(struct query *query, int code)
{
	if (query->code == SQLITE_OK)
		query->code = code;
}

void query_int(struct query *query, int64_t value)
{
	note(query, sqlite3_bind_int64(query->stmt, query->next++, value));
}

void query_null(struct query *query)
{
	note(query, sqlite3_bind_null(query->stmt, query->next++));
}

void query_int_or_null(struct query *query, int64_t value)
{
	if (value == EVENT_ABSENT)
		query_null(query);
	else
		query_int(query, value);
}

/*
 * SQLITE_STATIC: the bytes live until the statement is reset, because every query
 * runs to its end before its caller returns.
 */
void query_text(struct query *query, struct text value)
{
	note(query,
	     sqlite3_bind_text64(query->stmt, query->next++, value.at != NULL ? value.at : "",
	                         value.len, SQLITE_STATIC, SQLITE_UTF8));
}

void query_text_or_null(struct query *query, struct text value)
{
	if (value.at == NULL)
		note(query, sqlite3_bind_null(query->stmt, query->next++));
	else
		query_text(query, value);
}

void query_blob(struct query *query, struct text value)
{
	note(query,
	     sqlite3_bind_blob64(query->stmt, query->next++, value.at != NULL ? value.at : "",
	                         value.len, SQLITE_STATIC));
}

void query_end(struct query *query)
{
	sqlite3_reset(query->stmt);
	/* A bound text must not outlive its bytes. */
	sqlite3_clear_bindings(query->stmt);
}

int query_row(struct query *query, struct fault *fault)
{
	int code = query->code == SQLITE_OK ? sqlite3_step(query->stmt) : query->code;
	int r = 0;

	if (code == SQLITE_ROW)
		return 1;
	/* Before the reset, which may change what SQLite remembers of the error. */
	if (code != SQLITE_DONE)
		r = ledger_fault(query->ledger, code, sqlite3_sql(query->stmt), fault);
	query_end(query);
	return r;
}

int query_due(struct query *query, struct fault *fault)
{
	int r = query_row(query, fault);

	if (r == 0)
		r = fault_set(fault, FAULT_INTERNAL, "%s: %s: a row is gone", query->ledger->path,
		              sqlite3_sql(query->stmt));
	return r < 0 ? r : 0;
}

int query_done(struct query *query, struct fault *fault)
{
	int r = query_row(query, fault);

	assert(r <= 0);
	return r;
}

int query_single(struct query *query, int64_t *out, struct fault *fault)
{
	int r = query_row(query, fault);

	if (r < 0)
		return r;
	*out = r > 0 ? column_int(query, 0) : 0;
	if (r > 0)
		query_end(query);
	return 0;
}

int64_t column_int(const struct query *query, int column)
{
	return sqlite3_column_int64(query->stmt, column);
}

bool column_is_null(const struct query *query, int column)
{
	return sqlite3_column_type(query->stmt, column) == SQLITE_NULL;
}

int64_t column_int_or_absent(const struct query *query, int column)
{
	if (column_is_null(query, column))
		return EVENT_ABSENT;
	return column_int(query, column);
}

struct text column_text(const struct query *query, int column)
{
	const char *at = (const char *)sqlite3_column_text(query->stmt, column);

	return (struct text){ at,
		              at != NULL ? (size_t)sqlite3_column_bytes(query->stmt, column) : 0 };
}

struct text column_blob(const struct query *query, int column)
{
	const char *at = sqlite3_column_blob(query->stmt, column);
	size_t len = (size_t)sqlite3_column_bytes(query->stmt, column);

	return (struct text){ at != NULL ? at : "", len };
}
