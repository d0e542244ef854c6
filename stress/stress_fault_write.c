/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See stress_fault_write.h.
 *
 * Whatever a write is meant to end as, it first stores its row and counts itself
 * in the tally: if weir undoes less than it says, or runs a job once more than it
 * counts, the audit finds a row or a count too many.
 */
#include "stress_fault_write.h"

#include <inttypes.h>
#include <string.h>

#include <weir/weir.h>

#include "stress_kill_ledger.h"

#define PADS 40
#define PAD_BYTES 3000

/* One write, on its way. */
struct write {
	struct work *work;
	uint32_t n;
	uint32_t pads;
	bool torn;
	struct weir_error err;
	struct kill_content content;
};

/* ---- jobs ---- */

static bool exec(struct weir_tx *tx, const char *sql, const struct weir_sql_value *values,
                 uint32_t count, struct weir_error *err)
{
	return weir_tx_exec(tx, sql, values, count, NULL, err) == WEIR_OK;
}

static int make_tables(struct weir_tx *tx, void *arg)
{
	(void)arg;
	return !exec(tx, "CREATE TABLE IF NOT EXISTS entry(n INTEGER, checksum INTEGER, bytes BLOB)",
	             NULL, 0, NULL) ||
	       !exec(tx, "CREATE TABLE IF NOT EXISTS pad(n INTEGER, bytes BLOB)", NULL, 0, NULL) ||
	       !exec(tx,
	             "CREATE TABLE IF NOT EXISTS tally(id INTEGER PRIMARY KEY, count INTEGER, "
	             "total INTEGER)",
	             NULL, 0, NULL) ||
	       !exec(tx, "INSERT OR IGNORE INTO tally VALUES (0, 0, 0)", NULL, 0, NULL);
}

static int store(struct weir_tx *tx, void *arg)
{
	struct write *const write = arg;
	struct weir_error *const err = &write->err;
	const struct weir_sql_value row[] = {
		weir_int64(write->n),
		weir_int64((int64_t)write->content.checksum),
		weir_blob(write->content.bytes, write->content.length),
	};
	const struct weir_sql_value sums[] = {
		weir_int64((int64_t)write->content.checksum),
		weir_int64((int64_t)KILL_SUM_MASK),
	};
	const struct weir_sql_value pads[] = {
		weir_int64(write->n),
		weir_int64(PAD_BYTES),
		weir_int64(write->pads),
	};

	if (!exec(tx, "INSERT INTO entry(n, checksum, bytes) VALUES (?, ?, ?)", row, 3, err))
		return 1;
	if (write->torn)
		return 0;
	if (write->pads != 0 &&
	    !exec(tx,
	          "INSERT INTO pad WITH RECURSIVE i(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM i "
	          "WHERE k < ?3) SELECT ?1, zeroblob(?2) FROM i",
	          pads, 3, err))
		return 1;
	return !exec(tx, "UPDATE tally SET count = count + 1, total = (total + ?) & ? WHERE id = 0",
	             sums, 2, err);
}

static int store_and_decline(struct weir_tx *tx, void *arg)
{
	return store(tx, arg) != 0 ? 1 : 7;
}

static int store_twice(struct weir_tx *tx, void *arg)
{
	return store(tx, arg) != 0 || !exec(tx, "INSERT INTO tally VALUES (0, 0, 0)", NULL, 0, NULL);
}

static int store_and_roll_back(struct weir_tx *tx, void *arg)
{
	return store(tx, arg) != 0 ||
	       !exec(tx, "INSERT OR ROLLBACK INTO tally VALUES (0, 0, 0)", NULL, 0, NULL);
}

/* ---- begin and end ---- */

static void begin(struct write *write, struct work *work, uint32_t pads)
{
	write->work = work;
	write->pads = pads;
	weir_error_init(&write->err);
	kill_fill(&write->content, 0, work->book->count + 1);
	write->n = book_begin(work->book, write->content.checksum);
	write->torn = work->lie == WORK_LIE_TORN && write->n % 8 == 3;
	work->book->entries[write->n].pads = pads;
}

/* Keep how it ended; true if that is how it was meant to. */
static bool end(const struct write *write, enum weir_code code, enum weir_outcome outcome,
                enum weir_outcome meant, bool durable)
{
	struct work *const work = write->work;
	struct book_entry *const entry = &work->book->entries[write->n];

	if ((code == WEIR_OK) != (outcome == WEIR_COMMITTED) ||
	    (meant != WEIR_COMMITTED && outcome == WEIR_COMMITTED))
		book_complain(work->book,
		              "write %" PRIu32 " ended with outcome %d and code %s, which cannot be",
		              write->n, (int)outcome, weir_error_name(code));
	book_end(work->book, write->n, outcome);
	if (outcome != meant && work->why.code == WEIR_OK)
		work->why = write->err;
	work->err = write->err;
	entry->durable = durable && outcome == WEIR_COMMITTED;
	if (work->lie == WORK_LIE_EARLY && outcome != WEIR_COMMITTED && meant == WEIR_COMMITTED)
		entry->fate = BOOK_THERE;
	if (work->lie == WORK_LIE_DENIED && outcome == WEIR_COMMITTED && write->n % 8 == 3)
		entry->fate = BOOK_ABSENT;
	return outcome == meant;
}

static bool is_durable(const struct work *work, const struct weir_write_options *options)
{
	return options->durability == WEIR_DURABILITY_DURABLE ||
	       (options->durability == WEIR_DURABILITY_DEFAULT &&
	        strstr(work->settings, "synchronous=full") != NULL);
}

/* ---- by weir_db_run ---- */

static bool run(struct work *work, weir_job job, struct weir_write_options options, uint32_t pads,
                enum weir_outcome meant)
{
	static struct write write;
	struct weir_write_result result = {.size = sizeof result};
	enum weir_code code;

	options.size = sizeof options;
	begin(&write, work, pads);
	code = weir_db_run(work->db, job, &write, &options, &result, &write.err);
	return end(&write, code, result.outcome, meant, is_durable(work, &options));
}

static const struct weir_write_options as_configured;

bool write_schema(struct work *work)
{
	const struct weir_write_options options = {.size = sizeof options,
	                                           .durability = WEIR_DURABILITY_DURABLE};
	struct weir_write_result result = {.size = sizeof result};
	const enum weir_code code =
		weir_db_run(work->db, make_tables, NULL, &options, &result, &work->err);

	if (work->book->schema != BOOK_THERE && code == WEIR_OK)
		work->book->schema = BOOK_THERE;
	else if (work->book->schema != BOOK_THERE && result.outcome == WEIR_INDETERMINATE)
		work->book->schema = BOOK_EITHER;
	return code == WEIR_OK;
}

bool write_plain(struct work *work)
{
	return run(work, store, as_configured, 0, WEIR_COMMITTED);
}

bool write_visible(struct work *work)
{
	const struct weir_write_options options = {.durability = WEIR_DURABILITY_VISIBLE};

	return run(work, store, options, 0, WEIR_COMMITTED);
}

bool write_durable(struct work *work)
{
	const struct weir_write_options options = {.durability = WEIR_DURABILITY_DURABLE};

	return run(work, store, options, 0, WEIR_COMMITTED);
}

bool write_once(struct work *work)
{
	const struct weir_write_options options = {.once = true};

	return run(work, store, options, 0, WEIR_COMMITTED);
}

bool write_large(struct work *work)
{
	return run(work, store, as_configured, PADS, WEIR_COMMITTED);
}

bool write_declined(struct work *work)
{
	return run(work, store_and_decline, as_configured, 0, WEIR_FAILED);
}

bool write_duplicate(struct work *work)
{
	return run(work, store_twice, as_configured, 0, WEIR_FAILED);
}

bool write_rollback(struct work *work)
{
	return run(work, store_and_roll_back, as_configured, 0, WEIR_FAILED);
}

/* ---- by ticket ---- */

#define MEMBERS 5

struct member {
	struct write write;
	struct weir_ticket *ticket;
	enum weir_code code;
	enum weir_outcome meant;
};

static const struct weir_time for_ever = {WEIR_TIME_NEVER_NS};

static void submit(struct member *member, struct work *work, weir_job job,
                   enum weir_durability durability)
{
	const struct weir_write_options options = {.size = sizeof options, .durability = durability};

	begin(&member->write, work, 0);
	member->meant = job == store ? WEIR_COMMITTED : WEIR_FAILED;
	member->ticket = NULL;
	member->code = weir_db_submit(work->db, job, &member->write, &options, &member->ticket,
	                              &member->write.err);
}

static bool collect(struct member *member, bool durable)
{
	struct weir_write_result result = {.size = sizeof result, .outcome = WEIR_REJECTED};

	if (member->ticket != NULL)
		member->code = weir_ticket_collect(member->ticket, for_ever, &result, &member->write.err);
	return end(&member->write, member->code, result.outcome, member->meant, durable);
}

bool write_ticket(struct work *work)
{
	static struct member member;

	submit(&member, work, store, WEIR_DURABILITY_DURABLE);
	return collect(&member, true);
}

bool write_cancelled(struct work *work)
{
	static struct member member;

	submit(&member, work, store, WEIR_DURABILITY_DEFAULT);
	member.meant = member.ticket != NULL ? WEIR_TIMED_OUT : WEIR_REJECTED;
	weir_ticket_cancel(member.ticket);
	return collect(&member, false) && member.meant == WEIR_TIMED_OUT;
}

/* Nobody leads before the first is collected: then one transaction has them all,
 * but for the one in the middle, which is undone without the others. */
bool write_group(struct work *work)
{
	static struct member members[MEMBERS];
	const uint32_t transaction = ++work->book->transactions;
	bool as_meant = true;

	for (uint32_t i = 0; i < MEMBERS; i++) {
		submit(&members[i], work, i == 2 ? store_and_decline : store, WEIR_DURABILITY_DURABLE);
		work->book->entries[members[i].write.n].transaction = i == 2 ? 0 : transaction;
	}
	for (uint32_t i = 0; i < MEMBERS; i++)
		as_meant = collect(&members[i], true) && as_meant;
	return as_meant;
}

/* ---- by lease ---- */

static bool lease(struct work *work, bool commit)
{
	static struct write write;
	struct weir_tx tx = {0};
	struct weir_write_result result = {.size = sizeof result, .outcome = WEIR_REJECTED};
	enum weir_code code;
	bool stored = false;

	begin(&write, work, 0);
	code = weir_write_begin(work->db, NULL, &tx, &write.err);
	if (code == WEIR_OK) {
		stored = store(&tx, &write) == 0;
		result.outcome = WEIR_FAILED;
		code = WEIR_ERR_JOB_FAILED;
		if (stored && commit)
			code = weir_write_commit(&tx, &result, &write.err);
		weir_tx_end(&tx);
	}
	return end(&write, code, result.outcome, commit ? WEIR_COMMITTED : WEIR_FAILED,
	           is_durable(work, &as_configured)) &&
	       stored;
}

bool write_lease(struct work *work)
{
	return lease(work, true);
}

bool write_abandoned(struct work *work)
{
	return lease(work, false);
}
