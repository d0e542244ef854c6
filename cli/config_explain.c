/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Explaining settings: the table's facts, and advice where there is some to give.
 */
#include "config_explain.h"

#include <stdlib.h>
#include <string.h>

#include "config_report.h"

struct advice {
	const char *setting;
	const char *text;
};

static const struct advice advices[] = {
	{"acquire_timeout", "Shorter than what your own callers wait for: an answer that comes after "
                        "they left is wasted."},
	{"busy_timeout", "Under weir_db only foreign programs are waited for. In a bare pool, writers "
                     "wait for each other with it; use weir_db instead."},
	{"cache_size", "For each connection: max_size times this is what the process may take."},
	{"fairness", "fifo has the best tail of waits and a fraction of the throughput where holds are "
                 "short. Measure with weir-bench before choosing it."},
	{"group_delay", "Waits only for writers that are known to come back at once. 0 gives more, "
                    "smaller transactions."},
	{"hold_warning", "The log line names who holds the writer. Lower it before you look for slow "
                     "writes."},
	{"job_timeout", "A job that runs long stops every writer. Set it where jobs come from code you "
                    "do not trust to be short."},
	{"keepalive", "For databases behind a network; below what firewalls between allow as idle."},
	{"leak_after", "Well above the longest use that is right; 1m is a start. Then read the acquire "
                   "sites in the log."},
	{"leak_policy", "reclaim has max_size connections of use although leases are lost, up to "
                    "max_size/4 + 1 of them; so many more may be open. A lease that comes back "
                    "after all is welcome, and one connection closed for it."},
	{"lifetime_jitter", "0 lets all connections of a burst end at the same moment again."},
	{"max_lifetime", "Below what the server or a firewall grants a connection. For SQLite there is "
                     "no such end: 0 is fine."},
	{"max_size", "Not the number of threads. Begin with the cores that serve reads, raise it while "
                 "waits get fewer and holds do not get longer."},
	{"max_waiters", "What your callers can still use when their turn comes: acquire_timeout "
                    "divided by the time of a hold, times max_size."},
	{"min_idle", "The opens that a burst must not wait for. Costs a file handle and a cache each."},
	{"mmap_size", "An error of the disk then ends the process (SIGBUS) and is no error code."},
	{"snapshot_age", "A read that is open keeps the log from ending. Above the longest report that "
                     "is right."},
	{"snapshot_policy", "warn first; interrupt once you know who they are."},
	{"synchronous", "full: what was committed survives a power cut. normal may lose the last "
                    "commits, and is no faster by much once jobs share a commit."},
	{"validate_on_acquire", "A round trip for each use. For SQLite it says little; for a database "
                            "behind a network prefer keepalive."},
	{"wake_barrier", "auto finds the right one. fence is for kernels that refuse membarrier."},
	{"wal_autocheckpoint", "Has no effect under weir_db, which copies the log itself: see "
                           "wal_ceiling."},
	{"wal_ceiling", "Larger: fewer, longer checkpoints, and a larger file. The log grows past it "
                    "while a read is open."},
	{"when_down", "fail for callers that have a fallback; wait for workers that have none."},
	{"write_timeout", "The wait until a write begins, not the write. Its end is never cut off by "
                      "it."},
};

static const char *advice_of(const char *setting)
{
	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++) {
		if (strcmp(advices[i].setting, setting) == 0)
			return advices[i].text;
	}
	return NULL;
}

#define ALL_ROWS_MAX (ROWS_MAX * 4)

/* The settings of the pool, and after them those of each driver. */
static size_t all_rows(struct config_row *rows, const struct weir_driver *const *drivers,
                       size_t drivers_count)
{
	struct weir_config config;
	struct config_row *own = malloc(ROWS_MAX * sizeof(*own));
	size_t pool_count;
	size_t count;

	if (own == NULL)
		return 0;
	weir_config_init(&config, NULL);
	count = pool_count = config_rows(rows, &config, NULL);
	for (size_t i = 0; i < drivers_count && count + WEIR_DRIVER_SETTINGS_MAX <= ALL_ROWS_MAX; i++) {
		weir_config_init(&config, drivers[i]);

		const size_t all = config_rows(own, &config, drivers[i]);

		memcpy(rows + count, own + pool_count, (all - pool_count) * sizeof(*rows));
		count += all - pool_count;
	}
	free(own);
	return count;
}

static const char *unit_of(enum weir_setting_type type)
{
	static const char *const units[] = {
		[WEIR_SETTING_COUNT] = "a number",
		[WEIR_SETTING_DURATION] = "ns, us, ms, s, m or h; kept in nanoseconds",
		[WEIR_SETTING_SIZE] = "B, KiB, MiB or GiB; kept in bytes",
		[WEIR_SETTING_BOOL] = "none",
		[WEIR_SETTING_CHOICE] = "none",
	};

	return units[type];
}

static void print_row(const struct config_row *row)
{
	const char *advice = advice_of(row->setting->name);

	(void)printf("%s (%s)\n  %s\n", row->setting->name, row->owner, row->setting->doc);
	(void)printf("  %-10s  %s\n  %-10s  %s\n  %-10s  %s\n  %-10s  %s\n  %-10s  %s\n", "type",
	             row->type, "unit", unit_of(row->setting->type), "allowed", row->allowed, "default",
	             row->preset, "changeable",
	             row->setting->changeable ? "yes, while the pool runs"
	                                      : "no: when the database is opened");
	if (advice != NULL)
		(void)printf("  %-10s  %s\n", "to know", advice);
}

static enum exit_code print_rows_json(const struct config_row *const *rows, size_t count)
{
	json_t *settings = json_array();

	for (size_t i = 0; i < count; i++) {
		const char *advice = advice_of(rows[i]->setting->name);
		json_t *entry = row_json(rows[i]);

		/* An explanation has no value: it is not about a configuration. */
		(void)json_object_del(entry, "value");
		(void)json_object_del(entry, "number");
		(void)json_object_del(entry, "origin");
		if (json_object_set_new(entry, "advice",
		                        advice != NULL ? json_string(advice) : json_null()) != 0 ||
		    json_array_append_new(settings, entry) != 0) {
			json_decref(settings);
			return print_json(NULL);
		}
	}
	return print_json(json_pack("{s:i,s:o}", "schema", 1, "settings", settings));
}

static const struct config_row *find_row(const struct config_row *rows, size_t count,
                                         const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(rows[i].setting->name, name) == 0)
			return &rows[i];
	}
	return NULL;
}

static void say_unknown(const char *title, const struct config_row *rows, size_t count,
                        const char *name)
{
	const char *names[ALL_ROWS_MAX];
	const char *near;

	for (size_t i = 0; i < count; i++)
		names[i] = rows[i].setting->name;
	near = weir_nearest(name, names, count);
	(void)fprintf(stderr, "%s: there is no setting \"%s\"", title, name);
	if (near != NULL)
		(void)fprintf(stderr, "; did you mean %s?", near);
	(void)fputc('\n', stderr);
}

static enum exit_code list_all(const struct config_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)printf("%-20s  %-6s  %s\n", rows[i].setting->name, rows[i].owner,
		             rows[i].setting->doc);
	return EXIT_DONE;
}

/* found has room for as many as are asked for, or all. */
static enum exit_code explain_rows(const char *title, const struct config_row *rows,
                                   size_t rows_count, char **names, size_t count, bool json,
                                   const struct config_row **found)
{
	bool good = true;

	if (count == 0 && !json)
		return list_all(rows, rows_count);
	for (size_t i = 0; i < count; i++) {
		found[i] = find_row(rows, rows_count, names[i]);
		if (found[i] == NULL)
			say_unknown(title, rows, rows_count, names[i]);
		good = good && found[i] != NULL;
	}
	if (!good)
		return EXIT_USAGE;
	for (size_t i = 0; count == 0 && i < rows_count; i++)
		found[i] = &rows[i];
	if (json)
		return print_rows_json(found, count == 0 ? rows_count : count);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			(void)putchar('\n');
		print_row(found[i]);
	}
	return EXIT_DONE;
}

enum exit_code explain(const char *title, char **names, size_t count, bool json,
                       const struct weir_driver *const *drivers, size_t drivers_count)
{
	struct config_row *rows = malloc(ALL_ROWS_MAX * sizeof(*rows));
	const struct config_row **found = malloc((count + ALL_ROWS_MAX) * sizeof(*found));
	enum exit_code code = EXIT_FAILED;

	if (rows == NULL || found == NULL) {
		(void)fprintf(stderr, "%s: out of memory\n", title);
	} else {
		const size_t rows_count = all_rows(rows, drivers, drivers_count);

		code = explain_rows(title, rows, rows_count, names, count, json, found);
	}
	free(found);
	free(rows);
	return code;
}
