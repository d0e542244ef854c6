/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A service that is none: what it says is chosen by the test, so that the endpoint is
 * tried with figures, names and failures that a real one shows rarely.
 */
#ifndef FAKE_SERVICE_H
#define FAKE_SERVICE_H

#include <pthread.h>

#include <weir/service.h>

struct weir_service {
	pthread_mutex_t lock; /* of the rest: the server's thread reads it */
	enum weir_health_status status;
	enum weir_code fails; /* what every call ends with; WEIR_OK: none */
	size_t metrics_bytes; /* that write_metrics writes beside its text */
	uint64_t reads;       /* calls that were made */
	const char *pools;    /* what write_pools writes; NULL: three that change */
	uint64_t outage_from; /* the reads after so many fail for write_pools, */
	uint64_t outage_to;   /* up to this one */
};

void fake_init(struct weir_service *service);

/* Three pools after that many seconds, one of them with a hostile name. */
bool fake_write_pools(const struct weir_writer *writer, double seconds);

#endif
