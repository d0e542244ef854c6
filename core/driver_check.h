/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether what a program passes as a driver is one that this library can call.
 * Every way in looks before it reads: a driver may have been built against another
 * release, whose structs are shorter, longer or laid out differently.
 */
#ifndef WEIR_CORE_DRIVER_CHECK_H
#define WEIR_CORE_DRIVER_CHECK_H

#include <weir/driver.h>

/* Whether the name may be read, and is there: all that a configuration needs. */
bool weir__driver_named(const struct weir_driver *driver);

/* For a pool. Errors: BAD_ARGUMENT (NULL; of another ABI; too short; without name,
 * open or close; with unknown flags; with too many settings). */
enum weir_code weir__driver_check(const struct weir_driver *driver, const char *where,
                                  struct weir_error *err);

/* For a weir_db. Errors: those; DRIVER_UNSUPPORTED (no SQL, or no transactions);
 * BAD_ARGUMENT (those are of another ABI, too short, or lack a function). */
enum weir_code weir__driver_check_engine(const struct weir_driver *driver, const char *where,
                                         struct weir_error *err);

#endif
