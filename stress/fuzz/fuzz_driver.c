/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The input makes a driver of an odd version out of one that works: structs that are
 * shorter or longer than this library's, other ABI numbers, unknown flags, functions
 * that are missing. Each struct lies at the end of an allocation of the size that it
 * claims, so that AddressSanitizer sees what reads past it. Whatever is no driver
 * must be refused, and what is one must work.
 *
 * The input: a digit for the driver, then what to change. Letters: a size, b ABI,
 * c flags, d name, e number of settings, f drop a function; g, h, i: size, ABI,
 * drop of the SQL operations; j, k, l: of the transactional ones. A digit follows.
 */
#include "fuzz_check.h"

#include <stdlib.h>
#include <string.h>

#include <weir/db.h>
#include <weir/driver.h>
#include <weir/pool.h>
#include <weir/sqlite.h>
#include <weir/stub.h>

#define CHANGES_MAX 12
#define NEEDED(type, last) (offsetof(type, last) + sizeof(((type *)NULL)->last))

/* A struct that begins with its ABI and its size, to be cut. */
struct part {
	uint32_t abi;
	uint32_t size;
	size_t known;   /* sizeof of it */
	size_t first;   /* function's offset, */
	uint32_t count; /* and how many of them there are */
	uint32_t dropped;
};

struct odd {
	struct weir_driver driver;
	struct weir_sql sql;
	struct weir_engine engine;
	struct part driver_part;
	struct part sql_part;
	struct part engine_part;
	bool is_stub; /* needs no database */
	void *settings;
};

/* Functions, by their place among those of their struct, that may be missing. */
#define DRIVER_OPTIONAL UINT32_C(0x7c) /* validate, reset, cancel, sql, engine */
#define SQL_OPTIONAL UINT32_C(0x400)   /* parameters */
#define ENGINE_OPTIONAL UINT32_C(0xf801)
#define ENGINE_IS_PRIVATE UINT32_C(1)
#define DRIVER_SQL UINT32_C(0x20)
#define DRIVER_ENGINE UINT32_C(0x40)

/* ---- making one ---- */

static uint32_t odd_size(struct fuzz_input *in, size_t known)
{
	const uint32_t whole = (uint32_t)known;
	const uint32_t sizes[] = {whole,     0,         1,         8,         12,        16,
	                          whole / 2, whole - 8, whole - 1, whole + 1, whole + 8, whole + 256};
	const uint32_t choice = fuzz_byte(in);

	return choice >= '0' && choice < '0' + 12u ? sizes[choice - '0'] : choice * 8 % (whole + 16);
}

static void change_part(struct part *part, uint32_t what, struct fuzz_input *in)
{
	static const uint32_t abis[] = {1, 0, 2, UINT32_MAX};

	if (what == 0)
		part->size = odd_size(in, part->known);
	else if (what == 1)
		part->abi = abis[fuzz_digit(in, 4)];
	else
		part->dropped |= UINT32_C(1) << fuzz_digit(in, part->count);
}

static void change_name(struct odd *odd, uint32_t choice)
{
	static const char *const names[] = {NULL, "", "fifteen_letters", "more_than_fifteen_letters",
	                                    "a:b%/?"};

	odd->driver.name = names[choice % 5];
}

/* The driver's own settings, and then others; not one more than are said to be there
 * and may be. */
static void change_settings(struct odd *odd, uint32_t choice)
{
	static const uint32_t counts[] = {0,
	                                  1,
	                                  WEIR_DRIVER_SETTINGS_MAX - 1,
	                                  WEIR_DRIVER_SETTINGS_MAX,
	                                  WEIR_DRIVER_SETTINGS_MAX + 1,
	                                  UINT32_MAX};
	const struct weir_setting filler = {"filler", WEIR_SETTING_COUNT, 0, 9, 1, false, NULL, ""};
	const uint32_t count = counts[choice % 6];
	const uint32_t made = count < WEIR_DRIVER_SETTINGS_MAX ? count : WEIR_DRIVER_SETTINGS_MAX;
	struct weir_setting *table;

	if (odd->settings != NULL || made < odd->driver.settings_count)
		return; /* the driver reads its own settings, without asking */
	table = malloc(made * sizeof(*table));
	if (table == NULL)
		abort();
	for (uint32_t i = 0; i < made; i++)
		table[i] = i < odd->driver.settings_count ? odd->driver.settings[i] : filler;
	odd->settings = table;
	odd->driver.settings = table;
	odd->driver.settings_count = count;
}

static void change(struct odd *odd, struct fuzz_input *in)
{
	struct part *const parts[] = {&odd->sql_part, &odd->engine_part};
	const uint32_t what = fuzz_letter(in, 12);

	switch (what) {
	case 0:
	case 1:
		change_part(&odd->driver_part, what, in);
		break;
	case 2:
		odd->driver.flags ^= UINT32_C(1) << fuzz_byte(in) % 32;
		break;
	case 3:
		change_name(odd, fuzz_digit(in, 16));
		break;
	case 4:
		change_settings(odd, fuzz_digit(in, 16));
		break;
	case 5:
		change_part(&odd->driver_part, 2, in);
		break;
	default:
		change_part(parts[(what - 6) / 3], (what - 6) % 3, in);
		break;
	}
}

static void make(struct odd *odd, struct fuzz_input *in)
{
	const struct weir_driver *const bases[] = {weir_sqlite_driver(), weir_stub_prompt_driver(),
	                                           weir_stub_bare_driver()};

	memset(odd, 0, sizeof(*odd));
	odd->driver = *bases[fuzz_digit(in, 3)];
	odd->is_stub = odd->driver.engine == NULL;
	if (odd->driver.sql != NULL)
		odd->sql = *odd->driver.sql;
	if (odd->driver.engine != NULL)
		odd->engine = *odd->driver.engine;
	odd->driver_part = (struct part){WEIR_DRIVER_ABI,
	                                 sizeof(odd->driver),
	                                 sizeof(odd->driver),
	                                 offsetof(struct weir_driver, open),
	                                 7,
	                                 0};
	odd->sql_part = (struct part){WEIR_SQL_ABI,
	                              sizeof(odd->sql),
	                              sizeof(odd->sql),
	                              offsetof(struct weir_sql, prepare),
	                              11,
	                              0};
	odd->engine_part = (struct part){WEIR_ENGINE_ABI,
	                                 sizeof(odd->engine),
	                                 sizeof(odd->engine),
	                                 offsetof(struct weir_engine, is_private),
	                                 16,
	                                 0};
	for (int left = CHANGES_MAX; left > 0 && in->left > 0; left--)
		change(odd, in);
}

/* The struct as its size says, at the end of its memory; what a later release has
 * behind it is full of what must not be looked at. */
static void *cut(void *whole, const struct part *part)
{
	const size_t head = sizeof(part->abi) + sizeof(part->size);
	const size_t size = part->size < head ? head : part->size;
	char *memory = malloc(size);

	if (memory == NULL)
		abort();
	for (uint32_t i = 0; i < part->count; i++) {
		if ((part->dropped >> i & 1) != 0)
			memset((char *)whole + part->first + i * sizeof(void *), 0, sizeof(void *));
	}
	memcpy(whole, &part->abi, sizeof(part->abi));
	memcpy((char *)whole + sizeof(part->abi), &part->size, sizeof(part->size));
	memset(memory, 0xa5, size);
	memcpy(memory, whole, size < part->known ? size : part->known);
	return memory;
}

/* ---- what must become of it ---- */

static bool part_is_whole(const struct part *part, size_t needed, uint32_t optional)
{
	return part->abi == 1 && part->size >= needed && (part->dropped & ~optional) == 0;
}

static bool is_driver(const struct odd *odd)
{
	const uint32_t known = WEIR_DRIVER_OPEN_HONOURS_DEADLINE | WEIR_DRIVER_HEEDS_CANCEL;

	return part_is_whole(&odd->driver_part, NEEDED(struct weir_driver, close), DRIVER_OPTIONAL) &&
	       odd->driver.name != NULL && (odd->driver.flags & ~known) == 0 &&
	       odd->driver.settings_count <= WEIR_DRIVER_SETTINGS_MAX;
}

static bool is_engine(const struct odd *odd)
{
	return is_driver(odd) && odd->driver_part.size >= NEEDED(struct weir_driver, engine) &&
	       (odd->driver_part.dropped & (DRIVER_SQL | DRIVER_ENGINE)) == 0 &&
	       odd->driver.engine != NULL &&
	       part_is_whole(&odd->sql_part, NEEDED(struct weir_sql, txn_state), SQL_OPTIONAL) &&
	       part_is_whole(&odd->engine_part, sizeof(struct weir_engine), ENGINE_OPTIONAL);
}

static void use_pool(struct weir_pool *pool)
{
	struct weir_lease lease = {0};
	struct weir_error err = WEIR_ERROR_INIT;

	FUZZ_CHECK(weir_try_acquire(pool, &lease, &err) == WEIR_OK);
	(void)!weir_cancel(&lease, &err);
	FUZZ_CHECK(weir_release(&lease, &err) == WEIR_OK);
	FUZZ_CHECK(weir_try_acquire(pool, &lease, &err) == WEIR_OK);
	FUZZ_CHECK(weir_discard(&lease, &err) == WEIR_OK);
	FUZZ_CHECK(weir_pool_close(pool, &err) == WEIR_OK);
	weir_pool_destroy(pool);
}

static void try_pool(const struct odd *odd, const struct weir_driver *driver, bool works)
{
	struct weir_config config;
	struct weir_pool *pool = NULL;
	struct weir_error err = WEIR_ERROR_INIT;
	enum weir_code code;

	weir_config_init(&config, works ? driver : NULL);
	config.validate_on_acquire = 1;
	/* Helper threads have nothing to do with it, and cost much. */
	if (works && (odd->driver.flags & WEIR_DRIVER_OPEN_HONOURS_DEADLINE) == 0)
		return;
	code = weir_pool_create(&pool, driver, NULL, &config, &err);
	FUZZ_CHECK(code == (works ? WEIR_OK : WEIR_ERR_BAD_ARGUMENT) && err.code == code);
	FUZZ_CHECK((pool != NULL) == works);
	if (works)
		use_pool(pool);
}

static void use_db(struct weir_db *db)
{
	struct weir_error err = WEIR_ERROR_INIT;
	const struct weir_sql_value seven = weir_int64(7);

	FUZZ_CHECK(weir_db_exec(db, "CREATE TABLE t(a)", NULL, 0, NULL, &err) == WEIR_OK);
	FUZZ_CHECK(weir_db_exec(db, "INSERT INTO t VALUES (?)", &seven, 1, NULL, &err) == WEIR_OK);
	FUZZ_CHECK(weir_db_query(db, "SELECT a FROM t", NULL, 0, NULL, NULL, &err) == WEIR_OK);
	(void)!weir_db_checkpoint(db, NULL, &err);
	(void)weir_db_tick(db, weir_now());
	FUZZ_CHECK(weir_db_close(db, &err) == WEIR_OK);
}

static void try_db(const struct odd *odd, const struct weir_driver *driver, bool works)
{
	struct weir_config config;
	struct weir_db *db = NULL;
	struct weir_error err = WEIR_ERROR_INIT;
	enum weir_code code;

	/* A name that is no scheme cannot be in a config: then only refusals are seen. */
	if (works && strcmp(odd->driver.name, "sqlite") != 0)
		return;
	weir_config_init(&config, weir_sqlite_driver());
	memcpy(config.path, ":memory:", sizeof(":memory:"));
	config.keeper = WEIR_KEEPER_MANUAL;
	code = weir_db_create(&db, driver, &config, NULL, &err);
	FUZZ_CHECK((code == WEIR_OK) == (db != NULL) && err.code == code);
	if (!works)
		FUZZ_CHECK(code == WEIR_ERR_BAD_ARGUMENT || code == WEIR_ERR_DRIVER_UNSUPPORTED);
	/* Else its readers would have databases of their own, which SQLite's driver refuses. */
	else if ((odd->engine_part.dropped & ENGINE_IS_PRIVATE) == 0)
		FUZZ_CHECK(code == WEIR_OK);
	if (db != NULL && (odd->engine_part.dropped & ENGINE_IS_PRIVATE) == 0)
		use_db(db);
	weir_db_destroy(db);
}

/* Calls that only look a setting up are not made for what they cannot judge. */
static void try_config(const struct weir_driver *driver, bool works)
{
	struct weir_config config;
	struct weir_pool *pool = NULL;
	struct weir_db *db = NULL;
	struct weir_error err = WEIR_ERROR_INIT;

	weir_config_init(&config, driver);
	(void)!weir_config_apply_url(&config, driver, "stub:?max_size=3&filler=2", NULL, &err);
	(void)!weir_config_apply_pairs(&config, driver, "max_size=3,filer=2", NULL, &err);
	(void)!weir_config_check(&config, driver, NULL, &err);
	if (works)
		return;
	FUZZ_CHECK(weir_pool_open_url(&pool, driver, "stub:", &err) == WEIR_ERR_BAD_ARGUMENT);
	FUZZ_CHECK(weir_db_open(&db, driver, "stub:", &err) != WEIR_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	struct odd odd;

	make(&odd, &in);
	void *sql = cut(&odd.sql, &odd.sql_part);
	void *engine = cut(&odd.engine, &odd.engine_part);

	if (odd.driver.sql != NULL)
		odd.driver.sql = sql;
	if (odd.driver.engine != NULL)
		odd.driver.engine = engine;
	struct weir_driver *driver = cut(&odd.driver, &odd.driver_part);
	const bool works = is_driver(&odd);

	try_config(driver, works);
	if (!works || odd.is_stub)
		try_pool(&odd, driver, works);
	try_db(&odd, driver, is_engine(&odd));
	free(driver);
	free(engine);
	free(sql);
	free(odd.settings);
	return 0;
}
