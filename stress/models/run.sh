#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Checks every line of variants.txt with spin: see run.sh --help.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# One search may use this much memory, and this many seconds.
memory_mb=6000
seconds_max=900
depth_max=100000

usage() {
	cat <<'END'
usage: run.sh [--quick | --deep] [--jobs N] [--only TEXT]

Checks the models of the pool's protocols and their broken twins, and prints a
table. A model passes if every property holds in every state; a twin passes if
the checker finds what is wrong with it. The last line but one sums up, for
scripts: lines checked, those that passed by what was expected of them, states.

  --quick      small models and all twins, about two minutes
  --deep       also the large ones: half an hour, and several gigabytes
  --jobs N     searches at a time (2)
  --only TEXT  only lines of variants.txt that contain TEXT

Exit codes: 0 all passed, 1 some failed, 2 wrong use or a missing program.
END
}

say() { echo "models: $*" >&2; }
wrong_use() { say "$* (run.sh --help says what there is)"; exit 2; }

# The verdict on pan's output.
judge() {
	local out=$1
	if grep -q 'errors: 0' "$out" && ! grep -qE \
		'not completed|too small|out of memory|memory limit|truncated|limit on' "$out"; then
		echo holds
	elif grep -q '^pan:1: assertion violated' "$out"; then
		echo "refuted, assertion"
	elif grep -q '^pan:1: invalid end state' "$out"; then
		echo "refuted, end state"
	else
		echo unfinished
	fi
}

# check <number> <expected> <model> <variant> <flags> <when>: one line of the table.
check() {
	local dir=$work/$1 expected=$2 model=$3 variant=$4 began=$EPOCHREALTIME flags verdict
	local optimise=-O2 hash=22 states depth seconds passed=FAILED
	read -r -a flags <<<"$5"
	# For a short search the compiler would take longer than what it saves.
	[ "$6" != quick ] || optimise=-O1
	[ "$6:$expected" != quick:refuted ] || optimise=-O0 hash=18
	mkdir "$dir"
	cd "$dir"
	spin -a "${flags[@]}" "$here/$model.pml" >spin.log 2>&1 &&
		cc $optimise -w -DSAFETY -DNOCLAIM -DCOLLAPSE -DMEMLIM=$memory_mb -o pan pan.c \
			>>spin.log 2>&1 || { cat spin.log >&2; touch pan.out; }
	[ ! -x pan ] || timeout $seconds_max ./pan -m$depth_max -w$hash >pan.out 2>&1 || true
	verdict=$(judge pan.out)
	states=$(awk '/states, stored/ { printf "%d", $1; exit }' pan.out)
	depth=$(sed -n 's/.*depth reached \([0-9]*\).*/\1/p' pan.out | head -n 1)
	seconds=$(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
	case $expected:$verdict in
	holds:holds | spare:holds | refuted:refuted*) passed=ok ;;
	esac
	if [ $passed = FAILED ] && compgen -G '*.trail' >/dev/null; then
		say "$model, $variant: the last steps of the counterexample"
		spin -k "$model.pml.trail" -p "${flags[@]}" "$here/$model.pml" 2>&1 | tail -n 60 >&2
	fi
	echo "$expected $passed ${states:-0}" >tally
	printf '%-9s %-29s %11s %6s %8s  %-8s %-19s %s\n' "$model" "$variant" "${states:--}" \
		"${depth:--}" "$seconds" "$expected" "$verdict" $passed >made
	echo "$expected $passed ${states:-0}" >tally
	mv made row # what print_rows waits for
	cd "$work"
}

# Rows in the order of the file, as soon as all before them are there.
print_rows() {
	local expected verdict states
	while [ -f "$work/$printed/row" ] && [ "$printed" -lt "$1" ]; do
		cat "$work/$printed/row"
		read -r expected verdict states <"$work/$printed/tally"
		[ "$verdict" != ok ] || ok[$expected]=$((ok[$expected] + 1))
		all_states=$((all_states + states))
		printed=$((printed + 1))
	done
}

tiers='quick full'
jobs=2
only=
while [ $# != 0 ]; do
	case $1 in
	--quick) tiers=quick ;;
	--deep) tiers='quick full deep' memory_mb=10000 seconds_max=3600 ;;
	--jobs | --only)
		[ $# -gt 1 ] || wrong_use "$1 needs a value"
		printf -v "${1#--}" %s "$2"
		shift
		;;
	-h | --help) usage; exit 0 ;;
	*) wrong_use "unknown argument $1" ;;
	esac
	shift
done
[[ $jobs =~ ^[1-9][0-9]*$ ]] || wrong_use "--jobs $jobs is not a number of searches"
for need in spin:spin cc:gcc; do
	command -v "${need%%:*}" >/dev/null ||
		{ say "${need%%:*} is missing: install the package ${need##*:}"; exit 2; }
done

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-models.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

printf '%-9s %-29s %11s %6s %8s  %-8s %-19s %s\n' \
	model variant states depth seconds expected verdict ''
count=0
printed=0
all_states=0
declare -A ok=([holds]=0 [refuted]=0 [spare]=0) # lines that passed, by what was expected
while IFS='|' read -r when expected model variant flags _; do
	read -r when <<<"$when"
	[[ $when != '' && $when != '#'* && " $tiers " == *" $when "* ]] || continue
	[[ "$when|$expected|$model|$variant|$flags" == *"$only"* ]] || continue
	read -r expected <<<"$expected"
	read -r model <<<"$model"
	read -r variant <<<"$variant"
	while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
		wait -n || true
		print_rows $count
	done
	check $count "$expected" "$model" "$variant" "$flags" "$when" &
	count=$((count + 1))
done <"$here/variants.txt"
wait
print_rows $count
[ $count != 0 ] || wrong_use "no line of variants.txt matches"
passed=$((ok[holds] + ok[refuted] + ok[spare]))
echo "models: $count lines, ${ok[holds]} hold, ${ok[refuted]} refuted, ${ok[spare]} spare," \
	"$all_states states"
echo "$passed passed, $((count - passed)) failed"
[ "$passed" = "$count" ]
