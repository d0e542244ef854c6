/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the files of a run share: one migration, in its critical section.
 */
#ifndef WEIR_MIGRATE_CONTEXT_H
#define WEIR_MIGRATE_CONTEXT_H

#include "apply.h"
#include "keys.h"
#include "plan.h"
#include "script.h"
#include "writer_section.h"

struct weir__run {
	const struct weir__apply *apply;
	struct weir__monitor monitor;
	struct weir__plan plan;
	bool looked_before; /* apply->before was called */

	/* The present migration. */
	const struct weir__plan_item *item;
	const struct weir__migration *migration; /* NULL: only the history has it */
	const struct weir__step *step;           /* NULL: in the history */
	struct weir__history history;
	struct weir__foreign foreign;
	struct weir__history_row row;    /* what the history will say; id 0: not in it yet */
	struct weir__keys_tables tables; /* of before */
	struct weir__keys before;        /* references, where they cannot be read later */
	int64_t began_ns;
	enum weir_migration_state was; /* before this call */
	uint32_t resume_at;            /* the same: if it was INTERRUPTED */
	bool skipped;                  /* somebody else has done it */
	bool stranded;                 /* it failed, and part of it stands */
};

/* Read the history and the other tool's table, and see whether the present migration is
 * still to be done (skipped: not). In a transaction. Errors: MIGRATE_HISTORY,
 * MIGRATE_FOREIGN, MIGRATE_DRIFT, MIGRATE_ORDER, those of weir__plan_check. */
enum weir_code weir__run_look(struct weir__run *run, const struct weir__session *session,
                              struct weir_error *err);
void weir__run_forget(struct weir__run *run);

/* Let whoever inspects the migrations look at the state of before, once in a call. */
enum weir_code weir__run_before(struct weir__run *run, const struct weir__session *session,
                                struct weir_error *err);

/* Fill in run->row: what and when it is, and who does it. */
void weir__run_describe(struct weir__run *run);

/* What a program that does not have the script could undo the present migration with. */
const char *weir__run_down_script(const struct weir__run *run);

/* The present migration is done, in the open transaction: fingerprint, history, the other
 * tool's table. */
enum weir_code weir__run_record(struct weir__run *run, const struct weir__session *session,
                                struct weir_error *err);

/* Bodies of a section. within: script, checks and history in one transaction; each of
 * the plan, from item on, if all are to be undone. outside: statement by statement. */
enum weir_code weir__run_within(void *arg, const struct weir__session *session,
                                struct weir_error *err);
enum weir_code weir__run_outside(void *arg, const struct weir__session *session,
                                 struct weir_error *err);

/* The next statement of the present script, as weir__script_next. Errors also:
 * MIGRATE_SCRIPT (it would change the history, which no script may). */
enum weir_code weir__run_next(struct weir__run *run, struct weir__script *script,
                              struct weir_error *err);

/* The item of the plan that comes next. */
void weir__run_choose(struct weir__run *run, size_t at);

#endif
