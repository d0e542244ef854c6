/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Changes of what the databases of a service do: suspended, set, drained.
 */
#include "service_internal.h"

#include <stdio.h>
#include <string.h>

#include "thread_end.h"

enum weir_code weir__entry_begin(struct weir__entry *entry, struct weir_error *err)
{
	char text[24];

	if (entry->min_idle == 0 || entry->db->readers == NULL)
		return WEIR_OK;
	(void)snprintf(text, sizeof text, "%lld", (long long)entry->min_idle);
	return weir_db_set(entry->db, "min_idle", text, err);
}

/* ---- suspending ---- */

static enum weir_code turn(struct weir_service *service, const char *name, bool suspend,
                           struct weir_error *err)
{
	const char *where = suspend ? "service.suspend" : "service.resume";
	struct weir__entries entries;
	enum weir_code code = weir__service_check(service, where, err);

	if (code == WEIR_OK)
		code = weir__entries_get(service, name, &entries, where, err);
	if (code != WEIR_OK)
		return code;
	for (uint32_t i = 0; i < entries.count && code == WEIR_OK; i++) {
		struct weir__entry *entry = entries.list[i];

		code = suspend ? weir_db_suspend(entry->db, err) : weir_db_resume(entry->db, err);
		if (code == WEIR_OK) {
			wp_store_rlx_32(&entry->state, suspend ? WEIR_SERVICE_SUSPENDED : WEIR_SERVICE_RUNNING);
			weir__service_say(service, WEIR_LOG_POOL_EVENT, entry->name,
			                  suspend ? "suspended" : "resumed");
		}
	}
	weir__entries_put(service, &entries);
	return code;
}

enum weir_code weir_service_suspend(struct weir_service *service, const char *name,
                                    struct weir_error *err)
{
	return turn(service, name, true, err);
}

enum weir_code weir_service_resume(struct weir_service *service, const char *name,
                                   struct weir_error *err)
{
	return turn(service, name, false, err);
}

enum weir_code weir_service_set(struct weir_service *service, const char *name, const char *setting,
                                const char *value, struct weir_error *err)
{
	struct weir__entries entries;
	enum weir_code code = weir__service_check(service, "service.set", err);

	if (code == WEIR_OK && (name == NULL || setting == NULL || value == NULL))
		code = weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "service.set", 0, "%s is NULL",
		                 name == NULL      ? "name"
		                 : setting == NULL ? "setting"
		                                   : "value");
	if (code == WEIR_OK)
		code = weir__entries_get(service, name, &entries, "service.set", err);
	if (code != WEIR_OK)
		return code;
	if (entries.count > 0)
		code = weir_db_set(entries.list[0]->db, setting, value, err);
	weir__entries_put(service, &entries);
	return code;
}

/* ---- draining ---- */

static void note_late(struct weir_verdict *verdict, const struct weir__entry *entry,
                      const struct weir_error *why)
{
	/* A write that is still out holds the gate; readers are counted by the pool. */
	uint32_t late = why->holders_total;

	if (weir__gate_is_held(entry->db->gate))
		late++;
	for (uint32_t i = 0; i < why->holders_count; i++) {
		const uint32_t at = verdict->late + i;

		if (at >= WEIR_VERDICT_LATE_MAX)
			break;
		memcpy(verdict->late_holders[at].database, entry->name, WEIR_NAME_MAX);
		verdict->late_holders[at].holder = why->holders[i];
	}
	verdict->late += late > 0 ? late : 1;
}

/* Everything is told to go before anything is waited for. */
static enum weir_code drain(struct weir_service *service, const struct weir__entries *entries,
                            struct weir_time deadline, struct weir_verdict *verdict,
                            struct weir_error *err)
{
	const struct weir_time at_once = {0};
	enum weir_code code = WEIR_OK;

	for (uint32_t i = 0; i < entries->count; i++) {
		wp_store_rlx_32(&entries->list[i]->state, WEIR_SERVICE_DRAINING);
		(void)!weir_db_close_until(entries->list[i]->db, at_once, NULL);
	}
	for (uint32_t i = 0; i < entries->count; i++) {
		struct weir__entry *entry = entries->list[i];
		struct weir_error why = WEIR_ERROR_INIT;

		verdict->databases++;
		if (weir_db_close_until(entry->db, deadline, &why) == WEIR_OK) {
			verdict->clean++;
			wp_store_rlx_32(&entry->state, WEIR_SERVICE_STOPPED);
			weir__service_say(service, WEIR_LOG_POOL_EVENT, entry->name, "drained");
			continue;
		}
		weir__service_say(service, WEIR_LOG_POOL_EVENT, entry->name, why.message);
		note_late(verdict, entry, &why);
		if (code == WEIR_OK)
			code = weir_fail(err, WEIR_ERR_CLOSE_TIMEOUT, "service.drain", 0, "%.60s: %.180s",
			                 entry->name, why.message);
	}
	return code;
}

/* Whether draining would wait for the calling thread itself. */
static bool is_own_wait(struct weir_service *service, const struct weir__entries *entries)
{
	bool own = weir__ticker_is_me(&service->ticker);

	for (uint32_t i = 0; i < entries->count && !own; i++)
		own = weir_gate_is_mine(entries->list[i]->db->gate);
	return own;
}

enum weir_code weir_service_drain(struct weir_service *service, struct weir_time deadline,
                                  struct weir_verdict *out, struct weir_error *err)
{
	WEIR__CANCEL_DEFERRED;
	struct weir_verdict verdict;
	struct weir__entries entries;
	const int64_t began_ns = wp_now();
	enum weir_code code;

	if (service == NULL || (out != NULL && out->size != sizeof *out))
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "service.drain", 0,
		                 service == NULL ? "service is NULL" : "verdict: set its size");
	if (!weir__service_ours(service))
		return weir_fail(err, WEIR_ERR_FORKED, "service.drain", 0,
		                 "only the parent process may drain this service");
	code = weir__entries_get(service, NULL, &entries, "service.drain", err);
	if (code != WEIR_OK)
		return code;
	if (is_own_wait(service, &entries)) {
		weir__entries_put(service, &entries);
		return weir_fail(err, WEIR_ERR_REENTRANT, "service.drain", 0,
		                 "this thread is the keeper, or holds a gate, and would wait for itself");
	}
	memset(&verdict, 0, sizeof verdict);
	verdict.size = (uint32_t)sizeof verdict;
	wp_store_rel_32(&service->closing, 1);
	code = drain(service, &entries, deadline, &verdict, err);
	weir__entries_put(service, &entries);
	verdict.took_ns = wp_now() - began_ns;
	if (out != NULL)
		*out = verdict;
	weir__service_say(service, WEIR_LOG_SERVICE_EVENT, NULL,
	                  code == WEIR_OK ? "drained" : "drained, with some left out");
	return code;
}
