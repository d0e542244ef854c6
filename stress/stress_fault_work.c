/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The steps of work, and their order. Writes are in stress_fault_write.c.
 *
 * One thread, and no keeper: the same work makes the same calls each time, so
 * that "the 117th call fails" means something, and a run can be done again.
 */
#include "stress_fault_work.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <weir/sqlite.h>
#include <weir/weir.h>

#include "stress_fault_write.h"
#include "stress_random.h"

/* ---- open and close ---- */

/* The small cache makes a large job spill into the log before it commits; the low
 * ceiling makes checkpoints and new beginnings of the log frequent. */
static const char all_settings[] =
	"max_size=2 min_idle=1 cache_size=64KiB wal_ceiling=10 "
	"open_timeout=10s acquire_timeout=10s write_timeout=10s busy_timeout=10s ";

static bool open_db(struct work *work)
{
	const struct weir_driver *const driver = weir_sqlite_driver();
	const struct weir_db_options options = {.size = sizeof options, .log = weir_log_silent()};
	struct weir_config config;
	char pairs[512];

	weir_config_init(&config, driver);
	(void)snprintf(config.path, sizeof config.path, "%s", work->path);
	(void)snprintf(pairs, sizeof pairs, "%skeeper=%s %s", all_settings,
	               work->keeper ? "thread" : "manual", work->settings);
	if (weir_config_apply_pairs(&config, driver, pairs, NULL, &work->err) != WEIR_OK)
		return false;
	if (weir_db_create(&work->db, driver, &config, &options, &work->err) == WEIR_OK)
		return true;
	if (work->db != NULL)
		book_complain(work->book, "there is a db, though it was not opened");
	work->db = NULL;
	return false;
}

void work_close(struct work *work)
{
	if (work->db == NULL)
		return;
	if (weir_db_close(work->db, &work->err) != WEIR_OK)
		book_complain(work->book, "the db does not close: %s", work->err.message);
	weir_db_destroy(work->db);
	work->db = NULL;
}

/* ---- reading ---- */

struct view {
	struct book_found found[BOOK_MAX + 1];
};

/* What a read sees of each write; the outcome of the read itself. */
static enum weir_code look(struct work *work, struct weir_tx *tx, struct view *view)
{
	const uint32_t count = work->book->count;
	struct weir_rows rows = {0};
	struct weir_sql_value value;
	enum weir_code code = weir_tx_query(tx, "SELECT n FROM entry", NULL, 0, &rows, &work->err);

	memset(view, 0, (count + 1) * sizeof view->found[0]);
	while (code == WEIR_OK && weir_rows_next(&rows, &code, &work->err)) {
		code = weir_rows_value(&rows, 0, &value, &work->err);
		if (code == WEIR_OK && value.as.int64 >= 1 && value.as.int64 <= count)
			view->found[value.as.int64].rows++;
	}
	weir_rows_end(&rows);
	return code;
}

/* A reader sees all that was acknowledged, once, and nothing that failed. */
static void compare(const struct work *work, const struct view *view)
{
	for (uint32_t n = 1; n <= work->book->count && work->lie == WORK_LIE_NONE; n++) {
		const enum book_fate fate = work->book->entries[n].fate;
		const uint32_t rows = view->found[n].rows;

		if (rows > 1 || (fate == BOOK_THERE && rows == 0) || (fate == BOOK_ABSENT && rows != 0))
			book_complain(work->book, "a reader sees %" PRIu32 " rows of write %" PRIu32, rows, n);
	}
}

static bool read_all(struct work *work, bool snapshot)
{
	static struct view view;
	const struct weir_read_options options = {.size = sizeof options, .snapshot = snapshot};
	struct weir_tx tx = {0};
	enum weir_code code = weir_read_begin(work->db, &options, &tx, &work->err);

	for (int i = 0; i < 2 && code == WEIR_OK; i++)
		code = look(work, &tx, &view);
	weir_tx_end(&tx);
	if (code != WEIR_OK)
		return false;
	work->book->reads++;
	compare(work, &view);
	return true;
}

static bool read_plain(struct work *work)
{
	return read_all(work, false);
}

static bool read_snapshot(struct work *work)
{
	return read_all(work, true);
}

static bool read_equal(struct work *work)
{
	static struct view views[2];
	struct weir_tx txs[2] = {{0}, {0}};
	enum weir_code code = weir_read_begin_equal(work->db, NULL, txs, 2, &work->err);

	for (int i = 0; i < 2 && code == WEIR_OK; i++)
		code = look(work, &txs[i], &views[i]);
	for (int i = 0; i < 2; i++)
		weir_tx_end(&txs[i]);
	if (code != WEIR_OK)
		return false;
	work->book->reads++;
	compare(work, &views[0]);
	if (memcmp(&views[0], &views[1], (work->book->count + 1) * sizeof views[0].found[0]) != 0)
		book_complain(work->book, "two equal reads differ");
	return true;
}

/* ---- upkeep ---- */

static bool checkpoint(struct work *work)
{
	return weir_db_checkpoint(work->db, NULL, &work->err) == WEIR_OK;
}

static int vacuum_job(struct weir_tx *tx, void *arg)
{
	(void)arg;
	return weir_tx_exec(tx, "VACUUM", NULL, 0, NULL, NULL) != WEIR_OK;
}

static bool vacuum(struct work *work)
{
	return weir_db_maintain(work->db, vacuum_job, NULL, NULL, &work->err) == WEIR_OK;
}

static bool tick(struct work *work)
{
	(void)weir_db_tick(work->db, weir_now());
	return true;
}

/* ---- order ---- */

struct step {
	const char *name;
	bool (*run)(struct work *work);
	uint32_t share; /* of 100 draws */
};

static const struct weir_error *why_of(const struct work *work)
{
	return work->why.code != WEIR_OK ? &work->why : &work->err;
}

/* False if it did not end well: then there is nothing to go on with. */
static bool run_step(struct work *work, const struct step *step)
{
	for (int tries = 0; tries < 2; tries++) {
		weir_error_init(&work->err);
		weir_error_init(&work->why);
		if (work->db == NULL && step->run != open_db)
			return false;
		if (step->run(work))
			return true;
		if (work->failures++ == 0)
			work->code = why_of(work)->code;
		if (!atomic_load(work->struck) || (tries > 0 && work->recovers)) {
			book_complain(work->book, "the step \"%s\" %s: %s: %s", step->name,
			              tries > 0 ? "still fails when the trouble is over"
			                        : "fails for no reason",
			              weir_error_name(why_of(work)->code), why_of(work)->message);
			return false;
		}
		if (!work->recovers)
			return false;
		work->again++;
	}
	return false;
}

static void run_steps(struct work *work, const struct step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)run_step(work, &steps[i]);
}

static const struct step beginning[] = {
	{"open", open_db, 0},
	{"schema", write_schema, 0},
};

static const struct step standard[] = {
	{"plain", write_plain, 12},
	{"visible", write_visible, 11},
	{"read", read_plain, 6},
	{"durable", write_durable, 8},
	{"duplicate", write_duplicate, 4},
	{"ticket", write_ticket, 6},
	{"cancelled ticket", write_cancelled, 2},
	{"once", write_once, 4},
	{"group", write_group, 8},
	{"snapshot", read_snapshot, 4},
	{"lease", write_lease, 6},
	{"abandoned lease", write_abandoned, 3},
	{"group with savepoints", write_group, 6},
	{"large", write_large, 4},
	{"equal reads", read_equal, 3},
	{"rollback from inside", write_rollback, 3},
	{"declined", write_declined, 4},
	{"checkpoint", checkpoint, 3},
	{"write after a checkpoint", write_plain, 0},
	{"tick", tick, 2},
	{"maintenance", vacuum, 1},
	{"large after VACUUM", write_large, 0},
	{"last write", write_plain, 0},
	{"last read", read_plain, 0},
};

static const struct step brief[] = {
	{"plain", write_plain, 0},
	{"group", write_group, 0},
	{"read", read_plain, 0},
	{"lease", write_lease, 0},
	{"group with savepoints", write_group, 0},
	{"snapshot", read_snapshot, 0},
	{"checkpoint", checkpoint, 0},
	{"large", write_large, 0},
	{"last write", write_plain, 0},
	{"last read", read_plain, 0},
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

void work_standard(struct work *work)
{
	run_steps(work, beginning, COUNT(beginning));
	run_steps(work, standard, COUNT(standard));
}

void work_brief(struct work *work)
{
	run_steps(work, beginning, COUNT(beginning));
	run_steps(work, brief, COUNT(brief));
}

static const struct step *draw(struct work *work)
{
	uint32_t left = stress_random_below(&work->random, 100);
	size_t i = 0;

	while (i + 1 < COUNT(standard) && left >= standard[i].share)
		left -= standard[i++].share;
	return &standard[i];
}

void work_random(struct work *work, uint32_t steps)
{
	run_steps(work, beginning, COUNT(beginning));
	for (uint32_t i = 0; i < steps && work->db != NULL && !atomic_load(work->struck); i++)
		(void)run_step(work, draw(work));
}
