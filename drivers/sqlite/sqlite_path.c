/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From the URL of a configuration to the path of a database file.
 *
 * SQLite says "unable to open database file" to all of what is refused here. The
 * looks at the file system are for a better sentence only: what changes between
 * the look and the open is still caught by SQLite. Nothing is opened: closing
 * any descriptor of a database file would drop every lock the process has on it.
 */
#include "sqlite_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static const char where[] = "sqlite.open";

struct network_type {
	uint32_t magic;
	const char *name;
};

/* File systems whose files live on another machine: the connections of a WAL
 * database share memory, which only works on one. */
static const struct network_type network_types[] = {
	{0x6969, "NFS"},        {0x517b, "SMB"},      {0xfe534d42, "SMB2"}, {0xff534d42, "CIFS"},
	{0x5346414f, "AFS"},    {0x564c, "NCP"},      {0x73757245, "Coda"}, {0x00c36400, "Ceph"},
	{0x0bd00bd0, "Lustre"}, {0x47504653, "GPFS"},
};

static enum weir_code refuse(const char *path, int rc, const char *reason, struct weir_error *err)
{
	return weir_fail(err, WEIR_ERR_DRIVER_OPEN, where, rc, "%s: %s", weir__sqlite_show(path).text,
	                 reason);
}

static enum weir_code refuse_errno(const char *path, int error, struct weir_error *err)
{
	char text[64];

	return refuse(path, SQLITE_CANTOPEN, strerror_r(error, text, sizeof(text)), err);
}

static const char memory_name[] = ":memory:";

static bool is_memory(const struct weir_config *config)
{
	return strcmp(config->path[0] == '/' ? config->path + 1 : config->path, memory_name) == 0;
}

/* What the URL names, before any file is looked at. */
static enum weir_code check_name(const struct weir_config *config, struct weir_error *err)
{
	const char *const path = config->path;

	if (is_memory(config) || strcmp(config->authority, memory_name) == 0)
		return refuse(memory_name, SQLITE_CANTOPEN,
		              "every connection would have a database of its own; use a file, on "
		              "/dev/shm if it need not last, or sqlite::memory: with weir_db",
		              err);
	if (config->authority[0] != '\0')
		return weir_fail(err, WEIR_ERR_DRIVER_OPEN, where, SQLITE_CANTOPEN,
		                 "sqlite://%.60s names a host; write sqlite:///absolute/path or "
		                 "sqlite:relative/path",
		                 config->authority);
	if (path[0] == '\0')
		return weir_fail(err, WEIR_ERR_DRIVER_OPEN, where, SQLITE_CANTOPEN,
		                 "no file is named; write sqlite:///absolute/path or sqlite:relative/path");
	if (strncmp(path, "file:", 5) == 0)
		return refuse(path, SQLITE_CANTOPEN,
		              "SQLite's own URIs are not taken; write the path after sqlite:", err);
	return WEIR_OK;
}

/* The folder of path, as one that can be looked up. */
static void folder_of(const char *path, char folder[WEIR_PATH_MAX])
{
	const char *const slash = strrchr(path, '/');
	const size_t length = slash == path ? 1 : (size_t)(slash - path);

	memcpy(folder, path, length);
	folder[length] = '\0';
}

static enum weir_code check_folder(const char *path, const char *folder, struct weir_error *err)
{
	struct stat status;

	if (stat(folder, &status) != 0 && errno == ENOENT)
		return refuse(path, SQLITE_CANTOPEN, "its directory does not exist; create it first", err);
	if (stat(folder, &status) != 0)
		return refuse_errno(path, errno, err);
	if (!S_ISDIR(status.st_mode))
		return refuse(path, SQLITE_CANTOPEN, "what should be its directory is a file", err);
	if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) != 0)
		return refuse(path, SQLITE_CANTOPEN, "no permission to create files in its directory", err);
	return WEIR_OK;
}

static enum weir_code check_file(const char *path, const struct stat *status,
                                 struct weir_error *err)
{
	if (S_ISDIR(status->st_mode))
		return refuse(path, SQLITE_CANTOPEN_ISDIR, "is a directory; name a file in it", err);
	if (!S_ISREG(status->st_mode))
		return refuse(path, SQLITE_CANTOPEN, "is not a regular file", err);
	if (faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) != 0)
		return refuse(path, SQLITE_CANTOPEN, "no permission to read it", err);
	if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0)
		return refuse(path, SQLITE_READONLY,
		              "no permission to write it, which WAL needs even to read", err);
	return WEIR_OK;
}

static enum weir_code check_file_system(const char *path, const char *folder,
                                        struct weir_error *err)
{
	struct statfs status;

	if (statfs(path, &status) != 0 && statfs(folder, &status) != 0)
		return refuse_errno(path, errno, err);
	for (size_t i = 0; i < sizeof(network_types) / sizeof(network_types[0]); i++) {
		/* The kernel's field is signed on some machines: compare 32 bits. */
		if (network_types[i].magic == (uint32_t)status.f_type)
			return weir_fail(err, WEIR_ERR_DRIVER_OPEN, where, SQLITE_CANTOPEN,
			                 "%s: is on a network file system (%s), where WAL cannot work; use a "
			                 "local disk",
			                 weir__sqlite_show(path).text, network_types[i].name);
	}
	return WEIR_OK;
}

enum weir_code weir__sqlite_path(const struct weir_config *config, enum weir_role role,
                                 char path[WEIR_PATH_MAX], struct weir_error *err)
{
	const sqlite3_vfs *const vfs = sqlite3_vfs_find(NULL);
	char folder[WEIR_PATH_MAX];
	struct stat status;

	if (role == WEIR_ROLE_WRITER && is_memory(config)) {
		(void)snprintf(path, WEIR_PATH_MAX, "%s", memory_name);
		return WEIR_OK;
	}

	enum weir_code code = check_name(config, err);

	if (code != WEIR_OK)
		return code;

	/* A relative path that looked like more than a path would be taken for it. */
	const char *const prefix = config->path[0] == '/' ? "" : "./";
	const int length = snprintf(path, WEIR_PATH_MAX, "%s%s", prefix, config->path);

	if (length >= WEIR_PATH_MAX || (vfs != NULL && length > vfs->mxPathname))
		return weir_fail(err, WEIR_ERR_DRIVER_OPEN, where, SQLITE_CANTOPEN_FULLPATH,
		                 "%s: a path of %d bytes is longer than SQLite takes",
		                 weir__sqlite_show(config->path).text, length);
	folder_of(path, folder);
	if (stat(path, &status) == 0)
		code = check_file(path, &status, err);
	else if (errno == ENOENT)
		code = check_folder(path, folder, err);
	else
		code = refuse_errno(path, errno, err);
	return code == WEIR_OK ? check_file_system(path, folder, err) : code;
}
