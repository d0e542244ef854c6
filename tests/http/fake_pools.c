/* SPDX-License-Identifier: BSD-2-Clause
 *
 * /pools of three pools that live: one at ease, one full with a writer, one broken
 * whose names try to be HTML.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "fake_service.h"

struct shape {
	const char *name;
	const char *driver;
	const char *state;
	const char *health;
	const char *breaker;
	const char *site;
	int max_size;
	double load; /* leased slots on average */
	double wait_ns;
	double use_ns;
	double per_s;
	bool gate;
};

static const struct shape shapes[] = {
	{"users", "sqlite", "running", "ok", "closed", "handlers/user.c:118", 8, 3.2, 900, 180e3, 5200,
     true},
	{"orders", "sqlite", "running", "busy", "closed", "handlers/checkout.c:64", 12, 12, 2.4e6,
     7.5e6, 1480, true},
	{"<script>alert(1)</script>", "stub", "running", "broken", "open",
     "<img src=x onerror=alert(2)>.c:1", 4, 1, 4e3, 60e6, 12, false},
};

static bool add(const struct weir_writer *writer, const char *format, ...) WEIR_PRINTF(2, 3);

static bool add(const struct weir_writer *writer, const char *format, ...)
{
	char text[1024];
	va_list args;
	int length = 0;

	va_start(args, format);
	length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return length > 0 && (size_t)length < sizeof(text) &&
	       writer->write(writer->arg, text, (size_t)length);
}

/* A histogram of total values that lie around middle_ns, with a tail. */
static bool add_histogram(const struct weir_writer *writer, const char *name, double middle_ns,
                          double total, bool last)
{
	bool on = add(writer,
	              "\"%s\":{\"count\":%.0f,\"sum_ns\":%.0f,\"max_ns\":%.0f,\"p50_ns\":%.0f,"
	              "\"p99_ns\":%.0f,\"p999_ns\":%.0f,\"buckets\":[",
	              name, total, total * middle_ns, middle_ns * 100, middle_ns, middle_ns * 12,
	              middle_ns * 60);

	/* Waits are 0 for those who did not have to. */
	if (on && name[0] == 'w')
		on = add(writer, "[0,%.0f],", total * 3);
	for (int i = -30; on && i <= 60; i++) {
		const double x = i / 10.0;
		const double share = x < 0 ? exp(-x * x * 0.9) : exp(-x * 1.1);

		on = add(writer, "%s[%.0f,%.0f]", i == -30 ? "" : ",", middle_ns * exp(x),
		         floor(total * share / 20));
	}
	return on && add(writer, "]}%s", last ? "" : ",");
}

static bool add_histograms(const struct weir_writer *writer, const struct shape *shape, double s)
{
	const double n = shape->per_s * s;

	return add(writer, "\"histograms\":{") &&
	       add_histogram(writer, "wait", shape->wait_ns, n, false) &&
	       add_histogram(writer, "use", shape->use_ns, n, false) &&
	       add_histogram(writer, "create", 310e3, 12 + s / 10, false) &&
	       add_histogram(writer, "gate_wait", 40e3, shape->gate ? n / 4 : 0, false) &&
	       add_histogram(writer, "commit", 1.9e6, shape->gate ? n / 9 : 0, false) &&
	       add_histogram(writer, "sync", 1.7e6, shape->gate ? n / 9 : 0, false) &&
	       add_histogram(writer, "checkpoint", 14e6, shape->gate ? s : 0, true) &&
	       add(writer, "},");
}

static bool add_gate(const struct weir_writer *writer, const struct shape *shape, double s)
{
	if (!shape->gate)
		return add(writer, "\"gate\":null,\"log\":null,");
	return add(writer,
	           "\"gate\":{\"length\":[%d,%d],\"held_ns\":%.0f,\"holder_site\":\"%s\","
	           "\"holder_thread\":7012,\"jobs\":%.0f,\"groups\":%.0f,\"group_size_mean\":%.1f},",
	           (int)(3 + 2 * sin(s)), (int)(8 + 6 * sin(s / 5)), 1.2e6 + 1e6 * sin(s), shape->site,
	           shape->per_s * s / 4, shape->per_s * s / 9, 2.25 + sin(s) / 4) &&
	       add(writer,
	           "\"log\":{\"frames\":%d,\"pinned\":%d,\"checkpoints\":%.0f,\"stall_max_ns\":%.0f},",
	           (int)(420 + 300 * sin(s / 9)), (int)(40 + 40 * sin(s / 3)), s, 31e6);
}

/* One runs where writers would have to wait for it anyway. */
static bool add_migration(const struct weir_writer *writer, bool runs, double s)
{
	if (!runs)
		return add(writer, "\"migration\":null,");
	return add(writer,
	           "\"migration\":{\"step\":2,\"steps\":5,\"statement\":%d,\"permille\":%d,"
	           "\"elapsed_ns\":%.0f,\"version\":\"20260102030405\",\"what\":\"up\"},",
	           1 + (int)fmod(s / 10, 7), (int)fmod(s * 20, 1000), fmod(s, 50) * 1e9);
}

static bool add_holders(const struct weir_writer *writer, const struct shape *shape, int leased,
                        double s)
{
	bool on = add(writer, "\"holders\":[");

	for (int i = 0; on && i < leased; i++)
		on = add(writer,
		         "%s{\"slot\":%d,\"thread\":%d,\"thread_name\":\"worker-%d\",\"site\":\"%s\","
		         "\"held_ns_min\":%.0f,\"held_ns_max\":%.0f}",
		         i == 0 ? "" : ",", i, 7000 + i, i, shape->site, shape->use_ns * (i + 1),
		         shape->use_ns * (i + 1) + 40e3 * (1 + sin(s + i)));
	return on && add(writer,
	                 "],\"settings\":{\"max_size\":\"%d\",\"acquire_timeout\":\"2s\","
	                 "\"keepalive\":\"30s\",\"url\":\"stub://db:****@host/app\"}}",
	                 shape->max_size);
}

static bool add_pool(const struct weir_writer *writer, const struct shape *shape, double s)
{
	const bool full = shape->load >= shape->max_size;
	const bool open = shape->breaker[0] == 'o';
	const int leased = full ? shape->max_size : (int)(shape->load + 1.8 * sin(s / 4) + 0.5);
	const int waiters = full ? (int)(9 + 7 * sin(s / 7)) : 0;
	const int opening = leased + 1 < shape->max_size ? (int)s % 2 : 0;
	const int idle = open || full ? 0 : (shape->max_size - leased - opening) / 2;

	return add(writer,
	           "{\"name\":\"%s\",\"driver\":\"%s\",\"state\":\"%s\",\"health\":\"%s\","
	           "\"max_size\":%d,\"idle\":%d,\"leased\":%d,\"opening\":%d,\"waiters\":%d,"
	           "\"oldest_waiter_ns\":%.0f,",
	           shape->name, shape->driver, shape->state, shape->health, shape->max_size, idle,
	           leased, opening, waiters, waiters * 1.3e6) &&
	       add(writer,
	           "\"breaker\":{\"state\":\"%s\",\"opened\":%d,\"next_probe_ns\":%.0f,"
	           "\"last_error\":%s,\"last_error_age_ns\":%.0f},",
	           shape->breaker, open ? 3 : 0, open ? 4e9 - fmod(s, 4) * 1e9 : 0.0,
	           open ? "\"stub.open: <b>refused</b> by host\"" : "null", open ? s * 1e9 : 0.0) &&
	       add(writer,
	           "\"counters\":{\"acquires\":%.0f,\"waits\":%.0f,\"timeouts\":%.0f,\"rejected\":0,"
	           "\"opens\":%.0f,\"open_failures\":%.0f,\"leaks\":%d},",
	           shape->per_s * s, full ? shape->per_s * s * 0.6 : 0.0, full ? s * 0.7 : 0.0,
	           12 + s / 10, open ? 2 * s : 0.0, open ? 1 : 0) &&
	       add_migration(writer, full, s) && add_histograms(writer, shape, s) &&
	       add_gate(writer, shape, s) && add_holders(writer, shape, leased, s);
}

bool fake_write_pools(const struct weir_writer *writer, double seconds)
{
	const size_t count = sizeof(shapes) / sizeof(shapes[0]);
	bool on = add(writer,
	              "{\"schema\":1,\"weir\":\"0.1.0\",\"now_ns\":%.0f,\"uptime_ns\":%.0f,\"pools\":[",
	              (1000 + seconds) * 1e9, (5400 + seconds) * 1e9);

	for (size_t i = 0; on && i < count; i++)
		on = (i == 0 || add(writer, ",")) && add_pool(writer, &shapes[i], seconds);
	return on && add(writer, "]}\n");
}
