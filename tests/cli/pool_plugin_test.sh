#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: pool_plugin_test.sh WEIR-BENCH EXAMPLE.so FAULTY.so
#
# Pools in shared objects: the example is listed, checked and run; whatever is wrong
# with another is said, and is exit 2, or 1 once it runs.
set -eu

bench=$1
example=$2
faulty=$3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
cd "$scratch"

# expect <exit code> <text on either stream> <argument>...
expect() {
	wanted=$1
	text=$2
	shift 2
	code=0
	"$bench" "$@" >out 2>err || code=$?
	if [ "$code" != "$wanted" ] || ! cat out err | grep -q -e "$text"; then
		echo "weir-bench $* (FAULT=${FAULT:-}): exit code $code, not $wanted, or no \"$text\" in:"
		cat out err
		exit 1
	fi
}

short='--seconds 0.01 --reps 1'

# The example.
cp "$example" mine.so
expect 0 'my-pool .*a pipe' list --pool-so mine.so
expect 0 '"my-pool"' list --json --pool-so mine.so
expect 0 'exclusive .*passed' check-pool mine.so
if grep FAILED out; then exit 1; fi
# shellcheck disable=SC2086
expect 0 'my-pool' run pair sparse $short --conns 8 --pools my-pool,none --pool-so mine.so \
	--json x.json
grep -q '"standing": *"user"' x.json
# shellcheck disable=SC2086
expect 0 'my-pool' run pair $short --pools weir,my-pool --pool-so mine.so
[ "$(grep -c -e '^weir ' -e '^my-pool ' -e '^sem-cas ' out)" = 2 ]
expect 2 'another pool named my-pool' run pair --pool-so mine.so --pool-so "$PWD/mine.so"
expect 2 'no pool has that name' run pair --pools my-pool

# What is wrong with others.
echo 'not an object' >text.so
for command in 'check-pool' 'list --pool-so' 'run pair --pool-so'; do
	# shellcheck disable=SC2086
	expect 2 'No such file' $command nowhere.so
	# shellcheck disable=SC2086
	expect 2 'cannot be loaded' $command text.so
done
expect 2 'takes one shared object' check-pool
expect 2 'takes one shared object' check-pool mine.so mine.so
expect 2 'needs a value' run --pool-so
printf 'int nothing_here;\n' >empty.c
if ${CC:-cc} -shared -fPIC empty.c -o empty.so 2>/dev/null; then
	expect 2 'exports no pool_under_test_entry' check-pool empty.so
fi
for fault in 'null:returned NULL' 'size:it is 8 bytes long' 'version:version 2 of the interface' \
	'unnamed:its name must be' 'long:its name must be' 'comma:its name must be' \
	'doc:doc of faulty' 'create:has no create' 'release:has no release' 'useless:nor execute' \
	'short:nor execute'; do
	export FAULT="${fault%%:*}"
	expect 2 "${fault#*:}" check-pool "$faulty"
	expect 2 "${fault#*:}" run pair --pool-so "$faulty"
done
for FAULT in taken taken-sql; do
	expect 2 'another pool named' run pair --pool-so "$faulty"
done
FAULT=execute-only
expect 0 'nothing to check' check-pool "$faulty"
expect 2 'none of them takes part' run pair --pools faulty --pool-so "$faulty"
# Nothing wrong with its table, but with what it does.
FAULT=
expect 1 'the moon is full' check-pool "$faulty"
# shellcheck disable=SC2086
expect 1 'faulty: the moon is full' run pair $short --pool-so "$faulty"
