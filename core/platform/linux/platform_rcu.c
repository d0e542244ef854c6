/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See platform_rcu.h.
 */
#include "platform_rcu.h"

#include <pthread.h>

#include "platform_os.h"

static wp_u32 phase;
static wp_u32 readers[2];
static pthread_mutex_t turning = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t prepared = PTHREAD_ONCE_INIT;

/* In a child: sections of the parent's threads do not end there, nor does a turn. */
static void forget(void)
{
	(void)pthread_mutex_init(&turning, NULL);
	wp_store_rlx_32(&readers[0], 0);
	wp_store_rlx_32(&readers[1], 0);
}

static void prepare(void)
{
	(void)pthread_atfork(NULL, NULL, forget);
}

uint32_t wp_rcu_read_begin(void)
{
	const uint32_t token = wp_load_acq_32(&phase) & 1;

	(void)wp_add_full_32(&readers[token], 1); /* D4 */
	return token;
}

void wp_rcu_read_end(uint32_t token)
{
	(void)wp_add_full_32(&readers[token], UINT32_MAX); /* D4 */
}

static void turn(void)
{
	const uint32_t before = wp_add_full_32(&phase, 1) & 1; /* D3 */

	while (wp_load_acq_32(&readers[before]) != 0) /* ends: sections are short */
		wp_yield();
}

void wp_rcu_synchronize(void)
{
	(void)pthread_once(&prepared, prepare);
	(void)pthread_mutex_lock(&turning);
	turn();
	turn();
	(void)pthread_mutex_unlock(&turning);
}
