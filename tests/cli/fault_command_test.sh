#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: fault_command_test.sh WEIR-STRESS faults|powercut|memory [SOURCES]
#
# Short runs of the commands that have a file or memory fail: weir keeps its
# promises, each way to break one on purpose is found with the words that belong to
# it, and each call of core/ and drivers/ (below SOURCES) that gets memory was refused.
set -eu

stress=$1
command=$2
sources=${3:-}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

wrong() {
	echo "fault_command_test: $*" >&2
	cat "$scratch/out" "$scratch/err" >&2
	exit 1
}

# run WANTED-EXIT-CODE [options]
run() {
	wanted=$1
	shift
	code=0
	"$stress" "$command" "$@" >"$scratch/out" 2>"$scratch/err" || code=$?
	[ "$code" = "$wanted" ] || wrong "$command $*: exit code $code, not $wanted"
}

said() { grep -q -e "$1" "$scratch/out" || wrong "there is no \"$1\" on stdout"; }
found() { grep -q -e "$1" "$scratch/err" || wrong "nobody said \"$1\""; }
left() { ls -d "$scratch/weir-$command-"* 2>/dev/null; }

refuse() {
	for wrong_use in "$@" '--seed -1 --every x' '--dir /nonexistent/folder' '--frobnicate' 'more' \
		'--lie' '--lie some'; do
		# shellcheck disable=SC2086 # an option and its value
		run 2 $wrong_use
		[ ! -s "$scratch/out" ] || wrong "$wrong_use: something on stdout"
	done
}

# An interrupt ends the run with a verdict on what was done, and without a folder.
interrupt() {
	code=0
	"$stress" "$command" --dir "$scratch" "$@" >"$scratch/out" 2>"$scratch/err" &
	while [ -z "$(left)" ]; do # ends: the command makes its folder
		kill -0 $! 2>/dev/null || wrong "$command ended before it could be interrupted"
		sleep 0.02
	done
	sleep 0.1
	kill -TERM $!
	wait $! || code=$?
	[ "$code" = 8 ] || wrong "interrupted: exit code $code, not 8"
	said ' passed, 0 failed'
	[ -z "$(left)" ] || wrong "a folder was left behind"
}

# Nothing is said of a file that is not on this list; what allocates in another way
# than these needs a place in the linker's list (stress/CMakeLists.txt).
wrapped='malloc|calloc|realloc|aligned_alloc|strdup|fopen|mmap|pthread_create|wp_alloc(_wiped)?'
others='posix_memalign|reallocarray|strndup|v?asprintf|getline|open_memstream|opendir|fdopen'

# file:line of each call in the sources; of what is no comment and no definition.
calls() {
	(cd "$sources" && grep -rnE "(^|[^a-z_])($1)\\(" --include='*.c' core drivers) |
		grep -vE ':[0-9]+:([[:space:]]*(/\*|\*)|void \*wp_)' | cut -d: -f1,2
}

check_sites() {
	command -v addr2line >/dev/null || { echo "no addr2line: sites are not checked"; return; }
	calls "$wrapped" >"$scratch/calls"
	[ "$(wc -l <"$scratch/calls")" -ge 30 ] || wrong "calls could not be found in $sources"
	calls "$others" >"$scratch/others" || true
	[ ! -s "$scratch/others" ] || wrong "not wrapped: $(cat "$scratch/others")"
	sed -n 's/^site \(0x[0-9a-f]*\) .*/\1/p' "$scratch/out" | xargs addr2line -e "$stress" |
		sed 's/.*\/\(core\|drivers\)\//\1\//; s/ .*//' >"$scratch/sites"
	# A call that spans lines belongs to any of them, as the compiler likes.
	awk -F: 'NR == FNR { for (i = -2; i <= 2; i++) hit[$1 ":" $2 + i] = 1; next }
		!(($1 ":" $2) in hit) { print }' "$scratch/sites" "$scratch/calls" >"$scratch/missed"
	[ ! -s "$scratch/missed" ] || wrong "never refused: $(cat "$scratch/missed")"
	echo "$(wc -l <"$scratch/calls") calls of core/ and drivers/ were refused, each"
}

run 0 --help
said "usage: weir-stress $command"

case $command in
faults)
	run 0 --dir "$scratch" --kind fsync
	cat "$scratch/out"
	said 'fsync once ok .* points=\([0-9]*\) hit=\1 .* lost=0$'
	said 'fsync held ok .* points=\([0-9]*\) hit=\1 .* lost=0$'
	said ' passed, 0 failed'
	[ -z "$(left)" ] || wrong "a folder was left behind"
	for kind in error short full; do
		run 0 --kind $kind --from 20 --to 34 --json
		said '"verdict": "passed"'
		said '"hit": 60' # of two sweeps with two beginnings each
	done
	run 1 --dir "$scratch" --kind short --once --lie early --to 100
	found 'was acknowledged, and is lost'
	found 'was a [a-z]* of the '
	[ -f "$(echo "$scratch"/weir-faults-*/faults.db)" ] || wrong "the database was not kept"
	rm -rf "$(left)"
	run 1 --dir "$scratch" --kind fsync --once --lie denied
	found 'was reported as failed, and is there'
	run 1 --dir "$scratch" --kind fsync --once --lie torn
	found 'half a write is there'
	run 1 --dir "$scratch" --kind error --once --lie swallow
	rm -rf "$scratch"/weir-faults-*
	interrupt
	refuse '--kind some' '--from 0' '--to x' '--kind'
	;;
powercut)
	run 0 --dir "$scratch" --cuts 60
	cat "$scratch/err" "$scratch/out"
	said ' lost=0$'
	said '^60 passed, 0 failed'
	[ -z "$(left)" ] || wrong "a folder was left behind"
	run 0 --cuts 24 --seed 5 --json
	cp "$scratch/out" "$scratch/first"
	run 0 --cuts 24 --seed 5 --json
	cmp -s "$scratch/out" "$scratch/first" || wrong "the same seed gave another run"
	run 1 --dir "$scratch" --seed 1 --lie nosync
	found 'was acknowledged, and is lost'
	run 1 --dir "$scratch" --seed 1 --lie denied
	found 'was reported as failed, and is there'
	run 1 --dir "$scratch" --seed 1 --lie torn
	found 'half a write is there'
	rm -rf "$scratch"/weir-powercut-*
	interrupt --cuts 1000000
	refuse '--cuts 0' '--cuts x' '--cuts'
	;;
memory)
	code=0
	"$stress" memory --of weir --sites >"$scratch/out" 2>"$scratch/err" || code=$?
	if [ "$code" = 3 ]; then
		cat "$scratch/err"
		exit 0 # a shared weir is out of reach, and the tool says so
	fi
	[ "$code" = 0 ] || wrong "memory: exit code $code"
	grep -v '^site' "$scratch/out"
	said ' passed, 0 failed'
	[ -z "$sources" ] || check_sites
	run 0 --of sqlite --every 17 --json --dir "$scratch"
	said '"verdict": "passed"'
	[ -z "$(left)" ] || wrong "a folder was left behind"
	run 1 --of weir --lie leak
	found 'blocks of weir.s are left'
	interrupt
	refuse '--of some' '--every 0' '--sites --json'
	;;
esac
