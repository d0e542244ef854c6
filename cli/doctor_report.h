/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What `weir doctor` found: one finding a check, with what to do about it, and the
 * figures behind it.
 */
#ifndef WEIR_CLI_DOCTOR_REPORT_H
#define WEIR_CLI_DOCTOR_REPORT_H

#include <stdbool.h>

#include <weir/base.h>

#include "command.h"

enum finding_status {
	FINDING_OK = 0,
	FINDING_WARN = 1,
	FINDING_FAIL = 2,
	FINDING_UNKNOWN = 3, /* it could not be found out */
};

#define FINDINGS_MAX 40
#define FINDING_TEXT_MAX 512

struct finding {
	enum finding_status status;
	const char *check;  /* static storage */
	const char *advice; /* static storage; NULL where there is nothing to do */
	char text[FINDING_TEXT_MAX];
};

struct report {
	const char *path;
	size_t count;
	struct finding findings[FINDINGS_MAX];
	json_t *facts; /* an object for each check that has figures */
	bool out_of_memory;
};

/* False without memory. report_end frees what report_begin made. */
bool report_begin(struct report *report, const char *path);
void report_end(struct report *report);

/* Add a finding; advice may be NULL. */
void report_add(struct report *report, enum finding_status status, const char *check,
                const char *advice, const char *format, ...) WEIR_PRINTF(5, 6);

/* Add a figure to those of a check. value is given up; NULL means no memory. */
void report_fact(struct report *report, const char *check, const char *name, json_t *value);

/* Print the report; the code is what its findings, and strict, come to. */
enum exit_code report_print(struct report *report, bool json, bool strict);

#endif
