/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A set of migrations in memory: what folders and arrays are read into.
 */
#ifndef WEIR_MIGRATE_SET_H
#define WEIR_MIGRATE_SET_H

#include <weir/migrate.h>

/* One direction of a migration. */
struct weir__step {
	bool there;
	char *sql; /* the section's own text, as it is in the file, ended by NUL; or NULL */
	size_t length;
	uint32_t line; /* of the file, on which sql begins; from 1 */
	char *path;    /* of the file; "" in the program. Owned */
	weir_job run;  /* in sql's place; or NULL */
	void *arg;
	bool no_transaction;
	bool keep_foreign_keys;
	bool own_transactions; /* the script begins and commits by itself: x-no-tx-wrap */
};

struct weir__migration {
	char version[WEIR_MIGRATE_VERSION_MAX]; /* canonical: what histories hold */
	char name[WEIR_MIGRATE_NAME_MAX];
	char tag[WEIR_MIGRATE_TAG_MAX];
	/* SHA-256 over both directions, line ends and a byte order mark left out of it. */
	char checksum[WEIR_MIGRATE_CHECKSUM_MAX];
	char order[256]; /* dbmate's: the file's name. "" by number */
	struct weir__step up;
	struct weir__step down;
};

struct weir_migrations {
	enum weir_migrate_format format; /* WEIR for arrays */
	struct weir__migration *list;    /* in the order in which they are applied */
	size_t count;
	size_t room;
};

/* ---- set.c ---- */

/* A new one at the end, zeroed; NULL: no memory. Pointers into list are stale then. */
struct weir__migration *weir__set_add(struct weir_migrations *set);

/* Sort, refuse what is there twice (MIGRATE_SOURCE, naming both paths), fill in the
 * checksums. */
enum weir_code weir__set_finish(struct weir_migrations *set, struct weir_error *err);

/* Order of a number in text, of any length, leading zeros apart: <0, 0, >0. */
int weir__version_compare(const char *left, const char *right);

/* Where version is in list; SIZE_MAX: nowhere. By tag: the last with it. */
size_t weir__set_find(const struct weir_migrations *set, const char *version);
size_t weir__set_find_tag(const struct weir_migrations *set, const char *tag);

/* ---- source/checksum.c ---- */

struct weir__sha256 {
	uint32_t state[8];
	uint64_t bytes;
	unsigned char block[64];
};
void weir__sha256_begin(struct weir__sha256 *sum);
void weir__sha256_add(struct weir__sha256 *sum, const void *bytes, size_t length);
void weir__sha256_end(struct weir__sha256 *sum, char hex[WEIR_MIGRATE_CHECKSUM_MAX]);

/* Add text with every CR LF and lone CR as LF, white space at its end and a byte order
 * mark left out. */
void weir__sha256_add_script(struct weir__sha256 *sum, const char *text, size_t length);

/* ---- source/ ---- */

/* A file as it was read. */
struct weir__file {
	char *name; /* in its folder */
	char *path;
	char *text; /* ended by NUL; UTF-8, without NUL inside; a byte order mark cut off */
	size_t length;
};

/* A format: one file each. */
struct weir__format {
	enum weir_migrate_format format;
	const char *name;
	const char *marks; /* what it is recognised by, in words */
	const char *code;  /* end of the names of migrations in code, which weir cannot run; NULL */
	/* Whether a file belongs to it: by name alone (text NULL), or by name and text.
	 * claims is for recognition and says no in doubt. */
	bool (*takes)(const char *name);
	bool (*claims)(const struct weir__file *file);
	/* Add what file holds to set; sections keep their text byte for byte. */
	enum weir_code (*read)(struct weir_migrations *set, const struct weir__file *file,
	                       const struct weir_migrations_options *options, struct weir_error *err);
	/* What an empty new script consists of: one or two files' names and texts. */
	size_t (*blank)(const char *version, const char *name, struct weir__file files[2]);
};
extern const struct weir__format weir__format_weir;
extern const struct weir__format weir__format_golang;
extern const struct weir__format weir__format_dbmate;
extern const struct weir__format weir__format_goose;

#endif
