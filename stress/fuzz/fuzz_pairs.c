/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The input is environment variables, one a line; or, if it has only one line,
 * "name=value" pairs, and also one setting's name and value.
 */
#include "fuzz_check.h"
#include "fuzz_config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PREFIX "WEIR_"
#define VARIABLES_MAX 64

static enum weir_code apply_pairs(struct weir_config *config, const struct weir_driver *driver,
                                  const struct weir_fault_sink *sink, struct weir_error *err,
                                  void *arg)
{
	return weir_config_apply_pairs(config, driver, arg, sink, err);
}

static enum weir_code apply_env(struct weir_config *config, const struct weir_driver *driver,
                                const struct weir_fault_sink *sink, struct weir_error *err,
                                void *arg)
{
	char **const before = environ;

	environ = arg;
	const enum weir_code code = weir_config_apply_env(config, driver, PREFIX, sink, err);

	environ = before;
	return code;
}

struct setting {
	const char *name;
	const char *value;
};

static enum weir_code apply_setting(struct weir_config *config, const struct weir_driver *driver,
                                    const struct weir_fault_sink *sink, struct weir_error *err,
                                    void *arg)
{
	const struct setting *setting = arg;

	return weir_config_apply_setting(config, driver, setting->name, setting->value, sink, err);
}

static void check(fuzz_apply apply, void *arg, const char *name, const char *text, size_t length)
{
	fuzz_config_check(&(struct fuzz_source){
		.apply = apply, .arg = arg, .name = name, .input = text, .length = length});
}

/* text is cut up for it; whole is the same, which is not. */
static void check_env(char *text, size_t length, const char *whole)
{
	char *variables[VARIABLES_MAX + 1] = {NULL};
	char *rest = text;

	for (size_t i = 0; i < VARIABLES_MAX && rest != NULL; i++)
		variables[i] = strsep(&rest, "\n");
	check(apply_env, variables, "environment", whole, length);
}

static void check_setting(char *text, size_t length, const char *whole)
{
	struct setting setting = {text, ""};
	char *value = text;

	(void)strsep(&value, "=");
	if (value != NULL)
		setting.value = value;
	check(apply_setting, &setting, "program", whole, length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *whole = fuzz_string(data, size);
	const size_t length = strlen(whole);
	char *cut_up = fuzz_string(data, size);

	if (strchr(whole, '\n') != NULL) {
		check_env(cut_up, length, whole);
	} else {
		check(apply_pairs, whole, "pairs", whole, length);
		check_setting(cut_up, length, whole);
	}
	free(cut_up);
	free(whole);
	return 0;
}
