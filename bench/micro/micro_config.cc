/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading a configuration: what a program pays once for each pool that it opens.
 * The floor is filling in the defaults.
 */
#include <weir/sqlite.h>
#include <weir/weir.h>

#include "micro.h"

namespace
{

using micro::give_up;

constexpr char url[] =
	"sqlite:/var/lib/app/app.db?max_size=8&acquire_timeout=250ms&cache_size=8MiB";
constexpr char pairs[] = "max_size=8 acquire_timeout=250ms cache_size=8MiB";

void run(benchmark::State &state,
         weir_code (*apply)(weir_config *, const weir_driver *, weir_error *))
{
	const weir_driver *const driver = weir_sqlite_driver();
	weir_error err = WEIR_ERROR_INIT;
	weir_config config;

	for ([[maybe_unused]] auto round : state) {
		weir_config_init(&config, driver);
		if (apply(&config, driver, &err) != WEIR_OK)
			give_up("a configuration was refused", err);
		benchmark::DoNotOptimize(config);
	}
}

} // namespace

micro::family micro::register_config()
{
	const auto add = [](const char *name, auto apply) {
		benchmark::RegisterBenchmark(name, [apply](benchmark::State &state) { run(state, apply); });
	};

	add("config/defaults",
	    [](weir_config *, const weir_driver *, weir_error *) { return WEIR_OK; });
	add("config/url", [](weir_config *config, const weir_driver *driver, weir_error *err) {
		return weir_config_apply_url(config, driver, url, nullptr, err);
	});
	add("config/pairs", [](weir_config *config, const weir_driver *driver, weir_error *err) {
		return weir_config_apply_pairs(config, driver, pairs, nullptr, err);
	});
	add("config/check", [](weir_config *config, const weir_driver *driver, weir_error *err) {
		return weir_config_check(config, driver, nullptr, err);
	});
	return {"config",
	        "a configuration, from text to settings that are checked",
	        axis::none,
	        false,
	        {"defaults", "url", "pairs", "check"},
	        0.0};
}
