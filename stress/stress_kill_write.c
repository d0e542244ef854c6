/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One write of `weir-stress kill`: what kinds there are, what each may end as,
 * and how the ledger learns of it.
 *
 * Whatever a kind is meant to end as, it first stores its row and counts itself
 * in its writer's tally: if weir undoes less than it says, or runs a job once more
 * than it counts, the audit finds a row or a count too many.
 */
#include "stress_kill.h"

#include <inttypes.h>

#include "stress_random.h"

/* What a kind may end as, when nothing but a kill goes wrong. */
#define MAY_COMMIT UINT32_C(1)
#define MAY_FAIL UINT32_C(2)
#define MAY_NEVER_RUN UINT32_C(4)

/* How the write gets to the writer. */
enum way { WAY_RUN, WAY_TICKET, WAY_LEASE, WAY_LEASE_UNDONE };

struct kind {
	const char *name;
	uint32_t share; /* of 100 */
	uint32_t may;
	enum way way;
	bool once;
	enum weir_durability durability;
	int64_t timeout_ns; /* 0: the setting */
	weir_job job;
};

/* ---- jobs ---- */

static int store(struct weir_tx *tx, void *arg)
{
	const struct kill_write *const write = arg;
	const bool garbled = write->lie == KILL_LIE_GARBLED;
	const int64_t checksum = (int64_t)(write->content.checksum ^ (garbled ? 1 : 0));
	const struct weir_sql_value row[] = {
		weir_int64(write->writer),
		weir_int64((int64_t)write->n),
		weir_int64(checksum),
		weir_blob(write->content.bytes, write->content.length),
	};
	const struct weir_sql_value tally[] = {
		weir_int64((int64_t)write->content.checksum),
		weir_int64((int64_t)KILL_SUM_MASK),
		weir_int64((int64_t)write->n),
		weir_int64(write->writer),
	};
	const struct weir_sql_value old[] = {
		weir_int64(write->writer),
		weir_int64((int64_t)write->n - KILL_KEEP),
	};

	if (weir_tx_exec(tx, "INSERT INTO entry(writer, n, checksum, bytes) VALUES (?, ?, ?, ?)", row,
	                 4, NULL, NULL) != WEIR_OK)
		return 1;
	if (write->lie == KILL_LIE_TORN)
		return 0;
	if (weir_tx_exec(tx,
	                 "UPDATE tally SET count = count + 1, total = (total + ?) & ?, last = ? "
	                 "WHERE writer = ?",
	                 tally, 4, NULL, NULL) != WEIR_OK)
		return 1;
	return weir_tx_exec(tx, "DELETE FROM entry WHERE writer = ? AND n <= ?", old, 2, NULL, NULL) !=
	       WEIR_OK;
}

/* Run sql, whose parameters are the key of the row just stored; true if it was
 * refused. */
static bool offend(struct weir_tx *tx, const struct kill_write *write, const char *sql)
{
	const struct weir_sql_value key[] = {
		weir_int64(write->writer),
		weir_int64((int64_t)write->n),
	};

	return weir_tx_exec(tx, sql, key, 2, NULL, NULL) != WEIR_OK;
}

static int store_and_decline(struct weir_tx *tx, void *arg)
{
	const int failed = store(tx, arg);

	return failed != 0 ? failed : 7;
}

static int store_twice(struct weir_tx *tx, void *arg)
{
	return store(tx, arg) != 0 || offend(tx, arg, "INSERT INTO entry(writer, n) VALUES (?, ?)");
}

/* A statement that fails is the job's own business, as long as it says 0. */
static int store_and_forgive(struct weir_tx *tx, void *arg)
{
	if (store(tx, arg) != 0)
		return 1;
	return offend(tx, arg, "INSERT INTO entry(writer, n) VALUES (?, ?)") ? 0 : 8;
}

static int store_and_roll_back(struct weir_tx *tx, void *arg)
{
	return store(tx, arg) != 0 ||
	       offend(tx, arg, "INSERT OR ROLLBACK INTO entry(writer, n) VALUES (?, ?)");
}

/* Refers to a writer that there is not, which only a commit would notice. */
static int store_an_orphan(struct weir_tx *tx, void *arg)
{
	return store(tx, arg) != 0 ||
	       offend(tx, arg, "INSERT INTO orphan(writer) VALUES (-1 - ?1 - ?2)");
}

/* ---- kinds ---- */

static const struct kind kinds[] = {
	{"plain", 40, MAY_COMMIT, WAY_RUN, false, WEIR_DURABILITY_DURABLE, 0, store},
	{"visible", 8, MAY_COMMIT, WAY_RUN, false, WEIR_DURABILITY_VISIBLE, 0, store},
	{"once", 6, MAY_COMMIT, WAY_RUN, true, WEIR_DURABILITY_DURABLE, 0, store},
	{"ticket", 10, MAY_COMMIT, WAY_TICKET, false, WEIR_DURABILITY_DURABLE, 0, store},
	{"lease", 6, MAY_COMMIT, WAY_LEASE, false, WEIR_DURABILITY_DURABLE, 0, store},
	{"hasty", 6, MAY_COMMIT | MAY_NEVER_RUN, WAY_RUN, false, WEIR_DURABILITY_DURABLE,
     WEIR_MICROSECONDS(200), store},
	{"forgiving", 4, MAY_COMMIT, WAY_RUN, false, WEIR_DURABILITY_DURABLE, 0, store_and_forgive},
	{"declined", 5, MAY_FAIL, WAY_RUN, false, WEIR_DURABILITY_DURABLE, 0, store_and_decline},
	{"duplicate", 5, MAY_FAIL, WAY_RUN, false, WEIR_DURABILITY_DURABLE, 0, store_twice},
	{"rollback", 4, MAY_FAIL, WAY_RUN, false, WEIR_DURABILITY_DURABLE, 0, store_and_roll_back},
	{"orphan", 3, MAY_FAIL, WAY_RUN, false, WEIR_DURABILITY_DURABLE, 0, store_an_orphan},
	{"abandoned", 3, MAY_FAIL, WAY_LEASE_UNDONE, false, WEIR_DURABILITY_DURABLE, 0, store},
};

static const struct kind *draw_kind(uint64_t *random)
{
	uint32_t left = stress_random_below(random, 100);
	size_t i = 0;

	while (i + 1 < sizeof kinds / sizeof kinds[0] && left >= kinds[i].share)
		left -= kinds[i++].share;
	return &kinds[i];
}

/* ---- ways ---- */

static enum weir_code write_by_lease(struct weir_db *db, const struct kind *kind,
                                     const struct weir_write_options *options,
                                     struct kill_write *write, struct weir_write_result *result,
                                     struct weir_error *err)
{
	struct weir_tx tx = {0};
	const enum weir_code code = weir_write_begin(db, options, &tx, err);

	result->outcome = WEIR_REJECTED;
	if (code != WEIR_OK)
		return code;
	result->outcome = WEIR_FAILED;
	if (kind->job(&tx, write) != 0 || kind->way == WAY_LEASE_UNDONE) {
		weir_tx_end(&tx);
		return weir_fail(err, WEIR_ERR_JOB_FAILED, "kill", 0, "the lease was not committed");
	}
	return weir_write_commit(&tx, result, err);
}

static enum weir_code write_by_ticket(struct weir_db *db, const struct kind *kind,
                                      const struct weir_write_options *options,
                                      struct kill_write *write, struct weir_write_result *result,
                                      struct weir_error *err)
{
	const struct weir_time for_ever = {WEIR_TIME_NEVER_NS};
	struct weir_ticket *ticket = NULL;
	const enum weir_code code = weir_db_submit(db, kind->job, write, options, &ticket, err);

	result->outcome = WEIR_REJECTED;
	return code != WEIR_OK ? code : weir_ticket_collect(ticket, for_ever, result, err);
}

static enum weir_code write_by(struct weir_db *db, const struct kind *kind,
                               struct kill_write *write, struct weir_write_result *result,
                               struct weir_error *err)
{
	const struct weir_write_options options = {
		.size = sizeof options,
		.durability = kind->durability,
		.once = kind->once,
		.timeout_ns = kind->timeout_ns,
	};

	if (kind->way == WAY_RUN)
		return weir_db_run(db, kind->job, write, &options, result, err);
	if (kind->way == WAY_TICKET)
		return write_by_ticket(db, kind, &options, write, result, err);
	return write_by_lease(db, kind, &options, write, result, err);
}

/* ---- outcomes ---- */

/* What an outcome says of the database; NONE: nothing that can be relied on. */
static const struct {
	enum kill_fate fate;
	uint32_t may;
} meanings[WEIR_INDETERMINATE + 1] = {
	[WEIR_COMMITTED] = {KILL_COMMITTED, MAY_COMMIT}, [WEIR_FAILED] = {KILL_UNDONE, MAY_FAIL},
	[WEIR_REJECTED] = {KILL_NEVER, MAY_NEVER_RUN},   [WEIR_TIMED_OUT] = {KILL_NEVER, MAY_NEVER_RUN},
	[WEIR_INDETERMINATE] = {KILL_FATE_NONE, 0},
};

/* Whether this write of a writer's is one to lie about. */
static enum kill_lie lie_on(enum kill_lie lie, uint64_t n)
{
	return lie == KILL_LIE_EARLY || n % 64 == 3 ? lie : KILL_LIE_NONE;
}

static void note(struct kill_write *write, const struct kind *kind, enum weir_code code,
                 const struct weir_write_result *result, const struct weir_error *err)
{
	struct kill_writer *const books = &write->ledger->writers[write->writer];
	const enum weir_outcome outcome = result->outcome;
	const bool known = outcome > WEIR_OUTCOME_NONE && outcome <= WEIR_INDETERMINATE;
	enum kill_fate fate = known ? meanings[outcome].fate : KILL_FATE_NONE;

	if (known)
		atomic_fetch_add_explicit(&write->ledger->outcomes[outcome], 1, memory_order_relaxed);
	if (!known || (kind->may & meanings[outcome].may) == 0 ||
	    (code == WEIR_OK) != (outcome == WEIR_COMMITTED))
		kill_complain(write->ledger,
		              "writer %" PRIu32 ", write %" PRIu64
		              " (%s): outcome %d, which cannot be; %s: %s",
		              write->writer, write->n, kind->name, (int)outcome,
		              code != WEIR_OK ? weir_error_name(code) : "OK", err->message);
	if (write->lie == KILL_LIE_EARLY || fate == KILL_FATE_NONE)
		return; /* told already; or in flight for good, and the writer ends */
	if (write->lie == KILL_LIE_DENIED && fate == KILL_COMMITTED)
		fate = KILL_UNDONE;
	kill_publish(books, write->n, fate, write->content.checksum);
}

void kill_write_one(struct weir_db *db, struct kill_write *write, uint64_t *random)
{
	const struct kind *const kind = draw_kind(random);
	const enum kill_lie lie = write->lie;
	struct kill_writer *const books = &write->ledger->writers[write->writer];
	struct weir_write_result result = {.size = sizeof result};
	struct weir_error err = WEIR_ERROR_INIT;
	enum weir_code code;

	write->n = kill_begin(books);
	write->lie = lie_on(lie, write->n);
	kill_fill(&write->content, write->writer, write->n);
	if (write->lie == KILL_LIE_EARLY)
		kill_publish(books, write->n, kind->may == MAY_FAIL ? KILL_UNDONE : KILL_COMMITTED,
		             write->content.checksum);
	code = write_by(db, kind, write, &result, &err);
	note(write, kind, code, &result, &err);
	write->lie = lie;
}
