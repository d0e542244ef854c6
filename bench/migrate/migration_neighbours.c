/* SPDX-License-Identifier: BSD-2-Clause
 *
 * How many processors other processes kept busy meanwhile. Where readers have to share
 * theirs with strangers, their slowest reads tell of these and not of weir.
 */
#include "migration_bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "monotonic.h"

/* Seconds that all processors were busy since the machine began; NAN: it does not say. */
static double busy_seconds(void)
{
	/* user, nice, system, idle, iowait, irq, softirq, steal */
	static const bool busy[] = {true, true, true, false, false, true, true, true};
	FILE *const file = fopen("/proc/stat", "re");
	char line[256] = "";
	char *at = line + sizeof("cpu") - 1;
	double ticks = 0.0;
	bool read;

	if (file == NULL)
		return NAN;
	read = fgets(line, sizeof(line), file) != NULL && strncmp(line, "cpu ", 4) == 0;
	(void)fclose(file);
	for (size_t i = 0; read && i < sizeof(busy) / sizeof(busy[0]); i++) {
		char *const from = at;
		const unsigned long long figure = strtoull(from, &at, 10);

		read = at != from;
		ticks += busy[i] ? (double)figure : 0.0;
	}
	return read ? ticks / (double)sysconf(_SC_CLK_TCK) : NAN;
}

static double own_seconds(void)
{
	struct rusage used;

	if (getrusage(RUSAGE_SELF, &used) != 0)
		return NAN;
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

void bench_migration_neighbours_begin(struct bench_migration_neighbours *neighbours)
{
	neighbours->begun_ns = bench_now();
	neighbours->others_s = busy_seconds() - own_seconds();
}

double bench_migration_neighbours_end(const struct bench_migration_neighbours *neighbours)
{
	const double seconds = (double)(bench_now() - neighbours->begun_ns) / (double)BENCH_NS_PER_S;
	const double others = busy_seconds() - own_seconds() - neighbours->others_s;

	return others < 0.0 ? 0.0 : others / seconds;
}
