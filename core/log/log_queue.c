/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The protocol is in log_queue.h.
 */
#include "log_queue.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

#include "log_mask.h"

#define CAPACITY_LEAST 8

bool weir__log_queue_init(struct weir__log_queue *queue, uint32_t capacity)
{
	uint64_t room = CAPACITY_LEAST;

	while (room < capacity)
		room *= 2;
	queue->entries =
		(struct weir__log_entry *)wp_alloc(sizeof(uint64_t), room * sizeof *queue->entries);
	if (queue->entries == NULL)
		return false;
	for (uint64_t place = 0; place < room; place++)
		wp_store_rlx_64(&queue->entries[place].turn, place);
	queue->mask = room - 1;
	return true;
}

void weir__log_queue_free(struct weir__log_queue *queue)
{
	wp_free(queue->entries);
}

struct weir__log_line *weir__log_queue_claim(struct weir__log_queue *queue)
{
	for (;;) { /* ends: each further round, another thread put something in */
		const uint64_t place = wp_load_rlx_64(&queue->tail);
		struct weir__log_entry *entry = &queue->entries[place & queue->mask];
		const uint64_t turn = wp_load_acq_64(&entry->turn); /* E1 */

		if (turn < place)
			return NULL; /* I3: what was put there a round ago has not been taken */
		if (turn == place && wp_cas_acqrel_64(&queue->tail, place, place + 1)) /* E2 */
			return &entry->line;
	}
}

void weir__log_queue_put(struct weir__log_queue *queue, struct weir__log_line *line)
{
	struct weir__log_entry *entry =
		(struct weir__log_entry *)(void *)((char *)line - offsetof(struct weir__log_entry, line));

	(void)queue;
	wp_store_rel_64(&entry->turn, wp_load_rlx_64(&entry->turn) + 1); /* E3 */
}

struct weir__log_line *weir__log_queue_take(struct weir__log_queue *queue)
{
	const uint64_t place = wp_load_rlx_64(&queue->head);
	struct weir__log_entry *entry = &queue->entries[place & queue->mask];

	return wp_load_acq_64(&entry->turn) == place + 1 ? &entry->line : NULL; /* E5 */
}

void weir__log_queue_done(struct weir__log_queue *queue)
{
	const uint64_t place = wp_load_rlx_64(&queue->head);
	struct weir__log_entry *entry = &queue->entries[place & queue->mask];

	wp_store_rel_64(&entry->turn, place + queue->mask + 1); /* E4 */
	wp_store_rel_64(&queue->head, place + 1);
}

void weir__log_fill(struct weir__log_line *line, enum weir_log_event event,
                    const struct weir__field *fields, size_t count, uint64_t suppressed)
{
	struct timespec now;
	size_t used = 0;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	line->event = event;
	line->suppressed = suppressed;
	line->wall_ns = (int64_t)now.tv_sec * WEIR_SECONDS(1) + now.tv_nsec;
	line->count = (uint32_t)(count < WEIR__LOG_FIELDS_MAX ? count : WEIR__LOG_FIELDS_MAX);
	for (uint32_t i = 0; i < line->count; i++) {
		struct weir__field *field = &line->fields[i];

		*field = fields[i];
		if (field->type != WEIR__FIELD_TEXT || field->text == NULL)
			continue;
		field->text = line->text + used;
		used += weir__mask_secrets(fields[i].text, line->text + used, sizeof line->text - used);
		/* The end of what was cut is the end of the next one, too: empty. */
		if (used >= sizeof line->text)
			used = sizeof line->text - 1;
	}
}
