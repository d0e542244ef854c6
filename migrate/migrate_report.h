/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a call found and did, as it is being put together.
 */
#ifndef WEIR_MIGRATE_REPORT_H
#define WEIR_MIGRATE_REPORT_H

#include <weir/migrate.h>

#define WEIR__FIGURES_MAX 16

struct weir_migrate_report {
	struct weir_migrate_row *rows;
	size_t rows_count;
	size_t rows_room;
	struct weir_migrate_finding *findings; /* their texts are malloc'ed */
	size_t findings_count;
	size_t findings_room;
	struct {
		const char *name; /* static */
		int64_t value;
	} figures[WEIR__FIGURES_MAX];
	size_t figures_count;
	char version[WEIR_MIGRATE_VERSION_MAX];
	char fingerprint[WEIR_MIGRATE_CHECKSUM_MAX];
};

struct weir_migrate_report *weir__report_new(void);                            /* NULL: no memory */
struct weir_migrate_row *weir__report_row(struct weir_migrate_report *report); /* zeroed; or NULL */
__attribute__((format(printf, 6, 7))) bool weir__report_find(struct weir_migrate_report *report,
                                                             enum weir_migrate_severity severity,
                                                             const char *rule, const char *version,
                                                             const char *sql, const char *format,
                                                             ...);
void weir__report_figure(struct weir_migrate_report *report, const char *name, int64_t value);
void weir__report_add_figure(struct weir_migrate_report *report, const char *name, int64_t value);
bool weir__report_failed(const struct weir_migrate_report *report); /* a finding is a failure */

/* Give report to the caller, or free it; NULL is accepted. */
void weir__report_hand(struct weir_migrate_report *report, struct weir_migrate_report **out);

#endif
