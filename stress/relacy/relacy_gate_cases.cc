/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Pairs and triples of the operations of a gate. Who holds it writes plain data; what
 * a leader did for a job is plain data that the job's thread reads.
 */
#include <string.h>

#include "gate_internal.h"
#include "relacy_case.h"

enum gate_operation {
	EXCLUSIVE,
	JOB,           /* leads, or is taken into a group */
	TIMED_JOB,     /* the same, with a deadline */
	POLLED_JOB,    /* looks without waiting first, then waits */
	COLLECTED_JOB, /* is collected without a wait or a poll before */
	ABANDONED,     /* a job that nobody waits for, taken back if that can be */
	ABANDONED_EXCLUSIVE,
	ATTEND,      /* lead, if the gate is free and a job is next */
	LATE_ATTEND, /* the same, for the thread that destroys */
	CLOSE,
	JOB_THEN_DESTROY, /* when its job is done, and LATE_ATTEND has led or has not */
};

#define MAINTAINS 1u /* EXCLUSIVE is maintenance */
#define GROWS 2u     /* the stock of entries is empty at first */

#define GROUP_MAX 4

struct job {
	int result;
	int done;
};

static struct {
	weir_gate *gate;
	job jobs[MACHINE_THREADS];
	int resource;
	int holders;
	int asked;     /* calls of unattended */
	bool attended; /* LATE_ATTEND has been there */
	bool destroyed;
} world;

static void ask(void *)
{
	world.asked++;
}

static void make(const relacy_case *it)
{
	weir_gate_config config = {};

	memset((void *)&world, 0, sizeof world);
	config.size = sizeof config;
	config.unattended = ask;
	MACHINE_CHECK(weir_gate_create(&world.gate, &config, NULL) == WEIR_OK);
	if ((it->flags & GROWS) == 0)
		MACHINE_CHECK(weir__gate_grow(world.gate));
}

static void hold(void)
{
	MACHINE_CHECK(++world.holders == 1);
	machine_write(&world.resource);
	machine_pause();
	--world.holders;
}

/* The calling thread leads. finish: end the jobs one way, or with the hold. */
static void lead(bool finish)
{
	weir_gate_entry *entries[GROUP_MAX];
	const uint32_t count = weir_gate_take(world.gate, entries, GROUP_MAX);

	hold();
	for (uint32_t i = 0; i < count; i++) {
		job *taken = (job *)weir_gate_payload(entries[i]);

		machine_write(&taken->result);
		taken->done++;
	}
	if (finish)
		weir_gate_finish(world.gate, entries, count, WEIR_OK);
	weir_gate_leave(world.gate, entries, finish ? 0 : count);
}

static weir_gate_entry *enter(enum weir_gate_kind kind, int index, int64_t deadline_ns, bool waits)
{
	weir_gate_request request = {};
	weir_gate_entry *entry = NULL;

	request.kind = kind;
	request.deadline.ns = deadline_ns;
	request.waits = waits;
	request.payload = &world.jobs[index];
	const enum weir_code code = weir_gate_queue(world.gate, &request, &entry, NULL);

	MACHINE_CHECK(code == WEIR_OK || code == WEIR_ERR_CLOSED);
	return entry;
}

/* Wait for an entry until it is over, doing what falls to its thread. */
static void see_through(weir_gate_entry *entry, int index)
{
	job *mine = &world.jobs[index];
	enum weir_gate_state state;

	if (entry == NULL)
		return;
	do { /* ends: every entry is done once */
		state = weir_gate_wait(entry, {INT64_MAX});
		if (state == WEIR_GATE_LEAD) {
			lead(false);
		} else if (state == WEIR_GATE_HELD) {
			hold();
			mine->done++;
			weir_gate_leave(world.gate, NULL, 0);
		}
	} while (state != WEIR_GATE_DONE);
	machine_read(&mine->result);

	const enum weir_code code = weir_gate_collect(entry, NULL);

	MACHINE_CHECK(mine->done == (code == WEIR_OK));
	MACHINE_CHECK(code == WEIR_OK || code == WEIR_ERR_GATE_TIMEOUT || code == WEIR_ERR_CLOSED);
}

/* N2 by poll. */
static void poll_first(weir_gate_entry *entry, int index)
{
	if (entry != NULL && weir_gate_poll(entry) == WEIR_GATE_DONE)
		machine_read(&world.jobs[index].result);
	see_through(entry, index);
}

/* N2 by collect. */
static void collect_only(weir_gate_entry *entry, int index)
{
	enum weir_code code;

	if (entry == NULL)
		return;
	while ((code = weir_gate_collect(entry, NULL)) == WEIR_ERR_BAD_ARGUMENT) {
		/* ends: this thread leads, or another one does */
		if (weir_gate_attend(world.gate, NULL))
			lead(true);
		else
			wp_yield();
	}
	MACHINE_CHECK(code == WEIR_OK && world.jobs[index].done == 1);
}

static void abandon(weir_gate_entry *entry, int index)
{
	if (entry == NULL)
		return;
	if (!weir_gate_abandon(entry))
		see_through(entry, index);
}

static void job_then_destroy(int index)
{
	see_through(enter(WEIR_GATE_JOB, index, INT64_MAX, true), index);
	while (!world.attended) /* ends: LATE_ATTEND gets there */
		wp_yield();
	MACHINE_CHECK(weir_gate_close(world.gate, {INT64_MAX}, NULL) == WEIR_OK);
	weir_gate_destroy(world.gate);
	world.destroyed = true;
}

static void attend(void)
{
	const bool leads = weir_gate_attend(world.gate, NULL);

	world.attended = true;
	if (leads)
		lead(true);
}

static void run(const relacy_case *it, int index)
{
	const enum weir_gate_kind kind = (it->flags & MAINTAINS) != 0 ? WEIR_GATE_MAINTENANCE
	                                                              : WEIR_GATE_EXCLUSIVE;

	switch ((enum gate_operation)it->operation[index]) {
	case EXCLUSIVE:
		see_through(enter(kind, index, INT64_MAX, true), index);
		break;
	case JOB:
		see_through(enter(WEIR_GATE_JOB, index, INT64_MAX, true), index);
		break;
	case TIMED_JOB:
		see_through(enter(WEIR_GATE_JOB, index, wp_now() + 1000, true), index);
		break;
	case POLLED_JOB:
		poll_first(enter(WEIR_GATE_JOB, index, INT64_MAX, false), index);
		break;
	case COLLECTED_JOB:
		collect_only(enter(WEIR_GATE_JOB, index, INT64_MAX, false), index);
		break;
	case ABANDONED:
		abandon(enter(WEIR_GATE_JOB, index, INT64_MAX, false), index);
		break;
	case ABANDONED_EXCLUSIVE:
		abandon(enter(kind, index, INT64_MAX, true), index);
		break;
	case ATTEND:
	case LATE_ATTEND:
		attend();
		break;
	case CLOSE:
		MACHINE_CHECK(weir_gate_close(world.gate, {INT64_MAX}, NULL) == WEIR_OK);
		break;
	case JOB_THEN_DESTROY:
		job_then_destroy(index);
		break;
	}
}

static void check(const relacy_case *)
{
	if (world.destroyed)
		return;
	MACHINE_CHECK(world.gate->hold == WEIR__HOLD_FREE && world.gate->waking == 0);
	MACHINE_CHECK(weir_gate_length(world.gate) == 0);
	weir_gate_destroy(world.gate);
}

static const case_family family = {make, run, check};

static const relacy_case cases[] = {
	{"gate/exclusive+exclusive", &family, 2, {EXCLUSIVE, EXCLUSIVE, 0}, 0, false},
	{"gate/exclusive+job", &family, 2, {EXCLUSIVE, JOB, 0}, 0, false},
	{"gate/maintenance+job", &family, 2, {EXCLUSIVE, JOB, 0}, MAINTAINS, false},
	{"gate/job+job", &family, 2, {JOB, JOB, 0}, 0, false},
	{"gate/job+job-grow", &family, 2, {JOB, JOB, 0}, GROWS, false},
	{"gate/job+timed-job", &family, 2, {JOB, TIMED_JOB, 0}, 0, false},
	{"gate/job+polled-job", &family, 2, {JOB, POLLED_JOB, 0}, 0, false},
	{"gate/job+collected-job", &family, 2, {JOB, COLLECTED_JOB, 0}, 0, false},
	{"gate/job+abandoned", &family, 2, {JOB, ABANDONED, 0}, 0, false},
	{"gate/exclusive+abandoned", &family, 2, {EXCLUSIVE, ABANDONED_EXCLUSIVE, 0}, 0, false},
	{"gate/polled-job+attend", &family, 2, {POLLED_JOB, ATTEND, 0}, 0, false},
	{"gate/job+attend", &family, 2, {JOB, ATTEND, 0}, 0, false},
	{"gate/abandoned+attend", &family, 2, {ABANDONED, ATTEND, 0}, 0, false},
	{"gate/job+close", &family, 2, {JOB, CLOSE, 0}, 0, false},
	{"gate/exclusive+close", &family, 2, {EXCLUSIVE, CLOSE, 0}, 0, false},
	{"gate/job-destroy+attend", &family, 2, {JOB_THEN_DESTROY, LATE_ATTEND, 0}, 0, false},
	{"gate/three-jobs", &family, 3, {JOB, JOB, JOB}, 0, false},
	{"gate/job+exclusive+abandoned", &family, 3, {JOB, EXCLUSIVE, ABANDONED}, 0, false},
	{"gate/job+timed-job+exclusive", &family, 3, {JOB, TIMED_JOB, EXCLUSIVE}, 0, false},
	{"gate/job+job+close", &family, 3, {JOB, JOB, CLOSE}, 0, false},
};

const struct case_list gate_case_list = {cases, sizeof cases / sizeof cases[0]};
