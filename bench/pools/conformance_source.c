/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Connections that know who has them. See conformance_source.h.
 */
#include "conformance_source.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monotonic.h"

struct conformance_conn {
	struct pool_conn conn;
	struct conformance_subject *subject;
	struct conformance_conn *next;
	_Atomic unsigned owners;
	_Atomic bool closed;
	_Atomic bool broken;
};

static int source_open(void *self, int64_t deadline_ns, void **out)
{
	struct conformance_subject *const subject = self;
	struct conformance_source *const source = &subject->source;
	struct conformance_conn *conn = NULL;

	if (deadline_ns <= 0)
		conformance_fail(subject, "a connection was opened with the deadline %lld",
		                 (long long)deadline_ns);
	(void)pthread_mutex_lock(&subject->mutex);
	if (source->opens_left > 0)
		conn = calloc(1, sizeof(*conn));
	if (conn != NULL) {
		conn->conn.source = &source->source;
		conn->subject = subject;
		conn->next = source->all;
		source->all = conn;
		source->opens_left--;
		source->open_now++;
	}
	(void)pthread_mutex_unlock(&subject->mutex);
	*out = conn;
	return conn != NULL ? 0 : -1;
}

static void source_close(void *opaque)
{
	struct conformance_conn *const conn = opaque;
	struct conformance_subject *const subject = conn->subject;

	if (atomic_load(&conn->owners) != 0)
		conformance_fail(subject, "a connection was closed while somebody had it");
	if (atomic_exchange(&conn->closed, true)) {
		conformance_fail(subject, "a connection was closed twice");
		return;
	}
	(void)pthread_mutex_lock(&subject->mutex);
	subject->source.open_now--;
	(void)pthread_mutex_unlock(&subject->mutex);
}

static int source_ping(void *conn)
{
	return conformance_works(conn) ? 0 : -1;
}

struct conformance_subject *conformance_create(const struct pool_under_test *pool,
                                               const struct bench_conformance_check *check,
                                               int64_t patience_ns)
{
	struct conformance_subject *const subject = calloc(1, sizeof(*subject));

	if (subject == NULL)
		return NULL;
	(void)pthread_mutex_init(&subject->mutex, NULL);
	bench_cond_init(&subject->ended_now);
	subject->pool = pool;
	subject->check = check;
	subject->patience_ns = patience_ns;
	subject->source.source = (struct pool_source){subject, source_open, source_close, source_ping};
	subject->source.opens_left = CONFORMANCE_OPENS_ANY;
	return subject;
}

void conformance_destroy(struct conformance_subject *subject)
{
	if (subject == NULL)
		return;
	while (subject->source.all != NULL) {
		struct conformance_conn *const conn = subject->source.all;

		subject->source.all = conn->next;
		free(conn);
	}
	(void)pthread_cond_destroy(&subject->ended_now);
	(void)pthread_mutex_destroy(&subject->mutex);
	free(subject);
}

void conformance_fail(struct conformance_subject *subject, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)pthread_mutex_lock(&subject->mutex);
	if (subject->problem[0] == '\0')
		(void)vsnprintf(subject->problem, sizeof(subject->problem), format, arguments);
	(void)pthread_mutex_unlock(&subject->mutex);
	va_end(arguments);
}

bool conformance_problem(struct conformance_subject *subject, char *problem)
{
	(void)pthread_mutex_lock(&subject->mutex);
	memcpy(problem, subject->problem, sizeof(subject->problem));
	(void)pthread_mutex_unlock(&subject->mutex);
	return problem[0] != '\0';
}

bool conformance_failed(struct conformance_subject *subject)
{
	char problem[BENCH_CONFORMANCE_PROBLEM_MAX];

	return conformance_problem(subject, problem);
}

void conformance_allow_opens(struct conformance_subject *subject, unsigned opens)
{
	(void)pthread_mutex_lock(&subject->mutex);
	subject->source.opens_left = opens;
	(void)pthread_mutex_unlock(&subject->mutex);
}

unsigned conformance_open_now(struct conformance_subject *subject)
{
	unsigned count;

	(void)pthread_mutex_lock(&subject->mutex);
	count = subject->source.open_now;
	(void)pthread_mutex_unlock(&subject->mutex);
	return count;
}

bool conformance_own(struct conformance_subject *subject, void *opaque)
{
	struct conformance_conn *const conn = opaque;

	if (conn == NULL) {
		conformance_fail(subject, "an acquire returned 0 and left lease->conn NULL");
		return false;
	}
	if (atomic_fetch_add(&conn->owners, 1) != 0)
		conformance_fail(subject, "a connection was leased to two callers at the same time");
	if (atomic_load(&conn->closed))
		conformance_fail(subject, "a connection was leased that had been closed");
	return true;
}

void conformance_disown(void *opaque)
{
	struct conformance_conn *const conn = opaque;

	(void)atomic_fetch_sub(&conn->owners, 1);
}

void conformance_break(void *opaque)
{
	struct conformance_conn *const conn = opaque;

	atomic_store(&conn->broken, true);
}

bool conformance_works(const void *opaque)
{
	const struct conformance_conn *const conn = opaque;

	return !atomic_load(&conn->broken);
}
