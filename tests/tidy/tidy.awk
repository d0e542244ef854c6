# SPDX-License-Identifier: BSD-2-Clause
#
# The rules of tidy.sh that look at one line, or at the lines of one file. Prints
# "path:line: rule: what is wrong". Plain awk: runs on mawk, gawk and busybox.
#
# Variables: lists, a file of "header <dir> <name>", "protocol <path>" lines.

BEGIN {
	while ((getline line < lists) > 0) {
		split(line, word, " ")
		if (word[1] == "header")
			header_dir[word[3]] = word[2]
		else
			protocol[word[2]] = 1
	}
	lines_max = 450
	test_lines_max = 650 # a test mirrors its source, and a model is one: no split at will
	function_lines_max = 80
	columns_max = 100
	# Pieced together, so that this file does not find itself.
	unfinished = "(^|[^A-Za-z0-9_])(TO" "DO|FIX" "ME|X" "XX)([^A-Za-z0-9_]|$)"
	machine = "__(GNUC|clang|linux|x86_64|aarch64|APPLE|SANITIZE|has_feature|has_include|GLIBC)"
	atomics = "(__atomic_|__sync_|ck_pr_|_Atomic|stdatomic|atomic_thread_fence)"
	protocol_only = "(^|[^A-Za-z0-9_])(malloc|calloc|realloc|free|(pthread|rcu)_[a-z_]+)[ ]*[(]"
}

function report(rule, text)
{
	printf "%s:%d: %s: %s\n", path, FNR, rule, text
}

# The part of the tree that include directions are stated for.
function part_of(file)
{
	if (file ~ /^include\/weir\//)
		return "include"
	if (file ~ /^core\/platform\//)
		return "platform"
	if (file ~ /^drivers\/[^\/]+\//) {
		sub(/^drivers\//, "", file)
		sub(/\/.*/, "", file)
		return "drivers/" file
	}
	sub(/\/.*/, "", file)
	return file
}

function may_include(from, to, name)
{
	if (from == to)
		return 1
	if (from == "core")
		return to == "platform"
	if (from == "drivers/sqlite" && to == "core")
		return name == "turnstile.h"
	if (from == "examples")
		return name == "pool_under_test.h" # what users include, too
	if (from == "tests")
		return name == "testing.h" || to == "bench" || to == "cli" || to == "stress" ||
			to == "http" || to == "migrate"
	if (from == "stress" && path ~ /^stress\/fuzz\//)
		return to == "bench" && name == "scenario.h"
	if (from == "stress" && path ~ /^stress\/(explore|relacy)\//)
		return to == "core" || to == "platform" # the checkers, which run the protocols
	if (name == "testing.h")
		return from == "bench" && path ~ /\.cc$/
	return 0
}

function check_include(line, name, dir)
{
	name = line
	if (line ~ /include[ \t]*"/) {
		sub(/^[^"]*"/, "", name)
		sub(/".*/, "", name)
		if (name ~ /\//) {
			report("include", "\"" name "\": give the name alone, or <weir/...> if it is public")
		} else if (!(name in header_dir)) {
			report("include", "\"" name "\" is no header of this tree")
		} else {
			dir = part_of(header_dir[name] "/" name)
			if (!may_include(part, dir, name))
				report("include", part " may not include \"" name "\" of " header_dir[name])
		}
		return
	}
	sub(/^[^<]*</, "", name)
	sub(/>.*/, "", name)
	if (name ~ /^weir\//) {
		sub(/^weir\//, "", name)
		if (part == "platform")
			report("include", "core/platform may not include <weir/" name ">")
		else if (header_dir[name] != "include/weir")
			report("include", "<weir/" name "> does not exist")
	} else if (part == "include" && name !~ /^(std[a-z]+|string)\.h$/) {
		report("include", "<" name "> in a public header: only weir/ and the C library")
	} else if ((part == "core" || part == "platform") && name ~ /^(sqlite3|libpq-fe)\.h$/) {
		report("include", "<" name ">: core knows no database")
	} else if (part == "core" && name ~ /^(ck_|urcu|stdatomic)/) {
		report("include", "<" name ">: only core/platform touches it")
	}
}

# The line without its comments; block comments may span lines.
function code_of(line, start, end, rest)
{
	if (in_comment) {
		end = index(line, "*/")
		if (end == 0)
			return ""
		in_comment = 0
		line = substr(line, end + 2)
	}
	while ((start = index(line, "/*")) > 0) {
		rest = substr(line, start + 2)
		end = index(rest, "*/")
		if (end == 0) {
			in_comment = 1
			return substr(line, 1, start - 1)
		}
		line = substr(line, 1, start - 1) " " substr(rest, end + 2)
	}
	sub(/\/\/.*/, "", line)
	return line
}

function check_code(line)
{
	if (line ~ /^[ \t]*#[ \t]*include/)
		check_include(line)
	if (part == "core") {
		if (line ~ atomics)
			report("atomics", "shared words are touched through core/platform only")
		if (line ~ /(^|[^A-Za-z0-9_])(_Thread_local|thread_local|__thread)([^A-Za-z0-9_]|$)/)
			report("atomics", "thread-local words are core/platform's")
		if (line ~ /^[ \t]*#[ \t]*(if|elif)/ && line ~ machine)
			report("platform-if", "#if on compiler, sanitizer or system belongs to core/platform")
	}
	if ((path in protocol) && line ~ protocol_only)
		report("protocol", "a protocol file takes memory and threads through core/platform")
	if (line ~ /^\{[ \t]*$/)
		function_line = FNR
	if (line ~ /^\}/ && function_line) {
		if (FNR - function_line - 1 > function_lines_max)
			report("function-length", "more than " function_lines_max " lines: split it")
		function_line = 0
	}
}

function columns_of(line, width, i, n, piece)
{
	gsub(/[\200-\277]/, "", line) # the later bytes of a UTF-8 character take no column
	n = split(line, piece, "\t")
	width = length(piece[1])
	for (i = 2; i <= n; i++)
		width += 4 - width % 4 + length(piece[i])
	return width
}

function end_file() # of the file before
{
	if (path != "" && is_source && last_line > most)
		printf "%s:%d: file-length: more than %d lines: split it\n", path, last_line, most
	if (path != "" && is_source && !licensed)
		printf "%s:1: spdx: no SPDX-License-Identifier in the first three lines\n", path
}

FNR == 1 {
	end_file()
	path = FILENAME
	sub(/^\.\//, "", path)
	part = part_of(path)
	most = part == "tests" || path ~ /\.pml$/ ? test_lines_max : lines_max
	is_c = path ~ /\.(c|h|cc)$/
	is_source = path !~ /\.md$/
	licensed = in_comment = function_line = 0
}

FNR <= 3 && /SPDX-License-Identifier: BSD-2-Clause/ { licensed = 1 }

{
	last_line = FNR
	if ($0 ~ unfinished)
		report("unfinished", "finish it, or open an issue")
	if (is_source && /[ \t]$/)
		report("trailing-space", "white space at the end of the line")
	if (is_source && length($0) > 25 && columns_of($0) > columns_max)
		report("columns", columns_of($0) " columns; at most " columns_max)
	if (is_c)
		check_code(code_of($0))
	if (path ~ /(CMakeLists\.txt|\.cmake)$/ && $0 ~ /file\((GLOB)/)
		report("glob", "name every source")
}

END { end_file() }
