/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See unit_check.h.
 */
#include "unit_check.h"

#include <string.h>

static const char *name_of(enum weir_code code)
{
	const char *name = weir_error_name(code);

	return name == NULL ? "a code that does not exist" : name;
}

void unit_assert_code(enum weir_code code, enum weir_code expected, const char *call,
                      const char *file, int line)
{
	if (code == expected)
		return;
	print_error("%s gave %s, expected %s\n", call, name_of(code), name_of(expected));
	_fail(file, line);
}

void unit_assert_has(const char *text, const char *part, const char *file, int line)
{
	if (text != NULL && strstr(text, part) != NULL)
		return;
	print_error("\"%s\" lacks \"%s\"\n", text == NULL ? "(null)" : text, part);
	_fail(file, line);
}
