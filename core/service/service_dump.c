/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The dump of a service, and the signal that asks for it. Everything here but the
 * first installation of the handler may run in a signal handler of any thread.
 *
 * One line after the other: counted in (dump_guard.h), the entry is found again by its
 * id, a line is formatted, and it is written when the thread is counted out. A database
 * that goes away in between is left in the middle.
 */
#include "service_internal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "dump_db.h"
#include "dump_guard.h"

static const char *const state_names[] = {"running", "suspended", "draining", "stopped"};

/* The first entry whose id is at least id, by id; NULL: none. Counted in. */
static struct weir__entry *entry_from(const struct weir_service *service, uint64_t id)
{
	const struct weir__table *table = (const struct weir__table *)wp_rcu_follow(&service->table);
	struct weir__entry *found = NULL;

	for (uint32_t i = 0; i < table->count; i++) {
		struct weir__entry *entry = table->entries[i];

		if (entry->id >= id && (found == NULL || entry->id < found->id))
			found = entry;
	}
	return found;
}

static void head_line(const struct weir__entry *entry, struct weir__dump_line *line)
{
	weir__dump_begin(line);
	weir__dump_add(line, "db ");
	weir__dump_add(line, entry->name);
	weir__dump_add(line, " driver ");
	weir__dump_add(line, entry->driver->name);
	weir__dump_add(line, " ");
	weir__dump_add(line, state_names[wp_load_rlx_32(&entry->state)]);
	weir__dump_add_named(line, "users", wp_load_rlx_32(&entry->refs) - 1);
}

/* The lines of the entry of that id; false: fd takes no more. */
static bool dump_entry(const struct weir_service *service, uint64_t id, int64_t now_ns, int fd)
{
	struct weir__dump_line line;
	struct weir__dump_at at = {0, 0};

	while (!weir__dump_at_end(&at)) { /* ends: every call moves on */
		weir__dump_look();            /* J1 */
		const struct weir__entry *entry = entry_from(service, id);
		const bool there = entry != NULL && entry->id == id;
		const bool filled = there && weir__dump_db_next(entry->db, &at, now_ns, &line);

		weir__dump_look_away(); /* J3 */
		if (!there)
			return true;
		if (filled && !weir__dump_write(&line, fd))
			return false;
	}
	return true;
}

void weir_service_dump(struct weir_service *service, int fd)
{
	const int errno_before = errno;
	struct weir__dump_line line;
	uint64_t id = 0;
	bool going = service != NULL && weir__service_ours(service);

	if (going) {
		weir__dump_begin(&line);
		weir__dump_add(&line, "weir service of process ");
		weir__dump_add_number(&line, (uint64_t)getpid());
		weir__dump_add(&line, ", up ");
		weir__dump_add_time(&line, wp_now() - service->began_ns);
		going = weir__dump_write(&line, fd);
	}
	while (going) {        /* ends: ids only grow */
		weir__dump_look(); /* J1 */
		const struct weir__entry *entry = entry_from(service, id + 1);

		if (entry != NULL) {
			id = entry->id;
			head_line(entry, &line);
		}
		weir__dump_look_away(); /* J3 */
		if (entry == NULL)
			break;
		going = weir__dump_write(&line, fd) && dump_entry(service, id, wp_now(), fd);
	}
	errno = errno_before;
}

/* ---- on a signal ---- */

/* The service that the signal is for, and how many handlers run: the globals that a
 * handler cannot do without. */
static wp_u64 signalled;
static wp_u32 handling;

static void on_signal(int number)
{
	(void)number;
	(void)wp_add_full_32(&handling, 1);
	struct weir_service *service = (struct weir_service *)(uintptr_t)wp_load_acq_64(&signalled);

	if (service != NULL)
		weir_service_dump(service, STDERR_FILENO);
	(void)wp_add_full_32(&handling, UINT32_MAX);
}

/* Whether nobody else handles that signal. */
static bool is_free(int number)
{
	struct sigaction present;

	return sigaction(number, NULL, &present) == 0 &&
	       (present.sa_handler == SIG_DFL || present.sa_handler == on_signal);
}

enum weir_code weir__dump_on_signal(struct weir_service *service, int number,
                                    struct weir_error *err)
{
	struct sigaction action;

	memset(&action, 0, sizeof action);
	action.sa_handler = on_signal;
	action.sa_flags = SA_RESTART;
	(void)sigemptyset(&action.sa_mask);
	if (!wp_cas_acqrel_64(&signalled, 0, (uint64_t)(uintptr_t)service))
		return weir_fail(err, WEIR_ERR_CONFIG_CONFLICT, "service.create", 0,
		                 "dump_signal: another service of this process has one");
	if (is_free(number) && sigaction(number, &action, NULL) == 0)
		return WEIR_OK;
	wp_store_rel_64(&signalled, 0);
	return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "service.create", 0,
	                 "dump_signal: signal %d cannot be had, or somebody handles it already",
	                 number);
}

void weir__dump_off_signal(struct weir_service *service)
{
	if (wp_load_acq_64(&signalled) != (uint64_t)(uintptr_t)service)
		return;
	/* The handler stays: a signal on its way would end the process. */
	(void)wp_xchg_full_64(&signalled, 0);
	while (wp_load_acq_32(&handling) != 0) /* ends: a handler that runs has its lines written */
		wp_yield();
}
