/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Names that come and go under threads that look them up: whoever has a database can
 * use it, and everything is closed in the end. With the keeper's thread.
 */
#include "service_fixture.h"

#include <stdatomic.h>
#include <string.h>

#define LOOKERS 4
#define ROUNDS 200

struct looker {
	struct weir_service *service;
	atomic_bool *stop;
	struct unit_thread thread;
	uint64_t found;
};

static void look(void *arg)
{
	struct looker *looker = arg;
	static const char *const names[] = {"one", "two", "three"};

	for (unsigned i = 0; !atomic_load(looker->stop); i++) {
		struct weir_tx tx = {0};
		struct weir_db *db = weir_service_get(looker->service, names[i % 3], NULL);

		if (db == NULL)
			continue;
		looker->found++;
		assert_code(weir_read_begin(db, NULL, &tx, NULL), WEIR_OK);
		weir_tx_end(&tx);
		assert_code(weir_db_exec(db, "UPDATE x", NULL, 0, NULL, NULL), WEIR_OK);
		weir_service_put(looker->service, db);
	}
}

static void names_come_and_go(void **state)
{
	struct service_fixture *fixture = *state;
	struct looker lookers[LOOKERS];
	struct weir_service *service;
	struct weir_stub_counts counts;
	struct weir_config config;
	atomic_bool stop = false;
	uint64_t found = 0;

	assert_code(weir_service_create(&service, NULL, NULL), WEIR_OK);
	assert_code(weir_service_start(service, WEIR_WARM_BACKGROUND, weir_now(), NULL), WEIR_OK);
	for (size_t i = 0; i < LOOKERS; i++) {
		lookers[i] = (struct looker){.service = service, .stop = &stop};
		unit_start(&lookers[i].thread, look, &lookers[i]);
	}
	service_stub_config(&config, "one", "acquire_timeout=30s&write_timeout=30s");
	assert_code(weir_service_add(service, weir_stub_engine_driver(), fixture->stub, &config, NULL),
	            WEIR_OK);
	for (int round = 0; round < ROUNDS; round++) {
		(void)strcpy(config.name, "one");
		assert_code(
			weir_service_replace(service, weir_stub_engine_driver(), fixture->stub, &config, NULL),
			WEIR_OK);
		(void)strcpy(config.name, round % 2 == 0 ? "two" : "three");
		assert_code(
			weir_service_add(service, weir_stub_engine_driver(), fixture->stub, &config, NULL),
			WEIR_OK);
		assert_code(weir_service_remove(service, config.name, NULL), WEIR_OK);
	}
	atomic_store(&stop, true);
	for (size_t i = 0; i < LOOKERS; i++) {
		unit_join(&lookers[i].thread);
		found += lookers[i].found;
	}
	assert_true(found > 0);
	assert_code(weir_service_drain(service, weir_deadline_in(WEIR_SECONDS(30)), NULL, NULL),
	            WEIR_OK);
	weir_service_destroy(service);
	weir_stub_read(fixture->stub, &counts);
	assert_int_equal(counts.live, 0);
	assert_int_equal(counts.misuses, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVICE_TEST(names_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
