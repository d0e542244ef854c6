/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-stress kill`: processes that write through weir_db are killed, and the
 * file is compared with what they were told.
 *
 * A round starts one process or several on the same file, lets them write, kills one
 * after the other at random moments (or has it end in good order), sees that those
 * that are left go on, audits each time, and starts the next round with the same
 * file, whose log has to be recovered. What is proven is that an acknowledged write
 * is in the file, whole and once, and one that was reported as failed is not. A
 * killed process loses no page that the system has in memory: this says nothing
 * about power cuts.
 *
 * Parts: stress_kill.c (rounds), _ledger (what writers were told), _process (a
 * child and its threads), _write (one write of any kind), _audit (the file, seen
 * by plain SQLite), _command (options, verdict).
 */
#ifndef STRESS_KILL_H
#define STRESS_KILL_H

#include <sys/types.h>

#include "stress_kill_ledger.h"

#define KILL_PATH 4096
#define KILL_FAULTS_MAX 16

/* Ways to break a promise on purpose, each of which the audit has to find. */
enum kill_lie {
	KILL_LIE_NONE = 0,
	KILL_LIE_EARLY = 1,   /* acknowledges before it writes */
	KILL_LIE_DENIED = 2,  /* calls a write failed that was committed */
	KILL_LIE_GARBLED = 3, /* stores another checksum than it was given */
	KILL_LIE_TORN = 4,    /* commits half a write */
	KILL_LIE_STUCK = 5,   /* a process that survives stops, too */
	KILL_LIES = 6,
};

struct kill_plan {
	uint64_t seed;
	uint32_t rounds;
	uint32_t processes;
	enum kill_lie lie;
	char path[KILL_PATH]; /* of the database */
};

/* What a process of a round does, drawn by the parent. */
struct kill_child {
	const struct kill_plan *plan;
	struct kill_ledger *ledger;
	uint32_t process; /* 0 … processes-1 */
	uint64_t seed;
	uint32_t wal_ceiling;
	uint32_t group_max;
	bool read_pin;
};

struct kill_report {
	uint32_t rounds; /* that were begun */
	uint32_t kills;
	uint32_t kills_opening; /* of these, on a process that may have been opening */
	uint32_t ends;          /* processes that ended in good order */
	uint32_t survivals;     /* processes seen to go on after a kill beside them */
	uint32_t audits;
	uint64_t kept; /* writes in flight at a kill that were found whole */
	uint64_t lost; /* and those of which nothing was found */
	uint32_t faults;
	char fault[KILL_FAULTS_MAX][KILL_TEXT];
};

/* A thread's write, from its number to its fate. */
struct kill_write {
	struct kill_ledger *ledger;
	uint32_t writer;
	uint64_t n;
	enum kill_lie lie; /* on this one */
	struct kill_content content;
};

/* Note a broken promise; those past KILL_FAULTS_MAX are only counted. */
void kill_fault(struct kill_report *report, const char *format, ...) WEIR_PRINTF(2, 3);

/* Make the file and its tables; false with a fault noted. */
bool kill_audit_prepare(const struct kill_plan *plan, struct kill_report *report);

/*
 * Compare the file with the ledger. alive: bit of each process that still
 * writes. Writes that were in flight in a dead process get their fate.
 */
void kill_audit(const struct kill_plan *plan, struct kill_ledger *ledger, uint32_t alive,
                struct kill_report *report);

/* Copy the log into the file, as plain SQLite does, once nobody writes. */
void kill_audit_copy_back(const struct kill_plan *plan, struct kill_report *report);

/* Be a child: write until killed, or told to stop; returns the exit status. */
int kill_process(const struct kill_child *child);

/* One write of a kind drawn at random, to its fate in the ledger. */
void kill_write_one(struct weir_db *db, struct kill_write *write, uint64_t *random);

/* All rounds, or until a fault or an interrupt. */
void kill_campaign(const struct kill_plan *plan, struct kill_ledger *ledger,
                   struct kill_report *report);

/* The subcommand, argv[0] being what messages begin with; returns the exit code. */
int kill_command(int argc, char **argv);

#endif
