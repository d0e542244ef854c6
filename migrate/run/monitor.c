/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See monitor.h. The engine asks some thousand times a second; a look, ten times a
 * second, reads the disk's free space and tells whoever wants to know.
 */
#include "monitor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "text.h"

#define LOOK_NS WEIR_MILLISECONDS(100)

static void find_folder(struct weir__monitor *monitor)
{
	const char *const path = weir_db_config(monitor->db)->path;
	const char *const slash = strrchr(path, '/');
	const size_t length = slash == NULL ? 0 : (size_t)(slash - path);

	if (path[0] == '\0' || path[0] == ':')
		return;
	if (slash == NULL)
		(void)snprintf(monitor->folder, sizeof monitor->folder, ".");
	else
		(void)snprintf(monitor->folder, sizeof monitor->folder, "%.*s",
		               (int)(length == 0 ? 1 : length), path);
}

static bool ask(void *arg)
{
	struct weir__monitor *const monitor = arg;

	if (monitor->why != WEIR__MONITOR_GO)
		return true;
	return weir_now().ns >= monitor->next_ns && !weir__monitor_look(monitor);
}

static void note(void *arg, enum weir_touch touch, const char *type, const char *name,
                 const char *table)
{
	struct weir__monitor *const monitor = arg;
	const char *const which = strcmp(type, "table") == 0 ? name : table;
	void *list = monitor->touched;
	char *copy;

	if (touch == WEIR_TOUCH_READ || which == NULL)
		return;
	if (strcasecmp(which, monitor->options->table) == 0)
		monitor->touched_history = true;
	if (weir__monitor_touched(monitor, which))
		return;
	copy = strdup(which);
	if (copy == NULL || !weir__grow(&list, sizeof *monitor->touched, monitor->touched_count,
	                                &monitor->touched_room)) {
		free(copy);
		monitor->touched_all = true;
		return;
	}
	monitor->touched = list;
	monitor->touched[monitor->touched_count++] = copy;
}

void weir__monitor_init(struct weir__monitor *monitor, struct weir_db *db,
                        const struct weir_migrate_options *options, const char *what)
{
	memset(monitor, 0, sizeof *monitor);
	monitor->db = db;
	monitor->options = options;
	monitor->what = what;
	monitor->began_ns = weir_now().ns;
	monitor->disk_free = UINT64_MAX;
	monitor->progress.percent = -1.0;
	monitor->guard.size = sizeof monitor->guard;
	monitor->guard.stop = ask;
	monitor->guard.touches = note;
	monitor->guard.arg = monitor;
	find_folder(monitor);
}

void weir__monitor_forget_touched(struct weir__monitor *monitor)
{
	for (size_t i = 0; i < monitor->touched_count; i++)
		free(monitor->touched[i]);
	monitor->touched_count = 0;
	monitor->touched_all = false;
}

void weir__monitor_free(struct weir__monitor *monitor)
{
	weir__monitor_forget_touched(monitor);
	free(monitor->touched);
	monitor->touched = NULL;
}

bool weir__monitor_touched(const struct weir__monitor *monitor, const char *table)
{
	for (size_t i = 0; i < monitor->touched_count; i++) {
		if (strcasecmp(monitor->touched[i], table) == 0)
			return true;
	}
	return monitor->touched_all;
}

static void measure_disk(struct weir__monitor *monitor)
{
	struct statvfs place;

	if (monitor->folder[0] != '\0' && statvfs(monitor->folder, &place) == 0)
		monitor->disk_free = (uint64_t)place.f_bavail * place.f_frsize;
}

static void tell_db(const struct weir__monitor *monitor)
{
	struct weir_db_migration now = {.size = sizeof now, .phase = WEIR_DB_MIGRATION_RUNNING};
	const struct weir_migrate_progress *const progress = &monitor->progress;

	if (progress->version == NULL)
		return;
	(void)snprintf(now.version, sizeof now.version, "%s", progress->version);
	(void)snprintf(now.what, sizeof now.what, "%s", monitor->what);
	now.step = progress->step;
	now.steps = progress->steps;
	now.statement = progress->statement;
	now.permille = progress->percent < 0.0 ? -1 : (int32_t)(progress->percent * 10.0);
	now.elapsed_ns = progress->elapsed_ns;
	weir_db_note_migration(monitor->db, &now, NULL);
}

/* By the time that the rehearsal took: no engine can tell how far a statement is. */
static void estimate(struct weir__monitor *monitor)
{
	struct weir_migrate_progress *const progress = &monitor->progress;

	if (progress->expected_ns <= 0)
		return;
	progress->percent = 100.0 * (double)progress->elapsed_ns / (double)progress->expected_ns;
	if (progress->percent > 99.0)
		progress->percent = 99.0;
}

bool weir__monitor_look(struct weir__monitor *monitor)
{
	const struct weir_migrate_options *const options = monitor->options;
	const int64_t now_ns = weir_now().ns;

	monitor->next_ns = now_ns + LOOK_NS;
	monitor->progress.elapsed_ns = now_ns - monitor->began_ns;
	estimate(monitor);
	measure_disk(monitor);
	tell_db(monitor);
	if (monitor->why != WEIR__MONITOR_GO)
		return false;
	if (options->on_progress != NULL &&
	    !options->on_progress(options->progress_arg, &monitor->progress))
		monitor->why = WEIR__MONITOR_ASKED;
	else if (options->lock_limit_ns > 0 && monitor->locked_ns > 0 &&
	         now_ns - monitor->locked_ns > options->lock_limit_ns)
		monitor->why = WEIR__MONITOR_TIME;
	else if (monitor->disk_free < options->disk_reserve)
		monitor->why = WEIR__MONITOR_DISK;
	return monitor->why == WEIR__MONITOR_GO;
}

bool weir__monitor_between(struct weir__monitor *monitor, const struct weir__session *session)
{
	struct weir_schema_facts facts = {.size = sizeof facts};

	if (weir_now().ns < monitor->next_ns)
		return monitor->why == WEIR__MONITOR_GO;
	if (session->schema->facts(session->conn, &facts, NULL) == WEIR_OK)
		monitor->progress.log_bytes = facts.log_bytes;
	return weir__monitor_look(monitor);
}

bool weir__monitor_phase(struct weir__monitor *monitor, const char *phase)
{
	monitor->progress.phase = phase;
	return weir__monitor_look(monitor);
}

enum weir_code weir__monitor_fail(const struct weir__monitor *monitor, const char *version,
                                  struct weir_error *err)
{
	if (monitor->why == WEIR__MONITOR_TIME)
		return weir_fail(err, WEIR_ERR_MIGRATE_LIMIT, "migrate.monitor", 0,
		                 "version %s kept writers out for longer than the limit of %.3g s, and was "
		                 "undone: rehearse it, split it, or raise the limit",
		                 version, (double)monitor->options->lock_limit_ns / 1e9);
	if (monitor->why == WEIR__MONITOR_DISK)
		return weir_fail(err, WEIR_ERR_MIGRATE_LIMIT, "migrate.monitor", 0,
		                 "version %s left %" PRIu64 " MiB free on the disk, of which %" PRIu64
		                 " MiB are reserved, and was undone: make room, or lower the reserve",
		                 version, monitor->disk_free >> 20, monitor->options->disk_reserve >> 20);
	return weir_fail(err, WEIR_ERR_DRIVER_CANCELLED, "migrate.monitor", 0,
	                 "version %s was stopped because somebody asked for it, and was undone",
	                 version);
}
