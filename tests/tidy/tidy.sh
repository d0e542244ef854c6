#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: tidy.sh [TREE]
#
# Checks the tree's own rules: include direction, sizes, names, licences, what
# only core/platform may touch, a unit test for every file of core. Prints one
# line a finding; exit 0 without any, 1 with some, 2 on wrong use.
set -eu
LC_ALL=C
export LC_ALL

here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/../..}" || exit 2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

find . \( -path ./.git -o -path ./build -o -path ./results \) -prune -o -type f \( \
	-name '*.c' -o -name '*.h' -o -name '*.cc' -o -name '*.sh' -o -name '*.awk' -o -name '*.pml' \
	-o -name '*.cmake' -o -name 'CMakeLists.txt' -o -name '*.md' -o -path ./dev -o -path ./.ci/run \
	\) -print | sed 's|^\./||' | sort >"$scratch/files"
if ! grep -q '^core/' "$scratch/files"; then
	echo "tidy: there is no core/ in $(pwd)" >&2
	exit 2
fi

# What the line rules need to know of the whole tree.
{
	sed -n 's|^\(.*\)/\([^/]*\.h\)$|header \1 \2|p' "$scratch/files"
	if [ -f core/CMakeLists.txt ]; then
		awk '/^set\(WEIR_PROTOCOL_SOURCES/ { on = 1; next }
			on { end = /\)/; gsub(/[\t )]/, ""); if ($0 != "") print "protocol core/" $0
				if (end) exit }' core/CMakeLists.txt
	fi
} >"$scratch/lists"

{
	tr '\n' '\0' <"$scratch/files" | xargs -0 awk -v lists="$scratch/lists" -f "$here/tidy.awk"

	# Names that are the same up to the folder make every message ambiguous. The back
	# ends of core/platform share theirs on purpose: the include path chooses.
	grep -v '^core/platform/' "$scratch/files" | sed 's|.*/||' |
		grep -v -x -e CMakeLists.txt -e README.md | sort | uniq -d |
		while read -r name; do
			where=$(grep -e "/$name\$" -e "^$name\$" "$scratch/files" | tr '\n' ' ')
			echo "$name:1: unique-name: ${where% }"
		done

	# A file that no list names is not compiled, and nobody notices.
	grep -E '\.(c|cc)$' "$scratch/files" | while read -r file; do
		stem=${file##*/}
		stem=${stem%.*}
		folder=${file%/*}
		while [ ! -f "$folder/CMakeLists.txt" ] && [ "$folder" != "${folder%/*}" ]; do
			folder=${folder%/*}
		done
		# A test may be listed by the name that it shares with what it tests.
		grep -q -w -e "$stem" -e "${stem%_test}" "$folder/CMakeLists.txt" 2>/dev/null ||
			echo "$file:1: unlisted: no CMakeLists.txt names it"
	done

	grep -E '^core/[^/]*\.c$' "$scratch/files" | while read -r file; do
		name=${file##*/}
		[ -f "tests/unit/${name%.c}_test.c" ] ||
			grep -q "^$name [^ ]" tests/tidy/no_unit_test.txt 2>/dev/null ||
			echo "$file:1: unit-test: no ${name%.c}_test.c in tests/unit, and no reason why"
	done

	# Those of weir_db run over a database; what needs none may be with the others.
	grep -E '^core/db/[^/]*\.c$' "$scratch/files" | while read -r file; do
		name=${file##*/}
		[ -f "tests/db/${name%.c}_test.c" ] || [ -f "tests/unit/${name%.c}_test.c" ] ||
			[ -f "tests/integration/${name%.c}_test.c" ] ||
			grep -q "^db/$name [^ ]" tests/tidy/no_unit_test.txt 2>/dev/null ||
			echo "$file:1: unit-test: no ${name%.c}_test.c in tests/db, and no reason why"
	done
} >"$scratch/findings"

if [ -s "$scratch/findings" ]; then
	cat "$scratch/findings"
	echo "tidy: $(wc -l <"$scratch/findings") findings" >&2
	exit 1
fi
