/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The version that was linked, as opposed to the one that was included.
 */
#include <weir/version.h>

const char *weir_version(void)
{
	return WEIR_VERSION_STRING;
}
