/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Short lives of databases, in a file or in memory: callers write by jobs and by
 * tickets, which others or the keeper lead; jobs fail, come too late, are cancelled.
 * Each job writes its number into a table, whose order is that in which the jobs
 * were done: with what the callers were told it makes a history of the gate, with
 * the database as the guarded resource (stress_history_gate.c). When exactly a job was
 * done is not known from outside, only that it was between its call and its return.
 *
 * In leader-death jobs also end the thread that runs them (pthread_exit), whoever's
 * it is, a caller's or weir's own, or ask for its cancellation. A caller whose thread
 * is ended is replaced; handoffs= counts those.
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

#define JOBS_MAX 4096

struct deed {
	struct deeds *deeds;
	uint64_t number; /* from 1 on */
	bool fails;
	bool exits;
	bool cancels; /* its thread */
	bool hasty;
	bool withdrawn; /* its ticket is cancelled */
	int64_t called_ns;
	_Atomic int64_t returned_ns; /* STRESS_PENDING: its caller was not told */
};

struct deeds {
	struct stress_world *world;
	struct weir_db *db;
	bool deadly; /* jobs end threads */
	int64_t until_ns;
	_Atomic uint32_t begun;
	_Atomic uint64_t ended; /* threads, by their jobs */
	char folder[256];       /* of the file; empty: in memory */
	uint64_t log;           /* rows seen so far */
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
	const struct weir_sql_value number = weir_int64((int64_t)deed->number);
	const enum weir_code code =
		weir_tx_exec(tx, "INSERT INTO deed (number) VALUES (?)", &number, 1, NULL, NULL);

	if (deed->cancels) {
		(void)pthread_cancel(pthread_self());
		stress_cancel_point();
	}
	if (deed->exits) {
		atomic_fetch_add(&deed->deeds->ended, 1);
		pthread_exit(NULL);
	}
	return code != WEIR_OK || deed->fails;
}

static struct deed *new_deed(struct caller *caller)
{
	const uint32_t at = atomic_fetch_add(&caller->deeds->begun, 1);
	uint64_t *const random = &caller->worker->random;
	struct deed *deed;

	if (at >= JOBS_MAX)
		return NULL;
	deed = &caller->deeds->all[at];
	deed->deeds = caller->deeds;
	deed->number = at + 1;
	deed->fails = stress_random_percent(random, 5);
	deed->exits = caller->deeds->deadly && stress_random_percent(random, 4);
	deed->cancels = caller->deeds->deadly && stress_random_percent(random, 4);
	deed->hasty = stress_random_percent(random, 5);
	deed->withdrawn = stress_random_percent(random, 20);
	atomic_store(&deed->returned_ns, STRESS_PENDING);
	return deed;
}

/* ---- writing ---- */

static struct stress_event *record(struct caller *caller, enum stress_op op, struct deed *deed)
{
	struct stress_event *const event = stress_record_begin(caller->worker->recorder, op);

	if (event != NULL)
		event->what = deed->number;
	return event;
}

/* Whether a job may end so. */
static bool may_be(const struct deed *deed, enum weir_code code, bool by_ticket)
{
	switch ((int)code) {
	case WEIR_OK:
		return !deed->exits && !deed->fails;
	case WEIR_ERR_JOB_FAILED:
		return deed->exits || deed->fails;
	case WEIR_ERR_GATE_TIMEOUT:
	case WEIR_ERR_REJECTED:
		return deed->hasty;
	case WEIR_ERR_CANCELLED:
	case WEIR_ERR_DRIVER_CANCELLED:
		return by_ticket && deed->withdrawn;
	default:
		return false;
	}
}

static void note(struct caller *caller, struct deed *deed, enum weir_code code,
                 const struct weir_write_result *result, bool by_ticket)
{
	struct stress_event *const event = record(caller, STRESS_OP_END, deed);

	stress_record_end(event, code);
	atomic_store(&deed->returned_ns, weir_now().ns);
	caller->worker->tally.got += code == WEIR_OK;
	caller->worker->tally.timed_out += code == WEIR_ERR_GATE_TIMEOUT;
	if ((code == WEIR_OK) != (result->outcome == WEIR_COMMITTED))
		stress_broken(caller->deeds->world, "a write ended with %s, and its outcome is %d",
		              weir_error_name(code), (int)result->outcome);
	if (!may_be(deed, code, by_ticket))
		stress_broken(caller->deeds->world, "a write ended with %s", weir_error_name(code));
}

/* Wait for it, and let others lead it. */
static void write_by_ticket(struct caller *caller, struct deed *deed,
                            const struct weir_write_options *options)
{
	struct weir_write_result result = {.size = sizeof result};
	struct weir_ticket *ticket = NULL;
	struct stress_event *const event = record(caller, STRESS_OP_QUEUE, deed);
	enum weir_code code = weir_db_submit(caller->deeds->db, run_deed, deed, options, &ticket, NULL);

	stress_record_end(event, code);
	if (event != NULL)
		event->place = options->lane;
	if (code != WEIR_OK) {
		note(caller, deed, code, &result, true);
		return;
	}
	if (deed->withdrawn)
		weir_ticket_cancel(ticket);
	while (!weir_ticket_poll(ticket)) /* ends: the keeper or a caller leads it */
		stress_sleep(WEIR_MICROSECONDS(100));
	code = weir_ticket_collect(ticket, weir_deadline_in(STRESS_MARGIN_NS), &result, NULL);
	note(caller, deed, code, &result, true);
}

/* When it was queued is known only to lie within the call. */
static void write_by_job(struct caller *caller, struct deed *deed,
                         const struct weir_write_options *options)
{
	struct weir_write_result result = {.size = sizeof result};
	struct stress_event *const event = record(caller, STRESS_OP_QUEUE, deed);
	enum weir_code code;

	if (event != NULL)
		event->place = options->lane;
	stress_watch(caller->worker, "a write", weir_now().ns);
	code = weir_db_run(caller->deeds->db, run_deed, deed, options, &result, NULL);
	stress_watch(caller->worker, NULL, 0);
	stress_record_end(event, WEIR_OK);
	note(caller, deed, code, &result, false);
}

static void *write_on(void *argument)
{
	struct caller *caller = argument;
	uint64_t *const random = &caller->worker->random;

	while (weir_now().ns < caller->deeds->until_ns) {
		struct deed *const deed = new_deed(caller);
		struct weir_write_options options = {.size = sizeof options};

		if (deed == NULL)
			break;
		options.lane = stress_random_percent(random, 20) ? WEIR_LANE_BULK : WEIR_LANE_NORMAL;
		options.timeout_ns = deed->hasty ? 1 + stress_random_below(random, 100000) : 0;
		deed->called_ns = weir_now().ns;
		caller->worker->tally.calls++;
		if (stress_random_percent(random, 20))
			write_by_ticket(caller, deed, &options);
		else
			write_by_job(caller, deed, &options);
		stress_cancel_point();
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

/* A row is the effect of its job. */
static int see_row(struct weir_rows *rows, void *arg)
{
	struct deeds *const deeds = arg;
	struct weir_sql_value number;
	const struct deed *deed;
	struct stress_event *event;

	if (weir_rows_value(rows, 0, &number, NULL) != WEIR_OK || number.as.int64 < 1 ||
	    number.as.int64 > JOBS_MAX) {
		stress_broken(deeds->world, "there is a row that nobody wrote");
		return 0;
	}
	deed = &deeds->all[number.as.int64 - 1];
	if (deed->exits || deed->fails)
		stress_broken(deeds->world, "write %" PRIu64 " failed, and is there", deed->number);
	event = stress_record_begin(stress_judge_main(deeds->world), STRESS_OP_EFFECT);
	if (event != NULL) {
		event->what = deed->number;
		event->detail = deeds->log++;
		event->invoked_ns = deed->called_ns;
		event->returned_ns = atomic_load(&deed->returned_ns);
	}
	return 0;
}

static void check_table(struct deeds *deeds)
{
	struct weir_error err = WEIR_ERROR_INIT;

	if (weir_db_query(deeds->db, "SELECT number FROM deed ORDER BY place", NULL, 0, see_row, deeds,
	                  &err) != WEIR_OK)
		stress_broken(deeds->world, "the table cannot be read: %s", err.message);
	stress_judge(deeds->world);
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
	const struct weir_db_options options = {.size = sizeof options, .log = weir_log_silent()};
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
	    weir_db_exec(db, "CREATE TABLE deed (place INTEGER PRIMARY KEY, number INTEGER)", NULL, 0,
	                 NULL, &err) == WEIR_OK)
		return db;
	stress_broken(world, "no database: %s", err.message);
	weir_db_destroy(db);
	return NULL;
}

static void live(struct stress_world *world, bool deadly)
{
	struct deeds *const deeds = calloc(1, sizeof *deeds);
	struct weir_error err = WEIR_ERROR_INIT;
	struct stress_tally sum;

	if (deeds == NULL) {
		stress_broken(world, "out of memory");
		return;
	}
	stress_judge_begin(world);
	deeds->world = world;
	deeds->deadly = deadly;
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
		world->past.timed_out += sum.timed_out;
		world->handoffs += atomic_load(&deeds->ended);
		if (weir_db_close_until(deeds->db, weir_deadline_in(STRESS_MARGIN_NS), &err) != WEIR_OK)
			stress_broken(world, "the database does not close: %s", err.message);
		weir_db_destroy(deeds->db);
	}
	remove_folder(deeds);
	free(deeds);
}

void stress_round_db(struct stress_world *world)
{
	live(world, false);
}

void stress_round_leader(struct stress_world *world)
{
	live(world, true);
}
