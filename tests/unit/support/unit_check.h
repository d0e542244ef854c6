/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmocka with the headers it wants before it, and assertions that speak of
 * weir's codes by name.
 *
 * An assertion leaves its test by longjmp, so only the thread that runs the test
 * may make one; other threads record what they saw.
 */
#ifndef WEIR_UNIT_CHECK_H
#define WEIR_UNIT_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <weir/error.h>

/* Fail the test unless the call gave that code. */
#define assert_code(call, expected) unit_assert_code((call), (expected), #call, __FILE__, __LINE__)

/* Fail the test unless text has the part. */
#define assert_has(text, part) unit_assert_has((text), (part), __FILE__, __LINE__)

void unit_assert_code(enum weir_code code, enum weir_code expected, const char *call,
                      const char *file, int line);
void unit_assert_has(const char *text, const char *part, const char *file, int line);

#endif
