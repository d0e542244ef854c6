/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a service tells of itself: health, figures, and JSON of what each database does.
 */
#include "service_internal.h"

#include <string.h>

#include <weir/version.h>

#include "dump_pool.h"
#include "service_document.h"

/* ---- health ---- */

static enum weir_health_status health_of(const struct weir__entry *entry,
                                         const struct weir_db_stats *stats)
{
	const struct weir_pool *pool = entry->db->readers;
	const bool opens_fail = pool != NULL && wp_load_rlx_32(&pool->open_down) != 0;

	const uint32_t lost = pool != NULL ? wp_load_rlx_32(&pool->written_off) : 0;

	if ((opens_fail && stats->readers.idle + stats->readers.leased <= lost) ||
	    wp_load_rlx_32(&entry->db->writer_down) != 0)
		return WEIR_HEALTH_BROKEN;
	if (opens_fail || wp_load_rlx_32(&entry->state) != WEIR_SERVICE_RUNNING)
		return WEIR_HEALTH_DEGRADED;
	return stats->readers.waiters > 0 ? WEIR_HEALTH_BUSY : WEIR_HEALTH_OK;
}

static bool read_stats(const struct weir__entry *entry, struct weir_db_stats *stats)
{
	memset(stats, 0, sizeof *stats);
	stats->size = (uint32_t)sizeof *stats;
	return weir_db_read_stats(entry->db, stats) == WEIR_OK;
}

enum weir_code weir_service_read_health(struct weir_service *service, struct weir_health *health)
{
	struct weir__entries entries;

	if (service == NULL || health == NULL || health->size != sizeof *health)
		return WEIR_ERR_BAD_ARGUMENT;
	if (!weir__service_ours(service))
		return WEIR_ERR_FORKED;
	if (weir__entries_get(service, NULL, &entries, "service.health", NULL) != WEIR_OK)
		return WEIR_ERR_NO_MEMORY;
	memset(health, 0, sizeof *health);
	health->size = (uint32_t)sizeof *health;
	for (uint32_t i = 0; i < entries.count; i++) {
		struct weir_db_stats stats;
		const enum weir_health_status status = read_stats(entries.list[i], &stats)
		                                           ? health_of(entries.list[i], &stats)
		                                           : WEIR_HEALTH_BROKEN;

		health->databases[status]++;
		if (status > health->status)
			health->status = status;
	}
	weir__entries_put(service, &entries);
	return WEIR_OK;
}

/* ---- JSON ---- */

void weir__document_flush(struct weir__document *document)
{
	struct weir__text *text = &document->text;

	/* A piece that did not fit would be no JSON: names and sites are bounded, so that
	 * it is an error of this file. */
	document->good = document->good && text->length < sizeof document->piece &&
	                 document->writer->write(document->writer->arg, text->bytes, text->length);
	*text = weir__text_make(document->piece, sizeof document->piece);
}

static void add_number(struct weir__text *text, const char *name, uint64_t number)
{
	weir__text_add(text, ",\"%s\":%llu", name, (unsigned long long)number);
}

static void add_string(struct weir__text *text, const char *name, const char *string)
{
	weir__text_add(text, ",\"%s\":", name);
	weir__json_string(text, string);
}

static void add_pool(struct weir__text *text, const struct weir_pool_stats *stats)
{
	const struct {
		const char *name;
		uint64_t number;
	} counters[] = {
		{"waits", stats->waits},       {"timeouts", stats->timeouts},
		{"rejected", stats->rejected}, {"opens", stats->opens},
		{"handoffs", stats->handoffs}, {"open_failures", stats->open_failures},
		{"leaks", stats->leaks},       {"over_uses", stats->over_uses},
	};

	add_number(text, "max_size", stats->max_size);
	add_number(text, "idle", stats->idle);
	add_number(text, "leased", stats->leased);
	add_number(text, "opening", stats->opening);
	add_number(text, "waiters", stats->waiters);
	add_number(text, "leaked", stats->leaked);
	weir__text_add(text, ",\"counters\":{\"acquires\":%llu", (unsigned long long)stats->acquires);
	for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
		add_number(text, counters[i].name, counters[i].number);
	weir__text_add(text, "}");
}

static uint64_t oldest_waiter_ns(const struct weir_pool *pool)
{
	return pool != NULL ? (uint64_t)weir__dump_oldest_wait(pool, wp_now()) : 0;
}

static void add_last_open(struct weir__text *text, struct weir_pool *pool)
{
	struct weir_error last = WEIR_ERROR_INIT;

	if (pool != NULL)
		weir__last_open_copy(pool, &last);
	if (last.last_open_code == WEIR_OK) {
		weir__text_add(text, ",\"last_open_failure\":null");
		return;
	}
	weir__text_add(text, ",\"last_open_failure\":{\"age_ns\":%lld",
	               (long long)last.last_open_age_ns);
	add_string(text, "code", weir_error_name(last.last_open_code));
	add_string(text, "message", last.last_open_message);
	weir__text_add(text, "}");
}

static void add_breaker(struct weir__text *text, struct weir_pool *pool)
{
	struct weir_error last = WEIR_ERROR_INIT;
	const struct weir__breaker *breaker = &pool->breaker;
	const enum weir_breaker_state state = weir__breaker_state(breaker);
	const int64_t due_ns = (int64_t)wp_load_rlx_64(&breaker->due_ns) - wp_now();

	weir__last_open_copy(pool, &last);
	weir__text_add(text, ",\"breaker\":{\"state\":\"%s\"", weir_breaker_state_name(state));
	add_number(text, "opened", wp_load_rlx_64(&breaker->trips));
	add_number(text, "failures", wp_load_rlx_32(&breaker->failures));
	add_number(text, "refusals", wp_load_rlx_64(&breaker->refusals));
	add_number(text, "next_probe_ns",
	           state == WEIR_BREAKER_OPEN && due_ns > 0 ? (uint64_t)due_ns : 0);
	if (last.last_open_code == WEIR_OK) {
		weir__text_add(text, ",\"last_error\":null");
	} else {
		add_string(text, "last_error", last.last_open_message);
		add_number(text, "last_error_age_ns", (uint64_t)last.last_open_age_ns);
	}
	weir__text_add(text, "}");
}

static void add_gate(struct weir__text *text, const struct weir_gate_stats *gate)
{
	weir__text_add(text, ",\"gate\":{\"length\":[%u,%u],\"held_ns\":%lld", gate->length[0],
	               gate->length[1], (long long)gate->held_ns);
	add_string(text, "holder_site", gate->holder_site);
	add_number(text, "holder_thread", gate->holder_thread);
	add_number(text, "jobs", gate->jobs);
	add_number(text, "groups", gate->groups);
	/* Without a double, whose decimal point is the program's locale's. */
	const uint64_t hundredths = gate->groups > 0 ? gate->jobs * 100 / gate->groups : 0;

	weir__text_add(text, ",\"group_size_mean\":%llu.%02llu", (unsigned long long)hundredths / 100,
	               (unsigned long long)hundredths % 100);
	add_number(text, "rejected", gate->rejected);
	add_number(text, "timeouts", gate->timeouts);
	weir__text_add(text, "}");
}

static void add_log(struct weir__text *text, const struct weir_db_stats *stats)
{
	weir__text_add(text, ",\"log\":{\"frames\":%u", stats->log_frames);
	add_number(text, "pinned", stats->pinned);
	add_number(text, "commits", stats->commits);
	add_number(text, "checkpoints", stats->checkpoints);
	add_number(text, "stall_max_ns", (uint64_t)stats->checkpoint_stall_ns_max);
	weir__text_add(text, "}");
}

/* null: none runs. */
static void add_migration(struct weir__text *text, struct weir_db *db)
{
	struct weir_db_migration migration;

	migration.size = (uint32_t)sizeof migration;
	if (weir_db_read_migration(db, &migration) != WEIR_OK ||
	    migration.phase != WEIR_DB_MIGRATION_RUNNING) {
		weir__text_add(text, ",\"migration\":null");
		return;
	}
	weir__text_add(text, ",\"migration\":{\"step\":%u", migration.step);
	add_number(text, "steps", migration.steps);
	add_number(text, "statement", migration.statement);
	weir__text_add(text, ",\"permille\":%d", migration.permille);
	add_number(text, "elapsed_ns", (uint64_t)migration.elapsed_ns);
	add_string(text, "version", migration.version);
	add_string(text, "what", migration.what);
	weir__text_add(text, "}");
}

/* null: the thread has ended. */
static void add_thread_name(struct weir__text *text, uint32_t thread)
{
	struct weir__dump_line line;

	weir__dump_begin(&line);
	weir__dump_add_thread(&line, thread);
	line.bytes[line.length] = '\0'; /* one byte is always free */
	add_string(text, "thread_name", line.length > 0 ? line.bytes : NULL);
}

/* As many as a timeout names, the longest first. */
static void add_holders(struct weir__text *text, struct weir_pool *pool)
{
	struct weir_error holders = WEIR_ERROR_INIT;

	if (pool != NULL)
		weir__diagnose_holders(pool, &holders);
	weir__text_add(text, ",\"holders\":[");
	for (uint32_t i = 0; i < holders.holders_count; i++) {
		const struct weir_holder *holder = &holders.holders[i];

		weir__text_add(text,
		               "%s{\"slot\":%u,\"thread\":%u,\"held_ns_min\":%lld,\"held_ns_max\":%lld",
		               i > 0 ? "," : "", holder->slot, holder->thread,
		               (long long)holder->held_ns_min, (long long)holder->held_ns_max);
		add_thread_name(text, holder->thread);
		add_string(text, "site", holder->site);
		weir__text_add(text, "}");
	}
	weir__text_add(text, "]");
}

static void add_settings(struct weir__text *text, const struct weir__entry *entry)
{
	size_t count;
	const struct weir_setting *settings = weir_settings(&count);
	char value[64];

	weir__text_add(text, ",\"settings\":{\"driver\":");
	weir__json_string(text, entry->driver->name);
	for (size_t i = 0; i < count; i++) {
		(void)weir_setting_format(&settings[i],
		                          weir__db_setting(entry->db, (enum weir_setting_id)i), value,
		                          sizeof value);
		add_string(text, settings[i].name, value);
	}
	weir__text_add(text, "}");
}

static void add_entry(struct weir__document *document, struct weir__entry *entry, bool first)
{
	static const char *const states[] = {"running", "suspended", "draining", "stopped"};
	static const char *const healths[] = {"ok", "busy", "degraded", "broken"};
	struct weir__text *text = &document->text;
	struct weir_db_stats stats;

	if (!read_stats(entry, &stats))
		return;
	weir__text_add(text, "%s{\"name\":", first ? "" : ",");
	weir__json_string(text, entry->name);
	add_string(text, "driver", entry->driver->name);
	add_string(text, "state", states[wp_load_rlx_32(&entry->state)]);
	add_string(text, "health", healths[health_of(entry, &stats)]);
	add_pool(text, &stats.readers);
	add_number(text, "oldest_waiter_ns", oldest_waiter_ns(entry->db->readers));
	add_last_open(text, entry->db->readers);
	if (entry->db->readers != NULL)
		add_breaker(text, entry->db->readers);
	add_gate(text, &stats.gate);
	add_log(text, &stats);
	add_migration(text, entry->db);
	weir__document_flush(document);
	weir__document_histograms(document, entry->db);
	weir__document_flush(document);
	add_holders(text, entry->db->readers);
	add_settings(text, entry);
	weir__text_add(text, "}");
	weir__document_flush(document);
}

static void write_entries(struct weir_service *service, const struct weir__entries *entries,
                          struct weir__document *document)
{
	const int64_t now_ns = wp_now();

	document->text = weir__text_make(document->piece, sizeof document->piece);
	weir__text_add(&document->text,
	               "{\"schema\":1,\"weir\":\"%s\",\"now_ns\":%lld,\"uptime_ns\":%lld,\"pools\":[",
	               weir_version(), (long long)now_ns, (long long)(now_ns - service->began_ns));
	for (uint32_t i = 0; i < entries->count; i++)
		add_entry(document, entries->list[i], i == 0);
	weir__text_add(&document->text, "]}\n");
	weir__document_flush(document);
}

enum weir_code weir_service_write_pools(struct weir_service *service,
                                        const struct weir_writer *writer, struct weir_error *err)
{
	struct weir__document document = {.writer = writer, .good = true};
	struct weir__entries entries;
	enum weir_code code;

	if (service == NULL || writer == NULL || writer->write == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "service.write", 0, "%s is NULL",
		                 service == NULL ? "service" : "writer");
	if (!weir__service_ours(service))
		return weir_fail(err, WEIR_ERR_FORKED, "service.write", 0,
		                 "the service was made before fork");
	code = weir__entries_get(service, NULL, &entries, "service.write", err);
	if (code != WEIR_OK)
		return code;
	document.histogram =
		(struct weir_histogram *)wp_alloc(sizeof(void *), sizeof *document.histogram);
	if (document.histogram != NULL)
		write_entries(service, &entries, &document);
	wp_free(document.histogram);
	weir__entries_put(service, &entries);
	if (document.histogram == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, "service.write", 0, "no memory for histograms");
	if (!document.good)
		return weir_fail(err, WEIR_ERR_IO, "service.write", 0, "the writer took no more");
	return WEIR_OK;
}

/* ---- figures ---- */

enum weir_code weir_service_write_metrics(struct weir_service *service,
                                          enum weir_metrics_format format,
                                          const struct weir_writer *writer, struct weir_error *err)
{
	struct weir__entries entries;
	struct weir_metrics_source *sources;
	enum weir_code code;

	if (service == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "service.metrics", 0, "service is NULL");
	if (!weir__service_ours(service))
		return weir_fail(err, WEIR_ERR_FORKED, "service.metrics", 0,
		                 "the service was made before fork");
	code = weir__entries_get(service, NULL, &entries, "service.metrics", err);
	if (code != WEIR_OK)
		return code;
	sources = (struct weir_metrics_source *)wp_alloc(sizeof(void *),
	                                                 (entries.count + 1) * sizeof *sources);
	for (uint32_t i = 0; sources != NULL && i < entries.count; i++)
		sources[i].db = entries.list[i]->db;
	if (sources != NULL)
		code = weir_metrics_write(sources, entries.count, format, writer, err);
	else
		code =
			weir_fail(err, WEIR_ERR_NO_MEMORY, "service.metrics", 0, "no memory for the figures");
	wp_free(sources);
	weir__entries_put(service, &entries);
	return code;
}
