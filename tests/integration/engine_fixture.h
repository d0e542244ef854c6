/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The roles and the transactional calls of the SQLite driver in short form.
 */
#ifndef WEIR_TESTS_ENGINE_FIXTURE_H
#define WEIR_TESTS_ENGINE_FIXTURE_H

#include "sqlite_fixture.h"

/* Setup: a fixture, and in its file "CREATE TABLE t (x INTEGER NOT NULL)". */
int make_engine_fixture(void **state);
#define ENGINE_TEST(test) cmocka_unit_test_setup_teardown(test, make_engine_fixture, drop_fixture)

const struct weir_engine *engine(void);

/* Soon, or the test fails. */
void begin_now(void *writer, enum weir_durability durability);
void commit_now(void *writer);
void roll_back_now(void *writer);

/* Each in a transaction of its own. */
void write_now(const struct fixture *fixture, void *writer, const char *sql);

struct weir_checkpoint_result checkpoint_now(void *writer, void *aide);

/* The locks of the WAL that some process has: bit i for lock i of SQLite's (0 the
 * writer's, 1 the checkpointer's, 2 of recovery, 3 … 7 the read marks). Asked by
 * another process, which sees what this one has. */
unsigned locks_of(const struct fixture *fixture);
#define LOCK_WRITE 1u
#define LOCK_CHECKPOINT 2u
#define LOCK_MARK(n) (8u << (n))
#define LOCK_MARKS 0xf8u

#endif
