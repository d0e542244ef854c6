#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: outage_command_test.sh WEIR-STRESS
#
# A short outage of each kind: the database sees no more opens than the settings allow, every
# change of the breaker's state is one line of the log, and all ends well. How late callers
# are is told, and asserted by nobody here: it is the machine's.
set -eu

stress=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

wrong() {
	echo "outage_command_test: $*" >&2
	cat "$scratch/out" "$scratch/err" >&2
	exit 1
}

# run WANTED-EXIT-CODE [options]
run() {
	wanted=$1
	shift
	code=0
	"$stress" outage "$@" >"$scratch/out" 2>"$scratch/err" || code=$?
	[ "$code" = "$wanted" ] || wrong "outage $*: exit code $code, not $wanted"
}

said() { grep -q -e "$1" "$scratch/out" || wrong "there is no \"$1\" on stdout"; }

for wrong_use in '--kind half' '--seconds 0' '--seconds x' '--callers 0' '--callers 1001' \
	'--timeout 0' '--late-max 0' '--frobnicate' 'more' '--kind'; do
	# shellcheck disable=SC2086 # an option and its value
	run 2 $wrong_use
	[ ! -s "$scratch/out" ] || wrong "$wrong_use: something on stdout"
	[ -s "$scratch/err" ] || wrong "$wrong_use: no complaint"
done

run 0 --help
said 'usage: weir-stress outage'
run 0 --seconds 1 --callers 40
for kind in refuses silent flaps slow; do
	said "^$kind *ok "
done
run 0 --kind refuses --seconds 1 --callers 10 --json
said '"verdict": "passed"'
said '"lines": 3'
said '"broken": null'

# An interrupt ends it with a verdict on what was done.
"$stress" outage --seconds 60 --callers 10 >"$scratch/out" 2>"$scratch/err" &
sleep 0.5
kill -TERM $!
code=0
wait $! || code=$?
[ "$code" = 8 ] || wrong "interrupted: exit code $code, not 8"
