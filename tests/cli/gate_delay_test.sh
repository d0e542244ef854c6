#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: gate_delay_test.sh WEIR_BENCH [gate options]
#
# The gate on real runs: the same binary twice must pass, and the same binary with 10 %
# of delay injected must not. WEIR_BENCH is of a build with -DWEIR_BENCH_DELAY=ON. Takes
# some minutes, more on a busy machine, where "cannot tell" (3) fails this test, too.
set -eu
bench=$1
shift
run="$bench run solo short-hold --pools weir --seconds 0.1 --reps 1 --json -"

expect() {
	wanted=$1
	variable=$2
	shift 2
	rc=0
	"$bench" gate --base-cmd "$run" --new-cmd "$variable $run" "$@" || rc=$?
	echo "gate with \"$variable\": exit $rc, expected $wanted"
	[ $rc = "$wanted" ]
}

unset WEIR_BENCH_DELAY
expect 0 "" "$@"
expect 1 "WEIR_BENCH_DELAY=10%" "$@"
