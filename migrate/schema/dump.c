/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A schema as the script that makes it: the same schema, the same bytes. See
 * weir/migrate.h.
 */
#include "catalog.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include <weir/version.h>

#include "history.h"
#include "text.h"

#define WHERE "migrate.dump"

struct dump {
	const struct weir__session *session;
	const char *table; /* of the history */
	const struct weir_writer *writer;
	struct weir__text text; /* a piece of the script, until it is written */
	bool found;             /* the history */
};

/* Write what is in text. */
static enum weir_code flush(struct dump *dump, struct weir_error *err)
{
	struct weir__text *const text = &dump->text;

	if (text->failed)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for a line");
	if (text->length != 0 && !dump->writer->write(dump->writer->arg, text->bytes, text->length))
		return weir_fail(err, WEIR_ERR_IO, WHERE, 0, "the writer gave up");
	text->length = 0;
	return WEIR_OK;
}

/* ---- objects ---- */

/* What it is made with may end with a comment, to the end of the line. */
static void put_object(struct weir__text *text, const char *sql)
{
	weir__text_printf(text, "\n%s%s;\n", sql, strstr(sql, "--") == NULL ? "" : "\n");
}

static enum weir_code write_catalog(struct dump *dump, const struct weir__catalog *catalog,
                                    struct weir_error *err)
{
	enum weir_code code;

	weir__text_printf(&dump->text,
	                  "-- The schema, as weir %s found it. Made by 'weir migrate dump'.\n"
	                  "-- fingerprint: %s\n",
	                  weir_version(), catalog->fingerprint);
	code = flush(dump, err);
	for (size_t i = 0; code == WEIR_OK && i < catalog->count; i++) {
		if (catalog->objects[i].sql == NULL)
			continue;
		put_object(&dump->text, catalog->objects[i].sql);
		code = flush(dump, err);
	}
	return code;
}

/* ---- the history ---- */

static bool add_history(void *arg, const struct weir_schema_object *object)
{
	struct dump *const dump = arg;
	const char *const table = object->table == NULL ? object->name : object->table;

	if (strcasecmp(table, dump->table) == 0 && object->sql != NULL) {
		put_object(&dump->text, object->sql);
		dump->found = true;
	}
	return true;
}

static void put_bytes(struct weir__text *text, const struct weir_sql_value *value)
{
	const unsigned char *const bytes = value->as.data.bytes;

	weir__text_put(text, "X'");
	for (size_t i = 0; i < value->as.data.length; i++)
		weir__text_printf(text, "%02x", bytes[i]);
	weir__text_put(text, "'");
}

static void put_string(struct weir__text *text, const struct weir_sql_value *value)
{
	const char *const bytes = value->as.data.bytes;

	weir__text_put(text, "'");
	for (size_t i = 0; i < value->as.data.length; i++)
		weir__text_add(text, bytes[i] == '\'' ? "''" : &bytes[i], bytes[i] == '\'' ? 2 : 1);
	weir__text_put(text, "'");
}

/* No script can hold a NUL byte, and not all engines read a string with one. */
static bool has_nul(const struct weir_sql_value *value)
{
	return value->as.data.length != 0 &&
	       memchr(value->as.data.bytes, '\0', value->as.data.length) != NULL;
}

static void put_value(struct weir__text *text, const struct weir_sql_value *value)
{
	switch (value->type) {
	case WEIR_SQL_NULL:
		weir__text_put(text, "NULL");
		return;
	case WEIR_SQL_INT64:
		weir__text_printf(text, "%" PRId64, value->as.int64);
		return;
	case WEIR_SQL_DOUBLE:
		weir__text_printf(text, "%.17g", value->as.real);
		return;
	case WEIR_SQL_TEXT:
		if (has_nul(value))
			put_bytes(text, value);
		else
			put_string(text, value);
		return;
	case WEIR_SQL_BLOB:
		put_bytes(text, value);
		return;
	}
}

static const char columns[] = "id, version, name, direction, outcome, checksum, applied_at, "
							  "duration_ns, tool, tag, statements, done_hash, fingerprint, "
							  "down_script";

static enum weir_code write_row(void *arg, const struct weir_sql_value *row, uint32_t count,
                                struct weir_error *err)
{
	struct dump *const dump = arg;
	char quoted[WEIR__QUOTED_MAX];

	weir__text_printf(&dump->text, "INSERT INTO %s (%s) VALUES (", weir__quote(dump->table, quoted),
	                  columns);
	for (uint32_t i = 0; i < count; i++) {
		if (i != 0)
			weir__text_put(&dump->text, ", ");
		put_value(&dump->text, &row[i]);
	}
	weir__text_put(&dump->text, ");\n");
	return flush(dump, err);
}

static enum weir_code write_history(struct dump *dump, struct weir_error *err)
{
	char quoted[WEIR__QUOTED_MAX];
	struct weir__text sql = {0};
	enum weir_code code =
		dump->session->schema->objects(dump->session->conn, add_history, dump, err);

	if (code == WEIR_OK && dump->found)
		weir__text_put(&dump->text, "\n");
	if (code == WEIR_OK)
		code = flush(dump, err);
	if (code != WEIR_OK || !dump->found)
		return code;
	weir__text_printf(&sql, "SELECT %s FROM %s ORDER BY id", columns,
	                  weir__quote(dump->table, quoted));
	if (sql.failed)
		code = weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for a query");
	else
		code = weir__session_query(dump->session, sql.bytes, NULL, 0, write_row, dump, err);
	weir__text_free(&sql);
	return code;
}

/* ---- */

static enum weir_code write_all(struct weir_db *db, struct weir_tx *tx, const char *table,
                                bool history, const struct weir_writer *writer,
                                struct weir_error *err)
{
	struct weir__session session;
	struct weir__catalog catalog = {0};
	struct dump dump = {.session = &session, .table = table, .writer = writer};
	enum weir_code code = weir__session_init(&session, db, tx, err);

	if (code == WEIR_OK)
		code = weir__catalog_read(&session, table, &catalog, err);
	if (code == WEIR_OK)
		code = write_catalog(&dump, &catalog, err);
	if (code == WEIR_OK && history)
		code = write_history(&dump, err);
	weir__catalog_free(&catalog);
	weir__text_free(&dump.text);
	return code;
}

enum weir_code weir_migrate_dump(struct weir_db *db, const char *table, bool history,
                                 const struct weir_writer *writer, struct weir_error *err)
{
	const struct weir_read_options options = {
		.size = sizeof options, .snapshot = true, .expected_long = true};
	struct weir_tx tx = WEIR_LEASE_EMPTY;
	enum weir_code code = weir__session_check(db, err);

	if (code == WEIR_OK && (writer == NULL || writer->write == NULL))
		code = weir_fail(err, WEIR_ERR_BAD_ARGUMENT, WHERE, 0, "writer is NULL");
	if (code == WEIR_OK)
		code = weir_read_begin(db, &options, &tx, err);
	if (code != WEIR_OK)
		return code;
	code = write_all(db, &tx, table == NULL ? WEIR__HISTORY_TABLE : table, history, writer, err);
	weir_tx_end(&tx);
	return code;
}
