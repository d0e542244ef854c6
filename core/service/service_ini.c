/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A service's databases from a file, and the file read again.
 *
 * Everything that can fail comes first: the file is read and checked whole, then the
 * new databases are opened, then the table changes at once; what is left are settings,
 * each checked already.
 */
#include <string.h>

#include "service_file.h"
#include "service_internal.h"
#include "thread_end.h"

/* What a file asks of a service. */
struct rollout {
	struct weir__entries present; /* held */
	struct weir__entry **added;   /* opened, not yet in the table */
	uint32_t added_count;
	struct weir__entry **removed;
	uint32_t removed_count;
};

static struct weir__entry *present_of(const struct rollout *rollout, const char *name)
{
	for (uint32_t i = 0; i < rollout->present.count; i++) {
		if (strcmp(rollout->present.list[i]->name, name) == 0)
			return rollout->present.list[i];
	}
	return NULL;
}

/* The value a database has, or will have once it has begun, of a setting. */
static int64_t value_of(const struct weir__entry *entry, enum weir_setting_id id)
{
	return id == WEIR_SET_min_idle ? entry->min_idle : weir__db_setting(entry->db, id);
}

/* Whether what cannot be changed while it runs is what the file says. */
static bool is_same(const struct weir__entry *entry, const struct weir__plan *plan)
{
	const struct weir_config *now = &entry->db->config;
	struct weir_config wanted = plan->config;
	size_t count;
	const struct weir_setting *settings = weir_settings(&count);

	if (entry->driver != plan->driver || strcmp(now->authority, wanted.authority) != 0 ||
	    strcmp(now->path, wanted.path) != 0 ||
	    memcmp(now->driver_values, wanted.driver_values, sizeof now->driver_values) != 0)
		return false;
	wanted.keeper = WEIR_KEEPER_MANUAL;
	for (size_t i = 0; i < count; i++) {
		const enum weir_setting_id id = (enum weir_setting_id)i;

		if (!settings[i].changeable && *weir_config_value(&wanted, id) != value_of(entry, id))
			return false;
	}
	return true;
}

static enum weir_code set_one(struct weir__entry *entry, const struct weir_setting *setting,
                              int64_t value, struct weir_error *err)
{
	char text[64];

	(void)weir_setting_format(setting, value, text, sizeof text);
	return weir_db_set(entry->db, setting->name, text, err);
}

static enum weir_code set_changed(struct weir__entry *entry, struct weir__plan *plan,
                                  struct weir_error *err)
{
	size_t count;
	const struct weir_setting *settings = weir_settings(&count);
	enum weir_code code = WEIR_OK;

	for (size_t i = 0; i < count && code == WEIR_OK; i++) {
		const enum weir_setting_id id = (enum weir_setting_id)i;
		const int64_t wanted = *weir_config_value(&plan->config, id);

		if (!settings[i].changeable || wanted == value_of(entry, id))
			continue;
		code = set_one(entry, &settings[i], wanted, err);
		if (id == WEIR_SET_min_idle && code == WEIR_OK)
			entry->min_idle = wanted;
	}
	return code;
}

/* Open what is new, or differs. */
static enum weir_code open_added(struct weir_service *service, struct rollout *rollout,
                                 const struct weir__plans *plans, struct weir_error *err)
{
	for (uint32_t i = 0; i < plans->count; i++) {
		const struct weir__plan *plan = &plans->list[i];
		const struct weir__entry *present = present_of(rollout, plan->config.name);
		struct weir_error why = WEIR_ERROR_INIT;

		if (present != NULL && is_same(present, plan))
			continue;
		struct weir__entry *entry =
			weir__entry_open(service, plan->driver, NULL, &plan->config, &why);

		if (entry == NULL)
			return weir_fail(err, why.code, why.where, why.driver_code, "[%.60s] %.180s",
			                 plan->config.name, why.message);
		entry->from_file = true;
		rollout->added[rollout->added_count++] = entry;
	}
	return WEIR_OK;
}

static bool is_planned(const struct weir__plans *plans, const char *name)
{
	for (uint32_t i = 0; i < plans->count; i++) {
		if (strcmp(plans->list[i].config.name, name) == 0)
			return true;
	}
	return false;
}

static void find_removed(struct rollout *rollout, const struct weir__plans *plans)
{
	for (uint32_t i = 0; i < rollout->present.count; i++) {
		struct weir__entry *entry = rollout->present.list[i];

		if (entry->from_file && !is_planned(plans, entry->name))
			rollout->removed[rollout->removed_count++] = entry;
	}
}

static void tell(struct weir_service *service, const struct rollout *rollout)
{
	for (uint32_t i = 0; i < rollout->added_count; i++) {
		const char *name = rollout->added[i]->name;

		weir__service_say(service, WEIR_LOG_POOL_EVENT, name,
		                  present_of(rollout, name) != NULL ? "replaced" : "added");
	}
}

static enum weir_code change_table(struct weir_service *service, struct rollout *rollout,
                                   bool replace, struct weir_error *err)
{
	const struct weir__table_change change = {
		rollout->added, rollout->added_count, replace, rollout->removed, rollout->removed_count,
	};
	enum weir_code code;

	/* Held: once they are in the table, another thread may remove them. */
	for (uint32_t i = 0; i < rollout->added_count; i++)
		(void)wp_add_full_32(&rollout->added[i]->refs, 1);
	code = weir__table_apply(service, &change, "service.ini", err);
	if (code != WEIR_OK)
		return code;
	tell(service, rollout);
	weir__lock(&service->lock);
	const bool started = service->started;

	weir__unlock(&service->lock);
	for (uint32_t i = 0; i < rollout->added_count; i++) {
		if (started && code == WEIR_OK)
			code = weir__entry_begin(rollout->added[i], err);
		weir__entry_put(service, rollout->added[i]);
	}
	rollout->added_count = 0; /* the table's from now on */
	return code;
}

static enum weir_code roll_out(struct weir_service *service, struct rollout *rollout,
                               struct weir__plans *plans, bool again, struct weir_error *err)
{
	enum weir_code code = open_added(service, rollout, plans, err);

	if (again)
		find_removed(rollout, plans);
	if (code == WEIR_OK)
		code = change_table(service, rollout, again, err);
	for (uint32_t i = 0; again && i < plans->count && code == WEIR_OK; i++) {
		struct weir__entry *present = present_of(rollout, plans->list[i].config.name);

		if (present != NULL && is_same(present, &plans->list[i]))
			code = set_changed(present, &plans->list[i], err);
	}
	for (uint32_t i = 0; i < rollout->added_count; i++)
		weir__entry_free(rollout->added[i]);
	return code;
}

/* again: what is there already is not in the way. */
static enum weir_code apply(struct weir_service *service, const char *path,
                            const struct weir_driver *const *drivers, size_t drivers_count,
                            const struct weir_fault_sink *sink, bool again, struct weir_error *err)
{
	struct rollout rollout;
	struct weir__plans plans;
	enum weir_code code = weir__service_check(service, "service.ini", err);

	if (code == WEIR_OK)
		code = weir__plans_read(&plans, path, drivers, drivers_count, sink, "service.ini", err);
	if (code != WEIR_OK)
		return code;
	memset(&rollout, 0, sizeof rollout);
	code = weir__entries_get(service, NULL, &rollout.present, "service.ini", err);
	if (code == WEIR_OK) {
		const size_t room = plans.count + rollout.present.count + 1;

		if (!again) /* nothing is compared: a name that is taken is a conflict */
			weir__entries_put(service, &rollout.present);
		rollout.added = (struct weir__entry **)wp_alloc(sizeof(void *), room * sizeof(void *));
		rollout.removed = (struct weir__entry **)wp_alloc(sizeof(void *), room * sizeof(void *));
		if (rollout.added != NULL && rollout.removed != NULL)
			code = roll_out(service, &rollout, &plans, again, err);
		else
			code = weir_fail(err, WEIR_ERR_NO_MEMORY, "service.ini", 0, "no memory");
		wp_free(rollout.added);
		wp_free(rollout.removed);
		weir__entries_put(service, &rollout.present);
	}
	weir__plans_free(&plans);
	return code;
}

enum weir_code weir_service_add_ini(struct weir_service *service, const char *path,
                                    const struct weir_driver *const *drivers, size_t drivers_count,
                                    const struct weir_fault_sink *sink, struct weir_error *err)
{
	WEIR__CANCEL_DEFERRED;

	return apply(service, path, drivers, drivers_count, sink, false, err);
}

enum weir_code weir_service_reload_ini(struct weir_service *service, const char *path,
                                       const struct weir_driver *const *drivers,
                                       size_t drivers_count, const struct weir_fault_sink *sink,
                                       struct weir_error *err)
{
	WEIR__CANCEL_DEFERRED;

	return apply(service, path, drivers, drivers_count, sink, true, err);
}
