/*
 * sqlite_sql.c - prepared statements, and what SQLite's codes mean for those above.
 */
#include "store/sqlite.h"
#include <string.h>
#include "base/check.h"

static const char *const texts[STMT_COUNT] = {
#define STATEMENT(id, text) [STMT_##id] = text,
#include "store/sqlite_statements.def"
#undef STATEMENT
};

int sqlite_fail(sqlite3 *db, int rc, const char *doing, struct fail *f)
{
	const char *says = db ? sqlite3_errmsg(db) : sqlite3_errstr(rc);

	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		FAIL(f, ASSISTANT_EUNAVAILABLE,
		     "%s: another process has kept the database locked for too long", doing);
		if (f)
			f->retry_after_ms = 1000;
		return ASSISTANT_EUNAVAILABLE;
	case SQLITE_INTERRUPT:
		return FAIL(f, ASSISTANT_ECANCELED, "%s: was cancelled", doing);
	case SQLITE_NOMEM:
		return FAIL(f, ASSISTANT_ENOMEM, "%s: no memory", doing);
	case SQLITE_TOOBIG:
		return FAIL(f, ASSISTANT_ETOOLARGE, "%s: more than the database can hold", doing);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return FAIL(f, ASSISTANT_EPROTOCOL, "%s: the database is damaged (%s)", doing,
			    says);
	case SQLITE_ERROR:
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
	case SQLITE_MISMATCH:
	case SQLITE_CONSTRAINT:
		return FAIL(f, ASSISTANT_EINTERNAL, "%s: %s", doing, says);
	default: /* SQLITE_FULL, SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_READONLY... */
		return FAIL(f, ASSISTANT_EUNAVAILABLE, "%s: %s", doing, says);
	}
}

sqlite3_stmt *sqlite_statement(struct sqlite_store *s, enum statement id, struct fail *f)
{
	sqlite3_stmt *q = s->statements[id];
	int rc;

	if (q) {
		sqlite3_reset(q);
		sqlite3_clear_bindings(q);
		return q;
	}
	rc = sqlite3_prepare_v3(s->db, texts[id], -1, SQLITE_PREPARE_PERSISTENT, &q, NULL);
	if (rc != SQLITE_OK) {
		sqlite_fail(s->db, rc, "preparing a query", f);
		return NULL;
	}
	s->statements[id] = q;
	return q;
}

void sqlite_bind(sqlite3_stmt *q, int at, const char *text)
{
	if (text)
		sqlite3_bind_text(q, at, text, -1, SQLITE_TRANSIENT);
}

int sqlite_step(struct sqlite_store *s, sqlite3_stmt *q, const char *doing, struct fail *f)
{
	int rc = sqlite3_step(q), r;

	if (rc == SQLITE_ROW)
		return 1;
	r = rc == SQLITE_DONE ? 0 : sqlite_fail(s->db, rc, doing, f);
	sqlite3_reset(q);
	return r;
}

int sqlite_exec(struct sqlite_store *s, enum statement id, const char *bound, struct fail *f)
{
	sqlite3_stmt *q = sqlite_statement(s, id, f);
	int r;

	if (!q)
		return f ? f->code : ASSISTANT_EINTERNAL;
	sqlite_bind(q, 1, bound);
	r = sqlite_step(s, q, texts[id], f);
	if (r > 0)
		sqlite3_reset(q);
	return r < 0 ? r : 0;
}

const char *sqlite_text(sqlite3_stmt *q, int column, struct arena *arena)
{
	const char *text = (const char *)sqlite3_column_text(q, column);

	return text ? arena_strndup(arena, text, (size_t)sqlite3_column_bytes(q, column)) : NULL;
}

void sqlite_finalize_all(struct sqlite_store *s)
{
	for (size_t i = 0; i < STMT_COUNT; i++)
		sqlite3_finalize(TAKE_PTR(s->statements[i]));
}
