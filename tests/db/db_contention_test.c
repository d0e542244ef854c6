/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Everything at once: threads that mix jobs, leases, failing jobs, reads, tickets
 * and cancels on one db. What was acknowledged is in the file, once, and nothing
 * else is; nobody hears that the database is locked.
 */
#include "db_fixture.h"

#include <inttypes.h>
#include <string.h>

#define THREADS 8
#define RUN_NS WEIR_SECONDS(2)

struct tally {
	int64_t added;
	uint64_t committed;
	uint64_t failed;
	uint64_t unrun;
	uint64_t reads;
	uint64_t wrong;
	enum weir_code odd; /* a code that nobody should have seen */
	char message[WEIR_ERROR_MESSAGE_MAX];
};

struct member {
	struct unit_thread thread;
	struct weir_db *db;
	struct weir_time until;
	int64_t index;
	uint64_t random;
	int64_t low; /* nothing below it may be read of one's own */
	struct tally tally;
};

/* What a job does beside adding to its thread's row. */
enum mishap { NONE, RETURNS, BREAKS_RULE, ROLLS_BACK, RUNS_LONG, MISHAPS };

struct addition {
	int64_t index;
	int64_t amount;
	enum mishap mishap;
};

static const char *const mishaps[MISHAPS] = {
	[BREAKS_RULE] = "INSERT INTO rule VALUES (NULL)",
	[ROLLS_BACK] = "INSERT OR ROLLBACK INTO rule VALUES (NULL)",
	[RUNS_LONG] = "INSERT INTO rule WITH RECURSIVE c (x) AS "
				  "(SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 1000000000) SELECT x FROM c",
};

static int add(struct weir_tx *tx, void *arg)
{
	const struct addition *const addition = arg;
	const struct weir_sql_value values[] = {weir_int64(addition->amount),
	                                        weir_int64(addition->index)};

	if (weir_tx_exec(tx, "UPDATE t SET v = v + ? WHERE id = ?", values, 2, NULL, NULL) != WEIR_OK)
		return 1;
	if (mishaps[addition->mishap] != NULL &&
	    weir_tx_exec(tx, mishaps[addition->mishap], NULL, 0, NULL, NULL) != WEIR_OK)
		return 1;
	return addition->mishap == RETURNS ? 7 : 0;
}

static void note_odd(struct member *m, const struct weir_error *err)
{
	m->tally.wrong++;
	m->tally.odd = err->code;
	(void)snprintf(m->tally.message, sizeof m->tally.message, "%s", err->message);
}

/* The outcome of an addition, which must be one that it could have. */
static void note(struct member *m, const struct addition *addition,
                 const struct weir_write_result *result, enum weir_code code,
                 const struct weir_error *err)
{
	switch (result->outcome) {
	case WEIR_COMMITTED:
		m->tally.added += addition->amount;
		m->tally.committed++;
		m->low += addition->amount;
		if (code != WEIR_OK || addition->mishap != NONE || result->sequence == 0)
			note_odd(m, err);
		return;
	case WEIR_FAILED:
		m->tally.failed++;
		if (addition->mishap == NONE && code != WEIR_ERR_DRIVER_CANCELLED)
			note_odd(m, err);
		return;
	case WEIR_TIMED_OUT:
	case WEIR_REJECTED:
		m->tally.unrun++;
		if (code != WEIR_ERR_CANCELLED && code != WEIR_ERR_GATE_TIMEOUT &&
		    code != WEIR_ERR_REJECTED)
			note_odd(m, err);
		return;
	default:
		note_odd(m, err);
		return;
	}
}

static uint32_t draw(struct member *m, uint32_t below)
{
	return (uint32_t)(unit_random(&m->random) % below);
}

static struct addition make_addition(struct member *m)
{
	struct addition addition = {m->index, 1 + draw(m, 9), NONE};

	if (draw(m, 8) == 0)
		addition.mishap = (enum mishap)(1 + draw(m, MISHAPS - 1));
	return addition;
}

static struct weir_write_options make_options(struct member *m, const struct addition *addition)
{
	struct weir_write_options options = db_options();

	options.durability = (enum weir_durability)draw(m, 3);
	options.lane = draw(m, 4) == 0 ? WEIR_LANE_BULK : WEIR_LANE_NORMAL;
	options.once = draw(m, 16) == 0;
	if (draw(m, 16) == 0)
		options.timeout_ns = 1 + draw(m, WEIR_MILLISECONDS(2));
	if (addition->mishap == RUNS_LONG)
		options.budget_ns = WEIR_MILLISECONDS(1);
	return options;
}

static void run_job(struct member *m)
{
	struct addition addition = make_addition(m);
	const struct weir_write_options options = make_options(m, &addition);
	struct weir_write_result result = {.size = sizeof result};
	struct weir_error err = WEIR_ERROR_INIT;
	const enum weir_code code = weir_db_run(m->db, add, &addition, &options, &result, &err);

	note(m, &addition, &result, code, &err);
}

/* A few at once; some are cancelled, at some point. */
static void run_tickets(struct member *m)
{
	struct addition additions[4];
	struct weir_ticket *tickets[4] = {NULL};
	const uint32_t count = 1 + draw(m, 4);

	for (uint32_t i = 0; i < count; i++) {
		struct weir_write_options options;
		struct weir_error err = WEIR_ERROR_INIT;

		additions[i] = make_addition(m);
		options = make_options(m, &additions[i]);
		if (weir_db_submit(m->db, add, &additions[i], &options, &tickets[i], &err) == WEIR_OK)
			continue;
		m->tally.unrun++;
		if (err.code != WEIR_ERR_REJECTED && err.code != WEIR_ERR_GATE_TIMEOUT)
			note_odd(m, &err);
	}
	for (uint32_t i = 0; i < count; i++) {
		struct weir_write_result result = {.size = sizeof result};
		struct weir_error err = WEIR_ERROR_INIT;
		enum weir_code code;

		if (tickets[i] == NULL)
			continue;
		if (draw(m, 4) == 0)
			weir_ticket_cancel(tickets[i]);
		code = weir_ticket_collect(tickets[i], db_soon(), &result, &err);
		note(m, &additions[i], &result, code, &err);
	}
}

static void run_lease(struct member *m)
{
	struct addition addition = {m->index, 1 + draw(m, 9), NONE};
	const bool commits = draw(m, 2) == 0;
	struct weir_write_result result = {.size = sizeof result, .outcome = WEIR_FAILED};
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_tx tx = {0};
	enum weir_code code = weir_write_begin(m->db, NULL, &tx, &err);

	if (code == WEIR_ERR_REJECTED) {
		m->tally.unrun++;
		return;
	}
	if (code != WEIR_OK || add(&tx, &addition) != 0)
		note_odd(m, &err);
	else if (commits)
		code = weir_write_commit(&tx, &result, &err);
	weir_tx_end(&tx);
	if (commits)
		note(m, &addition, &result, code, &err);
}

static void read_one(struct member *m)
{
	const struct weir_read_options options = {.size = sizeof options, .snapshot = draw(m, 2) == 0};
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_tx tx = {0};
	char text[64];
	int64_t seen = 0;
	enum weir_code code = weir_read_begin(m->db, &options, &tx, &err);

	(void)snprintf(text, sizeof text, "SELECT v FROM t WHERE id = %d", (int)m->index);
	if (code == WEIR_OK)
		code = db_tx_number(&tx, text, &seen, &err);
	weir_tx_end(&tx);
	m->tally.reads++;
	if (code != WEIR_OK) {
		note_odd(m, &err);
	} else if (seen != m->low) {
		(void)snprintf(err.message, sizeof err.message, "saw %d of its own %d", (int)seen,
		               (int)m->low);
		note_odd(m, &err);
	}
}

static void live(void *arg)
{
	static void (*const deeds[])(struct member *) = {run_job,  run_job,     run_job,
	                                                 read_one, run_tickets, run_lease};
	struct member *const m = arg;

	while (weir_now().ns < m->until.ns)
		deeds[draw(m, sizeof deeds / sizeof deeds[0])](m);
}

static struct tally sum_up(struct member *members)
{
	struct tally sum;

	memset(&sum, 0, sizeof sum);
	for (int i = 0; i < THREADS; i++)
		unit_join(&members[i].thread);
	for (int i = 0; i < THREADS; i++) {
		const struct tally *const one = &members[i].tally;

		if (one->wrong > 0)
			fail_msg("thread %d: %d odd results, the last %#x: %s", i, (int)one->wrong, one->odd,
			         one->message);
		sum.added += one->added;
		sum.committed += one->committed;
		sum.failed += one->failed;
		sum.unrun += one->unrun;
		sum.reads += one->reads;
	}
	return sum;
}

static const char *const settings[] = {
	"max_size=3&synchronous=off&wal_ceiling=100",
	"max_size=3&group_max=3&fairness=fifo&wal_ceiling=20&max_writers_waiting=12",
};

static void what_was_acknowledged_is_there(void **state)
{
	struct db_fixture *const fixture = *state;
	uint64_t random = unit_seed();

	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
		struct weir_db *const db = db_make(fixture, settings[i]);
		struct member members[THREADS];

		db_exec(db, "CREATE TABLE IF NOT EXISTS rule (v NOT NULL)");
		db_exec(db, "DROP TABLE IF EXISTS t");
		db_exec(db, "CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER)");
		db_exec(db, "INSERT INTO t VALUES (0,0), (1,0), (2,0), (3,0), (4,0), (5,0), (6,0), (7,0)");
		memset(members, 0, sizeof members);
		for (int64_t m = 0; m < THREADS; m++) {
			members[m].db = db;
			members[m].index = m;
			members[m].random = unit_random(&random);
			members[m].until = weir_deadline_in(RUN_NS / 2);
			unit_start(&members[m].thread, live, &members[m]);
		}
		const struct tally sum = sum_up(members);

		assert_true(sum.committed > 0 && sum.reads > 0);
		assert_int_equal(db_file_number(fixture, "SELECT sum(v) FROM t"), sum.added);
		for (int64_t m = 0; m < THREADS; m++) {
			char text[64];

			(void)snprintf(text, sizeof text, "SELECT v FROM t WHERE id = %d", (int)m);
			assert_int_equal(db_file_number(fixture, text), members[m].tally.added);
		}
		db_assert_rows(fixture, "SELECT count(*) FROM rule", "0");
		assert_int_equal(db_stats(db).writer_opens, 1);
		assert_int_equal(db_stats(db).jobs[WEIR_COMMITTED], sum.committed + 4);
		assert_int_equal(db_stats(db).jobs[WEIR_INDETERMINATE], 0);
		assert_int_equal(db_stats(db).readers.leased, 0);
		(void)fprintf(stderr, "%d committed, %d failed, %d did not run, %d reads\n",
		              (int)sum.committed, (int)sum.failed, (int)sum.unrun, (int)sum.reads);
		db_end(db);
		db_assert_rows(fixture, "PRAGMA integrity_check", "ok");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(what_was_acknowledged_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
