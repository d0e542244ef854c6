/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The sidecar file of the turnstile: layout, making it, and the bytes whose locks
 * say who is alive. The protocol is in turnstile.h.
 *
 * Bytes of the file, in the byte order of the machine
 *   0     magic, version, number of slots, length
 *   64    word
 *   128   counter of tickets
 *   192   slots, 64 bytes each: ticket, call
 *   3264  zero, to the end at 4096
 * Bytes that are only locked, past the end of the file
 *   4096  held while the file is made
 *   4160  life bytes, one a slot (OFD locks: go with the handle)
 *   4224  process bytes, one a slot (POSIX locks: go with the process)
 *   4288  held by who runs a migration outside a transaction (weir/schema.h, lock)
 *
 * Making it. Whoever finds the file empty, or of full length without a magic, takes
 * the making byte and looks again; then zeroes, and the header last. So a header
 * that is right is proof of a whole file, and needs no lock; and a maker that was
 * killed leaves what the next one makes anew. One that has no room for the zeroes
 * empties it again: nobody maps a file that never had a header. But for that, nobody
 * ever deletes or shortens the file: others may have it mapped.
 */
#ifndef WEIR_CORE_TURNSTILE_FILE_H
#define WEIR_CORE_TURNSTILE_FILE_H

#include <assert.h>

#include "platform_os.h"
#include "turnstile.h"

#define WEIR__PASS_MAGIC "weirpass"
#define WEIR__PASS_VERSION 1
#define WEIR__PASS_SLOTS 48
#define WEIR__PASS_LENGTH 4096
#define WEIR__PASS_BYTE_MAKE 4096
#define WEIR__PASS_BYTE_LIFE 4160
#define WEIR__PASS_BYTE_PROCESS 4224

/* Parts of word. */
#define WEIR__PASS_WAITS ((UINT64_C(1) << WEIR__PASS_SLOTS) - 1)
#define WEIR__PASS_OWNER_SHIFT 48
#define WEIR__PASS_TURN_SHIFT 56

struct weir__pass_header {
	char magic[8];
	uint32_t version;
	uint32_t slots;
	uint32_t length;
	uint32_t zero[11];
};

struct weir__pass_slot {
	wp_u64 ticket; /* its process, before A2 */
	wp_u32 call;   /* futex; C1 */
	uint32_t zero[13];
};

struct weir__pass_page {
	struct weir__pass_header header;
	wp_u64 word;
	uint64_t word_zero[7];
	wp_u64 tickets;
	uint64_t tickets_zero[7];
	struct weir__pass_slot slots[WEIR__PASS_SLOTS];
};

static_assert(sizeof(struct weir__pass_header) == 64, "processes of other builds map it");
static_assert(sizeof(struct weir__pass_slot) == 64, "processes of other builds map it");
static_assert(offsetof(struct weir__pass_page, word) == 64, "processes of other builds map it");
static_assert(offsetof(struct weir__pass_page, slots) == 192, "processes of other builds map it");
static_assert(sizeof(struct weir__pass_page) <= WEIR__PASS_LENGTH, "the file is one page");
static_assert(WEIR__PASS_SLOTS <= 64, "life bytes end where process bytes begin");

/* r/o after open, but for what the thread in enter saw of the owner. */
struct weir__turnstile {
	struct weir__pass_page *page; /* not there in a forked child */
	wp_u32 *here;                 /* 1; in a forked child 0 */
	int64_t look_ns;
	int64_t stall_ns;
	uint32_t slot;
	int fd;
	uint64_t seen_turn; /* OWNER and TURN, at the last look; kept from one wait to the next */
	int64_t seen_ns;    /* since when they are the same */
};

enum weir__pass_life {
	WEIR__PASS_DEAD = 0,    /* the caller has the slot's life byte now: give it back */
	WEIR__PASS_ALIVE = 1,   /* somebody has it */
	WEIR__PASS_UNKNOWN = 2, /* the system refuses to say */
};

/* Try to take the life byte of a slot, which must not be the handle's own. */
enum weir__pass_life weir__pass_take_life(const struct weir__turnstile *turnstile, uint32_t slot);
void weir__pass_give_life(const struct weir__turnstile *turnstile, uint32_t slot);

/* Lock the handle's process byte (again), as far as that is possible. */
void weir__pass_mark_process(const struct weir__turnstile *turnstile);

/* Whether some process, even this one, has locked the process byte of a slot. */
bool weir__pass_process_lives(const struct weir__turnstile *turnstile, uint32_t slot);

/* In turnstile.c: end what a slot's dead process left. The caller has its life
 * byte; it may be the handle's own slot, before its first use. */
void weir__pass_clear(const struct weir__turnstile *turnstile, uint32_t slot);

#endif
