/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Lingering: a leader that runs dry gives the members of the last group a moment
 * to come back.
 *
 * The members of a group all return at once. Without this the first that comes
 * back is the next leader, finds the queue empty and commits alone, while all
 * others queue behind it: groups of 1 and of all the others would take turns, and
 * every second sync of the disk would be for one job. So a leader that runs dry
 * with fewer jobs than the last group had gives way to other threads, for no
 * longer than a commit takes, nor than group_delay. A thread alone never meets
 * this. Where the members do not come back, the leader soon stops looking for
 * them: each time in vain, twice as many groups pass before the next.
 */
#include "group.h"

/* Groups that pass without lingering after it was in vain, at most. */
#define SKIPS_MAX 256

bool weir__group_linger(struct weir__group *group)
{
	struct weir_db *db = group->db;
	struct weir__linger *lingering = &db->lingering;
	const int64_t setting_ns = weir__db_setting(db, WEIR_SET_group_delay);
	const int64_t limit_ns = lingering->commit_ns < setting_ns ? lingering->commit_ns : setting_ns;
	const int64_t began_ns = wp_now();

	if (group->sound == 0 || group->count >= lingering->last || limit_ns == 0)
		return false;
	if (lingering->skip > 0) {
		lingering->skip--;
		return false;
	}
	do {
		wp_yield();
		if (weir_gate_length(db->gate) > 0 && weir__group_take(group)) {
			lingering->vain = 0;
			group->arrived++;
			return true;
		}
	} while (wp_now() - began_ns < limit_ns);
	if (group->arrived == 0) {
		lingering->vain = lingering->vain == 0 ? 1 : lingering->vain * 2;
		if (lingering->vain > SKIPS_MAX)
			lingering->vain = SKIPS_MAX;
		lingering->skip = lingering->vain;
	}
	return false;
}
