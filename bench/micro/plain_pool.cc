/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A pool of weir's with settings of one's choice. See plain_pool.h.
 */
#include "plain_pool.h"

#include <weir/stub.h>

#include "micro.h"

namespace micro
{

namespace
{

/* The stub's reset only counts what it is asked. */
const weir_driver *plain_driver()
{
	static const weir_driver driver = [] {
		weir_driver copy = *weir_stub_prompt_driver();

		copy.reset = nullptr;
		return copy;
	}();

	return &driver;
}

} // namespace

plain_pool::plain_pool(const char *settings)
{
	weir_error err = WEIR_ERROR_INIT;
	weir_config config;

	weir_config_init(&config, plain_driver());
	if (weir_config_apply_pairs(&config, plain_driver(), settings, nullptr, &err) != WEIR_OK ||
	    weir_pool_create(&pool, plain_driver(), nullptr, &config, &err) != WEIR_OK)
		give_up("a pool could not be made", err);
}

plain_pool::~plain_pool()
{
	weir_pool_destroy(pool);
}

void plain_pool::acquire(weir_lease &lease) const
{
	weir_error err = WEIR_ERROR_INIT;

	if (weir_acquire_for(pool, &lease, WEIR_SECONDS(60), &err) != WEIR_OK)
		give_up("weir gave no lease", err);
}

void plain_pool::release(weir_lease &lease) const
{
	weir_error err = WEIR_ERROR_INIT;

	if (weir_release(&lease, &err) != WEIR_OK)
		give_up("weir refused a lease that it gave", err);
}

} // namespace micro
