#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: browser_test.sh HTTP_DEMO INDEX_HTML OUTPUT_DIR
#
# Draws the live page in a real browser, without a window: are all pools there, with
# figures and shapes, hostile names as text, nothing on the console, nothing asked of
# anybody else? What does it say while the server fails, after that, and when it is gone?
# Leaves dom.html and pictures, wide and narrow, light and dark, in OUTPUT_DIR. Exit 0
# passed, 1 failed, 77 without Chromium.
set -eu
LC_ALL=C
export LC_ALL

demo=$1
page=$2
out=$3
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
	echo "browser_test: SKIPPED: there is no Chromium; apt-get install chromium" >&2
	exit 77
}
scratch=$(mktemp -d)
server=
trap 'exec 9>&-; [ -z "$server" ] || wait "$server" || :; rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$out"
failed=0

check() { # <what> <command>...
	what=$1
	shift
	if "$@"; then
		echo "ok   $what"
	else
		echo "FAIL $what"
		failed=$((failed + 1))
	fi
}
has() { grep -q -F -e "$1" "$2"; }
lacks() { ! grep -q -F -e "$1" "$2"; }

mkfifo "$scratch/in"

# serve <argument of http_demo>...
serve() {
	: >"$scratch/port"
	"$demo" "$@" <"$scratch/in" >"$scratch/port" 9>&- &
	server=$!
	exec 9>"$scratch/in"
	tries=0
	until [ -s "$scratch/port" ]; do
		tries=$((tries + 1))
		[ "$tries" -le 100 ] || { echo "browser_test: the server did not start" >&2; exit 1; }
		sleep 0.1
	done
	port=$(cat "$scratch/port")
}

# The server ends when its standard input does.
end_server() {
	exec 9>&-
	wait "$server"
	server=
}

serve

# browse <what is kept of it> <option>...: real time passes in the page, since fetch
# answers come from outside of its virtual time.
browse() {
	name=$1
	shift
	timeout 60 "$browser" --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage \
		--host-resolver-rules="MAP * ~NOTFOUND, EXCLUDE 127.0.0.1" --no-first-run \
		--disable-background-networking --disable-component-update --disable-sync \
		--user-data-dir="$scratch/profile" --hide-scrollbars --enable-logging=stderr --v=0 \
		--virtual-time-budget=12000 "$@" "http://127.0.0.1:$port/" 9>&- \
		>"$scratch/$name.out" 2>"$scratch/$name.log" || {
		cat "$scratch/$name.log"
		return 1
	}
	grep CONSOLE "$scratch/$name.log" >"$scratch/$name.console" || :
}

# dump <file>: the page as it is in the end, without its script, whose text names the
# elements that it makes.
dump() {
	browse dom --dump-dom --log-net-log="$scratch/net.json" --window-size=1400,1000
	sed '/<script>/,/<\/script>/d' "$scratch/dom.out" >"$1"
}

dom=$out/dom.html
dump "$dom"

articles=$(grep -o '<article' "$dom" | wc -l)
check "three pools are drawn ($articles)" [ "$articles" = 3 ]
check "the page is live" has '>live</div>' "$dom"
check "names are there" has '<h2>orders</h2>' "$dom"
check "a hostile name is text" has '<h2>&lt;script&gt;alert(1)&lt;/script&gt;</h2>' "$dom"
check "a hostile site is text" has '&lt;img src=x onerror=alert(2)&gt;.c:1' "$dom"
check "no element was made of it" lacks '<img' "$dom"
check "a hostile error is text" lacks '<b>refused' "$dom"
check "the breaker is open" has 'class="open">open</dd>' "$dom"
drawn=$(grep -o '<path class="bars" d="M0 80M[^"]*' "$dom" | wc -l)
check "every histogram has bars ($drawn)" [ "$drawn" -ge 5 ]
for name in "wait for a lease" "lease held"; do
	said="aria-label=\"$name: [1-9][^\"]* times[^\"]*, p50 [0-9][^\"]*, p99 [1-9]"
	labels=$(grep -o "$said" "$dom" | wc -l)
	check "\"$name\" says its figures ($labels)" [ "$labels" -ge 2 ]
	shape=$(grep -o "$name: [1-9][^>]*><path class=\"grid\".*" "$dom" |
		grep -o '<path class="bars" d="M0 80M[^"]*' | head -n 1 | tr -cd 'M' | wc -c)
	check "\"$name\" has a shape ($shape)" [ "$shape" -ge 8 ]
done
check "who did not wait is said" grep -q '<span>7[0-9] % at once</span>' "$dom"
for name in "open" "wait for the gate" "commit" "sync to disk" "checkpoint"; do
	check "the table has \"$name\"" grep -q \
		"<th scope=\"row\">$name</th><td class=\"n\">[0-9]" "$dom"
done
check "rates are numbers" grep -q '<dt>acquires/s</dt><dd title="[1-9]' "$dom"
check "no figure is lost" lacks 'NaN' "$dom"
check "no figure is undefined" lacks 'undefined' "$dom"
check "the console is silent" [ ! -s "$scratch/dom.console" ]
cat "$scratch/dom.console"

# Every address that was connected to, by name or number.
grep -o '"url":"[a-z]*://[^"/]*' "$scratch/net.json" | sed 's/"url":"//' | sort -u >"$scratch/urls"
# What is left out are the browser's own calls home, which its page does not make.
grep -v -x -F "http://127.0.0.1:$port" "$scratch/urls" |
	grep -v -e '^chrome' -e '\.google\.com$' -e '\.googleapis\.com$' >"$scratch/others" || :
check "the page's own requests are seen" has "http://127.0.0.1:$port" "$scratch/urls"
check "the page's markup names nobody else" lacks '="http' "$dom"
check "nobody else was asked" [ ! -s "$scratch/others" ]
cat "$scratch/others"

# The policy that the server sends fits what stands between the tags.
for tag in style script; do
	want=$(awk -v tag="$tag" '$0 == "</" tag ">" { on = 0 } on { print }
		$0 == "<" tag ">" { on = 1 }' "$page" | { printf '\n'; cat; } | sha256sum | cut -d' ' -f1)
	got=$(curl -s -o /dev/null -D - "http://127.0.0.1:$port/" |
		sed -n "s/^Content-Security-Policy:.*$tag-src 'sha256-\([^']*\)'.*/\1/p" |
		base64 -d | od -An -v -tx1 | tr -d ' \n')
	check "the policy has the hash of <$tag>" [ "$want" = "$got" ]
done

for size in 1600,1400 360,2600; do
	for scheme in light dark; do
		picture=$out/page-${size%,*}-$scheme.png
		rm -f "$picture"
		dark=
		[ "$scheme" = light ] || dark=--blink-settings=preferredColorScheme=0
		browse picture --screenshot="$picture" --window-size=$size ${dark:+"$dark"}
		check "a picture: $picture" [ -s "$picture" ]
		check "without a word on the console" [ ! -s "$scratch/picture.console" ]
	done
done

end_server

# Answers that fail, then none, then good ones again: the page keeps what it has shown,
# says so, and goes on.
serve 3 1000000
dump "$scratch/failing.html"
check "failures are told" has 'class="lost" title="status 503">connection lost, retrying</div>' \
	"$scratch/failing.html"
check "what is old is faint" has '<main id="pools" aria-label="Pools" class="stale">' \
	"$scratch/failing.html"
check "what was shown stays" has '<h2>orders</h2>' "$scratch/failing.html"
end_server

serve 3
dump "$scratch/gone.html"
check "a server that is gone is told" grep -q \
	'class="lost" title="[^"]*">connection lost, retrying</div>' "$scratch/gone.html"
check "its pools stay, faint" has 'class="stale"><article aria-label="users">' "$scratch/gone.html"
end_server

serve 3
rm -f "$out/page-lost.png"
browse picture --screenshot="$out/page-lost.png" --window-size=1600,1400
check "a picture: $out/page-lost.png" [ -s "$out/page-lost.png" ]
end_server

serve 3 2
dump "$scratch/resumed.html"
check "there were failures" has 'HTTP/1.1 503' "$scratch/net.json"
check "the page is live again" has 'class="" title="">live</div>' "$scratch/resumed.html"
check "nothing is faint any more" lacks 'stale"' "$scratch/resumed.html"
check "figures go on" grep -q '<dt>acquires/s</dt><dd title="[1-9]' "$scratch/resumed.html"
end_server

echo "browser_test: $failed failed; pictures in $out"
[ "$failed" = 0 ]
