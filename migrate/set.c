/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Sets of migrations: put together, sorted, searched, and made of what a program has.
 */
#include "set.h"

#include <stdlib.h>
#include <string.h>

#include "scan.h"
#include "text.h"

struct weir__migration *weir__set_add(struct weir_migrations *set)
{
	void *list = set->list;
	struct weir__migration *added;

	if (!weir__grow(&list, sizeof *set->list, set->count, &set->room))
		return NULL;
	set->list = list;
	added = &set->list[set->count++];
	memset(added, 0, sizeof *added);
	return added;
}

static void free_step(struct weir__step *step)
{
	free(step->sql);
	free(step->path);
}

void weir_migrations_free(struct weir_migrations *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < set->count; i++) {
		free_step(&set->list[i].up);
		free_step(&set->list[i].down);
	}
	free(set->list);
	free(set);
}

/* ---- order ---- */

int weir__version_compare(const char *left, const char *right)
{
	size_t left_length;
	size_t right_length;

	left += strspn(left, "0");
	right += strspn(right, "0");
	left_length = strlen(left);
	right_length = strlen(right);
	if (left_length != right_length)
		return left_length < right_length ? -1 : 1;
	return strcmp(left, right);
}

static int by_text(const void *left, const void *right)
{
	const struct weir__migration *const one = left;
	const struct weir__migration *const other = right;

	return strcmp(one->version, other->version);
}

static int by_order(const void *left, const void *right)
{
	const struct weir__migration *const one = left;
	const struct weir__migration *const other = right;
	const int order = strcmp(one->order, other->order);

	return order != 0 ? order : weir__version_compare(one->version, other->version);
}

static const char *path_of(const struct weir__migration *migration)
{
	if (migration->up.path != NULL && migration->up.path[0] != '\0')
		return migration->up.path;
	return migration->down.path != NULL ? migration->down.path : "";
}

static enum weir_code refuse_twice(struct weir_migrations *set, struct weir_error *err)
{
	if (set->count > 1)
		qsort(set->list, set->count, sizeof *set->list, by_text);
	for (size_t i = 1; i < set->count; i++) {
		const struct weir__migration *const one = &set->list[i - 1];
		const struct weir__migration *const other = &set->list[i];
		const bool files = path_of(one)[0] != '\0';

		if (strcmp(one->version, other->version) == 0)
			return weir_fail(err, WEIR_ERR_MIGRATE_SOURCE, "migrate.source", 0,
			                 "version %s is there twice, in %s and %s: give one of them another",
			                 one->version, files ? path_of(one) : one->name,
			                 files ? path_of(other) : other->name);
	}
	return WEIR_OK;
}

/* ---- checksums ---- */

static void add_step(struct weir__sha256 *sum, const struct weir__step *step, const char *revision)
{
	if (step->run != NULL)
		weir__sha256_add_script(sum, revision, strlen(revision));
	else if (step->sql != NULL)
		weir__sha256_add_script(sum, step->sql, step->length);
}

/* A zero byte, which no script has, parts the directions. */
static void fill_checksum(struct weir__migration *migration, const char *revision)
{
	struct weir__sha256 sum;

	weir__sha256_begin(&sum);
	add_step(&sum, &migration->up, revision);
	if (migration->down.there) {
		weir__sha256_add(&sum, "", 1);
		add_step(&sum, &migration->down, revision);
	}
	weir__sha256_end(&sum, migration->checksum);
}

static bool fill_path(struct weir__step *step, const char *path)
{
	if (step->path == NULL)
		step->path = strdup(path);
	return step->path != NULL;
}

enum weir_code weir__set_finish(struct weir_migrations *set, struct weir_error *err)
{
	enum weir_code code;

	for (size_t i = 0; i < set->count; i++) {
		struct weir__migration *const migration = &set->list[i];

		if (!fill_path(&migration->up, path_of(migration)) ||
		    !fill_path(&migration->down, path_of(migration)))
			return weir__no_memory(err);
		if (migration->checksum[0] == '\0')
			fill_checksum(migration, "");
	}
	code = refuse_twice(set, err);
	if (code == WEIR_OK && set->count > 1)
		qsort(set->list, set->count, sizeof *set->list, by_order);
	return code;
}

/* ---- looking at it ---- */

size_t weir__set_find(const struct weir_migrations *set, const char *version)
{
	const bool text = set->format == WEIR_MIGRATE_DBMATE;

	if (version[0] == '\0' || version[weir__digits(version)] != '\0')
		return SIZE_MAX;
	for (size_t i = 0; i < set->count; i++) {
		const char *const here = set->list[i].version;

		if ((text ? strcmp(here, version) : weir__version_compare(here, version)) == 0)
			return i;
	}
	return SIZE_MAX;
}

size_t weir__set_find_tag(const struct weir_migrations *set, const char *tag)
{
	for (size_t i = set->count; tag[0] != '\0' && i > 0; i--) {
		if (strcmp(set->list[i - 1].tag, tag) == 0)
			return i - 1;
	}
	return SIZE_MAX;
}

size_t weir_migrations_count(const struct weir_migrations *set)
{
	return set == NULL ? 0 : set->count;
}

enum weir_migrate_format weir_migrations_format(const struct weir_migrations *set)
{
	return set == NULL ? WEIR_MIGRATE_DETECT : set->format;
}

bool weir_migrations_at(const struct weir_migrations *set, size_t index,
                        struct weir_migration *migration)
{
	const struct weir__migration *found;

	if (set == NULL || migration == NULL || index >= set->count)
		return false;
	found = &set->list[index];
	migration->version = found->version;
	migration->name = found->name;
	migration->tag = found->tag;
	migration->path = path_of(found);
	migration->checksum = found->checksum;
	migration->has_up = found->up.there;
	migration->has_down = found->down.there;
	migration->no_transaction = found->up.no_transaction;
	return true;
}

/* ---- out of a program ---- */

static enum weir_code refuse_source(const struct weir_migration_source *source, size_t index,
                                    const char *what, struct weir_error *err)
{
	return weir_fail(err, WEIR_ERR_MIGRATE_SOURCE, "migrate.source", 0,
	                 "migration %s (entry %zu of the array): %s",
	                 source->version == NULL ? "without version" : source->version, index, what);
}

static bool is_text(const char *text)
{
	return text == NULL || weir__bad_text_line(text, strlen(text)) == 0;
}

static const char *fault_of_step(const struct weir_migration_step *given)
{
	if (!is_text(given->sql))
		return "its SQL is not UTF-8";
	if (given->sql != NULL && given->run != NULL)
		return "a step has both SQL and a function: it can have one of them";
	if (given->run != NULL && given->no_transaction)
		return "a function always runs in a transaction: no_transaction is for SQL";
	return NULL;
}

static const char *fault_of(const struct weir_migration_source *source)
{
	const char *const fault = fault_of_step(&source->up);
	const char *const tag = source->tag == NULL ? "" : source->tag;

	if (source->version == NULL || source->version[0] == '\0' ||
	    source->version[weir__digits(source->version)] != '\0')
		return "a version consists of digits";
	if (strspn(source->version, "0") == strlen(source->version))
		return "version 0 stands for no migration at all: begin with 1";
	if (tag[0] != '\0' && !weir__tag_fits(tag, strlen(tag)))
		return WEIR__TAG_RULE;
	if (!is_text(source->name))
		return "its name is not UTF-8";
	return fault != NULL ? fault : fault_of_step(&source->down);
}

static bool take_step(struct weir__step *step, const struct weir_migration_step *given)
{
	step->there = given->sql != NULL || given->run != NULL;
	step->run = given->run;
	step->arg = given->arg;
	step->no_transaction = given->no_transaction;
	step->keep_foreign_keys = given->keep_foreign_keys;
	step->line = 1;
	step->length = given->sql == NULL ? 0 : strlen(given->sql);
	step->path = strdup("");
	if (given->sql != NULL)
		step->sql = strdup(given->sql);
	return step->path != NULL && (given->sql == NULL || step->sql != NULL);
}

static enum weir_code make_one(struct weir_migrations *set,
                               const struct weir_migration_source *source, size_t index,
                               struct weir_error *err)
{
	const char *const name = source->name == NULL ? "" : source->name;
	const char *const fault = fault_of(source);
	struct weir__migration *migration;

	if (fault != NULL)
		return refuse_source(source, index, fault, err);
	migration = weir__set_add(set);
	if (migration == NULL || !take_step(&migration->up, &source->up) ||
	    !take_step(&migration->down, &source->down))
		return weir__no_memory(err);
	if (!weir__take_version(migration, source->version, strlen(source->version), true))
		return refuse_source(source, index, "its version has more than 63 digits", err);
	weir__take_name(migration, name, strlen(name));
	if (source->tag != NULL)
		memcpy(migration->tag, source->tag, strlen(source->tag));
	fill_checksum(migration, source->revision == NULL ? "" : source->revision);
	return WEIR_OK;
}

enum weir_code weir_migrations_make(struct weir_migrations **set,
                                    const struct weir_migration_source *sources, size_t count,
                                    struct weir_error *err)
{
	enum weir_code code = WEIR_OK;
	struct weir_migrations *made;

	if (set != NULL)
		*set = NULL;
	if (set == NULL || (sources == NULL && count > 0))
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "migrate.source", 0,
		                 "weir_migrations_make needs a place for the set, and an array");
	made = calloc(1, sizeof *made);
	if (made == NULL)
		return weir__no_memory(err);
	made->format = WEIR_MIGRATE_WEIR;
	for (size_t i = 0; i < count && code == WEIR_OK; i++)
		code = make_one(made, &sources[i], i, err);
	if (code == WEIR_OK)
		code = weir__set_finish(made, err);
	if (code == WEIR_OK)
		*set = made;
	else
		weir_migrations_free(made);
	return code;
}
