/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Does a driver keep what weir/driver.h promises? The life of connections.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "subject.h"

#define THREADS 4
#define ROUNDS 25

/* ---- the tables ---- */

static void driver_is_sane(void **state)
{
	const struct weir_driver *const driver = ((struct place *)*state)->driver;

	assert_int_equal(driver->abi, WEIR_DRIVER_ABI);
	assert_int_equal(driver->size, sizeof(struct weir_driver));
	assert_non_null(driver->name);
	assert_in_range(strlen(driver->name), 1, 15);
	assert_int_equal(
		driver->flags & ~(WEIR_DRIVER_OPEN_HONOURS_DEADLINE | WEIR_DRIVER_HEEDS_CANCEL), 0);
	assert_non_null(driver->open);
	assert_non_null(driver->close);
}

static void setting_is_sane(const struct weir_setting *setting)
{
	assert_in_range(strlen(setting->name), 1, WEIR_NAME_MAX - 1);
	assert_int_equal(strspn(setting->name, "abcdefghijklmnopqrstuvwxyz0123456789_"),
	                 strlen(setting->name));
	assert_non_null(setting->doc);
	assert_true(setting->doc[0] != '\0');
	assert_null(strchr(setting->doc, '\n'));
	assert_true(setting->min <= setting->max);
	assert_true(setting->min <= setting->preset && setting->preset <= setting->max);
	if (setting->type == WEIR_SETTING_CHOICE) {
		int64_t words = 1;

		for (const char *bar = strchr(setting->choices, '|'); bar != NULL;
		     bar = strchr(bar + 1, '|'))
			words++;
		assert_int_equal(setting->min, 0);
		assert_int_equal(setting->max, words - 1);
	} else {
		assert_null(setting->choices);
	}
	if (setting->type == WEIR_SETTING_BOOL) {
		assert_int_equal(setting->min, 0);
		assert_int_equal(setting->max, 1);
	}
}

static void settings_are_sane(void **state)
{
	const struct weir_driver *const driver = ((struct place *)*state)->driver;
	size_t pool_count = 0;
	const struct weir_setting *const pool_settings = weir_settings(&pool_count);

	assert_true(driver->settings_count <= WEIR_DRIVER_SETTINGS_MAX);
	for (uint32_t i = 0; i < driver->settings_count; i++) {
		setting_is_sane(&driver->settings[i]);
		for (size_t j = 0; j < pool_count; j++)
			assert_string_not_equal(driver->settings[i].name, pool_settings[j].name);
		if (i > 0) /* alphabetical, and so none twice */
			assert_true(strcmp(driver->settings[i - 1].name, driver->settings[i].name) < 0);
	}
}

/* ---- open and close ---- */

static void opens_and_closes_balance(void **state)
{
	struct place *const place = *state;
	void *conns[5];

	/* Once before counting: a library may keep a descriptor of its own. */
	place->driver->close(open_one(place));

	const size_t descriptors = count_descriptors();

	for (size_t round = 0; round < 3; round++) {
		for (size_t i = 0; i < 5; i++) {
			conns[i] = open_one(place);
			for (size_t j = 0; j < i; j++)
				assert_ptr_not_equal(conns[i], conns[j]);
		}
		for (size_t i = 0; i < 5; i++)
			place->driver->close(conns[i]);
	}
	assert_int_equal(count_descriptors(), descriptors);
}

static void open_past_its_deadline(void **state)
{
	struct place *const place = *state;
	struct weir_error err = WEIR_ERROR_INIT;
	void *conn = NULL;
	const size_t descriptors = count_descriptors();
	const size_t files = count_files(place->folder);
	const enum weir_code code = open_until(place, past(), &conn, &err);

	if (place->driver->flags & WEIR_DRIVER_OPEN_HONOURS_DEADLINE) {
		assert_int_equal(code, WEIR_ERR_DRIVER_DEADLINE);
		assert_null(conn);
		assert_int_equal(err.code, WEIR_ERR_DRIVER_DEADLINE);
		assert_non_null(err.where);
		assert_true(err.message[0] != '\0');
	} else if (code == WEIR_OK) {
		place->driver->close(conn);
	} else {
		assert_true(weir_error_is(code, WEIR_ERR_DRIVER));
	}
	assert_int_equal(count_descriptors(), descriptors);
	assert_int_equal(count_files(place->folder), files);
}

static void failed_open_leaves_nothing(void **state)
{
	struct place *const place = *state;
	struct weir_error err = WEIR_ERROR_INIT;
	int untouched = 0;
	void *conn = &untouched;

	if (place->subject->make_unreachable == NULL)
		skip();
	place->subject->make_unreachable(place);

	const size_t descriptors = count_descriptors();
	const size_t files = count_files(place->folder);

	for (size_t i = 0; i < 3; i++) {
		const enum weir_code code = open_until(place, soon(), &conn, &err);

		assert_true(weir_error_is(code, WEIR_ERR_DRIVER));
		assert_int_equal(err.code, code);
		assert_int_equal(err.driver_code, place->subject->unreachable_code);
		assert_non_null(err.where);
		assert_true(err.message[0] != '\0');
		assert_ptr_equal(conn, &untouched);
		assert_int_equal(open_until(place, soon(), &conn, NULL), code);
	}
	assert_int_equal(count_descriptors(), descriptors);
	assert_int_equal(count_files(place->folder), files);
}

static void *close_elsewhere(void *state)
{
	struct place *const place = state;

	place->driver->close(open_one(place));
	return NULL;
}

static void closes_on_another_thread(void **state)
{
	struct place *const place = *state;
	void *const conn = open_one(place);
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, close_elsewhere, place), 0);
	pthread_join(thread, NULL);
	place->driver->close(conn);
}

/* ---- validate ---- */

static void validate_again_and_again(void **state)
{
	struct place *const place = *state;

	if (place->driver->validate == NULL)
		skip();

	void *const conn = open_one(place);

	for (size_t i = 0; i < 5; i++)
		assert_int_equal(place->driver->validate(conn, soon(), NULL), WEIR_OK);
	place->driver->close(conn);
}

static void validate_past_its_deadline(void **state)
{
	struct place *const place = *state;

	if (place->driver->validate == NULL)
		skip();

	void *const conn = open_one(place);
	struct weir_error err = WEIR_ERROR_INIT;
	const enum weir_code code = place->driver->validate(conn, past(), &err);

	if (code != WEIR_OK) {
		assert_int_equal(code, WEIR_ERR_DRIVER_DEADLINE);
		assert_int_equal(err.code, code);
	}
	assert_int_equal(place->driver->validate(conn, soon(), NULL), WEIR_OK);
	place->driver->close(conn);
}

static void validate_notices_a_broken_connection(void **state)
{
	struct place *const place = *state;

	if (place->driver->validate == NULL || place->subject->sever == NULL)
		skip();

	void *const conn = open_one(place);
	struct weir_error err = WEIR_ERROR_INIT;

	assert_int_equal(place->driver->validate(conn, soon(), &err), WEIR_OK);
	place->subject->sever(place);

	const enum weir_code code = place->driver->validate(conn, soon(), &err);

	assert_true(weir_error_is(code, WEIR_ERR_DRIVER));
	assert_int_equal(err.code, code);
	assert_true(err.driver_code != 0);
	assert_non_null(err.where);
	assert_true(err.message[0] != '\0');
	assert_int_equal(place->driver->validate(conn, soon(), NULL), code);
	place->driver->close(conn);
}

/* ---- reset ---- */

static void reset_of_a_clean_connection(void **state)
{
	struct place *const place = *state;

	if (place->driver->reset == NULL)
		skip();

	void *const conn = open_one(place);

	for (size_t i = 0; i < 5; i++)
		assert_int_equal(place->driver->reset(conn, soon(), NULL), WEIR_OK);
	place->driver->close(conn);
}

static void reset_past_its_deadline(void **state)
{
	struct place *const place = *state;

	if (place->driver->reset == NULL)
		skip();

	void *const conn = open_one(place);
	struct weir_error err = WEIR_ERROR_INIT;
	const enum weir_code code = place->driver->reset(conn, past(), &err);

	if (code != WEIR_OK)
		assert_true(weir_error_is(code, WEIR_ERR_DRIVER));
	place->driver->close(conn);
}

/* ---- cancel ---- */

static void cancel_while_idle_is_harmless(void **state)
{
	struct place *const place = *state;
	const struct weir_driver *const driver = place->driver;

	if (driver->cancel == NULL)
		skip();

	void *const conn = open_one(place);

	driver->cancel(conn);
	driver->cancel(conn);
	if (driver->validate != NULL)
		assert_int_equal(driver->validate(conn, soon(), NULL), WEIR_OK);
	driver->cancel(conn);
	if (driver->reset != NULL)
		assert_int_equal(driver->reset(conn, soon(), NULL), WEIR_OK);
	driver->cancel(conn);
	driver->close(conn);
}

struct canceller {
	const struct weir_driver *driver;
	void *conn;
	atomic_bool stop;
};

static void *cancel_on_and_on(void *argument)
{
	struct canceller *const canceller = argument;

	while (!atomic_load(&canceller->stop))
		canceller->driver->cancel(canceller->conn);
	return NULL;
}

static void cancel_does_not_hinder_validate_and_reset(void **state)
{
	struct place *const place = *state;
	const struct weir_driver *const driver = place->driver;

	if (driver->cancel == NULL)
		skip();

	struct canceller canceller = {.driver = driver, .conn = open_one(place)};
	pthread_t thread;
	unsigned failures = 0;

	assert_int_equal(pthread_create(&thread, NULL, cancel_on_and_on, &canceller), 0);
	for (size_t i = 0; i < ROUNDS; i++) {
		if (driver->validate != NULL)
			failures += driver->validate(canceller.conn, soon(), NULL) != WEIR_OK;
		if (driver->reset != NULL)
			failures += driver->reset(canceller.conn, soon(), NULL) != WEIR_OK;
	}
	atomic_store(&canceller.stop, true);
	pthread_join(thread, NULL);
	driver->close(canceller.conn);
	assert_int_equal(failures, 0);
}

/* ---- threads ---- */

/* cmocka's asserts jump, which another thread must not: it counts. */
struct worker {
	struct place *place;
	pthread_t thread;
	unsigned failures;
};

static void *live_and_let_live(void *argument)
{
	struct worker *const worker = argument;
	const struct weir_driver *const driver = worker->place->driver;

	for (size_t i = 0; i < ROUNDS; i++) {
		void *conn = NULL;

		if (open_until(worker->place, soon(), &conn, NULL) != WEIR_OK) {
			worker->failures++;
			continue;
		}
		if (driver->validate != NULL)
			worker->failures += driver->validate(conn, soon(), NULL) != WEIR_OK;
		if (driver->reset != NULL)
			worker->failures += driver->reset(conn, soon(), NULL) != WEIR_OK;
		driver->close(conn);
	}
	return NULL;
}

/* All begin on a database that does not exist yet. */
static void threads_with_connections_of_their_own(void **state)
{
	struct worker workers[THREADS];
	const size_t descriptors = count_descriptors();

	for (size_t i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.place = *state};
		assert_int_equal(pthread_create(&workers[i].thread, NULL, live_and_let_live, &workers[i]),
		                 0);
	}
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(workers[i].failures, 0);
	assert_int_equal(count_descriptors(), descriptors);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(driver_is_sane),
		cmocka_unit_test(settings_are_sane),
		cmocka_unit_test(opens_and_closes_balance),
		cmocka_unit_test(open_past_its_deadline),
		cmocka_unit_test(failed_open_leaves_nothing),
		cmocka_unit_test(closes_on_another_thread),
		cmocka_unit_test(validate_again_and_again),
		cmocka_unit_test(validate_past_its_deadline),
		cmocka_unit_test(validate_notices_a_broken_connection),
		cmocka_unit_test(reset_of_a_clean_connection),
		cmocka_unit_test(reset_past_its_deadline),
		cmocka_unit_test(cancel_while_idle_is_harmless),
		cmocka_unit_test(cancel_does_not_hinder_validate_and_reset),
		cmocka_unit_test(threads_with_connections_of_their_own),
	};

	return run_on_subjects(cases, sizeof(cases) / sizeof(cases[0]), false);
}
