#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: probe_list_test.sh FILE GUIDE
#
# Has FILE, which holds libweir, the probes that GUIDE's table lists, those and no
# others, with as many arguments as it says?
set -eu
file=$1
guide=$2
command -v readelf >/dev/null || exit 77
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

# The table's rows: | `name` | when | `arg0`, `arg1`, ... |
sed -n 's/^| `\([a-z_]*\)` |[^|]*|\(.*\)|.*$/\1 \2/p' "$guide" |
	awk '{ name = $1; print name, gsub(/`[a-z_]+`/, "") }' | sort >"$scratch/said"
readelf -n "$file" | awk '
	$1 == "Provider:" { weir = $2 == "weir" }
	$1 == "Name:" { name = $2 }
	$1 == "Arguments:" && weir { print name, gsub(/@/, "") }' | sort -u >"$scratch/there"
if ! [ -s "$scratch/said" ] || ! diff "$scratch/said" "$scratch/there"; then
	echo "left: as $guide says; right: as $file has"
	exit 1
fi
