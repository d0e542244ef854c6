/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See adopt.h.
 */
#include "adopt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define WHERE "migrate.adopt"

void weir__adoption_free(struct weir__adoption *adoption)
{
	free(adoption->steps);
	memset(adoption, 0, sizeof *adoption);
}

static enum weir_code add(struct weir__adoption *adoption, const char *version, bool applied,
                          int64_t applied_at, struct weir_error *err)
{
	void *steps = adoption->steps;
	struct weir__adoption_step *step;

	if (!weir__grow(&steps, sizeof *adoption->steps, adoption->count, &adoption->room))
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for the versions");
	adoption->steps = steps;
	step = &adoption->steps[adoption->count++];
	(void)snprintf(step->version, sizeof step->version, "%s", version);
	step->applied = applied;
	step->applied_at = applied_at;
	return WEIR_OK;
}

static bool is_trusted(const struct weir__frame *frame)
{
	return frame->history.count == 0 || frame->options.foreign == WEIR_MIGRATE_FOREIGN_KEEP;
}

/* A version that the tool says is applied: to be added if the history lacks it. */
static enum weir_code take_applied(struct weir__adoption *adoption, const struct weir__frame *frame,
                                   const char *version, int64_t applied_at, struct weir_error *err)
{
	const struct weir__history_row *const row = weir__history_of(&frame->history, version);

	switch (weir__history_state(row)) {
	case WEIR__HISTORY_ABSENT:
		if (row != NULL && !is_trusted(frame))
			break; /* weir has undone it, and the table does not know */
		return add(adoption, version, true, applied_at, err);
	case WEIR__HISTORY_RUNNING:
		return weir_fail(err, WEIR_ERR_MIGRATE_OPERATOR, WHERE, 0,
		                 "version %s was interrupted in weir: go on with weir migrate up, or end "
		                 "it with weir migrate repair, and adopt then",
		                 version);
	case WEIR__HISTORY_DONE:
		break;
	}
	return WEIR_OK;
}

/* Where the first of the set is that golang-migrate's row can say anything about. */
static size_t begin_of_golang(const struct weir__frame *frame)
{
	size_t begin = 0;

	for (size_t i = 0; i < frame->set->count; i++) {
		if (weir__history_state(weir__history_of(&frame->history, frame->set->list[i].version)) ==
		    WEIR__HISTORY_DONE)
			begin = i + 1;
	}
	return begin;
}

static enum weir_code take_golang(struct weir__adoption *adoption, const struct weir__frame *frame,
                                  struct weir_error *err)
{
	enum weir_code code = WEIR_OK;

	for (size_t i = begin_of_golang(frame); code == WEIR_OK && i < frame->set->count; i++) {
		const char *const version = frame->set->list[i].version;

		if (weir__foreign_has(&frame->foreign, version))
			code = take_applied(adoption, frame, version, 0, err);
	}
	return code;
}

static enum weir_code take_list(struct weir__adoption *adoption, const struct weir__frame *frame,
                                struct weir_error *err)
{
	const struct weir__foreign *const foreign = &frame->foreign;
	enum weir_code code = WEIR_OK;

	for (size_t i = 0; code == WEIR_OK && i < foreign->count; i++)
		code = take_applied(adoption, frame, foreign->versions[i], foreign->applied_at[i], err);
	return code;
}

/* What the history has as applied, and the tool has undone: the newest first. */
static enum weir_code take_undone(struct weir__adoption *adoption, const struct weir__frame *frame,
                                  struct weir_error *err)
{
	enum weir_code code = WEIR_OK;

	for (size_t i = frame->history.count; code == WEIR_OK && i > 0; i--) {
		const struct weir__history_row *const row = &frame->history.rows[i - 1];

		if (weir__history_of(&frame->history, row->version) == row &&
		    weir__history_state(row) == WEIR__HISTORY_DONE &&
		    (strcmp(row->direction, "adopt") == 0 || is_trusted(frame)) &&
		    !weir__foreign_has(&frame->foreign, row->version))
			code = add(adoption, row->version, false, 0, err);
	}
	return code;
}

enum weir_code weir__adoption_make(struct weir__adoption *adoption, const struct weir__frame *frame,
                                   struct weir_error *err)
{
	enum weir_code code;

	memset(adoption, 0, sizeof *adoption);
	code = take_undone(adoption, frame, err);
	if (code == WEIR_OK && frame->foreign.format == WEIR_MIGRATE_GOLANG)
		code = take_golang(adoption, frame, err);
	else if (code == WEIR_OK)
		code = take_list(adoption, frame, err);
	if (code != WEIR_OK)
		weir__adoption_free(adoption);
	return code;
}
