/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What must be back when everything is closed: SQLite's memory, descriptors,
 * files.
 */
#ifndef STRESS_REST_H
#define STRESS_REST_H

#include "stress_fault_book.h"

struct rest {
	int64_t memory; /* that SQLite has */
	uint32_t descriptors;
};

/* Once SQLite and weir have been used: their first use sets up what stays. */
struct rest rest_measure(void);

/* Complain of whatever is more, or less, than before. */
void rest_check(const struct rest *before, struct book *book);

#endif
