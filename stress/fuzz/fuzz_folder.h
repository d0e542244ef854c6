/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A folder of the process's own for files that an input makes, in memory if it can be.
 */
#ifndef STRESS_FUZZ_FOLDER_H
#define STRESS_FUZZ_FOLDER_H

/* The path of a file of that name in the folder, which is made by the first call and
 * removed when the process exits. Valid until the next call. */
const char *fuzz_folder_file(const char *name);

/* Remove all files in it. */
void fuzz_folder_empty(void);

#endif
