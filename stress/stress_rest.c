/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See stress_rest.h.
 */
#include "stress_rest.h"

#include <inttypes.h>
#include <sqlite3.h>

#include "stress_folder.h"
#include "stress_shim.h"

struct rest rest_measure(void)
{
	return (struct rest){.memory = sqlite3_memory_used(), .descriptors = folder_descriptors()};
}

void rest_check(const struct rest *before, struct book *book)
{
	const struct rest now = rest_measure();

	if (shim_open_files() != 0)
		book_complain(book, "%" PRId64 " files are still open", shim_open_files());
	if (now.memory != before->memory)
		book_complain(book, "SQLite has %" PRId64 " bytes more than before",
		              now.memory - before->memory);
	if (now.descriptors != before->descriptors)
		book_complain(book, "%" PRIu32 " descriptors are open, %" PRIu32 " were before",
		              now.descriptors, before->descriptors);
}
