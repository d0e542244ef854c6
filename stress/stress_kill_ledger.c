/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See stress_kill_ledger.h.
 */
#include "stress_kill_ledger.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>

#include "stress_random.h"

struct kill_ledger *kill_ledger_create(void)
{
	void *const place = mmap(NULL, sizeof(struct kill_ledger), PROT_READ | PROT_WRITE,
	                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return place != MAP_FAILED ? place : NULL;
}

void kill_ledger_destroy(struct kill_ledger *ledger)
{
	if (ledger != NULL)
		(void)munmap(ledger, sizeof *ledger);
}

void kill_complain(struct kill_ledger *ledger, const char *format, ...)
{
	va_list arguments;

	if (atomic_exchange(&ledger->complained, true))
		return;
	va_start(arguments, format);
	(void)vsnprintf(ledger->complaint, sizeof ledger->complaint, format, arguments);
	va_end(arguments);
}

uint64_t kill_begin(struct kill_writer *writer)
{
	const uint64_t n = atomic_load_explicit(&writer->done, memory_order_relaxed) + 1;

	atomic_store_explicit(&writer->begun, n, memory_order_release); /* A1 */
	return n;
}

void kill_publish(struct kill_writer *writer, uint64_t n, enum kill_fate fate, uint64_t checksum)
{
	const uint64_t from = (n - 1) & 1;
	const uint64_t to = n & 1;
	const bool counts = fate == KILL_COMMITTED;
	const uint64_t count = atomic_load_explicit(&writer->books[from].count, memory_order_relaxed);
	const uint64_t total = atomic_load_explicit(&writer->books[from].total, memory_order_relaxed);
	const uint64_t last = atomic_load_explicit(&writer->books[from].last, memory_order_relaxed);

	atomic_store_explicit(&writer->books[to].count, count + counts, memory_order_relaxed);
	atomic_store_explicit(&writer->books[to].total, counts ? kill_add(total, checksum) : total,
	                      memory_order_relaxed);
	atomic_store_explicit(&writer->books[to].last, counts ? n : last, memory_order_relaxed);
	atomic_store_explicit(&writer->fate[n % KILL_RING], (uint8_t)fate, memory_order_relaxed);
	atomic_store_explicit(&writer->done, n, memory_order_release); /* A3 */
}

uint64_t kill_read_book(struct kill_writer *writer, struct kill_book *book)
{
	uint64_t n = atomic_load_explicit(&writer->done, memory_order_acquire); /* A4 */

	for (;;) { /* ends: a writer that publishes twice in a few loads is rare */
		uint64_t again;

		book->count = atomic_load_explicit(&writer->books[n & 1].count, memory_order_relaxed);
		book->total = atomic_load_explicit(&writer->books[n & 1].total, memory_order_relaxed);
		book->last = atomic_load_explicit(&writer->books[n & 1].last, memory_order_relaxed);
		atomic_thread_fence(memory_order_acquire); /* A5 */
		again = atomic_load_explicit(&writer->done, memory_order_acquire);
		if (again == n)
			return n;
		n = again;
	}
}

enum kill_fate kill_fate_of(struct kill_writer *writer, uint64_t n)
{
	return (enum kill_fate)atomic_load_explicit(&writer->fate[n % KILL_RING], memory_order_relaxed);
}

uint64_t kill_count(struct kill_ledger *ledger, uint32_t first, uint32_t writers)
{
	uint64_t sum = 0;

	for (uint32_t i = first; i < first + writers; i++) {
		struct kill_book book;

		(void)kill_read_book(&ledger->writers[i], &book);
		sum += book.count;
	}
	return sum;
}

/* One write in 32 is larger than a page of the database. */
static uint32_t draw_length(uint64_t *random)
{
	const uint32_t small = 16 + stress_random_below(random, 180);

	return stress_random_below(random, 32) != 0 ? small : 2000 + 36 * small;
}

void kill_fill(struct kill_content *content, uint32_t writer, uint64_t n)
{
	uint64_t random = stress_random_init(n, writer);
	uint64_t checksum = UINT64_C(0xcbf29ce484222325); /* FNV-1a's offset and prime */

	for (int i = 0; i < 8; i++) /* neighbouring seeds part */
		(void)stress_random(&random);
	content->length = draw_length(&random);
	for (uint32_t i = 0; i < content->length; i++) {
		content->bytes[i] = (uint8_t)stress_random(&random);
		checksum = (checksum ^ content->bytes[i]) * UINT64_C(0x100000001b3);
	}
	checksum = (checksum ^ writer) * UINT64_C(0x100000001b3);
	checksum = (checksum ^ n) * UINT64_C(0x100000001b3);
	content->checksum = checksum & KILL_SUM_MASK;
}
