/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A log: who says something puts it into the queue (log_queue.h) and goes on; one
 * thread, or who flushes a manual log, formats and hands to the sink.
 *
 *   label operation                     order  pairs with  breaks if weaker
 *   J1    say: put (E3), then load      full   J2          the thread sleeps beside a line
 *         asleep
 *   J2    thread: exchange asleep,      full   J1          as J1
 *         then look (E5), then sleep
 *   J3    thread: add progress, load    full   J4          flush sleeps on beside a line that
 *         flushing, wake                                   has gone
 *   J4    flush: add flushing, then     full   J3          as J3
 *         load progress, head, sleep
 *   J5    manual: CAS writing           acqrel J5          two threads take one line
 *
 * A fork: the struct lives in memory that is wiped in a forked child, where a log says
 * nothing.
 */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "log_format.h"
#include "log_rate.h"
#include "log_sink.h"
#include "thread_end.h"

#define LOG_MAGIC UINT32_C(0x776c6f67)
#define CAPACITY_PRESET 1024
#define CAPACITY_MAX UINT32_C(1048576)

struct weir_log {
	uint32_t magic;
	wp_u32 level;
	struct weir__log_queue queue;
	wp_u64 dropped;
	struct weir__log_rate rates[WEIR_LOG_EVENTS_COUNT];

	/* Who writes. */
	wp_u32 writing;      /* manual: 1 while a thread does; J5 */
	uint64_t drops_told; /* of dropped */
	wp_u64 written;
	wp_u64 failed;
	wp_u32 progress; /* futex; J3 */
	wp_u32 flushing; /* who sleeps on progress; J3 */
	char output[WEIR__LOG_OUTPUT_MAX];

	wp_u32 asleep; /* futex; 1: the thread sleeps, or is about to */
	wp_u32 stop;
	wp_u32 thread_id;
	pthread_t thread;
	struct weir__log_file file;
	struct weir_log_options options; /* r/o */
};

/* ---- writing ---- */

static void write_line(struct weir_log *log, const struct weir__log_line *line)
{
	const size_t length =
		weir__log_format(line, log->options.format, log->output, sizeof log->output);
	const enum weir_log_level level = weir__log_kind(line->event)->level;

	if (log->options.sink(log->options.sink_arg, level, log->output, length))
		wp_store_rlx_64(&log->written, wp_load_rlx_64(&log->written) + 1);
	else
		wp_store_rlx_64(&log->failed, wp_load_rlx_64(&log->failed) + 1);
}

static void tell_drops(struct weir_log *log)
{
	const uint64_t dropped = wp_load_rlx_64(&log->dropped);
	struct weir__log_line line;

	if (dropped == log->drops_told)
		return;
	const struct weir__field field =
		weir__int_field("weir.log.dropped", (int64_t)(dropped - log->drops_told));

	log->drops_told = dropped;
	weir__log_fill(&line, WEIR_LOG_DROPPED_EVENT, &field, 1, 0);
	write_line(log, &line);
}

/* Everything that is there; whether there was anything. */
static bool write_queued(struct weir_log *log)
{
	struct weir__log_line *line = weir__log_queue_take(&log->queue);
	const bool any = line != NULL;

	while (line != NULL) { /* ends: the queue is empty, or its next line is being filled */
		write_line(log, line);
		weir__log_queue_done(&log->queue);
		/* After each: who keeps the queue filled keeps no flush waiting. */
		(void)wp_add_full_32(&log->progress, 1); /* J3 */
		if (wp_load_rlx_32(&log->flushing) != 0)
			wp_futex_wake(&log->progress, INT32_MAX);
		tell_drops(log);
		line = weir__log_queue_take(&log->queue);
	}
	return any;
}

static bool flush_by_hand(struct weir_log *log, struct weir_time deadline)
{
	while (!wp_cas_acqrel_32(&log->writing, 0, 1)) { /* J5; ends: another flush, or deadline */
		if (wp_now() >= deadline.ns)
			return false;
		wp_yield();
	}
	wp_store_rlx_32(&log->thread_id, wp_thread_id());
	(void)write_queued(log);
	wp_store_rlx_32(&log->thread_id, 0);
	(void)wp_xchg_full_32(&log->writing, 0);
	return true;
}

static void *write_lines(void *arg)
{
	struct weir_log *log = (struct weir_log *)arg;

	wp_store_rlx_32(&log->thread_id, wp_thread_id());
	for (;;) { /* ends: stopped, and nothing is left */
		const bool stopping = wp_load_acq_32(&log->stop) != 0;

		if (write_queued(log))
			continue;
		if (stopping)
			return NULL;
		(void)wp_xchg_full_32(&log->asleep, 1); /* J2 */
		if (weir__log_queue_take(&log->queue) == NULL && wp_load_acq_32(&log->stop) == 0)
			(void)wp_futex_wait(&log->asleep, 1, INT64_MAX);
		wp_store_rlx_32(&log->asleep, 0);
	}
}

static void wake_writer(struct weir_log *log)
{
	wp_fence_full(); /* J1 */
	if (wp_load_rlx_32(&log->asleep) == 0)
		return;
	(void)wp_xchg_full_32(&log->asleep, 0);
	wp_futex_wake(&log->asleep, 1);
}

/* ---- saying ---- */

/* Without a log: one write to stderr by who has it to say, at the same rates. */
static void say_at_once(enum weir_log_event event, const struct weir__field *fields, size_t count)
{
	static struct weir__log_rate rates[WEIR_LOG_EVENTS_COUNT];
	const struct weir__log_kind *kind = weir__log_kind(event);
	struct weir__log_line line;
	char text[WEIR__LOG_OUTPUT_MAX];
	uint64_t suppressed = 0;

	if (kind->level < WEIR_LOG_WARN ||
	    !weir__log_rate_pass(&rates[event], wp_now(), kind->per_second, &suppressed))
		return;
	weir__log_fill(&line, event, fields, count, suppressed);
	const size_t length = weir__log_format(&line, WEIR_LOG_LOGFMT, text, sizeof text);

	(void)!write(STDERR_FILENO, text, length);
}

void weir__log(struct weir_log *log, enum weir_log_event event, const struct weir__field *fields,
               size_t count)
{
	const struct weir__log_kind *kind = weir__log_kind(event);
	struct weir__log_line *line;
	uint64_t suppressed = 0;

	if (log == NULL) {
		say_at_once(event, fields, count);
		return;
	}
	if (log->magic != LOG_MAGIC || (uint32_t)kind->level < wp_load_rlx_32(&log->level) ||
	    !weir__log_rate_pass(&log->rates[event], wp_now(), kind->per_second, &suppressed))
		return;
	line = weir__log_queue_claim(&log->queue);
	if (line == NULL) {
		(void)wp_add_rlx_64(&log->dropped, 1);
		/* What the lost line would have told, the next one does. */
		(void)wp_add_rlx_64(&log->rates[event].suppressed, suppressed);
		return;
	}
	weir__log_fill(line, event, fields, count, suppressed);
	weir__log_queue_put(&log->queue, line);
	wake_writer(log);
}

/* ---- life ---- */

static enum weir_code check_options(const struct weir_log_options *options, struct weir_error *err)
{
	if (options == NULL)
		return WEIR_OK;
	if (options->size != sizeof *options)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "log.create", 0,
		                 "options: set size to sizeof(struct weir_log_options)");
	if ((unsigned)options->level > WEIR_LOG_OFF || (unsigned)options->format > WEIR_LOG_JSON ||
	    options->capacity > CAPACITY_MAX || (options->sink != NULL && options->path != NULL))
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "log.create", 0,
		                 "options: level, format and capacity (at most %u) must be among those of "
		                 "log.h, and a sink has no path",
		                 CAPACITY_MAX);
	return WEIR_OK;
}

static enum weir_code start_writer(struct weir_log *log, struct weir_error *err)
{
	sigset_t all;
	sigset_t before;
	int rc;

	if (log->options.manual)
		return WEIR_OK;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&log->thread, NULL, write_lines, log);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		return weir_fail(err, WEIR_ERR_NO_THREAD, "log.create", rc,
		                 "the log's thread cannot be started: %s", strerror(rc));
	return WEIR_OK;
}

static enum weir_code build(struct weir_log *log, struct weir_error *err)
{
	struct weir_log_options *options = &log->options;
	enum weir_code code = WEIR_OK;

	if (options->capacity == 0)
		options->capacity = CAPACITY_PRESET;
	wp_store_rlx_32(&log->level, (uint32_t)options->level);
	if (!weir__log_queue_init(&log->queue, options->capacity))
		return weir_fail(err, WEIR_ERR_NO_MEMORY, "log.create", 0, "no memory for the log");
	if (options->sink == NULL) {
		code = weir__log_file_open(&log->file, options->path, err);
		options->sink = weir__log_file_write;
		options->sink_arg = &log->file;
	}
	if (code != WEIR_OK)
		return code;
	log->magic = LOG_MAGIC;
	code = start_writer(log, err);
	if (code != WEIR_OK)
		weir__log_file_close(&log->file);
	return code;
}

enum weir_code weir_log_create(struct weir_log **out, const struct weir_log_options *options,
                               struct weir_error *err)
{
	struct weir_log *log;
	enum weir_code code;

	if (out == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "log.create", 0, "log is NULL");
	*out = NULL;
	code = check_options(options, err);
	if (code != WEIR_OK)
		return code;
	log = (struct weir_log *)wp_alloc_wiped(sizeof *log);
	if (log == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, "log.create", 0, "no memory for the log");
	if (options != NULL)
		log->options = *options;
	else
		log->options.level = WEIR_LOG_INFO;
	code = build(log, err);
	if (code != WEIR_OK) {
		weir__log_queue_free(&log->queue);
		wp_free_wiped(log, sizeof *log);
		return code;
	}
	*out = log;
	return WEIR_OK;
}

struct weir_log *weir_log_silent(void)
{
	/* Without the magic: every call passes it by. */
	static struct weir_log silent;

	return &silent;
}

void weir_log_destroy(struct weir_log *log)
{
	WEIR__CANCEL_DEFERRED;

	if (log == NULL || log->magic != LOG_MAGIC)
		return;
	wp_store_rel_32(&log->stop, 1);
	if (log->options.manual) {
		(void)flush_by_hand(log, weir_deadline_in(WEIR_TIME_NEVER_NS));
	} else {
		wake_writer(log);
		(void)pthread_join(log->thread, NULL);
	}
	weir__log_file_close(&log->file);
	weir__log_queue_free(&log->queue);
	wp_free_wiped(log, sizeof *log);
}

/* ---- flushing, and what was counted ---- */

static bool await_written(struct weir_log *log, uint64_t tail, struct weir_time deadline)
{
	for (;;) { /* ends: the thread has written it, or the deadline */
		const uint32_t seen = wp_load_acq_32(&log->progress); /* J4 */

		if (wp_load_acq_64(&log->queue.head) >= tail)
			return true;
		if (wp_now() >= deadline.ns)
			return false;
		(void)wp_futex_wait(&log->progress, seen, deadline.ns);
	}
}

bool weir_log_flush(struct weir_log *log, struct weir_time deadline)
{
	WEIR__CANCEL_DEFERRED;

	if (log == NULL || log->magic != LOG_MAGIC || wp_load_rlx_32(&log->thread_id) == wp_thread_id())
		return false; /* from the sink: it would wait for itself */
	const uint64_t tail = wp_load_rlx_64(&log->queue.tail);

	if (log->options.manual)
		return flush_by_hand(log, deadline);
	(void)wp_add_full_32(&log->flushing, 1); /* J4 */
	const bool written = await_written(log, tail, deadline);

	(void)wp_add_full_32(&log->flushing, UINT32_MAX);
	return written;
}

void weir_log_set_level(struct weir_log *log, enum weir_log_level level)
{
	if (log != NULL && log->magic == LOG_MAGIC && (unsigned)level <= WEIR_LOG_OFF)
		wp_store_rlx_32(&log->level, (uint32_t)level);
}

enum weir_code weir_log_read_stats(struct weir_log *log, struct weir_log_stats *stats)
{
	if (log == NULL || log->magic != LOG_MAGIC || stats == NULL || stats->size != sizeof *stats)
		return WEIR_ERR_BAD_ARGUMENT;
	stats->written = wp_load_rlx_64(&log->written);
	stats->failed = wp_load_rlx_64(&log->failed);
	stats->dropped = wp_load_rlx_64(&log->dropped);
	stats->suppressed = 0;
	for (int event = 0; event < WEIR_LOG_EVENTS_COUNT; event++)
		stats->suppressed += wp_load_rlx_64(&log->rates[event].total);
	return WEIR_OK;
}
