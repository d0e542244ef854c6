#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: check.sh LEASE_BENCH WEIR_BENCH
#
# That what the benchmark prints is what the gate reads: compared with itself it is not
# slower (0), or has too few values to tell (3).
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$1" 1000 >"$scratch/lease.json"
rc=0
"$2" compare "$scratch/lease.json" "$scratch/lease.json" || rc=$?
[ $rc = 0 ] || [ $rc = 3 ]
