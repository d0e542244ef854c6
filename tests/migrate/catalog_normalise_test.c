/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SQL text without what formatting can change, and where statements end.
 */
#include "unit_check.h"

#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "sql_piece.h"

struct pair {
	const char *sql;
	const char *normal;
};

static const struct pair pairs[] = {
	{"", ""},
	{" \n\t", ""},
	{"-- all of it", ""},
	{"/* never ends", ""},
	{"SELECT\n\t1", "select 1"},
	{"  SELECT 1  ", "select 1"},
	{"CREATE TABLE t ( a INT , b INT )", "create table t(a int,b int)"},
	{"CREATE TABLE t(a INT, -- the first\n b /* second */ INT)", "create table t(a int,b int)"},
	{"a/**/b", "a b"},
	{"a--\nb", "a b"},
	/* what is in quotes */
	{"DEFAULT 'A  -- b'", "default 'A  -- b'"},
	{"'it''s  A' X", "'it''s  A' x"},
	{"\"A  b\" [C  d] `E  f` G", "\"A  b\" [C  d] `E  f` g"},
	{"'/*' A '*/'", "'/*' a '*/'"},
	{"'never  Ends", "'never  Ends"},
	{"\"a\"\"B\"  C", "\"a\"\"B\" c"},
	/* signs do not become a comment */
	{"1 / * 2", "1/ *2"},
	{"1 - -1", "1- -1"},
	{"1 - /* */ -1", "1- -1"},
	{"1 - 1", "1-1"},
	/* a word before quotes is not joined with them */
	{"SELECT X 'ab'", "select x 'ab'"},
	{"SELECT X'ab'", "select x'ab'"},
	/* the name of a table that was renamed */
	{"CREATE TABLE \"t2\"(a)", "create table t2(a)"},
	{"CREATE TABLE [T2] (a)", "create table t2(a)"},
	{"CREATE TABLE \"t 2\"(a)", "create table \"t 2\"(a)"},
	{"CREATE TABLE \"2t\"(a)", "create table \"2t\"(a)"},
	{"CREATE TABLE \"\"(a)", "create table \"\"(a)"},
	{"CREATE INDEX \"i\" ON \"t\"(a)", "create index \"i\" on \"t\"(a)"},
	/* letters that are none of ASCII */
	{"\xc3\x84 \xc3\xa4", "\xc3\x84 \xc3\xa4"},
};

static void only_formatting_is_lost(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		char *const normal = weir__catalog_normalise(pairs[i].sql);

		assert_non_null(normal);
		assert_string_equal(normal, pairs[i].normal);
		free(normal);
	}
}

/* Normal text is its own normal form: nothing is left to be lost. */
static void a_second_time_changes_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		char *const normal = weir__catalog_normalise(pairs[i].normal);

		assert_string_equal(normal, pairs[i].normal);
		free(normal);
	}
}

static void squeezed_text_keeps_its_letters(void **state)
{
	char *const text = weir__sql_squeeze("CREATE TABLE T ( UserId  INT ) -- yes");

	(void)state;
	assert_string_equal(text, "CREATE TABLE T(UserId INT)");
	free(text);
}

static const struct {
	const char *text;
	size_t begin;
	size_t end;
} statements[] = {
	{"", 0, 0},      {"a;b", 0, 2},
	{"a", 0, 1},     {" -- x;\n a;b", 8, 10},
	{"';';b", 0, 4}, {"\";\" `;` [;] /*;*/ --;\n;b", 0, 23},
};

static void a_statement_ends_at_a_semicolon_of_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
		assert_int_equal(weir__sql_begin(statements[i].text), statements[i].begin);
		assert_int_equal(weir__sql_end(statements[i].text), statements[i].end);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_formatting_is_lost),
		cmocka_unit_test(a_second_time_changes_nothing),
		cmocka_unit_test(squeezed_text_keeps_its_letters),
		cmocka_unit_test(a_statement_ends_at_a_semicolon_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
