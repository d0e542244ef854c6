/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-stress memory`: each allocation of weir's own code is refused once, in
 * order, over scenes that use all of it; and each of SQLite's, beneath weir_db.
 *
 * What must hold: no crash, nothing left behind, an error that says so; the object is
 * usable afterwards, or there is none. Parts: stress_memory_wrap.c (the refusing),
 * _scenes (what is done), _sqlite (SQLite's allocator), _command.
 */
#ifndef STRESS_MEMORY_H
#define STRESS_MEMORY_H

#include "stress_fault_work.h"
#include "stress_folder.h"
#include "stress_rest.h"

/* One run of a scene. */
struct memory_trial {
	struct book *book;
	char folder[FOLDER_PATH]; /* empty when it begins */
	char path[WORK_PATH];     /* of a database in it */
	const _Atomic bool *struck;
	bool sqlite;     /* whose allocations are refused */
	bool recovers;   /* one call is refused, and what failed is done again */
	uint32_t failed; /* calls of weir's that failed */
};

struct memory_scene {
	const char *name;
	void (*run)(struct memory_trial *trial);
	bool sqlite; /* whose allocations are refused */
};

const struct memory_scene *memory_scenes(size_t *count);

/* Whether that call of weir's, which has ended with code, is to be made again. Complains
 * of one that fails without a refusal, or does not say so. */
bool memory_again(struct memory_trial *trial, const char *call, enum weir_code code,
                  const struct weir_error *err);

/* stress_memory_service.c: scenes. */
void memory_service(struct memory_trial *trial);
void memory_stub(struct memory_trial *trial);

/* stress_memory_migrate.c: a scene. */
void memory_migrate(struct memory_trial *trial);

/* What came of one scene. */
struct memory_sweep {
	const struct memory_scene *scene;
	bool sticky;
	uint64_t points; /* allocations, when none is refused */
	uint64_t hit;
	uint64_t runs;
	uint64_t failed; /* runs */
	uint64_t errors; /* calls of weir's that failed */
};

/* Put SQLite's allocator behind the refusing one; before SQLite is used. False if
 * SQLite will not have it. */
bool memory_take_sqlite(void);

/* The refusals count from now on for SQLite's allocations, and not for weir's. */
void memory_arm_sqlite(uint64_t at, bool sticky);
uint64_t memory_disarm_sqlite(void);
const _Atomic bool *memory_struck_sqlite(void);

/* The subcommand, argv[0] being what messages begin with; returns the exit code. */
int memory_command(int argc, char **argv);

#endif
