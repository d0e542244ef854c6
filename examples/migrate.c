/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Migrations with the pool alive: the scripts are in the program, a reader goes on all
 * the while, and what is done is printed. Run it twice: then there is nothing to do.
 *
 * usage: migrate FILE
 */
#include <weir/migrate.h>
#include <weir/sqlite.h>
#include <weir/weir.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

/* `weir migrate embed` writes such an array from a folder. */
static const struct weir_migration_source scripts[] = {
	{.version = "1",
     .name = "create_visit",
     .up = {.sql = "CREATE TABLE visit(id INTEGER PRIMARY KEY, name TEXT);\n"
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 50000)\n"
                   "	INSERT INTO visit(name) SELECT 'Visitor ' || i FROM n;"},
     .down = {.sql = "DROP TABLE visit;"}},
	{.version = "2",
     .name = "add_email",
     .up = {.sql = "ALTER TABLE visit ADD COLUMN email TEXT;\n"
                   "UPDATE visit SET email = replace(lower(name), ' ', '.') || '@example.org';\n"
                   "CREATE INDEX visit_email ON visit(email);"},
     .down = {.sql = "DROP INDEX visit_email; ALTER TABLE visit DROP COLUMN email;"}},
};

struct reader {
	struct weir_db *db;
	atomic_bool stop;
	unsigned reads;
	unsigned failed;
};

/* Each read sees the state of before or that of after, and never waits for it. */
static void *read_on(void *argument)
{
	struct reader *reader = argument;

	while (!atomic_load(&reader->stop)) {
		reader->reads++;
		reader->failed += weir_db_query(reader->db, "SELECT name FROM visit WHERE id = 7", NULL, 0,
		                                NULL, NULL, NULL) != WEIR_OK;
	}
	return NULL;
}

static bool print_progress(void *unused, const struct weir_migrate_progress *progress)
{
	(void)unused;
	(void)printf("%s %s %s, statement %u\n", progress->phase, progress->version, progress->name,
	             progress->statement);
	return true; /* false: undo it */
}

static enum weir_code migrate(struct weir_db *db, const struct weir_migrations *set,
                              struct weir_error *err)
{
	const struct weir_migrate_options options = {.size = sizeof(options),
	                                             .on_progress = print_progress};
	struct reader reader = {.db = db};
	pthread_t thread;
	enum weir_code code = weir_migrate_up(db, set, "1", &options, NULL, err);

	if (code != WEIR_OK)
		return code;
	if (pthread_create(&thread, NULL, read_on, &reader) != 0)
		return weir_fail(err, WEIR_ERR_IO, "migrate", 0, "no thread");
	code = weir_migrate_up(db, set, NULL, &options, NULL, err);
	atomic_store(&reader.stop, true);
	(void)pthread_join(thread, NULL);
	(void)printf("%u reads meanwhile, %u failed\n", reader.reads, reader.failed);
	return code;
}

int main(int argc, char **argv)
{
	const struct weir_driver *driver = weir_sqlite_driver();
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_migrations *set = NULL;
	struct weir_config config;
	struct weir_db *db = NULL;

	if (argc != 2) {
		(void)fprintf(stderr, "usage: migrate FILE\n");
		return 2;
	}
	weir_config_init(&config, driver);
	(void)snprintf(config.path, sizeof(config.path), "%s", argv[1]);
	if (weir_db_create(&db, driver, &config, NULL, &err) == WEIR_OK &&
	    weir_migrations_make(&set, scripts, sizeof(scripts) / sizeof(scripts[0]), &err) ==
	        WEIR_OK &&
	    migrate(db, set, &err) == WEIR_OK)
		(void)printf("done\n");
	else
		(void)fprintf(stderr, "migrate: %s\n", err.message);
	weir_migrations_free(set);
	weir_db_destroy(db);
	return err.code == WEIR_OK ? 0 : weir_migrate_exit_code(err.code);
}
