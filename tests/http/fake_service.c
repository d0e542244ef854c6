/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The three calls that weir::http makes, answered by a struct of the test.
 */
#include "fake_service.h"

#include <string.h>

void fake_init(struct weir_service *service)
{
	*service = (struct weir_service){.status = WEIR_HEALTH_OK};
	pthread_mutex_init(&service->lock, NULL);
}

/* A copy, as the calls see it. */
static struct weir_service look(struct weir_service *service)
{
	struct weir_service copy = {0};

	pthread_mutex_lock(&service->lock);
	service->reads++;
	copy.status = service->status;
	copy.fails = service->fails;
	copy.metrics_bytes = service->metrics_bytes;
	copy.reads = service->reads;
	copy.pools = service->pools;
	copy.outage_from = service->outage_from;
	copy.outage_to = service->outage_to;
	pthread_mutex_unlock(&service->lock);
	return copy;
}

static bool say(const struct weir_writer *writer, const char *text)
{
	return writer->write(writer->arg, text, strlen(text));
}

enum weir_code weir_service_read_health(struct weir_service *service, struct weir_health *health)
{
	const struct weir_service now = look(service);

	health->status = now.status;
	health->databases[now.status] = 3;
	return now.fails;
}

enum weir_code weir_service_write_metrics(struct weir_service *service,
                                          enum weir_metrics_format format,
                                          const struct weir_writer *writer, struct weir_error *err)
{
	static const char filler[4096] = {0};
	const struct weir_service now = look(service);

	if (!say(writer, format == WEIR_METRICS_JSON ? "{\"metrics\":[]}\n" : "# TYPE weir gauge\n"))
		return weir_fail(err, WEIR_ERR_IO, "fake", 0, "the writer gave up");
	if (now.fails != WEIR_OK)
		return weir_fail(err, now.fails, "fake", 0, "as the test says");
	for (size_t i = 0; i < now.metrics_bytes; i += sizeof(filler)) {
		if (!writer->write(writer->arg, filler, sizeof(filler)))
			return weir_fail(err, WEIR_ERR_IO, "fake", 0, "the writer gave up");
	}
	return WEIR_OK;
}

enum weir_code weir_service_write_pools(struct weir_service *service,
                                        const struct weir_writer *writer, struct weir_error *err)
{
	const struct weir_service now = look(service);

	if (now.fails != WEIR_OK)
		return weir_fail(err, now.fails, "fake", 0, "as the test says");
	if (now.reads > now.outage_from && now.reads <= now.outage_to)
		return weir_fail(err, WEIR_ERR_CLOSED, "fake", 0, "an outage");
	if (now.pools != NULL ? say(writer, now.pools) : fake_write_pools(writer, (double)now.reads))
		return WEIR_OK;
	return weir_fail(err, WEIR_ERR_IO, "fake", 0, "the writer gave up");
}
