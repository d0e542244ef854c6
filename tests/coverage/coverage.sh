#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: coverage.sh [--report FILE] [--no-run]
#
# Which lines and branches do the tests run? Builds the coverage preset, runs its
# tests and a short weir-stress, and writes the figures by folder, with the lines of
# core/ that were not run and why (results/coverage.md, or FILE).
#   --report FILE  where the report goes
#   --no-run       count what is there from an earlier run
# Exit 1 if a test fails, if core/ is below 97 % of its lines or 90 % of its
# branches, or if a line of it that was not run has no reason in justified.txt; 2 on
# wrong use, 3 without gcovr, 8 when interrupted.
set -eu
LC_ALL=C
export LC_ALL

here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
tree=build/coverage
report=results/coverage.md
run=yes

say() { echo "coverage: $*" >&2; }

while [ $# != 0 ]; do
	case $1 in
	--report)
		[ $# != 1 ] || { say "--report needs a file"; exit 2; }
		report=$2
		shift
		;;
	--no-run) run=no ;;
	--help | -h)
		sed -n '4,14 s/^# \{0,1\}//p' "$here/coverage.sh"
		exit 0
		;;
	*)
		say "there is no option $1 (--help lists them)"
		exit 2
		;;
	esac
	shift
done
command -v gcovr >/dev/null || { say "there is no gcovr"; exit 3; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 8' INT TERM

count_afresh() {
	jobs=$(nproc)
	[ -f $tree/CMakeCache.txt ] || cmake --preset coverage >&2
	cmake --build $tree -j "$jobs" >&2
	find $tree -name '*.gcda' -delete
	say "running the tests"
	ctest --preset coverage -j "$jobs" >&2
	say "running weir-stress"
	$tree/bin/weir-stress run --seconds 0.5 >&2
	$tree/bin/weir-stress kill --rounds 5 --dir "$scratch" >&2
}

if [ $run = yes ]; then
	count_afresh || { say "a test failed: no figures"; exit 1; }
fi

# What of the tree is counted. The same sources are also compiled for checkers, on
# other atomics: those objects have other branches, and are left out.
searched=$(find $tree/core $tree/drivers $tree/bench $tree/cli $tree/stress $tree/tests \
	-type d -name '*.dir' | grep -v -E '/(cxx17|explore|relacy|fuzz)/|/weir-micro_tool' | sort)
[ -n "$searched" ] || { say "nothing was counted in $tree yet"; exit 3; }
say "counting"
# shellcheck disable=SC2086 # a list of folders
gcovr -r . -j "$(nproc)" --filter core/ --filter drivers/ --filter bench/ --filter cli/ \
	--filter stress/ --exclude 'core/platform/(builtin|explore|relacy)/' \
	--exclude 'stress/(explore|relacy|fuzz)/' \
	--exclude-unreachable-branches --exclude-throw-branches \
	--exclude-branches-by-pattern '.*WEIR_ASSERT\(.*' \
	--csv "$scratch/files" --sonarqube "$scratch/lines" $searched >&2

mkdir -p "$(dirname "$report")"
passed=0
{
	cat "$here/preamble.md"
	awk -f "$here/coverage.awk" -v justified="$here/justified.txt" -v lines="$scratch/lines" \
		-v verdict="$scratch/verdict" "$scratch/files"
} >"$scratch/report" || passed=1
mv "$scratch/report" "$report"
say "the report is $report"
cat "$scratch/verdict"
exit $passed
