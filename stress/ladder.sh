#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Climbs the verification ladder and writes one table of what it found: see
# ladder.sh --help.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/.."
logs=build/ladder

usage() {
	cat <<'END'
usage: ladder.sh [--long] [--only RUNG]... [--skip RUNG]... [--table] [--report FILE]

Runs the rungs of rungs.txt, two that need one processor at a time, and writes a table
of their figures, made from their logs in build/ladder.

  --long         the soak: hours
  --only RUNG    this one, and others that are named so
  --skip RUNG    not this one
  --table        run nothing: the table of the logs that are there
  --report FILE  where the table goes (build/ladder/proof.md)

Exit codes: 0 every rung held, 1 one did not, 2 wrong use, 8 interrupted.
END
}

say() { echo "ladder: $*" >&2; }
wrong_use() { say "$* (ladder.sh --help says what there is)"; exit 2; }

trim() { sed 's/^ *//; s/ *$//' <<<"$1"; }

# The rungs as lines of name, processors, question, command, long command.
rungs() { grep -v '^#' "$here/rungs.txt"; }

length=short report=$logs/proof.md table=
only=() skip=()
while [ $# != 0 ]; do
	case $1 in
	--long) length=long ;;
	--table) table=1 ;;
	--only | --skip | --report)
		[ $# -ge 2 ] || wrong_use "$1 takes a value"
		case $1 in
		--report) report=$2 ;;
		*)
			rungs | grep -q "^$2 *|" || wrong_use "there is no rung $2"
			if [ "$1" = --only ]; then only+=("$2"); else skip+=("$2"); fi
			;;
		esac
		shift
		;;
	-h | --help) usage; exit 0 ;;
	*) wrong_use "unknown argument $1" ;;
	esac
	shift
done

wanted() {
	case " ${skip[*]} " in *" $1 "*) return 1 ;; esac
	[ ${#only[@]} = 0 ] && return 0
	case " ${only[*]} " in *" $1 "*) return 0 ;; esac
	return 1
}

# @tree/program … as a command. GCC 12's ThreadSanitizer dies where the kernel
# randomises addresses widely.
expand() {
	local tree=${1%%/*}
	case $1 in
	@tsan*) echo "setarch -R build/${tree#@}/bin/${1#*/}" ;;
	@*) echo "build/${tree#@}/bin/${1#*/}" ;;
	*) echo "$1" ;;
	esac
}

# climb <name> <command>: run it; its log, exit code and seconds are left in $logs.
climb() {
	local began=$SECONDS code=0
	say "$1: $2"
	# shellcheck disable=SC2086 # a command and its arguments
	$2 >"$logs/$1.log" 2>"$logs/$1.err" </dev/null || code=$?
	echo $code >"$logs/$1.code"
	echo $((SECONDS - began)) >"$logs/$1.seconds"
	if [ $code = 0 ]; then
		say "$1: held ($((SECONDS - began)) s)"
	else
		say "$1: exit code $code after $((SECONDS - began)) s"
		tail -n 40 "$logs/$1.err" "$logs/$1.log" >&2
	fi
}

trap 'trap - INT TERM; kill $(jobs -p) 2>/dev/null; wait; exit 8' INT TERM
[ -n "$table" ] || rm -rf "$logs"
mkdir -p "$logs"
# What the logs are of, also when the table is made later.
[ -n "$table" ] || git rev-parse --short HEAD >"$logs/commit" || echo unknown >"$logs/commit"

names=() commands=() questions=()
while IFS='|' read -r name processors question command long; do
	name=$(trim "$name")
	wanted "$name" || continue
	[ -z "$table" ] || [ -f "$logs/$name.code" ] || continue
	command=$(trim "$command")
	[ $length = long ] || [ "$command" != - ] || continue
	long=$(trim "$long")
	[ $length = short ] || [ "$long" = - ] || command=$long
	names+=("$name")
	questions+=("$(trim "$question")")
	commands+=("$command")
	[ -z "$table" ] || continue
	command=$(expand "$command")
	if [ "$(trim "$processors")" = 2 ]; then
		wait
		climb "$name" "$command"
	else
		while [ "$(jobs -r -p | wc -l)" -ge 2 ]; do
			wait -n || true
		done
		climb "$name" "$command" &
	fi
done < <(rungs)
wait
[ ${#names[@]} != 0 ] || wrong_use "nothing is left to run"

# ---- the table ----

passed=0
{
	echo "# Proof"
	echo
	echo "Written by \`stress/ladder.sh\` from the logs of its rungs. Length: $length."
	echo "Commit $(cat "$logs/commit"), $(date -u +%Y-%m-%d)," \
		"$(nproc) processors, $(uname -m), $(cc --version | head -n 1)."
	echo
	echo "| rung | the question | command | figures | verdict | s |"
	echo "|---|---|---|---|---|---:|"
	for i in "${!names[@]}"; do
		name=${names[$i]}
		verdict=FAILED
		if [ "$(cat "$logs/$name.code")" = 0 ]; then
			verdict=held
			passed=$((passed + 1))
		fi
		figure=$(awk -f "$here/ladder.awk" "$logs/$name.log")
		printf '| %s | %s | `%s` | %s | %s | %s |\n' "$name" "${questions[$i]}" \
			"${commands[$i]}" "$figure" $verdict "$(cat "$logs/$name.seconds")"
	done
	echo
	echo "## Not covered"
	echo
	cat "$here/not_covered.md"
} >"$logs/table.md"
[ "$report" = "$logs/table.md" ] || cp "$logs/table.md" "$report"
say "the table is in $report"
echo "$passed passed, $((${#names[@]} - passed)) failed"
[ $passed = ${#names[@]} ]
