/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-bench worker`: one of the processes of a scenario with several. No user
 * starts it; see sql_processes.h for what it hears and says.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cancel.h"
#include "run_command.h"
#include "sql_processes.h"

/* Run one pass when told to, and report it; false: nobody wants more. */
static bool serve(struct bench_sql_load *load, const struct bench_sql_order *order, bool timed,
                  struct bench_sql_report *report)
{
	const struct bench_sql_pass pass = {
		.timed = timed,
		.seconds = timed ? order->wait_seconds : order->seconds,
		.seed = order->seed,
		.merged = timed ? report->waits : NULL,
	};
	struct weir_error err = WEIR_ERROR_INIT;
	char go;

	if (!bench_sql_receive(STDIN_FILENO, &go, 1))
		return false;
	memset(report, 0, sizeof(*report));
	report->outcome = bench_sql_load_run(load, &pass, &report->sample, &err);
	report->window = load->window;
	report->code = err.code;
	memcpy(report->message, err.message, sizeof(report->message));
	return bench_sql_send(STDIN_FILENO, report, sizeof(*report)) && report->outcome == BENCH_DONE;
}

/* A pool that could not be made is reported in place of the first pass. */
static int fail_open(struct bench_sql_report *report, const struct weir_error *err)
{
	char go;

	report->outcome = BENCH_FAILED;
	report->code = err->code;
	memcpy(report->message, err->message, sizeof(report->message));
	if (bench_sql_send(STDIN_FILENO, "r", 1) && bench_sql_receive(STDIN_FILENO, &go, 1))
		(void)bench_sql_send(STDIN_FILENO, report, sizeof(*report));
	return BENCH_EXIT_FAILED;
}

static int work(const struct bench_sql_order *order, const struct bench_scenario *scenario,
                struct bench_sql_report *report)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct bench_sql_load load = {
		.variant = bench_sql_variant_of(order->pool),
		.scenario = scenario,
		.threads = order->threads,
	};

	if (bench_sql_load_open(&load, order->path, order->conns, &err) != WEIR_OK)
		return fail_open(report, &err);
	if (bench_sql_send(STDIN_FILENO, "r", 1) && serve(&load, order, false, report))
		(void)serve(&load, order, true, report);
	bench_sql_load_close(&load);
	return BENCH_EXIT_DONE;
}

/* The scenario, whose text follows the order; NULL: it did not come. */
static struct bench_scenario *receive_scenario(const struct bench_sql_order *order)
{
	struct bench_faults *const faults = calloc(1, sizeof(*faults));
	char *const text = malloc((size_t)order->text_length + 1);
	struct bench_scenario *scenario = NULL;

	if (text != NULL && faults != NULL && bench_sql_receive(STDIN_FILENO, text, order->text_length))
		scenario = bench_scenario_read(text, order->text_length, order->scenario, faults);
	free(text);
	free(faults);
	return scenario;
}

static int serve_order(const struct bench_sql_order *order, struct bench_sql_report *report)
{
	struct bench_scenario *const scenario = receive_scenario(order);
	const int exit_code = scenario != NULL ? work(order, scenario, report) : BENCH_EXIT_FAILED;

	bench_scenario_free(scenario);
	return exit_code;
}

int bench_command_worker(int argc, char **argv)
{
	struct bench_sql_order *const order = calloc(1, sizeof(*order));
	struct bench_sql_report *const report = calloc(1, sizeof(*report));
	int exit_code = BENCH_EXIT_USAGE;

	(void)argc;
	(void)argv;
	bench_cancel_prepare();
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (order == NULL || report == NULL)
		exit_code = BENCH_EXIT_FAILED;
	else if (bench_sql_receive(STDIN_FILENO, order, sizeof(*order)) &&
	         order->magic == BENCH_ORDER_MAGIC && order->size == sizeof(*order))
		exit_code = serve_order(order, report);
	else
		(void)fprintf(stderr, "weir-bench: worker is started by weir-bench run alone\n");
	free(report);
	free(order);
	return exit_code;
}
