/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See stress_flags.h.
 */
#include "stress_flags.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stress_fault_sweep.h"
#include "stress_memory.h"
#include "stress_power.h"

static const struct {
	const char *name;
	flags_command run;
} commands[] = {
	{"faults", fault_command},
	{"memory", memory_command},
	{"powercut", power_command},
};

flags_command flags_find_command(const char *name)
{
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run;
	}
	return NULL;
}

const char *flags_exit_name(enum flags_exit code)
{
	switch (code) {
	case FLAGS_PASSED:
		return "passed";
	case FLAGS_BROKEN:
		return "failed";
	case FLAGS_INTERRUPTED:
		return "interrupted";
	default:
		return "cannot tell";
	}
}

bool flags_complain(const char *flag, const char *value, const char *allowed)
{
	(void)fprintf(stderr, "weir-stress: --%s \"%s\": must be %s\n", flag, value, allowed);
	return false;
}

bool flags_number(const char *flag, const char *value, uint64_t min, uint64_t max, uint64_t *number)
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
	return flags_complain(flag, value, allowed);
}

void flags_json(json_t *object, const struct flags_figure *figures, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)json_object_set_new(object, figures[i].name,
		                          json_integer((json_int_t)figures[i].value));
}

void flags_json_seed(json_t *object, uint64_t seed)
{
	char text[24];

	(void)snprintf(text, sizeof text, "%" PRIu64, seed);
	(void)json_object_set_new(object, "seed", json_string(text));
}

void flags_json_found(json_t *object, const struct book *book)
{
	const uint32_t known = book->complaints < BOOK_COMPLAINTS ? book->complaints : BOOK_COMPLAINTS;
	json_t *const found = json_array();

	for (uint32_t i = 0; i < known; i++)
		(void)json_array_append_new(found, json_string(book->complaint[i]));
	(void)json_object_set_new(object, "found", found);
}
