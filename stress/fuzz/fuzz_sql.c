/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The input is a text of SQL statements. Three readings of it are compared, each of
 * which begins with an empty database in memory, and is rolled back:
 *
 *   reference  a loop over sqlite3_prepare_v2 and its tail
 *   driver     the same loop over weir/sql.h, as a script is split by whoever runs
 *              one through weir
 *   pieces     the statements that the reference found, one at a time, through
 *              weir_tx_query and the statement cache
 *
 * They must find the same statements at the same places, the same rows, the same
 * first error, and leave the same schema. And weir_tx_exec, which takes one
 * statement, must take the text exactly if the reference finds one in it.
 */
#include "fuzz_check.h"
#include "fuzz_sql_bounds.h"

#include <stdlib.h>
#include <string.h>

#include <weir/db.h>
#include <weir/sqlite.h>

#define STATEMENTS_MAX 64
#define ROWS_MAX 100

/* One statement of the text, or the error that ended it. */
struct piece {
	size_t begin;
	size_t end;
	uint32_t parameters;
	uint32_t columns;
	uint32_t rows;
	uint64_t values; /* a hash of the names of the columns, and of the rows */
	int error;       /* SQLite's extended code; 0: none */
	bool explains;   /* the values tell of the inside of SQLite, which differs */
};

struct reading {
	struct piece pieces[STATEMENTS_MAX];
	uint32_t count;
	uint64_t schema;
	bool whole; /* read to its end, all of it without an error */
};

/* A database in memory, its writer held. */
struct place {
	struct weir_db *db;
	struct weir_tx tx;
	sqlite3 *handle;
	void *conn;
	struct fuzz_sql_bounds bounds;
};

static void open_place(struct place *place)
{
	struct weir_config config;

	weir_config_init(&config, weir_sqlite_driver());
	memcpy(config.path, ":memory:", sizeof(":memory:"));
	config.keeper = WEIR_KEEPER_MANUAL;
	config.statement_cache = 4;
	memset(place, 0, sizeof(*place));
	FUZZ_CHECK(weir_db_create(&place->db, weir_sqlite_driver(), &config, NULL, NULL) == WEIR_OK);
}

/* Begin on what is an empty database, with the bounds anew. */
static void enter(struct place *place)
{
	FUZZ_CHECK(weir_write_begin(place->db, NULL, &place->tx, NULL) == WEIR_OK);
	place->handle = weir_sqlite_tx_handle(&place->tx);
	place->conn = weir_tx_driver_conn(&place->tx, weir_sqlite_driver());
	fuzz_sql_bound(&place->bounds, place->handle);
}

/* End, and undo what was done: weir rolls back, which the bounds refuse. */
static void leave(struct place *place)
{
	(void)sqlite3_set_authorizer(place->handle, NULL, NULL);
	weir_tx_end(&place->tx);
}

/* ---- hashes ---- */

static void mix(uint64_t *hash, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;

	*hash = (*hash ^ length) * UINT64_C(0x9e3779b97f4a7c15);
	for (size_t i = 0; i < length; i++)
		*hash = (*hash ^ at[i]) * UINT64_C(0x100000001b3);
}

static void mix_text(uint64_t *hash, const char *text)
{
	mix(hash, text != NULL ? text : "", text != NULL ? strlen(text) : 0);
}

static void mix_row(uint64_t *hash, sqlite3_stmt *stmt)
{
	const int columns = sqlite3_data_count(stmt);

	for (int i = 0; i < columns; i++) {
		const int type = sqlite3_column_type(stmt, i);
		const int64_t number = type == SQLITE_INTEGER ? sqlite3_column_int64(stmt, i) : 0;
		const double real = type == SQLITE_FLOAT ? sqlite3_column_double(stmt, i) : 0;
		const void *bytes = NULL;

		if (type == SQLITE_TEXT)
			bytes = sqlite3_column_text(stmt, i);
		else if (type == SQLITE_BLOB)
			bytes = sqlite3_column_blob(stmt, i);
		mix(hash, &number, sizeof(number));
		mix(hash, &real, sizeof(real));
		mix(hash, bytes != NULL ? bytes : "",
		    bytes != NULL ? (size_t)sqlite3_column_bytes(stmt, i) : 0);
	}
}

static void mix_value(uint64_t *hash, const struct weir_sql_value *value)
{
	const bool has_bytes = value->type == WEIR_SQL_TEXT || value->type == WEIR_SQL_BLOB;
	const int64_t number = value->type == WEIR_SQL_INT64 ? value->as.int64 : 0;
	const double real = value->type == WEIR_SQL_DOUBLE ? value->as.real : 0;

	mix(hash, &number, sizeof(number));
	mix(hash, &real, sizeof(real));
	if (has_bytes)
		FUZZ_CHECK(value->as.data.bytes != NULL);
	mix(hash, has_bytes ? value->as.data.bytes : "", has_bytes ? value->as.data.length : 0);
}

/* What SQLite itself says of the schema, which is read with the bounds lifted. */
static uint64_t schema_of(struct place *place)
{
	static const char sql[] = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid";
	sqlite3_stmt *stmt = NULL;
	uint64_t hash = 0;

	place->bounds.left = UINT32_MAX;
	FUZZ_CHECK(sqlite3_prepare_v2(place->handle, sql, -1, &stmt, NULL) == SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW)
		mix_row(&hash, stmt);
	FUZZ_CHECK(sqlite3_finalize(stmt) == SQLITE_OK);
	return hash;
}

/* ---- reference ---- */

static void run_reference(sqlite3_stmt *stmt, struct piece *piece)
{
	int rc = SQLITE_ROW;

	while (rc == SQLITE_ROW && piece->rows < ROWS_MAX) {
		rc = sqlite3_step(stmt);
		if (rc == SQLITE_ROW) {
			piece->rows++;
			mix_row(&piece->values, stmt);
		}
	}
	piece->columns = (uint32_t)sqlite3_column_count(stmt);
	for (uint32_t i = 0; i < piece->columns; i++)
		mix_text(&piece->values, sqlite3_column_name(stmt, (int)i));
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		piece->error = rc;
}

/* run: step them; else only how many there are. */
static void read_reference(struct place *place, const char *text, size_t length, bool run,
                           struct reading *reading)
{
	size_t at = 0;

	memset(reading, 0, sizeof(*reading));
	while (at < length && reading->count < STATEMENTS_MAX) {
		struct piece *piece = &reading->pieces[reading->count];
		sqlite3_stmt *stmt = NULL;
		const char *rest = NULL;

		piece->begin = at;
		piece->error =
			sqlite3_prepare_v2(place->handle, text + at, (int)(length - at), &stmt, &rest);
		if (piece->error == SQLITE_OK)
			at = (size_t)(rest - text);
		piece->end = at;
		piece->parameters = (uint32_t)sqlite3_bind_parameter_count(stmt);
		piece->explains = sqlite3_stmt_isexplain(stmt) != 0;
		if (stmt != NULL && run)
			run_reference(stmt, piece);
		reading->count += stmt != NULL || piece->error != SQLITE_OK;
		(void)sqlite3_finalize(stmt);
		if (piece->error != SQLITE_OK)
			return;
	}
	reading->whole = at == length;
}

/* ---- driver ---- */

static void mix_columns(const struct weir_sql *sql, void *stmt, struct piece *piece)
{
	for (uint32_t i = 0; i < piece->columns; i++) {
		struct weir_sql_value value = weir_null();

		FUZZ_CHECK(sql->column(stmt, i, &value, NULL) == WEIR_OK);
		mix_value(&piece->values, &value);
	}
}

static void run_driver(const struct weir_sql *sql, void *stmt, struct piece *piece)
{
	enum weir_sql_step reached = WEIR_STEP_ROW;
	struct weir_error err = WEIR_ERROR_INIT;
	enum weir_code code = WEIR_OK;

	piece->parameters = sql->parameters(stmt);
	while (code == WEIR_OK && reached == WEIR_STEP_ROW && piece->rows < ROWS_MAX) {
		code = sql->step(stmt, &reached, &err);
		piece->columns = sql->columns(stmt);
		if (code == WEIR_OK && reached == WEIR_STEP_ROW) {
			piece->rows++;
			mix_columns(sql, stmt, piece);
		}
	}
	for (uint32_t i = 0; i < piece->columns; i++)
		mix_text(&piece->values, sql->column_name(stmt, i));
	FUZZ_CHECK(sql->column_name(stmt, piece->columns) == NULL);
	if (code != WEIR_OK)
		piece->error = err.driver_code;
}

static void read_driver(struct place *place, const char *text, size_t length,
                        struct reading *reading)
{
	const struct weir_sql *sql = weir_sqlite_driver()->sql;
	size_t at = 0;

	memset(reading, 0, sizeof(*reading));
	while (at < length && reading->count < STATEMENTS_MAX) {
		struct piece *piece = &reading->pieces[reading->count];
		struct weir_error err = WEIR_ERROR_INIT;
		void *stmt = NULL;
		size_t tail = 0;
		const enum weir_code code =
			sql->prepare(place->conn, text + at, length - at, &stmt, &tail, &err);

		piece->begin = at;
		piece->error = code != WEIR_OK ? err.driver_code : 0;
		FUZZ_CHECK(code == WEIR_OK || (stmt == NULL && piece->error != 0));
		FUZZ_CHECK(code != WEIR_OK || (tail > 0 && tail <= length - at));
		if (code == WEIR_OK)
			at += tail;
		piece->end = at;
		if (stmt != NULL)
			run_driver(sql, stmt, piece);
		reading->count += stmt != NULL || code != WEIR_OK;
		sql->finalize(stmt);
		if (piece->error != 0)
			return;
	}
	reading->whole = at == length;
}

/* ---- comparison ---- */

/* a is the reference's. */
static void compare_piece(const struct piece *a, const struct piece *b)
{
	FUZZ_CHECK(a->begin == b->begin);
	FUZZ_CHECK(a->end == b->end);
	FUZZ_CHECK(a->error == b->error);
	FUZZ_CHECK(a->parameters == b->parameters);
	FUZZ_CHECK(a->columns == b->columns);
	FUZZ_CHECK(a->rows == b->rows);
	FUZZ_CHECK(a->explains || a->values == b->values);
}

static void compare(const struct reading *reference, const struct reading *other)
{
	for (uint32_t i = 0; i < reference->count && i < other->count; i++)
		compare_piece(&reference->pieces[i], &other->pieces[i]);
	FUZZ_CHECK(reference->count == other->count);
	FUZZ_CHECK(reference->whole == other->whole);
	FUZZ_CHECK(reference->schema == other->schema);
}

/* ---- through weir_db ---- */

/* A copy of its own length, terminated. */
static char *copy_of(const char *text, size_t length)
{
	char *copy = malloc(length + 1);

	if (copy == NULL)
		abort();
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

/* One statement, by text; parameters are bound to NULL, as those of the reference
 * are that nobody binds. */
static void run_piece(struct place *place, const char *text, const struct piece *wanted)
{
	struct weir_sql_value nulls[64];
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_rows rows;
	enum weir_code code;
	uint32_t count = 0;

	memset(nulls, 0, sizeof(nulls));
	code = weir_tx_query(&place->tx, text, nulls, wanted->parameters, &rows, &err);
	while (code == WEIR_OK && count < ROWS_MAX && weir_rows_next(&rows, &code, &err))
		count++;
	weir_rows_end(&rows);
	FUZZ_CHECK(code == WEIR_OK ? wanted->error == 0 : wanted->error == err.driver_code);
	FUZZ_CHECK(count == wanted->rows);
}

static void run_pieces(struct place *place, const char *text, const struct reading *wanted)
{
	for (uint32_t i = 0; i < wanted->count; i++) {
		const struct piece *piece = &wanted->pieces[i];

		if (piece->end == piece->begin)
			return; /* an error: where the text of that statement ends is not known */
		char *copy = copy_of(text + piece->begin, piece->end - piece->begin);

		run_piece(place, copy, piece);
		free(copy);
	}
	FUZZ_CHECK(schema_of(place) == wanted->schema);
}

/* The whole text as one statement. */
static void run_whole(struct place *place, const char *text, size_t length,
                      const struct reading *wanted)
{
	char *copy = copy_of(text, length);
	const bool is_one = wanted->whole && wanted->count == 1;
	const bool takes_none = is_one && wanted->pieces[0].parameters == 0;
	struct weir_error err = WEIR_ERROR_INIT;
	const enum weir_code code = weir_tx_exec(&place->tx, copy, NULL, 0, NULL, &err);

	if (!is_one || !takes_none)
		FUZZ_CHECK(code == WEIR_ERR_DRIVER_SQL);
	else if (code == WEIR_ERR_DRIVER_SQL)
		FUZZ_CHECK(err.driver_code != 0); /* SQLite's word, not weir's */
	free(copy);
}

static void check_text(struct place *place, const char *text, size_t length)
{
	static struct reading reference;
	static struct reading driver;

	enter(place);
	read_reference(place, text, length, true, &reference);
	reference.schema = schema_of(place);
	leave(place);
	enter(place);
	read_driver(place, text, length, &driver);
	driver.schema = schema_of(place);
	leave(place);
	compare(&reference, &driver);
	enter(place);
	run_pieces(place, text, &reference);
	leave(place);
	enter(place);
	read_reference(place, text, length, false, &reference);
	run_whole(place, text, length, &reference);
	leave(place);
}

/* SQLite reads no further than a NUL byte; weir must say so. */
static void check_nul(struct place *place, const char *text, size_t size)
{
	void *stmt = NULL;
	size_t tail = 0;

	enter(place);
	FUZZ_CHECK(weir_sqlite_driver()->sql->prepare(place->conn, text, size, &stmt, &tail, NULL) ==
	           WEIR_ERR_DRIVER_SQL);
	FUZZ_CHECK(stmt == NULL);
	leave(place);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = size > 0 ? (const char *)data : "";
	const size_t length = strnlen(text, size);
	struct place place;

	open_place(&place);
	if (length < size)
		check_nul(&place, text, size);
	check_text(&place, text, length);
	FUZZ_CHECK(weir_db_close(place.db, NULL) == WEIR_OK);
	weir_db_destroy(place.db);
	return 0;
}
