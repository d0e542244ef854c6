/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Codes and their texts, and the one door through which a struct weir_error is
 * written: the caller's struct may be shorter than ours (an older program), so
 * it is filled field by field as far as its size reaches.
 */
#include "error_internal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "text_buffer.h"

struct code_entry {
	enum weir_code code;
	enum weir_retry retry;
	const char *name;
	const char *text;
};

static const struct code_entry code_table[] = {
#define CODE_ENTRY(name, value, retry, text) {WEIR_ERR_##name, WEIR_RETRY_##retry, #name, text},
	WEIR_ERROR_LIST(CODE_ENTRY)
#undef CODE_ENTRY
		{WEIR_OK, WEIR_RETRY_NO, "OK", "the call succeeded"},
};

/*
 * Every field after size, in order. step is the smallest part of it that means
 * something by itself: a byte of text, one holder, otherwise the whole field. A
 * size that cuts a pointer in half must not leave half a pointer behind.
 */
struct field {
	size_t offset;
	size_t size;
	size_t step;
};

#define FIELD_SIZE(name) sizeof(((struct weir_error *)NULL)->name)
#define FIELD_PARTS(name, step)                                                                    \
	{                                                                                              \
		offsetof(struct weir_error, name), FIELD_SIZE(name), step                                  \
	}
#define FIELD(name) FIELD_PARTS(name, FIELD_SIZE(name))

static const struct field fields[] = {
	FIELD(code),
	FIELD(driver_code),
	FIELD(reserved),
	FIELD(where),
	FIELD_PARTS(message, 1),
	FIELD(reason),
	FIELD(queue_length),
	FIELD(queued_ns),
	FIELD(open_ns),
	FIELD(validate_ns),
	FIELD(last_open_code),
	FIELD(last_open_driver_code),
	FIELD(last_open_age_ns),
	FIELD_PARTS(last_open_message, 1),
	FIELD(holders_count),
	FIELD(holders_total),
	FIELD_PARTS(holders, sizeof(struct weir_holder)),
};

#define HOLDERS_OFFSET offsetof(struct weir_error, holders)
#define SIZE_MIN (offsetof(struct weir_error, code) + sizeof(enum weir_code))

static_assert(SIZE_MIN == 8, "weir/error.h promises that 8 bytes are enough for the code");
static_assert(sizeof(struct weir_error) <= WEIR_ERROR_SIZE_MAX, "our own size must be accepted");

/* How many bytes the owner of err knows; 0 where err cannot be used. */
static size_t known_size(const struct weir_error *err)
{
	if (err == NULL || err->size < SIZE_MIN || err->size > WEIR_ERROR_SIZE_MAX)
		return 0;
	return err->size;
}

/* Copy the fields, or parts of fields, that lie within known bytes. */
static void copy_known(struct weir_error *to, const struct weir_error *from, size_t known)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct field *field = &fields[i];
		const size_t room = known > field->offset ? known - field->offset : 0;
		const size_t whole = room < field->size ? room : field->size;
		const size_t bytes = whole / field->step * field->step;

		memcpy((char *)to + field->offset, (const char *)from + field->offset, bytes);
		if (field->step == 1 && bytes > 0)
			((char *)to)[field->offset + bytes - 1] = '\0';
	}
	if (known < sizeof(struct weir_error) && known >= HOLDERS_OFFSET) {
		const size_t fit = (known - HOLDERS_OFFSET) / sizeof(struct weir_holder);

		if (to->holders_count > fit)
			to->holders_count = (uint32_t)fit;
	}
}

enum weir_code weir__error_store(struct weir_error *err, const struct weir_error *detail)
{
	const size_t known = known_size(err);

	if (known > 0) {
		memset((char *)err + sizeof(err->size), 0, known - sizeof(err->size));
		copy_known(err, detail, known);
	}
	return detail->code;
}

enum weir_code weir_fail(struct weir_error *err, enum weir_code code, const char *where,
                         int32_t driver_code, const char *format, ...)
{
	if (known_size(err) == 0)
		return code;

	/* Built aside first: the arguments may point into err's own message. */
	struct weir_error detail = {.code = code, .driver_code = driver_code, .where = where};
	va_list args;

	va_start(args, format);
	(void)vsnprintf(detail.message, sizeof(detail.message), format, args);
	va_end(args);
	return weir__error_store(err, &detail);
}

bool weir_error_is(enum weir_code code, enum weir_code family)
{
	const unsigned code_bits = (unsigned)code;
	const unsigned family_bits = (unsigned)family;

	if (code == WEIR_OK || family == WEIR_OK)
		return false;
	return code_bits == family_bits ||
	       ((family_bits & 0xff) == 0 && code_bits >> 8 == family_bits >> 8);
}

static const struct code_entry *find_code(enum weir_code code)
{
	for (size_t i = 0; i < sizeof(code_table) / sizeof(code_table[0]); i++) {
		if (code_table[i].code == code)
			return &code_table[i];
	}
	return NULL;
}

const char *weir_error_name(enum weir_code code)
{
	const struct code_entry *entry = find_code(code);

	return entry != NULL ? entry->name : NULL;
}

const char *weir_error_text(enum weir_code code)
{
	const struct code_entry *entry = find_code(code);

	return entry != NULL ? entry->text : NULL;
}

enum weir_retry weir_error_retry(enum weir_code code)
{
	const struct code_entry *entry = find_code(code);

	return entry != NULL ? entry->retry : WEIR_RETRY_NO;
}

struct reason_entry {
	const char *name;
	const char *text;
};

static const struct reason_entry reasons[] = {
	[WEIR_WAIT_NONE] = {"none", "the failure was not a wait"},
	[WEIR_WAIT_LEASED] = {"leased", "every connection was leased"},
	[WEIR_WAIT_OPENING] = {"opening", "connections were being opened, but not in time"},
	[WEIR_WAIT_OPEN_DOWN] = {"open-down", "connections could not be opened"},
	[WEIR_WAIT_CLOSED] = {"closed", "the pool was closed during the wait"},
	[WEIR_WAIT_SUSPENDED] = {"suspended", "the pool was suspended"},
};

static const struct reason_entry *find_reason(enum weir_wait_reason reason)
{
	static const struct reason_entry unknown = {"unknown", "unknown"};
	const size_t index = (size_t)reason;

	return index < sizeof(reasons) / sizeof(reasons[0]) ? &reasons[index] : &unknown;
}

const char *weir_wait_reason_name(enum weir_wait_reason reason)
{
	return find_reason(reason)->name;
}

#define SPAN_TEXT_MAX 32

/* A span of time to be read by people: three digits, the unit that fits. */
static const char *span_text(int64_t ns, char text[SPAN_TEXT_MAX])
{
	static const struct {
		double ns;
		const char *name;
	} units[] = {{3600e9, "h"}, {60e9, "m"}, {1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}};
	const double span = (double)ns;
	size_t i = 0;

	while (i + 1 < sizeof(units) / sizeof(units[0]) && span < units[i].ns)
		i++;
	(void)snprintf(text, SPAN_TEXT_MAX, "%.3g %s", span / units[i].ns, units[i].name);
	return text;
}

static void describe_code(struct weir__text *out, const struct weir_error *err)
{
	const char *name = weir_error_name(err->code);
	const char *text = weir_error_text(err->code);

	if (name != NULL)
		weir__text_add(out, "%s", name);
	else
		weir__text_add(out, "code 0x%04x", (unsigned)err->code);
	if (err->where != NULL)
		weir__text_add(out, " in %s", err->where);
	if (err->message[0] != '\0')
		weir__text_add(out, ": %s", err->message);
	else if (text != NULL)
		weir__text_add(out, ": %s", text);
	if (err->driver_code != 0)
		weir__text_add(out, " (driver code %" PRId32 ")", err->driver_code);
}

static void describe_last_open(struct weir__text *out, const struct weir_error *err)
{
	char age[SPAN_TEXT_MAX];
	const char *name = weir_error_name(err->last_open_code);

	weir__text_add(out, "\n  last open error: %s ago, %s", span_text(err->last_open_age_ns, age),
	               name != NULL ? name : "unknown");
	if (err->last_open_message[0] != '\0')
		weir__text_add(out, ": %s", err->last_open_message);
	if (err->last_open_driver_code != 0)
		weir__text_add(out, " (driver code %" PRId32 ")", err->last_open_driver_code);
}

static void describe_holders(struct weir__text *out, const struct weir_error *err)
{
	const uint32_t count = err->holders_count < WEIR_ERROR_HOLDERS_MAX ? err->holders_count
	                                                                   : WEIR_ERROR_HOLDERS_MAX;
	char least[SPAN_TEXT_MAX];
	char most[SPAN_TEXT_MAX];

	weir__text_add(out, "\n  leases out: %" PRIu32, err->holders_total);
	if (count > 0)
		weir__text_add(out, "; the longest held:");
	for (uint32_t i = 0; i < count; i++) {
		const struct weir_holder *holder = &err->holders[i];

		weir__text_add(out,
		               "\n    slot %" PRIu32 ", thread %" PRIu32 ", held for %s to %s, since %s",
		               holder->slot, holder->thread, span_text(holder->held_ns_min, least),
		               span_text(holder->held_ns_max, most),
		               holder->site != NULL ? holder->site : "an unknown place");
	}
}

static void describe_wait(struct weir__text *out, const struct weir_error *err)
{
	char queued[SPAN_TEXT_MAX];
	char opening[SPAN_TEXT_MAX];
	char validating[SPAN_TEXT_MAX];

	weir__text_add(out, "\n  reason: %s (%s)", find_reason(err->reason)->text,
	               weir_wait_reason_name(err->reason));
	weir__text_add(out, "\n  time spent: queued %s, opening %s, validating %s",
	               span_text(err->queued_ns, queued), span_text(err->open_ns, opening),
	               span_text(err->validate_ns, validating));
	weir__text_add(out, "\n  others in the queue: %" PRIu32, err->queue_length);
}

size_t weir_error_describe(const struct weir_error *err, char *text, size_t text_size)
{
	struct weir__text out = weir__text_make(text, text_size);
	struct weir_error whole = {0};
	const size_t known = known_size(err);

	if (known == 0)
		return 0;
	copy_known(&whole, err, known);
	describe_code(&out, &whole);
	if (whole.reason != WEIR_WAIT_NONE)
		describe_wait(&out, &whole);
	if (whole.last_open_code != WEIR_OK)
		describe_last_open(&out, &whole);
	if (whole.holders_total > 0 || whole.holders_count > 0)
		describe_holders(&out, &whole);
	return out.length;
}
