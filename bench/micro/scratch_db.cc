/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A SQLite file for a micro-benchmark. See scratch_db.h.
 */
#include "scratch_db.h"

#include <cstdlib>
#include <unistd.h>

#include <weir/sqlite.h>

#include "micro.h"

namespace micro
{

const char select_row[] = "SELECT value FROM kv WHERE id = ?1";
const char update_row[] = "UPDATE kv SET value = value + 1 WHERE id = ?1";

namespace
{

constexpr char make_rows[] =
	"PRAGMA journal_mode=WAL; CREATE TABLE kv(id INTEGER PRIMARY KEY, value);"
	"WITH RECURSIVE n(id) AS (VALUES(1) UNION ALL SELECT id + 1 FROM n "
	"LIMIT 10000) INSERT INTO kv SELECT id, 0 FROM n;";

/* As weir's url below says it for the other side. */
constexpr char raw_settings[] =
	"PRAGMA synchronous=NORMAL; PRAGMA cache_size=-8192; PRAGMA wal_autocheckpoint=1000;";
constexpr char weir_settings[] = "?synchronous=normal&cache_size=8MiB&max_size=2&min_idle=2";

void run_script(sqlite3 *connection, const char *sql)
{
	if (sqlite3_exec(connection, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
		give_up(sqlite3_errmsg(connection));
}

} // namespace

scratch_db::scratch_db()
{
	const char *const base = std::getenv("TMPDIR");

	folder = std::string(base != nullptr ? base : "/tmp") + "/weir-micro-XXXXXX";
	if (mkdtemp(folder.data()) == nullptr)
		give_up("cannot make a folder in the temporary directory");
	if (sqlite3_open(path("").c_str(), &connection) != SQLITE_OK)
		give_up("cannot open a database in the temporary directory");
	run_script(connection, make_rows);
	run_script(connection, raw_settings);
}

scratch_db::~scratch_db()
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-weir"};

	/* The thread that led the last group may still be on its way out: destroy alone would
	 * leave the db to it, for good. */
	if (db != nullptr && weir_db_close(db, nullptr) != WEIR_OK)
		give_up("the db does not close");
	weir_db_destroy(db);
	(void)sqlite3_close(connection);
	for (const char *suffix : suffixes)
		(void)unlink(path(suffix).c_str());
	(void)rmdir(folder.c_str());
}

std::string scratch_db::path(const char *suffix) const
{
	return folder + "/micro.db" + suffix;
}

weir_db *scratch_db::weir()
{
	weir_error err = WEIR_ERROR_INIT;

	if (db == nullptr &&
	    weir_db_open(&db, weir_sqlite_driver(), ("sqlite:" + path("") + weir_settings).c_str(),
	                 &err) != WEIR_OK)
		give_up("weir cannot open a database in the temporary directory", err);
	return db;
}

sqlite3 *scratch_db::raw()
{
	return connection;
}

sqlite3_stmt *scratch_db::prepare(const char *sql)
{
	sqlite3_stmt *statement = nullptr;

	if (sqlite3_prepare_v3(connection, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) !=
	    SQLITE_OK)
		give_up(sqlite3_errmsg(connection));
	return statement;
}

} // namespace micro
