#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: check_own_sqlite.sh CMAKE SOURCE_TREE PROGRAM [cmake options for the program]
set -eu
cmake=$1
source=$2
program=$3
shift 3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

{
	"$cmake" -S "$program" -B "$scratch/build" -DWEIR_SOURCE="$source" "$@" &&
		"$cmake" --build "$scratch/build"
} >"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
(cd "$scratch" && build/own_sqlite_program)
