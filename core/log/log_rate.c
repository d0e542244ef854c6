/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See log_rate.h.
 */
#include "log_rate.h"

bool weir__log_rate_pass(struct weir__log_rate *rate, int64_t now_ns, uint32_t per_second,
                         uint64_t *suppressed)
{
	const uint64_t second = (uint64_t)(now_ns / INT64_C(1000000000)) & UINT32_MAX;

	for (;;) { /* ends: each further round, another thread said the same */
		const uint64_t word = wp_load_rlx_64(&rate->word);
		const uint64_t passed = word >> 32 == second ? word & UINT32_MAX : 0;

		if (passed >= per_second) {
			(void)wp_add_rlx_64(&rate->suppressed, 1);
			(void)wp_add_rlx_64(&rate->total, 1);
			return false;
		}
		if (wp_cas_acqrel_64(&rate->word, word, second << 32 | (passed + 1)))
			break;
	}
	*suppressed = wp_load_rlx_64(&rate->suppressed);
	if (*suppressed != 0)
		*suppressed = wp_xchg_full_64(&rate->suppressed, 0);
	return true;
}
