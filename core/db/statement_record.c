/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See statement_record.h. Texts stand in the order they came; a table of twice as many
 * places finds them.
 */
#include "statement_record.h"

#include <stdalign.h>
#include <stdbool.h>
#include <string.h>

#include "lock.h"
#include "platform_os.h"

struct weir__record {
	struct weir__lock lock;
	wp_u32 full;
	uint32_t capacity;
	uint32_t count; /* under lock */
	uint32_t mask;  /* places - 1 */
	char **texts;
	uint32_t *places; /* under lock: the index of a text, and 1; 0: free */
};

struct weir__record *weir__record_make(uint32_t capacity)
{
	struct weir__record *record =
		(struct weir__record *)wp_alloc(alignof(struct weir__record), sizeof *record);
	uint32_t places = 2;

	if (record == NULL)
		return NULL;
	while (places < 2 * capacity)
		places *= 2;
	memset(record, 0, sizeof *record);
	record->capacity = capacity;
	record->mask = places - 1;
	record->texts = (char **)wp_alloc(sizeof(void *), capacity * sizeof *record->texts);
	record->places = (uint32_t *)wp_alloc(sizeof(void *), places * sizeof *record->places);
	if (record->texts == NULL || record->places == NULL) {
		weir__record_free(record);
		return NULL;
	}
	memset(record->places, 0, places * sizeof *record->places);
	return record;
}

void weir__record_free(struct weir__record *record)
{
	if (record == NULL)
		return;
	for (uint32_t i = 0; record->texts != NULL && i < record->count; i++)
		wp_free(record->texts[i]);
	wp_free(record->texts);
	wp_free(record->places);
	wp_free(record);
}

/* FNV-1a: once for each text that had to be prepared. */
static uint32_t hash_of(const char *text, size_t length)
{
	uint32_t hash = UINT32_C(2166136261);

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)text[i]) * UINT32_C(16777619);
	return hash;
}

/* The place of text, or the free one where it belongs: there are more places than texts. */
static uint32_t *place_of(const struct weir__record *record, const char *text, size_t length)
{
	uint32_t at = hash_of(text, length) & record->mask;

	while (record->places[at] != 0 && strcmp(record->texts[record->places[at] - 1], text) != 0)
		at = (at + 1) & record->mask;
	return &record->places[at];
}

static void add(struct weir__record *record, const char *text, size_t length)
{
	uint32_t *place = place_of(record, text, length);
	char *copy;

	if (*place != 0 || record->count == record->capacity)
		return;
	copy = (char *)wp_alloc(sizeof(void *), length + 1);
	if (copy == NULL)
		return;
	memcpy(copy, text, length + 1);
	record->texts[record->count] = copy;
	*place = ++record->count;
	if (record->count == record->capacity)
		wp_store_rlx_32(&record->full, 1); /* a hint: add looks again */
}

void weir__record_add(struct weir__record *record, const char *text, size_t length)
{
	if (record == NULL || length > WEIR__RECORD_TEXT_MAX || wp_load_rlx_32(&record->full) != 0)
		return;
	weir__lock(&record->lock);
	add(record, text, length);
	weir__unlock(&record->lock);
}

uint32_t weir__record_count(struct weir__record *record)
{
	weir__lock(&record->lock);
	const uint32_t count = record->count;

	weir__unlock(&record->lock);
	return count;
}

const char *weir__record_at(const struct weir__record *record, uint32_t index)
{
	return record->texts[index];
}
