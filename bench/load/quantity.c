/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Numbers and durations as people write them. See quantity.h.
 */
#include "quantity.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *unit;
	double ns;
} units[] = {{"ns", 1.0}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};

const char *bench_read_number(const char *at, double *number)
{
	char *end;

	if (!isdigit((unsigned char)*at) || (at[0] == '0' && (at[1] == 'x' || at[1] == 'X')))
		return NULL;
	errno = 0;
	*number = strtod(at, &end);
	return errno == 0 ? end : NULL;
}

const char *bench_read_duration(const char *at, int64_t max_ns, int64_t *ns)
{
	double number;

	at = bench_read_number(at, &number);
	if (at == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		const size_t length = strlen(units[i].unit);

		if (strncmp(at, units[i].unit, length) != 0 || (at[length] != '\0' && at[length] != ','))
			continue;
		number *= units[i].ns;
		if (number < 1.0 || number > (double)max_ns)
			return NULL;
		*ns = (int64_t)(number + 0.5);
		return at + length;
	}
	return NULL;
}
