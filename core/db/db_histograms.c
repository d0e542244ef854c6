/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Histograms of weir_db's own: how long writes wait, how long what they lead to takes, and
 * how many share it. Those of the readers' pool are the pool's.
 *
 * All but SYNC are counted by the holder of the gate, and SYNC by whoever uses the writer
 * or the aide, which is the same thread: one shard is enough.
 */
#include "db_internal.h"

bool weir__db_histograms_make(struct weir_db *db)
{
	size_t count;
	const struct weir_histogram_row *rows = weir_histogram_table(&count);

	for (size_t id = 0; id < count && db->config.metrics != 0; id++) {
		if (!rows[id].is_db)
			continue;
		db->histograms[id] = weir__histogram_create(1);
		if (db->histograms[id] == NULL)
			return false;
	}
	return true;
}

void weir__db_histograms_free(struct weir_db *db)
{
	for (int id = 0; id < WEIR_HISTOGRAMS_COUNT; id++)
		weir__histogram_free(db->histograms[id]);
}

void weir__db_note_sync(void *arg, int64_t took_ns)
{
	weir__db_note((struct weir_db *)arg, WEIR_HISTOGRAM_SYNC, took_ns);
}
