/* SPDX-License-Identifier: BSD-2-Clause
 *
 * In place of core's files that hold no protocol: texts of errors, helper threads,
 * and the turnstile's file, of which only who is alive matters here.
 */
#include "error_internal.h"
#include "log_internal.h"
#include "pool_internal.h"
#include "relacy_stand_ins.h"
#include "turnstile_file.h"

unsigned stand_in_dead;

/* ---- error.c ---- */

enum weir_code weir_fail(struct weir_error *err, enum weir_code code, const char *, int32_t,
                         const char *, ...)
{
	if (err != NULL)
		err->code = code;
	return code;
}

enum weir_code weir__error_store(struct weir_error *err, const struct weir_error *detail)
{
	if (err != NULL)
		err->code = detail->code;
	return detail->code;
}

const char *weir_error_text(enum weir_code)
{
	return "";
}

const char *weir_error_name(enum weir_code)
{
	return "";
}

/* ---- log.c: nobody waits for it ---- */

void weir__log(struct weir_log *, enum weir_log_event, const struct weir__field *, size_t)
{
}

/* ---- histogram.c: no pool here has any ---- */

void weir__histogram_add(struct weir__histogram *, uint32_t, int64_t, uint64_t)
{
}

void weir__histogram_free(struct weir__histogram *)
{
}

/* ---- time.c ---- */

struct weir_time weir_deadline_in(int64_t timeout_ns)
{
	return {weir__add_ns(wp_now(), timeout_ns)};
}

/* ---- opener.c: no driver here has opens that may hang ---- */

bool weir__opener_request(struct weir_pool *, struct weir__slot *)
{
	return false;
}

bool weir__opener_prefill(struct weir_pool *, struct weir__slot *)
{
	return false;
}

void weir__opener_stop(struct weir__opener *)
{
}

void weir__opener_free(struct weir__opener *)
{
}

/* ---- turnstile_file.c ---- */

enum weir__pass_life weir__pass_take_life(const struct weir__turnstile *, uint32_t slot)
{
	return (stand_in_dead >> slot & 1) != 0 ? WEIR__PASS_DEAD : WEIR__PASS_ALIVE;
}

void weir__pass_give_life(const struct weir__turnstile *, uint32_t)
{
}

void weir__pass_mark_process(const struct weir__turnstile *)
{
}

bool weir__pass_process_lives(const struct weir__turnstile *, uint32_t)
{
	return true;
}
