/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Configuration from environment variables: WEIR_MAX_SIZE=8 for max_size.
 *
 * Other programs may own variables that begin with the same prefix, so one that
 * names no setting is passed over, unless it looks like a slip.
 */
#include <string.h>
#include <unistd.h>

#include "config_internal.h"

#define VARIABLE_NAME_MAX 256

/* MAX_SIZE as max_size. False if it has small letters, which no variable of ours
 * has, or cannot be a setting; name then serves for a hint. */
static bool setting_name(const char *capitals, size_t length, char name[WEIR_NAME_MAX])
{
	const size_t kept = length < WEIR_NAME_MAX ? length : WEIR_NAME_MAX - 1;
	bool ours = length > 0 && kept == length;

	for (size_t i = 0; i < kept; i++) {
		const char c = capitals[i];

		ours = ours && !(c >= 'a' && c <= 'z');
		name[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	name[kept] = '\0';
	return ours;
}

static void set_variable(struct weir__edit *edit, const char *variable, size_t prefix_length)
{
	const char *equals = strchr(variable, '=');
	char written[VARIABLE_NAME_MAX];
	char name[WEIR_NAME_MAX];

	if (equals == NULL || equals < variable + prefix_length)
		return;

	const size_t length = (size_t)(equals - variable);

	if (length >= sizeof(written))
		return;
	memcpy(written, variable, length);
	written[length] = '\0';
	if (setting_name(variable + prefix_length, length - prefix_length, name))
		weir__edit_set(edit, name, written, equals + 1);
	else
		weir__edit_unknown(edit, name, written, equals + 1);
}

enum weir_code weir_config_apply_env(struct weir_config *config, const struct weir_driver *driver,
                                     const char *prefix, const struct weir_fault_sink *sink,
                                     struct weir_error *err)
{
	static const struct weir__source source = {
		.where = "config.env",
		.name = "environment",
		.origin = WEIR_ORIGIN_ENV,
	};
	struct weir__edit edit;
	const enum weir_code code = weir__edit_begin(&edit, config, driver, &source, sink, err);

	if (code != WEIR_OK)
		return code;
	if (prefix == NULL || *prefix == '\0')
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, source.where, 0,
		                 "prefix is %s: every variable would be a setting",
		                 prefix == NULL ? "NULL" : "empty");

	const size_t prefix_length = strlen(prefix);

	edit.faults.prefix = prefix;
	edit.only_near = true;
	for (char **at = environ; at != NULL && *at != NULL; at++) {
		if (strncmp(*at, prefix, prefix_length) == 0)
			set_variable(&edit, *at, prefix_length);
	}
	return weir__edit_commit(&edit, config, err);
}
