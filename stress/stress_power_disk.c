/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See stress_power_disk.h.
 */
#include "stress_power_disk.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stress_random.h"

#define SECTOR 512

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* ---- bytes ---- */

static bool resize(struct folder_bytes *file, size_t length)
{
	uint8_t *const bytes = realloc(file->bytes, length + 1);

	if (bytes == NULL)
		return false;
	if (length > file->length)
		memset(bytes + file->length, 0, length - file->length);
	file->bytes = bytes;
	file->length = length;
	return true;
}

/* Part of a change: from and to count within its bytes. */
static bool apply(struct folder_bytes *file, const struct disk_change *change, uint32_t from,
                  uint32_t to)
{
	const size_t end = (size_t)change->offset + to;

	if (change->bytes == NULL)
		return resize(file, (size_t)change->offset);
	if (end > file->length && !resize(file, end))
		return false;
	memcpy(file->bytes + change->offset + from, change->bytes + from, to - from);
	return true;
}

/* ---- files ---- */

static struct disk_file *new_file(struct disk *disk)
{
	if (disk->files_count == COUNT(disk->files)) {
		disk->out_of_room = true;
		return NULL;
	}
	return &disk->files[disk->files_count++];
}

static void forget_changes(struct disk_file *file)
{
	for (size_t i = 0; i < file->count; i++)
		free(file->changes[i].bytes);
	file->count = 0;
}

static void add_change(struct disk *disk, struct disk_file *file, const struct shim_event *event)
{
	struct disk_change *change;

	if (file->count == file->room) {
		const size_t room = file->room * 2 + 64;
		struct disk_change *const changes = realloc(file->changes, room * sizeof *changes);

		if (changes == NULL) {
			disk->out_of_room = true;
			return;
		}
		file->changes = changes;
		file->room = room;
	}
	change = &file->changes[file->count];
	*change = (struct disk_change){.offset = event->offset};
	if (event->call == SHIM_WRITE) {
		change->length = (uint32_t)event->amount;
		change->bytes = malloc(change->length + 1);
		if (change->bytes == NULL) {
			disk->out_of_room = true;
			return;
		}
		memcpy(change->bytes, event->bytes, change->length);
	}
	file->count++;
}

static void sync_file(struct disk *disk, struct disk_file *file)
{
	for (size_t i = 0; i < file->count; i++) {
		if (!apply(&file->synced, &file->changes[i], 0, file->changes[i].length))
			disk->out_of_room = true;
	}
	forget_changes(file);
}

/* ---- names ---- */

static struct disk_name *find(struct disk *disk, const char *path)
{
	for (size_t i = 0; path != NULL && i < DISK_NAMES; i++) {
		if (strcmp(disk->names[i].path, path) == 0)
			return &disk->names[i];
	}
	return NULL; /* a temporary file: nobody misses it */
}

static void sync_folder(struct disk *disk)
{
	for (size_t i = 0; i < DISK_NAMES; i++)
		disk->names[i].synced = disk->names[i].file;
}

static void note_open(struct disk *disk, struct disk_name *name, const struct shim_event *event)
{
	if ((event->flags & SQLITE_OPEN_CREATE) == 0)
		return;
	if (name->file == NULL)
		name->file = new_file(disk);
	name->folder_due = event->file == SHIM_WAL || event->file == SHIM_JOURNAL;
}

static void note_sync(struct disk *disk, struct disk_name *name)
{
	if (disk->lies)
		return;
	sync_file(disk, name->file);
	if (name->folder_due)
		sync_folder(disk);
	name->folder_due = false;
}

void disk_note(struct disk *disk, const struct shim_event *event)
{
	struct disk_name *const name = find(disk, event->path);

	if (name == NULL)
		return;
	if (event->call == SHIM_OPEN)
		note_open(disk, name, event);
	if (name->file == NULL)
		return;
	if (event->call == SHIM_WRITE || event->call == SHIM_TRUNCATE)
		add_change(disk, name->file, event);
	if (event->call == SHIM_SYNC)
		note_sync(disk, name);
	if (event->call == SHIM_DELETE) {
		name->file = NULL;
		if (event->flags != 0 && !disk->lies)
			sync_folder(disk);
	}
}

bool disk_load(struct disk *disk, const char *path)
{
	static const char *const endings[DISK_NAMES] = {"", "-journal", "-wal"};

	for (size_t i = 0; i < DISK_NAMES; i++) {
		struct disk_name *const name = &disk->names[i];
		struct folder_bytes bytes;

		(void)snprintf(name->path, sizeof name->path, "%.4000s%s", path, endings[i]);
		if (!folder_read(name->path, &bytes))
			return false;
		if (!bytes.there)
			continue;
		name->file = new_file(disk);
		name->file->synced = bytes;
	}
	sync_folder(disk);
	return true;
}

void disk_free(struct disk *disk)
{
	for (uint32_t i = 0; i < disk->files_count; i++) {
		forget_changes(&disk->files[i]);
		free(disk->files[i].changes);
		free(disk->files[i].synced.bytes);
	}
	memset(disk, 0, sizeof *disk);
}

/* ---- the cut ---- */

struct cut {
	struct disk *disk;
	enum disk_mercy mercy;
	uint32_t percent; /* the chance of a change, or a sector */
	uint64_t *random;
};

static bool apply_sectors(const struct cut *cut, struct folder_bytes *file,
                          const struct disk_change *change)
{
	bool done = true;
	uint32_t at = 0;

	cut->disk->torn++;
	while (at < change->length && done) {
		uint32_t next = at + SECTOR - (uint32_t)((change->offset + at) % SECTOR);

		if (next > change->length)
			next = change->length;
		if (stress_random_percent(cut->random, cut->percent))
			done = apply(file, change, at, next);
		at = next;
	}
	return done;
}

/* Whether a change gets there, and whether as a whole. */
static bool survives(const struct cut *cut, size_t i, size_t until)
{
	switch (cut->mercy) {
	case DISK_NONE:
		return false;
	case DISK_UNTIL:
		return i < until;
	case DISK_SOME:
	case DISK_TORN:
		return stress_random_percent(cut->random, cut->percent);
	default:
		return true;
	}
}

static bool is_torn(const struct cut *cut, const struct disk_change *change)
{
	if (change->bytes == NULL)
		return false;
	return cut->mercy == DISK_SECTORS ||
	       (cut->mercy == DISK_TORN && stress_random_below(cut->random, 3) == 0);
}

static bool cut_file(const struct cut *cut, struct disk_file *file)
{
	const size_t until = stress_random_below(cut->random, (uint32_t)file->count + 1);
	bool done = true;

	for (size_t i = 0; i < file->count && done; i++) {
		const struct disk_change *const change = &file->changes[i];

		if (!survives(cut, i, until)) {
			cut->disk->dropped++;
			continue;
		}
		cut->disk->survived++;
		done = is_torn(cut, change) ? apply_sectors(cut, &file->synced, change)
		                            : apply(&file->synced, change, 0, change->length);
	}
	forget_changes(file);
	return done;
}

/* What a name stands for after the cut. */
static const struct disk_file *cut_name(const struct cut *cut, struct disk_name *name)
{
	bool kept = stress_random_below(cut->random, 2) == 0;

	if (name->file == name->synced)
		return name->file;
	if (cut->mercy == DISK_NONE || cut->mercy == DISK_ALL)
		kept = cut->mercy == DISK_ALL;
	cut->disk->renamed += !kept;
	return kept ? name->file : name->synced;
}

bool disk_cut(struct disk *disk, enum disk_mercy mercy, uint64_t *random)
{
	const struct cut cut = {disk, mercy, 5 + stress_random_below(random, 91), random};
	const struct folder_bytes none = {0};
	char shared[FOLDER_PATH];
	bool done = true;

	for (uint32_t i = 0; i < disk->files_count; i++)
		done = cut_file(&cut, &disk->files[i]) && done;
	for (size_t i = 0; i < DISK_NAMES; i++) {
		const struct disk_file *const file = cut_name(&cut, &disk->names[i]);
		struct folder_bytes bytes = file != NULL ? file->synced : none;

		bytes.there = file != NULL;
		done = folder_write(disk->names[i].path, &bytes) && done;
	}
	(void)snprintf(shared, sizeof shared, "%.4000s-shm", disk->names[0].path);
	return folder_write(shared, &none) && done;
}

const char *disk_mercy_name(enum disk_mercy mercy)
{
	static const char *const names[DISK_MERCIES] = {"none", "all",  "until",
	                                                "some", "torn", "sectors"};

	return names[mercy];
}
