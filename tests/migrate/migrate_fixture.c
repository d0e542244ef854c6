/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See migrate_fixture.h.
 */
#include "migrate_fixture.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIGRATIONS_MAX 64

const struct scripts library[] = {
	{"CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n"
     "CREATE TABLE book (id INTEGER PRIMARY KEY, title TEXT NOT NULL,\n"
     "  author INTEGER NOT NULL REFERENCES author (id) ON DELETE CASCADE);",
     "DROP TABLE book; DROP TABLE author;"},
	{"INSERT INTO author VALUES (1, 'Ada; or -- not'), (2, 'Grace');\n"
     "INSERT INTO book (title, author) VALUES ('Notes', 1), ('A-0', 2), ('COBOL', 2);",
     "DELETE FROM book; DELETE FROM author;"},
	{"CREATE INDEX book_author ON book (author);\n"
     "CREATE VIEW shelf AS SELECT b.title, a.name FROM book b JOIN author a ON a.id = b.author;",
     "DROP VIEW shelf; DROP INDEX book_author;"},
	{"CREATE TABLE loan (id INTEGER PRIMARY KEY, book INTEGER REFERENCES book (id), state TEXT);\n"
     "CREATE TRIGGER loan_state AFTER INSERT ON loan BEGIN\n"
     "  UPDATE loan SET state = CASE WHEN new.book IS NULL THEN 'lost;' ELSE 'out' END\n"
     "   WHERE id = new.id;\n"
     "END;\n"
     "INSERT INTO loan (book) VALUES (1), (NULL);",
     "DROP TABLE loan;"},
	{"ALTER TABLE author ADD COLUMN born INTEGER;", "ALTER TABLE author DROP COLUMN born;"},
	{NULL, NULL},
};

struct weir_migrations *set_of(const struct scripts *scripts)
{
	struct weir_migration_source sources[MIGRATIONS_MAX];
	char versions[MIGRATIONS_MAX][8];
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_migrations *set = NULL;
	size_t count = 0;

	memset(sources, 0, sizeof sources);
	for (; scripts[count].up != NULL; count++) {
		(void)snprintf(versions[count], sizeof versions[count], "%zu", count + 1);
		sources[count].version = versions[count];
		sources[count].name = "step";
		sources[count].up.sql = scripts[count].up;
		sources[count].down.sql = scripts[count].down;
	}
	if (weir_migrations_make(&set, sources, count, &err) != WEIR_OK)
		fail_msg("%s", err.message);
	return set;
}

const char *const folders[FOLDERS_COUNT] = {"weir", "golang", "dbmate", "goose"};

struct weir_migrations *folder_set(const char *name)
{
	struct weir_migrations *set = NULL;
	struct weir_error err = WEIR_ERROR_INIT;
	char path[1024];

	(void)snprintf(path, sizeof path, "%s/%s", MIGRATE_FOLDERS, name);
	if (weir_migrations_read(&set, path, NULL, &err) != WEIR_OK)
		fail_msg("%s: %s", name, err.message);
	return set;
}

void remove_database(const struct db_fixture *fixture)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-weir"};
	char path[256];

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		(void)snprintf(path, sizeof path, "%s%s", fixture->path, ends[i]);
		(void)unlink(path);
	}
}

static size_t count_done(struct weir_migrate_report *report)
{
	const struct weir_migrate_row *rows;
	const size_t count = weir_migrate_rows(report, &rows);
	size_t done = 0;

	for (size_t i = 0; i < count; i++)
		done += rows[i].done;
	weir_migrate_report_free(report);
	return done;
}

size_t must_up(struct weir_db *db, const struct weir_migrations *set, const char *target)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_migrate_report *report = NULL;

	if (weir_migrate_up(db, set, target, NULL, &report, &err) != WEIR_OK)
		fail_msg("up: %s: %s", weir_error_name(err.code), err.message);
	return count_done(report);
}

size_t must_down(struct weir_db *db, const struct weir_migrations *set, const char *target)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_migrate_report *report = NULL;

	if (weir_migrate_down(db, set, target, NULL, &report, &err) != WEIR_OK)
		fail_msg("down: %s: %s", weir_error_name(err.code), err.message);
	return count_done(report);
}

void fail_up(struct weir_db *db, const struct weir_migrations *set,
             const struct weir_migrate_options *options, enum weir_code code, const char *part)
{
	struct weir_error err = WEIR_ERROR_INIT;

	if (weir_migrate_up(db, set, NULL, options, NULL, &err) != code)
		fail_msg("%s instead of %s: %s", weir_error_name(err.code), weir_error_name(code),
		         err.message);
	if (strstr(err.message, part) == NULL)
		fail_msg("\"%s\" is not in: %s", part, err.message);
}

/* ---- contents ---- */

static int add_row(void *arg, int columns, char **values, char **names)
{
	sqlite3_str *const text = arg;

	(void)names;
	for (int i = 0; i < columns; i++)
		sqlite3_str_appendf(text, "%s|", values[i] == NULL ? "NULL" : values[i]);
	sqlite3_str_appendall(text, "\n");
	return 0;
}

static void add_all(sqlite3 *db, sqlite3_str *text, const char *sql)
{
	if (sqlite3_exec(db, sql, add_row, text, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

static int add_table(void *arg, int columns, char **values, char **names)
{
	void **const both = arg;
	char *const sql = sqlite3_mprintf("SELECT * FROM \"%w\" ORDER BY 1", values[0]);

	(void)columns;
	(void)names;
	sqlite3_str_appendf(both[1], "%s:\n", values[0]);
	add_all(both[0], both[1], sql);
	sqlite3_free(sql);
	return 0;
}

static char *read_contents(const struct db_fixture *fixture, const char *which)
{
	sqlite3 *db = NULL;
	sqlite3_str *const text = sqlite3_str_new(NULL);
	void *both[] = {NULL, text};
	char *copy;
	char *made;

	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	(void)sqlite3_busy_timeout(db, 30000);
	both[0] = db;
	add_all(db, text,
	        "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE tbl_name <> "
	        "'weir_schema_history' ORDER BY type, name");
	assert_int_equal(sqlite3_exec(db, which, add_table, both, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	made = sqlite3_str_finish(text);
	copy = strdup(made == NULL ? "" : made);
	sqlite3_free(made);
	assert_non_null(copy);
	return copy;
}

#define TABLES "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'"

char *contents(const struct db_fixture *fixture)
{
	return read_contents(fixture, TABLES " ORDER BY name");
}

char *contents_but_history(const struct db_fixture *fixture)
{
	return read_contents(fixture, TABLES " AND name <> 'weir_schema_history' ORDER BY name");
}

/* ---- folders ---- */

void make_folder(const struct db_fixture *fixture, const char *name, char path[256])
{
	(void)snprintf(path, 256, "%s/%s", fixture->folder, name);
	assert_int_equal(mkdir(path, 0755), 0);
}

void put_script(const char *folder, const char *name, const char *text)
{
	char path[512];
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

void drop_folder(const char *path)
{
	DIR *const folder = opendir(path);
	char file[768];

	assert_non_null(folder);
	for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
		(void)snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
		if (entry->d_name[0] != '.')
			assert_int_equal(unlink(file), 0);
	}
	(void)closedir(folder);
	assert_int_equal(rmdir(path), 0);
}
