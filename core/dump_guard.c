/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The count of dump_guard.h: one for the process, since a statement knows of no
 * service.
 */
#include "dump_guard.h"

wp_u32 weir__dumps_looking;
