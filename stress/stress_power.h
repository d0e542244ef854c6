/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-stress powercut`: the power goes at some call to a file, and what was not
 * synced is on the disk or is not.
 *
 * Some cuts in a row hit the same file: the next life recovers what the last one
 * left, and may be cut while it does. Parts: stress_power_disk.c (what a cut
 * leaves), stress_power.c (lives, and the audit), _command.
 */
#ifndef STRESS_POWER_H
#define STRESS_POWER_H

#include "stress_fault_work.h"
#include "stress_power_disk.h"

/* What weir_db is told of syncing. At each of them a durable write survives. */
enum power_level { POWER_FULL = 0, POWER_NORMAL, POWER_OFF, POWER_LEVELS };

struct power_plan {
	char path[WORK_PATH]; /* of the database */
	uint64_t seed;
	uint32_t cuts;
	bool lies; /* syncs do nothing */
	enum work_lie lie;
};

struct power_report {
	uint64_t cuts;
	uint64_t failed;
	uint64_t opening; /* cuts before the first write of a life was over */
	uint64_t levels[POWER_LEVELS];
	uint64_t calls;    /* to files, before the cuts */
	uint64_t durable;  /* writes acknowledged as durable */
	uint64_t dropped;  /* changes of files that were lost */
	uint64_t survived; /* that got there without a sync */
	uint64_t torn;
	uint64_t renamed;
	uint64_t mercies[DISK_MERCIES];
	uint64_t cut_calls[SHIM_CALLS];
};

/* Cut after cut. The book has what was wrong. */
void power_campaign(const struct power_plan *plan, struct power_report *report, struct book *book);

/* The subcommand, argv[0] being what messages begin with; returns the exit code. */
int power_command(int argc, char **argv);

#endif
