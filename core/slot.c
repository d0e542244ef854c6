/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The names of the states. The protocol is in slot.h.
 */
#include "slot.h"

const char *weir__state_name(enum weir__state state)
{
	static const char *const names[WEIR__STATES] = {
		"EMPTY", "OPENING", "IDLE", "LEASED", "CHECKING", "CLOSING", "SPARE",
	};

	return (unsigned)state < WEIR__STATES ? names[state] : "?";
}
