/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Schemas and statements without memory: every allocation fails once, and each time the
 * call says so, leaves nothing behind and can be made again.
 */
#include "catalog_fixture.h"

#include <stdlib.h>
#include <unistd.h>

#include "manifest.h"
#include "refused_memory.h"

/* Let the nth allocation of call fail, for every n that it comes to. */
static void sweep(enum weir_code (*call)(void *arg, struct weir_error *err), void *arg)
{
	enum weir_code code = WEIR_ERR_NO_MEMORY;
	size_t nth;

	for (nth = 1; code != WEIR_OK; nth++) {
		struct weir_error err = WEIR_ERROR_INIT;

		until_failure = nth;
		code = call(arg, &err);
		until_failure = 0;
		if (code != WEIR_OK) {
			assert_code(code, WEIR_ERR_NO_MEMORY);
			assert_has(err.message, "memory");
		}
	}
	assert_true(nth > 3);
}

static const char schema[] = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT DEFAULT 'x');"
							 "CREATE TABLE u (c);"
							 "CREATE INDEX t_a ON t (a);"
							 "CREATE VIEW v AS SELECT a FROM t;"
							 "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END;"
							 "CREATE TABLE weir_schema_history (id BIGINT);";
static const char other[] = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT);"
							"CREATE TABLE w (c);"
							"CREATE TABLE x (d)";

/* ---- catalogs ---- */

static enum weir_code read_catalog(void *session, struct weir_error *err)
{
	struct weir__catalog catalog;
	const enum weir_code code = weir__catalog_read(session, CATALOG_HISTORY, &catalog, err);

	assert_int_equal(catalog.count != 0, code == WEIR_OK);
	weir__catalog_free(&catalog);
	return code;
}

static void a_catalog_is_read_or_not_at_all(void **state)
{
	struct catalog_db made;

	(void)state;
	catalog_open(&made, schema);
	sweep(read_catalog, &made.session);
	catalog_close(&made);
}

struct two {
	struct weir__catalog left;
	struct weir__catalog right;
};

static enum weir_code told(bool all, struct weir_error *err)
{
	return all ? WEIR_OK : weir_fail(err, WEIR_ERR_NO_MEMORY, "test", 0, "no memory");
}

static enum weir_code differences(void *arg, struct weir_error *err)
{
	struct two *const two = arg;
	struct weir_migrate_report *const report = weir__report_new();
	const bool all = report != NULL && weir__catalog_differences(&two->left, &two->right, report);

	weir_migrate_report_free(report);
	return told(all, err);
}

static enum weir_code contractions(void *arg, struct weir_error *err)
{
	struct two *const two = arg;
	struct weir_migrate_report *const report = weir__report_new();
	const bool all = report != NULL &&
	                 weir__catalog_contractions(&two->left, &two->right, report, "1");

	weir_migrate_report_free(report);
	return told(all, err);
}

static void findings_are_all_there_or_it_is_said(void **state)
{
	struct two two;

	(void)state;
	catalog_of(&two.left, schema);
	catalog_of(&two.right, other);
	sweep(differences, &two);
	sweep(contractions, &two);
	weir__catalog_free(&two.left);
	weir__catalog_free(&two.right);
}

/* ---- dumps ---- */

static enum weir_code dump(void *arg, struct weir_error *err)
{
	static struct catalog_sink sink;
	const struct weir_writer writer = catalog_writer(&sink);

	return weir_migrate_dump(arg, NULL, false, &writer, err);
}

static void a_dump_is_whole_or_fails(void **state)
{
	struct catalog_db made;

	(void)state;
	catalog_open(&made, schema);
	catalog_let_go(&made);
	sweep(dump, made.db);
	catalog_close(&made);
}

/* ---- statements ---- */

struct source {
	struct weir_db *db;
	char path[64];
};

static enum weir_code read_statements(void *arg, struct weir_error *err)
{
	const struct source *const source = arg;
	struct weir__manifest *manifest;
	const enum weir_code code = weir__manifest_read(&manifest, source->db, source->path, err);

	assert_int_equal(manifest != NULL, code == WEIR_OK);
	weir__manifest_free(manifest);
	return code;
}

/* fopen allocates inside the C library, which the linker does not reach. */
static void statements_are_read_or_not_at_all(void **state)
{
	static const char *const texts[] = {
		"SELECT a FROM t; SELEC 1; PRAGMA x; SELECT a FROM t",
		"{\"weir_statements\":1,\"statements\":[\"SELECT \\u00e4\",\"SELECT 2\"]}",
	};
	struct source source = {.path = "/tmp/weir_statements_XXXXXX"};
	const int descriptor = mkstemp(source.path);
	struct catalog_db made;

	(void)state;
	assert_true(descriptor >= 0);
	catalog_open(&made, schema);
	catalog_let_go(&made);
	source.db = made.db;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		const size_t length = strlen(texts[i]);

		assert_int_equal(ftruncate(descriptor, 0), 0);
		assert_int_equal(pwrite(descriptor, texts[i], length, 0), (ssize_t)length);
		sweep(read_statements, &source);
	}
	assert_int_equal(close(descriptor), 0);
	assert_int_equal(unlink(source.path), 0);
	catalog_close(&made);
}

struct looking {
	struct catalog_db made;
	struct weir__manifest *manifest;
};

static enum weir_code look_before(void *arg, struct weir_error *err)
{
	struct looking *const looking = arg;

	return weir__manifest_before(looking->manifest, &looking->made.session, err);
}

static enum weir_code look_after(void *arg, struct weir_error *err)
{
	struct looking *const looking = arg;
	struct weir_migrate_report *const report = weir__report_new();
	enum weir_code code = told(report != NULL, err);

	for (size_t i = 0; i < looking->manifest->count; i++)
		looking->manifest->items[i].told = false;
	if (code == WEIR_OK)
		code = weir__manifest_after(looking->manifest, &looking->made.session, report, "1", err);
	if (code == WEIR_OK)
		assert_int_equal(catalog_findings(report), looking->manifest->count);
	weir_migrate_report_free(report);
	return code;
}

static void statements_are_looked_at_or_it_is_said(void **state)
{
	static const char *const statements[] = {
		"SELECT gone FROM t", "SELECT b FROM t WHERE a = ?", "SELECT c FROM u",
		"SELECT * FROM t",    "SELECT a FROM t WHERE b = 1",
	};
	struct looking looking = {.manifest = calloc(1, sizeof *looking.manifest)};

	(void)state;
	assert_non_null(looking.manifest);
	looking.manifest->path = strdup("app.sql");
	for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++)
		assert_true(weir__manifest_add(looking.manifest, statements[i], strlen(statements[i]), 1));
	catalog_open(&looking.made, schema);
	sweep(look_before, &looking);
	catalog_run(&looking.made, "DROP INDEX t_a; DROP TABLE u; ALTER TABLE t ADD COLUMN d;"
	                           "CREATE INDEX t_b ON t (b)");
	sweep(look_after, &looking);
	weir__manifest_free(looking.manifest);
	catalog_close(&looking.made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_catalog_is_read_or_not_at_all),
		cmocka_unit_test(findings_are_all_there_or_it_is_said),
		cmocka_unit_test(a_dump_is_whole_or_fails),
		cmocka_unit_test(statements_are_read_or_not_at_all),
		cmocka_unit_test(statements_are_looked_at_or_it_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
