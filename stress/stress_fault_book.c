/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See stress_fault_book.h.
 */
#include "stress_fault_book.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void book_restart(struct book *book)
{
	memset(book->entries, 0, (book->count + 1) * sizeof book->entries[0]);
	book->count = 0;
	book->transactions = 0;
	book->schema = BOOK_ABSENT;
}

void book_complain(struct book *book, const char *format, ...)
{
	char text[BOOK_TEXT];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (book->complaints < BOOK_COMPLAINTS) {
		(void)snprintf(book->complaint[book->complaints], BOOK_TEXT, "%s: %.380s", book->where,
		               text);
		(void)fprintf(stderr, "weir-stress: %s\n", book->complaint[book->complaints]);
	}
	book->complaints++;
}

uint32_t book_begin(struct book *book, uint64_t checksum)
{
	if (book->count == BOOK_MAX)
		abort(); /* a plan that is longer than the book */
	book->count++;
	book->entries[book->count] = (struct book_entry){.checksum = checksum};
	return book->count;
}

void book_end(struct book *book, uint32_t n, enum weir_outcome outcome)
{
	static const enum book_fate fates[WEIR_INDETERMINATE + 1] = {
		[WEIR_OUTCOME_NONE] = BOOK_EITHER, [WEIR_COMMITTED] = BOOK_THERE,
		[WEIR_FAILED] = BOOK_ABSENT,       [WEIR_REJECTED] = BOOK_ABSENT,
		[WEIR_TIMED_OUT] = BOOK_ABSENT,    [WEIR_INDETERMINATE] = BOOK_EITHER,
	};

	if ((unsigned)outcome > WEIR_INDETERMINATE || outcome == WEIR_OUTCOME_NONE) {
		book_complain(book, "write %" PRIu32 " has no outcome", n);
		outcome = WEIR_OUTCOME_NONE;
	}
	book->outcomes[outcome]++;
	book->entries[n].fate = fates[outcome];
}

void book_loosen(struct book *book)
{
	for (uint32_t n = book->count; n > 0; n--) {
		struct book_entry *const entry = &book->entries[n];

		if (entry->fate == BOOK_THERE && entry->durable)
			return;
		if (entry->fate == BOOK_THERE || entry->fate == BOOK_BEGUN)
			entry->fate = BOOK_EITHER;
	}
}

/* ---- comparing ---- */

struct settling {
	struct book *book;
	bool in_order;
	bool ended;            /* in_order: one was not there */
	uint32_t transaction;  /* the last one looked at, */
	bool transaction_kept; /* and whether it was there */
};

static void settle_open(struct settling *settling, struct book_entry *entry, uint32_t n, bool there)
{
	struct book *const book = settling->book;

	if (there && settling->in_order && settling->ended)
		book_complain(book, "write %" PRIu32 " is there, and one before it is not", n);
	if (!there)
		settling->ended = true;
	if (entry->transaction != 0 && entry->transaction == settling->transaction &&
	    settling->transaction_kept != there)
		book_complain(book, "write %" PRIu32 " was torn from its group", n);
	settling->transaction = entry->transaction;
	settling->transaction_kept = there;
	if (there)
		book->kept++;
	else
		book->gone++;
	entry->fate = there ? BOOK_THERE : BOOK_ABSENT;
	entry->durable = true; /* it was read from the disk */
}

static void settle_one(struct settling *settling, uint32_t n, const struct book_found *found)
{
	struct book *const book = settling->book;
	struct book_entry *const entry = &book->entries[n];
	const bool there = found->rows != 0 || found->pads != 0;
	const bool whole = found->rows == 1 && found->pads == entry->pads && !found->garbled;

	if (there && !whole)
		book_complain(book,
		              "write %" PRIu32 " is not whole: %" PRIu32 " rows, %" PRIu32 " of %" PRIu32
		              " rows beside%s",
		              n, found->rows, found->pads, entry->pads,
		              found->garbled ? ", other contents" : "");
	switch (entry->fate) {
	case BOOK_THERE:
		book->lost += !whole;
		if (there)
			break;
		book_complain(book, "write %" PRIu32 " was acknowledged, and is lost", n);
		entry->fate = BOOK_ABSENT; /* said once */
		break;
	case BOOK_ABSENT:
		if (there)
			book_complain(book, "write %" PRIu32 " was reported as failed, and is there", n);
		break;
	default:
		settle_open(settling, entry, n, there);
	}
}

void book_settle(struct book *book, const struct book_found *found, bool in_order)
{
	struct settling settling = {.book = book, .in_order = in_order};

	for (uint32_t n = 1; n <= book->count; n++)
		settle_one(&settling, n, &found[n]);
}
