/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The input is a sequence of calls on a weir_db over SQLite, on one thread, with
 * keeper=manual: in memory, or in a file, where there are readers.
 *
 * Every write puts a number of its own into one of a few keys, and the numbers count
 * up in the order of the queue. So of each number that a read finds it can be said
 * whether it may be there: never that of a write that failed or never ran, and none
 * that an acknowledged write has replaced. Each outcome is also compared with what
 * the job did.
 *
 * The input: a digit for the place, then letters: a run, b submit, c collect,
 * d cancel, e discard, f begin a write lease, g write in it, h commit, i roll back,
 * j begin a read, k read, l end it, m tick, n checkpoint, o set, p close. A digit
 * follows each, and a, b, g take a key besides.
 */
#include "fuzz_check.h"
#include "fuzz_db_model.h"
#include "fuzz_folder.h"

#include <stdio.h>
#include <string.h>

#include <weir/db.h>
#include <weir/sqlite.h>

#define CALLS_MAX 120

/* ---- the calls ---- */

/* Whether the thread holds the gate: by a lease, or a read of what has one connection. */
static bool holds(const struct world *world)
{
	return world->lease.conn != NULL || (!world->is_file && (world->reads[0].tx.conn != NULL ||
	                                                         world->reads[1].tx.conn != NULL));
}

/* Whether jobs are queued, whose tickets may have been discarded. */
static bool has_queued(const struct world *world)
{
	struct weir_db_stats stats = {.size = sizeof(stats)};

	FUZZ_CHECK(weir_db_read_stats(world->db, &stats) == WEIR_OK);
	return stats.gate.length[WEIR_LANE_NORMAL] > 0;
}

static void run(struct world *world, uint32_t kind, uint32_t key)
{
	struct weir_write_result result = {.size = sizeof(result)};
	const struct weir_write_options options = {
		.size = sizeof(options), .once = key == 0, .timeout_ns = WEIR_HOUR_NS};
	struct write *write = fuzz_new_write(world, kind, key);

	if (write == NULL)
		return;
	const bool held = holds(world);
	const enum weir_code code =
		weir_db_run(world->db, fuzz_run_write, write, &options, &result, NULL);

	fuzz_settle(write, code, &result, false);
	FUZZ_CHECK((code == WEIR_ERR_CLOSED) == world->closed);
	FUZZ_CHECK((code == WEIR_ERR_REENTRANT) == (held && !world->closed));
}

static void submit(struct world *world, uint32_t kind, uint32_t key)
{
	const struct weir_write_options options = {
		.size = sizeof(options), .once = key == 0, .timeout_ns = WEIR_HOUR_NS};
	struct write *write;
	enum weir_code code;
	int at = 0;

	while (at < FUZZ_TICKETS && world->tickets[at] != NULL)
		at++;
	write = at < FUZZ_TICKETS ? fuzz_new_write(world, kind, key) : NULL;
	if (write == NULL)
		return;
	code = weir_db_submit(world->db, fuzz_run_write, write, &options, &world->tickets[at], NULL);
	FUZZ_CHECK((code == WEIR_OK) == (world->tickets[at] != NULL));
	FUZZ_CHECK((code == WEIR_OK) == (!world->closed && !holds(world)));
	world->ticket_writes[at] = write;
	if (code != WEIR_OK)
		write->fate = NOT_THERE;
}

static void collect(struct world *world, uint32_t at, bool cancelled)
{
	const struct weir_time at_once = {0};
	const struct weir_time never = {WEIR_TIME_NEVER_NS};
	struct weir_write_result result = {.size = sizeof(result)};
	const bool held = holds(world);
	enum weir_code code;

	if (world->tickets[at] == NULL)
		return;
	const bool is_there = weir_ticket_poll(world->tickets[at]);

	code = weir_ticket_collect(world->tickets[at], held ? at_once : never, &result, NULL);
	if (code == WEIR_ERR_TICKET_PENDING) {
		FUZZ_CHECK(held && !is_there);
		return;
	}
	world->tickets[at] = NULL;
	fuzz_settle(world->ticket_writes[at], code, &result, cancelled);
}

static void begin_lease(struct world *world)
{
	struct weir_write_options options = {.size = sizeof(options), .timeout_ns = WEIR_HOUR_NS};
	enum weir_code code;

	if (world->lease.conn != NULL)
		return;
	/* Nobody leads what is queued before it, while this thread waits. */
	if (has_queued(world))
		options.timeout_ns = WEIR_MICROSECONDS(100);
	code = weir_write_begin(world->db, &options, &world->lease, NULL);
	FUZZ_CHECK((code == WEIR_OK) == (world->lease.conn != NULL));
	world->lease_first = world->last + 1;
	if (world->closed)
		FUZZ_CHECK(code == WEIR_ERR_CLOSED);
	else if (code == WEIR_ERR_REENTRANT)
		FUZZ_CHECK(holds(world));
	else if (code != WEIR_OK)
		FUZZ_CHECK(has_queued(world));
}

static void write_in_lease(struct world *world, uint32_t key)
{
	struct write *write;

	if (world->lease.conn == NULL || (write = fuzz_new_write(world, 0, key)) == NULL)
		return;
	FUZZ_CHECK(fuzz_put(&world->lease, write) == WEIR_OK);
	fuzz_read_key(world, &world->lease, key, write->number, write->number);
}

static void end_lease(struct world *world, bool commits)
{
	struct weir_write_result result = {.size = sizeof(result)};
	enum fate fate = NOT_THERE;

	if (world->lease.conn == NULL)
		return;
	if (commits) {
		FUZZ_CHECK(weir_write_commit(&world->lease, &result, NULL) == WEIR_OK);
		FUZZ_CHECK(result.outcome == WEIR_COMMITTED);
		fate = THERE;
	}
	weir_tx_end(&world->lease);
	FUZZ_CHECK(world->lease.conn == NULL);
	for (uint32_t i = world->lease_first; i <= world->last; i++) {
		if (world->writes[i].runs == 0 && world->writes[i].fate == UNKNOWN)
			world->writes[i].fate = fate;
	}
}

static void begin_read(struct world *world, uint32_t how)
{
	struct read *read = &world->reads[how & 1];
	struct weir_read_options options = {.size = sizeof(options), .snapshot = (how & 2) != 0};
	enum weir_code code;

	/* In memory a read waits in the gate, and for what nobody leads. */
	if (read->tx.conn != NULL || (!world->is_file && has_queued(world)))
		return;
	code = weir_read_begin(world->db, &options, &read->tx, NULL);
	if (world->closed)
		FUZZ_CHECK(code == WEIR_ERR_CLOSED);
	else if (code != WEIR_OK)
		FUZZ_CHECK(code == WEIR_ERR_REENTRANT && !world->is_file && holds(world));
	read->snapshot = options.snapshot;
	read->ceiling = world->last;
	for (uint32_t key = 0; key < FUZZ_KEYS; key++)
		read->floor[key] = fuzz_newest_there(world, key);
}

static void use_read(struct world *world, uint32_t how)
{
	struct read *read = &world->reads[how & 1];
	const uint32_t key = (how >> 1) % FUZZ_KEYS;

	if (read->tx.conn == NULL)
		return;
	if (read->snapshot || !world->is_file)
		fuzz_read_key(world, &read->tx, key, read->floor[key], read->ceiling);
	else
		fuzz_read_key(world, &read->tx, key, fuzz_newest_there(world, key), world->last);
	FUZZ_CHECK(!world->is_file || weir_tx_exec(&read->tx, "DELETE FROM t", NULL, 0, NULL, NULL) ==
	                                  WEIR_ERR_DRIVER_SQL);
}

static void cancel(struct world *world, uint32_t at)
{
	if (world->tickets[at] == NULL)
		return;
	weir_ticket_cancel(world->tickets[at]);
	collect(world, at, true);
}

static void discard(struct world *world, uint32_t at)
{
	weir_ticket_discard(world->tickets[at]);
	world->tickets[at] = NULL;
}

static void set(struct world *world, uint32_t choice)
{
	static const char *const sets[][2] = {
		{"group_max", "1"}, {"group_max", "3"}, {"group_delay", "0"},   {"read_pin", "off"},
		{"read_pin", "on"}, {"max_size", "3"},  {"snapshot_age", "1h"}, {"job_timeout", "1h"},
	};

	(void)!weir_db_set(world->db, sets[choice % 8][0], sets[choice % 8][1], NULL);
}

static void close_now(struct world *world)
{
	const struct weir_time at_once = {0};
	const enum weir_code code = weir_db_close_until(world->db, at_once, NULL);
	const bool reads = world->reads[0].tx.conn != NULL || world->reads[1].tx.conn != NULL;

	if (code == WEIR_ERR_REENTRANT) {
		FUZZ_CHECK(holds(world));
		return;
	}
	FUZZ_CHECK(code == (reads ? WEIR_ERR_CLOSE_TIMEOUT : WEIR_OK));
	world->closed = true;
}

/* It would wait for what nobody leads. */
static void checkpoint(struct world *world)
{
	enum weir_code code;

	if (has_queued(world))
		return;
	code = weir_db_checkpoint(world->db, NULL, NULL);
	if (world->closed)
		FUZZ_CHECK(code == WEIR_ERR_CLOSED);
	else if (!world->is_file)
		FUZZ_CHECK(code == WEIR_ERR_DRIVER_UNSUPPORTED);
	else
		FUZZ_CHECK(code == (holds(world) ? WEIR_ERR_REENTRANT : WEIR_OK));
}

/* ---- the sequence ---- */

static void open_db(struct world *world, bool is_file)
{
	static const char *const schema[] = {
		"CREATE TABLE t(k INTEGER PRIMARY KEY, v INTEGER NOT NULL)",
		"CREATE TABLE parent(id INTEGER PRIMARY KEY)",
		"CREATE TABLE child(p REFERENCES parent DEFERRABLE INITIALLY DEFERRED)",
	};
	char url[256];

	(void)snprintf(url, sizeof(url), "sqlite:%s?keeper=manual&max_size=%d&synchronous=off",
	               is_file ? fuzz_folder_file("db") : ":memory:", FUZZ_READS);
	world->is_file = is_file;
	FUZZ_CHECK(weir_db_open(&world->db, weir_sqlite_driver(), url, NULL) == WEIR_OK);
	for (size_t i = 0; i < sizeof(schema) / sizeof(schema[0]); i++)
		FUZZ_CHECK(weir_db_exec(world->db, schema[i], NULL, 0, NULL, NULL) == WEIR_OK);
}

static void call(struct world *world, struct fuzz_input *in)
{
	const uint32_t what = fuzz_letter(in, 16);
	const uint32_t number = fuzz_digit(in, 16);

	switch (what) {
	case 0:
		run(world, number % FUZZ_KINDS, fuzz_digit(in, FUZZ_KEYS));
		break;
	case 1:
		submit(world, number % FUZZ_KINDS, fuzz_digit(in, FUZZ_KEYS));
		break;
	case 2:
		collect(world, number % FUZZ_TICKETS, false);
		break;
	case 3:
		cancel(world, number % FUZZ_TICKETS);
		break;
	case 4:
		discard(world, number % FUZZ_TICKETS);
		break;
	case 5:
		begin_lease(world);
		break;
	case 6:
		write_in_lease(world, number % FUZZ_KEYS);
		break;
	case 7:
	case 8:
		end_lease(world, what == 7);
		break;
	case 9:
		begin_read(world, number);
		break;
	case 10:
		use_read(world, number);
		break;
	case 11:
		weir_tx_end(&world->reads[number % FUZZ_READS].tx);
		break;
	case 12:
		(void)weir_db_tick(world->db, weir_now());
		break;
	case 13:
		checkpoint(world);
		break;
	case 14:
		set(world, number);
		break;
	default:
		close_now(world);
		break;
	}
}

/* At the end every outcome is known, and the keys hold what was acknowledged last,
 * or what a ticket did that was discarded. */
static void end(struct world *world)
{
	struct read *read = &world->reads[0];

	end_lease(world, false);
	for (int i = 0; i < FUZZ_READS; i++)
		weir_tx_end(&world->reads[i].tx);
	for (uint32_t i = 0; i < FUZZ_TICKETS; i++)
		collect(world, i, false);
	(void)weir_db_tick(world->db, weir_now());
	if (!world->closed) {
		FUZZ_CHECK(!has_queued(world));
		begin_read(world, 0);
		for (uint32_t key = 0; key < FUZZ_KEYS; key++)
			fuzz_read_key(world, &read->tx, key, fuzz_newest_there(world, key), world->last);
		weir_tx_end(&read->tx);
	}
	FUZZ_CHECK(weir_db_close(world->db, NULL) == WEIR_OK);
	weir_db_destroy(world->db);
	fuzz_folder_empty();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world world;
	struct fuzz_input in = {data, size};

	memset(&world, 0, sizeof(world));
	open_db(&world, fuzz_digit(&in, 2) != 0);
	for (int left = CALLS_MAX; left > 0 && in.left > 0; left--)
		call(&world, &in);
	end(&world);
	return 0;
}
