/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-bench migrate`: a database that is migrated while it is read and written, after
 * a rehearsal that says how that will go.
 */
#ifndef BENCH_MIGRATION_BENCH_H
#define BENCH_MIGRATION_BENCH_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include <weir/db.h>
#include <weir/migrate.h>

#include "bench_histogram.h"

#define BENCH_MIGRATION_THREADS_MAX 64
#define BENCH_MIGRATION_PATH_MAX 4096
#define BENCH_MIGRATION_STEPS 4
#define BENCH_MIGRATION_PROBLEM_MAX 512

/* Reads may become this much slower at p99, and writers wait this much longer than the
 * rehearsal said. */
#define BENCH_MIGRATION_READS_LIMIT 2.0
#define BENCH_MIGRATION_WRITES_LIMIT 1.5
/* Below this many reads a p99 is the slowest few. */
#define BENCH_MIGRATION_READS_LEAST 1000
/* Where other processes keep more processors busy, too slow a p99 may be theirs. */
#define BENCH_MIGRATION_OTHERS_LIMIT 0.25

struct bench_migration_options {
	int64_t size; /* of the database, in bytes */
	unsigned long readers;
	unsigned long writers;
	double seconds_idle;
	const char *json; /* NULL: not written */
	const char *folder;
	bool help;
};

/* What readers and writers are beside. */
enum bench_migration_phase {
	BENCH_MIGRATION_IDLE = 0,
	BENCH_MIGRATION_BETWEEN = 1, /* the rehearsal, too: not judged */
	BENCH_MIGRATION_UP = 2,
	BENCH_MIGRATION_PHASES = 3,
};

struct bench_migration_step {
	char version[WEIR_MIGRATE_VERSION_MAX];
	char name[WEIR_MIGRATE_NAME_MAX];
	int64_t foretold_ns; /* that writers are kept out, by the rehearsal */
	int64_t blocked_ns;  /* as they were */
};

struct bench_migration_result {
	double bytes; /* of the database */
	struct bench_histogram reads[BENCH_MIGRATION_PHASES];
	uint64_t read_errors;
	uint64_t writes;       /* acknowledged, in all phases */
	uint64_t writes_found; /* in the database, at the end */
	uint64_t write_errors;
	int64_t longest_wait_ns; /* of a writer during up */
	int64_t copy_ns;
	int64_t rehearsal_ns; /* all of it */
	int64_t foretold_ns;  /* that writers are kept out, the checkpoint after it included */
	int64_t up_ns;
	double others; /* processors that other processes kept busy during up; NAN: unknown */
	struct bench_migration_step steps[BENCH_MIGRATION_STEPS];
	size_t steps_count;
	char problem[BENCH_MIGRATION_PROBLEM_MAX]; /* the first error of a reader or writer */
};

/* ---- migration_progress.c ---- */

/* Where the run is, and whether it was asked to stop. The main thread's. */
struct bench_migration_progress {
	bool terminal;
	bool stopped;     /* the user wants it */
	bool too_long;    /* it passed its limit of time */
	int64_t end_ns;   /* that limit, on the monotonic clock */
	int64_t drawn_ns; /* when the line was last drawn */
	const char *what; /* what runs now */
};

void bench_migration_progress_start(struct bench_migration_progress *progress);
/* Say what begins now. */
void bench_migration_progress_begin(struct bench_migration_progress *progress, const char *what);
/* So much of it is done (below 0: unknown); false: stop. */
bool bench_migration_progress_tell(struct bench_migration_progress *progress, double percent);
/* Sleep; false: stop. */
bool bench_migration_progress_sleep(struct bench_migration_progress *progress, double seconds);
/* Remove what is drawn. */
void bench_migration_progress_clear(struct bench_migration_progress *progress);

/* ---- migration_file.c ---- */

struct bench_migration_file {
	char folder[BENCH_MIGRATION_PATH_MAX]; /* of its own; "": not made */
	char path[BENCH_MIGRATION_PATH_MAX];
	int64_t items; /* rows of the large table, by key from 1 */
};

/* Make a folder in options->folder and a database of the size in it. Errors:
 * DRIVER_CANCELLED, DRIVER_FULL, IO, DRIVER_SQL. */
enum weir_code bench_migration_file_make(struct bench_migration_file *file,
                                         const struct bench_migration_options *options,
                                         struct bench_migration_progress *progress,
                                         struct weir_error *err);
/* Remove the folder and all that is in it. */
void bench_migration_file_remove(const struct bench_migration_file *file);

/* ---- migration_load.c ---- */

struct bench_migration_load;

/* Start readers and writers; NULL, with err, if that cannot be. */
struct bench_migration_load *bench_migration_load_start(
	struct weir_db *db, int64_t items, const struct bench_migration_options *options,
	struct weir_error *err);
void bench_migration_load_phase(struct bench_migration_load *load,
                                enum bench_migration_phase phase);
/* End them, put what they saw into result, and free load. NULL is accepted. */
void bench_migration_load_end(struct bench_migration_load *load,
                              struct bench_migration_result *result);

/* ---- migration_neighbours.c ---- */

struct bench_migration_neighbours {
	int64_t begun_ns;
	double others_s;
};

void bench_migration_neighbours_begin(struct bench_migration_neighbours *neighbours);
/* Processors that others kept busy since, on average; NAN: unknown. */
double bench_migration_neighbours_end(const struct bench_migration_neighbours *neighbours);

/* ---- migration_run.c ---- */

/* All of it, its files made and removed. Errors: DRIVER_CANCELLED (progress says why), those
 * of weir_migrate_rehearse and weir_migrate_up. */
enum weir_code bench_migration_run(const struct bench_migration_options *options,
                                   struct bench_migration_progress *progress,
                                   struct bench_migration_result *result, struct weir_error *err);

/* ---- migration_verdict.c ---- */

enum bench_migration_judgement {
	BENCH_MIGRATION_KEPT = 0,
	BENCH_MIGRATION_BROKEN = 1,
	BENCH_MIGRATION_UNSURE = 2, /* too few values, or others in the way */
};

struct bench_migration_promise {
	const char *name; /* in JSON */
	const char *text; /* for people */
	const char *unit; /* "", "x", "ns" */
	double value;
	double limit;
	enum bench_migration_judgement judgement;
};

#define BENCH_MIGRATION_PROMISES 4
void bench_migration_judge(const struct bench_migration_result *result,
                           struct bench_migration_promise promises[BENCH_MIGRATION_PROMISES]);

/* Print it all, or write it as JSON; false: it cannot be. */
bool bench_migration_print(FILE *out, const struct bench_migration_options *options,
                           const struct bench_migration_result *result,
                           const struct bench_migration_promise *promises);
bool bench_migration_write_json(FILE *out, const struct bench_migration_options *options,
                                const struct bench_migration_result *result,
                                const struct bench_migration_promise *promises);

#endif
