/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See statements.h. What is in the cache lives in one array, is chained in
 * buckets by the hash of its text, and is in one list in the order of its last
 * use. What is outside it has memory of its own.
 */
#include "statements.h"

#include "dump_guard.h"
#include "statement_record.h"

#include <stdalign.h>
#include <stddef.h>
#include <string.h>

#define WHERE "db.statement"
#define UNKNOWN UINT32_MAX

/* The longest text that is kept: longer ones are put together by a program, with
 * the values in them, and do not come back. */
#define TEXT_MAX_KEPT ((size_t)64 << 10)

static void count_one(wp_u64 *counter)
{
	wp_store_rlx_64(counter, wp_load_rlx_64(counter) + 1);
}

/* ---- the text ---- */

static uint64_t stir(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ (hash >> 32);
}

static uint64_t hash_text(const char *text, size_t length)
{
	uint64_t hash = stir(length, 0);
	uint64_t word;

	for (; length >= sizeof word; length -= sizeof word) {
		memcpy(&word, text, sizeof word);
		hash = stir(hash, word);
		text += sizeof word;
	}
	word = 0;
	memcpy(&word, text, length);
	return stir(hash, word);
}

/* ---- the lists ---- */

static void open_add(struct weir__statements *s, struct weir__statement *statement)
{
	statement->open_before = NULL;
	statement->open_next = s->open;
	if (s->open != NULL)
		s->open->open_before = statement;
	s->open = statement;
	if (++s->generation == 0)
		s->generation = 1;
	statement->generation = s->generation;
	statement->stepped = false;
}

static void open_remove(struct weir__statements *s, struct weir__statement *statement)
{
	statement->generation = 0;
	if (statement->open_before != NULL)
		statement->open_before->open_next = statement->open_next;
	else
		s->open = statement->open_next;
	if (statement->open_next != NULL)
		statement->open_next->open_before = statement->open_before;
}

static void age_remove(struct weir__statements *s, struct weir__statement *statement)
{
	if (statement->newer != NULL)
		statement->newer->older = statement->older;
	else
		s->newest = statement->older;
	if (statement->older != NULL)
		statement->older->newer = statement->newer;
	else
		s->oldest = statement->newer;
}

static void age_add_newest(struct weir__statements *s, struct weir__statement *statement)
{
	statement->newer = NULL;
	statement->older = s->newest;
	if (s->newest != NULL)
		s->newest->newer = statement;
	else
		s->oldest = statement;
	s->newest = statement;
}

static void bucket_remove(const struct weir__statements *s, struct weir__statement *statement)
{
	struct weir__statement **link = &s->buckets[statement->hash & s->mask];

	while (*link != statement)
		link = &(*link)->chain;
	*link = statement->chain;
}

/* Dumps may be reading it: also one that found it before another was begun. */
static void free_text(const struct weir__statements *s, char *text)
{
	if (s->shown != NULL) {
		if (wp_load_rlx_64(s->shown) == (uint64_t)(uintptr_t)text)
			wp_store_rlx_64(s->shown, 0);
		weir__dump_await(); /* J2 */
	}
	wp_free(text);
}

/* Take an IDLE statement out of the cache. */
static void drop(struct weir__statements *s, const struct weir_sql *sql,
                 struct weir__statement *statement)
{
	age_remove(s, statement);
	bucket_remove(s, statement);
	sql->finalize(statement->stmt);
	free_text(s, statement->text);
	statement->stmt = NULL;
	statement->text = NULL;
	statement->chain = s->spare;
	s->spare = statement;
}

/* ---- life ---- */

bool weir__statements_init(struct weir__statements *s, uint32_t capacity)
{
	const int64_t now_ns = wp_now();
	uint32_t buckets = 1;

	memset(s, 0, sizeof *s);
	s->generation = (uint32_t)now_ns ^ (uint32_t)(now_ns >> 32); /* S3 */
	if (capacity == 0)
		return true;
	while (buckets < capacity)
		buckets *= 2;
	s->entries = (struct weir__statement *)wp_alloc(alignof(struct weir__statement),
	                                                capacity * sizeof *s->entries);
	s->buckets = (struct weir__statement **)wp_alloc(sizeof(void *), buckets * sizeof *s->buckets);
	if (s->entries == NULL || s->buckets == NULL) {
		wp_free(s->entries);
		wp_free(s->buckets);
		memset(s, 0, sizeof *s);
		return false;
	}
	s->mask = buckets - 1;
	for (uint32_t i = capacity; i > 0; i--) {
		s->entries[i - 1].chain = s->spare;
		s->spare = &s->entries[i - 1];
	}
	return true;
}

void weir__statements_free(struct weir__statements *s, const struct weir_sql *sql)
{
	weir__statements_end_all(s, sql);
	while (s->oldest != NULL)
		drop(s, sql, s->oldest);
	wp_free(s->entries);
	wp_free(s->buckets);
	s->entries = NULL;
	s->buckets = NULL;
	s->spare = NULL;
}

void weir__statements_begin_epoch(struct weir__statements *s, const struct weir_sql *sql,
                                  uint32_t epoch)
{
	struct weir__statement *next;

	s->epoch = epoch;
	for (struct weir__statement *at = s->oldest; at != NULL; at = next) {
		next = at->newer;
		if (at->generation == 0)
			drop(s, sql, at);
	}
}

/* ---- get ---- */

static bool is_of(const struct weir__statement *statement, const char *text, uint32_t mode)
{
	return statement->mode == mode && strcmp(statement->text, text) == 0;
}

static struct weir__statement *find(const struct weir__statements *s, const char *text,
                                    uint64_t hash, uint32_t mode)
{
	struct weir__statement *at = s->buckets[hash & s->mask];

	while (at != NULL && !(at->hash == hash && is_of(at, text, mode)))
		at = at->chain;
	return at;
}

static uint32_t parameters_of(const struct weir_sql *sql, void *stmt)
{
	const size_t needed = offsetof(struct weir_sql, parameters) + sizeof sql->parameters;

	if (sql->size < needed || sql->parameters == NULL)
		return UNKNOWN;
	return sql->parameters(stmt);
}

/* Whether rest holds no statement. What counts as white space or comment is the
 * driver's to say: databases differ. */
static bool is_blank(const struct weir_sql *sql, void *conn, const char *rest)
{
	while (*rest != '\0') { /* ends: each round goes on by tail */
		void *stmt = NULL;
		size_t tail = 0;
		const enum weir_code code = sql->prepare(conn, rest, strlen(rest), &stmt, &tail, NULL);

		if (code != WEIR_OK || stmt != NULL || tail == 0) {
			if (code == WEIR_OK)
				sql->finalize(stmt);
			return false;
		}
		rest += tail;
	}
	return true;
}

static enum weir_code prepare(const struct weir_sql *sql, void *conn, const char *text,
                              size_t length, void **stmt, struct weir_error *err)
{
	size_t tail = 0;
	const char *rest;
	const enum weir_code code = sql->prepare(conn, text, length, stmt, &tail, err);

	if (code != WEIR_OK)
		return code;
	if (*stmt == NULL)
		return weir_fail(err, WEIR_ERR_DRIVER_SQL, WHERE, 0, "the text has no statement");
	rest = text + (tail < length ? tail : length);
	if (is_blank(sql, conn, rest))
		return WEIR_OK;
	rest += strspn(rest, " \t\r\n");
	sql->finalize(*stmt);
	*stmt = NULL;
	return weir_fail(err, WEIR_ERR_DRIVER_SQL, WHERE, 0,
	                 "the text has more than one statement; after the first comes: %.60s", rest);
}

/* A place in the cache, and in it a copy of text; NULL: there is none. */
static struct weir__statement *take_place(struct weir__statements *s, const struct weir_sql *sql,
                                          const char *text, size_t length)
{
	struct weir__statement *place = s->spare;
	struct weir__statement *victim = s->oldest;
	char *copy;

	while (place == NULL && victim != NULL && victim->generation != 0) /* S1 */
		victim = victim->newer;
	if (place == NULL && victim == NULL)
		return NULL;
	copy = (char *)wp_alloc(sizeof(void *), length + 1);
	if (copy == NULL)
		return NULL;
	if (place == NULL)
		drop(s, sql, victim);
	memcpy(copy, text, length + 1);
	place = s->spare;
	s->spare = place->chain;
	memset(place, 0, sizeof *place);
	place->text = copy;
	return place;
}

/* What is being looked for. */
struct wanted {
	const char *text;
	size_t length;
	uint64_t hash;
	uint32_t mode;
	bool keep; /* put it into the cache */
};

static enum weir_code add(struct weir__statements *s, const struct weir_sql *sql, void *conn,
                          const struct wanted *wanted, struct weir__statement **out,
                          struct weir_error *err)
{
	struct weir__statement *statement = NULL;
	void *stmt = NULL;
	const enum weir_code code = prepare(sql, conn, wanted->text, wanted->length, &stmt, err);

	count_one(&s->misses);
	if (code != WEIR_OK)
		return code;
	weir__record_add(s->record, wanted->text, wanted->length);
	if (wanted->keep)
		statement = take_place(s, sql, wanted->text, wanted->length);
	if (statement == NULL)
		statement =
			(struct weir__statement *)wp_alloc(alignof(struct weir__statement), sizeof *statement);
	if (statement == NULL) {
		sql->finalize(stmt);
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for a statement");
	}
	statement->stmt = stmt;
	statement->mode = wanted->mode;
	statement->hash = wanted->hash;
	statement->epoch = s->epoch;
	statement->parameters = parameters_of(sql, stmt);
	if (statement->text != NULL) {
		statement->chain = s->buckets[wanted->hash & s->mask];
		s->buckets[wanted->hash & s->mask] = statement;
		age_add_newest(s, statement);
	}
	open_add(s, statement);
	*out = statement;
	return WEIR_OK;
}

static enum weir_code look(struct weir__statements *s, const struct weir_sql *sql, void *conn,
                           const char *text, uint32_t mode, struct weir__statement **out,
                           struct weir_error *err)
{
	struct wanted wanted = {text, strlen(text), 0, mode, false};
	struct weir__statement *found = NULL;

	if (s->entries != NULL && wanted.length <= TEXT_MAX_KEPT) {
		wanted.hash = hash_text(text, wanted.length);
		found = find(s, text, wanted.hash, mode);
		wanted.keep = found == NULL;
	}
	if (found == NULL || found->generation != 0) /* S1 */
		return add(s, sql, conn, &wanted, out, err);
	age_remove(s, found);
	age_add_newest(s, found);
	count_one(&s->hits);
	open_add(s, found);
	*out = found;
	return WEIR_OK;
}

enum weir_code weir__statements_get(struct weir__statements *s, const struct weir_sql *sql,
                                    void *conn, const char *text, uint32_t mode,
                                    struct weir__statement **out, struct weir_error *err)
{
	struct weir__statement *newest = s->newest;

	/* What is run again and again is found without a hash. */
	if (newest == NULL || newest->generation != 0 || !is_of(newest, text, mode))
		return look(s, sql, conn, text, mode, out, err);
	count_one(&s->hits);
	open_add(s, newest);
	*out = newest;
	return WEIR_OK;
}

/* ---- use ---- */

static void note_lent(struct weir__statement *statement, uint32_t parameter)
{
	if (statement->lent == statement->lent_end)
		statement->lent = parameter;
	statement->lent_end = parameter + 1;
}

enum weir_code weir__statements_bind(struct weir__statement *statement, const struct weir_sql *sql,
                                     const struct weir_sql_value *values, uint32_t count,
                                     struct weir_error *err)
{
	/* Who cannot be asked for the number must not find values of an earlier use. */
	const bool all = statement->parameters == UNKNOWN;

	if (!all && count != statement->parameters)
		return weir_fail(err, WEIR_ERR_DRIVER_SQL, WHERE, 0,
		                 "the statement has %u parameters, and %u values were given",
		                 statement->parameters, count);
	for (uint32_t i = 0; i < count; i++) {
		const enum weir_code code = sql->bind(statement->stmt, i, &values[i], err);

		if (code != WEIR_OK)
			return code;
		if (all || values[i].type == WEIR_SQL_TEXT || values[i].type == WEIR_SQL_BLOB)
			note_lent(statement, i);
	}
	return WEIR_OK;
}

/* S2; false if the driver refuses. */
static bool give_back_lent(struct weir__statement *statement, const struct weir_sql *sql)
{
	const struct weir_sql_value null = {WEIR_SQL_NULL, 0, {0}};
	bool done = true;

	for (uint32_t i = statement->lent; i < statement->lent_end; i++)
		done = sql->bind(statement->stmt, i, &null, NULL) == WEIR_OK && done;
	statement->lent = 0;
	statement->lent_end = 0;
	return done;
}

void weir__statements_put(struct weir__statements *s, const struct weir_sql *sql,
                          struct weir__statement *statement)
{
	open_remove(s, statement);
	if (statement->text == NULL) {
		sql->finalize(statement->stmt);
		wp_free(statement);
		return;
	}
	sql->reset(statement->stmt);
	if (statement->epoch != s->epoch ||
	    (statement->lent < statement->lent_end && !give_back_lent(statement, sql)))
		drop(s, sql, statement);
}

void weir__statements_end_all(struct weir__statements *s, const struct weir_sql *sql)
{
	while (s->open != NULL)
		weir__statements_put(s, sql, s->open);
}
