/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the checks of conformance.h run on: connections that know who has them,
 * and a place for the first fault that is seen. Any thread may call any of these.
 */
#ifndef BENCH_CONFORMANCE_SOURCE_H
#define BENCH_CONFORMANCE_SOURCE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "conformance.h"

#define CONFORMANCE_OPENS_ANY 1000000u

struct conformance_conn;

struct conformance_source {
	struct pool_source source;
	struct conformance_conn *all; /* ever opened: one that is closed twice is still there */
	unsigned opens_left;
	unsigned open_now;
};

struct conformance_subject {
	const struct pool_under_test *pool;
	const struct bench_conformance_check *check;
	int64_t patience_ns;
	struct pool_setup setup; /* of the pool there is: valid while it lives */
	pthread_mutex_t mutex;
	pthread_cond_t ended_now;
	bool ended;                                  /* the check has; under mutex */
	struct conformance_source source;            /* under mutex, as problem */
	char problem[BENCH_CONFORMANCE_PROBLEM_MAX]; /* "": none yet */
};

struct conformance_subject *conformance_create(const struct pool_under_test *pool,
                                               const struct bench_conformance_check *check,
                                               int64_t patience_ns);
void conformance_destroy(struct conformance_subject *subject);

/* Record a fault; the first one stays. */
void conformance_fail(struct conformance_subject *subject, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

bool conformance_failed(struct conformance_subject *subject);

/* Copy the fault; false if there is none. */
bool conformance_problem(struct conformance_subject *subject, char *problem);

/* So many more opens succeed. */
void conformance_allow_opens(struct conformance_subject *subject, unsigned opens);

unsigned conformance_open_now(struct conformance_subject *subject);

/* Between acquire and release. false, recorded as a fault: it is nobody's to own. */
bool conformance_own(struct conformance_subject *subject, void *conn);
void conformance_disown(void *conn);

/* Break a connection for good. */
void conformance_break(void *conn);
bool conformance_works(const void *conn);

#endif
