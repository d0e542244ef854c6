/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A pool of weir's with settings of one's choice, over connections that do
 * nothing.
 */
#ifndef BENCH_PLAIN_POOL_H
#define BENCH_PLAIN_POOL_H

#include <weir/weir.h>

namespace micro
{

class plain_pool
{
  public:
	explicit plain_pool(const char *settings);
	~plain_pool();
	plain_pool(const plain_pool &) = delete;
	plain_pool &operator=(const plain_pool &) = delete;

	void acquire(weir_lease &lease) const;
	void release(weir_lease &lease) const; /* the thread need not have acquired it */

	weir_pool *pool = nullptr;
};

} // namespace micro

#endif
