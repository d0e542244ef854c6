/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which call to a file fails, and how.
 */
#ifndef STRESS_FAULT_INJECT_H
#define STRESS_FAULT_INJECT_H

#include <stdatomic.h>

#include "stress_shim.h"

enum inject_kind {
	INJECT_ERROR = 0, /* any call: an I/O error, and nothing is done */
	INJECT_SHORT,     /* reads and writes: half is done, then an I/O error */
	INJECT_FULL,      /* what takes room: the disk is full, half is done */
	INJECT_FSYNC,     /* syncs: what was written stays where it was, and may never be on disk */
	INJECT_KINDS
};

struct injection {
	enum inject_kind kind;
	bool sticky;  /* all calls from that one on */
	bool swallow; /* a lie: a WRITE is not done, and said to be */
	uint64_t at;  /* which of the calls that can fail so; 0: none */
	_Atomic uint64_t calls[SHIM_CALLS];
	_Atomic uint64_t points; /* calls that could have failed so */
	_Atomic bool struck;
	enum shim_call struck_call;
	enum shim_file struck_file;
};

/* Observe the shim with an injection; it must outlive that. */
void inject_begin(struct injection *injection);

/* Nothing fails any more, and nothing is counted. */
void inject_end(void);

/* What a call fails with that meets an I/O error. */
int inject_error_of(enum shim_call call);

const char *inject_kind_name(enum inject_kind kind);

#endif
