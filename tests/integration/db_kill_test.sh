#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: db_kill_test.sh WEIR-STRESS
#
# The kill campaign: weir keeps its promises, alone and beside another process;
# and the audit has teeth: each way to break a promise on purpose is found, with
# the words that belong to it, and the file is kept for whoever looks into it.
set -eu

stress=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

wrong() {
	echo "db_kill_test: $*" >&2
	cat "$scratch/out" "$scratch/err" >&2
	exit 1
}

# run WANTED-EXIT-CODE [options of weir-stress kill]
run() {
	wanted=$1
	shift
	code=0
	"$stress" kill --dir "$scratch" "$@" >"$scratch/out" 2>"$scratch/err" || code=$?
	[ "$code" = "$wanted" ] || wrong "kill $*: exit code $code, not $wanted"
}

# found TEXT: what the audit said.
found() {
	grep -q -e "$1" "$scratch/err" || wrong "nobody said \"$1\""
}

run 0 --help
grep -q 'usage: weir-stress kill' "$scratch/out" || wrong "no help on stdout"

run 0 --rounds 20
cat "$scratch/err" "$scratch/out"
[ -z "$(ls -d "$scratch"/weir-kill-* 2>/dev/null)" ] || wrong "a folder was left behind"

run 0 --rounds 8 --processes 2 --json
cat "$scratch/err" "$scratch/out"
grep -q '"verdict": "passed"' "$scratch/out" || wrong "no verdict"
grep -q '"survivals": 8' "$scratch/out" || wrong "somebody did not go on"

run 0 --rounds 3 --processes 4 --json
cat "$scratch/err" "$scratch/out"
grep -q '"survivals": 18' "$scratch/out" || wrong "somebody of several did not go on"

run 1 --rounds 20 --lie early
found 'was acknowledged, and is not there'
[ -f "$(echo "$scratch"/weir-kill-*/kill.db)" ] || wrong "the database was not kept"
run 1 --rounds 20 --lie denied
found 'was reported as failed, and is there'
run 1 --rounds 20 --lie garbled
found 'its row is not what was written'
run 1 --rounds 20 --lie torn
found 'half a write\|writes counted'
run 1 --rounds 5 --processes 2 --lie stuck
found 'does not go on'

for wrong_use in '--rounds 0' '--rounds x' '--processes 9' '--lie' '--lie some' '--lie stuck' \
	'--seed -1' '--dir /nonexistent/folder' '--frobnicate' 'more'; do
	# shellcheck disable=SC2086 # an option and its value
	run 2 $wrong_use
	[ ! -s "$scratch/out" ] || wrong "$wrong_use: something on stdout"
done
