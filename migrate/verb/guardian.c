/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See guardian.h.
 */
#include "guardian.h"

#include <string.h>

enum weir_code weir__guardian_begin(struct weir__guardian *guardian, struct weir_db *db,
                                    const struct weir_migrate_options *options,
                                    struct weir_migrate_report *report, struct weir_error *err)
{
	memset(guardian, 0, sizeof *guardian);
	guardian->options = options;
	guardian->report = report;
	return weir__manifest_read(&guardian->manifest, db, options->statements, err);
}

void weir__guardian_end(struct weir__guardian *guardian)
{
	weir__manifest_free(guardian->manifest);
	weir__catalog_free(&guardian->catalog);
	guardian->manifest = NULL;
}

enum weir_code weir__guardian_before(void *arg, const struct weir__session *session,
                                     struct weir_error *err)
{
	struct weir__guardian *const guardian = arg;
	enum weir_code code =
		weir__catalog_read(session, guardian->options->table, &guardian->catalog, err);

	return code == WEIR_OK ? weir__manifest_before(guardian->manifest, session, err) : code;
}

enum weir_code weir__guardian_verdict(const struct weir_migrate_report *report,
                                      struct weir_error *err)
{
	const struct weir_migrate_finding *findings;
	const size_t count = weir_migrate_findings(report, &findings);

	for (size_t i = 0; i < count; i++) {
		const char *const stop = strstr(findings[i].text, ". "); /* what to do comes behind */

		if (findings[i].severity == WEIR_MIGRATE_FAILURE)
			return weir_fail(err, WEIR_ERR_MIGRATE_INCOMPATIBLE, "migrate.check", 0,
			                 "version %s would break programs that are in use: %.*s",
			                 findings[i].version,
			                 stop == NULL ? 160 : (int)(stop - findings[i].text), findings[i].text);
	}
	return WEIR_OK;
}

enum weir_code weir__guardian_inspect(void *arg, const struct weir__session *session,
                                      const struct weir__migration *migration,
                                      enum weir_migrate_direction direction, struct weir_error *err)
{
	struct weir__guardian *const guardian = arg;
	const char *const version = migration == NULL ? "" : migration->version;
	struct weir__catalog after = {0};
	enum weir_code code = weir__catalog_read(session, guardian->options->table, &after, err);

	(void)direction;
	if (code != WEIR_OK)
		return code;
	if (guardian->contractions &&
	    !weir__catalog_contractions(&guardian->catalog, &after, guardian->report, version))
		code = weir_fail(err, WEIR_ERR_NO_MEMORY, "migrate.check", 0, "no memory for findings");
	weir__catalog_free(&guardian->catalog);
	guardian->catalog = after;
	if (code == WEIR_OK)
		code = weir__manifest_after(guardian->manifest, session, guardian->report, version, err);
	if (code == WEIR_OK && guardian->refuse)
		code = weir__guardian_verdict(guardian->report, err);
	return code;
}
