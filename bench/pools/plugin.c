/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Pools in shared objects. See plugin.h.
 */
#include "plugin.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY "pool_under_test_entry"
#define BUILD_HINT "cc -shared -fPIC -I bench pool.c -o pool.so"

typedef const struct pool_under_test *(*entry_function)(void);

/* The smallest table that has what every pool needs. */
#define SIZE_MIN offsetof(struct pool_under_test, acquire)

__attribute__((format(printf, 3, 4))) static bool complain(char *problem, size_t problem_size,
                                                           const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(problem, problem_size, format, arguments);
	va_end(arguments);
	return false;
}

/* A table's cell and --pools both have to tell where a name ends. */
static bool is_name(const char *name)
{
	const char *at = name;

	while (*at > ' ' && *at <= '~' && *at != ',' && *at != '|')
		at++;
	return *at == '\0' && at != name && at - name <= BENCH_POOL_NAME_MAX;
}

static bool is_line(const char *text)
{
	while (text != NULL && (unsigned char)*text >= ' ' && *text != '|')
		text++;
	return text == NULL || *text == '\0';
}

bool bench_pool_leases(const struct pool_under_test *pool)
{
	return pool->acquire != NULL && pool->release != NULL;
}

static bool check_functions(const struct pool_under_test *pool, char *problem, size_t problem_size)
{
	if (pool->create == NULL || pool->destroy == NULL)
		return complain(problem, problem_size, "%s has no %s: every pool needs create and destroy",
		                pool->name, pool->create == NULL ? "create" : "destroy");
	if ((pool->acquire == NULL) != (pool->release == NULL))
		return complain(problem, problem_size, "%s has no %s: acquire and release go together",
		                pool->name, pool->acquire == NULL ? "acquire" : "release");
	if (pool->acquire == NULL && pool->execute == NULL)
		return complain(problem, problem_size,
		                "%s has neither acquire and release nor execute: it could take part in "
		                "nothing",
		                pool->name);
	return true;
}

static bool check_texts(const struct pool_under_test *pool, char *problem, size_t problem_size)
{
	if (pool->name == NULL || !is_name(pool->name))
		return complain(problem, problem_size,
		                "its name must be 1 to %d visible ASCII characters without \",\" and "
		                "\"|\"",
		                BENCH_POOL_NAME_MAX);
	if (!is_line(pool->doc) || !is_line(pool->extra_work))
		return complain(problem, problem_size, "%s of %s must be one line without \"|\"",
		                is_line(pool->doc) ? "extra_work" : "doc", pool->name);
	return true;
}

/* Take over what the object's table has of ours: it may have been built with an
 * older header, or a newer one. */
static bool take(struct pool_under_test *pool, const struct pool_under_test *given, char *problem,
                 size_t problem_size)
{
	if (given == NULL)
		return complain(problem, problem_size, ENTRY " returned NULL: it must return the table");
	if (given->size < SIZE_MIN)
		return complain(problem, problem_size,
		                "its table says that it is %zu bytes long: set .size = sizeof(struct "
		                "pool_under_test)",
		                given->size);
	if (given->version != POOL_UNDER_TEST_VERSION)
		return complain(problem, problem_size,
		                "it has version %u of the interface, and this weir-bench version %u: set "
		                ".version = POOL_UNDER_TEST_VERSION, and build it with the "
		                "pool_under_test.h of this weir-bench",
		                given->version, POOL_UNDER_TEST_VERSION);
	memcpy(pool, given, given->size < sizeof(*pool) ? given->size : sizeof(*pool));
	if (!check_texts(pool, problem, problem_size) || !check_functions(pool, problem, problem_size))
		return false;
	if (pool->doc == NULL)
		pool->doc = "";
	return true;
}

/* The entry of the object at path, or NULL. */
static entry_function find_entry(const char *path, char *problem, size_t problem_size)
{
	/* dlopen would look for a name without a slash elsewhere than here. */
	char *const resolved = realpath(path, NULL);
	entry_function entry = NULL;
	void *object;
	void *symbol;

	if (resolved == NULL) {
		(void)complain(problem, problem_size, "%s", strerror(errno));
		return NULL;
	}
	object = dlopen(resolved, RTLD_NOW | RTLD_LOCAL);
	free(resolved);
	if (object == NULL) {
		(void)complain(problem, problem_size,
		               "it cannot be loaded: %s; build it as " BUILD_HINT
		               ", with the libraries that it needs",
		               dlerror());
		return NULL;
	}
	symbol = dlsym(object, ENTRY);
	if (symbol == NULL)
		(void)complain(problem, problem_size,
		               "it exports no " ENTRY ": define that function, not static, with default "
		               "visibility, as pool_under_test.h shows");
	/* What dlsym gives is a function, which C has no cast for. */
	memcpy(&entry, &symbol, sizeof(entry));
	return entry;
}

struct pool_under_test *bench_plugin_load(const char *path, char *problem, size_t problem_size)
{
	const entry_function entry = find_entry(path, problem, problem_size);
	struct pool_under_test *pool;

	if (entry == NULL)
		return NULL;
	pool = calloc(1, sizeof(*pool));
	if (pool == NULL) {
		(void)complain(problem, problem_size, "out of memory");
		return NULL;
	}
	if (take(pool, entry(), problem, problem_size))
		return pool;
	free(pool);
	return NULL;
}
