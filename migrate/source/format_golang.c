/* SPDX-License-Identifier: BSD-2-Clause
 *
 * golang-migrate's folders: 1_name.up.sql and 1_name.down.sql, nothing but SQL in
 * them.
 *
 * A name is ^([0-9]+)_(.*)\.(down|up)\.(.*)$ and others are passed over; the version
 * is a number of 64 bits; each direction may be missing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scan.h"

struct parts {
	size_t digits;
	size_t title_end; /* the title begins behind the "_" */
	bool up;
};

/* The last ".up." or ".down." counts, as it does for an expression that is greedy. */
static bool take_apart(const char *name, struct parts *parts)
{
	const size_t length = strlen(name);

	parts->digits = weir__digits(name);
	if (parts->digits == 0 || name[parts->digits] != '_' || strchr(name, '\n') != NULL)
		return false;
	for (size_t at = length; at > parts->digits; at--) {
		parts->up = strncmp(name + at, ".up.", 4) == 0;
		if (parts->up || strncmp(name + at, ".down.", 6) == 0) {
			parts->title_end = at;
			return true;
		}
	}
	return false;
}

static bool takes(const char *name)
{
	struct parts parts;

	return take_apart(name, &parts);
}

/* The name alone would do, but any of the others may call a migration "x.up". */
static bool claims(const struct weir__file *file)
{
	static const char *const others[] = {"weir:up", "migrate:up", "+goose"};
	struct weir__line line = {0};

	if (!takes(file->name) || !weir__ends_with(file->name, ".sql"))
		return false;
	while (weir__line_next(file->text, file->length, &line)) {
		for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
			if (weir__marker(&line, others[i], NULL) != NULL)
				return false;
		}
	}
	return true;
}

/* The migration that has the other direction, or a new one; NULL: no memory. */
static struct weir__migration *migration_of(struct weir_migrations *set, const char *digits,
                                            size_t length)
{
	struct weir__migration wanted;
	struct weir__migration *added;

	(void)weir__take_version(&wanted, digits, length, true);
	for (size_t i = set->count; i > 0; i--) {
		if (strcmp(set->list[i - 1].version, wanted.version) == 0)
			return &set->list[i - 1];
	}
	added = weir__set_add(set);
	if (added != NULL)
		memcpy(added->version, wanted.version, sizeof added->version);
	return added;
}

static enum weir_code check_version(const struct weir__file *file, struct weir_error *err)
{
	errno = 0;
	(void)strtoull(file->name, NULL, 10);
	if (errno == ERANGE)
		return weir__source_fault(
			file, 0, err,
			"its version is no number of 64 bits: golang-migrate would pass over "
			"it; rename it");
	return WEIR_OK;
}

static enum weir_code read_file(struct weir_migrations *set, const struct weir__file *file,
                                const struct weir_migrations_options *options,
                                struct weir_error *err)
{
	const enum weir_code code = check_version(file, err);
	struct weir__migration *migration;
	struct weir__step *step;
	struct parts parts;
	size_t from = 0;

	if (code != WEIR_OK || !take_apart(file->name, &parts))
		return code;
	while (from + 1 < parts.digits && file->name[from] == '0')
		from++;
	migration = migration_of(set, file->name + from, parts.digits - from);
	if (migration == NULL)
		return weir__no_memory(err);
	step = parts.up ? &migration->up : &migration->down;
	if (step->there)
		return weir__source_fault(file, 0, err,
		                          "version %s has an %s script already, %s: take one away",
		                          migration->version, parts.up ? "up" : "down", step->path);
	if (parts.up || !migration->up.there)
		weir__take_name(migration, file->name + parts.digits + 1,
		                parts.title_end - parts.digits - 1);
	step->own_transactions = options->no_wrap;
	return weir__take_section(step, file, 0, file->length, 1) ? WEIR_OK : weir__no_memory(err);
}

static size_t blank(const char *version, const char *name, struct weir__file files[2])
{
	if (!weir__file_make(&files[0], "", "%s_%s.up.sql", version, name))
		return 0;
	if (weir__file_make(&files[1], "", "%s_%s.down.sql", version, name))
		return 2;
	weir__file_free(&files[0]);
	return 0;
}

const struct weir__format weir__format_golang = {
	.format = WEIR_MIGRATE_GOLANG,
	.name = "golang-migrate",
	.marks = "names like 1_x.up.sql",
	.takes = takes,
	.claims = claims,
	.read = read_file,
	.blank = blank,
};
