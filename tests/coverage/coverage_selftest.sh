#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Proves that coverage.awk refuses what it is for: a small tree whose figures and
# reasons are in order passes, and with one thing wrong it fails and says so.
set -u
LC_ALL=C
export LC_ALL

here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
cd "$scratch" || exit 1
mkdir core
passed=0
failed=0

# Line 4 and lines 10 and 11 were not run.
cat >core/ring.c <<'END'
static bool grow(struct ring *ring)
{
	if (full(ring))
		return false;
	return true;
}
int search(const struct ring *ring,
           int from)
{
	from++;
	from--;
	return from;
}
END

# figures <lines run of 100> <branches run of 100>
figures() {
	printf 'filename,lines,run,percent,branches,run,percent\n' >files
	printf 'core/ring.c,100,%s,0.9,100,%s,0.9,1,1,1.0\n' "$1" "$2" >>files
	printf 'cli/weir.c,10,1,0.1,10,0,0.0,1,1,1.0\n' >>files
}

reasons() { printf '%s\n' "$@" >justified; }

# expect <what is tried> <exit code> <text of the verdict or of the report>
expect() {
	awk -f "$here/coverage.awk" -v justified=justified -v lines=lines -v verdict=verdict \
		files >report
	code=$?
	if [ $code = "$2" ] && cat report verdict | grep -q -F -e "$3"; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	echo "$1: exit code $code (expected $2), or nobody said \"$3\""
	cat report verdict
}

{
	printf '<?xml version="1.0"?><coverage version="1"><file path="core/ring.c">'
	for line in 3:true 4:false 5:true 10:false 11:false 12:true; do
		printf '<lineToCover lineNumber="%s" covered="%s"/>' "${line%:*}" "${line#*:}"
	done
	printf '</file><file path="cli/weir.c"><lineToCover lineNumber="1" covered="false"/></file>'
} >lines

whole='core/ring.c:search:* | a clock would have to stop'
line='core/ring.c:grow:return false; | no ring is full'
closing='coverage: core lines 97.0 % (97 of 100), branches 90.0 % (90 of 100)'

figures 97 90
reasons '# a comment' '' "$line" "$whole"
expect "all in order" 0 "$closing"
expect "the row of a folder" 0 '| cli | 1 of 10 | 10.0 | 0 of 10 | 0.0 |'
expect "a line and its reason" 0 "| core/ring.c:4 | \`grow\` | no ring is full |"
expect "lines with one reason" 0 "| core/ring.c:10-11 | \`search\` | a clock would have to stop |"
reasons "$whole"
expect "a line without a reason" 1 'core/ring.c:4: not run'
reasons "$line" 'core/ring.c:search:from++; | half of it'
expect "half of the lines" 1 'core/ring.c:11: not run'
reasons "$line" "$whole" 'core/ring.c:grow:return NULL; | it was so once'
expect "a reason without its line" 1 'there is no such line: core/ring.c:grow:return NULL;'
reasons "$whole" 'core/ring.c:search:return false; | no ring is full'
expect "the right text in another function" 1 'there is no such line'
reasons "$line" 'core/ring.c:search:* | '
expect "an empty reason" 1 'no reason in'
reasons "$line" "$whole"
figures 96 90
expect "too few lines" 1 'below 97 %'
figures 97 89
expect "too few branches" 1 'below 90 %'
figures 0 0
: >files
expect "no figures" 1 'below 97 %'

echo "coverage_selftest: $passed passed, $failed failed"
[ "$failed" = 0 ]
