/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Core's own plain fields, watched for data races. Its files are compiled with
 * -fsanitize=thread, which puts a call before every plain access, and linked without
 * that sanitizer's library: the calls come here. Only memory that core takes from the
 * machine is watched; stacks and static data belong to one thread, or do not change.
 */
#include "relacy_inside.h"

static void watch(const void *address, size_t bytes, bool writes)
{
	if (!is_watched(address))
		return;
	const rl::debug_info info(writes ? "a plain write of core" : "a plain read of core", "", 0);

	for (size_t at = 0; at < bytes; at += 8)
		plain_touch((const char *)address + at, writes, info);
}

extern "C" {
void __tsan_init(void)
{
}

void __tsan_func_entry(void *)
{
}

void __tsan_func_exit(void)
{
}

void __tsan_read1(void *address)
{
	watch(address, 1, false);
}

void __tsan_read2(void *address)
{
	watch(address, 1, false);
}

void __tsan_read4(void *address)
{
	watch(address, 1, false);
}

void __tsan_read8(void *address)
{
	watch(address, 1, false);
}

void __tsan_read16(void *address)
{
	watch(address, 16, false);
}

void __tsan_write1(void *address)
{
	watch(address, 1, true);
}

void __tsan_write2(void *address)
{
	watch(address, 1, true);
}

void __tsan_write4(void *address)
{
	watch(address, 1, true);
}

void __tsan_write8(void *address)
{
	watch(address, 1, true);
}

void __tsan_write16(void *address)
{
	watch(address, 16, true);
}

void __tsan_read_range(void *address, long bytes)
{
	watch(address, (size_t)bytes, false);
}

void __tsan_write_range(void *address, long bytes)
{
	watch(address, (size_t)bytes, true);
}
}
