/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Values of options, for all subcommands. See stress_command.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <weir/weir.h>

#include "stress_command.h"

bool stress_option_complain(const char *flag, const char *value, const char *allowed)
{
	(void)fprintf(stderr, "weir-stress: --%s \"%s\": must be %s\n", flag, value, allowed);
	return false;
}

bool stress_option_number(const char *flag, const char *value, uint64_t min, uint64_t max,
                          uint64_t *number)
{
	char allowed[80];
	char *end;

	errno = 0;
	*number = strtoull(value, &end, 10);
	if (value[0] >= '0' && value[0] <= '9' && *end == '\0' && errno == 0 && *number >= min &&
	    *number <= max)
		return true;
	(void)snprintf(allowed, sizeof allowed, "a whole number from %" PRIu64 " to %" PRIu64, min,
	               max);
	return stress_option_complain(flag, value, allowed);
}

bool stress_option_count(const char *flag, const char *value, uint32_t max, uint32_t *count)
{
	uint64_t number = 0;
	const bool right = stress_option_number(flag, value, 1, max, &number);

	*count = (uint32_t)number;
	return right;
}

void stress_option_hint(const char *name, const char *const *names, uint32_t count, char *hint,
                        uint32_t hint_size)
{
	const char *const near = weir_nearest(name, names, count);

	hint[0] = '\0';
	if (near != NULL)
		(void)snprintf(hint, hint_size, ", did you mean \"%s\"?", near);
}

uint64_t stress_option_any_seed(void)
{
	return (uint64_t)weir_now().ns % 1000000007;
}
