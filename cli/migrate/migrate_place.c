/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Where the scripts and the database are: options, environment, and the URLs that other
 * tools write.
 *
 * sqlite3:// of golang-migrate and sqlite: of dbmate name relative paths with or without
 * slashes; weir's own sqlite:// is followed by a host, which SQLite has not.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include <weir/sqlite.h>

#include "migrate_command.h"

static const char where[] = "weir migrate";
static const char memory[] = "sqlite::memory:";

static bool is_folder(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool is_nothing(const char *path)
{
	struct stat status;

	return stat(path, &status) != 0 && errno == ENOENT;
}

enum weir_code migrate_find_folder(struct migrate_call *call, struct weir_error *err)
{
	static const char *const usual[] = {"db/migrations", "migrations"};
	const char *const named = call->request->migrations != NULL ? call->request->migrations
	                                                            : getenv("WEIR_MIGRATIONS");

	if (named != NULL && *named != '\0') {
		call->folder = named;
		if (call->request->verb->bit == VERB_NEW || !is_nothing(named))
			return WEIR_OK;
		return weir_fail(err, WEIR_ERR_MIGRATE_SOURCE, where, 0,
		                 "there is no folder %s; name that of the scripts with --migrations, or "
		                 "begin one with `weir migrate new NAME`",
		                 named);
	}
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (is_folder(usual[i])) {
			call->folder = usual[i];
			return WEIR_OK;
		}
	}
	if (call->request->verb->bit == VERB_NEW) {
		call->folder = usual[0];
		return WEIR_OK;
	}
	return weir_fail(err, WEIR_ERR_MIGRATE_SOURCE, where, 0,
	                 "neither db/migrations nor migrations is here; name the folder of the scripts "
	                 "with --migrations, or begin one with `weir migrate new NAME`");
}

/* The length of a scheme with its colon; 0: text is a path. */
static size_t scheme_length(const char *text)
{
	const size_t length =
		strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-");

	return length > 0 && text[length] == ':' ? length + 1 : 0;
}

/* Add text to url, with what a URL cannot hold escaped; false: it does not fit. */
static bool add_path(char *url, size_t size, const char *text)
{
	char *to = url + strlen(url);
	char *const end = url + size - 4;

	for (; *text != '\0'; text++) {
		const unsigned char byte = (unsigned char)*text;

		if (to >= end)
			return false;
		if (byte <= ' ' || byte == 0x7f || strchr("%?#", byte) != NULL)
			to += sprintf(to, "%%%02X", byte);
		else
			*to++ = *text;
	}
	*to = '\0';
	return true;
}

/* One "name=value" of the query: golang-migrate's into call, the rest behind url. */
static enum weir_code take_parameter(struct migrate_call *call, const char *pair, size_t length,
                                     char *url, struct weir_error *err)
{
	static const char table[] = "x-migrations-table=";
	static const char no_wrap[] = "x-no-tx-wrap=";
	const size_t table_length = sizeof(table) - 1;

	if (strncmp(pair, table, table_length) == 0) {
		if (length - table_length >= sizeof(call->foreign_table))
			return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0,
			                 "x-migrations-table of the URL is longer than %zu bytes",
			                 sizeof(call->foreign_table) - 1);
		(void)snprintf(call->foreign_table, sizeof(call->foreign_table), "%.*s",
		               (int)(length - table_length), pair + table_length);
		return WEIR_OK;
	}
	if (strncmp(pair, no_wrap, sizeof(no_wrap) - 1) == 0) {
		call->no_wrap = strncasecmp(pair + sizeof(no_wrap) - 1, "true", 4) == 0 ||
		                pair[sizeof(no_wrap) - 1] == '1';
		return WEIR_OK;
	}
	(void)sprintf(url + strlen(url), "%c%.*s", strchr(url, '?') == NULL ? '?' : '&', (int)length,
	              pair);
	return WEIR_OK;
}

/* A URL of this or another tool as weir's; url is as long as text at least. */
static enum weir_code rewrite_url(struct migrate_call *call, const char *text, size_t scheme,
                                  char *url, struct weir_error *err)
{
	const bool sqlite = strncasecmp(text, "sqlite:", scheme) == 0 ||
	                    strncasecmp(text, "sqlite3:", scheme) == 0;
	const char *path = text + scheme;
	const char *query = strchr(path, '?');
	const size_t length = query != NULL ? (size_t)(query - path) : strlen(path);
	enum weir_code code = WEIR_OK;

	if (!sqlite) {
		(void)sprintf(url, "%s", text);
		return WEIR_OK;
	}

	const size_t slashes = strncmp(path, "//", 2) == 0 ? 2 : 0;

	(void)sprintf(url, "sqlite:%.*s", (int)(length - slashes), path + slashes);
	while (query != NULL && code == WEIR_OK) {
		const char *const pair = query + 1;

		query = strchr(pair, '&');
		code = take_parameter(call, pair, query != NULL ? (size_t)(query - pair) : strlen(pair),
		                      url, err);
	}
	return code;
}

enum weir_code migrate_read_url(struct migrate_call *call, char *url, size_t size,
                                struct weir_error *err)
{
	const char *text = call->request->database;
	size_t scheme;

	if (text == NULL)
		text = getenv("WEIR_DATABASE");
	if (text == NULL || *text == '\0')
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0,
		                 "no database is named: give --database URL, or set WEIR_DATABASE");
	scheme = scheme_length(text);
	if (strlen(text) + sizeof("sqlite:?") > size)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0, "the database's URL is too long");
	if (scheme > 0)
		return rewrite_url(call, text, scheme, url, err);
	(void)snprintf(url, size, "sqlite:");
	if (!add_path(url, size, text))
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0, "the database's path is too long");
	return WEIR_OK;
}

/* What to do when the file is not there: of those that write, only up begins with nothing;
 * to any other it is a place that was misspelt. */
static enum weir_code without_file(struct migrate_call *call, struct weir_config *config,
                                   struct weir_error *err)
{
	const unsigned needs = call->request->verb->needs;

	if ((needs & READS_ONLY) == 0 && (needs & EMPTY_WILL_DO) != 0 && !call->request->dry_run)
		return WEIR_OK;
	call->absent = true;
	if ((needs & EMPTY_WILL_DO) == 0)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0,
		                 "%s: nothing there yet; `weir migrate up` makes it", call->path);
	weir_config_init(config, weir_sqlite_driver());
	return weir_config_apply_url(config, weir_sqlite_driver(), memory, NULL, err);
}

enum weir_code migrate_open(struct migrate_call *call, const char *url, struct weir_error *err)
{
	const struct weir_driver *const driver = weir_sqlite_driver();
	struct weir_config config;
	enum weir_code code;

	weir_config_init(&config, driver);
	code = weir_config_apply_url(&config, driver, url, NULL, err);
	if (code != WEIR_OK)
		return code;
	/* That a migration holds the writer for long is what this is about. */
	if (config.origin[WEIR_SET_hold_warning] == WEIR_ORIGIN_DEFAULT)
		config.hold_warning = 0;
	if (strcmp(url, memory) != 0)
		(void)snprintf(call->path, sizeof(call->path), "%s", config.path);
	if (call->path[0] != '\0' && is_nothing(call->path))
		code = without_file(call, &config, err);
	return code == WEIR_OK ? weir_db_create(&call->db, driver, &config, NULL, err) : code;
}
