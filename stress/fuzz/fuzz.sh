#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Builds the fuzz targets with clang and runs them: see fuzz.sh --help.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
tree=$root/build/fuzz
crashes=$tree/crashes

# One input may take this long, and a target this much memory.
input_seconds_max=10
memory_mb=2048

usage() {
	cat <<'END_USAGE'
usage: fuzz.sh [--seconds S] [--target NAME] [--jobs N]

Builds every fuzz target with clang, libFuzzer, AddressSanitizer and UBSan into
build/fuzz, the library included; runs each from its committed corpus and what
earlier runs have added to it; prints a table. An input that ends a target is
written to build/fuzz/crashes.

  --seconds S    run each target for S seconds (30)
  --target NAME  only that one, as in "fuzz_url" or "url"
  --jobs N       targets at a time (2)

Exit codes: 0 all passed, 1 some failed, 2 wrong use or no clang, 8 interrupted.
END_USAGE
}

say() { echo "fuzz: $*" >&2; }
wrong_use() { say "$* (fuzz.sh --help says what there is)"; exit 2; }

build() {
	local instrument='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'
	local flags="$instrument -fno-omit-frame-pointer" generator=()
	if [ ! -f "$tree/CMakeCache.txt" ]; then
		! command -v ninja >/dev/null || generator=(-G Ninja)
		# The compiler's atomics: AddressSanitizer does not see inside Concurrency Kit's.
		cmake -S "$root" -B "$tree" "${generator[@]}" -DCMAKE_BUILD_TYPE=Debug \
			-DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ \
			-DCMAKE_C_FLAGS="$flags" -DCMAKE_CXX_FLAGS="$flags" \
			-DCMAKE_C_FLAGS_DEBUG='-O2 -g' -DCMAKE_CXX_FLAGS_DEBUG='-O2 -g' \
			-DWEIR_ATOMICS=builtin -DWEIR_FUZZ=ON >&2
	fi
	cmake --build "$tree" -j "$(nproc)" --target "${targets[@]}" >&2
}

# The last number behind a word of libFuzzer's output.
figure() {
	sed -n "s/.*$2 *\([0-9][0-9]*\).*/\1/p" "$1" | tail -n 1
}

# run_target <name>: one line of the table, in the file <name>.row.
run_target() {
	local name=$1 log=$work/$1.log passed=ok found code=0 child
	local grown=$tree/corpus/$name committed=("$here/corpus/$name")
	[ ! -d "$here/regressions/$name" ] || committed+=("$here/regressions/$name")
	mkdir -p "$grown"
	touch "$work/$name.began"
	# Memory that is freed is used again soon: a fresh page costs more than most calls.
	ASAN_OPTIONS=quarantine_size_mb=8 "$tree/bin/tests/$name" "$grown" "${committed[@]}" \
		-max_total_time="$seconds" -timeout=$input_seconds_max -rss_limit_mb=$memory_mb \
		-max_len=4096 -artifact_prefix="$crashes/$name-" -print_final_stats=1 >"$log" 2>&1 &
	child=$!
	trap 'kill $child 2>/dev/null; exit 8' INT TERM
	wait $child || code=$?
	found=$(find "$crashes" -name "$name-*" -newer "$work/$name.began" | wc -l)
	[ $code = 0 ] || passed=FAILED
	printf '%-12s %11s %8s %7s %7s %8s  %s\n' "$name" \
		"$(figure "$log" stat::number_of_executed_units:)" \
		"$(figure "$log" stat::average_exec_per_sec:)" "$(figure "$log" ' cov:')" \
		"$(find "$grown" -type f | wc -l)" "$found" $passed >"$work/$name.row"
	if [ $passed = FAILED ]; then
		tail -n 40 "$log" >&2
		find "$crashes" -name "$name-*" -newer "$work/$name.began" | while read -r input; do
			say "again: build/fuzz/bin/tests/$name ${input#"$root"/}"
			say "as a regression: stress/fuzz/regressions/$name/<what it shows>"
		done
	fi
}

seconds=30
target=
jobs=2
while [ $# != 0 ]; do
	case $1 in
	--seconds | --target | --jobs)
		[ $# -gt 1 ] || wrong_use "$1 needs a value"
		printf -v "${1#--}" %s "$2"
		shift
		;;
	-h | --help) usage; exit 0 ;;
	*) wrong_use "unknown argument $1" ;;
	esac
	shift
done
[[ $seconds =~ ^[1-9][0-9]*$ ]] || wrong_use "--seconds $seconds is not a number of seconds"
[[ $jobs =~ ^[1-9][0-9]*$ ]] || wrong_use "--jobs $jobs is not a number of targets"
mapfile -t targets < <(sed -n '/^set(fuzz_targets/,/)$/ s/^\t\(fuzz_[a-z_]*\))\{0,1\}$/\1/p' \
	"$here/CMakeLists.txt")
if [ -n "$target" ]; then
	[[ " ${targets[*]} " == *" fuzz_${target#fuzz_} "* ]] || wrong_use "there is no target $target"
	targets=("fuzz_${target#fuzz_}")
fi
if ! command -v clang >/dev/null; then
	say "clang is missing: install the packages clang and libclang-rt-14-dev"
	exit 2
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-fuzz.XXXXXX")
interrupted() {
	trap - INT TERM
	jobs -rp | while read -r pid; do kill "$pid" 2>/dev/null || true; done
	wait
	exit 8
}
trap 'rm -rf "$work"' EXIT
trap interrupted INT TERM

mkdir -p "$crashes"
build || { say "the build failed"; exit 1; }
for name in "${targets[@]}"; do
	while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n || true; done
	run_target "$name" &
done
wait
printf '%-12s %11s %8s %7s %7s %8s\n' target executions exec/s edges corpus crashes
cat "$work"/*.row
failed=$(cat "$work"/*.row | grep -c ' FAILED$' || true)
echo "$((${#targets[@]} - failed)) passed, $failed failed"
[ "$failed" = 0 ]
