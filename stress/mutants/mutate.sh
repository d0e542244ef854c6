#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Breaks one ordering edge of core/ at a time and looks which rung notices: see
# mutate.sh --help.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)

usage() {
	cat <<'END'
usage: mutate.sh [--only TEXT] [--jobs N] [--argued] [--check] [--keep]

Applies each entry of mutants.txt to a copy of core/, and runs the ladder on it until
a rung goes red: weir-explore-races, weir-explore with more preemptions, and Relacy for
entries that name it. Prints a table. An edge passes if it is killed, or if its entry
says why no test can see it. Also checks that every label of an ordering table in
core/ has an entry.

  --only TEXT  only edges whose names contain TEXT
  --jobs N     processors to use (all)
  --argued     run also the entries that say why no test can see them: does one?
  --check      only whether each entry can be applied, and each label has one
  --keep       leave build/mutants as it is at the end

Exit codes: 0 every edge is killed or argued, 1 not so, 2 wrong use, 8 interrupted.
END
}

say() { echo "mutants: $*" >&2; }

only=
check=
run_argued=
keep=
jobs=$(nproc)
while [ $# != 0 ]; do
	case $1 in
	--only) [ $# -ge 2 ] || { say "--only takes a text"; exit 2; }; only=$2; shift ;;
	--jobs)
		[[ ${2:-} =~ ^[1-9][0-9]?$ ]] || { say "--jobs takes a number"; exit 2; }
		jobs=$2
		shift
		;;
	--argued) run_argued=1 ;;
	--check) check=1 ;;
	--keep) keep=1 ;;
	-h | --help) usage; exit 0 ;;
	*) say "unknown argument $1 (mutate.sh --help says what there is)"; exit 2 ;;
	esac
	shift
done

work=$root/build/mutants${check:+-check}
core=$work/core
trap 'exit 8' INT TERM
mkdir -p "$work"

# Every "label operation" table of core/: file.label, one a line.
labels() {
	for file in "$root"/core/*.[ch]; do
		stem=${file##*/}
		stem=${stem%.*}
		awk -v stem="${stem%_internal}" '
			/^ \*   label +operation/ { on = 1; next }
			on && /^ \*   [A-Z][0-9]+ / { print stem "." $2 }
			on && (/^ \*\// || /^ \*$/ || /^ \* [A-Za-z]/) { on = 0 }' "$file"
	done | sort -u
}

# Entries as lines: edge, file, was, now, rung, argued; joined by a control character.
entries() {
	awk -v RS= -F '\n' -v OFS='\001' '{
		split("", value)
		for (i = 1; i <= NF; i++)
			if ($i !~ /^#/ && (at = index($i, ": ")) > 0)
				value[substr($i, 1, at - 1)] = substr($i, at + 2)
		if (value["edge"] != "")
			print value["edge"], value["file"], value["was"], value["now"], value["rung"],
				value["argued"] "."
	}' "$here/mutants.txt"
}

# apply <file> <was> <now>: change the copy; fails unless was occurs exactly once. A
# blank in was stands for any number of blanks and line ends: formatting moves them.
apply() {
	WAS=$2 NOW=$3 perl -0777 -i -pe '
		BEGIN {
			($was, $now) = @ENV{"WAS", "NOW"};
			s/\\n/\n/g, s/\\t/\t/g for $was, $now;
			$was = quotemeta $was;
			$was =~ s/(?:\\\s)+/\\s+/g;
		}
		$count = () = /$was/g;
		die "the text occurs $count times\n" if $count != 1;
		s/$was/$now/' "$core/$1"
}

build() {
	cmake --build "$work/tree" -j "$jobs" --target "$@" >"$work/build.log" 2>&1
}

# What a rung said of the broken promise.
finding() {
	sed -n 's/^weir-[a-z-]*: \([a-z]*\/.*\)$/\1/p; s/^FAILED *\([a-z]*\/[^ ]*\).*$/\1/p' \
		"$work/out" | head -n 1 | cut -c 1-90
}

# red <command>: whether it finds a broken promise: exit code 1, and nothing else.
red() {
	local code=0
	timeout 300 "$@" >"$work/out" 2>&1 || code=$?
	[ $code = 1 ]
}

explore() {
	red "$work/tree/bin/$1" run "${@:2}" --first --jobs "$jobs" --seed 1
}

# The rung that kills the copy, "nothing", or "compiler", which kills nothing.
killer() {
	: >"$work/out"
	local how cases=()
	read -r -a how <<<"$1"
	# Cases of the pool, by far the most, have nothing of these.
	case $edge in gate.* | gate_*.*) cases=(gate/) ;; turnstile*.*) cases=(turnstile/) ;; esac
	if [ "${how[0]:-}" = relacy ]; then
		if ! sh "$root/stress/relacy/build.sh" "$core" "$work/weir-relacy" "$work/relacy" \
			>"$work/build.log" 2>&1; then
			echo compiler
		elif red "$work/weir-relacy" run "${how[@]:1}"; then
			echo relacy
		else
			echo nothing
		fi
	elif [ "${how[0]:-}" = explore ]; then
		if ! build weir-explore_tool; then
			echo compiler
		elif explore weir-explore "${how[@]:1}"; then
			echo explore
		else
			echo nothing
		fi
	elif ! build weir-explore-races_tool; then
		echo compiler
	elif explore weir-explore-races "${cases[@]}" --preemptions 1; then
		echo races
	elif build weir-explore_tool &&
		explore weir-explore "${cases[@]}" --preemptions 3 --events 0 --seconds 200; then
		echo explore
	else
		echo nothing
	fi
}

# The copy is core/ again; newer than before, so that it is built anew.
fresh() {
	cp "$root/core/$1" "$core/$1"
	touch "$core/$1"
}

rm -rf "$core"
cp -R "$root/core" "$core"
configure() {
	local generator=()
	[ -f "$work/tree/CMakeCache.txt" ] || ! command -v ninja >/dev/null || generator=(-G Ninja)
	cmake -S "$root" -B "$work/tree" "${generator[@]}" -DCMAKE_BUILD_TYPE=Release \
		-DWEIR_CORE_DIR="$core" -DWEIR_BUILD_TESTS=OFF -DWEIR_WERROR=OFF \
		-DWEIR_EXPLORE_LTO=OFF >"$work/build.log" 2>&1
}

[ -n "$check" ] || configure || { cat "$work/build.log" >&2; exit 1; }

killed=0 argued=0 survived=0
printf '%-42s %-9s %s\n' edge verdict 'found by, or why nothing can'
while IFS=$'\001' read -r edge file was now rung why; do
	[[ $edge == *"$only"* ]] || continue
	why=${why%.}
	rung_red=nothing
	if [ -n "$was" ]; then
		apply "$file" "$was" "$now" || { say "$edge: cannot be applied to $file"; exit 1; }
		[ -n "$check" ] || { [ -n "$why" ] && [ -z "$run_argued" ]; } ||
			rung_red=$(killer "$rung")
		fresh "$file"
	fi
	[ -z "$check" ] || rung_red=checked
	case $rung_red:$why in
	compiler:*)
		verdict=BROKEN text=$(grep -m 1 error "$work/build.log") survived=$((survived + 1))
		;;
	checked:*) verdict=applies text=$file killed=$((killed + 1)) ;;
	nothing:) verdict=SURVIVED text= survived=$((survived + 1)) ;;
	nothing:*) verdict=argued text=$why argued=$((argued + 1)) ;;
	*) verdict=killed text="$rung_red: $(finding)" killed=$((killed + 1)) ;;
	esac
	printf '%-42s %-9s %s\n' "$edge" $verdict "$text"
done < <(entries)

missing=0
if [ -z "$only" ]; then
	for label in $(labels); do
		grep -q "^edge: $label\( \|\$\)" "$here/mutants.txt" && continue
		echo "$label has no entry in mutants.txt"
		missing=$((missing + 1))
	done
fi
[ -n "$keep" ] || rm -rf "$core" "$work/out"
[ -z "$check" ] || rm -rf "$work"
count=$((killed + argued + survived))
[ $count != 0 ] || { say "there is no edge of that name"; exit 2; }
[ -n "$check" ] ||
	echo "mutants: $count edges, $killed killed, $argued argued, $survived survived;" \
		"$missing labels without an entry"
echo "$((killed + argued)) passed, $((survived + missing)) failed"
[ $((survived + missing)) = 0 ]
