#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: probe_guide_test.sh FILE GUIDE
#
# Is every one-liner of GUIDE a program that bpftrace accepts for FILE? -d compiles it
# and attaches nothing.
set -eu
file=$1
guide=$2
command -v bpftrace >/dev/null || exit 77
[ "$(id -u)" = 0 ] || exit 77
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

sed -n "s/^bpftrace -e '\(.*\)'\$/\1/p" "$guide" | sed "s|/usr/bin/app|$file|g" >"$scratch/lines"
count=0
while read -r line; do
	count=$((count + 1))
	printf '%s\n' "$line" >"$scratch/line.bt"
	bpftrace -d "$scratch/line.bt" >"$scratch/out" 2>&1 </dev/null && continue
	echo "bpftrace does not accept: $line"
	grep -v '^$' "$scratch/out" | tail -20
	exit 1
done <"$scratch/lines"
# One for each probe, at the least.
[ "$count" -ge 7 ]
