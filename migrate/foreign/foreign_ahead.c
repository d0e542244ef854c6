/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See foreign_ahead.h.
 */
#include "foreign_ahead.h"

#define WHERE "migrate.foreign"

/* golang-migrate's row says nothing of what is below the newest: it passes over it. */
static size_t begin_of(const struct weir__foreign *foreign, const struct weir_migrations *set,
                       const struct weir__history *history)
{
	size_t begin = 0;

	for (size_t i = 0; foreign->format == WEIR_MIGRATE_GOLANG && i < set->count; i++) {
		if (weir__history_of(history, set->list[i].version) != NULL)
			begin = i + 1;
	}
	return begin;
}

static enum weir_code compare(const struct weir__foreign *foreign,
                              const struct weir_migrations *set,
                              const struct weir__history *history, struct weir_error *err)
{
	if (foreign->format != set->format)
		return WEIR_OK;
	/* One that was dirty was not adopted: this is news, whatever version it names. */
	if (foreign->dirty)
		return weir_fail(err, WEIR_ERR_MIGRATE_OPERATOR, WHERE, 0,
		                 "the table %.60s is dirty: %s stopped midway since it was adopted; weir "
		                 "migrate adopt tells which version the schema is of",
		                 foreign->table, weir_migrate_format_name(foreign->format));
	for (size_t i = begin_of(foreign, set, history); i < set->count; i++) {
		const char *const version = set->list[i].version;

		if (weir__history_of(history, version) == NULL && weir__foreign_has(foreign, version))
			return weir_fail(err, WEIR_ERR_MIGRATE_FOREIGN, WHERE, 0,
			                 "%s has applied version %s since its table %.60s was adopted: take "
			                 "that over with weir migrate adopt",
			                 weir_migrate_format_name(foreign->format), version, foreign->table);
	}
	return WEIR_OK;
}

enum weir_code weir__foreign_ahead(const struct weir__session *session, const char *table,
                                   const struct weir_migrations *set,
                                   const struct weir__history *history, struct weir_error *err)
{
	struct weir_error why = WEIR_ERROR_INIT;
	struct weir__foreign foreign;
	enum weir_code code = weir__foreign_read(session, table, &foreign, &why);

	if (code == WEIR_ERR_MIGRATE_FOREIGN)
		return WEIR_OK;
	if (code != WEIR_OK)
		return weir_fail(err, code, why.where, why.driver_code, "%s", why.message);
	code = compare(&foreign, set, history, err);
	weir__foreign_free(&foreign);
	return code;
}
