/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The death of leaders, over a database in a file or in memory: jobs end the thread
 * that runs them (pthread_exit), whoever's it is, a caller's or weir's own, or ask for
 * its cancellation; callers write, and leave tickets to the keeper. A caller whose thread
 * is ended is replaced; handoffs= counts those.
 *
 * Asserted: every job whose caller has an outcome is in the table once if it is
 * COMMITTED, and not at all if it FAILED or never ran; one whose caller was ended
 * beside it is there at most once; those that end their thread never; and in the end
 * the gate is free, and the database closes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <weir/db.h>
#include <weir/sqlite.h>

#include "stress_disturb.h"
#include "stress_random.h"
#include "stress_worker.h"

/* How long one database serves. */
#define ROUND_NS WEIR_MILLISECONDS(200)

#define JOBS_MAX 8192

enum fate {
	FATE_NONE = 0,    /* not begun */
	FATE_UNKNOWN = 1, /* begun: its caller was not told */
	FATE_COMMITTED = 2,
	FATE_UNDONE = 3,
};

struct deed {
	struct deeds *deeds;
	int64_t number;
	bool exits;
	bool cancels;
	_Atomic uint32_t fate;
};

struct deeds {
	struct stress_world *world;
	struct weir_db *db;
	int64_t until_ns;
	_Atomic uint32_t begun;
	_Atomic uint64_t ended; /* threads, by their jobs */
	char folder[256];       /* of the file; empty: in memory */
	struct deed all[JOBS_MAX];
};

struct caller {
	struct deeds *deeds;
	struct stress_worker *worker;
	_Atomic bool over; /* it came to its end by itself */
};

static int run_deed(struct weir_tx *tx, void *arg)
{
	const struct deed *deed = arg;
	const struct weir_sql_value number = weir_int64(deed->number);
	const enum weir_code code =
		weir_tx_exec(tx, "INSERT INTO deed VALUES (?)", &number, 1, NULL, NULL);

	if (deed->cancels) {
		(void)pthread_cancel(pthread_self());
		stress_sleep(1000);
	}
	if (deed->exits) {
		atomic_fetch_add(&deed->deeds->ended, 1);
		pthread_exit(NULL);
	}
	return code != WEIR_OK;
}

static struct deed *new_deed(struct caller *caller)
{
	const uint32_t at = atomic_fetch_add(&caller->deeds->begun, 1);
	struct deed *deed;

	if (at >= JOBS_MAX)
		return NULL;
	deed = &caller->deeds->all[at];
	deed->deeds = caller->deeds;
	deed->number = at;
	deed->exits = stress_random_percent(&caller->worker->random, 4);
	deed->cancels = stress_random_percent(&caller->worker->random, 4);
	atomic_store(&deed->fate, FATE_UNKNOWN);
	return deed;
}

static void note(struct caller *caller, struct deed *deed, enum weir_code code,
                 const struct weir_write_result *result)
{
	caller->worker->tally.got += code == WEIR_OK;
	atomic_store(&deed->fate, code == WEIR_OK ? FATE_COMMITTED : FATE_UNDONE);
	if (code == WEIR_OK && deed->exits)
		stress_broken(caller->deeds->world, "a job that ended its thread was committed");
	if ((code == WEIR_OK) != (result->outcome == WEIR_COMMITTED))
		stress_broken(caller->deeds->world, "a write ended with %s, and its outcome is %d",
		              weir_error_name(code), (int)result->outcome);
	if (code != WEIR_OK && !deed->exits)
		stress_broken(caller->deeds->world, "a write beside jobs that end their thread: %s",
		              weir_error_name(code));
}

/* Wait for it, or let others lead it. */
static void write_by_ticket(struct caller *caller, struct deed *deed)
{
	struct weir_write_result result = {.size = sizeof result};
	struct weir_ticket *ticket = NULL;
	int before;
	enum weir_code code = weir_db_submit(caller->deeds->db, run_deed, deed, NULL, &ticket, NULL);

	if (code != WEIR_OK) {
		stress_broken(caller->deeds->world, "no ticket: %s", weir_error_name(code));
		return;
	}
	/* A ticket whose owner is cancelled would be nobody's. */
	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	while (!weir_ticket_poll(ticket)) /* ends: the keeper or a caller leads it */
		stress_sleep(WEIR_MICROSECONDS(100));
	(void)pthread_setcancelstate(before, &before);
	code = weir_ticket_collect(ticket, weir_deadline_in(STRESS_MARGIN_NS), &result, NULL);
	note(caller, deed, code, &result);
}

static void write_once(struct caller *caller, struct deed *deed)
{
	struct weir_write_result result = {.size = sizeof result};
	enum weir_code code;

	caller->worker->tally.calls++;
	if (stress_random_percent(&caller->worker->random, 20)) {
		write_by_ticket(caller, deed);
		return;
	}
	stress_watch(caller->worker, "a write", weir_now().ns);
	code = weir_db_run(caller->deeds->db, run_deed, deed, NULL, &result, NULL);
	stress_watch(caller->worker, NULL, 0);
	note(caller, deed, code, &result);
}

static void *write_on(void *argument)
{
	struct caller *caller = argument;

	while (weir_now().ns < caller->deeds->until_ns) {
		struct deed *const deed = new_deed(caller);

		if (deed == NULL)
			break;
		write_once(caller, deed);
		pthread_testcancel();
	}
	atomic_store(&caller->over, true);
	return NULL;
}

/* A caller, and others in its place for as long as they are ended. */
static void *replace(void *argument)
{
	struct caller *caller = argument;
	struct stress_worker *const w = caller->worker;

	while (!atomic_load(&caller->over)) { /* ends: with the round's time */
		pthread_t thread;

		if (pthread_create(&thread, NULL, write_on, caller) != 0) {
			stress_broken(caller->deeds->world, "caller %u could not be started", w->number);
			break;
		}
		(void)pthread_join(thread, NULL);
		stress_watch(w, NULL, 0);
	}
	return NULL;
}

/* ---- what is in the table ---- */

static int see_row(struct weir_rows *rows, void *arg)
{
	struct deeds *deeds = arg;
	struct weir_sql_value number;
	uint32_t fate;

	if (weir_rows_value(rows, 0, &number, NULL) != WEIR_OK || number.as.int64 < 0 ||
	    number.as.int64 >= JOBS_MAX) {
		stress_broken(deeds->world, "a row that nobody wrote");
		return 0;
	}
	fate = atomic_exchange(&deeds->all[number.as.int64].fate, FATE_NONE);
	if (fate == FATE_UNDONE || fate == FATE_NONE || deeds->all[number.as.int64].exits)
		stress_broken(deeds->world, "write %" PRId64 " is there %s", number.as.int64,
		              fate == FATE_NONE ? "twice" : "and was reported as failed");
	return 0;
}

static void check_table(struct deeds *deeds)
{
	struct weir_error err = WEIR_ERROR_INIT;

	if (weir_db_query(deeds->db, "SELECT number FROM deed", NULL, 0, see_row, deeds, &err) !=
	    WEIR_OK)
		stress_broken(deeds->world, "the table cannot be read: %s", err.message);
	for (uint32_t i = 0; i < JOBS_MAX; i++) {
		if (atomic_load(&deeds->all[i].fate) == FATE_COMMITTED)
			stress_broken(deeds->world, "write %u was reported as committed, and is not there", i);
	}
}

/* ---- rounds ---- */

static void write_all(struct deeds *deeds)
{
	struct stress_world *const world = deeds->world;
	struct caller callers[STRESS_THREADS_MAX];
	uint32_t started = 0;

	for (uint32_t i = 0; i < world->threads; i++) {
		stress_worker_init(world, i);
		callers[i].deeds = deeds;
		callers[i].worker = &world->workers[i];
		atomic_store(&callers[i].over, false);
	}
	while (started < world->threads &&
	       pthread_create(&world->workers[started].thread, NULL, replace, &callers[started]) == 0)
		started++;
	if (started < world->threads)
		stress_broken(world, "caller %u could not be started", started + 1);
	for (uint32_t i = 0; i < started; i++)
		(void)pthread_join(world->workers[i].thread, NULL);
}

static void ignore_report(void *arg, const char *line)
{
	(void)arg;
	(void)line;
}

static void make_folder(struct deeds *deeds)
{
	const char *const temporary = getenv("TMPDIR");

	(void)snprintf(deeds->folder, sizeof deeds->folder, "%.200s/weir-leader-XXXXXX",
	               temporary != NULL && temporary[0] != '\0' ? temporary : "/tmp");
	if (stress_random_percent(&deeds->world->random, 50) || mkdtemp(deeds->folder) == NULL)
		deeds->folder[0] = '\0';
}

static void remove_folder(const struct deeds *deeds)
{
	static const char *const files[] = {"db", "db-wal", "db-shm", "db-weir"};
	char path[sizeof deeds->folder + 16];

	for (size_t i = 0; i < sizeof files / sizeof files[0] && deeds->folder[0] != '\0'; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", deeds->folder, files[i]);
		(void)unlink(path);
	}
	if (deeds->folder[0] != '\0')
		(void)rmdir(deeds->folder);
}

static struct weir_db *make_db(const struct deeds *deeds)
{
	struct stress_world *const world = deeds->world;
	const struct weir_driver *const driver = weir_sqlite_driver();
	const struct weir_db_options options = {.size = sizeof options, .report = ignore_report};
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_config config;
	struct weir_db *db = NULL;
	const char *const pairs = stress_random_percent(&world->random, 50)
	                              ? "write_timeout=60s group_max=3"
	                              : "write_timeout=60s";

	weir_config_init(&config, driver);
	(void)snprintf(config.path, sizeof config.path, "%s%s", deeds->folder,
	               deeds->folder[0] != '\0' ? "/db" : ":memory:");
	if (weir_config_apply_pairs(&config, driver, pairs, NULL, &err) == WEIR_OK &&
	    weir_db_create(&db, driver, &config, &options, &err) == WEIR_OK &&
	    weir_db_exec(db, "CREATE TABLE deed (number INTEGER)", NULL, 0, NULL, &err) == WEIR_OK)
		return db;
	stress_broken(world, "no database: %s", err.message);
	weir_db_destroy(db);
	return NULL;
}

void stress_round_leader(struct stress_world *world)
{
	struct deeds *const deeds = calloc(1, sizeof *deeds);
	struct weir_error err = WEIR_ERROR_INIT;
	struct stress_tally sum;

	if (deeds == NULL) {
		stress_broken(world, "out of memory");
		return;
	}
	deeds->world = world;
	make_folder(deeds);
	deeds->db = make_db(deeds);
	deeds->until_ns = weir_now().ns + ROUND_NS;
	if (deeds->db != NULL) {
		world->rounds++;
		write_all(deeds);
		check_table(deeds);
		sum = stress_tally_sum(world);
		world->past.calls += sum.calls;
		world->past.got += sum.got;
		world->handoffs += atomic_load(&deeds->ended);
		if (weir_db_close_until(deeds->db, weir_deadline_in(STRESS_MARGIN_NS), &err) != WEIR_OK)
			stress_broken(world, "close after leaders died: %s", err.message);
		weir_db_destroy(deeds->db);
	}
	remove_folder(deeds);
	free(deeds);
}
