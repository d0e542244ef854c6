/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SHA-256 as FIPS 180-4 defines it (sections 4.1.2, 4.2.2, 5.1.1, 5.3.3 and 6.2),
 * and what of a script goes into it.
 */
#include "set.h"

#include <string.h>

#define BLOCK 64
#define LENGTH_AT 56 /* where the length in bits stands in the last block */

/* Section 4.2.2: of the cube roots of the first 64 primes. */
static const uint32_t constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t word, unsigned bits)
{
	return word >> bits | word << (32 - bits);
}

static uint32_t word_at(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       (uint32_t)bytes[3];
}

/* The message schedule: section 6.2.2, step 1. */
static void schedule(const unsigned char *block, uint32_t words[64])
{
	for (size_t i = 0; i < 16; i++)
		words[i] = word_at(block + 4 * i);
	for (size_t i = 16; i < 64; i++) {
		const uint32_t early = words[i - 15];
		const uint32_t late = words[i - 2];

		words[i] = words[i - 16] + (rotate(early, 7) ^ rotate(early, 18) ^ early >> 3) +
		           words[i - 7] + (rotate(late, 17) ^ rotate(late, 19) ^ late >> 10);
	}
}

static void compress(uint32_t state[8], const unsigned char *block)
{
	uint32_t words[64];
	uint32_t v[8]; /* the standard's a to h */

	schedule(block, words);
	memcpy(v, state, sizeof v);
	for (size_t i = 0; i < 64; i++) {
		const uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
		const uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
		const uint32_t first = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) +
		                       choice + constants[i] + words[i];
		const uint32_t second = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) + majority;

		memmove(v + 1, v, 7 * sizeof v[0]);
		v[4] += first;
		v[0] = first + second;
	}
	for (size_t i = 0; i < 8; i++)
		state[i] += v[i];
}

void weir__sha256_begin(struct weir__sha256 *sum)
{
	/* Section 5.3.3: of the square roots of the first eight primes. */
	static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	                                  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

	memset(sum, 0, sizeof *sum);
	memcpy(sum->state, start, sizeof start);
}

void weir__sha256_add(struct weir__sha256 *sum, const void *bytes, size_t length)
{
	const unsigned char *from = bytes;

	while (length > 0) {
		const size_t used = (size_t)(sum->bytes % BLOCK);
		const size_t piece = length < BLOCK - used ? length : BLOCK - used;

		memcpy(sum->block + used, from, piece);
		sum->bytes += piece;
		from += piece;
		length -= piece;
		if (used + piece == BLOCK)
			compress(sum->state, sum->block);
	}
}

void weir__sha256_end(struct weir__sha256 *sum, char hex[WEIR_MIGRATE_CHECKSUM_MAX])
{
	static const char digits[] = "0123456789abcdef";
	static const unsigned char padding[BLOCK] = {0x80};
	const uint64_t bits = sum->bytes * 8;
	const size_t used = (size_t)(sum->bytes % BLOCK);
	unsigned char length[8];

	for (size_t i = 0; i < 8; i++)
		length[i] = (unsigned char)(bits >> (56 - 8 * i));
	weir__sha256_add(sum, padding, (used < LENGTH_AT ? LENGTH_AT : BLOCK + LENGTH_AT) - used);
	weir__sha256_add(sum, length, sizeof length);
	for (size_t i = 0; i < 64; i++)
		hex[i] = digits[sum->state[i / 8] >> (28 - 4 * (i % 8)) & 15];
	hex[64] = '\0';
}

static bool is_space(char byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

void weir__sha256_add_script(struct weir__sha256 *sum, const char *text, size_t length)
{
	size_t begin = 0;

	if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
		begin = 3;
	while (length > begin && is_space(text[length - 1]))
		length--;
	while (begin < length) {
		const char *const carriage = memchr(text + begin, '\r', length - begin);
		const size_t end = carriage == NULL ? length : (size_t)(carriage - text);

		weir__sha256_add(sum, text + begin, end - begin);
		if (carriage == NULL)
			return;
		weir__sha256_add(sum, "\n", 1);
		begin = end + 1;
		if (begin < length && text[begin] == '\n')
			begin++;
	}
}
