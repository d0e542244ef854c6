/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What every fuzz target needs: a check that ends the process, in whatever way the
 * program that drives the target notices, and the input as numbers.
 */
#ifndef STRESS_FUZZ_CHECK_H
#define STRESS_FUZZ_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One input. Keeps nothing between two calls but what costs time to make. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

_Noreturn void fuzz_fail(const char *file, int line, const char *what);

#define FUZZ_CHECK(condition) ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))

/* The input, read from the front; zeros once it has ended. */
struct fuzz_input {
	const uint8_t *bytes;
	size_t left;
};

static inline uint8_t fuzz_byte(struct fuzz_input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->bytes++;
}

/* A number below limit. Its last four bits suffice for a small one, so that in a
 * seed, which is text, the digits stand for themselves. */
static inline uint32_t fuzz_digit(struct fuzz_input *in, uint32_t limit)
{
	return (fuzz_byte(in) & 15u) % limit;
}

/* Which of count operations comes next: a letter stands for its place in the
 * alphabet, from 0, whatever its case. */
static inline uint32_t fuzz_letter(struct fuzz_input *in, uint32_t count)
{
	return ((fuzz_byte(in) + 31u) & 31u) % count;
}

/* The bytes as a string of the caller's: cut at a NUL byte, to be freed. In memory
 * of its own length, so that AddressSanitizer sees a read past it. */
char *fuzz_string(const uint8_t *data, size_t size);

#endif
