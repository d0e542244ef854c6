/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See fuzz_db_model.h.
 */
#include "fuzz_db_model.h"

#include "fuzz_check.h"

/* ---- what may be read ---- */

uint32_t fuzz_newest_there(const struct world *world, uint32_t key)
{
	uint32_t newest = 0;

	for (uint32_t i = 1; i <= world->last; i++) {
		if (world->writes[i].key == key && world->writes[i].fate == THERE)
			newest = i;
	}
	return newest;
}

static void check_number(const struct world *world, uint32_t key, int64_t found, uint32_t floor,
                         uint32_t ceiling)
{
	FUZZ_CHECK(found >= floor && found <= ceiling);
	if (found == 0)
		return;
	FUZZ_CHECK(world->writes[found].key == key);
	FUZZ_CHECK(world->writes[found].fate != NOT_THERE);
}

void fuzz_read_key(const struct world *world, struct weir_tx *tx, uint32_t key, uint32_t floor,
                   uint32_t ceiling)
{
	const struct weir_sql_value param = weir_int64(key);
	struct weir_sql_value value;
	struct weir_rows rows;
	enum weir_code code;
	int64_t found = 0;

	code = weir_tx_query(tx, "SELECT v FROM t WHERE k = ?", &param, 1, &rows, NULL);
	FUZZ_CHECK(code == WEIR_OK);
	while (weir_rows_next(&rows, &code, NULL)) {
		FUZZ_CHECK(weir_rows_value(&rows, 0, &value, NULL) == WEIR_OK);
		found = value.as.int64;
	}
	FUZZ_CHECK(code == WEIR_OK);
	weir_rows_end(&rows);
	check_number(world, key, found, floor, ceiling);
}

/* ---- jobs ---- */

enum weir_code fuzz_put(struct weir_tx *tx, const struct write *write)
{
	const struct weir_sql_value values[] = {weir_int64(write->key), weir_int64(write->number)};

	return weir_tx_exec(tx, "REPLACE INTO t VALUES (?, ?)", values, 2, NULL, NULL);
}

/* A job must not come back to its db: each way is refused. */
static void come_back(struct world *world, struct weir_tx *inner)
{
	struct weir_ticket *ticket = NULL;

	FUZZ_CHECK(weir_db_exec(world->db, "DELETE FROM t", NULL, 0, NULL, NULL) == WEIR_ERR_REENTRANT);
	FUZZ_CHECK(weir_write_begin(world->db, NULL, inner, NULL) == WEIR_ERR_REENTRANT);
	FUZZ_CHECK(weir_db_close(world->db, NULL) == WEIR_ERR_REENTRANT);
	FUZZ_CHECK(weir_ticket_poll(ticket) == false);
	(void)weir_db_tick(world->db, weir_now());
}

int fuzz_run_write(struct weir_tx *tx, void *arg)
{
	struct write *write = arg;
	struct weir_tx inner = {0};

	write->runs++;
	FUZZ_CHECK(write->fate == UNKNOWN);
	switch (write->kind) {
	case 1: /* says that it failed */
		(void)fuzz_put(tx, write);
		return 7;
	case 2: /* a statement that is refused, after one that was not */
		(void)fuzz_put(tx, write);
		return weir_tx_exec(tx, "COMMIT", NULL, 0, NULL, NULL) != WEIR_OK;
	case 3: /* undoes the transaction, and its neighbours with it */
		(void)fuzz_put(tx, write);
		return weir_tx_exec(tx, "INSERT OR ROLLBACK INTO t VALUES (0, NULL)", NULL, 0, NULL,
		                    NULL) != WEIR_OK;
	case 4: /* the same, and does not tell */
		(void)!weir_tx_exec(tx, "INSERT OR ROLLBACK INTO t VALUES (0, NULL)", NULL, 0, NULL, NULL);
		return 0;
	case 5: /* a deferred constraint that its commit would break */
		(void)fuzz_put(tx, write);
		return weir_tx_exec(tx, "INSERT INTO child VALUES (99)", NULL, 0, NULL, NULL) != WEIR_OK;
	case 6:
		come_back(write->world, &inner);
		break;
	default: /* 7: fails once, is told, and goes on */
		if (write->kind == 7)
			FUZZ_CHECK(weir_tx_exec(tx, "SELEC", NULL, 0, NULL, NULL) == WEIR_ERR_DRIVER_SQL);
		break;
	}
	return fuzz_put(tx, write) != WEIR_OK;
}

struct write *fuzz_new_write(struct world *world, uint32_t kind, uint32_t key)
{
	struct write *write;

	if (world->last + 1 >= FUZZ_NUMBERS_MAX)
		return NULL;
	write = &world->writes[++world->last];
	*write = (struct write){.world = world, .number = world->last, .key = key, .kind = kind};
	return write;
}

/* The outcome, against the code and what the job was to do. */
void fuzz_settle(struct write *write, enum weir_code code, const struct weir_write_result *result,
                 bool cancelled)
{
	static const bool succeeds[FUZZ_KINDS] = {true, false, false, false, false, false, true, true};

	FUZZ_CHECK((code == WEIR_OK) == (result->outcome == WEIR_COMMITTED));
	FUZZ_CHECK(result->runs == write->runs);
	write->fate = result->outcome == WEIR_COMMITTED ? THERE : NOT_THERE;
	if (result->outcome == WEIR_COMMITTED) {
		FUZZ_CHECK(succeeds[write->kind] && write->runs > 0 && result->group_size > 0);
	} else if (result->outcome == WEIR_FAILED) {
		FUZZ_CHECK(write->runs > 0 && (!succeeds[write->kind] || cancelled));
	} else {
		FUZZ_CHECK(result->outcome == WEIR_REJECTED || result->outcome == WEIR_TIMED_OUT);
		FUZZ_CHECK(write->runs == 0);
	}
}
