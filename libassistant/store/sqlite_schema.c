/*
 * sqlite_schema.c - the tables of the embedded store and how older files come to have them.
 *
 * user_version counts the migrations a file has had; each runs once, in the one transaction that also
 * counts it, so that processes which open at the same time agree.
 */
#include "store/sqlite.h"
#include <string.h>

#define APPLICATION_ID 0x45726c68 /* "Erlh" */

static const char *const migrations[] = {
	/* 1: times are unix milliseconds, metadata a JSON object */
	"CREATE TABLE conferences ("
	"  id TEXT PRIMARY KEY NOT NULL,"
	"  name TEXT NOT NULL,"
	"  json TEXT NOT NULL,"
	"  epoch INTEGER NOT NULL,"
	"  content_hash TEXT NOT NULL,"
	"  ingested INTEGER NOT NULL"
	") STRICT;"
	"CREATE TABLE info_pages ("
	"  conference_id TEXT NOT NULL REFERENCES conferences (id) ON DELETE CASCADE,"
	"  pos INTEGER NOT NULL,"
	"  key TEXT NOT NULL,"
	"  title TEXT NOT NULL,"
	"  text TEXT NOT NULL,"
	"  PRIMARY KEY (conference_id, key)"
	") STRICT;"
	"CREATE TABLE records ("
	"  seq INTEGER PRIMARY KEY,"
	"  conference_id TEXT NOT NULL REFERENCES conferences (id) ON DELETE CASCADE,"
	"  type TEXT NOT NULL,"
	"  pos INTEGER NOT NULL,"
	"  id TEXT NOT NULL,"
	"  json TEXT NOT NULL,"
	"  UNIQUE (type, id, conference_id)"
	") STRICT;"
	"CREATE INDEX records_in_order ON records (conference_id, type, pos);"
	"CREATE TABLE conversations ("
	"  seq INTEGER PRIMARY KEY,"
	"  id TEXT NOT NULL UNIQUE,"
	"  conference_id TEXT NOT NULL,"
	"  status TEXT NOT NULL,"
	"  source TEXT NOT NULL,"
	"  user_created TEXT NOT NULL,"
	"  date_created INTEGER NOT NULL"
	") STRICT;"
	"CREATE TABLE messages ("
	"  seq INTEGER PRIMARY KEY,"
	"  id TEXT NOT NULL UNIQUE,"
	"  conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,"
	"  role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),"
	"  messageText TEXT NOT NULL,"
	"  status TEXT NOT NULL CHECK (status IN ('pending', 'streaming', 'completed')),"
	"  user_created TEXT NOT NULL,"
	"  date_created INTEGER NOT NULL,"
	"  metadata TEXT"
	") STRICT;"
	"CREATE INDEX messages_in_order ON messages (conversation_id, date_created, seq);"
	"CREATE INDEX messages_live ON messages (date_created, seq)"
	"  WHERE role = 'assistant' AND status = 'streaming';",
};

static int pragma_int(sqlite3 *db, const char *sql, int *out)
{
	sqlite3_stmt *q = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &q, NULL);

	if (rc != SQLITE_OK)
		return rc;
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW) {
		*out = sqlite3_column_int(q, 0);
		rc = SQLITE_OK;
	}
	sqlite3_finalize(q);
	return rc;
}

/* In the transaction: nothing moves under it. */
static int migrate_locked(sqlite3 *db, const char *path, struct fail *f)
{
	const int known = (int)ARRAY_SIZE(migrations);
	int version = 0, application = 0, tables = 0, rc;
	char sql[128];

	if ((rc = pragma_int(db, "PRAGMA user_version", &version)) != SQLITE_OK ||
	    (rc = pragma_int(db, "PRAGMA application_id", &application)) != SQLITE_OK ||
	    (rc = pragma_int(db, "SELECT count(*) FROM sqlite_schema", &tables)) != SQLITE_OK)
		return sqlite_fail(db, rc, path, f);
	if (tables > 0 && application != APPLICATION_ID)
		return FAIL(f, ASSISTANT_ECONFIG,
			    "%.150s is a database of another program; accepted is a new file or "
			    "one of Erleah's",
			    path);
	if (version > known)
		return FAIL(
			f, ASSISTANT_ECONFIG,
			"%.150s was written by a newer version of Erleah (schema %d, known is %d)",
			path, version, known);
	if (version == known)
		return 0;
	for (int i = version; i < known; i++) {
		rc = sqlite3_exec(db, migrations[i], NULL, NULL, NULL);
		if (rc != SQLITE_OK)
			return sqlite_fail(db, rc, "migrating the database", f);
	}
	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d",
		 APPLICATION_ID, known);
	rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : sqlite_fail(db, rc, "migrating the database", f);
}

int sqlite_migrate(sqlite3 *db, const char *path, struct fail *f)
{
	int r, rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	if (rc != SQLITE_OK)
		return sqlite_fail(db, rc, path, f);
	r = migrate_locked(db, path, f);
	rc = sqlite3_exec(db, r == 0 ? "COMMIT" : "ROLLBACK", NULL, NULL, NULL);
	if (r == 0 && rc != SQLITE_OK) {
		r = sqlite_fail(db, rc, "migrating the database", f);
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	}
	return r;
}
