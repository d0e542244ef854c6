/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Jobs that share a transaction: each has the outcome it deserves, whatever its
 * neighbours do. A write lease holds the gate while jobs queue, so that all of
 * them come into one hold, in a known order; then the file is read from outside.
 */
#include "db_fixture.h"

#include <string.h>

#define MEMBERS_MAX 24

#define SCHEMA                                                                                     \
	"CREATE TABLE t (v INTEGER NOT NULL UNIQUE)", "CREATE TABLE parent (id INTEGER PRIMARY KEY)",  \
		"CREATE TABLE child (p INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)",     \
		"CREATE TRIGGER no_99 BEFORE INSERT ON t WHEN NEW.v = 99 "                                 \
		"BEGIN SELECT RAISE(ROLLBACK, 'no 99'); END"

#define ENDLESS                                                                                    \
	"WITH RECURSIVE c (x) AS (SELECT 1000 UNION ALL SELECT x + 1 FROM c LIMIT 1000000000) "

struct crew {
	struct weir_db *db;
	struct db_script scripts[MEMBERS_MAX];
	struct weir_write_options options[MEMBERS_MAX];
	struct db_asked asked[MEMBERS_MAX];
	char sql[MEMBERS_MAX][64];
	uint32_t count;
};

/* What queued together is one group, however slow the machine is. */
static struct weir_db *make_db(struct db_fixture *fixture, const char *settings)
{
	static const char *const schema[] = {SCHEMA};
	struct weir_db *const db = db_make(fixture, settings);

	assert_code(weir_db_set(db, "group_time", "10s", NULL), WEIR_OK);
	for (size_t i = 0; i < sizeof schema / sizeof schema[0]; i++)
		db_exec(db, schema[i]);
	return db;
}

/* Members that insert 1, 2, 3 … */
static void make_crew(struct crew *crew, struct weir_db *db, uint32_t count)
{
	memset(crew, 0, sizeof *crew);
	crew->db = db;
	crew->count = count;
	for (uint32_t i = 0; i < count; i++) {
		(void)snprintf(crew->sql[i], sizeof crew->sql[i], "INSERT INTO t VALUES (%u)", i + 1);
		crew->scripts[i].sql[0] = crew->sql[i];
		crew->options[i] = db_options();
	}
}

/* Queue them all while the gate is held, let go, and wait for all of them. */
static void run_crew(struct crew *crew)
{
	struct db_holder holder;

	db_hold(&holder, crew->db);
	for (uint32_t i = 0; i < crew->count; i++)
		db_submit(crew->db, &crew->scripts[i], &crew->options[i], &crew->asked[i]);
	db_end_hold(&holder);
	for (uint32_t i = 0; i < crew->count; i++)
		db_collect(&crew->asked[i]);
}

static void assert_committed(const struct crew *crew, uint32_t i, uint32_t group_size)
{
	const struct db_asked *const asked = &crew->asked[i];

	if (asked->code != WEIR_OK)
		fail_msg("member %u: %s", i, asked->err.message);
	assert_int_equal(asked->result.outcome, WEIR_COMMITTED);
	if (group_size != 0)
		assert_int_equal(asked->result.group_size, group_size);
	assert_int_equal(asked->result.runs, crew->scripts[i].calls);
	assert_true(asked->result.runs >= 1);
	assert_true(asked->result.queued_ns >= 0);
	assert_true(asked->result.sequence > 0);
}

/* ---- healthy ---- */

static void a_healthy_group_is_one_transaction(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual");
	const uint64_t commits = db_stats(db).commits;
	struct crew crew;

	make_crew(&crew, db, 20);
	run_crew(&crew);
	for (uint32_t i = 0; i < crew.count; i++) {
		assert_committed(&crew, i, 20);
		assert_int_equal(crew.asked[i].result.runs, 1);
		assert_int_equal(crew.asked[i].result.sequence, crew.asked[0].result.sequence);
	}
	assert_int_equal(db_stats(db).commits, commits + 1);
	assert_int_equal(db_stats(db).sequence, crew.asked[0].result.sequence);
	assert_int_equal(db_stats(db).savepoints, 0);
	assert_int_equal(db_stats(db).runs_again, 0);
	/* In the order in which they queued. */
	db_assert_rows(*state, "SELECT v FROM t ORDER BY rowid",
	               "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20");
	db_end(db);
}

/* Nor in the groups that are careful, after a failure beside others. */
static void a_group_of_one_costs_no_savepoint(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual");
	struct weir_write_result result = {.size = sizeof result};
	struct crew crew;

	for (int i = 0; i < 2; i++) {
		const uint64_t savepoints = db_stats(db).savepoints;

		assert_code(weir_db_exec(db, "INSERT INTO t VALUES (77)", NULL, 0, &result, NULL), WEIR_OK);
		assert_int_equal(result.group_size, 1);
		assert_code(weir_db_exec(db, "INSERT INTO t VALUES (77)", NULL, 0, &result, NULL),
		            WEIR_ERR_DRIVER_SQL);
		assert_int_equal(result.group_size, 0);
		assert_int_equal(db_stats(db).savepoints, savepoints);
		db_exec(db, "DELETE FROM t");
		make_crew(&crew, db, 3);
		crew.scripts[1].returns = 1;
		run_crew(&crew);
		db_exec(db, "DELETE FROM t");
		run_crew(&crew); /* this one does */
		assert_true(db_stats(db).savepoints > savepoints);
		db_exec(db, "DELETE FROM t");
	}
	db_end(db);
}

static void group_max_divides_what_queued(void **state)
{
	static const uint32_t sizes[] = {4, 4, 4, 4, 4, 4, 4, 4, 2, 2};
	struct weir_db *const db = make_db(*state, "keeper=manual&group_max=4");
	struct crew crew;

	make_crew(&crew, db, 10);
	run_crew(&crew);
	for (uint32_t i = 0; i < crew.count; i++)
		assert_committed(&crew, i, sizes[i]);
	db_assert_rows(*state, "SELECT v FROM t ORDER BY rowid", "1,2,3,4,5,6,7,8,9,10");
	db_end(db);
}

static void a_member_sees_what_those_before_it_did(void **state)
{
	struct weir_db *const db = make_db(*state, NULL);
	struct crew crew;

	make_crew(&crew, db, 6);
	for (uint32_t i = 0; i < crew.count; i++)
		crew.scripts[i].sql[0] = "INSERT INTO t SELECT count(*) * 10 FROM t";
	run_crew(&crew);
	db_assert_rows(*state, "SELECT v FROM t ORDER BY rowid", "0,10,20,30,40,50");
	db_end(db);
}

/* ---- one member is at fault ---- */

struct fault {
	const char *sql[DB_STATEMENTS_MAX];
	int returns;
	bool careless;
	bool ends_well; /* committed, with the row 77 */
	enum weir_code code;
	int64_t driver_code; /* 0: not looked at */
	int64_t budget_ns;
};

#define ROW_77 "INSERT INTO t VALUES (77)"
#define REFUSED_TXN(text)                                                                          \
	{                                                                                              \
		{ROW_77, text}, 0, false, false, WEIR_ERR_DRIVER_SQL, SQLITE_AUTH, 0                       \
	}
#define AS_RULE(rule)                                                                              \
	{                                                                                              \
		{ROW_77, "INSERT OR " rule " INTO t VALUES (NULL)"}, 0, false, false, WEIR_ERR_DRIVER_SQL, \
			SQLITE_CONSTRAINT_NOTNULL, 0                                                           \
	}

static const struct fault faults[] = {
	AS_RULE("ABORT"),
	AS_RULE("FAIL"),
	AS_RULE("ROLLBACK"),
	{{ROW_77, "INSERT OR IGNORE INTO t VALUES (NULL)"}, 0, false, true, WEIR_OK, 0, 0},
	{{ROW_77, ROW_77}, 0, false, false, WEIR_ERR_DRIVER_SQL, SQLITE_CONSTRAINT_UNIQUE, 0},
	{{ROW_77, "INSERT INTO t VALUES (99)"},
     0,
     false,
     false,
     WEIR_ERR_DRIVER_SQL,
     SQLITE_CONSTRAINT_TRIGGER,
     0},
	/* The transaction is gone however little the job minds. */
	{{ROW_77, "INSERT INTO t VALUES (99)"},
     0,
     true,
     false,
     WEIR_ERR_DRIVER_SQL,
     SQLITE_CONSTRAINT_TRIGGER,
     0},
	REFUSED_TXN("BEGIN"),
	REFUSED_TXN("BEGIN IMMEDIATE"),
	REFUSED_TXN("COMMIT"),
	REFUSED_TXN("END"),
	REFUSED_TXN("ROLLBACK"),
	REFUSED_TXN("SAVEPOINT mine"),
	REFUSED_TXN("RELEASE weir"),
	REFUSED_TXN("ROLLBACK TO weir"),
	/* A failure that the job does not mind is no failure of the job. */
	{{ROW_77, "COMMIT"}, 0, true, true, WEIR_OK, 0, 0},
	{{ROW_77, ROW_77}, 0, true, true, WEIR_OK, 0, 0},
	{{ROW_77, "INSERT INTO child VALUES (5)"},
     0,
     false,
     false,
     WEIR_ERR_DRIVER_SQL,
     SQLITE_CONSTRAINT_FOREIGNKEY,
     0},
	{{"INSERT INTO child VALUES (5)", "DELETE FROM child", ROW_77}, 0, false, true, WEIR_OK, 0, 0},
	{{ROW_77, "INSERT INTO nowhere VALUES (1)"},
     0,
     false,
     false,
     WEIR_ERR_DRIVER_SQL,
     SQLITE_ERROR,
     0},
	{{ROW_77, "SELECT 1; SELECT 2"}, 0, false, false, WEIR_ERR_DRIVER_SQL, 0, 0},
	{{ROW_77, "VACUUM"}, 0, false, false, WEIR_ERR_DRIVER_SQL, 0, 0},
	{{ROW_77}, 7, false, false, WEIR_ERR_JOB_FAILED, 7, 0},
	{{ROW_77}, -1, false, false, WEIR_ERR_JOB_FAILED, -1, 0},
	/* Over its budget: in a statement that reads, and in one that writes, which
     * SQLite cannot stop without the whole transaction. */
	{{ROW_77, ENDLESS "SELECT count(*) FROM c"},
     0,
     false,
     false,
     WEIR_ERR_DRIVER_DEADLINE,
     0,
     WEIR_MILLISECONDS(20)},
	{{ROW_77, "INSERT INTO t " ENDLESS "SELECT x FROM c"},
     0,
     false,
     false,
     WEIR_ERR_DRIVER_DEADLINE,
     0,
     WEIR_MILLISECONDS(20)},
};

static void check_fault(const struct crew *crew, const struct fault *fault, uint32_t place)
{
	const struct db_asked *const asked = &crew->asked[place];

	assert_int_equal(asked->result.runs, crew->scripts[place].calls);
	if (fault->ends_well) {
		assert_committed(crew, place, crew->count);
		return;
	}
	if (asked->code != fault->code || asked->result.outcome != WEIR_FAILED)
		fail_msg("%s: code %#x (expected %#x), outcome %d: %s", fault->sql[1], asked->code,
		         fault->code, (int)asked->result.outcome, asked->err.message);
	assert_int_equal(asked->err.code, fault->code);
	assert_int_equal(asked->result.runs, 1);
	assert_int_equal(asked->result.sequence, 0);
	if (fault->driver_code != 0)
		assert_int_equal(asked->err.driver_code, fault->driver_code);
}

#define FIVE 5

static void try_fault(struct db_fixture *fixture, struct weir_db *db, const struct fault *fault,
                      uint32_t place)
{
	struct crew crew;
	char rows[32] = "";

	make_crew(&crew, db, FIVE);
	memcpy(crew.scripts[place].sql, fault->sql, sizeof fault->sql);
	crew.scripts[place].returns = fault->returns;
	crew.scripts[place].careless = fault->careless;
	crew.options[place].budget_ns = fault->budget_ns;
	run_crew(&crew);
	for (uint32_t i = 0; i < FIVE; i++) {
		const size_t used = strlen(rows);

		if (i != place)
			assert_committed(&crew, i, fault->ends_well ? FIVE : FIVE - 1);
		if (i != place)
			(void)snprintf(rows + used, sizeof rows - used, "%s%u", used > 0 ? "," : "", i + 1);
	}
	check_fault(&crew, fault, place);
	db_assert_rows(fixture, "SELECT v FROM t WHERE v <> 77 ORDER BY rowid", rows);
	assert_int_equal(db_file_number(fixture, "SELECT count(*) FROM t WHERE v = 77"),
	                 fault->ends_well);
	db_assert_rows(fixture, "SELECT count(*) FROM child", "0");
	db_exec(db, "DELETE FROM t");
}

/* Each fault, in each place: in a group without savepoints, which has to run
 * again, and then in the groups after it, which set them. */
static void no_fault_touches_a_neighbour(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = make_db(fixture, "synchronous=off&keeper=manual");

	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		for (uint32_t place = 0; place < FIVE; place += 2)
			try_fault(fixture, db, &faults[i], place);
	}
	assert_true(db_stats(db).savepoints > 0);
	assert_int_equal(db_stats(db).writer_opens, 1);
	db_end(db);
}

static void a_first_fault_costs_the_others_one_more_run(void **state)
{
	static const uint32_t runs[] = {2, 2, 1, 1, 1};
	struct weir_db *const db = make_db(*state, NULL);
	struct crew crew;

	/* The first without savepoints, the second with. */
	for (int round = 0; round < 2; round++) {
		make_crew(&crew, db, FIVE);
		crew.scripts[2].returns = 7;
		run_crew(&crew);
		for (uint32_t i = 0; i < FIVE; i++)
			assert_int_equal(crew.asked[i].result.runs, round == 0 ? runs[i] : 1);
		assert_int_equal(db_stats(db).runs_again, 2);
		db_exec(db, "DELETE FROM t");
	}
	assert_true(db_stats(db).savepoints >= 3);
	db_end(db);
}

/* However many members tear the transaction down, the others come through, and
 * none of them runs for ever. */
static void many_losses_do_not_add_up(void **state)
{
	struct weir_db *const db = make_db(*state, "synchronous=off");
	struct crew crew;

	make_crew(&crew, db, MEMBERS_MAX);
	for (uint32_t i = 1; i < MEMBERS_MAX; i += 2)
		crew.scripts[i].sql[0] = "INSERT INTO t VALUES (99)";
	run_crew(&crew);
	for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
		if (i % 2 == 0)
			assert_committed(&crew, i, 0);
		else
			assert_int_equal(crew.asked[i].result.outcome, WEIR_FAILED);
		assert_in_range(crew.asked[i].result.runs, 1, 5);
	}
	db_assert_rows(*state, "SELECT v FROM t ORDER BY rowid", "1,3,5,7,9,11,13,15,17,19,21,23");
	db_end(db);
}

static void a_group_in_which_all_fail_commits_nothing(void **state)
{
	struct weir_db *const db = make_db(*state, NULL);
	const uint64_t commits = db_stats(db).commits;
	struct crew crew;

	make_crew(&crew, db, FIVE);
	for (uint32_t i = 0; i < FIVE; i++)
		crew.scripts[i].returns = (int)i + 1;
	run_crew(&crew);
	for (uint32_t i = 0; i < FIVE; i++) {
		assert_int_equal(crew.asked[i].result.outcome, WEIR_FAILED);
		assert_int_equal(crew.asked[i].err.driver_code, i + 1);
	}
	assert_int_equal(db_stats(db).commits, commits);
	db_assert_rows(*state, "SELECT count(*) FROM t", "0");
	db_end(db);
}

/* ---- rows that are not read to their end ---- */

static int leave_rows(struct weir_tx *tx, void *arg)
{
	struct weir_rows rows;
	enum weir_code code = weir_tx_query(tx, arg, NULL, 0, &rows, NULL);

	return code == WEIR_OK && weir_rows_next(&rows, &code, NULL) ? 0 : 1;
}

static void unread_rows_hold_nobody_up(void **state)
{
	static const char *const texts[] = {
		"INSERT INTO t VALUES (11), (12) RETURNING v",
		"SELECT v FROM t",
		"WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c",
	};
	struct weir_db *const db = make_db(*state, NULL);
	struct weir_ticket *tickets[3] = {NULL};
	struct db_script script = {.sql = {"INSERT INTO t VALUES (1)"}};
	struct db_holder holder;

	db_exec(db, "INSERT INTO t VALUES (5)");
	db_hold(&holder, db);
	for (size_t i = 0; i < 3; i++) {
		assert_code(
			weir_db_submit(db, leave_rows, (void *)(uintptr_t)texts[i], NULL, &tickets[i], NULL),
			WEIR_OK);
	}
	db_end_hold(&holder);
	for (size_t i = 0; i < 3; i++)
		assert_code(weir_ticket_collect(tickets[i], db_soon(), NULL, NULL), WEIR_OK);
	assert_code(weir_db_run(db, db_run_script, &script, NULL, NULL, NULL), WEIR_OK);
	db_assert_rows(*state, "SELECT v FROM t ORDER BY rowid", "5,11,12,1");
	db_end(db);
}

/* ---- once ---- */

static void once_is_alone_and_runs_once(void **state)
{
	struct db_fixture *const fixture = *state;

	for (int fails = 0; fails < 2; fails++) {
		struct weir_db *const db = fails == 0 ? make_db(fixture, NULL) : db_make(fixture, NULL);
		struct crew crew;

		db_exec(db, "DELETE FROM t");
		make_crew(&crew, db, FIVE);
		crew.options[2].once = true;
		crew.scripts[2].returns = fails;
		crew.scripts[4].returns = 1; /* its undoing reaches no further than to 3 */
		run_crew(&crew);
		assert_committed(&crew, 0, 2);
		assert_committed(&crew, 1, 2);
		assert_int_equal(crew.asked[2].result.outcome, fails ? WEIR_FAILED : WEIR_COMMITTED);
		assert_int_equal(crew.asked[2].result.runs, 1);
		if (!fails)
			assert_int_equal(crew.asked[2].result.group_size, 1);
		assert_committed(&crew, 3, 1);
		db_assert_rows(fixture, "SELECT v FROM t ORDER BY rowid", fails ? "1,2,4" : "1,2,3,4");
		db_end(db);
	}
}

/* ---- durability ---- */

struct level {
	int64_t synchronous; /* SQLite's number, as the job found it */
};

static int look_at_level(struct weir_tx *tx, void *arg)
{
	struct level *const level = arg;

	return db_tx_number(tx, "PRAGMA synchronous", &level->synchronous, NULL) != WEIR_OK;
}

#define NINE 9

struct durability_case {
	const char *settings;
	enum weir_durability members[NINE + 1]; /* the last is a copy of 0: it ends the list */
	uint32_t count;
	int64_t expected[NINE];
};

#define V WEIR_DURABILITY_VISIBLE
#define D WEIR_DURABILITY_DURABLE
#define AS_SET WEIR_DURABILITY_DEFAULT

static const struct durability_case durabilities[] = {
	{"synchronous=full", {AS_SET}, 1, {2}},
	{"synchronous=full", {V}, 1, {1}},
	{"synchronous=full", {D}, 1, {2}},
	{"synchronous=normal", {AS_SET}, 1, {1}},
	{"synchronous=normal", {D}, 1, {2}},
	{"synchronous=extra", {D}, 1, {3}},
	{"synchronous=off", {V}, 1, {0}},
	{"synchronous=off", {D}, 1, {2}},
	/* A group has that of its strongest member. */
	{"synchronous=normal", {V, AS_SET, D}, 3, {2, 2, 2}},
	{"synchronous=full", {V, AS_SET, V}, 3, {2, 2, 2}},
	/* One that comes too late for that has the next. */
	{"synchronous=full", {V, V, V, V, V, V, V, V, D}, NINE, {1, 1, 1, 1, 1, 1, 1, 1, 2}},
};

static void a_group_is_as_durable_as_its_strongest(void **state)
{
	for (size_t i = 0; i < sizeof durabilities / sizeof durabilities[0]; i++) {
		const struct durability_case *const row = &durabilities[i];
		struct weir_db *const db = db_make(*state, row->settings);
		struct weir_write_options options = db_options();
		struct weir_ticket *tickets[NINE] = {NULL};
		struct level levels[NINE];
		struct db_holder holder;

		db_hold(&holder, db);
		for (uint32_t m = 0; m < row->count; m++) {
			options.durability = row->members[m];
			assert_code(weir_db_submit(db, look_at_level, &levels[m], &options, &tickets[m], NULL),
			            WEIR_OK);
		}
		db_end_hold(&holder);
		for (uint32_t m = 0; m < row->count; m++) {
			assert_code(weir_ticket_collect(tickets[m], db_soon(), NULL, NULL), WEIR_OK);
			if (levels[m].synchronous != row->expected[m])
				fail_msg("%zu: member %u ran with synchronous=%d", i, m,
				         (int)levels[m].synchronous);
		}
		db_end(db);
	}
}

/* ---- deadlines ---- */

static void wait_past(void *arg)
{
	const struct weir_time *const until = arg;

	while (weir_now().ns <= until->ns)
		db_pause();
}

static void a_deadline_can_pass_in_the_group(void **state)
{
	struct weir_db *const db = make_db(*state, NULL);
	struct weir_time until = {0};
	struct crew crew;

	make_crew(&crew, db, FIVE);
	crew.options[1].timeout_ns = WEIR_SECONDS(2);
	crew.scripts[0].before = wait_past;
	crew.scripts[0].arg = &until;
	/* A little later than the member's own deadline, which is set in between. */
	until.ns = weir_deadline_in(WEIR_SECONDS(2)).ns + WEIR_MILLISECONDS(500);
	run_crew(&crew);
	for (uint32_t i = 0; i < FIVE; i++) {
		if (i != 1)
			assert_committed(&crew, i, 4);
	}
	assert_code(crew.asked[1].code, WEIR_ERR_GATE_TIMEOUT);
	assert_int_equal(crew.asked[1].result.outcome, WEIR_TIMED_OUT);
	assert_int_equal(crew.asked[1].result.runs, 0);
	assert_int_equal(crew.scripts[1].calls, 0);
	db_assert_rows(*state, "SELECT v FROM t ORDER BY rowid", "1,3,4,5");
	db_end(db);
}

/* The constraint is deferred, and the broken reference another member's: the one
 * that broke it pays. */
static void a_member_may_not_break_what_an_earlier_one_needs(void **state)
{
	struct weir_db *const db = make_db(*state, NULL);
	struct crew crew;

	make_crew(&crew, db, 3);
	crew.scripts[0].sql[0] = "INSERT INTO parent VALUES (1)";
	crew.scripts[1].sql[0] = "INSERT INTO child VALUES (1)";
	crew.scripts[2].sql[0] = "DELETE FROM parent";
	run_crew(&crew);
	assert_committed(&crew, 0, 2);
	assert_committed(&crew, 1, 2);
	assert_code(crew.asked[2].code, WEIR_ERR_DRIVER_SQL);
	db_assert_rows(*state, "SELECT p FROM child", "1");
	db_assert_rows(*state, "SELECT id FROM parent", "1");
	db_end(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_healthy_group_is_one_transaction),
		DB_TEST(a_group_of_one_costs_no_savepoint),
		DB_TEST(group_max_divides_what_queued),
		DB_TEST(a_member_sees_what_those_before_it_did),
		DB_TEST(no_fault_touches_a_neighbour),
		DB_TEST(a_first_fault_costs_the_others_one_more_run),
		DB_TEST(many_losses_do_not_add_up),
		DB_TEST(a_group_in_which_all_fail_commits_nothing),
		DB_TEST(unread_rows_hold_nobody_up),
		DB_TEST(once_is_alone_and_runs_once),
		DB_TEST(a_group_is_as_durable_as_its_strongest),
		DB_TEST(a_deadline_can_pass_in_the_group),
		DB_TEST(a_member_may_not_break_what_an_earlier_one_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
