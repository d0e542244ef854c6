/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See driver_check.h. Of each struct the ABI and the size are read first: they are
 * where they are in every release. Nothing past the size is read.
 */
#include "driver_check.h"

#include <string.h>

#include <weir/engine.h>
#include <weir/schema.h>
#include <weir/sql.h>

#define KNOWN_FLAGS (WEIR_DRIVER_OPEN_HONOURS_DEADLINE | WEIR_DRIVER_HEEDS_CANCEL)
#define END_OF(type, member) (offsetof(type, member) + sizeof(((const type *)NULL)->member))

bool weir__driver_named(const struct weir_driver *driver)
{
	return driver->abi == WEIR_DRIVER_ABI && driver->size >= END_OF(struct weir_driver, name) &&
	       driver->name != NULL;
}

enum weir_code weir__driver_check(const struct weir_driver *driver, const char *where,
                                  struct weir_error *err)
{
	if (driver == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0, "driver is NULL");
	if (driver->abi != WEIR_DRIVER_ABI)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0,
		                 "the driver was built for driver ABI %u, this library has %u", driver->abi,
		                 WEIR_DRIVER_ABI);
	if (driver->size < END_OF(struct weir_driver, close))
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0,
		                 "the driver's struct is too short (%u bytes): set its size field",
		                 driver->size);
	if (driver->name == NULL || driver->open == NULL || driver->close == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0,
		                 "the driver lacks its name, open or close");
	if ((driver->flags & ~KNOWN_FLAGS) != 0)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0,
		                 "the driver \"%s\" sets flags that this library does not know (0x%x)",
		                 driver->name, driver->flags & ~KNOWN_FLAGS);
	if (driver->settings_count > WEIR_DRIVER_SETTINGS_MAX)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0,
		                 "the driver \"%s\" has %u settings; %d are allowed", driver->name,
		                 driver->settings_count, WEIR_DRIVER_SETTINGS_MAX);
	return WEIR_OK;
}

/* A struct of functions beside the driver's own, and which of them must be there:
 * those from first to the one that ends at last. */
struct face {
	const char *name;
	const void *functions;
	uint32_t abi;
	uint32_t abi_wanted;
	size_t size;
	size_t size_least;
	size_t first;
	size_t last;
};

/* The place of the first function that is missing, counted from 1; 0: none is. */
static unsigned missing(const struct face *face)
{
	void (*function)(void);

	for (size_t at = face->first; at < face->last; at += sizeof function) {
		memcpy(&function, (const char *)face->functions + at, sizeof function);
		if (function == NULL)
			return (unsigned)((at - face->first) / sizeof function) + 1;
	}
	return 0;
}

static enum weir_code check_face(const struct weir_driver *driver, const struct face *face,
                                 const char *where, struct weir_error *err)
{
	if (face->abi != face->abi_wanted)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0,
		                 "the driver \"%s\" was built for %s ABI %u, this library has %u",
		                 driver->name, face->name, face->abi, face->abi_wanted);
	if (face->size < face->size_least)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0,
		                 "the driver \"%s\" has a struct weir_%s that is too short (%zu bytes): "
		                 "set its size field",
		                 driver->name, face->name, face->size);
	if (missing(face) != 0)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0,
		                 "the driver \"%s\" lacks a function of struct weir_%s that may not be "
		                 "NULL (the %u. of those)",
		                 driver->name, face->name, missing(face));
	return WEIR_OK;
}

/* A driver may do without it; copy and rebuild, which come last, may be NULL. */
static enum weir_code check_schema(const struct weir_driver *driver, const char *where,
                                   struct weir_error *err)
{
	if (driver->size < END_OF(struct weir_driver, schema) || driver->schema == NULL)
		return WEIR_OK;
	const struct face face = {"schema",
	                          driver->schema,
	                          driver->schema->abi,
	                          WEIR_SCHEMA_ABI,
	                          driver->schema->size,
	                          sizeof *driver->schema,
	                          offsetof(struct weir_schema, script_begin),
	                          END_OF(struct weir_schema, facts)};

	return check_face(driver, &face, where, err);
}

enum weir_code weir__driver_check_engine(const struct weir_driver *driver, const char *where,
                                         struct weir_error *err)
{
	enum weir_code code = weir__driver_check(driver, where, err);

	if (code != WEIR_OK)
		return code;
	if (driver->size < END_OF(struct weir_driver, engine) || driver->engine == NULL ||
	    driver->sql == NULL)
		return weir_fail(err, WEIR_ERR_DRIVER_UNSUPPORTED, where, 0,
		                 "the driver \"%s\" has no transactions (weir/engine.h)", driver->name);
	const struct face faces[] = {
		{"engine", driver->engine, driver->engine->abi, WEIR_ENGINE_ABI, driver->engine->size,
	     sizeof *driver->engine, offsetof(struct weir_engine, begin),
	     END_OF(struct weir_engine, snapshot_end)},
		{"sql", driver->sql, driver->sql->abi, WEIR_SQL_ABI, driver->sql->size,
	     END_OF(struct weir_sql, txn_state), offsetof(struct weir_sql, prepare),
	     END_OF(struct weir_sql, txn_state)},
	};

	for (size_t i = 0; i < sizeof faces / sizeof faces[0] && code == WEIR_OK; i++)
		code = check_face(driver, &faces[i], where, err);
	return code == WEIR_OK ? check_schema(driver, where, err) : code;
}
