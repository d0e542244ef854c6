/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SQLite's own check of what is in the database.
 */
#ifndef WEIR_CLI_DOCTOR_INTEGRITY_H
#define WEIR_CLI_DOCTOR_INTEGRITY_H

#include "doctor_subject.h"

/* Run integrity_check (quick: quick_check) and foreign_key_check. The subject must be
 * closed: its descriptors would drop the locks of the connection that this opens. */
void check_integrity(const struct subject *subject, bool quick, struct report *report);

#endif
