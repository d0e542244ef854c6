/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The copy that a rehearsal works on: made, opened as the live database is, removed.
 */
#include "rehearsal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "private_folder.h"

#define WHERE "migrate.rehearse"
#define TRIES 1000
#define CLOSE_NS WEIR_SECONDS(60)
#define DIGITS "0123456789"
#define BESIDE_MAX 16 /* longer than what an engine puts behind a database's name */

#define NAME "copy.db" /* of the database in its folder, whatever the live one is called */
#define SWEPT "-rehearsal-"
#define KEPT "-rehearsed-" /* what is to be kept, the next rehearsal does not sweep away */

static const char *const files[] = {NAME,         NAME "-wal", NAME "-shm", NAME "-journal",
                                    NAME "-weir", NULL};
/* Of one that is kept. A log that outlived the close has what the copy has not. */
static const char *const beside[] = {NAME "-weir", NULL};

/* ---- its folder ---- */

static bool name_copy(struct weir__rehearsal *rehearsal, const char *folder, unsigned n)
{
	struct weir__rehearsal_copy *const copy = &rehearsal->copy;

	if (snprintf(copy->folder, sizeof copy->folder, "%s/%s%s%ld-%u", folder,
	             weir__database_name(rehearsal->db), rehearsal->wishes.keep ? KEPT : SWEPT,
	             (long)getpid(), n) >= WEIR__PATH_MAX)
		return false;
	return snprintf(copy->path, sizeof copy->path, "%s/" NAME, copy->folder) <
	       WEIR__PATH_MAX - BESIDE_MAX;
}

/* Whether name is that of a rehearsal's folder of the database, to the last byte. */
static bool is_swept(const void *database, const char *name)
{
	const size_t length = strlen(database);
	const char *at = name + length;

	if (strncmp(name, database, length) != 0 || strncmp(at, SWEPT, strlen(SWEPT)) != 0)
		return false;
	at += strlen(SWEPT);
	if (strspn(at, DIGITS) == 0)
		return false;
	at += strspn(at, DIGITS);
	return *at == '-' && at[1] != '\0' && at[1 + strspn(at + 1, DIGITS)] == '\0';
}

/* The first name that is free. */
static enum weir_code take_folder(struct weir__rehearsal *rehearsal, const char *folder,
                                  struct weir_error *err)
{
	struct weir__rehearsal_copy *const copy = &rehearsal->copy;

	for (unsigned n = 1; n <= TRIES; n++) {
		enum weir__folder_made made;

		if (!name_copy(rehearsal, folder, n))
			return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, WHERE, 0,
			                 "the path of the folder for the copy is too long: %.100s", folder);
		made = weir__folder_make(copy->folder, &copy->lock);
		if (made == WEIR__FOLDER_MADE)
			return WEIR_OK;
		if (made == WEIR__FOLDER_FAILED)
			break;
	}
	return weir_fail(err, WEIR_ERR_IO, WHERE, errno, "%s: a folder for the copy cannot be made: %s",
	                 folder, strerror(errno));
}

/* A folder of its own, so that two at once never take the same place; what was left by
 * one that was killed is swept away. */
static enum weir_code make_folder(struct weir__rehearsal *rehearsal, struct weir_error *err)
{
	char folder[WEIR__PATH_MAX];
	enum weir_code code;

	if (rehearsal->wishes.folder == NULL && weir__database_is_private(rehearsal->db))
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, WHERE, 0,
		                 "the database has no file: name a folder for the copy");
	if (rehearsal->wishes.folder != NULL)
		(void)snprintf(folder, sizeof folder, "%s", rehearsal->wishes.folder);
	else
		weir__database_folder(rehearsal->db, folder, sizeof folder);
	weir__folder_sweep(folder, is_swept, weir__database_name(rehearsal->db), files);
	code = take_folder(rehearsal, folder, err);
	if (code != WEIR_OK)
		rehearsal->copy.folder[0] = '\0';
	return code;
}

/* ---- the database in it ---- */

/* As the live one is configured, but quiet: nobody is to be warned about a copy. */
static enum weir_code open_copy(struct weir__rehearsal *rehearsal, struct weir_error *err)
{
	const struct weir_db_options options = {.size = sizeof options, .log = weir_log_silent()};
	const struct weir_driver *const driver = weir_db_driver(rehearsal->db);
	const struct weir_config *const live = weir_db_config(rehearsal->db);
	struct weir_config *const config = calloc(1, sizeof *config);
	enum weir_code code;

	if (config == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for a configuration");
	weir_config_init(config, driver);
	memcpy(config, live, live->size < sizeof *config ? live->size : sizeof *config);
	config->size = sizeof *config;
	config->authority[0] = '\0';
	(void)snprintf(config->path, sizeof config->path, "%s", rehearsal->copy.path);
	(void)snprintf(config->name, sizeof config->name, "rehearsal");
	config->keeper = WEIR_KEEPER_THREAD;
	config->min_idle = 0;
	config->leak_after = 0;
	config->job_timeout = 0;
	config->snapshot_policy = WEIR_SNAPSHOT_WARN;
	code = weir_db_create(&rehearsal->copy.db, driver, config, &options, err);
	free(config);
	return code;
}

enum weir_code weir__rehearsal_copy_make(struct weir__rehearsal *rehearsal, struct weir_error *err)
{
	/* Room for the copy, and for a log as long as that: a rebuilt table is in it whole. */
	struct weir__database_copy copy = {.db = rehearsal->db,
	                                   .options = &rehearsal->options,
	                                   .path = rehearsal->copy.path,
	                                   .phase = "copying",
	                                   .times = 2};
	enum weir_code code = make_folder(rehearsal, err);

	if (code != WEIR_OK)
		return code;
	code = weir__database_copy(&copy, err);
	if (code == WEIR_OK)
		code = open_copy(rehearsal, err);
	weir__report_figure(rehearsal->report, "copy_ns", copy.duration_ns);
	weir__report_figure(rehearsal->report, "bytes", (int64_t)copy.bytes);
	return code;
}

/* All of it; of one that is kept, what is beside the database. */
static enum weir_code remove_copy(const struct weir__rehearsal_copy *copy, bool keep,
                                  struct weir_error *err)
{
	if (weir__folder_remove(copy->folder, keep ? beside : files) || (keep && errno == ENOTEMPTY))
		return WEIR_OK;
	return weir_fail(err, WEIR_ERR_IO, WHERE, errno, "%s: the copy cannot be removed: %s",
	                 copy->folder, strerror(errno));
}

enum weir_code weir__rehearsal_copy_end(struct weir__rehearsal *rehearsal, struct weir_error *err)
{
	struct weir__rehearsal_copy *const copy = &rehearsal->copy;
	const bool keep = rehearsal->wishes.keep && copy->db != NULL;
	enum weir_code code = WEIR_OK;

	if (copy->db != NULL)
		code = weir_db_close_until(copy->db, weir_deadline_in(CLOSE_NS), err);
	weir_db_destroy(copy->db);
	copy->db = NULL;
	if (copy->folder[0] == '\0')
		return code;
	if (code == WEIR_OK)
		code = remove_copy(copy, keep, err);
	else
		(void)remove_copy(copy, keep, NULL);
	(void)close(copy->lock);
	if (keep && !weir__report_find(rehearsal->report, WEIR_MIGRATE_NOTE, "copy", "", "",
	                               "the copy was kept: %s", copy->path))
		code = weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for findings");
	return code;
}
