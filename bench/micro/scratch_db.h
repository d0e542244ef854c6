/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A SQLite file for a micro-benchmark, and connections to it: weir's, and one
 * opened by SQLite's own means with the same settings. The file is in the
 * temporary directory and goes with the object.
 */
#ifndef BENCH_SCRATCH_DB_H
#define BENCH_SCRATCH_DB_H

#include <sqlite3.h>

#include <string>

#include <weir/db.h>

namespace micro
{

class scratch_db
{
  public:
	static constexpr int rows = 10000;

	scratch_db();
	~scratch_db();
	scratch_db(const scratch_db &) = delete;
	scratch_db &operator=(const scratch_db &) = delete;

	/* Opened at the first call; closed with the object. */
	weir_db *weir();
	sqlite3 *raw();

	sqlite3_stmt *prepare(const char *sql); /* on raw(); the caller finalizes it */

  private:
	std::string path(const char *suffix) const;

	std::string folder;
	weir_db *db = nullptr;
	sqlite3 *connection = nullptr;
};

extern const char select_row[];
extern const char update_row[];

} // namespace micro

#endif
