/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The plain load: acquire, hold, release. See load.h.
 */
#include "injected_delay.h"
#include "load.h"
#include "monotonic.h"

/* No clock in here: a reading costs as much as a lease. */
static void throughput_loop(struct bench_worker *worker)
{
	const struct bench_load *load = worker->context;
	const struct pool_under_test variant = *load->variant;
	const struct bench_hold *const hold = load->hold;
	void *const pool = load->pool;
	const unsigned index = worker->index;
	struct pool_lease lease = {0};
	struct bench_delay delay = bench_delay_begin();

	while (bench_phase(worker) != BENCH_PHASE_STOP) {
		if (variant.acquire(pool, index, &lease) != 0) {
			bench_count(&worker->timeouts);
			continue;
		}
		bench_hold_run(hold, &worker->random);
		bench_delay_run(&delay);
		variant.release(pool, index, &lease);
		bench_count(&worker->ops[BENCH_ROLE_LEASE]);
	}
}

static void wait_loop(struct bench_worker *worker)
{
	const struct bench_load *load = worker->context;
	const struct pool_under_test variant = *load->variant;
	const struct bench_hold *const hold = load->hold;
	void *const pool = load->pool;
	const unsigned index = worker->index;
	struct pool_lease lease = {0};
	struct bench_delay delay = bench_delay_begin();

	while (bench_phase(worker) != BENCH_PHASE_STOP) {
		const int64_t start = bench_now();
		const bool got = variant.acquire(pool, index, &lease) == 0;

		/* A timeout is a wait too, and not a short one. */
		bench_record_wait(worker, BENCH_ROLE_LEASE, bench_now() - start);
		if (!got) {
			bench_count(&worker->timeouts);
			continue;
		}
		bench_hold_run(hold, &worker->random);
		bench_delay_run(&delay);
		variant.release(pool, index, &lease);
		bench_count(&worker->ops[BENCH_ROLE_LEASE]);
	}
}

enum bench_outcome bench_load_leases(const struct bench_load *load, struct bench_sample *sample,
                                     struct weir_error *err)
{
	struct bench_pass_spec spec = load->pass;
	struct bench_load shared = *load;

	spec.body = spec.timed ? wait_loop : throughput_loop;
	spec.context = &shared;
	return bench_pass_run(&spec, sample, err);
}
