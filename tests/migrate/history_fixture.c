/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See history_fixture.h.
 */
#include "history_fixture.h"

#include <string.h>
#include <unistd.h>

#include "apply.h"

void beside(const struct db_fixture *fixture, const char *sql)
{
	sqlite3 *const foreign = db_foreign(fixture);

	db_foreign_exec(foreign, sql);
	assert_int_equal(sqlite3_close(foreign), SQLITE_OK);
}

enum weir_code in_section(struct weir_db *db, section_body body, void *arg, bool commit,
                          struct weir_error *err)
{
	struct weir_migrate_options options;

	assert_code(weir__options(NULL, &options, NULL), WEIR_OK);
	return weir__critical(db, &options, body, arg, commit, err);
}

struct weir_migrations *set_of_files(const struct db_fixture *fixture,
                                     const char *const (*files)[2])
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_migrations *set = NULL;
	char folder[256];

	make_folder(fixture, "scripts", folder);
	for (size_t i = 0; files[i][0] != NULL; i++)
		put_script(folder, files[i][0], files[i][1]);
	if (weir_migrations_read(&set, folder, NULL, &err) != WEIR_OK)
		fail_msg("%s: %s", folder, err.message);
	for (size_t i = 0; files[i][0] != NULL; i++) {
		char path[512];

		(void)snprintf(path, sizeof path, "%s/%s", folder, files[i][0]);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(rmdir(folder), 0);
	return set;
}

const char *states_of(const struct weir_migrate_report *report)
{
	static const char *const words[] = {"pending", "applied",   "edited",     "missing",
	                                    "behind",  "reordered", "interrupted"};
	static char text[1024];
	const struct weir_migrate_row *rows;
	const size_t count = weir_migrate_rows(report, &rows);
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < count && at < sizeof text; i++)
		at += (size_t)snprintf(text + at, sizeof text - at, "%s%s %s%s", i == 0 ? "" : ", ",
		                       rows[i].version, words[rows[i].state], rows[i].done ? "*" : "");
	return text;
}

const struct weir_migrate_finding *finding_of(const struct weir_migrate_report *report,
                                              const char *rule)
{
	const struct weir_migrate_finding *findings;
	const size_t count = weir_migrate_findings(report, &findings);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(findings[i].rule, rule) == 0)
			return &findings[i];
	}
	return NULL;
}

const char *status_of(struct weir_db *db, const struct weir_migrations *set)
{
	struct weir_migrate_report *report = NULL;
	struct weir_error err = WEIR_ERROR_INIT;
	const char *text;

	if (weir_migrate_status(db, set, NULL, &report, &err) != WEIR_OK)
		fail_msg("%s", err.message);
	text = states_of(report);
	weir_migrate_report_free(report);
	return text;
}

void assert_says(const struct weir_error *err, const char *part)
{
	if (strstr(err->message, part) == NULL)
		fail_msg("\"%s\" is not in: %s", part, err->message);
}
