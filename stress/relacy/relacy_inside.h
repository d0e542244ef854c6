/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the machine's files call of each other, and Relacy itself, without the names
 * that it takes from C and C++.
 */
#ifndef WEIR_RELACY_INSIDE_H
#define WEIR_RELACY_INSIDE_H

#include <relacy/relacy.hpp>
#undef new
#undef delete
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef assert
#undef errno

#include "relacy_machine.h"

/* Memory given out in this execution. */
struct block {
	const char *begin;
	const char *end;
	bool freed;
};

/* The block that an address is in, or NULL: static memory, or a stack. */
block *block_of(const void *address);

/* Whether core's plain accesses there are to be watched: memory of the machine, while
 * threads run. What happens before and after them is ordered with all they do. */
bool is_watched(const void *address);

/* An access to what is in block, which must be alive. */
void block_touch(block *in, const rl::debug_info &info);

void words_begin(void (*unseen)(void *data));
void words_end(void);
void system_begin(int threads);

/* An access to plain data. */
void plain_touch(const void *address, bool writes, const rl::debug_info &info);

/* The newest value of a word. */
uint64_t word_newest(const wp_u32 *word, const rl::debug_info &info);
/* The same, for a thread that reads it: it never reads an older one again. */
void word_see_newest(const wp_u32 *word, const rl::debug_info &info);

static inline rl::debug_info info_of(const wp_place &place)
{
	return {place.function, place.file, place.line};
}

struct note_event {
	const char *text;
	const void *word;
	uint64_t value;

	void output(std::ostream &s) const
	{
		s << text << " <" << std::hex << word << std::dec << "> " << value;
	}
};

/* Into the report of the execution, if there is one. */
static inline void note(const rl::debug_info &info, const char *text, const void *word,
                        uint64_t value)
{
	rl::context &c = rl::ctx();

	RL_HIST(note_event){text, word, value} RL_HIST_END();
}

#endif
