/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Folders in which something large is made: only their owner can read them, they are
 * locked as long as their process lives, and what a killed one left is swept away by the
 * next. The lock is the kernel's (flock) and ends with the process.
 */
#ifndef WEIR_MIGRATE_PRIVATE_FOLDER_H
#define WEIR_MIGRATE_PRIVATE_FOLDER_H

#include <stdbool.h>

enum weir__folder_made {
	WEIR__FOLDER_MADE = 0,
	WEIR__FOLDER_TAKEN = 1, /* the name is: try the next */
	WEIR__FOLDER_FAILED = 2 /* errno says why */
};

/* Make a folder at path and lock it; *lock is to be closed once it is removed, or shall
 * be kept. */
enum weir__folder_made weir__folder_make(const char *path, int *lock);

/* Remove the folder at path with those files in it; false, with errno, if that cannot be,
 * or something else is in it, which stays. names end with NULL. */
bool weir__folder_remove(const char *path, const char *const *names);

/* Remove, in parent, folders whose names are (arg says so) and that no process holds, with
 * those files in them. What cannot be removed stays: it is in nobody's way. */
void weir__folder_sweep(const char *parent, bool (*is)(const void *arg, const char *name),
                        const void *arg, const char *const *names);

#endif
