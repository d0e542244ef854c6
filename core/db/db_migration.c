/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What weir_migrate needs of a db, and says of itself: the statements that were prepared
 * on it, that its schema has changed, and how far a migration is.
 */
#include <stddef.h>
#include <string.h>

#include <weir/schema.h>

#include "db_internal.h"
#include "statement_record.h"

const struct weir_driver *weir_db_driver(const struct weir_db *db)
{
	return db->driver;
}

const struct weir_config *weir_db_config(const struct weir_db *db)
{
	return &db->config;
}

void weir_db_schema_changed(struct weir_db *db)
{
	(void)wp_add_full_32(&db->schema_epoch, 1); /* N1 */
}

static bool see_one(void *arg, const struct weir_schema_object *object)
{
	(void)arg;
	(void)object;
	return false;
}

/* SQLite compiles for the schema that the connection has seen last, and learns of another
 * at the first step of whatever reads: here of a look at what there is. If that fails, the
 * next lease tries again; meanwhile the engine is as right as it is by itself. */
static bool see_schema(const struct weir_db *db, void *conn)
{
	const struct weir_driver *driver = db->driver;
	enum weir_code code;

	if (driver->size < offsetof(struct weir_driver, schema) + sizeof driver->schema ||
	    driver->schema == NULL)
		return true;
	code = driver->schema->objects(conn, see_one, NULL, NULL);
	return code == WEIR_OK || code == WEIR_ERR_JOB_FAILED; /* there was one */
}

void weir__db_meet_schema(const struct weir_db *db, struct weir__db_conn *conn, uint32_t epoch)
{
	if (see_schema(db, conn->conn))
		weir__statements_begin_epoch(&conn->statements, db->sql, epoch);
}

enum weir_code weir_db_statements(struct weir_db *db, bool (*each)(void *arg, const char *sql),
                                  void *arg, struct weir_error *err)
{
	static const char where[] = "db.statements";
	uint32_t count;

	if (db == NULL || each == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0, "%s is NULL",
		                 db == NULL ? "db" : "each");
	if (!weir__db_ours(db))
		return weir_fail(err, WEIR_ERR_FORKED, where, 0, "%s", weir_error_text(WEIR_ERR_FORKED));
	count = db->record != NULL ? weir__record_count(db->record) : 0;
	for (uint32_t i = 0; i < count && each(arg, weir__record_at(db->record, i)); i++) {
	}
	return WEIR_OK;
}

/* ---- how far it is ---- */

static const char *const phases[] = {
	[WEIR_DB_MIGRATION_NONE] = "none",
	[WEIR_DB_MIGRATION_RUNNING] = "running",
	[WEIR_DB_MIGRATION_APPLIED] = "applied",
	[WEIR_DB_MIGRATION_FAILED] = "failed",
};

static const char *phase_word(enum weir_db_migration_phase phase)
{
	return (size_t)phase < sizeof phases / sizeof phases[0] ? phases[phase] : phases[0];
}

/* For dumps, which take no lock: numbers, each as it is. */
static void show(struct weir__db_migration *shown, const struct weir_db_migration *migration)
{
	const bool runs = migration->phase == WEIR_DB_MIGRATION_RUNNING;

	wp_store_rlx_32(&shown->step, runs ? migration->step : 0);
	wp_store_rlx_32(&shown->steps, runs ? migration->steps : 0);
	wp_store_rlx_32(&shown->statement, runs ? migration->statement : 0);
	wp_store_rlx_32(&shown->runs, runs ? 1 : 0);
}

static void say(struct weir_db *db, const struct weir_db_migration *migration,
                const struct weir_error *err)
{
	const struct weir__field fields[] = {
		weir__text_field(WEIR__ATTR_POOL, db->config.name),
		weir__text_field("weir.migration.state", phase_word(migration->phase)),
		weir__text_field("weir.migration.version", migration->version),
		weir__text_field("weir.migration.what", migration->what),
		weir__int_field("weir.migration.step", migration->step),
		weir__int_field("weir.migration.steps", migration->steps),
		weir__seconds_field("weir.migration.elapsed", migration->elapsed_ns),
		weir__text_field("message", err != NULL ? err->message : ""),
	};
	const size_t count = sizeof fields / sizeof fields[0];

	weir__log(db->options.log, WEIR_LOG_MIGRATION_EVENT, fields, err != NULL ? count : count - 1);
}

/* Whether the new one is another than the last: then there is something to say. */
static bool replace(struct weir__db_migration *shown, const struct weir_db_migration *migration)
{
	const struct weir_db_migration *last = &shown->last;
	const bool differs = last->phase != migration->phase ||
	                     strcmp(last->version, migration->version) != 0;

	shown->last = *migration;
	if (differs && migration->phase == WEIR_DB_MIGRATION_APPLIED)
		weir__bump(&shown->applied);
	show(shown, migration);
	return differs && migration->phase != WEIR_DB_MIGRATION_NONE;
}

void weir_db_note_migration(struct weir_db *db, const struct weir_db_migration *migration,
                            const struct weir_error *err)
{
	struct weir_db_migration noted;
	bool differs;

	if (db == NULL || migration == NULL || migration->size < sizeof noted || !weir__db_ours(db))
		return;
	noted = *migration;
	noted.version[sizeof noted.version - 1] = '\0';
	noted.what[sizeof noted.what - 1] = '\0';
	weir__lock(&db->migration.lock);
	differs = replace(&db->migration, &noted);
	weir__unlock(&db->migration.lock);
	if (differs)
		say(db, &noted, err);
}

enum weir_code weir_db_read_migration(struct weir_db *db, struct weir_db_migration *migration)
{
	if (db == NULL || migration == NULL || migration->size < sizeof *migration)
		return WEIR_ERR_BAD_ARGUMENT;
	if (!weir__db_ours(db))
		return WEIR_ERR_FORKED;
	const uint32_t size = migration->size;

	weir__lock(&db->migration.lock);
	*migration = db->migration.last;
	weir__unlock(&db->migration.lock);
	migration->size = size;
	return WEIR_OK;
}
