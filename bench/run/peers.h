/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Other projects' pools, from the folder that the build puts them in: a shared
 * object or a program each, and missing.txt with a line "name: packages" for each
 * that could not be built.
 */
#ifndef BENCH_PEERS_H
#define BENCH_PEERS_H

#include <stdbool.h>

#include "peer_notes.h"

/* Add all of a folder to the entrants, in the order of their names; notes say who is
 * missing, and who failed. dir NULL: peers/ beside this program. false, with a
 * message on stderr, if there is no such folder. */
bool bench_peers_add(const char *dir, struct bench_peer_notes *notes);

#endif
