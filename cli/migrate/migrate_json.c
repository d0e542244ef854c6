/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The document of --json: the same for every verb, and also of one that failed.
 */
#include <string.h>

#include "migrate_command.h"

static const char *const severity_words[] = {
	[WEIR_MIGRATE_NOTE] = "note",
	[WEIR_MIGRATE_WARNING] = "warning",
	[WEIR_MIGRATE_FAILURE] = "failure",
};

static json_t *row_json(const struct weir_migrate_row *row)
{
	return json_pack("{s:o,s:o,s:o,s:s,s:s,s:b,s:b,s:b,s:I,s:I,s:I,s:I,s:I}", "version",
	                 json_text(row->version), "name", json_text(row->name), "tag",
	                 json_text(row->tag), "state", migrate_state_name(row->state), "direction",
	                 row->direction == WEIR_MIGRATE_UP ? "up" : "down", "done", (int)row->done,
	                 "no_transaction", (int)row->no_transaction, "has_down", (int)row->has_down,
	                 "statements", (json_int_t)row->statements, "resume_at",
	                 (json_int_t)row->resume_at, "applied_at", (json_int_t)row->applied_at,
	                 "duration_ns", (json_int_t)row->duration_ns, "blocked_ns",
	                 (json_int_t)row->blocked_ns);
}

static json_t *finding_json(const struct weir_migrate_finding *finding)
{
	return json_pack("{s:s,s:s,s:o,s:o,s:o}", "severity", severity_words[finding->severity], "rule",
	                 finding->rule, "version", json_text(finding->version), "text",
	                 json_text(finding->text), "sql", json_text(finding->sql));
}

/* Add all rows and findings of report; false without memory. */
static bool add_report(const struct weir_migrate_report *report, json_t *rows, json_t *findings)
{
	const struct weir_migrate_row *row;
	const struct weir_migrate_finding *finding;
	const size_t rows_count = weir_migrate_rows(report, &row);
	const size_t findings_count = weir_migrate_findings(report, &finding);
	int failed = 0;

	for (size_t i = 0; i < rows_count; i++)
		failed |= json_array_append_new(rows, row_json(&row[i]));
	for (size_t i = 0; i < findings_count; i++)
		failed |= json_array_append_new(findings, finding_json(&finding[i]));
	return failed == 0;
}

static json_t *figures_json(const struct migrate_call *call)
{
	static const char *const names[] = {"blocked_ns", "duration_ns", "checkpoint_ns", "copy_ns",
	                                    "bytes",      "log_bytes",   "statements"};
	json_t *const figures = json_object();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		json_int_t sum = 0;

		for (size_t j = 0; j < call->reports_count; j++)
			sum += (json_int_t)weir_migrate_figure(call->reports[j], names[i]);
		if (json_object_set_new(figures, names[i], json_integer(sum)) != 0) {
			json_decref(figures);
			return NULL;
		}
	}
	return figures;
}

static json_t *error_json(enum weir_code code, const struct weir_error *err, int exit)
{
	const char *const name = weir_error_name(code);

	if (code == WEIR_OK)
		return json_null();
	return json_pack("{s:i,s:s,s:o,s:i}", "code", (int)code, "name", name != NULL ? name : "",
	                 "message", json_text(err->message), "exit", exit);
}

/* What only some verbs have. */
static int add_extras(const struct migrate_call *call, json_t *root)
{
	int failed = 0;

	if (call->request->verb->needs & NEED_DATABASE)
		failed |= json_object_set_new(root, "absent", json_boolean(call->absent));
	if (call->made[0] != '\0')
		failed |= json_object_set_new(root, "path", json_text(call->made));
	if (call->text != NULL)
		failed |= json_object_set_new(root, "text", json_text(call->text));
	return failed;
}

enum exit_code migrate_print_json(const struct migrate_call *call, enum weir_code code,
                                  const struct weir_error *err, int exit)
{
	const struct weir_migrate_report *const last =
		call->reports_count > 0 ? call->reports[call->reports_count - 1] : NULL;
	json_t *const rows = json_array();
	json_t *const findings = json_array();
	bool good = true;

	for (size_t i = 0; i < call->reports_count; i++)
		good = add_report(call->reports[i], rows, findings) && good;

	json_t *const root =
		json_pack("{s:i,s:s,s:b,s:o,s:s,s:o,s:o,s:o,s:o}", "schema", 1, "verb",
	              call->request->verb->name, "dry_run", (int)call->request->dry_run, "version",
	              json_text(last != NULL ? weir_migrate_version(last) : ""), "fingerprint",
	              last != NULL ? weir_migrate_fingerprint(last) : "", "rows", rows, "findings",
	              findings, "figures", figures_json(call), "error", error_json(code, err, exit));

	if (root == NULL || !good || add_extras(call, root) != 0) {
		json_decref(root);
		return print_json(NULL);
	}
	return print_json(root);
}
