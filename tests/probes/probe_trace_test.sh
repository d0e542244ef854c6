#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: probe_trace_test.sh SCENE
#
# Runs SCENE under gdb, which stops at every probe: are all passed, and are the
# arguments what they should be?
set -eu
scene=$1
command -v gdb >/dev/null || exit 77
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
cd "$scratch"

# watch <probe> <format for its arguments, all of them>
watch() {
	cat <<END
break -probe-stap weir:$1
commands
silent
printf "$1 $2\\n", $3
continue
end
END
}
three='$_probe_arg0, $_probe_arg1, $_probe_arg2'
four="$three, \$_probe_arg3"
{
	printf '%s\n' 'set startup-with-shell off' 'set print thread-events off'
	watch acquire__wait '%s ns=%ld grant=%d' "$three"
	watch hand__off '%s slot=%u ns=%ld' "$three"
	watch open '%s slot=%u ns=%ld code=%d' "$four"
	watch retire '%s slot=%u reason=%d' "$three"
	watch gate__enter '%s ns=%ld lane=%d' "$three"
	watch group__commit '%s jobs=%u ns=%ld code=%d' "$four"
	watch checkpoint '%s frames=%lu ns=%ld code=%d' "$four"
	printf '%s\n' 'run scene.db' 'printf "exit %d\n", $_exitcode'
} >commands
# A machine may forbid tracing.
if ! gdb -nx -batch -ex 'set startup-with-shell off' -ex run /bin/true 2>&1 |
	grep -q 'exited normally'; then
	echo "gdb may not run programs here"
	exit 77
fi
gdb -nx -batch -x commands "$scene" >out 2>&1 || { cat out; exit 1; }

# once <extended regular expression>: some line of what was passed is just that
once() {
	grep -q -x -E "$1" out && return
	echo "no line is: $1"
	cat out
	exit 1
}
once 'acquire__wait scene-pool ns=[1-9][0-9]* grant=1'
once 'hand__off scene-pool slot=0 ns=[1-9][0-9]*'
once 'open scene-pool slot=0 ns=[1-9][0-9]* code=0'
once 'retire scene-pool slot=0 reason=5'
once 'gate__enter scene-db ns=-?[0-9]+ lane=0'
once 'group__commit scene-db jobs=1 ns=[1-9][0-9]* code=0'
once 'checkpoint scene-db frames=[1-9][0-9]* ns=[1-9][0-9]* code=0'
once 'exit 0'
