/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reporting the faults of one call: each goes to the caller's sink as soon as
 * it is found, and the call ends with a summary of all of them.
 */
#ifndef WEIR_CORE_CONFIG_FAULT_H
#define WEIR_CORE_CONFIG_FAULT_H

#include <weir/config.h>

struct weir__faults {
	const struct weir_fault_sink *sink; /* or NULL */
	const char *where;                  /* the public function; static storage */
	const char *source;                 /* "URL", the path of the file, … */
	int line;                           /* in the file; 0 elsewhere */
	const char *prefix; /* names are written PREFIX_IN_CAPITALS; NULL: as they are */

	uint32_t count;
	enum weir_code code; /* of the first fault, as is first */
	char first[WEIR_ERROR_MESSAGE_MAX];
};

/* What is known of one fault; NULL stands for "". near is the name that was
 * probably meant, for the hint. */
struct weir__finding {
	enum weir_code code;
	const char *setting;
	const char *value;
	const char *allowed;
	const char *near;
};

/* Report one fault. The format says what is wrong; source, what is allowed and
 * the hint are added to it. */
void weir__fault(struct weir__faults *faults, const struct weir__finding *finding,
                 const char *format, ...) WEIR_PRINTF(3, 4);

/* WEIR_OK if there was no fault; else the code of the first, with err filled. */
enum weir_code weir__faults_result(const struct weir__faults *faults, struct weir_error *err);

#endif
