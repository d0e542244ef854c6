/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A finished run with what it ran on. See document.h.
 */
#include "document.h"

#include <ck_md.h>
#include <jansson.h>
#include <sqlite3.h>

#include <weir/version.h>

void bench_document_init(struct bench_document *document)
{
	*document = (struct bench_document){
		.versions =
			{
				.weir = weir_version(),
				.sqlite = sqlite3_libversion(),
				.ck = CK_VERSION,
				.jansson = JANSSON_VERSION,
			},
	};
	bench_machine_read(&document->machine);
}
