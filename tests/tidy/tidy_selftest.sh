#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Proves that each rule of tidy.sh finds what it is for: a small clean tree has
# no finding, and with one violation planted it has exactly that one.
set -u

here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
tree=$scratch/tree
spdx='/* SPDX-License-Identifier: BSD-2-Clause */'
failures=0
checks=0

make_tree() {
	rm -rf "$tree"
	mkdir -p "$tree/include/weir" "$tree/core/platform/ck" "$tree/drivers/stub" "$tree/bench" \
		"$tree/tests/unit" "$tree/tests/tidy" "$tree/cli" "$tree/drivers/sqlite" \
		"$tree/stress/explore" "$tree/stress/relacy"
	printf '%s\n#include <stdint.h>\n' "$spdx" >"$tree/include/weir/pool.h"
	printf '%s\n#include <ck_pr.h>\n' "$spdx" >"$tree/core/platform/ck/atomic.h"
	printf '%s\n#include "atomic.h"\n' "$spdx" >"$tree/core/slot.h"
	printf '%s\n#include "slot.h"\n' "$spdx" >"$tree/core/testing.h"
	printf '%s\n#include <weir/pool.h>\n' "$spdx" >"$tree/core/turnstile.h"
	printf '%s\n#include "turnstile.h"\n' "$spdx" >"$tree/drivers/sqlite/sqlite.c"
	printf '%s\n#include <weir/pool.h>\n#include "slot.h"\n' "$spdx" >"$tree/core/slot.c"
	printf '%s\n#include <weir/pool.h>\n' "$spdx" >"$tree/drivers/stub/stub.c"
	printf '%s\n#include "testing.h"\n' "$spdx" >"$tree/bench/micro.cc"
	printf '%s\n#include "testing.h"\n' "$spdx" >"$tree/tests/unit/slot_test.c"
	printf '%s\n#include "testing.h"\n' "$spdx" >"$tree/stress/explore/world.c"
	printf '%s\n#include "slot.h"\n#include "atomic.h"\n' "$spdx" >"$tree/stress/relacy/cases.cc"
	printf '%s\nint a;\n' "$spdx" >"$tree/stress/worker.c"
	printf '%s\nint a;\n' "$spdx" >"$tree/bench/table.h"
	printf '%s\nset(WEIR_PROTOCOL_SOURCES\n\tslot.c)\nset(more error.c)\n' \
		'# SPDX-License-Identifier: BSD-2-Clause' >"$tree/core/CMakeLists.txt"
	printf '%s\nadd(stub.c sqlite.c micro.cc slot_test.c weir.c world.c cases.cc worker.c)\n' \
		'# SPDX-License-Identifier: BSD-2-Clause' >"$tree/CMakeLists.txt"
	for folder in drivers/stub drivers/sqlite bench tests/unit cli stress; do
		cp "$tree/CMakeLists.txt" "$tree/$folder/CMakeLists.txt"
	done
}

# expect <what> <exit code> <rule, or nothing>
expect() {
	checks=$((checks + 1))
	sh "$here/tidy.sh" "$tree" >"$scratch/out" 2>"$scratch/err"
	code=$?
	rules=$(sed -E 's/^[^:]*:[0-9]+: ([a-z-]+):.*/\1/' "$scratch/out" | sort -u | tr '\n' ' ')
	if [ "$code" != "$2" ] || [ "${rules% }" != "$3" ]; then
		echo "FAILED: $1: exit $code (expected $2), rules \"${rules% }\" (expected \"$3\")"
		cat "$scratch/out" "$scratch/err"
		failures=$((failures + 1))
	fi
}

# plant <rule> <file> <printf text to append>
plant() {
	make_tree
	[ -f "$tree/$2" ] || printf '%s\n' "$spdx" >"$tree/$2"
	# shellcheck disable=SC2059 # the text is a format on purpose: \n and \t
	printf "$3" >>"$tree/$2"
	expect "$1 planted in $2" 1 "$1"
}

# allow <file> <printf text to append>: the same, and no finding.
allow() {
	make_tree
	# shellcheck disable=SC2059
	printf "$2" >>"$tree/$1"
	expect "nothing wrong in $1" 0 ""
}

repeat() { awk -v n="$1" -v s="$2" 'BEGIN { while (n-- > 0) printf "%s", s }'; }

make_tree
expect "the clean tree" 0 ""

plant include include/weir/pool.h '#include <sqlite3.h>\n'
plant include include/weir/pool.h '#include "slot.h"\n'
plant include include/weir/pool.h '#include <weir/none.h>\n'
plant include core/platform/ck/atomic.h '#include "slot.h"\n'
plant include core/platform/ck/atomic.h '#include <weir/pool.h>\n'
plant include core/slot.c '#include <sqlite3.h>\n'
plant include core/slot.c '#  include <ck_pr.h>\n'
plant include core/slot.c '#include "none.h"\n'
plant include core/slot.c '#include "weir/pool.h"\n'
plant include drivers/stub/stub.c '#include "slot.h"\n'
plant include drivers/stub/stub.c '#include "testing.h"\n'
plant include drivers/stub/stub.c '#include "turnstile.h"\n'
plant include drivers/sqlite/sqlite.c '#include "slot.h"\n'
plant include drivers/sqlite/sqlite.c '#include "atomic.h"\n'
plant include drivers/sqlite/sqlite.c '#include "testing.h"\n'
plant include drivers/stub/stub.c '#include "../../core/slot.h"\n'
plant include cli/weir.c '#include "atomic.h"\n'
plant include bench/micro.cc '#include "slot.h"\n'
plant include tests/unit/slot_test.c '#include "slot.h"\n'
plant include stress/worker.c '#include "slot.h"\n'
plant include stress/worker.c '#include "testing.h"\n'
plant include stress/relacy/cases.cc '#include "table.h"\n'
plant include cli/weir.c '#include "table.h"\n'
plant atomics core/slot.c 'int a = __atomic_load_n(\n'
plant atomics core/slot.c '\tck_pr_fence_memory();\n'
plant atomics core/slot.h '_Atomic int a;\n'
plant atomics core/slot.h 'static _Thread_local int a;\n'
plant platform-if core/slot.c '#if defined(__GNUC__)\n#endif\n'
plant platform-if core/slot.c '#ifdef __linux__\n#endif\n'
plant platform-if core/slot.h '# elif __x86_64__\n'
plant protocol core/slot.c '\tvoid *p = malloc(8);\n'
plant protocol core/slot.c '\tpthread_mutex_lock(&m);\n'
plant unit-test core/error.c 'int a;\n'
plant unlisted cli/spare.c 'int a;\n'
plant unique-name cli/slot.h 'int a;\n'
plant file-length core/slot.h "$(repeat 450 '\\n')"
plant file-length tests/unit/slot_test.c "$(repeat 650 '\\n')"
plant function-length core/slot.c "void f(void)\n{\n$(repeat 81 '\tg();\\n')}\n"
plant columns core/slot.c "$(repeat 25 '\\t')x\n"
plant columns cli/CMakeLists.txt "$(repeat 101 x)\n"
plant trailing-space core/slot.c 'int a; \n'
plant unfinished core/slot.c '/* TO''DO: more */\n'
plant unfinished README.md 'FIX''ME\n'
plant glob cli/CMakeLists.txt 'file(''GLOB all *.c)\n'

make_tree
printf 'int a;\n' >"$tree/core/slot.h"
expect "no licence" 1 spdx

for place in db unit integration; do
	make_tree
	mkdir -p "$tree/core/db" "$tree/tests/$place"
	for file in core/db/group.c "tests/$place/group_test.c"; do
		printf '%s\n' "$spdx" >"$tree/$file"
		printf '%s\nadd(group.c slot_test.c)\n' '# SPDX-License-Identifier: BSD-2-Clause' \
			>"$tree/${file%/*}/CMakeLists.txt"
	done
	expect "a test of core/db in tests/$place" 0 ""
	rm "$tree/tests/$place/group_test.c"
	expect "core/db without its test in tests/$place" 1 unit-test
done
printf 'db/group.c data only\n' >"$tree/tests/tidy/no_unit_test.txt"
expect "a reason for no test of core/db" 0 ""
printf 'group.c data only\n' >"$tree/tests/tidy/no_unit_test.txt"
expect "a reason for another file" 1 unit-test

make_tree
printf '%s\n' "$spdx" >"$tree/core/error.c"
printf 'error.c data only\n' >"$tree/tests/tidy/no_unit_test.txt"
expect "a reason for no unit test" 0 ""
printf 'error.c \n' >"$tree/tests/tidy/no_unit_test.txt"
expect "an exception without a reason" 1 unit-test

allow core/slot.c '/* malloc( and __atomic_load in a comment,\n * of two lines: ck_pr_load */\n'
allow core/slot.c "void f(void)\n{\n$(repeat 80 '\tg();\\n')}\n"
allow core/platform/ck/atomic.h '#if defined(__GNUC__)\nint a = __atomic_load_n(\n#endif\n'
allow tests/unit/slot_test.c "$(repeat 640 '\\n')"
allow tests/unit/slot_test.c '#include "table.h"\n'
allow drivers/stub/stub.c '#include <stdatomic.h>\n\tp = malloc(8);\n'
allow core/slot.c "/* $(repeat 90 '\303\274') */\n"
allow core/slot.c "$(repeat 24 '\\t')abcd\n"

tree=$scratch/nowhere
expect "a tree that does not exist" 2 ""
mkdir "$tree"
expect "a tree without core" 2 ""

echo "tidy_selftest: $checks checks, $failures failed"
[ "$failures" = 0 ]
