#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: thread_safety.sh [TREE]
#
# Is what a lock guards touched under that lock only, and is every lock let go? clang
# checks the protocol files for it, by the words of core/platform/thread_safety.h;
# then copies of them with a fault planted, each of which it must refuse.
# The closing line counts files and faults. Exit 0 passed, 1 failed, 2 wrong use,
# 3 without clang.
set -eu
LC_ALL=C
export LC_ALL

case ${1:-} in
--help | -h)
	sed -n '4,10 s/^# \{0,1\}//p' "$0"
	exit 0
	;;
esac
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/../..}" || exit 2
[ -f core/CMakeLists.txt ] || { echo "thread_safety: there is no core/ in $(pwd)" >&2; exit 2; }
command -v clang >/dev/null || { echo "thread_safety: there is no clang" >&2; exit 3; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
passed=0
failed=0

# analyse <file>: as C++, which alone lets one field of a struct name another.
analyse() {
	clang -x c++ -std=c++17 -D_GNU_SOURCE -fsyntax-only -Wthread-safety -Werror -Iinclude -Icore \
		-Icore/metrics -Icore/platform -Icore/platform/builtin -Icore/platform/linux "$1" \
		>"$scratch/out" 2>&1
}

count() {
	if [ "$1" = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "$2"
		cat "$scratch/out"
	fi
}

# refuse <what it is> <file of core> <sed command> <part of the message>: the fault,
# which the command plants in a copy, is found.
refuse() {
	found=0
	sed "$3" "core/$2" >"$scratch/$2"
	: >"$scratch/out"
	if cmp -s "core/$2" "$scratch/$2"; then
		echo "the command \"$3\" finds nothing to change" >"$scratch/out"
		found=1
	elif analyse "$scratch/$2" || ! grep -q "$4" "$scratch/out"; then
		found=1
	fi
	count "$found" "$2: $1: not refused"
}

for file in $(awk '/^set\(WEIR_PROTOCOL_SOURCES/ { on = 1; next }
	on { end = /\)/; gsub(/[\t )]/, ""); if ($0 != "") print; if (end) exit }' core/CMakeLists.txt)
do
	analyse "core/$file" && found=0 || found=1
	count "$found" "$file: refused"
done

locks='/weir__lock(&gate->lock);/d'
refuse "collect forgets to unlock" gate_enter.c \
	'/^enum weir_code weir_gate_collect/,/^}/ { /weir__unlock/d; }' "not held on every path"
refuse "collect does not lock" gate_enter.c \
	"/^enum weir_code weir_gate_collect/,/^}/ { $locks; }" "requires holding lock"
refuse "an error path returns with the lock" gate_enter.c \
	'/if (code != WEIR_OK) {/,/}/ { /weir__unlock/d; }' "not held on every path"
refuse "leave lets go twice" gate_lead.c \
	'/^void weir_gate_leave/,/^}/ s/weir__unlock(&gate->lock);/& &/' "was not held"
refuse "destroy writes without the lock" gate.c \
	'/^void weir_gate_destroy/,/^}/ s/weir__gate_free_stock/gate->closed = true; &/' \
	"requires holding lock"
refuse "length reads without the lock" gate.c \
	'/^uint32_t weir_gate_length/,/^}/ s/return/return gate->served +/' "requires holding lock"
refuse "the stock grows under the lock" gate_enter.c \
	'/ends: each round adds to the stock/,/}/ { /weir__unlock/d; }' "cannot call function"
refuse "settle is called after the unlock" gate_enter.c \
	'/^bool weir_gate_abandon/,/^}/ s/weir__gate_unlock.*/& weir__gate_settle(gate, 0, \&then);/' \
	"requires holding lock"
refuse "retire forgets to unlock" waitq.c \
	'/^void weir__waitq_retire/,/^}/ { /weir__unlock/d; }' "still held at the end"
refuse "cancel takes a waiter out without the lock" waitq.c \
	'/^bool weir__waitq_cancel/,/^}/ { /weir__lock/d; /weir__unlock/d; }' "requires holding lock"
refuse "hand_over reads the head without the lock" waitq.c \
	'/^enum weir__handed weir__waitq_hand_over/,/^}/ { /weir__lock/d; /weir__unlock/d; }' \
	"requires holding lock"

echo "thread_safety: $passed passed, $failed failed"
[ "$failed" = 0 ]
