/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the table of another tool says, as rows of a history.
 */
#ifndef WEIR_MIGRATE_ADOPT_H
#define WEIR_MIGRATE_ADOPT_H

#include "frame.h"

/* One step to what the other tool says. */
struct weir__adoption_step {
	char version[WEIR_MIGRATE_VERSION_MAX];
	bool applied;       /* it is, and the history lacks it; else the other way round */
	int64_t applied_at; /* 0: the tool does not tell */
};

struct weir__adoption {
	struct weir__adoption_step *steps;
	size_t count;
	size_t room;
};

/*
 * Compare frame's history with frame's other tool. Of golang-migrate, which has only
 * its newest, all of the set up to it are applied; once there is a history, only what
 * is above the newest of that: what is pending below it was never run.
 *
 * The table is taken at its word when there is no history yet, and where it is kept
 * (options.foreign). Otherwise it does not know what weir has done since, and only
 * that counts which the tool alone can have done: applied, a version that the history
 * has never had; undone, one that was adopted and not touched since.
 *
 * Errors: MIGRATE_OPERATOR (one of them was interrupted), NO_MEMORY.
 */
enum weir_code weir__adoption_make(struct weir__adoption *adoption, const struct weir__frame *frame,
                                   struct weir_error *err);
void weir__adoption_free(struct weir__adoption *adoption);

#endif
