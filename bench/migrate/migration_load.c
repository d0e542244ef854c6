/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Who uses the database meanwhile. Readers look one row up by its key and check that it
 * is there; writers add one to a counter of their own, so that at the end it can be
 * said whether any write that was acknowledged is missing. Both rest between calls: the
 * question is how long a call takes, not how many there can be.
 */
#include "migration_bench.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "monotonic.h"
#include "random.h"

#define WHERE "bench.migrate"
#define READER_REST_NS INT64_C(500000)
#define WRITER_REST_NS INT64_C(2000000)
#define SEED 20240229

struct worker {
	pthread_t thread;
	struct bench_migration_load *load;
	unsigned number; /* from 1 */
	struct bench_histogram reads[BENCH_MIGRATION_PHASES];
	uint64_t errors;
	uint64_t writes;
	int64_t longest_ns; /* of a writer's waits during up */
	char problem[BENCH_MIGRATION_PROBLEM_MAX];
};

struct bench_migration_load {
	struct weir_db *db;
	int64_t items;
	_Atomic bool stop;
	_Atomic unsigned phase;
	size_t readers;
	size_t count;
	struct worker workers[];
};

static void rest(int64_t ns)
{
	const struct timespec moment = bench_timespec(ns);

	(void)nanosleep(&moment, NULL);
}

static void note(struct worker *worker, const char *what, const struct weir_error *err)
{
	if (worker->errors++ == 0)
		(void)snprintf(worker->problem, sizeof worker->problem, "%s: %s", what, err->message);
}

static int count_row(struct weir_rows *row, void *arg)
{
	(void)row;
	++*(unsigned *)arg;
	return 0;
}

static void *read_all_along(void *arg)
{
	static const char sql[] = "SELECT part, length(body) FROM item WHERE id = ?";
	struct worker *const worker = arg;
	struct bench_migration_load *const load = worker->load;
	struct bench_random random = bench_random_init(SEED, worker->number);

	while (!atomic_load(&load->stop)) {
		const struct weir_sql_value key =
			weir_int64(1 + (int64_t)bench_random_below(&random, (uint32_t)load->items));
		const unsigned phase = atomic_load(&load->phase);
		struct weir_error err = WEIR_ERROR_INIT;
		unsigned rows = 0;
		const int64_t begun = bench_now();
		enum weir_code code = weir_db_query(load->db, sql, &key, 1, count_row, &rows, &err);

		bench_histogram_record(&worker->reads[phase], bench_now() - begun);
		if (code == WEIR_OK && rows != 1)
			code = weir_fail(&err, WEIR_ERR_DRIVER_SQL, WHERE, 0,
			                 "%u rows of key %" PRId64 " instead of one", rows, key.as.int64);
		if (code != WEIR_OK)
			note(worker, "a reader", &err);
		rest(READER_REST_NS);
	}
	return NULL;
}

static void *write_all_along(void *arg)
{
	static const char sql[] = "UPDATE counter SET n = n + 1 WHERE id = ?";
	struct worker *const worker = arg;
	struct bench_migration_load *const load = worker->load;
	const struct weir_sql_value key = weir_int64(worker->number);

	while (!atomic_load(&load->stop)) {
		const unsigned before = atomic_load(&load->phase);
		struct weir_error err = WEIR_ERROR_INIT;
		const int64_t begun = bench_now();
		const enum weir_code code = weir_db_exec(load->db, sql, &key, 1, NULL, &err);
		const int64_t took = bench_now() - begun;

		if (code == WEIR_OK)
			worker->writes++;
		else
			note(worker, "a writer", &err);
		/* One that began just before up waits for it as any other. */
		if ((before == BENCH_MIGRATION_UP || atomic_load(&load->phase) == BENCH_MIGRATION_UP) &&
		    took > worker->longest_ns)
			worker->longest_ns = took;
		rest(WRITER_REST_NS);
	}
	return NULL;
}

struct bench_migration_load *bench_migration_load_start(
	struct weir_db *db, int64_t items, const struct bench_migration_options *options,
	struct weir_error *err)
{
	const size_t count = options->readers + options->writers;
	struct bench_migration_load *const load =
		calloc(1, sizeof *load + count * sizeof load->workers[0]);

	if (load == NULL) {
		(void)weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for readers and writers");
		return NULL;
	}
	load->db = db;
	load->items = items;
	load->readers = options->readers;
	for (size_t i = 0; i < count; i++) {
		struct worker *const worker = &load->workers[i];
		const bool reads = i < options->readers;

		worker->load = load;
		worker->number = (unsigned)(reads ? i + 1 : i - options->readers + 1);
		if (pthread_create(&worker->thread, NULL, reads ? read_all_along : write_all_along,
		                   worker) != 0) {
			struct bench_migration_result none = {0};

			bench_migration_load_end(load, &none);
			(void)weir_fail(err, WEIR_ERR_NO_THREAD, WHERE, 0, "a thread could not be started");
			return NULL;
		}
		load->count++;
	}
	return load;
}

void bench_migration_load_phase(struct bench_migration_load *load, enum bench_migration_phase phase)
{
	atomic_store(&load->phase, phase);
}

void bench_migration_load_end(struct bench_migration_load *load,
                              struct bench_migration_result *result)
{
	if (load == NULL)
		return;
	atomic_store(&load->stop, true);
	for (size_t i = 0; i < load->count; i++) {
		const struct worker *const worker = &load->workers[i];

		(void)pthread_join(worker->thread, NULL);
		for (size_t phase = 0; phase < BENCH_MIGRATION_PHASES; phase++)
			bench_histogram_merge(&result->reads[phase], &worker->reads[phase]);
		*(i < load->readers ? &result->read_errors : &result->write_errors) += worker->errors;
		result->writes += worker->writes;
		if (worker->longest_ns > result->longest_wait_ns)
			result->longest_wait_ns = worker->longest_ns;
		if (result->problem[0] == '\0')
			memcpy(result->problem, worker->problem, sizeof result->problem);
	}
	free(load);
}
