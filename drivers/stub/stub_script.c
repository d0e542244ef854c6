/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The pretended server: its script, its counts, and the connections it knows.
 *
 * One lock guards everything but the word that says which calls are scripted at
 * all: a call that is not goes on without the lock, so that a pool under load
 * is not serialised by its stub.
 */
#include "stub_internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Closed connections that are kept so that a late call on one is a misuse and
 * not a use of freed memory. */
#define QUARANTINE_MAX 4096

#define NS_PER_SECOND INT64_C(1000000000)

struct weir_stub {
	_Atomic uint32_t scripted; /* bit 1 << call: ask the script about that call */
	_Atomic uint64_t misuses;
	_Atomic uint64_t cancels;

	pthread_mutex_t lock;
	pthread_cond_t changed; /* a hang ended, or a connection or an open is gone */
	/* all below under lock */
	struct weir_stub_script script;
	uint32_t fails[WEIR__STUB_CALLS]; /* how many of the next calls fail */
	int64_t latency_ns[WEIR__STUB_CALLS];
	struct weir_time since;         /* when the script was set */
	uint64_t unhangs;               /* raised by each weir_stub_unhang */
	uint64_t opening;               /* opens under way */
	struct weir_stub_counts counts; /* validates and resets of closed connections only */
	struct weir__stub_conn live;    /* head of a ring */
	struct weir__stub_conn closed;  /* head of a ring, oldest first */
	uint32_t closed_count;
};

struct call_text {
	const char *where;
	enum weir_code code;
};

static const struct call_text call_texts[WEIR__STUB_CALLS] = {
	[WEIR__STUB_OPEN] = {"stub.open", WEIR_ERR_DRIVER_OPEN},
	[WEIR__STUB_VALIDATE] = {"stub.validate", WEIR_ERR_DRIVER_BROKEN},
	[WEIR__STUB_RESET] = {"stub.reset", WEIR_ERR_DRIVER_BROKEN},
	[WEIR__STUB_CLOSE] = {"stub.close", WEIR_ERR_DRIVER},
};

/* What the script has in store for one call. */
struct verdict {
	bool hangs;
	int64_t latency_ns;
	int32_t driver_code;
	const char *failure; /* NULL: it succeeds */
};

static struct timespec timespec_of(struct weir_time time)
{
	const int64_t ns = time.ns > 0 ? time.ns : 0;

	return (struct timespec){
		.tv_sec = (time_t)(ns / NS_PER_SECOND),
		.tv_nsec = (long)(ns % NS_PER_SECOND),
	};
}

/* A scripted duration as one that can be added to another. */
static int64_t duration_of(int64_t ns)
{
	const int64_t longest = 24 * WEIR_HOUR_NS;

	if (ns <= 0)
		return 0;
	return ns < longest ? ns : longest;
}

bool weir__stub_pause(int64_t latency_ns, struct weir_time deadline)
{
	if (latency_ns <= 0 && deadline.ns == WEIR_TIME_NEVER_NS)
		return true;

	const struct weir_time ready = weir_deadline_in(latency_ns);
	const bool in_time = ready.ns < deadline.ns;
	const struct timespec until = timespec_of(in_time ? ready : deadline);

	if (latency_ns > 0) {
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
		}
	}
	return in_time;
}

static void ring_init(struct weir__stub_conn *head)
{
	head->next = head;
	head->prev = head;
}

static void ring_append(struct weir__stub_conn *head, struct weir__stub_conn *conn)
{
	conn->next = head;
	conn->prev = head->prev;
	head->prev->next = conn;
	head->prev = conn;
}

static void ring_remove(struct weir__stub_conn *conn)
{
	conn->prev->next = conn->next;
	conn->next->prev = conn->prev;
}

static void ring_free(struct weir__stub_conn *head)
{
	while (head->next != head) {
		struct weir__stub_conn *const conn = head->next;

		ring_remove(conn);
		free(conn);
	}
}

static bool is_scripted(const struct weir_stub *server, enum weir__stub_call call)
{
	if (server->fails[call] > 0 || server->latency_ns[call] > 0)
		return true;
	return call == WEIR__STUB_VALIDATE &&
	       (server->script.down_ns > 0 || server->script.break_after_uses > 0);
}

static void publish_scripted(struct weir_stub *server)
{
	uint32_t scripted = 0;

	for (unsigned call = 0; call < WEIR__STUB_CALLS; call++) {
		if (is_scripted(server, (enum weir__stub_call)call))
			scripted |= UINT32_C(1) << call;
	}
	atomic_store_explicit(&server->scripted, scripted, memory_order_relaxed);
}

static bool is_down(const struct weir_stub *server)
{
	const int64_t up_ns = server->script.up_ns;
	const int64_t down_ns = server->script.down_ns;

	return down_ns > 0 && (weir_now().ns - server->since.ns) % (up_ns + down_ns) >= up_ns;
}

/* Whether a "next n" counter hits this call; UINT32_MAX never runs out. */
static bool use_up(uint32_t *left)
{
	if (*left == 0)
		return false;
	if (*left != UINT32_MAX)
		(*left)--;
	return true;
}

static struct verdict judge_locked(struct weir_stub *server, enum weir__stub_call call,
                                   uint64_t uses)
{
	const uint32_t worn_after = server->script.break_after_uses;
	struct verdict verdict = {
		.latency_ns = server->latency_ns[call],
		.driver_code = server->script.driver_code,
	};

	if (call == WEIR__STUB_OPEN)
		verdict.hangs = use_up(&server->script.hang_opens);
	if (call <= WEIR__STUB_VALIDATE && is_down(server))
		verdict.failure = "the stub's server is down";
	else if (call == WEIR__STUB_VALIDATE && worn_after > 0 && uses >= worn_after)
		verdict.failure = "the stub's connection broke after its scripted number of uses";
	else if (use_up(&server->fails[call]))
		verdict.failure = "the stub's script lets this call fail";
	publish_scripted(server);
	return verdict;
}

/* Take the time and give the result of a verdict; NEVER where the caller does
 * not honour deadlines. */
static enum weir_code carry_out(const struct verdict *verdict, enum weir__stub_call call,
                                int64_t own_latency_ns, struct weir_time deadline,
                                struct weir_error *err)
{
	const struct call_text *const text = &call_texts[call];

	if (!weir__stub_pause(verdict->latency_ns + own_latency_ns, deadline))
		return weir_fail(err, WEIR_ERR_DRIVER_DEADLINE, text->where, verdict->driver_code,
		                 "the call takes longer than its deadline allows");
	if (verdict->failure != NULL)
		return weir_fail(err, text->code, text->where, verdict->driver_code, "%s",
		                 verdict->failure);
	return WEIR_OK;
}

/* Hang until somebody unhangs, or deadline. */
static void hang_locked(struct weir_stub *server, struct weir_time deadline)
{
	const struct timespec until = timespec_of(deadline);
	const uint64_t unhangs = server->unhangs;
	int rc = 0;

	server->counts.hanging++;
	while (server->unhangs == unhangs && rc != ETIMEDOUT) {
		if (deadline.ns == WEIR_TIME_NEVER_NS)
			rc = pthread_cond_wait(&server->changed, &server->lock);
		else
			rc = pthread_cond_timedwait(&server->changed, &server->lock, &until);
	}
	server->counts.hanging--;
}

enum weir_code weir__stub_admit(struct weir_stub *server, struct weir__stub_conn *conn,
                                struct weir_time deadline, struct weir_error *err)
{
	pthread_mutex_lock(&server->lock);
	server->opening++;

	const struct verdict verdict = judge_locked(server, WEIR__STUB_OPEN, 0);

	if (verdict.hangs)
		hang_locked(server, deadline);
	pthread_mutex_unlock(&server->lock);

	const enum weir_code code =
		carry_out(&verdict, WEIR__STUB_OPEN, conn->latency_ns[WEIR__STUB_OPEN], deadline, err);

	pthread_mutex_lock(&server->lock);
	server->opening--;
	if (code == WEIR_OK) {
		ring_append(&server->live, conn);
		server->counts.opens++;
		server->counts.live++;
		if (server->counts.live > server->counts.live_max)
			server->counts.live_max = server->counts.live;
	} else {
		server->counts.open_failures++;
	}
	pthread_cond_broadcast(&server->changed);
	pthread_mutex_unlock(&server->lock);
	return code;
}

enum weir_code weir__stub_serve(struct weir__stub_conn *conn, enum weir__stub_call call,
                                struct weir_time deadline, struct weir_error *err)
{
	struct weir_stub *const server = conn->server;
	struct verdict verdict = {0};

	if (server != NULL) {
		const uint32_t scripted = atomic_load_explicit(&server->scripted, memory_order_relaxed);

		if ((scripted >> call & 1) == 0 && conn->latency_ns[call] == 0)
			return WEIR_OK;
		pthread_mutex_lock(&server->lock);
		verdict =
			judge_locked(server, call, atomic_load_explicit(&conn->resets, memory_order_relaxed));
		pthread_mutex_unlock(&server->lock);
	}
	return carry_out(&verdict, call, conn->latency_ns[call], deadline, err);
}

bool weir__stub_is_down(struct weir_stub *server)
{
	pthread_mutex_lock(&server->lock);
	const bool down = is_down(server);

	pthread_mutex_unlock(&server->lock);
	return down;
}

void weir__stub_dismiss(struct weir__stub_conn *conn)
{
	struct weir_stub *const server = conn->server;
	struct weir__stub_conn *dropped = NULL;

	pthread_mutex_lock(&server->lock);
	ring_remove(conn);
	ring_append(&server->closed, conn);
	if (server->closed_count == QUARANTINE_MAX) {
		dropped = server->closed.next;
		ring_remove(dropped);
	} else {
		server->closed_count++;
	}
	server->counts.validates += atomic_load_explicit(&conn->validates, memory_order_relaxed);
	server->counts.resets += atomic_load_explicit(&conn->resets, memory_order_relaxed);
	server->counts.closes++;
	server->counts.live--;
	pthread_cond_broadcast(&server->changed);
	pthread_mutex_unlock(&server->lock);
	free(dropped);
}

void weir__stub_misuse(struct weir_stub *server)
{
	atomic_fetch_add_explicit(&server->misuses, 1, memory_order_relaxed);
}

void weir__stub_note_cancel(struct weir_stub *server)
{
	atomic_fetch_add_explicit(&server->cancels, 1, memory_order_relaxed);
}

struct weir_stub *weir_stub_create(void)
{
	struct weir_stub *const server = aligned_alloc(WEIR__STUB_LINE, sizeof(*server));
	pthread_condattr_t attr;

	if (server == NULL)
		return NULL;
	*server = (struct weir_stub){.closed_count = 0};
	ring_init(&server->live);
	ring_init(&server->closed);
	if (pthread_condattr_init(&attr) != 0)
		goto out_server;
	if (pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) != 0 ||
	    pthread_cond_init(&server->changed, &attr) != 0)
		goto out_attr;
	if (pthread_mutex_init(&server->lock, NULL) != 0)
		goto out_cond;
	pthread_condattr_destroy(&attr);
	return server;

out_cond:
	pthread_cond_destroy(&server->changed);
out_attr:
	pthread_condattr_destroy(&attr);
out_server:
	free(server);
	return NULL;
}

void weir_stub_destroy(struct weir_stub *stub)
{
	if (stub == NULL)
		return;
	ring_free(&stub->live);
	ring_free(&stub->closed);
	pthread_mutex_destroy(&stub->lock);
	pthread_cond_destroy(&stub->changed);
	free(stub);
}

bool weir_stub_drain(struct weir_stub *stub, struct weir_time deadline)
{
	const struct timespec until = timespec_of(deadline);
	int rc = 0;

	pthread_mutex_lock(&stub->lock);
	while ((stub->opening > 0 || stub->counts.live > 0) && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&stub->changed, &stub->lock, &until);

	const bool drained = stub->opening == 0 && stub->counts.live == 0;

	pthread_mutex_unlock(&stub->lock);
	return drained;
}

void weir_stub_set(struct weir_stub *stub, const struct weir_stub_script *script)
{
	struct weir_stub_script next = {.size = sizeof(next)};

	if (script != NULL) {
		const size_t given = script->size == 0 ? sizeof(next) : script->size;

		memcpy(&next, script, given < sizeof(next) ? given : sizeof(next));
	}
	next.up_ns = duration_of(next.up_ns);
	next.down_ns = duration_of(next.down_ns);
	pthread_mutex_lock(&stub->lock);
	stub->script = next;
	stub->fails[WEIR__STUB_OPEN] = next.fail_opens;
	stub->fails[WEIR__STUB_VALIDATE] = next.fail_validates;
	stub->fails[WEIR__STUB_RESET] = next.fail_resets;
	stub->latency_ns[WEIR__STUB_OPEN] = duration_of(next.open_latency_ns);
	stub->latency_ns[WEIR__STUB_VALIDATE] = duration_of(next.validate_latency_ns);
	stub->latency_ns[WEIR__STUB_RESET] = duration_of(next.reset_latency_ns);
	stub->latency_ns[WEIR__STUB_CLOSE] = duration_of(next.close_latency_ns);
	stub->since = weir_now();
	publish_scripted(stub);
	pthread_mutex_unlock(&stub->lock);
}

void weir_stub_unhang(struct weir_stub *stub)
{
	pthread_mutex_lock(&stub->lock);
	stub->unhangs++;
	pthread_cond_broadcast(&stub->changed);
	pthread_mutex_unlock(&stub->lock);
}

void weir_stub_read(struct weir_stub *stub, struct weir_stub_counts *counts)
{
	pthread_mutex_lock(&stub->lock);
	*counts = stub->counts;
	for (const struct weir__stub_conn *conn = stub->live.next; conn != &stub->live;
	     conn = conn->next) {
		counts->validates += atomic_load_explicit(&conn->validates, memory_order_acquire);
		counts->resets += atomic_load_explicit(&conn->resets, memory_order_acquire);
	}
	pthread_mutex_unlock(&stub->lock);
	counts->misuses = atomic_load_explicit(&stub->misuses, memory_order_relaxed);
	counts->cancels = atomic_load_explicit(&stub->cancels, memory_order_relaxed);
}
