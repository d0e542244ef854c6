/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See critical.h.
 */
#include "critical.h"

#include "writer_section.h"

struct critical {
	const struct weir_migrate_options *options;
	enum weir_code (*body)(void *arg, const struct weir__session *session, struct weir_error *err);
	void *arg;
	bool commit;
};

static enum weir_code within(void *arg, const struct weir__session *session, struct weir_error *err)
{
	const struct critical *const critical = arg;

	return weir__section_within(session, critical->options, NULL, critical->body, critical->arg,
	                            critical->commit, err);
}

enum weir_code weir__critical(struct weir_db *db, const struct weir_migrate_options *options,
                              enum weir_code (*body)(void *arg, const struct weir__session *session,
                                                     struct weir_error *err),
                              void *arg, bool commit, struct weir_error *err)
{
	struct critical critical = {options, body, arg, commit};
	struct weir__section section = {.db = db, .options = options, .body = within, .arg = &critical};
	const enum weir_code code = weir__session_check(db, err);

	return code == WEIR_OK ? weir__section_run(&section, err) : code;
}
