#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: metrics_cost_test.sh METRICS_PAIRS
#
# Counts with callgrind the instructions of an acquire and its release, without and with
# histograms: on average 4 more at most, the clocks and the counting of one lease in
# many among them. Exit 77, which skips the test, where there is no valgrind.
set -eu

pairs=$1
limit=4
if ! command -v valgrind >/dev/null 2>&1; then
	echo "metrics_cost_test: SKIPPED: no valgrind here (Debian: apt-get install valgrind)" >&2
	exit 77
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

# count <on|off> <pairs>: instructions of the whole program
count() {
	valgrind --tool=callgrind --callgrind-out-file="$scratch/out" "$pairs" "$1" "$2" \
		>"$scratch/said" 2>&1 || { cat "$scratch/said" >&2; exit 1; }
	sed -n 's/^summary: \([0-9]*\).*/\1/p' "$scratch/out"
}

# per_pair <on|off>: of 64,000 pairs, so that what else the program does is not among them
per_pair() {
	few=$(count "$1" 64000)
	many=$(count "$1" 128000)
	echo "$few $many" | awk '{ printf "%.2f\n", ($2 - $1) / 64000 }'
}

off=$(per_pair off)
on=$(per_pair on)
echo "$off $on" | awk -v limit="$limit" '{
	printf "instructions per pair: %s without metrics, %s with: %.2f more (at most %d)\n", $1, $2,
		$2 - $1, limit
	exit !($1 > 20 && $2 - $1 <= limit) }'
