/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Applying the sources of a configuration, and keeping count of their faults.
 */
#include "config_sources.h"

#include <string.h>
#include <strings.h>

/* Whether this message came before, of the same file; it is noted. */
static bool is_told(struct fault_log *log, const char *message)
{
	uint64_t sum = UINT64_C(14695981039346656037);

	if (log->file == NULL)
		return false;
	for (; *message != '\0'; message++)
		sum = (sum ^ (unsigned char)*message) * UINT64_C(1099511628211);
	for (size_t i = 0; i < FAULTS_TOLD_MAX; i++) {
		if (log->told[i] == sum)
			return true;
		if (log->told[i] == 0) {
			log->told[i] = sum;
			break;
		}
	}
	return false;
}

void fault_log_take(const struct weir_fault *fault, void *user)
{
	struct fault_log *log = user;
	const char *colon = log->section != NULL && fault->line == 0 ? ": " : "";
	char where[CONFIG_WHERE_MAX] = "";

	if (fault->line > 0 && is_told(log, fault->message))
		return;
	log->count++;
	if (*colon != '\0')
		(void)snprintf(where, sizeof(where), "%s:%d: [%s]", log->file, log->line, log->section);
	if (log->faults == NULL) {
		(void)fprintf(stderr, "%s: %s%s%s\n", log->title, where, colon, fault->message);
		return;
	}
	(void)json_array_append_new(
		log->faults,
		json_pack("{s:o,s:i,s:s?,s:o,s:o,s:o,s:o,s:o}", "source",
	              json_text(*colon != '\0' ? log->file : fault->source), "line",
	              *colon != '\0' ? log->line : fault->line, "section", log->section, "setting",
	              json_text(fault->setting), "value", json_text(fault->value), "allowed",
	              json_text(fault->allowed), "hint", json_text(fault->hint), "message",
	              json_text(fault->message)));
}

void fault_log_say(struct fault_log *log, const char *message)
{
	const struct weir_fault fault = {
		.code = WEIR_ERR_CONFIG,
		.source = log->file != NULL ? log->file : "",
		.line = log->line,
		.setting = "",
		.value = "",
		.allowed = "",
		.hint = "",
		.message = message,
	};

	fault_log_take(&fault, log);
}

const struct weir_driver *find_driver(const struct weir_driver *const *drivers, const char *name,
                                      size_t length)
{
	for (size_t i = 0; i < DRIVERS_COUNT; i++) {
		if (strlen(drivers[i]->name) == length && strncasecmp(drivers[i]->name, name, length) == 0)
			return drivers[i];
	}
	return NULL;
}

/* The driver asked for; NULL, with a message, if there is none of that name. */
const struct weir_driver *choose_driver(const struct config_request *request,
                                        const struct weir_driver *const *drivers)
{
	const char *name = request->driver_name;
	const char *names[DRIVERS_COUNT];
	const struct weir_driver *found = NULL;

	if (name != NULL) {
		found = find_driver(drivers, name, strlen(name));
		if (found != NULL)
			return found;
		(void)fprintf(stderr, "%s: there is no driver '%s'; allowed:", request->title, name);
		for (size_t i = 0; i < DRIVERS_COUNT; i++) {
			names[i] = drivers[i]->name;
			(void)fprintf(stderr, " %s", names[i]);
		}
		name = weir_nearest(name, names, DRIVERS_COUNT);
		if (name != NULL)
			(void)fprintf(stderr, "; did you mean %s?", name);
		(void)fputc('\n', stderr);
		return NULL;
	}
	for (size_t i = 0; i < request->sources_count; i++) {
		const char *url = request->sources[i].text;

		if (request->sources[i].option == 'u' && found == NULL)
			found = find_driver(drivers, url, strcspn(url, ":"));
	}
	return found != NULL ? found : drivers[0];
}

static enum weir_code apply(const struct config_request *request,
                            const struct config_source *source, struct weir_config *config,
                            const struct weir_driver *driver, const struct weir_fault_sink *sink,
                            struct weir_error *err)
{
	switch (source->option) {
	case 'u':
		return weir_config_apply_url(config, driver, source->text, sink, err);
	case 'e':
		return weir_config_apply_env(config, driver, source->text, sink, err);
	case 'i':
		return weir_config_apply_ini(config, driver, source->text,
		                             request->section != NULL ? request->section : "", sink, err);
	default:
		return weir_config_apply_pairs(config, driver, source->text, sink, err);
	}
}

bool apply_all(const struct config_request *request, struct weir_config *config,
               const struct weir_driver *driver, struct fault_log *log)
{
	const struct weir_fault_sink sink = {fault_log_take, log};
	struct weir_error err = WEIR_ERROR_INIT;
	bool good = true;

	for (size_t i = 0; i < request->sources_count; i++) {
		const size_t before = log->count;

		if (apply(request, &request->sources[i], config, driver, &sink, &err) == WEIR_OK)
			continue;
		good = false;
		if (log->count == before)
			fault_log_say(log, err.message);
	}
	/* Without a source that was refused, settings may clash that otherwise do not. */
	return good && weir_config_check(config, driver, &sink, &err) == WEIR_OK;
}
