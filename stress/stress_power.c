/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See stress_power.h.
 *
 * At the cut everything fails, and goes on failing: what weir says from then on
 * is part of what the audit holds it to.
 */
#include "stress_power.h"

#include <inttypes.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "stress_fault_inject.h"
#include "stress_folder.h"
#include "stress_random.h"
#include "stress_rest.h"
#include "stress_run.h"

/* Cuts that hit the same file. */
#define CHAIN 8

#define CALLS_MAX 900
#define CALLS_OPENING 130

/* Of a session, which ends in good order if the power does not go before. */
#define STEPS_MAX 40

struct life {
	struct disk disk;
	pthread_mutex_t lock; /* of all but off; whoever opens a connection is a thread of its own */
	uint64_t calls;
	uint64_t cut_at;
	_Atomic bool off;
	enum shim_call cut_call;
};

struct campaign {
	const struct power_plan *plan;
	struct power_report *report;
	struct book *book;
	struct rest rest;
	uint64_t random;
	uint32_t chain; /* cuts that are still to hit the file that is there */
	struct life life;
};

static const char *const level_settings[POWER_LEVELS] = {
	[POWER_FULL] = "synchronous=full",
	[POWER_NORMAL] = "synchronous=normal",
	[POWER_OFF] = "synchronous=off",
};

/* ---- the observer ---- */

static struct shim_verdict before(void *arg, const struct shim_event *event)
{
	struct life *const life = arg;
	struct shim_verdict verdict = {SQLITE_OK, 0, true};

	(void)pthread_mutex_lock(&life->lock);
	if (!atomic_load(&life->off) && event->call != SHIM_SHM_BARRIER &&
	    ++life->calls == life->cut_at) {
		/* A write that was under way may have got there. */
		if (event->call == SHIM_WRITE || event->call == SHIM_TRUNCATE)
			disk_note(&life->disk, event);
		life->cut_call = event->call;
		atomic_store(&life->off, true);
	}
	if (atomic_load(&life->off))
		verdict.result = inject_error_of(event->call);
	(void)pthread_mutex_unlock(&life->lock);
	return verdict;
}

static void after(void *arg, const struct shim_event *event)
{
	struct life *const life = arg;

	(void)pthread_mutex_lock(&life->lock);
	if (!atomic_load(&life->off))
		disk_note(&life->disk, event);
	(void)pthread_mutex_unlock(&life->lock);
}

/* ---- one life ---- */

static void draw_life(struct campaign *campaign)
{
	struct life *const life = &campaign->life;
	const bool opening = stress_random_below(&campaign->random, 4) == 0;

	disk_free(&life->disk);
	life->disk.lies = campaign->plan->lies;
	life->calls = 0;
	life->cut_at = 1 + stress_random_below(&campaign->random, opening ? CALLS_OPENING : CALLS_MAX);
	atomic_store(&life->off, false);
}

static void add_up(struct campaign *campaign, enum disk_mercy mercy, enum power_level level,
                   uint32_t first)
{
	struct power_report *const report = campaign->report;
	const struct life *const life = &campaign->life;
	const struct book *const book = campaign->book;
	bool written = false;

	report->cuts++;
	report->levels[level]++;
	report->calls += life->calls;
	report->dropped += life->disk.dropped;
	report->survived += life->disk.survived;
	report->torn += life->disk.torn;
	report->renamed += life->disk.renamed;
	report->mercies[mercy]++;
	report->cut_calls[life->cut_call]++;
	for (uint32_t n = first; n <= book->count; n++) {
		report->durable += book->entries[n].durable;
		written |= book->entries[n].fate == BOOK_THERE;
	}
	report->opening += !written;
}

static void live(struct campaign *campaign, enum power_level level)
{
	struct life *const life = &campaign->life;
	struct work work = {
		.book = campaign->book,
		.path = campaign->plan->path,
		.settings = level_settings[level],
		.lie = campaign->plan->lie,
		.struck = &life->off,
		.random = stress_random(&campaign->random),
	};
	const struct shim_observer observer = {.before = before, .after = after, .arg = life};
	const uint32_t complaints = campaign->book->complaints;

	shim_observe(&observer);
	/* Ends: each session makes calls to files, and the power goes at one of them. */
	while (!atomic_load(&life->off) && campaign->book->complaints == complaints) {
		work_random(&work, stress_random_below(&campaign->random, STEPS_MAX));
		work_close(&work);
	}
	shim_observe(NULL);
}

static void note_where(const struct campaign *campaign, const char *mercy, enum power_level level)
{
	struct book *const book = campaign->book;

	(void)snprintf(book->where, sizeof book->where,
	               "powercut: cut %" PRIu64 " at call %" PRIu64 " (%s, survives: %s)",
	               campaign->report->cuts + 1, campaign->life.cut_at, level_settings[level], mercy);
}

static void begin_file(struct campaign *campaign)
{
	static const char *const endings[] = {"", "-journal", "-wal", "-shm"};
	const struct folder_bytes none = {0};

	campaign->chain = CHAIN;
	book_restart(campaign->book);
	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
		char path[FOLDER_PATH];

		(void)snprintf(path, sizeof path, "%.4000s%s", campaign->plan->path, endings[i]);
		(void)folder_write(path, &none);
	}
}

/* What nobody has synced yet promises nothing; and where syncing is off, a life that
 * does no durable write may undo those of the lives before it. */
static bool is_bound(const struct campaign *campaign, enum power_level level)
{
	return level != POWER_OFF || campaign->book->schema == BOOK_THERE;
}

static void run(struct campaign *campaign, enum power_level level)
{
	struct life *const life = &campaign->life;
	struct book *const book = campaign->book;
	const uint32_t complaints = book->complaints;
	const uint32_t first = book->count + 1;
	enum disk_mercy mercy;

	draw_life(campaign);
	mercy = (enum disk_mercy)stress_random_below(&campaign->random, DISK_MERCIES);
	note_where(campaign, disk_mercy_name(mercy), level);
	if (!disk_load(&life->disk, campaign->plan->path)) {
		book_complain(book, "the files could not be read");
		return;
	}
	live(campaign, level);
	if (!disk_cut(&life->disk, mercy, &campaign->random) || life->disk.out_of_room)
		book_complain(book, "the disk could not be modelled");
	add_up(campaign, mercy, level, first);
	rest_check(&campaign->rest, book);
	if (is_bound(campaign, level)) {
		book_loosen(book);
		book_audit(book, campaign->plan->path, true);
	}
	campaign->report->failed += book->complaints > complaints;
}

static void run_next(struct campaign *campaign)
{
	static const enum power_level levels[] = {POWER_FULL, POWER_FULL, POWER_NORMAL, POWER_NORMAL,
	                                          POWER_OFF};
	const enum power_level level = levels[stress_random_below(&campaign->random, 5)];

	if (campaign->chain == 0 || level == POWER_OFF)
		begin_file(campaign);
	run(campaign, level);
	campaign->chain = level == POWER_OFF ? 0 : campaign->chain - 1;
}

/* The first use of everything sets up what stays. */
static void measure_rest(struct campaign *campaign)
{
	static _Atomic bool never;
	static struct book scrap;
	struct work work = {
		.book = &scrap, .path = campaign->plan->path, .settings = "", .struck = &never};

	work_brief(&work);
	work_close(&work);
	campaign->rest = rest_measure();
}

void power_campaign(const struct power_plan *plan, struct power_report *report, struct book *book)
{
	static struct campaign campaign;

	campaign.plan = plan;
	campaign.report = report;
	campaign.book = book;
	campaign.random = stress_random_init(plan->seed, 0);
	(void)pthread_mutex_init(&campaign.life.lock, NULL);
	shim_install();
	measure_rest(&campaign);
	while (report->cuts < plan->cuts && !stress_interrupted() && book->complaints < BOOK_COMPLAINTS)
		run_next(&campaign);
	disk_free(&campaign.life.disk);
	shim_remove();
	(void)pthread_mutex_destroy(&campaign.life.lock);
}
