/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A service's life. Its databases come and go by service_table.c.
 */
#include "service_internal.h"

#include <string.h>

#include "error_internal.h"
#include "thread_end.h"

enum weir_code weir__service_check(const struct weir_service *service, const char *where,
                                   struct weir_error *err)
{
	if (service == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0, "service is NULL");
	if (!weir__service_ours(service))
		return weir_fail(err, WEIR_ERR_FORKED, where, 0,
		                 "the service was made before fork: make one in the child");
	if (wp_load_acq_32(&service->closing) != 0)
		return weir_fail(err, WEIR_ERR_CLOSED, where, 0, "the service is closed");
	return WEIR_OK;
}

void weir__service_say(struct weir_service *service, enum weir_log_event event, const char *name,
                       const char *message)
{
	const struct weir__field fields[] = {
		weir__text_field("message", message),
		weir__text_field(WEIR__ATTR_POOL, name),
	};

	weir__log(service->options.log, event, fields, name != NULL ? 2 : 1);
}

static enum weir_code adopt_options(struct weir_service *service,
                                    const struct weir_service_options *options,
                                    struct weir_error *err)
{
	if (options == NULL)
		return WEIR_OK;
	if (options->size != sizeof *options)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "service.create", 0,
		                 "options: set size to sizeof(struct weir_service_options)");
	service->options = *options;
	if (options->dump_signal == 0)
		return WEIR_OK;
	return weir__dump_on_signal(service, options->dump_signal, err);
}

enum weir_code weir_service_create(struct weir_service **out,
                                   const struct weir_service_options *options,
                                   struct weir_error *err)
{
	struct weir_service *service;
	struct weir__table *table;
	enum weir_code code;

	if (out == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "service.create", 0, "service is NULL");
	*out = NULL;
	service = (struct weir_service *)wp_alloc_wiped(sizeof *service);
	table = (struct weir__table *)wp_alloc(alignof(struct weir__table), sizeof *table);
	if (service == NULL || table == NULL) {
		wp_free(table);
		wp_free_wiped(service, sizeof *service);
		return weir_fail(err, WEIR_ERR_NO_MEMORY, "service.create", 0, "no memory for the service");
	}
	wp_rcu_publish(&service->table, table);
	service->began_ns = wp_now();
	weir__ticker_init(&service->ticker, weir__service_tick_all, service);
	service->magic = WEIR__SERVICE_MAGIC;
	code = adopt_options(service, options, err);
	if (code != WEIR_OK) {
		wp_free(table);
		wp_free_wiped(service, sizeof *service);
		return code;
	}
	*out = service;
	return WEIR_OK;
}

/* End everything; nobody uses it, and nothing is allocated for it. */
static void end_entries(struct weir_service *service)
{
	struct weir__table *table = (struct weir__table *)wp_rcu_follow(&service->table);

	weir__service_reap(service, true);
	for (uint32_t i = 0; i < table->count; i++)
		weir__entry_free(table->entries[i]);
	wp_free(table);
}

void weir_service_destroy(struct weir_service *service)
{
	WEIR__CANCEL_DEFERRED;

	if (service == NULL || !weir__service_ours(service))
		return;
	wp_store_rel_32(&service->closing, 1);
	weir__dump_off_signal(service);
	weir__ticker_stop(&service->ticker);
	end_entries(service);
	wp_free(service->walk);
	weir__service_say(service, WEIR_LOG_SERVICE_EVENT, NULL, "stopped");
	wp_free_wiped(service, sizeof *service);
}

/* ---- start ---- */

static bool is_filled(const struct weir__entry *entry, struct weir_pool_stats *stats)
{
	memset(stats, 0, sizeof *stats);
	stats->size = (uint32_t)sizeof *stats;
	return entry->db->readers == NULL ||
	       weir_pool_read_stats(entry->db->readers, stats) != WEIR_OK ||
	       stats->idle + stats->leased >= (uint64_t)entry->min_idle;
}

static enum weir_code not_filled(const struct weir__entry *entry,
                                 const struct weir_pool_stats *stats, enum weir_code code,
                                 struct weir_error *err)
{
	struct weir_error why = WEIR_ERROR_INIT;

	weir__last_open_copy(entry->db->readers, &why);
	return weir_fail(err, code, "service.start", why.last_open_driver_code,
	                 "%.60s: %u of %lld connections are open%s%.120s", entry->name,
	                 stats->idle + stats->leased, (long long)entry->min_idle,
	                 why.last_open_message[0] != '\0' ? "; the last open failed: " : "",
	                 why.last_open_message);
}

/* Wait until it is filled. In a manual service the caller's thread ticks. */
static enum weir_code await_filled(struct weir_service *service, struct weir__entry *entry,
                                   enum weir_warm warm, struct weir_time deadline,
                                   struct weir_error *err)
{
	struct weir_pool *pool = entry->db->readers;
	struct weir_pool_stats stats;

	for (;;) { /* ends: filled, failed, or the deadline */
		const uint32_t seen = pool != NULL ? wp_load_acq_32(&pool->progress) : 0;
		const int64_t now_ns = wp_now();
		const int64_t look_ns = weir__add_ns(now_ns, WEIR_MILLISECONDS(10));

		if (service->options.manual)
			(void)weir_service_tick(service, weir_now());
		if (is_filled(entry, &stats))
			return WEIR_OK;
		if (warm == WEIR_WARM_FAIL_FAST && stats.open_failures > 0)
			return not_filled(entry, &stats, WEIR_ERR_OPEN_FAILED, err);
		if (now_ns >= deadline.ns)
			return not_filled(entry, &stats, WEIR_ERR_ACQUIRE_TIMEOUT, err);
		(void)wp_futex_wait(&pool->progress, seen, look_ns < deadline.ns ? look_ns : deadline.ns);
	}
}

static enum weir_code run_keeper(struct weir_service *service, struct weir_error *err)
{
	bool start;
	enum weir_code code = WEIR_OK;

	weir__lock(&service->lock);
	start = !service->started && !service->options.manual;
	service->started = true;
	weir__unlock(&service->lock);
	if (start)
		code = weir__ticker_start(&service->ticker, "service.start", err);
	if (code != WEIR_OK) { /* the next start tries again */
		weir__lock(&service->lock);
		service->started = false;
		weir__unlock(&service->lock);
	}
	return code;
}

enum weir_code weir_service_start(struct weir_service *service, enum weir_warm warm,
                                  struct weir_time deadline, struct weir_error *err)
{
	WEIR__CANCEL_DEFERRED;
	struct weir__entries entries;
	enum weir_code code = weir__service_check(service, "service.start", err);

	if (code != WEIR_OK)
		return code;
	if ((unsigned)warm > WEIR_WARM_FAIL_FAST)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "service.start", 0, "warm is %d", (int)warm);
	code = run_keeper(service, err);
	if (code == WEIR_OK)
		code = weir__entries_get(service, NULL, &entries, "service.start", err);
	if (code != WEIR_OK)
		return code;
	for (uint32_t i = 0; i < entries.count && code == WEIR_OK; i++)
		code = weir__entry_begin(entries.list[i], err);
	for (uint32_t i = 0; i < entries.count && code == WEIR_OK && warm != WEIR_WARM_BACKGROUND; i++)
		code = await_filled(service, entries.list[i], warm, deadline, err);
	weir__entries_put(service, &entries);
	if (code == WEIR_OK)
		weir__service_say(service, WEIR_LOG_SERVICE_EVENT, NULL, "started");
	return code;
}

/* ---- adding and removing ---- */

static enum weir_code add(struct weir_service *service, const struct weir_driver *driver,
                          void *driver_data, const struct weir_config *config, bool replace,
                          struct weir_error *err)
{
	const char *where = replace ? "service.replace" : "service.add";
	struct weir__entries present;
	struct weir__entry *entry;
	struct weir_error why = WEIR_ERROR_INIT;
	enum weir_code code = weir__service_check(service, where, err);

	if (code == WEIR_OK && (config == NULL || config->size == 0 || config->name[0] == '\0'))
		code = weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0,
		                 "config has no name: it is what the database is found by");
	if (code == WEIR_OK && replace) {
		code = weir__entries_get(service, config->name, &present, where, err);
		if (code == WEIR_OK)
			weir__entries_put(service, &present);
	}
	if (code != WEIR_OK)
		return code;
	entry = weir__entry_open(service, driver, driver_data, config, &why);
	if (entry == NULL)
		return weir__error_store(err, &why);
	const struct weir__table_change change = {&entry, 1, replace, NULL, 0};

	/* Held: once it is in the table, another thread may remove it. */
	(void)wp_add_full_32(&entry->refs, 1);
	code = weir__table_apply(service, &change, where, err);
	if (code != WEIR_OK) {
		weir__entry_free(entry);
		return code;
	}
	weir__service_say(service, WEIR_LOG_POOL_EVENT, config->name, replace ? "replaced" : "added");
	weir__lock(&service->lock);
	const bool started = service->started;

	weir__unlock(&service->lock);
	if (started)
		code = weir__entry_begin(entry, err);
	weir__entry_put(service, entry);
	return code;
}

enum weir_code weir_service_add(struct weir_service *service, const struct weir_driver *driver,
                                void *driver_data, const struct weir_config *config,
                                struct weir_error *err)
{
	WEIR__CANCEL_DEFERRED;

	return add(service, driver, driver_data, config, false, err);
}

enum weir_code weir_service_replace(struct weir_service *service, const struct weir_driver *driver,
                                    void *driver_data, const struct weir_config *config,
                                    struct weir_error *err)
{
	WEIR__CANCEL_DEFERRED;

	return add(service, driver, driver_data, config, true, err);
}

enum weir_code weir_service_remove(struct weir_service *service, const char *name,
                                   struct weir_error *err)
{
	struct weir__entries entries;
	enum weir_code code = weir__service_check(service, "service.remove", err);

	if (code == WEIR_OK && name == NULL)
		code = weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "service.remove", 0, "name is NULL");
	if (code == WEIR_OK)
		code = weir__entries_get(service, name, &entries, "service.remove", err);
	if (code != WEIR_OK)
		return code;
	const struct weir__table_change change = {NULL, 0, false, entries.list, entries.count};

	code = weir__table_apply(service, &change, "service.remove", err);
	weir__entries_put(service, &entries);
	return code;
}
