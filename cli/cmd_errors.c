/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir errors`: the codes, as a table, JSON, or the page docs/reference/errors.md.
 */
#include <stdbool.h>
#include <stdio.h>

#include <weir/error.h>

#include "command.h"

static const char help[] =
	"Usage: weir errors [--json | --reference]\n"
	"\n"
	"List the error codes: value, name, whether calling again can help, meaning.\n"
	"\n"
	"  --json       as {\"schema\":1,\"errors\":[...]}\n"
	"  --reference  as the text of docs/reference/errors.md\n"
	"  --help       show this\n";

static const enum weir_code codes[] = {
#define CODE(name, ...) WEIR_ERR_##name,
	WEIR_ERROR_LIST(CODE)
#undef CODE
};

#define CODES_COUNT (sizeof(codes) / sizeof(codes[0]))

static bool is_category(enum weir_code code)
{
	return ((unsigned)code & 0xff) == 0;
}

static enum weir_code category_of(enum weir_code code)
{
	return (enum weir_code)((unsigned)code & ~0xffU);
}

static const char *retry_word(enum weir_code code)
{
	static const char *const words[] = {
		[WEIR_RETRY_NO] = "no",
		[WEIR_RETRY_LATER] = "later",
		[WEIR_RETRY_UNSURE] = "unsure",
	};

	return words[weir_error_retry(code)];
}

static enum exit_code print_table(void)
{
	(void)printf("%-6s  %-22s  %-6s  %s\n", "VALUE", "NAME", "RETRY", "MEANING");
	for (size_t i = 0; i < CODES_COUNT; i++)
		(void)printf("0x%04x  %s%-*s  %-6s  %s\n", (unsigned)codes[i],
		             is_category(codes[i]) ? "" : "  ", is_category(codes[i]) ? 22 : 20,
		             weir_error_name(codes[i]), retry_word(codes[i]), weir_error_text(codes[i]));
	return EXIT_DONE;
}

static enum exit_code print_errors_json(void)
{
	json_t *errors = json_array();

	for (size_t i = 0; i < CODES_COUNT; i++) {
		const enum weir_code code = codes[i];
		json_t *entry = json_pack("{s:s,s:i,s:s,s:s,s:s}", "name", weir_error_name(code), "code",
		                          (int)code, "category", weir_error_name(category_of(code)),
		                          "retry", retry_word(code), "text", weir_error_text(code));

		if (entry == NULL || json_array_append_new(errors, entry) != 0) {
			json_decref(errors);
			return print_json(NULL);
		}
	}
	return print_json(json_pack("{s:i,s:o}", "schema", 1, "errors", errors));
}

static const char reference_head[] =
	"# Error codes\n"
	"\n"
	"<!-- Written by `weir errors --reference`; change include/weir/error.h instead. -->\n"
	"\n"
	"Every call that can fail returns an `enum weir_code`, `WEIR_OK` (0) on success. A code is\n"
	"its category times 256 plus a number. Values are pinned: new ones go to the end of their\n"
	"category and none is used twice. `weir_error_is(code, WEIR_ERR_POOL)` asks whether a code\n"
	"lies in a category; decide by category where you can, so that later codes find their\n"
	"place.\n"
	"\n"
	"*Retry* says whether the same call can succeed when it is made again:\n"
	"\n"
	"| retry | meaning |\n"
	"|---|---|\n"
	"| no | it cannot: the program or its configuration is wrong |\n"
	"| later | it can, once something outside the call has changed |\n"
	"| unsure | the first call may have taken effect: find out before repeating it |\n"
	"\n"
	"The detail is in the `struct weir_error` that the caller passes; `weir_error_describe`\n"
	"writes it as text. The database's own code, if it gave one, is in `driver_code`.\n";

static enum exit_code print_reference(void)
{
	(void)fputs(reference_head, stdout);
	for (size_t i = 0; i < CODES_COUNT; i++) {
		if (is_category(codes[i]))
			(void)printf("\n## %s: %s\n\n| code | value | retry | meaning |\n|---|---|---|---|\n",
			             weir_error_name(codes[i]), weir_error_text(codes[i]));
		(void)printf("| `WEIR_ERR_%s` | `0x%04x` | %s | %s |\n", weir_error_name(codes[i]),
		             (unsigned)codes[i], retry_word(codes[i]), weir_error_text(codes[i]));
	}
	return EXIT_DONE;
}

enum exit_code cmd_errors(int argc, char **argv)
{
	static const struct listing listing = {help, print_table, print_errors_json, print_reference};

	return run_listing(argc, argv, &listing);
}
