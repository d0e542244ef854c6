/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which SQLite this is, and whether it is the only one in the process.
 */
#include "sqlite_internal.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

/* ---- the fault of the WAL reset ---- */

struct range {
	int first;
	int last;
};

/* Versions that have it, with the branches that got the correction left out. */
static const struct range vulnerable[] = {
	{3007000, 3044005},
	{3045000, 3050006},
	{3051000, 3051002},
};

bool weir_sqlite_is_vulnerable(int version)
{
	const int asked = version == 0 ? sqlite3_libversion_number() : version;

	for (size_t i = 0; i < sizeof(vulnerable) / sizeof(vulnerable[0]); i++) {
		if (vulnerable[i].first <= asked && asked <= vulnerable[i].last)
			return true;
	}
	return false;
}

/* ---- memory statistics ---- */

enum weir_code weir_sqlite_drop_memory_statistics(struct weir_error *err)
{
	const int rc = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);

	if (rc == SQLITE_OK)
		return WEIR_OK;
	return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "sqlite.drop_memory_statistics", rc,
	                 "SQLite is in use already: call this before anything opens a database");
}

/* ---- a second copy ---- */

/* Which of the objects that are loaded to name. */
struct pick {
	unsigned left; /* objects to pass over */
	char name[WEIR_PATH_MAX];
};

static int pick_object(struct dl_phdr_info *object, size_t size, void *opaque)
{
	struct pick *const pick = opaque;

	(void)size;
	if (pick->left-- > 0)
		return 0;
	(void)snprintf(pick->name, sizeof(pick->name), "%s", object->dlpi_name);
	return 1;
}

/* The copy that the object of that name would use, or NULL; "" is the program. The
 * dynamic linker must not be asked while it goes through its list: another thread
 * that loads something would never get past it. */
static const void *copy_of(const char *name)
{
	void *const handle = dlopen(name[0] != '\0' ? name : NULL, RTLD_LAZY | RTLD_NOLOAD);
	const void *copy = NULL;

	if (handle == NULL)
		return NULL;
	copy = dlsym(handle, "sqlite3_libversion");
	(void)dlclose(handle);
	return copy;
}

bool weir__sqlite_second_copy(char *text, size_t text_size)
{
	/* POSIX lets a function's address be kept as one of data. */
	const char *(*const linked)(void) = sqlite3_libversion;
	const void *ours = NULL;

	memcpy(&ours, &linked, sizeof(ours));
	for (unsigned i = 0;; i++) { /* ends: objects are finite */
		struct pick pick = {.left = i};
		Dl_info home;

		if (dl_iterate_phdr(pick_object, &pick) == 0)
			return false;

		const void *const copy = copy_of(pick.name);

		if (copy == NULL || copy == ours || dladdr(copy, &home) == 0)
			continue;
		(void)snprintf(text, text_size,
		               "a second copy of SQLite is in this process (%.200s), and the two do not "
		               "see each other's locks: a database used through both can be damaged",
		               home.dli_fname);
		return true;
	}
}
