/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir/version.h: the version this header belongs to, and the one linked.
 */
#ifndef WEIR_VERSION_H
#define WEIR_VERSION_H

#include <weir/base.h>

#define WEIR_VERSION_MAJOR 0
#define WEIR_VERSION_MINOR 1
#define WEIR_VERSION_PATCH 0
#define WEIR_VERSION_STRING "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The version of the library that is linked, e.g. "0.1.0"; compare it with
 * WEIR_VERSION_STRING to notice a stale build. Static storage. Any thread;
 * wait-free.
 */
WEIR_API const char *weir_version(void);

#ifdef __cplusplus
}
#endif

#endif
