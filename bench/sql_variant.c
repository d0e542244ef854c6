/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The SQL variants by number. See sql_variant.h.
 */
#include "sql_variant.h"

const struct bench_sql_variant *bench_sql_variant_of(enum bench_sql_pool pool)
{
	static const struct bench_sql_variant *const variants[BENCH_SQL_POOLS] = {
		[BENCH_SQL_WEIR] = &bench_sql_weir,
		[BENCH_SQL_WEIR_POOL] = &bench_sql_weir_pool,
		[BENCH_SQL_BUSY_TIMEOUT] = &bench_sql_busy_timeout,
		[BENCH_SQL_MUTEX_WRITER] = &bench_sql_mutex_writer,
		[BENCH_SQL_SHARED_CONN] = &bench_sql_shared_conn,
		[BENCH_SQL_GROUP_OF_32] = &bench_sql_group_of_32,
		[BENCH_SQL_RAW_1] = &bench_sql_raw_1,
	};

	return variants[pool];
}
