/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See stress_fault_sweep.h.
 *
 * The work begins in two ways, each of which is swept: without a file, and with
 * one whose log a crash has left, which the first connection then recovers.
 */
#include "stress_fault_sweep.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stress_folder.h"
#include "stress_random.h"
#include "stress_rest.h"
#include "stress_run.h"

static const char settings[] = "synchronous=full read_pin=on";

static const char *const endings[] = {"", "-wal"};

#define FILES (sizeof endings / sizeof endings[0])

/* Writes before a crash. */
#define BEGINNING_MAX 63

/* What a run begins with. */
struct beginning {
	const char *name;
	struct folder_bytes files[FILES];
	uint32_t writes;
	struct book_entry entries[BEGINNING_MAX + 1];
};

struct campaign {
	const struct fault_plan *plan;
	struct fault_sweep *sweep;
	struct book *book;
	struct injection injection;
	struct rest rest;
};

static void path_of(const struct fault_plan *plan, size_t file, char path[FOLDER_PATH])
{
	(void)snprintf(path, FOLDER_PATH, "%.4000s%s", plan->path, endings[file]);
}

/* ---- how a run begins ---- */

static bool take_files(const struct fault_plan *plan, struct beginning *beginning)
{
	bool taken = true;

	for (size_t i = 0; i < FILES; i++) {
		char path[FOLDER_PATH];

		path_of(plan, i, path);
		taken = folder_read(path, &beginning->files[i]) && taken;
	}
	return taken;
}

static bool put_files(const struct fault_plan *plan, const struct beginning *beginning)
{
	static const char *const beside[] = {"-shm", "-journal"};
	const struct folder_bytes none = {0};
	bool put = true;
	char path[FOLDER_PATH];

	for (size_t i = 0; i < FILES; i++) {
		path_of(plan, i, path);
		put = folder_write(path, &beginning->files[i]) && put;
	}
	for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++) {
		(void)snprintf(path, FOLDER_PATH, "%.4000s%s", plan->path, beside[i]);
		put = folder_write(path, &none) && put;
	}
	return put;
}

/* Some writes, and the files as they are before anything is closed: what a process
 * leaves that is killed then. */
static bool crash(struct campaign *campaign, struct beginning *beginning)
{
	struct book *const book = campaign->book;
	struct work work = {
		.book = book,
		.path = campaign->plan->path,
		.settings = settings,
		.struck = &campaign->injection.struck,
		.random = stress_random_init(campaign->plan->seed, 0),
	};
	bool taken;

	book_restart(book);
	work_random(&work, 6);
	taken = work.db != NULL && take_files(campaign->plan, beginning);
	work_close(&work);
	beginning->writes = book->count;
	if (!taken || book->count > BEGINNING_MAX) {
		book_complain(book, "the beginning could not be made");
		return false;
	}
	memcpy(beginning->entries, book->entries, (book->count + 1) * sizeof book->entries[0]);
	return true;
}

static void free_files(struct beginning *beginning)
{
	for (size_t i = 0; i < FILES; i++)
		free(beginning->files[i].bytes);
}

static bool begin(const struct campaign *campaign, const struct beginning *beginning)
{
	struct book *const book = campaign->book;

	book_restart(book);
	if (!put_files(campaign->plan, beginning)) {
		book_complain(book, "the files of a run could not be put there");
		return false;
	}
	book->count = beginning->writes;
	memcpy(book->entries, beginning->entries, (book->count + 1) * sizeof book->entries[0]);
	if (book->count != 0)
		book->schema = BOOK_THERE;
	return true;
}

/* ---- a run ---- */

static void note_where(struct campaign *campaign, const struct beginning *beginning)
{
	const struct injection *const injection = &campaign->injection;

	(void)snprintf(campaign->book->where, sizeof campaign->book->where,
	               "faults: %s%s, %s, call %" PRIu64, inject_kind_name(injection->kind),
	               injection->sticky ? " for good" : "", beginning->name, injection->at);
}

static void add_up(struct campaign *campaign, const struct book *book, const struct work *work,
                   uint64_t complaints)
{
	struct fault_sweep *const sweep = campaign->sweep;
	const struct injection *const injection = &campaign->injection;

	sweep->runs++;
	sweep->again += work->again;
	sweep->failed += book->complaints > complaints;
	if (book->complaints > complaints)
		(void)fprintf(stderr, "weir-stress: %s was a %s of the %s\n", book->where,
		              shim_call_name(injection->struck_call),
		              shim_file_name(injection->struck_file));
	if (atomic_load(&injection->struck)) {
		sweep->hit++;
		sweep->call_points[injection->struck_call]++;
	} else {
		for (int i = 0; i < SHIM_CALLS; i++)
			sweep->calls += atomic_load(&injection->calls[i]);
		sweep->points += atomic_load(&injection->points);
	}
}

#define PROGRESS 500

static void tell_progress(const struct fault_sweep *sweep)
{
	if (sweep->runs % PROGRESS == 0)
		(void)fprintf(stderr, "weir-stress: faults: %s, %s: %" PRIu64 " runs\n",
		              inject_kind_name(sweep->kind), sweep->sticky ? "for good" : "once",
		              sweep->runs);
}

/* Do the work with call number at failing; false if none did. */
static bool run(struct campaign *campaign, const struct beginning *beginning, uint64_t at)
{
	struct book *const book = campaign->book;
	const uint64_t complaints = book->complaints;
	struct work work = {
		.book = book,
		.path = campaign->plan->path,
		.settings = settings,
		.lie = campaign->plan->lie,
		.struck = &campaign->injection.struck,
		.recovers = !campaign->sweep->sticky,
	};

	campaign->injection = (struct injection){
		.kind = campaign->sweep->kind,
		.sticky = campaign->sweep->sticky,
		.swallow = campaign->plan->swallow,
		.at = at,
	};
	note_where(campaign, beginning);
	if (!begin(campaign, beginning))
		return false;
	inject_begin(&campaign->injection);
	work_standard(&work);
	work_close(&work);
	inject_end();
	rest_check(&campaign->rest, book);
	book_audit(book, campaign->plan->path, false);
	add_up(campaign, book, &work, complaints);
	tell_progress(campaign->sweep);
	return atomic_load(&campaign->injection.struck);
}

static void sweep_from(struct campaign *campaign, const struct beginning *beginning)
{
	const struct fault_plan *const plan = campaign->plan;
	uint64_t at = plan->from;

	while ((plan->to == 0 || at <= plan->to) && !stress_interrupted() &&
	       campaign->book->complaints < BOOK_COMPLAINTS) {
		if (!run(campaign, beginning, at))
			return;
		at++;
	}
	/* How many there are is only known from a run that nothing happens to. */
	if (campaign->book->complaints < BOOK_COMPLAINTS && !stress_interrupted())
		(void)run(campaign, beginning, 0);
}

/* ---- all of it ---- */

/* What the book has counted since some moment: begin with a minus, end with a plus. */
static void count(struct fault_sweep *sweep, const struct book *book, uint64_t sign)
{
	const uint64_t *const outcomes = book->outcomes;

	sweep->acknowledged += sign * outcomes[WEIR_COMMITTED];
	sweep->indeterminate += sign * outcomes[WEIR_INDETERMINATE];
	sweep->denied += sign *
	                 (outcomes[WEIR_FAILED] + outcomes[WEIR_REJECTED] + outcomes[WEIR_TIMED_OUT]);
	sweep->lost += sign * book->lost;
	sweep->reads += sign * book->reads;
}

static void measure_rest(struct campaign *campaign, struct beginning *crashed)
{
	(void)snprintf(campaign->book->where, sizeof campaign->book->where, "faults: beginning");
	(void)put_files(campaign->plan, &(struct beginning){.name = "fresh"});
	(void)crash(campaign, crashed);
	campaign->rest = rest_measure();
}

void fault_sweep(const struct fault_plan *plan, struct fault_sweep *sweep, struct book *book)
{
	static struct campaign campaign;
	struct beginning beginnings[] = {{.name = "fresh file"}, {.name = "log of a crash"}};

	memset(&campaign, 0, sizeof campaign);
	campaign.plan = plan;
	campaign.sweep = sweep;
	campaign.book = book;
	shim_install();
	measure_rest(&campaign, &beginnings[1]);
	count(sweep, book, UINT64_MAX); /* minus 1 */
	for (size_t i = 0; i < 2; i++)
		sweep_from(&campaign, &beginnings[i]);
	free_files(&beginnings[1]);
	shim_remove();
	count(sweep, book, 1);
}
