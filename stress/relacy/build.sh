#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: build.sh CORE_DIR OUTPUT [OBJECTS]
#
# Compiles the protocol sources of the core in CORE_DIR, unchanged, and the cases
# against Relacy's headers into the program OUTPUT. OBJECTS is a folder for what sees
# nothing of core: with the same one for many cores, that is compiled once. CXX and
# CXXFLAGS are heeded. Two compilers run at a time.
set -eu

if [ $# -lt 2 ] || [ $# -gt 3 ]; then
	sed -n 's/^# usage: /usage: /p' "$0" >&2
	exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
tree=$(cd "$here/../.." && pwd)
core=$(cd "$1" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
objects=${3:-$scratch/engine}
mkdir -p "$objects"

CXX=${CXX:-g++}
# Two idioms of C that g++ warns of stay: a struct and a function of one name, = {0}.
flags="-std=c++17 -D_GNU_SOURCE -Wall -Wextra -Wno-missing-field-initializers ${CXXFLAGS:--O1}"
ours="-I$core/platform/relacy -I$here"
weir="$ours -I$core -I$core/platform -I$core/log -I$core/metrics -I$tree/include"
# Relacy's headers are not clean, and write $ for a place in the source.
engine="-std=gnu++17 -O2 -w -I$tree/core/platform/relacy -I$here"

protocol=$(awk '/^set\(WEIR_PROTOCOL_SOURCES/ { on = 1; next }
	on { end = /\)/; gsub(/[\t )]/, ""); if ($0 != "") print; if (end) exit }' \
	"$core/CMakeLists.txt")

# compile <object> <flags> <source>, if the object is not there or older
compile() {
	if [ ! -e "$1" ] || [ -n "$(find "$here" "$tree/core/platform/relacy" -newer "$1" \
		\( -name '*.h' -o -name '*.cc' \) -print)" ]; then
		# shellcheck disable=SC2086 # flags are words
		$CXX $2 -x c++ -c "$3" -o "$1.part" && mv "$1.part" "$1"
	fi
}

# Core's plain accesses are calls into relacy_watch.cc; see there.
#
# The slowest alone, beside all the others.
slow() {
	compile "$objects/relacy_engine.o" "$engine" "$here/relacy_engine.cc" &&
		compile "$objects/relacy_words.o" "$engine" "$here/relacy_words.cc" &&
		compile "$objects/relacy_system.o" "$engine" "$here/relacy_system.cc" &&
		compile "$objects/relacy_watch.o" "$engine" "$here/relacy_watch.cc" &&
		compile "$objects/weir_relacy.o" "$flags $ours" "$here/weir_relacy.cc"
}

slow &
slow=$!
for source in $protocol diagnose.c; do
	compile "$scratch/core_${source%.c}.o" "$flags $weir -fsanitize=thread" "$core/$source"
done
for source in relacy_litmus_cases relacy_word_cases relacy_waitq_cases relacy_pool_cases \
	relacy_gate_cases relacy_turnstile_cases relacy_stand_ins; do
	compile "$scratch/$source.o" "$flags $weir" "$here/$source.cc"
done
wait "$slow"

# shellcheck disable=SC2086
$CXX $flags -Wl,--wrap=abort -o "$2" "$scratch"/*.o \
	"$objects/relacy_engine.o" "$objects/relacy_words.o" "$objects/relacy_system.o" \
	"$objects/relacy_watch.o" "$objects/weir_relacy.o"
