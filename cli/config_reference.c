/* SPDX-License-Identifier: BSD-2-Clause
 *
 * docs/reference/config.md, written from the tables, so that it cannot be wrong
 * about a name, a default or a range.
 */
#include <stdio.h>

#include "config_report.h"
#include "config_rows.h"

static const char reference_head[] =
	"# Settings\n"
	"\n"
	"<!-- Written by `weir config --reference`; change the tables in include/weir/config.h and\n"
	"     in the drivers instead. -->\n"
	"\n"
	"## Where they come from\n"
	"\n"
	"| source | looks like | call |\n"
	"|---|---|---|\n"
	"| URL | `sqlite:///var/lib/app.db?max_size=8&acquire_timeout=250ms` "
	"| `weir_config_apply_url` |\n"
	"| pairs | `max_size=8 acquire_timeout=250ms`; `,` and `;` separate too "
	"| `weir_config_apply_pairs` |\n"
	"| environment | `WEIR_MAX_SIZE=8`, `WEIR_URL=sqlite:app.db` | `weir_config_apply_env` |\n"
	"| INI file | `max_size = 8` in a section for each pool | `weir_config_apply_ini` |\n"
	"| program | one by name | `weir_config_apply_setting` |\n"
	"\n"
	"Sources are applied one over the other in the order of the calls; a later one wins.\n"
	"Beside the settings a source may give `url`, a whole URL that the source's own settings\n"
	"override, and `name`, the pool's name in messages (an INI section gives its own name). A\n"
	"setting twice in one source is a fault.\n"
	"\n"
	"Every fault is reported, not the first alone, each with the setting, the value, what is\n"
	"allowed, and a name that was probably meant. A source with a fault changes nothing. `weir\n"
	"config` with `--url`, `--env`, `--ini` and `--set` shows what the sources add up to; `weir\n"
	"config check` says only what is wrong, and takes each section of an INI file for a database\n"
	"as a service does; `weir config explain` adds what to know before changing a setting.\n"
	"\n"
	"## How values are written\n"
	"\n"
	"| type | written as |\n"
	"|---|---|\n"
	"| count | digits: `8` |\n"
	"| duration | digits and `ns`, `us`, `ms`, `s`, `m` or `h`: `250ms`; `0` needs no unit |\n"
	"| size | digits and `B`, `KiB`, `MiB` or `GiB`: `64MiB`; `0` needs no unit |\n"
	"| bool | `true` or `false`; also `on`/`off`, `yes`/`no`, `1`/`0` |\n"
	"| choice | one of the words |\n"
	"\n"
	"In a URL, percent escapes are decoded: `%20` is a space, `%23` is `#`, `%26` is `&`. In an\n"
	"INI file a line may have 197 bytes, and ` ;` begins a comment.\n";

static const char reference_rules[] =
	"\n"
	"## Rules that span settings\n"
	"\n"
	"- `min_idle` must not be larger than `max_size`.\n"
	"- `idle_timeout` must be less than `max_lifetime`, unless one of them is 0. Both have a\n"
	"  default: whoever shortens `max_lifetime` below it sets `idle_timeout` too.\n"
	"- The scheme of the URL must be the driver's name.\n";

/* A cell of a table: "|" would end it. */
static void print_cell(const char *text)
{
	for (; *text != '\0'; text++)
		(void)printf(*text == '|' ? "\\%c" : "%c", *text);
}

static void print_rows(const struct config_row *rows, size_t count)
{
	(void)printf("\n| setting | type | default | allowed | live | meaning |\n"
	             "|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < count; i++) {
		(void)printf("| `%s` | %s | `%s` | %s | %s | ", rows[i].setting->name, rows[i].type,
		             rows[i].preset, rows[i].allowed, rows[i].setting->changeable ? "yes" : "no");
		print_cell(rows[i].setting->doc);
		(void)printf(" |\n");
	}
}

enum exit_code report_reference(const struct weir_driver *const *drivers, size_t count)
{
	struct config_row rows[ROWS_MAX];
	struct weir_config config;
	size_t pool_count;

	weir_config_init(&config, NULL);
	pool_count = config_rows(rows, &config, NULL);
	(void)fputs(reference_head, stdout);
	(void)printf("\n## The pool\n\n*live*: whether `weir_pool_set` may change it while the pool "
	             "runs.\n");
	print_rows(rows, pool_count);
	for (size_t i = 0; i < count; i++) {
		weir_config_init(&config, drivers[i]);

		const size_t rows_count = config_rows(rows, &config, drivers[i]);

		(void)printf("\n## The driver `%s`\n", drivers[i]->name);
		if (rows_count > pool_count)
			print_rows(rows + pool_count, rows_count - pool_count);
		else
			(void)printf("\nIt has no settings of its own.\n");
	}
	(void)fputs(reference_rules, stdout);
	return EXIT_DONE;
}
