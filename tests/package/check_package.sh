#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: check_package.sh CMAKE BUILD_TREE CONSUMER [cmake options for the consumer]
set -eu
cmake=$1
build=$2
consumer=$3
shift 3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

"$cmake" --install "$build" --prefix "$scratch/prefix" >"$scratch/log"
"$cmake" -S "$consumer" -B "$scratch/build" -DCMAKE_PREFIX_PATH="$scratch/prefix" "$@" \
	>>"$scratch/log"
"$cmake" --build "$scratch/build" >>"$scratch/log" || { cat "$scratch/log"; exit 1; }
(cd "$scratch" && build/consumer)

# What core uses inside is nobody else's business.
if ls "$scratch"/prefix/include/weir/ | grep -v '\.h$' ||
	find "$scratch/prefix" -name 'platform_*' -o -name testing.h | grep .; then
	echo "the installed headers hold more than the public ones"
	exit 1
fi
