#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: peers_test.sh WEIR-BENCH EXAMPLE.so
#
# Other projects' pools from a folder: those that are there take part, those that are
# missing are named and that is all, and one that fails is named, costs nobody else
# their figures, and is exit 1.
set -eu

bench=$1
example=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
cd "$scratch"
mkdir peers

wrong() {
	echo "peers_test: $*"
	cat out err
	exit 1
}

# run <exit code> <argument>...
run() {
	wanted=$1
	shift
	code=0
	"$bench" "$@" >out 2>err || code=$?
	[ "$code" = "$wanted" ] || wrong "weir-bench $*: exit code $code, not $wanted"
}

out() { grep -q -e "$1" out || wrong "there is no \"$1\" on stdout"; }
err() { grep -q -e "$1" err || wrong "there is no \"$1\" on stderr"; }

# write_child <name> <what it does for a pass>
write_child() {
	cat >"peers/$1" <<END
#!/bin/sh
echo '{"protocol":1,"pool":"$1","version":"1.0","runtime":"sh","warm_s":0,"extra_work":"coughs"}'
while read -r order; do
	case \$order in
	*'"open"'*) echo '{"opened":true}' ;;
	*'"pass"'*) $2 ;;
	*) echo '{"closed":true}' ;;
	esac
done
END
	chmod +x "peers/$1"
}

good='echo "{\"seconds\":1.0,\"ops\":[70,80],\"timeouts\":0,\"failures\":0,\"cpu_s\":0.1,
	\"ctx_switches\":null,\"waits\":[[9,5]],\"wait_max\":9}" | tr -d "\\n"; echo'
passes='--seconds 0.01 --reps 2 --pools weir,good,bad,my-pool --peers-dir peers'

cp "$example" peers/mine.so
write_child good "$good"
echo 'hikaricp: libhikaricp-java and-more' >peers/missing.txt
echo 'not for running' >peers/read.me
mkdir peers/folder

run 0 list --peers --peers-dir peers
out 'good .*good 1.0 on sh'
out 'my-pool'
err 'hikaricp is missing.*libhikaricp-java and-more'

# shellcheck disable=SC2086
run 0 run pair --peers --json a.json $passes --pools weir,good,my-pool
out '^good .*150 '
out '^good coughs'
out '^my-pool'
err 'hikaricp is missing'
grep -q '"standing": *"peer"' a.json || wrong 'no peer in a.json'
grep -q '"ctx_switches": *null' a.json || wrong 'a.json knows what nobody counted'

# A sparse step hands leases from thread to thread: no child does that.
# shellcheck disable=SC2086
run 0 run sparse --conns 8 --peers $passes --pools weir,good
grep -q '^good' out && wrong 'good took part in sparse'

# One that ends after its first pass.
write_child bad 'if [ -f seen ]; then exit 9; fi; touch seen; '"$good"
# shellcheck disable=SC2086
run 1 run pair solo --peers --json b.json $passes
out '^bad .*dropped out: it ended by itself, with exit code 9'
err 'bad dropped out in pair'
[ "$(grep -c '^good .*150 ' out)" = 1 ] || wrong 'good has no figures'
[ "$(grep -c '^bad ' out)" -ge 2 ] || wrong 'bad is not named in both'
grep -q '"failure": *"it ended' b.json || wrong 'b.json does not say it'

# One that cannot be started, and one that cannot be loaded.
printf '#!/bin/sh\nexit 4\n' >peers/bad
echo 'no object' >peers/worse.so
# shellcheck disable=SC2086
run 1 run pair --peers $passes --pools weir,good
err 'bad could not take part: it ended by itself, with exit code 4'
err 'worse.so could not take part: it cannot be loaded'
out '^good .*150 '

run 2 run pair --peers --peers-dir nowhere
err 'no peers in "nowhere"'
# Without a scenario it is the run that writes to results/, which is not here.
run 2 run --peers --peers-dir peers
err 'results/'
