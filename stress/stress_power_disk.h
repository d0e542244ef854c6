/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A disk that may lose what was not synced.
 *
 * The files on the real disk are what running programs see. Beside them this model
 * has, of each file, what is certain to survive a power cut, and every write and
 * truncation since; and of each name, whether its making or removal would survive.
 * It learns of all that through the shim.
 *
 * What a cut leaves. Of each file: what was synced, and over it those of the later
 * writes that happened to get there, in whatever order, whole or in part: sectors of
 * 512 bytes either are written or are not. Of each name: as the folder was when it
 * was last synced, or as it was last. A folder is synced as SQLite does it: with the
 * first sync of a journal or log that it has opened to make it, and with a removal
 * that asks for it. What bytes a write does not touch it does not harm, even in the
 * same sector: SQLite relies on that here (SQLITE_IOCAP_POWERSAFE_OVERWRITE).
 * Shared memory is gone.
 */
#ifndef STRESS_POWER_DISK_H
#define STRESS_POWER_DISK_H

#include "stress_folder.h"
#include "stress_shim.h"

#define DISK_NAMES 3

/* How unsynced writes survive. */
enum disk_mercy {
	DISK_NONE = 0, /* none of them */
	DISK_ALL,      /* all of them */
	DISK_UNTIL,    /* those up to some moment */
	DISK_SOME,     /* each with the same chance */
	DISK_TORN,     /* the same, and one in three of them is torn */
	DISK_SECTORS,  /* each sector with the same chance */
	DISK_MERCIES
};

struct disk_change {
	int64_t offset; /* of a truncation: the new size */
	uint32_t length;
	uint8_t *bytes; /* NULL: a truncation */
};

struct disk_file {
	struct folder_bytes synced;
	struct disk_change *changes; /* since, in order */
	size_t count;
	size_t room;
};

struct disk_name {
	char path[FOLDER_PATH];
	struct disk_file *file;   /* NULL: there is none */
	struct disk_file *synced; /* what the synced folder says, NULL as well */
	bool folder_due;          /* the next sync of it syncs the folder */
};

struct disk {
	struct disk_name names[DISK_NAMES]; /* the database, its journal, its log */
	struct disk_file files[64];         /* made so far */
	uint32_t files_count;
	bool lies;         /* a sync does nothing */
	bool out_of_room;  /* the model itself ran out of memory or files */
	uint64_t dropped;  /* changes that a cut lost */
	uint64_t survived; /* and did not */
	uint64_t torn;     /* and that were torn */
	uint64_t renamed;  /* names that a cut took back */
};

/* All that is on the real disk is synced. False without memory, or if it cannot be
 * read. */
bool disk_load(struct disk *disk, const char *path);

void disk_free(struct disk *disk);

/* A call was done, or is being done as the power goes. */
void disk_note(struct disk *disk, const struct shim_event *event);

/* Put on the real disk what a cut leaves. */
bool disk_cut(struct disk *disk, enum disk_mercy mercy, uint64_t *random);

const char *disk_mercy_name(enum disk_mercy mercy);

#endif
