/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The tables of golang-migrate, dbmate and goose, made as these tools make them.
 */
#include "history_fixture.h"

#include "foreign.h"

#include <string.h>

struct change {
	enum weir_migrate_direction direction;
	const char *version; /* NULL: only read */
	const char *below;
};

struct access {
	const char *table;
	struct weir__foreign foreign;
	struct change change;
};

static enum weir_code use(void *arg, const struct weir__session *session, struct weir_error *err)
{
	struct access *const access = arg;
	const struct change *const change = &access->change;
	enum weir_code code = weir__foreign_read(session, access->table, &access->foreign, err);

	if (code == WEIR_OK && change->version != NULL)
		code = weir__foreign_write(session, &access->foreign, change->direction, change->version,
		                           change->below, err);
	return code;
}

/* "format: versions", a dirty one with an exclamation mark; or the name of the error. */
static const char *read_from(struct weir_db *db, const char *table)
{
	static char text[512];
	struct access access = {.table = table};
	struct weir_error err = WEIR_ERROR_INIT;
	size_t at;

	if (in_section(db, use, &access, false, &err) != WEIR_OK)
		return weir_error_name(err.code);
	at = (size_t)snprintf(text, sizeof text, "%s:",
	                      access.foreign.format == WEIR_MIGRATE_DETECT
	                          ? "none"
	                          : weir_migrate_format_name(access.foreign.format));
	for (size_t i = 0; i < access.foreign.count && at < sizeof text; i++)
		at += (size_t)snprintf(text + at, sizeof text - at, " %s", access.foreign.versions[i]);
	(void)snprintf(text + at, sizeof text - at, "%s", access.foreign.dirty ? "!" : "");
	weir__foreign_free(&access.foreign);
	return text;
}

static void write_to(struct weir_db *db, enum weir_migrate_direction direction, const char *version,
                     const char *below)
{
	struct access access = {.change = {direction, version, below}};
	struct weir_error err = WEIR_ERROR_INIT;

	if (in_section(db, use, &access, true, &err) != WEIR_OK)
		fail_msg("%s", err.message);
	weir__foreign_free(&access.foreign);
}

static void up(struct weir_db *db, const char *version)
{
	write_to(db, WEIR_MIGRATE_UP, version, "");
}

static void down(struct weir_db *db, const char *version, const char *below)
{
	write_to(db, WEIR_MIGRATE_DOWN, version, below);
}

struct made {
	const char *sql;
	const char *table;
	const char *read;
};

static const struct made tables[] = {
	{"", NULL, "none:"},
	{"", "nowhere", "none:"},
	{GOLANG_TABLE, NULL, "golang-migrate:"},
	{GOLANG_TABLE "INSERT INTO schema_migrations VALUES (7, 0)", NULL, "golang-migrate: 7"},
	{GOLANG_TABLE "INSERT INTO schema_migrations VALUES (7, 1)", NULL, "golang-migrate: 7!"},
	{GOLANG_TABLE "INSERT INTO schema_migrations VALUES (0, false)", NULL, "golang-migrate: 0"},
	{GOLANG_TABLE "INSERT INTO schema_migrations VALUES (-1, 1)", NULL, "golang-migrate:!"},
	{GOLANG_TABLE "INSERT INTO schema_migrations VALUES (20240101093000, 0)", NULL,
     "golang-migrate: 20240101093000"},
	{GOLANG_TABLE "INSERT INTO schema_migrations VALUES (1, 0), (2, 0)", NULL, "MIGRATE_FOREIGN"},
	{GOLANG_TABLE "INSERT INTO schema_migrations VALUES (-2, 0)", NULL, "MIGRATE_FOREIGN"},
	{GOLANG_TABLE "INSERT INTO schema_migrations VALUES (NULL, 0)", NULL, "MIGRATE_FOREIGN"},
	{GOLANG_TABLE "INSERT INTO schema_migrations VALUES (1, NULL)", NULL, "MIGRATE_FOREIGN"},
	{GOLANG_TABLE "INSERT INTO schema_migrations VALUES ('one', 0)", NULL, "MIGRATE_FOREIGN"},
	{"CREATE TABLE versions (version uint64,dirty bool); INSERT INTO versions VALUES (3, 0)",
     "versions", "golang-migrate: 3"},
	{DBMATE_TABLE, NULL, "dbmate:"},
	{DBMATE_TABLE "INSERT INTO schema_migrations VALUES ('10'), ('002'), ('001')", NULL,
     "dbmate: 001 002 10"},
	{DBMATE_TABLE "INSERT INTO schema_migrations VALUES ('')", NULL, "MIGRATE_FOREIGN"},
	{DBMATE_TABLE "INSERT INTO schema_migrations VALUES (NULL)", NULL, "MIGRATE_FOREIGN"},
	{DBMATE_TABLE "INSERT INTO schema_migrations VALUES ('1a')", NULL, "MIGRATE_FOREIGN"},
	{DBMATE_TABLE "INSERT INTO schema_migrations VALUES (printf('%065d', 1))", NULL,
     "MIGRATE_FOREIGN"},
	{GOOSE_TABLE, NULL, "goose:"},
	{GOOSE_TABLE "DELETE FROM goose_db_version", NULL, "goose:"},
	{GOOSE_TABLE "INSERT INTO goose_db_version (version_id, is_applied) VALUES (1, 1), (3, 1), "
                 "(2, 1)",
     NULL, "goose: 1 3 2"},
	/* Old releases added a row that is not applied; the last row counts. */
	{GOOSE_TABLE "INSERT INTO goose_db_version (version_id, is_applied) VALUES (1, 1), (2, 1), "
                 "(2, 0), (3, 1), (3, 0), (3, 1)",
     NULL, "goose: 1 3"},
	{GOOSE_TABLE "INSERT INTO goose_db_version (version_id, is_applied) VALUES (1, 1), (2, 1), "
                 "(1, 1)",
     NULL, "goose: 2 1"},
	{GOOSE_TABLE "INSERT INTO goose_db_version (version_id, is_applied) VALUES (-4, 1)", NULL,
     "MIGRATE_FOREIGN"},
	{GOLANG_TABLE GOOSE_TABLE, NULL, "MIGRATE_FOREIGN"},
	{GOLANG_TABLE GOOSE_TABLE, "goose_db_version", "goose:"},
	/* Rails, Ecto, and one that somebody made himself. */
	{"CREATE TABLE schema_migrations (version varchar NOT NULL PRIMARY KEY);"
     "CREATE TABLE ar_internal_metadata (key varchar, value varchar)",
     NULL, "MIGRATE_FOREIGN"},
	{"CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, inserted_at TEXT)", NULL,
     "MIGRATE_FOREIGN"},
	{"CREATE TABLE schema_migrations (version INTEGER)", NULL, "MIGRATE_FOREIGN"},
	{"CREATE TABLE book (title TEXT)", "book", "MIGRATE_FOREIGN"},
};

static void they_are_known_by_their_columns(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		beside(*state, tables[i].sql);
		assert_string_equal(read_from(db, tables[i].table), tables[i].read);
		beside(*state, "DROP TABLE IF EXISTS schema_migrations;"
		               "DROP TABLE IF EXISTS goose_db_version;"
		               "DROP TABLE IF EXISTS ar_internal_metadata;"
		               "DROP TABLE IF EXISTS versions; DROP TABLE IF EXISTS book");
	}
	db_end(db);
}

static void golang_migrate_has_one_row(void **state)
{
	static const char rows[] = "SELECT version || ' ' || typeof(version) || ' ' || dirty || ' ' || "
							   "typeof(dirty) FROM schema_migrations";
	struct weir_db *const db = db_make(*state, NULL);

	beside(*state, GOLANG_TABLE);
	up(db, "1");
	db_assert_rows(*state, rows, "1 integer 0 integer");
	up(db, "20240101093000");
	db_assert_rows(*state, rows, "20240101093000 integer 0 integer");
	up(db, "5"); /* out of order: the newest stays what it is */
	db_assert_rows(*state, rows, "20240101093000 integer 0 integer");
	down(db, "20240101093000", "5");
	db_assert_rows(*state, rows, "5 integer 0 integer");
	down(db, "5", "");
	db_assert_rows(*state, rows, ""); /* as it leaves the table when nothing is applied */
	assert_string_equal(read_from(db, NULL), "golang-migrate:");
	db_end(db);
}

static void a_version_too_large_for_it_is_refused(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	struct access access = {.change = {WEIR_MIGRATE_UP, "99999999999999999999", ""}};
	struct weir_error err = WEIR_ERROR_INIT;

	beside(*state, GOLANG_TABLE "INSERT INTO schema_migrations VALUES (1, 0)");
	assert_code(in_section(db, use, &access, true, &err), WEIR_ERR_MIGRATE_FOREIGN);
	weir__foreign_free(&access.foreign);
	assert_string_equal(read_from(db, NULL), "golang-migrate: 1");
	db_end(db);
}

static void dbmate_has_a_row_for_each(void **state)
{
	static const char rows[] =
		"SELECT version || ' ' || typeof(version) FROM schema_migrations ORDER BY version";
	struct weir_db *const db = db_make(*state, NULL);

	beside(*state, DBMATE_TABLE);
	up(db, "002");
	up(db, "001");
	db_assert_rows(*state, rows, "001 text,002 text");
	down(db, "002", "001");
	db_assert_rows(*state, rows, "001 text");
	down(db, "001", "");
	assert_string_equal(read_from(db, NULL), "dbmate:");
	db_end(db);
}

static void goose_has_a_log(void **state)
{
	static const char rows[] = "SELECT id || ' ' || version_id || ' ' || is_applied FROM "
							   "goose_db_version ORDER BY id";
	struct weir_db *const db = db_make(*state, NULL);

	beside(*state, GOOSE_TABLE);
	up(db, "1");
	up(db, "2");
	db_assert_rows(*state, rows, "1 0 1,2 1 1,3 2 1");
	assert_int_equal(db_number(db, "SELECT count(*) FROM goose_db_version WHERE tstamp IS NULL"),
	                 0);
	beside(*state, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (2, 0), (2, 1)");
	down(db, "2", "1");
	db_assert_rows(*state, rows, "1 0 1,2 1 1");
	down(db, "1", "");
	db_assert_rows(*state, rows, "1 0 1");
	db_end(db);
}

static void an_empty_log_of_goose_is_seeded(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	beside(*state, GOOSE_TABLE "DELETE FROM goose_db_version");
	up(db, "4");
	db_assert_rows(*state, "SELECT version_id FROM goose_db_version ORDER BY id", "0,4");
	db_end(db);
}

struct moment {
	const char *text; /* as SQL */
	int64_t seconds;
};

static void goose_tells_when(void **state)
{
	static const struct moment moments[] = {
		{"'1970-01-01 00:00:01'", 1},
		{"'2000-02-29 12:00:00'", 951825600},
		{"'2024-12-31T23:59:59Z'", 1735689599},
		{"'2025-03-01 00:00:00.123'", 1740787200},
		{"'yesterday'", 0},
		{"'2024-13-01 00:00:00'", 0},
		{"NULL", 0},
		{"17", 0},
	};
	struct weir_db *const db = db_make(*state, NULL);

	beside(*state, GOOSE_TABLE "INSERT INTO goose_db_version (version_id, is_applied) "
	                           "VALUES (1, 1)");
	for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
		struct access access = {.table = NULL};
		char sql[128];

		(void)snprintf(sql, sizeof sql, "UPDATE goose_db_version SET tstamp = %s", moments[i].text);
		beside(*state, sql);
		assert_code(in_section(db, use, &access, false, NULL), WEIR_OK);
		assert_int_equal(access.foreign.applied_at[0], moments[i].seconds);
		weir__foreign_free(&access.foreign);
	}
	db_end(db);
}

static void whether_a_version_is_applied(void **state)
{
	char one[][WEIR_MIGRATE_VERSION_MAX] = {"10"};
	char two[][WEIR_MIGRATE_VERSION_MAX] = {"1", "3"};
	const struct weir__foreign golang = {
		.format = WEIR_MIGRATE_GOLANG, .versions = one, .count = 1};
	const struct weir__foreign goose = {.format = WEIR_MIGRATE_GOOSE, .versions = two, .count = 2};
	const struct weir__foreign none = {.format = WEIR_MIGRATE_GOLANG};

	(void)state;
	assert_true(weir__foreign_has(&golang, "9"));
	assert_true(weir__foreign_has(&golang, "10"));
	assert_false(weir__foreign_has(&golang, "11"));
	assert_false(weir__foreign_has(&golang, NULL));
	assert_true(weir__foreign_has(&goose, "3"));
	assert_false(weir__foreign_has(&goose, "2"));
	assert_true(weir__foreign_has(&none, NULL));
	assert_false(weir__foreign_has(&none, "1"));
}

static void their_names_are_known(void **state)
{
	(void)state;
	assert_true(weir__foreign_is_table("schema_migrations"));
	assert_true(weir__foreign_is_table("Goose_DB_Version"));
	assert_false(weir__foreign_is_table("schema_migration"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(they_are_known_by_their_columns),
		DB_TEST(golang_migrate_has_one_row),
		DB_TEST(a_version_too_large_for_it_is_refused),
		DB_TEST(dbmate_has_a_row_for_each),
		DB_TEST(goose_has_a_log),
		DB_TEST(an_empty_log_of_goose_is_seeded),
		DB_TEST(goose_tells_when),
		cmocka_unit_test(whether_a_version_is_applied),
		cmocka_unit_test(their_names_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
