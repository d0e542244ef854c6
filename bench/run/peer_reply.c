/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a child program says, as figures. See peer_reply.h.
 */
#include "peer_reply.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "pool_under_test.h"

#define SHOWN_MAX 60
#define WARM_S_MAX 30.0

json_t *bench_peer_reply_read(const char *line, char *problem, size_t problem_size)
{
	json_error_t error;
	json_t *const reply = json_loads(line, JSON_REJECT_DUPLICATES, &error);
	const char *said;

	if (!json_is_object(reply)) {
		(void)snprintf(problem, problem_size, "it said \"%.*s\", which is no JSON object",
		               SHOWN_MAX, line);
		json_decref(reply);
		return NULL;
	}
	said = json_string_value(json_object_get(reply, "error"));
	if (said == NULL)
		return reply;
	(void)snprintf(problem, problem_size, "it says: %s", said);
	json_decref(reply);
	return NULL;
}

/* A text of one line that fits; true also for null, where that may be. */
static bool read_text(const json_t *reply, const char *key, bool needed, char *text, size_t size)
{
	const json_t *const value = json_object_get(reply, key);
	const char *const read = json_string_value(value);

	text[0] = '\0';
	if (read == NULL)
		return !needed && (value == NULL || json_is_null(value));
	(void)snprintf(text, size, "%s", read);
	for (char *at = text; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == '|')
			return false;
	return !needed || text[0] != '\0';
}

static unsigned read_abilities(const json_t *names)
{
	static const struct {
		const char *name;
		unsigned ability;
	} known[] = {{"grows", POOL_GROWS}, {"heals", POOL_HEALS}};
	unsigned abilities = 0;

	for (size_t i = 0; i < json_array_size(names); i++)
		for (size_t at = 0; at < sizeof(known) / sizeof(known[0]); at++) {
			const char *const name = json_string_value(json_array_get(names, i));

			if (name != NULL && strcmp(name, known[at].name) == 0)
				abilities |= known[at].ability;
		}
	return abilities;
}

bool bench_peer_reply_hello(const json_t *reply, struct bench_peer_hello *hello, char *problem,
                            size_t problem_size)
{
	const json_t *const protocol = json_object_get(reply, "protocol");
	const json_t *const warm = json_object_get(reply, "warm_s");

	*hello = (struct bench_peer_hello){0};
	if (!json_is_integer(protocol) || json_integer_value(protocol) != BENCH_PEER_PROTOCOL) {
		(void)snprintf(problem, problem_size,
		               "it speaks protocol %lld, and this weir-bench %d: build both from the same "
		               "tree",
		               json_integer_value(protocol), BENCH_PEER_PROTOCOL);
		return false;
	}
	if (!read_text(reply, "pool", true, hello->pool, sizeof(hello->pool)) ||
	    strpbrk(hello->pool, " ,") != NULL ||
	    !read_text(reply, "version", true, hello->version, sizeof(hello->version)) ||
	    !read_text(reply, "runtime", true, hello->runtime, sizeof(hello->runtime)) ||
	    !read_text(reply, "extra_work", false, hello->extra_work, sizeof(hello->extra_work)) ||
	    !json_is_number(warm) || !(json_number_value(warm) >= 0.0) ||
	    json_number_value(warm) > WARM_S_MAX) {
		(void)snprintf(problem, problem_size,
		               "its greeting lacks pool, version, runtime or warm_s, or has one that "
		               "cannot be");
		return false;
	}
	hello->warm_s = json_number_value(warm);
	hello->abilities = read_abilities(json_object_get(reply, "abilities"));
	return true;
}

bool bench_peer_reply_count(const json_t *value, uint64_t *count)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return false;
	*count = (uint64_t)json_integer_value(value);
	return true;
}

bool bench_peer_reply_histogram(const json_t *buckets, const json_t *max,
                                struct bench_histogram *histogram)
{
	uint64_t longest;

	memset(histogram, 0, sizeof(*histogram));
	if (!json_is_array(buckets) || !bench_peer_reply_count(max, &longest))
		return false;
	for (size_t i = 0; i < json_array_size(buckets); i++) {
		const json_t *const pair = json_array_get(buckets, i);
		uint64_t bucket;
		uint64_t count;

		if (json_array_size(pair) != 2 ||
		    !bench_peer_reply_count(json_array_get(pair, 0), &bucket) ||
		    !bench_peer_reply_count(json_array_get(pair, 1), &count) ||
		    bucket >= BENCH_HISTOGRAM_BUCKETS)
			return false;
		histogram->buckets[bucket] += count;
		histogram->count += count;
	}
	histogram->max = (int64_t)longest;
	/* The longest value lies in the last bucket, or the scheme is not ours. */
	for (unsigned i = bench_histogram_bucket(histogram->max) + 1; i < BENCH_HISTOGRAM_BUCKETS; i++)
		if (histogram->buckets[i] != 0)
			return false;
	return histogram->count == 0 || histogram->buckets[bench_histogram_bucket(histogram->max)] != 0;
}

static bool read_ops(const json_t *ops, unsigned threads, struct bench_sample *sample)
{
	uint64_t slowest = UINT64_MAX;
	uint64_t fastest = 0;

	if (json_array_size(ops) != threads)
		return false;
	for (size_t i = 0; i < threads; i++) {
		uint64_t count;

		if (!bench_peer_reply_count(json_array_get(ops, i), &count))
			return false;
		sample->ops[BENCH_ROLE_LEASE] += count;
		slowest = count < slowest ? count : slowest;
		fastest = count > fastest ? count : fastest;
	}
	sample->slowest[BENCH_ROLE_LEASE] = slowest;
	sample->fastest[BENCH_ROLE_LEASE] = fastest;
	if (fastest > 0)
		sample->fairness[BENCH_ROLE_LEASE] = (double)slowest / (double)fastest;
	return true;
}

static bool read_waits(const json_t *reply, struct bench_histogram *waits,
                       struct bench_sample *sample)
{
	if (waits == NULL)
		return true;
	if (!bench_peer_reply_histogram(json_object_get(reply, "waits"),
	                                json_object_get(reply, "wait_max"), waits))
		return false;
	sample->waits[BENCH_ROLE_LEASE] = bench_waits_of(waits);
	sample->waits_all = sample->waits[BENCH_ROLE_LEASE];
	return true;
}

bool bench_peer_reply_pass(const json_t *reply, unsigned threads, struct bench_histogram *waits,
                           struct bench_sample *sample, char *problem, size_t problem_size)
{
	const struct bench_waits none = {NAN, NAN, NAN, NAN};
	const json_t *const seconds = json_object_get(reply, "seconds");
	const json_t *const cpu_s = json_object_get(reply, "cpu_s");
	const json_t *const switches = json_object_get(reply, "ctx_switches");
	uint64_t failures;

	*sample = (struct bench_sample){
		.fairness = {NAN, NAN},
		.waits = {none, none},
		.waits_all = none,
		.seconds = json_number_value(seconds),
		.cpu_s = json_number_value(cpu_s),
		.ctx_switches_unknown = json_is_null(switches),
	};
	if (!json_is_number(seconds) || !(sample->seconds > 0.0) || !json_is_number(cpu_s) ||
	    !(sample->cpu_s >= 0.0) || !read_ops(json_object_get(reply, "ops"), threads, sample) ||
	    !bench_peer_reply_count(json_object_get(reply, "timeouts"), &sample->timeouts) ||
	    !bench_peer_reply_count(json_object_get(reply, "failures"), &failures) ||
	    (!json_is_null(switches) && !bench_peer_reply_count(switches, &sample->ctx_switches)) ||
	    !read_waits(reply, waits, sample)) {
		(void)snprintf(problem, problem_size,
		               "its reply to a pass lacks a figure, or has one that cannot be");
		return false;
	}
	if (failures == 0)
		return true;
	(void)snprintf(problem, problem_size, "%llu of its operations failed, on a server that is up",
	               (unsigned long long)failures);
	return false;
}
