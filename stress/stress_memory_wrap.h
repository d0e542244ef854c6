/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Allocations of weir's own code, each of which can be made to fail.
 *
 * The linker puts the functions of this file in place of those that get memory,
 * threads or files, in everything that is linked into this program, weir's archives
 * included (--wrap; see CMakeLists.txt): every call is seen, wherever it stands. A
 * shared weir is linked already, and out of reach. Calls within other libraries are
 * not touched; SQLite's are another matter (stress_memory_sqlite.c).
 */
#ifndef STRESS_MEMORY_WRAP_H
#define STRESS_MEMORY_WRAP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A place in the program that was refused. */
struct memory_site {
	uintptr_t at; /* the address that the call returns to, counted from the program's start */
	const char *what;
	uint64_t refused;
};

#define MEMORY_SITES_MAX 128

/* Whether weir's calls come here. */
bool memory_reaches_weir(void);

/* From now on count what is obtained and given back, too. Once, before anything. */
void memory_track(void);

/* What was obtained and not given back: blocks, mappings and files. */
int64_t memory_live(void);

/* Count calls from 0 on, and refuse number at (0: none), and with sticky all
 * behind it. */
void memory_arm(uint64_t at, bool sticky);

/* Count and refuse nothing more; returns how many calls there were. */
uint64_t memory_disarm(void);

/* Whether one was refused since memory_arm. */
const _Atomic bool *memory_struck(void);

/* The places refused so far, in no order; returns their number. */
size_t memory_sites(const struct memory_site **sites);

#endif
