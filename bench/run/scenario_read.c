/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From the text of a scenario file to a scenario: sections and settings in their
 * places. Whether they go together is scenario_check.c's to say.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_check.h"
#include "scenario_ini.h"
#include "scenario_keys.h"
#include "scenario_script.h"

#define DEFAULT_TIMEOUT_NS INT64_C(5000000000) /* weir's own */
#define DEFAULT_SAMPLE_NS INT64_C(1000000)
#define DEFAULT_CACHE_KIB 8192
#define FILE_LENGTH_MAX (1024u * 1024)
#define PROBLEM_MAX 256

struct reader {
	struct bench_scenario_reading reading;
	bool known; /* the section's settings are judged */
	enum bench_section section;
	void *target; /* its struct */
	unsigned section_line;
	const struct bench_key *last;
};

static const struct {
	const char *word;
	bool named;
} sections[BENCH_SECTIONS] = {
	[BENCH_SECTION_SCENARIO] = {"scenario", false},  [BENCH_SECTION_ROLE] = {"role", true},
	[BENCH_SECTION_STATEMENT] = {"statement", true}, [BENCH_SECTION_DATABASE] = {"database", false},
	[BENCH_SECTION_PHASE] = {"phase", true},
};

static const char sections_allowed[] =
	"[scenario], [role NAME], [statement NAME], [database] or [phase NAME]";

/* ---- sections ---- */

/* The sections that may come several times are arrays of structs whose first member,
 * or for statements another, is the name. */
static bool name_is_taken(const struct bench_scenario *scenario, enum bench_section section,
                          const char *name)
{
	bool taken = false;

	for (unsigned i = 0; section == BENCH_SECTION_ROLE && i < scenario->roles_count; i++)
		taken = taken || strcmp(scenario->roles[i].name, name) == 0;
	for (unsigned i = 0; section == BENCH_SECTION_STATEMENT && i < scenario->statements_count; i++)
		taken = taken || strcmp(scenario->statements[i].name, name) == 0;
	for (unsigned i = 0; section == BENCH_SECTION_PHASE && i < scenario->phases_count; i++)
		taken = taken || strcmp(scenario->phases[i].name, name) == 0;
	return taken;
}

static void *add_role(struct bench_scenario *scenario, const char *name, unsigned line)
{
	struct bench_scenario_role *const role = &scenario->roles[scenario->roles_count];

	if (scenario->roles_count == BENCH_SCENARIO_ROLES_MAX)
		return NULL;
	scenario->roles_count++;
	(void)snprintf(role->name, sizeof(role->name), "%s", name);
	(void)snprintf(role->arrival.text, sizeof(role->arrival.text), "closed");
	(void)snprintf(role->hold.text, sizeof(role->hold.text), "none");
	role->line = line;
	return role;
}

static void *add_statement(struct bench_scenario *scenario, const char *name, unsigned line)
{
	struct bench_statement *const statement = &scenario->statements[scenario->statements_count];

	if (scenario->statements_count == BENCH_STATEMENTS_MAX)
		return NULL;
	statement->call.index = scenario->statements_count++;
	statement->line = line;
	(void)snprintf(statement->name, sizeof(statement->name), "%s", name);
	return statement;
}

static void *add_phase(struct bench_scenario *scenario, const char *name, unsigned line)
{
	struct bench_scenario_phase *const phase = &scenario->phases[scenario->phases_count];

	if (scenario->phases_count == BENCH_SCENARIO_PHASES_MAX)
		return NULL;
	scenario->phases_count++;
	(void)snprintf(phase->name, sizeof(phase->name), "%s", name);
	phase->rate_from = 1.0;
	phase->rate_to = 1.0;
	phase->active_share = 1.0;
	phase->line = line;
	return phase;
}

static void *add_named(struct reader *reader, const char *name, unsigned line)
{
	static void *(*const add[BENCH_SECTIONS])(struct bench_scenario *, const char *, unsigned) = {
		[BENCH_SECTION_ROLE] = add_role,
		[BENCH_SECTION_STATEMENT] = add_statement,
		[BENCH_SECTION_PHASE] = add_phase,
	};
	struct bench_scenario *const scenario = reader->reading.scenario;
	struct bench_faults *const faults = reader->reading.faults;
	const char *const word = sections[reader->section].word;
	void *target;

	if (!bench_name_is_valid(name)) {
		bench_fault_add(faults, line, "[%s %s]: a name has 1 to %d letters, digits, - and _", word,
		                name, BENCH_SCENARIO_NAME_MAX - 1);
		return NULL;
	}
	if (name_is_taken(scenario, reader->section, name))
		bench_fault_add(faults, line, "[%s %s] was there before; each has a name of its own", word,
		                name);
	target = add[reader->section](scenario, name, line);
	if (target == NULL)
		bench_fault_add(faults, line, "[%s %s]: a scenario has at most %d of them", word, name,
		                reader->section == BENCH_SECTION_ROLE ? BENCH_SCENARIO_ROLES_MAX
		                                                      : BENCH_SCENARIO_PHASES_MAX);
	return target;
}

static bool find_section(const char *word, enum bench_section *section)
{
	for (size_t i = 0; i < BENCH_SECTIONS; i++)
		if (strcmp(sections[i].word, word) == 0) {
			*section = (enum bench_section)i;
			return true;
		}
	return false;
}

static void unknown_section(struct reader *reader, unsigned line, const char *name,
                            const char *word)
{
	const char *const meant =
		bench_nearest(word, &sections[0].word, BENCH_SECTIONS, sizeof(sections[0]));
	enum bench_section section;

	if (meant != NULL && find_section(meant, &section)) {
		bench_fault_add(reader->reading.faults, line,
		                "there is no section [%s]; did you mean [%s%s]?", name, meant,
		                sections[section].named ? " NAME" : "");
		/* That it is missing is no fault of its own. */
		if (reader->reading.section_lines[section] == 0)
			reader->reading.section_lines[section] = line;
	} else {
		bench_fault_add(reader->reading.faults, line, "there is no section [%s], but %s", name,
		                sections_allowed);
	}
}

static void begin_section(void *self, unsigned line, const char *name)
{
	struct reader *const reader = self;
	struct bench_faults *const faults = reader->reading.faults;
	char word[64];
	const char *rest;

	reader->known = false;
	reader->section_line = line;
	if (name == NULL)
		return;
	(void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(name, " \t"), name);
	rest = name + strlen(word);
	rest += strspn(rest, " \t");
	if (!find_section(word, &reader->section)) {
		unknown_section(reader, line, name, word);
		return;
	}
	if (sections[reader->section].named) {
		reader->target = add_named(reader, rest, line);
		reader->known = reader->target != NULL;
	} else {
		if (*rest != '\0')
			bench_fault_add(faults, line, "[%s] takes no name", word);
		/* What is in both is one section. */
		if (reader->reading.section_lines[reader->section] != 0) {
			reader->section_line = reader->reading.section_lines[reader->section];
			bench_fault_add(faults, line, "[%s] was there before, in line %u", word,
			                reader->section_line);
		}
		reader->target = reader->reading.scenario;
		reader->known = true;
	}
	reader->reading.section_lines[reader->section] = reader->section_line;
}

/* ---- settings ---- */

static void add_use(struct reader *reader, const struct bench_key *key, unsigned line, bool guessed)
{
	struct bench_scenario_reading *const reading = &reader->reading;

	/* One use stands for all: there may be thousands. */
	for (unsigned i = 0; (key->flags & BENCH_KEY_REPEATS) != 0 && i < reading->uses_count; i++)
		if (reading->uses[i].key == key && reading->uses[i].section_line == reader->section_line)
			return;
	if (reading->uses_count < BENCH_USES_MAX)
		reading->uses[reading->uses_count++] =
			(struct bench_key_use){key, line, reader->section_line, guessed};
}

static void unknown_key(struct reader *reader, unsigned line, const char *name)
{
	const char *names[64];
	size_t names_count = 0;
	size_t count;
	const struct bench_key *const keys = bench_keys(&count);
	char all[256] = "";
	const char *meant;

	for (size_t i = 0; i < count; i++)
		if (keys[i].section == reader->section) {
			const size_t used = strlen(all);

			(void)snprintf(all + used, sizeof(all) - used, "%s%s", used > 0 ? ", " : "",
			               keys[i].name);
			names[names_count++] = keys[i].name;
		}
	meant = bench_nearest(name, names, names_count, sizeof(names[0]));
	/* That it is missing is no fault of its own. */
	if (meant != NULL)
		add_use(reader, bench_key_find(reader->section, meant), line, true);
	if (meant != NULL)
		bench_fault_add(reader->reading.faults, line,
		                "[%s] has no setting \"%s\"; did you mean \"%s\"?",
		                sections[reader->section].word, name, meant);
	else
		bench_fault_add(reader->reading.faults, line, "[%s] has no setting \"%s\", but %s",
		                sections[reader->section].word, name, all);
}

/* Note that the setting is there; false if it was before. */
static bool note_use(struct reader *reader, const struct bench_key *key, unsigned line)
{
	struct bench_scenario_reading *const reading = &reader->reading;

	for (unsigned i = 0; i < reading->uses_count; i++)
		if (reading->uses[i].key == key && reading->uses[i].section_line == reader->section_line &&
		    !reading->uses[i].guessed && (key->flags & BENCH_KEY_REPEATS) == 0) {
			bench_fault_add(reading->faults, line, "%s was set before, in line %u", key->name,
			                reading->uses[i].line);
			return false;
		}
	add_use(reader, key, line, false);
	return true;
}

static void set_value(struct reader *reader, const struct bench_key *key, unsigned line,
                      const char *value)
{
	char problem[PROBLEM_MAX] = "";
	const struct bench_setting set = {
		.key = key,
		.reading = &reader->reading,
		.target = reader->target,
		.value = value,
		.problem = problem,
		.problem_size = sizeof(problem),
	};

	if (!key->set(&set))
		bench_fault_add(reader->reading.faults, line, "%s = \"%.60s\": %s", key->name, value,
		                problem);
}

static bool take_setting(void *self, unsigned line, const char *name, const char *value)
{
	struct reader *const reader = self;
	const struct bench_key *key;

	reader->last = NULL;
	if (!reader->known) {
		if (reader->section_line == 0)
			bench_fault_add(reader->reading.faults, line,
			                "\"%s\" is in no section; begin with [scenario]", name);
		return false;
	}
	key = bench_key_find(reader->section, name);
	if (key == NULL) {
		unknown_key(reader, line, name);
		return false;
	}
	if (!note_use(reader, key, line))
		return (key->flags & BENCH_KEY_CONTINUES) != 0;
	reader->last = key;
	set_value(reader, key, line, value);
	if (strcmp(key->name, "run") == 0)
		reader->reading.run_line[(struct bench_scenario_role *)reader->target -
		                         reader->reading.scenario->roles] = line;
	return (key->flags & BENCH_KEY_CONTINUES) != 0;
}

static void take_more(void *self, unsigned line, const char *value)
{
	struct reader *const reader = self;

	if (reader->last != NULL)
		set_value(reader, reader->last, line, value);
}

/* ---- whole files ---- */

void bench_scenario_free(struct bench_scenario *scenario)
{
	if (scenario == NULL)
		return;
	for (unsigned i = 0; i < scenario->statements_count; i++)
		free((void *)(uintptr_t)scenario->statements[i].call.sql);
	free(scenario->script);
	free(scenario->text);
	free(scenario->path);
	free(scenario);
}

static struct bench_scenario *new_scenario(const char *text, size_t length, const char *path)
{
	struct bench_scenario *const scenario = calloc(1, sizeof(*scenario));

	if (scenario == NULL)
		return NULL;
	scenario->acquire_timeout_ns = DEFAULT_TIMEOUT_NS;
	scenario->sample_ns = DEFAULT_SAMPLE_NS;
	scenario->settings.cache_kib = DEFAULT_CACHE_KIB;
	scenario->path = strdup(path);
	scenario->text = malloc(length + 1);
	if (scenario->path == NULL || scenario->text == NULL) {
		bench_scenario_free(scenario);
		return NULL;
	}
	memcpy(scenario->text, text, length);
	scenario->text[length] = '\0';
	scenario->text_length = length;
	return scenario;
}

struct bench_scenario *bench_scenario_read(const char *text, size_t length, const char *path,
                                           struct bench_faults *faults)
{
	struct reader *const reader = calloc(1, sizeof(*reader));
	const struct bench_ini_sink sink = {reader, begin_section, take_setting, take_more, faults};
	struct bench_scenario *scenario = NULL;
	const unsigned before = faults->count;

	if (length > FILE_LENGTH_MAX)
		bench_fault_add(faults, 0, "larger than %u bytes: this is no scenario", FILE_LENGTH_MAX);
	else if (reader != NULL)
		scenario = new_scenario(text, length, path);
	if (scenario != NULL) {
		reader->reading.scenario = scenario;
		reader->reading.faults = faults;
		bench_ini_read(text, length, &sink);
		bench_scenario_check(&reader->reading);
	} else if (faults->count == before) {
		bench_fault_add(faults, 0, "no memory to read it");
	}
	free(reader);
	if (faults->count == before)
		return scenario;
	bench_scenario_free(scenario);
	return NULL;
}

struct bench_scenario *bench_scenario_load(const char *path, struct bench_faults *faults)
{
	struct bench_scenario *scenario;
	char problem[PROBLEM_MAX];
	size_t length;
	char *const text = bench_file_read(path, &length, problem, sizeof(problem));

	if (text == NULL) {
		bench_fault_add(faults, 0, "%s", problem);
		return NULL;
	}
	scenario = bench_scenario_read(text, length, path, faults);
	free(text);
	return scenario;
}
