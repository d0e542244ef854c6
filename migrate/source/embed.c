/* SPDX-License-Identifier: BSD-2-Clause
 *
 * C source out of a set: for C17 and C++17 alike, whatever bytes the scripts have.
 *
 * A compiler need not take string literals of more than 4095 characters (C17,
 * 5.2.4.1), so that a longer script becomes an array of numbers.
 */
#include <stdlib.h>
#include <string.h>

#include "scan.h"
#include "text.h"

#define LITERAL_MOST 4000
#define PIECE 72   /* bytes of one of the literals that make up one */
#define NUMBERS 24 /* in a line */
#define FLUSH_AT ((size_t)1 << 16)

struct embedding {
	const struct weir_writer *writer;
	struct weir__text text; /* not written yet */
	bool stopped;
};

static void flush(struct embedding *out)
{
	if (!out->text.failed && !out->stopped && out->text.length > 0)
		out->stopped = !out->writer->write(out->writer->arg, out->text.bytes, out->text.length);
	out->text.length = 0;
}

/* ---- text as C ---- */

/* A byte of a literal. "?" is escaped for C17's trigraphs; what is no ASCII as three
 * octal digits, which no digit behind them can lengthen. */
static void put_byte(struct weir__text *text, unsigned char byte)
{
	if (byte == '\n')
		weir__text_put(text, "\\n");
	else if (byte == '\t')
		weir__text_put(text, "\\t");
	else if (byte == '"' || byte == '\\' || byte == '?')
		weir__text_printf(text, "\\%c", byte);
	else if (byte < ' ' || byte > '~')
		weir__text_printf(text, "\\%03o", (unsigned)byte);
	else
		weir__text_printf(text, "%c", byte);
}

/* A literal for each line of bytes, indented by so many tabs; "" for none. */
static void put_literal(struct weir__text *text, const char *bytes, size_t length,
                        const char *indent)
{
	size_t at = 0;

	do {
		size_t width = 0;

		weir__text_put(text, at == 0 ? "\"" : indent);
		while (at < length && width++ < PIECE && (width == 1 || bytes[at - 1] != '\n'))
			put_byte(text, (unsigned char)bytes[at++]);
		weir__text_put(text, "\"");
	} while (at < length);
}

static void put_word(struct weir__text *text, const char *word)
{
	put_literal(text, word, strlen(word), "\n\t\"");
}

/* An array in place of a literal that would be too long. */
static void put_array(struct embedding *out, const char *prefix, size_t index,
                      const char *direction, const struct weir__step *step)
{
	if (step->sql == NULL || step->length <= LITERAL_MOST)
		return;
	weir__text_printf(&out->text, "static const unsigned char %s_%zu_%s[] = {", prefix, index + 1,
	                  direction);
	for (size_t i = 0; i <= step->length && !out->stopped; i++) {
		weir__text_printf(&out->text, "%s%u,", i % NUMBERS == 0 ? "\n\t" : "",
		                  (unsigned)(unsigned char)step->sql[i]);
		if (out->text.length > FLUSH_AT)
			flush(out);
	}
	weir__text_put(&out->text, "\n};\n\n");
}

static void put_step(struct embedding *out, const char *prefix, size_t index, const char *direction,
                     const struct weir__step *step)
{
	struct weir__text *const text = &out->text;

	weir__text_put(text, "\t\t{");
	if (step->sql == NULL)
		weir__text_put(text, "NULL");
	else if (step->length > LITERAL_MOST)
		weir__text_printf(text, "(const char *)%s_%zu_%s", prefix, index + 1, direction);
	else
		put_literal(text, step->sql, step->length, "\n\t\t \"");
	weir__text_printf(text, ", NULL, NULL, %s, %s},\n", step->no_transaction ? "true" : "false",
	                  step->keep_foreign_keys ? "true" : "false");
}

static void put_migration(struct embedding *out, const char *prefix, size_t index,
                          const struct weir__migration *migration)
{
	weir__text_put(&out->text, "\t{\n\t\t");
	put_word(&out->text, migration->version);
	weir__text_put(&out->text, ", ");
	put_word(&out->text, migration->name);
	weir__text_put(&out->text, ", ");
	if (migration->tag[0] == '\0')
		weir__text_put(&out->text, "NULL");
	else
		put_word(&out->text, migration->tag);
	weir__text_put(&out->text, ",\n");
	put_step(out, prefix, index, "up", &migration->up);
	put_step(out, prefix, index, "down", &migration->down);
	weir__text_put(&out->text, "\t\tNULL,\n\t},\n");
	flush(out);
}

/* ---- what cannot be told in an array ---- */

static const char *fault_of(const struct weir_migrations *set, size_t index)
{
	const struct weir__migration *const migration = &set->list[index];
	const char *const version = migration->version;

	if (migration->up.run != NULL || migration->down.run != NULL)
		return "it is a function, which has no source to be written";
	if (migration->up.own_transactions || migration->down.own_transactions)
		return "scripts that begin and commit by themselves (no_wrap) are read from their folder "
			   "only";
	if (version[0] == '0')
		return "in a program versions are numbers from 1, without leading zeros";
	if (index > 0 && weir__version_compare(set->list[index - 1].version, version) >= 0)
		return "in a program they are applied by number, and here by the names of their files";
	return NULL;
}

static bool is_identifier(const char *prefix)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	const size_t length = strlen(prefix);

	return length > 0 && length < 64 && weir__digits(prefix) == 0 &&
	       strspn(prefix, letters) == length;
}

static enum weir_code check(const struct weir_migrations *set, const char *prefix,
                            const struct weir_writer *writer, struct weir_error *err)
{
	if (set == NULL || prefix == NULL || writer == NULL || writer->write == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "migrate.embed", 0,
		                 "weir_migrate_embed needs a set, a prefix and a writer");
	if (!is_identifier(prefix))
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "migrate.embed", 0,
		                 "the prefix \"%.80s\" is no name of C, or longer than 63 bytes", prefix);
	for (size_t i = 0; i < set->count; i++) {
		const char *const fault = fault_of(set, i);

		if (fault != NULL)
			return weir_fail(err, WEIR_ERR_MIGRATE_SOURCE, "migrate.embed", 0,
			                 "migration %s cannot be put into a program: %s", set->list[i].version,
			                 fault);
	}
	return WEIR_OK;
}

enum weir_code weir_migrate_embed(const struct weir_migrations *set, const char *prefix,
                                  const struct weir_writer *writer, struct weir_error *err)
{
	struct embedding out = {.writer = writer};
	const enum weir_code code = check(set, prefix, writer, err);
	bool failed;

	if (code != WEIR_OK)
		return code;
	weir__text_put(&out.text, "/* Written by `weir migrate embed`: change the scripts instead. */\n"
	                          "#include <weir/migrate.h>\n\n");
	for (size_t i = 0; i < set->count; i++) {
		put_array(&out, prefix, i, "up", &set->list[i].up);
		put_array(&out, prefix, i, "down", &set->list[i].down);
	}
	weir__text_printf(&out.text,
	                  "extern const struct weir_migration_source %s_sources[];\n"
	                  "extern const size_t %s_sources_count;\n\n"
	                  "const struct weir_migration_source %s_sources[] = {\n",
	                  prefix, prefix, prefix);
	for (size_t i = 0; i < set->count; i++)
		put_migration(&out, prefix, i, &set->list[i]);
	if (set->count == 0)
		weir__text_put(&out.text, "\t{NULL, NULL, NULL, {NULL, NULL, NULL, false, false},\n"
		                          "\t {NULL, NULL, NULL, false, false}, NULL},\n");
	weir__text_printf(&out.text, "};\nconst size_t %s_sources_count = %zu;\n", prefix, set->count);
	flush(&out);
	failed = out.text.failed;
	weir__text_free(&out.text);
	return failed ? weir__no_memory(err) : WEIR_OK;
}
