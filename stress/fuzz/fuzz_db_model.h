/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The model of fuzz_db.c: which writes there were, what became of each, and what a
 * read may therefore find.
 */
#ifndef STRESS_FUZZ_DB_MODEL_H
#define STRESS_FUZZ_DB_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/db.h>

#define FUZZ_KEYS 4
#define FUZZ_TICKETS 4
#define FUZZ_READS 2
#define FUZZ_NUMBERS_MAX 260
#define FUZZ_KINDS 8

enum fate { UNKNOWN, THERE, NOT_THERE }; /* UNKNOWN: its outcome was not asked for yet */

/* A write: what its job does, and what came of it. */
struct write {
	struct world *world;
	uint32_t number;
	uint32_t key;
	uint32_t kind;
	uint32_t runs;
	enum fate fate;
};

struct read {
	struct weir_tx tx;
	bool snapshot;
	uint32_t floor[FUZZ_KEYS]; /* of a snapshot: the oldest number it may see, */
	uint32_t ceiling;          /* and the newest */
};

struct world {
	struct weir_db *db;
	bool is_file;
	bool closed;
	uint32_t last; /* number given out */
	struct write writes[FUZZ_NUMBERS_MAX];
	struct weir_ticket *tickets[FUZZ_TICKETS];
	struct write *ticket_writes[FUZZ_TICKETS];
	struct weir_tx lease;
	uint32_t lease_first; /* its first number */
	struct read reads[FUZZ_READS];
};

/* The newest number for key whose write is known to be there; 0: none. */
uint32_t fuzz_newest_there(const struct world *world, uint32_t key);

/* Read key, and check that what is found is of a write to it that did not fail, from
 * floor to ceiling. */
void fuzz_read_key(const struct world *world, struct weir_tx *tx, uint32_t key, uint32_t floor,
                   uint32_t ceiling);

/* Put the number of write into its key. */
enum weir_code fuzz_put(struct weir_tx *tx, const struct write *write);

/* The job of a write, of any kind. */
int fuzz_run_write(struct weir_tx *tx, void *arg);

/* A write with the next number, or NULL if there were enough. */
struct write *fuzz_new_write(struct world *world, uint32_t kind, uint32_t key);

/* Check the outcome against the code and against what the job was to do. */
void fuzz_settle(struct write *write, enum weir_code code, const struct weir_write_result *result,
                 bool cancelled);

#endif
