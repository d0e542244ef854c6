/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Statements that must go on working: read from scripts and JSON, and what is refused.
 */
#include "catalog_fixture.h"

#include <stdlib.h>
#include <unistd.h>

#include "manifest.h"

struct files {
	char folder[64];
	char path[96]; /* of the only file */
	struct catalog_db made;
};

static int set_up(void **state)
{
	struct files *const files = calloc(1, sizeof *files);

	assert_non_null(files);
	(void)snprintf(files->folder, sizeof files->folder, "/tmp/weir_manifest_XXXXXX");
	assert_non_null(mkdtemp(files->folder));
	(void)snprintf(files->path, sizeof files->path, "%s/app.sql", files->folder);
	catalog_open(&files->made, "CREATE TABLE t (a, b)");
	catalog_let_go(&files->made);
	*state = files;
	return 0;
}

static int tear_down(void **state)
{
	struct files *const files = *state;

	catalog_close(&files->made);
	(void)unlink(files->path);
	assert_int_equal(rmdir(files->folder), 0);
	free(files);
	return 0;
}

static enum weir_code read_bytes(struct files *files, const void *bytes, size_t length,
                                 struct weir__manifest **manifest, struct weir_error *err)
{
	FILE *const file = fopen(files->path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
	return weir__manifest_read(manifest, files->made.db, files->path, err);
}

static enum weir_code read_text(struct files *files, const char *text,
                                struct weir__manifest **manifest, struct weir_error *err)
{
	return read_bytes(files, text, strlen(text), manifest, err);
}

/* The statements of text, each with its line before it, joined by bars. */
static void assert_statements(struct files *files, const char *text, const char *expected)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir__text joined = {0};
	struct weir__manifest *manifest;

	if (read_text(files, text, &manifest, &err) != WEIR_OK)
		fail_msg("%s", err.message);
	weir__text_put(&joined, "");
	for (size_t i = 0; i < manifest->count; i++)
		weir__text_printf(&joined, "%s%u:%s", i == 0 ? "" : "|", manifest->items[i].line,
		                  manifest->items[i].sql);
	assert_string_equal(joined.bytes, expected);
	assert_int_equal(weir__manifest_count(manifest), manifest->count);
	weir__text_free(&joined);
	weir__manifest_free(manifest);
}

/* ---- scripts ---- */

static const struct {
	const char *text;
	const char *statements;
} scripts[] = {
	{"", ""},
	{"\xef\xbb\xbf", ""},
	{" -- nothing\n/* at all */ ;\n;", ""},
	{"SELECT a FROM t", "1:SELECT a FROM t"},
	{"\xef\xbb\xbfSELECT a FROM t;\r\n", "1:SELECT a FROM t"},
	{"SELECT a\nFROM t;\n\n-- why\nSELECT b FROM t;", "1:SELECT a\nFROM t|5:SELECT b FROM t"},
	{"SELECT ';' FROM t; SELECT 2", "1:SELECT ';' FROM t|1:SELECT 2"},
	{"CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT CASE WHEN 1 THEN 2 END; SELECT 1; END;\n"
     "SELECT 1",
     "1:CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT CASE WHEN 1 THEN 2 END; SELECT 1; END|"
     "2:SELECT 1"},
	/* what the engine refuses */
	{"SELECT gone FROM t;\nSELECT a FROM t", "1:SELECT gone FROM t|2:SELECT a FROM t"},
	{"SELEC 1 ';' \";\" /*;*/;\nSELECT 1", "1:SELEC 1 ';' \";\" /*;*/|2:SELECT 1"},
	{"SELEC 'never ends;\nSELECT 1", "1:SELEC 'never ends;\nSELECT 1"},
	{"SELECT 1; )", "1:SELECT 1|1:)"},
	/* settings are none */
	{"PRAGMA foreign_keys = ON; pragma user_version; /* */ PRAGMA\"x\"; SELECT 1", "1:SELECT 1"},
	{"PRAGMAS", "1:PRAGMAS"},
	/* twice is once */
	{"SELECT 2;\nSELECT 1;\nSELECT 2;", "1:SELECT 2|2:SELECT 1"},
};

static void a_script_is_taken_apart(void **state)
{
	for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++)
		assert_statements(*state, scripts[i].text, scripts[i].statements);
}

static enum weir_code take_number(void *arg, const struct weir_sql_value *row, uint32_t columns,
                                  struct weir_error *err)
{
	int64_t *const number = arg;

	(void)err;
	assert_int_equal(columns, 1);
	*number = weir__value_int64(row);
	return WEIR_OK;
}

/* A PRAGMA takes effect as it is prepared; reading a file must not do that. */
static void reading_a_script_changes_no_setting(void **state)
{
	struct files *const files = *state;
	struct weir__manifest *manifest;
	int64_t alike = 0;

	assert_code(read_text(files, "/**/ PRAGMA case_sensitive_like = ON;", &manifest, NULL),
	            WEIR_OK);
	weir__manifest_free(manifest);
	catalog_hold(&files->made);
	assert_code(weir__session_query(&files->made.session, "SELECT 'a' LIKE 'A'", NULL, 0,
	                                take_number, &alike, NULL),
	            WEIR_OK);
	assert_int_equal(alike, 1);
	catalog_let_go(&files->made);
}

/* ---- JSON ---- */

static const struct {
	const char *text;
	const char *statements;
} documents[] = {
	{"{\"weir_statements\":1,\"statements\":[]}", ""},
	{"{\"statements\":[\"SELECT 1\"],\"weir_statements\":1}", "1:SELECT 1"},
	{" {\n\"weir_statements\" : 1 ,\n\"statements\" : [\n \"SELECT 1\" ,\n \"SELECT 2\" ] } \n",
     "4:SELECT 1|5:SELECT 2"},
	{"{\"weir_statements\":1,\"statements\":[\"\",\" -- x\",\"PRAGMA x\",\"SELECT 1;\"]}",
     "1:SELECT 1"},
	{"{\"weir_statements\":1,\"statements\":[\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\"]}",
     "1:a\"\\/\b\f\n\r\tz"},
	{"{\"weir_statements\":1,\"statements\":[\"\\u0041\\u00e4\\u20AC\\ud83d\\ude00.\"]}",
     "1:A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80."},
	{"{\"weir_\\u0073tatements\":1,\"statements\":[\"{}[]:,\"]}", "1:{}[]:,"},
};

static void a_document_is_read(void **state)
{
	for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++)
		assert_statements(*state, documents[i].text, documents[i].statements);
}

#define AHEAD "{\"weir_statements\":1,\"statements\":["

static const struct {
	const char *text;
	const char *message;
} bad_documents[] = {
	{"{", ":1: a string is missing"},
	{"{}", "a string is missing"},
	{"{\"weir_statements\":2,\"statements\":[]}", "not 1, the version that this weir knows"},
	{"{\"weir_statements\":10,\"statements\":[]}", "not 1, the version"},
	{"{\"weir_statements\":\"1\",\"statements\":[]}", "not 1, the version"},
	{"{\"weir_statements\":1.0,\"statements\":[]}", "the object does not end"},
	{"{\"weir_statements\":-1,\"statements\":[]}", "not 1, the version"},
	{"{\"weir_statements\":1}", "a member is missing"},
	{"{\"statements\":[]}", "a member is missing"},
	{"{\"weir_statements\":1,\"weir_statements\":1,\"statements\":[]}", "there twice"},
	{"{\"weir_statements\":1,\"more\":[]}", "which weir does not know"},
	{"{\"weir_statements\" 1}", "a colon is missing"},
	{"{\"weir_statements\":1,\"statements\":{}}", "statements is not an array"},
	{"{\"weir_statements\":1,\n\"statements\":[1]}", ":2: a string is missing"},
	{AHEAD "\"a\",]}", "a string is missing"},
	{AHEAD "\"a\" \"b\"]}", "the array does not end"},
	{AHEAD "\"a\"", "the array does not end"},
	{AHEAD "\"a\"]", "the object does not end"},
	{AHEAD "\"a\"]} x", "something follows the object"},
	{AHEAD "\"a\"],}", "a string is missing"},
	{AHEAD "\"a", "a string does not end"},
	{AHEAD "\"a\\", "an escape is not one"},
	{AHEAD "\"a\nb\"]}", "bare control character"},
	{AHEAD "\"\\x\"]}", "an escape is not one"},
	{AHEAD "\"\\u12g4\"]}", "an escape is not one"},
	{AHEAD "\"\\u12\"]}", "an escape is not one"},
	{AHEAD "\"\\u0000\"]}", "an escape is not one"},
	{AHEAD "\"\\ude00\"]}", "an escape is not one"},
	{AHEAD "\"\\ud83d\"]}", "an escape is not one"},
	{AHEAD "\"\\ud83dxx\"]}", "an escape is not one"},
	{AHEAD "\"\\ud83d\\u0041\"]}", "an escape is not one"},
};

static void another_document_is_refused(void **state)
{
	struct files *const files = *state;

	for (size_t i = 0; i < sizeof bad_documents / sizeof bad_documents[0]; i++) {
		struct weir__manifest *manifest = (struct weir__manifest *)(uintptr_t)1;
		struct weir_error err = WEIR_ERROR_INIT;

		assert_code(read_text(files, bad_documents[i].text, &manifest, &err),
		            WEIR_ERR_MIGRATE_SOURCE);
		assert_null(manifest);
		assert_has(err.message, bad_documents[i].message);
		assert_has(err.message, files->path);
	}
}

/* ---- files that are none ---- */

static void what_is_no_file_is_refused(void **state)
{
	struct files *const files = *state;
	struct weir__manifest *manifest;
	struct weir_error err = WEIR_ERROR_INIT;

	assert_code(weir__manifest_read(&manifest, files->made.db, "/none/there", &err), WEIR_ERR_IO);
	assert_has(err.message, "/none/there");
	assert_null(manifest);
	assert_code(weir__manifest_read(&manifest, files->made.db, files->folder, &err), WEIR_ERR_IO);
	assert_null(manifest);
	assert_code(read_bytes(files, "SELECT\0 1", 9, &manifest, &err), WEIR_ERR_MIGRATE_SOURCE);
	assert_has(err.message, "NUL");
	assert_code(read_text(files, "SELECT '\xff'", &manifest, &err), WEIR_ERR_MIGRATE_SOURCE);
	assert_has(err.message, "UTF-8");
	assert_null(manifest);
	assert_code(weir__manifest_read(&manifest, NULL, files->path, &err), WEIR_ERR_BAD_ARGUMENT);
	weir__manifest_free(NULL);
	assert_int_equal(weir__manifest_count(NULL), 0);
}

/* ---- what a db has recorded ---- */

static void what_a_db_has_recorded_is_there_too(void **state)
{
	struct files *const files = *state;
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir__manifest *manifest;
	bool found = false;

	assert_code(weir_db_exec(files->made.db, "DELETE FROM t WHERE a = 7", NULL, 0, NULL, &err),
	            WEIR_OK);
	assert_code(weir_db_exec(files->made.db, "DELETE FROM t WHERE a = 8", NULL, 0, NULL, &err),
	            WEIR_OK);
	assert_code(read_text(files, "\nDELETE FROM t WHERE a = 8;", &manifest, &err), WEIR_OK);
	for (size_t i = 0; i < manifest->count; i++) {
		const struct weir__manifest_item *const item = &manifest->items[i];

		if (strcmp(item->sql, "DELETE FROM t WHERE a = 8") == 0)
			assert_int_equal(item->line, 2);
		if (strcmp(item->sql, "DELETE FROM t WHERE a = 7") == 0) {
			assert_int_equal(item->line, 0);
			found = true;
		}
	}
	assert_true(found);
	weir__manifest_free(manifest);
	assert_code(weir__manifest_read(&manifest, files->made.db, NULL, &err), WEIR_OK);
	assert_true(weir__manifest_count(manifest) >= 2);
	weir__manifest_free(manifest);
}

#define MANIFEST_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MANIFEST_TEST(a_script_is_taken_apart),
		MANIFEST_TEST(reading_a_script_changes_no_setting),
		MANIFEST_TEST(a_document_is_read),
		MANIFEST_TEST(another_document_is_refused),
		MANIFEST_TEST(what_is_no_file_is_refused),
		MANIFEST_TEST(what_a_db_has_recorded_is_there_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
